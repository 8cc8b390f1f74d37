"""The rows that come out, and the page they are written on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir

from benchmarks.timing import Spread

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("mcp", "pydantic", "anyio", "filelock", "GitPython", "PyYAML")
UNITS = ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))
"""Below so many seconds, times this, in this unit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured, beside what it is compared with."""

    subject: str
    """The module that measured it."""
    what: str
    cost: Spread
    """Seconds."""
    floor: str = ""
    """What it is compared with; empty where it is a floor itself."""
    floor_cost: Spread | None = None
    ratio: Spread | None = None
    target: float | None = None
    """The largest ratio that is good enough; None where the row is there to be known."""
    broken: str = ""
    """What was promised and did not hold."""

    @property
    def verdict(self) -> str:
        """PASS, over, BROKEN, or nothing where there is no target."""
        if self.broken:
            return f"BROKEN: {self.broken}"
        if self.target is None or self.ratio is None:
            return ""
        return "PASS" if self.ratio.median <= self.target else "over"


def page(rows: Sequence[Row], notes: Sequence[str], quick: bool, load: str) -> str:
    """The whole of RESULTS.md. `load` is the load of the machine when the run began."""
    return "\n".join(
        (
            "# Benchmarks: what it costs beside what it cannot be cheaper than",
            "",
            "Written by `make bench`. A cost is the median and, in brackets, what eight of ten",
            "measurements lie between; a ratio is that of two measurements made side by side.",
            "",
            *_machine(quick, load),
            "",
            "## Targets",
            "",
            *_table([r for r in rows if r.target is not None or r.broken]),
            "",
            "## Floors, and what else is good to know",
            "",
            *_table([r for r in rows if r.target is None and not r.broken]),
            "",
            "## What is in a row",
            "",
            *(f"- {note}" for note in notes),
            "",
        )
    )


def load() -> str:
    """How busy the machine is: the load of the last minute, for its number of cores."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return f"{os.getloadavg()[0]:.1f}"


def file_system(folder: Path) -> str:
    """The type of the file system that `folder` is on, as the system calls it."""
    place = folder.resolve()
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    over = [m for m in mounts if place.is_relative_to(m[1])]
    return max(over, key=lambda m: len(m[1]))[2] if over else "unknown"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| | what | cost | beside | its cost | ratio | target | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        cells = (
            row.subject,
            row.what,
            _seconds(row.cost),
            row.floor,
            _seconds(row.floor_cost) if row.floor_cost else "",
            _ratio(row.ratio) if row.ratio else "",
            f"≤ {row.target:g}" if row.target is not None else "",
            row.verdict,
        )
        yield f"| {' | '.join(cells)} |"


def _machine(quick: bool, load_before: str) -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    size = " (quick: too few turns to judge by)" if quick else ""
    yield f"- {now}, commit {_commit()}{size}"
    yield (
        f"- {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, {file_system(Path(gettempdir()))}; "
        f"load {load_before} before, {load()} after"
    )
    git = _said("git", "--version").removeprefix("git version ") or "unknown"
    yield f"- Python {platform.python_version()}, git {git}, {packages}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit() -> str:
    head = _said("git", "rev-parse", "--short=12", "--verify", "--quiet", "HEAD")
    changed = _said("git", "status", "--porcelain", "--", "server", "hooks")
    return (head or "none yet") + (" with changes" if head and changed else "")


def _said(*words: str) -> str:
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _seconds(spread: Spread) -> str:
    scale, unit = next((s, u) for below, s, u in UNITS if spread.median < below)
    low, middle, high = (_figure(v * scale) for v in (spread.low, spread.median, spread.high))
    return f"{middle} {unit} ({low}–{high})"  # noqa: RUF001


def _ratio(spread: Spread) -> str:
    return f"**{spread.median:.2f}** ({spread.low:.2f}–{spread.high:.2f})"  # noqa: RUF001


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def say(text: str) -> None:
    """To the person who waits: what is being measured."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
