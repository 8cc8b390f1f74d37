"""Whether the repository, its file system and its `_tasks/` can carry a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from parallel_agents.coordinator import Coordinator
from parallel_agents.core import locktable
from parallel_agents.core.errors import StoreFault
from parallel_agents.core.locktable import Table, TableTorn
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.repository import Repository
from parallel_agents.store.folder import FOLDER
from parallel_agents.store.lock import FileLock

LOCK_PATIENCE = 0.2
"""Seconds to wait for a lock that is held on purpose."""

CHILD_PATIENCE = 20.0
"""Seconds for a process of our own."""

_SERVER = Path(__file__).resolve().parents[2]

_TAKER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from parallel_agents.core.errors import StoreFault
from parallel_agents.store.lock import FileLock
try:
    with FileLock(Path(sys.argv[2]), float(sys.argv[3])).held():
        print("taken")
except StoreFault:
    print("refused")
"""


def fitness(repository: Repository) -> Finding:
    """Whether work can start from here: a commit to start from, a branch to come back to."""
    at, branch = repository.head(), repository.current_branch()
    name = branch.removeprefix("refs/heads/")
    return Finding("repository", Level.OK, f"{repository.root}, on {name} at {at[:12]}")


def locks(repository: Repository) -> Finding:
    """Whether a lock that one process holds keeps another one out, on this file system."""
    fix = "move the repository to a local disk; network drives often have no working locks"
    try:
        with TemporaryDirectory(prefix="parallel-agents-", dir=repository.common_dir) as folder:
            lock = Path(folder) / "lock"
            mine = FileLock(lock, LOCK_PATIENCE)
            with mine.held():
                while_held = _take(lock)
            after = _take(lock)
            mine.close()
    except (OSError, StoreFault, subprocess.TimeoutExpired) as error:
        why = error.sentence if isinstance(error, StoreFault) else str(error)
        return Finding(
            "locks", Level.FAIL, f"no lock can be taken in {repository.common_dir}: {why}", fix
        )
    if (while_held, after) != ("refused", "taken"):
        what = "two processes got the same lock" if while_held == "taken" else "a lock stays taken"
        return Finding("locks", Level.FAIL, f"{what} in {repository.common_dir}", fix)
    return Finding("locks", Level.OK, "one process at a time gets the lock")


def _take(lock: Path) -> str:
    """What a process of its own says when it tries to take the lock: `taken` or `refused`."""
    done = subprocess.run(
        (sys.executable, "-I", "-c", _TAKER, str(_SERVER), str(lock), str(LOCK_PATIENCE)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CHILD_PATIENCE,
    )
    return done.stdout.strip() or f"it ended with status {done.returncode}"


def store(repository: Repository) -> Iterator[Finding]:
    """Whether `_tasks/` can be read and says the same to hooks."""
    folder = repository.root / FOLDER
    if not folder.is_dir():
        yield Finding("store", Level.OK, f"no {FOLDER}/ yet; a proposed plan makes it")
        return
    before = _table(folder)
    try:
        status = Coordinator.at(repository.root).status()
    except StoreFault as error:
        yield Finding("store", Level.FAIL, error.sentence, error.next_step)
        return
    except OSError as error:
        fix = f"make {folder} readable and writable for you"
        yield Finding("store", Level.FAIL, f"{folder} cannot be used: {error}", fix)
        return
    for name, why in status.damaged.items():
        fix = f"mend {folder / name}, or move it out of {FOLDER}/"
        yield Finding("store", Level.FAIL, f"{FOLDER}/{name}: {why}", fix)
    what = f"run {status.run}: {status.progress}" if status.run else "no run is active"
    if not status.damaged:
        yield Finding("store", Level.OK, what)
    after = _table(folder)
    if isinstance(after, str) or (after.run if after else None) != status.run:
        what = after if isinstance(after, str) else "it does not show the present run"
        fix = f"look whether the disk is full or {folder} cannot be written"
        yield Finding("lock table", Level.FAIL, what, fix)
    elif isinstance(before, str):
        fix = "nothing to do; if it happens again, look for who writes there"
        yield Finding("lock table", Level.WARN, f"{before}; it has just been written anew", fix)
    else:
        yield Finding("lock table", Level.OK, "whole" if after else "none, as no run is active")


def _table(folder: Path) -> Table | str | None:
    """The table that hooks read, None where there is none, or what is wrong with it."""
    try:
        return locktable.read(os.fspath(folder))
    except (TableTorn, OSError) as error:
        return str(error)
