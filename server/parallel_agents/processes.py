"""Which process is meant: its number and its start, so that a later one with the number is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this machine, told from every other that has had its number."""

    pid: int
    started: str
    """The boot and the time of its start, in words of the system; empty where it cannot say."""

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now."""
        return cls(pid, _started(pid))

    @classmethod
    def named(cls, text: str) -> Process | None:
        """The process whose `str` this is; None for anything else."""
        pid, _, started = text.partition("@")
        return cls(int(pid), started) if pid.isdecimal() else None

    def __str__(self) -> str:
        """`pid@start`, without white space."""
        return f"{self.pid}@{self.started}"

    @property
    def runs(self) -> bool:
        """Whether it still runs. True in doubt."""
        return _exists(self.pid) and _started(self.pid) in (self.started, "")

    def end_group(self) -> bool:
        """End the process group that it leads, whether or not it still runs itself.

        Whether there was one. A group of another process that has got the number is left alone: as
        long as a group lives, no new process gets the number of its leader.
        """
        if _boot() != self.started.partition(":")[0]:
            return False
        if _exists(self.pid) and not self.runs:
            return False
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
            return True
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] == "Z"


def _started(pid: int) -> str:
    """`boot:start`; empty where there is no such process or nobody can tell."""
    if sys.platform == "linux":
        fields = _stat(pid)
        return f"{_boot()}:{fields[19]}" if len(fields) > 19 else ""
    asked = ("ps", "-o", "lstart=", "-p", str(pid))
    with suppress(OSError):
        shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return f"{_boot()}:{'-'.join(shown.split())}" if shown.strip() else ""
    return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold anything."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "-"
