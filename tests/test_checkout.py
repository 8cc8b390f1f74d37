"""The user's own checkout while agents work elsewhere: what changes in it is seen and told."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome, Strategy
from planned_work import ANNA, BERT, begin, claim, commit, complete, refused, task


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    (repository / "notes.md").write_text("the user's, and no task's")
    return Coordinator.at(repository)


def test_an_agent_that_fell_back_to_the_main_checkout_is_seen_at_the_next_completion(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    claim(coordinator, BERT, "two")
    (repository / "two.txt").write_text("in the wrong place")
    held = claim(coordinator, ANNA, "one").claim
    commit(held.workdir, one="1")
    ended = coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    assert ended.stray.paths == ("two.txt",)
    status = coordinator.status()
    assert status.stray.paths == ("two.txt",)
    assert "uncommitted changes in two.txt" in status.next_step
    assert "notes.md" not in status.next_step
    (repository / "two.txt").unlink()
    assert not coordinator.status().stray


def test_work_in_the_wrong_place_is_pointed_out_to_who_has_nothing_to_show(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    (repository / "one.txt").write_text("in the wrong place")
    error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
    assert error.code == "nothing_done"
    assert "one.txt has uncommitted changes" in error.sentence


def test_commits_on_the_target_that_no_task_made_are_named(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    complete(coordinator, ANNA, "one", one="1")
    coordinator.merge(only=["one"])
    commit(repository, stray="s")
    made = git(repository, "rev-parse", "--short", "HEAD")
    complete(coordinator, BERT, "two", two="2")
    assert coordinator.status().stray.commits == (f"{made} work",)


def test_a_branch_that_the_user_switches_to_in_mid_run_changes_nothing(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two", after=("one",)))
    complete(coordinator, ANNA, "one", one="1")
    git(repository, "switch", "--quiet", "--create", "elsewhere")
    complete(coordinator, BERT, "two", two="2")
    assert not coordinator.status().stray
    report = coordinator.merge()
    assert report.archived
    assert git(repository, "show", "main:two.txt") == "2"
    assert git(repository, "branch", "--show-current") == "elsewhere"
    assert not (repository / "two.txt").exists()


def test_in_one_shared_tree_changes_are_what_is_expected(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("one"), task("two"))
    claim(coordinator, BERT, "two")
    (repository / "two.txt").write_text("half done")
    held = claim(coordinator, ANNA, "one").claim
    (repository / "one.txt").write_text("1")
    ended = coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    assert not ended.stray
    assert not coordinator.status().stray
