"""Where a transcript is played: a repository, and agents as the client would run them.

Each agent has a server process of its own. What it calls goes through the plugin's hooks first,
each a process as the manifest starts it: they say who calls, and refuse what they refuse.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import scratch_run
from anyio.abc import TaskGroup
from git_scratch import commit, git
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult
from mcp_calls import said
from transcript import LATER, Call, Expected, Late, Run, Shown, Step, Typed, differences

LEAD = "lead"
"""The main conversation: the client gives it no agent id."""

SESSION = "d7c1f0aa-session"
OURS = "mcp__plugin_parallel-agents_tasks__"
START = scratch_run.PLUGIN / "server" / "parallel_agents" / "__main__.py"
HOOKS = {"Edit": "edit", "Write": "edit", "Bash": "shell", "Agent": "spawn"}
"""The hook that looks at a tool of the client before it is used."""

PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
"""So that the `python3` of the runs' checks is there, and has what the tests have."""

PATIENCE = 60.0
"""Seconds that a reply may take."""


class Agent:
    """One agent: its server, what its user answers next, and the reply it waits for."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.answer: dict[str, Any] | None = None
        self.waiting: anyio.Event | None = None
        self.result: CallToolResult | None = None
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-I", "-X", "utf8", str(START), "serve"],
            env={**os.environ, "PATH": PATH, "CLAUDE_PROJECT_DIR": str(root)},
            cwd=root,
        )
        self.client = Client(parameters, elicitation_callback=self._ask)

    async def _ask(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        """The user fills in the form that the document shows, and closes any other."""
        if self.answer is None:
            return ElicitResult(action="cancel")
        content, self.answer = self.answer, None
        return ElicitResult(action="accept", content=content)

    async def outcome(self) -> Expected:
        """The reply, or the refusal's text, once it is there."""
        assert self.waiting is not None, f"{self.name} has not called"
        with anyio.fail_after(PATIENCE):
            await self.waiting.wait()
        assert self.result is not None
        assert self.answer is None, f"nobody asked the user of {self.name}"
        return said(self.result) if self.result.is_error else self.result.structured_content or {}


@dataclass
class Stage:
    """One repository and everybody who works on it."""

    root: Path
    data: Path
    agents: dict[str, Agent]
    tasks: TaskGroup
    text: str = ""
    """The `text` of the last reply that had one."""
    calls: int = 0

    async def play(self, step: Step) -> None:
        """One step, and whether it came out as shown."""
        match step:
            case Call() if step.tool in HOOKS:
                expect(step, self._use(step))
            case Call():
                self._call(step)
                if step.reply != LATER:
                    reply = await self.agents[step.who].outcome()
                    self.text = reply.get("text", self.text) if isinstance(reply, dict) else ""
                    expect(step, reply)
            case Late():
                expect(step, await self.agents[step.who].outcome())
            case Typed():
                status, output = self._type(step.command)
                assert status == 0 or step.reply is not None, f"line {step.line}: {output}"
                expect(step, output)
            case Shown():
                expect(step, self.text)

    def _call(self, step: Call) -> None:
        """Begin a call of one of our tools, as the identity hook hands it on."""
        agent = self.agents[step.who]
        assert agent.waiting is None or agent.waiting.is_set(), f"{step.who} still waits"
        decided = self._hook("identity", step.who, OURS + step.tool, step.arguments)
        agent.answer, agent.waiting = step.answer, anyio.Event()
        self.tasks.start_soon(self._send, agent, step.tool, decided["updatedInput"])

    async def _send(self, agent: Agent, tool: str, arguments: dict[str, Any]) -> None:
        meta: Any = {"claudecode/toolUseId": arguments["call"]}
        agent.result = await agent.client.call_tool(tool, arguments, meta=meta)
        assert agent.waiting is not None
        agent.waiting.set()

    def _use(self, step: Call) -> Expected:
        """A tool of the client: the plugin's hook looks first, then it is done."""
        decided = self._hook(HOOKS[step.tool], step.who, step.tool, self._absolute(step.arguments))
        if decided.get("permissionDecision") == "deny":
            return str(decided["permissionDecisionReason"])
        given: dict[str, Any] = self._absolute(decided.get("updatedInput", step.arguments))
        match step.tool:
            case "Bash":
                status, output = self._type(given["command"])
                assert status == 0, f"line {step.line}: {output}"
                return {"output": output}
            case "Write":
                Path(given["file_path"]).write_text(given["content"], encoding="utf-8")
            case "Edit":
                path = Path(given["file_path"])
                text = path.read_text(encoding="utf-8")
                assert text.count(given["old_string"]) == 1, f"line {step.line}: {text}"
                path.write_text(text.replace(given["old_string"], given["new_string"]), "utf-8")
        return given

    def _absolute(self, given: dict[str, Any]) -> dict[str, Any]:
        """As the client hands it to hooks and tools: with the file's path made absolute."""
        if "file_path" not in given:
            return given
        return {**given, "file_path": os.path.normpath(self.root / given["file_path"])}

    def _type(self, command: str) -> tuple[int, str]:
        """Exit status and output of a command in a shell."""
        done = subprocess.run(
            ("sh", "-c", command),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout

    def _hook(self, what: str, who: str, tool: str, given: dict[str, Any]) -> dict[str, Any]:
        """What the plugin's hook decides about this call."""
        self.calls += 1
        event = {
            "session_id": SESSION,
            **({} if who == LEAD else {"agent_id": who, "agent_type": "parallel-agents:worker"}),
            "cwd": str(self.root),
            "hook_event_name": "PreToolUse",
            "tool_name": tool,
            "tool_input": given,
            "tool_use_id": f"toolu_{self.calls}",
        }
        environment = scratch_run.environment(self.root, self.data)
        done = scratch_run.start(scratch_run.command(what), event, self.root, environment)
        assert done.status == 0, done.err
        return done.decision


@asynccontextmanager
async def stage(run: Run, folder: Path) -> AsyncIterator[Stage]:
    """A repository with the run's files, and a server for everybody who calls our tools."""
    root = folder / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, run.files, "Start")
    callers = [s.who for s in run.steps if isinstance(s, Call) and s.tool not in HOOKS]
    agents = {name: Agent(name, root) for name in dict.fromkeys(callers)}
    failure: Exception | None = None
    async with AsyncExitStack() as servers:
        for agent in agents.values():
            await servers.enter_async_context(agent.client)
        async with anyio.create_task_group() as tasks:
            try:
                yield Stage(root, folder / "data", agents, tasks)
            except Exception as error:  # each server would wrap it in a group of its own
                failure = error
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def expect(step: Step, real: Expected) -> None:
    """Raises `AssertionError` with the whole reply where it is not as the document shows it."""
    expected = step.text if isinstance(step, Shown) else step.reply
    if expected is None:
        was_refused = isinstance(step, Call) and isinstance(real, str)
        assert not was_refused, f"line {step.line}: {real}"
        return
    found = list(differences(expected, real))
    assert not found, f"line {step.line}: " + "; ".join(found) + f"\nthe reply is {real}"
