"""Replies about claims: from the grant to the end, however it ends."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from pydantic import Field

from parallel_agents.core.commands import NothingToClaim
from parallel_agents.core.model import Agent, State, Strategy
from parallel_agents.replies.reply import AgentReply, CheckShown, Part, Reply, utc

if TYPE_CHECKING:
    from parallel_agents.coordination.claiming import Assignment
    from parallel_agents.coordination.completing import Ended
    from parallel_agents.core.events import Event
    from parallel_agents.core.model import Claim


_JSON = json.JSONEncoder(ensure_ascii=False)


class Calls(Part):
    """The calls that a claim can end with or grow by, word for word but for `...`."""

    completed: str
    failed: str
    returned: str
    more_files: str


class Claimed(AgentReply):
    """A claim that is ready to work on (`claimed` is true), or why there is none."""

    claimed: bool
    task_id: str | None = None
    title: str | None = None
    instructions: str | None = None
    files: tuple[str, ...] | None = Field(
        default=None, description="All that may be changed, relative to `workdir`."
    )
    reads: tuple[str, ...] | None = None
    token: int | None = Field(default=None, description="The claim's fencing token.")
    strategy: str | None = None
    workdir: str | None = Field(default=None, description="The tree to work in (absolute).")
    branch: str | None = None
    start: str | None = Field(default=None, description="The commit the work starts from.")
    remote: str | None = Field(
        default=None, description="Name of the git remote that has `start` and takes `branch`."
    )
    check: str | None = Field(default=None, description="The command that has to pass at the end.")
    deadline: str | None = Field(
        default=None,
        description="Without a sign of life until then the claim is flagged as stale. Any tool "
        "call is a sign of life.",
    )
    again: bool | None = Field(
        default=None, description="True where an earlier call got this very claim."
    )
    failures: int | None = Field(default=None, description="How often the task failed before.")
    last_failure: str | None = Field(default=None, description="Why it failed the last time.")
    saved: str | None = Field(
        default=None,
        description="The commit with what a claim of yours that was recovered had left "
        "uncommitted in `workdir`.",
    )
    calls: Calls | None = None
    reason: str | None = Field(default=None, description="Stable code: why nothing was claimed.")
    sentence: str | None = None
    finished: bool | None = Field(
        default=None, description="True where calling again cannot help: the agent can end."
    )
    waiting_on: tuple[str, ...] | None = Field(default=None, description="Tasks to wait for.")

    @classmethod
    def from_answer(cls, answer: Assignment | NothingToClaim, rev: int, agent: Agent) -> Self:
        """The reply for a claim, or for the reason why there is none."""
        if isinstance(answer, NothingToClaim):
            return cls(
                rev=rev,
                next_step=answer.next_step,
                agent=agent.key,
                verified=agent.verified,
                claimed=False,
                reason=answer.reason,
                sentence=answer.sentence,
                finished=answer.finished,
                waiting_on=answer.waiting_on,
            )
        held, task = answer.claim, answer.task
        return cls(
            rev=rev,
            next_step=_how_to_work(held, answer.strategy, answer.remote),
            agent=agent.key,
            verified=agent.verified,
            claimed=True,
            task_id=task.id,
            title=task.title,
            instructions=task.instructions,
            files=held.files,
            reads=task.reads,
            token=held.token,
            strategy=answer.strategy.value,
            workdir=held.workdir or None,
            branch=held.branch,
            start=held.start,
            remote=answer.remote,
            check=task.check,
            deadline=utc(answer.deadline),
            again=answer.again,
            failures=answer.failures,
            last_failure=answer.reason_of_failure,
            saved=answer.saved,
            calls=_calls(held, agent),
        )


class Extended(AgentReply):
    """A claim after it grew."""

    task_id: str
    token: int
    files: tuple[str, ...] = Field(description="All files of the claim.")
    added: tuple[str, ...] = Field(description="Empty where the claim had them already.")

    @classmethod
    def from_claim(cls, held: Claim, added: Iterable[str], rev: int, agent: Agent) -> Self:
        """The reply for a claim and what was added to it."""
        return cls(
            rev=rev,
            next_step=f"Go on with {held.task}; its token is still {held.token}.",
            agent=agent.key,
            verified=agent.verified,
            task_id=held.task,
            token=held.token,
            files=held.files,
            added=tuple(added),
        )


class Released(AgentReply):
    """A claim that ended without a failure."""

    task_id: str
    outcome: str = Field(description="`completed` or `returned`.")
    commit: str | None = Field(default=None, description="The result that will be merged.")
    branch: str | None = None
    check: CheckShown | None = None
    salvage: str | None = Field(
        default=None, description="The commit that keeps the unfinished work."
    )
    left: tuple[str, ...] = Field(description="Changed files that stay as they are.")
    again: bool = Field(description="True where an earlier call ended the claim in this way.")

    @classmethod
    def from_ended(cls, ended: Ended, agent: Agent) -> Self:
        """The reply for a completion or a return."""
        event = ended.event
        data, check = event.data, event.data.get("check")
        return cls(
            rev=ended.rev,
            next_step=_undo(ended.left)
            + _astray(ended.stray.paths)
            + "Call claim_task for the next task.",
            agent=agent.key,
            verified=agent.verified,
            task_id=str(event.task),
            outcome=event.kind.value,
            commit=data.get("commit"),
            branch=data.get("branch"),
            check=CheckShown(**check) if check else None,
            salvage=data.get("salvage"),
            left=ended.left,
            again=ended.again,
        )


class Failed(AgentReply):
    """A claim that ended with a failure."""

    task_id: str
    state: str = Field(description="`failed` (to be tried again) or `blocked`.")
    failures: int
    retry: str = Field(description="Who may try the task again.")
    salvage: str | None = Field(
        default=None, description="The commit that keeps the unfinished work."
    )
    left: tuple[str, ...] = Field(description="Changed files that stay as they are.")
    again: bool = Field(description="True where an earlier call reported this failure.")

    @classmethod
    def from_ended(cls, ended: Ended, agent: Agent) -> Self:
        """The reply for a failure."""
        data = ended.event.data
        blocked = data["state"] == State.BLOCKED
        return cls(
            rev=ended.rev,
            next_step=_undo(ended.left) + "Call claim_task for another task.",
            agent=agent.key,
            verified=agent.verified,
            task_id=str(ended.event.task),
            state=data["state"],
            failures=data["failures"],
            retry=(
                "Nobody, until the user puts it back (recover_task asks them)."
                if blocked
                else "Another agent first, after everything that is available; then anybody."
            ),
            salvage=data.get("salvage"),
            left=ended.left,
            again=ended.again,
        )


class Recovered(Reply):
    """A task that is back in the queue, or was there already."""

    task_id: str
    state: str
    changed: bool = Field(description="False where the task was there already.")
    by: str | None = Field(default=None, description="`user`, or `known dead`.")
    recoveries: int | None = None
    salvage: str | None = Field(
        default=None, description="The commit that keeps the unfinished work."
    )

    @classmethod
    def from_event(cls, task: str, to: State, event: Event | None, rev: int) -> Self:
        """The reply for a recovery; `event` is None where there was nothing to do."""
        data = event.data if event else {}
        state = State(data.get("state", to))
        blocked = state is State.BLOCKED
        return cls(
            rev=rev,
            next_step=(
                f"Task {task} was taken back too often and is blocked now: ask the user."
                if blocked
                else "An agent that calls claim_task can get it."
            ),
            task_id=task,
            state=state.value,
            changed=event is not None,
            by=data.get("by"),
            recoveries=data.get("recoveries"),
            salvage=data.get("salvage"),
        )


def _how_to_work(held: Claim, strategy: Strategy, remote: str | None) -> str:
    match strategy:
        case Strategy.WORKTREE:
            where = f"Work in {held.workdir} and commit there on branch {held.branch}"
        case Strategy.BRANCH:
            where = (
                f"In a checkout of your own switch to branch {held.branch} of this repository, "
                "commit there and push it back"
            )
            if remote is not None:
                where += (
                    f". In a clone of the remote {remote} instead: `git fetch {remote}`, "
                    f"`git switch -c {held.branch} --no-track {held.start}`, and in the end "
                    f"`git push {remote} HEAD:refs/heads/{held.branch}`"
                )
        case Strategy.FILES:
            where = f"Work in {held.workdir} and do not commit: completion commits exactly `files`"
    return f"{where}. Change nothing but `files`. When done, call release_task as in `calls`."


def _calls(held: Claim, agent: Agent) -> Calls:
    who = {} if agent.verified else {"agent": agent.name, "session": agent.session}
    claim = _JSON.encode({"task_id": held.task, "token": held.token, **who}).removesuffix("}")
    return Calls(
        completed=f'release_task {claim}, "outcome": "completed", "summary": "..."}}',
        failed=f'fail_task {claim}, "reason": "..."}}',
        returned=f'release_task {claim}, "outcome": "returned", "summary": "..."}}',
        more_files=f'extend_claim {claim}, "files": ["..."]}}',
    )


def _astray(paths: tuple[str, ...]) -> str:
    if not paths:
        return ""
    return (
        f"In the user's own checkout {', '.join(paths[:5])} changed while agents worked: if that "
        "was you, say so in your report, with what you did. "
    )


def _undo(left: tuple[str, ...]) -> str:
    if not left:
        return ""
    return f"Your changes in {', '.join(left)} stay in the shared tree: undo what is not finished. "
