"""The floors: the steps of a claim written by hand, and processes that do nothing.

What decides nothing, keeps no index and checks nothing cannot be slower than what does. It leaves
the same bytes: a history line with its time, a renamed file, a table with its checksum.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import place
from benchmarks.report import Row
from benchmarks.scale import Scale
from benchmarks.timing import Command, Spread, in_turn, processor_time

NOTES = (
    "**by hand**: flock, the history line (`json.dumps`, the time as ISO text) appended, the table "
    "of one claim with its CRC written in place, one rename, unlock; then the same back: with "
    "`open` and `with`, as one writes it. The bytes are those that the store leaves.",
    "**system calls alone**: nothing but `flock`, `open`, `write`, `close` and `rename`, by the "
    "bare functions of `os`, with bytes that were made before.",
)

PASS = ("-I", "-S", "-c", "pass")


class ByHand:
    """One task that is claimed and given back, step by step, in a folder of its own.

    `lock` is the lock's file, where it is not the folder's own.
    """

    def __init__(self, folder: Path, lock: Path | None = None) -> None:
        for name in ("available", "claimed"):
            (folder / name).mkdir(parents=True)
        self._available = str(folder / "available" / "task.md")
        self._claimed = str(folder / "claimed" / "task.md")
        self._slots = [str(folder / name) for name in (".locks.0", ".locks.1")]
        self._root = str(folder)
        Path(self._available).write_text("---\nid: task\n---\n\n## History\n")
        for slot in self._slots:
            Path(slot).touch()
        self._lock = os.open(lock or folder / ".lock", os.O_RDWR | os.O_CREAT)
        self._rev = 0

    def pair(self) -> None:
        """Claim the task and give it back."""
        self._rev += 1
        data = {"agent": "s-1/worker", "verified": False, "files": ["src/file.py"], "slot": 1}
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        now = time.time()
        self._write_table(
            f"claim\ttask\t{self._rev}\ts-1/worker\t{now:.3f}\t1\t-\nfile\tsrc/file.py\n"
        )
        self._append(self._available, now, "claimed", data)
        os.rename(self._available, self._claimed)
        fcntl.flock(self._lock, fcntl.LOCK_UN)

        self._rev += 1
        back = {"token": self._rev - 1, "agent": "s-1/worker", "summary": "", "salvage": None}
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._append(self._claimed, time.time(), "returned", back)
        os.rename(self._claimed, self._available)
        self._write_table("")
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def system_calls(self) -> None:
        """The same calls, with nothing to work out."""
        for source, target in (
            (self._available, self._claimed),
            (self._claimed, self._available),
        ):
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            _put(self._slots[0], os.O_WRONLY | os.O_CREAT, b"x" * 180)
            _put(source, os.O_WRONLY | os.O_APPEND, b"x" * 110 + b"\n")
            os.rename(source, target)
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def lock(self) -> None:
        """Take the lock and let it go."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock's file."""
        os.close(self._lock)

    def _append(self, path: str, at: float, kind: str, data: dict[str, object]) -> None:
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6]
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"- {moment}Z #{self._rev} {kind} {json.dumps(data, ensure_ascii=False)}\n")

    def _write_table(self, claims: str) -> None:
        body = f"run\tp12345678\tfiles\t{self._root}\n{claims}".encode()
        head = b"parallel-agents-locks 1 %d %d %d " % (self._rev, self._rev, len(body))
        with open(self._slots[self._rev % 2], "r+b") as slot:
            slot.write(head + b"%d\n" % crc32(body, crc32(head)) + body)


def _put(path: str, flags: int, data: bytes) -> None:
    fd = os.open(path, flags, 0o644)
    os.write(fd, data)
    os.close(fd)


def measure(scale: Scale) -> Iterator[Row]:
    """What the floors cost; the other subjects measure again those that they compare with."""
    with place.scratch() as folder:
        steps = ByHand(folder / "by-hand")
        in_process: dict[str, Callable[[], None]] = {
            "flock and unlock": steps.lock,
            "claim and give back: system calls alone": steps.system_calls,
            "claim and give back: by hand": steps.pair,
        }
        found = in_turn(scale.rounds, *(_timed(s, scale.batch) for s in in_process.values()))
        for what, costs in zip(in_process, found, strict=True):
            yield Row("floors", what, Spread.of(costs))
        steps.close()
        commands = {
            "`sh -c :`": Command(("/bin/sh", "-c", ":"), place.bare(), folder),
            "`python3 -I -S -c pass`": Command((sys.executable, *PASS), place.bare(), folder),
        }
        found = in_turn(scale.hooks, *(c.seconds for c in commands.values()))
        for what, costs in zip(commands, found, strict=True):
            yield Row("floors", what, Spread.of(costs))


def _timed(step: Callable[[], None], times: int) -> Callable[[], float]:
    return lambda: processor_time(step, times)
