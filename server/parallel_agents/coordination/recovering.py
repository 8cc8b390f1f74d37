"""Bringing stale or blocked work back to the queue, without stealing from the living."""

from __future__ import annotations

from parallel_agents.coordination.completing import salvage
from parallel_agents.coordination.site import Site
from parallel_agents.core.commands import Done, Recover
from parallel_agents.core.events import Event
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.rules import record_of, run_of


def recover(
    site: Site, task: TaskId, to: State, by_user: bool, reason: str
) -> tuple[Event | None, int]:
    """Recover a task; None where it already was where it should go.

    Raises `NeedsPerson` when it takes the user's word and `by_user` is false. Unfinished work in
    the claim's work tree is saved to a ref first; the tree itself stays as it is.
    """
    run = site.store.read(run_of)
    held = site.store.read(lambda view: record_of(view, task).claim)
    known_dead = held is not None and site.store.is_dead(held.agent)
    silence = site.store.silence(held.agent, held.since) if held else None
    saved = salvage(site, run, held) if held is not None and (by_user or known_dead) else None
    token = held.token if held else None
    command = Recover(task, to, by_user, reason, known_dead, silence, saved, token)
    answer, rev = site.store.transact(command)
    return (answer.event if isinstance(answer, Done) else None), rev
