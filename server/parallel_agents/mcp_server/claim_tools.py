"""The tools of an agent at work: claim a task, end the claim, let it grow."""

from __future__ import annotations

from typing import Annotated, Literal

import anyio
from mcp.server.mcpserver import Context
from pydantic import Field

from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Outcome
from parallel_agents.mcp_server.arguments import (
    AgentArgument,
    CallArgument,
    FolderArgument,
    SessionArgument,
    TaskIdArgument,
    TokenArgument,
)
from parallel_agents.mcp_server.desk import Caller, Desk, at_desk
from parallel_agents.replies import Claimed, Extended, Failed, Released

LOOK_AGAIN = 0.25
"""Seconds between two looks of a claim that waits."""

PASSING = frozenset({"held", "files_held", "waits_for", "left_to_others"})
"""Refusals of a claim that the work of others can end."""


async def claim_task(
    ctx: Context[Desk],
    task_id: Annotated[
        str,
        Field(max_length=64, description="A certain task; left out, the best one that is free."),
    ] = "",
    wait: Annotated[
        int, Field(ge=0, le=60, description="Seconds to wait for work where none is free now.")
    ] = 0,
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Claimed:
    """Claims a task of the approved plan for the caller, with all files it may write, and makes a
    place to work ready. Gives instructions, files, token, work tree, branch, check, deadline; or
    why nothing is free. An agent has one claim: calling again gives the same one.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    who = caller.agent("claim_task")
    until = anyio.current_time() + wait
    while True:
        try:
            reply = await _claim(desk, caller, who, task_id or None)
        except ParallelAgentsError as error:
            if error.code not in PASSING or anyio.current_time() >= until:
                raise
        else:
            if reply.claimed or reply.finished or anyio.current_time() >= until:
                return reply
        await anyio.sleep(min(LOOK_AGAIN, max(0.0, until - anyio.current_time())))


async def _claim(desk: Desk, caller: Caller, who: Agent, task: str | None) -> Claimed:
    if (given := desk.at_once(caller, lambda c: c.claim_at_once(who, task))) is not None:
        return Claimed.from_answer(*given, who)
    answer, rev = await desk.do(caller, lambda c: c.claim(who, task, caller.cwd))
    return Claimed.from_answer(answer, rev, who)


async def release_task(
    task_id: TaskIdArgument,
    token: TokenArgument,
    outcome: Annotated[
        Literal["completed", "returned"],
        Field(description="`completed`: done and committed; `returned`: given back undone."),
    ],
    summary: Annotated[
        str,
        Field(min_length=1, max_length=2000, description="What was done, or why it is given back."),
    ],
    ctx: Context[Desk],
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Released:
    """Ends the caller's claim. `completed` is proved, not believed: all is committed, only claimed
    files changed, and the task's check, run now, passes; otherwise it says what is missing and the
    claim goes on. `returned` keeps unfinished work in a commit and frees the task.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    who = caller.agent("release_task")
    ended = await desk.do(
        caller, lambda c: c.release(who, task_id, token, Outcome(outcome), summary)
    )
    return Released.from_ended(ended, who)


async def extend_claim(
    task_id: TaskIdArgument,
    token: TokenArgument,
    files: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1024)]],
        Field(
            max_length=200,
            description="Paths or globs to add, relative to the repository root.",
        ),
    ],
    ctx: Context[Desk],
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Extended:
    """Adds files to the caller's claim, all or none. Refused for files that another agent holds or
    that belong to an unfinished task, naming whose they are.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    who = caller.agent("extend_claim")
    held, added, rev = await desk.do(caller, lambda c: c.extend(who, task_id, token, files))
    return Extended.from_claim(held, added, rev, who)


async def fail_task(
    task_id: TaskIdArgument,
    token: TokenArgument,
    reason: Annotated[
        str,
        Field(min_length=1, max_length=2000, description="Why, for whoever tries the task next."),
    ],
    ctx: Context[Desk],
    agent: AgentArgument = "",
    session: SessionArgument = "",
    cwd: FolderArgument = "",
    call: CallArgument = "",
) -> Failed:
    """Ends the caller's claim as failed and keeps unfinished work in a commit. The task can be
    tried again, by another agent first; after its second failure it is blocked until the user
    decides. Gives the failures so far and who may retry.
    """
    desk, caller = at_desk(ctx, agent, session, cwd, call)
    who = caller.agent("fail_task")
    ended = await desk.do(caller, lambda c: c.fail(who, task_id, token, reason))
    return Failed.from_ended(ended, who)
