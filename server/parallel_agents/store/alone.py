"""One thread of this process at a time, with a deadline; the lock keeps processes apart."""

from __future__ import annotations

import threading
from collections.abc import Callable

from parallel_agents.core.errors import StoreFault
from parallel_agents.store.protocol import NotAtOnce


class AtOnce:
    """A turn that is not waited for."""

    __slots__ = ("_alone", "_mutex")

    def __init__(self, alone: Alone, mutex: threading.Lock) -> None:
        self._alone = alone
        self._mutex = mutex

    def __enter__(self) -> None:
        if not self._mutex.acquire(blocking=False):
            raise NotAtOnce

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._alone.__exit__(kind, error, trace)


class Alone:
    """The calls of one store, one after the other: `with alone:`."""

    # Not a generator: that would cost more than the lock between processes.

    def __init__(self, timeout: float, failed: Callable[[BaseException], None]) -> None:
        """`failed` is told what ended a call too early, and may raise something else."""
        self._mutex = threading.Lock()
        self._timeout = timeout
        self._failed = failed

    def __enter__(self) -> None:
        # Without a time first: nearly always it is free, and then that is quicker.
        if not (self._mutex.acquire(blocking=False) or self._mutex.acquire(timeout=self._timeout)):
            raise StoreFault(
                "lock_timeout",
                f"Another call of this server kept the store for {self._timeout:g} s.",
                "call again.",
            )

    def at_once(self) -> AtOnce:
        """The turn, if nobody has it now: `with alone.at_once():`. Raises `NotAtOnce`."""
        return AtOnce(self, self._mutex)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if error is not None:
                self._failed(error)
        finally:
            self._mutex.release()
