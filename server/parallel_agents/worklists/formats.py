"""Which format a list is in, and what is done with each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import assert_never

from parallel_agents.core.errors import BadInput, NotNow
from parallel_agents.worklists import beads, github, jsonspans, markdown, taskmaster
from parallel_agents.worklists.entries import Kind, Progress, WorkList

ENDINGS = {".md": Kind.MARKDOWN, ".markdown": Kind.MARKDOWN, ".jsonl": Kind.BEADS}
BY_NAME = ", ".join(Kind)


def kind_of(name: str, text: str) -> Kind:
    """The format of a list, by its name's ending and by what is in it. Raises `BadInput`."""
    for ending, kind in ENDINGS.items():
        if name.casefold().endswith(ending):
            return kind
    start = text.lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "["):
        try:
            value = jsonspans.parse(text).value
        except jsonspans.NotJson as error:
            if start.startswith("{") and _is_lines(start):
                return Kind.BEADS
            raise BadInput(
                "unreadable_list",
                f"{name} looks like JSON and is none: {error}. Nothing was changed.",
                "Correct it, or export the list again.",
            ) from None
        if isinstance(value, list) or (isinstance(value, dict) and "number" in value):
            return Kind.GITHUB
        if isinstance(value, dict) and ("tasks" in value or taskmaster.tags(value)):
            return Kind.TASK_MASTER
        if isinstance(value, dict) and {"id", "title", "status"} <= value.keys():
            return Kind.BEADS
    elif next(iter(markdown.read(text, name).entries), None) is not None:
        return Kind.MARKDOWN
    raise BadInput(
        "unknown_format",
        f"{name} is no list of work that can be read: a Markdown checklist (`- [ ]`), issues of "
        "`gh issue list --json`, an export of beads, or tasks.json of Task Master.",
        f"Say what it is with --format ({BY_NAME}), or write a plan by hand.",
    )


def read(kind: Kind, text: str, place: str, tag: str | None = None) -> WorkList:
    """The list in `text`; `place` names it in messages. Raises `BadInput`."""
    match kind:
        case Kind.MARKDOWN:
            return markdown.read(text, place)
        case Kind.GITHUB:
            return github.read(text, place)
        case Kind.BEADS:
            return beads.read(text, place)
        case Kind.TASK_MASTER:
            return taskmaster.read(text, place, tag)
        case _:
            assert_never(kind)


def write_back(
    work: WorkList,
    text: str,
    place: str,
    progress: Mapping[str, Progress],
    now: float,
    tag: str | None = None,
) -> str:
    """The text with the state of these entries (by key) in it, and nothing else changed.

    `now` is seconds since the epoch. Raises `NotNow` for a format that holds no state of its own.
    """
    match work.kind:
        case Kind.MARKDOWN:
            return markdown.write(text, progress)
        case Kind.BEADS:
            return beads.write(text, progress, now, place)
        case Kind.TASK_MASTER:
            return taskmaster.write(text, progress, place, tag)
        case Kind.GITHUB:
            landed = [k for k, far in progress.items() if far is Progress.LANDED]
            close = "; ".join(f"gh issue close {key.removeprefix('#')}" for key in landed)
            raise NotNow(
                "not_written_back",
                f"{place} is a copy of issues that are kept by GitHub; to write into it would "
                "change nothing there.",
                f"close what has landed there: {close}." if close else "nothing has landed yet.",
            )
        case _:
            assert_never(work.kind)


def _is_lines(text: str) -> bool:
    try:
        return isinstance(json.loads(text.partition("\n")[0]), dict)
    except ValueError:
        return False
