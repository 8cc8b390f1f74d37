"""What a run leaves behind: work trees and branches removed once they landed, the rest named."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from parallel_agents.coordination.site import Site, result_refs
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Strategy
from parallel_agents.core.view import Run
from parallel_agents.git import branches, remotes, removal, trash
from parallel_agents.git.repository import WorktreeInfo


@dataclass(frozen=True, slots=True)
class Kept:
    """A work tree or branch that was not removed, and why."""

    name: str
    why: str


def clear(site: Site, run: Run, landed: str) -> tuple[tuple[str, ...], tuple[Kept, ...]]:
    """Remove the run's work trees and branches that hold nothing else than what landed.

    Gives what was removed (paths, short branch names) and what was kept, with the reason. Nothing
    is forced away; what a live claim works on is passed over. So it is with trees of earlier runs,
    of which only what is removed is told. Files are deleted later, by a process of its own, so
    that a large tree keeps nobody waiting.
    """
    removed: list[str] = []
    kept: list[Kept] = []

    def attempt(name: str, away: Callable[[], str | None]) -> None:
        try:
            why = away()
        except ParallelAgentsError as error:
            why = error.sentence
        if why is None:
            removed.append(name)
        else:
            kept.append(Kept(name, why))

    repository = site.repository
    if run.strategy is not Strategy.FILES:
        busy = site.store.read(lambda view: {c.workdir for c in view.claims.values()})
        for tree in trees_of(site, run):
            if str(tree.path) not in busy:
                attempt(str(tree.path), partial(removal.remove, repository, tree.path, landed))
        at_work = site.store.read(lambda view: {c.branch for c in view.claims.values()})
        for branch in branches.below(repository, f"parallel/{run.id}"):
            if branch not in at_work:
                attempt(branch, partial(removal.drop_branch, repository, branch, landed))
    _clear_earlier(site, run, landed, removed)
    branches.unpin(repository, result_refs(run), landed)
    branches.unpin(repository, f"refs/parallel/{run.id}/fetched", landed)
    if run.strategy is Strategy.BRANCH:
        kept += _on_the_remote(site, run)
    trash.empty(repository)
    return tuple(removed), tuple(kept)


def _clear_earlier(site: Site, run: Run, landed: str, removed: list[str]) -> None:
    """What an earlier run had to keep, because its agent still ran, may have become free."""
    repository = site.repository
    ours = {str(t.path) for t in trees_of(site, run)}
    for tree in site.worktrees.listed()[1:]:
        if str(tree.path) in ours or not _is_ours(site, tree):
            continue
        with suppress(ParallelAgentsError):
            if removal.remove(repository, tree.path, landed) is None:
                removed.append(str(tree.path))


def _on_the_remote(site: Site, run: Run) -> list[Kept]:
    """What landed is not pushed by us, so until the user has, the remote's branches are needed."""
    remote = remotes.shared(site.repository, run.target)
    if remote is None:
        return []
    return [
        Kept(
            f"{remote}/{branch}",
            f"It is on the remote. Once the target is pushed: git push {remote} --delete {branch}",
        )
        for branch in remotes.branches_there(site.repository, remote, f"parallel/{run.id}")
    ]


def leftovers(site: Site) -> tuple[Kept, ...]:
    """Work trees and branches of runs that are over, with what holds each and what to do."""
    repository = site.repository
    run = site.store.read(lambda view: view.run)
    current = f"{branches.OWN}{run.id}/" if run else None
    here = {str(t.path) for t in trees_of(site, run)} if run else set[str]()
    left, held = [], set[str]()
    head = repository.head()
    for tree in site.worktrees.listed()[1:]:
        branch = (tree.branch or "").removeprefix("refs/heads/")
        held.add(branch)
        if str(tree.path) not in here and _is_ours(site, tree):
            why = removal.why_kept(repository, tree, head)
            remedy = f"Look at it, then `git worktree remove {shlex.quote(str(tree.path))}`."
            left.append(Kept(str(tree.path), f"{why or 'All its work is in HEAD.'} {remedy}"))
    for branch, at in branches.tips(repository, branches.OWN.rstrip("/")).items():
        if branch in held or (current and branch.startswith(current)):
            continue
        landed = repository.is_ancestor(at, head)
        what = (
            "All its work is in HEAD"
            if landed
            else f"It holds commits that HEAD has not ({at[:12]})"
        )
        remedy = f"`git branch -{'d' if landed else 'D'} {branch}`"
        left.append(Kept(branch, f"{what}. {remedy} deletes it{'' if landed else ', and them'}."))
    return tuple(left)


def broken(site: Site) -> tuple[Path, ...]:
    """Registered work trees whose link to the repository is broken, as after it was moved."""
    return tuple(
        tree.path
        for tree in site.worktrees.listed()[1:]
        if tree.path.is_dir() and not site.worktrees.is_whole(tree.path)
    )


def _is_ours(site: Site, tree: WorktreeInfo) -> bool:
    ours = site.repository.root.parent / f"{site.repository.root.name}.agents"
    return (
        ours.resolve() in _resolved(tree.path).parents
        or (tree.branch or "").startswith(branches.full(branches.OWN))
        or removal.found_on(tree) is not None
    )


def trees_of(site: Site, run: Run) -> tuple[WorktreeInfo, ...]:
    """The linked work trees that agents of the run worked in, the client's among them."""
    ours = site.agents_folder(run).resolve()
    branch = branches.full(f"parallel/{run.id}/")
    return tuple(
        tree
        for tree in site.worktrees.listed()[1:]
        if ours in _resolved(tree.path).parents
        or (tree.branch or "").startswith(branch)
        or removal.found_on(tree) is not None
    )


def _resolved(path: Path) -> Path:
    return path.parent.resolve() / path.name
