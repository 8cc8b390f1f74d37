"""The user decides about a merge that stopped: in a form of either protocol, or at a terminal."""

from __future__ import annotations

from typing import Literal

import pytest
from command_line import at_terminal
from git_scratch import git
from mcp_calls import ERAS, Era, User, connected
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.server import TasksServer

from merges.bench import Bench


@pytest.fixture
def server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(bench.root))
    return build()


def conflicting(bench: Bench) -> None:
    bench.begin("one", "two", files={"one": ("one.txt", "both.txt")})
    early = bench.claim_early("two")
    bench.complete("one", {"one.txt": "1\n", "both.txt": "one\n"})
    bench.complete_late(early, {"two.txt": "2\n", "both.txt": "two\n"})


def failing(bench: Bench) -> None:
    bench.begin("one", "two", "three", bad="two")
    bench.complete_all("one", "two", "three")


@pytest.mark.parametrize("era", ERAS)
async def test_a_conflict_is_put_before_the_user_with_both_sides_and_the_choices(
    server: TasksServer, bench: Bench, era: Era
) -> None:
    conflicting(bench)
    user = User(choice="leave_out")
    async with connected(server, era, user) as calls:
        done = await calls.ok("merge_branches")
    assert (done["merged"], done["left_out"]) == (["one"], ["two"])
    (asked,) = user.asked
    for said in ("Do one", "Do two", "both.txt", "<<<<<<<", "leave_out: leave two out"):
        assert said in asked
    (schema,) = user.schemas
    choices = ["leave_out", "later", "agent", "give_up"]
    assert schema["properties"]["choice"]["enum"] == choices
    assert schema["properties"]["choice"]["default"] == "give_up"


@pytest.mark.parametrize("era", ERAS)
async def test_a_failing_check_is_run_once_however_many_rounds_the_form_takes(
    server: TasksServer, bench: Bench, era: Era
) -> None:
    failing(bench)
    before = bench.runs
    user = User(choice="later")
    async with connected(server, era, user) as calls:
        done = await calls.ok("merge_branches")
    assert "Task two (Do two) fails alone" in user.asked[0]
    assert done["reopened"] == ["two"]
    assert "start a worker" in done["next_step"]
    assert bench.runs - before <= 7
    assert f"run {bench.runs - before} times" in user.asked[0]
    assert bench.files() == {"one.txt", "three.txt"}


@pytest.mark.parametrize("era", ERAS)
async def test_an_agent_gets_the_users_instructions_once_the_user_approves_the_change(
    server: TasksServer, bench: Bench, era: Era
) -> None:
    conflicting(bench)
    main = bench.main()
    async with connected(server, era, User(choice="agent", instructions="keep both")) as calls:
        done = await calls.ok("merge_branches")
        assert bench.main() == main
        assert "approve_plan" in done["next_step"]
    async with connected(server, era, User(approve=True)) as calls:
        await calls.ok("approve_plan", plan_id=done["proposal"])
        claimed = await calls.ok("claim_task", agent="w1", task_id="settle-two")
    assert "keep both" in claimed["instructions"]
    assert "git -c rerere.enabled=false merge" in claimed["instructions"]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_no_answer_changes_nothing_and_says_what_there_is_to_choose(
    server: TasksServer, bench: Bench, era: Era, action: Literal["decline", "cancel"]
) -> None:
    conflicting(bench)
    main = bench.main()
    async with connected(server, era, User(action)) as calls:
        text = await calls.refused("merge_branches")
    assert text.startswith("[merge_conflict]")
    assert '`leave_out: ["two"]`' in text
    assert bench.main() == main


@pytest.mark.parametrize("era", ERAS)
async def test_a_form_sent_off_as_it_is_gives_up(
    server: TasksServer, bench: Bench, era: Era
) -> None:
    conflicting(bench)
    async with connected(server, era, User()) as calls:
        text = await calls.refused("merge_branches")
    assert text.startswith("[merge_given_up]")


