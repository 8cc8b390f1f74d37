"""What would keep a run from working here, each with what to do about it.

Everything is tried, not guessed: the lock is taken from two processes, the guards are asked
about a held file the way the client asks them. What is tried is tried in scratch folders.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.doctor import hooks, machine, state, trees
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.repository import Repository

__all__ = ["Finding", "Level", "examine"]

PLUGIN = Path(__file__).resolve().parents[3]
"""Where the plugin lies, if this is one and not the Python package alone."""


def examine(start: Path) -> Iterator[Finding]:
    """Look at everything, from the directory `start`; each finding comes as it is made."""
    git = machine.git()
    yield git
    yield machine.python()
    yield machine.uv()
    yield machine.client()
    if git.level is Level.FAIL:
        return
    yield from _repository(start)
    yield hooks.guards(PLUGIN)
    yield hooks.strict_mode(PLUGIN)


def _repository(start: Path) -> Iterator[Finding]:
    try:
        repository = Repository.find(start)
        yield state.fitness(repository)
    except ParallelAgentsError as error:
        yield Finding("repository", Level.FAIL, error.sentence, error.next_step)
        return
    yield state.locks(repository)
    yield from state.store(repository)
    yield from trees.work_trees(repository)
