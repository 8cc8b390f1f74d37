"""The advice: which rule fires, what would help most, and which strategy is recommended."""

from __future__ import annotations

import pytest
from hypothesis import given
from parallel_agents.core.model import Strategy, Task, TaskId
from parallel_agents.planning.advice import LEAST_GAIN, Rule, Suite, advise
from parallel_agents.planning.evidence import Evidence
from planned import planned, task, tasks_drawn, through, walkthrough


def test_disjoint_work_is_worth_several_agents() -> None:
    advice = planned(task("one", size=30), task("two", size=20), task("three", size=10)).advice
    assert (advice.kind, advice.rule) == ("parallel", Rule.WORTH_IT)
    assert (advice.width, advice.agents) == (3, 2)
    assert advice.speedup == pytest.approx(2.0)
    assert advice.sentence == (
        "3 tasks can run at once; at best 2 agents need 30 of 60 minutes (2.0x)."
    )
    assert advice.change is None


def test_one_task_is_sequential() -> None:
    advice = planned(task("one")).advice
    assert (advice.kind, advice.rule) == ("sequential", Rule.WIDTH_BELOW_TWO)
    assert (advice.agents, advice.change) == (1, None)


def test_a_chain_is_sequential_and_the_dependency_to_drop_is_named() -> None:
    advice = planned(task("one"), task("two", depends_on=["one"])).advice
    assert (advice.kind, advice.rule) == ("sequential", Rule.WIDTH_BELOW_TWO)
    assert advice.change == "If two can start without one, drop that dependency: width 1 -> 2."


def test_an_order_that_comes_from_a_name_is_no_dependency_to_drop() -> None:
    assert planned(task("one", creates=["x"]), task("two", uses=["x"])).advice.change is None


@pytest.mark.parametrize("pattern", ["**/*.py", "*/*", "**/test_*"])
def test_a_set_that_can_be_any_file_is_sequential(pattern: str) -> None:
    advice = planned(task("one"), task("two"), task("wide", pattern), task("four")).advice
    assert (advice.kind, advice.rule) == ("sequential", Rule.UNKNOWN_FILES)
    assert advice.sentence == f"wide may write {pattern}, which can be a file of any folder."


def test_a_task_that_may_write_a_good_part_of_all_files_is_sequential() -> None:
    seen = planned(task("one", "app/**"), task("two"), task("three"))
    wide = Evidence(wide=((TaskId("one"), 40, 100),))
    advice = advise(seen.plan, seen.pairs, seen.schedule, wide)
    assert (advice.kind, advice.rule) == ("sequential", Rule.UNKNOWN_FILES)
    assert advice.sentence.startswith("one may write 40 of the 100 files there are")


@pytest.mark.parametrize("pattern", ["**/CHANGELOG.md", "*.md", "src/**", "src/*/*.py", "*/api/*"])
def test_a_set_that_names_a_folder_or_a_file_is_known(pattern: str) -> None:
    assert planned(task("one", pattern), task("two")).advice.rule is not Rule.UNKNOWN_FILES


def test_mostly_conflicting_pairs_are_sequential() -> None:
    tasks = [task(f"t{i}", "shared.py", f"src/{i}") for i in range(4)]
    advice = planned(*tasks, task("free")).advice
    assert (advice.kind, advice.rule) == ("sequential", Rule.MOSTLY_CONFLICTS)
    assert advice.sentence.startswith("6 of 10 pairs can write the same file")


def test_a_file_that_many_name_is_better_given_to_one() -> None:
    tasks = [task(f"t{i}", "package.json", f"src/{i}/**") for i in range(4)]
    advice = planned(*tasks).advice
    assert advice.change == "Give package.json to t0 alone: width 1 -> 4."


def test_a_task_that_has_no_other_file_is_the_owner() -> None:
    advice = planned(task("one", "a", "package.json"), task("two", "package.json")).advice
    assert advice.change == "Give package.json to two alone: width 1 -> 2."


def test_two_tasks_that_have_only_one_and_the_same_file_cannot_be_helped() -> None:
    assert planned(task("one", "x"), task("two", "x")).advice.change is None


def test_a_glob_that_reaches_into_others_is_better_narrowed() -> None:
    tasks = [task("wide", "src/**"), *(task(f"t{i}", f"src/{i}.py") for i in range(3))]
    advice = planned(*tasks).advice
    assert advice.change == (
        "Narrow src/** of wide so that it leaves the files of 3 other tasks alone: width 3 -> 4."
    )


def test_the_change_that_helps_most_is_the_one_given() -> None:
    tasks = [
        task("wide", "src/**", "lib/a"),
        task("in", "src/x.py"),
        *(task(f"t{i}", "setup.cfg", f"lib/{i}") for i in range(3)),
    ]
    assert planned(*tasks).advice.change == "Give setup.cfg to t0 alone: width 2 -> 4."


