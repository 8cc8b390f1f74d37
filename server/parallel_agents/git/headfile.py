"""The commit that a work tree is at, read from git's own files where they say it plainly.

A process of git costs more than all the rest of a claim. The layout: gitrepository-layout(5).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = "ref: refs/heads/"
_LINK = "gitdir: "
_MOST = 4096
"""Bytes that are read of a file: each of them is one line."""


def commit_at(tree: Path, common_dir: Path) -> str | None:
    """Full SHA that HEAD of `tree` leads to; None where only git itself can tell.

    That is so for packed refs, for other formats of refs, and where there is no commit yet.
    """
    try:
        try:
            head = _line(f"{tree}/.git/HEAD")
        except NotADirectoryError:
            link = _line(f"{tree}/.git")
            if not link.startswith(_LINK):
                return None
            head = _line(os.path.join(tree, link.removeprefix(_LINK), "HEAD"))
        if head.startswith(_BRANCH):
            head = _line(f"{common_dir}/{head.removeprefix('ref: ')}")
    except (OSError, UnicodeDecodeError):
        return None
    return head if _SHA.fullmatch(head) else None


def _line(path: str) -> str:
    # By hand: a claim waits for it, under the store's lock. A pipe must not keep it waiting.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    try:
        return os.read(fd, _MOST).decode().rstrip("\n")
    finally:
        os.close(fd)
