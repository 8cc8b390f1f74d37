"""Markdown checklists as work, and ticked again when the work has landed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.worklists import Kind, WorkList, draft, kind_of, markdown
from parallel_agents.worklists.entries import Progress
from parallel_agents.worklists.hints import Tree

LIST = """\
# Work

Some words, and `src/not/a/task.py`.

## Auth **first**

- [ ] Fix **login** in `src/auth/login.py`
  It fails for umlauts.
  - a plain point
- [x] Done thing
* [ ] Rework [sessions](http://example.invalid)
  - [ ] store them
  - [x] name them
  1. [ ] expire them
+ [-] dropped

```
- [ ] an example in code
```

## Docs
1) [ ] Write the guide
"""


def ids(text: str) -> list[str]:
    work = markdown.read(text, "TODO.md")
    return [work.ids[e.key] for e in work.to_do]


def landed(text: str, *tasks: str) -> str:
    work = markdown.read(text, "TODO.md")
    keys = {task: key for key, task in work.ids.items()}
    return markdown.write(text, {keys[task]: Progress.LANDED for task in tasks})  # type: ignore[index]


def test_every_open_box_without_boxes_below_is_a_task() -> None:
    assert ids(LIST) == [
        "fix-login-in-src-auth-login-py",
        "store-them",
        "expire-them",
        "write-the-guide",
    ]


def test_a_task_knows_its_text_and_where_it_stands() -> None:
    first, second, *_ = markdown.read(LIST, "TODO.md").to_do
    assert first.title == "Fix login in `src/auth/login.py`"
    assert first.text == (
        "Fix **login** in `src/auth/login.py`\nIt fails for umlauts.\n- a plain point\n\n"
        "(From TODO.md, line 7: Work > Auth first)"
    )
    assert first.hints == ("src/auth/login.py",)
    assert second.text.endswith("(From TODO.md, line 12: Work > Auth first > Rework sessions)")


def test_what_is_left_out_is_counted() -> None:
    made = draft(markdown.read(LIST, "TODO.md"), "TODO.md", Tree(()))
    assert made.notes[:3] == (
        "Left out as done: 2.",
        "Left out (a group of others): 1.",
        "Left out (marked [-]): 1.",
    )


def test_ids_stay_when_boxes_are_ticked() -> None:
    text = "- [ ] same\n- [ ] same\n- [ ] same\n"
    assert ids(text) == ["same", "same-2", "same-3"]
    assert ids(text.replace("[ ]", "[x]", 1)) == ["same-2", "same-3"]


@pytest.mark.parametrize("title", ["日本語", "!!!", "`x`" * 40, "a" * 300, "Ärger: über-all"])
def test_any_title_gives_an_id_that_a_task_can_have(title: str) -> None:
    from parallel_agents.core.model import TASK_ID

    (task,) = ids(f"- [ ] {title}\n")
    assert TASK_ID.fullmatch(task)


def test_what_landed_is_ticked_and_nothing_else_changes() -> None:
    new = landed(LIST, "fix-login-in-src-auth-login-py")
    assert new == LIST.replace("- [ ] Fix", "- [x] Fix")


def test_a_group_is_ticked_with_its_last_part() -> None:
    one = landed(LIST, "store-them")
    assert one == LIST.replace("- [ ] store", "- [x] store")
    both = landed(one, "expire-them")
    assert both == one.replace("1. [ ] expire", "1. [x] expire").replace(
        "* [ ] Rework", "* [x] Rework"
    )


def test_groups_within_groups_are_ticked_up_to_the_top() -> None:
    text = "- [ ] a\n  - [ ] b\n    - [ ] c\n"
    assert landed(text, "c") == text.replace("[ ]", "[x]")


def test_a_group_that_was_complete_before_is_left_as_it_is() -> None:
    text = "- [ ] a\n  - [x] b\n- [ ] c\n"
    assert landed(text, "c") == text.replace("- [ ] c", "- [x] c")


LINES = st.sampled_from(
    [
        "- [ ] a",
        "- [x] b",
        "  - [ ] c",
        "\t* [ ] d",
        "> - [ ] e",
        "# h",
        "```",
        "text",
        "",
        "  more",
        "1. [X] f",
    ]
)


@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_writing_back_changes_only_open_boxes(
    lines: list[str], end: str, mark: bool, last: bool
) -> None:
    text = ("\ufeff" if mark else "") + end.join(lines) + (end if last else "")
    work = markdown.read(text, "x.md")
    assert markdown.write(text, {}) == text
    new = markdown.write(text, {e.key: Progress.LANDED for e in work.to_do})
    assert len(new) == len(text)
    changed = [(a, b) for a, b in zip(text, new, strict=True) if a != b]
    assert set(changed) <= {(" ", "x")}
    assert len(changed) >= len(work.to_do)
    assert markdown.read(new, "x.md").to_do == ()
    assert markdown.write(new, {e.key: Progress.LANDED for e in work.to_do}) == new


@pytest.mark.parametrize("part", ["[", "**", "#", "__a", "[a](", "- [ ] ", "` ", "a.", "*", "> "])
def test_an_odd_line_of_any_length_is_read_in_no_time(part: str) -> None:
    text = f"# {part * 60_000} #\n- [ ] {part * 60_000}\n  Files: {part * 60_000}\n"
    made = draft(markdown.read(text, "x.md"), "x.md", Tree(["a.py"]))
    assert len(made.plan["tasks"]) == 1


def test_a_heading_loses_the_marks_that_close_it() -> None:
    (entry,) = markdown.read("## C# ##\n- [ ] a\n", "x.md").to_do
    assert entry.text.endswith("(From x.md, line 2: C#)")


def test_lists_in_quotes_and_with_tabs_are_read() -> None:
    assert ids("> - [ ] a\n>   - plain\n- [ ] b\n\t- [ ] c\n") == ["a", "c"]


def test_a_document_without_boxes_is_no_list() -> None:
    from parallel_agents.core.errors import BadInput

    assert kind_of("notes", LIST) is Kind.MARKDOWN
    assert markdown.read("# Title\n\n- point\n", "TODO.md") == WorkList.of(Kind.MARKDOWN, [])
    with pytest.raises(BadInput, match="unknown_format"):
        kind_of("notes", "# Title\n\n- point\n")
