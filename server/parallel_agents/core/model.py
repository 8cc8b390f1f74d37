"""The nouns of a run: tasks, plans, claims, agents and their states. Values only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

TaskId = NewType("TaskId", str)

TASK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What a task id has to match in full: it is the name of a file and part of a branch."""

STALE_AFTER = 30 * 60.0
"""Seconds without a sign of life after which a claim is flagged as stale."""

RETRY_BY_OTHERS = 60.0
"""Seconds for which a failed task is kept for other agents of the run, at work or not."""

FAILURES_TO_BLOCK = 2
RECOVERIES_TO_BLOCK = 3


class State(StrEnum):
    """Where a task is. The values are the folder names of `_tasks/`."""

    AVAILABLE = "available"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    FAILED = "failed"
    BLOCKED = "blocked"


class Strategy(StrEnum):
    """How agents are kept apart: the user's choice of A, B or C."""

    WORKTREE = "worktree"
    BRANCH = "branch"
    FILES = "files"


class Outcome(StrEnum):
    """How a claim ends when its agent lets go of it without a failure."""

    COMPLETED = "completed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Agent:
    """Who calls: the client's session and the agent's id in it (`main` for the conversation)."""

    session: str
    name: str
    verified: bool = field(default=False, compare=False)
    """True when the client's hook, not the caller, said who this is."""

    @property
    def key(self) -> str:
        """`session/name`: the identity that claims and the hook table carry."""
        return f"{self.session}/{self.name}"

    @classmethod
    def from_key(cls, key: str, verified: bool = False) -> Agent:
        """The agent whose `key` this is."""
        session, _, name = key.partition("/")
        return cls(session, name, verified)

    def __str__(self) -> str:
        """The short form for messages: the agent's name and the head of its session."""
        return f"{self.name} (session {self.session[:8]})"


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work. Paths are POSIX, relative to the repository root."""

    id: TaskId
    title: str
    instructions: str
    files: tuple[str, ...]
    """What the task may write: paths or globs (see `core.paths`)."""
    reads: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    """Interfaces (names) that the task brings into being or changes."""
    uses: tuple[str, ...] = ()
    """Interfaces (names) that the task needs."""
    depends_on: tuple[TaskId, ...] = ()
    check: str | None = None
    """A command whose exit status 0 shows that the task is done."""
    size: int | None = None
    """Expected work in minutes."""
    priority: int = 0
    """Larger is claimed earlier, among tasks that could be claimed now."""
    settles: tuple[TaskId, ...] = ()
    """Tasks among `depends_on` whose results conflict: this one joins them, as the user said."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form: tuples are lists."""
        # What is newer than the first plans is left out where it says nothing: their digest stays.
        names = [f for f in self.__dataclass_fields__ if f != "settles" or self.settles]
        values = ((f, getattr(self, f)) for f in names)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Task:
        """The inverse of `as_dict`; the caller has checked the types."""
        values: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two tasks of a plan that run at once only if the user accepts it, and why.

    If the user does not, `before` comes first.
    """

    before: TaskId
    after: TaskId
    witness: str
    reason: str

    @property
    def pair(self) -> tuple[TaskId, TaskId]:
        """The two tasks, the one that would come first first."""
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """A goal cut into tasks, as it is put before the user."""

    goal: str
    tasks: tuple[Task, ...]
    check: str | None = None
    """The suite: run on the combined tree before anything lands."""
    setup: str | None = None
    """A command that makes a new work tree ready (dependencies and the like)."""
    max_agents: int | None = None
    strategy: Strategy | None = None
    """A recommendation; the user chooses at the approval, so it is not part of the digest."""
    doubts: tuple[Doubt, ...] = ()
    """What the comparison of the tasks leaves to the user. The pairs are part of the digest."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over everything the approval is pinned to."""
        content: list[Any] = [
            self.goal,
            [t.as_dict() for t in self.tasks],
            self.check,
            self.setup,
            self.max_agents,
        ]
        if self.doubts:
            content.append(sorted(d.pair for d in self.doubts))
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def id(self) -> str:
        """`p` and the head of the digest: another content is another plan."""
        return "p" + self.digest[:8]


@dataclass(frozen=True, slots=True)
class Approval:
    """The user's yes: to exactly this digest, with this strategy, from this commit."""

    plan_id: str
    digest: str
    strategy: Strategy
    by: str
    """How the yes was given: `form in chat`, `command line`."""
    at: float
    base: str
    """The commit (full SHA) that agents start from."""
    target: str
    """The branch (full ref name) that the results land on."""
    accepted: tuple[tuple[TaskId, TaskId], ...] = ()
    """Doubtful pairs that the user lets run at once."""
    ordered: tuple[tuple[TaskId, TaskId], ...] = ()
    """Doubtful pairs that the user does not: the first task is completed before the second."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One agent's hold on one task and on every path its `files` can match."""

    task: TaskId
    agent: Agent
    token: int
    """The fencing token: the store's revision at which the claim was granted."""
    files: tuple[str, ...]
    since: float
    """Seconds since the epoch."""
    slot: int
    """The agent's number in this run, from 1: names its work tree and its branches."""
    workdir: str | None = None
    """Absolute path of the tree to work in, once it is prepared."""
    branch: str | None = None
    """Short branch name, or None where the strategy has none."""
    start: str | None = None
    """The commit the work starts from: completion compares against it."""
