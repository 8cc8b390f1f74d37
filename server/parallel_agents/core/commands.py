"""What can be asked of a store, and what it answers. Values only; `rules.decide` does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parallel_agents.core.events import Event
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, State, Strategy, Task, TaskId


@dataclass(frozen=True, slots=True)
class Propose:
    """Put a validated plan before the user. `text` is what the user is shown."""

    plan: Plan
    text: str = ""


@dataclass(frozen=True, slots=True)
class Approve:
    """The user's yes to the pending proposal of this id."""

    plan_id: str
    strategy: Strategy
    by: str
    base: str
    target: str
    accept_doubts: bool = False
    """Whether the plan's doubtful pairs may run at once; else they run in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the holder of a claim works, where nothing has to be made ready for it."""

    workdir: str
    """Absolute path of the tree."""
    start: str
    """The commit (full SHA) that the tree is at."""


@dataclass(frozen=True, slots=True)
class TakeClaim:
    """Claim a task: this one, or the best that can be claimed now.

    With a `place` the claim is granted and prepared in one change; else `Prepare` follows.
    """

    agent: Agent
    task: TaskId | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Prepare:
    """Record where the holder works, once that place is ready."""

    agent: Agent
    task: TaskId
    token: int
    workdir: str
    branch: str | None
    start: str
    rests_on: tuple[TaskId, ...] = ()
    """Completed tasks whose results are in `start` because they share files with this one."""


@dataclass(frozen=True, slots=True)
class Met:
    """Another task that turns out to be touched by what a task writes."""

    task: TaskId
    level: str
    """`conflict` (it writes the same) or `check` (it relies on it)."""
    witness: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Let a claim grow by free files. `met` is what that means for the other tasks."""

    agent: Agent
    task: TaskId
    token: int
    files: tuple[str, ...]
    met: tuple[Met, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """End a claim: completed (with the commit that proves it) or given back."""

    agent: Agent
    task: TaskId
    token: int
    outcome: Outcome
    summary: str = ""
    commit: str | None = None
    check: Mapping[str, Any] | None = None
    salvage: str | None = None
    met: tuple[Met, ...] = ()
    """What the real diff means for the other tasks."""


@dataclass(frozen=True, slots=True)
class Fail:
    """End a claim as failed."""

    agent: Agent
    task: TaskId
    token: int
    reason: str
    salvage: str | None = None


@dataclass(frozen=True, slots=True)
class Recover:
    """Bring stale or blocked work back to the queue.

    `by_user` is the user's word; without it the claim must be stale and its agent known not to
    run. `silence` is how long the agent has given no sign of life (its claim is one): seconds
    awake, or None where that is not known, which is never called stale. `token` is that of
    the claim that is to end, as the caller saw it: a later claim is then left alone.
    """

    task: TaskId
    to: State
    by_user: bool
    reason: str = ""
    known_dead: bool = False
    silence: float | None = None
    salvage: str | None = None
    token: int | None = None


@dataclass(frozen=True, slots=True)
class MarkMerged:
    """The results of these tasks have landed as `commit`."""

    tasks: tuple[TaskId, ...]
    commit: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Put a finished run away."""


Command = (
    Propose
    | Approve
    | TakeClaim
    | Prepare
    | Extend
    | Release
    | Fail
    | Recover
    | MarkMerged
    | Archive
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A live claim: a new one, or the one the agent already has."""

    claim: Claim
    task: Task
    failures: int
    again: bool = False
    """True when this claim was granted by an earlier call."""
    strategy: Strategy = field(kw_only=True)
    reason_of_failure: str | None = field(default=None, kw_only=True)
    """Why the task failed the last time, if it did."""


@dataclass(frozen=True, slots=True)
class NothingToClaim:
    """Why there is no task for this agent now. `reason` is a stable code."""

    reason: str
    """all_done, waiting, files_held, enough_agents, only_blocked or left_to_others"""
    sentence: str
    next_step: str
    finished: bool
    """True when calling again cannot help: the agent can end."""
    waiting_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The event that this call, or the same call before it, brought about."""

    event: Event
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing had to be changed: what was asked for is already so."""

    sentence: str


Answer = Granted | NothingToClaim | Done | Unchanged


@dataclass(frozen=True, slots=True)
class Decision:
    """What a store applies, in order, and then answers."""

    answer: Answer
    events: tuple[Event, ...] = field(default=())
