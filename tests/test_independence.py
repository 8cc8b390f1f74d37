"""The four levels of a pair, their witnesses, and that nothing is missed by looking up folders."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from parallel_agents.core import globs
from parallel_agents.core.model import Task
from parallel_agents.planning.independence import Level, compare, order
from planned import planned, task, tasks_drawn, through, walkthrough


def level(a: Task, b: Task) -> tuple[str, str]:
    (pair,) = compare((a, b))
    return pair.level.value, pair.witness


def test_disjoint_files_are_independent() -> None:
    (pair,) = compare((task("one"), task("two")))
    assert (pair.a, pair.b, pair.level) == ("one", "two", Level.INDEPENDENT)


def test_two_writers_of_one_file_are_in_conflict_with_the_file_as_witness() -> None:
    (pair,) = compare((task("one", "src/a.py"), task("two", "src/b.py", "src/a.py")))
    assert (pair.level, pair.witness) == (Level.CONFLICT, "src/a.py")
    assert pair.reason == "both may write src/a.py"


def test_a_glob_that_takes_in_a_file_is_named_with_its_task() -> None:
    (pair,) = compare((task("one", "src/a.py"), task("two", "src/**")))
    assert (pair.level, pair.witness) == (Level.CONFLICT, "src/a.py")
    assert pair.reason == "src/** of two takes in src/a.py of one"


def test_two_globs_that_can_meet_in_a_file_that_does_not_exist_are_in_conflict() -> None:
    (pair,) = compare((task("one", "src/**/*.py"), task("two", "src/api/**")))
    assert pair.level is Level.CONFLICT
    assert globs.covers("src/**/*.py", pair.witness)
    assert globs.covers("src/api/**", pair.witness)
    assert pair.witness in pair.reason


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("src/api", "src/api/users.py"), ("README.md", "readme.MD"), ("n", "n/x"), ("*.md", "A.md")],
)
def test_a_directory_and_what_is_in_it_and_names_that_differ_in_case_are_in_conflict(
    mine: str, theirs: str
) -> None:
    assert level(task("one", mine), task("two", theirs))[0] == "conflict"


def test_a_dependency_orders_a_pair_even_where_the_files_overlap() -> None:
    (pair,) = compare((task("after", "a", depends_on=["before"]), task("before", "a")))
    assert (pair.a, pair.b, pair.level) == ("before", "after", Level.ORDERED)
    assert pair.reason == "after depends on before"


def test_dependencies_order_pairs_through_other_tasks() -> None:
    tasks = (task("c", depends_on=["b"]), task("a"), task("b", depends_on=["a"]))
    pair = next(p for p in compare(tasks) if {p.a, p.b} == {"a", "c"})
    assert (pair.a, pair.b, pair.level) == ("a", "c", Level.ORDERED)
    assert "through other tasks" in pair.reason


def test_the_creator_of_a_name_goes_before_its_user() -> None:
    (pair,) = compare((task("user", uses=["login()"]), task("maker", creates=["login()"])))
    assert (pair.a, pair.b, pair.level) == ("maker", "user", Level.ORDERED)
    assert pair.witness == "login()"
    assert pair.reason == "user uses login(), which maker creates"


def test_names_are_compared_exactly() -> None:
    assert level(task("user", uses=["Login"]), task("maker", creates=["login"]))[0] == "independent"


def test_a_task_that_uses_what_it_creates_waits_for_nobody() -> None:
    assert order((task("one", creates=["x"], uses=["x"]), task("two"))) == ()


def test_two_tasks_that_both_change_and_use_a_name_are_no_cycle_but_a_check() -> None:
    both = {"creates": ["x"], "uses": ["x"]}
    assert level(task("one", **both), task("two", **both)) == ("check", "x")


def test_a_declared_dependency_is_not_repeated_by_a_name_but_has_it_as_its_witness() -> None:
    (edge,) = order((task("a", creates=["x"]), task("b", uses=["x"], depends_on=["a", "a"])))
    assert (edge.before, edge.after, edge.witness) == ("a", "b", "x")


@pytest.mark.parametrize("turned", [False, True])
def test_reading_what_another_may_write_is_a_check(turned: bool) -> None:
    tasks = [task("reader", reads=["src/db/*.py"]), task("writer", "src/db/schema.py")]
    (pair,) = compare(tasks[::-1] if turned else tasks)
    assert (pair.level, pair.witness) == (Level.CHECK, "src/db/schema.py")
    assert pair.reason == "reader reads src/db/*.py, which writer may write"


def test_readers_of_one_file_are_independent() -> None:
    assert level(task("one", reads=["x"]), task("two", reads=["x"]))[0] == "independent"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("package.json", "package-lock.json"),
        ("web/package.json", "web/yarn.lock"),
        ("packages/a/package.json", "package-lock.json"),
        ("packages/a/package.json", "packages/b/package.json"),
        ("pyproject.toml", "uv.lock"),
        ("requirements-dev.in", "requirements-dev.txt"),
        ("crates/a/Cargo.toml", "Cargo.lock"),
        ("go.mod", "go.sum"),
        ("db/migrations/0007_users.py", "db/migrations/0008_orders.py"),
        ("db/migrate/20260101_a.rb", "db/migrate/*_b.rb"),
        ("sql/V12__users.sql", "sql/V13__orders.sql"),
        ("src/cart.test.tsx", "src/__snapshots__/cart.test.tsx.snap"),
    ],
)
def test_files_that_share_an_output_nobody_names_are_a_check(mine: str, theirs: str) -> None:
    found, witness = level(task("one", mine), task("two", theirs))
    assert (found, witness) == ("check", mine)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("package.json", "uv.lock"),
        ("a/go.mod", "b/go.mod"),
        ("web/package-lock.json", "api/package.json"),
        ("web/package-lock.json", "packages/package.json"),
        ("a/migrations/0001_x.py", "b/migrations/0001_x.py"),
        ("docs/01-start.md", "docs/02-next.md"),
        ("db/migrations/README.md", "db/migrations/0001_x.py"),
        ("src/one/**", "src/two/**"),
        ("package.json.md", "package-lock.json"),
        ("src/cart.test.tsx", "src/__snapshots__/order.test.tsx.snap"),
        ("src/cart.test.tsx", "lib/cart.test.tsx"),
    ],
)
def test_files_that_share_no_output_are_independent(mine: str, theirs: str) -> None:
    assert level(task("one", mine), task("two", theirs))[0] == "independent"


def test_two_packages_with_lock_files_of_their_own_are_independent() -> None:
    a = task("a", "web/package.json", "web/package-lock.json")
    b = task("b", "api/package.json", "api/package-lock.json")
    assert level(a, b)[0] == "independent"


@given(tasks_drawn())
def test_every_pair_is_there_once_and_its_level_is_that_of_the_plain_rules(
    tasks: tuple[Task, ...],
) -> None:
    pairs = compare(tasks)
    assert len({frozenset((p.a, p.b)) for p in pairs}) == len(tasks) * (len(tasks) - 1) // 2
    assert len(pairs) == len(tasks) * (len(tasks) - 1) // 2
    named = {t.id: t for t in tasks}
    for pair in pairs:
        a, b = named[pair.a], named[pair.b]
        meeting = globs.meet(a.files, b.files)
        read = globs.meet(a.reads, b.files) or globs.meet(b.reads, a.files)
        if pair.level is not Level.ORDERED:
            assert (pair.level is Level.CONFLICT) == (meeting is not None)
        if pair.level is Level.INDEPENDENT:
            assert read is None
        if meeting is not None and pair.level is Level.CONFLICT:
            assert globs.covering(a.files, pair.witness)
            assert globs.covering(b.files, pair.witness)


def test_two_hundred_tasks_are_compared_in_well_under_two_seconds() -> None:
    tasks = [
        task(
            f"t{i}",
            f"src/part{i % 20}/module{i}/**",
            f"docs/part{i}.md",
            *(f"tests/part{i % 20}/test_{i}_{k}.py" for k in range(8)),
            reads=[f"src/part{i % 17}/api.py"],
        )
        for i in range(200)
    ]
    before = time.process_time()
    pairs = compare(tasks)
    assert time.process_time() - before < 2
    assert len(pairs) == 19_900
    assert all(p.level is Level.INDEPENDENT for p in pairs)


def test_the_test_fixes_of_three_packages_are_independent() -> None:
    pairs = through(walkthrough("test-fixes.yaml")).pairs
    assert [p.level.value for p in pairs] == ["independent"] * 3


def test_the_routes_of_a_migration_come_after_the_middleware_and_beside_each_other() -> None:
    pairs = through(walkthrough("express-to-fastify.yaml")).pairs
    for pair in pairs:
        shared = "middleware" in (pair.a, pair.b)
        assert pair.level is (Level.ORDERED if shared else Level.INDEPENDENT)
        assert not shared or pair.a == "middleware"


def test_the_witness_of_a_conflict_is_a_path_of_the_repository() -> None:
    pair = planned(task("one", "./src//a/"), task("two", "src/a/b.py")).pair("one", "two")
    assert pair.witness == "src/a/b.py"
