"""Why an agent gets no task now, in words it can act on."""

from __future__ import annotations

from collections.abc import Sequence

from parallel_agents.core.commands import NothingToClaim
from parallel_agents.core.model import Agent, State
from parallel_agents.core.view import View

AGAIN = "call claim_task again when they are done (`wait` lets the call wait for it)."
END = "end your work with a short report; the coordinator goes on."
NAMED = 5
"""How many tasks a sentence names before it says how many more there are."""


def for_a_place(view: View, limit: int) -> NothingToClaim:
    """The plan's limit of agents is reached."""
    holders = _listed([f"{c.task} ({c.agent.name})" for c in view.claims.values()])
    return NothingToClaim(
        "enough_agents",
        f"The plan allows {limit} agents at once, and {len(view.claims)} hold claims: {holders}.",
        END,
        finished=True,
        waiting_on=tuple(view.claims),
    )


def explain(view: View, agent: Agent) -> NothingToClaim:
    """Nothing can be claimed by this agent: say what it would have to wait for."""
    if view.counts[State.COMPLETED] == len(view.records) and not view.damaged:
        return NothingToClaim(
            "all_done",
            f"All {len(view.records)} tasks are completed.",
            END,
            finished=True,
        )
    ready = list(view.ready())
    claimed = tuple(view.claims)
    at_work = _listed([f"{c.task} ({c.agent.name})" for c in view.claims.values()])
    if ready and not all(agent.key in r.failed_by for r in ready):
        return NothingToClaim(
            "files_held",
            f"What could start now needs files that are held: at work are {at_work}.",
            AGAIN,
            finished=False,
            waiting_on=claimed,
        )
    if ready:
        names = _listed([r.task.id for r in ready])
        return NothingToClaim(
            "left_to_others",
            f"You failed {names}; another agent takes it first, for a minute at least. "
            f"At work are {at_work or 'none just now'}.",
            AGAIN,
            finished=False,
            waiting_on=claimed,
        )
    if claimed:
        return NothingToClaim(
            "waiting",
            f"Every task that is left waits for others. At work are {at_work}.",
            AGAIN,
            finished=False,
            waiting_on=claimed,
        )
    stopped = (State.BLOCKED, State.CLAIMED)
    stuck: list[str] = [r.task.id for r in view.records.values() if r.state in stopped]
    stuck += view.damaged
    return NothingToClaim(
        "only_blocked",
        f"Nothing can go on without the user: {_listed(stuck) or 'missing task files'} "
        "need a decision, and the rest waits for that.",
        END,
        finished=True,
        waiting_on=tuple(stuck),
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
