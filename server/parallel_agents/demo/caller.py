"""One MCP client on one stdio server process; the identity hook says in every call who calls."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.session import ElicitationFnT
from mcp.types import TextContent

from parallel_agents.demo.guarded import TOOLS, Client, Who
from parallel_agents.demo.scratch import PATIENCE, Scratch
from parallel_agents.demo.story import Surprise

_ENTRY = Path(__file__).resolve().parents[1] / "__main__.py"


class Refused(Exception):
    """Raised when a tool refuses a call. `code` is stable, `text` what a model reads."""

    def __init__(self, tool: str, text: str) -> None:
        super().__init__(f"{tool} was refused: {text}")
        found = re.match(r"\[(\w+)\] ", text)
        self.code = found[1] if found else ""
        self.text = text


class Caller:
    """Calls the tools of the server for one agent."""

    def __init__(self, who: Who, client: Client, server: McpClient) -> None:
        self.who = who
        self._client = client
        self._server = server

    async def call(self, tool: str, **given: Any) -> dict[str, Any]:
        """The tool's structured reply. Raises `Refused`."""
        verdict = await self._client.before(self.who, TOOLS + tool, given)
        if verdict.denied is not None:
            raise Surprise(f"The hooks refused {tool}: {verdict.denied}")
        meta: Any = {"claudecode/toolUseId": verdict.call}
        result = await self._server.call_tool(tool, verdict.given, meta=meta)
        if result.is_error:
            text = "".join(c.text for c in result.content if isinstance(c, TextContent))
            raise Refused(tool, text)
        if result.structured_content is None:
            raise Surprise(f"{tool} answered without structured content.")
        reply: dict[str, Any] = result.structured_content
        if reply.get("verified") is False or reply.get("agent", self.who.key) != self.who.key:
            raise Surprise(f"{tool} took the caller for another: {reply['agent']}.")
        return reply


@asynccontextmanager
async def connected(
    who: Who, client: Client, scratch: Scratch, answer: ElicitationFnT | None = None
) -> AsyncIterator[Caller]:
    """A caller on a server process of its own, started as the plugin's launcher starts it.

    `answer` fills in the forms that the server puts before the user.
    """
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-I", "-X", "utf8", str(_ENTRY), "serve"],
        env=scratch.environment,
        cwd=scratch.root,
    )
    server = McpClient(parameters, elicitation_callback=answer, read_timeout_seconds=PATIENCE)
    async with server:
        yield Caller(who, client, server)
