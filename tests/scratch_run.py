"""A repository with an active run, as hooks see it, and the hooks as the client starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.core import locktable
from parallel_agents.core.locktable import HeldClaim, Table
from parallel_agents.guard import edits
from parallel_agents.guard.event import Event
from parallel_agents.guard.runs import Run, Runs

PLUGIN = Path(__file__).resolve().parent.parent
SESSION = "5e55-10n"
WORKER = "parallel-agents:worker"
MAIN = None
"""The agent id of the conversation itself: there is none."""


@dataclass(frozen=True)
class Done:
    """What a hook's process left."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The hook's JSON, or an empty object where it said nothing."""
        return json.loads(self.out) if self.out.strip() else {}

    @property
    def decision(self) -> dict[str, Any]:
        """What it decided about the tool."""
        found: dict[str, Any] = self.answer.get("hookSpecificOutput", {})
        return found

    @property
    def denied(self) -> str:
        """The reason of a denial, or an empty text."""
        if self.decision.get("permissionDecision") != "deny":
            return ""
        return str(self.decision["permissionDecisionReason"])


class ScratchRun:
    """A repository whose run is written by hand, into the files that the store would write."""

    def __init__(self, repository: Path, strategy: str = "files") -> None:
        self.root = repository
        self.strategy = strategy
        self.folder = repository / "_tasks"
        self.claims: list[HeldClaim] = []
        self.tasks: list[tuple[str, tuple[str, ...]]] = []
        (self.folder / ".alive").mkdir(parents=True)
        for state in ("available", "claimed", "completed", "failed", "blocked"):
            (self.folder / state).mkdir()
        self._write()

    def task(self, task: str, *files: str, state: str = "available") -> None:
        """A task of the run that nobody holds."""
        self.tasks.append((task, files))
        (self.folder / state / f"{task}.md").touch()
        self._write()

    def claim(
        self,
        task: str,
        *files: str,
        agent: str = "a1",
        session: str = SESSION,
        workdir: Path | None = None,
        since: float | None = None,
    ) -> HeldClaim:
        """A live claim; its token is its number."""
        self.task(task, *files, state="claimed")
        number = len(self.claims) + 1
        claim = HeldClaim(
            task,
            number,
            f"{session}/{agent}",
            time.time() if since is None else since,
            number,
            None if workdir is None else str(workdir),
            files,
        )
        self.claims.append(claim)
        self._write()
        return claim

    def tear(self) -> None:
        """Break the table's checksum in both slots."""
        for name in locktable.SLOTS:
            (self.folder / name).write_bytes(b"parallel-agents-locks 1 1 1 9 1\nnot whole")

    def runs(self) -> Runs:
        """The run as a hook is given it."""
        return Runs([str(self.folder)])

    def run(self) -> Run:
        """The one active run."""
        (run,) = self.runs().near()
        return run

    def event(self, agent: str | None, tool: str = "Edit", **given: Any) -> dict[str, Any]:
        """What the client would tell a hook before `tool`."""
        event: dict[str, Any] = {
            "session_id": SESSION,
            "transcript_path": "/transcript.jsonl",
            "cwd": str(self.root),
            "permission_mode": "default",
        }
        if agent is not None:
            event |= {"agent_id": agent, "agent_type": WORKER}
        return event | {
            "hook_event_name": "PreToolUse",
            "tool_name": tool,
            "tool_input": given,
            "tool_use_id": "toolu_1",
        }

    def edit(
        self, path: str | Path, agent: str | None = "a1", kind: str = WORKER, **changes: str
    ) -> str:
        """The reason why `agent`, of this kind, may not edit `path`, or an empty text."""
        target = str(self.root / path)
        given = self.event(agent, file_path=target, **changes)
        event = Event(given | {"agent_type": kind} if agent is not None else given)
        answer = edits.guard(event, self.runs(), str(PLUGIN))
        if answer is None:
            return ""
        return str(answer["hookSpecificOutput"]["permissionDecisionReason"])

    def log(self) -> list[dict[str, Any]]:
        """The lines of the hook log."""
        path = self.folder / ".hooklog"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def _write(self) -> None:
        seq = len(self.claims) + len(self.tasks)
        table = Table(seq, seq, "p12345678", self.strategy, str(self.root), tuple(self.claims))
        for slot in (0, 1):
            table.seq = 2 * seq + slot
            (self.folder / locktable.SLOTS[slot]).write_bytes(locktable.encode(table))
        (self.folder / locktable.TASKS).write_bytes(locktable.encode_tasks(seq, self.tasks))


def entries(event: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """(matcher, hook) for each hook of the manifest at this event."""
    hooks = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]
    for entry in hooks[event]:
        for hook in entry["hooks"]:
            yield entry.get("matcher", ""), hook


def command(what: str, plugin: Path = PLUGIN) -> list[str]:
    """The process that the client starts for the launcher's WHAT, as the manifest says it."""
    manifest = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]
    for event in manifest:
        for _, hook in entries(event):
            if hook["args"][-1] == what:
                words = [hook["command"], *hook["args"]]
                return [word.replace("${CLAUDE_PLUGIN_ROOT}", str(plugin)) for word in words]
    raise KeyError(what)


def environment(project: Path, data: Path, plugin: Path = PLUGIN) -> dict[str, str]:
    """What the client adds to a hook's environment. `data` gets the Python that runs the tests."""
    python = data / "venv" / "bin" / "python"
    if not python.is_symlink():
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    return {
        **os.environ,
        "CLAUDE_PROJECT_DIR": str(project),
        "CLAUDE_PLUGIN_ROOT": str(plugin),
        "CLAUDE_PLUGIN_DATA": str(data),
    }


def start(words: list[str], event: dict[str, Any] | bytes, cwd: Path, env: dict[str, str]) -> Done:
    """Run a hook's process to its end."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    done = subprocess.run(words, input=raw, cwd=cwd, env=env, capture_output=True, timeout=60)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
