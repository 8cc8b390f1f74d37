"""All three strategies to the merge, through the tools and the command line as they are."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from git_scratch import commit, git, write
from mcp_calls import Calls, connected, start_run, task
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.server import TasksServer


@pytest.fixture
def server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
    """A server whose client was started in `repository`."""
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repository))
    return build()


@pytest.fixture
def pa(capsys: pytest.CaptureFixture[str], repository: Path) -> CommandLine:
    return CommandLine(capsys, repository)


async def completed(calls: Calls, held: dict[str, Any], agent: str) -> dict[str, Any]:
    given = {"task_id": held["task_id"], "token": held["token"], "agent": agent}
    return await calls.ok("release_task", outcome="completed", summary="Done.", **given)


async def test_clones_of_a_shared_remote_do_what_the_claim_says(
    server: TasksServer, repository: Path, tmp_path: Path
) -> None:
    hub, clone = tmp_path / "hub.git", tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(hub))
    git(repository, "remote", "add", "origin", str(hub))
    git(repository, "fetch", "--quiet", "origin")
    git(repository, "branch", "--quiet", "--set-upstream-to=origin/main", "main")
    git(tmp_path, "clone", "--quiet", str(hub), str(clone))
    tasks = [task("a"), task("b"), task("c", depends_on=["a", "b"], check="cat a.txt b.txt c.txt")]
    await start_run(server, tasks, strategy="branch")
    async with connected(server) as calls:
        for name in ("a", "b", "c"):
            held = await calls.ok("claim_task", agent="w1")
            assert (held["task_id"], held["remote"]) == (name, "origin")
            # The commands stand in `next_step`, between backticks, in the order to run them.
            fetch, switch, push = (c.split() for c in held["next_step"].split("`")[1::2][:3])
            git(clone, *fetch[1:])
            git(clone, *switch[1:])
            commit(clone, {f"{name}.txt": name})
            text = await calls.refused(
                "release_task",
                task_id=name,
                token=held["token"],
                outcome="completed",
                summary="Done.",
                agent="w1",
            )
            assert text.startswith(("[not_pushed]", "[check_failed]"))
            git(clone, *push[1:])
            ended = await completed(calls, held, "w1")
            assert ended["commit"] == git(clone, "rev-parse", "HEAD")
        merged = await calls.ok("merge_branches")
    assert merged["merged"] == ["a", "b", "c"]
    assert {k["name"] for k in merged["kept"]} == {
        f"origin/{b}" for b in git(hub, "branch", "--format=%(refname:short)").split()[1:]
    }
    assert git(repository, "show", "main:c.txt") == "c"
    assert git(hub, "rev-parse", "main") == merged["old"]


async def test_a_status_warns_of_conflicts_and_of_work_in_the_wrong_place(
    server: TasksServer, repository: Path
) -> None:
    tasks = [task("one", "one.txt", "both.txt"), task("two")]
    await start_run(server, tasks, strategy="worktree")
    async with connected(server) as calls:
        other = await calls.ok("claim_task", task_id="two", agent="w2")
        held = await calls.ok("claim_task", agent="w1")
        commit(Path(held["workdir"]), {"both.txt": "from one\n"})
        write(repository, {"one.txt": "in the wrong place\n"})
        ended = await completed(calls, held, "w1")
        assert "one.txt changed" in ended["next_step"]
        grown = {"task_id": "two", "token": other["token"], "files": ["both.txt"], "agent": "w2"}
        await calls.ok("extend_claim", **grown)
        commit(Path(other["workdir"]), {"both.txt": "from two\n"})
        status = await calls.ok("list_status")
        [pair] = status["brewing"]
        assert (pair["one"], pair["other"], pair["paths"]) == ("one", "two", ["both.txt"])
        assert pair["holders"] == [other["agent"]]
        assert status["stray"] == {"paths": ["one.txt"], "commits": []}
        assert pair["what_to_do"] in status["next_step"]


def test_the_command_line_tells_how_a_clone_gets_the_branch_and_gives_it_back(
    pa: CommandLine, repository: Path, tmp_path: Path
) -> None:
    plan = pa.start(strategy="branch")
    said = pa("claim", "alpha", "--agent", "ada").out
    branch = f"parallel/{plan}/agent-1/alpha"
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    lines = [" ".join(line.split()) for line in said.splitlines()]
    [switch] = [line for line in lines if line.startswith("git switch")]
    assert any(line.startswith("get it git fetch ") for line in lines)
    git(clone, *switch.split()[1:])
    commit(clone, {"src/alpha.txt": "new\n"})
    git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    token = pa.done("claim", "--agent", "ada")["token"]
    pa.done("release", "alpha", "--agent", "ada", "--token", token)
    assert pa.done("merge", "--yes")["merged"] == ["alpha"]


def test_processes_that_claim_at_once_get_a_work_tree_each(
    pa: CommandLine, repository: Path
) -> None:
    many = 8  # 32 threads: test_places; a process costs a start of Python
    pa.start(
        "goal: G\ntasks:\n"
        + "".join(
            f"  - {{id: t{n}, title: T, instructions: I, files: [f{n}.txt]}}\n" for n in range(many)
        )
    )

    def claim(number: int) -> subprocess.CompletedProcess[str]:
        words = ("claim", "--agent", f"a{number}", "--json")
        program = (sys.executable, "-m", "parallel_agents")
        return subprocess.run(
            (*program, "-C", str(repository), *words), capture_output=True, text=True, check=False
        )

    with ThreadPoolExecutor(many) as pool:
        ran = list(pool.map(claim, range(many)))

    assert [r.stderr for r in ran if r.returncode] == []
    assert (
        git(repository, "worktree", "list", "--porcelain").count("locked parallel-agents") == many
    )
