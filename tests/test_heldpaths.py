"""Held paths: the index leaves out no claim that a plain comparison of patterns finds."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from parallel_agents.core.globs import meet, overlap
from parallel_agents.core.heldpaths import HeldPaths
from parallel_agents.core.model import TaskId

NAMES = (
    "a",
    "A",
    "ab",
    "a*",
    "*",
    "?b",
    "**",
    "[ab]",
    "{a,b}",
    "{a,b/a}",
    "a{,b}",
    "\u00e9",
    "e\u0301",
)
PATTERNS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
FILES = st.lists(PATTERNS, min_size=1, max_size=4).map(tuple)
CLAIMS = st.lists(st.tuples(st.integers(0, 4), st.none() | FILES), max_size=12)
"""Task number and what it holds from now on; None where it lets go."""


@given(CLAIMS, FILES)
@example([(0, ("ab/c",))], ("a*/c",))
@example([(0, ("a*",))], ("ab/c/d",))
@example([(0, ("A/b/**",))], ("a/B",))
def test_each_claim_that_can_meet_the_files_is_near_whatever_came_and_went(
    changes: list[tuple[int, tuple[str, ...] | None]], wanted: tuple[str, ...]
) -> None:
    index, holds = HeldPaths(), dict[TaskId, tuple[str, ...]]()
    for number, files in changes:
        task = TaskId(f"t-{number}")
        if files is None:
            holds.pop(task, None)
            index.drop(task)
        else:
            holds[task] = files
            index.put(task, files)
    meeting = {t for t, files in holds.items() if any(overlap(f, w) for f in files for w in wanted)}
    assert meeting == {t for t, files in holds.items() if meet(files, wanted)}
    assert meeting <= index.near(wanted) <= holds.keys()


def test_claims_in_other_directories_and_of_other_names_are_not_near() -> None:
    index = HeldPaths()
    index.put(TaskId("one"), ("src/api/a.py", "src/api/b.py"))
    index.put(TaskId("two"), ("src/web/*.ts",))
    assert index.near(("src/api/c.py", "docs/**")) == set()
    assert index.near(("src/api",)) == {"one"}
    assert index.near(("src/web/x.ts",)) == {"two"}


def test_what_is_let_go_leaves_nothing_behind() -> None:
    index = HeldPaths()
    index.put(TaskId("one"), ("a/b", "a/c", "a/*"))
    index.put(TaskId("one"), ("d",))
    assert index.near(("a/**",)) == set()
    index.drop(TaskId("one"))
    index.drop(TaskId("one"))
    assert index.near(("**/d", "d")) == set()
