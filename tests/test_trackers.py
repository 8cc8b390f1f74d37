"""Lists of GitHub, beads and Task Master: read as work, and their state written back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from parallel_agents.core.errors import BadInput, NotNow
from parallel_agents.planfile import read_plan
from parallel_agents.worklists import Kind, Source, WorkList, draft, kind_of, read, write_back
from parallel_agents.worklists.entries import Progress
from parallel_agents.worklists.hints import Tree, mentioned, named

NOW = 1_790_000_000.0
"""2026-09-21T14:13:20Z."""

LANDED, BEGUN = Progress.LANDED, Progress.BEGUN


def tasks(kind: Kind, text: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The draft's tasks by id."""
    drafted = draft(read(kind, text, "list", **more), "list", Tree(["src/app.py", "src/db/x.py"]))
    return {task["id"]: task for task in drafted.plan["tasks"]}


def written(kind: Kind, text: str, progress: Mapping[str, Progress], tag: str | None = None) -> str:
    return write_back(read(kind, text, "list", tag), text, "list", progress, NOW, tag)


# ---------------------------------------------------------------------- GitHub

ISSUES = json.dumps(
    [
        {
            "number": 12,
            "title": "Login fails",
            "body": "Trace in src/app.py:12.\r\n\r\nBlocked by #7 and #9, see #3",
            "labels": [{"id": "L1", "name": "bug", "color": "d73a4a"}],
            "state": "OPEN",
        },
        {
            "number": 7,
            "title": "Schema",
            "body": "Files: `src/db/x.py`, src/db/new.py",
            "labels": [],
        },
        {"number": 9, "title": "Done", "body": None, "state": "CLOSED"},
        {"number": 10, "title": "PR", "body": "", "state": "open", "pull_request": {"url": "u"}},
    ]
)


def test_open_issues_are_tasks_named_by_their_number() -> None:
    found = tasks(Kind.GITHUB, ISSUES)
    assert list(found) == ["issue-12", "issue-7"]
    assert found["issue-12"]["depends_on"] == ["issue-7"]
    assert found["issue-12"]["instructions"].endswith("(GitHub issue #12: bug)")
    assert "\r" not in found["issue-12"]["instructions"]
    assert found["issue-12"]["files"] == []
    assert found["issue-7"]["files"] == ["src/db/x.py", "src/db/new.py"]


def test_paths_in_an_issue_are_only_suggested() -> None:
    drafted = draft(read(Kind.GITHUB, ISSUES, "list"), "list", Tree(["src/app.py"]))
    assert drafted.unknown == ("issue-12",)
    assert drafted.suggestions == {"issue-12": ("src/app.py",)}
    assert "1 of 2 tasks names no files" in drafted.notes[-1]
    assert "# In its text: src/app.py" in drafted.text


def test_one_issue_is_a_list_of_one() -> None:
    assert list(tasks(Kind.GITHUB, '{"number": 3, "title": "T", "body": ""}')) == ["issue-3"]


def test_issues_are_closed_where_they_are_kept() -> None:
    with pytest.raises(NotNow, match="gh issue close 12; gh issue close 7"):
        written(Kind.GITHUB, ISSUES, {"#12": LANDED, "#7": LANDED})


# ---------------------------------------------------------------------- beads


def bead(key: str, status: str = "open", **more: Any) -> str:
    """A line as beads exports it."""
    issue: dict[str, Any] = {
        "id": key,
        "title": f"Title of {key}",
        "description": "a\u003eb",
        "status": status,
    }
    issue |= {"priority": 2, "issue_type": "task", "created_at": "2026-01-01T00:00:00.123456-08:00"}
    issue |= {"updated_at": "2026-01-02T00:00:00-08:00", **more}
    return json.dumps(issue, separators=(",", ":")).replace(">", "\\u003e")


