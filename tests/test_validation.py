"""What a plan may say: every refusal has a code, names the task and says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import Plan, Task
from parallel_agents.planning.validation import HIGHEST_PRIORITY, LONGEST, validate
from planned import task, walkthrough


def refused(*tasks: Task, **more: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        validate(Plan("Goal", tasks, **more))
    return caught.value


def test_paths_are_stored_in_one_form_and_once() -> None:
    plan = validate(
        Plan("Goal", (task("one", "./src//a/", "src/a", "b", reads=["./c", "c"]), task("two")))
    )
    assert plan.tasks[0].files == ("src/a", "b")
    assert plan.tasks[0].reads == ("c",)


def test_repeated_names_and_dependencies_are_stored_once() -> None:
    two = task("two", depends_on=["one", "one"], creates=["x", "x"], uses=["y", "y"])
    stored = validate(Plan("Goal", (task("one"), two))).tasks[1]
    assert (stored.depends_on, stored.creates, stored.uses) == (("one",), ("x",), ("y",))


@pytest.mark.parametrize("name", ["test-fixes.yaml", "express-to-fastify.yaml"])
def test_the_walkthroughs_are_valid_and_stay_as_they_are(name: str) -> None:
    plan = walkthrough(name)
    assert validate(plan) == plan
    assert validate(plan).digest == plan.digest


def test_a_plan_without_tasks_is_refused() -> None:
    assert refused().code == "empty_plan"


@pytest.mark.parametrize(
    "name", ["", "-a", "A", "a_b", "a b", "a/b", "..", "a.md", "é", "a\n", "a" * 65]
)
def test_an_id_that_cannot_be_a_file_and_branch_name_is_refused(name: str) -> None:
    error = refused(task(name, "x"))
    assert error.code == "bad_task_id"
    assert repr(name) in error.sentence


@pytest.mark.parametrize("name", ["a", "0", "a-1", "a" * 64, "a-"])
def test_an_id_of_small_letters_digits_and_hyphens_is_taken(name: str) -> None:
    assert validate(Plan("Goal", (task(name, "x"),))).tasks[0].id == name


def test_two_tasks_with_one_id_are_refused() -> None:
    error = refused(task("one"), task("two"), task("one"))
    assert error.code == "duplicate_task"
    assert "2 tasks have the id one" in error.sentence


def test_a_task_without_files_is_refused() -> None:
    bare = Task(id=task("bare").id, title="T", instructions="I", files=())
    error = refused(task("one"), bare)
    assert error.code == "empty_files"
    assert "bare" in error.sentence


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "~/x", "", "**", "!a", "a\\b", "_tasks/x"])
@pytest.mark.parametrize("field", ["files", "reads"])
def test_a_path_that_cannot_be_claimed_is_refused_with_its_task(path: str, field: str) -> None:
    bad = task("bad", path) if field == "files" else task("bad", "x", reads=[path])
    error = refused(task("one"), bad)
    assert error.code == "bad_path"
    assert f"In `{field}` of task bad: " in error.sentence
    assert error.next_step


def test_a_dependency_on_an_unknown_task_names_the_nearest() -> None:
    error = refused(task("middleware"), task("routes", depends_on=["midleware"]))
    assert error.code == "unknown_dependency"
    assert "did you mean middleware?" in error.sentence
    assert "middleware, routes" in error.next_step


def test_a_task_is_not_offered_itself_as_the_dependency_it_meant() -> None:
    assert "did you mean" not in refused(task("routes"), task("xyz", depends_on=["xy"])).sentence


def test_a_dependency_on_nothing_like_any_task_lists_the_tasks() -> None:
    error = refused(*(task(f"t{i}") for i in range(30)), task("x", depends_on=["zzzz"]))
    assert "did you mean" not in error.sentence
    assert "t19 and 11 more" in error.next_step


def test_a_dependency_on_itself_is_refused() -> None:
    error = refused(task("one", depends_on=["one"]))
    assert (error.code, error.sentence) == ("self_dependency", "Task one depends on itself.")


def test_a_circle_is_refused_with_its_tasks() -> None:
    error = refused(task("one", depends_on=["two"]), task("two", depends_on=["one"]), task("x"))
    assert error.code == "cycle"
    assert "one depends on two" in error.sentence
    assert "two depends on one" in error.sentence


def test_a_circle_through_names_is_refused() -> None:
    error = refused(task("one", creates=["a"], uses=["b"]), task("two", creates=["b"], uses=["a"]))
    assert error.code == "cycle"
    assert "two uses a, which one creates" in error.sentence


@pytest.mark.parametrize("size", [0, -5, LONGEST + 1])
def test_a_size_that_is_no_time_of_work_is_refused(size: int) -> None:
    error = refused(task("one", size=size))
    assert error.code == "bad_size"
    assert str(size) in error.sentence


@pytest.mark.parametrize("priority", [HIGHEST_PRIORITY + 1, -HIGHEST_PRIORITY - 1])
def test_a_priority_out_of_range_is_refused(priority: int) -> None:
    assert refused(task("one", priority=priority)).code == "bad_priority"


@pytest.mark.parametrize("agents", [0, -1])
def test_a_plan_for_no_agents_is_refused(agents: int) -> None:
    assert refused(task("one"), max_agents=agents).code == "bad_max_agents"


def test_the_bounds_themselves_are_taken() -> None:
    plan = Plan("Goal", (task("one", size=LONGEST, priority=-HIGHEST_PRIORITY),), max_agents=1)
    assert validate(plan) == plan


def test_all_problems_of_a_plan_are_reported_together() -> None:
    error = refused(
        task("one", "../x", size=0),
        task("two", depends_on=["tow", "two"]),
        task("a", depends_on=["b"]),
        task("b", depends_on=["a"]),
    )
    assert error.code == "bad_path"
    for part in ("5 problems", "(1) ", "../x", "size 0", "'tow'", "itself", "(5) ", "in a circle"):
        assert part in error.sentence
    assert error.next_step.startswith("Correct all of them and propose the plan again.")
