"""The writing side of the table that hooks read (`core.locktable`)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core import locktable
from parallel_agents.core.locktable import HeldClaim, TableTorn
from parallel_agents.core.model import Claim, TaskId
from parallel_agents.core.view import Run, View
from parallel_agents.store import files
from parallel_agents.store.opened import FILE, Entries, Opened

_HEADER = 96
"""Bytes in which the header of a slot is."""


class HookTable:
    """The table of one store folder. Every call is made under the store's lock."""

    def __init__(self, folder: Path, root: Path, entries: Entries) -> None:
        self._folder = folder
        self._slots = [Opened(f"{folder}/{name}", FILE, entries) for name in locktable.SLOTS]
        self._root = str(root)
        self._rows: dict[TaskId, tuple[Claim, str]] = {}
        """The rows of each claim, made once: most claims are written again and again."""
        self._run: Run | None = None
        self._run_row = ""

    def write(self, view: View) -> None:
        """Show hooks the live claims of `view`; no table at all where no run is active."""
        run = view.run
        if run is None:
            self.clear()
            return
        fds = self._slots[0].current(), self._slots[1].current()
        seq = max(_seq_of(fds[0]), _seq_of(fds[1])) + 1  # another process may have written since
        if run is not self._run:
            self._run, self._run_row = run, locktable.run_row(run.id, run.strategy, self._root)
        _write(fds[seq % 2], locktable.framed(seq, view.rev, self._run_row, self._rows_of(view)))

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
        self.close()
        for name in (*locktable.SLOTS, locktable.TASKS):
            (self._folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        for slot in self._slots:
            slot.close()

    def _is_damaged(self, view: View, task: str) -> bool:
        return any(f"{state}/{task}.md" in view.damaged for state in locktable.UNFINISHED)

    def _rows_of(self, view: View) -> list[str]:
        known, rows = self._rows, {}
        for task, claim in view.claims.items():
            old = known.get(task)
            same = old is not None and old[0] is claim
            rows[task] = old if same and old else (claim, locktable.rows_of(_shown(claim)))
        self._rows = rows
        return [text for _, text in rows.values()]


def _seq_of(fd: int) -> int:
    """The number in the header of a slot; 0 where it has none."""
    try:
        return int(os.pread(fd, _HEADER, 0).split(b" ", 3)[2])
    except (IndexError, ValueError):
        return 0


def _write(fd: int, data: bytes) -> None:
    """In place: the slot of the older table, so that the newer one stays whole meanwhile."""
    at = os.pwrite(fd, data, 0)
    while at < len(data):
        at += os.pwrite(fd, data[at:], at)


def _held(view: View) -> tuple[HeldClaim, ...]:
    return tuple(map(_shown, view.claims.values()))


def _shown(claim: Claim) -> HeldClaim:
    c = claim
    return HeldClaim(c.task, c.token, c.agent.key, c.since, c.slot, c.workdir, c.files)


def _same(shown: Iterable[HeldClaim], held: Iterable[HeldClaim]) -> bool:
    a, b = ({c.task: (c.token, c.agent, c.workdir, c.files) for c in t} for t in (shown, held))
    return a == b
