"""The tools as they are published: titles, hints, and schemas that refuse what they do not know."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import TypeAdapter

from parallel_agents.mcp_server.claim_tools import claim_task, extend_claim, fail_task, release_task
from parallel_agents.mcp_server.plan_tools import approve_plan, propose_plan
from parallel_agents.mcp_server.run_tools import list_status, merge_branches, recover_task
from parallel_agents.replies import Reply


def _hints(
    *, read_only: bool = False, destructive: bool = False, idempotent: bool = False
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=False,
    )


_TOOLS = (
    (propose_plan, "Propose a work plan", _hints(idempotent=True)),
    (approve_plan, "Ask the user to approve a plan", _hints(idempotent=True)),
    (claim_task, "Claim a task", _hints(idempotent=True)),
    (release_task, "Release a task", _hints(idempotent=True)),
    (extend_claim, "Extend a claim", _hints(idempotent=True)),
    (fail_task, "Report a task as failed", _hints(idempotent=True)),
    (list_status, "Show the run", _hints(read_only=True, idempotent=True)),
    (merge_branches, "Merge completed work", _hints(destructive=True)),
    (recover_task, "Recover a task", _hints(destructive=True)),
)


_PLAIN = TypeAdapter(dict[str, Any])


class _Writing(FuncMetadata):
    """How a tool's reply is written: what the SDK makes of it, but made from the model once."""

    def convert_result(self, result: Any) -> CallToolResult | InputRequiredResult:
        if not isinstance(result, Reply):
            return super().convert_result(result)
        content = result.model_dump(mode="json")
        text = _PLAIN.dump_json(content, indent=2).decode()
        return CallToolResult(content=[TextContent(text=text)], structured_content=content)


def published() -> list[Tool]:
    """The tools as the server offers them: arguments they do not know are refused, not dropped."""
    tools = []
    for function, title, hints in _TOOLS:
        tool = Tool.from_function(
            function,
            title=title,
            description=" ".join((function.__doc__ or "").split()),
            annotations=hints,
        )
        model = tool.fn_metadata.arg_model
        model.model_config["extra"] = "forbid"
        model.model_rebuild(force=True)
        tool.fn_metadata = _Writing(
            **{name: getattr(tool.fn_metadata, name) for name in FuncMetadata.model_fields}
        )
        tool.parameters = model.model_json_schema(by_alias=True)
        tools.append(tool)
    return tools
