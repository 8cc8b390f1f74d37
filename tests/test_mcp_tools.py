"""The tools as they are published: names, hints, schemas, descriptions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import Tool
from mcp_calls import ERAS, Era, connected
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.tools import published
from parallel_agents.planfile import PlanInput
from parallel_agents.replies import Claimed
from parallel_agents.replies.claims import Calls

NAMES = {
    "propose_plan",
    "approve_plan",
    "claim_task",
    "release_task",
    "extend_claim",
    "fail_task",
    "list_status",
    "merge_branches",
    "recover_task",
}
IDENTITY = {"agent", "session", "cwd", "call"}
COMMANDS = re.compile(r"\b(must|always|never|you|should|important|remember)\b", re.IGNORECASE)


@pytest.fixture
async def tools() -> dict[str, Tool]:
    async with connected(build()) as calls:
        return {t.name: t for t in (await calls.client.list_tools()).tools}


async def test_the_nine_tools_are_offered(tools: dict[str, Tool]) -> None:
    assert set(tools) == NAMES


async def test_descriptions_are_short_and_do_not_order_the_model_about(
    tools: dict[str, Tool],
) -> None:
    for tool in tools.values():
        assert tool.title
        assert tool.description
        assert len(tool.description.split()) < 60
        assert not COMMANDS.search(tool.description), tool.description
        assert "  " not in tool.description
        assert "\n" not in tool.description


async def test_hints_say_what_a_tool_may_do(tools: dict[str, Tool]) -> None:
    hints = {name: tool.annotations for name, tool in tools.items()}
    assert all(h is not None and h.open_world_hint is False for h in hints.values())
    assert {n for n, h in hints.items() if h and h.read_only_hint} == {"list_status"}
    changing = {n for n, h in hints.items() if h and h.destructive_hint}
    assert changing == {"merge_branches", "recover_task"}
    assert {n for n, h in hints.items() if h and not h.idempotent_hint} == changing


async def test_schemas_admit_nothing_else_and_explain_all_arguments(
    tools: dict[str, Tool],
) -> None:
    for tool in tools.values():
        schema = tool.input_schema
        assert schema["additionalProperties"] is False
        properties: dict[str, Any] = schema["properties"]
        assert set(properties) >= IDENTITY
        assert not IDENTITY & set(schema.get("required", ()))
        assert not {"ctx", "answer", "seen"} & set(properties)
        assert all(p["description"] for p in properties.values())


async def test_a_plan_has_the_same_keys_in_a_call_as_in_a_file(tools: dict[str, Tool]) -> None:
    called = tools["propose_plan"].input_schema
    filed = PlanInput.model_json_schema()
    assert set(called["properties"]) - IDENTITY == set(filed["properties"])
    assert set(called["required"]) == set(filed["required"])
    assert called["$defs"] == filed["$defs"]
    for name, about in filed["properties"].items():
        assert called["properties"][name]["description"] == about["description"]


async def test_every_reply_has_a_revision_and_a_next_step(tools: dict[str, Tool]) -> None:
    for tool in tools.values():
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert {"rev", "next_step"} <= set(tool.output_schema["required"])


def test_a_reply_is_written_as_the_sdk_writes_one() -> None:
    written = next(t.fn_metadata for t in published() if t.name == "claim_task")
    calls = Calls(completed="a", failed="b", returned="c", more_files='d "é" \n')
    reply = Claimed(
        rev=1, next_step="Go.", agent="s/a", verified=False, claimed=True, files=("a",), calls=calls
    )
    assert written.convert_result(reply) == FuncMetadata.convert_result(written, reply)


@pytest.mark.parametrize("era", ERAS)
async def test_the_server_says_what_it_is_for_within_two_kilobytes(era: Era) -> None:
    async with connected(build(), era) as calls:
        instructions = calls.client.instructions
    assert instructions
    assert len(instructions.encode()) < 2000
    assert all(name in instructions for name in ("propose_plan", "claim_task", "merge_branches"))
