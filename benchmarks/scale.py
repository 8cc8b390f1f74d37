"""How much is measured: everything, or just enough to see that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run of the benchmarks."""

    rounds: int
    """Turns that floor and subject take within one process."""
    batch: int
    """Claims of one turn."""
    many_tasks: int
    """Tasks of the large run that a claim is compared in."""
    processes: int
    """Processes of the storm."""
    rate: int
    """Claims and releases a second in the storm, of all processes together."""
    storm: float
    """Seconds of one storm."""
    storms: int
    alone: int
    """Claims of the process that works alone and without a pause, beside a storm."""
    burst: int
    """Processes that wait for the lock at once."""
    bursts: int
    calls: int
    """Calls of each tool over MCP."""
    hooks: int
    """Starts of each hook."""
    starts: int
    """Starts of the server."""
    files: int
    """Files of the repository that is planned on."""
    commits: int
    """Its commits."""
    plans: int
    """Processes that plan on it, three plans each."""
    tree: int
    """Files of the repository that is merged in."""
    branches: int
    """Branches that are merged there, each pair in the matrix and half of them in a chain."""
    races: int
    """Races for one task among the processes of other tools, and of ours."""
    kept: int
    """Claims of each process that are looked for afterwards."""
    peers: bool
    """Whether other tools are installed and driven, or only ours."""


FULL = Scale(
    rounds=41,
    batch=100,
    many_tasks=100_000,
    processes=64,
    rate=320,
    storm=5.0,
    storms=3,
    alone=300,
    burst=32,
    bursts=21,
    calls=400,
    hooks=150,
    starts=11,
    files=30_000,
    commits=2_500,
    plans=5,
    tree=5_000,
    branches=32,
    races=10,
    kept=4,
    peers=True,
)

QUICK = Scale(
    rounds=11,
    batch=40,
    many_tasks=3_000,
    processes=64,
    rate=320,
    storm=1.0,
    storms=2,
    alone=100,
    burst=32,
    bursts=5,
    calls=60,
    hooks=25,
    starts=3,
    files=3_000,
    commits=300,
    plans=1,
    tree=500,
    branches=12,
    races=2,
    kept=1,
    peers=False,
)
