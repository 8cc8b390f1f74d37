"""Runs that are over: what landed of the last one, for whoever keeps the list of the work."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.events import Kind
from parallel_agents.core.model import TaskId
from parallel_agents.store import files, planfiles
from parallel_agents.store.frontmatter import Unreadable
from parallel_agents.store.runfiles import PUT_AWAY


@dataclass(frozen=True, slots=True)
class PutAway:
    """A run that is over."""

    run: str
    landed: frozenset[TaskId]
    """The tasks whose results landed."""


def last_put_away(folder: Path) -> PutAway | None:
    """The run of `_tasks/` at `folder` that was put away last; None where there is none."""
    newest: tuple[int, PutAway] | None = None
    for path in (folder / PUT_AWAY).glob(f"*/{planfiles.PLAN}"):
        with suppress(Unreadable, OSError):  # what cannot be read any more tells nothing
            run, _, history, rev = planfiles.parse_run(files.read_regular(path)[0])
            merged = (e.data["tasks"] for e in history if e.kind is Kind.MERGED)
            landed = frozenset(TaskId(t) for tasks in merged for t in tasks)
            if newest is None or rev > newest[0]:
                newest = rev, PutAway(run.id, landed)
    return newest[1] if newest else None
