"""What a commit holds: its paths with their kinds, and the bytes of some of its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.git.process import decoded, outside, run

LARGEST = 1 << 19
"""Bytes of the largest file that is read: what is larger was not written by hand."""

SYMLINK = "120000"
GITLINK = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a commit."""

    path: str
    """POSIX, relative to the repository root; bytes that are no UTF-8 are surrogates."""
    mode: str
    """Git's six octal digits: `SYMLINK`, `GITLINK`, or a file's."""
    blob: str
    """The object's full id."""


def listing(where: Path, commit: str) -> tuple[Entry, ...]:
    """Every path of `commit` (any name of it) in the repository at `where`, which may be bare."""
    records = run(where, "ls-tree", "-r", "-z", "--full-tree", outside(commit)).records
    entries = []
    for record in records:
        about, _, path = record.partition("\t")
        mode, _, blob = about.split(" ")
        entries.append(Entry(path, mode, blob))
    return tuple(entries)


def blobs(where: Path, ids: Iterable[str], largest: int = LARGEST) -> dict[str, bytes]:
    """The bytes of these objects by id, without those that are missing or larger than `largest`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    feed = "".join(f"{blob}\n" for blob in wanted).encode()
    fit = []
    for line in run(where, "cat-file", "--batch-check", feed=feed).text.splitlines():
        blob, _, about = line.partition(" ")
        kind, _, size = about.partition(" ")
        if kind == "blob" and int(size) <= largest:
            fit.append(blob)
    if not fit:
        return {}
    raw = run(where, "cat-file", "--batch", feed="".join(f"{b}\n" for b in fit).encode()).raw
    found: dict[str, bytes] = {}
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        blob, _, size = decoded(raw[at:end]).split(" ")
        found[blob] = raw[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)
    return found
