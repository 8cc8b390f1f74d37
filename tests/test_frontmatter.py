"""Front matter and history: what is written is read back, what is torn is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import TaskId
from parallel_agents.store import frontmatter
from parallel_agents.store.frontmatter import Unreadable, history_line, parse, render, void_line

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"))
VALUE = st.one_of(st.none(), st.booleans(), st.integers(), TEXT, st.lists(TEXT, max_size=3))
A = TaskId("a")
NASTY = [
    "",
    "---",
    "a\n---\nb",
    "## History",
    'text\n\n## History\n- 2026-11-23T22:31:05.123456Z #99 moved {"state": "completed"}',
    "\n\n leading and trailing \n\n",
    "line\u2028separators\u0085inside",
    "tab\tand \x0b",
]


def claimed(rev: int, at: float = 1_790_000_000.25, **more: Any) -> str:
    data = {"agent": "s/anna", "files": ["a.py"], "slot": 1, **more}
    return history_line(Event(rev, at, Kind.CLAIMED, A, data), json.dumps(data))


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_nasty_text_is_read_back_and_makes_no_history(text: str) -> None:
    document = parse(render({"title": text, "files": [text]}, text) + claimed(3), A)
    assert document.text == text
    assert document.fields == {"title": text, "files": [text]}
    assert [e.rev for e in document.history] == [3]


@given(fields=st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUE), text=TEXT)
def test_a_document_is_read_back_as_it_was_written(fields: dict[str, Any], text: str) -> None:
    document = parse(render(fields, text), A)
    assert (document.fields, document.text, document.history) == (fields, text, ())


@given(
    at=st.floats(0, 4e9).map(lambda at: round(at, 6)),
    rev=st.integers(1, 10**12),
    text=TEXT,
)
def test_an_event_is_read_back_as_it_was_written(at: float, rev: int, text: str) -> None:
    data = {"token": rev, "agent": text, "summary": text}
    event = Event(rev, at, Kind.COMPLETED, A, data)
    for ascii_only in (True, False):
        line = history_line(event, json.dumps(data, ensure_ascii=ascii_only))
        assert parse(render({}, "x") + line, A).history == (event,)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_torn_last_line_is_passed_over(cut: int) -> None:
    content = render({"id": "a"}, "x") + claimed(3) + claimed(4)[:-cut]
    document = parse(content, A)
    assert [e.rev for e in document.history] == ([3, 4] if cut == 1 else [3])


@pytest.mark.parametrize(
    "line",
    [
        "- 2026-11-23T22:31:05Z #5 claimed {}",
        "- 2026-11-23T22:31:05Z #5 claimed []",
        '- 2026-11-23T22:31:05Z #5 claimed {"agent": 1, "files": [], "slot": 1}',
        '- 2026-11-23T22:31:05Z #5 claimed {"agent": "s/a", "files": [1], "slot": 1}',
        '- 2026-11-23T22:31:05Z #5 claimed {"workdir": "/w", "agent": "s/a", "files": [], '
        '"slot": 1}',
        '- 2026-11-23T22:31:05Z #5 claimed {"workdir": "/w", "start": 1, "agent": "s/a", '
        '"files": [], "slot": 1}',
        '- 2026-11-23T22:31:05Z #5 failed {"token": 1, "agent": "s/a", "failures": 1, '
        '"state": "gone"}',
        '- 2026-11-23T22:31:05Z #5 invented {"state": "failed"}',
        '- yesterday #5 moved {"state": "failed"}',
        '- 2026-11-23T22:31:05Z #x moved {"state": "failed"}',
        '- 2026-11-23T22:31:05Z #5 moved {"state": "failed"',
        "- 2026-11-23T22:31:05Z #5 moved " + "[" * 100_000,
        "a remark by a person",
        "",
    ],
    ids=lambda line: line[:60],
)
def test_a_line_that_is_no_event_is_passed_over(line: str) -> None:
    document = parse(render({}, "x") + claimed(3) + line + "\n" + claimed(7), A)
    assert [e.rev for e in document.history] == [3, 7]


def test_a_line_that_was_taken_back_is_no_event_but_its_revision_counts() -> None:
    content = render({}, "x") + claimed(3) + claimed(9) + void_line(9, 1.0) + claimed(5)
    document = parse(content, A)
    assert [e.rev for e in document.history] == [3, 5]
    assert document.newest == 9


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "does not begin"),
        ("# A task\n", "does not begin"),
        ("---\nid: a\n", "no closing line"),
        ("---\nid: [a\n---\n\n## History\n", "not YAML"),
        ("---\ntitle: 2026-99-99\n---\n\n## History\n", "not YAML"),
        ("---\nx: " + "[" * 50_000 + "\n---\n\n## History\n", "not YAML"),
        ("---\n- a\n---\n\n## History\n", "not a mapping"),
        ("---\nid: a\n---\n\nDo it.\n", "`## History` is missing"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_of_the_form_is_said_in_words(content: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse(content, A)


def test_yaml_by_hand_is_read() -> None:
    content = "---\nid: a\nfiles:\n  - src/**  # all of it\n  - 'b.py'\nsize: 5\n---\n\nDo it.\n"
    document = parse(content + "\n## History\n" + claimed(3), A)
    assert document.fields == {"id": "a", "files": ["src/**", "b.py"], "size": 5}
    assert document.text == "Do it."
    assert len(document.history) == 1


def test_a_file_saved_by_an_editor_of_windows_is_read() -> None:
    content = render({"id": "a", "files": ["a.py"]}, "Do it.\nThen rest.") + claimed(3)
    document = parse("\ufeff" + content.replace("\n", "\r\n"), A)
    assert document.fields["files"] == ["a.py"]
    assert document.text == "Do it.\nThen rest."
    assert [e.rev for e in document.history] == [3]


def test_the_lines_of_a_history_are_given_as_they_are() -> None:
    lines = claimed(3) + "a remark\n" + claimed(4)
    assert frontmatter.history_text(render({}, "## History") + lines) == lines
    with pytest.raises(Unreadable):
        frontmatter.history_text("---\nid: a\n---\n")
