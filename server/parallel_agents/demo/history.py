"""The record of a finished run, `_tasks/history/<run>/`: who held what when, against the rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from parallel_agents.core.events import Kind
from parallel_agents.core.globs import meet
from parallel_agents.demo.story import Granted

_LINE = re.compile(r"- \S+ #(\d+) (\w+) (\{.*\})")
_ENDS = (Kind.COMPLETED, Kind.FAILED, Kind.RETURNED, Kind.RECOVERED, Kind.MOVED)


@dataclass(frozen=True, slots=True)
class Holding:
    """One claim, from the revision of its grant to that of its end."""

    task: str
    agent: str
    files: tuple[str, ...]
    granted: int
    ended: int


def holdings(run: Path) -> list[Holding]:
    """All claims of the archived run whose folder this is, in the order of their grants."""
    found = [h for path in run.glob("*/*.md") for h in _of_task(path)]
    return sorted(found, key=lambda h: h.granted)


def collisions(held: Sequence[Holding], seen: Sequence[Granted]) -> Iterator[str]:
    """A sentence for all that must not be: the run's record against the rules and its agents."""
    for a, b in combinations(held, 2):
        if b.granted > a.ended:
            continue
        both = f"{a.agent} had {a.task} and {b.agent} had {b.task} at once"
        if a.task == b.task or a.agent == b.agent:
            yield f"{both}."
        elif meeting := meet(a.files, b.files):
            yield f"{both}, and both may write {meeting[2]}."
    recorded = {(h.task, h.agent, h.granted) for h in held}
    told = {(c.task, c.agent, c.token) for c in seen}
    for task, agent, token in sorted(recorded ^ told):
        yield f"Claim {token} on {task} by {agent} is not what the agents and the record both say."


def _of_task(path: Path) -> Iterator[Holding]:
    grant: tuple[int, str, tuple[str, ...]] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        rev, kind, data = int(found[1]), found[2], json.loads(found[3])
        if kind == Kind.CLAIMED:
            grant = (rev, data["agent"], tuple(data["files"]))
        elif kind in _ENDS and grant is not None:
            yield Holding(path.stem, grant[1], grant[2], grant[0], rev)
            grant = None
