"""Stores for tests: plans made short, the steps of a run, and a look at the whole state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from parallel_agents.core.commands import (
    Answer,
    Approve,
    Done,
    Extend,
    Fail,
    Granted,
    NothingToClaim,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, State, Strategy, Task, TaskId
from parallel_agents.core.view import View
from parallel_agents.store.protocol import Store

ANNA, BERT, CARA, DORA = (Agent("s-1", name) for name in ("anna", "bert", "cara", "dora"))
COMMIT = "c" * 40
BASE = "b" * 40
TARGET = "refs/heads/main"


class Clock:
    """The two clocks of a machine: they go on only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.25
        """Seconds since the epoch."""
        self.up = 1_000.5
        """Seconds awake since the machine started."""

    def __call__(self) -> float:
        return self.now

    def awake(self) -> float:
        return self.up

    def passes(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 6)
        self.up = round(self.up + seconds, 6)

    def jumps(self, seconds: float) -> None:
        """The machine slept so long; or somebody set its clock, back where it is less than 0."""
        self.now = round(self.now + seconds, 6)


def task(name: str, *files: str, needs: tuple[str, ...] = (), **more: Any) -> Task:
    """A task that writes `<name>.py`, or these files."""
    return Task(
        id=TaskId(name),
        title=f"The task {name}",
        instructions=f"Do {name}.",
        files=files or (f"{name}.py",),
        depends_on=tuple(TaskId(n) for n in needs),
        **more,
    )


def plan(*tasks: Task | str, **more: Any) -> Plan:
    """A plan of these tasks; a name stands for a task of that name."""
    return Plan("A goal", tuple(task(t) if isinstance(t, str) else t for t in tasks), **more)


def approve(store: Store, chosen: Plan, strategy: Strategy = Strategy.WORKTREE) -> Plan:
    """Propose a plan and have it approved."""
    store.transact(Propose(chosen, "As shown to the user."))
    store.transact(Approve(chosen.id, strategy, "test", BASE, TARGET))
    return chosen


def start(store: Store, *tasks: Task | str, **more: Any) -> Plan:
    """A run of these tasks."""
    return approve(store, plan(*tasks, **more))


def ask(store: Store, agent: Agent, name: str | None = None) -> Answer:
    """What the agent gets that asks for a task."""
    return store.transact(TakeClaim(agent, None if name is None else TaskId(name)))[0]


def claim(store: Store, agent: Agent, name: str | None = None) -> Claim:
    """The claim the agent is granted."""
    answer = ask(store, agent, name)
    assert isinstance(answer, Granted), answer
    return answer.claim


def nothing(store: Store, agent: Agent) -> NothingToClaim:
    """Why the agent is granted nothing."""
    answer = ask(store, agent)
    assert isinstance(answer, NothingToClaim), answer
    return answer


def done(answer: tuple[Answer, int]) -> Done:
    """The change that a call brought about."""
    assert isinstance(answer[0], Done), answer
    return answer[0]


def prepare(store: Store, held: Claim, workdir: str = "/work/tree") -> Answer:
    return store.transact(Prepare(held.agent, held.task, held.token, workdir, "a-branch", BASE))[0]


def complete(store: Store, held: Claim, commit: str | None = COMMIT) -> Done:
    release = Release(held.agent, held.task, held.token, Outcome.COMPLETED, "Done.", commit)
    return done(store.transact(release))


def give_back(store: Store, held: Claim) -> Done:
    release = Release(held.agent, held.task, held.token, Outcome.RETURNED, "Not now.")
    return done(store.transact(release))


def fail(store: Store, held: Claim, reason: str = "It does not build.") -> Done:
    return done(store.transact(Fail(held.agent, held.task, held.token, reason)))


def extend(store: Store, held: Claim, *files: str) -> Answer:
    return store.transact(Extend(held.agent, held.task, held.token, files))[0]


def recover(
    store: Store, name: str, to: State = State.AVAILABLE, *, by_user: bool = True, **more: Any
) -> Answer:
    return store.transact(Recover(TaskId(name), to, by_user, **more))[0]


def state(store: Store, name: str) -> State:
    return store.read(lambda view: view.records[TaskId(name)].state)


def live(store: Store) -> dict[str, int]:
    """The token of each live claim by task."""
    return store.read(lambda view: {str(t): c.token for t, c in view.claims.items()})


def shown(view: View) -> dict[str, Any]:
    """Everything that a caller can learn from a view, but for its revision."""
    return {
        "run": view.run,
        "proposal": view.proposal,
        "slots": dict(view.slots),
        "counts": view.summary(),
        "ready": [r.task.id for r in view.ready()],
        "claims": dict(view.claims),
        "tasks": {
            r.task.id: (
                r.task,
                r.order,
                r.state,
                r.claim,
                r.failures,
                r.recoveries,
                r.failed_by,
                r.commit,
                r.merged,
                r.ended,
                view.unmet(r.task.id),
            )
            for r in view.records.values()
        },
    }


def whole(store: Store) -> tuple[int, dict[str, Any]]:
    """The revision and all that is to be seen."""
    return store.read(lambda view: (view.rev, shown(view)))


@contextmanager
def refused(store: Store, code: str, *words: str) -> Iterator[None]:
    """A call that is refused with this code, says these words and what to do, changes nothing."""
    before = whole(store)
    with pytest.raises(ParallelAgentsError) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    assert caught.value.next_step
    for word in words:
        assert word in caught.value.sentence
    assert whole(store) == before
