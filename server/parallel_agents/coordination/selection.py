"""What goes into a merge, in which order, and whether it is what its tasks had claimed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from parallel_agents.coordination.site import Site
from parallel_agents.core.errors import BadInput, NotNow
from parallel_agents.core.globs import covering
from parallel_agents.core.model import Plan, State, Strategy, Task, TaskId
from parallel_agents.core.rules import held_by, record_of, run_of
from parallel_agents.core.view import Record, Run, View
from parallel_agents.git.clashes import FOLDER, Clash
from parallel_agents.git.merging import Part
from parallel_agents.store import files

SHOWN = "shown.json"
"""What the last dry run showed, in our folder of git's directory."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller wants merged."""

    only: tuple[TaskId, ...] | None = None
    leave_out: tuple[TaskId, ...] = ()
    trust: bool = False
    """The user's word that a check counts which does not notice broken files."""
    resume: bool = False
    """Go on with the merge that was cut off, and with nothing else."""

    @property
    def is_plain(self) -> bool:
        """Nothing is chosen: everything that is completed."""
        return self.only is None and not self.leave_out


@dataclass(frozen=True, slots=True)
class Selection:
    """The tasks of one merge."""

    run: Run
    records: tuple[Record, ...]
    """In the order in which they are merged."""
    needs: Mapping[TaskId, frozenset[TaskId]]
    """What each of them waited for, and has in its result."""
    left_out: tuple[TaskId, ...]
    unfinished: tuple[tuple[TaskId, State], ...]
    resting: tuple[tuple[TaskId, TaskId], ...]
    """(task, another that it depends on, directly or not), among those that are merged."""

    @property
    def names(self) -> tuple[TaskId, ...]:
        """The ids, in order."""
        return tuple(r.task.id for r in self.records)

    def title(self, task: str) -> str:
        """The title of one of them."""
        return next(r.task.title for r in self.records if r.task.id == task)

    def with_dependents(self, tasks: Sequence[str]) -> tuple[TaskId, ...]:
        """These tasks and all that rest on them, in the order of the merge."""
        gone = {*tasks, *(task for task, needed in self.resting if needed in tasks)}
        return tuple(name for name in self.names if name in gone)

    def parts(self) -> list[Part]:
        """Their results, for git."""
        return [_part(self.run, r) for r in self.records]


def select(view: View, request: Request) -> Selection:
    """Raises NotNow `still_claimed`, `nothing_completed`; BadInput `needs_left_out`."""
    only, leave_out = request.only, request.leave_out
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
    needs = {r.task.id: frozenset(view.needs(r.task.id)) for r in wanted}
    return Selection(
        run=run,
        records=tuple(_in_order(wanted, needs, {})),
        needs=needs,
        left_out=tuple(r.task.id for r in completed if r.task.id not in names),
        unfinished=tuple(
            (r.task.id, r.state) for r in view.records.values() if r.state is not State.COMPLETED
        ),
        resting=tuple(_resting(needs)),
    )


def ordered(chosen: Selection, found: Sequence[Clash]) -> Selection:
    """The same tasks, those with fewer conflicts first where nothing else decides."""
    counts = Counter(name for clash in found for name in (clash.one, clash.other) if name)
    return replace(chosen, records=tuple(_in_order(chosen.records, chosen.needs, counts)))


def _resting(needs: Mapping[TaskId, frozenset[TaskId]]) -> set[tuple[TaskId, TaskId]]:
    found: set[tuple[TaskId, TaskId]] = set()
    for task in needs:
        waiting = [*needs[task]]
        while waiting:
            needed = waiting.pop()
            if needed in needs and (task, needed) not in found:
                found.add((task, needed))
                waiting += needs[needed]
    return found


