"""Lock keys: whatever a file is called, one file has one key, in every work tree."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from parallel_agents.core import paths
from parallel_agents.core.errors import BadInput
from parallel_agents.core.paths import Place, main_work_tree, places

CORE = Path(paths.__file__).parent


def git(where: Path, *command: str) -> str:
    done = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", *command),
        cwd=where,
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def key(place: Place) -> tuple[str, str]:
    return place.main, place.path


def keys(path: str | Path, cwd: str | Path = "/") -> list[tuple[str, str]]:
    return [key(place) for place in places(str(path), str(cwd))]


@pytest.fixture
def repo(repository: Path) -> Path:
    """A repository with a source file, in a folder whose real path is known."""
    (repository / "src").mkdir()
    (repository / "src" / "app.py").write_text("x = 1\n")
    git(repository, "add", "src")
    git(repository, "commit", "--quiet", "--message=app")
    return repository.resolve()


@pytest.fixture
def linked(repo: Path) -> Path:
    """A linked work tree of `repo`, with a space and an umlaut in its name."""
    tree = repo.parent / "zweiter B\u00e4um"
    git(repo, "worktree", "add", "--quiet", "--detach", str(tree))
    return tree


# --- one file, many names ---


@pytest.mark.parametrize(
    "name",
    [
        "src/app.py",
        "./src//app.py",
        "src/../src/app.py",
        "src/app.py/",
        "src/./app.py",
        "src/app.py/.",
        "../repository/src/app.py",
        "{root}/src/app.py",
        "{root}/.git/../src/app.py",
        "linked-directory/app.py",
        "linked-directory/../src/app.py",
        "{parent}/linked-repository/src/app.py",
        "/proc/self/cwd/src/app.py",
        "/proc/self/cwd/src/../src/app.py",
        "not/there/yet/../../../src/app.py",
    ],
)
def test_every_name_of_a_file_gives_one_key(
    repo: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name.startswith("/proc") and not Path("/proc/self/cwd").exists():
        pytest.skip("there is no /proc here")
    monkeypatch.chdir(repo)
    (repo / "linked-directory").symlink_to("src")
    (repo.parent / "linked-repository").symlink_to("repository")
    [place] = places(name.format(root=repo, parent=repo.parent), str(repo))
    assert (place.root, place.main, place.path) == (str(repo), str(repo), "src/app.py")
    assert place.absolute == str(repo / "src" / "app.py")


def test_a_relative_name_starts_at_the_given_directory(repo: Path) -> None:
    assert keys("app.py", repo / "src") == [(str(repo), "src/app.py")]
    assert keys("../README.md", repo / "src") == [(str(repo), "README.md")]


def test_dots_behind_a_linked_directory_lead_out_of_its_target(repo: Path) -> None:
    (repo / "lib" / "deep").mkdir(parents=True)
    (repo / "short").symlink_to("lib/deep")
    assert keys("short/../new.py", repo) == [(str(repo), "lib/new.py")]
    assert keys("short/..", repo) == [(str(repo), "lib")]


def test_a_file_that_is_not_there_yet_has_a_key(repo: Path) -> None:
    assert keys("new/folder/file.py", repo) == [(str(repo), "new/folder/file.py")]
    assert keys("src/app.py/below-a-file", repo) == [(str(repo), "src/app.py/below-a-file")]


def test_a_link_to_a_file_has_the_key_of_the_link_and_of_the_target(repo: Path) -> None:
    (repo / "link").symlink_to("src/app.py")
    (repo / "chain").symlink_to("link")
    assert keys("link", repo) == [(str(repo), "link"), (str(repo), "src/app.py")]
    assert keys("chain", repo) == [(str(repo), "chain"), (str(repo), "src/app.py")]


def test_a_link_to_a_directory_has_both_keys_as_well(repo: Path) -> None:
    (repo / "link").symlink_to("src")
    assert keys("link/", repo) == [(str(repo), "link"), (str(repo), "src")]


def test_a_dangling_link_has_the_key_of_what_a_write_would_create(repo: Path) -> None:
    (repo / "link").symlink_to("new/file.py")
    assert keys("link", repo) == [(str(repo), "link"), (str(repo), "new/file.py")]


def test_links_in_a_circle_have_a_key(repo: Path) -> None:
    (repo / "one").symlink_to("other")
    (repo / "other").symlink_to("one")
    assert (str(repo), "one") in keys("one", repo)


def test_a_link_across_the_border_has_the_key_of_the_inner_side(repo: Path) -> None:
    (repo / "out").symlink_to(repo.parent / "outside.txt")
    (repo.parent / "in").symlink_to(repo / "src" / "app.py")
    assert keys("out", repo) == [(str(repo), "out")]
    assert keys(repo.parent / "in") == [(str(repo), "src/app.py")]


def test_composed_and_decomposed_names_have_one_key(repo: Path) -> None:
    composed = "docs/\u00dcbersicht.md"
    assert keys(composed, repo) == [(str(repo), composed)]
    assert keys(unicodedata.normalize("NFD", composed), repo) == [(str(repo), composed)]


def test_gits_own_files_and_the_task_folder_have_keys_like_others(repo: Path) -> None:
    assert keys(".git/config", repo) == [(str(repo), ".git/config")]
    assert keys(".git", repo) == [(str(repo), ".git")]
    assert keys("_tasks/plan.md", repo) == [(str(repo), "_tasks/plan.md")]


def test_the_root_itself_is_a_dot(repo: Path) -> None:
    assert keys(repo) == keys(".", repo) == keys("src/..", repo) == [(str(repo), ".")]


def test_outside_of_every_repository_there_is_no_place(tmp_path: Path) -> None:
    assert keys("file.txt", tmp_path) == []
    assert keys("/") == []
    assert main_work_tree(str(tmp_path)) is None


@pytest.mark.parametrize("name", ["", "a\0b", "a\ud800"])
def test_what_cannot_be_a_name_is_refused(repo: Path, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        places(name, str(repo))
    assert refused.value.code == "bad_path"
    assert str(refused.value).isprintable()


# --- one repository, many work trees ---


def test_a_file_has_one_key_in_every_work_tree(repo: Path, linked: Path) -> None:
    [here] = places("src/app.py", str(repo))
    [there] = places("app.py", str(linked / "src"))
    assert key(there) == key(here) == (str(repo), "src/app.py")
    assert (here.root, there.root) == (str(repo), str(linked))
    assert there.absolute == str(linked / "src" / "app.py")
    assert keys(linked / ".git") == [(str(repo), ".git")]


def test_every_directory_of_every_work_tree_names_the_main_one(repo: Path, linked: Path) -> None:
    for start in (repo, repo / "src", repo / "new" / "folder", linked, linked / "src"):
        assert main_work_tree(str(start)) == str(repo)


def test_a_work_tree_inside_the_main_one_is_a_work_tree_of_its_own(repo: Path) -> None:
    inner = repo / ".claude" / "worktrees" / "one"
    git(repo, "worktree", "add", "--quiet", str(inner))
    [place] = places("src/app.py", str(inner))
    assert (place.root, place.main, place.path) == (str(inner), str(repo), "src/app.py")


def test_a_work_tree_may_name_its_repository_by_a_relative_path(repo: Path, linked: Path) -> None:
    admin = (linked / ".git").read_text().removeprefix("gitdir:").strip()
    (linked / ".git").write_text(f"gitdir: {os.path.relpath(admin, linked)}\n")
    assert main_work_tree(str(linked)) == str(repo)


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repo), "origin")
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "origin"), "vendor/part")
    part = repo / "vendor" / "part"
    assert keys("src/app.py", part) == [(str(part), "src/app.py")]
    assert keys("vendor/part", repo) == [(str(repo), "vendor/part")]
    git(part, "worktree", "add", "--quiet", str(tmp_path / "part-two"))
    assert keys("src/app.py", tmp_path / "part-two") == [(str(part), "src/app.py")]


def test_a_repository_inside_another_is_its_own(repo: Path) -> None:
    (repo / "inner").mkdir()
    git(repo / "inner", "init", "--quiet")
    assert keys("inner/x", repo) == [(str(repo / "inner"), "x")]
    assert keys("inner", repo) == [(str(repo), "inner")]


def test_an_empty_git_folder_makes_no_repository(repo: Path) -> None:
    (repo / "src" / ".git").mkdir()
    assert keys("src/app.py", repo) == [(str(repo), "src/app.py")]


def test_a_work_tree_that_its_repository_forgot_belongs_to_what_is_around_it(repo: Path) -> None:
    inner = repo / "inner"
    git(repo, "worktree", "add", "--quiet", str(inner))
    for entry in sorted((repo / ".git" / "worktrees").rglob("*"), reverse=True):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    (repo / ".git" / "worktrees").rmdir()
    assert keys("inner/x", repo) == [(str(repo), "inner/x")]


@pytest.mark.parametrize("name", ["bare.git", "project/.git"])
def test_a_bare_repository_has_no_main_work_tree(repo: Path, tmp_path: Path, name: str) -> None:
    bare = tmp_path / name
    bare.parent.mkdir(exist_ok=True)
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "topic")
    assert main_work_tree(str(bare)) is None
    assert main_work_tree(str(bare.parent)) is None
    assert main_work_tree(str(tmp_path / "tree")) is None
    assert keys("src/app.py", tmp_path / "tree") == []


def test_where_the_git_directory_is_elsewhere_no_main_work_tree_is_known(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", f"--separate-git-dir={tmp_path / 'away.git'}", "tree")
    assert main_work_tree(str(tmp_path / "tree")) is None


def test_git_agrees_about_the_root_and_the_common_directory(repo: Path, linked: Path) -> None:
    for start in (repo / "src", linked / "src"):
        [place] = places("app.py", str(start))
        assert place.root == git(start, "rev-parse", "--show-toplevel").strip()
        common = git(start, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
        assert place.main == os.path.dirname(common)


# --- cheap enough for a hook ---

MODULES = ("paths", "globs", "segments", "wildcards", "braces", "system")

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
started = []
def watch(event, arguments):
    if event.startswith(("subprocess", "os.fork", "os.exec", "os.spawn", "os.posix_spawn")):
        started.append(event)
sys.addaudithook(watch)
from parallel_agents.core.globs import covers, meet, normalize
from parallel_agents.core.paths import places
[place] = places("src/app.py", sys.argv[2])
assert covers(normalize("./src/**/[a-c]*.{py,js}"), place.path)
assert meet(["src/**"], ["*/app.py"])
assert not started, started
print(*sorted(set(sys.modules) - before))
"""


def test_a_hook_loads_nothing_else_and_starts_nothing(linked: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", PROGRAM, str(CORE.parent.parent), str(linked)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = {f"parallel_agents.core.{name}" for name in (*MODULES, "errors")}
    assert (
        set(done.stdout.split()) == {"__future__", "parallel_agents", "parallel_agents.core"} | ours
    )


@pytest.mark.parametrize("name", MODULES)
def test_the_source_is_python_3_9(name: str) -> None:
    ast.parse((CORE / f"{name}.py").read_text(), feature_version=(3, 9))
