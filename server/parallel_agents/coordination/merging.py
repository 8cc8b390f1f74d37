"""From completed tasks to one tested commit on the target.

Assemble in memory, verify in a throw-away work tree, move the target by compare-and-swap. A
conflict or a red suite moves nothing and is put before the user.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from parallel_agents.checks import CheckResult, run_check
from parallel_agents.coordination.clearing import Kept, clear
from parallel_agents.coordination.site import CHECK_TIMEOUT, Site
from parallel_agents.coordination.watching import progress_line
from parallel_agents.core.commands import Archive, MarkMerged
from parallel_agents.core.errors import (
    BadInput,
    NeedsPerson,
    NotNow,
    StoreFault,
)
from parallel_agents.core.model import State, Strategy, TaskId
from parallel_agents.core.rules import held_by, record_of, run_of
from parallel_agents.core.view import Record, Run, View
from parallel_agents.git.clashes import clashes
from parallel_agents.git.landing import land
from parallel_agents.git.merging import (
    Assembly,
    Conflict,
    Part,
    assemble,
    discard_leftovers,
    verification_tree,
)
from parallel_agents.git.repository import Repository
from parallel_agents.store.lock import FileLock


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
    """Pairs of tasks whose results conflict, with the paths (dry run)."""
    check: CheckResult | None
    progress: str
    """`N completed / M total (K in progress, F failed)`, before the run was put away."""
    removed: tuple[str, ...]
    """Work trees (paths) and branches (short names) that are not needed any more."""
    kept: tuple[Kept, ...]
    archived: bool
    rev: int


@dataclass(frozen=True, slots=True)
class _Selection:
    run: Run
    records: tuple[Record, ...]
    left_out: tuple[TaskId, ...]
    unfinished: tuple[tuple[TaskId, State], ...]


def merge(
    site: Site,
    dry_run: bool = False,
    only: Sequence[TaskId] | None = None,
    leave_out: Sequence[TaskId] = (),
) -> MergeReport:
    """Merge completed tasks into the run's target. Raises before anything has moved.

    Codes: `still_claimed`, `nothing_completed`, `needs_left_out` (NotNow or BadInput),
    `merge_conflict`, `check_failed` (NeedsPerson), `merge_running`, `target_moved`,
    `dirty_target` (NotNow).
    """
    if dry_run:
        return _merge(site, dry_run, only, leave_out)
    with _only_merge(site.repository):
        discard_leftovers(site.repository)
        return _merge(site, dry_run, only, leave_out)


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


def _merge(
    site: Site, dry_run: bool, only: Sequence[TaskId] | None, leave_out: Sequence[TaskId]
) -> MergeReport:
    chosen = site.store.read(lambda view: _select(view, only, leave_out))
    run, repository = chosen.run, site.repository
    old = repository.commit(run.target)
    parts = [_part(run, r) for r in chosen.records]
    shared = run.strategy is Strategy.FILES
    found = () if shared else clashes(repository, old, parts)
    assembly = Assembly(old, old, (), tuple(p.name for p in parts), ()) if shared else None
    if assembly is None:
        joined = assemble(repository, old, parts)
        if isinstance(joined, Conflict):
            raise _conflict(chosen, joined)
        assembly = joined
    check = None
    if not dry_run:
        check = _verified(site, run, assembly.tip)
        land(repository, run.target, old, assembly.tip)
    report = MergeReport(
        dry_run=dry_run,
        target=run.target,
        old=old,
        new=assembly.tip,
        merged=tuple(TaskId(n) for n in assembly.merged),
        already_in=tuple(TaskId(n) for n in assembly.skipped),
        left_out=chosen.left_out,
        unfinished=chosen.unfinished,
        conflicts=tuple(
            (c.one, c.other or "the target", tuple(p.path for p in c.paths)) for c in found
        ),
        check=check,
        progress=site.store.read(progress_line),
        removed=(),
        kept=(),
        archived=False,
        rev=site.store.read(lambda view: view.rev),
    )
    return report if dry_run else _finish(site, chosen, report)


def _select(view: View, only: Sequence[TaskId] | None, leave_out: Sequence[TaskId]) -> _Selection:
    run = run_of(view)
    for task in (*(only or ()), *leave_out):
        record_of(view, task)
    if view.claims and only is None:
        claim = next(iter(view.claims.values()))
        raise NotNow(
            "still_claimed",
            f"{len(view.claims)} tasks are in progress: {claim.task} is held by {held_by(claim)}.",
            "wait until list_status shows none in progress, or name what to merge in `only`.",
            view.rev,
        )
    completed = [r for r in view.records.values() if r.state is State.COMPLETED and not r.merged]
    wanted = [
        r
        for r in completed
        if (only is None or r.task.id in only) and r.task.id not in leave_out and r.commit
    ]
    if not wanted:
        raise NotNow(
            "nothing_completed",
            "There is no completed task whose result is still to be merged.",
            "list_status shows where every task is.",
            view.rev,
        )
    names = {r.task.id for r in wanted}
    for record in wanted:
        for needed in view.needs(record.task.id):
            if needed in view.records and not view.records[needed].merged and needed not in names:
                raise BadInput(
                    "needs_left_out",
                    f"Task {record.task.id} was built on {needed}, which is not in this merge.",
                    f"merge {needed} too, or leave {record.task.id} out as well.",
                    view.rev,
                )
    left_out = tuple(r.task.id for r in completed if r.task.id not in names)
    unfinished = tuple(
        (r.task.id, r.state) for r in view.records.values() if r.state is not State.COMPLETED
    )
    return _Selection(run, tuple(_in_order(view, wanted)), left_out, unfinished)


def _in_order(view: View, wanted: list[Record]) -> list[Record]:
    """Dependencies first; among those free to go, the one most others rest on, then plan order."""
    rests_on = {r.task.id: 0 for r in wanted}
    for record in wanted:
        for needed in view.needs(record.task.id):
            if needed in rests_on:
                rests_on[needed] += 1
    left = sorted(wanted, key=lambda r: (-rests_on[r.task.id], r.order))
    ordered: list[Record] = []
    placed: set[TaskId] = set()
    while left:
        record = next(
            r for r in left if all(d in placed or d not in rests_on for d in view.needs(r.task.id))
        )
        left.remove(record)
        ordered.append(record)
        placed.add(record.task.id)
    return ordered


def _part(run: Run, record: Record) -> Part:
    assert record.commit is not None
    assert record.completed is not None
    task = record.task
    agent = str(record.completed.data["agent"]).partition("/")[2]
    message = (
        f"Merge {task.id}: {task.title}\n\n"
        f"Parallel-Run: {run.id}\nParallel-Task: {task.id}\nParallel-Agent: {agent}"
    )
    return Part(task.id, record.commit, message)


def _conflict(chosen: _Selection, conflict: Conflict) -> NeedsPerson:
    about = {r.task.id: r.task.title for r in chosen.records}
    other = conflict.against
    against = f"task {other} ({about[TaskId(other)]})" if other else f"{chosen.run.target}"
    paths = "; ".join(f"{p.path} ({p.kind})" for p in conflict.paths)
    return NeedsPerson(
        "merge_conflict",
        f"Task {conflict.part} ({about[TaskId(conflict.part)]}) conflicts with {against} in "
        f"{paths}. Nothing was merged, no branch has moved.\n{conflict.hunks.rstrip()}\n",
        f"ask the user which: leave one out (`leave_out: [{conflict.part}]`) and merge the rest; "
        f"then have it done again on top of that (`parallel-agents recover {conflict.part}`); or "
        "merge its branch by hand; or give up (`parallel-agents end` puts the run away).",
    )


def _verified(site: Site, run: Run, tip: str) -> CheckResult | None:
    if run.check is None:
        return None
    with verification_tree(site.repository, tip) as tree:
        if run.setup is not None:
            _must_pass(run_check(run.setup, tree, CHECK_TIMEOUT), "setup command", tree)
        result = run_check(run.check, tree, CHECK_TIMEOUT)
        _must_pass(result, "check", tree)
        return result


def _must_pass(result: CheckResult, what: str, tree: Path) -> None:
    if result.exit_code == 0:
        return
    how = (
        f"did not end within {result.seconds:.0f} s"
        if result.timed_out
        else f"ended with exit status {result.exit_code}"
    )
    raise NeedsPerson(
        "check_failed",
        f"The plan's {what}, `{result.command}`, {how} on the combined tree. Nothing has landed, "
        f"no branch has moved. Its last words:\n{result.tail[-2000:]}",
        "ask the user: leave tasks out (`leave_out`) and merge the rest; a task that was left out "
        "can be done again on top of that (`parallel-agents recover TASK`).",
    )


def _finish(site: Site, chosen: _Selection, report: MergeReport) -> MergeReport:
    names = tuple(r.task.id for r in chosen.records)
    _, rev = site.store.transact(MarkMerged(names, report.new))
    removed, kept = clear(site, chosen.run, report.new)
    progress = site.store.read(progress_line)
    archived = site.store.read(_is_over)
    if archived:
        _, rev = site.store.transact(Archive())
    return replace(
        report, progress=progress, removed=removed, kept=kept, archived=archived, rev=rev
    )


def _is_over(view: View) -> bool:
    """Everything is merged, or blocked: what is blocked is named in the report."""
    return not view.damaged and all(
        r.merged if r.state is State.COMPLETED else r.state is State.BLOCKED
        for r in view.records.values()
    )
