"""Finding, reading and committing in a repository."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.core.errors import BadInput, NotNow, Unknown, Unusable
from parallel_agents.git import process
from parallel_agents.git.lock import LOCK_NAME, locked
from parallel_agents.git.repository import Repository


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A repository whose path has a space and an umlaut."""
    root = tmp_path / "Meine Bücher und Käse"
    root.mkdir()
    scratch.git(root, "init", "--quiet", "--initial-branch=main")
    scratch.commit(root, {"a.txt": "a\n", "b.txt": "b\n", "ordner/ä ö.txt": "ä\n"}, "start")
    return root


def install_hook(root: Path, name: str, body: str) -> None:
    hook = root / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{body}\n")
    hook.chmod(0o755)


# finding


def test_it_is_found_from_a_folder_below_its_root(odd: Path) -> None:
    found = Repository.find(odd / "ordner")

    assert found.root == odd
    assert found.common_dir == odd / ".git"


def test_a_linked_work_tree_leads_to_the_same_repository(odd: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked ü"
    scratch.git(odd, "worktree", "add", "--quiet", "--detach", str(linked))

    assert Repository.find(linked / "ordner") == Repository.find(odd)


def test_a_repository_whose_git_directory_is_elsewhere_is_found(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    scratch.git(tmp_path, "init", "--quiet", f"--separate-git-dir={tmp_path / 'far'}", str(root))
    scratch.commit(root, {"sub/a": "a"})

    found = Repository.find(root / "sub")

    assert (found.root, found.common_dir) == (root, tmp_path / "far")


def test_a_submodule_is_a_repository_of_its_own(odd: Path, repository: Path) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    scratch.git(odd, *allowed, "submodule", "--quiet", "add", str(repository), "part")
    linked = odd.parent / "linked"
    scratch.git(odd / "part", "worktree", "add", "--quiet", "--detach", str(linked))

    assert Repository.find(odd / "part").root == odd / "part"
    assert Repository.find(linked).root == odd / "part"


def test_outside_of_any_repository_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refusal:
        Repository.find(tmp_path)
    assert refusal.value.code == "no_repository"

    with pytest.raises(Unusable) as refusal:
        Repository.find(tmp_path / "nowhere")
    assert refusal.value.code == "no_repository"


def test_a_bare_repository_is_refused_from_its_linked_trees_too(tmp_path: Path, odd: Path) -> None:
    bare = tmp_path / "bare.git"
    scratch.git(tmp_path, "clone", "--quiet", "--bare", str(odd), str(bare))
    scratch.git(bare, "worktree", "add", "--quiet", str(tmp_path / "linked"), "main")

    for place in (bare, tmp_path / "linked"):
        with pytest.raises(Unusable) as refusal:
            Repository.find(place)
        assert refusal.value.code == "bare_repository"


def test_an_old_git_is_refused(odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.37.9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    process.require_git.cache_clear()
    try:
        with pytest.raises(Unusable) as refusal:
            Repository.find(odd)
    finally:
        process.require_git.cache_clear()
    assert refusal.value.code == "git_too_old"
    assert "2.37.9" in refusal.value.sentence


# reading


def test_an_empty_repository_has_no_head(tmp_path: Path) -> None:
    scratch.git(tmp_path, "init", "--quiet", "--initial-branch=main", "new")
    found = Repository.find(tmp_path / "new")

    with pytest.raises(Unusable) as refusal:
        found.head()

    assert refusal.value.code == "empty_repository"


def test_the_branch_is_a_full_ref_and_a_detached_head_is_refused(odd: Path) -> None:
    found = Repository.find(odd)
    assert found.current_branch() == "refs/heads/main"

    scratch.git(odd, "switch", "--quiet", "--detach")

    with pytest.raises(Unusable) as refusal:
        found.current_branch()
    assert refusal.value.code == "detached_head"


def test_a_name_becomes_the_commit_it_stands_for(odd: Path) -> None:
    found = Repository.find(odd)
    scratch.git(odd, "tag", "--annotate", "--message=v1", "v1")

    assert found.commit("main") == found.commit("v1") == found.head()
    for unknown in ("nothing", "0" * 40, "main:a.txt"):
        with pytest.raises(Unknown) as missing:
            found.commit(unknown)
        assert missing.value.code == "unknown_commit"


@pytest.mark.parametrize("name", ["--all", "-h", "", "a\nb", "a\0b"])
def test_a_name_that_git_could_take_for_an_option_is_refused(odd: Path, name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Repository.find(odd).commit(name)
    assert refusal.value.code == "bad_git_name"


def test_dirty_lists_changed_staged_and_untracked_files_one_by_one(odd: Path) -> None:
    scratch.write(
        odd,
        {
            ".gitignore": "*.log\n",
            "a.txt": "changed\n",
            "b.txt": None,
            "neu/eins ü.txt": "1",
            "neu/zwei\nzeilen": "2",
            "noise.log": "ignored",
            "_tasks/plan.md": "ours",
            ".claude/worktrees/x/f": "the client's",
            ".claude/settings.json": "{}",
        },
    )
    scratch.git(odd, "mv", "ordner/ä ö.txt", "moved.txt")

    assert Repository.find(odd).dirty() == (
        ".claude/settings.json",
        ".gitignore",
        "a.txt",
        "b.txt",
        "moved.txt",
        "neu/eins ü.txt",
        "neu/zwei\nzeilen",
        "ordner/ä ö.txt",
    )


def test_looking_takes_no_lock_and_writes_nothing(odd: Path) -> None:
    os.utime(odd / "a.txt", (1, 1))  # a plain `git status` would refresh the index now
    before = (odd / ".git" / "index").read_bytes()

    assert Repository.find(odd).dirty() == ()

    assert (odd / ".git" / "index").read_bytes() == before


def test_a_name_that_is_not_utf_8_comes_back_as_it_is(odd: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (odd / name).write_text("latin")
    found = Repository.find(odd)

    assert found.dirty() == (name,)
    found.commit_paths([name], "latin")

    assert found.dirty() == ()
    assert name in found.tracked()


def test_a_rename_changes_both_names(odd: Path) -> None:
    found = Repository.find(odd)
    old = found.head()
    scratch.git(odd, "mv", "a.txt", "c.txt")
    new = scratch.commit(odd, {})

    assert found.changed(old, new) == ("a.txt", "c.txt")
    assert found.is_ancestor(old, new)
    assert not found.is_ancestor(new, old)
    assert found.tracked() == ("b.txt", "c.txt", "ordner/ä ö.txt")


def test_only_trees_of_this_repository_are_recognised(
    odd: Path, tmp_path: Path, repository: Path
) -> None:
    linked = tmp_path / "linked"
    scratch.git(odd, "worktree", "add", "--quiet", "--detach", str(linked))
    found = Repository.find(odd)

    assert found.top_level(odd / "ordner") == odd
    assert found.top_level(linked / "ordner" / "not" / "yet.txt") == linked
    assert found.top_level(Path("ordner")) == odd
    assert found.top_level(repository) is None
    assert found.top_level(tmp_path) is None
    assert found.top_level(odd / ".git") is None


def test_a_variable_that_names_another_repository_is_not_obeyed(
    odd: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / "index"))

    found = Repository.find(odd)

    assert found.root == odd
    assert "a.txt" in found.tracked()


def test_a_pattern_is_kept_out_once_and_the_users_lines_stay(odd: Path) -> None:
    exclude = odd / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("mine without a newline")
    found = Repository.find(odd)

    found.keep_out("/scratch/")
    found.keep_out("/scratch/")

    assert exclude.read_text() == "mine without a newline\n/scratch/\n"
    scratch.write(odd, {"scratch/x": "x"})
    assert found.dirty() == ()


# committing


def test_a_commit_takes_exactly_the_named_paths(odd: Path) -> None:
    found = Repository.find(odd)
    before = found.head()
    scratch.write(odd, {"staged.txt": "somebody else's"})
    scratch.git(odd, "add", "staged.txt")
    scratch.write(
        odd,
        {
            "a.txt": "changed\n",
            "b.txt": "somebody else's\n",
            "ordner/ä ö.txt": None,
            "neu/eins.txt": "somebody else's",
            "neu/*.txt": "a file with a star in its name",
            "untracked.txt": "somebody else's",
        },
    )

    made = found.commit_paths(["a.txt", "ordner/", "neu/*.txt"], "-the task's work")

    assert found.head() == made
    assert scratch.git(odd, "rev-parse", f"{made}^") == before
    assert scratch.git(odd, "log", "-1", "--format=%B").strip() == "-the task's work"
    assert found.changed(before, made) == ("a.txt", "neu/*.txt", "ordner/ä ö.txt")
    assert scratch.git(odd, "status", "--porcelain").splitlines() == [
        " M b.txt",
        "A  staged.txt",
        "?? neu/eins.txt",
        "?? untracked.txt",
    ]


def test_a_path_that_is_a_pattern_elsewhere_matches_nothing_else(odd: Path) -> None:
    scratch.write(odd, {"a.txt": "changed\n"})

    with pytest.raises(NotNow) as refusal:
        Repository.find(odd).commit_paths(["*.txt", ":/"], "nothing of that name")

    assert refusal.value.code == "nothing_to_commit"


def test_nothing_is_committed_where_nothing_changed(odd: Path) -> None:
    found = Repository.find(odd)
    before = scratch.state(odd)

    with pytest.raises(NotNow) as refusal:
        found.commit_paths(["a.txt"], "empty")

    assert refusal.value.code == "nothing_to_commit"
    assert scratch.state(odd) == before


def test_the_users_commit_hook_runs_and_its_no_leaves_everything_as_it_was(odd: Path) -> None:
    install_hook(odd, "pre-commit", "echo no tabs please; exit 1")
    scratch.write(odd, {"a.txt": "changed\n", "new.txt": "n"})
    before = scratch.state(odd)

    with pytest.raises(NotNow) as refusal:
        Repository.find(odd).commit_paths(["a.txt", "new.txt"], "work")

    assert refusal.value.code == "commit_refused"
    assert "no tabs please" in refusal.value.sentence
    assert scratch.state(odd) == before


def test_a_commit_made_right_after_ours_is_not_taken_for_it(odd: Path) -> None:
    install_hook(
        odd,
        "post-commit",
        "test -e .git/once || { touch .git/once; git commit -q --allow-empty -m later; }",
    )
    scratch.write(odd, {"a.txt": "changed\n"})
    found = Repository.find(odd)

    made = found.commit_paths(["a.txt"], "ours")

    assert scratch.git(odd, "log", "-1", "--format=%s") == "later"
    assert scratch.git(odd, "log", "-1", "--format=%s", made) == "ours"


def test_without_an_identity_a_stated_one_is_used(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    found = Repository.find(odd)
    form = "--format=%an <%ae> %cn <%ce>"
    ours = "parallel-agents <parallel-agents@localhost>"

    scratch.write(odd, {"a.txt": "1\n"})
    found.commit_paths(["a.txt"], "one")
    assert scratch.git(odd, "log", "-1", form) == f"{ours} {ours}"

    scratch.git(odd, "config", "user.name", "Ada")
    scratch.git(odd, "config", "user.email", "ada@example.invalid")
    scratch.write(odd, {"a.txt": "2\n"})
    found.commit_paths(["a.txt"], "two")
    ada = "Ada <ada@example.invalid>"
    assert scratch.git(odd, "log", "-1", form) == f"{ada} {ada}"


def test_a_lock_file_of_another_git_is_waited_for(
    odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_lock = odd / ".git" / "index.lock"
    index_lock.touch()
    waits: list[int] = []

    def pause(attempt: int) -> None:
        waits.append(attempt)
        if attempt == 1:
            index_lock.unlink()

    monkeypatch.setattr(process, "pause", pause)
    scratch.write(odd, {"a.txt": "changed\n"})

    Repository.find(odd).commit_paths(["a.txt"], "work")

    assert waits == [0, 1]


# the door and the lock


def test_a_git_that_does_not_end_is_ended_with_all_it_started(odd: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "child"
    os.mkfifo(fifo)
    loop = f"!sh -c 'exec > {fifo}; echo up; sleep 600; true'"

    with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as children:
        with pytest.raises(Unusable) as refusal:
            process.run(odd, "-c", f"alias.hang={loop}", "hang", timeout=1.0)
        os.set_blocking(children.fileno(), True)
        # The end of the file comes when nobody holds the other end any more.
        assert children.read(10) == b"up\n"
        assert select.select([children], [], [], 30) == ([children], [], [])
        assert children.read(10) == b""

    assert refusal.value.code == "git_timed_out"


def test_a_directory_that_is_gone_is_not_replaced_by_the_present_one(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refusal:
        process.run(tmp_path / "gone", "status")
    assert refusal.value.code == "no_directory"


def test_the_git_lock_has_a_time_out_that_names_its_holder(odd: Path) -> None:
    common = Repository.find(odd).common_dir
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(common, "prepare a tree"), locked(common, "and again inside"):
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(30)
        with pytest.raises(NotNow) as refusal, locked(common, "other", wait=0.05):
            pass
    finally:
        done.set()
        holder.join()

    assert refusal.value.code == "git_busy"
    assert LOCK_NAME in refusal.value.sentence
    assert f"process {os.getpid()}, prepare a tree" in refusal.value.sentence
    with locked(common, "free again", wait=0.0):
        pass


def test_importing_the_git_layer_does_not_load_gitpython() -> None:
    program = (
        "import sys, parallel_agents.git.merging, parallel_agents.git.worktrees\n"
        "sys.exit('git' in sys.modules or 'filelock' in sys.modules)"
    )
    assert subprocess.run((sys.executable, "-c", program), check=False).returncode == 0
