"""The client's part: before a tool runs, the plugin's own hooks are asked, as its manifest says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread

from parallel_agents.demo.scratch import PATIENCE, Finished
from parallel_agents.demo.story import Surprise

TOOLS = "mcp__plugin_parallel-agents_tasks__"
"""What the client puts before the names of the plugin's tools."""

WORKER = "parallel-agents:worker"


@dataclass(frozen=True, slots=True)
class Who:
    """One agent as the client knows it; the conversation itself has no `agent_id`."""

    session: str
    agent_id: str | None = None

    @property
    def key(self) -> str:
        """The identity that the plugin makes of it."""
        return f"{self.session}/{self.agent_id or 'main'}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the hooks say of one call of a tool."""

    call: str
    """The client's id of the call."""
    given: dict[str, Any]
    """The tool's input, as the hooks left it."""
    denied: str | None
    """Why the tool may not run."""


class Client:
    """Runs the plugin's PreToolUse hooks, and the tools Write, Edit and Bash if they may run.

    Hooks with a condition of their own (`if`) are about other calls than the demo makes.
    """

    def __init__(self, plugin: Path, root: Path, environment: Mapping[str, str]) -> None:
        self._plugin = plugin
        self._root = root
        self._environment = environment
        manifest = json.loads((plugin / "hooks" / "hooks.json").read_text(encoding="utf-8"))
        self._entries: list[dict[str, Any]] = manifest["hooks"]["PreToolUse"]

    async def before(self, who: Who, tool: str, given: dict[str, Any]) -> Verdict:
        """Ask every hook that the manifest has for this tool."""
        verdict = Verdict(f"toolu_{uuid.uuid4().hex}", given, None)
        for words in self._hooks(tool):
            verdict = await self._ask(words, who, tool, verdict)
            if verdict.denied is not None:
                return verdict
        return verdict

    async def write(self, who: Who, path: Path, text: str) -> str | None:
        """The tool Write. The reason where the hooks refuse it, and then nothing is written."""
        verdict = await self.before(who, "Write", {"file_path": str(path), "content": text})
        if verdict.denied is None:
            _write(path, text)
        return verdict.denied

    async def edit(self, who: Who, path: Path, old: str, new: str) -> str | None:
        """The tool Edit: `new` in place of the one `old`. As `write`."""
        given = {"file_path": str(path), "old_string": old, "new_string": new}
        verdict = await self.before(who, "Edit", given)
        if verdict.denied is None:
            _replace(path, old, new)
        return verdict.denied

    async def bash(self, who: Who, command: str) -> Finished:
        """The tool Bash, started in the main work tree. Raises `Surprise` where it is refused."""
        verdict = await self.before(who, "Bash", {"command": command})
        if verdict.denied is not None:
            raise Surprise(f"The hooks refused `{command}`: {verdict.denied}")
        done = await self._run(["sh", "-c", f"exec 2>&1; {command}"], b"")
        return Finished(done.returncode, done.stdout.decode(errors="replace"))

    def _hooks(self, tool: str) -> Iterator[list[str]]:
        for entry in self._entries:
            if not re.fullmatch(entry.get("matcher", ".*"), tool):
                continue
            for hook in entry["hooks"]:
                if "if" not in hook:
                    words = [hook["command"], *hook["args"]]
                    yield [w.replace("${CLAUDE_PLUGIN_ROOT}", str(self._plugin)) for w in words]

    async def _ask(self, words: list[str], who: Who, tool: str, so_far: Verdict) -> Verdict:
        event: dict[str, Any] = {
            "session_id": who.session,
            "cwd": str(self._root),
            "hook_event_name": "PreToolUse",
            "tool_name": tool,
            "tool_input": so_far.given,
            "tool_use_id": so_far.call,
        }
        if who.agent_id is not None:
            event |= {"agent_id": who.agent_id, "agent_type": WORKER}
        done = await self._run(words, json.dumps(event).encode())
        if done.returncode == 2:
            return Verdict(so_far.call, so_far.given, done.stderr.decode(errors="replace").strip())
        if done.returncode:
            raise Surprise(f"The hook for {tool} ended with status {done.returncode}.")
        said = json.loads(done.stdout or b"{}").get("hookSpecificOutput", {})
        if said.get("permissionDecision") == "deny":
            return Verdict(so_far.call, so_far.given, said["permissionDecisionReason"])
        return Verdict(so_far.call, said.get("updatedInput", so_far.given), None)

    async def _run(self, words: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
        # In a thread: anyio.run_process breaks where a program ends without reading its input.
        return await anyio.to_thread.run_sync(self._run_now, words, given)

    def _run_now(self, words: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                words,
                input=given,
                cwd=self._root,
                env=self._environment,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Surprise(f"`{shlex.join(words)}` did not end in {PATIENCE:.0f} s.") from None


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise Surprise(f"{path} does not have {old!r} once.")
    _write(path, text.replace(old, new))
