"""The run as the rules see it: one consistent, indexed view, changed only by applying events.

Built so that a claim costs the same with 100 tasks as with 100,000: what is ready is kept in
order as it becomes ready, and nothing here walks over all tasks on the way to a claim.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from parallel_agents.core.events import Event, Kind
from parallel_agents.core.globs import meet
from parallel_agents.core.model import Agent, Approval, Claim, Plan, State, Strategy, Task, TaskId

READY_STATES = (State.AVAILABLE, State.FAILED)


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
    damaged: str = ""
    """What is wrong with the task's file. Its claim stands; nothing moves until it is mended."""

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


class View:
    """The state of one repository at revision `rev`."""

    def __init__(self) -> None:
        self.rev = 0
        self.proposal: Plan | None = None
        self.run: Run | None = None
        self.records: dict[TaskId, Record] = {}
        self.claims: dict[TaskId, Claim] = {}
        """Live claims by task."""
        self.slots: dict[str, int] = {}
        """Agent key to its number in this run."""
        self.counts: Counter[State] = Counter()
        self.damaged: dict[str, str] = {}
        """File (relative to the store) to what is wrong with it; such tasks are left alone."""
        self._of_agent: dict[str, TaskId] = {}
        self._dependents: dict[TaskId, list[TaskId]] = {}
        self._unmet: dict[TaskId, int] = {}
        self._ready: list[tuple[int, int, int, TaskId]] = []
        self._queued: set[tuple[int, int, int, TaskId]] = set()

    # ------------------------------------------------------------------ questions

    def claim_of(self, agent: Agent) -> Claim | None:
        """The live claim this agent holds."""
        task = self._of_agent.get(agent.key)
        return None if task is None else self.claims[task]

    def unmet(self, task: TaskId) -> tuple[TaskId, ...]:
        """The dependencies of a task that are not completed."""
        return tuple(
            d
            for d in self.records[task].task.depends_on
            if d not in self.records or self.records[d].state is not State.COMPLETED
        )

    def ready(self) -> Iterator[Record]:
        """Tasks whose state and dependencies allow a claim, best first.

        Available before failed, larger priority first, then the plan's order. Walks the heap
        best-first without changing it: k tasks cost O(k log k).
        """
        heap = self._ready
        frontier = [(heap[0], 0)] if heap else []
        while frontier:
            entry, at = heapq.heappop(frontier)
            for child in (2 * at + 1, 2 * at + 2):
                if child < len(heap):
                    heapq.heappush(frontier, (heap[child], child))
            if self._is_current(entry):
                yield self.records[entry[3]]

    def met_by(
        self, files: Iterable[str], but: TaskId | None = None
    ) -> tuple[Claim, str, str] | None:
        """A live claim whose files can match a path of `files`: (claim, its pattern, witness)."""
        wanted = tuple(files)
        for claim in self.claims.values():
            if claim.task != but and (meeting := meet(claim.files, wanted)):
                return claim, meeting[0], meeting[2]
        return None

    def unfinished(self) -> Iterator[Record]:
        """Records that still own their files."""
        return (
            r
            for r in self.records.values()
            if r.state in (State.AVAILABLE, State.CLAIMED, State.FAILED)
        )

    def dependents(self, task: TaskId) -> tuple[TaskId, ...]:
        """The tasks that name this one in their `depends_on`."""
        return tuple(t for t in self._dependents.get(task, ()) if t in self.records)

    def next_slot(self, agent: Agent) -> int:
        """The agent's number in this run: the one it has, or the next one."""
        return self.slots.get(agent.key) or max(self.slots.values(), default=0) + 1

    # ------------------------------------------------------------------ changes

    def add(self, task: Task, order: int | None = None) -> Record:
        """Put a task in, or put a changed one in place of the old; what happened to it stays."""
        old = self.records.get(task.id)
        if old is None:
            record = Record(task, len(self.records) if order is None else order)
            self.records[task.id] = record
            self.counts[record.state] += 1
        else:
            record = old
            for dependency in record.task.depends_on:
                self._dependents[dependency].remove(task.id)
            record.task = task
        for dependency in task.depends_on:
            self._dependents.setdefault(dependency, []).append(task.id)
        self._unmet[task.id] = len(self.unmet(task.id))
        for dependent in self._dependents.get(task.id, ()):
            if dependent in self.records:
                self._unmet[dependent] = len(self.unmet(dependent))
        self._offer(record)
        return record

    def apply(self, event: Event) -> None:
        """Change the view by one event. Total: an event that does not fit is taken as it comes."""
        self.rev = max(self.rev, event.rev)
        if event.task is not None:
            record = self.records.get(event.task)
            if record is not None:
                self._apply_to(record, event)
        elif event.kind is Kind.MERGED:
            for task in event.data["tasks"]:
                if record := self.records.get(task):
                    record.merged = True

    def place(self, record: Record, state: State) -> None:
        """Set a task's state without an event: for a store that reads where its file lies."""
        if state is not State.CLAIMED:
            self._drop_claim(record)
        self._set_state(record, state)

    def install(self, plan: Plan, approval: Approval) -> None:
        """Begin a run with an approved plan, or amend the running one by it."""
        self.run = self.approved_run(plan, approval)
        for task in plan.tasks:
            self.add(task)
        self.proposal = None

    def approved_run(self, plan: Plan, approval: Approval) -> Run:
        """The run as it is once this plan is approved: a new one, or the running one amended."""
        if self.run is None:
            return Run(
                id=plan.id,
                goal=plan.goal,
                strategy=approval.strategy,
                base=approval.base,
                target=approval.target,
                check=plan.check,
                setup=plan.setup,
                max_agents=plan.max_agents,
                approvals=(approval,),
            )
        return replace(
            self.run,
            goal=plan.goal,
            check=plan.check,
            setup=plan.setup,
            max_agents=plan.max_agents,
            approvals=(*self.run.approvals, approval),
        )

    def _apply_to(self, record: Record, event: Event) -> None:
        data = event.data
        record.last = event
        match event.kind:
            case Kind.CLAIMED:
                agent = Agent.from_key(data["agent"], bool(data.get("verified")))
                self._drop_claim(record)
                files = tuple(data["files"])
                self._hold(
                    record,
                    Claim(record.task.id, agent, event.rev, files, event.at, data["slot"]),
                )
                self.slots[agent.key] = data["slot"]
                self._set_state(record, State.CLAIMED)
            case Kind.PREPARED if record.claim and record.claim.token == data["token"]:
                self._hold(
                    record,
                    replace(
                        record.claim,
                        workdir=data["workdir"],
                        branch=data["branch"],
                        start=data["start"],
                    ),
                )
            case Kind.EXTENDED if record.claim and record.claim.token == data["token"]:
                files = (*record.claim.files, *data["files"])
                self._hold(record, replace(record.claim, files=files))
            case Kind.COMPLETED:
                record.completed, record.merged = event, False
                self._end(record, event, State.COMPLETED)
            case Kind.RETURNED:
                self._end(record, event, State.AVAILABLE)
            case Kind.FAILED:
                record.failures = data["failures"]
                record.failed_by |= {data["agent"]}
                self._end(record, event, State(data["state"]))
            case Kind.RECOVERED:
                record.recoveries = data["recoveries"]
                if data.get("fresh"):
                    record.failures, record.failed_by = 0, frozenset()
                    record.completed = None
                self._end(record, event, State(data["state"]))
            case Kind.MOVED:
                if data.get("found") == State.BLOCKED:
                    record.failures, record.recoveries = 0, 0
                    record.failed_by = frozenset()
                if record.claim:
                    record.ended[record.claim.token] = event
                self.place(record, State(data["state"]))
            case _:
                pass

    def _end(self, record: Record, event: Event, state: State) -> None:
        token = event.data.get("token")
        if token is not None:
            record.ended[token] = event
        self._drop_claim(record)
        self._set_state(record, state)

    def _hold(self, record: Record, claim: Claim) -> None:
        record.claim = claim
        self.claims[record.task.id] = claim
        self._of_agent[claim.agent.key] = record.task.id

    def _drop_claim(self, record: Record) -> None:
        if record.claim is None:
            return
        self.claims.pop(record.task.id, None)
        if self._of_agent.get(record.claim.agent.key) == record.task.id:
            del self._of_agent[record.claim.agent.key]
        record.claim = None

    def _set_state(self, record: Record, state: State) -> None:
        was = record.state
        if state is not was:
            self.counts[was] -= 1
            self.counts[state] += 1
            record.state = state
            if State.COMPLETED in (was, state):
                step = -1 if state is State.COMPLETED else 1
                for dependent in self._dependents.get(record.task.id, ()):
                    if dependent in self.records:
                        self._unmet[dependent] += step
                        self._offer(self.records[dependent])
        self._offer(record)
        while self._ready and not self._is_current(self._ready[0]):
            self._queued.discard(heapq.heappop(self._ready))

    def _offer(self, record: Record) -> None:
        if record.state in READY_STATES and not self._unmet[record.task.id]:
            entry = self._entry(record)
            # A task that comes back may still have its old entry deeper in the heap.
            if entry not in self._queued:
                self._queued.add(entry)
                heapq.heappush(self._ready, entry)

    def _entry(self, record: Record) -> tuple[int, int, int, TaskId]:
        late = int(record.state is State.FAILED)
        return late, -record.task.priority, record.order, record.task.id

    def _is_current(self, entry: tuple[int, int, int, TaskId]) -> bool:
        record = self.records[entry[3]]
        return (
            record.state in READY_STATES
            and not self._unmet[record.task.id]
            and self._entry(record) == entry
        )

    def summary(self) -> dict[str, Any]:
        """`total` and a count for each state."""
        return {"total": len(self.records), **{s.value: self.counts[s] for s in State}}
