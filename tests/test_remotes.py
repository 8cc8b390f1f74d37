"""The remote that clones share, in real clones: strategy `branch` to the end, over both doors."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome, State, Strategy
from parallel_agents.git import remotes
from parallel_agents.git.repository import Repository
from planned_work import ANNA, BERT, CARL, begin, claim, commit, refused, task


@pytest.fixture
def hub(repository: Path, tmp_path: Path) -> Path:
    """A bare repository that everybody shares; the user's `main` follows it."""
    hub = tmp_path / "hub, with spaces.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(hub))
    git(repository, "remote", "add", "hub", str(hub))
    git(repository, "push", "--quiet", "--set-upstream", "hub", "main")
    return hub


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    return Coordinator.at(repository)


@pytest.fixture
def clone(hub: Path, tmp_path: Path) -> Path:
    """An agent's clone of the hub; it knows nothing of the user's repository."""
    git(tmp_path, "clone", "--quiet", "--origin", "hub", str(hub), "clone")
    return tmp_path / "clone"


def work(clone: Path, branch: str | None, start: str | None, **contents: str) -> str:
    """What the claim's `next_step` says, in a clone of the remote."""
    git(clone, "fetch", "--quiet", "hub")
    git(clone, "switch", "--quiet", "--no-track", "-c", str(branch), str(start))
    return commit(clone, **contents)


def push(clone: Path, branch: str | None, *options: str) -> None:
    git(clone, "push", "--quiet", *options, "hub", f"HEAD:refs/heads/{branch}")


def completed(coordinator: Coordinator, name: str, token: int) -> str:
    ended = coordinator.release(ANNA, name, token, Outcome.COMPLETED, "")
    return str(ended.event.data["commit"])


class TestThroughARemote:
    def test_a_pushed_branch_is_fetched_pinned_checked_and_merged(
        self, coordinator: Coordinator, repository: Path, clone: Path
    ) -> None:
        run = begin(coordinator, Strategy.BRANCH, task("one", check="grep -q done one.txt"))
        given = claim(coordinator, ANNA)
        assert given.remote == "hub"
        made = work(clone, given.claim.branch, given.claim.start, one="done")
        push(clone, given.claim.branch)
        assert completed(coordinator, "one", given.claim.token) == made
        assert git(repository, "rev-parse", str(given.claim.branch)) == made
        pinned = f"refs/parallel/{run}/result/one-{given.claim.token}"
        assert git(repository, "rev-parse", pinned) == made
        report = coordinator.merge()
        assert report.merged == ("one",)
        assert git(repository, "show", "main:one.txt") == "done"
        assert git(repository, "for-each-ref", "refs/parallel") == ""
        assert [k.name for k in report.kept] == [f"hub/{given.claim.branch}"]

    def test_results_that_are_joined_go_to_the_remote_for_the_next_agent(
        self, coordinator: Coordinator, clone: Path, hub: Path
    ) -> None:
        tasks = (task("left"), task("right"), task("top", after=("left", "right")))
        begin(coordinator, Strategy.BRANCH, *tasks)
        for agent, name in ((ANNA, "left"), (BERT, "right")):
            held = claim(coordinator, agent, name).claim
            work(clone, held.branch, held.start, **{name: name})
            push(clone, held.branch)
            coordinator.release(agent, name, held.token, Outcome.COMPLETED, "")
        given = claim(coordinator, CARL, "top")
        assert given.remote == "hub"
        assert git(hub, "rev-parse", str(given.claim.branch)) == given.claim.start
        work(clone, given.claim.branch, given.claim.start, top="t")
        assert {p.name for p in clone.glob("*.txt")} == {"left.txt", "right.txt", "top.txt"}
        push(clone, given.claim.branch)
        coordinator.release(CARL, "top", given.claim.token, Outcome.COMPLETED, "")
        assert coordinator.merge().archived

    def test_what_was_not_pushed_is_not_done(self, coordinator: Coordinator, clone: Path) -> None:
        begin(coordinator, Strategy.BRANCH, task("one"))
        held = claim(coordinator, ANNA).claim
        work(clone, held.branch, held.start, one="1")
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "not_pushed"
        assert f"git push hub HEAD:refs/heads/{held.branch}" in error.next_step
        assert coordinator.status().counts["claimed"] == 1

    def test_what_does_not_descend_from_the_start_is_refused(
        self, coordinator: Coordinator, repository: Path, clone: Path
    ) -> None:
        begin(coordinator, Strategy.BRANCH, task("one"))
        held = claim(coordinator, ANNA).claim
        git(clone, "checkout", "--quiet", "--orphan", "new")
        commit(clone, one="1")
        push(clone, held.branch)
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "rewritten"
        assert git(repository, "rev-parse", str(held.branch)) == held.start

    def test_a_branch_that_was_moved_by_force_counts_as_it_is_now(
        self, coordinator: Coordinator, clone: Path
    ) -> None:
        begin(coordinator, Strategy.BRANCH, task("one", check="grep -q done one.txt"))
        held = claim(coordinator, ANNA).claim
        work(clone, held.branch, held.start, one="half")
        push(clone, held.branch)
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "check_failed"
        commit(clone, one="still not")
        push(clone, held.branch)
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "check_failed"
        git(clone, "reset", "--quiet", "--hard", str(held.start))
        made = commit(clone, one="done")
        push(clone, held.branch, "--force")
        assert completed(coordinator, "one", held.token) == made

    def test_a_remote_that_is_gone_is_named_and_the_claim_goes_on(
        self, coordinator: Coordinator, repository: Path, hub: Path
    ) -> None:
        begin(coordinator, Strategy.BRANCH, task("one"))
        git(repository, "config", remotes.SETTING, "hub")
        held = claim(coordinator, ANNA).claim
        hub.rename(hub.with_name("elsewhere.git"))
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "remote_unreachable"
        assert "git ls-remote hub" in error.next_step
        assert coordinator.status().counts["claimed"] == 1


