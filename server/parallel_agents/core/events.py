"""What happened: one immutable event per change, the only thing that ever changes a view.

The same event is a line of a task's history, a line of the event feed, and a row in a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any

from parallel_agents.core.model import State, TaskId


class Kind(StrEnum):
    """The changes there are. `data` of an event has the keys named beside each."""

    PROPOSED = "proposed"
    """plan (as stored), text (as shown to the user)"""
    APPROVED = "approved"
    """approval (with the pairs accepted and ordered), plan; changes what can be claimed"""
    CLAIMED = "claimed"
    """agent, verified, files, slot, workdir and start (if nothing had to be prepared); the event's
    rev is the fencing token"""
    PREPARED = "prepared"
    """token, workdir, branch, start, rests_on (completed tasks that share files, if any)"""
    EXTENDED = "extended"
    """token, files (the added ones), met and held_up (see `core.rules.meeting`; if any)"""
    COMPLETED = "completed"
    """token, agent, files, commit, start, branch, workdir, summary, check, met, held_up"""
    RETURNED = "returned"
    """token, agent, summary, salvage"""
    FAILED = "failed"
    """token, agent, reason, salvage, failures, state (failed or blocked)"""
    RECOVERED = "recovered"
    """token, agent, by, reason, salvage, state, recoveries, fresh"""
    MERGED = "merged"
    """tasks, commit"""
    ARCHIVED = "archived"
    """run"""
    MOVED = "moved"
    """state, found: a person moved the task's file"""


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `rev` is the store's revision after it, `at` seconds since the epoch."""

    rev: int
    at: float
    kind: Kind
    task: TaskId | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


_STATES = frozenset(State)
_LISTS = ("rests_on", "held_up")
"""Keys that an event may have or not."""
_PLACE = ("workdir", "start")
"""Keys that a grant has both or none of."""
_NEEDED: Mapping[Kind, Mapping[str, type | tuple[type, ...]]] = {
    Kind.CLAIMED: {"agent": str, "files": list, "slot": int},
    Kind.PREPARED: {"token": int, "workdir": str, "branch": (str, NoneType), "start": str},
    Kind.EXTENDED: {"token": int, "files": list},
    Kind.COMPLETED: {"token": int, "agent": str},
    Kind.RETURNED: {"token": int},
    Kind.FAILED: {"token": int, "agent": str, "failures": int, "state": str},
    Kind.RECOVERED: {"recoveries": int, "state": str},
    Kind.MERGED: {"tasks": list},
    Kind.MOVED: {"state": str},
}


def is_whole(kind: Kind, data: object) -> bool:
    """Whether `data`, as read from a file, has what applying an event of this kind needs."""
    if not isinstance(data, dict):
        return False
    needed = _NEEDED.get(kind, {})
    if not all(isinstance(data.get(key), types) for key, types in needed.items()):
        return False
    lists = [data[key] for key, types in needed.items() if types is list]
    lists += [data[key] for key in _LISTS if key in data]
    if not all(isinstance(items, list) for items in lists):
        return False
    if not all(isinstance(item, str) for items in lists for item in items):
        return False
    if kind is Kind.CLAIMED and any(key in data for key in _PLACE):
        return all(isinstance(data.get(key), str) for key in _PLACE)
    return "state" not in needed or data["state"] in _STATES
