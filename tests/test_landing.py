"""Landing: a branch moves to a tested commit without a loss, or not at all, or it is taken back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.core.errors import BadInput, NeedsPerson, NotNow, Refusal
from parallel_agents.git.landing import Landing, land, settle
from parallel_agents.git.merging import Assembly, Part, assemble
from parallel_agents.git.repository import Repository

TEN = scratch.TEN
MAIN = "refs/heads/main"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit, at a path with a space and an umlaut."""
    return scratch.odd_repository(tmp_path, scratch.MIXED)


@pytest.fixture
def repo(root: Path) -> Repository:
    return Repository.find(root)


def refused(repo: Repository, target: str, old: str, new: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        land(repo, target, old, new)
    return refusal.value


def assembled(repo: Repository, commit: str) -> str:
    made = assemble(repo, "main", [Part("ahead", commit, "ahead")])
    assert isinstance(made, Assembly)
    return made.tip


@pytest.fixture
def ahead(root: Path) -> str:
    """A commit on top of main that changes, adds (also an ignored file) and deletes."""
    files = {"shared.txt": "new\n", "added/n.txt": "n\n", ".env": "theirs\n", "old.txt": None}
    return scratch.branch(root, "ahead", files)


def test_a_checked_out_target_moves_with_its_tree(repo: Repository, root: Path, ahead: str) -> None:
    old = repo.head()
    scratch.write(root, {"lib/one.txt": "the user's edit\n", "own.txt": "untracked"})

    land(repo, MAIN, old, ahead)

    assert repo.head() == ahead
    assert (root / "shared.txt").read_text() == "new\n"
    assert not (root / "old.txt").exists()
    assert (root / "lib/one.txt").read_text() == "the user's edit\n"
    assert repo.dirty() == ("lib/one.txt", "own.txt")


def test_a_target_in_a_linked_tree_moves_there_and_nowhere_else(
    repo: Repository, root: Path, ahead: str
) -> None:
    linked = root.parent / "linked"
    scratch.git(root, "worktree", "add", "--quiet", "--no-track", "-b", "side", str(linked), "main")

    land(repo, "refs/heads/side", "main", ahead)

    assert (linked / "shared.txt").read_text() == "new\n"
    assert scratch.git(linked, "status", "--porcelain") == ""
    assert (root / "shared.txt").read_text() == TEN
    assert scratch.git(root, "rev-parse", "main") != ahead


def test_a_target_that_is_checked_out_nowhere_moves_alone(
    repo: Repository, root: Path, ahead: str
) -> None:
    scratch.git(root, "branch", "--no-track", "side", "main")
    status = scratch.state(root)[2]

    land(repo, "refs/heads/side", "main", ahead)

    assert scratch.git(root, "rev-parse", "side") == ahead
    assert scratch.state(root)[2] == status


def test_a_target_that_moved_is_not_moved_again(repo: Repository, root: Path, ahead: str) -> None:
    old = repo.head()
    scratch.git(root, "branch", "--no-track", "side", "main")
    scratch.commit(root, {"lib/one.txt": "meanwhile\n"})
    scratch.git(root, "branch", "--force", "side", "main")
    before = scratch.state(root)

    assert refused(repo, MAIN, old, ahead).code == "target_moved"
    assert refused(repo, "refs/heads/side", old, ahead).code == "target_moved"
    assert refused(repo, "refs/heads/none", old, ahead).code == "target_moved"
    assert refused(repo, MAIN, "main", ahead).code == "not_fast_forward"
    assert refused(repo, "main", old, ahead).code == "not_a_branch"

    assert scratch.state(root) == before


IN_THE_WAY: dict[str, tuple[dict[str, str | None], str]] = {
    "a changed file": ({"shared.txt": "the user's edit\n"}, "shared.txt"),
    "a deleted file that changes": ({"old.txt": "the user's edit\n"}, "old.txt"),
    "an untracked file": ({"added/n.txt": "the user's\n"}, "added/n.txt"),
    "an ignored file": ({".env": "the user's secret\n"}, ".env"),
    "an untracked file for a folder": ({"added": "the user's\n"}, "added"),
    "a folder for an ignored file": ({".env/inner": "the user's\n"}, ".env/"),
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_nothing_of_the_users_is_overwritten_at_landing(
    repo: Repository, root: Path, ahead: str, case: str
) -> None:
    files, named = IN_THE_WAY[case]
    scratch.git(root, "config", "merge.autoStash", "true")
    scratch.write(root, files)
    before = scratch.state(root)

    refusal = refused(repo, MAIN, "main", ahead)

    assert refusal.code == "dirty_target"
    assert f": {named}." in refusal.sentence
    assert scratch.state(root) == before
    for name, text in files.items():
        assert (root / name).read_text() == text


def test_a_merge_going_on_in_the_target_is_left_alone(
    repo: Repository, root: Path, ahead: str
) -> None:
    scratch.branch(root, "theirs", {"lib/one.txt": "theirs\n"})
    old = scratch.commit(root, {"lib/one.txt": "ours\n"})
    new = assembled(repo, ahead)
    scratch.git(root, "merge", "theirs", check=False)
    before = scratch.state(root)

    assert refused(repo, MAIN, old, new).code == "target_busy"
    assert scratch.state(root) == before


def test_a_target_in_two_trees_is_refused(repo: Repository, root: Path, ahead: str) -> None:
    twin = root.parent / "twin"
    scratch.git(root, "worktree", "add", "--quiet", "--force", str(twin), "main")

    assert refused(repo, MAIN, "main", ahead).code == "target_busy"

    shutil.rmtree(twin)
    land(repo, MAIN, "main", ahead)
    assert repo.head() == ahead


def test_landing_runs_no_hook(repo: Repository, root: Path, ahead: str) -> None:
    hook = root / ".git" / "hooks" / "post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)

    land(repo, MAIN, "main", ahead)

    assert not os.path.lexists(root / "hooked")


def test_refusals_say_what_to_do_next(repo: Repository, root: Path, ahead: str) -> None:
    scratch.write(root, {"shared.txt": "edit\n"})

    with pytest.raises(NotNow, match="Nothing was moved") as refusal:
        land(repo, MAIN, "main", ahead)
    assert "Commit them" in refusal.value.next_step

    with pytest.raises(BadInput):
        land(repo, "--all", "main", ahead)


# interrupted landings


def begun(repo: Repository, root: Path, new: str, since: float | None = None) -> Landing:
    """What the journal says of a landing that was killed."""
    when = os.stat(root / ".git").st_mtime - 1 if since is None else since
    return Landing(MAIN, repo.head(), new, root, when)


HALFWAY: dict[str, dict[str, str | None]] = {
    "nothing written": {},
    "a file with its new content": {"shared.txt": "new\n"},
    "the beginning of a file": {"shared.txt": "ne"},
    "an empty file": {"added/n.txt": ""},
    "a file that is gone": {"old.txt": None},
    "all of it": {"shared.txt": "new\n", "added/n.txt": "n\n", ".env": "theirs\n", "old.txt": None},
}


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("case", HALFWAY)
def test_what_a_killed_landing_wrote_is_taken_back_and_nothing_else(
    repo: Repository, root: Path, ahead: str, case: str, locked: bool
) -> None:
    scratch.write(root, {"lib/one.txt": "the user's edit\n", "own.txt": "untracked"})
    landing, before = begun(repo, root, ahead), scratch.state(root)
    scratch.write(root, HALFWAY[case])
    if locked:
        for name in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
            (root / ".git" / name).touch()

    assert settle(repo, landing) is False

    assert scratch.state(root) == before
    assert (root / "lib/one.txt").read_text() == "the user's edit\n"
    land(repo, MAIN, landing.old, ahead)
    assert (root / "shared.txt").read_text() == "new\n"


def test_a_landing_that_was_killed_before_the_branch_moved_is_taken_back_from_the_index_too(
    repo: Repository, root: Path, ahead: str
) -> None:
    landing, before = begun(repo, root, ahead), scratch.state(root)
    scratch.git(root, "read-tree", "-m", "-u", ahead)

    assert settle(repo, landing) is False

    assert scratch.state(root) == before


def test_files_and_folders_that_change_places_are_taken_back(repo: Repository, root: Path) -> None:
    files: dict[str, str | None] = {"old.txt": None, "old.txt/inner": "n\n", "lib/one.txt": None}
    place = root.parent / "scratch"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "moved", str(place))
    (place / "old.txt").unlink()
    shutil.rmtree(place / "lib")
    new = scratch.commit(place, {"old.txt/inner": "n\n", "lib": "now a file\n"})
    landing, before = begun(repo, root, new), scratch.state(root)
    for name, text in files.items():
        if text is None:
            (root / name).unlink()
        else:
            scratch.write(root, {name: text})
    (root / "lib").rmdir()
    scratch.write(root, {"lib": "now a"})

    assert settle(repo, landing) is False

    assert scratch.state(root) == before
    assert scratch.git(root, "status", "--porcelain") == ""


def test_line_endings_and_links_of_a_killed_landing_are_told(repo: Repository, root: Path) -> None:
    scratch.commit(root, {".gitattributes": "*.crlf text eol=crlf\n", "x.crlf": "one\ntwo\n"})
    scratch.git(root, "checkout", "--quiet", "HEAD", "--", ".")
    place = root.parent / "scratch"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "moved", str(place))
    (place / "link").symlink_to("x.crlf")
    new = scratch.commit(place, {"x.crlf": "three\nfour\nfive\n"})
    landing, before = begun(repo, root, new), scratch.state(root)
    (root / "x.crlf").write_bytes(b"three\r\nfou")
    (root / "link").symlink_to("x.crlf")

    assert settle(repo, landing) is False
    assert scratch.state(root) == before


