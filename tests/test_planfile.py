"""Plan files: what is read, and what an author is told where nothing can be."""

from __future__ import annotations

import json

import pytest
from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import Strategy
from parallel_agents.planfile import Document, PlanInput, TaskInput, read_plan, refusal
from planned import walkthrough
from pydantic import ValidationError

PLAN = """
goal: Tidy up
tasks:
  - id: docs
    title: Tidy the docs
    instructions: |
      Line one.
      Line two.
    files: [docs/**, "*.md"]
    reads: [src]
    creates: [guide]
    uses: [api]
    depends_on: [code]
    check: make docs
    size: 15
    priority: -2
  - {id: code, title: "no: yes", instructions: x, files: [src]}
strategy: files
check: make test
setup: make deps
max_agents: 3
"""


def told(text: str, source: str = "plan.yaml") -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_plan(text, source)
    assert "pydantic" not in str(caught.value)
    assert "Input should" not in str(caught.value)
    return caught.value


def one_task(line: str) -> str:
    """A plan whose task `t` has this line more; it stands in line 6."""
    return f"goal: g\ntasks:\n- id: t\n  title: T\n  instructions: I\n  {line}\n  files: [x]\n"


def test_a_plan_is_read_with_everything_it_says() -> None:
    plan = read_plan(PLAN, "plan.yaml")
    docs, code = plan.tasks
    assert (plan.goal, plan.check, plan.setup) == ("Tidy up", "make test", "make deps")
    assert (plan.strategy, plan.max_agents) == (Strategy.FILES, 3)
    assert (docs.id, docs.title) == ("docs", "Tidy the docs")
    assert docs.instructions == "Line one.\nLine two.\n"
    assert (docs.files, docs.reads) == (("docs/**", "*.md"), ("src",))
    assert (docs.creates, docs.uses, docs.depends_on) == (("guide",), ("api",), ("code",))
    assert (docs.check, docs.size, docs.priority) == ("make docs", 15, -2)
    assert (code.title, code.size, code.priority, code.check) == ("no: yes", None, 0, None)


@pytest.mark.parametrize("name", ["test-fixes.yaml", "express-to-fastify.yaml"])
def test_yaml_and_json_say_the_same(name: str) -> None:
    plan = walkthrough(name)
    again = {
        "goal": plan.goal,
        "tasks": [t.as_dict() for t in plan.tasks],
        "strategy": plan.strategy,
        "check": plan.check,
        "setup": plan.setup,
    }
    assert read_plan(json.dumps(again), "plan.json") == plan
    assert read_plan(json.dumps(again, indent="\t"), "-") == plan
    assert PlanInput.model_validate(json.loads(json.dumps(again))).to_plan() == plan


def test_braces_may_be_yaml_where_the_file_does_not_call_itself_json() -> None:
    text = "{goal: g, tasks: [{id: a, title: A, instructions: I, files: [x]}]}"
    assert read_plan(text, "-").goal == "g"
    assert told(text, "plan.json").code == "unreadable_plan"


def test_a_byte_order_mark_is_no_content() -> None:
    assert read_plan("\ufeff" + PLAN, "plan.yaml") == read_plan(PLAN, "plan.yaml")


def test_json_escapes_are_read_as_json() -> None:
    text = json.dumps({"goal": "\U0001f600 \\", "tasks": []})
    assert read_plan(text, "plan.json").goal == "\U0001f600 \\"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("no", "true or false"),
        ("On", "true or false"),
        ("12:30", "a number"),
        ("0123", "a number"),
        ("1.10", "a number"),
        ("1e3", "text"),
        ("2026-01-02", "a date"),
        ("2026-13-45", "a date"),
    ],
)
def test_a_scalar_that_yaml_would_convert_has_to_be_quoted(written: str, kind: str) -> None:
    text = one_task(f"check: {written}")
    if kind == "text":
        assert read_plan(text, "plan.yaml").tasks[0].check == written
        return
    error = told(text)
    assert error.code == "bad_value"
    assert error.sentence == (
        f"plan.yaml, line 6: `check` of task t is written as {written}, which YAML reads as {kind}."
    )
    assert error.next_step == f'Put it in quotes: "{written}".'
    assert read_plan(one_task(f'check: "{written}"'), "plan.yaml").tasks[0].check == written


