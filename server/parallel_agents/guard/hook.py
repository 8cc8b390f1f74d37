"""One hook from standard input to answer, for every event that needs more than the launcher.

The modules that decide are imported only when they are asked: a hook is a process of its own, and
most of its time is imports. What goes wrong here is the entry's to answer (`hooks/guard_main.py`).
"""

from __future__ import annotations

from parallel_agents.core.system import calls
from parallel_agents.guard import event as events
from parallel_agents.guard.runs import Runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 1 << 20
_HEAD = b"PARALLEL_AGENTS_EVENT_HEAD"


def run(what: str, folders: tuple[str, ...], plugin: str) -> int:
    """Answer the event on standard input; the exit status is 0.

    `what` is the launcher's name for the event, `folders` the `_tasks` folders of the active runs
    that it saw, `plugin` the plugin's folder (real path). Raises whatever goes wrong.
    """
    event = events.read(_standard_input())
    found = _decide(what, event, Runs(folders), plugin)
    if found is not None:
        from parallel_agents.guard.answer import encode  # no objection needs no words

        _write(encode(found).encode())
    return 0


def _decide(what: str, event: events.Event, runs: Runs, plugin: str) -> dict[str, Any] | None:
    if what == "edit":
        from parallel_agents.guard import edits

        return edits.guard(event, runs, plugin)
    if what == "shell":
        from parallel_agents.guard import commands

        return commands.guard(event, runs, plugin)
    if what == "verbs":
        from parallel_agents.guard import commands

        return commands.verbs(event, runs, plugin)
    if what == "mcp":
        from parallel_agents.guard import foreign_tools

        return foreign_tools.guard(event, runs, plugin)
    if what == "identity":
        from parallel_agents.guard import identity

        return identity.signed(event)
    if what == "spawn":
        from parallel_agents.guard import spawn

        return spawn.gate(event, runs.near())
    if what == "after":
        from parallel_agents.guard.watch import watching

        return watching.after(event, runs)
    from parallel_agents.guard import lifecycle

    if what == "session-start":
        return lifecycle.session_starts(event, runs.near(), plugin)
    return lifecycle.HOOKS[what](event, runs.near())


def _standard_input() -> bytes:
    chunks: list[bytes] = []
    if _HEAD in calls.environ:  # what the launcher has read already, to see whether we are needed
        import os

        chunks.append(os.environb.pop(_HEAD))
    while True:
        chunk = calls.read(0, _CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def _write(answer: bytes) -> None:
    while answer:
        answer = answer[calls.write(1, answer) :]
