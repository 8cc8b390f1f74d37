"""Work trees and branches taken away once their work has landed; whatever holds more is kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from parallel_agents.git import branches, trash
from parallel_agents.git.process import LONG_PATIENCE, Output, retried, run, said
from parallel_agents.git.repository import Repository, WorktreeInfo

LOCK_MARK = "parallel-agents: "
"""How the reason of our git-locks starts; a lock with another reason is somebody else's."""

ADOPTED = "parallel-agents-found-on"
"""File in the git directory of an adopted work tree: the branch (full ref) it was found on."""

CLIENTS = "refs/heads/worktree-"
"""How the names of branches start that the client makes for the trees of its agents."""

_UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}


def remove(repository: Repository, path: Path, landed_in: str) -> str | None:
    """Remove the tree at `path`, and its branch, once its work is in commit `landed_in`.

    Returns None when it is gone, else a sentence that says why it was kept. Uncommitted work,
    commits that did not land and trees locked by others are always kept. A tree that was adopted
    goes only if the client had made it for an agent; any other is put back on the branch it was
    found on. The files are moved aside and deleted later (`trash.empty`).
    """
    landed = repository.commit(landed_in)
    asked = path
    path = path.parent.resolve() / path.name
    with repository.locked(f"remove {path}"):
        known = registered(repository, path)
        if known is None:
            there = path.exists() or path.is_symlink()
            return f"{asked} is not a work tree of this repository." if there else None
        why = why_kept(repository, known, landed)
        if why:
            return why
        home = found_on(known)
        if home is not None and not home.startswith(CLIENTS):
            return _hand_back(repository, known, home, landed)
        why = _take_away(repository, known)
        if why:
            return why
        _sweep(path.parent, repository.root)
        for ref in dict.fromkeys((known.branch, home)):
            why = ref and _drop(repository, ref, landed, home)
            if why:
                return why
        return None


def drop_branch(repository: Repository, branch: str, landed_in: str) -> str | None:
    """Delete our branch `branch` (short name) once commit `landed_in` contains it.

    Returns None when it is gone, else a sentence that says why it was kept.
    """
    landed = repository.commit(landed_in)
    with repository.locked(f"delete branch {branch}"):
        return branches.drop(repository, branches.full(branch), landed)


def registered(repository: Repository, path: Path) -> WorktreeInfo | None:
    """What git has registered at `path` (its parent folders resolved)."""
    for tree in repository.work_trees():
        if tree.path.parent.resolve() / tree.path.name == path:
            return tree
    return None


def admin(tree: Path) -> Path | None:
    """Git's own directory for the linked tree `tree`; None where the link is broken."""
    try:
        link = (tree / ".git").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    where = tree / link.removeprefix("gitdir:").strip()
    return where if link.startswith("gitdir:") and where.is_dir() else None


def found_on(tree: WorktreeInfo) -> str | None:
    """The branch (full ref) that an adopted tree was on before; None for any other tree."""
    place = admin(tree.path)
    if place is None:
        return None
    try:
        return (place / ADOPTED).read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return None


def under_way(tree: Path) -> str | None:
    """What somebody has begun in `tree` and not ended: a rebase, a merge, ...; None if nothing."""
    place = admin(tree)
    if place is None:
        return None
    return next((what for name, what in _UNDER_WAY.items() if (place / name).exists()), None)


