"""What a hook may answer: the JSON objects that the client understands, and their encoding."""

from __future__ import annotations

try:
    from _json import encode_basestring_ascii as quoted
except ImportError:  # an interpreter without the C encoder
    from json.encoder import py_encode_basestring_ascii as quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOOLS = "mcp__plugin_parallel-agents_tasks__"
"""What the names of our tools begin with, as the model calls them."""


def deny(reason: str) -> dict[str, Any]:
    """The tool does not run; the model reads `reason`."""
    return _before_tool(permissionDecision="deny", permissionDecisionReason=reason)


def allow() -> dict[str, Any]:
    """The tool runs and the user is not asked."""
    return _before_tool(permissionDecision="allow")


def rewrite(given: dict[str, Any], *, asking: bool) -> dict[str, Any]:
    """The tool gets `given` in place of what the model wrote.

    `asking` leaves the question to the user's permissions; without it the user is not asked.
    """
    if asking:
        return _before_tool(updatedInput=given)
    return _before_tool(permissionDecision="allow", updatedInput=given)


def tell(event: str, text: str) -> dict[str, Any]:
    """The model is told `text` at the event of this name."""
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}


def send_back(reason: str) -> dict[str, Any]:
    """The agent may not stop yet; it reads `reason` and goes on."""
    return {"decision": "block", "reason": reason}


def encode(value: Any) -> str:
    """`value` as JSON, in ASCII. Raises `TypeError` for what JSON does not have (infinity, too)."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, float) and value - value == 0:
        return repr(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(k)}:{encode(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _before_tool(**fields: Any) -> dict[str, Any]:
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", **fields}}
