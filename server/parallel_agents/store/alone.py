"""One thread of this process at a time, with a deadline; the lock keeps processes apart."""

from __future__ import annotations

import threading
from collections.abc import Callable

from parallel_agents.core.errors import StoreFault


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

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if error is not None:
                self._failed(error)
        finally:
            self._mutex.release()
