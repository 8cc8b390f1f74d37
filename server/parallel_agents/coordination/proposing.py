"""From a list of tasks to the user's yes: propose, and approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from parallel_agents.checks import parse_command
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.survey import survey
from parallel_agents.core.commands import Approve, Propose, Unchanged
from parallel_agents.core.errors import NotNow
from parallel_agents.core.globs import covering
from parallel_agents.core.model import Plan, Strategy, TaskId
from parallel_agents.core.view import View
from parallel_agents.planning.advice import Advice, advise
from parallel_agents.planning.evidence import NO_EVIDENCE, Evidence, Say, gather
from parallel_agents.planning.graph import Schedule, schedule
from parallel_agents.planning.independence import Pair, compare, order
from parallel_agents.planning.validation import validate
from parallel_agents.views.plantext import plan_text

KEPT_OUT = ("/_tasks/", "/.claude/worktrees/")
"""Kept out of git: the state of the run, and the work trees that the client makes for agents."""
NAMED = 8
"""How many files a sentence names before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A plan, and what a look at its tasks says."""

    plan: Plan
    pairs: tuple[Pair, ...]
    schedule: Schedule
    advice: Advice
    evidence: Evidence
    text: str
    """All of it as the user is shown it, at 80 columns."""


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


def propose(site: Site, plan: Plan, say: Say | None = None) -> Proposal:
    """Check a plan, compare its tasks, and put it before the user. Nothing else changes.

    `say` is told how far the comparison is.
    """
    site.repository.head()
    site.repository.current_branch()
    plan = _ordered(validate(plan))
    for command in (plan.check, plan.setup, *(t.check for t in plan.tasks)):
        if command is not None:
            parse_command(command)
    assessment = assess(plan, evidence_for(site, plan, say))
    for folder in KEPT_OUT:
        site.repository.keep_out(folder)
    answer, rev = site.store.transact(Propose(plan, assessment.text))
    return Proposal(assessment, rev, isinstance(answer, Unchanged))


def proposed(site: Site, plan_id: str) -> Assessment:
    """The pending proposal, assessed. Raises `NotNow` where it is not this one.

    What would refuse the approval is refused here too: the user is not asked in vain.
    """
    plan = site.store.read(lambda view: _pending(view, plan_id))
    if site.store.read(lambda view: view.run) is None:
        _refuse_dirty(site, plan)
    return assess(plan, evidence_for(site, plan))


def evidence_for(site: Site, plan: Plan, say: Say | None = None) -> Evidence:
    """What code and history say about a plan's tasks.

    It is that of the commit the main work tree is at, which is what agents start from.
    """
    seen = survey(site.repository, site.repository.head())
    return gather(plan.tasks, seen.codebase, seen.commits, say)


def assess(plan: Plan, evidence: Evidence = NO_EVIDENCE) -> Assessment:
    """Compare every pair of a validated plan's tasks, schedule them, and advise."""
    pairs = compare(plan.tasks, evidence)
    timetable = schedule(plan.tasks, pairs, plan.max_agents)
    advice = advise(plan, pairs, timetable)
    text = plan_text(plan, pairs, timetable, advice)
    return Assessment(plan, pairs, timetable, advice, evidence, text)


def _ordered(plan: Plan) -> Plan:
    """The plan with every derived edge declared: what enforces an order is `depends_on`."""
    before: dict[TaskId, list[TaskId]] = {t.id: [] for t in plan.tasks}
    for edge in order(plan.tasks):
        before[edge.after].append(edge.before)
    return replace(
        plan, tasks=tuple(replace(t, depends_on=tuple(before[t.id])) for t in plan.tasks)
    )


def approve(site: Site, plan_id: str, strategy: Strategy | None, by: str) -> Approved:
    """Record the user's yes. The caller has asked the user: no agent's word gets here."""
    if (done := site.store.read(lambda view: _already(view, plan_id))) is not None:
        return done
    plan = site.store.read(lambda view: _pending(view, plan_id))
    running = site.store.read(lambda view: view.run.strategy if view.run else None)
    chosen = strategy or running or plan.strategy
    if chosen is None:
        chosen = assess(plan, evidence_for(site, plan)).advice.strategy
    base = site.repository.head()
    target = site.repository.current_branch()
    if running is None:
        _refuse_dirty(site, plan)
    answer, rev = site.store.transact(Approve(plan_id, chosen, by, base, target))
    return Approved(plan_id, chosen, base, target, rev, isinstance(answer, Unchanged))


def _already(view: View, plan_id: str) -> Approved | None:
    run = view.run
    if run is None or not run.approved(plan_id):
        return None
    return Approved(plan_id, run.strategy, run.base, run.target, view.rev, again=True)


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
    """Agents start from the last commit: uncommitted work in their files would be left behind."""
    patterns = [f for t in plan.tasks for f in t.files]
    dirty = [p for p in site.repository.dirty() if covering(patterns, p)]
    if dirty:
        raise NotNow(
            "dirty_files",
            f"{listed(dirty)} {'has' if len(dirty) == 1 else 'have'} uncommitted changes and "
            "belong to tasks of this plan; agents start from the last commit and would not see "
            "them.",
            "commit them, or put them aside, then approve again.",
        )


def listed(names: Iterable[str]) -> str:
    """Names for a sentence: the first few, and how many more."""
    every = list(names)
    more = len(every) - NAMED
    return ", ".join(every[:NAMED]) + (f" and {more} more" if more > 0 else "")
