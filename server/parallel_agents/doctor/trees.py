"""Whether work trees are whole, and which lie about, with their branches, that no run needs."""

from __future__ import annotations

import os
from collections.abc import Iterator

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.repository import Repository

MOST_SHOWN = 20
"""Leftovers that are listed one by one."""


def work_trees(repository: Repository) -> Iterator[Finding]:
    """What runs that are over left behind, and trees that git does not find its way back from."""
    try:
        coordinator = Coordinator.at(repository.root)
        broken, left = coordinator.broken_trees(), coordinator.leftovers()
    except (ParallelAgentsError, OSError) as error:
        yield Finding("work trees", Level.WARN, f"they cannot be looked at: {error}", "")
        return
    if broken:
        names = " ".join(os.fspath(path) for path in broken)
        yield Finding(
            "work trees",
            Level.FAIL,
            f"the link to the repository is broken (was it moved?) in {names}",
            f"run `git worktree repair` in {repository.root}",
        )
    for kept in left[:MOST_SHOWN]:
        yield Finding("left over", Level.WARN, kept.name, kept.why)
    if len(left) > MOST_SHOWN:
        more = f"{len(left) - MOST_SHOWN} more work trees and branches of runs that are over"
        yield Finding("left over", Level.WARN, more, "see `git worktree list` and `git branch`")
    if not broken and not left:
        yield Finding("work trees", Level.OK, "none is broken, none is left over")
