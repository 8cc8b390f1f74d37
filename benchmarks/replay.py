"""Real changes of a repository, two at a time, as if two agents had made them from one commit.

Two sources. The sides of a merge commit: what either did since their merge base. And commits of one
branch, a topic branch or the main one, that lie near each other, as the steps of one piece of work
do: of an earlier one E and a later one L, E is taken out from under L (reverted in memory at L's
parent); where that goes, E and L could have been made side by side from
there, and whether L still applies says whether they conflict. Nothing is written to the repository:
objects go to a scratch one that borrows the other's.
"""

from __future__ import annotations

import os
import random
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1, sha256
from itertools import chain, islice
from pathlib import Path

from parallel_agents.git.history import MOST_COMMITS

from benchmarks.names import SOURCE, Names, hidden
from benchmarks.report import say

MOST_FILES = 40
"""Files of a change above which it is no task that anybody would give to one agent."""

WINDOW = 5
"""How far apart, in commits of the branch, two changes are still taken for neighbours."""

DEEPEST = 6_000
"""Commits of the branch that are looked at."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two changes of one base."""

    source: str
    """`merge` or `window`."""
    base: str
    """A tree or commit: what both start from."""
    before: str
    """A commit: the history that was known when both started ends there."""
    a: tuple[str, str]
    """Two trees or commits, between which the first change lies."""
    b: tuple[str, str]
    a_files: tuple[str, ...]
    b_files: tuple[str, ...]
    conflicts: bool
    """Whether git cannot merge them without a person."""


@dataclass(frozen=True, slots=True)
class _Commit:
    id: str
    tree: str
    parents: list[str]
    files: tuple[str, ...]
    """What it changes; nothing where it is a merge."""


@dataclass(frozen=True, slots=True)
class _Change:
    commit: _Commit
    names: Names


_MOST_LINES = 2_000


