"""Calling the server `tasks` in tests: as a client, with or without a user who answers forms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from mcp import Client
from mcp.client import ClientRequestContext
from mcp.types import (
    CallToolResult,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    TextContent,
)
from parallel_agents.mcp_server.server import TasksServer

Era = Literal["auto", "legacy"]
ERAS: tuple[Era, ...] = ("auto", "legacy")
"""The two ways in which a client asks its user: `legacy` is every protocol before 2026-07-28."""


class User:
    """Answers every form in the same way and remembers what was asked."""

    def __init__(
        self, action: Literal["accept", "decline", "cancel"] = "accept", **content: Any
    ) -> None:
        self.asked: list[str] = []
        self.schemas: list[dict[str, Any]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while the form is open."""
        self._answer = ElicitResult(action=action, content=content if action == "accept" else None)

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        assert isinstance(params, ElicitRequestFormParams)
        self.asked.append(params.message)
        self.schemas.append(dict(params.requested_schema))
        self.meanwhile()
        return self._answer


class Calls:
    """A connected client that says what it expects."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def ok(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that must succeed."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, said(result)
        assert result.structured_content is not None
        assert result.structured_content["next_step"]
        return dict(result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The text of a call that must be refused."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        text = said(result)
        assert text.startswith("[")
        assert " Next: " in text
        return text


def said(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))


@asynccontextmanager
async def connected(
    server: TasksServer, era: Era = "auto", user: User | None = None
) -> AsyncIterator[Calls]:
    """A client of this server. Without a user it cannot show forms."""
    async with Client(server, mode=era, elicitation_callback=user) as client:
        yield Calls(client)


def task(name: str, *files: str, **more: Any) -> dict[str, Any]:
    """A task as an argument of propose_plan: it writes `files`, by default one of its own."""
    return {
        "id": name,
        "title": f"Title of {name}",
        "instructions": f"Do {name}.",
        "files": list(files) or [f"{name}.txt"],
        **more,
    }


def independent(count: int) -> list[dict[str, Any]]:
    return [task(f"t{n}") for n in range(count)]


async def start_run(
    server: TasksServer, tasks: Sequence[dict[str, Any]], strategy: str = "files", **plan: Any
) -> str:
    """Propose, and approve as the user; the plan's id."""
    async with connected(server, user=User(approve=True, strategy=strategy)) as lead:
        proposed = await lead.ok("propose_plan", goal="Goal", tasks=list(tasks), **plan)
        await lead.ok("approve_plan", plan_id=proposed["plan_id"])
        return str(proposed["plan_id"])


async def refusal(server: TasksServer, tool: str, **arguments: Any) -> str:
    """The text of one call that must be refused."""
    async with connected(server) as calls:
        return await calls.refused(tool, **arguments)
