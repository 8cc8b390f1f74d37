"""What a run leaves behind: removed once it landed, the rest named, also long after."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome, Strategy
from parallel_agents.doctor import examine
from parallel_agents.git import trash
from planned_work import ANNA, BERT, begin, claim, commit, complete, task


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    return Coordinator.at(repository)


def findings(root: Path, about: str) -> list[tuple[str, str, str]]:
    return [(f.level.value, f.what, f.fix) for f in examine(root) if f.about == about]


def test_after_the_merge_nothing_is_left_but_what_the_user_has(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    for name in ("one", "two"):
        held = claim(coordinator, ANNA, name, cwd=own).claim
        commit(held.workdir, **{name: "x"})
        coordinator.release(ANNA, name, held.token, Outcome.COMPLETED, "")
    report = coordinator.merge()
    assert str(own) in report.removed
    assert report.kept == ()
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert findings(repository, "work trees")[0][0] == "ok"


def test_files_that_a_killed_deletion_left_are_deleted_by_the_next(
    coordinator: Coordinator, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    complete(coordinator, ANNA, "one", one="1")
    complete(coordinator, BERT, "two", two="2")
    folder = repository.parent / f"{repository.name}.agents" / trash.NAME
    found: list[int] = []
    monkeypatch.setattr(trash, "empty", lambda *_: found.append(len(list(folder.iterdir()))))
    coordinator.merge(leave_out=["two"])
    report = coordinator.merge()
    assert found == [1, 2]
    assert report.kept == ()


def test_a_part_that_landed_before_the_clean_up_was_killed_is_not_asked_for_again(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    complete(coordinator, ANNA, "one", one="1")
    complete(coordinator, BERT, "two", two="2")
    with monkeypatch.context() as patch:
        patch.setattr(trash, "empty", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            coordinator.merge(only=["one"])
    report = coordinator.merge()
    assert report.merged == ("two",)
    assert report.archived


def test_a_clean_up_that_died_between_moving_and_forgetting_is_finished(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    commit(held.workdir, one="1")
    coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    assert trash.put(coordinator.repository, Path(str(held.workdir))) is not None
    report = coordinator.merge()
    assert str(held.workdir) in report.removed
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_tree_whose_agent_still_ran_goes_with_the_next_run(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    git(repository, "worktree", "lock", "--reason", "claude agent agent-7", str(own))
    held = claim(coordinator, ANNA, cwd=own).claim
    commit(own, one="1")
    coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    report = coordinator.merge()
    assert report.archived
    assert [k.name for k in report.kept] == [str(own), held.branch]
    git(repository, "worktree", "unlock", str(own))

    begin(coordinator, Strategy.WORKTREE, task("two"))
    complete(coordinator, BERT, "two", two="2")
    report = coordinator.merge()

    assert str(own) in report.removed
    assert report.kept == ()
    assert git(repository, "branch", "--format=%(refname:short)") == "main"


def test_what_is_kept_is_listed_later_with_what_to_do(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    held = claim(coordinator, ANNA, "one").claim
    made = commit(held.workdir, one="half")
    coordinator.release(ANNA, "one", held.token, Outcome.RETURNED, "")
    complete(coordinator, BERT, "two", two="2")
    coordinator.merge()
    coordinator.end()
    git(repository, "branch", "--no-track", "parallel/p0/agent-1/old", "main")
    git(repository, "branch", "--no-track", "parallel/p0/agent-1/unsaved", made)

    tree, *others = findings(repository, "left over")

    assert tree[1] == held.workdir
    assert made[:12] in tree[2]
    assert f"git worktree remove {held.workdir}" in tree[2]
    fixes = {what: fix for _, what, fix in others}
    assert "`git branch -d parallel/p0/agent-1/old`" in fixes["parallel/p0/agent-1/old"]
    assert "deletes it, and them" in fixes["parallel/p0/agent-1/unsaved"]


def test_what_the_present_run_works_with_is_no_leftover(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    claim(coordinator, ANNA)
    assert coordinator.leftovers() == ()


def test_a_repository_that_was_moved_is_told_how_its_trees_are_mended(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    moved = repository.rename(repository.with_name("moved"))
    [(_, what, fix)] = [f for f in findings(moved, "work trees") if f[0] == "FAIL"]
    assert str(held.workdir) in what
    assert fix == f"run `git worktree repair` in {moved}"
    git(moved, "worktree", "repair")
    assert [f for f in findings(moved, "work trees") if f[0] == "FAIL"] == []
    commit(held.workdir, one="1")
    again = Coordinator.at(moved)
    again.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    assert again.merge().archived
