"""Work trees for agents: made, reused, salvaged, removed, and nobody's work lost."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.core.errors import Refusal, Unusable
from parallel_agents.git.repository import Repository, WorktreeInfo
from parallel_agents.git.worktrees import Worktrees

ONE = "parallel/p1/agent-1/one"
TWO = "parallel/p1/agent-1/two"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two commits, at a path with a space and an umlaut."""
    return scratch.odd_repository(tmp_path, *scratch.TWO)


@pytest.fixture
def trees(root: Path) -> Worktrees:
    return Worktrees(Repository.find(root))


@pytest.fixture
def place(root: Path) -> Path:
    return root.parent / "Büro A.agents" / "p1" / "agent-1"


def info(trees: Worktrees, path: Path) -> WorktreeInfo | None:
    return next((tree for tree in trees.listed() if tree.path == path), None)


def refused(call: object, *args: object) -> Refusal:
    assert callable(call)
    with pytest.raises(Refusal) as refusal:
        call(*args)
    return refusal.value


# prepare


def test_a_tree_is_made_on_its_branch_at_the_start_and_locked(
    trees: Worktrees, place: Path, root: Path
) -> None:
    start = scratch.git(root, "rev-parse", "main~1")

    trees.prepare(place, ONE, "main~1", "held by a1\nfor task one")

    assert info(trees, place) == WorktreeInfo(
        path=place,
        head=start,
        branch=f"refs/heads/{ONE}",
        lock="parallel-agents: held by a1 for task one",
        missing=False,
    )
    assert (place / "a.txt").read_text() == "a\n"
    assert scratch.git(root, "config", "--get-regexp", "branch", check=False) == ""


def test_preparing_twice_is_preparing_once(trees: Worktrees, place: Path, root: Path) -> None:
    trees.prepare(place, ONE, "main", "x")
    trees.prepare(place, ONE, "main", "x")

    assert scratch.git(place, "rev-parse", "HEAD") == scratch.git(root, "rev-parse", "main")
    assert scratch.git(place, "branch", "--show-current") == ONE


def test_work_under_the_same_name_is_never_taken_for_a_fresh_start(
    trees: Worktrees, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "x")
    scratch.write(place, {"b.txt": "not committed\n"})
    assert refused(trees.prepare, place, ONE, "main", "x").code == "tree_dirty"
    done = scratch.commit(place, {"a.txt": "work\n"})
    assert refused(trees.prepare, place, ONE, "main", "x").code == "branch_exists"

    assert scratch.git(place, "rev-parse", "HEAD") == done
    assert (place / "b.txt").read_text() == "not committed\n"


def test_the_next_task_gets_the_same_tree_on_a_new_branch(trees: Worktrees, place: Path) -> None:
    trees.prepare(place, ONE, "main", "one")
    done = scratch.commit(place, {"a.txt": "work\n"})
    scratch.write(place, {".env": "kept"})

    trees.prepare(place, TWO, "main", "two")

    tree = info(trees, place)
    assert tree is not None
    assert tree.branch == f"refs/heads/{TWO}"
    assert tree.lock == "parallel-agents: two"
    assert (place / "a.txt").read_text() == "aa\n"
    assert (place / ".env").read_text() == "kept"
    assert scratch.git(place, "rev-parse", ONE) == done


def test_a_dirty_tree_is_not_switched_and_the_files_are_named(
    trees: Worktrees, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {"a.txt": "edit\n", "new.txt": "n"})

    refusal = refused(trees.prepare, place, TWO, "main", "two")

    assert refusal.code == "tree_dirty"
    assert "a.txt, new.txt" in refusal.sentence
    assert scratch.git(place, "branch", "--show-current") == ONE


def test_commits_that_no_branch_holds_are_not_switched_away(trees: Worktrees, place: Path) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.git(place, "switch", "--quiet", "--detach")
    scratch.commit(place, {"a.txt": "on no branch\n"})

    assert refused(trees.prepare, place, TWO, "main", "two").code == "unsaved_commits"

    assert trees.salvage(place, "refs/parallel/p1/salvage/one-1", "one") is not None
    trees.prepare(place, TWO, "main", "two")
    assert scratch.git(place, "branch", "--show-current") == TWO


