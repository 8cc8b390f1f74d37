"""The active runs that a hook can see: their tables, their tasks, and the marks it may leave.

A run lives in the main work tree of a repository. Hooks read its state and never change it. What
they leave is beside it: the time of an agent's sign of life, the log of what was refused, and in
`.watch` what runs and what its holder wrote last (`guard.watch`).
"""

from __future__ import annotations

import time

from parallel_agents.core import locktable
from parallel_agents.core.system import calls, exists, join, parent, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from parallel_agents.core.locktable import HeldClaim, Table
    from parallel_agents.guard.event import Event

FOLDER = "_tasks"
ALIVE = ".alive"
WATCH = ".watch"
FLIGHTS = "flights"
LOG = ".hooklog"

OFF, AUTO, REQUIRED = STRICTNESS = ("off", "auto", "required")
"""The user's setting of the strict mode."""

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_NOFOLLOW = getattr(calls, "O_NOFOLLOW", 0) | getattr(calls, "O_CLOEXEC", 0)


class Sought:
    """A path (POSIX, relative to the root) to be looked for in many sets of patterns.

    The answer is that of `core.globs.covering`. Hundreds of plain paths are the usual case; they
    are looked up, because making each ready for matching would cost more than the rest of a hook.
    """

    __slots__ = ("_at_or_above", "_folded", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._folded = path.lower() + "/"
        parts = path.lower().split("/")
        ups = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        self._at_or_above = frozenset(ups)

    def is_among(self, files: Sequence[str]) -> bool:
        """Whether one of the patterns covers the path."""
        text = "\n".join(files)
        if not (text.isascii() and self.path.isascii()):
            return self._is_covered(files)
        lines = f"{text.lower()}\n".replace("/**\n", "\n")[:-1].split("\n")
        if not self._at_or_above.isdisjoint(lines):
            return True
        if not ("*" in text or "?" in text or "[" in text or "{" in text):
            return False
        # What a wildcard matches starts as it does: nearly always that rules out all of a claim.
        marked = "\n".join(lines).replace("?", "*").replace("[", "*").replace("{", "*")
        heads = [line.partition("*")[0] for line in marked.split("\n")]
        if not self._folded.startswith(tuple(heads)):
            return False
        for line, head in zip(lines, heads):
            if head != line and self._folded.startswith(head):
                matched = self._matches(line)
                if matched is None:
                    return self._is_covered(files)
                if matched:
                    return True
        return False

    def _matches(self, pattern: str) -> bool | None:
        """Whether a pattern with nothing but `*` covers the path; None for any other."""
        if "**" in pattern or "?" in pattern or "[" in pattern or "{" in pattern:
            return None
        names = self._folded[:-1].split("/")
        segments = pattern.split("/")
        if len(segments) > len(names):
            return False
        return all(map(_has_form, names, segments))

    def _is_covered(self, files: Sequence[str]) -> bool:
        from parallel_agents.core.globs import covering  # and what it needs: only for wildcards

        return covering(files, self.path) is not None


def _has_form(name: str, segment: str) -> bool:
    """Whether the name is the segment with something, or nothing, in place of each `*`."""
    first, *rest = segment.split("*")
    if not rest:
        return name == segment
    last = rest.pop()
    if not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in rest:
        found = name.find(piece, at, max(at, end))
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


class Run:
    """The run of one repository, as it was when the hook looked."""

    def __init__(self, main: str, table: Table) -> None:
        self.main = main
        """The main work tree (absolute)."""
        self.folder = join(main, FOLDER)
        self.table = table
        self._tasks: list[tuple[str, tuple[str, ...]]] | None = None

    def owner(self, sought: Sought) -> str | None:
        """The unfinished task whose files cover the path. Raises `TableTorn` or `OSError`."""
        if self._tasks is None:
            self._tasks = locktable.read_tasks(self.folder)
        for task, files in self._tasks:
            if sought.is_among(files) and locktable.is_unfinished(self.folder, task):
                return task
        return None

    def has_heard_of(self, event: Event) -> bool:
        """Whether the agent has held a claim in this run: it has left a sign of life then."""
        return exists(self._sign_of(event))

    def beat(self, event: Event) -> None:
        """Note a sign of life of the agent, where it holds a claim here."""
        if self.table.of(event.key) is None:
            return
        path = self._sign_of(event)
        try:
            try:
                calls.utime(path, follow_symlinks=False)
            except FileNotFoundError:
                calls.close(
                    calls.open(
                        path, calls.O_WRONLY | calls.O_CREAT | calls.O_EXCL | _NOFOLLOW, 0o644
                    )
                )
        except OSError:
            pass  # a sign of life that cannot be noted is no reason to refuse the work

    def _sign_of(self, event: Event) -> str:
        return join(self.folder, ALIVE, file_name(f"{event.session}.{event.agent}"))

    def edit_begins(self, event: Event) -> None:
        """Note that a holder is about to edit a file of its own: see `guard.watch.flights`."""
        place = join(self.folder, WATCH, FLIGHTS)
        head = ("flight", event.key, event.tool, event.call, "edit", str(time.time_ns()), "0")
        line = locktable.row(*head, "foreground", "", "").encode("utf-8", "surrogateescape")
        flags = calls.O_WRONLY | calls.O_CREAT | _NOFOLLOW
        path = join(place, flight_name(event.key, event.call))
        try:
            try:
                fd = calls.open(path, flags, 0o644)
            except FileNotFoundError:
                _make_folder(join(self.folder, WATCH))
                _make_folder(place)
                fd = calls.open(path, flags, 0o644)
            try:
                # Cut after it is written: a file that is emptied first is brought to the disk by
                # ext4 when it is closed, which costs more than the rest.
                calls.ftruncate(fd, calls.write(fd, line))
            finally:
                calls.close(fd)
        except OSError:
            pass  # then its edit may be laid to somebody else, but nothing is taken from anybody

    def home_of(self, claim: HeldClaim) -> str | None:
        """The tree that the holder works in; None where it is not ready or not ours to know."""
        return self.main if self.table.strategy == "files" else claim.workdir

    @property
    def restores(self) -> bool:
        """Whether what was surely overwritten is put back at once (the user's setting)."""
        return is_strict()

    def note(
        self,
        kind: str,
        event: Event,
        text: str,
        *,
        path: str = "",
        task: str = "",
        agent: str | None = None,
    ) -> None:
        """Append a line about this event to the log.

        `kind` is `denied`, `ended` or `session_end`; `agent` a key, by default that of the event.
        """
        who = event.key if agent is None else agent
        self.log(kind, who, text, tool=event.tool, path=path, task=task)

    def log(self, kind: str, agent: str, text: str, *, tool: str, path: str, task: str) -> None:
        """Append one line to the log that `list_status` and the report show to the lead."""
        from parallel_agents.guard.answer import encode  # only a refusal needs it

        line = encode(
            {
                "at": round(time.time(), 3),
                "kind": kind,
                "agent": agent,
                "tool": tool,
                "path": path,
                "task": task,
                "reason": text,
            }
        )
        flags = calls.O_WRONLY | calls.O_APPEND | calls.O_CREAT | _NOFOLLOW
        try:
            fd = calls.open(join(self.folder, LOG), flags, 0o644)
            try:
                calls.write(fd, line.encode() + b"\n")
            finally:
                calls.close(fd)
        except OSError:
            pass  # the refusal stands, whether or not it could be noted


class Runs:
    """The runs by main work tree, each read once in the life of a hook."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._known: dict[str, Run | None] = {}
        mains = (real(parent(folder)) for folder in folders)
        self._near = tuple(dict.fromkeys(mains))

    def near(self) -> list[Run]:
        """The active runs that the launcher saw: of the agent's and of the session's directory."""
        return [run for run in map(self.of, self._near) if run is not None]

    def of(self, main: str) -> Run | None:
        """The active run of the repository with this main work tree, or None.

        Raises `TableTorn` or `OSError` when there is one that cannot be read.
        """
        if main not in self._known:
            table = locktable.read(join(main, FOLDER))
            self._known[main] = None if table is None else Run(main, table)
        return self._known[main]


def strictness() -> str:
    """`off`, `auto` or `required`, as the user set it for the client that runs this hook."""
    import os  # an edit asks nothing of the environment

    said = os.environ.get("PARALLEL_AGENTS_STRICT") or os.environ.get("CLAUDE_PLUGIN_OPTION_STRICT")
    return said if said in STRICTNESS else OFF


def is_strict() -> bool:
    """Whether commands that could write anything are to be contained."""
    return strictness() != OFF


def sign(key: str) -> str:
    """The name of an agent's sign of life, and what the names of its other files begin with."""
    return file_name(key.replace("/", ".", 1))


def flight_name(key: str, call: str) -> str:
    """The name of the record of this tool call of this agent."""
    return f"{sign(key)}.{file_name(call)}"


def _make_folder(path: str) -> None:
    try:
        calls.mkdir(path)
    except FileExistsError:
        return  # another hook was quicker


def file_name(text: str) -> str:
    return "".join(char if char in _PLAIN else "_" for char in text)
