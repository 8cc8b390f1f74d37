"""What it takes to compare the tasks of a plan on a large repository, evidence and all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Plan, Task, TaskId

from benchmarks import estate
from benchmarks.report import Row
from benchmarks.scale import Scale
from benchmarks.timing import Spread

PROMISED = {20: 3.0, 200: 10.0}
"""Seconds, by the number of tasks."""

NOTES = (
    "A plan is proposed as `propose_plan` does it: checked, compared with the code and the history "
    "of the commit, scheduled, advised on, written down. Every task names three files, a folder of "
    "25 and a new file; the generated repository has source of five languages that imports itself.",
    "Cold: the first plan of a new process. Warm: another plan of the same process.",
)


def measure(scale: Scale) -> Iterator[Row]:
    """Plans of 20 and of 200 tasks, in a new process and in one that has planned before."""
    with TemporaryDirectory() as scratch:
        root = Path(scratch) / "estate"
        estate.build(root, scale.files, scale.commits)
        for tasks, promised in PROMISED.items():
            cold, warm = [], []
            for _ in range(scale.plans):
                first, later = _timed(root, tasks)
                cold.append(first)
                warm += later
            for kind, seconds in (("cold", cold), ("warm", warm)):
                cost = Spread.of(seconds)
                yield Row(
                    "planning",
                    f"a plan of {tasks} tasks on {scale.files:,} files, {kind}",
                    cost,
                    f"{promised:g} s",
                    Spread(promised, promised, promised),
                    Spread.of([s / promised for s in seconds]),
                    1.0,
                )


def _timed(root: Path, tasks: int) -> tuple[float, list[float]]:
    """(seconds of the first plan, of each later one) in a process of their own."""
    words = (sys.executable, "-m", "benchmarks.planning", str(root), str(tasks))
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    first, *later = map(float, done.stdout.split())
    return first, later


def plan(paths: list[str], count: int, turn: int) -> Plan:
    """A plan of so many tasks over these files; another one for each turn."""
    tasks = []
    for i in range(count):
        at = (i * 7919 + turn * 101) % len(paths)
        folder = paths[at].rpartition("/")[0]
        others = (paths[(at + step) % len(paths)] for step in (977, 1954, 2931))
        new = f"src/area{i % 40}/new{i}_{turn}.py"
        files = (f"{folder}/**", *others, new)
        tasks.append(Task(TaskId(f"t{i}"), f"Task {i}", "Do it.", files))
    return Plan(f"Goal {turn}", tuple(tasks))


def main() -> None:
    """The seconds of three plans, one after the other, on the repository that is named."""
    root, count = Path(sys.argv[1]), int(sys.argv[2])
    listed = subprocess.run(
        ("git", "-C", str(root), "ls-files", "src"), check=True, capture_output=True, text=True
    )
    paths = listed.stdout.splitlines()
    for turn in range(3):
        proposed = plan(paths, count, turn)
        began = time.perf_counter()
        Coordinator.at(root).propose(proposed)
        sys.stdout.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main()