def test_switching_does_not_replace_an_ignored_file(
    trees: Worktrees, place: Path, root: Path
) -> None:
    scratch.branch(root, "with-env", {".env": "theirs"})
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {".env": "mine"})

    refusal = refused(trees.prepare, place, TWO, "with-env", "two")

    assert refusal.code == "switch_refused"
    assert ".env" in refusal.sentence
    assert (place / ".env").read_text() == "mine"
    assert scratch.git(root, "branch", "--list", TWO) == ""


def test_a_tree_deleted_by_hand_comes_back_and_its_work_stays_on_its_branch(
    trees: Worktrees, place: Path, root: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    shutil.rmtree(place)
    tree = info(trees, place)
    assert tree is not None
    assert tree.missing
    trees.prepare(place, ONE, "main", "one")
    done = scratch.commit(place, {"a.txt": "work\n"})
    shutil.rmtree(place)

    assert refused(trees.prepare, place, ONE, "main", "one").code == "branch_exists"
    trees.prepare(place, TWO, "main", "two")

    assert (place / "a.txt").read_text() == "aa\n"
    assert scratch.git(root, "rev-parse", ONE) == done


def test_repairing_one_tree_does_not_forget_another_that_is_away(
    trees: Worktrees, place: Path
) -> None:
    other = place.with_name("agent-2")
    for path, name in ((place, ONE), (other, "parallel/p1/agent-2/x")):
        trees.prepare(path, name, "main", "x")
    scratch.git(other, "worktree", "unlock", str(other))
    away = other.rename(other.with_name("on another disk"))
    shutil.rmtree(place)

    trees.prepare(place, ONE, "main", "x")

    assert info(trees, other) is not None
    away.rename(other)
    assert scratch.git(other, "branch", "--show-current") == "parallel/p1/agent-2/x"


def test_a_branch_left_by_a_killed_call_is_used_if_nothing_is_on_it(
    trees: Worktrees, place: Path, root: Path
) -> None:
    scratch.git(root, "branch", "--no-track", ONE, "main")

    trees.prepare(place, ONE, "main", "one")

    assert scratch.git(place, "branch", "--show-current") == ONE


def test_names_that_are_taken_are_refused_and_nothing_is_left_behind(
    trees: Worktrees, place: Path, root: Path
) -> None:
    for name, start in (("parallel/used", "main~1"), ("parallel/clash", "main")):
        scratch.git(root, "branch", "--no-track", name, start)
    before = scratch.state(root)

    taken = {
        "main": "branch_elsewhere",
        "parallel/used": "branch_exists",
        "parallel/clash/below": "branch_clash",
        "parallel": "branch_clash",
        "-f": "bad_git_name",
        "a..b": "bad_branch",
    }
    for name, code in taken.items():
        assert refused(trees.prepare, place, name, "main", "x").code == code, name

    assert scratch.state(root) == before
    assert not place.exists()
    assert len(trees.listed()) == 1


def test_the_main_work_tree_is_not_given_to_an_agent(trees: Worktrees, root: Path) -> None:
    assert refused(trees.prepare, root, ONE, "main", "x").code == "main_tree"

    assert scratch.git(root, "branch", "--show-current") == "main"


def test_a_folder_with_somebodys_files_is_refused(trees: Worktrees, place: Path) -> None:
    scratch.write(place, {"notes.txt": "mine"})

    assert refused(trees.prepare, place, ONE, "main", "x").code == "path_taken"

    assert (place / "notes.txt").read_text() == "mine"


def test_a_failed_add_takes_its_branch_back(trees: Worktrees, place: Path, root: Path) -> None:
    # A required filter that fails makes the checkout fail after the branch was made.
    scratch.commit(root, {".gitattributes": "*.txt filter=bad\n"})
    for key, value in (("smudge", "false"), ("clean", "cat"), ("required", "true")):
        scratch.git(root, "config", f"filter.bad.{key}", value)

    with pytest.raises(Unusable) as failure:
        trees.prepare(place, ONE, "main", "x")

    assert failure.value.code == "git_failed"
    assert "worktree add" in failure.value.sentence
    assert scratch.git(root, "branch", "--list", ONE) == ""
    assert len(trees.listed()) == 1


def test_another_gits_lock_is_waited_for(
    trees: Worktrees, place: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref_lock = root / ".git" / "refs" / "heads" / f"{ONE}.lock"
    ref_lock.parent.mkdir(parents=True)
    ref_lock.touch()

    def pause(attempt: int) -> None:
        ref_lock.unlink(missing_ok=True)

    monkeypatch.setattr("parallel_agents.git.worktrees.pause", pause)

    trees.prepare(place, ONE, "main", "x")

    assert scratch.git(place, "branch", "--show-current") == ONE


def test_trees_made_at_the_same_time_all_come_out_right(trees: Worktrees, place: Path) -> None:
    failures: list[BaseException] = []

    def make(number: int) -> None:
        try:
            path = place.with_name(f"agent-{number}")
            trees.prepare(path, f"parallel/p1/agent-{number}/x", "main", "x")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(trees.listed()) == 7


# adopt


def test_a_tree_that_the_client_made_is_adopted(
    trees: Worktrees, root: Path, tmp_path: Path
) -> None:
    theirs = root / ".claude" / "worktrees" / "bold-fox"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "worktree-bold-fox", str(theirs))

    trees.adopt(theirs, ONE, "main~1")

    assert scratch.git(theirs, "branch", "--show-current") == ONE
    assert (theirs / "a.txt").read_text() == "a\n"
    assert refused(trees.adopt, theirs, TWO, "--force").code == "bad_git_name"
    assert refused(trees.adopt, root, TWO, "main").code == "main_tree"
    assert refused(trees.adopt, theirs / "sub", TWO, "main").code == "not_a_work_tree"
    assert refused(trees.adopt, tmp_path, TWO, "main").code == "not_a_work_tree"


# salvage and clean


def dirtied(trees: Worktrees, place: Path) -> None:
    """A tree with every kind of unsaved work."""
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {"b.txt": "staged\n"})
    scratch.git(place, "add", "b.txt")
    scratch.write(
        place, {"b.txt": "and changed again\n", "a.txt": None, "new/ü.txt": "n", ".env": "secret"}
    )


