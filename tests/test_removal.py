"""Work trees taken away: only what landed, moved aside first, everything else kept and named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.git import removal, trash
from parallel_agents.git.removal import drop_branch, remove
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


def landed(trees: Worktrees, place: Path, root: Path) -> None:
    """A tree whose work is on `main`."""
    trees.prepare(place, ONE, "main", "one")
    done = scratch.commit(place, {"a.txt": "work\n"})
    scratch.git(root, "merge", "--quiet", "--ff-only", done)


def in_trash(root: Path) -> list[str]:
    return sorted(p.name for p in (root.parent / "Büro A.agents" / ".trash").glob("*/*"))


def test_a_landed_tree_goes_with_its_branch_and_its_empty_folders(
    trees: Worktrees, place: Path, root: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    done = scratch.commit(place, {"a.txt": "work\n"})
    scratch.git(root, "merge", "--quiet", "--ff-only", done)
    scratch.write(place, {".env": "ignored files go too"})

    assert remove(trees.repository, place, "main") is None

    assert info(trees, place) is None
    assert scratch.git(root, "branch", "--list", "parallel/*") == ""
    assert not place.parent.exists()
    assert remove(trees.repository, place, "main") is None


def test_work_that_is_not_landed_or_not_committed_keeps_the_tree(
    trees: Worktrees, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.write(place, {"new.txt": "n"})
    why = remove(trees.repository, place, "main")
    assert why is not None
    assert "new.txt" in why

    scratch.commit(place, {})
    why = remove(trees.repository, place, "main")
    assert why is not None
    assert "not in" in why

    tree = info(trees, place)
    assert tree is not None
    assert tree.lock == "parallel-agents: one"
    assert (place / "new.txt").exists()


def test_what_is_not_ours_to_remove_is_kept(
    trees: Worktrees, root: Path, place: Path, tmp_path: Path
) -> None:
    assert remove(trees.repository, root, "main") == f"{root} is the main work tree."
    why = remove(trees.repository, tmp_path, "main")
    assert why is not None
    assert "not a work tree" in why

    scratch.git(root, "worktree", "add", "--quiet", "-b", "mine", str(place))
    scratch.git(root, "worktree", "lock", "--reason", "on a stick", str(place))
    why = remove(trees.repository, place, "main")
    assert why is not None
    assert "on a stick" in why

    scratch.git(root, "worktree", "unlock", str(place))
    assert remove(trees.repository, place, "main") is None
    assert scratch.git(root, "branch", "--list", "mine").strip() == "mine"


def test_a_tree_that_git_does_not_remove_stays_locked(
    trees: Worktrees, root: Path, place: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    scratch.git(tmp_path, "init", "--quiet", "inner")
    scratch.commit(inner, {"x": "x"})
    allowed = ("-c", "protocol.file.allow=always")
    scratch.git(root, *allowed, "submodule", "--quiet", "add", str(inner), "part")
    scratch.commit(root, {})
    trees.prepare(place, ONE, "main", "one")
    scratch.git(place, *allowed, "submodule", "--quiet", "update", "--init")

    why = remove(trees.repository, place, "main")

    assert why is not None
    assert "submodules" in why
    tree = info(trees, place)
    assert tree is not None
    assert tree.lock == "parallel-agents: one"


def test_a_branch_is_deleted_only_when_ours_landed_and_checked_out_nowhere(
    trees: Worktrees, root: Path, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.branch(root, TWO, {"c.txt": "c"})
    scratch.git(root, "branch", "--no-track", "mine", "main")

    for name, word in ((ONE, "checked out"), (TWO, "not in"), ("mine", "not made by")):
        why = drop_branch(trees.repository, name, "main")
        assert why is not None
        assert word in why

    assert drop_branch(trees.repository, TWO, TWO) is None
    assert scratch.git(root, "branch", "--list", TWO) == ""
    assert drop_branch(trees.repository, TWO, "main") is None


def test_the_files_are_moved_aside_and_deleted_by_nobody_who_waits(
    trees: Worktrees, root: Path, place: Path
) -> None:
    landed(trees, place, root)

    assert remove(trees.repository, place, "main") is None

    assert not place.exists()
    assert in_trash(root) == ["agent-1"]


def test_what_a_killed_deletion_left_goes_with_the_next_one(
    trees: Worktrees, root: Path, place: Path
) -> None:
    landed(trees, place, root)
    remove(trees.repository, place, "main")
    folder = root.parent / "Büro A.agents"
    read_only = next(folder.glob(".trash/*/*"))
    read_only.chmod(0o500)

    subprocess.run(("sh", "-c", trash.DELETE, "sh", str(folder / ".trash")), check=True)

    assert not folder.exists()


def test_a_trash_that_is_a_link_is_never_emptied(
    trees: Worktrees, root: Path, place: Path, tmp_path: Path
) -> None:
    landed(trees, place, root)
    scratch.write(tmp_path, {"precious/folder/file": "p"})
    link = root.parent / "Büro A.agents" / ".trash"
    link.symlink_to(tmp_path / "precious")

    assert remove(trees.repository, place, "main") is None
    subprocess.run(("sh", "-c", trash.DELETE, "sh", str(link)), check=True)

    assert (tmp_path / "precious" / "folder" / "file").read_text() == "p"
    assert [p.name for p in (tmp_path / "precious").iterdir()] == ["folder"]


def test_a_file_written_in_the_last_moment_brings_the_tree_back(
    trees: Worktrees, root: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(trees, place, root)
    put = trash.put

    def late(repository: Repository, tree: Path) -> Path | None:
        scratch.write(tree, {"late.txt": "l"})
        return put(repository, tree)

    monkeypatch.setattr(trash, "put", late)
    why = remove(trees.repository, place, "main")

    assert why is not None
    assert "late.txt" in why
    assert (place / "late.txt").read_text() == "l"
    tree = info(trees, place)
    assert tree is not None
    assert tree.lock == "parallel-agents: one"
    assert scratch.git(place, "status", "--porcelain") == "?? late.txt"


def test_a_tree_that_cannot_be_moved_is_removed_in_place(
    trees: Worktrees, root: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed(trees, place, root)
    monkeypatch.setattr(trash, "put", lambda *_: None)

    assert remove(trees.repository, place, "main") is None

    assert not place.exists()
    assert info(trees, place) is None


def test_the_clients_tree_goes_with_both_its_branches(trees: Worktrees, root: Path) -> None:
    theirs = root / ".claude" / "worktrees" / "agent-a1"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "worktree-agent-a1", str(theirs))
    trees.adopt(theirs, ONE, "main")
    done = scratch.commit(theirs, {"a.txt": "work\n"})
    scratch.git(root, "merge", "--quiet", "--ff-only", done)

    assert remove(trees.repository, theirs, "main") is None

    assert not theirs.exists()
    assert scratch.git(root, "branch", "--format=%(refname:short)") == "main"


def test_the_clients_tree_stays_while_its_agent_runs(trees: Worktrees, root: Path) -> None:
    theirs = root / ".claude" / "worktrees" / "agent-a1"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "worktree-agent-a1", str(theirs))
    scratch.git(root, "worktree", "lock", "--reason", "claude agent agent-a1", str(theirs))
    trees.adopt(theirs, ONE, "main")

    why = remove(trees.repository, theirs, "main")

    assert why is not None
    assert "claude agent agent-a1" in why
    assert "git worktree unlock" in why
    assert theirs.exists()


def test_work_that_was_in_the_clients_tree_before_keeps_its_branch(
    trees: Worktrees, root: Path
) -> None:
    theirs = root / ".claude" / "worktrees" / "wf_1-2"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "worktree-wf_1-2", str(theirs))
    before = scratch.commit(theirs, {"before.txt": "b\n"})
    trees.adopt(theirs, ONE, "main")

    why = remove(trees.repository, theirs, "main")

    assert why is not None
    assert "worktree-wf_1-2 holds commits" in why
    assert scratch.git(root, "rev-parse", "worktree-wf_1-2") == before


def test_a_tree_of_the_users_own_is_put_back_on_its_branch(
    trees: Worktrees, root: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "my-feature", str(mine))
    trees.adopt(mine, ONE, "main")
    trees.adopt(mine, TWO, "main")

    why = remove(trees.repository, mine, "main")

    assert why is not None
    assert "back on my-feature" in why
    assert scratch.git(mine, "branch", "--show-current") == "my-feature"
    assert scratch.git(root, "branch", "--list", TWO) == ""


def test_a_tree_in_the_middle_of_something_is_kept(
    trees: Worktrees, root: Path, place: Path
) -> None:
    trees.prepare(place, ONE, "main", "one")
    scratch.git(place, "bisect", "start")

    why = remove(trees.repository, place, "main")

    assert why is not None
    assert "in the middle of a bisection" in why
    assert removal.under_way(root) is None


def test_a_tree_that_became_a_link_to_the_users_is_kept(
    trees: Worktrees, root: Path, place: Path
) -> None:
    landed(trees, place, root)
    place.rename(place.with_name("moved"))
    place.symlink_to(root)

    why = remove(trees.repository, place, "main")

    assert why is not None
    assert "symbolic link" in why
    assert (root / "a.txt").exists()
    assert place.is_symlink()


def test_a_tree_with_a_repository_of_its_own_inside_is_kept(
    trees: Worktrees, root: Path, place: Path
) -> None:
    landed(trees, place, root)
    (place / ".git").unlink()
    scratch.git(place, "init", "--quiet")

    why = remove(trees.repository, place, "main")

    assert why is not None
    assert "no work tree of this repository any more" in why


def test_a_tree_that_somebody_deleted_is_forgotten_with_its_branch(
    trees: Worktrees, root: Path, place: Path
) -> None:
    landed(trees, place, root)
    scratch.git(place, "clean", "-fdxq")
    place.rename(root.parent / "elsewhere")

    assert remove(trees.repository, place, "main") is None

    assert info(trees, place) is None
    assert scratch.git(root, "branch", "--list", "parallel/*") == ""
