"""Branches that agents work on: whether a name is free, who holds it, and safe deletion."""

from __future__ import annotations

from parallel_agents.core.errors import BadInput, NotNow
from parallel_agents.git.process import outside, retried, run, said
from parallel_agents.git.repository import Repository, WorktreeInfo

OWN = "parallel/"
"""Only branches below this are ever deleted."""


def full(branch: str) -> str:
    """Full ref of the short name `branch`."""
    return f"refs/heads/{outside(branch)}"


def tip(repository: Repository, ref: str) -> str | None:
    """Full SHA that `ref` is at; None when there is no such ref."""
    found = run(repository.root, "rev-parse", "--verify", "--quiet", outside(ref), ok=(0, 1))
    return found.text or None


def holders(repository: Repository, ref: str) -> list[WorktreeInfo]:
    """The work trees that have `ref` checked out."""
    return [tree for tree in repository.work_trees() if tree.branch == ref]


def below(repository: Repository, prefix: str) -> tuple[str, ...]:
    """Short names of the branches in `prefix` (`parallel/<run>`), sorted."""
    listed = run(repository.root, "for-each-ref", "--format=%(refname)", f"{full(prefix)}/")
    return tuple(ref.removeprefix("refs/heads/") for ref in listed.text.splitlines())


def tips(repository: Repository, prefix: str) -> dict[str, str]:
    """The branches in `prefix` by short name, each with the SHA it is at; one process for all."""
    listed = run(
        repository.root, "for-each-ref", "--format=%(objectname) %(refname)", f"{full(prefix)}/"
    )
    lines = (line.partition(" ") for line in listed.text.splitlines())
    return {ref.removeprefix("refs/heads/"): sha for sha, _, ref in lines}


def usable(repository: Repository, branch: str, at: str) -> bool:
    """True when `branch` exists at `at`, checked out nowhere; False when it can be made.

    Raises BadInput `bad_branch`; NotNow `branch_elsewhere` (checked out in a work tree),
    `branch_exists` (at another commit), `branch_clash` (`a` and `a/b` cannot both be branches).
    """
    asked = ("check-ref-format", "--branch", outside(branch))
    if run(repository.root, *asked, ok=None).status:
        raise BadInput("bad_branch", f"{branch!r} is no branch name.", "Give another name.")
    found = tip(repository, full(branch))
    if found is None:
        _refuse_clash(repository, branch)
        return False
    for tree in holders(repository, full(branch)):
        raise taken("branch_elsewhere", branch, f"is checked out in {tree.path}")
    if found != at:
        raise taken("branch_exists", branch, f"exists already, at {found[:12]}")
    return True


def create(repository: Repository, branch: str, at: str) -> None:
    """Make `branch` at commit `at`; nothing to do where it is there already. Raises as `usable`."""
    commit = repository.commit(at)
    with repository.locked(f"make branch {branch}"):
        if not usable(repository, branch, commit):
            retried(lambda: run(repository.root, "branch", "--no-track", branch, commit))


def drop(repository: Repository, ref: str, landed: str) -> str | None:
    """Delete `ref` if it is ours, checked out nowhere and contained in commit `landed`.

    Returns None when it is gone, else a sentence that says why it was kept. The caller holds the
    git lock.
    """
    short = ref.removeprefix("refs/heads/")
    if not short.startswith(OWN):
        return f"Branch {short} was not made by parallel-agents, so it stays."
    at = tip(repository, ref)
    if at is None:
        return None
    for tree in holders(repository, ref):
        return f"Branch {short} is checked out in {tree.path}, so it stays."
    if not repository.is_ancestor(at, landed):
        return f"Branch {short} holds commits that are not in {landed[:12]}, so it stays."
    # With the old value: a commit that arrives in between keeps the branch.
    out = retried(lambda: run(repository.root, "update-ref", "-d", ref, at, ok=None))
    return f"git keeps branch {short}: {said(out)}" if out.status else None


def follow(repository: Repository, ref: str, old: str | None, new: str) -> None:
    """Move `ref` from `old` (None: it is not there) to `new`, unless somebody is at work on it."""
    with repository.locked(f"follow {ref}"):
        if not holders(repository, ref):
            was = old or "0" * len(new)
            run(repository.root, "update-ref", "-m", "fetched", outside(ref), new, was, ok=None)


def pin(repository: Repository, ref: str, commit: str) -> None:
    """Keep `commit` from ever being collected: `ref` (a full name outside refs/heads) holds it."""
    at = repository.commit(commit)
    retried(lambda: run(repository.root, "update-ref", outside(ref), at))


def unpin(repository: Repository, prefix: str, landed: str) -> None:
    """Delete the refs below `prefix` whose commits are in `landed`; what is not stays."""
    listed = run(
        repository.root, "for-each-ref", f"--merged={landed}", "--format=%(refname)", prefix
    )
    for ref in listed.text.splitlines():
        retried(lambda ref=ref: run(repository.root, "update-ref", "-d", ref))  # type: ignore[misc]


def _refuse_clash(repository: Repository, branch: str) -> None:
    first = full(branch.partition("/")[0])
    listed = run(repository.root, "for-each-ref", "--format=%(refname)", first)
    for ref in listed.text.splitlines():
        other = ref.removeprefix("refs/heads/")
        if branch.startswith(f"{other}/") or other.startswith(f"{branch}/"):
            raise taken("branch_clash", branch, f"cannot be made beside the branch {other}")


def taken(code: str, branch: str, why: str) -> NotNow:
    """The refusal for a name that cannot be had."""
    return NotNow(
        code,
        f"Branch {branch} {why}.",
        "Rename or delete that branch once its work is safe, or use another name.",
    )
