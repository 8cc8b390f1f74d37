"""Real changes as if made side by side: what conflicts, what needs a name of the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import branch, commit, git
from parallel_agents.planning.independence import Level

from benchmarks import independence, names
from benchmarks.independence import Judge
from benchmarks.names import Names
from benchmarks.replay import Replay


@pytest.fixture
def replayed(repository: Path, tmp_path: Path) -> Replay:
    """Commits that overlap, that need each other's names, and that have nothing in common."""
    commit(repository, {"cart.py": "a = 1\n" * 9, "order.py": "b = 1\n", "tax.go": "package tax\n"})
    commit(repository, {"cart.py": "def total():\n    pass\n" + "a = 1\n" * 9})
    commit(repository, {"order.py": "b = 1\nprint(total())\n"})
    commit(repository, {"cart.py": "def total(x):\n    pass\n" + "a = 1\n" * 9})
    commit(repository, {"tax.go": "package tax\n// total\n"})
    return Replay(repository, tmp_path)


def test_changes_of_one_line_conflict_and_changes_of_two_files_do_not(replayed: Replay) -> None:
    pairs = list(replayed.pairs(200, 1))
    shared = [p for p in pairs if p.a_files == p.b_files == ("cart.py",)]
    assert [p.conflicts for p in shared] == [True]
    apart = [p for p in pairs if not set(p.a_files) & set(p.b_files)]
    assert apart
    assert not any(p.conflicts for p in apart)


def test_the_base_of_neighbours_has_everything_but_the_earlier_one(replayed: Replay) -> None:
    for pair in replayed.pairs(200, 1):
        if pair.a_files == ("cart.py",) and pair.b_files == ("tax.go",):
            text = replayed.git("show", f"{pair.base}:order.py")
            cart = replayed.git("show", f"{pair.base}:cart.py")
            assert "total()" in text or "total" not in cart


def test_the_sides_of_a_merge_are_a_pair(repository: Path, tmp_path: Path) -> None:
    commit(repository, {"a": "1\n"})
    branch(repository, "side", {"a": "2\n"})
    commit(repository, {"a": "3\n"})
    git(repository, "merge", "--quiet", "-s", "ours", "--no-edit", "side")
    (pair,) = (p for p in Replay(repository, tmp_path).pairs(4, 1) if p.source == "merge")
    assert (pair.a_files, pair.b_files, pair.conflicts) == (("a",), ("a",), True)


def test_a_name_that_one_change_brings_and_the_other_uses_is_found(replayed: Replay) -> None:
    found = list(replayed.suspects())
    assert [(p.a_files, p.b_files) for p in found] == [(("cart.py",), ("order.py",))]


def test_the_repository_that_is_replayed_is_left_alone(repository: Path, tmp_path: Path) -> None:
    commit(repository, {"a": "1\n"})
    before = sorted(str(p) for p in (repository / ".git").rglob("*"))
    list(Replay(repository, tmp_path).pairs(10, 1))
    assert sorted(str(p) for p in (repository / ".git").rglob("*")) == before


def test_what_the_planner_says_is_counted_beside_what_is_true(replayed: Replay) -> None:
    tally = Judge(replayed).tally(200, 1)
    assert tally.pairs[Level.CONFLICT] >= tally.conflicts[Level.CONFLICT] > 0
    assert tally.overlap == 1.0
    assert tally.hidden.total() == 1
    assert tally.flagged < 1.0
    text = "\n".join(map(str, independence.tables({"mine": tally})))
    assert "100.0%" in text


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [
        ("a.py", "    async def fetch(self):", "fetch"),
        ("a.py", "MOST: int = 3", "MOST"),
        ("a.ts", "export const most = 3", "most"),
        ("a.js", "app.render = function render(a) {", "render"),
        ("a.go", "func (c *Cart) Total() int {", "Total"),
        ("a.rs", "pub(crate) fn total<T>(x: T) {", "total"),
        ("A.java", "  public static <T> List<T> total(int x) {", "total"),
        ("a.h", "int cart_total(struct cart *c);", "cart_total"),
        ("a.c", "#define MOST 3", "MOST"),
        ("a.rb", "  def self.total", "total"),
    ],
)
def test_what_a_line_defines_is_introduced(file: str, line: str, name: str) -> None:
    assert names.introduced({file: [line]}) == {file_family(file): {name}}


def file_family(file: str) -> str:
    (family,) = names.used({file: ["x"]})
    return family


@pytest.mark.parametrize(
    "line", ["# total()", "x = 'total()'", "y = 1  # total", '"""total"""', "def total(): pass"]
)
def test_comments_texts_and_definitions_of_ones_own_use_nothing(line: str) -> None:
    total = Names.of({"a.py": ["def total():"]})
    assert names.hidden(total, Names.of({"b.py": [line]})) == set()
    assert names.hidden(total, Names.of({"b.go": ["total()"]})) == set()
    assert names.hidden(total, Names.of({"b.py": ["x = total()"]})) == {"total"}
