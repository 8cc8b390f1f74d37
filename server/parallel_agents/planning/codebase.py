"""The files of one commit as the planner sees them: which there are, and what some of them say."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from parallel_agents.core import globs
from parallel_agents.core.segments import fold

Reader = Callable[[Sequence[str]], Mapping[str, bytes]]
"""The contents of blobs by id; those that are missing or too large are left out."""


class Codebase:
    """Paths are POSIX, relative to the repository root, as git has them."""

    def __init__(
        self,
        files: Mapping[str, str],
        read: Reader,
        links: Mapping[str, str] | None = None,
        modules: Iterable[str] = (),
    ) -> None:
        self.files = files
        """Blob id by path, of every regular file."""
        self.links = dict(links or {})
        """Where each symbolic link points, as it is written, by the link's path."""
        self.modules = frozenset(modules)
        """The paths of submodules."""
        self.notes: dict[str, dict[str, str]] = {}
        """What the languages worked out about the whole of it, each under its name."""
        self._read = read
        self._contents: dict[str, bytes | None] = {}

    def __contains__(self, path: object) -> bool:
        return path in self.files

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of these files, read at once and not kept; without what is too large."""
        wanted = {path: self.files[path] for path in paths if path in self.files}
        got = self._read(sorted(set(wanted.values())))
        return {path: got[blob] for path, blob in wanted.items() if blob in got}

    def fetch(self, paths: Iterable[str]) -> None:
        """Read these files at once; `content` then has them."""
        wanted = {self.files[p] for p in paths if p in self.files} - self._contents.keys()
        if wanted:
            got = self._read(sorted(wanted))
            self._contents.update({blob: got.get(blob) for blob in wanted})

    def content(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none, or where it is too large to look at."""
        blob = self.files.get(path)
        if blob is None:
            return None
        if blob not in self._contents:
            self.fetch((path,))
        return self._contents[blob]

    def in_folder(self, folder: str) -> Sequence[str]:
        """The files that lie directly in `folder` (`` is the root), in git's order."""
        return self._by_folder.get(folder, ())

    def is_folder(self, path: str) -> bool:
        """Whether some file lies below it."""
        return path in self._folders

    def ending(self, tail: str) -> Iterator[str]:
        """The files whose last segments are those of `tail`."""
        end = "/" + tail
        for path in self._by_name.get(tail.rpartition("/")[2], ()):
            if path == tail or path.endswith(end):
                yield path

    def folders_ending(self, tail: str) -> Iterator[str]:
        """The folders whose last segments are those of `tail`."""
        end = "/" + tail
        for folder in self._folders_by_name.get(tail.rpartition("/")[2], ()):
            if folder == tail or folder.endswith(end):
                yield folder

    def covered(self, patterns: Iterable[str], most: int | None = None) -> list[str]:
        """The files that a set of patterns covers, at most `most` of them for each pattern."""
        found: dict[str, None] = {}
        for pattern in patterns:
            found.update(dict.fromkeys(islice(self.each(pattern), most)))
        return list(found)

    def each(self, pattern: str) -> Iterator[str]:
        """The files that a pattern covers, one after the other."""
        ready = globs.Pattern(pattern)
        at = bisect_left(self._folded, (ready.head, ""))
        for folded, path in islice(self._folded, at, None):
            if not folded.startswith(ready.head):
                break
            if ready.literal or globs.covers(pattern, path):
                yield path

    @cached_property
    def _folded(self) -> list[tuple[str, str]]:
        return sorted((fold(path) + "/", path) for path in self.files)

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        return _grouped(self.files, 0)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped(self.files, 2)

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders: set[str] = set()
        for folder in self._by_folder:
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(folders)

    @cached_property
    def _folders_by_name(self) -> dict[str, list[str]]:
        return _grouped(sorted(self._folders), 2)


def _grouped(paths: Iterable[str], part: int) -> dict[str, list[str]]:
    """Paths by their folder (part 0) or by their name (part 2)."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(path.rpartition("/")[part], []).append(path)
    return groups


def folder_of(path: str) -> str:
    """The folder that a path lies in; `` for the root."""
    return path.rpartition("/")[0]


def joined(folder: str, relative: str) -> str | None:
    """A path relative to `folder` from the root instead; None where it leads out of it."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def nearest(path: str, candidates: Iterable[str]) -> str | None:
    """Of some paths the one that shares most folders with `path`; the shortest of equals."""
    mine = path.split("/")

    def apart(other: str) -> tuple[int, int, str]:
        theirs = other.split("/")
        shared = 0
        for one, two in zip(mine, theirs, strict=False):
            if one != two:
                break
            shared += 1
        return -shared, len(theirs), other

    return min(candidates, key=apart, default=None)
