"""What changed together: the files of the last commits before a commit."""

from __future__ import annotations

from pathlib import Path

from parallel_agents.core.errors import Unusable
from parallel_agents.git.process import outside, run

MOST_COMMITS = 2_000
"""Commits that are looked at. What lies further back says little about how the code is now."""

PATIENCE = 8.0
"""Seconds after which the history is left out of a plan's evidence rather than waited for."""

_MARK = "\x01"


def recent(
    where: Path, commit: str, most: int = MOST_COMMITS, patience: float = PATIENCE
) -> tuple[tuple[str, ...], ...] | None:
    """The paths that each of the last `most` commits up to `commit` changed, newest first.

    Merges are left out, a rename counts as both its names. `where` may be a bare repository.
    None where git did not get through with it in time.
    """
    listing = ("--no-merges", "--no-renames", "--name-only", "--no-show-signature", "-z")
    bounds = (f"--max-count={most}", "--format=%x01")
    try:
        # The log of a partial clone would fetch what it lacks, one tree at a time.
        out = run(
            where,
            *("-c", "log.showSignature=false", "log", *listing, *bounds),
            *(outside(commit), "--"),
            timeout=patience,
            env={"GIT_NO_LAZY_FETCH": "1"},
            ok=None,
        )
    except Unusable as error:
        if error.code == "git_timed_out":
            return None
        raise
    if out.status:
        return None
    return tuple(
        tuple(path for path in part.strip("\n\0").split("\0") if path)
        for part in out.raw.decode("utf-8", "surrogateescape").split(_MARK)[1:]
    )