def test_a_plain_number_where_text_belongs_is_refused() -> None:
    error = told(one_task("check: 7"))
    assert "must be text, but it is the number 7" in error.sentence


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    error = told(one_task("depends_on: [one, yes]"))
    assert "item 2 of `depends_on` of task t is written as yes" in error.sentence


@pytest.mark.parametrize("written", ['"15"', "15.0", "1_5", "0x0f", "soon", "[15]"])
def test_a_size_is_a_plain_whole_number(written: str) -> None:
    error = told(one_task(f"size: {written}"))
    assert error.code == "bad_value"
    assert "line 6: `size` of task t must be a whole number" in error.sentence


def test_a_misspelt_key_names_the_right_one_and_is_one_problem() -> None:
    error = told(PLAN.replace("    files: [docs/**", "    fiels: [docs/**"))
    assert error.code == "unknown_key"
    assert error.sentence == (
        "plan.yaml, line 9: `fiels` of task docs is not a key of a task; did you mean `files`?"
    )
    assert "files, reads" in error.next_step


def test_a_misspelt_key_of_the_plan_names_the_right_one() -> None:
    error = told(PLAN.replace("max_agents", "max-agents"))
    assert "`max-agents` is not a key of a plan; did you mean `max_agents`?" in error.sentence
    assert "goal, tasks" in error.next_step


def test_a_key_like_no_other_lists_the_keys() -> None:
    error = told(one_task("wibble: x"))
    assert error.sentence.endswith("`wibble` of task t is not a key of a task.")


def test_a_key_that_yaml_would_convert_is_an_unknown_key() -> None:
    assert "`on` is not a key of a plan" in told("on: x\ngoal: g\ntasks: []\n").sentence


def test_a_missing_key_is_named_with_its_task() -> None:
    error = told("goal: g\ntasks:\n- id: a\n  title: A\n  instructions: I\n")
    assert (error.code, error.next_step) == ("missing_key", "Add `files`.")
    assert error.sentence == "plan.yaml, line 3: `files` of task a is missing."


def test_a_task_without_an_id_is_named_by_its_place() -> None:
    error = told("goal: g\ntasks:\n- {title: A, instructions: I, files: [x]}\n")
    assert error.sentence == "plan.yaml, line 3: `id` of task 1 in the list is missing."


def test_a_list_written_as_text_is_refused() -> None:
    error = told(one_task("reads: src"))
    assert "`reads` of task t must be a list, but it is the text" in error.sentence


@pytest.mark.parametrize("line", ["check:", "size: ~"])
def test_a_key_without_a_value_is_as_if_left_out(line: str) -> None:
    assert read_plan(one_task(line), "plan.yaml").tasks[0].check is None


