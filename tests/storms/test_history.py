"""The check of histories: a right one passes, and each promise broken in it is found by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from storms.history import Asked, Change, History, WrongHistory, check
from storms.journal import Call

TASKS = {
    "a": Asked(("a.py", "shared.py")),
    "b": Asked(("b.py", "shared.py")),
    "c": Asked(("tree/**",)),
    "d": Asked(("tree/d.py",), needs=("a",)),
}


class Story:
    """A history written call by call; each takes two moments and follows the one before."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.changes: list[Change] = []
        self.places = dict.fromkeys(TASKS, "available")
        self.rev = 0
        self._moments: Iterator[int] = count(1)

    def call(self, agent: str, command: str, task: str | None, token: int | None = None) -> Call:
        call = Call(agent, next(self._moments), command, task, token, ended=next(self._moments))
        call.rev = self.rev
        self.calls.append(call)
        return call

    def change(self, call: Call, kind: str, task: str, **data: Any) -> int:
        self.rev += 1
        self.changes.append(Change(self.rev, kind, task, data))
        call.rev = call.change = self.rev
        return self.rev

    def claim(self, agent: str, task: str) -> int:
        call = self.call(agent, "claim", None)
        call.answer, call.of_task = "granted", task
        self.places[task] = "claimed"
        files = list(TASKS[task].files)
        return self.change(call, "claimed", task, agent=f"s/{agent}", files=files)

    def end(self, agent: str, task: str, token: int, kind: str, state: str) -> None:
        call = self.call(agent, kind, task, token)
        call.answer = "done"
        self.places[task] = state
        more = {"state": state} if kind in ("failed", "recovered") else {}
        if kind == "recovered":  # by the user, from the agent that has it
            agent = next(c.agent for c in self.calls if c.rev == token)
        self.change(call, kind, task, agent=f"s/{agent}", token=token, **more)

    def history(self) -> History:
        return History(TASKS, self.calls, self.changes, list(self.places.items()))


def story() -> Story:
    """Claims that follow, refusals, a death in a call, failures and a recovery."""
    told = Story()
    a = told.claim("anna", "a")
    again = told.call("anna", "claim", None)
    again.answer, again.of_task, again.change, again.again = "granted", "a", a, True
    refused = told.call("bert", "claim", "b")
    refused.answer, refused.code = "refused", "files_held"
    c = told.claim("bert", "c")
    nothing = told.call("cara", "claim", None)
    nothing.answer = "nothing"
    told.end("bert", "c", c, "failed", "failed")
    told.end("anna", "a", a, "completed", "completed")
    b = told.claim("cara", "b")
    told.calls[-1].ended = told.calls[-1].answer = told.calls[-1].change = None
    told.end("user", "b", b, "recovered", "available")
    c = told.claim("anna", "c")
    told.end("anna", "c", c, "failed", "blocked")
    told.claim("anna", "d")
    return told


def test_a_right_history_passes() -> None:
    check(story().history())


@pytest.mark.parametrize(("asks", "is_true"), [("bert", True), ("cara", False)])
def test_what_an_agent_failed_is_nothing_for_it_though_others_gave_it_back(
    asks: str, is_true: bool
) -> None:
    told = Story()
    a = told.claim("bert", "a")
    told.end("bert", "a", a, "failed", "failed")
    a = told.claim("anna", "a")
    told.end("anna", "a", a, "returned", "available")
    told.claim("anna", "c")
    b = told.claim("dora", "b")
    told.end("dora", "b", b, "completed", "completed")
    told.call(asks, "claim", None).answer = "nothing"
    if is_true:
        check(told.history())
    else:
        with pytest.raises(WrongHistory, match="a reply is true"):
            check(told.history())


def change_of(history: History, at: int, **new: Any) -> None:
    history.changes[at] = replace(history.changes[at], **new)


def call_of(history: History, at: int, **new: Any) -> None:
    history.calls[at] = replace(history.calls[at], **new)


def two_claims_of_a_task(history: History) -> None:
    told = story()
    told.claim("dora", "d")
    history.calls, history.changes = told.calls, told.changes


def two_claims_of_an_agent(history: History) -> None:
    told = story()
    told.claim("anna", "b")
    history.calls, history.changes = told.calls, told.changes


def overlapping_claims(history: History) -> None:
    told = Story()
    told.claim("anna", "a")
    told.claim("bert", "b")
    history.calls, history.changes = told.calls, told.changes


