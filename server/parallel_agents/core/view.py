"""The run as the rules see it: one consistent, indexed view, changed only by applying events.

Built so that a claim costs the same with 100 tasks as with 100,000: what is ready is kept in
order as it becomes ready, and nothing here walks over all tasks on the way to a claim.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from parallel_agents.core.events import Event, Kind
from parallel_agents.core.globs import meet
from parallel_agents.core.heldpaths import HeldPaths
from parallel_agents.core.model import Agent, Approval, Claim, Plan, State, Task, TaskId
from parallel_agents.core.records import Record, Run, granted

__all__ = ["READY_STATES", "Record", "Run", "View"]

READY_STATES = (State.AVAILABLE, State.FAILED)


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
        self._held = HeldPaths()
        self._of_agent: dict[str, TaskId] = {}
        self._dependents: dict[TaskId, list[TaskId]] = {}
        self._unmet: dict[TaskId, int] = {}
        self._decided: dict[TaskId, tuple[TaskId, ...]] = {}
        """Task to those it comes after because the user did not accept them at once."""
        self._held_up: dict[TaskId, tuple[TaskId, ...]] = {}
        """Task to those it comes after because their claims grew."""
        self._ready: list[tuple[int, int, int, TaskId]] = []
        self._queued: set[tuple[int, int, int, TaskId]] = set()

    # ------------------------------------------------------------------ questions

    def claim_of(self, agent: Agent) -> Claim | None:
        """The live claim this agent holds."""
        task = self._of_agent.get(agent.key)
        return None if task is None else self.claims[task]

    def needs(self, task: TaskId) -> tuple[TaskId, ...]:
        """What must be completed before the task, and what its result contains.

        That is what it declares, what the user put before it, what grew into its way, and
        what its claim started from.
        """
        record = self.records[task]
        declared = record.task.depends_on
        learned = (*self._decided.get(task, ()), *self._held_up.get(task, ()), *record.rests_on)
        return tuple(dict.fromkeys((*declared, *learned))) if learned else declared

    def unmet(self, task: TaskId) -> tuple[TaskId, ...]:
        """Of what a task needs, what is not completed."""
        return tuple(
            d
            for d in self.needs(task)
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
        near = self._held.near(wanted)
        if not near - {but}:
            return None
        for claim in self.claims.values():
            if claim.task in near and claim.task != but and (meeting := meet(claim.files, wanted)):
                return claim, meeting[0], meeting[2]
        return None

    def shared_results(self, task: TaskId) -> tuple[TaskId, ...]:
        """Completed tasks that have not landed and wrote what this task's claim may write."""
        claim = self.claims[task]
        return tuple(
            r.task.id
            for r in self.records.values()
            if r.completed is not None
            and r.state is State.COMPLETED
            and not r.merged
            and meet(r.completed.data.get("files", r.task.files), claim.files)
        )

    def unfinished(self) -> Iterator[Record]:
        """Records that still own their files."""
        return (
            r
            for r in self.records.values()
            if r.state in (State.AVAILABLE, State.CLAIMED, State.FAILED)
        )

    def dependents(self, task: TaskId) -> tuple[TaskId, ...]:
        """The tasks that need this one."""
        return tuple(t for t in self._dependents.get(task, ()) if t in self.records)

    def next_slot(self, agent: Agent) -> int:
        """The agent's number in this run: the one it has, or the next one."""
        return self.slots.get(agent.key) or max(self.slots.values(), default=0) + 1

    # ------------------------------------------------------------------ changes

    def add(self, task: Task, order: int | None = None) -> Record:
        """Put a task in, or put a changed one in place of the old; what happened to it stays."""
        record = self.records.get(task.id)
        if record is None:
            record = Record(task, len(self.records) if order is None else order)
            self.records[task.id] = record
            self.counts[record.state] += 1
        else:
            self._detach(record)
            record.task = task
        self._attach(record)
        for dependent in self._dependents.get(task.id, ()):
            if dependent in self.records:
                self._unmet[dependent] = len(self.unmet(dependent))
        return record

    def decide(self, ordered: Iterable[tuple[TaskId, TaskId]]) -> None:
        """Put the second task of each pair after the first, and nothing else of this kind."""
        decided: dict[TaskId, tuple[TaskId, ...]] = {}
        for before, after in ordered:
            decided[after] = (*decided.get(after, ()), before)
        changed = [self.records[t] for t in {*decided, *self._decided} if t in self.records]
        for record in changed:
            self._detach(record)
        self._decided = decided
        for record in changed:
            self._attach(record)

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

    def in_order(self, first: TaskId, second: TaskId) -> bool:
        """Whether the second task comes after the first, at once or through others."""
        seen, waiting = {second}, [second]
        while waiting:
            for needed in self.needs(waiting.pop()):
                if needed == first:
                    return True
                if needed in self.records and needed not in seen:
                    seen.add(needed)
                    waiting.append(needed)
        return False

    def place(self, record: Record, state: State) -> None:
        """Set a task's state without an event: for a store that reads where its file lies."""
        if state is not State.CLAIMED:
            self._drop_claim(record)
        self._forget_work(record, state)
        self._set_state(record, state)

    def install(self, plan: Plan, approval: Approval) -> None:
        """Begin a run with an approved plan, or amend the running one by it."""
        self.run = self.approved_run(plan, approval)
        for task in plan.tasks:
            self.add(task)
        self.decide(approval.ordered)
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
                self._hold(record, granted(record.task.id, agent, event))
                self.slots[agent.key] = data["slot"]
                self._set_state(record, State.CLAIMED)
            case Kind.PREPARED if record.claim and record.claim.token == data["token"]:
                self._detach(record)
                record.rests_on = tuple(data.get("rests_on", ()))
                self._attach(record)
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
                record.grown = (*record.grown, event)
                self._hold_up(record.task.id, tuple(data.get("held_up", ())))
            case Kind.COMPLETED:
                record.completed, record.merged = event, False
                self._hold_up(record.task.id, tuple(data.get("held_up", ())))
                self._end(record, event, State.COMPLETED)
            case Kind.RETURNED:
                self._end(record, event, State.AVAILABLE)
            case Kind.FAILED:
                record.failures = data["failures"]
                record.failed_by |= {data["agent"]}
                record.last_failure = data.get("reason")
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
        self._forget_work(record, state)
        self._set_state(record, state)

    def _forget_work(self, record: Record, state: State) -> None:
        """What a claim grew by, and started from, counts no longer than its work does."""
        if state in (State.CLAIMED, State.COMPLETED):
            return
        if record.rests_on:
            self._detach(record)
            record.rests_on = ()
            self._attach(record)
        record.grown = ()
        if self._held_up:
            self._let_go(record.task.id)

    def _attach(self, record: Record) -> None:
        """Enter what a task needs, and offer the task where all of it is there."""
        task = record.task.id
        for needed in self.needs(task):
            self._dependents.setdefault(needed, []).append(task)
        self._unmet[task] = len(self.unmet(task))
        self._offer(record)
        self._drop_outdated()

    def _detach(self, record: Record) -> None:
        for needed in self.needs(record.task.id):
            self._dependents[needed].remove(record.task.id)

    def _hold_up(self, before: TaskId, tasks: Iterable[TaskId]) -> None:
        """Let tasks wait for one whose claim grew into their way."""
        for task in tasks:
            if (record := self.records.get(task)) is not None:
                self._detach(record)
                others = self._held_up.get(task, ())
                self._held_up[task] = tuple(dict.fromkeys((*others, before)))
                self._attach(record)

    def _let_go(self, before: TaskId) -> None:
        """Nobody waits any more for what this task's claim grew by."""
        for task in [t for t, others in self._held_up.items() if before in others]:
            record = self.records[task]
            self._detach(record)
            self._held_up[task] = tuple(t for t in self._held_up[task] if t != before)
            self._attach(record)

    def _hold(self, record: Record, claim: Claim) -> None:
        record.claim = claim
        self.claims[record.task.id] = claim
        self._held.put(record.task.id, claim.files)
        self._of_agent[claim.agent.key] = record.task.id

    def _drop_claim(self, record: Record) -> None:
        if record.claim is None:
            return
        self.claims.pop(record.task.id, None)
        self._held.drop(record.task.id)
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
        self._drop_outdated()

    def _drop_outdated(self) -> None:
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
