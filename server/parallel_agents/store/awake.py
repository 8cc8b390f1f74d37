"""Time awake: how long ago something was, by a clock that neither sleep nor a set clock fools.

Marks of time are wall-clock times (a file's modification time), because a hook in `sh` can make no
other. They are placed on the machine's monotonic clock, which stands still while the machine
sleeps and cannot be set, by samples of both clocks in one file that all processes share:

    <boot id> <seconds awake> <seconds since the epoch>

Between two samples the wall clock may have jumped (a sleep, a set clock): a mark is put where it
gives the smaller age, and of several places that it fits the latest counts. With sleeps and at most
one set clock between two samples an age is never more than the time awake since; without any of
them it is right to the second.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 60.0
"""Seconds awake between two samples, where somebody looks as often."""
KEPT = 300
"""Samples that are kept when the file, at twice as many, is written anew: five hours or more."""
SLACK = 1.0
"""Seconds by which a mark and a sample may be apart that were made at once, by other clocks."""
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """Both clocks at one moment, in seconds."""

    awake: float
    wall: float


def awake_since(at: float, samples: Sequence[Sample]) -> float:
    """Seconds awake from wall time `at` to the last sample, or fewer where it cannot be known.

    `samples` are of one boot, oldest first, and at least one. Nothing is known of what was before
    the first: that time does not count. A time that has not come yet has an age of 0.
    """
    now = samples[-1]
    for number in range(len(samples) - 1, 0, -1):
        earlier, later = samples[number - 1], samples[number]
        passed = later.awake - earlier.awake
        ends = max(later.wall, earlier.wall + passed)
        begins = min(earlier.wall, later.wall - passed)
        fits_before_a_jump = earlier.wall - SLACK <= at <= ends + SLACK
        fits_after_a_jump = begins - SLACK <= at <= later.wall + SLACK
        if fits_before_a_jump or fits_after_a_jump:
            rest = min(later.wall - at, passed - (at - earlier.wall))
            return now.awake - later.awake + min(max(rest, 0.0), passed)
    return now.awake - samples[0].awake if at < samples[0].wall else 0.0


class AwakeClock:
    """The samples of one file. What cannot be read or written makes ages smaller, no worse."""

    def __init__(
        self,
        path: Path,
        wall: Callable[[], float] = time.time,
        awake: Callable[[], float] = time.monotonic,
        boot: Callable[[], str] | None = None,
    ) -> None:
        # time.monotonic() is CLOCK_MONOTONIC on Linux and mach_absolute_time() on macOS: the same
        # for all processes of a boot, and neither counts the time asleep.
        self._path = path
        self._wall = wall
        self._awake = awake
        self._boot = boot or boot_id
        self._noted = -math.inf
        self._read: tuple[tuple[int, ...], list[Sample]] = ((), [])

    def note(self) -> None:
        """Add a sample, unless anybody did within the last minute. Cheap enough for every call."""
        now = Sample(self._awake(), self._wall())
        if 0 <= now.awake - self._noted < INTERVAL:
            return
        with suppress(OSError):
            lines = self._lines()
            samples = self._samples(lines, now)
            if samples and now.awake - samples[-1].awake < INTERVAL:
                self._noted = samples[-1].awake
                return
            if len(lines) >= 2 * KEPT:
                self._write_anew(lines[-KEPT:])
            line = f"{self._boot()} {now.awake!r} {now.wall!r}\n"
            fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _FLAGS, 0o644)
            try:
                os.write(fd, line.encode())
            finally:
                os.close(fd)
            self._noted = now.awake

    def age(self, at: float) -> float:
        """Seconds that the machine was awake since wall time `at`; in doubt fewer."""
        self.note()
        now = Sample(self._awake(), self._wall())
        samples: list[Sample] = []
        with suppress(OSError):
            status = os.stat(self._path, follow_symlinks=False)
            there = (status.st_ino, status.st_size, status.st_mtime_ns)
            if self._read[0] != there:
                self._read = there, self._samples(self._lines(), now)
            samples = self._read[1]
        return awake_since(at, [*samples, now])

    def _samples(self, lines: list[bytes], now: Sample) -> list[Sample]:
        """The samples of this boot, oldest first. What is torn or garbled is passed over."""
        boot, found = self._boot().encode(), []
        for line in lines:
            parts = line.split()
            if len(parts) != 3 or parts[0] != boot or not line.endswith(b"\n"):
                continue
            with suppress(ValueError):
                sample = Sample(float(parts[1]), float(parts[2]))
                if sample.awake <= now.awake and math.isfinite(sample.awake + sample.wall):
                    found.append(sample)
        return sorted(found)

    def _lines(self) -> list[bytes]:
        try:
            fd = os.open(self._path, os.O_RDONLY | _FLAGS)
        except FileNotFoundError:
            return []
        with open(fd, "rb") as file:
            return file.readlines()

    def _write_anew(self, lines: list[bytes]) -> None:
        """A sample that another process adds meanwhile is lost: that only coarsens the rest."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o644)
        with open(fd, "wb") as file:
            file.writelines(lines)
        os.replace(new, self._path)


@functools.cache
def boot_id() -> str:
    """What tells this start of the machine from others; this process alone, where nothing does."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    if sys.platform == "darwin":  # its kern.boottime moves when the clock is set
        import ctypes

        text, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        library = ctypes.CDLL(None)
        if not library.sysctlbyname(b"kern.bootsessionuuid", text, ctypes.byref(size), None, 0):
            return text.value.decode()
    return f"process-{os.getpid()}-{time.time_ns()}"
