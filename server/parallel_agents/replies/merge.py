"""The reply about a merge: what it did, or would do, or why it would stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from parallel_agents.replies.reply import CheckShown, Part, Reply

if TYPE_CHECKING:
    from parallel_agents.coordination.merging import MergeReport
    from parallel_agents.coordination.stops import Stop


class Clash(Part):
    """Two results that conflict when merged."""

    a: str
    b: str
    paths: tuple[str, ...]


class KeptShown(Part):
    """A work tree or branch that was not removed."""

    name: str
    why: str


class ChoiceShown(Part):
    """One way on after a stop, for the user to choose."""

    choice: str
    says: str
    tasks: tuple[str, ...]


class StopShown(Part):
    """Why a merge would stop."""

    reason: str
    tasks: tuple[str, ...] = Field(description="Whom it is about, the one to blame first.")
    sentence: str
    causes: tuple[str, ...]
    choices: tuple[ChoiceShown, ...]


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
    suite_runs: int = Field(description="How often the check was run; 0: its verdict was known.")
    canary: str | None = Field(
        default=None, description="Whether it is proven that the check sees the tree under test."
    )
    notes: tuple[str, ...] = Field(description="What else is to be known of this merge.")
    stop: StopShown | None = Field(default=None, description="Why it would stop (dry run).")
    found: str | None = Field(
        default=None, description="What an earlier merge that was cut off had left."
    )
    reopened: tuple[str, ...] = Field(
        description="Left out by the user's choice, and free to be done again on what landed."
    )
    proposal: str | None = Field(
        default=None, description="A plan with a further task, by the user's choice: approve_plan."
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
            suite_runs=report.suite_runs,
            canary=report.canary,
            notes=report.notes,
            stop=_stop(report.stop),
            found=report.found,
            reopened=report.reopened,
            proposal=report.proposal,
            progress=report.progress,
            removed=report.removed,
            kept=tuple(KeptShown(name=k.name, why=k.why) for k in report.kept),
            archived=report.archived,
        )


def _stop(stop: Stop | None) -> StopShown | None:
    if stop is None:
        return None
    return StopShown(
        reason=stop.reason.value,
        tasks=stop.tasks,
        sentence=stop.sentence,
        causes=stop.causes,
        choices=tuple(
            ChoiceShown(choice=o.choice.value, says=o.says, tasks=o.tasks) for o in stop.options
        ),
    )


def _after_merge(report: MergeReport) -> str:
    if report.proposal is not None:
        return (
            f"Nothing was merged. Ask the user to approve plan {report.proposal} (approve_plan); "
            "then a worker does the new task, and merge_branches is called again."
        )
    if report.dry_run and report.stop is not None:
        return f"Nothing has moved. {_sentence(report.stop.error().next_step)}"
    if report.dry_run and report.conflicts:
        return "Nothing has moved. Ask the user how the conflicts are to be settled."
    if report.reopened:
        return (
            f"Tell the user what landed; {', '.join(report.reopened)} can be claimed again and "
            "starts from that: start a worker (parallel-agents:worker)."
        )
    if report.dry_run:
        return "Nothing has moved. merge_branches without dry_run tests this and lands it."
    if report.archived:
        return "The run is over. Tell the user what landed, and what was kept and why."
    if report.unfinished or report.left_out:
        return "Tell the user what landed; list_status shows what is left to do."
    return "Tell the user what landed."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
