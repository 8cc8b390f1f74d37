"""The user's own checkout while agents work elsewhere: what changed in it that no task made there.

An agent's shell can fall back to the main checkout, when its work tree vanished or by a wrong `cd`.
Every completion looks, and what it sees is noted for the coordinator until it is gone again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.coordination.site import Site
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.globs import covering
from parallel_agents.core.model import Strategy
from parallel_agents.core.view import Run, View

NOTE = "main-checkout"
"""File in git's common directory, below `parallel-agents`."""
MOST_NOTED = 100


@dataclass(frozen=True, slots=True)
class Stray:
    """What lies in the main checkout and should not."""

    paths: tuple[str, ...] = ()
    """Files of the run's tasks with uncommitted changes: there were none at the approval."""
    commits: tuple[str, ...] = ()
    """`<short id> <subject>` of commits on the target that the run did not make."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.paths or self.commits)


def look(site: Site, run: Run) -> Stray:
    """Look at the main checkout, note what is found, and give it. Nothing for strategy files."""
    if run.strategy is Strategy.FILES:
        return Stray()
    patterns = site.store.read(_patterns)
    stray = Stray()
    with suppress(ParallelAgentsError):  # a warning is not worth a completion
        paths = tuple(p for p in site.repository.dirty() if covering(patterns, p))
        stray = Stray(paths[:MOST_NOTED], _foreign(site, run))
    _note(site, run, stray)
    return stray


def noted(site: Site, run: Run) -> Stray:
    """What the last look found, as far as it is still so. Costs nothing where nothing was found."""
    if run.strategy is Strategy.FILES:
        return Stray()
    try:
        known = json.loads(_file(site).read_text(encoding="utf-8", errors="surrogateescape"))
        paths = [str(p) for p in known["paths"]] if known["run"] == run.id else []
    except (OSError, ValueError, TypeError, KeyError):
        return Stray()
    with suppress(ParallelAgentsError):
        still = set(site.repository.dirty(below=paths)) if paths else set[str]()
        return Stray(tuple(p for p in paths if p in still), _foreign(site, run))
    return Stray()


def _foreign(site: Site, run: Run) -> tuple[str, ...]:
    """Commits on the target since the approval that carry no mark of this run."""
    return site.repository.commits_without(f"Parallel-Run: {run.id}", run.base, run.target)


def _patterns(view: View) -> tuple[str, ...]:
    return tuple(f for record in view.records.values() for f in record.task.files)


def _note(site: Site, run: Run, stray: Stray) -> None:
    path = _file(site)
    with suppress(OSError):
        if not stray:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(exist_ok=True)
        text = json.dumps({"run": run.id, "paths": list(stray.paths)})
        path.write_text(text, encoding="utf-8", errors="surrogateescape")


def _file(site: Site) -> Path:
    return site.repository.common_dir / "parallel-agents" / NOTE
