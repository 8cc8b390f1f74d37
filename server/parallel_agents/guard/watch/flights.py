"""Commands in flight: what runs now, since when, and how the files it must not write looked before.

One small file for each in `_tasks/.watch/flights/`, put in place with one rename. It is written
before the command and removed after it has been looked at; a command in the background keeps its
file until its session is over.

    flight  <session/agent>  <tool>  <call>  <level>  <start>  <end>  <state>  <process>  <command>
    watch   <root>  <task>  <token>  <session/agent of the holder>   (of others, or its own)
    open    <pattern>        (of the watch above)
    file    <path>  <stamp>  (of the watch above)
"""

from __future__ import annotations

import os
import time

from parallel_agents.core.locktable import fields, row
from parallel_agents.guard.runs import FLIGHTS, WATCH, flight_name
from parallel_agents.guard.watch.snapshot import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OPAQUE, CLEAR, EDIT = "opaque", "clear", "edit"
"""What a flight may write: anything; only what is its agent's own; the one file of an edit."""

FOREGROUND, BACKGROUND = "foreground", "background"
"""How it runs."""

CONTAINED = "contained"
"""Folder with a file for each flight that runs with others' files read-only (strict mode)."""

SLACK = 20_000_000
"""Nanoseconds by which the clock of a file system may stand behind."""

FORGOTTEN = 15 * 60 * 1_000_000_000
"""After so many ns a command in the foreground is over: the client did not say how it ended."""

LONG_FORGOTTEN = 24 * 60 * 60 * 1_000_000_000
"""After so many ns a command in the background is taken for over."""

LONGEST = 400
"""Characters of a command that are kept."""


class Watched:
    """The held files of one claim in one work tree, as they were before."""

    __slots__ = ("agent", "before", "task", "token")

    def __init__(self, task: str, token: int, agent: str, before: Snapshot) -> None:
        self.task = task
        self.token = token
        self.agent = agent
        """The `session/name` key of the holder."""
        self.before = before


class Flight:
    """One tool call that runs, or has ended and is not settled yet.

    `key` is the agent's, `call` the client's id of the tool call, `start` and `end` are ns since
    the epoch (`end` 0 while it runs), `process` the client's name for a command in the background.
    """

    __slots__ = (
        *("call", "command", "end", "key", "level", "process", "start", "state", "tool"),
        *("contained", "watched"),
    )

    def __init__(
        self,
        key: str,
        tool: str,
        call: str,
        level: str,
        command: str,
        watched: tuple[Watched, ...] = (),
        *,
        start: int = 0,
        end: int = 0,
        state: str = FOREGROUND,
        process: str = "",
    ) -> None:
        self.key = key
        self.tool = tool
        self.call = call
        self.level = level
        self.command = command[:LONGEST].encode("utf-8", "replace").decode()
        self.watched = watched
        self.start = start or time.time_ns()
        self.end = end
        self.state = state
        self.process = process
        self.contained = False
        """Whether it runs with others' files read-only."""

    @property
    def session(self) -> str:
        """The session of its agent."""
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        """The name of its file, which begins as that of its agent's sign of life does."""
        return flight_name(self.key, self.call)

    def covers(self, moment: int | None) -> bool:
        """Whether it ran at this moment (ns; None: a moment that nobody knows)."""
        if moment is None:
            return True
        return self.start - SLACK <= moment and (not self.end or moment <= self.end + SLACK)

    def save(self, folder: str) -> None:
        """Put it into the run's `folder` (`_tasks`). Raises `OSError`."""
        place = os.path.join(folder, WATCH, FLIGHTS)
        os.makedirs(place, exist_ok=True)
        write(os.path.join(place, self.name), "\n".join(self._rows()))

    def forget(self, folder: str) -> None:
        """Take it out of the run's `folder`."""
        for place in (FLIGHTS, CONTAINED):
            path = os.path.join(folder, WATCH, place, self.name)
            if os.path.lexists(path):
                try:
                    os.unlink(path)
                except FileNotFoundError:
                    continue  # somebody else has looked at it as well

    def _rows(self) -> Iterator[str]:
        times = (str(self.start), str(self.end))
        head = (self.key, self.tool, self.call, self.level, *times, self.state, self.process)
        yield row("flight", *head, self.command)
        for part in self.watched:
            root = part.before.root
            yield row("watch", root, part.task, str(part.token), part.agent)
            for pattern in part.before.open:
                yield row("open", pattern)
            for path, stamp in part.before.stamps.items():
                yield row("file", path, stamp)


def flights(folder: str) -> list[Flight]:
    """What is in flight in the run's `folder`, oldest first; what cannot be read is left out."""
    place = os.path.join(folder, WATCH, FLIGHTS)
    found = []
    for name in names(folder):
        try:
            flight = _parsed(read(os.path.join(place, name)))
            flight.contained = os.path.exists(os.path.join(folder, WATCH, CONTAINED, name))
            found.append(flight)
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
    found.sort(key=lambda flight: flight.start)
    return found


def names(folder: str) -> list[str]:
    """The file names of what is in flight: cheap, where only the question is whether there is."""
    try:
        found = os.listdir(os.path.join(folder, WATCH, FLIGHTS))
    except OSError:
        return []
    return [name for name in found if not name.startswith("-")]


def read(path: str) -> str:
    """A file's text. Raises `OSError`, also for a symbolic link."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        chunks = []
        while chunk := os.read(fd, 1 << 20):
            chunks.append(chunk)
        return b"".join(chunks).decode("utf-8", "surrogateescape")
    finally:
        os.close(fd)


def write(path: str, content: str | bytes) -> None:
    """Put a whole file in place, at once for every reader. Raises `OSError`."""
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f"-{os.getpid()}-{name}")  # `-`: not yet one of them
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    try:
        view = memoryview(raw)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)
    os.rename(beside, path)


def _parsed(text: str) -> Flight:
    """Raises `ValueError` for what is not a flight."""
    head, *blocks = text.split("\nwatch\t")
    kind, key, tool, call, level, start, end, state, process, command = fields(head)
    if kind != "flight":
        raise ValueError("it is no flight")
    watched = []
    for block in blocks:
        first, *rows = block.split("\n")
        root, task, token, agent = fields(first)
        stamps = {}
        open_ = []
        for line in rows:
            what, *values = fields(line)
            if what == "open":
                open_.append(values[0])
            else:
                stamps[values[0]] = values[1]
        watched.append(Watched(task, int(token), agent, Snapshot(root, stamps, tuple(open_))))
    times = {"start": int(start), "end": int(end)}
    return Flight(
        key, tool, call, level, command, tuple(watched), state=state, process=process, **times
    )
