"""An approval as an event records it."""

from __future__ import annotations

from collections.abc import Iterable

from parallel_agents.core.events import Event
from parallel_agents.core.model import Approval, Strategy, TaskId


def approval_of(event: Event) -> Approval:
    """The approval that an `approved` event records."""
    data = event.data
    return Approval(
        plan_id=data["plan"],
        digest=data["digest"],
        strategy=Strategy(data["strategy"]),
        by=data["by"],
        at=event.at,
        base=data["base"],
        target=data["target"],
        accepted=pairs_of(data.get("accepted", ())),
        ordered=pairs_of(data.get("ordered", ())),
    )


def pairs_of(listed: Iterable[Iterable[str]]) -> tuple[tuple[TaskId, TaskId], ...]:
    """Pairs of tasks as JSON has them. Raises `ValueError` or `TypeError` where they are none."""
    pairs = []
    for before, after in listed:
        if not (isinstance(before, str) and isinstance(after, str)):
            raise TypeError(f"{before!r} and {after!r} must be ids of tasks")
        pairs.append((TaskId(before), TaskId(after)))
    return tuple(pairs)
