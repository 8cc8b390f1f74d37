"""From completed tasks to one tested commit on the target.

Assemble in memory, test in a throw-away work tree, move the target by compare-and-swap. A conflict
or a red suite moves nothing and is put before the user. What is begun is in a journal before it
happens: a merge that was killed is gone on with by the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from parallel_agents.checks import CheckResult
from parallel_agents.coordination.clearing import Kept, clear
from parallel_agents.coordination.journal import Entry, Journal, Record, Stage
from parallel_agents.coordination.proving import Assembled, Proven, assembled, proven
from parallel_agents.coordination.selection import (
    Request,
    forget_shown,
    note_shown,
    refuse_unseen,
)
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.stops import Stop
from parallel_agents.coordination.watching import progress_line
from parallel_agents.core.commands import Archive, MarkMerged
from parallel_agents.core.errors import NotNow, ParallelAgentsError, StoreFault
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.view import Run, View
from parallel_agents.git.landing import land, settle
from parallel_agents.git.merging import Conflict, discard_leftovers
from parallel_agents.git.repository import Repository
from parallel_agents.store.lock import FileLock

TRIES = 3
"""How often a merge is planned anew because the target has moved under it."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a merge did, or would do."""

    dry_run: bool
    target: str
    old: str
    new: str
    merged: tuple[TaskId, ...]
    already_in: tuple[TaskId, ...]
    left_out: tuple[TaskId, ...]
    """Completed, but not in this merge by the caller's word."""
    unfinished: tuple[tuple[TaskId, State], ...]
    conflicts: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Pairs of tasks whose results conflict, with the paths; `the target` may be one of them."""
    check: CheckResult | None
    progress: str
    """`N completed / M total (K in progress, F failed)`, before the run was put away."""
    removed: tuple[str, ...]
    """Work trees (paths) and branches (short names) that are not needed any more."""
    kept: tuple[Kept, ...]
    archived: bool
    rev: int
    stop: Stop | None = None
    """Why a merge would stop (dry run)."""
    found: str | None = None
    """What an earlier merge had left that was cut off."""
    suite_runs: int = 0
    """How often the check was run, repetitions included; 0 where the verdict was known."""
    canary: str | None = None
    """Whether it is proven that the check sees the tree under test."""
    notes: tuple[str, ...] = ()
    reopened: tuple[TaskId, ...] = ()
    """Left out by the user's choice and free again, to be done on top of what landed."""
    proposal: str | None = None
    """A plan that waits for the user's yes: with the task that settles what this merge met."""


def merge(site: Site, request: Request) -> MergeReport:
    """Merge completed tasks into the run's target. Raises before anything has moved.

    NeedsPerson: the codes of `stops.Reason`, `landing_interrupted`. NotNow: `still_claimed`,
    `nothing_completed`, `merge_running`, `changed_since_dry_run`, `target_moved`, `dirty_target`,
    `target_busy`, `nothing_to_resume`, `merged_before`. BadInput: `needs_left_out`.
    """
    with _only_merge(site.repository):
        journal = Journal(site.repository)
        found, request = _taken_up(site, journal, request)
        if found is not None and (done := _put_away(site, journal, found)) is not None:
            journal.clear()
            return done
        for turn in range(1, TRIES + 1):
            outcome, record = _proven(site, journal, request, found is not None)
            if isinstance(outcome, Stop):
                journal.clear()
                raise outcome.error()
            ready = outcome.assembled
            try:
                land(site.repository, ready.chosen.run.target, ready.old, outcome.tip, record.lands)
            except NotNow as refusal:
                journal.clear()
                if refusal.code != "target_moved" or turn == TRIES:
                    raise
                continue
            record.landed()
            report = _finish(site, replace(_report(site, ready), found=found), outcome)
            forget_shown(site)
            journal.clear()
            return report
        raise AssertionError("unreachable")


