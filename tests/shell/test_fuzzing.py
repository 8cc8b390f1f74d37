"""Hostile and broken commands: always one of the four levels, never an exception."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from parallel_agents.guard.event import Event
from parallel_agents.guard.shell import CLEAR, DENY, MENTION, OPAQUE, Scene, judge
from parallel_agents.guard.shell.budget import Budget, Exhausted
from scratch_run import MAIN, PLUGIN, ScratchRun
from shell.fuzzing import commands

COUNT = 600
"""`make fuzz` judges a hundred thousand."""


@pytest.mark.parametrize("part", range(4))
def test_whatever_is_typed_gets_a_level(project: ScratchRun, part: int) -> None:
    for text in list(commands(COUNT, seed=1))[part::4]:
        event = Event(project.event(MAIN, "Bash", command=text))
        found = judge(text, str(project.root), Scene(event, project.runs(), str(PLUGIN)))
        assert found.level in (CLEAR, OPAQUE, MENTION, DENY)
        assert (found.level == CLEAR) == (not found.findings and not found.unknown), text


def test_what_costs_too_much_counts_as_not_understood(
    project: ScratchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parallel_agents.guard.shell.budget.STEPS", 50)
    event = Event(project.event(MAIN, "Bash", command=""))
    scene = Scene(event, project.runs(), str(PLUGIN))
    assert judge("echo a; " * 40, str(project.root), scene).level == OPAQUE
    assert judge("echo a; " * 40 + "rm src/core.py", str(project.root), scene).level == MENTION


@pytest.mark.parametrize(
    ("spend", "sentence"),
    [(Budget.step, "too long"), (Budget.enter, "nested"), (Budget.ask, "questions")],
)
def test_a_budget_ends(spend: Callable[[Budget], None], sentence: str) -> None:
    budget = Budget()
    with pytest.raises(Exhausted, match=sentence):
        exhaust(budget, spend)


def exhaust(budget: Budget, spend: Callable[[Budget], None]) -> None:
    """Spend until there is nothing left."""
    for _ in range(100_000):
        spend(budget)
