"""Conflicts seen while agents still work, and the cost of looking for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Agent, Outcome, State, Strategy
from parallel_agents.git import mergetree
from planned_work import ANNA, BERT, begin, claim, commit, complete, task


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    return Coordinator.at(repository)


BOTH = (task("one", "one.txt", "both.txt"), task("two"))
"""The second one turns out to need a file of the first, whose result it did not start from."""


def clashing(coordinator: Coordinator) -> None:
    begin(coordinator, Strategy.WORKTREE, *BOTH)
    held = claim(coordinator, BERT, "two").claim
    complete(coordinator, ANNA, "one", both="from one\n")
    coordinator.extend(BERT, "two", held.token, ["both.txt"])
    commit(held.workdir, both="from two\n")


def test_two_results_that_will_conflict_are_named_before_the_merge(
    coordinator: Coordinator,
) -> None:
    clashing(coordinator)
    [pair] = coordinator.status().brewing
    assert (pair.one, pair.other, pair.paths) == ("one", "two", ("both.txt",))
    assert pair.holders == (BERT.key,)
    assert "two is still at work" in pair.advice
    assert "one and two conflict in both.txt" in coordinator.status().next_step


def test_once_both_are_completed_the_advice_is_a_choice_for_the_user(
    coordinator: Coordinator,
) -> None:
    clashing(coordinator)
    held = claim(coordinator, BERT).claim
    coordinator.release(BERT, "two", held.token, Outcome.COMPLETED, "")
    [pair] = coordinator.status().brewing
    assert pair.holders == ()
    assert "leave_out: [two]" in pair.advice
    coordinator.merge(leave_out=["two"])
    [pair] = coordinator.status().brewing
    assert (pair.one, pair.other) == ("two", None)
    coordinator.recover("two", State.AVAILABLE, by_user=True)
    assert coordinator.status().brewing == ()


def test_results_that_go_together_and_work_without_commits_are_no_warning(
    coordinator: Coordinator,
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"), task("idle"))
    complete(coordinator, ANNA, "one", one="1")
    complete(coordinator, BERT, "two", two="2")
    claim(coordinator, ANNA, "idle")
    assert coordinator.status().brewing == ()


def test_a_target_that_moved_into_the_way_is_named(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    complete(coordinator, ANNA, "one", one="theirs\n")
    commit(repository, one="the user's\n")
    [pair] = coordinator.status().brewing
    assert (pair.one, pair.other, pair.paths) == ("one", None, ("one.txt",))


def test_a_look_asks_git_only_for_what_is_new(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, Strategy.WORKTREE, *(task(f"t{n}") for n in range(4)))
    asked: list[int] = []
    real = mergetree.Merger.clashing

    def counted(self: mergetree.Merger, pairs: list[tuple[str, str]]) -> list[bool]:
        asked.append(len(pairs))
        return real(self, pairs)

    monkeypatch.setattr(mergetree.Merger, "clashing", counted)
    for n in range(3):
        complete(coordinator, Agent("s", f"a{n}"), f"t{n}", **{f"t{n}": "x"})
    assert asked == [1, 2, 3]  # with the target, and with each result before
    coordinator.status()
    assert asked == [1, 2, 3]
    held = claim(coordinator, ANNA).claim
    commit(held.workdir, t3="x")
    coordinator.status()
    coordinator.status()
    assert asked == [1, 2, 3, 4]


def test_one_branch_with_a_history_of_its_own_does_not_hide_the_others(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("rootless"))
    complete(coordinator, ANNA, "one", one="theirs\n")
    commit(repository, one="the user's\n")
    held = claim(coordinator, BERT, "rootless").claim
    git(Path(str(held.workdir)), "checkout", "--quiet", "--orphan", "new")
    commit(held.workdir, rootless="2")
    git(repository, "update-ref", f"refs/heads/{held.branch}", "new")
    assert [pair.one for pair in coordinator.status().brewing] == ["one"]
