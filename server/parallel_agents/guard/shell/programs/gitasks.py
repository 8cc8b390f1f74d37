"""The questions that git is asked: what would change, what is ignored, what an alias means."""

from __future__ import annotations

import os

from parallel_agents.guard.gitprocess import Unanswered, printed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.budget import Budget


def answer(folder: str, *words: str, fails: bool = False) -> str:
    """What `git -C folder words...` prints. Raises `Unanswered` unless `fails` allows status 1."""
    return printed(folder, *words, fails=fails).decode("utf-8", "surrogateescape")


def paths(folder: str, budget: Budget, *words: str) -> list[str]:
    """The paths (NUL-separated by `-z` among the words) that git names."""
    budget.ask()
    return [path for path in answer(folder, *words).split("\0") if path]


def patched(folder: str, budget: Budget, text: str, *words: str) -> str:
    """What `git apply words...` in `folder` prints of the patch `text`. Raises `Unanswered`."""
    budget.ask()
    given = text.encode("utf-8", "surrogateescape")
    if not given:
        raise Unanswered("there is no patch", 128)
    return printed(folder, "apply", *words, given=given).decode("utf-8", "surrogateescape")


def is_ignored(root: str, path: str) -> bool:
    """Whether git ignores `path` (relative to the root of the work tree `root`)."""
    # `__pycache__/` means folders only, and by the slash git takes what is not there yet for one.
    names = (path,) if os.path.lexists(os.path.join(root, path)) else (path, f"{path}/")
    try:
        return answer(root, "check-ignore", "--", *names, fails=True) != ""
    except Unanswered:
        return False
