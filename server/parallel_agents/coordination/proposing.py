"""From a list of tasks to the user's yes: propose, and approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from parallel_agents.checks import parse_command
from parallel_agents.coordination.assessing import Assessment, look
from parallel_agents.coordination.fitness import refuse_unfit
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.survey import survey
from parallel_agents.coordination.verdicts import Verdict
from parallel_agents.core.commands import Approve, Propose, Unchanged
from parallel_agents.core.errors import NotNow
from parallel_agents.core.globs import covering
from parallel_agents.core.model import Plan, State, Strategy, TaskId
from parallel_agents.core.view import View
from parallel_agents.planning.evidence import Say
from parallel_agents.planning.grounds import grounded
from parallel_agents.planning.independence import order
from parallel_agents.planning.validation import validate

KEPT_OUT = ("/_tasks/", "/.claude/worktrees/")
"""Kept out of git: the state of the run, and the work trees that the client makes for agents."""
NAMED = 8
"""How many files a sentence names before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as it waits for the user."""

    assessment: Assessment
    rev: int
    approved: bool
    """True when exactly this plan is approved and running already."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A yes that counts."""

    plan_id: str
    strategy: Strategy
    base: str
    target: str
    rev: int
    again: bool
    accepted: tuple[tuple[TaskId, TaskId], ...] = ()
    """Doubtful pairs that run at once, because the user accepted it."""
    ordered: tuple[tuple[TaskId, TaskId], ...] = ()
    """Doubtful pairs that run in order, because the user did not."""
    base_check: Verdict | None = None
    """What the plan's check says of the base, before anybody has worked; None: it was not run."""


def propose(site: Site, plan: Plan, say: Say | None = None) -> Proposal:
    """Check a plan, compare its tasks, and put it before the user. Nothing else changes.

    `say` is told how far the comparison is.
    """
    refuse_unfit(site)
    plan = _grounded(site, _ordered(validate(plan)))
    for command in (plan.check, plan.setup, *(t.check for t in plan.tasks)):
        if command is not None:
            parse_command(command)
    assessment = look(site, plan, say)
    for folder in KEPT_OUT:
        site.repository.keep_out(folder)
    answer, rev = site.store.transact(Propose(assessment.plan, assessment.document))
    return Proposal(assessment, rev, isinstance(answer, Unchanged))


def proposed(site: Site, plan_id: str) -> Assessment:
    """The pending proposal, assessed. Raises `NotNow` where it is not this one.

    What would refuse the approval is refused here too: the user is not asked in vain.
    """
    plan = site.store.read(lambda view: _pending(view, plan_id))
    if site.store.read(lambda view: view.run) is None:
        _refuse_dirty(site, plan)
    assessment = look(site, replace(plan, doubts=()))
    if assessment.plan.id != plan.id:
        raise NotNow(
            "plan_changed",
            f"Since plan {plan_id} was proposed the repository or the run has changed, and with "
            "it which tasks can run at once; an approval counts for what was shown.",
            "propose the plan again: its reply has the new plan_id and the new comparison.",
        )
    return assessment


def _ordered(plan: Plan) -> Plan:
    """The plan with every derived edge declared: what enforces an order is `depends_on`."""
    before: dict[TaskId, list[TaskId]] = {t.id: [] for t in plan.tasks}
    for edge in order(plan.tasks):
        before[edge.after].append(edge.before)
    return replace(
        plan, tasks=tuple(replace(t, depends_on=tuple(before[t.id])) for t in plan.tasks)
    )


def _grounded(site: Site, plan: Plan) -> Plan:
    """The plan with all that its tasks' paths reach in the repository as it is.

    What somebody works on or has done stays as it was found then.
    """
    settled = site.store.read(
        lambda view: {
            t: r.task
            for t, r in view.records.items()
            if r.state in (State.CLAIMED, State.COMPLETED)
        }
    )
    codebase = survey(site.repository, site.repository.head()).codebase
    tasks = []
    for task in plan.tasks:
        known = settled.get(task.id)
        if known is not None and replace(task, files=known.files) == known:
            same = set(task.files) <= set(known.files)
            tasks.append(known if same else task)
        else:
            tasks.append(grounded(task, codebase))
    return replace(plan, tasks=tuple(tasks))


def approve(
    site: Site, plan_id: str, strategy: Strategy | None, by: str, accept_checks: bool = False
) -> Approved:
    """Record the user's yes. The caller has asked the user: no agent's word gets here.

    `accept_checks`: the plan's doubtful pairs may run at once; else they run in order.
    """
    if (done := site.store.read(lambda view: already(view, plan_id))) is not None:
        return done
    plan = site.store.read(lambda view: _pending(view, plan_id))
    running = site.store.read(lambda view: view.run.strategy if view.run else None)
    chosen = strategy or running or plan.strategy
    seen = proposed(site, plan_id)
    if chosen is None:
        chosen = seen.advice.strategy
    base = site.repository.head()
    target = site.repository.current_branch()
    command = Approve(plan_id, chosen, by, base, target, accept_checks)
    answer, rev = site.store.transact(command)
    given = site.store.read(lambda view: already(view, plan_id))
    if given is None:  # put away again, already
        return Approved(plan_id, chosen, base, target, rev, again=False)
    return replace(given, rev=rev, again=isinstance(answer, Unchanged))


def already(view: View, plan_id: str) -> Approved | None:
    """The yes that the plan of this id has, or None."""
    run = view.run
    given = next((a for a in run.approvals if a.plan_id == plan_id), None) if run else None
    if run is None or given is None:
        return None
    return Approved(
        plan_id, run.strategy, run.base, run.target, view.rev, True, given.accepted, given.ordered
    )


def _pending(view: View, plan_id: str) -> Plan:
    plan = view.proposal
    if plan is None:
        raise NotNow(
            "no_proposal",
            f"No plan waits for an approval, so {plan_id!r} cannot be approved.",
            "call propose_plan first; its reply has the plan_id.",
            view.rev,
        )
    if plan.id != plan_id:
        raise NotNow(
            "plan_changed",
            f"The proposal is now {plan.id}, not {plan_id}: it was changed, "
            "and an approval counts for one exact content.",
            f"look at the present plan, then approve {plan.id}.",
            view.rev,
        )
    return plan


def _refuse_dirty(site: Site, plan: Plan) -> None:
    """Uncommitted work in an agent's files would be left behind, or pass for the agent's own."""
    patterns = [f for t in plan.tasks for f in t.files]
    dirty = [p for p in site.repository.dirty() if covering(patterns, p)]
    if dirty:
        raise NotNow(
            "dirty_files",
            f"{listed(dirty)} {'has' if len(dirty) == 1 else 'have'} uncommitted changes and "
            "belong to tasks of this plan. Agents in trees of their own start from the last commit "
            "and would not see them; in one tree they would pass for an agent's work.",
            "commit them, or put them aside, then approve again.",
        )


def listed(names: Iterable[str]) -> str:
    """Names for a sentence: the first few, and how many more."""
    every = list(names)
    more = len(every) - NAMED
    return ", ".join(every[:NAMED]) + (f" and {more} more" if more > 0 else "")
