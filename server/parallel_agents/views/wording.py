"""Refusals and next steps name tools, as models know them; at a terminal they are commands."""

from __future__ import annotations

import re

COMMANDS = {
    "propose_plan": "plan",
    "approve_plan": "approve",
    "claim_task": "claim",
    "release_task": "release",
    "fail_task": "fail",
    "list_status": "status",
    "merge_branches": "merge",
    "recover_task": "recover",
}
"""The tool to the word of the command line. `extend_claim` has none."""

_PHRASES = (
    (re.compile(r"call approve_plan with plan_id \w+, or ask the user to run"), "run"),
    (re.compile(r"approve_plan with plan_id (\w+)"), r"`parallel-agents approve \1`"),
    (re.compile(r" without a task_id"), " without naming a task"),
    (re.compile(r" with outcome `returned`"), " with --returned"),
    (re.compile(r"; its reply has the plan_id"), "; it prints the plan's id"),
    (re.compile(r" \(`wait` lets the call wait for it\)"), ""),
    (re.compile(r"`only`"), "--only"),
)
_LISTED = re.compile(r"`(leave_out|only): \[([^]`]*)\]`")
_TOOL = re.compile(rf"\b({'|'.join(COMMANDS)})\b")


def _as_options(found: re.Match[str]) -> str:
    option = f"--{found[1].replace('_', '-')}"
    return " ".join(f"{option} {name}" for name in re.findall(r"[\w-]+", found[2]))


def for_terminal(text: str) -> str:
    """The text with each tool's name as the command that does the same."""
    text = _LISTED.sub(_as_options, text)
    for phrase, plain in _PHRASES:
        text = phrase.sub(plain, text)
    return _TOOL.sub(lambda found: f"`parallel-agents {COMMANDS[found[0]]}`", text)
