"""The long storm: storms of 8 to 64 processes, one after the other, until so many claims are made.

    python -m storms [--claims N] [--minutes M] [--seed S]

Every history is checked. Ends with one line of sums, and with status 1 where a promise was broken;
then the folder of that storm is kept, and its path is told.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

from storms.crowd import Storm, plan_of, run
from storms.history import WrongHistory, check, gather

CLAIMS = 1_000_000
SHAPES = ((8, 20_000), (16, 6_000), (8, 20_000), (32, 1_500), (8, 20_000), (64, 500))
"""Processes and claims of the storms, in turn: each claim costs every process of its storm."""
DOUBLE = ("one claim a task", "one claim an agent", "no file in two claims", "nothing doubled")
LOST = ("nothing lost", "the folder is the replay")
ORDER = ("tokens rise", "real time")


def _storm(number: int, seed: int, left: int) -> Storm:
    processes, claims = SHAPES[number % len(SHAPES)]
    claims = min(claims, max(left, processes))
    kills = min(processes // 2, claims)
    return Storm(
        seed + number, processes, tasks=max(100, 2 * processes), claims=claims, kills=kills,
        deaths=min(7, processes), longest=1800,
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="storms", description="Storms with checked histories.")
    parser.add_argument("--claims", type=int, default=CLAIMS, help="claims to reach")
    parser.add_argument("--minutes", type=float, help="begin no storm after so long")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first storm")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    sums: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for number in count():
        storm = _storm(number, chosen.seed, chosen.claims - sums["claims"])
        root = Path(tempfile.mkdtemp(prefix="storm-"))
        tally = run(root, storm)
        history = gather(root, plan_of(storm))
        sums["storms"] += 1
        sums["processes"] += storm.processes + tally.kills
        sums["claims"] += sum(c.kind == "claimed" for c in history.changes)
        sums["calls"] += len(history.calls)
        sums["kills"] += tally.kills
        sums["timeouts"] += tally.timeouts
        try:
            check(history)
        except WrongHistory as wrong:
            broken[wrong.promise] += 1
            sys.stderr.write(f"\n{wrong}\n{storm}\nkept in {root}\n")
        else:
            shutil.rmtree(root)
        taken = time.monotonic() - started
        sys.stderr.write(
            f"storm {sums['storms']} (seed {storm.seed}, {storm.processes} processes): "
            f"{sums['claims']:,} of {chosen.claims:,} claims, "
            f"{sums['claims'] / taken:,.0f} a second\n"
        )
        sys.stderr.flush()
        is_late = chosen.minutes is not None and taken > 60 * chosen.minutes
        if is_late or sums["claims"] >= chosen.claims:
            break

    def broken_of(promises: tuple[str, ...]) -> int:
        return sum(broken[p] for p in promises)

    other = broken.total() - broken_of(DOUBLE) - broken_of(LOST) - broken_of(ORDER)
    sys.stdout.write(
        f"{sums['storms']} storms, {sums['processes']} processes, {sums['claims']:,} claims, "
        f"{sums['calls']:,} calls, {sums['kills']} kills, {sums['timeouts']} lock time-outs; "
        f"storms with double claims: {broken_of(DOUBLE)}, with lost tasks: {broken_of(LOST)}, "
        f"with tokens out of order: {broken_of(ORDER)}, with another broken promise: {other}; "
        f"{time.monotonic() - started:,.0f} s\n"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
