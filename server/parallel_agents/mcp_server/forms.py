"""The questions that the user answers in a form: a plan's approval, a claim taken away.

Only the user's own answer counts. Where the client can show no form, or the answer is anything but
a yes, nothing happens. A question is asked by a resolver, which may run again on every round of a
call: it only looks, and its text changes only when what it asks about has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from mcp.server.mcpserver import AcceptedElicitation, Context, DeclinedElicitation, Elicit
from pydantic import BaseModel, Field, create_model

from parallel_agents.core.errors import NeedsPerson, NotNow
from parallel_agents.core.model import Doubt, State, Strategy

if TYPE_CHECKING:
    from parallel_agents.coordination.proposing import Approved
    from parallel_agents.coordination.stops import Stop
    from parallel_agents.coordinator import Coordinator
    from parallel_agents.core.view import View

STRATEGIES = {
    "worktree": "A worktree: a tree for each",
    "branch": "B branch: clones, other machines",
    "files": "C files: one tree for all",
}

MOST_PAIRS = 5
"""Doubtful pairs that a form names before it counts the rest; the plan over it lists them."""

MOST_TOLD = 36
"""Lines about a merge that stopped, above the choices."""


class Approval(BaseModel):
    """The form under a plan."""

    approve: bool = Field(
        default=False, title="Approve", description="Let agents start on exactly this plan"
    )


class FirstApproval(Approval):
    """The form under the first plan of a run, where the strategy is still open."""

    strategy: Literal["worktree", "branch", "files"] = Field(
        title="Strategy",
        description="How the agents are kept apart; the plan says which is recommended, and why",
    )


class WithDoubts(Approval):
    """The form under a plan with doubtful pairs, which the user accepts by themselves or not."""

    accept_checks: bool = Field(default=False, title="Accept check pairs")


class TakeOver(BaseModel):
    """The form about a task that somebody else may be at work on."""

    recover: bool = Field(
        default=False, title="Recover", description="Take it back; unfinished work is kept"
    )


class NothingToApprove(Approval):
    """No question: exactly this plan is approved already."""


class NothingToTake(TakeOver):
    """No question: the rules need no person for this, or refuse it anyway."""


class Decision(BaseModel):
    """The form after a merge that stopped."""

    choice: str = Field(default="give_up", title="What now")
    instructions: str = Field(
        default="",
        title="Instructions",
        description="For `agent`: what the result should be, in your words",
    )


class NothingToDecide(Decision):
    """No question: the merge does not stop, or the user cannot be asked in a form."""


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
    if (running := coordinator.store.read(_strategy)) is not None:
        told = f"This changes the plan that is running (strategy {running}).\n\n{seen.form}"
        return Elicit(told, _form(seen.plan.doubts, None))
    return Elicit(seen.form, _form(seen.plan.doubts, seen.advice.strategy))


def earlier_approval(coordinator: Coordinator, plan_id: str) -> Approved:
    """The approval that the user gave before. Raises where it does not count any more."""
    from parallel_agents.coordination.proposing import already

    def recorded(view: View) -> Approved:
        if (given := already(view, plan_id)) is None:
            raise approval_needed(plan_id)
        return given

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


def _form(doubts: Sequence[Doubt], recommended: Strategy | None) -> type[Approval]:
    """The questions that this plan leaves open. `recommended` is None where the strategy stands."""
    bases: list[type[Approval]] = []
    fields: dict[str, Any] = {}
    if doubts:
        bases.append(WithDoubts)
        title = WithDoubts.model_fields["accept_checks"].title
        accept = Field(default=False, title=title, description=_pairs(doubts))
        fields["accept_checks"] = (bool, accept)
    if recommended is not None:
        bases.append(FirstApproval)
        field = FirstApproval.model_fields["strategy"]
        default = Field(
            default=recommended.value,
            title=field.title,
            description=field.description,
            json_schema_extra={"enumNames": [_named(s, recommended) for s in STRATEGIES]},
        )
        fields["strategy"] = (field.annotation, default)
    return create_model("Questions", __base__=tuple(bases or [Approval]), **fields)


def _pairs(doubts: Sequence[Doubt]) -> str:
    """What is accepted, in the one line that a form has for it."""
    named = ", ".join(f"{d.before} + {d.after}" for d in doubts[:MOST_PAIRS])
    more = f" and {len(doubts) - MOST_PAIRS} more" if len(doubts) > MOST_PAIRS else ""
    pairs = "1 pair" if len(doubts) == 1 else f"{len(doubts)} pairs"
    return f"Tick: {pairs} at once; empty: in order. {named}{more}"


def _named(strategy: str, recommended: Strategy) -> str:
    """An option in the 47 columns that the client has for it."""
    return STRATEGIES[strategy] + (" (recommended)" if strategy == recommended else "")


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


# ---------------------------------------------------------------------- a merge that stopped


def about_stop(stop: Stop) -> Elicit[Decision]:
    """The question what is to be done about a merge that stopped. Enter alone gives up."""
    lines = stop.sentence.rstrip().splitlines()
    if len(lines) > MOST_TOLD:
        lines = [*lines[:MOST_TOLD], "... (more is in the answer to a dry run)"]
    ways = [f"{option.choice}: {option.says}" for option in stop.options]
    told = "\n".join([*lines, "", *ways])
    names: Any = Literal[tuple(str(option.choice) for option in stop.options)]
    field = Decision.model_fields["choice"]
    fields: Any = {"choice": (names, Field(default=field.default, title=field.title))}
    return Elicit(told, create_model("Decision", __base__=Decision, **fields))


def not_decided(stop: Stop) -> NeedsPerson:
    """The stop as it is told where the user has chosen nothing."""
    return stop.error()
