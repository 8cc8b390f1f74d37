"""What git does not have and a new work tree needs: chosen by a list, copied, never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from git_scratch import commit as commit_files
from git_scratch import git, write
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome, Plan, State, Strategy
from parallel_agents.git import copies
from parallel_agents.git.repository import Repository
from planned_work import ANNA, BERT, begin, claim, commit, refused, task


@pytest.fixture
def root(repository: Path) -> Path:
    """A repository with secrets that git ignores, and a list that names some of them."""
    commit_files(
        repository,
        {
            ".gitignore": ".env\n*.local\nnode_modules/\n",
            ".worktreeinclude": "# what agents need\n.env\nconfig/*.local\nnot-ignored.txt\n",
        },
    )
    write(
        repository,
        {
            ".env": "TOKEN=secret\n",
            "web/.env": "TOKEN=also\n",
            "config/dev.local": "d",
            "other.local": "not named",
            "not-ignored.txt": "the user's, in sight of git",
            "node_modules/x/index.js": "dependencies are installed",
        },
    )
    (repository / ".env").chmod(0o600)
    return repository


def tree_of(coordinator: Coordinator) -> Path:
    return Path(str(claim(coordinator, ANNA).claim.workdir))


def test_a_new_tree_gets_what_the_list_names_and_git_ignores(root: Path) -> None:
    assert copies.chosen(Repository.find(root)) == (".env", "config/dev.local", "web/.env")
    coordinator = Coordinator.at(root)
    begin(coordinator, Strategy.WORKTREE, task("one"))
    tree = tree_of(coordinator)
    assert (tree / ".env").read_text() == "TOKEN=secret\n"
    assert stat.S_IMODE((tree / ".env").stat().st_mode) == 0o600
    assert (tree / "web/.env").exists()
    assert not (tree / "other.local").exists()
    assert not (tree / "not-ignored.txt").exists()
    assert git(tree, "status", "--porcelain") == ""


def test_the_user_is_shown_what_will_be_copied_before_the_yes(root: Path) -> None:
    seen = Coordinator.at(root).propose(Plan("goal", (task("one"),))).assessment
    for shown in (seen.text, seen.form, seen.document):
        words = " ".join(shown.split())
        assert "(.worktreeinclude): .env, config/*.local, not-ignored.txt" in words
        assert "secret" not in words


def test_copies_stay_as_an_agent_left_them_and_go_with_the_tree(root: Path) -> None:
    coordinator = Coordinator.at(root)
    begin(coordinator, Strategy.WORKTREE, task("one"), task("two"))
    held = claim(coordinator, ANNA, "one").claim
    tree = Path(str(held.workdir))
    (tree / ".env").write_text("TOKEN=mine\n")
    commit(tree, one="1")
    coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
    held = claim(coordinator, ANNA, "two").claim
    assert (tree / ".env").read_text() == "TOKEN=mine\n"
    commit(tree, two="2")
    coordinator.release(ANNA, "two", held.token, Outcome.COMPLETED, "")
    assert coordinator.merge().archived
    assert not tree.exists()
    assert (root / ".env").read_text() == "TOKEN=secret\n"


def test_what_a_commit_would_pick_up_is_not_copied_and_the_claim_is_given_back(root: Path) -> None:
    with (root / ".gitignore").open("a") as ignore:
        ignore.write("not-ignored.txt\n")  # not committed: agents' trees do not have it
    coordinator = Coordinator.at(root)
    begin(coordinator, Strategy.WORKTREE, task("one"))
    error = refused(coordinator.claim, ANNA)
    assert error.code == "copy_not_ignored"
    assert "commit the .gitignore" in error.next_step
    [shown] = coordinator.status().tasks
    assert shown.state is State.AVAILABLE


def test_too_much_is_refused_with_the_largest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_BYTES", 20)
    (root / "config/dev.local").write_text("x" * 30)
    coordinator = Coordinator.at(root)
    begin(coordinator, Strategy.WORKTREE, task("one"))
    error = refused(coordinator.claim, ANNA)
    assert error.code == "copies_too_large"
    assert "config/dev.local" in error.sentence


def test_a_link_is_copied_as_what_it_leads_to_and_never_written_through(
    root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    write(tmp_path, {"secrets/env": "TOKEN=shared\n", "outside/keep": "k"})
    (root / ".env").unlink()
    (root / ".env").symlink_to(tmp_path / "secrets" / "env")
    commit_files(root, {"README.md": "more\n"})
    git(root, "rm", "--quiet", "-r", "--cached", "--ignore-unmatch", "web", "config")
    start = git(root, "rev-parse", "HEAD")
    found = Repository.find(root)
    tree = tmp_path / "tree"
    git(root, "worktree", "add", "--quiet", "--detach", str(tree), start)
    (tree / "web").symlink_to(outside)

    assert copies.copy(found, tree) == (".env", "config/dev.local")

    assert not (tree / ".env").is_symlink()
    assert (tree / ".env").read_text() == "TOKEN=shared\n"
    assert sorted(p.name for p in outside.iterdir()) == ["keep"]


def test_without_a_list_nothing_is_copied_or_looked_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Repository.find(repository)
    monkeypatch.setattr(copies, "run", None)
    assert copies.copy(found, repository) == ()


class TestSetup:
    def test_a_setup_that_leaves_changes_is_refused_before_an_agent_is_blamed(
        self, root: Path
    ) -> None:
        coordinator = Coordinator.at(root)
        begin(coordinator, Strategy.WORKTREE, task("one"), setup="cp .env lock.json")
        error = refused(coordinator.claim, ANNA)
        assert error.code == "setup_changes_files"
        assert "lock.json" in error.sentence

    def test_what_a_failing_setup_printed_is_told_and_not_written_down(self, root: Path) -> None:
        coordinator = Coordinator.at(root)
        plan = begin(coordinator, Strategy.WORKTREE, task("one"), setup="sh -c 'cat .env; exit 3'")
        error = refused(coordinator.claim, BERT)
        assert error.code == "setup_failed"
        assert "exit 3" in error.sentence
        files = [p for p in (root / "_tasks").rglob("*") if p.is_file()]
        assert plan in "".join(p.read_text(errors="replace") for p in files)
        assert not [p for p in files if b"secret" in p.read_bytes()]