def why_kept(repository: Repository, tree: WorktreeInfo, landed: str) -> str | None:
    """Why `remove` would keep this tree; None where it may go. `landed` is a full SHA."""
    if tree.path.is_symlink():
        return f"{tree.path} has become a symbolic link: what it points to is not ours to remove."
    if tree.path.resolve() == repository.root.resolve():
        return f"{tree.path} is the main work tree."
    if tree.lock is not None and not tree.lock.startswith(LOCK_MARK):
        return (
            f"{tree.path} is locked by somebody else: {tree.lock or 'no reason given'}. Where "
            "nobody is at work there any more, `git worktree unlock` frees it."
        )
    if not tree.missing:
        if repository.top_level(tree.path) != tree.path.resolve():
            return f"{tree.path} is no work tree of this repository any more: its .git is another."
        place = admin(tree.path)
        if place is not None and (place / "modules").exists():
            return f"{tree.path} has submodules checked out, whose commits may be nowhere else."
        begun = under_way(tree.path)
        if begun:
            return f"{tree.path} is in the middle of {begun}."
        dirty = repository.dirty(tree.path)
        if dirty:
            return f"{tree.path} has uncommitted work: {some(dirty)}."
    if not repository.is_ancestor(tree.head, landed):
        return f"{tree.path} is at {tree.head[:12]}, which is not in {landed[:12]}."
    return None


def _take_away(repository: Repository, tree: WorktreeInfo) -> str | None:
    """Move the files aside, look at them once more, forget the tree."""
    place = None if tree.missing else trash.put(repository, tree.path)
    if place is not None:
        # Somebody may have written between the first look and the move; nobody can after it.
        late = repository.dirty(place)
        if late:
            trash.take_back(place, tree.path)
            return f"{tree.path} has uncommitted work: {some(late)}."
    if tree.lock is not None:
        run(repository.root, "worktree", "unlock", str(tree.path), ok=None)
    gone = place is not None or tree.missing
    force = ("--force", "--force") if gone else ()
    out = _worktree(repository, "remove", *force, str(tree.path))
    if out.status == 0:
        return None
    if place is not None:
        trash.take_back(place, tree.path)
    if tree.lock is not None:
        _worktree(repository, "lock", "--reason", tree.lock, str(tree.path))
    return f"git keeps {tree.path}: {said(out)}"


def _hand_back(repository: Repository, tree: WorktreeInfo, home: str, landed: str) -> str | None:
    if tree.branch != home:
        if branches.tip(repository, home) is None:
            return f"{tree.path} was found on {home}, which is gone, so it stays as it is."
        switch = ("switch", "--quiet", "--no-overwrite-ignore", home.removeprefix("refs/heads/"))
        out = retried(lambda: run(tree.path, *switch, ok=None, timeout=LONG_PATIENCE))
        if out.status:
            return f"{tree.path} does not go back to {home}: {said(out)}"
    place = admin(tree.path)
    if place is not None:
        (place / ADOPTED).unlink(missing_ok=True)
    why = tree.branch and tree.branch != home and _drop(repository, tree.branch, landed, None)
    short = home.removeprefix("refs/heads/")
    return why or f"{tree.path} was there before the run: it is back on {short}."


def _drop(repository: Repository, ref: str, landed: str, home: str | None) -> str | None:
    """Delete our branch, or the client's own of a tree that has just gone, if it has landed."""
    if ref.startswith(branches.full(branches.OWN)):
        return branches.drop(repository, ref, landed)
    at = branches.tip(repository, ref)
    if ref != home or at is None or branches.holders(repository, ref):
        return None
    if not repository.is_ancestor(at, landed):
        short = ref.removeprefix("refs/heads/")
        return f"Branch {short} holds commits that are not in {landed[:12]}, so it stays."
    retried(lambda: run(repository.root, "update-ref", "-d", ref, at, ok=None))
    return None


def _worktree(repository: Repository, *args: str) -> Output:
    root = repository.root
    return retried(lambda: run(root, "worktree", *args, ok=None, timeout=LONG_PATIENCE))


def some(paths: tuple[str, ...]) -> str:
    """The first paths, for a sentence, and how many more."""
    more = f" and {len(paths) - 10} more" if len(paths) > 10 else ""
    return f"{', '.join(paths[:10])}{more}"


def _sweep(folder: Path, root: Path) -> None:
    # `<repo>.agents/<run>` and `<repo>.agents`, if nothing is left in them.
    if folder.parent.name == f"{root.name}.agents":
        with suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()
