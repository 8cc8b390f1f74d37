"""Conflicts that are on their way while agents still work: every pair of results, merged in memory.

Results are what completed tasks recorded, and for tasks in progress what their branches have by
now. Verdicts are kept by pairs of commits (`git.clashes`), so a look costs what is new.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from parallel_agents.coordination.site import Site
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import State, Strategy, TaskId
from parallel_agents.core.view import Run, View
from parallel_agents.git import branches
from parallel_agents.git.clashes import Clash, clashes
from parallel_agents.git.merging import Part

MOST_PARTS = 64
"""Results that are compared; of more, the pairs would be thousands: a dry run does them all."""


@dataclass(frozen=True, slots=True)
class Brewing:
    """Two tasks whose results, as they are now, cannot be merged."""

    one: TaskId
    other: TaskId | None
    """None: `one` conflicts with what is on the target by now."""
    holders: tuple[str, ...]
    """Keys of the agents that hold one of the two now."""
    paths: tuple[str, ...]
    advice: str


@dataclass(frozen=True, slots=True)
class _Result:
    task: TaskId
    title: str
    commit: str | None
    """None: only the branch can tell."""
    branch: str | None
    start: str | None
    holder: str | None


def brewing(site: Site) -> tuple[Brewing, ...]:
    """The conflicts between results that are not merged yet; empty where git cannot tell.

    A conflict here stops nothing: it is a warning, and the merge is what decides.
    """
    run, results = site.store.read(_results)
    if run is None or run.strategy is Strategy.FILES or not results:
        return ()
    by_task: dict[str, _Result] = {r.task: r for r in results}
    recorded = tuple(r for r in results if r.commit)
    # A branch under way may hold anything, a history of its own too: then without those.
    for some in dict.fromkeys((results, recorded)):
        with suppress(ParallelAgentsError):
            base, parts = _parts(site, run, some)
            found = clashes(site.repository, base, parts)
            return tuple(_told(clash, by_task) for clash in found)
    return ()


def _results(view: View) -> tuple[Run | None, tuple[_Result, ...]]:
    results = []
    for record in view.records.values():
        claim = record.claim
        if claim is not None and claim.branch is not None:
            results.append(
                _Result(
                    record.task.id,
                    record.task.title,
                    None,
                    claim.branch,
                    claim.start,
                    claim.agent.key,
                )
            )
        elif record.state is State.COMPLETED and record.commit and not record.merged:
            results.append(
                _Result(record.task.id, record.task.title, record.commit, None, None, None)
            )
    return view.run, tuple(results)


def _parts(site: Site, run: Run, results: tuple[_Result, ...]) -> tuple[str, list[Part]]:
    tips = branches.tips(site.repository, f"parallel/{run.id}")
    parts = []
    for result in results:
        commit = result.commit or tips.get(str(result.branch))
        if commit is not None and commit != result.start:
            parts.append(Part(result.task, commit, ""))
    # What is recorded counts more than what is under way.
    recorded = {r.task for r in results if r.commit}
    parts.sort(key=lambda p: p.name not in recorded)
    return site.repository.commit(run.target), parts[:MOST_PARTS]


def _told(clash: Clash, by_task: dict[str, _Result]) -> Brewing:
    sides = [by_task[name] for name in (clash.one, clash.other) if name is not None]
    return Brewing(
        one=sides[0].task,
        other=sides[1].task if len(sides) == 2 else None,
        holders=tuple(s.holder for s in sides if s.holder is not None),
        paths=tuple(p.path for p in clash.paths),
        advice=_advice(sides),
    )


def _advice(sides: list[_Result]) -> str:
    at_work = [s.task for s in sides if s.holder is not None]
    if len(sides) == 1:
        return (
            f"The target has moved on. Ask the user: {sides[0].task} can be brought up to it by "
            "its agent, or be done again on top of it (recover_task); the merge stops and asks."
        )
    if at_work:
        return (
            f"{at_work[-1]} is still at work: its agent can leave those lines to the other task, "
            "if its instructions allow it, or the user decides at the merge, which stops and asks."
        )
    one, other = (s.task for s in sides)
    return (
        f"Ask the user: merge with `leave_out: [{other}]`, then `recover_task` {other}, so that it "
        f"is done again on top of {one}; or the other way round."
    )
