"""Which results conflict with which: every pair asked of git once, the verdicts kept on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from parallel_agents.git.mergetree import ConflictPath, Merger, merger
from parallel_agents.git.merging import Part
from parallel_agents.git.repository import Repository

FOLDER = "parallel-agents"
"""In git's common directory: what this plugin keeps about a repository, none of it needed."""
NAME = "clashes"
MOST_KEPT = 4000
"""Verdicts in the file before it is begun anew."""

Pair = tuple[str, str]
Paths = tuple[ConflictPath, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two results that conflict when merged with each other alone."""

    one: str
    other: str | None
    """None: `one` conflicts with the base itself."""
    paths: Paths


def clashes(repository: Repository, base: str, parts: Sequence[Part]) -> tuple[Clash, ...]:
    """Each pair of `parts` that conflicts, and each part that conflicts with commit `base`.

    What was asked before is not asked again: after one new commit among n parts that is n merges,
    with nothing new not even a process. Raises Unknown `unknown_commit`; Unusable
    `unrelated_histories`.
    """
    start, *pinned = repository.commits([base, *(part.commit for part in parts)])
    commits = dict(zip((part.name for part in parts), pinned, strict=True))
    wanted: dict[tuple[str, str | None], Pair] = {
        (name, None): (start, commit) for name, commit in commits.items()
    }
    wanted |= {
        (one, other): (commits[one], commits[other]) for one, other in combinations(commits, 2)
    }
    known = _Known(repository.common_dir / FOLDER / NAME, start)
    asked = [pair for pair in dict.fromkeys(wanted.values()) if pair not in known.verdicts]
    if asked:
        with merger(repository, start) as memory:
            known.add(dict(_asked(memory, asked)))
    return tuple(
        Clash(one, other, paths)
        for (one, other), pair in wanted.items()
        if (paths := known.verdicts[pair])
    )


def _asked(memory: Merger, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Paths]]:
    for pair, clash in zip(pairs, memory.clashing(pairs), strict=True):
        yield pair, memory.merge(*pair).conflicts if clash else ()


class _Known:
    """The verdicts of earlier calls with the same base, which the attributes are of."""

    def __init__(self, path: Path, base: str) -> None:
        self._path = path
        self._base = base
        self._lines = 0
        self.verdicts: dict[Pair, Paths] = {}
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        self._lines = len(lines)
        for line in lines:
            with suppress(ValueError, TypeError):  # a torn line is a verdict less
                of, ours, theirs, paths = json.loads(line)
                if of == base:
                    self.verdicts[ours, theirs] = tuple(ConflictPath(p, k) for p, k in paths)

    def add(self, verdicts: dict[Pair, Paths]) -> None:
        """Keep new verdicts. That they cannot be written costs only time."""
        self.verdicts |= verdicts
        text = "".join(
            json.dumps([self._base, *pair, [[c.path, c.kind] for c in paths]]) + "\n"
            for pair, paths in verdicts.items()
        )
        mode = "w" if self._lines + len(verdicts) > MOST_KEPT else "a"
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open(mode, encoding="utf-8") as file:
                file.write(text)
