"""A claim, and the place to work that comes with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from parallel_agents.coordination.places import make_branch, make_work_tree
from parallel_agents.coordination.reassessing import touched
from parallel_agents.coordination.site import Site
from parallel_agents.core.commands import (
    Done,
    Extend,
    Granted,
    Met,
    NothingToClaim,
    Place,
    Prepare,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import BadInput, NeedsPerson, ParallelAgentsError, Unusable
from parallel_agents.core.globs import normalize
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
from parallel_agents.store.protocol import NotAtOnce

FEW = 1000
"""Tasks that are looked through in a moment where none of them can be claimed."""


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
    answer, rev = site.store.transact(
        lambda view: TakeClaim(agent, task, _shared_tree(site, view, agent))
    )
    if isinstance(answer, NothingToClaim):
        return answer, rev
    assert isinstance(answer, Granted)
    held, saved, run = answer.claim, None, None
    if held.workdir is None or answer.strategy is Strategy.BRANCH:
        run = site.store.read(run_of)
    if run is not None and held.workdir is None:
        try:
            held, saved = _prepare(site, run, held, cwd)
        except ParallelAgentsError as error:
            # Without the command's last words, which may hold what is nobody's business.
            reason = f"no place to work: {error.code}"
            site.store.transact(
                Release(agent, held.task, held.token, Outcome.RETURNED, summary=reason)
            )
            raise
    remote = _remote(site, run, held) if run else None
    return replace(_assigned(site, answer, rev), claim=held, remote=remote, saved=saved), rev


def _assigned(site: Site, answer: Granted, rev: int) -> Assignment:
    return Assignment(
        claim=answer.claim,
        task=answer.task,
        strategy=answer.strategy,
        failures=answer.failures,
        reason_of_failure=answer.reason_of_failure,
        deadline=site.clock() + STALE_AFTER,
        again=answer.again,
        rev=rev,
    )


def claim_at_once(site: Site, agent: Agent, task: TaskId | None) -> tuple[Assignment, int] | None:
    """What `claim` gives, where nothing has to be made ready nor waited for; else None."""

    def wish(view: View) -> TakeClaim:
        if len(view.records) > FEW:
            raise NotAtOnce
        place = _shared_tree(site, view, agent)
        if place is None and view.claim_of(agent) is None:
            raise NotAtOnce
        return TakeClaim(agent, task, place)

    site.store.heartbeat(agent)
    given = site.store.grant_at_once(wish)
    if given is None or given[0].claim.workdir is None or given[0].strategy is Strategy.BRANCH:
        return None
    return _assigned(site, *given), given[1]


def _shared_tree(site: Site, view: View, agent: Agent) -> Place | None:
    """The user's own tree, for a new claim with strategy files; None where git has to be asked.

    Read while nobody ends a claim: what the results before this one committed is in it.
    """
    if view.run is None or view.run.strategy is not Strategy.FILES or view.claim_of(agent):
        return None
    start = site.repository.plain_head()
    return Place(str(site.repository.root), start) if start else None


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
    met = _met(site, agent, task, token, files)
    answer, rev = site.store.transact(Extend(agent, task, token, files, met))
    added = tuple(answer.event.data["files"]) if isinstance(answer, Done) else ()
    held = site.store.read(lambda view: view.claims[task])
    return held, added, rev


def _met(
    site: Site, agent: Agent, task: TaskId, token: int, files: tuple[str, ...]
) -> tuple[Met, ...]:
    """What the growth means for other tasks; nothing where the rules will refuse it anyway."""
    held = site.store.read(lambda view: view.claims.get(task))
    if held is None or held.token != token or held.agent != agent:
        return ()
    try:
        wanted = tuple(dict.fromkeys(normalize(f) for f in files))
    except BadInput:
        return ()
    return touched(site, task, wanted, held.start or site.repository.head()) if wanted else ()


def _prepare(site: Site, run: Run, held: Claim, cwd: Path | None) -> tuple[Claim, str | None]:
    where, branch, saved = "", None, None
    rests_on: tuple[TaskId, ...] = ()
    match run.strategy:
        case Strategy.FILES:
            where, start = str(site.repository.root), site.repository.head()
        case Strategy.BRANCH:
            start, rests_on = _start(site, run, held)
            branch = make_branch(site, run, held, start)
            _publish(site, run, branch, start)
        case Strategy.WORKTREE:
            start, rests_on = _start(site, run, held)
            tree, branch, saved = make_work_tree(site, run, held, start, cwd)
            where = str(tree)
    site.store.transact(Prepare(held.agent, held.task, held.token, where, branch, start, rests_on))
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


def _start(site: Site, run: Run, held: Claim) -> tuple[str, tuple[TaskId, ...]]:
    """Where the work starts, and the completed tasks in it that the task does not depend on.

    The plan's base and the results of what the task depends on, merged in memory, and of what
    wrote files that this task may write too: two tasks that are never held at once would
    conflict at the merge if the second one did not know the first one's result. Once results
    have landed, the base is where they landed: that tree was tested.
    """
    needed, shared = site.store.read(lambda view: _to_start_from(view, held.task))
    settles = site.store.read(lambda view: view.records[held.task].task.settles)
    if settles:
        parts = site.store.read(lambda view: _results(view, run, needed))
        return _settling_start(site, run, parts, settles), ()
    base = _base(site, run)
    if shared:
        parts = site.store.read(lambda view: _results(view, run, (*needed, *shared)))
        tip = _joined(site, base, parts)
        if not isinstance(tip, Conflict):
            return tip, shared
    parts = site.store.read(lambda view: _results(view, run, needed))
    tip = _joined(site, base, parts)
    if isinstance(tip, Conflict):
        paths = ", ".join(p.path for p in tip.paths)
        raise NeedsPerson(
            "dependencies_conflict",
            f"Task {held.task} needs {tip.part} and {tip.against or 'the base'}, whose "
            f"results conflict in {paths}.",
            "ask the user; one of the two has to be reworked before this task can start.",
        )
    return tip, ()


def _joined(site: Site, base: str, parts: tuple[Part, ...]) -> str | Conflict:
    if parts and site.repository.is_ancestor(base, parts[0].commit):
        base, parts = parts[0].commit, parts[1:]
    if not parts:
        return base
    joined = assemble(site.repository, base, parts)
    return joined if isinstance(joined, Conflict) else joined.tip


def _to_start_from(view: View, task: TaskId) -> tuple[tuple[TaskId, ...], tuple[TaskId, ...]]:
    """What the task depends on, and else what has written files that its claim covers."""
    needed = view.needs(task)
    shared = view.shared_results(task)
    return needed, tuple(t for t in shared if not view.in_order(t, task))


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


def _results(view: View, run: Run, names: tuple[TaskId, ...]) -> tuple[Part, ...]:
    parts = []
    for name in names:
        record = view.records[name]
        if record.commit:
            message = f"Join {name}: {record.task.title}\n\nParallel-Run: {run.id}"
            parts.append(Part(name, record.commit, message))
    return tuple(parts)
