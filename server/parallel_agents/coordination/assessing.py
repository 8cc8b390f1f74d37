"""What a look at a plan says: its pairs, its schedule, what is left to the user, the advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from parallel_agents.coordination.site import Site
from parallel_agents.coordination.suite import base_verdict
from parallel_agents.coordination.survey import survey
from parallel_agents.coordination.verdicts import Outcome
from parallel_agents.core.model import Doubt, Plan, State, Task, TaskId
from parallel_agents.core.view import View
from parallel_agents.git import copies
from parallel_agents.planning.advice import Advice, Suite, advise
from parallel_agents.planning.evidence import NO_EVIDENCE, Evidence, Say, gather
from parallel_agents.planning.graph import Schedule, schedule
from parallel_agents.planning.independence import Level, Pair, compare
from parallel_agents.views.plantext import Shown, plan_document, plan_form, plan_text

NAMED = 6
"""Languages and endings that a sentence names before it counts the rest."""


MOST_KNOWN = 4
"""Assessments that are kept: the same one is asked for when a plan is proposed, shown, approved."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A plan, and what a look at its tasks says."""

    plan: Plan
    """With the doubts that the user is to settle."""
    tasks: tuple[Task, ...]
    """What was compared: of a plan that changes a running one, all that is not completed."""
    pairs: tuple[Pair, ...]
    schedule: Schedule
    in_order: Schedule | None
    """The schedule if the user does not accept the doubtful pairs; None where there are none."""
    advice: Advice
    evidence: Evidence
    text: str
    """All of it as the user is shown it, at 80 columns."""
    form: str
    """The same in few lines, for over the form in which the user answers."""
    document: str
    """The same as Markdown with nothing left out, and the graph in Mermaid's language."""


@dataclass(frozen=True, slots=True)
class Stake:
    """Which tasks a plan has to be compared with, and what is settled already."""

    tasks: tuple[Task, ...]
    at_work: frozenset[TaskId] = field(default_factory=frozenset)
    done: tuple[TaskId, ...] = ()
    approved: Plan | None = None
    """The plan with the doubts that the user settled, where exactly it is approved."""


_KNOWN: dict[tuple[object, ...], Assessment] = {}
"""By all that an assessment rests on: repository, commit, plan, run, copy list, suite."""


def look(site: Site, plan: Plan, say: Say | None = None) -> Assessment:
    """Assess a validated plan in its repository; one that changes a run, with all of that run.

    `say` is told how far the comparison is.
    """
    stake = site.store.read(lambda view: _stake(view, plan))
    copied = copies.patterns(site.repository)
    suite = _suite(site, plan)
    asked = (site.repository.root, site.repository.head(), plan, stake, copied, suite)
    if (known := _KNOWN.get(asked)) is not None:
        return known
    found = assess(plan, evidence_for(site, stake.tasks, say), stake, copied, suite)
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)), None)
    _KNOWN[asked] = found
    return found


def evidence_for(site: Site, tasks: tuple[Task, ...], say: Say | None = None) -> Evidence:
    """What code and history say about tasks.

    It is that of the commit the main work tree is at, which is what agents start from.
    """
    if say is not None:
        say("reading the repository", 0, 1)
    seen = survey(site.repository, site.repository.head())
    return gather(tasks, seen.codebase, seen.commits, say)


def assess(
    plan: Plan,
    evidence: Evidence = NO_EVIDENCE,
    stake: Stake | None = None,
    copied: tuple[str, ...] = (),
    suite: Suite | None = None,
) -> Assessment:
    """Compare every pair of a validated plan's tasks, schedule them, and advise.

    `copied` is what the copy list of the repository says, to be shown; `suite` what the check
    said of the base, where it was run there.
    """
    stake = stake or Stake(plan.tasks)
    tasks = stake.tasks
    pairs = compare(tasks, evidence)
    timetable = schedule(tasks, pairs, plan.max_agents)
    advice = advise(replace(plan, tasks=tasks), pairs, timetable, evidence, suite)
    plan = stake.approved or replace(plan, doubts=_doubts(pairs, timetable, stake.at_work))
    in_order = _in_order(tasks, pairs, plan) if plan.doubts else None
    looked = tuple(_looked_at(evidence))
    seen = Shown(plan, tasks, pairs, timetable, advice, in_order, stake.done, looked, copied)
    return Assessment(
        plan=plan,
        tasks=tasks,
        pairs=pairs,
        schedule=timetable,
        in_order=in_order,
        advice=advice,
        evidence=evidence,
        text=plan_text(seen),
        form=plan_form(seen),
        document=plan_document(seen),
    )


