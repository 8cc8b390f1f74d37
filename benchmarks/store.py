"""A claim in the folder store, beside the same steps by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parallel_agents.core.commands import Release
from parallel_agents.core.model import Agent, Outcome
from parallel_agents.store.folder import FolderStore

from benchmarks import place
from benchmarks.floors import ByHand
from benchmarks.report import Row
from benchmarks.scale import Scale
from benchmarks.timing import Spread, in_turn, processor_time, ratios

FEW = 100
HELD = 32
"""Claims that are live all the time, in a run where all are at work."""

NOTES = (
    "**store**: processor time of this process. The claim is given back, so nothing is synced. "
    f"The run has {FEW} tasks of one file; with {HELD} live claims, tasks of 20 files.",
    "**what a claim alone consists of** (2,784 samples by processor time, 2026-11-25): looking "
    "whether folders, files and tables are as they were 15 %, appending to the task's file 13 %, "
    "the renames 12 %, the table for the hooks 12 %, the lock and its note 12 %, rules and view "
    "17 %, the feed's line 7 %, making frozen values 7 %, JSON 4 %, the rest calls. A pair is "
    "some 450 calls of functions. No step stands out. To get below 2 would need 20 µs less: tuples "
    "in place of frozen values (6 µs), no word in the lock's file of what was begun (4 µs, and "
    "with it what tells a change that was cut off from a person's `mv`), or compiled code.",
)


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of the folder store in one process."""
    with place.scratch() as folder:
        steps = ByHand(folder / "by-hand")
        with (
            place.run_of(folder / "alone", FEW) as alone,
            place.run_of(folder / "busy", FEW, files=20) as busy,
        ):
            for number in range(HELD):
                place.prepared(busy, Agent("s-1", f"holder-{number}"))
            by_hand, cost, cost_busy = in_turn(
                scale.rounds,
                lambda: processor_time(steps.pair, scale.batch),
                lambda: processor_time(_pair(alone), scale.batch),
                lambda: processor_time(_pair(busy), scale.batch),
            )
        steps.close()
        yield Row(
            "store",
            "claim and give back",
            Spread.of(cost),
            "the same steps by hand",
            Spread.of(by_hand),
            ratios(cost, by_hand),
            target=2.0,
        )
        yield Row(
            "store",
            f"claim and give back while {HELD} claims are live",
            Spread.of(cost_busy),
            "the same steps by hand, one claim",
            Spread.of(by_hand),
            ratios(cost_busy, by_hand),
        )


def _pair(store: FolderStore) -> Callable[[], None]:
    agent = Agent("s-1", "worker")

    def pair() -> None:
        held = place.claim(store, agent)
        store.transact(Release(agent, held.task, held.token, Outcome.RETURNED))

    return pair
