"""The server `tasks` as a client meets it: the whole road, and every refusal as readable text."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import anyio
import pytest
from git_scratch import commit, git, write
from mcp import Client, StdioServerParameters
from mcp_calls import ERAS, Calls, Era, User, connected, independent, refusal, start_run, task
from parallel_agents import __version__
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import BadInput
from parallel_agents.mcp_server import build, claim_tools, serve
from parallel_agents.mcp_server.desk import Desk
from parallel_agents.mcp_server.server import TasksServer
from parallel_agents.store.lock import FileLock

ONE = [task("one")]
SERVE = (sys.executable, "-c", "from parallel_agents.mcp_server import serve; serve()")


@pytest.fixture
def server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
    """A server whose client was started in `repository`."""
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repository))
    return build()


# ---------------------------------------------------------------------- the road


@pytest.mark.parametrize("era", ERAS)
async def test_a_run_goes_from_plan_to_merge(
    server: TasksServer, repository: Path, era: Era
) -> None:
    user = User(approve=True, strategy="worktree")
    tasks = [task("first", check="test -f first.txt"), task("second", depends_on=["first"])]
    async with connected(server, era, user) as calls:
        proposed = await calls.ok("propose_plan", goal="Two files", tasks=tasks, check="true")
        assert proposed["graph"]["waves"] == [["first"], ["second"]]
        assert proposed["plan_id"] in proposed["next_step"]
        approved = await calls.ok("approve_plan", plan_id=proposed["plan_id"])
        assert (approved["strategy"], approved["again"]) == ("worktree", False)

        for name in ("first", "second"):
            held = await calls.ok("claim_task", agent="w1")
            assert held["task_id"] == name
            tree = Path(held["workdir"])
            assert git(tree, "branch", "--show-current") == held["branch"]
            commit(tree, {f"{name}.txt": "done\n"})
            ended = await calls.ok(
                "release_task",
                task_id=name,
                token=held["token"],
                outcome="completed",
                summary="Written.",
                agent="w1",
            )
            assert ended["commit"] == git(tree, "rev-parse", "HEAD")
            assert ("check" in ended) == (name == "first")

        status = await calls.ok("list_status")
        assert status["progress"] == "2 completed / 2 total (0 in progress, 0 failed)"
        assert status["completed"] == ["first", "second"]
        trial = await calls.ok("merge_branches", dry_run=True)
        assert trial["merged"] == ["first", "second"]
        assert not (repository / "first.txt").exists()
        merged = await calls.ok("merge_branches")
        assert merged["archived"]
        assert merged["check"]["exit_code"] == 0
    assert (repository / "second.txt").read_text() == "done\n"


async def test_a_claim_says_all_that_its_agent_must_know(server: TasksServer) -> None:
    await start_run(server, [task("one", "a.txt", "b/**", check="true", reads=["c/*.h"])])
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        again = await calls.ok("claim_task", agent="w1", task_id="one")
    assert held["claimed"]
    assert held["files"] == ["a.txt", "b/**"]
    assert held["reads"] == ["c/*.h"]
    assert (held["title"], held["instructions"]) == ("Title of one", "Do one.")
    assert (held["check"], held["strategy"], held["failures"]) == ("true", "files", 0)
    assert held["deadline"].endswith("Z")
    assert f'"token": {held["token"]}' in held["calls"]["completed"]
    assert again["token"] == held["token"]
    assert again["again"]


async def test_a_failed_task_goes_to_another_agent_and_then_waits_for_the_user(
    server: TasksServer,
) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        for agent, state in (("w1", "failed"), ("w2", "blocked")):
            held = await calls.ok("claim_task", agent=agent)
            failed = await calls.ok(
                "fail_task",
                task_id="one",
                token=held["token"],
                reason=f"{agent} cannot",
                agent=agent,
            )
            assert failed["state"] == state
        assert held["last_failure"] == "w1 cannot"
        nothing = await calls.ok("claim_task", agent="w3")
    assert not nothing["claimed"]
    assert (nothing["reason"], nothing["finished"]) == ("only_blocked", True)


async def test_a_claim_can_grow_and_be_given_back(server: TasksServer) -> None:
    await start_run(server, [*ONE, task("two")])
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1", task_id="one")
        mine = {"task_id": "one", "token": held["token"], "agent": "w1"}
        grown = await calls.ok("extend_claim", **mine, files=["more/**"])
        assert grown["added"] == ["more/**"]
        assert grown["files"] == ["one.txt", "more/**"]
        text = await calls.refused("extend_claim", **mine, files=["two.txt"])
        assert text.startswith("[files_of_a_task]")
        returned = await calls.ok("release_task", **mine, outcome="returned", summary="No time.")
        assert returned["outcome"] == "returned"
        once_more = await calls.ok("release_task", **mine, outcome="returned", summary="No time.")
        assert once_more["again"]


async def test_the_branch_strategy_tells_the_branch_and_no_work_tree(
    server: TasksServer, repository: Path
) -> None:
    await start_run(server, ONE, strategy="branch")
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        assert "workdir" not in held
        assert held["branch"] in held["next_step"]
        git(repository, "switch", "--quiet", held["branch"])
        made = commit(repository, {"one.txt": "done\n"})
        git(repository, "switch", "--quiet", "main")
        ended = await calls.ok(
            "release_task",
            task_id="one",
            token=held["token"],
            outcome="completed",
            summary="Written.",
            agent="w1",
        )
    assert ended["commit"] == made


async def test_without_detail_a_status_only_names_quiet_tasks(server: TasksServer) -> None:
    await start_run(server, [*independent(3), task("late", depends_on=["t0"])])
    async with connected(server) as calls:
        await calls.ok("claim_task", agent="w1", task_id="t0")
        short = await calls.ok("list_status")
        full = await calls.ok("list_status", detail=True)
    assert [t["id"] for t in short["tasks"]] == ["t0"]
    assert short["ready"] == ["t1", "t2"]
    assert short["waiting"] == ["late"]
    assert [t["id"] for t in full["tasks"]] == ["t0", "t1", "t2", "late"]


async def test_32_agents_on_four_connections_get_32_different_tasks(server: TasksServer) -> None:
    await start_run(server, independent(40))
    held: list[dict[str, Any]] = []

    async def claim(calls: Calls, name: str) -> None:
        held.append(await calls.ok("claim_task", agent=name))

    async with (
        connected(server) as a,
        connected(server) as b,
        connected(server, "legacy") as c,
        connected(server, "legacy") as d,
        anyio.create_task_group() as agents,
    ):
        for n in range(32):
            agents.start_soon(claim, (a, b, c, d)[n % 4], f"w{n}")
    assert len({h["task_id"] for h in held}) == 32
    assert len({h["token"] for h in held}) == 32
    assert all(h["claimed"] and not h["again"] for h in held)


async def test_a_claim_that_has_to_wait_for_the_store_keeps_no_other_call_waiting(
    server: TasksServer, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_run(server, independent(3))
    held: list[dict[str, Any]] = []

    async def claim(calls: Calls, name: str) -> None:
        held.append(await calls.ok("claim_task", agent=name))

    async with connected(server) as calls:
        await claim(calls, "w0")  # the repository and the session are known after it
        with anyio.fail_after(60):
            async with anyio.create_task_group() as agents:
                with FileLock(repository / "_tasks" / ".lock", 0.0).held():
                    agents.start_soon(claim, calls, "w1")
                    assert len((await calls.client.list_tools()).tools) == 9
                    assert len(held) == 1
        monkeypatch.setattr(Desk, "do", None)  # with the lock free no thread is needed
        await claim(calls, "w2")
        await claim(calls, "w2")
    assert [h["again"] for h in held] == [False, False, False, True]
    assert len({h["task_id"] for h in held}) == 3


async def test_a_claim_that_waits_gets_what_becomes_free(
    server: TasksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_tools, "LOOK_AGAIN", 0.01)
    await start_run(server, ONE)
    waiting = anyio.Event()
    looked = claim_tools._claim
    got: list[dict[str, Any]] = []

    async def look(*arguments: Any) -> Any:
        reply = await looked(*arguments)
        if not reply.claimed:
            waiting.set()
        return reply

    monkeypatch.setattr(claim_tools, "_claim", look)

    async with connected(server) as calls:

        async def wait() -> None:
            got.append(await calls.ok("claim_task", agent="w2", wait=60))

        held = await calls.ok("claim_task", agent="w1")
        async with anyio.create_task_group() as other:
            other.start_soon(wait)
            with anyio.fail_after(30):
                await waiting.wait()
                await calls.ok(
                    "release_task",
                    task_id="one",
                    token=held["token"],
                    outcome="returned",
                    summary="Yours.",
                    agent="w1",
                )
    assert got[0]["task_id"] == "one"
    assert got[0]["token"] > held["token"]


@pytest.mark.parametrize("task_id", ["", "one"])
async def test_a_claim_that_may_not_wait_longer_says_whom_it_waits_for(
    server: TasksServer, task_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_tools, "LOOK_AGAIN", 0.01)
    await start_run(server, ONE)
    async with connected(server) as calls:
        await calls.ok("claim_task", agent="w1")
        if task_id:
            text = await calls.refused("claim_task", agent="w2", task_id=task_id, wait=1)
            assert text.startswith("[held] Task one is held by w1")
        else:
            nothing = await calls.ok("claim_task", agent="w2", wait=1)
            assert nothing["reason"] == "waiting"
            assert nothing["waiting_on"] == ["one"]


async def test_a_claim_does_not_wait_for_what_never_comes(server: TasksServer) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        done = {"task_id": "one", "token": held["token"], "agent": "w1"}
        write(Path(held["workdir"]), {"one.txt": "done\n"})
        await calls.ok("release_task", **done, outcome="completed", summary="Written.")
        with anyio.fail_after(30):
            nothing = await calls.ok("claim_task", agent="w1", wait=60)
    assert (nothing["reason"], nothing["finished"]) == ("all_done", True)


# ---------------------------------------------------------------------- repositories


def initialise(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *options)
    return folder


@pytest.mark.parametrize("tool", ["list_status", "claim_task", "merge_branches"])
async def test_a_server_outside_any_repository_starts_and_refuses(
    tmp_path: Path, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAUDE_PROJECT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    more = {"agent": "w1"} if tool == "claim_task" else {}
    assert (await refusal(build(), tool, **more)).startswith("[no_repository]")


@pytest.mark.parametrize("kind", ["bare", "empty"])
async def test_a_repository_that_cannot_carry_a_run_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = initialise(tmp_path / kind, *(["--bare"] if kind == "bare" else []))
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(folder))
    text = await refusal(build(), "propose_plan", goal="Goal", tasks=ONE)
    assert text.startswith(f"[{kind}_repository]")


async def test_a_path_with_spaces_and_umlauts_carries_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = initialise(tmp_path / "größere Übung" / "mein repo")
    commit(folder, {"a b.txt": "x\n"})
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(folder))
    server = build()
    await start_run(server, [task("one", "ä ö.txt")], strategy="worktree")
    async with connected(server) as calls:
        held = await calls.ok("claim_task", agent="w1")
        commit(Path(held["workdir"]), {"ä ö.txt": "done\n"})
        ended = await calls.ok(
            "release_task",
            task_id="one",
            token=held["token"],
            outcome="completed",
            summary="Geschrieben.",
            agent="w1",
        )
    assert ended["commit"]


async def test_the_repository_is_found_from_the_project_or_else_from_where_the_caller_is(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = repository / "deep" / "down"
    inside.mkdir(parents=True)
    monkeypatch.chdir(outside)
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(inside))
    server = build()
    await start_run(server, ONE)
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(outside))
    async with connected(server) as calls:
        assert (await calls.refused("list_status")).startswith("[no_repository]")
        found = await calls.ok("list_status", cwd=str(inside))
    assert found["counts"]["total"] == 1
    assert (repository / "_tasks").is_dir()


# ---------------------------------------------------------------------- defects, serving


async def test_a_defect_is_readable_and_leaves_its_traceback_in_the_log(
    server: TasksServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("the spoon")

    monkeypatch.setattr(Coordinator, "status", broken)
    monkeypatch.setattr(Coordinator, "merge", broken)
    looked = await refusal(server, "list_status")
    assert looked.startswith("[internal] list_status failed by a defect of parallel-agents")
    assert "KeyError: 'the spoon'" in looked
    assert "Nothing was changed." in looked
    assert "Nothing was changed." not in await refusal(server, "merge_branches")
    assert "the spoon" in caplog.text
    assert "Traceback" in caplog.text


def test_only_this_machine_is_served_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput) as refused:
        serve(("0.0.0.0", 8000))
    assert refused.value.code == "not_loopback"
    served: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        TasksServer, "run", lambda _, *how, **where: served.append((*how, *where.values()))
    )
    serve(("127.0.0.1", 8000))
    assert served == [("streamable-http", "127.0.0.1", 8000)]


@pytest.mark.parametrize("goodbye", [signal.SIGINT, signal.SIGTERM, None])
def test_a_process_ends_at_once_and_quietly_when_the_client_goes(
    goodbye: signal.Signals | None,
) -> None:
    hello = (
        b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": '
        b'"2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}\n'
    )
    with subprocess.Popen(SERVE, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(hello)
        process.stdin.flush()
        assert b'"tasks"' in process.stdout.readline()
        if goodbye:
            process.send_signal(goodbye)
        else:
            process.stdin.close()
            process.stdin = None
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == (-goodbye if goodbye else 0)
    assert complaint == b""


@pytest.mark.parametrize("era", ERAS)
async def test_a_process_serves_on_standard_input_and_output(repository: Path, era: Era) -> None:
    process = StdioServerParameters(
        command=SERVE[0],
        args=list(SERVE[1:]),
        env={**os.environ, "CLAUDE_PROJECT_DIR": str(repository)},
    )
    user = User(approve=True, strategy="files")
    async with Client(process, mode=era, elicitation_callback=user) as client:
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("tasks", __version__)
        calls = Calls(client)
        proposed = await calls.ok("propose_plan", goal="Goal", tasks=ONE)
        await calls.ok("approve_plan", plan_id=proposed["plan_id"])
        assert (await calls.ok("claim_task", agent="w1"))["task_id"] == "one"
        assert (await calls.refused("claim_task")).startswith("[who_calls]")


def test_loading_the_server_does_not_load_what_only_calls_need() -> None:
    program = "import sys, parallel_agents.mcp_server; print(*sys.modules)"
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "parallel_agents.planfile" in loaded
    assert not loaded & {"git", "filelock", "parallel_agents.coordinator", "rich"}


async def test_a_client_that_asks_for_it_is_told_how_far_the_comparison_is(
    server: TasksServer,
) -> None:
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with connected(server) as calls:
        arguments = {"goal": "Goal", "tasks": ONE}
        result = await calls.client.call_tool("propose_plan", arguments, progress_callback=hear)
    assert not result.is_error
    assert told[0] == "reading the repository"
