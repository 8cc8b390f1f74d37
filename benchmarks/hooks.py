"""The hooks as whole processes, started as the manifest has the client start them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.core.model import Agent
from parallel_agents.store.folder import FolderStore

from benchmarks import place
from benchmarks.floors import PASS
from benchmarks.report import PROJECT, Row
from benchmarks.scale import Scale
from benchmarks.timing import Command, Spread, in_turn, ratios

SESSION = "5e551011"
CLAIMS, FILES = 32, 20
SHELL, PYTHON = "`sh -c :`", "`python3 -I -S -c pass`"
WORKER = {"agent_id": "worker-3", "agent_type": "parallel-agents:worker"}
COMMAND = "cd src && npm test -- --watch=false module_3/file_5.test.js && echo done"

NOTES = (
    "**hooks**: from the start of the process to its end, the event on standard input. The run has "
    f"{CLAIMS} claims of {FILES} files each, made by the store. The edit is one that is allowed, "
    "in the agent's own claim; the shell command is a harmless one.",
    "**no active run**: the same hooks in a repository without a run, two folders below its root.",
    "**decided**: before they are timed, an edit in the agent's claim must be allowed, and one in "
    "another agent's claim refused.",
)


@dataclass(frozen=True, slots=True)
class Hook:
    """One row: the launcher's word, the event, and what it is compared with."""

    word: str
    what: str
    event: dict[str, Any]
    active: bool
    floor: str
    target: float | None


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of the hooks."""
    with place.scratch() as folder:
        data = place.installed(folder)
        idle, run = folder / "idle", folder / "run"
        for root in (idle, run):
            place.repository(root)
            (root / "src" / "module_3").mkdir(parents=True)
        with closing(FolderStore(run)) as store:
            place.begin(store, place.tasks(CLAIMS, FILES))
            for number in range(CLAIMS):
                place.prepared(store, Agent(SESSION, f"worker-{number}"))
        broken = _guards(run, place.as_client(data, run))
        python = str(data / "venv" / "bin" / "python")
        floors = {
            SHELL: Command(("/bin/sh", "-c", ":"), place.as_client(data, idle), folder),
            PYTHON: Command((python, *PASS), place.as_client(data, idle), folder),
        }
        hooks = list(_hooks(run))
        commands = [_command(h, folder, run if h.active else idle, data) for h in hooks]
        found = in_turn(scale.hooks, *(c.seconds for c in (*floors.values(), *commands)))
        costs = dict(zip(floors, found, strict=False))
        for hook, cost in zip(hooks, found[len(floors) :], strict=True):
            floor = costs[hook.floor]
            yield Row(
                "hooks",
                hook.what,
                Spread.of(cost),
                hook.floor,
                Spread.of(floor),
                ratios(cost, floor),
                hook.target,
                broken if hook.word == "edit" and hook.active else "",
            )


def _hooks(run: Path) -> Iterator[Hook]:
    edit = _event("PreToolUse", "Edit", **_change(run, 3))
    shell = _event("PreToolUse", "Bash", command=COMMAND)
    after = _event("PostToolUse", "Read", file_path=str(run / "README.md"))
    held = CLAIMS * FILES
    yield Hook("edit", "edit guard, no active run", edit, False, SHELL, 2.0)
    yield Hook("shell", "shell guard, no active run", shell, False, SHELL, 2.0)
    yield Hook("beat", "heartbeat, no active run", after, False, SHELL, 2.0)
    yield Hook("beat", "heartbeat, active run", after, True, SHELL, None)
    yield Hook("edit", f"edit guard, {held} held paths", edit, True, PYTHON, 1.5)
    yield Hook("shell", f"shell guard, {held} held paths", shell, True, PYTHON, 4.0)


def _event(name: str, tool: str, **given: Any) -> dict[str, Any]:
    return {
        "session_id": SESSION,
        "transcript_path": "/transcript.jsonl",
        "permission_mode": "default",
        **WORKER,
        "hook_event_name": name,
        "tool_name": tool,
        "tool_input": given,
        "tool_use_id": "toolu_1",
    }


def _change(run: Path, owner: int) -> dict[str, str]:
    path = str(run / "src" / f"module_{owner}" / "file_5.py")
    return {"file_path": path, "old_string": "a", "new_string": "b" * 500}


def _command(hook: Hook, folder: Path, root: Path, data: Path) -> Command:
    directory = root / "src" / "module_3"
    given = folder / f"{hook.word}-{hook.active}.json"
    given.write_text(json.dumps({"cwd": str(directory), **hook.event}))
    return Command(_words(hook.word), place.as_client(data, root), directory, given)


def _words(word: str) -> tuple[str, ...]:
    """The process that the manifest has the client start."""
    manifest = json.loads((PROJECT / "hooks" / "hooks.json").read_text())["hooks"]
    for entry in (hook for event in manifest.values() for e in event for hook in e["hooks"]):
        if entry["args"][-1] == word:
            args = (a.replace("${CLAUDE_PLUGIN_ROOT}", str(PROJECT)) for a in entry["args"])
            return (entry["command"], *args)
    raise KeyError(word)


def _guards(run: Path, environment: dict[str, str]) -> str:
    """What is wrong with the edit guard's decisions; nothing where they are right."""
    for owner, refused in ((3, False), (4, True)):
        event = {"cwd": str(run), **_event("PreToolUse", "Edit", **_change(run, owner))}
        done = subprocess.run(
            _words("edit"),
            cwd=run,
            env=environment,
            input=json.dumps(event).encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode or (b'"deny"' in done.stdout) is not refused:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            return f"an edit of a file held by worker-{owner} gave {done.returncode} {said[:200]}"
    return ""
