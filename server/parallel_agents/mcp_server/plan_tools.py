"""The tools of whoever leads: propose a plan, and have the user approve it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio import from_thread
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from pydantic import Field

from parallel_agents.core.model import Strategy
from parallel_agents.mcp_server import forms
from parallel_agents.mcp_server.arguments import (
    AgentArgument,
    CallArgument,
    FolderArgument,
    SessionArgument,
)
from parallel_agents.mcp_server.desk import Desk, at_desk
from parallel_agents.planfile import PlanInput, TaskInput
from parallel_agents.replies import Approved, Proposed


def _plan_argument(name: str) -> Any:
    return Field(description=PlanInput.model_fields[name].description)


async def propose_plan(
    goal: Annotated[str, _plan_argument("goal"), Field(min_length=1)],
    tasks: Annotated[list[TaskInput], _plan_argument("tasks")],
    ctx: Context[Desk],
    strategy: Annotated[
        Literal["worktree", "branch", "files"] | None, _plan_argument("strategy")
    ] = None,
    check: Annotated[str | None, _plan_argument("check"), Field(min_length=1)] = None,
    setup: Annotated[str | None, _plan_argument("setup"), Field(min_length=1)] = None,
    max_agents: Annotated[int | None, _plan_argument("max_agents")] = None,
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Proposed:
    """Checks a work plan, compares every two tasks, and records it as a proposal. Gives the plan's
    id, waves, conflicts with their witness, advice (parallel or sequential) and a text for the
    user. Starts nothing. Proposing again replaces the proposal, or amends the plan that is running.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    plan = PlanInput(
        goal=goal,
        tasks=tasks,
        strategy=strategy,
        check=check,
        setup=setup,
        max_agents=max_agents,
    ).to_plan()

    def say(step: str, done: int, of: int) -> None:
        from_thread.run(ctx.report_progress, done, of, step)

    return Proposed.from_proposal(await desk.do(caller, lambda c: c.propose(plan, say)))


async def ask_to_approve(
    plan_id: str, agent: str, session: str, cwd: str, call: str, ctx: Context
) -> forms.Approval | Elicit[forms.Approval]:
    """The form under a plan, unless it is approved already."""
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    question = await desk.do(caller, lambda c: forms.about_plan(c, plan_id))
    if isinstance(question, Elicit) and not forms.can_show(ctx):
        raise forms.approval_needed(plan_id)
    return question


async def approve_plan(
    plan_id: Annotated[
        str, Field(min_length=1, max_length=64, description="The id that propose_plan gave.")
    ],
    answer: Annotated[ElicitationResult[forms.Approval], Resolve(ask_to_approve)],
    ctx: Context[Desk],
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Approved:
    """Puts a proposed plan before the user in a form: approve or not, which strategy, and whether
    its doubtful pairs may run at once (else they run in order). Only the user's own answer
    approves; no argument can. Where the client shows no form, says how the user approves.
    """
    if not (isinstance(answer, AcceptedElicitation) and _is_yes(answer.data)):
        raise forms.not_approved(plan_id, answer)
    form = answer.data
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    if isinstance(form, forms.NothingToApprove):
        return Approved.from_approval(
            await desk.do(caller, lambda c: forms.earlier_approval(c, plan_id))
        )
    strategy = Strategy(form.strategy) if isinstance(form, forms.FirstApproval) else None
    accept = isinstance(form, forms.WithDoubts) and form.accept_checks
    return Approved.from_approval(
        await desk.do(caller, lambda c: c.approve(plan_id, strategy, "form in chat", accept))
    )


def _is_yes(form: forms.Approval) -> bool:
    return form.approve or isinstance(form, forms.NothingToApprove)
