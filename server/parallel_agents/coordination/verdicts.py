"""What the plan's commands said of which tree, kept on disk: a tree is not tested twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from parallel_agents.checks import CheckResult
from parallel_agents.git.clashes import FOLDER
from parallel_agents.git.repository import Repository

NAME = "verdicts"
KEPT_FOR = 24 * 3600.0
"""Seconds for which a verdict counts: the machine around the tree changes too."""
MOST_KEPT = 400


class Outcome(StrEnum):
    """How the plan's check came out on one tree."""

    GREEN = "green"
    RED = "red"
    FLAKY = "flaky"
    """It failed and then passed, or the other way round: nothing is known."""
    CHANGED = "changed"
    """It passed, but changed tracked files: what it passed on is not what would land."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check, or before it the setup command, says of a tree."""

    outcome: Outcome
    result: CheckResult
    at: float
    """Seconds since the epoch."""
    changed: tuple[str, ...] = ()
    """Tracked files that the check changed."""
    known: bool = False
    """True where it was found out by an earlier call."""

    @property
    def is_green(self) -> bool:
        """Whether the tree may land."""
        return self.outcome is Outcome.GREEN


class Verdicts:
    """The verdicts of one repository."""

    def __init__(self, repository: Repository, clock: Callable[[], float]) -> None:
        self._path: Path = repository.common_dir / FOLDER / NAME
        self._clock = clock

    @staticmethod
    def key(what: str, *words: str | None) -> str:
        """The name of a verdict: `what` was asked about these words (a tree, the commands)."""
        return what + ":" + hashlib.sha256(json.dumps(words).encode()).hexdigest()

    def find(self, key: str) -> Verdict | None:
        """The newest verdict of this name that still counts."""
        found = None
        now = self._clock()
        for line in self._lines():
            with suppress(ValueError, TypeError, KeyError):  # a torn line is a verdict less
                values = json.loads(line)
                if values["key"] == key and 0 <= now - values["at"] <= KEPT_FOR:
                    found = Verdict(
                        Outcome(values["outcome"]),
                        CheckResult(**values["result"]),
                        values["at"],
                        tuple(values["changed"]),
                        known=True,
                    )
        return found

    def keep(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict. That it cannot be written costs only time."""
        values = {
            "key": key,
            "outcome": verdict.outcome.value,
            "at": verdict.at,
            "changed": list(verdict.changed),
            "result": asdict(verdict.result),
        }
        lines = self._lines()
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            kept = "".join(line + "\n" for line in lines[-MOST_KEPT // 2 :])
            fresh = len(lines) >= MOST_KEPT
            with self._path.open("w" if fresh else "a", encoding="utf-8") as file:
                file.write((kept if fresh else "") + json.dumps(values) + "\n")

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
