"""The one lock around a state change: an advisory lock on a file, always with a deadline.

The file says what its holder has begun and not finished, so that whoever comes after a process that
died in the middle of a change looks at the files before it believes what it knows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from parallel_agents.core.errors import StoreFault
from parallel_agents.store.opened import FILE, Entries, Opened
from parallel_agents.store.protocol import NotAtOnce

FIRST_PAUSE = 0.00005
LONGEST_PAUSE = 0.0005
"""Seconds between attempts: from well under one hold to a few of them."""
PATIENT_AFTER = 0.25
PATIENT_PAUSE = 0.002
"""Seconds: who has waited so long waits for something slow, and asks less often."""

_BEGUN, _FINISHED = b"+", b"-"
_NOTE = 160
"""Bytes of the file that are read: a mark, the holder's process id, and what it has begun."""


class FileLock:
    """An exclusive lock between processes, on a file that is never deleted.

    Threads of one process are kept apart by the caller, and the caller opens one after a fork. The
    kernel drops the lock when its holder dies, so there is nothing to clean up after a crash.
    """

    def __init__(self, path: Path, timeout: float, entries: Entries | None = None) -> None:
        self._path = path
        self._timeout = timeout
        self._entries = entries
        self._file = Opened(os.fspath(path), FILE, entries)
        self._held = -1

    @property
    def is_open(self) -> bool:
        """Whether this process has opened the file: then taking the lock tells if it is gone."""
        return self._file.is_open

    def held(self) -> AbstractContextManager[None]:
        """Hold the lock. Raises `StoreFault` (code `lock_timeout`) naming the holder."""
        return self  # not a generator: that would cost more than the lock

    def __enter__(self) -> None:
        self._held = self._take()

    def __exit__(self, *_: object) -> None:
        unlock_descriptor(self._held)

    def at_once(self) -> AbstractContextManager[None]:
        """Hold the lock, if it has been held before and is free now. Raises `NotAtOnce`."""
        return _AtOnce(self._take_at_once)

    def interrupted(self) -> str | None:
        """What an earlier holder has begun and not finished, in its words; None where nothing is.

        While the lock is held.
        """
        note = os.pread(self._file.fd(), _NOTE, 0)
        if not note.startswith(_BEGUN):
            return None
        return note[1:].partition(b"\n")[0].decode(errors="replace").partition(" ")[2]

    def begin(self, what: str) -> None:
        """Note that a change has begun. `what` is one short line. While the lock is held."""
        note = f"{os.getpid()} {what}"[: _NOTE - 2].encode()
        os.pwrite(self._file.fd(), _BEGUN + note + b"\n", 0)

    def finish(self) -> None:
        """Note that the change is whole, or was taken back. While the lock is held."""
        os.pwrite(self._file.fd(), _FINISHED, 0)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _take(self) -> int:
        deadline = time.monotonic() + self._timeout
        pause = FIRST_PAUSE
        while True:
            fd = self._file.fd()
            if lock_descriptor(fd, blocking=False):
                if self._is_current():
                    return fd
                unlock_descriptor(fd)
                self.close()
            elif time.monotonic() >= deadline:
                raise StoreFault(
                    "lock_timeout",
                    f"The lock {self._path} was not free for {self._timeout:g} s; {_holder(fd)}.",
                    "call again; if it goes on, end or resume that process.",
                )
            else:
                time.sleep(pause)
                patient = time.monotonic() > deadline - self._timeout + PATIENT_AFTER
                pause = PATIENT_PAUSE if patient else min(2 * pause, LONGEST_PAUSE)

    def _take_at_once(self) -> int:
        if self.is_open and lock_descriptor(fd := self._file.fd(), blocking=False):
            if self._is_current():
                return fd
            unlock_descriptor(fd)
            self.close()
        raise NotAtOnce

    def _is_current(self) -> bool:
        """Whether the path still leads to the file that was locked: it may have been replaced."""
        try:
            if self._entries is not None:
                self._entries.look()
            return self._file.is_current()
        except FileNotFoundError:
            return False
        except BaseException:
            self.close()  # and with it the lock
            raise


class _AtOnce:
    """A hold of the lock that is not waited for."""

    __slots__ = ("_fd", "_take")

    def __init__(self, take: Callable[[], int]) -> None:
        self._take = take

    def __enter__(self) -> None:
        self._fd = self._take()

    def __exit__(self, *_: object) -> None:
        unlock_descriptor(self._fd)


def rev_of(begun: str | None) -> int:
    """The revision in what was begun, as the lock's file says it; 0 where there is none."""
    text = (begun or "").partition(" ")[0]
    return int(text) if text.isascii() and text.isdigit() else 0


def _holder(fd: int) -> str:
    """Who holds the lock on this file, as far as the system tells."""
    pid = _holder_by_system(fd) or _holder_by_note(fd)
    if pid is None:
        return "its holder is not known"
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return f"it is held by process {pid}"
    command = raw.replace(b"\0", b" ").decode(errors="replace").strip()
    return f"it is held by process {pid} ({command[:200]})"


def _holder_by_system(fd: int) -> int | None:
    """Linux tells in /proc/locks."""
    inode = f":{os.fstat(fd).st_ino}"
    try:
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[1] != "->" and fields[5].endswith(inode):
                return int(fields[4]) or None
    except (OSError, IndexError, ValueError):
        pass
    return None


def _holder_by_note(fd: int) -> int | None:
    """Elsewhere the file tells, if the holder is in the middle of a change."""
    note = os.pread(fd, _NOTE, 0)
    pid = note[1:].split(b" ")[0]
    return int(pid) if note.startswith(_BEGUN) and pid.isdigit() else None