@pytest.mark.parametrize("name", ["shared.txt", "added/n.txt", "old.txt"])
def test_a_file_that_somebody_changed_since_is_not_touched(
    repo: Repository, root: Path, ahead: str, name: str
) -> None:
    landing = begun(repo, root, ahead)
    scratch.write(root, {".env": "theirs\n", name: "the user's, since\n"})
    before = scratch.state(root)

    with pytest.raises(NeedsPerson) as stop:
        settle(repo, landing)

    assert stop.value.code == "landing_interrupted"
    assert f"changed {name}. Nothing" in stop.value.sentence
    assert scratch.state(root) == before
    assert (root / name).read_text() == "the user's, since\n"


def test_a_landing_whose_branch_has_moved_is_done_whatever_came_on_top(
    repo: Repository, root: Path, ahead: str
) -> None:
    landing = begun(repo, root, ahead)
    land(repo, MAIN, landing.old, ahead)
    scratch.commit(root, {"later.txt": "later\n"})

    assert settle(repo, landing) is True


def test_a_branch_that_went_elsewhere_meanwhile_is_left_alone(
    repo: Repository, root: Path, ahead: str
) -> None:
    landing = begun(repo, root, ahead)
    scratch.commit(root, {"later.txt": "later\n"})
    before = scratch.state(root)

    assert settle(repo, landing) is False
    assert scratch.state(root) == before


