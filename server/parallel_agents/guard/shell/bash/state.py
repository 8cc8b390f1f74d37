"""What is known at one place of a command: directory, variables, functions, written files."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import MOST, UNKNOWN, capped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Values = tuple[str, ...]

ANY: tuple[str, ...] = (UNKNOWN,)
GONE: tuple[str, ...] = tuple([""])
"""The value of a variable that is not set (this very object)."""


class Stream:
    """What a program reads or prints: a text, or lines of which only the possible ones are known.

    `texts` are alternatives of the whole (None where only `lines` are known); `lines` are the
    values that one line can have, with marks.
    """

    __slots__ = ("_lines", "texts")

    def __init__(self, texts: Values | None = None, lines: Values | None = None) -> None:
        self.texts = texts
        self._lines = lines

    @property
    def lines(self) -> Values:
        """Each value that a line can have."""
        if self._lines is not None:
            return self._lines
        found = [line for text in self.texts or ANY for line in text.split("\n") if line]
        return tuple(dict.fromkeys(found[: 4 * MOST])) if len(found) <= 4 * MOST else ANY

    def words(self, separators: str = " \t\n\0") -> Values:
        """Each value that a word can have."""
        if self._lines is not None and self.texts is None:
            return self._lines
        found: list[str] = []
        for text in self.texts or ANY:
            for sign in separators[1:]:
                text = text.replace(sign, separators[0])
            found += [word for word in text.split(separators[0]) if word]
        return tuple(dict.fromkeys(found)) if len(found) <= 8 * MOST else ANY


class Later(Stream):
    """What is only found out where somebody reads it, because it costs something."""

    __slots__ = ("_found", "_make")

    def __init__(self, make: Callable[[], Stream]) -> None:
        self._make = make
        self._found: Stream | None = None

    @property
    def now(self) -> Stream:
        """What it is."""
        if self._found is None:
            self._found = self._make()
        return self._found

    @property
    def texts(self) -> Values | None:  # type: ignore[override]
        """As of any stream."""
        return self.now.texts

    @property
    def lines(self) -> Values:
        """As of any stream."""
        return self.now.lines

    def words(self, separators: str = " \t\n\0") -> Values:
        """As of any stream."""
        return self.now.words(separators)


NOTHING = Stream(("",))
UNSEEN = Stream(ANY)
"""What an unknown program prints."""


def together(first: Stream, second: Stream) -> Stream:
    """What two programs print one after the other."""
    if first is NOTHING:
        return second
    if second is NOTHING:
        return first
    if isinstance(first, Later) or isinstance(second, Later):
        return Later(lambda: _both(first, second))
    return _both(first, second)


def _both(first: Stream, second: Stream) -> Stream:
    if first.texts is not None and second.texts is not None:
        if len(first.texts) * len(second.texts) <= MOST:
            return Stream(capped([a + b for a in first.texts for b in second.texts]))
        return UNSEEN
    return Stream(None, tuple(dict.fromkeys(first.lines + second.lines))[: 8 * MOST])


class State:
    """Everything that a command can change for the ones behind it."""

    __slots__ = (
        "aliases",
        "arguments",
        "arrays",
        "cwds",
        "dead",
        "exported",
        "folders",
        "functions",
        "maps",
        "names",
        "numbers",
        "options",
        "over",
        "stack",
        "traps",
        "variables",
    )

    def __init__(self, cwd: str) -> None:
        self.cwds: Values = (cwd,)
        """Absolute, or UNKNOWN."""
        self.variables: dict[str, Values] = {}
        self.arrays: dict[str, dict[str, Values]] = {}
        """Each by the number (or name) of the element: see `parameters`."""
        self.functions: dict[str, Any] = {}
        """The nodes of their bodies."""
        self.aliases: dict[str, Values] = {}
        self.arguments: list[Values] = []
        """`$1` and on; `$0` is not among them."""
        self.folders: frozenset[str] = frozenset()
        """Directories that the command has made."""
        self.exported: frozenset[str] = frozenset()
        """Variables that a program is given, and functions (as `name()`)."""
        self.maps: frozenset[str] = frozenset()
        """Arrays that have names for numbers."""
        self.names: dict[str, str] = {}
        """Variables that are another name of a variable (`declare -n`)."""
        self.numbers: dict[str, tuple[Values, str]] = {}
        """By file descriptor, (absolute paths, how they are open: r, w, a, or b for both)."""
        self.traps: dict[str, Values] = {}
        """What runs at EXIT, ERR and RETURN."""
        self.options: frozenset[str] = frozenset()
        """Those of `set -o` and `shopt -s` that are surely on."""
        self.stack: tuple[Values, ...] = ()
        self.dead = False
        """Whether nothing behind this place runs."""
        self.over = False
        """Whether that is so because the shell has ended."""

    def copy(self) -> State:
        """One that a part of the command can change for itself."""
        new = State.__new__(State)
        new.cwds = self.cwds
        new.variables = dict(self.variables)
        new.arrays = dict(self.arrays)
        new.functions = dict(self.functions)
        new.aliases = dict(self.aliases)
        new.arguments = self.arguments
        new.folders = self.folders
        new.exported = self.exported
        new.maps = self.maps
        new.names = self.names
        new.numbers = self.numbers
        new.traps = dict(self.traps)
        new.options = self.options
        new.stack = self.stack
        new.dead = self.dead
        new.over = self.over
        return new

    def take(self, other: State) -> None:
        """Become what `other` is."""
        for name in State.__slots__:
            setattr(self, name, getattr(other, name))

    def join(self, other: State) -> None:
        """Become what this or `other` can be."""
        if other.dead:
            return
        if self.dead:
            self.take(other)
            return
        if other.cwds != self.cwds:
            self.cwds = capped([*self.cwds, *other.cwds])
        for name in {*self.variables, *other.variables}:
            mine, theirs = self.variables.get(name), other.variables.get(name)
            if mine != theirs:
                # One branch may have left it as it was: then it has no value, or an inherited one.
                self.variables[name] = capped([*(mine or ("",)), *(theirs or ("",))])
        for name, elements in other.arrays.items():
            mine_elements = self.arrays.get(name, elements)
            if mine_elements != elements:
                both = [v for e in (*mine_elements.values(), *elements.values()) for v in e]
                elements = {UNKNOWN: capped(both)} if both else {}
            self.arrays[name] = elements
        self.functions.update(other.functions)
        self.aliases.update(other.aliases)
        self.folders |= other.folders
        self.options &= other.options
        self.exported |= other.exported
        self.maps |= other.maps
        self.names = {**self.names, **other.names}
        self.numbers = {**self.numbers, **other.numbers}
        for name, texts in other.traps.items():
            self.traps[name] = capped([*self.traps.get(name, ()), *texts])

    def fork(self) -> State:
        """The state of a shell of its own, in which nothing is trapped yet."""
        new = self.copy()
        new.traps = {}
        return new

    def named(self, values: Values) -> Values:
        """The values, with the files in place of their descriptors (`/dev/fd/3`)."""
        if not self.numbers or not any(v.startswith(("/dev/", "/proc/self/fd/")) for v in values):
            return values
        found: list[str] = []
        for value in values:
            number = {"/dev/stdin": "0", "/dev/stdout": "1"}.get(value, value.rpartition("/")[2])
            known = self.numbers.get(number) if "/fd/" in value or "/dev/std" in value else None
            found += known[0] if known is not None else (value,)
        return tuple(found)
