"""The few ways in which the folder store touches a file. Symbolic links are never followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

SYNC_ONE_BY_ONE = 64
"""Above so many files one sync of everything is cheaper than a sync of each."""
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC


class Edited(Exception):
    """Raised when a file is not as it was last seen: somebody else has written to it."""


def stamp(status: os.stat_result) -> tuple[int, int]:
    """Size (bytes) and modification time (ns): what tells whether a file was touched."""
    return status.st_size, status.st_mtime_ns


def read_regular(path: Path) -> tuple[str, os.stat_result]:
    """A file's text and status. Raises `OSError`, also for what is no plain file."""
    # A pipe would keep the reader waiting for a writer.
    fd = os.open(path, os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        with open(fd, "rb", closefd=False) as file:
            return file.read().decode("utf-8", "surrogateescape"), os.fstat(fd)
    finally:
        os.close(fd)


def append_line(
    path: Path | str, line: str, known: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Append one whole line or nothing; the file's stamp after it.

    Raises `Edited` when its stamp is not `known`, `OSError` when it cannot be written.
    """
    raw = line.encode("utf-8", "surrogateescape")
    fd = os.open(path, os.O_RDWR | os.O_APPEND | _NOFOLLOW)
    try:
        before = os.fstat(fd)
        if known is not None and stamp(before) != known:
            raise Edited
        if before.st_size and os.pread(fd, 1, before.st_size - 1) != b"\n":
            raw = b"\n" + raw
        if os.write(fd, raw) != len(raw):
            os.ftruncate(fd, before.st_size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return stamp(os.fstat(fd))
    finally:
        os.close(fd)


def replace(path: Path, content: str | bytes) -> None:
    """Put a whole file in place, durably: for files that change once a plan, not once a claim."""
    temporary = _write_beside(path, content)
    sync(temporary)
    os.rename(temporary, path)
    sync(path.parent)


def replace_many(contents: Mapping[Path, str]) -> None:
    """Put many files in place and then make them durable together."""
    for path, content in contents.items():
        os.rename(_write_beside(path, content), path)
    if len(contents) > SYNC_ONE_BY_ONE:
        os.sync()
        return
    for path in (*contents, *{p.parent for p in contents}):
        sync(path)


def _write_beside(path: Path, content: str | bytes) -> Path:
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NOFOLLOW, 0o644)
    try:
        left = memoryview(raw)
        while left:
            left = left[os.write(fd, left) :]
    finally:
        os.close(fd)
    return temporary


def sync(path: Path) -> None:
    """Bring a file or a folder to the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class Unsynced:
    """Files and folders that are to be brought to the disk once the lock is let go.

    They are held open meanwhile: the next change may move a file on before it is synced.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self._fds: list[int] = []
        try:
            for path in paths:
                self._fds.append(os.open(path, os.O_RDONLY | _NOFOLLOW))
        except OSError:
            self._close()
            raise

    def sync(self) -> None:
        """Bring them to the disk. Raises `OSError`."""
        try:
            for fd in self._fds:
                os.fsync(fd)
        finally:
            self._close()

    def _close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []


NOTHING = Unsynced(())
"""For an answer that need not outlast a power cut."""
