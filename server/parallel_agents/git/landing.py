"""The one place where a branch of the user's moves: to a tested commit, or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import BadInput, NotNow, ParallelAgentsError
from parallel_agents.git import branches, interrupted
from parallel_agents.git.process import LONG_PATIENCE, Output, outside, retried, run, said
from parallel_agents.git.repository import Repository

LOCK_NAME = "parallel-agents-landing.lock"
"""In git's common directory. The git that moves a work tree holds it too, so that it stays locked
until that git has ended, whoever started it and was killed."""

WAIT = 60.0
"""Seconds to wait for a landing that a killed process has begun."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What is about to happen to a branch: enough to tell afterwards how far it came."""

    target: str
    old: str
    new: str
    tree: Path | None
    """The work tree that has the branch checked out."""
    since: float
    """Seconds since the epoch."""


def land(
    repository: Repository,
    target: str,
    old: str,
    new: str,
    announce: Callable[[Landing], None] = lambda landing: None,
) -> None:
    """Move the branch `target` (full ref) from `old` to its descendant `new`.

    Where a work tree has it checked out, the tree moves along, and nothing uncommitted,
    untracked or ignored in it is overwritten. The user's hooks do not run. `announce` is called
    just before anything moves. Raises BadInput `not_a_branch`, `not_fast_forward`; NotNow
    `target_moved`, `dirty_target`, `target_busy`; the branch is then where it was.
    """
    if not outside(target).startswith("refs/heads/"):
        raise BadInput("not_a_branch", f"{target} is no full branch ref.", "Give refs/heads/NAME.")
    before, after = repository.commits([old, new])
    if not repository.is_ancestor(before, after):
        raise BadInput(
            "not_fast_forward",
            f"{after[:12]} does not contain {before[:12]}, so {target} cannot move there.",
            "Assemble the results again on the branch as it is now.",
        )
    with repository.locked(f"land on {target}"), _alone(repository, WAIT) as held:
        _still_at(repository, target, before)
        trees = [t for t in branches.holders(repository, target) if not t.missing]
        if len(trees) > 1:
            raise NotNow(
                "target_busy",
                f"{target} is checked out in {trees[0].path} and in {trees[1].path}.",
                "Switch one of them to another branch, then call again.",
            )
        tree = trees[0].path if trees else None
        if tree is not None:
            _refuse_in_the_way(repository, tree, before, after)
        landing = Landing(target, before, after, tree, time.time())
        announce(landing)
        if tree is not None:
            _fast_forward(repository, landing, tree, held)
        else:
            note = ("-m", "parallel-agents: land")
            asked = ("update-ref", *note, target, after, before)
            out = retried(lambda: run(repository.root, *asked, ok=None, keep_open=(held,)))
            if out.status:
                _still_at(repository, target, before)
                raise _busy(f"{target} did not move: {said(out)}")
        _still_at(repository, target, after)


def settle(repository: Repository, landing: Landing) -> bool:
    """Bring an interrupted landing to an end: True where the branch has what was to land.

    Else the branch and its work tree are as they were before, and what the landing had written of
    the tree is taken back. Raises NotNow `target_busy` while a git is at work there; NeedsPerson
    `landing_interrupted` where a file holds what neither commit has: nothing is touched then.
    """
    with repository.locked(f"settle {landing.target}"), _alone(repository, WAIT):
        now = branches.tip(repository, landing.target)
        if now is not None and repository.is_ancestor(landing.new, now):
            return True
        if now == landing.old:
            _undo(repository, landing)
        return False


def _undo(repository: Repository, landing: Landing) -> None:
    tree = landing.tree if landing.tree and landing.tree.is_dir() else None
    interrupted.unlock(repository, tree, landing.target, landing.since)
    if tree is not None:
        interrupted.take_back(repository, tree, landing.old, landing.new)


@contextmanager
def _alone(repository: Repository, wait: float) -> Iterator[int]:
    """Hold the landing lock; the descriptor that a git of the landing holds as well."""
    from filelock import lock_descriptor

    path = repository.common_dir / LOCK_NAME
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + wait
        while not lock_descriptor(held, blocking=False):
            if time.monotonic() > deadline:
                raise _busy("A git that an earlier landing started is still at work.")
            time.sleep(0.02)
        yield held
    finally:
        os.close(held)


def _fast_forward(repository: Repository, landing: Landing, tree: Path, held: int) -> None:
    # --no-autostash: `merge.autoStash` would take the user's edits away and put them back.
    careful = ("--ff-only", "--no-overwrite-ignore", "--no-autostash", "--no-stat", "--quiet")
    asked = ("merge", *careful, landing.new)

    def forward() -> Output:
        return run(tree, *asked, ok=None, timeout=LONG_PATIENCE, keep_open=(held,))

    try:
        out = retried(forward)
    except ParallelAgentsError:  # ended at its time-out
        _undo(repository, landing)
        raise
    if out.status == 0:
        return
    if not _looks_before_it_leaps(out):
        # A full disk ends git in the middle: what it wrote would look like somebody's edits.
        _undo(repository, landing)
    _refuse_in_the_way(repository, tree, landing.old, landing.new)
    raise _busy(f"git did not move the work tree {tree}: {said(out)}")


def _looks_before_it_leaps(out: Output) -> bool:
    """Whether git refused before it wrote anything."""
    return "would be overwritten by merge" in out.errors or "Aborting" in out.errors


def _refuse_in_the_way(repository: Repository, tree: Path, before: str, after: str) -> None:
    in_the_way = _in_the_way(repository, tree, before, after)
    if in_the_way:
        raise NotNow(
            "dirty_target",
            f"{tree} holds files that are not committed and that landing would overwrite: "
            f"{', '.join(in_the_way)}. Nothing was moved.",
            "Commit them, or move them away, then call again.",
        )


def _in_the_way(repository: Repository, tree: Path, before: str, after: str) -> list[str]:
    coming = repository.changed(before, after)
    dirty = set(repository.dirty(tree))
    known = set(run(tree, "ls-files", "-z").records)
    found = {path for path in coming if path in dirty}
    for path in coming:
        # The path itself, or a file where it needs a folder; ignored files are in no list.
        above = [path, *(str(parent) for parent in Path(path).parents)][:-1]
        found |= {p for p in above if p not in known and _is_file(tree / p)}
        # A folder of untracked or ignored files where it needs a file.
        below = f"{path}/"
        if (
            (tree / path).is_dir()
            and path not in known
            and not any(name.startswith(below) for name in known)
        ):
            found.add(below)
    return sorted(found)


def _is_file(path: Path) -> bool:
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def _still_at(repository: Repository, target: str, commit: str) -> None:
    now = branches.tip(repository, target)
    if now != commit:
        raise NotNow(
            "target_moved",
            f"{target} is at {(now or 'nothing')[:12]}, not at {commit[:12]}.",
            "Assemble and test the results again on the branch as it is now.",
        )


def _busy(sentence: str) -> NotNow:
    return NotNow(
        "target_busy",
        f"{sentence} Nothing was moved.",
        "Finish what goes on in that work tree (a merge, a rebase, another git), then call again.",
    )
