"""The merge in memory says what `git merge` says in a work tree, and moves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import git_scratch as scratch
import pytest
from git_scratch import git
from parallel_agents.git.clashes import clashes
from parallel_agents.git.mergetree import Merger, merger
from parallel_agents.git.merging import Assembly, Conflict, Part, assemble, declared_merges
from parallel_agents.git.repository import Repository

from merges.scenarios import SCENARIOS, TEN, Scenario, build, five, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    return root


def by_hand(root: Path) -> str | None:
    """The tree that `git merge` makes of both branches in a work tree; None where it conflicts."""
    tree = root.parent / "by-hand"
    git(root, "worktree", "add", "--quiet", "--detach", str(tree), "ours")
    try:
        git(tree, "merge", "--quiet", "--no-edit", "theirs")
    except AssertionError:
        return None
    else:
        return git(tree, "rev-parse", "HEAD^{tree}")
    finally:
        git(root, "worktree", "remove", "--force", "--force", str(tree))


def in_memory(root: Path) -> Assembly | Conflict:
    part = Part("theirs", git(root, "rev-parse", "theirs"), "Merge theirs")
    return assemble(Repository.find(root), "ours", [part])


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_verdict_is_that_of_git_merge_and_nothing_moves(root: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    build(root, scenario)
    scratch.write(root, {"old.txt": "the user's edit\n", "untracked": "x", "early.txt": "y"})
    before = scratch.state(root)

    made = in_memory(root)

    expected = by_hand(root)
    assert (expected is None) == scenario.conflicts, "git merge says otherwise than the list"
    if isinstance(made, Conflict):
        assert expected is None
        assert made.paths
        assert made.hunks
    else:
        assert git(root, "rev-parse", f"{made.tip}^{{tree}}") == expected
    assert scratch.state(root) == before
    # The matrix, which asks for all pairs in one process, says the same.
    parts = [Part(n, git(root, "rev-parse", n), n) for n in ("ours", "theirs")]
    found = clashes(Repository.find(root), "main", parts)
    assert bool(found) == scenario.conflicts
    assert scratch.state(root) == before


def test_what_only_one_branch_says_of_merging_does_not_count(root: Path) -> None:
    # The one difference: `git merge` reads the attributes that happen to be checked out.
    ours = {"f.txt": TEN + "a\n", ".gitattributes": "f.txt merge=union\n"}
    build(root, Scenario(ours, {"f.txt": TEN + "b\n"}, conflicts=False))

    assert by_hand(root) is not None
    repo = Repository.find(root)
    parts = [Part(n, git(root, "rev-parse", n), n) for n in ("ours", "theirs")]
    assert isinstance(assemble(repo, "main", parts), Conflict)


PROGRAMS = {
    "a program that takes one side": ("merge.take.driver", "true"),
    "a program that joins both": ("merge.take.driver", "sh -c 'cat %B >> %A'"),
    "a program that fails": ("merge.take.driver", "false"),
    "a program whose name has a dot": ("merge.take.v2.driver", "true"),
    "a default of union": ("merge.default", "union"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_only_the_configuration_would_settle_is_a_conflict(
    root: Path, tmp_path: Path, name: str
) -> None:
    key, value = PROGRAMS[name]
    way = key.removeprefix("merge.").removesuffix(".driver")
    attributes = {} if way == "default" else {".gitattributes": f"f.txt merge={way}\n"}
    build(root, Scenario({"f.txt": five("a\n")}, {"f.txt": five("b\n")}, False, base=attributes))
    git(root, "config", key, value)

    conflict = in_memory(root)

    assert isinstance(conflict, Conflict)
    assert "a\n=======\nb\n" in conflict.hunks
    if attributes:
        parts = [Part(n, n, n) for n in ("ours", "theirs")]
        assert declared_merges(Repository.find(root), "main", parts) == (("f.txt", way, False),)


def test_lines_that_do_not_meet_merge_without_the_program_of_the_configuration(root: Path) -> None:
    build(
        root,
        Scenario(
            {"f.txt": TEN.replace("line 1\n", "a\n")},
            {"f.txt": TEN.replace("line 10\n", "b\n")},
            False,
            base={".gitattributes": "f.txt merge=take\n"},
        ),
    )
    ran = root.parent / "ran"
    git(root, "config", "merge.take.driver", f"touch {ran}")

    made = in_memory(root)

    assert isinstance(made, Assembly)
    text = git(root, "show", f"{made.tip}:f.txt")
    assert text == "a\n" + "".join(f"line {n}\n" for n in range(2, 10)) + "b"
    assert not os.path.lexists(ran)


def test_a_union_that_the_project_declares_is_told(root: Path) -> None:
    build(root, SCENARIOS["attribute merge=union"])
    parts = [Part(n, n, n) for n in ("ours", "theirs")]

    assert declared_merges(Repository.find(root), "main", parts) == (("f.txt", "union", True),)


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_new_file_does_not_follow_a_renamed_folder_by_configuration(
    root: Path, value: str
) -> None:
    build(root, SCENARIOS["a folder renamed, a file put into the old one"])
    git(root, "config", "merge.directoryRenames", value)

    assert isinstance(in_memory(root), Conflict)


def test_recorded_resolutions_are_not_used(root: Path) -> None:
    build(root, SCENARIOS["same line"])
    git(root, "config", "rerere.enabled", "true")
    git(root, "config", "rerere.autoUpdate", "true")
    tree = root.parent / "teaching"
    git(root, "worktree", "add", "--quiet", "--detach", str(tree), "ours")
    git(tree, "merge", "theirs", check=False)
    scratch.write(tree, {"f.txt": five("both\n")})
    git(tree, "add", "f.txt")
    git(tree, "commit", "--quiet", "--message=taught")
    git(root, "worktree", "remove", "--force", str(tree))

    assert isinstance(in_memory(root), Conflict)


def test_a_shallow_clone_without_the_common_commit_is_refused_with_the_way_on(
    root: Path, tmp_path: Path
) -> None:
    build(root, SCENARIOS["one line between"])
    clone = tmp_path / "shallow"
    git(
        tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{root}", "shallow"
    )
    repo = Repository.find(clone)
    parts = [Part("theirs", git(clone, "rev-parse", "origin/theirs"), "x")]

    with pytest.raises(Exception, match="unshallow"):
        assemble(repo, "origin/ours", parts)


def test_a_batch_goes_on_after_a_conflict_of_submodules(root: Path) -> None:
    build(root, SCENARIOS["both move a submodule"])
    put(root, {"sub": None, "f.txt": five("c\n")}, "third")
    commits = git(root, "rev-parse", "ours", "theirs", "main").split()
    pairs = [(commits[0], commits[1]), (commits[0], commits[0]), (commits[0], commits[2])] * 3

    with merger(Repository.find(root), commits[2]) as memory:
        one_by_one = [bool(memory.merge(*pair).conflicts) for pair in pairs]
        assert memory.clashing(pairs) == one_by_one
    assert one_by_one[:3] == [True, False, True]
    assert isinstance(memory, Merger)
