"""A burst of processes that wait for the store's lock, and a crowd that never stops asking.

    python -m benchmarks.lock FOLDER PROCESSES HOLD TURNS

HOLD is how long each of them works under the lock, in seconds; TURNS how often each takes it.
Prints JSON: when the lock was let go first, and for each process when it asked, got and left it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import StoreFault
from parallel_agents.store.lock import FileLock

from benchmarks import crowd, place
from benchmarks.report import Row, say
from benchmarks.scale import Scale
from benchmarks.timing import Spread

HOLDS = (0.001, 0.0002)
TARGET = 2.0
TIMEOUT = 30.0
SETTLED = 0.05
"""Seconds until all who came to the lock wait for it."""
PRACTICE = 20
"""Turns that each process takes on a lock of its own beforehand."""
AGAIN = 40
"""How often each process of a crowd takes the lock."""

NOTES = (
    "**lock**: all processes wait while the lock is held; it is let go, each works under it for "
    "the length of the hold, and the burst is over when the last one leaves: wall-clock time, "
    "beside the sum of the holds as they were.",
    f"**nobody starves**: each process takes the lock {AGAIN} times without a pause; the longest "
    "that anybody waited, beside one turn of all of them. Who gets no lock in "
    f"{TIMEOUT:g} s is reported as BROKEN.",
    "**short holds** (not profiled): the floor counts the holds alone; passing the lock on "
    "and waking the next process is not in it, and 32 processes share the cores. With holds "
    "of 0.2 ms that is of the order of the hold itself.",
)


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of the lock."""
    for hold in HOLDS:
        say(f"lock: bursts with holds of {hold * 1000:g} ms")
        drained, held = [], []
        for _ in range(scale.bursts):
            free, turns = _burst(scale.burst, hold, 1)
            drained.append(max(left for _, _, left in turns) - free)
            held.append(sum(left - got for _, got, left in turns))
        yield Row(
            "lock",
            f"burst of {scale.burst}, holds of {hold * 1000:g} ms: until the last is through",
            Spread.of(drained),
            "sum of the holds",
            Spread.of(held),
            Spread.of([a / b for a, b in zip(drained, held, strict=True)]),
            TARGET,
            "" if len(turns) == scale.burst else f"{scale.burst - len(turns)} got no lock",
        )
    hold = HOLDS[-1]
    longest, turn = [], []
    for _ in range(scale.storms):
        _, turns = _burst(scale.burst, hold, AGAIN)
        longest.append(max(got - asked for asked, got, _ in turns))
        turn.append(sum(left - got for _, got, left in turns) / AGAIN)
    missing = scale.burst * AGAIN - len(turns)
    yield Row(
        "lock",
        f"{scale.burst} that never stop asking, holds of {hold * 1000:g} ms: the longest wait",
        Spread.of(longest),
        "one turn of all",
        Spread.of(turn),
        Spread.of([a / b for a, b in zip(longest, turn, strict=True)]),
        broken=f"{missing} got no lock" if missing else "",
    )


def _burst(processes: int, hold: float, turns: int) -> tuple[float, list[list[float]]]:
    with place.scratch() as folder:
        told = json.loads(place.program("lock", folder, processes, hold, turns))
    return told["free"], [turn for one in told["processes"] for turn in one]


def _waiter(path: Path, hold: float, turns: int, wait: Callable[[], None]) -> list[list[float]]:
    """One process: (asked, got, left) of each turn, in seconds of the machine's own clock."""
    practice, lock = FileLock(path.with_name(f"{os.getpid()}"), TIMEOUT), FileLock(path, TIMEOUT)
    for _ in range(PRACTICE):  # a forked process has no page of its own yet
        _turn(practice, 0.0)
    wait()
    told = []
    with suppress(StoreFault):  # whoever gets no lock is missed in what is told
        for _ in range(turns):
            told.append(_turn(lock, hold))  # noqa: PERF401
    return told


def _turn(lock: FileLock, hold: float) -> list[float]:
    asked = time.monotonic()
    with lock.held():
        got = time.monotonic()
        while time.monotonic() - got < hold:
            pass
        left = time.monotonic()
    return [asked, got, left]


def main(folder: Path, processes: int, hold: float, turns: int) -> None:
    """The program: keep the lock until all wait for it, let it go, print what they tell."""
    path = folder / ".lock"
    lock = FileLock(path, TIMEOUT)
    holding = lock.held()
    holding.__enter__()
    told: dict[str, Any] = {}

    def let_go() -> None:
        told["free"] = time.monotonic()
        holding.__exit__(None, None, None)

    told["processes"] = crowd.gathered(
        processes, lambda _, wait: _waiter(path, hold, turns, wait), then=let_go, after=SETTLED
    )
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
