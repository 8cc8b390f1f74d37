"""The one change of a plan that would let most tasks run at once.

Each candidate is tried: the conflicts that it would end are taken away and the width is counted
again. Candidates are a file that several tasks name (one owner), a glob that reaches into other
tasks' files (narrow it), and, where nothing can run at once, a declared dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from parallel_agents.core import globs
from parallel_agents.core.model import Task, TaskId
from parallel_agents.planning.graph import Schedule, exclusions
from parallel_agents.planning.independence import Edge, Index, Level, Pair
from parallel_agents.planning.width import Width, widest

MOST_CANDIDATES = 20
"""Of each kind of change, so that the search stays within a second for 200 tangled tasks."""

_STEPS = 500


@dataclass(frozen=True, slots=True)
class _Change:
    sentence: str
    ended: frozenset[tuple[TaskId, TaskId]]
    """The conflicts, as `Pair` orders them, that would be none any more."""


def best_change(tasks: Sequence[Task], pairs: Sequence[Pair], schedule: Schedule) -> str | None:
    """A sentence with the change and both widths, or None where no single change helps.

    None as well where the present width is only a lower bound: the gain would be a guess.
    """
    if not schedule.width_is_exact:
        return None
    conflicts = [p for p in pairs if p.level is Level.CONFLICT]
    trials: Iterable[tuple[str, Width]] = ()
    if conflicts:
        trials = _without_conflicts(tasks, conflicts, schedule.edges)
    elif schedule.width < 2:
        trials = _without_dependencies(tasks, schedule.edges)
    best: tuple[str, Width] | None = None
    for sentence, width in trials:
        if width.size > (best[1].size if best else schedule.width):
            best = sentence, width
    if best is None:
        return None
    sentence, width = best
    least = "" if width.exact else "at least "
    return f"{sentence}: width {schedule.width} -> {least}{width.size}."


def _without_conflicts(
    tasks: Sequence[Task], conflicts: Sequence[Pair], edges: Sequence[Edge]
) -> Iterator[tuple[str, Width]]:
    files = {t.id: t.files for t in tasks}
    for change in (*_one_owner(files, conflicts), *_narrowed(files, conflicts)):
        left = [p for p in conflicts if (p.a, p.b) not in change.ended]
        yield change.sentence, widest(exclusions(tasks, edges, left), _STEPS)


def _without_dependencies(
    tasks: Sequence[Task], edges: Sequence[Edge]
) -> Iterator[tuple[str, Width]]:
    for edge in [e for e in edges if not e.witness][:MOST_CANDIDATES]:
        left = [e for e in edges if e is not edge]
        sentence = f"If {edge.after} can start without {edge.before}, drop that dependency"
        yield sentence, widest(exclusions(tasks, left, ()), _STEPS)


_Files = Mapping[TaskId, tuple[str, ...]]


def _one_owner(files: _Files, conflicts: Sequence[Pair]) -> Iterator[_Change]:
    """Patterns that several tasks name, each left to one of them."""
    owners: dict[str, list[TaskId]] = {}
    for task, patterns in files.items():
        for pattern in patterns:
            owners.setdefault(pattern, []).append(task)
    shared = sorted((p for p in owners if len(owners[p]) > 1), key=lambda p: -len(owners[p]))
    for pattern in shared[:MOST_CANDIDATES]:
        # A task that has no other file cannot give this one up: it has to be the owner.
        bound = [t for t in owners[pattern] if len(files[t]) == 1]
        owner = (bound or owners[pattern])[0]
        givers = {t for t in owners[pattern] if t not in (owner, *bound)}
        left = dict(files)
        for task in givers:
            left[task] = tuple(p for p in files[task] if p != pattern)
        ids = list(left)
        index = Index(list(left.values()))
        meeting = {(ids[i], ids[j]) for i, j in index.meetings(index)}
        ended = {(c.a, c.b) for c in conflicts} - meeting
        if ended:
            yield _Change(f"Give {pattern} to {owner} alone", frozenset(ended))


def _narrowed(files: _Files, conflicts: Sequence[Pair]) -> Iterator[_Change]:
    """Globs (or folders) of one task that reach into others' files, each kept out of them."""
    reach: dict[tuple[TaskId, str], list[Pair]] = {}
    for pair in conflicts:
        meeting = globs.meet(files[pair.a], files[pair.b])
        if meeting is None or meeting[0] == meeting[1]:
            continue
        mine, theirs, witness = meeting
        # Where one side names the very file, it is the other one that is too wide.
        if mine != witness:
            reach.setdefault((pair.a, mine), []).append(pair)
        if theirs != witness:
            reach.setdefault((pair.b, theirs), []).append(pair)
    ranked = sorted(reach, key=lambda wide: -len(reach[wide]))
    for task, pattern in ranked[:MOST_CANDIDATES]:
        left = tuple(p for p in files[task] if p != pattern)
        ended = frozenset(
            (pair.a, pair.b)
            for pair in reach[task, pattern]
            if globs.meet(left, files[pair.b if pair.a == task else pair.a]) is None
        )
        if ended:
            others = sorted({t for pair in ended for t in pair} - {task})
            whose = others[0] if len(others) == 1 else f"{len(others)} other tasks"
            yield _Change(
                f"Narrow {pattern} of {task} so that it leaves the files of {whose} alone", ended
            )
