"""Runs in a real repository for tests of the use cases: tasks, a yes, claims, work, completions."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Outcome, Plan, Strategy, Task, TaskId

ANNA, BERT, CARL = Agent("one", "anna"), Agent("two", "bert"), Agent("three", "carl")


def task(name: str, *files: str, after: tuple[str, ...] = (), check: str | None = None) -> Task:
    """A task that writes `files`, by default one of its own."""
    return Task(
        TaskId(name),
        f"Do {name}",
        f"Write what {name} says.",
        files or (f"{name}.txt",),
        depends_on=tuple(TaskId(a) for a in after),
        check=check,
    )


def begin(coordinator: Coordinator, strategy: Strategy, *tasks: Task, **plan: object) -> str:
    """Propose and approve; the plan's id."""
    proposed = coordinator.propose(Plan("goal", tasks, **plan))  # type: ignore[arg-type]
    plan_id = proposed.assessment.plan.id
    coordinator.approve(plan_id, strategy, "test")
    return plan_id


def claim(
    coordinator: Coordinator, agent: Agent, name: str | None = None, cwd: Path | None = None
) -> Assignment:
    """A claim that must be granted."""
    answer, _ = coordinator.claim(agent, name, cwd)
    assert isinstance(answer, Assignment), answer
    return answer


def commit(tree: str | Path | None, **contents: str) -> str:
    """Write `<name>.txt` for each, commit all; the commit."""
    assert tree
    for name, text in contents.items():
        (Path(tree) / f"{name}.txt").write_text(text)
    git(Path(tree), "add", "--all")
    git(Path(tree), "commit", "--quiet", "--message", "work")
    return git(Path(tree), "rev-parse", "HEAD")


def complete(coordinator: Coordinator, agent: Agent, name: str, **contents: str) -> str:
    """Claim, commit, release as completed; the commit."""
    held = claim(coordinator, agent, name).claim
    made = commit(held.workdir, **contents)
    coordinator.release(agent, name, held.token, Outcome.COMPLETED, "done")
    return made


def refused(call: object, *args: object, **more: object) -> ParallelAgentsError:
    """The refusal of a call that must be refused."""
    assert callable(call)
    with pytest.raises(ParallelAgentsError) as error:
        call(*args, **more)
    return error.value
