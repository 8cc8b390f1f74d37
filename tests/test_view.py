"""The view: its indexes stay right whatever comes, and a claim does not walk over all tasks."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import Agent, Approval, Plan, State, Strategy, Task, TaskId
from parallel_agents.core.view import READY_STATES, View
from stores import BASE, TARGET, plan, task


def view_of(chosen: Plan) -> View:
    view = View()
    approval = Approval(chosen.id, chosen.digest, Strategy.FILES, "test", 0.0, BASE, TARGET)
    view.install(chosen, approval)
    return view


def happens(view: View, kind: Kind, name: str, **data: Any) -> Event:
    event = Event(view.rev + 1, 1.0, kind, TaskId(name), data)
    view.apply(event)
    return event


def claimed(view: View, name: str, agent: str = "s/anna") -> Event:
    files = list(view.records[TaskId(name)].task.files)
    slot = view.next_slot(Agent.from_key(agent))
    return happens(view, Kind.CLAIMED, name, agent=agent, files=files, slot=slot)


def completed(view: View, name: str) -> Event:
    claim = view.records[TaskId(name)].claim
    agent, token = (claim.agent.key, claim.token) if claim else ("s/x", 0)
    return happens(view, Kind.COMPLETED, name, token=token, agent=agent, commit="c" * 40)


def ready(view: View) -> list[str]:
    return [r.task.id for r in view.ready()]


def by_hand(view: View) -> list[str]:
    """What `ready` must give, found by looking at every task."""
    records = [
        r for r in view.records.values() if r.state in READY_STATES and not view.unmet(r.task.id)
    ]
    records.sort(key=lambda r: (r.state is State.FAILED, -r.task.priority, r.order, r.task.id))
    return [r.task.id for r in records]


def test_what_is_ready_comes_by_state_then_priority_then_order() -> None:
    view = view_of(plan("a", task("b", priority=2), "c", task("d", priority=2)))
    happens(view, Kind.FAILED, "b", token=0, agent="s/x", failures=1, state="failed")
    assert ready(view) == ["d", "a", "c", "b"]


def test_a_task_is_ready_once_the_last_of_its_dependencies_is_completed() -> None:
    view = view_of(plan("a", "b", task("c", needs=("a", "b"))))
    completed(view, "a")
    assert "c" not in ready(view)
    completed(view, "b")
    assert "c" in ready(view)


def test_a_dependency_that_is_no_longer_completed_closes_the_way_again() -> None:
    view = view_of(plan("a", task("b", needs=("a",))))
    completed(view, "a")
    happens(view, Kind.MOVED, "a", state="available", found="completed")
    assert ready(view) == ["a"]
    completed(view, "a")
    assert ready(view) == ["b"]


def test_a_dependency_that_is_not_there_is_not_completed() -> None:
    view = view_of(plan(task("b", needs=("gone",))))
    assert view.unmet(TaskId("b")) == ("gone",)
    assert ready(view) == []
    view.add(task("gone"))
    completed(view, "gone")
    assert ready(view) == ["b"]


def test_a_changed_task_waits_for_its_new_dependencies() -> None:
    view = view_of(plan("a", "b", task("c", needs=("a",))))
    view.add(task("c", needs=("b",)))
    completed(view, "a")
    assert "c" not in ready(view)
    completed(view, "b")
    assert "c" in ready(view)


def test_a_new_result_is_not_merged_because_the_old_one_was() -> None:
    view = view_of(plan("a"))
    completed(view, "a")
    view.apply(Event(9, 1.0, Kind.MERGED, None, {"tasks": ["a"], "commit": "c"}))
    assert view.records[TaskId("a")].merged
    happens(view, Kind.MOVED, "a", state="available", found="completed")
    completed(view, "a")
    assert not view.records[TaskId("a")].merged


def test_numbers_of_agents_are_never_given_twice() -> None:
    view = view_of(plan("a", "b", "c"))
    claimed(view, "a", "s/anna")
    claimed(view, "b", "s/bert")
    del view.slots["s/anna"]  # the only task that told of her was deleted by a person
    assert view.next_slot(Agent("s", "cara")) == 3
    assert view.next_slot(Agent("s", "bert")) == 2


def test_a_late_event_of_an_earlier_claim_changes_no_later_one() -> None:
    view = view_of(plan("a"))
    old = claimed(view, "a", "s/anna")
    happens(view, Kind.RETURNED, "a", token=old.rev, agent="s/anna")
    new = claimed(view, "a", "s/bert")
    happens(view, Kind.PREPARED, "a", token=old.rev, workdir="/w", branch=None, start="s")
    happens(view, Kind.EXTENDED, "a", token=old.rev, files=["x.py"])
    claim = view.claims[TaskId("a")]
    assert (claim.token, claim.workdir, claim.files) == (new.rev, None, ("a.py",))


def test_an_event_of_an_unknown_task_only_counts() -> None:
    view = view_of(plan("a"))
    happens(view, Kind.COMPLETED, "gone", token=1, agent="s/x")
    assert (view.rev, view.counts[State.AVAILABLE]) == (1, 1)


def test_a_task_moved_to_claimed_by_hand_is_held_by_nobody() -> None:
    view = view_of(plan("a"))
    happens(view, Kind.MOVED, "a", state="claimed", found="available")
    assert view.claims == {}
    assert view.records[TaskId("a")].state is State.CLAIMED


def test_a_task_moved_out_of_claimed_ends_the_claim_and_spends_its_token() -> None:
    view = view_of(plan("a"))
    grant = claimed(view, "a")
    moved = happens(view, Kind.MOVED, "a", state="available", found="claimed")
    assert view.claim_of(Agent("s", "anna")) is None
    assert view.records[TaskId("a")].ended == {grant.rev: moved}


STEPS = ("claim", "complete", "return", "fail", "block", "move")


@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.sampled_from(State))),
    needs=st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=8, max_size=8),
    priorities=st.lists(st.integers(-1, 1), min_size=8, max_size=8),
)
def test_the_indexes_are_right_after_any_events(
    steps: list[tuple[str, int, State]], needs: list[list[int]], priorities: list[int]
) -> None:
    tasks = [
        task(f"t{n}", needs=tuple(f"t{d}" for d in set(needs[n]) if d < n), priority=priorities[n])
        for n in range(8)
    ]
    view = view_of(plan(*tasks))
    for step, number, moved_to in steps:
        name = f"t{number}"
        record = view.records[TaskId(name)]
        token = record.claim.token if record.claim else 0
        match step:
            case "claim" if record.claim is None:
                claimed(view, name, f"s/{number}")
            case "complete":
                completed(view, name)
            case "return":
                happens(view, Kind.RETURNED, name, token=token, agent="s/x")
            case "fail" | "block":
                to = "failed" if step == "fail" else "blocked"
                happens(view, Kind.FAILED, name, token=token, agent="s/x", failures=1, state=to)
            case _ if record.state is not moved_to:
                found = record.state.value
                happens(view, Kind.MOVED, name, state=moved_to.value, found=found)
        assert ready(view) == by_hand(view)
        records = list(view.records.values())
        assert {s: view.counts[s] for s in State} == {
            s: sum(r.state is s for r in records) for s in State
        }
        held = {r.task.id: r.claim for r in records if r.claim}
        assert view.claims == held
        assert all(view.records[t].state is State.CLAIMED for t in held)
        assert all(view.claim_of(c.agent) == c for c in held.values())


def test_finding_the_next_task_does_not_look_at_every_task(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"t{n:05}" for n in range(20_000)]
    shuffled = random.Random(7).sample(names, len(names))
    view = view_of(plan(*(task(name, priority=int(name[1:]) % 5) for name in shuffled)))
    looked_at = 0
    is_current = View._is_current

    def counted(self: View, entry: tuple[int, int, int, TaskId]) -> bool:
        nonlocal looked_at
        looked_at += 1
        return is_current(self, entry)

    monkeypatch.setattr(View, "_is_current", counted)
    for _ in range(100):
        first: Task = next(view.ready()).task
        assert first.priority == 4
        claimed(view, first.id, f"s/{first.id}")
    assert looked_at < 1000
