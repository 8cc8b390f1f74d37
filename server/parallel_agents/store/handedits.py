"""Files that a person has written to in place, which no folder's time tells.

Nor does it tell of a move within the same tick of the clock as one of our own, where the file
system keeps coarse times (Linux before 6.13). A look costs a `stat` for every task, so it is taken
where an answer may depend on it (a refusal, nothing to claim, a question), and in a large run only
now and then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from parallel_agents.core.model import State, TaskId
from parallel_agents.core.view import View
from parallel_agents.store import files
from parallel_agents.store.runfiles import SUFFIX

ALWAYS = 64
"""Up to so many tasks every look is taken."""
SHARE = 0.01
"""Of the time, how much looks may take in a larger run."""


class HandEdits:
    """What is known of hand-made edits of one store's task files."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._not_before = 0.0

    def are_there(self, view: View, stamps: Mapping[TaskId, tuple[int, int]]) -> bool:
        """Whether a file is not as its stamp says. False where no look is due."""
        started = time.monotonic()
        if len(view.records) > ALWAYS and started < self._not_before:
            return False
        found = any(
            self._stamp(record.state, record.task.id) != stamps.get(record.task.id)
            for record in view.records.values()
        )
        ended = time.monotonic()
        self._not_before = ended + (ended - started) / SHARE
        return found

    def _stamp(self, state: State, task: TaskId) -> tuple[int, int] | None:
        try:
            path = f"{self._folder}/{state}/{task}{SUFFIX}"
            return files.stamp(os.stat(path, follow_symlinks=False))
        except OSError:
            return None
