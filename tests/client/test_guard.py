"""Nobody writes a held file in the real client: whatever the tool, whoever the agent.

One session under bypassPermissions. A worker holds a file; everybody else tries to write it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from client.project import PLAN, begin
from client.session import PATIENCE, World, bash, ours, worker, write
from client.standin_api import BROKEN, Call, Conversation, Result, Shown, prompt

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("client: guard")]

SERVER = Path(__file__).with_name("files_server.py")
GENERATOR = """\
name = bytes(byte ^ 1 for byte in b"rsb.csd`e/uyu").decode()
open(name, "w").write("generated\\n")
"""
"""A program of which nobody can tell in advance that it writes src/bread.txt."""


@dataclass
class Guarded:
    """What became of each try, by its name."""

    repository: Path
    world: World
    results: dict[str, Result] = field(default_factory=dict)
    heard: str = ""
    """What the holder was told after its file was overwritten."""
    told: str = ""
    """What came with the result of the program that overwrote it."""
    started: dict[str, str] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)
    holding: threading.Event = field(default_factory=threading.Event)
    tried: threading.Event = field(default_factory=threading.Event)
    heard_it: threading.Event = field(default_factory=threading.Event)

    @property
    def held(self) -> Path:
        return self.repository / "src" / "bread.txt"

    def main(self, _: Shown) -> Conversation:
        shown = yield worker("holder")
        assert self.holding.wait(PATIENCE)
        yield from self.tries("main")
        mcp = "mcp__files__"
        given = {"path": str(self.held), "content": "by another server\n"}
        shown = yield Call(f"{mcp}write_file", given)
        self.results["mcp write"] = shown.result
        shown = yield Call(f"{mcp}read_file", {"path": str(self.held)})
        self.results["mcp read"] = shown.result
        free = {"path": str(self.repository / "free.txt"), "content": "free\n"}
        shown = yield Call(f"{mcp}write_file", free)
        self.results["mcp free"] = shown.result
        passing = {"description": "Pass by", "subagent_type": "general-purpose"}
        foreground = {**passing, "prompt": prompt("foreground"), "run_in_background": False}
        yield Call("Agent", foreground)
        shown = yield Call("Agent", {**passing, "prompt": prompt("background")})
        while "background" not in self.results or "write by background" not in self.results:
            shown = yield "Waiting."
        shown = yield bash(f"{sys.executable} generator.py")
        self.told = shown.text
        self.tried.set()
        assert self.heard_it.wait(PATIENCE)
        yield Call("TaskStop", {"task_id": self.started["holder"]})
        yield worker("broken")
        deadline = time.monotonic() + PATIENCE
        while not any(line["task"] == "soup" for line in self.noted("ended")):
            assert time.monotonic() < deadline
            threading.Event().wait(0.05)  # only the client can tell when it has run the hook
        self.kill_interpreters()
        shown = yield write(self.repository / "killed.txt", "x")
        self.results["killed"] = shown.result

    def tries(self, name: str) -> Generator[Call, Shown, None]:
        shown = yield write(self.held, f"by {name}\n")
        self.results[f"write by {name}"] = shown.result
        shown = yield bash(f"echo by {name} > src/bread.txt")
        self.results[f"command by {name}"] = shown.result

    def foreground(self, _: Shown) -> Conversation:
        yield from self.tries("foreground")
        self.results["foreground"] = Result("", False)

    def background(self, _: Shown) -> Conversation:
        yield from self.tries("background")
        self.results["background"] = Result("", False)

    def holder(self, shown: Shown) -> Conversation:
        self.started["holder"] = str(shown.agent)
        self.heard = shown.text
        shown = yield ours("claim_task", task_id="bread")
        self.claims.append(shown.values["task_id"])
        self.holding.set()
        assert self.tried.wait(PATIENCE)
        shown = yield Call("Read", {"file_path": str(self.repository / "README.md")})
        self.heard = shown.text
        self.heard_it.set()
        while True:
            shown = yield bash("cat README.md")

    def broken(self, _: Shown) -> Conversation:
        shown = yield ours("claim_task", task_id="soup")
        self.claims.append(shown.values["task_id"])
        yield BROKEN

    def noted(self, kind: str) -> list[dict[str, Any]]:
        """The lines of this kind in the log of the hooks."""
        log = (self.repository / "_tasks" / ".hooklog").read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        return [line for line in lines if line["kind"] == kind]

    def kill_interpreters(self) -> None:
        self.world.python.write_text("#!/bin/sh\nkill -9 $$\n")


@pytest.fixture(scope="module")
def guarded(claude_bin: Path, plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """The session."""
    folder = tmp_path_factory.mktemp("guard")
    world = World.prepare(claude_bin, plugin, folder / "world")
    repository = begin(folder / "repository")
    (repository / "generator.py").write_text(GENERATOR)
    (folder / "plan.json").write_text(json.dumps(PLAN))
    plan_id = world.terminal(repository, "plan", str(folder / "plan.json"))["plan_id"]
    world.terminal(repository, "approve", plan_id, "--strategy", "files", "--yes")
    servers = {"mcpServers": {"files": {"command": sys.executable, "args": [str(SERVER)]}}}
    (folder / "servers.json").write_text(json.dumps(servers))
    found = Guarded(repository, world)
    names = ("main", "holder", "foreground", "background", "broken")
    scripts = {name: getattr(found, name) for name in names}
    options = ("--permission-mode", "bypassPermissions", "--mcp-config")
    world.run(repository, scripts, *options, str(folder / "servers.json"))
    return found


@pytest.mark.parametrize("what", ["write", "command"])
@pytest.mark.parametrize("who", ["main", "foreground", "background"])
def test_a_held_file_is_refused_to_every_agent_under_bypass(
    guarded: Guarded, who: str, what: str
) -> None:
    result = guarded.results[f"{what} by {who}"]
    assert result.is_error
    assert "src/bread.txt is held by agent" in result.text


def test_a_tool_of_another_server_may_read_it_and_not_write_it(guarded: Guarded) -> None:
    assert "src/bread.txt is held by agent" in guarded.results["mcp write"].text
    assert not guarded.results["mcp read"].is_error, guarded.results["mcp read"].text
    assert not guarded.results["mcp free"].is_error, guarded.results["mcp free"].text


def test_a_program_that_wrote_it_is_found_out_and_told(guarded: Guarded) -> None:
    [line] = guarded.noted("overwritten")
    assert line["path"] == "src/bread.txt"
    assert "generator.py` ran" in line["reason"]
    kept = guarded.repository / "_tasks" / "overwritten"
    versions = {p.parts[-3]: p.read_text() for p in kept.rglob("bread.txt")}
    assert versions == {"was": "flour\n", "found": "generated\n"}


def test_its_agent_is_told_with_the_result(guarded: Guarded) -> None:
    assert "src/bread.txt was changed while" in guarded.told


def test_the_holder_is_told_at_its_next_hook(guarded: Guarded) -> None:
    assert "You hold src/bread.txt (task `bread`)" in guarded.heard


def test_an_agent_that_was_stopped_and_one_that_broke_off_are_noted(guarded: Guarded) -> None:
    ended = {line["task"]: line["reason"] for line in guarded.noted("ended")}
    assert ended["bread"] == "main stopped the agent, and it holds a claim"
    assert ended["soup"] == "an error ended the agent, and it holds a claim"


def test_a_killed_interpreter_refuses(guarded: Guarded) -> None:
    assert guarded.results["killed"].is_error
    assert not (guarded.repository / "killed.txt").exists()
