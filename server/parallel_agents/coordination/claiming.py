"""A claim, and the place to work that comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parallel_agents.checks import run_check
from parallel_agents.coordination.site import CHECK_TIMEOUT, Site, branch_of
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
from parallel_agents.git import branches
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


def claim(
    site: Site, agent: Agent, task: TaskId | None, cwd: Path | None
) -> tuple[Assignment | NothingToClaim, int]:
    """Claim a task and make its place to work ready. A place that fails gives the claim back."""
    site.store.heartbeat(agent)
    answer, rev = site.store.transact(TakeClaim(agent, task))
    if isinstance(answer, NothingToClaim):
        return answer, rev
    assert isinstance(answer, Granted)
    held = answer.claim
    run = site.store.read(run_of)
    if held.workdir is None:
        try:
            held = _prepare(site, run, held, cwd)
        except ParallelAgentsError as error:
            reason = f"no place to work: {error.sentence}"
            site.store.transact(
                Release(agent, held.task, held.token, Outcome.RETURNED, summary=reason)
            )
            raise
    deadline = site.clock() + STALE_AFTER
    why = site.store.read(lambda view: _last_failure(view, held.task))
    return (
        Assignment(
            held, answer.task, run.strategy, answer.failures, why, deadline, answer.again, rev
        ),
        rev,
    )


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


def _prepare(site: Site, run: Run, held: Claim, cwd: Path | None) -> Claim:
    branch: str | None = site.store.read(lambda view: _branch(view, run, held))
    where = ""
    match run.strategy:
        case Strategy.FILES:
            where, branch, start = str(site.repository.root), None, site.repository.head()
        case Strategy.BRANCH:
            start = _start(site, run, held)
            branches.create(site.repository, str(branch), start)
        case Strategy.WORKTREE:
            start = _start(site, run, held)
            where = str(_work_tree(site, run, held, str(branch), start, cwd))
    site.store.transact(Prepare(held.agent, held.task, held.token, where, branch, start))
    return site.store.read(lambda view: view.claims[held.task])


def _branch(view: View, run: Run, held: Claim) -> str:
    """The claim's branch: with its token where this agent had the task before, results and all."""
    ended = view.records[held.task].ended.values()
    again = any(e.data.get("agent") == held.agent.key for e in ended)
    return f"{branch_of(run, held)}-{held.token}" if again else branch_of(run, held)


def _start(site: Site, run: Run, held: Claim) -> str:
    """The plan's base and the results of what the task depends on, merged in memory.

    Once results have landed, the base is where they landed: that tree was tested.
    """
    parts = site.store.read(lambda view: _results(view, run, held.task))
    landed = site.store.read(lambda view: any(r.merged for r in view.records.values()))
    base = site.repository.commit(run.target) if landed else run.base
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


def _results(view: View, run: Run, task: TaskId) -> tuple[Part, ...]:
    parts = []
    for name in view.records[task].task.depends_on:
        record = view.records[name]
        if record.commit:
            message = f"Join {name}: {record.task.title}\n\nParallel-Run: {run.id}"
            parts.append(Part(name, record.commit, message))
    return tuple(parts)


def _work_tree(
    site: Site, run: Run, held: Claim, branch: str, start: str, cwd: Path | None
) -> Path:
    """The tree the agent is in already, if the client gave it one; else one of its own."""
    repository, trees = site.repository, site.worktrees
    agents = site.agents_folder(run)
    own = repository.top_level(cwd) if cwd else None
    if own is not None and own != repository.root and agents not in own.parents:
        trees.adopt(own, branch, start)
        tree = own
    else:
        tree = agents / f"agent-{held.slot}"
        trees.prepare(tree, branch, start, f"{held.agent} works on {held.task}")
    if run.setup:
        result = run_check(run.setup, tree, CHECK_TIMEOUT)
        if result.exit_code != 0:
            raise Unusable(
                "setup_failed",
                f"The plan's setup command `{run.setup}` failed in {tree} "
                f"(exit {result.exit_code}): {result.tail[-800:]}",
                "ask the user to correct the setup command or the machine.",
            )
    return tree
