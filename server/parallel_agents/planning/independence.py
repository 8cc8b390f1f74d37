"""Which tasks may run at once: every pair gets one of four levels, each with a witness.

The rules are those of a plan's own declarations, and of the evidence that code and history give.
Nothing is proved from the files that happen to exist, and every doubt about two file sets counts
as an overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from parallel_agents.core import globs
from parallel_agents.core.model import Task, TaskId
from parallel_agents.planning.evidence import NO_EVIDENCE, Evidence
from parallel_agents.planning.implicit import Outputs, outputs, shared

Meeting = tuple[str, str, str]
"""(pattern of the first, pattern of the second, witness path), as `globs.meet` returns it."""

_NOTHING_SHARED = ("", "no shared path, name or dependency")


class Level(StrEnum):
    """How two tasks stand to each other, the strictest first."""

    ORDERED = "ordered"
    """One comes after the other has been completed."""
    CONFLICT = "conflict"
    """Their file sets can meet: never at once, in any order."""
    CHECK = "check"
    """Disjoint, with a reason for doubt: at once only if the user accepts it."""
    INDEPENDENT = "independent"


@dataclass(frozen=True, slots=True)
class Edge:
    """`before` must be completed before `after` may start."""

    before: TaskId
    after: TaskId
    witness: str
    """The interface's name for a derived edge, empty for a declared one."""
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tasks and their level. An ordered pair has the earlier one as `a`, others plan order."""

    a: TaskId
    b: TaskId
    level: Level
    witness: str
    """A path, an interface's name or the tasks between; empty where there is nothing to show."""
    reason: str


def compare(tasks: Sequence[Task], evidence: Evidence = NO_EVIDENCE) -> tuple[Pair, ...]:
    """Every pair of `tasks`, in plan order. Ids are unique, paths are normalised.

    `evidence` is what `evidence.gather` found for the same tasks in the same order.
    """
    edges = order(tasks)
    reach = reachable([t.id for t in tasks], edges)
    direct = {(e.before, e.after): e for e in reversed(edges)}
    files = Index([t.files for t in tasks])
    reads = Index([t.reads for t in tasks])
    writes_meet = files.meetings(files)
    reads_meet = reads.meetings(files)
    implied = [outputs(t.files) for t in tasks]
    pairs: list[Pair] = []
    for i, a in enumerate(tasks):
        for j in range(i + 1, len(tasks)):
            b = tasks[j]
            if reach[i] >> j & 1:
                pairs.append(_ordered(a, b, direct))
            elif reach[j] >> i & 1:
                pairs.append(_ordered(b, a, direct))
            elif (i, j) in writes_meet:
                pairs.append(_conflict(a, b, writes_meet[i, j]))
            else:
                doubt = (
                    _read_and_written(a, b, reads_meet.get((i, j)))
                    or _read_and_written(b, a, reads_meet.get((j, i)))
                    or _created_by_both(a, b)
                    or _implied_by_both(implied[i], implied[j])
                    or _seen(evidence, i, j)
                )
                level = Level.CHECK if doubt else Level.INDEPENDENT
                pairs.append(Pair(a.id, b.id, level, *(doubt or _NOTHING_SHARED)))
    return tuple(pairs)


def order(tasks: Sequence[Task]) -> tuple[Edge, ...]:
    """The direct edges of the plan: declared dependencies, then creator before user.

    A declared one that an interface bears out has that interface as its witness.

    A dependency on an unknown task is left out, and so is a task's edge to itself. Two tasks that
    both create and both use a name stand in no order through it.
    """
    known = {t.id for t in tasks}
    edges = {
        (before, task.id): Edge(before, task.id, "", "declared")
        for task in tasks
        for before in task.depends_on
        if before in known and before != task.id
    }
    creators: dict[str, list[Task]] = {}
    for task in tasks:
        for name in dict.fromkeys(task.creates):
            creators.setdefault(name, []).append(task)
    for user in tasks:
        for name in dict.fromkeys(user.uses):
            for creator in creators.get(name, ()):
                mutual = name in user.creates and name in creator.uses
                pair = (creator.id, user.id)
                if creator.id == user.id or mutual or (pair in edges and edges[pair].witness):
                    continue
                reason = f"{user.id} uses {name}, which {creator.id} creates"
                edges[pair] = Edge(creator.id, user.id, name, reason)
    return tuple(edges.values())


