"""Who calls our tools: filled in from what the client says, never from what the model wrote."""

from __future__ import annotations

from parallel_agents.guard import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.event import Event

UNASKED = frozenset(
    (
        "propose_plan",
        "approve_plan",  # asks the user itself
        "claim_task",
        "release_task",
        "extend_claim",
        "fail_task",
        "list_status",
    )
)
"""Tools that need no permission of the user. The others move branches or take work away."""


def signed(event: Event) -> dict[str, Any]:
    """The call of one of our own tools, with its caller filled in.

    `call` is the id of this very tool call. The client repeats it in the request's `_meta`
    (`claudecode/toolUseId`), and no model can know it while it writes: where the two agree, the
    caller is verified.
    """
    given = dict(event.input)
    given["agent"] = event.agent
    given["session"] = event.session
    given["cwd"] = event.cwd
    given["call"] = str(event.data.get("tool_use_id", ""))
    tool = event.tool.rpartition("__")[2]
    harmless = tool in UNASKED or (tool == "merge_branches" and given.get("dry_run") is True)
    return answer.rewrite(given, asking=not harmless)
