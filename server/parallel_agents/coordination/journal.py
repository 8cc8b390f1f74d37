"""What a merge has begun, on disk before it happens: whoever comes after a crash can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import StoreFault
from parallel_agents.core.model import TaskId
from parallel_agents.git.clashes import FOLDER
from parallel_agents.git.landing import Landing
from parallel_agents.git.repository import Repository
from parallel_agents.processes import Process
from parallel_agents.store import files

VERSION = 1


class Stage(StrEnum):
    """How far a merge had come."""

    TESTING = "testing"
    LANDING = "landing"
    LANDED = "landed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One merge that has begun and not ended. Times are seconds since the epoch."""

    run: str
    stage: Stage
    since: float
    tasks: tuple[TaskId, ...]
    """What it merges, what was contained already among it."""
    left_out: tuple[TaskId, ...]
    tip: str
    """The commit that is tested and would land."""
    suite: Process | None = None
    """The command that runs on it now, the leader of a process group of its own."""
    landing: Landing | None = None


class Journal:
    """The journal of one repository's merges: one file in git's directory, there while one runs."""

    def __init__(self, repository: Repository) -> None:
        self._path = repository.common_dir / FOLDER / "merge.json"

    def read(self) -> Entry | None:
        """The merge that was not ended. Raises StoreFault `journal_damaged`."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return None
        try:
            return _parsed(json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise StoreFault(
                "journal_damaged",
                f"{self._path}, which says what an unfinished merge has begun, cannot be read "
                f"({error}).",
                "look whether the target branch and its work tree are as they should be "
                "(`git status`), remove that file, then call again.",
            ) from error

    def write(self, entry: Entry) -> None:
        """Put `entry` in place, durably, before what it says happens."""
        self._path.parent.mkdir(exist_ok=True)
        files.replace(self._path, json.dumps(_written(entry), indent=1) + "\n")

    def clear(self) -> None:
        """The merge is ended, whatever came of it."""
        self._path.unlink(missing_ok=True)


@dataclass
class Record:
    """The entry of the merge that is going on, written again at each of its steps."""

    journal: Journal
    entry: Entry

    def runs(self, suite: Process | None) -> None:
        """A command of the plan runs, or (None) has ended."""
        self._write(replace(self.entry, suite=suite))

    def lands(self, landing: Landing) -> None:
        """The branch is about to move."""
        self._write(replace(self.entry, stage=Stage.LANDING, suite=None, landing=landing))

    def landed(self) -> None:
        """The branch has moved; what is left is to say so and to clean up."""
        self._write(replace(self.entry, stage=Stage.LANDED))

    def _write(self, entry: Entry) -> None:
        self.entry = entry
        self.journal.write(entry)


def _written(entry: Entry) -> dict[str, Any]:
    landing = entry.landing
    return {
        "version": VERSION,
        "run": entry.run,
        "stage": entry.stage.value,
        "since": entry.since,
        "tasks": list(entry.tasks),
        "left_out": list(entry.left_out),
        "tip": entry.tip,
        "suite": str(entry.suite) if entry.suite else None,
        "landing": None
        if landing is None
        else {
            "target": landing.target,
            "old": landing.old,
            "new": landing.new,
            "tree": str(landing.tree) if landing.tree else None,
            "since": landing.since,
        },
    }


def _parsed(values: Mapping[str, Any]) -> Entry:
    if values["version"] != VERSION:
        raise ValueError(f"its version is {values['version']}, and this program knows {VERSION}")
    landing = values["landing"]
    return Entry(
        run=values["run"],
        stage=Stage(values["stage"]),
        since=float(values["since"]),
        tasks=tuple(TaskId(t) for t in values["tasks"]),
        left_out=tuple(TaskId(t) for t in values["left_out"]),
        tip=values["tip"],
        suite=Process.named(values["suite"]) if values["suite"] else None,
        landing=None
        if landing is None
        else Landing(
            target=landing["target"],
            old=landing["old"],
            new=landing["new"],
            tree=Path(landing["tree"]) if landing["tree"] else None,
            since=float(landing["since"]),
        ),
    )
