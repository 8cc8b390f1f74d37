"""The reply about the whole run: where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from parallel_agents.core.model import State
from parallel_agents.replies.reply import Part, Reply, utc

if TYPE_CHECKING:
    from parallel_agents.coordination.watching import Status, TaskStatus

_QUIET = (State.AVAILABLE, State.COMPLETED)


class TaskShown(Part):
    """One task in full."""

    id: str
    title: str
    state: str
    flags: tuple[str, ...] = Field(
        description="`stale`, `ended` (its agent is known not to run), `blocked`, `waiting`, "
        "`retry`, `merged`, `moved by hand`."
    )
    agent: str | None = None
    since: str | None = None
    last_sign: str | None = Field(default=None, description="Last sign of life of its agent.")
    silent_minutes: int | None = Field(
        default=None, description="Without a sign of life; time that the machine slept is left out."
    )
    token: int | None = None
    waits_for: tuple[str, ...]
    failures: int
    workdir: str | None = None
    branch: str | None = None
    note: str | None = Field(default=None, description="Summary of its end, or why it failed.")

    @classmethod
    def from_status(cls, task: TaskStatus) -> Self:
        """One line of a status."""
        return cls(
            id=task.id,
            title=task.title,
            state=task.state.value,
            flags=task.flags,
            agent=task.agent,
            since=None if task.since is None else utc(task.since),
            last_sign=None if task.last_sign is None else utc(task.last_sign),
            silent_minutes=None if task.silence is None else int(task.silence // 60),
            token=task.token,
            waits_for=task.waits_for,
            failures=task.failures,
            workdir=task.workdir or None,
            branch=task.branch,
            note=task.note,
        )


class Denial(Part):
    """A call that a hook refused, or one that wrote what somebody else holds."""

    at: str
    agent: str
    tool: str
    path: str
    reason: str

    @classmethod
    def from_log(cls, entry: Mapping[str, Any]) -> Self:
        """One line of the hooks' log."""
        return cls(
            at=utc(float(entry.get("at", 0))),
            agent=str(entry.get("agent", "")),
            tool=str(entry.get("tool", "")),
            path=str(entry.get("path", "")),
            reason=str(entry.get("reason", "")),
        )


class BrewingShown(Part):
    """Two tasks whose results, finished or not, would conflict at the merge as they are now."""

    one: str
    other: str | None = Field(
        default=None, description="Left out where it is the target itself that has moved on."
    )
    holders: tuple[str, ...] = Field(description="Agents that are at one of the two now.")
    paths: tuple[str, ...]
    what_to_do: str


class CorrectionShown(Part):
    """Where the plan was wrong about who touches whom, and what has become of it."""

    task: str
    added: tuple[str, ...] = Field(
        description="What its claim grew by; empty where its result showed it."
    )
    other: str
    level: str = Field(description="`conflict` or `check`, now.")
    witness: str
    reason: str
    effect: str = Field(
        description="`waits`: `other` comes after `task` from now on; `at work`: it was begun "
        "already; `merge`: its result is there already."
    )
    what_to_do: str


class StrayShown(Part):
    """What is in the user's own checkout and no task made there."""

    paths: tuple[str, ...] = Field(description="Files of the run with uncommitted changes.")
    commits: tuple[str, ...] = Field(description="Commits on the target that are not the run's.")


class StatusReply(Reply):
    """The run at one revision."""

    progress: str = Field(
        description="`N completed / M total (K in progress, F failed)`; blocked counts as failed."
    )
    run: str | None = Field(default=None, description="Id of the running plan.")
    goal: str | None = None
    strategy: str | None = None
    proposal: str | None = Field(default=None, description="A plan that waits for the user.")
    counts: dict[str, int]
    tasks: tuple[TaskShown, ...] = Field(
        description="Tasks in progress, failed or in need of somebody; with `detail` all tasks."
    )
    ready: tuple[str, ...] = Field(description="Tasks that can be claimed now.")
    waiting: tuple[str, ...] = Field(description="Tasks that wait for others.")
    completed: tuple[str, ...]
    damaged: dict[str, str] = Field(description="Files of the store that a person has to mend.")
    denials: tuple[Denial, ...] = Field(description="What hooks refused lately, oldest first.")
    brewing: tuple[BrewingShown, ...] = Field(
        default=(), description="Conflicts on their way; nothing is stopped by them."
    )
    corrections: tuple[CorrectionShown, ...] = Field(
        default=(), description="Pairs of tasks that are closer than the plan said, oldest first."
    )
    stray: StrayShown | None = Field(
        default=None, description="Changes in the main checkout that no task made there."
    )
    overwritten: tuple[Denial, ...] | None = Field(
        default=None,
        description="Held files that a command of somebody else wrote, oldest first; `reason` says "
        "where both versions are kept.",
    )

    @classmethod
    def from_status(cls, status: Status, detail: bool = True) -> Self:
        """The reply for a status; without `detail`, quiet tasks are only named."""
        free = [t for t in status.tasks if t.state is State.AVAILABLE]
        done = [t for t in status.tasks if t.state is State.COMPLETED]
        shown = [t for t in status.tasks if detail or t.state not in _QUIET]
        return cls(
            rev=status.rev,
            next_step=status.next_step,
            progress=status.progress,
            run=status.run,
            goal=status.goal,
            strategy=status.strategy.value if status.strategy else None,
            proposal=status.proposal,
            counts=dict(status.counts),
            tasks=tuple(TaskShown.from_status(t) for t in shown),
            ready=tuple(t.id for t in free if not t.waits_for),
            waiting=tuple(t.id for t in free if t.waits_for),
            completed=tuple(t.id for t in done),
            damaged=dict(status.damaged),
            denials=tuple(Denial.from_log(entry) for entry in status.denials),
            overwritten=tuple(Denial.from_log(entry) for entry in status.overwritten) or None,
            brewing=tuple(
                BrewingShown(
                    one=b.one,
                    other=b.other,
                    holders=b.holders,
                    paths=b.paths,
                    what_to_do=b.advice,
                )
                for b in status.brewing
            ),
            corrections=tuple(
                CorrectionShown(
                    task=c.task,
                    added=c.added,
                    other=c.other,
                    level=c.level,
                    witness=c.witness,
                    reason=c.reason,
                    effect=c.effect,
                    what_to_do=c.advice,
                )
                for c in status.corrections
            ),
            stray=StrayShown(paths=status.stray.paths, commits=status.stray.commits)
            if status.stray
            else None,
        )
