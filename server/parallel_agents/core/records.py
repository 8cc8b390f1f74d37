"""What a view of a run is made of: the run as it was approved, and one record for each task."""

from __future__ import annotations

from dataclasses import dataclass, field

from parallel_agents.core.events import Event
from parallel_agents.core.model import Agent, Approval, Claim, State, Strategy, Task, TaskId


@dataclass(slots=True)
class Record:
    """One task and all that has happened to it."""

    task: Task
    order: int
    """Position in the plan, from 0."""
    state: State = State.AVAILABLE
    claim: Claim | None = None
    failures: int = 0
    recoveries: int = 0
    failed_by: frozenset[str] = frozenset()
    """Keys of the agents that failed this task."""
    completed: Event | None = None
    """The completion whose result counts."""
    merged: bool = False
    ended: dict[int, Event] = field(default_factory=dict)
    """Spent tokens, each with the event that spent it."""
    last: Event | None = None
    last_failure: str | None = None
    """Why the task failed the last time."""
    damaged: str = ""
    """What is wrong with the task's file. Its claim stands; nothing moves until it is mended."""
    rests_on: tuple[TaskId, ...] = ()
    """Tasks whose results its claim started from without depending on them: they share files."""
    grown: tuple[Event, ...] = ()
    """How its live or completed claim grew."""

    @property
    def commit(self) -> str | None:
        """The commit (full SHA) recorded at completion."""
        return self.completed.data.get("commit") if self.completed else None


@dataclass(frozen=True, slots=True)
class Run:
    """What was approved: constant but for amendments."""

    id: str
    goal: str
    strategy: Strategy
    base: str
    target: str
    check: str | None
    setup: str | None
    max_agents: int | None
    approvals: tuple[Approval, ...]

    def approved(self, plan_id: str) -> bool:
        """Whether the user said yes to the plan of this id."""
        return any(a.plan_id == plan_id for a in self.approvals)

    @property
    def ordered(self) -> tuple[tuple[TaskId, TaskId], ...]:
        """Pairs (first, second) that the user has run in order: the last approval settles all."""
        return self.approvals[-1].ordered


def granted(task: TaskId, agent: Agent, event: Event) -> Claim:
    """The claim that this grant (an event of kind `CLAIMED`) gives the agent."""
    data = event.data
    return Claim(
        task=task,
        agent=agent,
        token=event.rev,
        files=tuple(data["files"]),
        since=event.at,
        slot=data["slot"],
        workdir=data.get("workdir"),
        start=data.get("start"),
    )