def test_salvage_records_files_and_index_and_touches_neither(trees: Worktrees, place: Path) -> None:
    dirtied(trees, place)
    index = scratch.git(place, "ls-files", "--stage")
    before = scratch.git(place, "status", "--porcelain", "--ignored", "--untracked-files=all")
    head = scratch.git(place, "rev-parse", "HEAD")

    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "Salvage of one")

    assert saved == scratch.git(place, "rev-parse", "refs/parallel/p1/salvage/one-7")
    listed = scratch.git(place, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", saved)
    assert listed.splitlines() == [".gitignore", "b.txt", "new/ü.txt"]
    assert scratch.git(place, "show", f"{saved}:b.txt") == "and changed again"
    parents = scratch.git(place, "rev-parse", f"{saved}^@").splitlines()
    assert parents[0] == head
    assert scratch.git(place, "show", f"{parents[1]}:b.txt") == "staged"
    assert scratch.git(place, "ls-files", "--stage") == index
    now = scratch.git(place, "status", "--porcelain", "--ignored", "--untracked-files=all")
    assert now == before


def test_there_is_nothing_to_salvage_in_a_clean_tree(trees: Worktrees, place: Path) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {".env": "ignored"})

    assert trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x") is None
    assert scratch.git(place, "for-each-ref", "refs/parallel") == ""


def test_a_second_salvage_keeps_the_first(trees: Worktrees, place: Path) -> None:
    ref = "refs/parallel/p1/salvage/one-7"
    dirtied(trees, place)
    first = trees.salvage(place, ref, "x")
    assert trees.salvage(place, ref, "x") == first

    scratch.write(place, {"b.txt": "third\n"})
    second = trees.salvage(place, ref, "x")

    assert second != first
    assert first in scratch.git(place, "rev-list", ref).splitlines()
    assert refused(trees.salvage, place, "heads/main", "x").code == "bad_ref"


