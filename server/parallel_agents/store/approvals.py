"""An approval as an event records it."""

from __future__ import annotations

from parallel_agents.core.events import Event
from parallel_agents.core.model import Approval, Strategy


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
    )
