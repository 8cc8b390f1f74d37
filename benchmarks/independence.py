"""How well plans are compared, on what really happened: `python -m benchmarks.independence REPO...`

Each pair of changes (see `replay`) becomes a plan of two tasks whose files are those that the
changes really touched; the planner sees the base and its history and nothing else. What it says is
held against git's own merge and against the names that one change brings and the other uses.
`--write` puts the section into RESULTS.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from parallel_agents.coordination.survey import codebase_of
from parallel_agents.core.errors import BadInput
from parallel_agents.core.globs import normalize
from parallel_agents.core.model import Task, TaskId
from parallel_agents.planning.evidence import gather
from parallel_agents.planning.grounds import grounded
from parallel_agents.planning.independence import Level, compare
from parallel_agents.planning.independence import Pair as Compared

from benchmarks.__main__ import RESULTS, SECTIONS
from benchmarks.replay import Pair, Replay
from benchmarks.report import Table, load, page, say, section, sections_of
from benchmarks.timing import percentile

PAIRS = 600
"""Pairs of each repository."""

LEVELS = (Level.CONFLICT, Level.CHECK, Level.INDEPENDENT)

RECALL_OF_CONFLICTS = 0.995
RECALL_OF_HIDDEN = 0.70
MOST_FLAGGED = 0.25

NOTES = (
    "overlap: of the pairs that git cannot merge, the part that the planner calls a conflict "
    f"(target ≥ {RECALL_OF_CONFLICTS:.1%}); precision: of the pairs called a conflict, the part "
    "that git cannot merge.",
    "hidden: every pair of commits at most five apart, of the last 6,000 of the branch, with "
    "disjoint files that git merges, of which one uses a name that the other introduces; found: "
    "those that the planner calls a check (target "
    f"≥ {RECALL_OF_HIDDEN:.0%}).",
    f"flagged: checks among all drawn pairs of disjoint files (target ≤ {MOST_FLAGGED:.0%}).",
    "by folder: the same changes declared as one glob for each folder they touch, as plans often "
    "do; its recall is that of the conflict level alone.",
    "No task says here what it creates or uses; a plan that does has fewer checks.",
)


@dataclass(slots=True)
class Tally:
    """What was found in some pairs."""

    pairs: Counter[Level] = field(default_factory=Counter)
    conflicts: Counter[Level] = field(default_factory=Counter)
    hidden: Counter[Level] = field(default_factory=Counter)
    by_folder: Counter[Level] = field(default_factory=Counter)
    by_folder_conflicts: Counter[Level] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Of checks, by the kind of reason."""
    good: Counter[str] = field(default_factory=Counter)
    """Of those, the ones that were hidden dependencies."""
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another tally."""
        for name in ("pairs", "conflicts", "hidden", "by_folder", "by_folder_conflicts"):
            getattr(self, name).update(getattr(other, name))
        self.reasons.update(other.reasons)
        self.good.update(other.good)
        self.seconds += other.seconds

    @property
    def flagged(self) -> float:
        """Checks among the pairs of disjoint files."""
        return _part(self.pairs[Level.CHECK], self.pairs[Level.CHECK] + self.pairs[LEVELS[2]])

    @property
    def overlap(self) -> float:
        """Textual conflicts that the conflict level found."""
        return _part(self.conflicts[Level.CONFLICT], self.conflicts.total())

    @property
    def found(self) -> float:
        """Hidden dependencies that the check level found."""
        return _part(self.hidden[Level.CHECK], self.hidden.total())


class Judge:
    """Says of each pair of one repository what the planner says, and what is true."""

    def __init__(self, replay: Replay, explain: bool = False) -> None:
        self._replay = replay
        self._explain = explain

    def tally(self, most: int, seed: int) -> Tally:
        """Pairs drawn, and every hidden dependency there is among neighbours, counted."""
        tally = Tally()
        for n, pair in enumerate(self._replay.pairs(most, seed), 1):
            if n % 100 == 0:
                say(f"  {n} pairs")
            self._count(pair, tally)
        say("  looking for hidden dependencies")
        for pair in self._replay.suspects():
            compared = self._compared(pair, tally)
            if compared is None:
                continue
            tally.hidden[compared.level] += 1
            if compared.level is Level.CHECK:
                tally.good[_kind(compared.reason)] += 1
            else:
                self._missed(pair, compared)
        return tally

    def _count(self, pair: Pair, tally: Tally) -> None:
        compared = self._compared(pair, tally)
        if compared is None:
            return
        level = compared.level
        tally.pairs[level] += 1
        tally.conflicts[level] += pair.conflicts
        if level is Level.CHECK:
            tally.reasons[_kind(compared.reason)] += 1
        if pair.conflicts and level is not Level.CONFLICT:
            self._missed(pair, compared)
        wide = _tasks(_by_folder(pair.a_files), _by_folder(pair.b_files))
        if wide is not None:
            (one,) = compare(wide)
            tally.by_folder[one.level] += 1
            tally.by_folder_conflicts[one.level] += pair.conflicts

    def _missed(self, pair: Pair, compared: Compared) -> None:
        if self._explain:
            ends = " ".join(commit[:12] for commit in (pair.before, pair.a[1], pair.b[1]))
            say(f"  missed ({compared.level}, {pair.source}) {ends}")
            say(f"    {' '.join(pair.a_files[:6])}\n    {' '.join(pair.b_files[:6])}")

    def _compared(self, pair: Pair, tally: Tally) -> Compared | None:
        """What the planner says; None where a path cannot be claimed by anybody."""
        tasks = _tasks(pair.a_files, pair.b_files)
        if tasks is None:
            return None
        commits = self._replay.history(pair.before)
        began = time.perf_counter()
        codebase = codebase_of(self._replay.where, pair.base)
        reached = [grounded(task, codebase) for task in tasks]
        (compared,) = compare(reached, gather(reached, codebase, commits))
        tally.seconds.append(time.perf_counter() - began)
        return compared


def _tasks(a: Sequence[str], b: Sequence[str]) -> tuple[Task, Task] | None:
    """Two tasks with these files; None where one of them cannot be claimed at all."""
    try:
        return (_task("a", a), _task("b", b))
    except BadInput:
        return None


def _task(name: str, files: Sequence[str]) -> Task:
    return Task(TaskId(name), name, name, tuple(normalize(_literal(f)) for f in files))


def _literal(path: str) -> str:
    return path.replace("\\", "?")


def _by_folder(files: Sequence[str]) -> list[str]:
    """One glob for each folder; files of the root by name."""
    folders = (f.rpartition("/")[0] for f in files)
    return list(dict.fromkeys(f"{d}/*" if d else f for d, f in zip(folders, files, strict=True)))


def _kind(reason: str) -> str:
    for words, kind in (
        ("does not say", "new source file"),
        (" imports ", "import"),
        (" uses ", "name of the package"),
        ("named after", "test and module"),
        ("changed together", "history"),
        ("both linked", "a third file beside them"),
    ):
        if words in reason:
            return kind
    return "implicit output"


def _part(some: int, whole: int) -> float:
    return some / whole if whole else float("nan")


def _percent(part: float, digits: int = 0) -> str:
    return "none" if part != part else f"{part:.{digits}%}"


def tables(tallies: dict[str, Tally]) -> Iterator[Table]:
    """What was counted, as it is to be read."""
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    named = {**tallies, "all": whole} if len(tallies) > 1 else tallies
    yield Table(
        "independence",
        (
            "repository",
            "pairs",
            "conflicts",
            "overlap",
            "precision",
            "hidden",
            "found",
            "flagged",
            "by folder",
            "ms a pair",
        ),
        tuple((name, *_figures(tally)) for name, tally in named.items()),
    )
    yield Table(
        "independence",
        ("level", "pairs", "textual conflicts", "hidden dependencies"),
        tuple(
            (
                level.value,
                str(whole.pairs[level]),
                str(whole.conflicts[level]),
                str(whole.hidden[level]),
            )
            for level in LEVELS
        ),
    )
    yield Table(
        "independence",
        ("reason of a check", "pairs", "hidden dependencies"),
        tuple((kind, str(n), str(whole.good[kind])) for kind, n in whole.reasons.most_common()),
    )


def _figures(tally: Tally) -> tuple[str, ...]:
    overlap = tally.conflicts[Level.CONFLICT]
    conflicts, hidden = tally.conflicts.total(), tally.hidden.total()
    wide = tally.by_folder_conflicts
    return (
        str(tally.pairs.total()),
        str(conflicts),
        _percent(tally.overlap, 1),
        _percent(_part(overlap, tally.pairs[Level.CONFLICT])),
        str(hidden),
        _percent(tally.found),
        _percent(tally.flagged),
        _percent(_part(wide[Level.CONFLICT], wide.total()), 1),
        f"{percentile(tally.seconds, 50) * 1e3:.0f} ({percentile(tally.seconds, 90) * 1e3:.0f})",
    )


def main(words: Sequence[str] | None = None) -> int:
    """The exit status: 1 where a target was missed over all repositories together."""
    parser = argparse.ArgumentParser("python -m benchmarks.independence")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPO")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of each repository")
    parser.add_argument("--seed", type=int, default=1, help="which pairs are drawn")
    parser.add_argument("--explain", action="store_true", help="name each pair that was missed")
    parser.add_argument("--write", action="store_true", help="into RESULTS.md")
    chosen = parser.parse_args(words)
    before = load()
    tallies: dict[str, Tally] = {}
    for source in chosen.repositories:
        name = _named(source)
        say(f"replaying {name}")
        with TemporaryDirectory(prefix="replay-") as scratch:
            replay = Replay(source, Path(scratch))
            judge = Judge(replay, chosen.explain)
            tallies[name] = judge.tally(chosen.pairs, chosen.seed)
    found = list(tables(tallies))
    text = section("independence", found, NOTES, False, before)
    if chosen.write:
        old = sections_of(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(page({**old, "independence": text}, SECTIONS))
    sys.stdout.write(text)
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    return int(
        whole.overlap < RECALL_OF_CONFLICTS
        or whole.found < RECALL_OF_HIDDEN
        or whole.flagged > MOST_FLAGGED
    )


def _named(source: Path) -> str:
    """What the repository is called, whatever its git directory is."""
    place = source.resolve()
    while place.name in ("repo", ".git"):
        place = place.parent
    return place.name.removesuffix(".git").rpartition("+")[2]


if __name__ == "__main__":
    sys.exit(main())
