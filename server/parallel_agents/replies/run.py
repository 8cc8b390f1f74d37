"""Replies about the whole run: where it stands, and what a merge did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from parallel_agents.core.model import State
from parallel_agents.replies.reply import CheckShown, Part, Reply, utc

if TYPE_CHECKING:
    from parallel_agents.coordination.merging import MergeReport
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
            stray=StrayShown(paths=status.stray.paths, commits=status.stray.commits)
            if status.stray
            else None,
        )


class Clash(Part):
    """Two results that conflict when merged."""

    a: str
    b: str
    paths: tuple[str, ...]


class KeptShown(Part):
    """A work tree or branch that was not removed."""

    name: str
    why: str


class MergeReply(Reply):
    """What a merge did, or (`dry_run`) would do."""

    dry_run: bool
    target: str
    old: str = Field(description="The target's commit before.")
    new: str = Field(description="The target's commit after, or as it would be.")
    merged: tuple[str, ...]
    already_in: tuple[str, ...] = Field(description="Completed tasks whose result was in it.")
    left_out: tuple[str, ...] = Field(description="Completed tasks that were not to be merged.")
    unfinished: dict[str, str] = Field(description="Tasks that are not completed: their state.")
    conflicts: tuple[Clash, ...]
    check: CheckShown | None = Field(
        default=None, description="The plan's check on the combined tree."
    )
    progress: str = Field(description="N completed / M total (K in progress, F failed)")
    removed: tuple[str, ...] = Field(description="Work trees and branches that were removed.")
    kept: tuple[KeptShown, ...]
    archived: bool = Field(description="True where the run is over and put away.")

    @classmethod
    def from_report(cls, report: MergeReport) -> Self:
        """The reply for a merge."""
        check = report.check
        return cls(
            rev=report.rev,
            next_step=_after_merge(report),
            dry_run=report.dry_run,
            target=report.target,
            old=report.old,
            new=report.new,
            merged=report.merged,
            already_in=report.already_in,
            left_out=report.left_out,
            unfinished={task: state.value for task, state in report.unfinished},
            conflicts=tuple(Clash(a=a, b=b, paths=paths) for a, b, paths in report.conflicts),
            check=None
            if check is None
            else CheckShown(
                command=check.command,
                exit_code=check.exit_code,
                seconds=round(check.seconds, 3),
                tail=check.tail[-1000:],
            ),
            progress=report.progress,
            removed=report.removed,
            kept=tuple(KeptShown(name=k.name, why=k.why) for k in report.kept),
            archived=report.archived,
        )


def _after_merge(report: MergeReport) -> str:
    if report.dry_run and report.conflicts:
        return "Nothing has moved. Ask the user how the conflicts are to be settled."
    if report.dry_run:
        return "Nothing has moved. merge_branches without dry_run tests this and lands it."
    if report.archived:
        return "The run is over. Tell the user what landed, and what was kept and why."
    if report.unfinished or report.left_out:
        return "Tell the user what landed; list_status shows what is left to do."
    return "Tell the user what landed."
