"""What changes together, and what changes all the time."""

from __future__ import annotations

from parallel_agents.planning.changes import Commits, History, Hotspot, Together, hotspots


def together(commits: Commits, owners: dict[str, int]) -> list[Together]:
    return History(commits, owners).together()


def test_files_of_two_owners_that_share_half_of_their_commits_are_together() -> None:
    commits = [["a", "b"]] * 3 + [["a"]] * 2 + [["b"]]
    assert together(commits, {"a": 1, "b": 2}) == [Together("a", "b", 3, 6)]


def test_less_than_half_or_less_than_three_commits_say_nothing() -> None:
    assert together([["a", "b"]] * 3 + [["a"]] * 4, {"a": 1, "b": 2}) == []
    assert together([["a", "b"]] * 2, {"a": 1, "b": 2}) == []


def test_files_of_the_same_owner_and_files_of_nobody_are_passed_over() -> None:
    assert together([["a", "b", "c"]] * 5, {"a": 1, "b": 1}) == []


def test_a_commit_of_many_files_says_nothing_of_what_belongs_together() -> None:
    wide = [["a", "b", *map(str, range(40))]] * 5
    assert together(wide, {"a": 1, "b": 2}) == []


def test_the_closest_pair_comes_first() -> None:
    commits = [["a", "b", "c"]] * 4 + [["a"]] * 2
    found = together(commits, {"a": 1, "b": 2, "c": 4})
    assert [(t.one, t.other) for t in found] == [("b", "c"), ("a", "b"), ("a", "c")]
    assert str(found[1]) == "a and b changed together in 4 of their 6 commits"


def test_files_that_changed_often_and_hardly_ever_at_once_are_apart() -> None:
    owners = {"a": 1, "b": 2}
    alone = [["a"]] * 10 + [["b"]] * 10
    assert History(alone, owners).apart("b", "a")
    assert History([["a", "b"], *alone], owners).apart("a", "b")
    assert not History([["a", "b"]] * 3 + alone, owners).apart("a", "b")
    assert not History([["a", "b"]] * 3 + alone, owners).apart("b", "a")


def test_a_file_with_few_commits_is_not_apart_from_any() -> None:
    assert not History([["a"]] * 50 + [["b"]] * 4, {"a": 1, "b": 2}).apart("a", "b")


def test_a_file_in_one_of_twenty_commits_is_hot_if_it_is_still_there() -> None:
    commits = [["hot", "gone"]] * 2 + [["cold"]] + [["x", "x"]] * 37
    found = hotspots(commits, ["hot", "cold", "x"])
    assert found == [Hotspot("x", 37, 40), Hotspot("hot", 2, 40)]


def test_a_short_history_has_no_hotspots() -> None:
    assert hotspots([["a"]] * 19, ["a"]) == []
