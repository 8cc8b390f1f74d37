"""The use cases in a real repository: what crosses store, git and planning."""

from __future__ import annotations

import shutil
from pathlib import Path

import planned_work
import pytest
from git_scratch import git
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.commands import NothingToClaim
from parallel_agents.core.errors import NeedsPerson, NotNow, ParallelAgentsError, Unproven
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, State, Strategy, Task
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.lock import FileLock
from planned_work import ANNA, BERT, claim, commit, complete, task


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    return Coordinator.at(repository)


def begin(coordinator: Coordinator, strategy: Strategy, *tasks: Task, check: str = "true") -> str:
    return planned_work.begin(coordinator, strategy, *tasks, check=check)


def code(error: pytest.ExceptionInfo[ParallelAgentsError]) -> str:
    return error.value.code


class TestWhereWorkStarts:
    def test_a_task_starts_from_the_result_it_depends_on(self, coordinator: Coordinator) -> None:
        begin(coordinator, Strategy.WORKTREE, task("base"), task("top", after=("base",)))
        made = complete(coordinator, ANNA, "base", base="b")
        held = claim(coordinator, BERT, "top").claim
        assert held.start == made
        assert (Path(str(held.workdir)) / "base.txt").read_text() == "b"

    def test_results_of_several_are_joined_in_memory(self, coordinator: Coordinator) -> None:
        tasks = (task("left"), task("right"), task("top", after=("left", "right")))
        begin(coordinator, Strategy.WORKTREE, *tasks)
        complete(coordinator, ANNA, "left", left="l")
        complete(coordinator, BERT, "right", right="r")
        tree = Path(str(claim(coordinator, ANNA, "top").claim.workdir))
        assert {p.name for p in tree.glob("*.txt")} == {"left.txt", "right.txt"}

    def test_once_results_have_landed_work_starts_on_top_of_them(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("first"), task("second"))
        complete(coordinator, ANNA, "first", first="1")
        coordinator.merge(only=["first"])
        held = claim(coordinator, BERT, "second").claim
        assert held.start == git(repository, "rev-parse", "main").strip()

    def test_an_agent_that_has_a_task_again_gets_a_new_branch(
        self, coordinator: Coordinator
    ) -> None:
        run = begin(coordinator, Strategy.WORKTREE, task("only"))
        first = claim(coordinator, ANNA).claim
        commit(first.workdir, only="half")
        coordinator.release(ANNA, "only", first.token, Outcome.RETURNED, "later")
        again = claim(coordinator, ANNA).claim
        assert first.branch == f"parallel/{run}/agent-1/only"
        assert again.branch == f"{first.branch}-{again.token}"
        assert not (Path(str(again.workdir)) / "only.txt").exists()

    def test_a_place_that_is_taken_is_left_alone_for_another(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        run = begin(coordinator, Strategy.WORKTREE, task("only"))
        taken = repository.parent / f"{repository.name}.agents" / run / "agent-1"
        taken.mkdir(parents=True)
        (taken / "mine.txt").write_text("somebody's")
        held = claim(coordinator, ANNA).claim
        assert held.workdir == f"{taken}-{held.token}"
        assert (taken / "mine.txt").read_text() == "somebody's"

    def test_a_place_that_cannot_be_made_gives_the_claim_back(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("only"))
        git(repository, "branch", "parallel")  # so no branch `parallel/...` can be
        with pytest.raises(NotNow) as error:
            coordinator.claim(ANNA)
        assert code(error) == "branch_clash"
        (state,) = (t.state for t in coordinator.status().tasks)
        assert state is State.AVAILABLE
        assert len(git(repository, "worktree", "list").splitlines()) == 1

    def test_a_setup_that_fails_gives_the_claim_back(self, coordinator: Coordinator) -> None:
        plan = Plan("goal", (task("only"),), setup="sh -c 'echo no network; exit 7'")
        plan_id = coordinator.propose(plan).assessment.plan.id
        coordinator.approve(plan_id, Strategy.WORKTREE, "test")
        with pytest.raises(ParallelAgentsError) as error:
            coordinator.claim(ANNA)
        assert code(error) == "setup_failed"
        assert "no network" in error.value.sentence
        assert coordinator.status().counts["claimed"] == 0


class TestEvidence:
    @pytest.fixture
    def held(self, coordinator: Coordinator) -> Assignment:
        begin(coordinator, Strategy.WORKTREE, task("only", check="grep -q done only.txt"))
        return claim(coordinator, ANNA)

    def refused(self, coordinator: Coordinator, held: Assignment) -> str:
        with pytest.raises(Unproven) as error:
            coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")
        assert coordinator.status().counts["claimed"] == 1
        return code(error)

    def test_what_is_not_committed_is_not_done(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        (Path(str(held.claim.workdir)) / "only.txt").write_text("done")
        assert self.refused(coordinator, held) == "uncommitted"

    def test_a_file_outside_the_claim_is_not_let_in(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        commit(held.claim.workdir, only="done", other="o")
        assert self.refused(coordinator, held) == "outside_claim"

    def test_a_check_that_fails_shows_its_last_words(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        commit(held.claim.workdir, only="nearly")
        assert self.refused(coordinator, held) == "check_failed"

    def test_history_that_was_rewritten_is_refused(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        tree = Path(str(held.claim.workdir))
        git(tree, "commit", "--quiet", "--amend", "--allow-empty", "--message", "mine now")
        commit(tree, only="done")
        assert self.refused(coordinator, held) == "rewritten"

    def test_another_branch_is_refused(self, coordinator: Coordinator, held: Assignment) -> None:
        tree = Path(str(held.claim.workdir))
        git(tree, "switch", "--quiet", "--create", "elsewhere")
        commit(tree, only="done")
        assert self.refused(coordinator, held) == "wrong_branch"

    def test_a_task_that_was_done_before_needs_only_its_check(
        self, coordinator: Coordinator, held: Assignment, repository: Path
    ) -> None:
        assert self.refused(coordinator, held) == "check_failed"
        commit(held.claim.workdir, only="done")
        coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")
        assert coordinator.status().progress == "1 completed / 1 total (0 in progress, 0 failed)"


class TestFilesStrategy:
    def test_completing_commits_exactly_the_claimed_files(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.FILES, task("mine"), task("other"))
        held = claim(coordinator, ANNA, "mine").claim
        for name in ("mine", "other", "stray"):
            (repository / f"{name}.txt").write_text(name)
        coordinator.release(ANNA, "mine", held.token, Outcome.COMPLETED, "")
        assert git(repository, "show", "--name-only", "--format=").split() == ["mine.txt"]
        assert (repository / "stray.txt").exists()

    def test_a_commit_whose_reply_was_lost_is_found_again(
        self, coordinator: Coordinator, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begin(coordinator, Strategy.FILES, task("mine"))
        held = claim(coordinator, ANNA).claim
        (repository / "mine.txt").write_text("m")
        with monkeypatch.context() as patch:
            patch.setattr(FolderStore, "transact", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                coordinator.release(ANNA, "mine", held.token, Outcome.COMPLETED, "")
        made = git(repository, "rev-parse", "HEAD").strip()
        ended = coordinator.release(ANNA, "mine", held.token, Outcome.COMPLETED, "")
        assert ended.event.data["commit"] == made

    def test_another_branch_checked_out_stops_the_completion(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.FILES, task("mine"))
        held = claim(coordinator, ANNA).claim
        git(repository, "switch", "--quiet", "--create", "elsewhere")
        (repository / "mine.txt").write_text("m")
        with pytest.raises(NotNow) as error:
            coordinator.release(ANNA, "mine", held.token, Outcome.COMPLETED, "")
        assert code(error) == "wrong_branch"


class TestMerging:
    def conflicting(self, coordinator: Coordinator) -> None:
        begin(coordinator, Strategy.WORKTREE, task("one", "one.txt", "both.txt"), task("two"))
        held = claim(coordinator, BERT, "two").claim
        complete(coordinator, ANNA, "one", both="from one\n")
        self.complete_two(coordinator, held, "from two\n")

    def complete_two(self, coordinator: Coordinator, held: Claim, text: str) -> None:
        coordinator.extend(BERT, "two", held.token, ["both.txt"])
        commit(held.workdir, both=text)
        coordinator.release(BERT, "two", held.token, Outcome.COMPLETED, "done")

    def test_a_conflict_moves_nothing_and_names_both_tasks(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        self.conflicting(coordinator)
        before = git(repository, "for-each-ref", "refs/heads/main")
        with pytest.raises(NeedsPerson) as error:
            coordinator.merge()
        assert code(error) == "merge_conflict"
        for said in ("Do one", "Do two", "both.txt", "from one", "from two"):
            assert said in error.value.sentence
        assert git(repository, "for-each-ref", "refs/heads/main") == before
        assert git(repository, "status", "--porcelain") == ""

    def test_a_result_that_was_left_out_is_done_again_on_top_of_the_rest(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        self.conflicting(coordinator)
        report = coordinator.merge(leave_out=["two"])
        assert (report.merged, report.left_out, report.archived) == (("one",), ("two",), False)
        with pytest.raises(NeedsPerson):
            coordinator.recover("two", State.AVAILABLE, by_user=False)
        coordinator.recover("two", State.AVAILABLE, by_user=True)
        held = claim(coordinator, BERT, "two").claim
        self.complete_two(coordinator, held, "from one\nfrom two\n")
        report = coordinator.merge()
        assert report.archived
        assert report.progress == "2 completed / 2 total (0 in progress, 0 failed)"
        assert (repository / "both.txt").read_text() == "from one\nfrom two\n"

    def test_a_red_suite_lands_nothing(self, coordinator: Coordinator, repository: Path) -> None:
        begin(coordinator, Strategy.WORKTREE, task("one"), check="test ! -e one.txt")
        complete(coordinator, ANNA, "one", one="1")
        before = git(repository, "rev-parse", "main")
        with pytest.raises(NeedsPerson) as error:
            coordinator.merge()
        assert code(error) == "check_failed"
        assert git(repository, "rev-parse", "main") == before
        assert len(git(repository, "worktree", "list").splitlines()) == 2

    def test_only_one_merge_runs_at_a_time(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("one"))
        complete(coordinator, ANNA, "one", one="1")
        running = FileLock(repository / ".git" / "parallel-agents-merge.lock", timeout=0)
        with running.held(), pytest.raises(NotNow) as error:
            coordinator.merge()
        assert code(error) == "merge_running"
        assert coordinator.merge(dry_run=True).merged == ("one",)

    def test_a_merge_that_died_after_landing_is_finished_by_the_next(
        self, coordinator: Coordinator, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("one"))
        complete(coordinator, ANNA, "one", one="1")
        with monkeypatch.context() as patch:
            patch.setattr(FolderStore, "transact", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                coordinator.merge()
        landed = git(repository, "rev-parse", "main")
        report = coordinator.merge()
        assert (report.already_in, report.archived) == (("one",), True)
        assert git(repository, "rev-parse", "main") == landed

    def test_what_was_built_on_a_left_out_result_cannot_land_without_it(
        self, coordinator: Coordinator
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("base"), task("top", after=("base",)))
        complete(coordinator, ANNA, "base", base="b")
        complete(coordinator, ANNA, "top", top="t")
        with pytest.raises(ParallelAgentsError) as error:
            coordinator.merge(leave_out=["base"])
        assert code(error) == "needs_left_out"

    def test_a_blocked_task_does_not_keep_a_run_open_for_ever(
        self, coordinator: Coordinator
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("good"), task("bad"))
        complete(coordinator, ANNA, "good", good="g")
        for agent in (ANNA, BERT):
            held = claim(coordinator, agent, "bad").claim
            coordinator.fail(agent, "bad", held.token, "cannot be done")
        report = coordinator.merge()
        assert report.unfinished == (("bad", State.BLOCKED),)
        assert report.progress == "1 completed / 2 total (0 in progress, 1 failed)"
        assert report.archived


def test_a_run_that_is_not_to_go_on_can_be_put_away(
    coordinator: Coordinator, repository: Path
) -> None:
    run = begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    with pytest.raises(NotNow) as error:
        coordinator.end()
    assert code(error) == "still_claimed"
    coordinator.release(ANNA, "one", held.token, Outcome.RETURNED, "")
    coordinator.end()
    assert (repository / "_tasks" / "history" / run / "available" / "one.md").exists()
    assert coordinator.status().run is None
    assert begin(coordinator, Strategy.FILES, task("two")) != run


def test_an_agent_in_a_tree_that_the_client_made_keeps_that_tree(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    answer, _ = coordinator.claim(ANNA, cwd=own)
    assert isinstance(answer, Assignment)
    assert answer.claim.workdir == str(own)
    assert git(own, "branch", "--show-current").strip() == answer.claim.branch
    assert git(repository, "status", "--porcelain") == ""


def test_failed_work_is_kept_in_a_ref_and_the_tree_is_clean_for_the_next(
    coordinator: Coordinator, repository: Path
) -> None:
    run = begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    (Path(str(held.workdir)) / "one.txt").write_text("half")
    coordinator.fail(ANNA, "one", held.token, "stuck")
    kept = git(repository, "show", f"refs/parallel/{run}/salvage/one-{held.token}:one.txt")
    assert kept == "half"
    assert git(Path(str(held.workdir)), "status", "--porcelain") == ""


def test_a_plan_that_came_with_a_clone_has_nobodys_yes(
    coordinator: Coordinator, repository: Path, tmp_path: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("one"))
    git(repository, "add", "--force", "_tasks")
    git(repository, "commit", "--quiet", "--message", "with a plan")
    git(tmp_path, "clone", "--quiet", str(repository), "copy")
    with pytest.raises(ParallelAgentsError) as error:
        Coordinator.at(tmp_path / "copy")
    assert code(error) == "state_in_git"


def test_nothing_to_claim_says_why(coordinator: Coordinator) -> None:
    begin(coordinator, Strategy.FILES, task("one"))
    claim(coordinator, ANNA)
    answer, _ = coordinator.claim(BERT)
    assert isinstance(answer, NothingToClaim)
    assert (answer.reason, answer.finished, answer.waiting_on) == ("waiting", False, ("one",))


class TestWhatAnAgentDoesToItsTree:
    """Whatever it does, the user's tree stays as it is and nothing half done counts as done."""

    @pytest.fixture
    def held(self, coordinator: Coordinator) -> Assignment:
        begin(coordinator, Strategy.WORKTREE, task("only"))
        return claim(coordinator, ANNA)

    def refused(self, coordinator: Coordinator, held: Assignment) -> str:
        with pytest.raises(Unproven) as error:
            coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")
        return code(error)

    def test_a_deleted_tree_is_refused_and_the_task_can_be_failed(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        tree = Path(str(held.claim.workdir))
        commit(tree, only="done")
        shutil.rmtree(tree)
        assert self.refused(coordinator, held) == "no_work_tree"
        coordinator.fail(ANNA, "only", held.claim.token, "the tree is gone")
        again = claim(coordinator, BERT, "only").claim
        complete_here(coordinator, BERT, again.workdir, again.token)

    def test_a_link_to_the_users_tree_is_no_work_tree(
        self, coordinator: Coordinator, held: Assignment, repository: Path
    ) -> None:
        (repository / "mine.txt").write_text("the user's own")
        tree = Path(str(held.claim.workdir))
        shutil.rmtree(tree)
        tree.symlink_to(repository)
        assert self.refused(coordinator, held) == "no_work_tree"
        coordinator.release(ANNA, "only", held.claim.token, Outcome.RETURNED, "")
        assert (repository / "mine.txt").read_text() == "the user's own"

    def test_without_its_git_file_the_clients_tree_is_not_taken_for_the_users(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        begin(coordinator, Strategy.WORKTREE, task("one"))
        own = repository / ".claude" / "worktrees" / "agent-7"
        git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
        answer, _ = coordinator.claim(ANNA, cwd=own)
        assert isinstance(answer, Assignment)
        (own / ".git").unlink()
        (repository / "README.md").write_text("the user's edit")
        with pytest.raises(Unproven) as error:
            coordinator.release(ANNA, "one", answer.claim.token, Outcome.COMPLETED, "")
        assert code(error) == "no_work_tree"
        coordinator.fail(ANNA, "one", answer.claim.token, "broken")
        assert (repository / "README.md").read_text() == "the user's edit"

    def test_a_rebase_that_is_not_finished_is_not_done(
        self, coordinator: Coordinator, held: Assignment, repository: Path
    ) -> None:
        tree = Path(str(held.claim.workdir))
        commit(tree, only="mine")
        git(repository, "switch", "--quiet", "--create", "theirs")
        commit(repository, only="theirs")
        git(repository, "switch", "--quiet", "main")
        git(tree, "rebase", "theirs", check=False)
        assert self.refused(coordinator, held) == "unfinished"
        coordinator.fail(ANNA, "only", held.claim.token, "conflict")
        assert git(tree, "status", "--porcelain") == ""

    def test_commits_on_no_branch_are_refused_with_the_way_back(
        self, coordinator: Coordinator, held: Assignment
    ) -> None:
        tree = Path(str(held.claim.workdir))
        git(tree, "switch", "--quiet", "--detach")
        made = commit(tree, only="done")
        with pytest.raises(Unproven) as error:
            coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")
        assert code(error) == "wrong_branch"
        assert f"git branch -f {held.claim.branch} {made[:12]}" in error.value.next_step
        git(tree, "branch", "-f", str(held.claim.branch), made[:12])
        git(tree, "switch", "--quiet", str(held.claim.branch))
        coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")

    def test_a_claimed_file_that_the_exclude_file_hides_is_found(
        self, coordinator: Coordinator, held: Assignment, repository: Path
    ) -> None:
        tree = Path(str(held.claim.workdir))
        with (repository / ".git" / "info" / "exclude").open("a") as exclude:
            exclude.write("only.txt\n*.log\n")
        (tree / "only.txt").write_text("done")
        (tree / "other.log").write_text("of no matter")
        git(tree, "commit", "--quiet", "--allow-empty", "--message", "work")
        assert self.refused(coordinator, held) == "hidden_files"
        git(tree, "add", "--force", "only.txt")
        git(tree, "commit", "--quiet", "--message", "work")
        coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")

    def test_a_branch_that_is_rewritten_after_completion_changes_nothing(
        self, coordinator: Coordinator, held: Assignment, repository: Path
    ) -> None:
        tree = Path(str(held.claim.workdir))
        made = commit(tree, only="done")
        coordinator.release(ANNA, "only", held.claim.token, Outcome.COMPLETED, "")
        (tree / "only.txt").write_text("something else")
        git(tree, "commit", "--quiet", "--all", "--amend", "--message", "rewritten")
        git(repository, "reflog", "expire", "--expire=now", "--all")
        git(repository, "gc", "--quiet", "--prune=now")
        report = coordinator.merge()
        assert report.merged == ("only",)
        assert git(repository, "show", "main:only.txt") == "done"
        assert git(repository, "merge-base", "main", made) == made
        assert str(tree) in {k.name for k in report.kept}
        assert (tree / "only.txt").read_text() == "something else"


def complete_here(coordinator: Coordinator, agent: Agent, tree: str | None, token: int) -> None:
    commit(tree, only="done")
    coordinator.release(agent, "only", token, Outcome.COMPLETED, "done")
