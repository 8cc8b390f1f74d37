"""The one lock around whatever changes work trees and branches of a repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from parallel_agents.core.errors import NotNow, Unusable

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_NAME = "parallel-agents.lock"
"""File in git's common directory, shared by all work trees. It is never deleted."""

WAIT = 60.0
"""Seconds to wait for the lock before the call is refused."""


@contextmanager
def locked(common_dir: Path, purpose: str, wait: float = WAIT) -> Iterator[None]:
    """Hold the repository's git lock; the same thread may take it again inside.

    Raises NotNow `git_busy` after `wait` seconds, naming the file, the holder and its purpose;
    Unusable `git_unwritable` where no lock file can be made.
    """
    from filelock import Timeout

    path = common_dir / LOCK_NAME
    lock = _lock(str(path))
    try:
        outermost = not lock.is_locked
        lock.acquire(timeout=wait)
    except Timeout:
        raise NotNow(
            "git_busy",
            f"Another process has held the git lock {path} for {wait:g} seconds: {_holder(path)}.",
            "Call again; if it stays so, look at that process and end it.",
        ) from None
    except (OSError, NotImplementedError) as error:
        raise Unusable(
            "git_unwritable",
            f"The lock file {path} cannot be used: {error}.",
            "Make git's directory writable, on a file system with locks, then call again.",
        ) from error
    try:
        if outermost:
            path.write_text(f"process {os.getpid()}, {purpose}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


@cache
def _lock(path: str) -> BaseFileLock:
    # One object per file and process: it counts entries by thread, so two threads still exclude
    # each other. The default poll of 50 ms would cost more than most of what is guarded.
    from filelock import FileLock

    return FileLock(path, poll_interval=0.01, fallback_to_soft=False)


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"
