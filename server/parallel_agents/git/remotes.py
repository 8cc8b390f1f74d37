"""The remote that clones of one repository share: how a branch goes there and comes back.

A remote is always named as the user's configuration names it: no address comes from a task, an
agent or a plan.
"""

from __future__ import annotations

import re

from parallel_agents.core.errors import NotNow, Unusable
from parallel_agents.git import branches
from parallel_agents.git.process import Output, outside, run, said
from parallel_agents.git.repository import Repository

SETTING = "parallel-agents.remote"
"""Git configuration: the remote's name; `.` for none, where all clones are of this repository."""

PATIENCE = 120.0
"""Seconds that a remote may take to answer and to send."""

_NO_SUCH_REF = re.compile(r"couldn't find remote ref", re.IGNORECASE)


def shared(repository: Repository, target: str) -> str | None:
    """The name of the remote through which branches travel; None where there is none.

    The setting, else the remote that the branch `target` (full ref) follows. Raises Unusable
    `unknown_remote` where the setting names one that is not there.
    """
    chosen = _setting(repository, SETTING)
    name = chosen or _setting(repository, f"branch.{target.removeprefix('refs/heads/')}.remote")
    if name in ("", "."):
        return None
    if name in run(repository.root, "remote").text.splitlines():
        return outside(name)
    if not chosen:  # a branch may follow an address, which has no name
        return None
    raise Unusable(
        "unknown_remote",
        f"The git setting {SETTING} names {name!r}, and there is no such remote.",
        f"`git remote` lists those there are; `git config {SETTING} NAME` chooses one.",
    )


def is_chosen(repository: Repository) -> bool:
    """Whether the user has named the remote: what cannot go through it is then refused."""
    return bool(_setting(repository, SETTING))


def has(repository: Repository, remote: str, commit: str) -> bool:
    """Whether the remote had `commit` on a branch when we last heard from it."""
    asked = ("--count=1", f"--contains={commit}", f"refs/remotes/{outside(remote)}/")
    return bool(run(repository.root, "for-each-ref", *asked).text)


def publish(repository: Repository, remote: str, branch: str, commit: str) -> None:
    """Make `branch` (short name) at `commit` on the remote.

    Raises NotNow `branch_exists` where it is there already at another commit; Unusable
    `remote_unreachable`.
    """
    ref = branches.full(branch)
    out = _asked(repository, "push", "--porcelain", outside(remote), f"{commit}:{ref}")
    if out.status == 0:
        return
    if "rejected" in out.text or "rejected" in out.errors:
        raise NotNow(
            "branch_exists",
            f"{remote} has a branch {branch} already: {said(out)}",
            f"Look at it (`git fetch {remote}`), and delete it there if nobody needs it.",
        )
    raise _unreachable(remote, out)


def fetch(repository: Repository, remote: str, branch: str, into: str) -> str | None:
    """Fetch `branch` (short name) into the full ref `into`; its commit, or None without one.

    Whatever `into` was at before, it is then where the remote has the branch. Raises Unusable
    `remote_unreachable`, `git_timed_out`.
    """
    spec = f"+{branches.full(branch)}:{outside(into)}"
    alone = ("--no-tags", "--no-recurse-submodules", "--no-auto-maintenance")
    out = _asked(repository, "fetch", *alone, "--quiet", outside(remote), spec)
    if out.status == 0:
        return repository.commit(into)
    if _NO_SUCH_REF.search(out.errors):
        return None
    raise _unreachable(remote, out)


def branches_there(repository: Repository, remote: str, prefix: str) -> tuple[str, ...]:
    """Short names of the branches in `prefix` that the remote had when we last heard from it."""
    below = f"refs/remotes/{outside(remote)}/"
    listed = run(repository.root, "for-each-ref", "--format=%(refname)", f"{below}{prefix}/")
    return tuple(ref.removeprefix(below) for ref in listed.text.splitlines())


def _asked(repository: Repository, *args: str) -> Output:
    # It has no terminal to ask for a password at: what needs one is refused at once.
    return run(repository.root, *args, ok=None, timeout=PATIENCE)


def _unreachable(remote: str, out: Output) -> Unusable:
    return Unusable(
        "remote_unreachable",
        f"The remote {remote} did not do what was asked: {said(out)}",
        f"see that `git ls-remote {remote}` works without a question, then call again.",
    )


def _setting(repository: Repository, key: str) -> str:
    return run(repository.root, "config", "--get", key, ok=(0, 1)).text
