"""Whether the plugin's guards are alive: asked about real files, the way the client asks them.

A scratch repository gets a run with one held file. The commands that `hooks.json` has for an edit,
a shell command and a tool of another server must refuse that file and let another one through;
they must refuse what they cannot read; and be silent, whatever they are given, without a run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parallel_agents.core.commands import Approve, Propose, TakeClaim
from parallel_agents.core.model import Agent, Plan, Strategy, Task, TaskId
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.process import run
from parallel_agents.guard.runs import AUTO, OFF, strictness
from parallel_agents.guard.strict.session import canary
from parallel_agents.store.folder import FolderStore

HELD = "held.txt"
FREE = "free.txt"
SESSION = "doctor"


CANARIES: dict[str, Callable[[Path], dict[str, str]]] = {
    "Edit": lambda path: {"file_path": str(path), "old_string": "a", "new_string": "b"},
    "Bash": lambda path: {"command": f"echo canary > {path.name}"},
    "mcp__canary__write_file": lambda path: {"path": str(path), "content": "canary"},
}
"""Tools, and what writes a file by them."""


class NotAlive(Exception):
    """Raised when the guard does not answer as it must. Its text says what it did instead."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    output: str
    errors: str

    def is_silent(self) -> bool:
        """Whether it has no objection."""
        return self.status == 0 and not self.output.strip()

    def is_refusal(self) -> bool:
        """Whether it refuses, as a decision."""
        try:
            decision = json.loads(self.output)["hookSpecificOutput"]["permissionDecision"]
        except (ValueError, KeyError, TypeError):
            return False
        return self.status == 0 and decision == "deny"

    def is_closed(self) -> bool:
        """Whether it refuses because it cannot decide, and says what to do."""
        return self.status == 2 and "Next: " in self.errors

    def __str__(self) -> str:
        said = (self.errors or self.output).strip()[-300:] or "nothing"
        return f"exit status {self.status}, said: {said}"


def guards(plugin: Path) -> Finding:
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
    return Finding(
        "hooks",
        Level.OK,
        "writes of a held file are refused and any other let through; what cannot be checked is "
        "refused; without a run they are silent",
    )


def probe(plugin: Path) -> None:
    """Try the guards of the plugin in this folder.

    Raises `NotAlive`, or `FileNotFoundError` where the plugin has no hooks at all.
    """
    hooks = [_Hook(plugin, tool) for tool in CANARIES]
    with TemporaryDirectory(prefix="parallel-agents-") as scratch:
        root = Path(scratch).resolve() / "repository"
        root.mkdir()
        run(root, "init", "--quiet")
        for hook in hooks:
            hook.must(_Answer.is_silent, "stay silent without a run", root, HELD)
            hook.must(_Answer.is_silent, "stay silent without a run, whatever it is told", root)
        _start_run(root)
        for hook in hooks:
            hook.must(_Answer.is_refusal, "refuse a write of a held file", root, HELD)
            hook.must(_Answer.is_silent, "let a write of a free file through", root, FREE)
            hook.must(_Answer.is_closed, "refuse what it cannot read, with the reason", root)


def strict_mode(plugin: Path) -> Finding:
    """Whether strict mode could be had here, and how the user has set it."""
    about = "strict mode"
    if not (plugin / "hooks").is_dir():
        return Finding(about, Level.OK, "a matter of the plugin's hooks, which are not here")
    trouble = canary(str(plugin))
    if not trouble:
        return Finding(about, Level.OK, f"{strictness()}; it can be had here")
    if strictness() == OFF:
        return Finding(about, Level.OK, f"off; it could not be had here: {trouble}")
    return Finding(
        about,
        Level.WARN if strictness() == AUTO else Level.FAIL,
        f"{strictness()}, but it cannot be had here: {trouble}",
        "let user namespaces be made on this machine, or set PARALLEL_AGENTS_STRICT to off",
    )


class _Hook:
    """The command that the client runs before a tool, from the plugin's `hooks.json`."""

    def __init__(self, plugin: Path, tool: str) -> None:
        self._plugin = plugin
        self._tool = tool
        declared = json.loads((plugin / "hooks" / "hooks.json").read_text(encoding="utf-8"))
        for group in declared["hooks"]["PreToolUse"]:
            if re.fullmatch(group["matcher"], tool):
                entry: dict[str, Any] = group["hooks"][0]
                words = (entry["command"], *entry["args"])
                self._command = [w.replace("${CLAUDE_PLUGIN_ROOT}", str(plugin)) for w in words]
                self._timeout: float = entry["timeout"]
                return
        raise NotAlive(f"hooks.json has no hook for the tool {tool}")

    def must(self, holds: Callable[[_Answer], bool], what: str, root: Path, name: str = "") -> None:
        """Ask about a write of this file (none: tell it garbage). Raises `NotAlive`."""
        answer = self._ask(root, name)
        if not holds(answer):
            raise NotAlive(f"the guard of {self._tool} must {what} ({answer})")

    def _ask(self, root: Path, name: str) -> _Answer:
        event = {
            "session_id": SESSION,
            "hook_event_name": "PreToolUse",
            "cwd": str(root),
            "tool_name": self._tool,
            "tool_input": CANARIES[self._tool](root / name),
            "tool_use_id": "canary",
        }
        told = {"CLAUDE_PLUGIN_ROOT": str(self._plugin), "CLAUDE_PROJECT_DIR": str(root)}
        try:
            done = subprocess.run(
                self._command,
                input=json.dumps(event) if name else "garbage",
                cwd=root,
                env={**os.environ, **told},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotAlive(f"the guard of {self._tool} cannot be run: {error}") from None
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
