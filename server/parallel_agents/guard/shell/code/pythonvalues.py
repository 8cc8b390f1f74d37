"""What expressions of Python code are worth: real texts, numbers and lists as far as known.

A text may hold marks: an UNKNOWN is any text, and alone it is any value at all. Everything else
is itself: `str`, `int`, `bool`, `None`, `list`, `tuple`, `dict`, and the classes here.
"""

from __future__ import annotations

from itertools import islice
from types import GeneratorType

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import LONGEST, MARKS, MOST, UNKNOWN, fits, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values

GREATEST = 100_000
"""Characters that a text may have."""
LARGEST = 2000
"""Elements that a list may have."""


class Path:
    """A `pathlib` path."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and other.text == self.text

    def __hash__(self) -> int:
        return hash(("path", self.text))


class Entry(Path):
    """An element of `os.scandir`, or a temporary file: `name` is what its kind says."""

    __slots__ = ("whole",)

    def __init__(self, text: str, *, whole: bool) -> None:
        super().__init__(text)
        self.whole = whole
        """Whether `name` is the whole path."""

    __hash__ = Path.__hash__


class File:
    """What `open` gives: where it is, and whether it is written."""

    __slots__ = ("left", "path", "writes")

    def __init__(self, path: Values, *, writes: bool) -> None:
        self.path = path
        self.writes = writes
        self.left: list[Any] | None = None
        """The lines that `readline` has not given yet, where one was asked for."""


class Group(list):  # type: ignore[type-arg]
    """A set."""


class Made(list):  # type: ignore[type-arg]
    """What a generator gives."""


class Settings(dict):  # type: ignore[type-arg]
    """What `configparser.ConfigParser()` gives."""


class Choice:
    """One of several values."""

    __slots__ = ("options",)

    def __init__(self, options: list[Any]) -> None:
        self.options = options


class Name:
    """A module, what is in one, or what a call of it gives, by its dotted name."""

    __slots__ = ("given", "name")

    def __init__(self, name: str, given: Any = None) -> None:
        self.name = name
        self.given = given
        """What it was made of, where that matters later."""


class Space:
    """Names of a module, function or class, and where they are looked up next."""

    __slots__ = ("names", "outer", "shared")

    def __init__(self, outer: Space | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.outer = outer
        self.shared: dict[str, Space] = {}
        """Where names of `global` and `nonlocal` are kept."""

    def find(self, name: str) -> Any:
        """The value of a name; raises KeyError."""
        space: Space | None = self
        while space is not None:
            if name in space.names:
                return space.names[name]
            space = space.outer
        raise KeyError(name)

    def put(self, name: str, value: Any) -> None:
        """Give a name a value."""
        self.shared.get(name, self).names[name] = value

    def top(self) -> Space:
        """The space of the module."""
        space = self
        while space.outer is not None:
            space = space.outer
        return space


class Function:
    """A function or lambda of the code, and the object that it is bound to."""

    __slots__ = ("decorators", "defaults", "node", "own", "space")

    def __init__(self, node: Any, space: Space, own: Any = None) -> None:
        self.node = node
        self.space = space
        self.own = own
        self.defaults: list[Any] = []
        self.decorators: list[str] = []

    def bound(self, own: Any) -> Function:
        """The function as a method of `own`."""
        found = Function(self.node, self.space, own)
        found.defaults, found.decorators = self.defaults, self.decorators
        return found


class Class:
    """A class of the code."""

    __slots__ = ("bases", "decorators", "fields", "name", "space")

    def __init__(self, name: str, space: Space, bases: list[Any]) -> None:
        self.name = name
        self.space = space
        self.bases = bases
        self.fields: list[str] = []
        """Annotated names in order, as dataclasses have them."""
        self.decorators: list[str] = []

    def find(self, name: str) -> Any:
        """An attribute, of a base too; raises KeyError."""
        if name in self.space.names:
            return self.space.names[name]
        for base in self.bases:
            if isinstance(base, Class):
                try:
                    return base.find(name)
                except KeyError:
                    continue
        raise KeyError(name)


class Instance:
    """An object of a class of the code, or of a module (`kind` is None)."""

    __slots__ = ("attributes", "kind")

    def __init__(self, kind: Class | None) -> None:
        self.kind = kind
        self.attributes: dict[str, Any] = {}


class Bound:
    """A method of a value that is no object of the code's classes."""

    __slots__ = ("method", "value")

    def __init__(self, value: Any, method: str) -> None:
        self.value = value
        self.method = method


class Partial:
    """A function with some of its arguments."""

    __slots__ = ("function", "given", "named")

    def __init__(self, function: Any, given: list[Any], named: dict[str, Any]) -> None:
        self.function = function
        self.given = given
        self.named = named


