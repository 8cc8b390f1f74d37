"""Merging in memory, telling conflicts, and throw-away trees."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.core.errors import Unknown, Unusable
from parallel_agents.git.clashes import clashes
from parallel_agents.git.mergetree import MOST_SHOWN, ConflictPath, parsed
from parallel_agents.git.merging import (
    Assembly,
    Conflict,
    Part,
    assemble,
    discard_leftovers,
    verification_tree,
)
from parallel_agents.git.repository import Repository

TEN = scratch.TEN


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit, at a path with a space and an umlaut."""
    return scratch.odd_repository(tmp_path, scratch.MIXED)


@pytest.fixture
def repo(root: Path) -> Repository:
    return Repository.find(root)


def part(root: Path, name: str, files: dict[str, str | None], start: str = "main") -> Part:
    """A part named `name`, on a branch of that name."""
    message = f"Merge {name}\n\nTask: {name}\nAgent: Grüße\n"
    return Part(name, scratch.branch(root, name, files, start), message)


def joined(outcome: Assembly | Conflict) -> Assembly:
    assert isinstance(outcome, Assembly), outcome
    return outcome


def clashing(outcome: Assembly | Conflict) -> Conflict:
    assert isinstance(outcome, Conflict), outcome
    return outcome


# assembling


def test_parts_are_merged_in_order_one_commit_each_and_nothing_moves(
    repo: Repository, root: Path
) -> None:
    a = part(root, "a", {"shared.txt": TEN.replace("line 1\n", "line one\n")})
    b = part(root, "b", {"shared.txt": TEN.replace("line 10\n", "line ten\n"), "b ü.txt": "b"})
    scratch.write(root, {"shared.txt": "the user's edit\n"})
    before = scratch.state(root)

    made = joined(assemble(repo, "main", [a, b]))

    assert made.base == repo.head()
    assert made.merged == ("a", "b")
    assert made.chain[-1] == made.tip
    assert scratch.git(root, "rev-parse", f"{made.tip}^1", f"{made.tip}^2").splitlines() == [
        made.chain[0],
        b.commit,
    ]
    assert scratch.git(root, "rev-parse", f"{made.chain[0]}^1") == made.base
    merged = scratch.git(root, "show", f"{made.tip}:shared.txt")
    assert merged.startswith("line one\n")
    assert merged.endswith("line ten")
    assert scratch.git(root, "log", "-1", "--format=%B", made.tip) == f"{b.message}"
    assert scratch.git(root, "log", "-1", "--format=%(trailers:key=Task,valueonly)", made.tip)
    assert scratch.state(root) == before


def test_a_part_that_is_contained_already_is_skipped(repo: Repository, root: Path) -> None:
    a = part(root, "a", {"a": "a"})
    on_top = part(root, "on-top", {"b": "b"}, start="a")

    made = joined(assemble(repo, "main", [on_top, a, Part("empty", "main", "x")]))

    assert made.merged == ("on-top",)
    assert made.skipped == ("a", "empty")
    nothing = joined(assemble(repo, "main", []))
    assert nothing.tip == nothing.base


def test_a_conflict_names_the_two_parts_and_moves_nothing(repo: Repository, root: Path) -> None:
    a = part(root, "a", {"unrelated": "a"})
    b = part(root, "b", {"shared.txt": TEN.replace("line 5\n", "b says 5\n")})
    c = part(root, "c", {"shared.txt": TEN.replace("line 5\n", "c says 5\n")})
    scratch.write(root, {"old.txt": "the user's edit\n", ".env": "secret"})
    before = scratch.state(root)

    conflict = clashing(assemble(repo, "main", [a, b, c]))

    assert (conflict.part, conflict.against) == ("c", "b")
    assert conflict.paths == (ConflictPath("shared.txt", "contents"),)
    assert "<<<<<<< b\nb says 5\n=======\nc says 5\n>>>>>>> c" in conflict.hunks
    assert repo.is_ancestor(b.commit, conflict.tip)
    assert scratch.state(root) == before


def test_a_part_that_does_not_go_on_the_base_blames_no_other_part(
    repo: Repository, root: Path
) -> None:
    a = part(root, "a", {"unrelated": "a"})
    b = part(root, "b", {"shared.txt": TEN.replace("line 5\n", "b says 5\n")})
    scratch.commit(root, {"shared.txt": TEN.replace("line 5\n", "the user says 5\n")})

    conflict = clashing(assemble(repo, "main", [a, b]))

    assert (conflict.part, conflict.against) == ("b", None)
    assert "<<<<<<< base" in conflict.hunks


def test_the_part_named_is_the_one_that_clashes_on_these_paths(
    repo: Repository, root: Path
) -> None:
    a = part(root, "a", {"shared.txt": TEN.replace("line 5\n", "a\n")})
    b = part(root, "b", {"shared.txt": TEN, "old.txt": "b\n"}, start="a")
    c = part(root, "c", {"shared.txt": TEN.replace("line 5\n", "c\n"), "old.txt": "c\n"})

    conflict = clashing(assemble(repo, "main", [a, b, c]))

    # a and c clash too, on a line that b took back.
    assert [p.path for p in conflict.paths] == ["old.txt"]
    assert conflict.against == "b"


