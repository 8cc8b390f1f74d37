"""A claim in the folder store among more and more tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from parallel_agents.core.commands import Release
from parallel_agents.core.model import Agent, Outcome
from parallel_agents.store.folder import FolderStore

from benchmarks import place
from benchmarks.report import Row
from benchmarks.scale import Scale
from benchmarks.timing import Spread, in_turn, ratios

FEW = 100
SIZES = (1_000, 10_000)
"""Sizes of runs on the way to the largest."""

NOTES = (
    "**claim among many**: processor time of the claim alone, its giving back not counted, in "
    "stores that take turns.",
)


def measure(scale: Scale) -> Iterator[Row]:
    """A claim among more and more tasks, each beside one among few."""
    sizes = sorted({FEW, *(n for n in SIZES if n < scale.many_tasks), scale.many_tasks})
    with place.scratch() as folder, ExitStack() as runs:
        stores = [runs.enter_context(place.run_of(folder / f"of-{n}", n)) for n in sizes]
        subjects = [partial(_claims, store, scale.batch) for store in stores]
        few, *others = in_turn(scale.rounds, *subjects)
    for size, among in zip(sizes[1:], others, strict=True):
        yield Row(
            "size",
            f"claim among {size:,} tasks",
            Spread.of(among),
            f"claim among {FEW} tasks",
            Spread.of(few),
            ratios(among, few),
            target=1.3 if size == scale.many_tasks else None,
        )


def _claims(store: FolderStore, times: int) -> float:
    """Seconds of processor for one claim; what gives it back is not counted."""
    agent, seconds = Agent("s-1", "worker"), 0.0
    for _ in range(times):
        began = time.process_time()
        held = place.claim(store, agent)
        seconds += time.process_time() - began
        store.transact(Release(agent, held.task, held.token, Outcome.RETURNED))
    return seconds / times
