"""`parallel-agents import`: from a list to a plan, and from what landed back into the list."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
import yaml
from command_line import CommandLine, at_terminal
from git_scratch import commit

TODO = """\
# Work
- [ ] Write alpha into `src/alpha.txt`
- [ ] Write beta into `src/beta.txt`
- [ ] Something else
"""
ALPHA, BETA = "write-alpha-into-src-alpha-txt", "write-beta-into-src-beta-txt"
FILES = {ALPHA: "src/alpha.txt", BETA: "src/beta.txt"}


@pytest.fixture
def pa(repository: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    commit(repository, {"TODO.md": TODO, "src/old.txt": "old\n"}, "A list")
    return CommandLine(capsys, repository)


def started(pa: CommandLine) -> None:
    """A run of the two tasks whose files are known."""
    drafted = pa.done("import", "TODO.md")["plan"]
    drafted["tasks"] = [t for t in drafted["tasks"] if t["files"]]
    pa.start(json.dumps(drafted))


def landed(pa: CommandLine, *tasks: str) -> None:
    for task in tasks:
        pa.complete("a1", task, name=FILES[task])
    pa.done("merge", "--yes", *(f"--only={task}" for task in tasks))


# ---------------------------------------------------------------------- from the list


def test_a_list_becomes_a_draft_that_says_what_is_missing(pa: CommandLine) -> None:
    told = pa.done("import", "TODO.md")
    assert told["format"] == "markdown"
    assert [t["files"] for t in told["plan"]["tasks"]] == [["src/alpha.txt"], ["src/beta.txt"], []]
    assert told["unknown"] == ["something-else"]
    assert "fill in `files` of something-else" in told["next_step"]
    shown = pa("import", "TODO.md")
    assert "# something-else: which files may it write?" in shown.out
    assert yaml.safe_load(shown.out)["tasks"] == told["plan"]["tasks"]


def test_a_draft_with_holes_is_refused_as_a_plan_until_they_are_filled(pa: CommandLine) -> None:
    assert pa("import", "TODO.md", "-o", "plan.yaml").status == 0
    refused = pa("plan", "plan.yaml")
    assert (refused.status, refused.code) == (3, "empty_files")
    assert "something-else names no files" in refused.err
    path = pa.root / "plan.yaml"
    path.write_text(path.read_text().replace("files: []", "files: [src/else.txt]"))
    assert pa("plan", "plan.yaml").status == 0


def test_a_file_that_is_there_is_never_written_over(pa: CommandLine) -> None:
    (pa.root / "plan.yaml").write_text("mine\n")
    refused = pa("import", "TODO.md", "-o", "plan.yaml")
    assert (refused.status, refused.code) == (3, "file_exists")
    assert (pa.root / "plan.yaml").read_text() == "mine\n"


def test_issues_are_read_from_a_pipe(pa: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    issues = json.dumps([{"number": 4, "title": "T", "body": "in src/old.txt"}]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(issues)))
    told = pa.done("import", "-")
    assert told["suggestions"] == {"issue-4": ["src/old.txt"]}


def test_a_list_in_which_all_is_done_is_nothing_to_plan(pa: CommandLine) -> None:
    (pa.root / "TODO.md").write_text("- [x] a\n")
    assert pa("import", "TODO.md").code == "nothing_to_do"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("none.md", None, "unreadable_list"),
        ("a.txt", "words", "unknown_format"),
        ("a.json", "[", "unreadable_list"),
    ],
)
def test_what_cannot_be_read_is_refused(
    pa: CommandLine, name: str, text: str | None, code: str
) -> None:
    if text is not None:
        (pa.root / name).write_text(text)
    assert pa("import", name).code == code


# ---------------------------------------------------------------------- and back into it


def test_only_what_landed_is_ticked(pa: CommandLine) -> None:
    started(pa)
    landed(pa, ALPHA)
    told = pa.done("import", "TODO.md", "--write-back", "--yes")
    assert told["changed"] == {"line 2": "done"}
    assert (pa.root / "TODO.md").read_text() == TODO.replace(
        "- [ ] Write alpha", "- [x] Write alpha"
    )
    again = pa.done("import", "TODO.md", "--write-back", "--yes")
    assert again["changed"] == {}


def test_what_is_completed_but_has_not_landed_stays_open(pa: CommandLine) -> None:
    started(pa)
    pa.complete("a1", ALPHA, name=FILES[ALPHA])
    told = pa.done("import", "TODO.md", "--write-back", "--yes")
    assert (told["changed"], told["not_landed"]) == ({}, [ALPHA])
    assert (pa.root / "TODO.md").read_text() == TODO


def test_a_run_that_is_over_is_still_known(pa: CommandLine) -> None:
    started(pa)
    landed(pa, ALPHA, BETA)
    assert not (pa.root / "_tasks" / "plan.md").exists()
    told = pa.done("import", "TODO.md", "--write-back", "--yes")
    assert told["changed"] == {"line 2": "done", "line 3": "done"}


def test_without_a_terminal_nothing_is_written_unasked(pa: CommandLine) -> None:
    started(pa)
    landed(pa, ALPHA)
    refused = pa("import", "TODO.md", "--write-back")
    assert (refused.status, refused.code) == (4, "write_back_unconfirmed")
    assert (pa.root / "TODO.md").read_text() == TODO


def test_at_a_terminal_the_change_is_shown_and_asked_about(pa: CommandLine) -> None:
    started(pa)
    landed(pa, ALPHA)
    with at_terminal("import", "TODO.md", "--write-back", cwd=pa.root) as terminal:
        terminal.wait_for("[y/N] ")
        assert "  line 2: done" in terminal.seen
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "- [x] Write alpha" in (pa.root / "TODO.md").read_text()


def test_a_list_that_a_task_is_to_write_is_left_to_it(pa: CommandLine) -> None:
    plan = pa.done("import", "TODO.md")["plan"]
    plan["tasks"] = [t for t in plan["tasks"] if t["files"]]
    plan["tasks"][1]["files"].append("*.md")
    pa.start(json.dumps(plan))
    landed(pa, ALPHA)
    refused = pa("import", "TODO.md", "--write-back", "--yes")
    assert (refused.status, refused.code) == (3, "files_of_a_task")
    pa.claim("a2", BETA)
    assert pa("import", "TODO.md", "--write-back", "--yes").code == "files_held"
    assert (pa.root / "TODO.md").read_text() == TODO


def test_without_any_run_there_is_nothing_to_write_back(pa: CommandLine) -> None:
    assert pa("import", "TODO.md", "--write-back", "--yes").code == "no_run"


def test_a_pipe_cannot_be_written_into(pa: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TODO.encode())))
    assert pa("import", "-", "--write-back", "--yes").status == 3