CALLABLE = (Function, Class, Bound, Partial)


def options(value: Any) -> list[Any]:
    """What the value can be."""
    return value.options if isinstance(value, Choice) else [value]


def choice(values: list[Any]) -> Any:
    """One of these."""
    found: list[Any] = []
    for value in values:
        for option in options(value):
            if not any(same(option, other) for other in found):
                found.append(option)
        if len(found) > MOST:
            return UNKNOWN
    return found[0] if len(found) == 1 else Choice(found) if found else UNKNOWN


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, without looking into containers."""
    if one is other:
        return True
    simple = (str, int, float, Path)
    return type(one) is type(other) and isinstance(one, simple) and bool(one == other)


def is_unknown(value: Any) -> bool:
    """Whether nothing is known of the value."""
    return isinstance(value, Name) or (isinstance(value, str) and value == UNKNOWN)


def is_solid(value: Any, depth: int = 0) -> bool:
    """Whether all of the value is known."""
    if isinstance(value, str):
        return is_known(value)
    if isinstance(value, Path):
        return is_known(value.text)
    if isinstance(value, (list, tuple)):
        return depth < 6 and all(is_solid(v, depth + 1) for v in value)
    if isinstance(value, dict):
        return depth < 6 and all(is_solid(v, depth + 1) for v in (*value, *value.values()))
    return value is None or isinstance(value, (int, float))


def truth(value: Any) -> bool | None:
    """Whether the value is true; None where that is not known."""
    if isinstance(value, Choice):
        found = {truth(v) for v in value.options}
        return found.pop() if len(found) == 1 else None
    if isinstance(value, str):
        if is_known(value):
            return bool(value)
        return True if any(char not in MARKS for char in value) else None
    if isinstance(value, (list, tuple, dict)):
        return bool(value)
    if value is None or isinstance(value, (int, float)):
        return bool(value)
    return None if isinstance(value, Name) else True


def equal(one: Any, other: Any) -> bool | None:
    """Whether two values are equal; None where that is not known."""
    if isinstance(one, Choice) or isinstance(other, Choice):
        found = {equal(a, b) for a in options(one) for b in options(other)}
        return found.pop() if len(found) == 1 else None
    if isinstance(one, str) and isinstance(other, str):
        if is_known(one) and is_known(other):
            return one == other
        if is_known(other):
            return None if fits(one, other) else False
        return None if not is_known(one) or fits(other, one) else False
    if is_unknown(one) or is_unknown(other):
        return None
    if isinstance(one, Path) and isinstance(other, Path):
        return equal(one.text, other.text)
    if is_solid(one) and is_solid(other):
        return bool(one == other)
    return None


def contains(container: Any, item: Any) -> bool | None:
    """Whether `item in container`; None where that is not known."""
    if isinstance(container, Choice) or isinstance(item, Choice):
        found = {contains(a, b) for a in options(container) for b in options(item)}
        return found.pop() if len(found) == 1 else None
    if isinstance(container, str) and isinstance(item, str):
        return item in container if is_known(container) and is_known(item) else None
    if isinstance(container, (list, tuple, dict)):
        found = {equal(element, item) for element in container}
        return True if True in found else None if None in found else False
    return None


def texts(value: Any) -> Values:
    """The value as names of files or as text."""
    if isinstance(value, Choice):
        found = [text for option in value.options for text in texts(option)]
        return tuple(dict.fromkeys(found)) if len(found) <= MOST else ANY
    if isinstance(value, str):
        return (value,) if len(value) <= LONGEST else ANY
    if isinstance(value, Path):
        return (value.text,)
    if isinstance(value, File):
        return value.path
    if isinstance(value, (int, float)):
        return (str(value),)
    return ANY


def of_texts(found: Values) -> Any:
    """One of these texts."""
    return found[0] if len(found) == 1 else Choice(list(found)) if found else UNKNOWN


def elements(value: Any) -> list[Any] | None:
    """What iterating over the value gives; None where that is not known."""
    if isinstance(value, Choice):
        lists = [elements(v) for v in value.options]
        if any(found is None for found in lists):
            return None
        width = max((len(found or ()) for found in lists), default=0)
        return [choice([f[at] for f in lists if f and at < len(f)]) for at in range(width)]
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, str) and is_known(value) and len(value) <= 200:
        return list(value)
    if isinstance(value, Instance) and value.kind is not None and value.kind.fields:
        return [value.attributes.get(name, UNKNOWN) for name in value.kind.fields]
    if isinstance(value, (range, GeneratorType)):
        return list(islice(value, LARGEST))
    return None
