"""What one process asked of a store and was told, written down so that its death loses nothing.

A line before each call and one after it, in a file of the process's own; a call without a second
line is one whose process died in it. Times are of the monotonic clock that all processes share.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parallel_agents.core.commands import (
    Answer,
    Command,
    Done,
    Extend,
    Fail,
    Granted,
    NothingToClaim,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Outcome
from parallel_agents.store.protocol import Store

FOLDER = "told"


@dataclass(slots=True)
class Call:
    """One call: what was asked and, unless the process died in it, what was answered."""

    agent: str
    began: int
    """Nanoseconds, as `ended`."""
    command: str
    """claim, completed, returned, failed, extended or recovered: the change that was asked for"""
    task: str | None
    token: int | None
    files: tuple[str, ...] = ()
    to: str | None = None
    """For `recovered`: the state asked for."""
    ended: int | None = None
    answer: str | None = None
    """granted, done, nothing, unchanged or refused"""
    rev: int | None = None
    change: int | None = None
    """The revision of the change that the answer speaks of: for a grant, the token."""
    of_task: str | None = None
    """The task granted."""
    again: bool = False
    code: str = ""
    """Of a refusal, or the reason why there was nothing."""
    sentence: str = ""
    """Of a fault of the store."""


class Journal:
    """The file of one agent."""

    def __init__(self, root: Path, agent: Agent) -> None:
        (root / FOLDER).mkdir(exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._fd = os.open(root / FOLDER / agent.name, flags, 0o644)

    def call(self, store: Store, command: Command) -> Answer | ParallelAgentsError:
        """Make the call; the answer, or the refusal."""
        self._write([time.monotonic_ns(), *_asked(command)])
        answer: Answer | ParallelAgentsError
        try:
            answer, rev = store.transact(command)
            said = _said(answer)
            said["rev"] = rev
        except ParallelAgentsError as refusal:
            answer = refusal
            said = {"answer": "refused", "code": refusal.code, "rev": refusal.rev}
            if refusal.code == "lock_timeout":
                said["sentence"] = refusal.sentence
        self._write({"ended": time.monotonic_ns(), **said})
        return answer

    def _write(self, line: Any) -> None:
        os.write(self._fd, json.dumps(line).encode() + b"\n")


def calls(root: Path) -> list[Call]:
    """Every call of every process, in the order of each process."""
    found = []
    for path in sorted((root / FOLDER).iterdir()):
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break  # killed while it wrote: the line counts as not written
            said = json.loads(line)
            if isinstance(said, list):
                began, command, task, token, files, to = said
                found.append(Call(path.name, began, command, task, token, tuple(files), to))
                continue
            for key, value in said.items():
                setattr(found[-1], key, value)
    return found


def by_agent(history: list[Call]) -> dict[str, list[Call]]:
    """The calls of each agent, in its order."""
    found: dict[str, list[Call]] = defaultdict(list)
    for call in history:
        found[call.agent].append(call)
    return found


def _asked(command: Command) -> list[Any]:
    match command:
        case TakeClaim():
            return ["claim", command.task, None, (), None]
        case Release():
            kind = "completed" if command.outcome is Outcome.COMPLETED else "returned"
            return [kind, command.task, command.token, (), None]
        case Fail():
            return ["failed", command.task, command.token, (), None]
        case Extend():
            return ["extended", command.task, command.token, command.files, None]
        case Recover():
            return ["recovered", command.task, command.token, (), command.to]
    raise ValueError(command)


def _said(answer: Answer) -> dict[str, Any]:
    match answer:
        case Granted(claim):
            said = {"answer": "granted", "of_task": claim.task, "change": claim.token}
            return said | {"again": answer.again}
        case Done(event):
            return {"answer": "done", "change": event.rev, "again": answer.again}
        case NothingToClaim():
            return {"answer": "nothing", "code": answer.reason}
        case _:
            return {"answer": "unchanged"}
