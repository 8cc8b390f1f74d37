"""Repositories that are not plain: each carries a run to its end, or is refused with a sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from git_scratch import commit as commit_files
from git_scratch import git, write
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome, Plan, Strategy
from planned_work import ANNA, BERT, begin, claim, commit, refused, task

FILE_URLS = ("-c", "protocol.file.allow=always")


def proposal(root: Path) -> object:
    return Coordinator.at(root).propose(Plan("goal", (task("one"),)))


def run_to_the_end(root: Path, strategy: Strategy = Strategy.WORKTREE) -> None:
    """Two results and one on top of both, merged."""
    coordinator = Coordinator.at(root)
    begin(coordinator, strategy, task("one"), task("two"), task("top", after=("one", "two")))
    for agent, name in ((ANNA, "one"), (BERT, "two"), (ANNA, "top")):
        held = claim(coordinator, agent, name).claim
        if strategy is Strategy.FILES:
            (root / f"{name}.txt").write_text(name)
        else:
            commit(held.workdir, **{name: name})
        coordinator.release(agent, name, held.token, Outcome.COMPLETED, "")
    report = coordinator.merge()
    assert report.archived
    assert [k for k in report.kept if not k.name.startswith("hub/")] == []
    for name in ("one", "two", "top"):
        assert git(root, "show", f"main:{name}.txt") == name


class TestRefusedBeforeAnythingStarts:
    def test_a_repository_without_a_commit(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet", "empty")
        assert refused(proposal, tmp_path / "empty").code == "empty_repository"

    def test_a_detached_head(self, repository: Path) -> None:
        git(repository, "switch", "--quiet", "--detach")
        assert refused(proposal, repository).code == "detached_head"

    def test_a_bare_repository(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
        assert refused(proposal, tmp_path / "bare.git").code == "bare_repository"

    def test_an_object_store_that_cannot_be_written(self, repository: Path) -> None:
        git(repository, "gc", "--quiet")
        for n in range(256):  # for root too: where a folder is to be, there is a file
            (repository / ".git" / "objects" / f"{n:02x}").touch()
        error = refused(proposal, repository)
        assert error.code == "objects_unwritable"
        assert "writable" in error.next_step
        assert not (repository / "_tasks").exists()

    def test_a_branch_that_leaves_no_room_for_the_names_of_agents_branches(
        self, repository: Path
    ) -> None:
        git(repository, "branch", "parallel")
        error = refused(proposal, repository)
        assert error.code == "branch_clash"
        assert "Rename or delete" in error.next_step


class TestCarriedToTheEnd:
    def test_a_shallow_clone(self, repository: Path, tmp_path: Path) -> None:
        for n in range(3):
            commit(repository, more=str(n))
        url = f"file://{repository}"
        git(tmp_path, "clone", "--quiet", "--depth=1", url, "shallow")
        run_to_the_end(tmp_path / "shallow")
        assert git(tmp_path / "shallow", "rev-parse", "--is-shallow-repository") == "true"

    @pytest.mark.parametrize("name", ["-dash", "with space", "größe \u2603", "quote'\"`$HOME"])
    def test_a_path_that_is_hard_to_quote(self, repository: Path, name: str) -> None:
        root = repository.rename(repository.with_name(name))
        run_to_the_end(root)

    def test_a_sparse_checkout(self, repository: Path) -> None:
        commit_files(repository, {"in/a.txt": "a", "out/b.txt": "b"})
        git(repository, "sparse-checkout", "set", "--cone", "in")
        assert not (repository / "out").exists()
        run_to_the_end(repository)
        assert git(repository, "show", "main:out/b.txt") == "b"
        assert not (repository / "out").exists()

    def test_a_linked_work_tree_that_somebody_works_in(
        self, repository: Path, tmp_path: Path
    ) -> None:
        git(repository, "worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked"))
        (tmp_path / "linked" / "draft.txt").write_text("d")
        run_to_the_end(repository)
        assert (tmp_path / "linked" / "draft.txt").read_text() == "d"

    def test_the_repository_of_a_submodule(self, repository: Path, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet", "--initial-branch=main", "outer")
        outer = tmp_path / "outer"
        git(outer, *FILE_URLS, "submodule", "--quiet", "add", str(repository), "part")
        commit_files(outer, {"o.txt": "o"})
        git(outer / "part", "switch", "--quiet", "main")
        run_to_the_end(outer / "part")

    def test_git_directories_that_lie_elsewhere(self, tmp_path: Path) -> None:
        git(
            *(tmp_path, "init", "--quiet", "--initial-branch=main"),
            *(f"--separate-git-dir={tmp_path / 'store'}", "tree"),
        )
        commit_files(tmp_path / "tree", {"a.txt": "a"})
        run_to_the_end(tmp_path / "tree")


class TestSubmodules:
    @pytest.fixture
    def outer(self, repository: Path, tmp_path: Path) -> Path:
        inner = tmp_path / "inner"
        git(tmp_path, "init", "--quiet", "--initial-branch=main", "inner")
        commit_files(inner, {"x.txt": "1"})
        git(repository, *FILE_URLS, "submodule", "--quiet", "add", str(inner), "part")
        commit_files(repository, {})
        return repository

    def test_they_are_empty_in_new_trees_and_in_nobodys_way(self, outer: Path) -> None:
        run_to_the_end(outer)
        assert (outer / "part" / "x.txt").read_text() == "1"

    def test_a_submodule_moves_as_one_file_of_whoever_claims_it(
        self, outer: Path, tmp_path: Path
    ) -> None:
        coordinator = Coordinator.at(outer)
        begin(coordinator, Strategy.WORKTREE, task("bump", "part"))
        tree = Path(str(claim(coordinator, ANNA).claim.workdir))
        git(tree, *FILE_URLS, "submodule", "--quiet", "update", "--init")
        commit(tmp_path / "inner", x="2")
        git(tree / "part", "pull", "--quiet", "origin", "main")
        moved = commit(tree)
        held = claim(coordinator, ANNA).claim
        coordinator.release(ANNA, "bump", held.token, Outcome.COMPLETED, "")
        report = coordinator.merge()
        assert git(outer, "merge-base", "main", moved) == moved
        [kept] = report.kept[:1]
        assert (kept.name, "submodules" in kept.why) == (str(tree), True)

    def test_work_inside_a_submodule_that_nobody_committed_is_not_lost_unseen(
        self, outer: Path
    ) -> None:
        coordinator = Coordinator.at(outer)
        begin(coordinator, Strategy.WORKTREE, task("bump", "part"))
        held = claim(coordinator, ANNA).claim
        tree = Path(str(held.workdir))
        git(tree, *FILE_URLS, "submodule", "--quiet", "update", "--init")
        (tree / "part" / "x.txt").write_text("not committed")
        error = refused(coordinator.release, ANNA, "bump", held.token, Outcome.COMPLETED, "")
        assert error.code == "uncommitted"


class TestLargeFiles:
    """A stand-in for Git LFS: a filter that fails where the real one would have to download."""

    @pytest.fixture
    def root(self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        program = tmp_path / "bin" / "git-lfs"
        write(
            tmp_path,
            {
                "bin/git-lfs": "#!/bin/sh\n"
                'case "$1" in\n'
                'smudge) [ -n "$GIT_LFS_SKIP_SMUDGE" ] && exec cat; exit 9;;\n'
                "clean) exec cat;;\n"
                "*) exit 0;;\n"
                "esac\n"
            },
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        git(repository, "config", "filter.lfs.clean", "git-lfs clean -- %f")
        git(repository, "config", "filter.lfs.smudge", "git-lfs smudge -- %f")
        git(repository, "config", "filter.lfs.required", "true")
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
        commit_files(repository, {".gitattributes": "*.bin filter=lfs -text\n", "big.bin": pointer})
        return repository

    def test_nothing_is_downloaded_for_a_work_tree(self, root: Path) -> None:
        run_to_the_end(root)

    def test_pointers_are_what_agents_find(self, root: Path) -> None:
        coordinator = Coordinator.at(root)
        begin(coordinator, Strategy.WORKTREE, task("one"))
        tree = Path(str(claim(coordinator, ANNA).claim.workdir))
        assert (tree / "big.bin").read_text().startswith("version https://git-lfs")
        assert git(tree, "status", "--porcelain", env={"GIT_LFS_SKIP_SMUDGE": "1"}) == ""


class TestHooksOfTheUser:
    @pytest.fixture
    def hooked(self, repository: Path) -> Path:
        """Hooks in a folder of the project, as husky has them; each leaves a mark."""
        for name in ("post-checkout", "pre-commit", "commit-msg", "post-merge", "pre-push"):
            path = repository / ".husky" / name
            write(repository, {f".husky/{name}": f"#!/bin/sh\necho {name} >> '{repository}.log'\n"})
            path.chmod(0o755)
        commit_files(repository, {})
        git(repository, "config", "core.hooksPath", ".husky")
        return repository

    def ran(self, root: Path) -> list[str]:
        log = Path(f"{root}.log")
        found = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def test_none_runs_for_a_work_tree_a_branch_or_a_landing(self, hooked: Path) -> None:
        coordinator = Coordinator.at(hooked)
        begin(coordinator, Strategy.WORKTREE, task("one"))
        held = claim(coordinator, ANNA).claim
        assert self.ran(hooked) == []
        commit(held.workdir, one="1")
        assert self.ran(hooked) == ["pre-commit", "commit-msg"]  # the agent's own commit
        coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
        coordinator.merge()
        assert self.ran(hooked) == []

    def test_commit_hooks_run_where_we_commit_for_the_agent(self, hooked: Path) -> None:
        coordinator = Coordinator.at(hooked)
        begin(coordinator, Strategy.FILES, task("one"))
        held = claim(coordinator, ANNA).claim
        (hooked / "one.txt").write_text("1")
        coordinator.release(ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert self.ran(hooked) == ["pre-commit", "commit-msg"]

    def test_a_commit_hook_that_says_no_keeps_the_task_open(self, hooked: Path) -> None:
        (hooked / ".husky" / "pre-commit").write_text("#!/bin/sh\necho no tabs >&2\nexit 1\n")
        git(hooked, "commit", "--quiet", "--no-verify", "--all", "--message", "strict")
        coordinator = Coordinator.at(hooked)
        begin(coordinator, Strategy.FILES, task("one"))
        held = claim(coordinator, ANNA).claim
        (hooked / "one.txt").write_text("\t")
        error = refused(coordinator.release, ANNA, "one", held.token, Outcome.COMPLETED, "")
        assert error.code == "commit_refused"
        assert "no tabs" in error.sentence
        assert git(hooked, "status", "--porcelain") == "?? one.txt"
