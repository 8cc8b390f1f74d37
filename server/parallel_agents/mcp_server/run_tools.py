"""The tools about the whole run: where it stands, merging it, taking work back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from pydantic import Field

from parallel_agents.core.model import State
from parallel_agents.mcp_server import forms
from parallel_agents.mcp_server.arguments import (
    AgentArgument,
    CallArgument,
    FolderArgument,
    SessionArgument,
    TaskIdArgument,
)
from parallel_agents.mcp_server.desk import Desk, at_desk
from parallel_agents.replies import MergeReply, Recovered, StatusReply

if TYPE_CHECKING:
    from parallel_agents.coordination.merging import MergeReport
    from parallel_agents.coordinator import Coordinator


async def list_status(
    ctx: Context[Desk],
    detail: Annotated[
        bool, Field(description="Every task in full, also those completed or not begun.")
    ] = False,
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> StatusReply:
    """Shows the run: `N completed / M total (K in progress, F failed)`, per task its holder, last
    sign of life and flags (stale, blocked, waiting), what hooks refused, and the coordinator's next
    step. Changes nothing.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    return StatusReply.from_status(await desk.do(caller, lambda c: c.status()), detail)


async def look_at_merge(
    dry_run: bool,
    only: list[str] | None,
    leave_out: list[str] | None,
    resume: bool,
    agent: str,
    session: str,
    cwd: str,
    call: str,
    ctx: Context,
) -> Any:
    """Why the merge stops, where the user can be asked about it in a form."""
    if dry_run or not forms.can_show(ctx):
        return None
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    asked = (session, call, str(only), str(leave_out), resume)
    if ctx.input_responses and asked in desk.stops:  # the round that brings the answer
        return desk.stops.pop(asked)
    stop = await desk.do(caller, lambda c: c.prove(only, leave_out or (), resume))
    if stop is not None:
        desk.stops[asked] = stop
    return stop


async def ask_about_stop(
    seen: Annotated[Any, Resolve(look_at_merge)],
) -> forms.Decision | Elicit[forms.Decision]:
    """The form with the choices after a stop."""
    return forms.NothingToDecide() if seen is None else forms.about_stop(seen)


async def merge_branches(
    seen: Annotated[Any, Resolve(look_at_merge)],
    answer: Annotated[ElicitationResult[forms.Decision], Resolve(ask_about_stop)],
    ctx: Context[Desk],
    dry_run: Annotated[
        bool, Field(description="Only say what would be merged and what conflicts.")
    ] = False,
    only: Annotated[
        list[str] | None, Field(max_length=1000, description="Ids of the tasks to merge.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, Field(max_length=1000, description="Ids of completed tasks to leave out.")
    ] = None,
    resume: Annotated[
        bool, Field(description="Go on with a merge that was cut off, exactly as it was.")
    ] = False,
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> MergeReply:
    """Merges completed tasks into the target branch: assembled in memory, tested with the plan's
    check in a throw-away work tree, landed in one move. A conflict or a failed check moves nothing
    and is put before the user, in a form where one can be shown; nothing is resolved automatically.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    if seen is None:
        work = partial(_merge, dry_run=dry_run, only=only, leave_out=leave_out, resume=resume)
        return MergeReply.from_report(await desk.do(caller, work))
    if not isinstance(answer, AcceptedElicitation):
        raise forms.not_decided(seen)
    choice, told = answer.data.choice, answer.data.instructions
    report = await desk.do(caller, lambda c: c.decide(seen, choice, told, only, leave_out or ()))
    return MergeReply.from_report(report)


def _merge(
    coordinator: Coordinator,
    dry_run: bool,
    only: list[str] | None,
    leave_out: list[str] | None,
    resume: bool,
) -> MergeReport:
    return coordinator.merge(dry_run, only, leave_out or (), resume)


async def look_at_task(
    task_id: str, to: str, agent: str, session: str, cwd: str, call: str, ctx: Context
) -> forms.Standing | None:
    """The task as the user will be told of it."""
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    return await desk.do(caller, lambda c: forms.standing(c, task_id, State(to)))


async def ask_to_recover(
    to: str, seen: Annotated[forms.Standing | None, Resolve(look_at_task)], ctx: Context
) -> forms.TakeOver | Elicit[forms.TakeOver]:
    """The form about a task that may be in work, where it takes the user and one can be shown."""
    if seen is None or not seen.needs_user or not forms.can_show(ctx):
        return forms.NothingToTake()
    return forms.about_recovery(seen, State(to))


async def recover_task(
    task_id: TaskIdArgument,
    to: Annotated[
        Literal["available", "failed"],
        Field(description="`available`: for anybody; `failed`: after all available work."),
    ],
    seen: Annotated[forms.Standing | None, Resolve(look_at_task)],
    answer: Annotated[ElicitationResult[forms.TakeOver], Resolve(ask_to_recover)],
    ctx: Context[Desk],
    reason: Annotated[str, Field(max_length=2000, description="Why, for the task's history.")] = "",
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Recovered:
    """Brings stale or blocked work back to the queue; the work tree's state is saved to a ref
    first. Asks the user in a form, unless the claim is stale and its agent is known not to run.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    goal = State(to)
    if isinstance(answer, AcceptedElicitation) and isinstance(answer.data, forms.NothingToTake):
        by_user = False
    elif isinstance(answer, AcceptedElicitation) and answer.data.recover:
        by_user = True
        now = await desk.do(caller, lambda c: forms.standing(c, task_id, goal))
        if now != seen:
            raise forms.changed_meanwhile(task_id, now)
    else:
        assert seen is not None
        raise forms.not_recovered(task_id, seen)
    event, rev = await desk.do(caller, lambda c: c.recover(task_id, goal, by_user, reason))
    return Recovered.from_event(task_id, goal, event, rev)
