"""The questions that the user answers in a form: a plan's approval, a claim taken away.

Only the user's own answer counts. Where the client can show no form, or the answer is anything but
a yes, nothing happens. A question is asked by a resolver, which may run again on every round of a
call: it only looks, and its text changes only when what it asks about has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mcp.server.mcpserver import AcceptedElicitation, Context, DeclinedElicitation, Elicit
from pydantic import BaseModel, Field, create_model

from parallel_agents.core.errors import NeedsPerson, NotNow
from parallel_agents.core.model import State, Strategy

if TYPE_CHECKING:
    from parallel_agents.coordination.proposing import Approved
    from parallel_agents.coordinator import Coordinator
    from parallel_agents.core.view import View

MOST_LINES = 48
"""Lines of a plan that a form shows; commands and advice are never among those left out."""


class Approval(BaseModel):
    """The form under a plan."""

    approve: bool = Field(
        default=False, title="Approve", description="Let agents start on exactly this plan"
    )


class FirstApproval(Approval):
    """The form under the first plan of a run, where the strategy is still open."""

    strategy: Literal["worktree", "branch", "files"] = Field(
        title="Strategy",
        description="A worktree: a work tree for each agent. B branch: a branch for each, in a "
        "checkout it has. C files: all in this tree, kept apart by their files",
    )


class TakeOver(BaseModel):
    """The form about a task that somebody else may be at work on."""

    recover: bool = Field(
        default=False, title="Recover", description="Take it back; unfinished work is kept"
    )


class NothingToApprove(Approval):
    """No question: exactly this plan is approved already."""


class NothingToTake(TakeOver):
    """No question: the rules need no person for this, or refuse it anyway."""


class Standing(BaseModel):
    """A task as the user was told of it."""

    state: State
    holder: str | None
    token: int | None
    needs_user: bool
    told: str


def can_show(ctx: Context[Any, Any]) -> bool:
    """Whether the client says that it can put a form before its user."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


# ---------------------------------------------------------------------- approval


def about_plan(coordinator: Coordinator, plan_id: str) -> Elicit[Approval] | NothingToApprove:
    """The question whether this plan may start. Raises where it does not wait for an answer."""
    if coordinator.store.read(lambda view: _is_approved(view, plan_id)):
        return NothingToApprove()
    seen = coordinator.proposed(plan_id)
    text = _shortened(seen.text)
    if (running := coordinator.store.read(_strategy)) is not None:
        told = f"This changes the plan that is running (strategy {running}).\n\n{text}"
        return Elicit(told, Approval)
    return Elicit(text, _first_approval(seen.advice.strategy))


def earlier_approval(coordinator: Coordinator, plan_id: str) -> Approved:
    """The approval that the user gave before. Raises where it does not count any more."""
    from parallel_agents.coordination.proposing import Approved

    def recorded(view: View) -> Approved:
        run = view.run
        if run is None or not run.approved(plan_id):
            raise approval_needed(plan_id)
        return Approved(plan_id, run.strategy, run.base, run.target, view.rev, again=True)

    return coordinator.store.read(recorded)


def approval_needed(plan_id: str) -> NeedsPerson:
    """The refusal where no form can be shown."""
    return NeedsPerson(
        "approval_needed",
        f"Plan {plan_id} needs the user's own yes, and this client cannot show them a form.",
        f"ask the user to run `parallel-agents approve {plan_id}` in a terminal; no argument of "
        "this tool can stand for their yes.",
    )


def not_approved(plan_id: str, answer: object) -> NeedsPerson:
    """The refusal where the user's answer was anything but a yes."""
    if isinstance(answer, AcceptedElicitation):
        how = "the form came back without the tick at `approve`"
    elif isinstance(answer, DeclinedElicitation):
        how = "the user declined"
    else:
        how = "the form was closed without an answer (a client without a screen does so by itself)"
    return NeedsPerson(
        "not_approved_by_user",
        f"Plan {plan_id} is not approved: {how}. Nothing was changed.",
        "ask the user what should be different and propose that; if they do want this plan, they "
        f"can run `parallel-agents approve {plan_id}` in a terminal.",
    )


def _is_approved(view: View, plan_id: str) -> bool:
    return view.run is not None and view.run.approved(plan_id)


def _strategy(view: View) -> Strategy | None:
    return view.run.strategy if view.run else None


def _first_approval(recommended: Strategy) -> type[FirstApproval]:
    field = FirstApproval.model_fields["strategy"]
    default = Field(default=recommended.value, title=field.title, description=field.description)
    fields: Any = {"strategy": (field.annotation, default)}
    return create_model("FirstApproval", __base__=FirstApproval, **fields)


def _shortened(text: str) -> str:
    """A plan's text with only as many lines about waves as a form shows well.

    The first block is the head; the last three are the advice, the commands and how to approve.
    """
    head, *waves = text.rstrip().split("\n\n")
    waves, tail = waves[:-3], waves[-3:]
    lines = "\n\n".join(waves).splitlines()
    room = max(0, MOST_LINES - sum(block.count("\n") + 2 for block in (head, *tail)))
    if len(lines) > room + 1:
        left_out = len(lines) - room
        lines = [
            *lines[:room],
            f"... {left_out} more lines: _tasks/proposal.md has the whole plan",
        ]
    return "\n\n".join([head, *(["\n".join(lines)] if lines else []), *tail])


# ---------------------------------------------------------------------- recovery


def standing(coordinator: Coordinator, task: str, to: State) -> Standing | None:
    """How a task stands that is to go `to`; None where there is no such task."""
    line = next((t for t in coordinator.status().tasks if t.id == task), None)
    if line is None:
        return None
    # What the rules allow without a person, or refuse whatever a person says, is not asked about.
    known_dead = {"stale", "ended"} <= set(line.flags)
    settled = known_dead or line.state in (State.COMPLETED, to)
    if line.agent is not None:
        signs = "no sign of life for 30 minutes" if "stale" in line.flags else "it may be at work"
        how = f"is held by agent {line.agent}: {signs}"
    else:
        how = f"is {line.state}, held by nobody, after {line.failures} failures"
    return Standing(
        state=line.state,
        holder=line.agent,
        token=line.token,
        needs_user=not settled,
        told=f"Task {task} ({line.title}) {how}.",
    )


def about_recovery(seen: Standing, to: State) -> Elicit[TakeOver]:
    """The question whether a task may be taken back."""
    return Elicit(f"{seen.told}\nPut it back as {to}, for another agent?", TakeOver)


def not_recovered(task: str, seen: Standing) -> NeedsPerson:
    """The refusal where the user's answer was anything but a yes."""
    return NeedsPerson(
        "not_recovered_by_user",
        f"{seen.told} The user did not say that it may be taken back; nothing was changed.",
        f"leave it; the user can run `parallel-agents recover {task}` in a terminal.",
    )


def changed_meanwhile(task: str, now: Standing | None) -> NotNow:
    """The refusal where the user's yes is about something that is not so any more."""
    told = now.told if now else f"Task {task} is gone."
    return NotNow(
        "changed_meanwhile",
        f"While the user was asked, task {task} changed. {told} Nothing was changed by this call.",
        "call recover_task again if it is still needed: the user is asked about what is now.",
    )