def preview(site: Site, request: Request) -> MergeReport:
    """What a merge would do; nothing is touched. The merge after it is for exactly this."""
    ready = assembled(site, request)
    note_shown(site, ready.chosen, ready.old)
    return replace(_report(site, ready), dry_run=True, stop=ready.stop(site))


def was_cut_off(site: Site) -> bool:
    """Whether the journal has a merge that was not ended."""
    return Journal(site.repository).read() is not None


def prove(site: Site, request: Request) -> Stop | None:
    """Do all of a merge but the landing: what stops it, for whoever asks the user. Raises as it.

    The verdict is kept, so that a `merge` right after it tests nothing again.
    """
    with _only_merge(site.repository):
        journal = Journal(site.repository)
        found, request = _taken_up(site, journal, request)
        outcome, _ = _proven(site, journal, request, found is not None)
        journal.clear()
        return outcome if isinstance(outcome, Stop) else None


def nothing_merged(site: Site, request: Request) -> MergeReport:
    """The report of a merge that the user took another way with."""
    ready = assembled(site, request)
    return replace(_report(site, ready), new=ready.old, merged=(), already_in=())


def _proven(
    site: Site, journal: Journal, request: Request, taken_up: bool
) -> tuple[Proven | Stop, Record]:
    ready = assembled(site, request)
    if not taken_up:
        refuse_unseen(site, ready.chosen, ready.old)
    tip = ready.old if isinstance(ready.made, Conflict) else ready.made.tip
    entry = Entry(
        run=ready.chosen.run.id,
        stage=Stage.TESTING,
        since=site.clock(),
        tasks=ready.chosen.names,
        left_out=ready.chosen.left_out,
        tip=tip,
    )
    record = Record(journal, entry)
    journal.write(entry)
    try:
        return proven(site, ready, request.trust, record.runs), record
    except ParallelAgentsError:  # refused, not cut off
        journal.clear()
        raise


# ---------------------------------------------------------------------- one at a time, to the end


@contextmanager
def _only_merge(repository: Repository) -> Iterator[None]:
    """One merge at a time: it may take as long as the suite does, so others do not wait for it."""
    lock = FileLock(repository.common_dir / "parallel-agents-merge.lock", timeout=0)
    try:
        with lock.held():
            yield
    except StoreFault as busy:
        if busy.code != "lock_timeout" or str(repository.common_dir) not in busy.sentence:
            raise
        raise NotNow(
            "merge_running",
            f"Another merge of this repository is going on: {busy.sentence}",
            "wait for it to end; list_status shows what is merged.",
        ) from busy
    finally:
        lock.close()


def _taken_up(site: Site, journal: Journal, request: Request) -> tuple[str | None, Request]:
    """Bring to an end what a killed merge has begun, and go on with what it was asked for.

    What was found, for the report, and the request; one that chooses nothing takes over what the
    killed one had left out.
    """
    entry = journal.read()
    discard_leftovers(site.repository)
    if entry is None:
        if request.resume:
            raise NotNow(
                "nothing_to_resume",
                "No merge was cut off here.",
                "call merge_branches without `resume`.",
            )
        return None, request
    if entry.suite is not None:
        entry.suite.end_group()
    landed = settle(site.repository, entry.landing) if entry.landing is not None else False
    running = site.store.read(lambda view: view.run.id if view.run else None)
    if running != entry.run:
        journal.clear()
        if landed and running is None:
            raise NotNow(
                "merged_before",
                f"An earlier merge of {', '.join(entry.tasks)} was cut off after it had landed; "
                "the run is put away, and nothing is left to be done.",
                "tell the user; list_status shows where things stand.",
            )
        return None, request
    found = f"An earlier merge of {', '.join(entry.tasks)} was cut off {_how_far(entry, landed)}"
    if landed or entry.landing is not None:
        forget_shown(site)
    if site.store.read(lambda view: _all_merged(view, entry.tasks)):
        return found, request  # what it had left out is what there is to merge now
    if request.resume:
        return found, replace(request, only=entry.tasks, leave_out=())
    if request.is_plain:
        return found, replace(request, leave_out=entry.left_out)
    return found, request


