"""Each change that a store can be asked for: what comes before it, the command, what it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parallel_agents.core.commands import (
    Answer,
    Approve,
    Archive,
    Command,
    Done,
    Extend,
    Fail,
    Granted,
    MarkMerged,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.model import Outcome, State, Strategy, TaskId
from parallel_agents.core.view import View
from stores import ANNA, BASE, COMMIT, TARGET, plan, task

A = TaskId("a")
TOKEN = 3
"""Of the claim of `a`: what comes before it is the proposal and the approval."""
CHOSEN = plan("a", "b", task("c", needs=("a",)))
AMENDED = plan(task("a", "new.py"), "b", task("c", needs=("a",)), "d")
CLAIMED = ("propose", "approve", "claim")


@dataclass(frozen=True)
class Step:
    """One change."""

    before: tuple[str, ...]
    command: Command
    reached: Callable[[View], bool]
    """Whether a view shows that it came about."""


STEPS = {
    "propose": Step((), Propose(CHOSEN, "As shown."), lambda v: v.proposal == CHOSEN),
    "approve": Step(
        ("propose",),
        Approve(CHOSEN.id, Strategy.WORKTREE, "test", BASE, TARGET),
        lambda v: v.run is not None and len(v.records) == 3 and v.proposal is None,
    ),
    "claim": Step(
        ("propose", "approve"),
        TakeClaim(ANNA, A),
        lambda v: A in v.claims and v.claims[A].agent == ANNA,
    ),
    "prepare": Step(
        CLAIMED,
        Prepare(ANNA, A, TOKEN, "/w", None, BASE),
        lambda v: v.claims[A].workdir == "/w",
    ),
    "extend": Step(
        CLAIMED,
        Extend(ANNA, A, TOKEN, ("docs/**",)),
        lambda v: v.claims[A].files == ("a.py", "docs/**"),
    ),
    "complete": Step(
        CLAIMED,
        Release(ANNA, A, TOKEN, Outcome.COMPLETED, "Done.", COMMIT),
        lambda v: (v.records[A].state, v.records[A].commit) == (State.COMPLETED, COMMIT),
    ),
    "return": Step(
        CLAIMED,
        Release(ANNA, A, TOKEN, Outcome.RETURNED),
        lambda v: v.records[A].state is State.AVAILABLE,
    ),
    "fail": Step(
        CLAIMED,
        Fail(ANNA, A, TOKEN, "No."),
        lambda v: (v.records[A].state, v.records[A].failures) == (State.FAILED, 1),
    ),
    "recover": Step(
        CLAIMED,
        Recover(A, State.AVAILABLE, by_user=True, token=TOKEN),
        lambda v: v.records[A].recoveries == 1 and not v.claims,
    ),
    "merge": Step((*CLAIMED, "complete"), MarkMerged((A,), COMMIT), lambda v: v.records[A].merged),
    "archive": Step((*CLAIMED, "complete"), Archive(), lambda v: v.run is None),
    "amend": Step(
        ("propose", "approve"),
        Propose(AMENDED, "As shown."),
        lambda v: v.proposal == AMENDED and v.run is not None,
    ),
    "approve the amendment": Step(
        ("propose", "approve", "amend"),
        Approve(AMENDED.id, Strategy.WORKTREE, "test", BASE, TARGET),
        lambda v: v.records[A].task.files == ("new.py",) and len(v.records) == 4,
    ),
}


def said(answer: Answer) -> dict[str, object]:
    """The reply as one line of JSON can hold it."""
    found: dict[str, object] = {"kind": type(answer).__name__}
    if isinstance(answer, Granted):
        found |= {"task": answer.claim.task, "token": answer.claim.token}
    if isinstance(answer, Done):
        found |= {"rev": answer.event.rev}
    return found