class Replay:
    """One repository to replay, and a scratch one beside it that has its objects."""

    def __init__(self, source: Path, scratch: Path) -> None:
        self.where = scratch / "replay.git"
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        asked = ("rev-parse", "--path-format=absolute", "--git-common-dir", "HEAD")
        said = subprocess.run(
            ("git", "-C", str(source), *asked),
            check=True,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        common, self.head = said.stdout.split("\n")[:2]
        subprocess.run(
            ("git", "init", "--quiet", "--bare", str(self.where)),
            check=True,
            env=self._environment,
        )
        alternates = self.where / "objects" / "info" / "alternates"
        alternates.write_text(f"{common}/objects\n")
        self._commits = {c.id: c for c in self._log()}
        self._linear = [c.files for c in self._commits.values() if len(c.parents) < 2]
        place = 0
        self._place: dict[str, int] = {}
        for commit in self._commits.values():
            self._place[commit.id] = place
            place += len(commit.parents) < 2

    def history(self, commit: str) -> list[tuple[str, ...]]:
        """The files of the commits up to this one, newest first, as the planner is told them."""
        place = self._place.get(commit, len(self._linear))
        return self._linear[place : place + MOST_COMMITS]

    def git(self, *words: str, ok: tuple[int, ...] = (0,), feed: str | None = None) -> str:
        """Standard output of git in the scratch repository. Raises `RuntimeError`."""
        status, text = self.tried(*words, feed=feed)
        if status not in ok:
            raise RuntimeError(f"git {words} ended with {status}")
        return text

    def tried(self, *words: str, feed: str | None = None) -> tuple[int, str]:
        """Exit status and standard output."""
        done = subprocess.run(
            ("git", "-C", str(self.where), "-c", "core.quotePath=false", *words),
            capture_output=True,
            check=False,
            env=self._environment,
            input=None if feed is None else feed.encode("utf-8", "surrogateescape"),
        )
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape")

    def pairs(self, most: int, seed: int) -> Iterator[Pair]:
        """About `most` pairs, a quarter of them from merges where there are so many.

        The sides of a merge hardly ever need each other: most of what there is to find is between
        the steps of one piece of work.
        """
        chance = random.Random(seed)
        recent = list(islice(self._commits.values(), DEEPEST))
        merges = [c for c in recent if len(c.parents) == 2]
        chance.shuffle(merges)
        found = 0
        for commit in merges:
            if found >= most // 4:
                break
            pair = self._merged(*commit.parents)
            if pair is not None:
                found += 1
                yield pair
        places = [(c, n) for c in recent if len(c.parents) == 1 for n in range(1, WINDOW + 1)]
        chance.shuffle(places)
        for later, steps in places:
            if found >= most:
                break
            earlier: _Commit | None = later
            for _ in range(steps):
                earlier = self._parent(earlier)
            pair = None if earlier is None else self._near(earlier, later)
            if pair is not None:
                found += 1
                yield pair

    def suspects(self) -> Iterator[Pair]:
        """Every pair of neighbours on a branch with disjoint files of which one needs the other.

        All commits are asked about, because few pairs have a name between them.
        """
        seen = {change.commit.id: change for change in self._changes()}
        for later in seen.values():
            commit: _Commit | None = later.commit
            for _ in range(WINDOW):
                commit = self._parent(commit)
                earlier = seen.get(commit.id) if commit else None
                if earlier and not set(earlier.commit.files) & set(later.commit.files):
                    secret = hidden(earlier.names, later.names)
                    pair = self._suspect(earlier, later, secret) if secret else None
                    if pair is not None:
                        yield pair

    def _suspect(self, earlier: _Change, later: _Change, names: set[str]) -> Pair | None:
        if not names - self.known(sorted(names), earlier.commit.parents[0]):
            return None
        pair = self._near(earlier.commit, later.commit)
        if pair is None or pair.conflicts or not names - self.known(sorted(names), pair.base):
            return None
        return pair

    def _changes(self) -> Iterator[_Change]:
        """The commits that change few files, with the names in the source that they add."""
        words = (
            *("git", "-C", str(self.where), "-c", "core.quotePath=false"),
            *("log", "-p", "-U0", "--no-merges", "--no-renames", "--full-history"),
            *("--no-color", "--no-ext-diff", "--no-show-signature", "--format=%x01%H"),
            *(f"--max-count={DEEPEST}", self.head, "--", *SOURCE),
        )
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=self._environment) as process:
            assert process.stdout is not None
            change = path = ""
            lines: dict[str, list[str]] = {}
            for raw in chain(process.stdout, (b"\x01",)):
                line = raw.decode("utf-8", "replace").rstrip("\n")
                if line.startswith("\x01"):
                    commit = self._commits.get(change)
                    if commit and commit.parents and 0 < len(commit.files) <= MOST_FILES:
                        yield _Change(commit, Names.of(lines))
                    change, path, lines = line[1:], "", {}
                elif line.startswith("diff --git "):
                    path = line.rpartition(" b/")[2].rstrip('"')
                elif line.startswith("+") and not line.startswith("+++ "):
                    kept = lines.setdefault(path, [])
                    if len(kept) < _MOST_LINES and len(lines) <= MOST_FILES:
                        kept.append(line[1:])
        if process.returncode:
            say("  git could not read all of the history: some dependencies may be missed")

    def known(self, names: Sequence[str], tree: str) -> set[str]:
        """Which of some identifiers stand somewhere in a tree."""
        feed = "".join(f"{name}\n" for name in names)
        status, text = self.tried("grep", "-I", "-o", "-h", "-w", "-F", "-f", "-", tree, feed=feed)
        if status not in (0, 1):
            raise RuntimeError(f"git grep ended with {status}")
        return set(text.split("\n")) - {""}

    def _log(self) -> Iterator[_Commit]:
        """Newest first, so many that the last of the `DEEPEST` has a history too."""
        text = self.git(
            *("log", "-z", "--name-only", "--no-renames", "--no-show-signature"),
            *("--format=%x01%H %T %P", f"--max-count={DEEPEST + MOST_COMMITS}", self.head, "--"),
        )
        for entry in text.split("\x01")[1:]:
            head, _, files = entry.partition("\0")
            name, tree, *parents = head.split()
            yield _Commit(
                name, tree, parents, tuple(f for f in files.strip("\n\0").split("\0") if f)
            )

    def _parent(self, commit: _Commit | None) -> _Commit | None:
        """The one before it on its branch; None at a merge, at the root and where it is too far."""
        if commit is None or len(commit.parents) != 1:
            return None
        return self._commits.get(commit.parents[0])

    def _merged(self, ours: str, theirs: str) -> Pair | None:
        status, text = self.tried("merge-base", "--all", ours, theirs)
        bases = text.split()
        if status or len(bases) != 1 or bases[0] in (ours, theirs):
            return None
        (base,) = bases
        sides = (self._changed(base, ours), self._changed(base, theirs))
        if not all(0 < len(files) <= MOST_FILES for files in sides):
            return None
        clean, _ = self._merge(ours, theirs)
        if clean is None:
            return None
        return Pair("merge", base, base, (base, ours), (base, theirs), *sides, not clean)

    def _near(self, earlier: _Commit, later: _Commit) -> Pair | None:
        start, parent = self._parent(earlier), self._parent(later)
        sides = (earlier.files, later.files)
        if start is None or parent is None:
            return None
        if not all(0 < len(files) <= MOST_FILES for files in sides):
            return None
        without = start.tree
        if parent is not earlier:
            clean, without = self._merge(parent.id, self._commit(without, earlier.id))
            if not clean:
                return None
        clean, _ = self._merge(self._commit(without, parent.id), later.id)
        if clean is None:
            return None
        a, b = (start.id, earlier.id), (parent.id, later.id)
        return Pair("window", without, start.id, a, b, *sides, not clean)

    def _changed(self, old: str, new: str) -> tuple[str, ...]:
        text = self.git("diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new)
        return tuple(text.split("\0")[:-1])

    def _commit(self, tree: str, parent: str) -> str:
        """A commit of this tree, written as git would: a process for each takes too long."""
        who = "Replay <replay@example.invalid> 0 +0000"
        text = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nreplay\n"
        data = b"commit %d\0" % len(text) + text.encode()
        name = (sha1 if len(tree) == 40 else sha256)(data).hexdigest()
        place = self.where / "objects" / name[:2] / name[2:]
        place.parent.mkdir(exist_ok=True)
        if not place.exists():
            place.write_bytes(zlib.compress(data))
        return name

    def _merge(self, ours: str, theirs: str) -> tuple[bool | None, str]:
        """(clean, tree); None where git could not say."""
        status, text = self.tried("merge-tree", "--write-tree", "--no-messages", ours, theirs)
        return (None if status not in (0, 1) else status == 0), text.split("\n")[0]
