"""Every state change of the system is decided here, by one pure function over a view.

`decide(view, command, now)` gives the events to apply and the answer, or raises a refusal and
changes nothing. A store calls it while it holds the view alone. The invariants I1 to I10 and I13
of the lock protocol live in this package and nowhere else.
"""

from __future__ import annotations

from typing import assert_never

from parallel_agents.core.commands import (
    Approve,
    Archive,
    Command,
    Decision,
    Extend,
    Fail,
    MarkMerged,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.rules import claims, endings, plans
from parallel_agents.core.rules.standing import held_by, record_of, run_of, when
from parallel_agents.core.view import View

__all__ = ["decide", "held_by", "record_of", "run_of", "when"]


def decide(view: View, command: Command, now: float) -> Decision:
    """The events and the answer for one command. Raises a refusal, and then nothing changes."""
    match command:
        case Propose():
            return plans.propose(view, command, now)
        case Approve():
            return plans.approve(view, command, now)
        case TakeClaim():
            return claims.claim(view, command, now)
        case Prepare():
            return claims.prepare(view, command, now)
        case Extend():
            return claims.extend(view, command, now)
        case Release():
            return endings.release(view, command, now)
        case Fail():
            return endings.fail(view, command, now)
        case Recover():
            return endings.recover(view, command, now)
        case MarkMerged():
            return plans.merged(view, command, now)
        case Archive():
            return plans.archive(view, now)
        case _:
            assert_never(command)
