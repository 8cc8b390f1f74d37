"""The file of a list: read once, and replaced whole only if it still is what was read."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import BadInput, NotNow

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is no list of work."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read."""

    path: Path
    """Absolute, links resolved: what is replaced is the file, never a link to it."""
    text: str
    """Decoded, with every line end and a byte order mark as they are."""

    @classmethod
    def read(cls, path: Path) -> Source:
        """Raises `BadInput` where it cannot be read as text."""
        try:
            real = path.resolve(strict=True)
            raw = _bytes(real)
        except OSError as error:
            raise BadInput(
                "unreadable_list",
                f"{path} cannot be read: {error.strerror or error}.",
                "Name a file that exists, or - for standard input.",
            ) from None
        return cls(real, decoded(raw, str(path)))

    def replace(self, text: str) -> None:
        """Put a new text in its place, in one step. Raises `NotNow` where it has changed since.

        The new file is complete and on the disk before it takes the old one's name, and has its
        permissions. Whoever reads sees one or the other.
        """
        folder = self.path.parent
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=folder)
        try:
            with os.fdopen(handle, "wb") as new:
                new.write(text.encode("utf-8"))
                new.flush()
                os.fsync(new.fileno())
            status = os.stat(self.path)
            os.chmod(name, stat.S_IMODE(status.st_mode))
            if _bytes(self.path) != self.text.encode("utf-8"):
                raise self._changed()
            os.replace(name, self.path)
        except FileNotFoundError:
            raise self._changed() from None
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)

    def _changed(self) -> NotNow:
        return NotNow(
            "list_changed",
            f"{self.path} was changed by somebody else since it was read; nothing was written.",
            "call again: it is read anew then.",
        )


def decoded(raw: bytes, place: str) -> str:
    """The text of a list. Raises `BadInput` where it is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            "unreadable_list",
            f"{place} is not UTF-8 text (byte {error.start}).",
            "Save it as UTF-8.",
        ) from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no file")
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise OSError(f"it has more than {LARGEST} bytes")
    return raw