def needs(key: str, other: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": key, "depends_on_id": other, "type": kind, "created_by": "daemon"}


BEADS = "\n".join(
    [
        bead("bd-1", priority=0, estimated_minutes=45, acceptance_criteria="It works."),
        bead("bd-2", dependencies=[needs("bd-2", "bd-1"), needs("bd-2", "bd-9", "related")]),
        bead("bd-3", "closed", closed_at="2026-01-02T00:00:00-08:00"),
        bead("bd-4", "tombstone"),
        bead("bd-5", issue_type="epic"),
        bead("bd-5.1", dependencies=[needs("bd-5.1", "bd-5", "parent-child")]),
        bead("bd-6", "in_progress", dependencies=[needs("bd-6", "bd-5"), needs("bd-6", "bd-3")]),
        '{"_type":"memory","key":"k","value":"v"}',
        bead("bd-7", "deferred"),
        "",
    ]
)


def test_open_beads_are_tasks_in_the_order_of_their_blocks() -> None:
    found = tasks(Kind.BEADS, BEADS)
    assert list(found) == ["bd-1", "bd-2", "bd-5-1", "bd-6"]
    assert found["bd-1"] | {"instructions": ""} == {
        "id": "bd-1",
        "title": "Title of bd-1",
        "instructions": "",
        "files": [],
        "size": 45,
        "priority": 2,
    }
    assert "Acceptance criteria:\nIt works." in found["bd-1"]["instructions"]
    assert found["bd-2"]["depends_on"] == ["bd-1"]
    assert found["bd-6"]["depends_on"] == ["bd-5-1"]


def test_what_of_beads_is_left_out_or_doubtful_is_said() -> None:
    notes = draft(read(Kind.BEADS, BEADS, "list"), "list", Tree(())).notes
    assert notes[:5] == (
        "Left out as done: 1.",
        "Left out (a group of others): 1.",
        "Left out (deferred): 1.",
        "Left out (tombstone): 1.",
        "bd-6 (bd-6) is in progress by its list: take it out if somebody is at it.",
    )


def test_a_bead_is_closed_as_beads_wants_it_and_every_other_line_stays() -> None:
    new = written(Kind.BEADS, BEADS, {"bd-1": LANDED, "bd-2": BEGUN, "bd-3": LANDED})
    old_lines, new_lines = BEADS.split("\n"), new.split("\n")
    assert [n for n, (a, b) in enumerate(zip(old_lines, new_lines, strict=True)) if a != b] == [
        0,
        1,
    ]
    closed, begun = (json.loads(line) for line in new_lines[:2])
    assert (closed["status"], begun["status"]) == ("closed", "in_progress")
    assert closed["updated_at"] == closed["closed_at"] == "2026-09-21T14:13:20Z"
    assert "closed_at" not in begun
    stamp = '"updated_at":"2026-09-21T14:13:20Z"'
    assert new_lines[0] == old_lines[0].replace(
        '"status":"open"', '"status":"closed","closed_at":"2026-09-21T14:13:20Z"'
    ).replace('"updated_at":"2026-01-02T00:00:00-08:00"', stamp)


def test_windows_line_ends_and_a_missing_last_one_are_kept() -> None:
    text = f"{bead('bd-1')}\r\n{bead('bd-2')}"
    new = written(Kind.BEADS, text, {"bd-2": LANDED})
    assert new.startswith(f"{bead('bd-1')}\r\n")
    assert not new.endswith("\n")


# ---------------------------------------------------------------------- Task Master

TASKS: dict[str, Any] = {
    "tasks": [
        {"id": 1, "title": "Base", "status": "done", "dependencies": [], "priority": "high"},
        {
            "id": 2,
            "title": "Group",
            "description": "All of it",
            "status": "pending",
            "dependencies": [1],
            "priority": "high",
            "subtasks": [
                {"id": 1, "title": "First", "status": "pending", "dependencies": []},
                {"id": 2, "title": "Second", "status": "pending", "dependencies": [1, "3"]},
                {"id": 3, "title": "Third", "status": "done", "dependencies": ["2.1"]},
            ],
        },
        {"id": "3", "title": "After", "details": "Files: src/app.py", "dependencies": [2]},
        {"id": 4, "title": "Not now", "status": "deferred", "dependencies": []},
    ],
    "metadata": {"created": "2026-01-01T00:00:00.000Z"},
}
TAGGED = json.dumps({"master": TASKS, "next": {"tasks": [{"id": 1, "title": "N"}]}}, indent=2)


@pytest.mark.parametrize("text", [TAGGED, json.dumps(TASKS, indent="\t"), json.dumps(TASKS)])
def test_pending_tasks_and_subtasks_are_tasks(text: str) -> None:
    found = tasks(Kind.TASK_MASTER, text)
    assert list(found) == ["task-2-1", "task-2-2", "task-3"]
    assert found["task-2-2"]["depends_on"] == ["task-2-1"]
    assert found["task-3"]["depends_on"] == ["task-2-1", "task-2-2"]
    assert found["task-3"]["files"] == ["src/app.py"]
    assert found["task-2-1"]["priority"] == 1
    assert "(Part of task 2: Group)" in found["task-2-1"]["instructions"]


def test_another_tag_is_asked_for_by_name() -> None:
    assert list(tasks(Kind.TASK_MASTER, TAGGED, tag="next")) == ["next-task-1"]
    with pytest.raises(BadInput, match="no tag 'nope'; it has master, next"):
        tasks(Kind.TASK_MASTER, TAGGED, tag="nope")
    with pytest.raises(BadInput, match="several tags and none called master: a, b"):
        tasks(Kind.TASK_MASTER, '{"a": {"tasks": []}, "b": {"tasks": []}}')


def test_a_status_is_replaced_alone_and_a_group_follows_its_last_part() -> None:
    first = written(Kind.TASK_MASTER, TAGGED, {"2.1": LANDED, "2.2": BEGUN})
    expected = json.loads(TAGGED)
    group = expected["master"]["tasks"][1]
    group["subtasks"][0]["status"], group["subtasks"][1]["status"] = "done", "in-progress"
    assert first == json.dumps(expected, indent=2)
    second = written(Kind.TASK_MASTER, first, {"2.2": LANDED})
    group["subtasks"][1]["status"] = group["status"] = "done"
    assert second == json.dumps(expected, indent=2)


def test_a_status_that_was_not_there_is_put_in() -> None:
    new = written(Kind.TASK_MASTER, TAGGED, {"3": LANDED})
    assert json.loads(new)["master"]["tasks"][2]["status"] == "done"
    assert new.replace(', "status": "done"', "", 1) == TAGGED


def test_only_the_named_tag_is_written() -> None:
    new = written(Kind.TASK_MASTER, TAGGED, {"1": LANDED}, "next")
    assert json.loads(new)["next"]["tasks"][0]["status"] == "done"
    assert json.loads(new)["master"] == TASKS


# ---------------------------------------------------------------------- for every format


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("x.json", ISSUES, Kind.GITHUB),
        ("issues.jsonl", BEADS, Kind.BEADS),
        ("standard input", BEADS, Kind.BEADS),
        ("standard input", bead("bd-1"), Kind.BEADS),
        ("tasks.json", TAGGED, Kind.TASK_MASTER),
        ("tasks.json", json.dumps(TASKS), Kind.TASK_MASTER),
        ("TODO.md", "", Kind.MARKDOWN),
        ("notes.txt", "- [ ] a", Kind.MARKDOWN),
    ],
)
def test_the_format_is_seen_by_name_and_content(name: str, text: str, kind: Kind) -> None:
    assert kind_of(name, text) is kind


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (Kind.GITHUB, "[1]", "entry 1 is no issue"),
        (Kind.GITHUB, '[{"number": 1}]', "lacks a `number` or a `title`"),
        (Kind.GITHUB, '[{"number": 1, "title"', "line 1, column 23: a colon is missing"),
        (Kind.BEADS, f"{bead('bd-1')}\n<<<<<<< HEAD", "list, line 2 cannot be read"),
        (Kind.BEADS, '{"id": "bd-1", "title": ""}', "no `id`, `title` and `status`"),
        (Kind.TASK_MASTER, "{}", "no list `tasks`"),
        (Kind.TASK_MASTER, '{"tasks": {}}', "no list `tasks`"),
        (Kind.TASK_MASTER, '{"tasks": [{"id": 1}]}', "task 1 lacks an `id` or a `title`"),
    ],
)
def test_a_broken_list_is_refused_with_its_place(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(BadInput, match="unreadable_list") as refusal:
        read(kind, text, "list")
    assert why in str(refusal.value)
    assert "Nothing was changed" in str(refusal.value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Kind.GITHUB, ISSUES), (Kind.BEADS, BEADS), (Kind.TASK_MASTER, TAGGED)],
)
def test_a_draft_is_a_plan_file_that_says_the_same(kind: Kind, text: str) -> None:
    drafted = draft(read(kind, text, "list"), "list", Tree(()))
    plan = read_plan(drafted.text, "draft.yaml")
    assert plan.goal == drafted.plan["goal"]
    for task, told in zip(plan.tasks, drafted.plan["tasks"], strict=True):
        assert task.as_dict() == {**task.as_dict(), **told}


