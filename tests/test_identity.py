"""Who calls is what the client says, and who need not ask the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from parallel_agents.guard import identity
from parallel_agents.guard.event import Event
from scratch_run import MAIN, SESSION, ScratchRun

TOOLS = "mcp__plugin_parallel-agents_tasks__"


def signed(run: ScratchRun, tool: str, agent: str | None = "a1", **given: Any) -> dict[str, Any]:
    answer = identity.signed(Event(run.event(agent, TOOLS + tool, **given)))
    found: dict[str, Any] = answer["hookSpecificOutput"]
    assert found["hookEventName"] == "PreToolUse"
    return found


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    return ScratchRun(repository)


def test_the_caller_is_filled_in_and_the_rest_is_kept(run: ScratchRun) -> None:
    files = ["a.py", {"deep": [1, 2.5, None, True]}]
    assert signed(run, "extend_claim", task_id="auth", files=files)["updatedInput"] == {
        "task_id": "auth",
        "files": files,
        "agent": "a1",
        "session": SESSION,
        "cwd": str(run.root),
        "call": "toolu_1",
    }


def test_what_the_model_says_about_itself_is_overwritten(run: ScratchRun) -> None:
    lies = {"agent": "a2", "session": "other", "cwd": "/", "call": "toolu_2"}
    event = run.event("a1", TOOLS + "claim_task") | {"tool_input": lies}
    given = identity.signed(Event(event))["hookSpecificOutput"]["updatedInput"]
    assert given == {"agent": "a1", "session": SESSION, "cwd": str(run.root), "call": "toolu_1"}


def test_the_conversation_is_called_main(run: ScratchRun) -> None:
    assert signed(run, "claim_task", MAIN)["updatedInput"]["agent"] == "main"


@pytest.mark.parametrize(
    "tool",
    [
        "propose_plan",
        "approve_plan",
        "claim_task",
        "release_task",
        "extend_claim",
        "fail_task",
        "list_status",
    ],
)
def test_the_everyday_tools_do_not_ask_the_user(run: ScratchRun, tool: str) -> None:
    assert signed(run, tool)["permissionDecision"] == "allow"


@pytest.mark.parametrize("tool", ["merge_branches", "recover_task", "some_new_tool"])
def test_what_moves_branches_or_takes_work_away_asks_the_user(run: ScratchRun, tool: str) -> None:
    assert "permissionDecision" not in signed(run, tool)


@pytest.mark.parametrize(("dry_run", "asked"), [(True, False), (False, True), ("true", True)])
def test_only_a_dry_run_of_a_merge_does_not_ask(
    run: ScratchRun, dry_run: object, asked: bool
) -> None:
    assert ("permissionDecision" not in signed(run, "merge_branches", dry_run=dry_run)) is asked
