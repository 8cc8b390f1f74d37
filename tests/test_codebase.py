"""The files of a commit: found by their ending, by their folder, by a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codebases import codebase
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.globs import covering
from parallel_agents.planning.codebase import Codebase, joined, nearest
from planned import PATTERNS

NAMES = st.sampled_from(["a", "b", "c", "d.py", "e", "x.py", "C"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.lists(PATHS, unique=True), st.lists(st.sampled_from(PATTERNS), max_size=3))
def test_the_covered_files_are_those_that_the_patterns_cover(
    paths: list[str], patterns: list[str]
) -> None:
    files = codebase(dict.fromkeys(paths, ""))
    assert set(files.covered(patterns)) == {p for p in paths if covering(patterns, p)}


def test_no_more_files_of_a_pattern_are_given_than_asked_for() -> None:
    files = codebase(dict.fromkeys(["a/1", "a/2", "a/3", "b"], ""))
    assert files.covered(["a/**", "b"], 2) == ["a/1", "a/2", "b"]


def test_files_and_folders_are_found_by_their_last_segments() -> None:
    files = codebase(dict.fromkeys(["src/a/b.py", "a/b.py", "xa/b.py", "b.py"], ""))
    assert list(files.ending("a/b.py")) == ["src/a/b.py", "a/b.py"]
    assert list(files.folders_ending("a")) == ["a", "src/a"]
    assert files.in_folder("") == ["b.py"]
    assert files.is_folder("src")
    assert not files.is_folder("b.py")


def test_contents_are_read_once_and_missing_ones_are_none() -> None:
    asked: list[list[str]] = []

    def read(blobs: Sequence[str]) -> Mapping[str, bytes]:
        asked.append(list(blobs))
        return {"1": b"one"}

    files = Codebase({"a": "1", "b": "2"}, read)
    files.fetch(["a", "b", "gone"])
    assert (files.content("a"), files.content("b"), files.content("gone")) == (b"one", None, None)
    assert asked == [["1", "2"]]


def test_a_relative_path_is_taken_from_its_folder_and_not_out_of_the_repository() -> None:
    assert joined("a/b", "../c/./d") == "a/c/d"
    assert joined("", "x") == "x"
    assert joined("a", "../../x") is None


def test_the_nearest_shares_most_folders() -> None:
    assert nearest("a/b/c", ["x", "a/x/c", "a/b/d/e"]) == "a/b/d/e"
    assert nearest("a", []) is None
