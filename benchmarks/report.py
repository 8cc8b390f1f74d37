"""The rows that come out, and the page they are written on, a section for each subject."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
HEAD = (
    "# Benchmarks: what it costs beside what it cannot be cheaper than",
    "",
    'Written by `make bench`, one section a subject; `make bench SUBJECTS="store lock"` measures',
    "these two anew and leaves the rest as it was. A cost is the median and, in brackets, what",
    "eight of ten measurements lie between; a ratio is that of two measurements made side by side.",
    "",
)


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


@dataclass(frozen=True, slots=True)
class Table:
    """What was found that is no cost beside another: counts, rates, who was driven and how."""

    subject: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    """The cells of each line, as they are to be read."""
    broken: str = ""
    """What was promised and did not hold."""


Finding = Row | Table


def section(
    subject: str, found: Sequence[Finding], notes: Sequence[str], quick: bool, load: str
) -> str:
    """The section of one subject. `load` is the load of the machine before it was measured."""
    rows = [f for f in found if isinstance(f, Row)]
    held = [r for r in rows if r.target is not None or r.broken]
    lines = [f"## {subject}", "", *_machine(quick, load), ""]
    for some in (held, [r for r in rows if r not in held]):
        lines += [*_costs(some), ""] if some else []
    for table in (f for f in found if isinstance(f, Table)):
        broken = [f"BROKEN: {table.broken}", ""] if table.broken else []
        lines += [*_table(table.columns, table.lines), "", *broken]
    return "\n".join([*lines, *(f"- {note}" for note in notes), ""])


def page(sections: Mapping[str, str], order: Sequence[str]) -> str:
    """The whole of RESULTS.md: these sections, by subject, in this order."""
    texts = [sections[name] for name in order if name in sections]
    return "\n".join([*HEAD, *_missed(texts), "", *texts])


def sections_of(text: str) -> dict[str, str]:
    """The sections of a page, by subject."""
    parts = re.split(r"^## (\S+)\n", text, flags=re.MULTILINE)[1:]
    named = zip(parts[::2], parts[1::2], strict=True)
    return {name: f"## {name}\n{rest.rstrip()}\n" for name, rest in named}


def _missed(texts: Sequence[str]) -> Iterator[str]:
    lines = [line.strip("| ") for text in texts for line in text.splitlines()]
    missed = [x for x in lines if x.endswith(" | over") or "BROKEN: " in x]
    yield f"Over its target or broken: {len(missed) or 'nothing'}."
    yield from (f"- {line.partition(' | ')[0]}" for line in missed)


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


def _costs(rows: Sequence[Row]) -> Iterator[str]:
    lines = (
        (
            row.what,
            _seconds(row.cost),
            row.floor,
            _seconds(row.floor_cost) if row.floor_cost else "",
            _ratio(row.ratio) if row.ratio else "",
            f"≤ {row.target:g}" if row.target is not None else "",
            row.verdict,
        )
        for row in rows
    )
    return _table(("what", "cost", "beside", "its cost", "ratio", "target", ""), lines)


def _table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    yield from (f"| {' | '.join(line)} |" for line in lines)


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
