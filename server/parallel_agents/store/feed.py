"""The event feed `.events`: how every server keeps its index without listing folders.

One line per change: `<crc32 of the rest, 8 hex digits> <JSON>`. It can be derived from the task
files, so a bad, torn or missing line is never a loss: it makes the reader scan the folder again.
"""

from __future__ import annotations

import errno
import json
import os
from binascii import crc32
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from parallel_agents.core.events import Event, Kind, is_whole
from parallel_agents.core.model import TaskId
from parallel_agents.store.opened import FILE, Entries, Opened
from parallel_agents.store.protocol import NotAtOnce

TAIL = 1 << 16
"""Bytes at the end of the feed in which its last whole line is looked for."""


AT_ONCE = 1 << 14
"""Bytes of news that are read in about a millisecond."""


class FeedBroken(Exception):
    """Raised when the feed does not lead from what the reader knows to the present."""


class Line(NamedTuple):
    """One change, and what the files looked like right after it."""

    previous: int
    """The revision before this change: a gap means that something was missed."""
    event: Event
    folders: Mapping[str, int]
    """Modification time (ns) of each folder that this change touched."""
    stamp: tuple[int, int] | None
    """Size (bytes) and modification time (ns) of the task's file."""


class Feed:
    """The feed as one process reads and writes it, under the store's lock."""

    def __init__(self, path: Path, entries: Entries | None = None) -> None:
        self._file = Opened(os.fspath(path), FILE, entries)
        self._offset = 0

    def news(self, at_once: bool = False) -> list[Line]:
        """The lines since the last call. Raises `FeedBroken` when the reader must scan instead.

        With `at_once` it raises `NotAtOnce` where they are too many, and they stay news.
        """
        size = self._size()
        if size == self._offset:
            return []
        if size < self._offset:
            raise FeedBroken("the feed is shorter than it was")
        if at_once and size - self._offset > AT_ONCE:
            raise NotAtOnce
        data = os.pread(self._file.fd(), size - self._offset, self._offset)
        if len(data) != size - self._offset or not data.endswith(b"\n"):
            raise FeedBroken("the last line of the feed is torn")
        lines = [_parsed(raw) for raw in data[:-1].split(b"\n")]
        self._offset = size
        return lines

    def append(self, line: Line, data: str) -> None:
        """Write one line. `data` is the event's data as JSON text, made once by the caller."""
        fd = self._file.fd()
        event = line.event
        task = "null" if event.task is None else f'"{event.task}"'  # a task id needs no escape
        folders = ",".join([f'"{name}":{time}' for name, time in line.folders.items()])
        stamp = "null" if line.stamp is None else f"[{line.stamp[0]},{line.stamp[1]}]"
        text = (
            f'{{"rev":{event.rev},"prev":{line.previous},"at":{event.at!r},"kind":"{event.kind}",'
            f'"task":{task},"dirs":{{{folders}}},"stamp":{stamp},"data":{data}}}'
        ).encode()
        raw = b"%08x %s\n" % (crc32(text), text)
        written = os.pwrite(fd, raw, self._offset)
        self._offset += written
        if written != len(raw):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.path)

    def break_off(self) -> None:
        """Make every other reader look at the files: one line that no reader takes."""
        self._offset += os.pwrite(self._file.fd(), b"\n", self._offset)

    def skip(self) -> int:
        """Go to the end after a scan; the last whole line's revision, or 0."""
        self.close()
        fd = self._file.fd()
        size = os.fstat(fd).st_size
        tail = os.pread(fd, min(size, TAIL), max(0, size - TAIL))
        self._offset = size
        if tail and not tail.endswith(b"\n"):
            self._offset += os.pwrite(fd, b"\n", size)
        for raw in reversed(tail.split(b"\n")):
            try:
                return _parsed(raw).event.rev
            except FeedBroken:
                continue
        return 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _size(self) -> int:
        """Bytes of the feed. Raises `FeedBroken` where it is not the file that was opened."""
        if not self._file.is_current():
            raise FeedBroken("the feed was deleted or replaced")
        return os.fstat(self._file.fd()).st_size


def _parsed(raw: bytes) -> Line:
    checksum, _, text = raw.partition(b" ")
    try:
        if int(checksum, 16) != crc32(text):
            raise FeedBroken("a checksum of the feed does not hold")
        head: dict[str, Any] = json.loads(text)
        kind, task, stamp = Kind(head["kind"]), head["task"], head["stamp"]
        if not is_whole(kind, head["data"]):
            raise FeedBroken("a line of the feed lacks something")
        name = None if task is None else TaskId(task)
        event = Event(head["rev"], head["at"], kind, name, head["data"])
        return Line(head["prev"], event, head["dirs"], stamp and (stamp[0], stamp[1]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise FeedBroken(f"a line of the feed cannot be read: {error}") from None
