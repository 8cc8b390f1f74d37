"""Faults put into a process by the kernel's own means: strace, one call of the system at a time."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.store.folder import FOLDER

FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")
DEADLINE = 30.0
"""Seconds after which a process that a test started has gone wrong."""
_TRACED = "trace=%file,%desc,sync"
_TESTS = Path(__file__).resolve().parent.parent


def python_path() -> str:
    """Where programs of these tests find their modules."""
    return os.pathsep.join((str(_TESTS), str(_TESTS.parent / "server")))


@dataclass(frozen=True)
class Point:
    """The n-th call of this name that the process makes; it touches the store's folder."""

    call: str
    n: int


@dataclass
class Outcome:
    """What became of one process."""

    status: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> dict[str, Any] | None:
        """The last reply that was no fault of the store."""
        good = [r for r in self.replies if "fault" not in r]
        return good[-1] if good else None


class Workers:
    """The program `crashes.worker`, each of whose processes runs under an strace of its own."""

    def __init__(self, scratch: Path) -> None:
        self._log = scratch / "strace"
        self._buffer = b""
        self._process = subprocess.Popen(
            (sys.executable, "-m", "crashes.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": python_path()},
        )

    def run(
        self,
        root: Path,
        step: str,
        point: Point | None = None,
        fault: str = "",
        *,
        warm: bool = True,
        settled: bool = True,
    ) -> Outcome:
        """Do one step in a process of its own, with this fault instead of the call `point`."""
        assert self._process.stdin is not None
        request = json.dumps([str(root), step, warm, settled])
        self._process.stdin.write(request.encode() + b"\n")
        self._process.stdin.flush()
        word, pid = self._line().split(" ")
        assert word == "ready"
        inject = [] if point is None else ["-e", f"inject={point.call}:{fault}:when={point.n}"]
        words = ["strace", "-p", pid, "-o", str(self._log), "-y", "-s", "0", "-e", _TRACED, *inject]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            attached = tracer.stderr.readline()
            os.kill(int(pid), signal.SIGUSR1)
            assert "attached" in attached, attached
            outcome = self._outcome()
            tracer.communicate(timeout=DEADLINE)
        outcome.trace = self._log.read_text(errors="replace").splitlines()
        return outcome

    def close(self) -> None:
        """End the program."""
        self._process.communicate(timeout=DEADLINE)

    def _outcome(self) -> Outcome:
        outcome = Outcome()
        while True:
            word, _, rest = self._line().partition(" ")
            if word == "ended":
                outcome.status = int(rest)
                return outcome
            outcome.replies.append(json.loads(rest))

    def _line(self) -> str:
        """The next line that a process says. Fails where none comes in time."""
        out = self._process.stdout
        assert out is not None
        while b"\n" not in self._buffer:
            assert select.select([out], [], [], DEADLINE)[0], "a process says nothing"
            read = os.read(out.fileno(), 1 << 16)
            assert read, "the program has ended"
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


def points(outcome: Outcome, root: Path) -> list[Point]:
    """Each call of a rehearsal that touches the store's folder, in their order."""
    seen: Counter[str] = Counter()
    found = []
    for line in outcome.trace:
        name = _name(line)
        if name is None:
            continue
        seen[name] += 1
        if _touches(line, root):
            found.append(Point(name, seen[name]))
    return found


def struck(outcome: Outcome, root: Path, fault: str) -> bool:
    """Whether the fault met a call that touches the store's folder."""
    lines = [line for line in outcome.trace if _name(line) is not None]
    if fault == "signal=KILL":
        return outcome.status == -signal.SIGKILL and _touches(lines[-1], root)
    return [_touches(line, root) for line in lines if "(INJECTED)" in line] == [True]


def _name(line: str) -> str | None:
    name = re.match(r"[a-z_0-9]+(?=\()", line)
    return name[0] if name else None


def _touches(line: str, root: Path) -> bool:
    return f"{root}/{FOLDER}" in line or line.startswith("sync(")
