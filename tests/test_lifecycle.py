"""What agents and sessions are told when they begin and when they end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from parallel_agents.guard import lifecycle
from parallel_agents.guard.event import Event
from scratch_run import MAIN, SESSION, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    run = ScratchRun(repository, "worktree")
    run.claim("auth", "src/auth.py", agent="a1", workdir=repository.parent / "agent-1")
    return run


def say(run: ScratchRun, hook: str, agent: str | None = "a1", **more: Any) -> dict[str, Any]:
    event = Event(run.event(agent) | more)
    return lifecycle.HOOKS[hook](event, run.runs().near()) or {}


def told(run: ScratchRun, hook: str, agent: str | None = "a1", **more: Any) -> str:
    return str(say(run, hook, agent, **more)["hookSpecificOutput"]["additionalContext"])


class TestStartOfAnAgent:
    def test_a_new_agent_is_told_who_it_is_and_the_loop(self, run: ScratchRun) -> None:
        text = told(run, "subagent-start", "a7")
        assert f"You are agent a7 of session {SESSION}" in text
        assert "run p12345678, strategy worktree" in text
        for tool in ("claim_task", "extend_claim", "release_task", "fail_task"):
            assert f"mcp__plugin_parallel-agents_tasks__{tool}" in text
        assert "Commit your work there" in text
        assert "You already hold" not in text

    def test_in_one_tree_agents_are_told_not_to_commit(self, repository: Path) -> None:
        assert "Do not commit" in told(ScratchRun(repository, "files"), "subagent-start", "a7")

    def test_an_agent_that_comes_back_is_reminded_of_its_claim(self, run: ScratchRun) -> None:
        text = told(run, "subagent-start", "a1")
        assert f"task `auth`, token 1, workdir {run.root.parent / 'agent-1'}" in text

    def test_without_a_run_nothing_is_said(self, run: ScratchRun) -> None:
        assert lifecycle.agent_starts(Event(run.event("a1")), []) is None


class TestEndOfATurn:
    def test_a_conversation_that_holds_a_claim_is_told_once(self, run: ScratchRun) -> None:
        run.claim("docs", "docs/a.md", agent="main")
        answer = say(run, "stop", MAIN, stop_hook_active=False)
        assert answer["decision"] == "block"
        assert "You still hold the claim on task `docs`" in answer["reason"]
        assert say(run, "stop", MAIN, stop_hook_active=True) == {}
        assert run.log() == []

    def test_a_conversation_without_a_claim_may_end_its_turn(self, run: ScratchRun) -> None:
        assert say(run, "stop", MAIN, stop_hook_active=False) == {}


class TestEndOfAnAgent:
    def test_a_holder_is_sent_back_once_with_what_to_do(self, run: ScratchRun) -> None:
        answer = say(run, "subagent-stop", stop_hook_active=False)
        assert answer["decision"] == "block"
        assert "You still hold the claim on task `auth`" in answer["reason"]
        assert 'release_task (task_id "auth", token 1, outcome completed)' in answer["reason"]
        assert "fail_task" in answer["reason"]
        assert run.log() == []

    def test_the_second_time_its_end_is_noted(self, run: ScratchRun) -> None:
        assert say(run, "subagent-stop", stop_hook_active=True) == {}
        (line,) = run.log()
        assert line["kind"] == "ended"
        assert line["agent"] == f"{SESSION}/a1"
        assert line["task"] == "auth"

    def test_the_note_of_its_end_is_no_sign_of_life(self, run: ScratchRun) -> None:
        say(run, "subagent-stop", stop_hook_active=True)
        assert os.listdir(run.folder / ".alive") == []

    @pytest.mark.parametrize("again", [True, False])
    def test_an_agent_without_a_claim_may_go(self, run: ScratchRun, again: bool) -> None:
        assert say(run, "subagent-stop", "a7", stop_hook_active=again) == {}
        assert run.log() == []

    def test_an_error_of_the_api_ends_it_too(self, run: ScratchRun) -> None:
        assert say(run, "stop-failure", error="overloaded") == {}
        (line,) = run.log()
        assert (line["kind"], line["agent"], line["task"]) == ("ended", f"{SESSION}/a1", "auth")
        assert os.listdir(run.folder / ".alive") == []

    def test_an_error_does_not_end_the_conversation(self, run: ScratchRun) -> None:
        run.claim("docs", "docs/a.md", agent="main")
        assert say(run, "stop-failure", MAIN, error="overloaded") == {}
        assert run.log() == []

    def test_an_agent_that_another_stops_has_ended(self, run: ScratchRun) -> None:
        given = {"tool_name": "TaskStop", "tool_input": {"task_id": "a1"}}
        assert say(run, "task-stop", MAIN, **given) == {}
        (line,) = run.log()
        assert (line["kind"], line["agent"], line["task"]) == ("ended", f"{SESSION}/a1", "auth")
        assert line["reason"] == "main stopped the agent, and it holds a claim"

    @pytest.mark.parametrize("given", [{"task_id": "b7"}, {"task_id": 1}, {}])
    def test_the_stop_of_anything_else_is_nobodys_end(
        self, run: ScratchRun, given: dict[str, Any]
    ) -> None:
        assert say(run, "task-stop", MAIN, tool_name="TaskStop", tool_input=given) == {}
        assert run.log() == []


class TestStartOfASession:
    def test_an_unfinished_run_is_announced_with_its_counts(self, run: ScratchRun) -> None:
        run.task("done", "x", state="completed")
        run.task("next", "y")
        run.task("bad", "z", state="failed")
        text = told(run, "session-start", MAIN)
        assert "1 completed / 4 total (1 in progress, 1 failed, 0 blocked)" in text
        assert "Next: call mcp__plugin_parallel-agents_tasks__list_status" in text

    def test_claims_of_sessions_that_are_over_are_named(self, run: ScratchRun) -> None:
        run.claim("gone", "src/gone.py", agent="a1", session="over")
        (run.folder / ".alive" / "over.session").touch()
        text = told(run, "session-start", MAIN)
        assert "sessions that are over: `gone`." in text
        assert "recover_task" in text

    def test_a_session_that_lives_is_not_called_over(self, run: ScratchRun) -> None:
        run.claim("busy", "src/busy.py", agent="a1", session="living")
        with session_lives(run, "living"):
            assert "over" not in told(run, "session-start", MAIN)

    def test_a_session_of_which_nothing_is_known_is_not_called_over(self, run: ScratchRun) -> None:
        run.claim("cli", "src/cli.py", agent="a1", session="unknown")
        assert "over" not in told(run, "session-start", MAIN)

    def test_a_finished_run_is_to_be_merged(self, repository: Path) -> None:
        run = ScratchRun(repository)
        run.task("done", "x", state="completed")
        assert "merge_branches with dry_run true" in told(run, "session-start", MAIN)


def test_the_end_of_a_session_is_noted_for_each_of_its_claims(run: ScratchRun) -> None:
    run.claim("other", "src/other.py", agent="a2")
    run.claim("theirs", "src/theirs.py", agent="a1", session="elsewhere")
    say(run, "session-end", MAIN)
    assert [(line["kind"], line["agent"], line["task"]) for line in run.log()] == [
        ("session_end", f"{SESSION}/a1", "auth"),
        ("session_end", f"{SESSION}/a2", "other"),
    ]


@contextmanager
def session_lives(run: ScratchRun, session: str) -> Iterator[None]:
    """What the server of a session does for as long as it lives."""
    with (run.folder / ".alive" / f"{session}.session").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
