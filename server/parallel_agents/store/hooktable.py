"""The writing side of the table that hooks read (`core.locktable`)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core import locktable
from parallel_agents.core.locktable import HeldClaim, Table, TableTorn
from parallel_agents.core.view import View
from parallel_agents.store import files


class HookTable:
    """The table of one store folder. Every call is made under the store's lock."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self._seq = 0

    def write(self, view: View) -> None:
        """Show hooks the live claims of `view`; no table at all where no run is active."""
        run = view.run
        if run is None:
            self.clear()
            return
        self._seq = max(self._seq, self._newest_seq()) + 1
        root = str(self._root)
        table = Table(self._seq, view.rev, run.id, run.strategy.value, root, _held(view))
        locktable.write(os.fspath(self._folder), table)

    def mend(self, view: View) -> None:
        """Write the table anew where it is not that of `view`: damaged, deleted or too strict."""
        if view.run is None:
            return
        try:
            table = locktable.read(os.fspath(self._folder))
            if table is None or table.run != view.run.id or not _same(table.claims, _held(view)):
                self.write(view)
        except TableTorn:
            self.write(view)
        if not (self._folder / locktable.TASKS).exists():
            self.write_tasks(view)

    def write_tasks(self, view: View) -> None:
        """Show hooks the file sets of every task of the run."""
        tasks = {str(r.task.id): r.task.files for r in view.records.values()}
        try:
            known = locktable.read_tasks(os.fspath(self._folder))
        except (TableTorn, OSError):
            known = []
        # A task whose file is damaged still owns its files.
        tasks = {**{t: f for t, f in known if self._is_damaged(view, t)}, **tasks}
        if known != list(tasks.items()):
            content = locktable.encode_tasks(view.rev, list(tasks.items()))
            files.replace(self._folder / locktable.TASKS, content)

    def clear(self) -> None:
        """No run is active: hooks need not look any further."""
        for name in (*locktable.SLOTS, locktable.TASKS):
            (self._folder / name).unlink(missing_ok=True)

    def _is_damaged(self, view: View, task: str) -> bool:
        return any(f"{state}/{task}.md" in view.damaged for state in locktable.UNFINISHED)

    def _newest_seq(self) -> int:
        """The newest header in either slot: another process may have written since."""
        newest = 0
        for name in locktable.SLOTS:
            try:
                with open(self._folder / name, "rb") as slot:
                    newest = max(newest, int(slot.readline().split(b" ")[2]))
            except (OSError, IndexError, ValueError):
                continue
        return newest


def _held(view: View) -> tuple[HeldClaim, ...]:
    return tuple(
        HeldClaim(c.task, c.token, c.agent.key, c.since, c.slot, c.workdir, c.files)
        for c in view.claims.values()
    )


def _same(shown: Iterable[HeldClaim], held: Iterable[HeldClaim]) -> bool:
    a, b = ({c.task: (c.token, c.agent, c.workdir, c.files) for c in t} for t in (shown, held))
    return a == b
