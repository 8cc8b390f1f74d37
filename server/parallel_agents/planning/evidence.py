"""What code and history say about pairs of tasks whose files are disjoint.

Imports of the touched files, tests and the modules they are named after, source files that are
new, files that changed together, files that a third one beside them is linked with. All of it is
a reason to look, and no proof of anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from parallel_agents.core import globs
from parallel_agents.core.model import Task, TaskId
from parallel_agents.planning import kinds, languages
from parallel_agents.planning.changes import Commits, History, Hotspot, hotspots
from parallel_agents.planning.codebase import Codebase, folder_of
from parallel_agents.planning.grounds import grounds
from parallel_agents.planning.languages.source import Source
from parallel_agents.planning.width import members

MOST_READ = 2_000
"""Files whose imports are read for one plan. Which ones are read hangs on nothing but the plan
and the commit, so that the same plan always gets the same pairs."""

MOST_BYTES = 24 << 20
"""Bytes of them, roughly: some seconds of parsing."""

_BATCH = 100

MOST_OF_PATTERN = 500
"""Files of one pattern that are looked at."""

MOST_HOTSPOTS = 5

WIDE = 0.3
"""The part of all files above which nobody can say what a task will really write."""

FEW_FILES = 30
"""Files of a repository below which any task may be about a good part of it."""

SMALL_FOLDER = 15
"""Source files of a folder up to which they are taken for one piece of work."""

Say = Callable[[str, int, int], None]
"""Progress: what is being done, how much of it is done, how much there is."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why two tasks with disjoint files may still need each other."""

    witness: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found, and how much was looked at."""

    doubts: Mapping[tuple[int, int], Doubt] = field(default_factory=dict)
    """By the places of the two tasks, the smaller one first; the strongest reason of each pair."""
    read: Mapping[str, int] = field(default_factory=dict)
    """Files whose imports were read, by language."""
    not_understood: Mapping[str, int] = field(default_factory=dict)
    """Source files of languages that are not understood, by their ending."""
    unread: int = 0
    """Files left out because there were too many, or because they are broken or too large."""
    commits: int | None = None
    """Commits of the history looked at; None where there was none to be had in time."""
    hotspots: tuple[Hotspot, ...] = ()
    """Files that no single task owns and that much work touches: better given to one task."""
    grounds: tuple[str, ...] = ()
    """What tasks claim beside what they name, and why: a sentence each."""
    empty: tuple[tuple[TaskId, str], ...] = ()
    """Globs that match no file there is: a new folder, or a slip of the pen."""
    wide: tuple[tuple[TaskId, int, int], ...] = ()
    """Tasks that may write more than `WIDE` of all files: how many, of how many."""


NO_EVIDENCE = Evidence()


def gather(
    tasks: Sequence[Task],
    codebase: Codebase,
    commits: Commits | None,
    say: Say | None = None,
    *,
    new_files: bool = True,
) -> Evidence:
    """The evidence for every pair of `tasks`, whose paths are normalised.

    `new_files`: whether a new source file whose use nobody declared is a reason for doubt.
    """
    search = _Search(tasks, codebase, commits or (), say or (lambda *_: None))
    search.by_imports()
    search.by_tests()
    if new_files:
        search.by_lists()
    search.by_new_files()
    search.by_history()
    search.by_folders()
    return Evidence(
        search.doubts,
        dict(sorted(search.read.items())),
        dict(sorted(search.not_understood.items())),
        search.unread,
        None if commits is None else len(commits),
        tuple(_shared_hotspots(search.owners, commits or (), codebase)),
        tuple(
            f"{task.id} claims {ground.pattern} as well: {ground.because}."
            for task in tasks
            for ground in grounds(task, codebase)
        ),
        tuple(_empty(tasks, codebase)),
        tuple(_wide(tasks, codebase)),
    )


def _empty(tasks: Sequence[Task], codebase: Codebase) -> Iterator[tuple[TaskId, str]]:
    for task in tasks:
        for pattern in task.files:
            if not globs.is_literal(pattern) and not codebase.covered((pattern,), 1):
                yield task.id, pattern


def _wide(tasks: Sequence[Task], codebase: Codebase) -> Iterator[tuple[TaskId, int, int]]:
    """A pattern that covers few files cannot make a task wide: only folders and globs count."""
    whole = len(codebase.files)
    enough = int(WIDE * whole) + 1
    for task in tasks if whole >= FEW_FILES else ():
        covered = len(codebase.covered(task.files))
        if covered >= enough:
            yield task.id, covered, whole


class _Search:
    def __init__(
        self, tasks: Sequence[Task], codebase: Codebase, commits: Commits, say: Say
    ) -> None:
        self.tasks = tasks
        self.codebase = codebase
        self.doubts: dict[tuple[int, int], Doubt] = {}
        self.read: Counter[str] = Counter()
        self.not_understood: Counter[str] = Counter()
        self.unread = 0
        self._say = say
        self._decided = [1 << i for i in range(len(tasks))]
        self.touched = [codebase.covered(t.files, MOST_OF_PATTERN) for t in tasks]
        self.owners: dict[str, int] = {}
        for i, files in enumerate(self.touched):
            for file in files:
                self.owners[file] = self.owners.get(file, 0) | 1 << i
        self._history = History(commits, self.owners)
        self._named = dict(self.owners)
        for i, task in enumerate(tasks):
            for path in _new_sources(task, codebase):
                self._named[path] = self._named.get(path, 0) | 1 << i

    def by_imports(self) -> None:
        """A file of one task imports, or in its package uses a name of, a file of the other."""
        sources = self._sources(self._chosen())
        for path, source in sources.items():
            for target in sorted(languages.targets(path, source, self.codebase)):
                if target in self.owners:
                    self._linked(path, target, f"{path} imports {target}")
        self._by_names(sources)

    def _sources(self, chosen: Sequence[str]) -> dict[str, Source]:
        """What the chosen files say, until there is too much to read."""
        sources: dict[str, Source] = {}
        size = 0
        for start in range(0, len(chosen), _BATCH):
            self._say("reading imports", start, len(chosen))
            if size > MOST_BYTES:
                self.unread += len(chosen) - start
                break
            for path, (source, length) in _read(chosen[start : start + _BATCH], self.codebase):
                size += length
                if source is None:
                    self.unread += 1
                else:
                    sources[path] = source
                    self.read[languages.language(path) or ""] += 1
        return sources

    def _by_names(self, sources: Mapping[str, Source]) -> None:
        brought: dict[tuple[str, str], list[str]] = {}
        for path, source in sources.items():
            for name in source.defines:
                brought.setdefault((source.package or "", name), []).append(path)
        for path, source in sources.items():
            for name in sorted(source.mentions) if source.package else ():
                for origin in brought.get((source.package or "", name), ()):
                    unseen = kinds.is_test_case(origin) and not kinds.is_test(path)
                    if origin != path and not unseen:
                        self._linked(path, origin, f"{path} uses {name} of {origin}")

    def by_tests(self) -> None:
        """A test of one task is named after a module of the other."""
        modules: dict[tuple[str, str], list[str]] = {}
        named = [path for path in self._named if kinds.family(path)]
        for path in named:
            if not kinds.is_test_case(path):
                for name in kinds.names(path):
                    modules.setdefault((kinds.family(path) or "", name), []).append(path)
        for path in named:
            subject = kinds.subject(path)
            if subject:
                for module in modules.get((kinds.family(path) or "", subject), ()):
                    self._between(path, module, f"{path} is named after {module}")

    def by_lists(self) -> None:
        """Both add files to a folder that keeps a list of them, or one of them has that list.

        That counts whatever they say to create: each would have to put its file on the list.
        """
        adding: dict[str, list[str]] = {}
        for path in self._named.keys() - self.owners.keys():
            if kinds.family(path) and globs.is_literal(path) and not kinds.is_test_case(path):
                adding.setdefault(folder_of(path), []).append(path)
        for folder, paths in sorted(adding.items()):
            for listing in filter(kinds.is_barrel, self.codebase.in_folder(folder)):
                if not self._links_of(listing):
                    continue
                for path in sorted(paths):
                    if listing in self.owners:
                        reason = f"{path} is new, and {listing} may have to list it"
                        self._between(path, listing, reason)
                    for other in sorted(paths):
                        reason = f"{path} and {other} are new, and {listing} may have to list both"
                        self._between(path, other, reason)

    def _links_of(self, path: str) -> set[str]:
        ((_, (source, _)),) = _read((path,), self.codebase)
        found = languages.targets(path, source, self.codebase) if source else set()
        return {target for target in found if folder_of(target).startswith(folder_of(path))}

    def by_new_files(self) -> None:
        """One task adds a source file, and neither has said whether the other needs it."""
        touched = [set(self._families(i)) for i in range(len(self.tasks))]
        known = {family for families in touched for family, _ in families}
        for i, task in enumerate(self.tasks):
            if task.creates:
                continue
            for path in _new_sources(task, self.codebase):
                if kinds.is_test_case(path):
                    continue
                users = _users(path, known)
                for j, other in enumerate(self.tasks):
                    if not other.uses and not users.isdisjoint(touched[j]):
                        what = "new source" if kinds.family(path) else "a new folder"
                        self._note(
                            i,
                            j,
                            path,
                            f"{path} of {task.id} is {what}, and {other.id} does not say "
                            "whether it uses it",
                        )

    def by_history(self) -> None:
        """Files of both changed together, mostly."""
        for pair in self._history.together():
            self._between(pair.one, pair.other, str(pair))

    def by_folders(self) -> None:
        """Both write source of one small folder, and a third file there is linked with both.

        A file that is linked with most of the folder, as a list of it is, says nothing.
        """
        groups: dict[str, list[str]] = {}
        for path in self.owners:
            if languages.language(path) and not kinds.is_test(path):
                groups.setdefault(folder_of(path), []).append(path)
        for folder, paths in groups.items():
            inside = [
                f
                for f in self.codebase.in_folder(folder)
                if languages.language(f) and not kinds.is_test(f)
            ]
            if len(paths) > 1 and len(inside) <= SMALL_FOLDER:
                links = self._links(inside)
                for link, near in sorted(links.items()):
                    if len(near) * 2 <= len(inside) or len(near) == 2:
                        for path, other in permutations(sorted(near & set(paths)), 2):
                            reason = f"{path} and {other} are both linked with {link}"
                            self._linked(path, other, reason)

    def _links(self, inside: Sequence[str]) -> dict[str, set[str]]:
        """Of each of some files the others that it imports, or that import it; lists aside."""
        links: dict[str, set[str]] = {}
        for path, (source, _) in _read(inside, self.codebase):
            if source is not None and not kinds.is_barrel(path):
                for target in languages.targets(path, source, self.codebase) & set(inside):
                    links.setdefault(path, set()).add(target)
                    links.setdefault(target, set()).add(path)
        return links

    def _families(self, i: int) -> Iterator[tuple[str, bool]]:
        """The family of each source file of a task, and whether that is a test."""
        for path in (*self.touched[i], *self.tasks[i].files):
            family = kinds.family(path)
            if family:
                yield family, kinds.is_test(path)

    def _chosen(self) -> list[str]:
        """The files to read: every task gets its turn until there are enough of them."""
        chosen: dict[str, None] = {}
        longest = max(map(len, self.touched), default=0)
        for turn in range(longest):
            for files in self.touched:
                if turn < len(files):
                    chosen[files[turn]] = None
        fit: list[str] = []
        for path in chosen:
            if languages.language(path) is None:
                if kinds.family(path):
                    self.not_understood[path.rpartition(".")[2].casefold()] += 1
            elif len(fit) < MOST_READ:
                fit.append(path)
            else:
                self.unread += 1
        return fit

    def _linked(self, path: str, other: str, reason: str) -> None:
        """A doubt, but where history says that what the one needs of the other is settled."""
        if not self._history.apart(path, other):
            self._between(path, other, reason)

    def _between(self, path: str, other: str, reason: str) -> None:
        """A doubt for every task of the one file with every task of the other."""
        theirs = self._named[other]
        for i in members(self._named[path]):
            for j in members(theirs & ~self._decided[i]):
                self._note(i, j, other, reason)

    def _note(self, i: int, j: int, witness: str, reason: str) -> None:
        if not self._decided[i] >> j & 1:
            self._decided[i] |= 1 << j
            self._decided[j] |= 1 << i
            self.doubts[min(i, j), max(i, j)] = Doubt(witness, reason)


def _new_sources(task: Task, codebase: Codebase) -> Iterator[str]:
    """The source files and the folders that the task names and that do not exist."""
    for pattern in task.files:
        could_be_source = kinds.family(pattern) or not globs.is_literal(pattern)
        is_new = could_be_source and not codebase.covered((pattern,), 1)
        if is_new and not kinds.is_prose(pattern):
            yield pattern


def _users(path: str, known: set[str]) -> set[tuple[str, bool]]:
    """Which source, by family and whether it is a test, could use a new file or folder.

    What lies among the tests is for tests only.
    """
    family = kinds.family(path)
    families = {family} if family else known
    return {(f, is_test) for f in families for is_test in (True, kinds.is_test(path))}


_known: dict[tuple[str, str], tuple[Source | None, int]] = {}
_KEPT = 20_000


def _read(
    paths: Sequence[str], codebase: Codebase
) -> Iterator[tuple[str, tuple[Source | None, int]]]:
    """What each file says, and how long it is.

    Remembered by the content, because a plan is looked at again before the yes.
    """
    if len(_known) > _KEPT:
        _known.clear()
    keys = {path: (path, codebase.files[path]) for path in paths}
    contents = codebase.read(path for path in paths if keys[path] not in _known)
    for path, key in keys.items():
        if key not in _known:
            data = contents.get(path)
            source = None if data is None else languages.read(path, data)
            _known[key] = source, len(data or b"")
        yield path, _known[key]


def _shared_hotspots(
    owners: Mapping[str, int], commits: Commits, codebase: Codebase
) -> Iterable[Hotspot]:
    """Hotspots in the tasks' folders (or at the root) that nobody, or more than one, may write."""
    folders = {folder_of(path) for path in owners} | {""}
    found = [
        spot
        for spot in hotspots(commits, codebase.files)
        if folder_of(spot.path) in folders and owners.get(spot.path, 0).bit_count() != 1
    ]
    return found[:MOST_HOTSPOTS]
