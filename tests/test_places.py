"""Work trees for claims: made at once for many, never mixed up with what another run left."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from git_scratch import commit as commit_files
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Agent, Outcome, State, Strategy
from planned_work import ANNA, BERT, begin, claim, commit, complete, refused, task

MANY = 32


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    return Coordinator.at(repository)


def test_thirty_two_agents_that_claim_at_once_get_thirty_two_work_trees(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, *(task(f"t{n}") for n in range(MANY)))
    made: dict[int, str | None] = {}
    failures: list[BaseException] = []

    def at_work(number: int) -> None:
        try:
            held = claim(coordinator, Agent("s", f"a{number}")).claim
            made[number] = held.workdir
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=at_work, args=(n,)) for n in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len({*made.values()}) == MANY
    assert all(Path(str(tree)).joinpath("README.md").exists() for tree in made.values())
    listed = git(repository, "worktree", "list", "--porcelain")
    assert listed.count("locked parallel-agents: ") == MANY
    assert len(git(repository, "branch", "--list", "parallel/*").splitlines()) == MANY


def test_the_same_plan_again_starts_afresh_beside_what_the_first_run_left(
    coordinator: Coordinator, repository: Path
) -> None:
    tasks = (task("one"), task("two"))
    run = begin(coordinator, Strategy.WORKTREE, *tasks)
    first = claim(coordinator, ANNA, "one").claim
    commit(first.workdir, one="old result")
    (Path(str(first.workdir)) / "one.txt").write_text("and not committed")
    coordinator.recover("one", State.AVAILABLE, by_user=True)
    coordinator.end()

    assert begin(coordinator, Strategy.WORKTREE, *tasks) == run
    second = claim(coordinator, ANNA, "one").claim

    assert second.workdir != first.workdir
    assert second.branch != first.branch
    assert not (Path(str(second.workdir)) / "one.txt").exists()
    assert (Path(str(first.workdir)) / "one.txt").read_text() == "and not committed"
    commit(second.workdir, one="new result")
    coordinator.release(ANNA, "one", second.token, Outcome.COMPLETED, "")
    complete(coordinator, BERT, "two", two="2")
    report = coordinator.merge()
    assert git(repository, "show", "main:one.txt") == "new result"
    assert str(first.workdir) in {k.name for k in report.kept}


def test_an_index_lock_that_a_killed_git_left_is_named_with_its_way_out(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    held = claim(coordinator, ANNA, "one").claim
    tree = Path(str(held.workdir))
    commit(tree, one="1")
    coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    lock = Path(git(tree, "rev-parse", "--git-path", "index.lock"))
    lock.touch()

    second = claim(coordinator, ANNA, "two").claim

    assert second.workdir != held.workdir  # the old tree is left alone, and another is made
    lock.unlink()


def test_an_index_lock_in_its_own_tree_does_not_keep_an_agent_from_letting_go(
    coordinator: Coordinator,
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    held = claim(coordinator, ANNA).claim
    tree = Path(str(held.workdir))
    (tree / "one.txt").write_text("half")
    lock = Path(git(tree, "rev-parse", "--git-path", "index.lock"))
    lock.touch()
    ended = coordinator.fail(ANNA, "one", held.token, "stuck")
    assert git(tree, "show", f"{ended.event.data['salvage']}:one.txt") == "half"


def test_a_full_disk_leaves_neither_tree_nor_branch_and_gives_the_claim_back(
    repository: Path,
) -> None:
    commit_files(repository, {"large.txt": "x" * 2_000_000})
    coordinator = Coordinator.at(repository)
    begin(coordinator, Strategy.WORKTREE, task("one"))
    words = f"{sys.executable} -m parallel_agents -C '{repository}' claim --agent anna"
    done = subprocess.run(
        ("sh", "-c", f"ulimit -f 2000; exec {words}"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "[git_failed]" in done.stderr
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert git(repository, "branch", "--list", "parallel/*") == ""
    coordinator = Coordinator.at(repository)
    assert coordinator.status().counts["available"] == 1
    assert (Path(str(claim(coordinator, ANNA).claim.workdir)) / "large.txt").exists()


def test_a_tree_that_the_user_deleted_by_hand_is_made_again_for_the_next_task(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    complete(coordinator, ANNA, "one", one="1")
    folder = repository.parent / f"{repository.name}.agents"
    shutil.rmtree(folder)
    complete(coordinator, ANNA, "two", two="2")
    report = coordinator.merge()
    assert report.archived
    assert report.kept == ()
    assert git(repository, "branch", "--format=%(refname:short)") == "main"


def test_uncommitted_work_in_the_clients_tree_is_not_switched_away(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    (own / "before.txt").write_text("written before the claim")
    error = refused(coordinator.claim, ANNA, cwd=own)
    assert error.code == "tree_dirty"
    assert coordinator.status().counts["available"] == 1
    commit(own, before="written before the claim")
    held = claim(coordinator, ANNA, cwd=own).claim
    assert held.workdir == str(own)
    assert not (own / "before.txt").exists()
    assert git(repository, "show", "worktree-agent-7:before.txt") == "written before the claim"


@pytest.mark.parametrize("next_task", ["one", "two"])
def test_what_a_recovered_claim_left_in_the_clients_tree_is_saved_and_its_agent_goes_on(
    coordinator: Coordinator, repository: Path, next_task: str
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    first = claim(coordinator, ANNA, "one", cwd=own)
    assert first.saved is None
    (own / "one.txt").write_text("half")
    (own / "README.md").write_text("half too")
    event, _ = coordinator.recover("one", State.AVAILABLE, by_user=True)
    assert event is not None
    assert (own / "one.txt").read_text() == "half"  # the agent may have been at work
    (own / "one.txt").write_text("half, and a little more")

    second = claim(coordinator, ANNA, next_task, cwd=own)

    assert second.claim.workdir == str(own)
    assert git(own, "status", "--porcelain") == ""
    assert second.saved is not None
    assert git(repository, "show", f"{second.saved}:one.txt") == "half, and a little more"
    assert git(repository, "show", f"{second.saved}:README.md") == "half too"
    assert git(repository, "show", f"{event.data['salvage']}:one.txt") == "half"
    refs = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", "refs/parallel/")
    kept = [line.split()[1] for line in refs.splitlines() if "/salvage/" in line]
    assert kept == [second.saved]
    git(repository, "merge-base", "--is-ancestor", event.data["salvage"], second.saved)
    commit(own, **{next_task: "whole"})
    coordinator.release(ANNA, next_task, second.claim.token, Outcome.COMPLETED, "")


def test_what_others_left_in_a_tree_is_not_put_aside_by_a_claim(
    coordinator: Coordinator, repository: Path
) -> None:
    """Another agent's recovered work lies there: only its own agent says that it is over."""
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    own = repository / ".claude" / "worktrees" / "agent-7"
    git(repository, "worktree", "add", "--quiet", "-b", "worktree-agent-7", str(own))
    claim(coordinator, ANNA, "one", cwd=own)
    (own / "one.txt").write_text("half")
    coordinator.recover("one", State.AVAILABLE, by_user=True)
    assert refused(coordinator.claim, BERT, cwd=own).code == "tree_dirty"
    assert (own / "one.txt").read_text() == "half"


def test_an_agent_in_a_tree_of_an_earlier_run_gets_one_of_this_run(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one"))
    first = claim(coordinator, ANNA).claim
    coordinator.release(ANNA, "one", first.token, Outcome.RETURNED, "")
    coordinator.end()
    run = begin(coordinator, Strategy.WORKTREE, task("other"))
    held = claim(coordinator, ANNA, cwd=Path(str(first.workdir))).claim
    assert Path(str(held.workdir)).parent.name == run