def _in_order(
    wanted: Sequence[Record],
    needs: Mapping[TaskId, frozenset[TaskId]],
    conflicts: Mapping[str, int],
) -> list[Record]:
    """Dependencies first; among those free to go, the one most others rest on, then the one with
    the fewest conflicts, then plan order. No order is looked for that avoids a conflict.

    A task that settles a conflict of others carries them: its result has theirs.
    """
    after: dict[TaskId, set[TaskId]] = {r.task.id: set(needs[r.task.id]) for r in wanted}
    for record in wanted:
        for settled in record.task.settles:
            if settled in after:
                after[settled].add(record.task.id)
                after[record.task.id] -= after[settled] | {settled}
    after = {t: {n for n in needed if n in after} for t, needed in after.items()}
    rests_on = {t: sum(t in needed for needed in after.values()) for t in after}
    left = sorted(
        wanted, key=lambda r: (-rests_on[r.task.id], conflicts.get(r.task.id, 0), r.order)
    )
    ordered: list[Record] = []
    placed: set[TaskId] = set()
    while left:
        record = next((r for r in left if after[r.task.id] <= placed), left[0])
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


def plan_of(view: View, *more: Task) -> Plan:
    """The running plan with further tasks: what an amendment proposes."""
    run = run_of(view)
    tasks = sorted(view.records.values(), key=lambda r: r.order)
    return Plan(
        goal=run.goal,
        tasks=(*(r.task for r in tasks), *more),
        check=run.check,
        setup=run.setup,
        max_agents=run.max_agents,
    )


def outside_claims(site: Site, chosen: Selection) -> tuple[tuple[TaskId, tuple[str, ...]], ...]:
    """The paths that results change and their tasks had not claimed.

    Completion refuses such a result, so this finds what came in by another way.
    """
    if chosen.run.strategy is Strategy.FILES:  # committed was exactly what was claimed
        return ()
    found = []
    for record in chosen.records:
        assert record.completed is not None
        start, claimed = record.completed.data.get("start"), record.completed.data.get("files")
        if start and claimed and record.commit:
            changed = site.repository.changed(start, record.commit)
            if stray := tuple(p for p in changed if not covering(claimed, p)):
                found.append((record.task.id, stray))
    return tuple(found)


# ---------------------------------------------------------------------- what was shown


def note_shown(site: Site, chosen: Selection, old: str) -> None:
    """Keep what a dry run showed: a merge after it is for exactly these commits."""
    shown = {
        "run": chosen.run.id,
        "old": old,
        "tasks": {r.task.id: r.commit for r in chosen.records},
    }
    path = site.repository.common_dir / FOLDER / SHOWN
    path.parent.mkdir(exist_ok=True)
    files.replace(path, json.dumps(shown) + "\n")


def forget_shown(site: Site) -> None:
    """What was shown has landed, or is of no use any more."""
    (site.repository.common_dir / FOLDER / SHOWN).unlink(missing_ok=True)


def refuse_unseen(site: Site, chosen: Selection, old: str) -> bool:
    """Whether a dry run was shown; raises NotNow `changed_since_dry_run` where this is not it.

    Leaving out what was shown is no surprise to anybody.
    """
    path = site.repository.common_dir / FOLDER / SHOWN
    shown = None
    with suppress(OSError, ValueError):
        shown = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(shown, dict) or shown.get("run") != chosen.run.id:
        return False
    tasks = shown.get("tasks")
    known: dict[str, str] = tasks if isinstance(tasks, dict) else {}
    news = []
    if shown.get("old") != old:
        news.append(f"{chosen.run.target} is at {old[:12]}, not at {str(shown.get('old'))[:12]}")
    for record in chosen.records:
        if record.task.id not in known:
            news.append(f"{record.task.id} was completed since")
        elif known[record.task.id] != record.commit:
            news.append(f"the result of {record.task.id} is another")
    if news:
        raise NotNow(
            "changed_since_dry_run",
            f"The last dry run showed something else: {'; '.join(news)}. Nothing was merged.",
            "do the dry run again (`dry_run: true`), tell the user what is in it now, then merge.",
        )
    return True