def test_a_change_that_would_not_end_a_conflict_is_not_given() -> None:
    tasks = (task("one", "a", "b", "c"), task("two", "a", "b", "d"))
    assert planned(*tasks).advice.change is None


def test_no_change_is_given_where_there_are_no_agents_for_it() -> None:
    tasks = [task("wide", "src/**"), *(task(f"t{i}", f"src/{i}.py") for i in range(3))]
    assert planned(*tasks, max_agents=3).advice.change is None


def test_a_small_gain_is_sequential() -> None:
    tasks = (task("long", size=100), task("one", size=10), task("two", size=10))
    advice = planned(*tasks).advice
    assert (advice.kind, advice.rule) == ("sequential", Rule.SMALL_GAIN)
    assert advice.sentence == (
        "At best 2 agents need 100 of 120 minutes (1.2x): "
        "too little to pay for starting and merging them."
    )


def test_one_agent_at_most_is_sequential() -> None:
    advice = planned(task("one"), task("two"), max_agents=1).advice
    assert (advice.kind, advice.rule, advice.agents) == ("sequential", Rule.SMALL_GAIN, 1)


@pytest.mark.parametrize(("size", "kind"), [(5, "sequential"), (6, "parallel"), (None, "parallel")])
def test_two_smallest_tasks_are_too_little_work(size: int | None, kind: str) -> None:
    advice = planned(task("one", size=size), task("two", size=size)).advice
    assert advice.kind == kind
    assert (advice.rule is Rule.LITTLE_WORK) == (kind == "sequential")


@pytest.mark.parametrize(
    ("suite", "rule"),
    [
        (Suite("make test", True, 2.0), Rule.BASE_RED),
        (Suite("make test", False, 901.0), Rule.SLOW_SUITE),
        (Suite("make test", False, 900.0), Rule.WORTH_IT),
        (None, Rule.WORTH_IT),
    ],
    ids=["fails", "more than half of the work", "half of the work", "not known"],
)
def test_a_suite_that_fails_or_takes_half_of_the_work_is_sequential(
    suite: Suite | None, rule: Rule
) -> None:
    seen = planned(task("one", size=15), task("two", size=15))
    advice = advise(seen.plan, seen.pairs, seen.schedule, suite=suite)
    assert advice.rule is rule
    assert advice.kind == ("parallel" if rule is Rule.WORTH_IT else "sequential")
    assert advice.agents == (2 if rule is Rule.WORTH_IT else 1)
    if suite is not None and rule is not Rule.WORTH_IT:
        assert advice.sentence.startswith("`make test` ")


@given(tasks_drawn())
def test_parallel_is_advised_only_with_a_width_and_a_gain(tasks: tuple[Task, ...]) -> None:
    advice = planned(*tasks).advice
    if advice.kind == "parallel":
        assert advice.rule is Rule.WORTH_IT
        assert advice.width >= 2
        assert advice.speedup >= LEAST_GAIN
        assert advice.agents >= 2
    else:
        assert advice.agents == 1


def test_texts_and_tests_of_their_own_need_no_trees() -> None:
    advice = planned(task("one", "docs/a/**", "README.md"), task("two", "src/x_test.go")).advice
    assert advice.strategy is Strategy.FILES


@pytest.mark.parametrize(
    "tasks",
    [
        (task("one", "docs/a.md"), task("two", "src/a.py")),
        (task("one", "docs/a.md"), task("two", "docs/b.md", check="make docs")),
        (task("one", "docs/a.md"), task("two", "docs/b.md", reads=["docs/a.md"])),
        (task("one", "docs/a.md"), task("two", "docs/**")),
    ],
    ids=["code", "a check", "a reader of another's file", "a conflict"],
)
def test_anything_else_gets_work_trees(tasks: tuple[Task, ...]) -> None:
    assert planned(*tasks).advice.strategy is Strategy.WORKTREE


def test_a_plan_with_a_suite_gets_work_trees() -> None:
    advice = planned(task("one", "docs/a"), task("two", "docs/b"), check="make docs").advice
    assert advice.strategy is Strategy.WORKTREE


@pytest.mark.parametrize("asked", Strategy)
def test_the_strategy_that_the_plan_asks_for_is_kept(asked: Strategy) -> None:
    advice = planned(task("one"), task("two"), strategy=asked).advice
    assert (advice.strategy, advice.strategy_reason) == (asked, "the plan asks for it")


def test_the_test_fixes_of_three_packages_run_at_once_in_one_tree() -> None:
    advice = through(walkthrough("test-fixes.yaml")).advice
    assert (advice.kind, advice.rule, advice.width) == ("parallel", Rule.WORTH_IT, 3)
    assert advice.strategy is Strategy.FILES


def test_the_migration_runs_at_once_after_its_middleware() -> None:
    advice = through(walkthrough("express-to-fastify.yaml")).advice
    assert (advice.kind, advice.width, advice.agents) == ("parallel", 6, 6)
    assert advice.strategy is Strategy.BRANCH
    assert advice.speedup == pytest.approx(140 / 50)
