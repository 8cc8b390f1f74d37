"""One file, two names: is a file, under another name, one that somebody else holds?

A write in place reaches every name of a file, wherever it lies. Names are compared by device and
inode, and only where a file has more than one name at all.
"""

from __future__ import annotations

import os
from stat import S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run


def held_elsewhere(
    path: str, event: Event, runs: Sequence[Run]
) -> tuple[Run, HeldClaim, str] | None:
    """(run, claim, held path) where the file at `path` (absolute) is held under another name."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    if seen.st_nlink < 2 or not S_ISREG(seen.st_mode):
        return None
    from parallel_agents.guard.watch.snapshot import take  # hardly any file has two names

    for run in runs:
        for claim in run.table.claims:
            if claim.agent == event.key:
                continue
            for tree in dict.fromkeys((run.home_of(claim) or run.main, run.main)):
                for held, stamp in take(tree, claim.files).stamps.items():
                    if stamp.startswith(f"{seen.st_ino} ") and _is_same(tree, held, seen):
                        return run, claim, held
    return None


def _is_same(tree: str, path: str, seen: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(os.path.join(tree, path)), seen)
    except OSError:
        return False