def test_a_lock_file_that_is_older_than_the_landing_is_somebody_elses(
    repo: Repository, root: Path, ahead: str
) -> None:
    lock = root / ".git" / "index.lock"
    lock.touch()
    landing = begun(repo, root, ahead, since=lock.stat().st_mtime + 60)

    with pytest.raises(NotNow) as busy:
        settle(repo, landing)
    assert busy.value.code == "target_busy"
    assert lock.exists()


def test_a_landing_that_goes_on_without_its_server_is_waited_for(
    repo: Repository, root: Path, ahead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parallel_agents.git.landing.WAIT", 0.1)
    program = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()\n"
    )
    lock = root / ".git" / "parallel-agents-landing.lock"
    words = (sys.executable, "-c", program, str(lock))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdout is not None
        git.stdout.readline()
        with pytest.raises(NotNow) as busy:
            settle(repo, begun(repo, root, ahead))
        assert busy.value.code == "target_busy"
        git.communicate()
    assert settle(repo, begun(repo, root, ahead)) is False


def test_the_git_that_moves_a_tree_holds_the_landing_lock_itself(
    repo: Repository, root: Path, ahead: str, tmp_path: Path
) -> None:
    # A file that git has to clean runs a program in the middle of the landing.
    told = tmp_path / "told"
    scratch.git(root, "config", "filter.look.smudge", f"sh -c 'ls -l /proc/self/fd > {told}; cat'")
    (root / ".git" / "info" / "attributes").write_text("added/n.txt filter=look\n")

    land(repo, MAIN, "main", ahead)

    if Path("/proc/self/fd").exists():
        assert "parallel-agents-landing.lock" in told.read_text()


def test_a_disk_that_fills_up_in_the_middle_leaves_the_tree_as_it_was(
    repo: Repository, root: Path
) -> None:
    # A filter that must not fail and fails ends git half way, as a full disk does.
    place = root.parent / "scratch"
    scratch.git(root, "worktree", "add", "--quiet", "-b", "moved", str(place))
    files = {f"n{number}.txt": f"{number}\n" for number in range(9)}
    new = scratch.commit(place, {**files, "shared.txt": "new\n", "zz.txt": "z\n"})
    scratch.git(root, "config", "filter.full.smudge", "false")
    scratch.git(root, "config", "filter.full.required", "true")
    (root / ".git" / "info" / "attributes").write_text("zz.txt filter=full\n")
    before = scratch.state(root)

    assert refused(repo, MAIN, "main", new).code == "target_busy"

    assert scratch.state(root) == before
    assert not (root / "n1.txt").exists()


def test_what_is_announced_is_what_then_happens(repo: Repository, root: Path, ahead: str) -> None:
    told: list[Landing] = []
    old = repo.head()

    land(repo, MAIN, "main", ahead, told.append)

    assert [replace(landing, since=0.0) for landing in told] == [
        Landing(MAIN, old, ahead, root, 0.0)
    ]
