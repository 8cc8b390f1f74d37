"""A claim, and the place to work that comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parallel_agents.coordination.places import make_branch, make_work_tree
from parallel_agents.coordination.site import Site
from parallel_agents.core.commands import (
    Done,
    Extend,
    Granted,
    NothingToClaim,
    Prepare,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import NeedsPerson, ParallelAgentsError, Unusable
from parallel_agents.core.model import (
    STALE_AFTER,
    Agent,
    Claim,
    Outcome,
    Strategy,
    Task,
    TaskId,
)
from parallel_agents.core.rules import run_of
from parallel_agents.core.view import Run, View
from parallel_agents.git import remotes
from parallel_agents.git.merging import Conflict, Part, assemble


@dataclass(frozen=True, slots=True)
class Assignment:
    """A claim whose place to work is ready."""

    claim: Claim
    task: Task
    strategy: Strategy
    failures: int
    """How often the task failed before."""
    reason_of_failure: str | None
    deadline: float
    """Seconds since the epoch: without a sign of life until then the claim is flagged as stale."""
    again: bool
    rev: int
    remote: str | None = None
    """The remote from which other clones get the start, and to which they may push the result."""
    saved: str | None = None
    """The commit with what a recovered claim of the agent had left in its tree."""


def claim(
    site: Site, agent: Agent, task: TaskId | None, cwd: Path | None
) -> tuple[Assignment | NothingToClaim, int]:
    """Claim a task and make its place to work ready. A place that fails gives the claim back."""
    site.store.heartbeat(agent)
    answer, rev = site.store.transact(TakeClaim(agent, task))
    if isinstance(answer, NothingToClaim):
        return answer, rev
    assert isinstance(answer, Granted)
    held, saved = answer.claim, None
    run = site.store.read(run_of)
    if held.workdir is None:
        try:
            held, saved = _prepare(site, run, held, cwd)
        except ParallelAgentsError as error:
            # Without the command's last words, which may hold what is nobody's business.
            reason = f"no place to work: {error.code}"
            site.store.transact(
                Release(agent, held.task, held.token, Outcome.RETURNED, summary=reason)
            )
            raise
    deadline = site.clock() + STALE_AFTER
    why = site.store.read(lambda view: _last_failure(view, held.task))
    given = Assignment(
        *(held, answer.task, run.strategy, answer.failures, why, deadline, answer.again, rev),
        remote=_remote(site, run, held),
        saved=saved,
    )
    return given, rev


def _remote(site: Site, run: Run, held: Claim) -> str | None:
    if run.strategy is not Strategy.BRANCH or held.start is None:
        return None
    remote = remotes.shared(site.repository, run.target)
    return remote if remote and remotes.has(site.repository, remote, held.start) else None


def extend(
    site: Site, agent: Agent, task: TaskId, token: int, files: tuple[str, ...]
) -> tuple[Claim, tuple[str, ...], int]:
    """Let a claim grow; the claim after it and the files that were added."""
    site.store.heartbeat(agent)
    answer, rev = site.store.transact(Extend(agent, task, token, files))
    added = tuple(answer.event.data["files"]) if isinstance(answer, Done) else ()
    held = site.store.read(lambda view: view.claims[task])
    return held, added, rev


def _last_failure(view: View, task: TaskId) -> str | None:
    ended = view.records[task].ended.values()
    reasons = [e.data["reason"] for e in ended if e.kind == "failed"]
    return reasons[-1] if reasons else None


def _prepare(site: Site, run: Run, held: Claim, cwd: Path | None) -> tuple[Claim, str | None]:
    where, branch, saved = "", None, None
    match run.strategy:
        case Strategy.FILES:
            where, start = str(site.repository.root), site.repository.head()
        case Strategy.BRANCH:
            start = _start(site, run, held)
            branch = make_branch(site, run, held, start)
            _publish(site, run, branch, start)
        case Strategy.WORKTREE:
            start = _start(site, run, held)
            tree, branch, saved = make_work_tree(site, run, held, start, cwd)
            where = str(tree)
    site.store.transact(Prepare(held.agent, held.task, held.token, where, branch, start))
    return site.store.read(lambda view: view.claims[held.task]), saved


def _publish(site: Site, run: Run, branch: str, start: str) -> None:
    """Bring a start that only we have (results joined in memory) to where other clones fetch.

    Only on top of a base that the remote has: what the user has not pushed is theirs to push.
    """
    repository = site.repository
    remote = remotes.shared(repository, run.target)
    if remote is None or remotes.has(repository, remote, start):
        return
    if not all(remotes.has(repository, remote, c) for c in (run.base, _base(site, run))):
        return
    try:
        remotes.publish(repository, remote, branch, start)
    except Unusable:
        # Nobody may need it there: clones of this repository get the branch from here.
        if remotes.is_chosen(repository):
            raise


def _start(site: Site, run: Run, held: Claim) -> str:
    """The plan's base and the results of what the task depends on, merged in memory.

    Once results have landed, the base is where they landed: that tree was tested.
    """
    parts = site.store.read(lambda view: _results(view, run, held.task))
    settles = site.store.read(lambda view: view.records[held.task].task.settles)
    if settles:
        return _settling_start(site, run, parts, settles)
    base = _base(site, run)
    if parts and site.repository.is_ancestor(base, parts[0].commit):
        base, parts = parts[0].commit, parts[1:]
    if not parts:
        return base
    joined = assemble(site.repository, base, parts)
    if isinstance(joined, Conflict):
        paths = ", ".join(p.path for p in joined.paths)
        raise NeedsPerson(
            "dependencies_conflict",
            f"Task {held.task} needs {joined.part} and {joined.against or 'the base'}, whose "
            f"results conflict in {paths}.",
            "ask the user; one of the two has to be reworked before this task can start.",
        )
    return joined.tip


def _base(site: Site, run: Run) -> str:
    landed = site.store.read(lambda view: any(r.merged for r in view.records.values()))
    return site.repository.commit(run.target) if landed else run.base


def _settling_start(
    site: Site, run: Run, parts: tuple[Part, ...], settles: tuple[TaskId, ...]
) -> str:
    """The target as it is now and what goes on top of it; the rest is the agent's to merge.

    Its plan says so, and the user approved it: nothing is joined here against a conflict.
    """
    base = site.repository.commit(run.target)
    while isinstance(joined := assemble(site.repository, base, parts), Conflict):
        if joined.part not in settles:
            raise NeedsPerson(
                "dependencies_conflict",
                f"Result {joined.part} conflicts with {joined.against or run.target}, and this "
                "task does not settle that.",
                f"ask the user; propose the task again with {joined.part} in its `settles`.",
            )
        parts = tuple(part for part in parts if part.name != joined.part)
    return joined.tip


def _results(view: View, run: Run, task: TaskId) -> tuple[Part, ...]:
    parts = []
    for name in view.needs(task):
        record = view.records[name]
        if record.commit:
            message = f"Join {name}: {record.task.title}\n\nParallel-Run: {run.id}"
            parts.append(Part(name, record.commit, message))
    return tuple(parts)
