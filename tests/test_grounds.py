"""What a task's paths reach: behind links, in submodules, where a folder moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from codebases import codebase
from git_scratch import commit, git
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.coordination.survey import codebase_of
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Plan
from parallel_agents.planning.grounds import grounded, grounds
from parallel_agents.planning.independence import Level, compare
from planned import PATTERNS, task

FILES = dict.fromkeys(
    ("src/old/a.py", "src/old/b.py", "src/old/deep/c.py", "lib/x.py", "lib/sub/y.py", "README"), ""
)
LINKS = {"pkg/link": "../lib", "pkg/far": "link/sub", "out": "../elsewhere", "abs": "/etc"}


def reached(*files: str) -> set[str]:
    found = grounds(task("one", *files), codebase(FILES, links=LINKS, modules=["vendor/zlib"]))
    return {ground.pattern for ground in found}


@pytest.mark.parametrize(
    ("pattern", "behind"),
    [
        ("pkg/link/x.py", {"lib/x.py"}),
        ("pkg/link/**", {"lib/**"}),
        ("pkg/link", {"lib"}),
        ("PKG/Link/x.py", {"lib/x.py"}),
        ("pkg/*/x.py", {"lib/x.py"}),
        ("pkg/far/y.py", set()),
        ("pkg/**", set()),
        ("pkg/linked/x.py", set()),
        ("out/x", set()),
        ("abs/passwd", set()),
    ],
)
def test_a_path_through_a_link_is_the_path_behind_it(pattern: str, behind: set[str]) -> None:
    assert reached(pattern) == behind


def test_links_behind_links_are_followed_and_links_in_a_circle_end() -> None:
    links = {"a": "b", "b": "lib", "c": "d", "d": "c"}
    files = codebase({**FILES, "b/z": "", "c/z": "", "d/z": ""}, links=links)
    found = grounds(task("one", "a/x.py", "c/x.py"), files)
    assert [g.pattern for g in found] == ["b/x.py", "lib/x.py", "d/x.py"]


def test_what_lies_in_a_submodule_is_the_submodule() -> None:
    assert reached("vendor/zlib/inflate.c") == {"vendor/zlib"}
    assert reached("vendor/*/inflate.c") == {"vendor/zlib"}
    assert reached("vendor/zlib") == reached("vendor/zlib2/x") == set()


OLD = ("src/old/a.py", "src/old/b.py", "src/old/deep/c.py")


@pytest.mark.parametrize(
    ("files", "claims"),
    [
        ((*OLD, "src/new/a.py", "src/new/b.py"), {"src/old", "src/new"}),
        ((*OLD, "src/new/b.py"), {"src/old", "src/new"}),
        (("src/old/**", "src/new/a.py"), {"src/old", "src/new"}),
        ((*OLD[:2], "src/new/a.py", "src/new/b.py"), set()),
        ((*OLD, "src/new/d.py"), set()),
        (OLD, set()),
        ((OLD[0], "src/new/a.py"), set()),
        (("src/old/deep/c.py", "src/c.py"), {"src/old/deep"}),
    ],
)
def test_a_task_that_moves_a_folder_claims_both_places(
    files: tuple[str, ...], claims: set[str]
) -> None:
    assert reached(*files) == claims


@given(st.lists(st.sampled_from((*PATTERNS, *OLD, "src/new/a.py", "pkg/link/x.py", "src/c.py"))))
def test_what_was_grounded_before_stays_as_it_is(files: list[str]) -> None:
    base = codebase(FILES, links=LINKS)
    once = grounded(task("one", *files), base)
    assert grounded(once, base) == once
    assert set(files) <= set(once.files)


def test_adding_to_a_folder_that_another_task_moves_is_a_conflict() -> None:
    base = codebase(FILES)
    tasks = [task("mover", *OLD, "src/new/a.py", "src/new/b.py"), task("adder", "src/old/e.py")]
    (pair,) = compare([grounded(t, base) for t in tasks])
    assert (pair.level, pair.witness) == (Level.CONFLICT, "src/old/e.py")


def test_a_plan_is_proposed_with_what_its_tasks_reach(repository: Path) -> None:
    (repository / "docs").symlink_to("text")
    commit(repository, {"text/a.md": "a"})
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(repository, "commit", "--quiet", "-m", "submodule")
    assert codebase_of(repository, "HEAD").links == {"docs": "text"}
    tasks = (task("one", "docs/a.md"), task("two", "sub/x.c"))
    seen = Coordinator.at(repository).propose(Plan("Goal", tasks)).assessment
    assert [t.files for t in seen.plan.tasks] == [("docs/a.md", "text/a.md"), ("sub/x.c", "sub")]
    assert "one claims text/a.md as well: docs is a link to text." in seen.text.replace("\n  ", " ")
