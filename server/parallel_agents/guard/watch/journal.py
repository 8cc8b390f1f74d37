"""What a holder last wrote itself: per file its hash, its stamp and a copy of the content.

Noted after each of the holder's own edits and commands, in `_tasks/.watch/own/<task>.<token>`, one
line a file (the last one counts); the copies lie in `_tasks/.watch/kept/` under their hash. A clean
file that git tracks needs no copy: git has it, and its index tells whether it was clean.
"""

from __future__ import annotations

import os
from stat import S_ISREG

from parallel_agents.core.locktable import fields, row
from parallel_agents.guard.runs import WATCH
from parallel_agents.guard.watch.flights import read, write
from parallel_agents.guard.watch.snapshot import GONE, mode_of, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

OWN = "own"
KEPT = "kept"

LARGEST = 16 << 20
"""Bytes of a file of which a copy is kept; of a larger one the hash alone is noted."""

_ATTEMPTS = 3


class Journal:
    """The journal of one claim. `folder` is the run's `_tasks`."""

    def __init__(self, folder: str, task: str, token: int) -> None:
        self._folder = folder
        self._path = os.path.join(folder, WATCH, OWN, f"{task}.{token}")
        self._known: dict[str, tuple[str, str, bool]] | None = None

    @property
    def is_begun(self) -> bool:
        """Whether anything of the claim has been noted, if only that there was nothing to note."""
        return os.path.exists(self._path)

    def begin(self, root: str, paths: Iterable[str]) -> None:
        """The claim is new, and these files had work in them that git does not have."""
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644))
        for path in paths:
            self.note(root, path)

    def note(self, root: str, path: str, *, doubtful: bool = False) -> None:
        """The file as it is now is the holder's own work. Raises `OSError`.

        `doubtful`: another agent's command ran at the same time and could have written it too.
        """
        found, digest, content = content_of(os.path.join(root, path))
        if content is not None:
            keep(self._folder, digest, content)
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        fd = os.open(self._path, flags, 0o644)
        try:
            line = row(os.path.join(root, path), found, digest or GONE, "?" if doubtful else "")
            os.write(fd, line.encode("utf-8", "surrogateescape") + b"\n")
        finally:
            os.close(fd)
        self._known = None

    def last(self, root: str, path: str) -> tuple[str, str, bool]:
        """(stamp, hash, doubtful) of the file when its holder last wrote it, empty if unknown."""
        if self._known is None:
            self._known = {}
            try:
                lines = read(self._path).split("\n")
            except OSError:
                lines = []
            for line in lines:
                values = fields(line)
                if len(values) == 4:
                    self._known[values[0]] = values[1], values[2], bool(values[3])
        return self._known.get(os.path.join(root, path), ("", "", False))


def content_of(path: str) -> tuple[str, str, bytes | None]:
    """(stamp, hash, content) of a file, of one moment.

    The hash is empty where it is no plain file, the content None there and where it is too large.
    A link's content is where it leads to. Raises `OSError` for what cannot be read.
    """
    digest = ""
    content = None
    for _ in range(_ATTEMPTS):
        before = stamp(path)
        if not S_ISREG(mode_of(before)):
            return before, "", None
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
            digest = digest_of(content)
            if len(content) > LARGEST:
                digest, content = _digest_of_rest(content, file), None
        if stamp(path) == before:
            break
    return before, digest, content


def digest_of(content: bytes) -> str:
    """The name under which a content is kept."""
    from hashlib import blake2b  # only where a file has changed

    return blake2b(content, digest_size=16).hexdigest()


def _digest_of_rest(start: bytes, file: BinaryIO) -> str:
    from hashlib import blake2b

    whole = blake2b(start, digest_size=16)
    while chunk := file.read(1 << 20):
        whole.update(chunk)
    return whole.hexdigest()


def keep(folder: str, digest: str, content: bytes) -> None:
    """Keep a content in the run's `folder`. Raises `OSError`."""
    place = os.path.join(folder, WATCH, KEPT)
    path = os.path.join(place, digest)
    if not os.path.exists(path):
        os.makedirs(place, exist_ok=True)
        write(path, content)


def kept(folder: str, digest: str) -> bytes | None:
    """The content that was kept under this hash, or None."""
    try:
        with open(os.path.join(folder, WATCH, KEPT, digest), "rb") as file:
            content = file.read()
    except OSError:
        return None
    return content if digest_of(content) == digest else None
