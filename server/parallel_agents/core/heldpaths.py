"""Where the live claims lie: which of them are near enough to others' files to be compared.

It leaves out only claims that cannot meet; whether one of the rest does, `globs.meet` decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from parallel_agents.core.globs import directories
from parallel_agents.core.model import TaskId

__all__ = ["HeldPaths"]


class HeldPaths:
    """Claims by the directories that their patterns start with.

    Putting, dropping and asking cost the depth of the patterns given, not the number of claims.
    """

    def __init__(self) -> None:
        self._files: dict[TaskId, tuple[str, ...]] = {}
        self._at: dict[str, set[TaskId]] = {}
        """Deepest directory of a pattern to the tasks that hold such a pattern."""
        self._within: dict[str, set[TaskId]] = {}
        """Every directory above a pattern, and its deepest, to the tasks that hold it."""

    def put(self, task: TaskId, files: tuple[str, ...]) -> None:
        """Enter what a task holds, in place of what it held."""
        if self._files.get(task) == files:
            return
        self.drop(task)
        self._files[task] = files
        for pattern in files:
            shared = directories(pattern)
            self._at.setdefault(shared[-1], set()).add(task)
            for directory in shared:
                self._within.setdefault(directory, set()).add(task)

    def drop(self, task: TaskId) -> None:
        """Forget what a task holds, if it holds anything."""
        for pattern in self._files.pop(task, ()):
            shared = directories(pattern)
            _take_out(self._at, shared[-1], task)
            for directory in shared:
                _take_out(self._within, directory, task)

    def near(self, files: Iterable[str]) -> set[TaskId]:
        """Every task that holds a pattern which could meet one of `files`, perhaps some more."""
        found: set[TaskId] = set()
        for pattern in files:
            shared = directories(pattern)
            found |= self._within.get(shared[-1], frozenset())
            for directory in shared:
                found |= self._at.get(directory, frozenset())
        return found


def _take_out(index: dict[str, set[TaskId]], directory: str, task: TaskId) -> None:
    tasks = index.get(directory)
    if tasks is not None:
        tasks.discard(task)
        if not tasks:
            del index[directory]