def test_a_part_that_goes_with_each_but_not_with_all_blames_the_last_straw(
    repo: Repository, root: Path
) -> None:
    scratch.commit(root, {"lib/two.txt": "2\n"})
    a = part(root, "a", {"lib/one.txt": None, "src/one.txt": "1\n"})
    b = part(root, "b", {"lib/two.txt": None, "src/two.txt": "2\n"})
    c = part(root, "c", {"lib/three.txt": "3\n"})

    conflict = clashing(assemble(repo, "main", [a, b, c]))

    # Only with both does the whole folder move, and with it the new file.
    assert clashes(repo, "main", [a, b, c]) == ()
    assert conflict.against == "b"


CONFLICTS: dict[str, tuple[dict[str, str | None], dict[str, str | None], str, str]] = {
    "added on both sides": ({"n": "1\n"}, {"n": "2\n"}, "n", "contents"),
    "changed and deleted": ({"old.txt": "new\n"}, {"old.txt": None}, "old.txt", "modify/delete"),
    "a folder against a file": ({"n/x": "1"}, {"n": "2"}, "n~", "file/directory"),
    "a file put into a folder that moved": (
        {"lib/one.txt": None, "src/one.txt": "1\n"},
        {"lib/two.txt": "2\n"},
        "src/two.txt",
        "directory rename suggested",
    ),
    "both binary": ({"old.txt": "\0\1\2"}, {"old.txt": "\0\3\4"}, "old.txt", "binary"),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_each_kind_of_conflict_is_told_with_its_path(
    repo: Repository, root: Path, case: str
) -> None:
    ours, theirs, path, kind = CONFLICTS[case]
    parts = [part(root, "a", ours), part(root, "b", theirs)]

    conflict = clashing(assemble(repo, "main", parts))

    assert conflict.against == "a"
    assert any(c.path.startswith(path) and kind in c.kind for c in conflict.paths), conflict
    assert conflict.hunks


def test_a_conflict_of_submodules_does_not_break_the_reading(
    repo: Repository, root: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    scratch.git(tmp_path, "init", "--quiet", "inner")
    commits = [scratch.commit(inner, {"x": text}) for text in "012"]
    scratch.git(inner, "reset", "--quiet", "--hard", commits[0])
    commits.append(scratch.commit(inner, {"y": "beside 1 and 2"}))
    allowed = ("-c", "protocol.file.allow=always")
    scratch.git(root, *allowed, "submodule", "--quiet", "add", str(inner), "part")
    scratch.git(root / "part", "checkout", "--quiet", commits[0])
    scratch.commit(root, {})

    def moved(name: str, to: str, text: str) -> Part:
        scratch.git(root, "switch", "--quiet", "-c", name, "main")
        scratch.git(root / "part", "checkout", "--quiet", to)
        made = scratch.commit(root, {"shared.txt": text, "old.txt": text})
        scratch.git(root, "switch", "--quiet", "main")
        return Part(name, made, name)

    parts = [moved("a", commits[1], "a\n"), moved("b", commits[3], "b\n")]

    conflict = clashing(assemble(repo, "main", parts))

    found = {c.path: c.kind for c in conflict.paths}
    assert set(found) == {"part", "shared.txt", "old.txt"}
    assert "submodule" in found["part"]
    assert found["old.txt"] == found["shared.txt"] == "contents"
    assert len(conflict.hunks.encode()) <= MOST_SHOWN


def test_unframed_advice_between_messages_is_stepped_over() -> None:
    raw = (
        b"1234\n160000 aa 2\tpart\x00160000 bb 3\tpart\x00100644 cc 1\tx\x00100644 dd 2\tx\x00\x00"
        b"1\x00part\x00CONFLICT (submodule)\x00CONFLICT in part\n\x00"
        b"Recursive merging with submodules currently only supports trivial cases.\n\x00"
        b"1\x00x\x00Auto-merging\x00Auto-merging x\n\x00"
    ).replace(b"1234\n", b"1234\x00")

    merge = parsed(raw, clean=False)

    assert merge.conflicts == (
        ConflictPath("part", "submodule"),
        ConflictPath("x", "modified here, deleted in the other"),
    )
    assert merge.notes == ("CONFLICT in part",)


def test_the_conflict_text_is_bounded(repo: Repository, root: Path) -> None:
    long = {name: "".join(f"{name} ü {n}\n" for n in range(2000)) for name in ("a", "b")}
    parts = [part(root, name, {"shared.txt": text}) for name, text in long.items()]

    conflict = clashing(assemble(repo, "main", parts))

    assert len(conflict.hunks.encode()) <= MOST_SHOWN
    assert "cut" in conflict.hunks


def test_attributes_are_those_of_the_base_whatever_lies_in_the_users_tree(
    repo: Repository, root: Path
) -> None:
    scratch.commit(root, {"docs/.gitattributes": "log.txt merge=union\n", "docs/log.txt": ""})
    parts = [part(root, name, {"docs/log.txt": f"{name}\n"}) for name in ("a", "b")]
    scratch.write(root, {"docs/.gitattributes": None})
    scratch.git(root, "rm", "--quiet", "--cached", "docs/.gitattributes")

    made = joined(assemble(repo, "main", parts))

    assert scratch.git(root, "show", f"{made.tip}:docs/log.txt") == "a\nb"


def test_attributes_that_the_user_has_staged_do_not_count(repo: Repository, root: Path) -> None:
    parts = [part(root, name, {"old.txt": f"{name}\n"}) for name in ("a", "b")]
    scratch.write(root, {".gitattributes": "old.txt merge=union\n"})
    scratch.git(root, "add", ".gitattributes")

    clashing(assemble(repo, "main", parts))


def test_histories_without_a_common_commit_are_refused(repo: Repository, root: Path) -> None:
    alone = scratch.git(root, "commit-tree", "-m", "alone", "main^{tree}")

    with pytest.raises(Unusable) as refusal:
        assemble(repo, "main", [Part("a", alone, "a")])
    assert refusal.value.code == "unrelated_histories"

    with pytest.raises(Unknown):
        assemble(repo, "main", [Part("a", "no-such-branch", "a")])


def test_merge_commits_are_signed_where_the_user_signs(
    repo: Repository, root: Path, tmp_path: Path
) -> None:
    a = part(root, "a", {"a": "a"})
    signer = tmp_path / "signer"
    signer.write_text('#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho SIGNED\n')
    signer.chmod(0o755)
    scratch.git(root, "config", "commit.gpgSign", "true")
    scratch.git(root, "config", "gpg.program", str(signer))

    made = joined(assemble(repo, "main", [a]))
    assert "gpgsig SIGNED" in scratch.git(root, "cat-file", "commit", made.tip)

    signer.write_text("#!/bin/sh\necho no secret key >&2\nexit 2\n")
    with pytest.raises(Unusable) as refusal:
        assemble(repo, "main", [a])
    assert refusal.value.code == "signing_failed"


def test_a_user_without_an_identity_gets_merges_by_the_stated_one(
    repo: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = part(root, "a", {"a": "a"})
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")

    made = joined(assemble(repo, "main", [a]))

    assert scratch.git(root, "log", "-1", "--format=%an %ce", made.tip) == (
        "parallel-agents parallel-agents@localhost"
    )


# verification trees


def test_a_verification_tree_shows_the_commit_and_goes_away(repo: Repository, root: Path) -> None:
    a = part(root, "a", {"a": "a"})

    with verification_tree(repo, "a") as tree:
        assert (tree / "a").read_text() == "a"
        assert scratch.git(tree, "rev-parse", "HEAD") == a.commit
        assert scratch.git(tree, "branch", "--show-current") == ""
        assert tree.parent == root.parent / "Büro A.agents"
        scratch.write(tree, {"left/by/the/suite": "x", "a": "changed"})

    assert not tree.parent.exists()
    assert len(repo.work_trees()) == 1
    assert scratch.git(root, "worktree", "prune", "--dry-run", "--verbose") == ""


def test_a_verification_tree_goes_away_after_an_exception_too(repo: Repository, root: Path) -> None:
    def suite() -> None:
        with verification_tree(repo, "main") as tree:
            shutil.rmtree(tree)
            raise RuntimeError("the suite broke")

    with pytest.raises(RuntimeError, match="the suite broke"):
        suite()

    assert len(repo.work_trees()) == 1


def test_a_commit_that_does_not_exist_leaves_no_tree(repo: Repository, root: Path) -> None:
    with pytest.raises(Unknown), verification_tree(repo, "nothing"):
        pass

    assert len(repo.work_trees()) == 1
    assert not (root.parent / "Büro A.agents").exists()


def test_trees_left_by_a_killed_process_are_found_and_removed(repo: Repository, root: Path) -> None:
    mine = root.parent / "mine"
    scratch.git(root, "worktree", "add", "--quiet", "--detach", str(mine))
    program = (
        "import sys, os, signal, pathlib\n"
        "from parallel_agents.git.merging import verification_tree\n"
        "from parallel_agents.git.repository import Repository\n"
        "with verification_tree(Repository.find(pathlib.Path(sys.argv[1])), 'main') as tree:\n"
        "    print(tree, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    words = (sys.executable, "-c", program, str(root))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    unborn = left.with_name(f"{left.name}-unregistered")
    unborn.mkdir()
    assert left.is_dir()

    with verification_tree(repo, "main") as tree:  # that of another check that is going on
        assert discard_leftovers(repo) == (left, unborn)
        assert tree.is_dir()

    assert [t.path for t in repo.work_trees()] == [root, mine]
    assert not left.parent.exists()
