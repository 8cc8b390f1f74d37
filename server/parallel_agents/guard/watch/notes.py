"""What an agent is to be told at its next hook: `_tasks/.watch/notes/<session>.<agent>`."""

from __future__ import annotations

import os

from parallel_agents.core.locktable import fields, row
from parallel_agents.guard.runs import WATCH, sign
from parallel_agents.guard.watch.flights import read

NOTES = "notes"
MOST = 10
"""Notes that are told at once; more of them say no more."""


def leave(folder: str, key: str, text: str) -> None:
    """Leave a note for the agent with this key. Raises `OSError`."""
    place = os.path.join(folder, WATCH, NOTES)
    os.makedirs(place, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    fd = os.open(os.path.join(place, sign(key)), flags, 0o644)
    try:
        os.write(fd, row(text).encode("utf-8", "surrogateescape") + b"\n")
    finally:
        os.close(fd)


def taken(folder: str, key: str) -> list[str]:
    """The notes for the agent with this key; they are told once."""
    path = os.path.join(folder, WATCH, NOTES, sign(key))
    mine = f"{path}.{os.getpid()}"
    try:
        os.rename(path, mine)  # of two hooks at once, one gets them
    except OSError:
        return []
    try:
        lines = read(mine).split("\n")
        os.unlink(mine)
    except OSError:
        return []
    found = list(dict.fromkeys(fields(line)[0] for line in lines if line))
    return found[-MOST:]
