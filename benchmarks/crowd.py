"""Many processes that begin at one moment, each of which tells what it saw."""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

LONGEST = 120
"""Seconds after which a process of a crowd has gone wrong and is ended."""

Work = Callable[[int, Callable[[], None]], Any]
"""`work(number, wait)`: make ready, call `wait`, go on; what it gives is ready for JSON."""


def gathered(
    count: int, work: Work, then: Callable[[], object] = lambda: None, after: float = 0.0
) -> list[Any]:
    """What `work` gave in each of so many forked processes.

    `wait` comes back in all of them at once, when the last one has called it; `then` is called in
    this process so many seconds `after` that. Whoever is done keeps still until all are: the end
    of a process is work too. Raises `RuntimeError` where one of them fails.
    """
    ready_out, ready_in = os.pipe()
    gate_out, gate_in = os.pipe()
    end_out, end_in = os.pipe()
    children = []
    for number in range(count):
        told_out, told_in = os.pipe()
        child = os.fork()
        if child == 0:
            for fd in (ready_out, gate_in, told_out, end_in):
                os.close(fd)
            _live(number, work, ready_in, gate_out, told_in, end_out)
        os.close(told_in)
        children.append((child, told_out))
    for fd in (ready_in, gate_out, end_out):
        os.close(fd)
    seen = 0
    while seen < count and (more := os.read(ready_out, count)):
        seen += len(more)
    os.close(gate_in)
    time.sleep(after)
    then()
    os.close(ready_out)
    told = [_all_of(out) for _, out in children]
    os.close(end_in)
    states = [os.waitpid(child, 0)[1] for child, _ in children]
    if any(states):
        raise RuntimeError(f"{sum(map(bool, states))} of {count} processes failed")
    return [json.loads(text) for text in told]


def _live(number: int, work: Work, ready: int, gate: int, told: int, end: int) -> None:
    """The whole life of a forked process."""
    status = 1
    try:
        signal.alarm(LONGEST)

        def wait() -> None:
            os.write(ready, b".")
            os.close(ready)
            os.read(gate, 1)

        with open(told, "w") as out:
            out.write(json.dumps(work(number, wait)))
        os.read(end, 1)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _all_of(fd: int) -> bytes:
    with open(fd, "rb") as told:
        return told.read()
