"""What held files look like without being read: a line of numbers for each, taken twice.

The change time (ctime) is among them, which no program can set: a forged modification time hides
nothing. Nothing is read or hashed here; hundreds of files cost less than a millisecond.
"""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISLNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GONE = "-"
"""The stamp of a file that is not there."""

MOST = 20_000
"""Files below claimed globs and folders that are looked at; the rest is left to the completion."""

BY_THE_WAY = frozenset(
    (".git", "_tasks", "__pycache__", "node_modules", ".venv", ".DS_Store")
    # and caches of tools
) | frozenset((".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".cache"))
"""What programs leave behind in any folder; below a claimed folder it counts for nothing."""

_WILD = "*?[{"


class Snapshot:
    """The stamps of what some patterns cover below `root` (absolute), at one moment.

    `stamps` is by path, POSIX and relative to `root`; a plain path that is not there is `GONE`.
    `open` has the patterns that can cover more files later: globs, and claimed folders.
    """

    __slots__ = ("open", "root", "stamps")

    def __init__(self, root: str, stamps: dict[str, str], open_: tuple[str, ...]) -> None:
        self.root = root
        self.stamps = stamps
        self.open = open_

    def now(self) -> Snapshot:
        """The same, as it is at this moment."""
        stamps = {path: stamp(os.path.join(self.root, path)) for path in self.stamps}
        _add_below(stamps, self.root, self.open)
        return Snapshot(self.root, stamps, self.open)

    def changes(self, later: Snapshot) -> Iterator[tuple[str, str, str]]:
        """(path, stamp before, stamp after) for each file that is not as it was."""
        for path, after in later.stamps.items():
            before = self.stamps.get(path, GONE)
            if before != after:
                yield path, before, after


def take(root: str, patterns: Iterable[str]) -> Snapshot:
    """What the patterns of a claim cover below `root`, now."""
    stamps: dict[str, str] = {}
    open_ = []
    for pattern in patterns:
        if any(char in pattern for char in _WILD):
            open_.append(pattern)
            continue
        found = stamp(os.path.join(root, pattern))
        if is_folder(found):
            open_.append(pattern)
        else:
            stamps[pattern] = found
    _add_below(stamps, root, open_)
    return Snapshot(root, stamps, tuple(open_))


def stamp(path: str) -> str:
    """`inode size mtime ctime mode` (times in ns); for a link also that of what it leads to."""
    try:
        status = os.lstat(path)
    except OSError:
        return GONE
    if not S_ISLNK(status.st_mode):
        return _numbers(status)
    try:
        return f"{_numbers(status)} > {_numbers(os.stat(path))}"
    except OSError:
        return f"{_numbers(status)} >"


def changed_at(found: str) -> int | None:
    """The latest change time in a stamp, in ns since the epoch; None where the file is gone."""
    if found == GONE:
        return None
    return max(int(part.split()[3]) for part in found.split(">") if part.strip())


def mode_of(found: str) -> int:
    """The mode in a stamp; of a link, that of what it leads to. 0 where there is nothing."""
    last = found.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def is_folder(found: str) -> bool:
    """Whether the stamp is that of a directory, or of a link to one."""
    return S_ISDIR(mode_of(found))


def _numbers(s: os.stat_result) -> str:
    return f"{s.st_ino} {s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_mode}"


def _add_below(stamps: dict[str, str], root: str, patterns: Sequence[str]) -> None:
    if not patterns:
        return
    from parallel_agents.core.globs import covering  # plain paths need no matching

    room = MOST
    for pattern in patterns:
        wild = [at for at in map(pattern.find, _WILD) if at >= 0]
        top = pattern[: min(wild)].rpartition("/")[0] if wild else pattern
        for path in _files_below(root, top):
            room -= 1
            if room < 0:
                return
            if path not in stamps and (not wild or covering((pattern,), path) is not None):
                stamps[path] = stamp(os.path.join(root, path))


def _files_below(root: str, top: str) -> Iterator[str]:
    todo = [top]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    name = entry.name
                    if name in BY_THE_WAY or name.endswith(".pyc"):
                        continue
                    path = f"{folder}/{name}" if folder else name
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(path)
                    else:
                        yield path
        except OSError:
            continue
