"""What a file held before it was overwritten: the holder's kept copy, or git's, where it was clean.

Whether the file was clean can be told afterwards: git's index has the very times, size and inode
of the file that it took the content from, and they must be those of the stamp.
"""

from __future__ import annotations

import os
import sys

from parallel_agents.guard.watch.journal import Journal, kept
from parallel_agents.guard.watch.snapshot import GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE = 10.0
"""Seconds for one question to git."""


def before(folder: str, journal: Journal, root: str, path: str, stamp: str) -> bytes | None:
    """The content that the file had when its stamp was this one; None where nobody knows."""
    if stamp == GONE or ">" in stamp:
        return None
    noted, digest, _ = journal.last(root, path)
    if noted == stamp:
        return kept(folder, digest)
    return _of_index(root, path, stamp)


def is_ignored(root: str, path: str) -> bool:
    """Whether git ignores the file: what programs leave behind, and nobody's work."""
    return _git(root, "check-ignore", "--quiet", "--", path) is not None


def unsaved(root: str, patterns: Iterable[str]) -> list[str]:
    """The files that the patterns cover and whose content git does not have."""
    specs = [f":(glob,icase){pattern}" for pattern in patterns]
    specs += [f"{spec}/**" for spec in specs]
    told = _git(
        root, "ls-files", "--modified", "--others", "--exclude-standard", "-z", "--", *specs
    )
    found = os.fsdecode(told or b"").split("\0")
    return [path for path in dict.fromkeys(found) if path]


def _of_index(root: str, path: str, stamp: str) -> bytes | None:
    told = _git(root, "--literal-pathspecs", "ls-files", "--stage", "--debug", "--", path)
    if not told:
        return None
    first, *rest = told.decode("utf-8", "replace").splitlines()
    entry = first.split()
    known: dict[str, str] = {}
    for line in rest:
        for pair in line.strip().split("\t"):
            name, _, value = pair.partition(": ")
            known[name.strip()] = value.strip()
    inode, size, mtime, ctime, _ = stamp.split()
    try:
        is_it = (
            int(known["size"]) == int(size)
            and int(known["ino"]) == int(inode) & 0xFFFFFFFF
            and _ns(known["mtime"]) == int(mtime)
            and _ns(known["ctime"]) == int(ctime)
            and _index_time(root) > int(mtime)  # else git itself would have to read the file
        )
    except (KeyError, ValueError):
        return None
    if not is_it or len(entry) < 3 or entry[2] != "0":
        return None
    return _git(root, "cat-file", "--filters", f"--path={path}", entry[1])


def _ns(seconds: str) -> int:
    whole, _, rest = seconds.partition(":")
    return int(whole) * 1_000_000_000 + int(rest)


def _index_time(root: str) -> int:
    told = _git(root, "rev-parse", "--git-path", "index")
    if told is None:
        return 0
    try:
        return os.stat(os.path.join(root, told.decode().strip())).st_mtime_ns
    except OSError:
        return 0


def _git(root: str, *words: str) -> bytes | None:
    """What git prints, or None where it does not end well."""
    from parallel_agents.guard import gitprocess  # only where a held file has changed

    try:
        return gitprocess.printed(root, *words, seconds=PATIENCE, most=sys.maxsize)
    except (gitprocess.Unanswered, OSError):
        return None
