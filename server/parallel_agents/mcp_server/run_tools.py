"""The tools about the whole run: where it stands, merging it, taking work back."""

from __future__ import annotations

from typing import Annotated, Literal

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


async def merge_branches(
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
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> MergeReply:
    """Merges completed tasks into the target branch: assembled in memory, tested with the plan's
    check in a throw-away work tree, landed in one move. A conflict or a failed check moves nothing
    and is put before the user; nothing is resolved automatically.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    report = await desk.do(caller, lambda c: c.merge(dry_run, only, leave_out or ()))
    return MergeReply.from_report(report)


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
