"""What a task's paths reach in the repository as it is: links, submodules, folders that move.

A path through a symbolic link is the path behind it; what lies in a submodule is, for the
repository, one entry; and of a task that moves a whole folder git also moves the files that others
add to it. So such a task claims more than it names, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from parallel_agents.core import globs
from parallel_agents.core.model import Task
from parallel_agents.core.segments import fold, name_matches
from parallel_agents.planning.codebase import Codebase, folder_of, joined

_MOST_LINKS = 8
"""Links behind links that are followed."""

_MOST_FILES = 500
"""Files of a glob that are looked at."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One pattern that a task claims beside those that it names."""

    pattern: str
    because: str
    """Why, as the end of a sentence about the task."""


def grounded(task: Task, codebase: Codebase) -> Task:
    """The task with every pattern that its own ones reach."""
    added = (ground.pattern for ground in grounds(task, codebase))
    return replace(task, files=tuple(dict.fromkeys((*task.files, *added))))


def grounds(task: Task, codebase: Codebase) -> tuple[Ground, ...]:
    """What the task claims beside what it names; the same for a task that was grounded before."""
    found: dict[str, Ground] = {}
    for pattern in task.files:
        for ground in (*_behind_links(pattern, codebase), *_in_modules(pattern, codebase)):
            found.setdefault(ground.pattern, ground)
    for ground in _moves(task.files, codebase):
        found.setdefault(ground.pattern, ground)
    return tuple(found.values())


def _behind_links(pattern: str, codebase: Codebase) -> Iterator[Ground]:
    waiting, seen = [pattern], {pattern}
    while waiting and len(seen) <= _MOST_LINKS:
        current = waiting.pop()
        for link, target in codebase.links.items():
            rest = _below(current, link)
            place = None if target.startswith("/") else joined(folder_of(link), target)
            if rest is None or not place or not (codebase.is_folder(place) or place in codebase):
                continue
            behind = "/".join((place, *rest))
            if behind not in seen:
                seen.add(behind)
                waiting.append(behind)
                yield Ground(behind, f"{link} is a link to {place}")


def _in_modules(pattern: str, codebase: Codebase) -> Iterator[Ground]:
    for module in sorted(codebase.modules):
        rest = _below(pattern, module)
        if rest:
            yield Ground(module, f"{module} is a submodule, which changes as one")


def _below(pattern: str, place: str) -> list[str] | None:
    """What of a pattern is left below `place`, a path that its first segments match."""
    parts, names = pattern.split("/"), place.split("/")
    if len(parts) < len(names) or globs.ANY_DEPTH in parts[: len(names)]:
        return None
    if all(name_matches(p, fold(n)) for p, n in zip(parts, names, strict=False)):
        return parts[len(names) :]
    return None


def _moves(files: Sequence[str], codebase: Codebase) -> Iterator[Ground]:
    """The folders that are gone when the task is done, and where what was in them goes.

    A task moves a folder if it names every file below it, and for most of them a file of the same
    name in one folder where that file is not yet: so git tells a folder's renaming, too.
    """
    named = [path for path in files if globs.is_literal(path)]
    new: dict[str, list[str]] = {}
    old: dict[str, None] = {}
    for path in named:
        there = codebase.covered((path,), 1)
        if there:
            old[folder_of(there[0])] = None
        else:
            folder, _, name = path.rpartition("/")
            new.setdefault(fold(name), []).append(folder)
    for pattern in files if new else ():
        if not globs.is_literal(pattern):
            old.update(dict.fromkeys(map(folder_of, codebase.covered((pattern,), _MOST_FILES))))
    for folder in sorted(old) if new else ():
        inside = [fold(path.rpartition("/")[2]) for path in codebase.in_folder(folder)]
        goal = _goal(folder, inside, new) if folder else None
        if goal and all(globs.covering(files, path) for path in codebase.each(folder)):
            because = f"the task moves {folder} to {goal}, and git moves what others add there"
            yield Ground(folder, because)
            if not codebase.is_folder(goal):
                yield Ground(goal, because)


def _goal(folder: str, names: Sequence[str], new: Mapping[str, list[str]]) -> str | None:
    """The folder that most of the files with these names go to."""
    votes: dict[str, int] = {}
    for name in names:
        for place in new.get(name, ()):
            votes[place] = votes.get(place, 0) + 1
    best = max(votes, key=lambda place: (votes[place], place), default=None)
    return best if best and best != folder and votes[best] * 2 >= len(names) else None
