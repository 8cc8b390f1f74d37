"""What every list of work comes down to: entries with a state, each with the id of its task."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import TaskId

LONGEST_ID = 48
"""Characters of an id that is made from a title; the rest is for a number behind it."""


class Kind(StrEnum):
    """The formats that can be read."""

    MARKDOWN = "markdown"
    GITHUB = "github"
    BEADS = "beads"
    TASK_MASTER = "task-master"


class Standing(StrEnum):
    """How far an entry is, as its list says."""

    OPEN = "open"
    BEGUN = "begun"
    DONE = "done"
    OTHER = "other"
    """Put off, cancelled, a group of others: nothing to work on."""


class Progress(StrEnum):
    """How far the task of an entry is in a run."""

    BEGUN = "begun"
    LANDED = "landed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list."""

    key: str
    """How the list itself calls it: `#12`, `bd-a1`, `3.1`, `line 7`."""
    name: str
    """What its task id is made of."""
    title: str
    text: str
    """All else that an agent has to know."""
    standing: Standing
    said: str = ""
    """The list's own word for a standing that is neither open nor done."""
    after: tuple[str, ...] = ()
    """Keys of entries that come before it."""
    hints: tuple[str, ...] = ()
    """Paths in backticks, where the format uses them for the files to be changed."""
    priority: int = 0
    size: int | None = None
    """Minutes."""


@dataclass(frozen=True, slots=True)
class WorkList:
    """A list as it was read."""

    kind: Kind
    entries: tuple[Entry, ...]
    ids: Mapping[str, TaskId]
    """The task id of each entry, by key: the same whenever the same list is read."""

    @property
    def to_do(self) -> tuple[Entry, ...]:
        """The entries that are work, in the list's order."""
        return tuple(e for e in self.entries if e.standing in (Standing.OPEN, Standing.BEGUN))

    @classmethod
    def of(cls, kind: Kind, entries: Sequence[Entry]) -> WorkList:
        """The list of these entries. Entries that are done count for the ids of the others."""
        return cls(kind, tuple(entries), _ids(entries))


def unreadable(
    place: str, why: str, step: str = "Correct it, or export the list again."
) -> BadInput:
    """The refusal of a list that is not what it should be."""
    return BadInput("unreadable_list", f"{place} cannot be read: {why}. Nothing was changed.", step)


def slug(text: str) -> str:
    """The text as a task id: a-z, 0-9 and `-`; empty where nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) <= LONGEST_ID:
        return words
    return words[:LONGEST_ID].rpartition("-")[0] or words[:LONGEST_ID]


def _ids(entries: Iterable[Entry]) -> dict[str, TaskId]:
    taken: set[str] = set()
    ids: dict[str, TaskId] = {}
    for entry in entries:
        base = slug(entry.name) or "task"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        ids[entry.key] = TaskId(name)
    return ids
