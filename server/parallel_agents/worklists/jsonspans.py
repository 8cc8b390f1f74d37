"""JSON with the place of each value in its text, so that one value can be replaced alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 100
"""Levels of nesting; the lists that are read have five."""

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


class NotJson(Exception):
    """Raised when a text is not JSON; the text says what is wrong where."""


@dataclass(slots=True)
class Node:
    """One value and where it is: `text[start:end]`."""

    value: Any
    start: int
    end: int
    members: dict[str, Node] = field(default_factory=dict)
    """Of an object; of a key that stands twice, the last one, as JSON parsers have it."""
    items: list[Node] = field(default_factory=list)

    def walk(self, *path: str) -> Node | None:
        """The value at these keys, or None."""
        node: Node | None = self
        for key in path:
            node = node.members.get(key) if node else None
        return node


def parse(text: str) -> Node:
    """The one value in `text`. Raises `NotJson`."""
    start = _skip(text, 1 if text.startswith("\ufeff") else 0)
    node = _value(text, start, 0)
    rest = _skip(text, node.end)
    if rest < len(text):
        raise _wrong(text, rest, "there is more behind the end")
    return node


def replaced(text: str, changes: Iterable[tuple[Node | int, str]]) -> str:
    """The text with these values replaced, or something put in at a place; all else as it was."""
    spots = [(c.start, c.end, new) if isinstance(c, Node) else (c, c, new) for c, new in changes]
    parts, at = [], 0
    for start, end, new in sorted(spots):
        parts += [text[at:start], new]
        at = end
    return "".join((*parts, text[at:]))


def _value(text: str, at: int, depth: int) -> Node:
    if depth > DEEPEST:
        raise _wrong(text, at, "it is nested too deeply")
    char = text[at : at + 1]
    if char == "{":
        node = Node({}, at, at)
        for key, value in _pairs(text, at, depth, node):
            node.members[key] = value
            node.value[key] = value.value
        return node
    if char == "[":
        node = Node([], at, at)
        for _, value in _pairs(text, at, depth, node):
            node.items.append(value)
            node.value.append(value.value)
        return node
    if char == '"':
        string, end = _string(text, at)
        return Node(string, at, end)
    found = _SCALAR.match(text, at)
    if found is None:
        raise _wrong(text, at, "no value begins here")
    return Node(json.loads(found[0]), at, found.end())


def _pairs(text: str, at: int, depth: int, node: Node) -> Iterator[tuple[str, Node]]:
    """The members of the object or list that begins at `at`; a list's have no key."""
    is_object = text[at] == "{"
    close = "}" if is_object else "]"
    at = _skip(text, at + 1)
    first = True
    while text[at : at + 1] != close:
        if not first:
            if text[at : at + 1] != ",":
                raise _wrong(text, at, f"a comma or {close} is missing")
            at = _skip(text, at + 1)
        first, key = False, ""
        if is_object:
            if text[at : at + 1] != '"':
                raise _wrong(text, at, "a key in quotes is missing")
            key, at = _string(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                raise _wrong(text, at, "a colon is missing")
            at = _skip(text, at + 1)
        value = _value(text, at, depth + 1)
        yield key, value
        at = _skip(text, value.end)
    node.end = at + 1


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        string, end = _DECODER.raw_decode(text, at)
        return str(string), end
    except json.JSONDecodeError as error:
        raise _wrong(text, error.pos, error.msg) from None


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _wrong(text: str, at: int, why: str) -> NotJson:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return NotJson(f"line {line}, column {column}: {why}")
