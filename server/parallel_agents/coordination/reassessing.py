"""The plan looked at again when a task turns out to write more, or other things, than was known.

At the growth of a claim with the files that are added, at a completion with those that really
changed. What the rules make of it is in `core.rules.meeting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from parallel_agents.coordination.site import Site
from parallel_agents.coordination.survey import codebase_of
from parallel_agents.core.commands import Met
from parallel_agents.core.globs import meet
from parallel_agents.core.model import State, Strategy, Task, TaskId
from parallel_agents.core.rules.meeting import AT_WORK, MERGE, WAITS
from parallel_agents.core.view import Record, View
from parallel_agents.planning.evidence import NO_EVIDENCE, Evidence, gather
from parallel_agents.planning.independence import Level, compare

MOST_COMPARED = 60
"""Unfinished tasks whose code is looked at too: an agent waits for the answer."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One way in which the plan was wrong, and what has become of it."""

    at: float
    task: TaskId
    added: tuple[str, ...]
    """What its claim grew by; empty where its result showed it."""
    other: TaskId
    level: str
    witness: str
    reason: str
    effect: str
    """`waits`, `at work` or `merge`: see `core.rules.meeting`."""
    advice: str


def touched(site: Site, task: TaskId, files: Sequence[str], commit: str | None) -> tuple[Met, ...]:
    """The other tasks that are concerned when `task` writes `files` (paths or globs).

    `commit` is where the code is read; None where only what tasks declare is compared.
    """
    mine, others, results = site.store.read(lambda view: _others(view, task, files))
    met = list(_results(task, files, results))
    if not others:
        return tuple(met)
    tasks = (mine, *others)
    evidence = NO_EVIDENCE
    if commit is not None and len(others) <= MOST_COMPARED:
        evidence = _evidence(site, tasks, commit)
    pairs = (p for p in compare(tasks, evidence) if p.a == task)
    closer = (p for p in pairs if p.level in (Level.CONFLICT, Level.CHECK))
    return (*met, *(Met(p.b, p.level.value, p.witness, p.reason) for p in closer))


def _evidence(site: Site, tasks: Sequence[Task], commit: str) -> Evidence:
    code = codebase_of(site.repository.root, commit)
    return gather(tasks, code, None, new_files=False)


def _others(
    view: View, task: TaskId, files: Sequence[str]
) -> tuple[Task, tuple[Task, ...], tuple[tuple[TaskId, tuple[str, ...]], ...]]:
    """The task with these files alone, all unfinished ones, and the results not landed."""
    mine = _alone(replace(view.records[task].task, files=tuple(files), reads=()))
    others = []
    for record in view.unfinished():
        if record.task.id != task:
            held = record.claim.files if record.claim else record.task.files
            others.append(_alone(replace(record.task, files=held)))
    results = []
    if view.run is not None and view.run.strategy is not Strategy.FILES:
        results = [(r.task.id, wrote) for r in view.records.values() if (wrote := _wrote(r))]
    return mine, tuple(others), tuple(results)


def _alone(task: Task) -> Task:
    """What a task writes and reads: its order and its interfaces were compared with the plan."""
    return replace(task, depends_on=(), creates=(), uses=())


def _wrote(record: Record) -> tuple[str, ...]:
    """What a completed task wrote whose result has not landed."""
    if record.state is not State.COMPLETED or record.merged or record.completed is None:
        return ()
    return tuple(record.completed.data.get("files", record.task.files))


def _results(
    task: TaskId, files: Sequence[str], results: Sequence[tuple[TaskId, tuple[str, ...]]]
) -> Iterator[Met]:
    for other, wrote in results:
        if other != task and (meeting := meet(files, wrote)):
            reason = f"{task} may write {meeting[2]} now, which {other} has written"
            yield Met(other, Level.CONFLICT.value, meeting[2], reason)


# ---------------------------------------------------------------------- for the coordinator


def corrections(view: View) -> tuple[Correction, ...]:
    """What of the plan was wrong and still matters, oldest first."""
    found: list[Correction] = []
    for record in view.records.values():
        if record.merged:
            continue
        for event in record.grown:
            found += _told(view, record, event.at, tuple(event.data["files"]), event.data)
        if record.state is State.COMPLETED and record.completed is not None:
            found += _told(view, record, record.completed.at, (), record.completed.data)
    return tuple(sorted(found, key=lambda c: c.at))


def _told(
    view: View, record: Record, at: float, added: tuple[str, ...], data: Any
) -> Iterator[Correction]:
    task = record.task.id
    for met in data.get("met", ()):
        other = view.records.get(met["task"])
        if other is None or not _matters(view, record, other, met["effect"]):
            continue
        yield Correction(
            at=at,
            task=task,
            added=added,
            other=other.task.id,
            level=met["level"],
            witness=met["witness"],
            reason=met["reason"],
            effect=met["effect"],
            advice=_advice(task, other.task.id, met["effect"]),
        )


def _matters(view: View, record: Record, other: Record, effect: str) -> bool:
    if effect == WAITS:
        return record.state is State.CLAIMED and other.claim is None
    return not other.merged and not view.in_order(record.task.id, other.task.id)


def _advice(task: TaskId, other: TaskId, effect: str) -> str:
    match effect:
        case _ if effect == WAITS:
            return (
                f"{other} waits for {task} now and starts from its result; nothing has to be done."
            )
        case _ if effect == AT_WORK:
            return (
                f"{other} is at work and did not start from that: look at both results before "
                "the merge, and let the check of the combined result decide."
            )
        case _ if effect == MERGE:
            return (
                f"{task} started without the result of {other}: they can conflict at the merge, "
                "which stops and asks then."
            )
        case _:
            return "Look at both."