def reachable(ids: Sequence[TaskId], edges: Iterable[Edge]) -> list[int]:
    """Per task a bit set of the tasks (by position in `ids`) that come after it, transitively."""
    place = {task: i for i, task in enumerate(ids)}
    after = [0] * len(ids)
    for edge in edges:
        after[place[edge.before]] |= 1 << place[edge.after]
    for middle in range(len(ids)):
        bit, beyond = 1 << middle, after[middle]
        for start in range(len(ids)):
            if after[start] & bit:
                after[start] |= beyond
    return after


def _ordered(a: Task, b: Task, direct: Mapping[tuple[TaskId, TaskId], Edge]) -> Pair:
    edge = direct.get((a.id, b.id))
    if edge is None:
        return Pair(a.id, b.id, Level.ORDERED, "", f"{b.id} comes after {a.id} through other tasks")
    reason = edge.reason if edge.witness else f"{b.id} depends on {a.id}"
    return Pair(a.id, b.id, Level.ORDERED, edge.witness, reason)


def _conflict(a: Task, b: Task, meeting: Meeting) -> Pair:
    mine, theirs, witness = meeting
    if mine == theirs:
        reason = f"both may write {mine}"
    elif witness in (mine, theirs):
        wide, its, other = (theirs, b, a) if witness == mine else (mine, a, b)
        reason = f"{wide} of {its.id} takes in {witness} of {other.id}"
    else:
        reason = f"{mine} of {a.id} and {theirs} of {b.id} can both match {witness}"
    return Pair(a.id, b.id, Level.CONFLICT, witness, reason)


def _read_and_written(
    reader: Task, writer: Task, meeting: Meeting | None
) -> tuple[str, str] | None:
    if meeting is None:
        return None
    return meeting[2], f"{reader.id} reads {meeting[0]}, which {writer.id} may write"


def _created_by_both(a: Task, b: Task) -> tuple[str, str] | None:
    for name in a.creates:
        if name in b.creates:
            return name, f"both create or change {name}"
    return None


def _implied_by_both(a: Outputs | None, b: Outputs | None) -> tuple[str, str] | None:
    return None if a is None or b is None else shared(a, b)


def _seen(evidence: Evidence, i: int, j: int) -> tuple[str, str] | None:
    doubt = evidence.doubts.get((i, j))
    return None if doubt is None else (doubt.witness, doubt.reason)


class Index:
    """Sets of patterns by the folder in which each pattern's first wildcard or name stands.

    Two patterns can only meet where one's folder is the other's or lies above it, so that 20,000
    pairs of tasks are looked up and only the few in one line of folders are compared.
    """

    def __init__(self, sets: Sequence[Sequence[str]]) -> None:
        self._sets = sets
        self._owners: dict[str, set[int]] = {}
        for i, patterns in enumerate(sets):
            for pattern in patterns:
                head = globs.Pattern(pattern).head
                folder = head[: head.rfind("/") + 1]
                self._owners.setdefault(folder, set()).add(i)

    def meetings(self, other: Index) -> dict[tuple[int, int], Meeting]:
        """Where set i of this index meets set j of the other, for all i and j that differ.

        Of an index with itself, only with i < j.
        """
        near: set[tuple[int, int]] = set()
        for folder, mine in self._owners.items():
            for above in _upwards(folder):
                near.update(product(mine, other._owners.get(above, ())))
        for folder, theirs in other._owners.items():
            for above in _upwards(folder):
                near.update(product(self._owners.get(above, ()), theirs))
        meetings: dict[tuple[int, int], Meeting] = {}
        for i, j in near:
            if i < j or (i > j and self is not other):
                meeting = globs.meet(self._sets[i], other._sets[j])
                if meeting is not None:
                    meetings[i, j] = meeting
        return meetings


def _upwards(folder: str) -> Iterator[str]:
    """The folder itself and each one above it, ending with the root: `a/b/`, `a/`, ``."""
    while folder:
        yield folder
        folder = folder[: folder.rfind("/", 0, -1) + 1]
    yield ""
