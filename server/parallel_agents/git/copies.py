"""Files that git does not have and a new work tree needs (`.env`): copied from the main one.

Which, says `.worktreeinclude` in the root of the main work tree, in the language of `.gitignore`;
Claude Code reads the same file. Only what git ignores is copied, and no content is ever shown.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from parallel_agents.core.errors import Unusable
from parallel_agents.git.process import LONG_PATIENCE, run
from parallel_agents.git.repository import NEVER_LISTED, Repository

LIST = ".worktreeinclude"
MOST_BYTES = 200_000_000
"""What all copies of one tree may come to: dependencies are installed, not copied."""


def patterns(repository: Repository) -> tuple[str, ...]:
    """The lines of the list that say something; none where there is no list."""
    try:
        text = (repository.root / LIST).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def chosen(repository: Repository) -> tuple[str, ...]:
    """The files to copy: named by the list, ignored by git, not in it; sorted."""
    if not patterns(repository):
        return ()
    root = repository.root
    asked = ("ls-files", "-z", "--others", "--ignored", f"--exclude-from={root / LIST}")
    named = [p for p in run(root, *asked, timeout=LONG_PATIENCE).records if _may_go(p)]
    return tuple(sorted(_ignored(root, named)))


def copy(repository: Repository, tree: Path) -> tuple[str, ...]:
    """Copy what is chosen into `tree`, with its rights; the paths that were copied.

    What is there already stays. Raises Unusable: `copies_too_large`, `copy_not_ignored` (the tree's
    commit does not ignore the file, so an agent would commit it), `copy_failed`.
    """
    wanted = [p for p in chosen(repository) if _is_missing(tree, p)]
    if not wanted:
        return ()
    size = sum(_size(repository.root / p) for p in wanted)
    if size > MOST_BYTES:
        largest = max(wanted, key=lambda p: _size(repository.root / p))
        raise Unusable(
            "copies_too_large",
            f"{LIST} names {size // 1_000_000} MB in {len(wanted)} files, {largest} among them; "
            f"at most {MOST_BYTES // 1_000_000} MB are copied into each work tree.",
            f"take it out of {LIST}, and let the plan's setup command make it.",
        )
    bare = sorted(set(wanted) - set(_ignored(tree, wanted)))
    if bare:
        raise Unusable(
            "copy_not_ignored",
            f"{bare[0]} is ignored in {repository.root} and not in {tree}, where it would end up "
            "in a commit.",
            f"commit the .gitignore that ignores it, or take it out of {LIST}.",
        )
    return tuple(p for p in wanted if _copied(repository.root / p, tree, p))


def _copied(source: Path, tree: Path, path: str) -> bool:
    if not source.is_file():  # a link that leads nowhere, or to a folder
        return False
    target = tree / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = source.stat().st_mode & 0o777
        # Never open to others for a moment, and never through a link that came in between.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with source.open("rb") as old, os.fdopen(os.open(target, flags, mode & 0o700), "wb") as new:
            shutil.copyfileobj(old, new)
        target.chmod(mode)
    except OSError as error:
        raise Unusable(
            "copy_failed",
            f"{path} could not be copied into {tree}: {error.strerror}.",
            "put right what is wrong there, then claim again.",
        ) from error
    return True


def _is_missing(tree: Path, path: str) -> bool:
    # Below a link is another place, maybe outside the tree.
    below_link = any((tree / folder).is_symlink() for folder in Path(path).parents)
    return not below_link and not os.path.lexists(tree / path)


def _ignored(tree: Path, paths: list[str]) -> tuple[str, ...]:
    if not paths:
        return ()
    feed = "".join(f"{p}\0" for p in paths).encode("utf-8", "surrogateescape")
    return run(tree, "check-ignore", "-z", "--stdin", ok=(0, 1), feed=feed).records


def _may_go(path: str) -> bool:
    return not path.startswith(NEVER_LISTED)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
