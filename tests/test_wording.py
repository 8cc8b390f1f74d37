"""Tests of `views.wording`."""

from __future__ import annotations

import pytest
from parallel_agents.views.wording import COMMANDS, for_terminal

SAID = [
    ("call claim_task without a task_id.", "call `parallel-agents claim` without naming a task."),
    ("call approve_plan with plan_id p1a2b3c4.", "call `parallel-agents approve p1a2b3c4`."),
    (
        "call approve_plan with plan_id p1, or ask the user to run `parallel-agents approve p1`.",
        "run `parallel-agents approve p1`.",
    ),
    ("leave one out (`leave_out: [auth]`)", "leave one out (--leave-out auth)"),
    ('land only (`only: ["a", "b-2"]`)', "land only (--only a --only b-2)"),
    ("name what to merge in `only`.", "name what to merge in --only."),
    ("ask for them with extend_claim", "ask for them with extend_claim"),
    ("the file my_claim_task.py", "the file my_claim_task.py"),
]


@pytest.mark.parametrize(("told", "shown"), SAID)
def test_what_is_told_to_models_is_said_in_commands(told: str, shown: str) -> None:
    assert for_terminal(told) == shown


def test_every_tool_but_one_has_its_command() -> None:
    text = " ".join(COMMANDS)
    assert for_terminal(text) == " ".join(f"`parallel-agents {c}`" for c in COMMANDS.values())
