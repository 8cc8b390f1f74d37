"""Markdown with YAML front matter and a history: the form of every file in `_tasks/`.

We write each value as JSON, which is YAML too, so that our own files are read back without a YAML
parser; what a person has edited into other YAML is read with PyYAML.

    ---
    id: "auth"
    files: ["src/auth/**"]
    ---

    What to do …

    ## History
    - 2026-11-23T22:31:05.123456Z #17 claimed {"agent": "…", …}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from parallel_agents.core.events import Event, Kind, is_whole
from parallel_agents.core.model import TaskId

FENCE = "---\n"
HISTORY = "\n## History\n"


class Unreadable(Exception):
    """Raised when a file is not of this form; the text says where."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its fields, its text, and the events of its history in the order written."""

    fields: Mapping[str, Any]
    text: str
    history: tuple[Event, ...]
    newest: int
    """The largest revision in the history, lines that were taken back included; 0 if none."""


def render(fields: Mapping[str, Any], text: str) -> str:
    """A new document with an empty history."""
    head = "".join(f"{k}: {json.dumps(v, ensure_ascii=False)}\n" for k, v in fields.items())
    return f"{FENCE}{head}{FENCE}\n{text}\n{HISTORY}"


def history_line(event: Event, data: str) -> str:
    """One line of a history. `data` is the event's data as JSON text."""
    return f"- {_moment(event.at)} #{event.rev} {event.kind} {data}\n"


def void_line(rev: int, at: float) -> str:
    """A line that takes back the uncommitted history line of revision `rev`."""
    return f"- {_moment(at)} #{rev} void {{}}\n"


def history_text(content: str) -> str:
    """The lines of a document's history, as they are. Raises `Unreadable` where it has none."""
    content = _plain(content)
    cut = content.rfind(HISTORY)
    if cut < 0:
        raise Unreadable("the line `## History` is missing; put it back at the end of the text")
    return content[cut + len(HISTORY) :]


def parse(content: str, task: TaskId | None) -> Document:
    """Read a document. Raises `Unreadable`; torn history lines are passed over, not lost."""
    content = _plain(content)
    if not content.startswith(FENCE):
        raise Unreadable("the file does not begin with a line `---`")
    end = content.find("\n" + FENCE, len(FENCE) - 1)
    if end < 0:
        raise Unreadable("the front matter has no closing line `---`")
    fields = _fields(content[len(FENCE) : end + 1])
    body = content[end + 1 + len(FENCE) :]
    lines = history_text(body)
    text = body[: len(body) - len(lines) - len(HISTORY)]
    history, newest = events(lines.split("\n"), task)
    return Document(fields, text.removeprefix("\n").removesuffix("\n"), history, newest)


def events(lines: Iterable[str], task: TaskId | None) -> tuple[tuple[Event, ...], int]:
    """The events that these lines record, and the largest revision in them (0 if none)."""
    written = []
    voided: set[int] = set()
    newest = 0
    for line in map(_parsed, lines):
        if line is None:
            continue
        newest = max(newest, line.rev)
        if line.kind is None:
            voided.add(line.rev)
        else:
            written.append(Event(line.rev, line.at, line.kind, task, line.data))
    return tuple(e for e in written if e.rev not in voided), newest


@dataclass(frozen=True, slots=True)
class _Line:
    rev: int
    at: float
    kind: Kind | None
    data: Mapping[str, Any]


def _parsed(line: str) -> _Line | None:
    parts = line.split(" ", 4)
    if len(parts) != 5 or parts[0] != "-" or not parts[2].startswith("#"):
        return None
    try:
        at = datetime.fromisoformat(parts[1]).timestamp()
        kind = None if parts[3] == "void" else Kind(parts[3])
        data = json.loads(parts[4])
        if kind is not None and not is_whole(kind, data):
            return None
        return _Line(int(parts[2][1:]), at, kind, data)
    except (ValueError, RecursionError):
        return None


def _moment(at: float) -> str:
    second, fraction = divmod(round(at * 1e6), 1_000_000)
    return f"{_second(second)}.{fraction:06d}Z"


@lru_cache(maxsize=8)  # a moment costs more than the line that it is in, and many share a second
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()[:-6]


def _plain(content: str) -> str:
    """Without what editors of other systems put in: a byte order mark, carriage returns."""
    content = content.removeprefix("\ufeff")
    return content.replace("\r\n", "\n") if content.startswith("---\r\n") else content


def _fields(head: str) -> Mapping[str, Any]:
    fields = {}
    for line in head.split("\n")[:-1]:
        key, colon, value = line.partition(": ")
        try:
            if not colon:
                raise ValueError
            fields[key] = json.loads(value)
        except (ValueError, RecursionError):
            return _fields_by_yaml(head)
    return fields


def _fields_by_yaml(head: str) -> Mapping[str, Any]:
    import yaml

    try:
        # Not the loader in C: deep nesting ends its process.
        fields = yaml.load(head, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2026-99-99
        where = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"the front matter is not YAML: {where}") from None
    if not isinstance(fields, dict):
        raise Unreadable("the front matter is not a mapping")
    return fields
