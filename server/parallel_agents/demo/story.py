"""The story of a run as it is told, line by line, and the figures that are left at its end."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.views.cells import pad, spelled_out, wrap

WIDTH = 80
_WHO = 6
"""Columns for the name of who acts."""


class Surprise(Exception):
    """Raised when something is not as it has to be. Its text is the sentence."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call or an edit that was refused, and had to be."""

    agent: str
    what: str
    code: str
    """The refusal's code; `hook` where a hook refused."""
    text: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A claim as the agent was told of it. `agent` is its key, `session/name`."""

    task: str
    agent: str
    token: int
    failures: int


@dataclass(slots=True)
class Figures:
    """What a run came to."""

    agents: int
    seconds: float = 0.0
    progress: str = ""
    """The last progress line of the server while the run was active."""
    run: str = ""
    claims: list[Granted] = field(default_factory=list)
    refusals: list[Told] = field(default_factory=list)
    merged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    suite: str = ""
    """The last line of the suite in the main work tree, after the merge."""
    problems: list[str] = field(default_factory=list)
    kept: Path | None = None

    @property
    def retries(self) -> dict[str, list[str]]:
        """Tasks that were claimed more than once: the agents' names, in order."""
        by_task: dict[str, list[str]] = {}
        for claim in self.claims:
            by_task.setdefault(claim.task, []).append(_name(claim.agent))
        return {task: names for task, names in by_task.items() if len(names) > 1}

    @property
    def claims_by_agent(self) -> dict[str, int]:
        """How many claims each agent had, by name."""
        return dict(sorted(Counter(_name(c.agent) for c in self.claims).items()))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ok": not self.problems,
            "agents": self.agents,
            "seconds": round(self.seconds, 2),
            "progress": self.progress,
            "run": self.run,
            "claims": self.claims_by_agent,
            "refusals": [
                {"agent": r.agent, "what": r.what, "code": r.code, "text": r.text}
                for r in self.refusals
            ],
            "retries": self.retries,
            "merged": list(self.merged),
            "removed": list(self.removed),
            "suite": self.suite,
            "problems": self.problems,
            "kept": None if self.kept is None else str(self.kept),
        }


class Story:
    """Tells what happens on standard output, and counts it."""

    def __init__(self, agents: int) -> None:
        self.figures = Figures(agents)
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._began

    def tell(self, who: str, text: str) -> None:
        """One event, with its time and who acts."""
        lead = f"{self.seconds:6.2f}  {pad(who, _WHO)} "
        first, *rest = wrap(text, WIDTH - len(lead)) or [""]
        self.show("\n".join([lead + first, *(" " * len(lead) + line for line in rest)]))

    def show(self, text: str) -> None:
        """Text that is laid out already."""
        lines = (spelled_out(line).rstrip() for line in text.rstrip("\n").split("\n"))
        out = "\n".join(lines) + "\n"
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(out.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()

    def refused(self, agent: str, what: str, code: str, text: str) -> None:
        """A refusal that had to come."""
        self.figures.refusals.append(Told(agent, what, code, text))
        self.tell(agent, f"{what}. REFUSED: {text}")

    def granted(self, claim: Granted) -> None:
        """A claim."""
        self.figures.claims.append(claim)

    def progress(self, line: str) -> None:
        """The server's progress line, told when it changes."""
        if line != self.figures.progress:
            self.figures.progress = line
            self.tell("", line)


def _name(key: str) -> str:
    return key.partition("/")[2]
