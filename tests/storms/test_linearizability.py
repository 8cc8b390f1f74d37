"""The search for an order: what real storms left has one, and what cannot have come about has none.

Revisions play no part here: every history is searched with its revisions taken out.
"""

from __future__ import annotations

import pytest
from storms.journal import Call
from storms.linearizability import is_linearizable

APART = {"a": ("a.py",), "b": ("b.py",)}
TOGETHER = {"a": ("a.py", "x.py"), "b": ("b.py", "x.py")}


def granted(agent: str, began: int, ended: int, task: str, token: int, again: bool = False) -> Call:
    call = Call(agent, began, "claim", None, None, ended=ended, answer="granted")
    call.of_task, call.change, call.again = task, token, again
    return call


def returned(
    agent: str, began: int, ended: int | None, token: int, answer: str = "done", again: bool = False
) -> Call:
    call = Call(agent, began, "returned", "a", token, ended=ended)
    if ended is not None:
        call.answer, call.again = answer, again
    return call


def nothing(agent: str, began: int, ended: int) -> Call:
    return Call(agent, began, "claim", None, None, ended=ended, answer="nothing")


def refused(agent: str, began: int, ended: int, task: str) -> Call:
    return Call(agent, began, "claim", task, None, ended=ended, answer="refused")


def died(agent: str, began: int, task: str | None = None) -> Call:
    return Call(agent, began, "claim", task, None)


RIGHT = {
    "one after the other": [granted("x", 1, 2, "a", 1), returned("x", 3, 4, 1)],
    "two tasks at once": [granted("x", 1, 9, "a", 7), granted("y", 2, 8, "b", 5)],
    "an order against that of the calls": [
        granted("x", 1, 9, "a", 2),
        granted("y", 2, 4, "a", 1),
        returned("y", 5, 10, 1),
    ],
    "a claim again": [granted("x", 1, 2, "a", 1), granted("x", 3, 4, "a", 1, again=True)],
    "an end again": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, 4, 1),
        returned("x", 5, 6, 1, again=True),
    ],
    "a death in a claim that came about": [died("x", 1, "a"), refused("y", 2, 3, "a")],
    "a death in a claim that did not": [died("x", 1, "a"), granted("y", 2, 3, "a", 1)],
    "a death in an end that came about late": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, None, 1),
        refused("y", 4, 5, "a"),
        granted("y", 6, 7, "a", 2),
    ],
}
WRONG = {
    "a task in two claims": [granted("x", 1, 2, "a", 1), granted("y", 3, 4, "a", 2)],
    "a task in two claims at once": [granted("x", 1, 9, "a", 1), granted("y", 2, 8, "a", 2)],
    "an agent with two claims": [granted("x", 1, 2, "a", 1), granted("x", 3, 4, "b", 2)],
    "a smaller token later": [granted("x", 1, 2, "a", 2), granted("y", 3, 4, "b", 1)],
    "a token twice": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, 4, 1),
        granted("y", 5, 6, "a", 1),
    ],
    "nothing though all was free": [nothing("x", 1, 2)],
    "nothing though one was free": [granted("x", 1, 2, "a", 1), nothing("y", 3, 4)],
    "refused though it was free": [refused("x", 1, 2, "a")],
    "an end that nobody may make": [granted("x", 1, 2, "a", 1), returned("y", 3, 4, 1)],
    "an end twice as if it were new": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, 4, 1),
        returned("x", 5, 6, 1),
    ],
    "an end refused that was due": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, 4, 1, answer="refused"),
    ],
    "a claim again that had ended": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, 4, 1),
        granted("x", 5, 6, "a", 1, again=True),
    ],
    "a claim that took effect after it ended": [
        granted("x", 1, 2, "a", 1),
        granted("y", 3, 4, "a", 2),
        returned("x", 5, 6, 1),
    ],
    "a death in an end that lets in two": [
        granted("x", 1, 2, "a", 1),
        returned("x", 3, None, 1),
        granted("y", 4, 5, "a", 2),
        granted("z", 6, 7, "a", 3),
    ],
}


@pytest.mark.parametrize("calls", RIGHT.values(), ids=RIGHT)
def test_a_history_that_can_have_come_about_has_an_order(calls: list[Call]) -> None:
    assert is_linearizable(calls, APART)


@pytest.mark.parametrize("calls", WRONG.values(), ids=WRONG)
def test_a_history_that_cannot_have_come_about_has_none(calls: list[Call]) -> None:
    assert not is_linearizable(calls, APART)


def test_tasks_with_a_file_in_common_exclude_each_other() -> None:
    both = [granted("x", 1, 2, "a", 1), granted("y", 3, 4, "b", 2)]
    assert is_linearizable(both, APART)
    assert not is_linearizable(both, TOGETHER)
    none = [granted("x", 1, 2, "a", 1), nothing("y", 3, 4)]
    assert is_linearizable(none, TOGETHER)


def test_only_claims_and_their_ends_can_be_searched() -> None:
    with pytest.raises(ValueError, match="only claims"):
        is_linearizable([Call("x", 1, "failed", "a", 1, ended=2)], APART)
