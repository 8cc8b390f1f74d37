"""Whether the plugin's edit guard is alive: asked about real files, the way the client asks it.

A scratch repository gets a run with one held file. The command that `hooks.json` has for an edit
must refuse that file, let another one through, and be silent while there is no run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parallel_agents.core.commands import Approve, Propose, TakeClaim
from parallel_agents.core.model import Agent, Plan, Strategy, Task, TaskId
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.process import run
from parallel_agents.store.folder import FolderStore

TOOL = "Edit"
HELD = "held.txt"
FREE = "free.txt"
SESSION = "doctor"


class NotAlive(Exception):
    """Raised when the guard does not answer as it must. Its text says what it did instead."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    output: str
    errors: str

    @property
    def is_silent(self) -> bool:
        return self.status == 0 and not self.output.strip()

    @property
    def is_refusal(self) -> bool:
        try:
            decision = json.loads(self.output)["hookSpecificOutput"]["permissionDecision"]
        except (ValueError, KeyError, TypeError):
            return False
        return self.status == 0 and decision == "deny"

    def __str__(self) -> str:
        said = (self.errors or self.output).strip()[-300:] or "nothing"
        return f"exit status {self.status}, said: {said}"


def edit_guard(plugin: Path) -> Finding:
    """Whether the hooks of the plugin in this folder do their work."""
    try:
        probe(plugin)
    except FileNotFoundError:
        return Finding(
            "hooks",
            Level.WARN,
            "this is the command line alone, without the plugin's hooks: nothing is enforced",
            "install the plugin in Claude Code",
        )
    except NotAlive as error:
        return Finding(
            "hooks", Level.FAIL, str(error), "install the plugin again; see `python3 --version` too"
        )
    return Finding("hooks", Level.OK, "an edit of a held file is refused, any other let through")


def probe(plugin: Path) -> None:
    """Try the edit guard of the plugin in this folder.

    Raises `NotAlive`, or `FileNotFoundError` where the plugin has no hooks at all.
    """
    hook = _Hook(plugin)
    with TemporaryDirectory(prefix="parallel-agents-") as scratch:
        root = Path(scratch).resolve() / "repository"
        root.mkdir()
        run(root, "init", "--quiet")
        if not (answer := hook.ask(root, HELD)).is_silent:
            raise NotAlive(f"without a run the edit guard must stay silent ({answer})")
        _start_run(root)
        if not (answer := hook.ask(root, HELD)).is_refusal:
            raise NotAlive(f"the edit guard did not refuse an edit of a held file ({answer})")
        if not (answer := hook.ask(root, FREE)).is_silent:
            raise NotAlive(f"the edit guard did not let an edit of a free file through ({answer})")


class _Hook:
    """The command that the client runs before an edit, from the plugin's `hooks.json`."""

    def __init__(self, plugin: Path) -> None:
        self._plugin = plugin
        declared = json.loads((plugin / "hooks" / "hooks.json").read_text(encoding="utf-8"))
        for group in declared["hooks"]["PreToolUse"]:
            if re.fullmatch(group["matcher"], TOOL):
                entry: dict[str, Any] = group["hooks"][0]
                words = (entry["command"], *entry["args"])
                self._command = [w.replace("${CLAUDE_PLUGIN_ROOT}", str(plugin)) for w in words]
                self._timeout: float = entry["timeout"]
                return
        raise NotAlive(f"hooks.json has no hook for the tool {TOOL}")

    def ask(self, root: Path, name: str) -> _Answer:
        """What the guard says to an edit of this file by the main conversation."""
        event = {
            "session_id": SESSION,
            "hook_event_name": "PreToolUse",
            "cwd": str(root),
            "tool_name": TOOL,
            "tool_input": {"file_path": str(root / name), "old_string": "a", "new_string": "b"},
            "tool_use_id": "canary",
        }
        told = {"CLAUDE_PLUGIN_ROOT": str(self._plugin), "CLAUDE_PROJECT_DIR": str(root)}
        try:
            done = subprocess.run(
                self._command,
                input=json.dumps(event),
                cwd=root,
                env={**os.environ, **told},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotAlive(f"the edit guard cannot be run: {error}") from None
        return _Answer(done.returncode, done.stdout, done.stderr)


def _start_run(root: Path) -> None:
    task = Task(TaskId("canary"), "A held file", "Nothing to do.", (HELD,))
    plan = Plan("See whether the hooks are alive", (task,))
    store = FolderStore(root)
    try:
        store.transact(Propose(plan))
        store.transact(Approve(plan.id, Strategy.FILES, SESSION, "0" * 40, "refs/heads/main"))
        store.transact(TakeClaim(Agent(SESSION, "worker")))
    finally:
        store.close()
