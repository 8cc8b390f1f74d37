"""Files that every change touches, held open for as long as their names lead to them.

A change would otherwise look up ten names, which costs more than all that it writes. People may
move, replace or delete these files (I16); what they do to an entry of a folder shows in that
folder's times, so one look at the folder stands for a look at each. The time of its last change of
status counts too: nobody can set that back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from parallel_agents.core.model import State

SETTLED = 100_000_000
"""Nanoseconds; the clocks of file systems tick more often. A folder that was touched more recently
may be touched again without another time, so then each name is looked up."""
_ALWAYS = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)

PLACE = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
"""For a folder: its times and its identity are all that is asked of it."""
FILE = os.O_RDWR | os.O_CREAT
"""For a file that is made where it is missing."""


class Entries:
    """The entries of one folder: whether anything may have happened to them since the last look."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._mark = (0, 0, 0, 0)
        self._settled = False
        self.turn = 0
        """Another number after each look that does not show that all is as it was."""

    def look(self) -> None:
        """Look at the folder. Raises `OSError`; then what was known counts for nothing."""
        self.turn += 1
        status = os.stat(self._folder)
        touched = max(status.st_mtime_ns, status.st_ctime_ns)
        mark = status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns
        if mark == self._mark and self._settled:
            self.turn -= 1
            return
        self._mark = mark
        self._settled = time.time_ns() - touched > SETTLED


class Folders:
    """Folders whose times are asked for together, by name."""

    def __init__(self, paths: Mapping[State, str], entries: Entries) -> None:
        self._entries = entries
        self._opened = {name: Opened(path, PLACE, entries) for name, path in paths.items()}
        self._fds: dict[State, int] = {}
        self._turn = -1
        """The turn of the entries at which these were the folders that the names lead to."""

    def times(self) -> dict[str, int]:
        """The modification time (ns) of each. Raises `OSError`."""
        if self._turn != self._entries.turn:
            self._fds = {name: folder.current() for name, folder in self._opened.items()}
            self._turn = self._entries.turn
        return {name: os.fstat(fd).st_mtime_ns for name, fd in self._fds.items()}

    def time(self, name: State) -> int:
        """The modification time (ns) of one. Raises `OSError`."""
        return os.fstat(self._opened[name].current()).st_mtime_ns

    def close(self) -> None:
        """Let go of them."""
        self._turn = -1
        for folder in self._opened.values():
            folder.close()


_NEVER = Entries("")
"""Entries that nobody looks at."""


class Opened:
    """One file, by its path. Symbolic links are not followed.

    Without the `entries` of the file's folder, or before they were looked at, its name is looked up
    each time.
    """

    __slots__ = ("_entries", "_fd", "_file", "_flags", "_turn", "path")

    def __init__(self, path: str, flags: int, entries: Entries | None = None) -> None:
        self.path = path
        self._flags = flags | _ALWAYS
        self._entries = entries or _NEVER
        self._turn = -1
        """The turn of the entries at which its name was seen to lead to it."""
        self._fd = -1
        self._file = (0, 0)

    @property
    def is_open(self) -> bool:
        """Whether it is held open, wherever its name may lead by now."""
        return self._fd >= 0

    def fd(self) -> int:
        """Its descriptor as it was opened, or opened now. Raises `OSError`."""
        if self._fd < 0:
            self._fd = os.open(self.path, self._flags, 0o644)
            status = os.fstat(self._fd)
            self._file = status.st_dev, status.st_ino
        return self._fd

    def current(self) -> int:
        """The descriptor of the file that the name leads to now. Raises `OSError`."""
        if self._turn == self._entries.turn:
            return self._fd
        if not self.is_current():
            self.close()
        return self.fd()

    def is_current(self) -> bool:
        """Whether it is open, and its name still leads to it. Raises `OSError`."""
        if self._turn == self._entries.turn:
            return True
        if self._fd < 0:
            return False
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if (there.st_dev, there.st_ino) != self._file:
            return False
        if self._entries.turn:
            self._turn = self._entries.turn
        return True

    def close(self) -> None:
        """Let go of it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd, self._turn = -1, -1

    def __del__(self) -> None:
        # Nobody can reach it any more: a store that was let go of takes no descriptor along.
        if self._fd >= 0:
            os.close(self._fd)
