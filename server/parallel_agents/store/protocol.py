"""The seam between the rules and where state lives. Every store passes one conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from parallel_agents.core.commands import Answer, Command, Granted
from parallel_agents.core.model import Agent
from parallel_agents.core.view import View

T = TypeVar("T")

Wish = Command | Callable[[View], Command]
"""A command, or what makes one of the view that it is decided on, while nobody else changes that.

What makes one must not change the view nor keep it, and must not wait for anything.
"""


def command_of(wish: Wish, view: View) -> Command:
    """The command that is to be decided on this view."""
    return wish(view) if callable(wish) else wish


class NotAtOnce(Exception):
    """Raised where a claim would have to wait for something; it is left to `Store.transact`."""


class Store(Protocol):
    """State that survives its process, changed by one command at a time."""

    def transact(self, wish: Wish) -> tuple[Answer, int]:
        """Decide, commit and make durable; the answer and the revision it was given at.

        Raises a refusal of the rules (nothing changed), or `StoreFault`.
        """

    def grant_at_once(self, wish: Wish) -> tuple[Granted, int] | None:
        """What `transact` answers, where that is a claim and nothing has to be waited for.

        Else None: also where the rules refuse it, where files have to be read anew or written
        through to the disk, and where the wish raises `NotAtOnce`. Then nothing has changed.
        """

    def read(self, question: Callable[[View], T]) -> T:
        """Ask the present view. The question must not change it nor keep it."""

    def heartbeat(self, agent: Agent, first: bool = True) -> None:
        """Note a sign of life of this agent; without `first` only if it gave one before."""

    def last_sign(self, agent: Agent) -> float | None:
        """The last sign of life, seconds since the epoch; None where there never was one."""

    def silence(self, agent: Agent, since: float | None = None) -> float | None:
        """Seconds awake without a sign of life; in doubt fewer; None where there never was one.

        `since`, the time (seconds since the epoch) of a claim's grant, counts as a sign. Time that
        the machine slept and changes of its clock do not count.
        """

    def keep_time(self) -> None:
        """Note the time. Called about once a minute, `silence` is right to the minute."""

    def is_dead(self, agent: Agent) -> bool:
        """Whether this agent is known not to run any more. False when in doubt."""

    def hold_session(self, session: str) -> None:
        """Show, until this process ends, that the server of this client session runs."""

    def holds_session(self, session: str) -> bool:
        """Whether `hold_session` has nothing to do. False also where that is not known at once."""
