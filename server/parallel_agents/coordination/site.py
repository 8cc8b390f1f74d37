"""What every use case works on: one repository, its work trees, its store and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.core.model import Claim
from parallel_agents.core.view import Run
from parallel_agents.git.repository import Repository
from parallel_agents.git.worktrees import Worktrees
from parallel_agents.store.protocol import Store

CHECK_TIMEOUT = 30 * 60.0
"""Seconds that a plan's command may run."""


@dataclass(frozen=True)
class Site:
    """One repository under coordination."""

    repository: Repository
    store: Store
    clock: Callable[[], float] = field(default=time.time)

    @property
    def worktrees(self) -> Worktrees:
        """The work trees of the repository."""
        return Worktrees(self.repository)

    def agents_folder(self, run: Run) -> Path:
        """Where the work trees of a run are: beside the repository, never inside it."""
        root = self.repository.root
        return root.parent / f"{root.name}.agents" / run.id


def branch_of(run: Run, claim: Claim) -> str:
    """The branch a claim's work goes to: unique to the run, the agent and the task."""
    return f"parallel/{run.id}/agent-{claim.slot}/{claim.task}"


def salvage_ref(run: Run, claim: Claim) -> str:
    """Where unfinished work of a claim is kept when the claim ends without a result."""
    return f"refs/parallel/{run.id}/salvage/{claim.task}-{claim.token}"


def result_refs(run: Run) -> str:
    """Where the commits of completed tasks are pinned: what happens to a branch later is no matter.

    A prefix, without the slash at its end.
    """
    return f"refs/parallel/{run.id}/result"
