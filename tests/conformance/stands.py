"""The stores that are held against the model: a new one passes the suite with one entry here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from parallel_agents.store.folder import FolderStore
from parallel_agents.store.memory import MemoryStore
from parallel_agents.store.protocol import Store
from stores import Clock


class Memory:
    """One store, lost with its process: nothing to reopen, and no files that people could move."""

    has_files = False

    def __init__(self, root: Path, clock: Clock) -> None:
        self._store = MemoryStore(clock)

    def opened(self) -> Store:
        """The store as a process sees it that starts now."""
        return self._store

    def close(self) -> None:
        """Let go of everything."""


class Folder:
    """A folder: every `opened` is another process, as far as files can tell."""

    has_files = True

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock
        self._open: list[FolderStore] = []

    def opened(self) -> Store:
        """The store as a process sees it that starts now."""
        self._open.append(FolderStore(self._root, self._clock, awake=self._clock.awake))
        return self._open[-1]

    def close(self) -> None:
        """Let go of everything."""
        for store in self._open:
            store.close()

    def move(self, task: str, was: str, to: str) -> None:
        """A person's `mv`."""
        folder = self._root / "_tasks"
        os.rename(folder / was / f"{task}.md", folder / to / f"{task}.md")
        for place in (folder / was, folder / to):
            # People are slower than the tick of a clock; where that is coarse, tests are not.
            tick = place.stat().st_mtime_ns + 10_000_000
            os.utime(place, ns=(tick, tick))


Stand = Memory | Folder
STANDS: dict[str, Callable[[Path, Clock], Stand]] = {"memory": Memory, "folder": Folder}
