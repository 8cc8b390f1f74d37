"""A task as a file: read back as it was written, and a person's mistakes are said in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.model import Task, TaskId
from parallel_agents.store import taskfile
from parallel_agents.store.frontmatter import Unreadable
from stores import task

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"))
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
NAMES = st.lists(NAME, max_size=3).map(tuple)
GOOD = taskfile.render(task("a"), "p1", 0)

TASKS = st.builds(
    Task,
    id=st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True).map(TaskId),
    title=TEXT,
    instructions=TEXT,
    files=st.lists(NAME.map(lambda n: f"src/{n}/**"), min_size=1, max_size=3).map(tuple),
    reads=NAMES,
    creates=NAMES,
    uses=NAMES,
    depends_on=NAMES.map(lambda names: tuple(map(TaskId, names))),
    check=st.none() | TEXT,
    size=st.none() | st.integers(0, 10**6),
    priority=st.integers(-1000, 1000),
)


@given(written=TASKS, order=st.integers(0, 10**6))
def test_a_task_is_read_back_as_it_was_written(written: Task, order: int) -> None:
    file = taskfile.parse(taskfile.render(written, "p1", order), written.id)
    assert (file.task, file.plan, file.order, file.history) == (written, "p1", order, ())


@pytest.mark.parametrize("name", ["ä", "A", "", "-a", "a_b", "a.b", "a" * 65, "../a", "a\n"])
def test_a_file_whose_name_is_no_task_id_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="no task id"):
        taskfile.parse(GOOD, name)


def test_a_file_that_was_renamed_is_refused() -> None:
    with pytest.raises(Unreadable, match="the file is called b"):
        taskfile.parse(GOOD, "b")


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        ('files: ["a.py"]', "files: []", "`files` is empty"),
        ('files: ["a.py"]', "", "`files` is empty"),
        ('files: ["a.py"]', "files: src/a.py", "`files` must be a list"),
        ('files: ["a.py"]', "files: [1, 2]", "`files` must be a list"),
        ('files: ["a.py"]', 'files: ["../a.py"]', "leads out"),
        ('files: ["a.py"]', 'files: ["**"]', "every file"),
        ('files: ["a.py"]', 'files: ["_tasks/x"]', "not for agents"),
        ('title: "The task a"', "title: [x]", "`title` must be a string"),
        ("priority: 0", "priority: high", "`priority` must be a whole number"),
        ("priority: 0", "priority: true", "`priority` must be a whole number"),
        ("depends_on: []", "depends_on: {b: c}", "`depends_on` must be a list"),
        ("check: null", "check: [make]", "`check` must be a string"),
        ('plan: "p1"', "", "`plan` must be a string"),
    ],
)
def test_a_mistake_in_a_field_is_said_in_words(line: str, instead: str, words: str) -> None:
    assert line in GOOD
    with pytest.raises(Unreadable, match=words):
        taskfile.parse(GOOD.replace(line, instead), "a")


def test_paths_by_hand_are_brought_into_one_form() -> None:
    content = GOOD.replace('files: ["a.py"]', "files: [./src//a.py, docs/]")
    assert taskfile.parse(content, "a").task.files == ("src/a.py", "docs")


def test_a_garbled_file_still_tells_of_its_claim() -> None:
    line = (
        '- 2026-11-23T22:31:05.000000Z #17 claimed {"agent": "s/anna", "files": ["x.py"], '
        '"slot": 2}\n'
    )
    rest = taskfile.remains("garbage\n" + line, "a", "it is garbled")
    assert (rest.task.files, rest.newest, rest.damage) == (("x.py",), 17, "it is garbled")
    assert [e.rev for e in rest.history] == [17]
    assert taskfile.remains("garbage", "a", "it is garbled").task.files == ()
