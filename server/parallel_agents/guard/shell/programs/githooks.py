"""The hooks that a git command starts: programs of the repository's, which can write anything."""

from __future__ import annotations

import os

from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell.programs import gitasks

_COMMIT = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite")
_MERGE = ("pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-merge")
_REBASE = ("pre-rebase", "post-checkout", "post-commit", "post-rewrite")
STARTED = {
    "commit": _COMMIT,
    "merge": _MERGE,
    "pull": (*_MERGE, *_REBASE),
    "rebase": _REBASE,
    "cherry-pick": ("prepare-commit-msg", "post-commit"),
    "revert": ("prepare-commit-msg", "post-commit"),
    "am": ("applypatch-msg", "pre-applypatch", "post-applypatch"),
    "checkout": ("post-checkout",),
    "switch": ("post-checkout",),
    "worktree": ("post-checkout",),
    "push": ("pre-push",),
}
"""By verb. Source: githooks(5)."""
SKIPPED = (
    "pre-commit",
    "commit-msg",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "applypatch-msg",
)
"""Those that `--no-verify` leaves out."""


def started(folder: str, verb: str) -> str:
    """The name of a hook that `git VERB` in `folder` (absolute) would start; empty where none is.

    Where git does not say where its hooks are, the first that there could be.
    """
    names = STARTED.get(verb, ())
    if not names:
        return ""
    try:
        # It knows of core.hooksPath, and answers relative to the folder.
        asked = ("rev-parse", "--git-path", "hooks")
        place = os.path.join(folder, gitasks.answer(folder, *asked).rstrip("\n"))
    except (Unanswered, OSError):
        return names[0]
    return next((name for name in names if os.access(os.path.join(place, name), os.X_OK)), "")
