"""Tools of other MCP servers: which calls are refused, which go on, which are watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from parallel_agents.guard import foreign_tools
from parallel_agents.guard.event import Event
from parallel_agents.guard.watch import flights
from scratch_run import MAIN, PLUGIN, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    (repository / "src").mkdir()
    (repository / "src" / "billing.py").touch()
    run = ScratchRun(repository)
    run.claim("billing", "src/billing.py", "docs/**", agent="a2")
    run.claim("auth", "src/auth.py", agent="a1")
    run.task("later", "src/later.py")
    return run


def call(run: ScratchRun, tool: str, agent: str | None = MAIN, /, **given: Any) -> str:
    """The reason why the call is refused, or an empty text."""
    event = Event(run.event(agent, f"mcp__server__{tool}", **given))
    answer = foreign_tools.guard(event, run.runs(), str(PLUGIN))
    if answer is None:
        return ""
    return str(answer["hookSpecificOutput"]["permissionDecisionReason"])


@pytest.mark.parametrize(
    "tool",
    ["read_file", "get_file_contents", "listDirectory", "search_files", "find-references", "hover"],
)
def test_a_tool_that_only_reads_is_given_what_it_likes(run: ScratchRun, tool: str) -> None:
    assert call(run, tool, path="src/billing.py", paths=["docs", "_tasks/plan.md"]) == ""
    assert flights.names(str(run.folder)) == []


@pytest.mark.parametrize("tool", ["read_and_replace", "get_or_create_file", "fetchAndWrite"])
def test_a_tool_that_reads_and_writes_writes(run: ScratchRun, tool: str) -> None:
    assert "is held by agent a2" in call(run, tool, path="src/billing.py")


def test_the_holder_may_give_its_own_file_to_any_tool(run: ScratchRun) -> None:
    assert call(run, "write_file", "a2", path=str(run.root / "src" / "billing.py")) == ""


def test_an_absolute_path_is_judged_as_an_edit_where_the_tool_writes(run: ScratchRun) -> None:
    path = str(run.root / "src" / "later.py")
    assert "belongs to task `later`" in call(run, "write_file", path=path)
    assert "it belongs to task `later`" in call(run, "write_file", "a1", path=path)
    assert call(run, "transform", path=path) == ""
    assert call(run, "create_file", "a1", path="src/later.py", repo="me/elsewhere") == ""


@pytest.mark.parametrize(
    "given",
    [
        {"text": "I changed src/billing.py for you"},
        {"text": "src/billing.py\nsrc/auth.py"},
        {"url": "https://example.invalid/src/billing.py"},
        {"title": "docs"},
        {"body": "x" * 100_000},
        {"number": 3, "flag": True, "nothing": None, "list": [[], {}]},
        {"path": "bad\0name"},
        {"path": "\ud800"},
    ],
)
def test_what_is_no_path_is_let_be(run: ScratchRun, given: dict[str, Any]) -> None:
    assert call(run, "send_message", **given) == ""


def test_a_folder_is_no_write_unless_it_is_taken_away(run: ScratchRun) -> None:
    (run.root / "docs").mkdir()
    assert call(run, "run_tests", cwd="docs", directory=str(run.root / "src")) == ""
    assert "src/billing.py is held by agent a2" in call(run, "delete_directory", path="src")
    assert "src/billing.py is held" in call(run, "move", source=str(run.root), to="/tmp/x")
    assert "docs is held by agent a2" in call(run, "format", path="docs")


def test_settings_are_closed_to_them_too(run: ScratchRun) -> None:
    assert "decides whether the guard" in call(run, "write", path=".claude/settings.json")


@pytest.mark.parametrize(
    "given",
    [
        {"command": "echo x > src/billing.py"},
        {"cmd": ["bash", "-c", "sed -i s/a/b/ src/billing.py"]},
        {"shellCommand": "cd src && rm billing.py", "timeout": 3},
        {"command": ["tee"], "args": ["src/billing.py"]},
    ],
)
def test_a_command_for_a_shell_is_judged_as_one(run: ScratchRun, given: dict[str, Any]) -> None:
    assert "is held by agent a2" in call(run, "execute", "a1", **given)
    assert call(run, "execute", "a1", command="cat src/billing.py | wc -l") == ""


def test_what_is_let_through_is_looked_at_afterwards(run: ScratchRun) -> None:
    assert call(run, "execute_code", code="open('src/billing.py','w')") == ""
    (flight,) = flights.flights(str(run.folder))
    assert flight.tool == "mcp__server__execute_code"
    assert {w.task for w in flight.watched} == {"billing", "auth"}


def test_a_denial_is_logged_with_the_tool(run: ScratchRun) -> None:
    call(run, "write_file", "a1", path="src/billing.py")
    (line,) = run.log()
    assert (line["kind"], line["tool"]) == ("denied", "mcp__server__write_file")


def test_arguments_without_end_are_not_followed_without_end(run: ScratchRun) -> None:
    deep: Any = "src/billing.py"
    for _ in range(300):
        deep = [deep]
    assert "is held" in call(run, "transform", deep=deep)
    assert call(run, "transform", many=["x/y"] * 100_000) == ""
