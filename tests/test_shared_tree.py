"""Strategy `files`: one tree for all, and a commit of exactly what was claimed, in turn."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from git_scratch import commit as commit_files
from git_scratch import git, write
from parallel_agents.coordination import claiming
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Agent, Outcome, Strategy, TaskId
from parallel_agents.git import process
from planned_work import ANNA, BERT, begin, claim, refused, task


@pytest.fixture
def root(repository: Path) -> Path:
    commit_files(
        repository,
        {"a/old.txt": "o\n", "a/gone.txt": "g\n", "a/run.sh": "#!/bin/sh\n", "b/b.txt": "b\n"},
    )
    return repository


@pytest.fixture
def coordinator(root: Path) -> Coordinator:
    return Coordinator.at(root)


def status(root: Path) -> list[str]:
    return git(root, "status", "--porcelain", "--untracked-files=all").splitlines()


def release(coordinator: Coordinator, agent: Agent, name: str, token: int) -> str:
    ended = coordinator.release(agent, name, token, Outcome.COMPLETED, "")
    return str(ended.event.data["commit"])


def test_every_kind_of_change_in_the_claim_is_committed_and_nothing_else(
    coordinator: Coordinator, root: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("mine", "a"), task("theirs", "b"))
    mine = claim(coordinator, ANNA, "mine").claim
    claim(coordinator, BERT, "theirs")
    (root / "a/old.txt").rename(root / "a/new.txt")
    (root / "a/gone.txt").unlink()
    (root / "a/run.sh").chmod(0o755)
    (root / "a/link").symlink_to("new.txt")
    write(root, {"a/-n *.txt": "a hard name", "a/sub/deep.txt": "d", "b/b.txt": "half done\n"})
    (root / "user.txt").write_text("staged by the user")
    git(root, "add", "user.txt")

    made = release(coordinator, ANNA, "mine", mine.token)

    changed = git(root, "show", "--format=", "--name-status", "--no-renames", "-z", made)
    fields = changed.rstrip("\0").split("\0")
    assert dict(zip(fields[1::2], fields[::2], strict=True)) == {
        "a/-n *.txt": "A",
        "a/gone.txt": "D",
        "a/link": "A",
        "a/new.txt": "A",
        "a/old.txt": "D",
        "a/run.sh": "M",
        "a/sub/deep.txt": "A",
    }
    assert git(root, "ls-tree", made, "a/run.sh").startswith("100755")
    assert git(root, "ls-tree", made, "a/link").startswith("120000")
    assert status(root) == [" M b/b.txt", "A  user.txt"]


def test_a_file_that_the_user_staged_otherwise_is_committed_as_it_lies_there(
    coordinator: Coordinator, root: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("mine", "a"))
    held = claim(coordinator, ANNA).claim
    (root / "a/old.txt").write_text("staged\n")
    git(root, "add", "a/old.txt")
    (root / "a/old.txt").write_text("finished\n")
    made = release(coordinator, ANNA, "mine", held.token)
    assert git(root, "show", f"{made}:a/old.txt") == "finished"
    assert status(root) == []


def test_many_agents_complete_at_once_each_with_a_commit_of_its_own(
    coordinator: Coordinator, root: Path
) -> None:
    names = [f"t{n}" for n in range(6)]
    begin(coordinator, Strategy.FILES, *(task(n) for n in names))
    tokens = {n: claim(coordinator, Agent("s", n), n).claim.token for n in names}
    for name in names:
        (root / f"{name}.txt").write_text(name)
    made: dict[str, str] = {}
    failures: list[BaseException] = []

    def complete(name: str) -> None:
        try:
            made[name] = release(coordinator, Agent("s", name), name, tokens[name])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=complete, args=(n,)) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    for name in names:
        assert git(root, "show", "--format=", "--name-only", made[name]) == f"{name}.txt"
    assert status(root) == []


def test_a_git_command_of_the_user_that_holds_the_index_is_waited_for(
    coordinator: Coordinator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, Strategy.FILES, task("mine", "a"))
    held = claim(coordinator, ANNA).claim
    (root / "a/old.txt").write_text("new\n")
    lock = root / ".git" / "index.lock"
    lock.touch()

    def wait(attempt: int) -> None:
        if attempt:
            lock.unlink(missing_ok=True)

    monkeypatch.setattr(process, "pause", wait)
    made = release(coordinator, ANNA, "mine", held.token)
    assert git(root, "show", f"{made}:a/old.txt") == "new"


def test_an_index_lock_that_stays_is_named_and_the_claim_goes_on(
    coordinator: Coordinator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, Strategy.FILES, task("mine", "a"))
    held = claim(coordinator, ANNA).claim
    write(root, {"a/old.txt": "new\n", "a/brand-new.txt": "n"})
    lock = root / ".git" / "index.lock"
    lock.touch()
    monkeypatch.setattr(process, "pause", lambda attempt: None)
    error = refused(coordinator.release, ANNA, "mine", held.token, Outcome.COMPLETED, "")
    assert "index.lock" in error.sentence
    lock.unlink()
    assert git(root, "diff", "--cached", "--name-only") == ""
    release(coordinator, ANNA, "mine", held.token)


def test_a_merge_that_the_user_is_in_the_middle_of_is_not_committed_into(
    coordinator: Coordinator, root: Path
) -> None:
    git(root, "branch", "side")
    commit_files(root, {"b/b.txt": "ours\n"})
    begin(coordinator, Strategy.FILES, task("mine", "a"))
    held = claim(coordinator, ANNA).claim
    git(root, "switch", "--quiet", "side")
    commit_files(root, {"b/b.txt": "theirs\n"})
    git(root, "switch", "--quiet", "main")
    git(root, "merge", "side", check=False)
    (root / "a/old.txt").write_text("new\n")
    error = refused(coordinator.release, ANNA, "mine", held.token, Outcome.COMPLETED, "")
    assert error.code == "commit_refused"
    assert (root / ".git" / "MERGE_HEAD").exists()
    assert os.path.exists(root / "a/old.txt")
    git(root, "merge", "--abort")
    (root / "a/old.txt").write_text("new\n")
    release(coordinator, ANNA, "mine", held.token)


def test_a_detached_head_in_mid_run_stops_the_completion_and_nothing_else(
    coordinator: Coordinator, root: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("mine", "a"))
    held = claim(coordinator, ANNA).claim
    (root / "a/old.txt").write_text("new\n")
    git(root, "switch", "--quiet", "--detach")
    error = refused(coordinator.release, ANNA, "mine", held.token, Outcome.COMPLETED, "")
    assert error.code == "detached_head"
    git(root, "switch", "--quiet", "main")
    release(coordinator, ANNA, "mine", held.token)


def test_what_one_task_needs_is_there_when_it_starts(coordinator: Coordinator, root: Path) -> None:
    begin(coordinator, Strategy.FILES, task("first", "a"), task("second", "b", after=("first",)))
    held = claim(coordinator, ANNA, "first").claim
    (root / "a/old.txt").write_text("new\n")
    made = release(coordinator, ANNA, "first", held.token)
    assert claim(coordinator, BERT, "second").claim.start == made


def test_a_claim_is_one_change_where_the_commit_is_plain_to_see(
    coordinator: Coordinator, root: Path
) -> None:
    begin(coordinator, Strategy.FILES, task("first", "a"), task("second", "b"))
    before, head = coordinator.status().rev, git(root, "rev-parse", "HEAD")
    held = claim(coordinator, ANNA, "first").claim
    assert (held.workdir, held.branch, held.start) == (str(root), None, head)
    assert coordinator.status().rev == before + 1 == held.token
    git(root, "pack-refs", "--all")  # now only git can tell: asked after the grant, and noted
    held = claim(coordinator, BERT, "second").claim
    assert (held.workdir, held.branch, held.start) == (str(root), None, head)
    assert coordinator.status().rev == held.token + 1
    assert Coordinator.at(root).store.read(lambda view: view.claims[TaskId("second")]) == held


@pytest.mark.parametrize("strategy", Strategy)
def test_a_claim_is_given_at_once_where_no_place_has_to_be_made(
    coordinator: Coordinator, root: Path, strategy: Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(coordinator, strategy, task("first", "a"), task("second", "b"))
    given = coordinator.claim_at_once(ANNA, "first")
    assert (given is not None) is (strategy is Strategy.FILES)
    held = claim(coordinator, ANNA, "first").claim
    again = coordinator.claim_at_once(ANNA)
    if strategy is Strategy.BRANCH:  # its remote is asked for
        assert again is None
        return
    assert again is not None
    assert (again[0].claim, again[0].again) == (held, True)
    git(root, "pack-refs", "--all")  # now git has to be asked
    assert coordinator.claim_at_once(BERT) is None
    monkeypatch.setattr(claiming, "FEW", 1)
    assert coordinator.claim_at_once(ANNA) is None
    assert set(coordinator.store.read(lambda view: view.claims)) == {"first"}