def test_an_empty_item_is_refused() -> None:
    assert "item 1 of `reads` of task t must be text, but it is empty" in (
        told(one_task("reads: [~]")).sentence
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("goal: ''\ntasks: []", "`goal` is empty"),
        ("goal: g\ntasks: {a: b}", "`tasks` must be a list, but it is a mapping"),
        (
            "goal: g\ntasks: [login]",
            "task 1 in the list must be a mapping of keys, but it is the t",
        ),
        ("- goal: g", "the plan must be a mapping of keys, but it is a list"),
        ("just text", "the plan must be a mapping of keys"),
        ("goal: g\ntasks: []\nstrategy: worktrees", "`strategy` must be worktree, branch or files"),
        ("goal: g\ntasks: []\nstrategy: no", "but it is no, which YAML reads as true or false"),
        ("<<: {goal: g}\ntasks: []", "`<<` is not a key of a plan"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(text: str, part: str) -> None:
    assert part in told(text).sentence


@pytest.mark.parametrize(
    ("text", "part", "step"),
    [
        ("", "it is empty", "`goal` and `tasks`"),
        ("# only a comment\n", "it is empty", "`goal` and `tasks`"),
        (one_task("reads: [**/*.py]"), "line 6", '"**/*.md"'),
        (one_task("reads: [*src]"), "line 6", '"**/*.md"'),
        (one_task("check: a: b"), "line 6", "colon"),
        (one_task("check: @x"), "line 6", "quote"),
        (one_task("\tcheck: x"), "line 6", "tabs"),
        (one_task("check: !x y"), "line 6: !x is a YAML tag", "quotes"),
        (one_task("check: 'x"), "line", "quotes"),
        (one_task("reads: [x"), "line", "quotes"),
        (one_task("check: \x1b"), "line 6: a control character", "control character"),
        ("goal: g\n---\ngoal: h\n", "line 2", "one plan"),
        ("? [a]\n: b\n", "line 1: a key is not a word", "quotes"),
        ("goal: \udc80", "not UTF-8", "UTF-8"),
        ("goal: &a [*a]\ntasks: []", "nested", "list of tasks"),
    ],
)
def test_what_is_no_document_is_refused_with_a_place_and_a_step(
    text: str, part: str, step: str
) -> None:
    error = told(text)
    assert error.code == "unreadable_plan"
    assert part in error.sentence
    assert step in error.next_step


@pytest.mark.parametrize(
    ("head", "repeated", "times", "part"),
    [
        ("", "[", 300_000, "nested"),
        ("", '{"a":', 300_000, "nested"),
        ("", "- ", 300_000, "nested"),
        ("", "x", 5_000_000, "more than 4000000 characters"),
        ('{"goal":', "9", 5_000, "a number in it is too long"),
    ],
)
def test_a_text_made_to_exhaust_the_parser_is_refused(
    head: str, repeated: str, times: int, part: str
) -> None:
    tail = "}" if repeated == "9" else ""
    error = told(head + repeated * times + tail)
    assert error.code == "unreadable_plan"
    assert part in error.sentence


def test_json_with_an_error_is_refused_with_its_line() -> None:
    error = told('{"goal": "g",\n "tasks": [,]}', "plan.json")
    assert error.code == "unreadable_plan"
    assert "line 2" in error.sentence


@pytest.mark.parametrize("text", ["goal: g\ngoal: h\ntasks: []", '{"goal": "g", "goal": "h"}'])
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    error = told(text)
    assert error.code == "duplicate_key"
    assert "`goal` stands twice" in error.sentence


def test_an_alias_repeats_what_it_names() -> None:
    text = one_task("reads: &r [a, b]").replace("files: [x]", "files: *r")
    assert read_plan(text, "plan.yaml").tasks[0].files == ("a", "b")


def test_aliases_of_aliases_do_not_multiply() -> None:
    levels = "".join(f"  - &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 12))
    assert told(f"goal: g\ntasks:\n  - &l0 [x]\n{levels}").code == "bad_value"


def test_all_problems_are_named_up_to_ten() -> None:
    lines = "\n".join(f"  wibble{i}: x" for i in range(12))
    error = told(one_task("size: x") + lines)
    assert error.code == "bad_value"
    assert "`wibble8`" in error.sentence
    assert "There are 3 more problems." in error.sentence


def test_arguments_of_a_tool_are_refused_in_the_same_words() -> None:
    data = {"goal": "g", "tasks": [{"id": "a", "title": "A", "instructions": "\ud800"}], "x": 1}
    with pytest.raises(ValidationError) as caught:
        PlanInput.model_validate(data)
    error = refusal(caught.value, Document(data))
    assert error.code == "bad_value"
    assert "the plan: `instructions` of task a cannot be read as text." in error.sentence
    assert "the plan: `files` of task a is missing." in error.sentence
    assert "the plan: `x` is not a key of a plan." in error.sentence


def test_every_field_is_described_for_the_model_that_fills_it_in() -> None:
    for model in (PlanInput, TaskInput):
        for name, field in model.model_fields.items():
            assert field.description, name
        assert model.model_json_schema()["additionalProperties"] is False
