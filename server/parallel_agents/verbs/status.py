"""`parallel-agents status [--watch]`: who works on what, and what to do next."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from parallel_agents.coordination.watching import Status
from parallel_agents.coordinator import Coordinator
from parallel_agents.verbs.console import Console
from parallel_agents.views.statustext import changes, live, status_text

PAUSE = 1.0
"""Seconds between two looks of `--watch`."""


def run(arguments: Namespace, console: Console) -> int:
    """Show the state, once or until the run is over."""
    coordinator = Coordinator.at(console.start)
    if arguments.watch:
        watch(coordinator.status, console)
        return 0
    status = coordinator.status()
    if console.as_json:
        from parallel_agents.replies import StatusReply

        console.give(StatusReply.from_status(status).model_dump(mode="json"))
    else:
        console.say(status_text(status, time.time(), console.width))
    return 0


def pause() -> None:
    """Wait between two looks."""
    time.sleep(PAUSE)


def watch(look: Callable[[], Status], console: Console) -> None:
    """Show every change: in place on a terminal, else one line each."""
    status = look()
    if status.run is None:
        console.say(status_text(status, time.time(), console.width))
        return
    on_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    with live(lambda: console.width) if on_terminal else _lines(console) as show:
        run = status.run
        while status.run is not None:
            run = status.run
            show(status, time.time())
            pause()
            status = look()
    console.say(f"The run {run} is over; its files are in _tasks/history/.")


@contextmanager
def _lines(console: Console) -> Iterator[Callable[[Status, float], None]]:
    shown: list[Status] = []

    def show(status: Status, now: float) -> None:
        for line in changes(shown[-1] if shown else None, status):
            console.say(f"{time.strftime('%H:%M:%S', time.localtime(now))} {line}")
        sys.stdout.flush()
        shown[:] = [status]

    yield show
