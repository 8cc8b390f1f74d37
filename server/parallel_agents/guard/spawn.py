"""The spawn gate: a worker starts only under a plan that the user approved, and as they chose."""

from __future__ import annotations

from parallel_agents.guard import answer
from parallel_agents.guard.event import names_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run

REFUSAL = (
    "No plan is approved in this repository, so no parallel-agents:worker may start. Next: call "
    "propose_plan, show the user the plan, then call approve_plan: only the user's yes opens it. "
    "Other kinds of sub-agent are not affected."
)
"""The launcher says the same, in `guard.sh`, where no run is active: without Python."""


def gate(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """The answer to a spawn: None where it is not one of our workers."""
    if not names_worker(str(event.input.get("subagent_type", ""))):
        return None
    if not runs:
        return answer.deny(REFUSAL)
    given = dict(event.input)
    given["run_in_background"] = True
    given.pop("isolation", None)
    if runs[0].table.strategy == "worktree":
        given["isolation"] = "worktree"
    return answer.rewrite(given, asking=True)
