"""The spawn gate: workers only under an approved plan, isolated as the user chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from parallel_agents.guard import spawn
from parallel_agents.guard.event import Event
from scratch_run import MAIN, ScratchRun

SPELLINGS = (
    "parallel-agents:worker",
    "Parallel-Agents:Worker",
    "parallel_agents:worker",
    " parallel agents : worker\n",
    "parallelagents:worker",
)
"""All of them start the worker in the real client (2.1.330)."""
OTHERS = ("general-purpose", "worker", "parallel-agents:reader", "other:worker", "")


def gate(run: ScratchRun, agent_type: str, **given: Any) -> dict[str, Any] | None:
    given = {"prompt": "go", "subagent_type": agent_type, **given}
    answer = spawn.gate(Event(run.event(MAIN, "Agent", **given)), run.runs().near())
    return None if answer is None else answer["hookSpecificOutput"]


@pytest.mark.parametrize("agent_type", SPELLINGS)
def test_however_it_is_spelled_a_worker_needs_an_approved_plan(
    repository: Path, agent_type: str
) -> None:
    run = ScratchRun(repository)
    for slot in (".locks.0", ".locks.1"):
        (run.folder / slot).unlink()
    found = gate(run, agent_type)
    assert found is not None
    assert found["permissionDecision"] == "deny"
    assert "No plan is approved" in found["permissionDecisionReason"]
    assert "Next: call propose_plan" in found["permissionDecisionReason"]


@pytest.mark.parametrize("agent_type", OTHERS)
def test_other_sub_agents_are_let_through_untouched(repository: Path, agent_type: str) -> None:
    assert gate(ScratchRun(repository), agent_type) is None


def test_a_spawn_without_a_type_is_let_through(repository: Path) -> None:
    event = Event(ScratchRun(repository).event(MAIN, "Agent", prompt="parallel-agents:worker"))
    assert spawn.gate(event, []) is None


@pytest.mark.parametrize("agent_type", SPELLINGS)
def test_a_worker_runs_in_the_background_in_a_tree_of_its_own(
    repository: Path, agent_type: str
) -> None:
    found = gate(ScratchRun(repository, "worktree"), agent_type, run_in_background=False)
    assert found is not None
    assert found["updatedInput"] == {
        "prompt": "go",
        "subagent_type": agent_type,
        "run_in_background": True,
        "isolation": "worktree",
    }
    assert "permissionDecision" not in found


@pytest.mark.parametrize("strategy", ["files", "branch"])
def test_without_the_worktree_strategy_there_is_no_isolation(
    repository: Path, strategy: str
) -> None:
    found = gate(ScratchRun(repository, strategy), SPELLINGS[0], isolation="worktree")
    assert found is not None
    assert "isolation" not in found["updatedInput"]
    assert found["updatedInput"]["run_in_background"] is True
