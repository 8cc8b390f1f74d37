"""Bad input on every tool: a sentence with what is wrong and what to do, and nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp.types import RequestParamsMeta
from mcp_calls import connected, independent, refusal, start_run, task
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.server import TasksServer

ONE = [task("one")]


@pytest.fixture
def server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
    """A server whose client was started in `repository`."""
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repository))
    return build()


BAD_PLANS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a cycle": (
        {"tasks": [task("a", depends_on=["b"]), task("b", depends_on=["a"])]},
        "[cycle]",
        "b depends on a",
    ),
    "no files": ({"tasks": [{**task("a"), "files": []}]}, "[empty_files]", "Task a"),
    "a path that leads out": ({"tasks": [task("a", "../x")]}, "[bad_path]", "'../x'"),
    "no tasks": ({"tasks": []}, "[empty_plan]", "no tasks"),
    "a typo in a task": (
        {"tasks": [{**task("a"), "depends": ["b"]}]},
        "[unknown_key]",
        "`depends_on`",
    ),
    "a typo in the plan": (
        {"tasks": [task("a")], "max_agent": 2},
        "[unknown_key]",
        "`max_agents`",
    ),
    "a task that is no object": ({"tasks": ["a"]}, "[bad_value]", "task 1"),
    "a shell command": ({"tasks": [task("a")], "check": "a && b"}, "[bad_command]", "&&"),
    "an identity that is none": (
        {"tasks": [task("a")], "agent": "a b"},
        "[bad_argument]",
        "`agent`",
    ),
}


@pytest.mark.parametrize(("plan", "code", "names"), BAD_PLANS.values(), ids=BAD_PLANS)
async def test_a_bad_plan_is_refused_with_what_is_wrong(
    server: TasksServer, repository: Path, plan: dict[str, Any], code: str, names: str
) -> None:
    text = await refusal(server, "propose_plan", **{"goal": "Goal", **plan})
    assert text.startswith(code)
    assert names in text
    assert not (repository / "_tasks").exists()


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("claim_task", {"task_id": "thre"}),
        ("release_task", {"task_id": "thre", "token": 1, "outcome": "returned", "summary": "x"}),
        ("extend_claim", {"task_id": "thre", "token": 1, "files": ["a"]}),
        ("fail_task", {"task_id": "thre", "token": 1, "reason": "x"}),
        ("recover_task", {"task_id": "thre", "to": "available"}),
        ("merge_branches", {"only": ["thre"]}),
        ("merge_branches", {"leave_out": ["thre"]}),
    ],
)
async def test_an_unknown_task_is_named_with_the_nearest_one(
    server: TasksServer, tool: str, arguments: dict[str, Any]
) -> None:
    await start_run(server, [task("three")])
    text = await refusal(server, tool, **arguments, agent="w1")
    assert text.startswith("[unknown_task]")
    assert "did you mean three?" in text


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("release_task", {"outcome": "completed", "summary": "x"}),
        ("release_task", {"outcome": "returned", "summary": "x"}),
        ("extend_claim", {"files": ["a"]}),
        ("fail_task", {"reason": "x"}),
    ],
)
async def test_a_stale_token_changes_nothing(
    server: TasksServer, tool: str, more: dict[str, Any]
) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        stale = {"task_id": "one", "token": held["token"] + 1, "agent": "w1"}
        text = await calls.refused(tool, **stale, **more)
        assert text.startswith("[stale_token]")
        theirs = {"task_id": "one", "token": held["token"], "agent": "w2"}
        text = await calls.refused(tool, **theirs, **more)
        assert text.startswith("[not_your_claim] Task one is held by w1")
        assert (await calls.ok("list_status"))["rev"] == held["rev"]


async def test_an_extension_by_nothing_or_out_of_the_repository_is_refused(
    server: TasksServer,
) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        mine = {"task_id": "one", "token": held["token"], "agent": "w1"}
        assert (await calls.refused("extend_claim", **mine, files=[])).startswith("[empty_files]")
        assert "'..'" in await calls.refused("extend_claim", **mine, files=["../x"])


async def test_completion_without_work_says_what_is_missing(server: TasksServer) -> None:
    await start_run(server, ONE, strategy="worktree")
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        text = await calls.refused(
            "release_task",
            task_id="one",
            token=held["token"],
            outcome="completed",
            summary="Done!",
            agent="w1",
        )
    assert text.startswith("[nothing_done]")


BAD_CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a typo": (
        "claim_task",
        {"task": "one"},
        "[unknown_argument] claim_task has no argument `task`; did you mean `task_id`? "
        "Next: pass only task_id, wait.",
    ),
    "a typo of what is needed": (
        "fail_task",
        {"task_id": "one", "token": 1, "reson": "x"},
        "[unknown_argument] fail_task has no argument `reson`; did you mean `reason`? "
        "Next: pass only task_id, token, reason.",
    ),
    "something missing": (
        "fail_task",
        {"task_id": "one", "token": 1},
        "[missing_argument] fail_task needs `reason`. "
        "Next: pass `reason`: Why, for whoever tries the task next.",
    ),
    "a word for a number": (
        "fail_task",
        {"task_id": "one", "token": "x", "reason": "x"},
        '[bad_argument] `token` must be a whole number, but it is "x". '
        "Next: correct `token`: The claim's token, as claim_task or list_status gave it.",
    ),
    "a number for a list": (
        "extend_claim",
        {"task_id": "one", "token": 1, "files": 3},
        "[bad_argument] `files` must be a list, but it is 3. "
        "Next: correct `files`: Paths or globs to add, relative to the repository root.",
    ),
    "a number in a list": (
        "extend_claim",
        {"task_id": "one", "token": 1, "files": ["a", 3]},
        "[bad_argument] `files`, item 2, must be text, but it is 3. ",
    ),
    "an outcome there is not": (
        "release_task",
        {"task_id": "one", "token": 1, "outcome": "done", "summary": "x"},
        "[bad_argument] `outcome` must be 'completed' or 'returned', but it is \"done\". ",
    ),
    "nothing to say": (
        "fail_task",
        {"task_id": "one", "token": 1, "reason": ""},
        "[bad_argument] `reason` is empty. ",
    ),
    "too much to say": (
        "fail_task",
        {"task_id": "one", "token": 1, "reason": "x" * 2001},
        "[bad_argument] `reason` has 2001 characters, and at most 2000 fit. ",
    ),
    "too long a wait": (
        "claim_task",
        {"wait": 61},
        "[bad_argument] `wait` must be at most 60, but it is 61. ",
    ),
    "a token that was never": (
        "fail_task",
        {"task_id": "one", "token": 0, "reason": "x"},
        "[bad_argument] `token` must be at least 1, but it is 0. ",
    ),
    "maybe": (
        "merge_branches",
        {"dry_run": "maybe"},
        '[bad_argument] `dry_run` must be true or false, but it is "maybe". ',
    ),
    "too many files": (
        "extend_claim",
        {"task_id": "one", "token": 1, "files": ["a"] * 201},
        "[bad_argument] `files` has more than 200 items. ",
    ),
    "two mistakes": (
        "claim_task",
        {"agnt": "w1", "wait": -1},
        "[unknown_argument] claim_task has no argument `agnt`; did you mean `agent`? "
        "`wait` must be at least 0, but it is -1. ",
    ),
}


@pytest.mark.parametrize(("tool", "arguments", "text"), BAD_CALLS.values(), ids=BAD_CALLS)
async def test_bad_arguments_are_refused_in_plain_words(
    server: TasksServer, tool: str, arguments: dict[str, Any], text: str
) -> None:
    said = await refusal(server, tool, **arguments)
    assert said.startswith(text)
    assert "pydantic" not in said


async def test_a_tool_that_is_not_there_is_refused_with_those_that_are(server: TasksServer) -> None:
    text = await refusal(server, "claim_tasks")
    assert text.startswith("[unknown_tool] There is no tool 'claim_tasks'.")
    assert "claim_task," in text


# ---------------------------------------------------------------------- who calls


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("claim_task", {}),
        ("release_task", {"task_id": "one", "token": 1, "outcome": "returned", "summary": "x"}),
        ("extend_claim", {"task_id": "one", "token": 1, "files": ["a"]}),
        ("fail_task", {"task_id": "one", "token": 1, "reason": "x"}),
    ],
)
async def test_an_agent_that_nobody_names_is_asked_who_it_is(
    server: TasksServer, tool: str, arguments: dict[str, Any]
) -> None:
    text = await refusal(server, tool, **arguments)
    assert text.startswith(f"[who_calls] {tool} does not know who calls")
    assert "`agent`" in text


async def test_who_the_hook_names_is_verified_and_who_names_itself_is_not(
    server: TasksServer,
) -> None:
    await start_run(server, independent(4))
    signed: dict[str, Any] = {"agent": "a1", "session": "s1", "cwd": "", "call": "toolu_1"}
    known = RequestParamsMeta({"claudecode/toolUseId": "toolu_1"})  # type: ignore[typeddict-unknown-key]
    async with connected(server) as calls:
        hooked = await calls.client.call_tool("claim_task", signed, meta=known)
        assert hooked.structured_content is not None
        assert hooked.structured_content["verified"]
        assert hooked.structured_content["agent"] == "s1/a1"
        assert '"agent"' not in hooked.structured_content["calls"]["completed"]
        forged = await calls.ok("claim_task", **{**signed, "agent": "a2", "call": "toolu_2"})
        assert not forged["verified"]
        alone = await calls.ok("claim_task", agent="w1")
        other = await calls.ok("claim_task", agent="w2")
    assert not alone["verified"]
    session = alone["agent"].partition("/")[0]
    assert session.startswith("mcp-")
    assert other["agent"] == f"{session}/w2"
    assert f'"session": "{session}"' in alone["calls"]["completed"]


async def test_a_session_that_called_is_shown_to_live(
    server: TasksServer, repository: Path
) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        await calls.ok("claim_task", agent="w1", session="s1")
    assert (repository / "_tasks" / ".alive" / "s1.session").exists()