def _suite(site: Site, plan: Plan) -> Suite | None:
    """What an approval of this check on this commit found: nothing is run to give advice."""
    if plan.check is None:
        return None
    verdict = base_verdict(site, site.repository.head(), plan.setup, plan.check)
    if verdict is None:
        return None
    result = verdict.result
    return Suite(result.command, verdict.outcome is Outcome.RED, result.seconds)


def _stake(view: View, plan: Plan) -> Stake:
    if view.run is None:
        return Stake(plan.tasks)
    tasks = {r.task.id: r.task for r in view.records.values()} | {t.id: t for t in plan.tasks}
    for claim in view.claims.values():  # what it grew by is its own as well
        tasks[claim.task] = replace(tasks[claim.task], files=claim.files)
    state = {t: view.records[t].state for t in tasks if t in view.records}
    unfinished = tuple(t for t in tasks.values() if state.get(t.id) is not State.COMPLETED)
    return Stake(
        tasks=unfinished or plan.tasks,
        at_work=frozenset(t for t in state if state[t] is State.CLAIMED),
        done=tuple(t for t in tasks if state.get(t) is State.COMPLETED) if unfinished else (),
        approved=_as_approved(view, plan),
    )


def _as_approved(view: View, plan: Plan) -> Plan | None:
    for given in view.run.approvals if view.run else ():
        settled = (Doubt(a, b, "", "") for a, b in (*given.accepted, *given.ordered))
        if (approved := replace(plan, doubts=tuple(settled))).id == given.plan_id:
            return approved
    return None


def _doubts(
    pairs: Iterable[Pair], timetable: Schedule, at_work: frozenset[TaskId]
) -> tuple[Doubt, ...]:
    """What the user has to settle, each with the task first that comes first in the schedule.

    In the order of one schedule they can all be put in order without a circle. Of two tasks that
    are both at work nothing is left to settle.
    """
    planned = [task for wave in timetable.waves for task in wave]
    turn = {task: (task not in at_work, n) for n, task in enumerate(planned)}
    doubts = []
    for pair in pairs:
        if pair.level is Level.CHECK and not {pair.a, pair.b} <= at_work:
            before, after = sorted((pair.a, pair.b), key=turn.__getitem__)
            doubts.append(Doubt(before, after, pair.witness, pair.reason))
    return tuple(doubts)


def _in_order(tasks: Iterable[Task], pairs: Iterable[Pair], plan: Plan) -> Schedule:
    """The schedule with every doubtful pair in order."""
    needs: dict[TaskId, list[TaskId]] = {t.id: list(t.depends_on) for t in tasks}
    for doubt in plan.doubts:
        if doubt.before in needs and doubt.after in needs:
            needs[doubt.after].append(doubt.before)
    waiting = [replace(t, depends_on=tuple(dict.fromkeys(needs[t.id]))) for t in tasks]
    return schedule(waiting, pairs, plan.max_agents)


def _looked_at(evidence: Evidence) -> Iterator[str]:
    """What the comparison rests on, a sentence each."""
    yield from evidence.grounds
    for task, pattern in evidence.empty:
        yield f"{pattern} of {task} matches no file there is: a new folder, or a slip of the pen?"
    if evidence.read:
        yield f"Imports read: {_counted(evidence.read)}."
    if evidence.not_understood:
        unknown = _counted(evidence.not_understood)
        yield f"Not understood, so compared by names and history only: {unknown}."
    if evidence.unread:
        yield f"Left out of the reading: {evidence.unread} files (too many, too large or broken)."
    if evidence.commits:
        yield f"History: {evidence.commits} commit{'' if evidence.commits == 1 else 's'}."
    if evidence.hotspots:
        paths = ", ".join(f"{h.path} ({h.commits} of {h.of} commits)" for h in evidence.hotspots)
        yield f"Better given to one task, much work touches them: {paths}."


def _counted(files: Mapping[str, int]) -> str:
    most = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{n} {name} file{'' if n == 1 else 's'}" for name, n in most[:NAMED]]
    if len(most) > NAMED:
        told.append(f"{sum(n for _, n in most[NAMED:])} others")
    return ", ".join(told)
