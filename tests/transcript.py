"""What `references/examples.md` shows, as steps that can be played.

A section (`## title`) is one run. A fenced block of code gives files of its repository as they are
at the start, each under a comment that names it. A `calls` block gives, line by line:

    agent-1: claim_task {"wait": 60}      a call of a tool; its arguments may go on below
    user answers: {"approve": true}       what the user fills into the form of the call above
    user$ git log --format=%s             a command that the user types
    => {"task_id": "auth"}                the part of the reply that matters, or a refusal's text
    => ...                                no reply yet
    agent-1 => {"task_id": "auth"}        the reply that came later

A `text` block repeats the `text` of the reply before it. In every expectation `…` stands for any
text, and how lines are broken does not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Expected = dict[str, Any] | str
"""A part of a reply, or the whole text of a refusal or of a command's output."""

LATER = "..."

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^(?:#|//) (\S+\.\w+)\n", re.MULTILINE)
_LINE = re.compile(
    r"(?P<user>user\$ )|(?P<form>user answers: )|(?P<late>\S+) => |(?P<reply>=> )|"
    r"(?P<who>[\w-]+): (?P<tool>\w+) (?=\{)"
)


@dataclass
class Call:
    """One call of a tool by an agent. `reply` is None where the document shows none."""

    line: int
    who: str
    tool: str
    arguments: dict[str, Any]
    answer: dict[str, Any] | None = None
    """What the user fills into the form."""
    reply: Expected | None = None


@dataclass
class Typed:
    """One command that the user types."""

    line: int
    command: str
    reply: Expected | None = None


@dataclass
class Late:
    """The reply to an agent's call further up."""

    line: int
    who: str
    reply: Expected


@dataclass
class Shown:
    """The `text` of the reply before."""

    line: int
    text: str


Step = Call | Typed | Late | Shown


@dataclass
class Run:
    """One section: files at the start (path to content), and what happens."""

    title: str
    files: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def read(document: Path) -> list[Run]:
    """The runs of a document. Raises `ValueError` for a line that is none of the above."""
    text = document.read_text(encoding="utf-8")
    runs = []
    for section in re.finditer(r"^## (.+)\n((?:(?!^## ).*\n?)*)", text, re.MULTILINE):
        run = Run(section[1])
        for block in _BLOCK.finditer(section[2]):
            line = text.count("\n", 0, section.start(2) + block.start(2)) + 1
            match block[1]:
                case "calls":
                    run.steps += _steps(block[2], line)
                case "text":
                    run.steps.append(Shown(line, block[2]))
                case _:
                    run.files |= _files(block[2])
        if run.steps:
            runs.append(run)
    return runs


def differences(expected: Any, real: Any, at: str = "reply") -> Iterator[str]:
    """Where `real` is not as expected: objects may have more keys, lists not more items."""
    match expected, real:
        case dict(), dict():
            for key, value in expected.items():
                if key in real:
                    yield from differences(value, real[key], f"{at}.{key}")
                else:
                    yield f"{at} has no {key}"
        case list(), list() if len(expected) == len(real):
            for number, (one, other) in enumerate(zip(expected, real, strict=True)):
                yield from differences(one, other, f"{at}[{number}]")
        case str(), str() if _fits(expected, real):
            pass
        case _ if expected != real or type(expected) is not type(real):
            yield f"{at} is {real!r}, not {expected!r}"


def _fits(pattern: str, text: str) -> bool:
    parts = (re.escape(part) for part in " ".join(pattern.split()).split("…"))
    return re.fullmatch(".*".join(parts), " ".join(text.split())) is not None


def _files(block: str) -> dict[str, str]:
    before, *parts = _FILE.split(block)
    if before:
        raise ValueError(f"a block does not begin with the name of a file: {before[:40]}")
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _steps(block: str, line: int) -> Iterator[Step]:
    """The steps of one block whose first line has this number."""
    last: Call | Typed | None = None
    at = 0
    while at < len(block):
        begun = _LINE.match(block, at)
        if begun is None:
            raise ValueError(f"line {line + block.count(chr(10), 0, at)} cannot be read")
        here = line + block.count("\n", 0, at)
        value, at = _value(block, begun.end(), begun.lastgroup == "user")
        match begun.lastgroup:
            case "user":
                yield (last := Typed(here, str(value)))
            case "tool" if isinstance(value, dict):
                yield (last := Call(here, begun["who"], begun["tool"], value))
            case "late":
                yield Late(here, begun["late"], value)
            case "form" if isinstance(last, Call) and isinstance(value, dict):
                last.answer = value
            case "reply" if last is not None:
                last.reply = value
            case _:
                raise ValueError(f"line {here} has no place there")


def _value(block: str, start: int, is_line: bool) -> tuple[Expected, int]:
    """A JSON object, or a text that goes on to the next line that begins something."""
    if not is_line and block.startswith("{", start):
        value, end = json.JSONDecoder().raw_decode(block, start)
        return value, end + 1
    end = block.index("\n", start) + 1
    while not is_line and end < len(block) and not _LINE.match(block, end):
        end = block.find("\n", end) + 1 or len(block)
    return block[start:end].strip(), end
