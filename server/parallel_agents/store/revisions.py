"""Revisions that never go back, not even over a power cut.

Claims are not synced one by one, so a power cut may take the newest of them off the disk, and with
them the newest revisions. Revisions are therefore reserved ahead, in synced blocks: after a start
of the machine the counter goes on behind the last reserved block.
"""

from __future__ import annotations

import os
from binascii import crc32
from pathlib import Path

from parallel_agents.store.files import read_regular

BLOCK = 4096
"""Revisions reserved at a time: one sync per block."""
LOST = 1_000_000
"""How far to jump where the reservation itself was lost."""


class Reservation:
    """The file `.rev`: `<crc32> <ceiling> <floor> <boot>`.

    Revisions are reserved up to the ceiling; in this start of the machine, which `boot` names, they
    go on from the floor.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ceiling = -1

    def is_of_earlier_start(self) -> bool:
        """Whether the machine has been started since: what was not synced may be lost."""
        boot = self._read()[2]
        return boot not in ("", _boot())

    def settle(self, seen: int) -> int:
        """The revision to go on from, when `seen` is the newest one found in the files."""
        ceiling, floor, boot = self._read()
        if boot == _boot():
            self._ceiling = ceiling
            return max(seen, floor)
        if boot:
            seen = max(seen, ceiling)
        elif seen:
            seen += LOST
        self.cover(seen, anew=True)
        return seen

    def covers(self, rev: int) -> bool:
        """Whether `rev` is reserved as it is: nothing has to be written for it."""
        return rev <= self._ceiling

    def cover(self, rev: int, anew: bool = False) -> None:
        """Make sure that `rev` is reserved before anybody is told of it.

        `anew` writes it down even so: then no loss of other files brings back what was before.
        """
        if self.covers(rev) and not anew:
            return
        self._ceiling = rev + BLOCK
        text = f"{self._ceiling} {rev} {_boot()}".encode()
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        fd = os.open(self._path, flags, 0o644)
        try:
            os.pwrite(fd, b"%08x %-100s\n" % (crc32(text), text), 0)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _read(self) -> tuple[int, int, str]:
        try:
            checksum, _, text = read_regular(self._path)[0].rstrip().partition(" ")
            ceiling, floor, boot = text.split(" ", 2)
            if int(checksum, 16) == crc32(text.encode()):
                return int(ceiling), int(floor), boot
        except (FileNotFoundError, ValueError):
            pass
        return 0, 0, ""


def _boot() -> str:
    """What names this start of the machine. Where it is not known, every process is a start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _boot_of_macos() or f"process-{os.getpid()}"


def _boot_of_macos() -> str:
    import ctypes  # slow to load

    size = ctypes.c_size_t(64)
    text = ctypes.create_string_buffer(size.value)
    try:
        ask = ctypes.CDLL(None).sysctlbyname
    except (AttributeError, OSError, TypeError):  # not macOS, or nothing to load it from
        return ""
    failed = ask(b"kern.bootsessionuuid", text, ctypes.byref(size), None, ctypes.c_size_t(0))
    return "" if failed else text.value.decode()