def _put_away(site: Site, journal: Journal, found: str) -> MergeReport | None:
    """End a merge that was killed after the store had its word; None where more is to be merged."""
    entry = journal.read()
    if entry is None or entry.landing is None:
        return None
    landing, names = entry.landing, entry.tasks

    def ended(view: View) -> Run | None:
        completed = [r for r in view.records.values() if r.state is State.COMPLETED]
        over = view.run is not None and all(r.merged for r in completed)
        return view.run if over and {r.task.id for r in completed} >= set(names) else None

    run = site.store.read(ended)
    if run is None:
        return None
    report = MergeReport(
        dry_run=False,
        target=landing.target,
        old=landing.old,
        new=landing.new,
        merged=names,
        already_in=(),
        left_out=(),
        unfinished=site.store.read(_unfinished),
        conflicts=(),
        check=None,
        progress="",
        removed=(),
        kept=(),
        archived=False,
        rev=0,
        found=found,
    )
    forget_shown(site)
    return _cleared(site, run, report)


def _unfinished(view: View) -> tuple[tuple[TaskId, State], ...]:
    left = (r for r in view.records.values() if r.state is not State.COMPLETED)
    return tuple((r.task.id, r.state) for r in left)


def _how_far(entry: Entry, landed: bool) -> str:
    if landed:
        return f"after {entry.tip[:12]} had landed; this one ends it."
    if entry.landing is not None:
        return "while it landed; what it had written was taken back, and this one does it again."
    ended = ", and the command that it ran was ended" if entry.suite else ""
    return f"while it was tested; nothing had moved{ended}."


# ---------------------------------------------------------------------- what is reported


def _report(site: Site, ready: Assembled) -> MergeReport:
    made = ready.made
    progress, rev = site.store.read(lambda view: (progress_line(view), view.rev))
    return MergeReport(
        dry_run=False,
        target=ready.chosen.run.target,
        old=ready.old,
        new=ready.old if isinstance(made, Conflict) else made.tip,
        merged=() if isinstance(made, Conflict) else tuple(TaskId(n) for n in made.merged),
        already_in=() if isinstance(made, Conflict) else tuple(TaskId(n) for n in made.skipped),
        left_out=ready.chosen.left_out,
        unfinished=ready.chosen.unfinished,
        conflicts=tuple(
            (c.one, c.other or "the target", tuple(p.path for p in c.paths)) for c in ready.clashes
        ),
        check=None,
        progress=progress,
        removed=(),
        kept=(),
        archived=False,
        rev=rev,
        notes=ready.notes,
    )


def _finish(site: Site, report: MergeReport, done: Proven) -> MergeReport:
    chosen = done.assembled.chosen
    site.store.transact(MarkMerged(chosen.names, report.new))
    tested = replace(
        report,
        check=done.verdict.result if done.verdict else None,
        suite_runs=done.runs,
        canary=done.canary.sentence if done.canary else None,
    )
    return _cleared(site, chosen.run, tested)


def _cleared(site: Site, run: Run, report: MergeReport) -> MergeReport:
    """Remove what is not needed any more, and put the run away if it is over."""
    removed, kept = clear(site, run, report.new)
    progress = site.store.read(progress_line)
    archived = site.store.read(_is_over)
    rev = site.store.transact(Archive())[1] if archived else site.store.read(lambda view: view.rev)
    return replace(
        report, progress=progress, removed=removed, kept=kept, archived=archived, rev=rev
    )


def _all_merged(view: View, tasks: tuple[TaskId, ...]) -> bool:
    return all(t in view.records and view.records[t].merged for t in tasks)


def _is_over(view: View) -> bool:
    """Everything is merged, or blocked: what is blocked is named in the report."""
    return not view.damaged and all(
        r.merged if r.state is State.COMPLETED else r.state is State.BLOCKED
        for r in view.records.values()
    )
