"""Whether a repository can carry a run: one that cannot is refused before the user is asked."""

from __future__ import annotations

from parallel_agents.coordination.site import Site
from parallel_agents.core.errors import ParallelAgentsError, Unusable
from parallel_agents.git import branches
from parallel_agents.git.process import run, said


def refuse_unfit(site: Site) -> None:
    """Try what a run stands on.

    Raises Unusable: `empty_repository` (no commit yet), `detached_head`, `objects_unwritable`;
    NotNow `branch_clash` (a branch `parallel` leaves no room for `parallel/...`).
    """
    repository = site.repository
    head = repository.head()
    repository.current_branch()
    _refuse_unwritable(site, head)
    # Whatever the run will be called: the first two parts of the name are what can clash.
    branches.usable(repository, "parallel/any-run/agent-1/any-task", head)


def _refuse_unwritable(site: Site, head: str) -> None:
    """Every merge in memory writes objects. Here a new one each time: an old one proves nothing."""
    probe = f"parallel-agents probes whether objects can be written: {head} {site.clock()}\n"
    try:
        out = run(
            site.repository.root, "hash-object", "-w", "--stdin", feed=probe.encode(), ok=None
        )
    except ParallelAgentsError as error:
        raise _unwritable(site, error.sentence) from error
    if out.status:
        raise _unwritable(site, said(out))


def _unwritable(site: Site, why: str) -> Unusable:
    return Unusable(
        "objects_unwritable",
        f"Git cannot write objects in {site.repository.common_dir}: {why}",
        "make git's directory writable for you (its rights, a read-only mount, a full disk).",
    )