def overlapping_trees(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.end("anna", "a", a, "completed", "completed")
    told.claim("anna", "c")
    told.claim("bert", "d")
    history.calls, history.changes = told.calls, told.changes


def an_extension_by_a_held_file(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.claim("bert", "c")
    call = told.call("anna", "extended", "a", a)
    call.answer = "done"
    told.change(call, "extended", "a", token=a, files=["tree/x.py"])
    history.calls, history.changes = told.calls, told.changes


def a_claim_before_its_dependency(history: History) -> None:
    told = Story()
    told.claim("anna", "d")
    history.calls, history.changes = told.calls, told.changes


def a_third_try(history: History) -> None:
    change_of(history, 7, data={**history.changes[7].data, "state": "failed"})


def a_token_spent_twice(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.end("anna", "a", a, "returned", "available")
    told.end("anna", "a", a, "returned", "available")
    history.calls, history.changes = told.calls, told.changes


def a_token_spent_by_another(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.end("bert", "a", a, "returned", "available")
    history.calls, history.changes = told.calls, told.changes


def a_smaller_token_later(history: History) -> None:
    told = Story()
    told.rev = 10
    told.claim("anna", "a")
    told.rev = 5
    told.claim("bert", "c")
    history.calls, history.changes = told.calls, told.changes


def a_token_told_twice(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.end("anna", "a", a, "returned", "available")
    told.calls.append(replace(told.calls[0], began=100, ended=101))
    history.calls, history.changes = told.calls, told.changes


def an_old_revision_told_later(history: History) -> None:
    call_of(history, 4, rev=1)


def a_lost_change(history: History) -> None:
    del history.changes[3]


def a_change_told_as_new_twice(history: History) -> None:
    call_of(history, 1, again=False)


def a_revision_given_twice(history: History) -> None:
    history.changes.append(history.changes[0])


def a_change_that_nobody_asked_for(history: History) -> None:
    del history.calls[7]


def a_task_that_was_moved(history: History) -> None:
    history.changes.append(Change(99, "moved", "d", {"state": "available"}))


def a_lost_task(history: History) -> None:
    history.places.remove(("d", "claimed"))


def a_doubled_task(history: History) -> None:
    history.places.append(("d", "available"))


def a_task_in_another_folder(history: History) -> None:
    history.places[history.places.index(("d", "claimed"))] = ("d", "available")


def nothing_though_there_was_something(history: History) -> None:
    told = Story()
    told.call("bert", "claim", None).answer = "nothing"
    history.calls, history.changes = told.calls, []
    history.places = [(task, "available") for task in TASKS]


def a_refusal_without_ground(history: History) -> None:
    call_of(history, 2, code="held")


def a_repeat_with_another_answer(history: History) -> None:
    told = Story()
    a = told.claim("anna", "a")
    told.end("anna", "a", a, "returned", "available")
    told.end("user", "a", a, "recovered", "available")
    told.changes.pop()
    told.calls[-1].command, told.calls[-1].agent = "returned", "anna"
    told.calls[-1].again, told.calls[-1].change = True, 1
    history.calls, history.changes = told.calls, told.changes


def two_calls_at_once(history: History) -> None:
    call_of(history, 1, began=0)


@pytest.mark.parametrize(
    ("tamper", "promise"),
    [
        (two_claims_of_a_task, "one claim a task"),
        (two_claims_of_an_agent, "one claim an agent"),
        (overlapping_claims, "no file in two claims"),
        (overlapping_trees, "no file in two claims"),
        (an_extension_by_a_held_file, "no file in two claims"),
        (a_claim_before_its_dependency, "dependencies first"),
        (a_third_try, "two failures block"),
        (a_token_spent_twice, "a token is spent once"),
        (a_token_spent_by_another, "a token is its holder's"),
        (a_smaller_token_later, "tokens rise"),
        (a_token_told_twice, "nothing doubled"),
        (an_old_revision_told_later, "real time"),
        (a_lost_change, "nothing lost"),
        (a_change_told_as_new_twice, "nothing doubled"),
        (a_revision_given_twice, "nothing doubled"),
        (a_change_that_nobody_asked_for, "nobody else's changes"),
        (a_task_that_was_moved, "nobody else's changes"),
        (a_lost_task, "nothing lost"),
        (a_doubled_task, "nothing doubled"),
        (a_task_in_another_folder, "the folder is the replay"),
        (nothing_though_there_was_something, "a reply is true at its revision"),
        (a_refusal_without_ground, "a reply is true at its revision"),
        (a_repeat_with_another_answer, "nothing lost"),
        (two_calls_at_once, "one call at a time"),
    ],
)
def test_a_history_that_was_tampered_with_is_refused(
    tamper: Callable[[History], None], promise: str
) -> None:
    history = story().history()
    tamper(history)
    with pytest.raises(WrongHistory) as caught:
        check(history)
    assert caught.value.promise == promise, str(caught.value)


def test_three_recoveries_block() -> None:
    told = Story()
    for state in ("available", "available", "blocked"):
        token = told.claim("anna", "a")
        told.end("user", "a", token, "recovered", state)
    check(told.history())
    change_of(history := told.history(), -1, data={**told.changes[-1].data, "state": "available"})
    with pytest.raises(WrongHistory, match="three recoveries block"):
        check(history)