@pytest.mark.parametrize(
    "text", ["no", "12:30", "- a: [b", "# c", "'", "a\n  b\n\n\tc\n", "日本: 語"]
)
def test_any_text_comes_back_from_a_draft(text: str) -> None:
    issue = json.dumps([{"number": 1, "title": text.strip(), "body": text}])
    drafted = draft(read(Kind.GITHUB, issue, "list"), "list", Tree(()))
    (task,) = read_plan(drafted.text, "draft.yaml").tasks
    assert task.instructions == drafted.plan["tasks"][0]["instructions"]
    assert task.title == " ".join(text.split())


def test_ids_that_are_the_same_after_cleaning_are_told_apart() -> None:
    work: WorkList = read(Kind.BEADS, f"{bead('x.1')}\n{bead('x-1')}", "list")
    assert work.ids == {"x.1": "x-1", "x-1": "x-1-2"}


# ---------------------------------------------------------------------- paths in texts


TREE = Tree(["src/app.py", "src/db/x.py", "src/db/y.py", "docs/x.py", "Makefile"])


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("src/app.py", "src/app.py"),
        ("./src/app.py:12", "src/app.py"),
        ("src/db", "src/db/**"),
        ("src/db/", "src/db/**"),
        ("app.py", "src/app.py"),
        ("x.py", None),
        ("src/db/new.py", "src/db/new.py"),
        ("src/**/*.py", "src/**/*.py"),
        ("nowhere/new.py", None),
        ("/etc/passwd", None),
        ("../up.py", None),
        ("https://example.invalid/src/app.py", None),
        ("print()", None),
    ],
)
def test_a_word_in_backticks_is_a_path_where_it_can_be_one(word: str, found: str | None) -> None:
    assert TREE.can_have(word) == found


