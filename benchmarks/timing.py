"""Measuring side by side: subjects take turns, and a spread is kept of what each of them costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some measurements, and between what most of them lie."""

    median: float
    low: float
    """The tenth percentile."""
    high: float
    """The ninetieth percentile."""

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(percentile(values, 50), percentile(values, 10), percentile(values, 90))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that is not smaller than `percent` of them."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def ratios(subject: Sequence[float], floor: Sequence[float]) -> Spread:
    """Each turn of the subject over the turn of the floor beside it."""
    return Spread.of([a / b for a, b in zip(subject, floor, strict=True)])


def in_turn(turns: int, *subjects: Callable[[], float]) -> list[list[float]]:
    """What each subject gives at each of its turns. Who begins changes from turn to turn."""
    found: list[list[float]] = [[] for _ in subjects]
    for subject in subjects:
        subject()  # to be warm
    for turn in range(turns):
        for at in range(len(subjects)):
            chosen = (turn + at) % len(subjects)
            found[chosen].append(subjects[chosen]())
    return found


def processor_time(step: Callable[[], object], times: int) -> float:
    """Seconds of processor that one step takes in this process, over so many of them."""
    began = time.process_time()
    for _ in range(times):
        step()
    return (time.process_time() - began) / times


@dataclass(frozen=True, slots=True)
class Command:
    """A process to be started as it is: no shell, no pipe, its input from a file."""

    words: Sequence[str]
    environment: dict[str, str]
    directory: Path
    given: Path = Path(os.devnull)
    status: int = 0
    """The exit status that it must have."""

    def seconds(self) -> float:
        """From its start to its end. Raises `RuntimeError` where it ends in another way."""
        here = os.open(".", os.O_RDONLY)
        os.chdir(self.directory)
        try:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, str(self.given), os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ]
            began = time.perf_counter()
            child = os.posix_spawn(
                self.words[0], tuple(self.words), self.environment, file_actions=actions
            )
            _, status = os.waitpid(child, 0)
            seconds = time.perf_counter() - began
        finally:
            os.fchdir(here)
            os.close(here)
        if os.waitstatus_to_exitcode(status) != self.status:
            raise RuntimeError(f"{self.words} ended with status {status}")
        return seconds
