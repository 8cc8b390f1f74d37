"""The text of a plan file as plain data with line numbers, nothing of it converted on the way.

YAML 1.1 turns an unquoted `no` into false and `12:30` into 750. Here such a scalar stays what was
written, as a `Misread`, so that the reader of a refusal sees their own text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from parallel_agents.core.errors import BadInput

LONGEST = 4_000_000
"""Characters of a plan file; a longer one is no plan."""

DEEPEST = 20
"""Levels of nesting; a plan has four, and libyaml overruns its stack at some hundred thousand."""

Loc = tuple[int | str, ...]
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_KINDS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "merge": "an instruction to merge",
    "value": "a default value",
    "binary": "binary data",
}
_QUOTE = "Put text with special characters in quotes."


@dataclass(frozen=True, slots=True)
class Misread:
    """A scalar that YAML would have turned into something else than text."""

    text: str
    kind: str
    """What YAML reads it as, for a sentence: `a date`."""


@dataclass(frozen=True, slots=True)
class Document:
    """Data as pydantic takes it, and where in the text it came from."""

    data: object
    source: str = "the plan"
    lines: Mapping[Loc, int] = field(default_factory=dict)
    """Line (from 1) of a value, by its keys and indexes. Empty for JSON."""

    def place(self, loc: Loc) -> str:
        """`plan.yaml, line 7`: of the value at `loc`, or of the nearest thing around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        line = self.lines.get(loc)
        return self.source if line is None else f"{self.source}, line {line}"


def read_document(text: str, source: str) -> Document:
    """The document in `text`, JSON where it begins with a brace and is JSON, else YAML.

    Raises `BadInput` with the code `unreadable_plan`, or `duplicate_key` where a key stands twice.
    """
    if len(text) > LONGEST:
        raise _unreadable(source, f"it has more than {LONGEST} characters", "Shorten the plan.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unreadable(source, "it is not UTF-8 text", "Save it as UTF-8.") from None
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        try:
            return Document(_from_json(text, source), source)
        except json.JSONDecodeError as error:
            # Braces may also be YAML's; only a file that calls itself JSON has to be JSON.
            if source.casefold().endswith(".json"):
                why = f"line {error.lineno}: {error.msg}"
                raise _unreadable(source, why, "Correct the JSON.") from None
    return _from_yaml(text, source)


def _from_json(text: str, source: str) -> object:
    def unique(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(items)
        if len(mapping) < len(items):
            seen: set[str] = set()
            twice = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise _duplicate(source, twice)
        return mapping

    try:
        return json.loads(text, object_pairs_hook=unique)
    except RecursionError:
        raise _too_deep(source) from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise _unreadable(source, "a number in it is too long", "Correct it.") from None


def _from_yaml(text: str, source: str) -> Document:
    try:
        _refuse_depth(text, source)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, source) from None
    if node is None:
        raise _unreadable(source, "it is empty", "Write a plan with `goal` and `tasks` into it.")
    reading = _Reading(source)
    data = reading.value(node, ())
    return Document(data, source, reading.lines)


class _Reading:
    """Turns nodes into data. A node that an alias repeats is turned once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._done: dict[int, object] = {}
        self.lines: dict[Loc, int] = {}

    def value(self, node: yaml.Node, loc: Loc) -> object:
        line = node.start_mark.line + 1
        self.lines.setdefault(loc, line)
        if len(loc) > DEEPEST:
            raise _too_deep(self._source)
        if id(node) not in self._done:
            self._done[id(node)] = self._made(node, loc, line)
        return self._done[id(node)]

    def _made(self, node: yaml.Node, loc: Loc, line: int) -> object:
        if not node.tag.startswith("tag:yaml.org,2002:"):
            why = f"line {line}: {node.tag} is a YAML tag"
            step = "Put text that begins with ! in quotes."
            raise _unreadable(self._source, why, step)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*loc, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        mapping: dict[str, object] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _unreadable(self._source, f"line {line}: a key is not a word", _QUOTE)
            if key.value in mapping:
                raise _duplicate(f"{self._source}, line {line}", key.value)
            self.lines[*loc, key.value] = line
            mapping[key.value] = self.value(value, (*loc, key.value))
        return mapping


def _scalar(node: yaml.Node) -> object:
    text: str = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    return Misread(text, _KINDS[kind]) if kind in _KINDS else text


def _refuse_depth(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _too_deep(source)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _not_yaml(error: yaml.YAMLError, text: str, source: str) -> BadInput:
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        why = f"line {line}: a control character stands near here"
        return _unreadable(source, why, "Take the control character out.")
    problem = error.problem or "it cannot be parsed"
    about = f"{error.context} {problem}"
    mark = error.problem_mark or error.context_mark
    if "alias" in about:
        step = 'Put a pattern that begins with * in quotes: "**/*.md".'
    elif "mapping values" in about:
        step = "Put text that contains a colon and a space in quotes."
    elif "cannot start any token" in about or "tab character" in about:
        step = "Indent with spaces, not tabs, and quote text that begins with @, ` or %."
    elif "single document" in about:
        step = "Leave one plan in the file."
    else:
        step = "Correct the line, or the one above it. " + _QUOTE
    where = "" if mark is None else f"line {mark.line + 1}: "
    return _unreadable(source, where + problem, step)


def _unreadable(source: str, why: str, step: str) -> BadInput:
    return BadInput("unreadable_plan", f"{source} cannot be read as a plan: {why}.", step)


def _too_deep(source: str) -> BadInput:
    why = f"it is nested more than {DEEPEST} levels deep"
    return _unreadable(source, why, "A plan is a mapping with a list of tasks in it.")


def _duplicate(place: str, key: str) -> BadInput:
    return BadInput(
        "duplicate_key", f"{place}: the key `{key}` stands twice.", "Leave one of the two."
    )
