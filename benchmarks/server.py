"""The MCP server: a claim over stdio beside a tool that does nothing, and how soon it is ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from parallel_agents.core.commands import Release
from parallel_agents.core.model import Agent, Outcome, TaskId
from parallel_agents.store.folder import FolderStore

from benchmarks import place
from benchmarks.report import PROJECT, Row
from benchmarks.scale import Scale
from benchmarks.timing import Command, Spread, in_turn, ratios

TASKS = 100
SESSION = "5e551011"
PROTOCOL = "2025-06-18"

NOTES = (
    "**server**: wall-clock time from the request's line to the reply's line, written and read by "
    "hand, one call after the other to one server. *A new claim*: the store's change, with the "
    "place to work in it (strategy files: the commit that `HEAD` is at), the reply with its "
    "schema; this process gives it back in between. *Again*: the call repeated while the claim is "
    "held.",
    "**what a claim consists of** (times taken inside the server, medians of 200 to 300 of these "
    "calls on a machine that others used): the SDK takes about 240 µs from the line to the tool "
    "and 310 from the result to the line written, for an empty tool as well, which as a plain "
    "function has a hop to a thread and back besides, 175. A claim that nothing stands against "
    "takes no thread. A new one adds: who calls, which repository, whether the session's lock is "
    "held, 50; a sign of life, 20; lock, feed and folders looked at, 45; the commit of `HEAD` from "
    "git's files, 30; the rules, 30; the change, 135 (index 35, hook table 35, history 20, rename "
    "15, feed 20, notes in the lock's file 10); the reply 35, its text and structure 40, and what "
    "the SDK takes more for its 3 kB, 75. *Again* has neither commit nor change.",
    "**where it is more**: with packed refs git itself has to be asked for the commit, a process "
    "of 2 to 3 ms, in a thread and with a second change; so it is with the other strategies, which "
    "make a branch or a work tree.",
    "**ready**: from the start of `server/launch.sh` to the reply to `initialize`, warm; beside a "
    "process of the same Python that imports `mcp` and ends.",
)


class Connection:
    """A server as a child process, spoken to in lines of JSON."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], root: Path) -> None:
        self._process = subprocess.Popen(
            words, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0
        self._ask(
            "initialize",
            protocolVersion=PROTOCOL,
            capabilities={},
            clientInfo={"name": "benchmarks", "version": "1"},
        )
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a tool's reply. Raises `RuntimeError` for a refusal."""
        result = self._ask("tools/call", name=tool, arguments=arguments)
        if result.get("isError"):
            raise RuntimeError(f"{tool}: {result['content']}")
        return result.get("structuredContent") or {}

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self._write(request)
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            reply = json.loads(line)
            if reply.get("id") == self._number:
                result: dict[str, Any] = reply["result"]
                return result
        raise RuntimeError(f"the server ended before it answered {method}")

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of the server."""
    with place.scratch() as folder:
        root, data = folder / "repository", place.installed(folder)
        base = place.repository(root)
        with closing(FolderStore(root)) as store:
            place.begin(store, place.tasks(TASKS), base)
            with _served(root) as calls:
                yield from _claims(calls, store, scale.calls)
        yield _ready(root, data, scale.starts)


@contextmanager
def _served(root: Path) -> Iterator[Connection]:
    path = os.pathsep.join((str(PROJECT), str(PROJECT / "server")))
    environment = {**place.bare(), "PYTHONPATH": path, "CLAUDE_PROJECT_DIR": str(root)}
    words = (sys.executable, "-m", "benchmarks.published")
    with closing(Connection(words, environment, root)) as calls:
        yield calls


def _claims(calls: Connection, store: FolderStore, times: int) -> Iterator[Row]:
    agent = Agent(SESSION, "worker-1")

    def nothing() -> float:
        began = time.perf_counter()
        calls.call("nothing")
        return time.perf_counter() - began

    def claim(name: str, again: bool) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        reply = calls.call("claim_task", agent=name, session=SESSION)
        seconds = time.perf_counter() - began
        if not reply["claimed"] or reply["again"] is not again:
            raise RuntimeError(f"not the claim that was to be measured: {reply}")
        return seconds, reply

    def anew() -> float:
        seconds, reply = claim(agent.name, again=False)
        held = TaskId(reply["task_id"])
        store.transact(Release(agent, held, reply["token"], Outcome.RETURNED))
        return seconds

    def again() -> float:
        return claim("holder", again=True)[0]

    claim("holder", again=False)
    floor, *costs = in_turn(times, nothing, anew, again)
    whats = ("`claim_task` over MCP, a new claim", "`claim_task` over MCP, again")
    for what, cost in zip(whats, costs, strict=True):
        yield Row(
            "server",
            what,
            Spread.of(cost),
            "a tool that does nothing",
            Spread.of(floor),
            ratios(cost, floor),
            1.5,
        )


def _ready(root: Path, data: Path, times: int) -> Row:
    environment = place.as_client(data, root)
    words = ("/bin/sh", str(PROJECT / "server" / "launch.sh"), "serve")
    python = str(data / "venv" / "bin" / "python")
    imported = Command((python, "-I", "-c", "import mcp"), environment, root)

    def ready() -> float:
        began = time.perf_counter()
        calls = Connection(words, environment, root)
        seconds = time.perf_counter() - began
        calls.close()
        return seconds

    floor, cost = in_turn(times, imported.seconds, ready)
    return Row(
        "server",
        "ready after its start",
        Spread.of(cost),
        "`import mcp`",
        Spread.of(floor),
        ratios(cost, floor),
        1.3,
    )
