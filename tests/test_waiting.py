"""Why an agent gets no task: the reason, whom it waits for, and whether to come again."""

from __future__ import annotations

from parallel_agents.core.model import Agent
from parallel_agents.core.view import View
from parallel_agents.core.waiting import explain
from parallel_agents.store.memory import MemoryStore
from stores import (
    ANNA,
    BERT,
    CARA,
    claim,
    complete,
    fail,
    nothing,
    start,
    task,
)


def test_all_done_ends_the_agents_work() -> None:
    store = MemoryStore()
    start(store, "a", "b")
    complete(store, claim(store, ANNA))
    complete(store, claim(store, ANNA))
    answer = nothing(store, ANNA)
    assert (answer.reason, answer.finished) == ("all_done", True)
    assert "All 2 tasks" in answer.sentence


def test_waiting_names_the_tasks_and_who_is_at_work() -> None:
    store = MemoryStore()
    start(store, "a", task("b", needs=("a",)))
    claim(store, ANNA)
    answer = nothing(store, BERT)
    assert (answer.reason, answer.finished, answer.waiting_on) == ("waiting", False, ("a",))
    assert "a (anna)" in answer.sentence


def test_held_files_are_a_reason_of_their_own() -> None:
    store = MemoryStore()
    start(store, task("a", "src/**"), task("b", "src/b.py"))
    claim(store, ANNA)
    answer = nothing(store, BERT)
    assert (answer.reason, answer.finished, answer.waiting_on) == ("files_held", False, ("a",))


def test_a_failed_task_is_left_to_others_while_others_work() -> None:
    store = MemoryStore()
    start(store, "a", "b")
    fail(store, claim(store, ANNA, "a"))
    claim(store, BERT)
    answer = nothing(store, ANNA)
    assert (answer.reason, answer.finished) == ("left_to_others", False)
    assert "You failed a" in answer.sentence


def test_where_everything_that_is_left_waits_for_a_blocked_task_the_agent_can_end() -> None:
    store = MemoryStore()
    start(store, "a", task("b", needs=("a",)))
    for agent in (ANNA, BERT):
        fail(store, claim(store, agent))
    answer = nothing(store, CARA)
    assert (answer.reason, answer.finished, answer.waiting_on) == ("only_blocked", True, ("a",))
    assert "user" in answer.sentence


def test_many_holders_are_counted_not_listed() -> None:
    store = MemoryStore()
    start(store, *(f"t{n}" for n in range(8)), max_agents=8)
    for n in range(8):
        claim(store, Agent("s", f"agent-{n}"))
    answer = nothing(store, ANNA)
    assert answer.reason == "enough_agents"
    assert "and 3 more" in answer.sentence
    assert len(answer.waiting_on) == 8


def test_damaged_task_files_are_never_called_done() -> None:
    view = View()
    view.damaged["available/a.md"] = "garbled"
    answer = explain(view, ANNA)
    assert (answer.reason, answer.waiting_on) == ("only_blocked", ("available/a.md",))
