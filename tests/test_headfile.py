"""Where a work tree is, without asking git: the same answer, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.git import repository as door
from parallel_agents.git.headfile import commit_at
from parallel_agents.git.repository import Repository


def test_a_branch_a_detached_head_and_a_linked_tree_are_read(repository: Path) -> None:
    common, tree = repository / ".git", repository.parent / "linked tree"
    start = git(repository, "rev-parse", "HEAD")
    assert commit_at(repository, common) == start
    git(repository, "worktree", "add", "-q", "-b", "other/name", str(tree))
    git(tree, "commit", "-q", "--allow-empty", "-m", "on")
    assert commit_at(tree, common) == git(tree, "rev-parse", "HEAD") != start
    git(tree, "checkout", "-q", "--detach", start)
    assert commit_at(tree, common) == start


@pytest.mark.parametrize("how", ["packed", "unborn", "linked", "no tree", "no text"])
def test_what_is_not_said_plainly_is_left_to_git(repository: Path, how: str) -> None:
    common = repository / ".git"
    if how == "packed":
        git(repository, "pack-refs", "--all")
    elif how == "unborn":
        git(repository, "symbolic-ref", "HEAD", "refs/heads/new")
    elif how == "linked":
        git(repository, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
        git(repository, "symbolic-ref", "HEAD", "refs/heads/alias")
    elif how == "no text":
        (common / "HEAD").write_bytes(b"\xff\n")
    tree = repository / "gone" if how == "no tree" else repository
    assert commit_at(tree, common) is None


def test_packed_refs_are_found_all_the_same(repository: Path) -> None:
    git(repository, "pack-refs", "--all")
    assert Repository.find(repository).head() == git(repository, "rev-parse", "HEAD")


def test_no_git_is_started_where_the_files_say_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Repository.find(repository)
    monkeypatch.setattr(door, "run", None)
    assert opened.head() == git(repository, "rev-parse", "HEAD")