@pytest.mark.parametrize("era", ERAS)
async def test_where_no_form_can_be_shown_the_refusal_has_the_choices(
    server: TasksServer, bench: Bench, era: Era
) -> None:
    failing(bench)
    async with connected(server, era) as calls:
        text = await calls.refused("merge_branches")
    assert text.startswith("[check_failed]")
    assert '`leave_out: ["two"]`' in text


async def test_a_choice_that_was_not_offered_is_no_answer(
    server: TasksServer, bench: Bench
) -> None:
    conflicting(bench)
    async with connected(server, user=User(choice="prefix")) as calls:
        text = await calls.refused("merge_branches")
    assert text.startswith("[bad_answer]")


async def test_a_dry_run_asks_nobody_and_shows_the_stop(server: TasksServer, bench: Bench) -> None:
    conflicting(bench)
    user = User(choice="leave_out")
    async with connected(server, user=user) as calls:
        shown = await calls.ok("merge_branches", dry_run=True)
    assert user.asked == []
    assert shown["stop"]["reason"] == "merge_conflict"
    assert shown["stop"]["tasks"] == ["two", "one"]
    assert "leave_out" in {c["choice"] for c in shown["stop"]["choices"]}


async def test_a_base_that_fails_is_told_before_agents_start(
    server: TasksServer, bench: Bench
) -> None:
    plan_id = bench.begin("one", bad="README")
    bench.coordinator.end()
    git(bench.root, "mv", "README.md", "README.txt")
    git(bench.root, "commit", "--quiet", "--message", "broken")
    task = {"id": "x", "title": "X", "instructions": "x", "files": ["x.txt"]}
    other = {"id": "y", "title": "Y", "instructions": "y", "files": ["y.txt"]}
    async with connected(server, user=User(approve=True, strategy="files")) as calls:
        proposed = await calls.ok("propose_plan", goal="G", tasks=[task], check=bench.check)
        assert proposed["plan_id"] != plan_id
        approved = await calls.ok("approve_plan", plan_id=proposed["plan_id"])
        assert proposed["advice"]["rule"] != "base_red"  # not known before the first approval
        bench.coordinator.end()
        again = await calls.ok("propose_plan", goal="H", tasks=[task, other], check=bench.check)
        others = await calls.ok("propose_plan", goal="H", tasks=[task, other], check="true")
    assert "README cannot be together" in approved["base_check"]
    assert (again["advice"]["kind"], again["advice"]["rule"]) == ("sequential", "base_red")
    assert others["advice"]["rule"] != "base_red"
    assert approved["next_step"].startswith("First tell the user")


# ---------------------------------------------------------------------- at a terminal


def test_at_a_terminal_the_user_is_asked_and_the_choice_is_done(bench: Bench) -> None:
    failing(bench)
    with at_terminal("merge", cwd=bench.root) as screen:
        screen.wait_for("Merge into main? [y/N]")
        screen.type("y\n")
        screen.wait_for("Task two (Do two) fails alone")
        screen.wait_for("What now? Enter gives up")
        screen.type("leave_out\n")
        screen.wait_for("Merged 2 tasks into main")
        assert screen.end() == 0
    assert bench.files() == {"one.txt", "three.txt"}


def test_at_a_terminal_an_agent_is_given_the_instructions_and_the_plan_is_approved(
    bench: Bench,
) -> None:
    conflicting(bench)
    with at_terminal("merge", cwd=bench.root) as screen:
        screen.wait_for("What now? Enter gives up")
        screen.type("agent\n")
        screen.wait_for("What should the result be?")
        screen.type("Both lines, One first\n")
        screen.wait_for("settles the conflict of one, two")
        screen.wait_for("Approve plan")
        screen.type("y\n")
        screen.wait_for("Agents can claim the new task now")
        assert screen.end() == 0
    assert "Both lines, One first" in bench.claim_instructions("settle-two")


def test_at_a_terminal_enter_gives_up(bench: Bench) -> None:
    conflicting(bench)
    with at_terminal("merge", cwd=bench.root) as screen:
        screen.wait_for("What now? Enter gives up")
        screen.type("\n")
        screen.wait_for("[merge_given_up]")
        assert screen.end() == 4