def test_only_what_is_there_is_suggested() -> None:
    text = "See src/app.py, (src/db/y.py:3) and other/z.py; e.g. v1.2 of app.py."
    assert mentioned(text, TREE) == ("src/app.py", "src/db/y.py")


def test_a_line_of_files_names_them_with_or_without_backticks() -> None:
    assert list(named("**Files:** `a/b.py`, `c`\nfile: x/y.py, z.go (new)")) == [
        *("a/b.py", "x/y.py", "z.go"),
    ]


# ---------------------------------------------------------------------- the file


def test_a_file_is_replaced_whole_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "TODO.md"
    path.write_bytes(b"\xef\xbb\xbf- [ ] a\r\n")
    path.chmod(0o640)
    link = tmp_path / "link.md"
    link.symlink_to(path)
    source = Source.read(link)
    source.replace(source.text.replace("[ ]", "[x]"))
    assert path.read_bytes() == b"\xef\xbb\xbf- [x] a\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert {p.name for p in tmp_path.iterdir()} == {"TODO.md", "link.md"}


@pytest.mark.parametrize("change", [b"- [ ] b\n", b"", None])
def test_a_file_that_changed_since_is_left_alone(tmp_path: Path, change: bytes | None) -> None:
    path = tmp_path / "TODO.md"
    path.write_bytes(b"- [ ] a\n")
    source = Source.read(path)
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change)
    with pytest.raises(NotNow, match="list_changed"):
        source.replace("- [x] a\n")
    assert (path.read_bytes() if path.exists() else None) == change
    assert [p.name for p in tmp_path.iterdir()] == ([] if change is None else ["TODO.md"])


@pytest.mark.parametrize(("raw", "why"), [(b"\xff\xfe", "not UTF-8"), (None, "cannot be read")])
def test_what_is_no_text_is_refused(tmp_path: Path, raw: bytes | None, why: str) -> None:
    path = tmp_path / "TODO.md"
    if raw is None:
        path.mkdir()
    else:
        path.write_bytes(raw)
    with pytest.raises(BadInput, match=why):
        Source.read(path)
