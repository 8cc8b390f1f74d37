"""A store in memory: the rules and nothing else. The double for tests of everything above it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from parallel_agents.core.commands import Answer, Command, Granted, Propose
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import Agent
from parallel_agents.core.rules import decide
from parallel_agents.core.view import View
from parallel_agents.store.approvals import approval_of
from parallel_agents.store.protocol import NotAtOnce, Wish, command_of

T = TypeVar("T")


class MemoryStore:
    """One view, changed under one lock. Lost with its process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._view = View()
        self._signs: dict[str, float] = {}
        self.dead: set[str] = set()
        """Keys of agents that are known to have ended: set by tests."""

    def transact(self, wish: Wish) -> tuple[Answer, int]:
        """See `Store.transact`."""
        with self._lock:
            command = command_of(wish, self._view)
            decision = decide(self._view, command, self._clock())
            for event in decision.events:
                self._apply(command, event)
            return decision.answer, self._view.rev

    def grant_at_once(self, wish: Wish) -> tuple[Granted, int] | None:
        """See `Store.grant_at_once`. Here nothing has to be waited for."""
        with suppress(NotAtOnce, ParallelAgentsError), self._lock:
            command = command_of(wish, self._view)
            decision = decide(self._view, command, self._clock())
            if isinstance(decision.answer, Granted):
                for event in decision.events:
                    self._apply(command, event)
                return decision.answer, self._view.rev
        return None

    def read(self, question: Callable[[View], T]) -> T:
        """See `Store.read`."""
        with self._lock:
            return question(self._view)

    def heartbeat(self, agent: Agent, first: bool = True) -> None:
        """See `Store.heartbeat`."""
        if first or agent.key in self._signs:
            self._signs[agent.key] = self._clock()

    def last_sign(self, agent: Agent) -> float | None:
        """See `Store.last_sign`."""
        return self._signs.get(agent.key)

    def silence(self, agent: Agent, since: float | None = None) -> float | None:
        """See `Store.silence`. Here its own clock is the only one."""
        signs = [t for t in (self.last_sign(agent), since) if t is not None]
        return max(0.0, self._clock() - max(signs)) if signs else None

    def keep_time(self) -> None:
        """See `Store.keep_time`."""

    def is_dead(self, agent: Agent) -> bool:
        """See `Store.is_dead`."""
        return agent.key in self.dead

    def hold_session(self, session: str) -> None:
        """See `Store.hold_session`. Here `dead` says who does not live."""

    def holds_session(self, session: str) -> bool:
        """See `Store.holds_session`."""
        return True

    def _apply(self, command: Command, event: Event) -> None:
        view = self._view
        if isinstance(command, Propose):
            view.proposal = command.plan
        elif event.kind is Kind.APPROVED and view.proposal is not None:
            view.install(view.proposal, approval_of(event))
        elif event.kind is Kind.ARCHIVED:
            rev, proposal = view.rev, view.proposal
            self._view = view = View()
            view.rev, view.proposal = rev, proposal
        view.apply(event)