class TestThroughTheRepositoryItself:
    @pytest.fixture
    def beside(self, repository: Path, tmp_path: Path) -> Path:
        """An agent's clone of the user's repository, on the same disk."""
        git(tmp_path, "clone", "--quiet", "--origin", "hub", str(repository), "beside")
        return tmp_path / "beside"

    def test_a_clone_of_the_repository_pushes_to_it(
        self, coordinator: Coordinator, repository: Path, beside: Path
    ) -> None:
        begin(coordinator, Strategy.BRANCH, task("one"))
        given = claim(coordinator, ANNA)
        assert given.remote is None
        made = work(beside, given.claim.branch, given.claim.start, one="1")
        push(beside, given.claim.branch)
        assert completed(coordinator, "one", given.claim.token) == made
        assert coordinator.merge().archived

    def test_a_branch_that_was_deleted_is_missed_with_the_way_to_push_it(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.BRANCH, task("one"))
        held = claim(coordinator, ANNA).claim
        git(repository, "branch", "-D", str(held.branch))
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "not_pushed"
        assert f"git push {repository} HEAD:refs/heads/{held.branch}" in error.next_step

    def test_what_the_user_has_not_pushed_is_not_pushed_for_them(
        self, coordinator: Coordinator, repository: Path, hub: Path
    ) -> None:
        commit(repository, private="not for others yet")
        begin(coordinator, Strategy.BRANCH, task("one"))
        given = claim(coordinator, ANNA)
        assert given.remote is None
        assert git(hub, "for-each-ref", "--format=%(refname)") == "refs/heads/main"

    def test_an_unreachable_remote_is_in_nobodys_way_who_does_not_need_it(
        self, coordinator: Coordinator, repository: Path, hub: Path, beside: Path
    ) -> None:
        begin(
            coordinator,
            Strategy.BRANCH,
            task("one"),
            task("two"),
            task("top", after=("one", "two")),
        )
        hub.rename(hub.with_name("elsewhere.git"))
        for name in ("one", "two", "top"):
            held = claim(coordinator, ANNA, name).claim
            work(beside, held.branch, held.start, **{name: name})
            push(beside, held.branch)
            coordinator.release(ANNA, name, held.token, Outcome.COMPLETED, "")
        assert coordinator.merge().archived


def test_the_remote_is_the_chosen_one_or_the_one_that_the_target_follows(
    repository: Path, hub: Path
) -> None:
    found, main = Repository.find(repository), "refs/heads/main"
    assert remotes.shared(found, main) == "hub"
    assert remotes.shared(found, "refs/heads/other") is None
    git(repository, "config", remotes.SETTING, ".")
    assert remotes.shared(found, main) is None
    git(repository, "config", remotes.SETTING, "--upload-pack=touch pwned")
    assert refused(remotes.shared, found, main).code == "unknown_remote"
    git(repository, "config", "--unset", remotes.SETTING)
    git(repository, "config", "branch.main.remote", str(hub))
    assert remotes.shared(found, main) is None


def test_a_branch_of_that_name_on_the_remote_is_not_overwritten(
    coordinator: Coordinator, repository: Path, clone: Path, hub: Path
) -> None:
    found = Repository.find(repository)
    made = commit(clone, theirs="t")
    push(clone, "parallel/p1/agent-1/x")
    other = commit(repository, mine="m")
    assert refused(remotes.publish, found, "hub", "parallel/p1/agent-1/x", other).code == (
        "branch_exists"
    )
    assert git(hub, "rev-parse", "parallel/p1/agent-1/x") == made
    assert coordinator.status().counts[State.CLAIMED] == 0