def test_a_tree_in_the_middle_of_a_conflict_is_salvaged_and_cleaned(
    trees: Worktrees, place: Path, root: Path
) -> None:
    scratch.branch(root, "theirs", {"b.txt": "theirs\n"})
    trees.prepare(place, ONE, "main", "one")
    scratch.commit(place, {"b.txt": "ours\n"})
    scratch.git(place, "rebase", "theirs", check=False)
    assert "<<<<<<<" in (place / "b.txt").read_text()

    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")
    assert saved is not None
    trees.clean(place, saved)

    assert "<<<<<<<" in scratch.git(place, "show", f"{saved}:b.txt")
    assert scratch.git(place, "status", "--porcelain") == ""
    trees.prepare(place, TWO, "main", "two")
    assert scratch.git(place, "branch", "--show-current") == TWO


def test_salvage_works_for_a_user_without_an_identity(
    trees: Worktrees, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dirtied(trees, place)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")

    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")

    assert saved is not None
    assert scratch.git(place, "log", "-1", "--format=%an %ae", saved) == (
        "parallel-agents parallel-agents@localhost"
    )


def test_the_state_of_the_run_is_not_salvaged(trees: Worktrees, root: Path) -> None:
    scratch.write(root, {"_tasks/plan.md": "ours", ".claude/worktrees/x/f": "theirs", "n": "n"})
    trees.repository.keep_out("/_tasks/")

    saved = trees.salvage(root, "refs/parallel/p1/salvage/main-1", "x")

    assert saved is not None
    listed = scratch.git(root, "ls-tree", "-r", "--name-only", saved).splitlines()
    assert listed == [".gitignore", "a.txt", "b.txt", "n"]


def test_files_that_became_folders_and_repositories_in_the_tree_do_not_stop_salvage(
    trees: Worktrees, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.commit(place, {"folder/x": "x"})
    shutil.rmtree(place / "folder")
    scratch.write(place, {"folder": "now a file"})
    scratch.git(place, "init", "--quiet", "inner")
    scratch.git(place, "rm", "--quiet", "a.txt")
    scratch.write(place, {"b.txt": None})
    scratch.write(place, {"b.txt/below": "n", "inner/x": "x"})

    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")

    assert saved is not None
    listed = scratch.git(place, "ls-tree", "-r", "--name-only", saved).splitlines()
    assert listed == [".gitignore", "b.txt/below", "folder"]
    trees.clean(place, saved)
    assert (place / "inner" / "x").exists()


def test_a_tree_is_cleaned_only_of_what_was_salvaged(trees: Worktrees, place: Path) -> None:
    dirtied(trees, place)
    assert refused(trees.clean, place, None).code == "not_salvaged"
    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")
    scratch.write(place, {"late.txt": "written after the salvage"})

    assert refused(trees.clean, place, saved).code == "not_salvaged"
    assert (place / "late.txt").exists()

    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")
    trees.clean(place, saved)

    assert trees.repository.dirty(place) == ()
    assert (place / ".env").read_text() == "secret"
    trees.clean(place, None)


def test_work_that_only_the_index_holds_counts_when_cleaning(trees: Worktrees, place: Path) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {"b.txt": "kept in the files\n"})
    saved = trees.salvage(place, "refs/parallel/p1/salvage/one-7", "x")
    scratch.write(place, {"b.txt": "only staged\n"})
    scratch.git(place, "add", "b.txt")
    scratch.write(place, {"b.txt": "kept in the files\n"})

    assert refused(trees.clean, place, saved).code == "not_salvaged"


def test_the_main_work_tree_is_never_cleaned(trees: Worktrees, root: Path) -> None:
    scratch.write(root, {"a.txt": "the user's\n"})
    saved = trees.salvage(root, "refs/parallel/p1/salvage/main-1", "x")

    assert refused(trees.clean, root, saved).code == "main_tree"
    assert (root / "a.txt").read_text() == "the user's\n"


def test_our_calls_run_no_hook_of_the_user(trees: Worktrees, root: Path, place: Path) -> None:
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)

    trees.prepare(place, ONE, "main", "one")
    trees.prepare(place, TWO, "main", "two")

    assert not (place / "hooked").exists()


def test_a_relative_path_starts_at_the_present_directory(
    trees: Worktrees, place: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    monkeypatch.chdir(root.parent)

    trees.prepare(Path("Büro A.agents/p1/agent-1"), ONE, "main", "one")

    assert info(trees, place) is not None
