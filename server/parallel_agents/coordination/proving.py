"""From completed results to one commit that may land, or to the reason why none may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parallel_agents.coordination.culprits import Blame, blame
from parallel_agents.coordination.selection import (
    Request,
    Selection,
    ordered,
    outside_claims,
    select,
)
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.stops import (
    Stop,
    base_stop,
    blind_stop,
    changed_stop,
    conflict_stop,
    flaky_stop,
    outside_stop,
    red_stop,
)
from parallel_agents.coordination.suite import Canary, Sight, Suite
from parallel_agents.coordination.verdicts import Outcome, Verdict
from parallel_agents.core.model import Strategy, TaskId
from parallel_agents.git.clashes import Clash, clashes
from parallel_agents.git.merging import (
    Assembly,
    Conflict,
    Part,
    assemble,
    contained,
    declared_merges,
)
from parallel_agents.processes import Process

Told = Callable[[Process | None], None]


@dataclass(frozen=True, slots=True)
class Assembled:
    """What would be merged, before anything is tested."""

    chosen: Selection
    old: str
    """The target's commit it was made for."""
    clashes: tuple[Clash, ...]
    made: Assembly | Conflict
    outside: tuple[tuple[TaskId, tuple[str, ...]], ...]
    notes: tuple[str, ...]

    def stop(self, site: Site) -> Stop | None:
        """Why this cannot go on, if it cannot."""
        if self.outside:
            return outside_stop(self.chosen, self.outside)
        if isinstance(self.made, Conflict):
            return conflict_stop(site, self.chosen, self.made)
        return None


@dataclass(frozen=True, slots=True)
class Proven:
    """A commit that may land."""

    assembled: Assembled
    tip: str
    verdict: Verdict | None
    """None: the plan has no check."""
    canary: Canary | None
    runs: int


def assembled(site: Site, request: Request) -> Assembled:
    """Everything that git can say in memory; nothing is touched. Raises as `select`."""
    chosen = site.store.read(lambda view: select(view, request))
    run, repository = chosen.run, site.repository
    old = repository.commit(run.target)
    if run.strategy is Strategy.FILES:
        made = Assembly(old, old, (), tuple(chosen.names), ())
        return Assembled(chosen, old, (), made, (), ())
    found = clashes(repository, old, chosen.parts())
    chosen = ordered(chosen, found)
    parts = chosen.parts()
    notes = tuple(_declared(declared_merges(repository, old, parts)))
    joined = assemble(repository, old, parts)
    return Assembled(chosen, old, found, joined, outside_claims(site, chosen), notes)


def proven(
    site: Site, ready: Assembled, trust: bool = False, told: Told = lambda process: None
) -> Proven | Stop:
    """Test what was assembled, in a tree where nobody works; `told` learns which process runs."""
    if (stop := ready.stop(site)) is not None:
        return stop
    assert isinstance(ready.made, Assembly)
    run, tip = ready.chosen.run, ready.made.tip
    if run.check is None:
        return Proven(ready, tip, None, None, 0)
    suite = Suite(site, run, told)
    verdict = suite.verdict(tip)
    match verdict.outcome:
        case Outcome.GREEN:
            pass
        case Outcome.FLAKY:
            return flaky_stop(suite, verdict)
        case Outcome.CHANGED:
            return changed_stop(suite, verdict)
        case Outcome.RED:
            return _blamed(site, ready, suite, verdict)
    if trust:
        suite.trust()
    since = run.base if run.strategy is Strategy.FILES else ready.old
    canary = suite.canary(tip, site.repository.changed(since, tip))
    if canary.sight is Sight.BLIND:
        return blind_stop(suite, canary)
    return Proven(ready, tip, verdict, canary, suite.runs)


def _declared(found: Sequence[tuple[str, str, bool]]) -> list[str]:
    """What the report says of paths that are merged in a way of their own."""
    notes = []
    for path, way, honoured in found:
        if honoured:
            notes.append(f"{path} is merged by `{way}`, as .gitattributes says")
        else:
            notes.append(
                f"{path}: the merge program `{way}` of the git configuration is not run here; its "
                "lines are merged as usual, and a conflict stops"
            )
    return notes


# ---------------------------------------------------------------------- blame


def _blamed(site: Site, ready: Assembled, suite: Suite, verdict: Verdict) -> Stop:
    """The check fails on the tip: who is to blame, asked with as few runs as can be."""
    chosen = ready.chosen
    made = ready.made
    assert isinstance(made, Assembly)
    if chosen.run.strategy is Strategy.FILES:
        return _blamed_in_files(site, ready, suite, verdict)
    base = suite.verdict(ready.old, again=False)
    if not base.is_green:
        return base_stop(chosen, suite, base)
    if not made.merged:
        return red_stop(chosen, suite, verdict, None)
    parts = {part.name: part for part in chosen.parts()}

    def fails_with(names: Sequence[str]) -> bool:
        tip = _tip(site, ready.old, [parts[n] for n in made.merged if n in names])
        return tip is not None and not suite.verdict(tip, again=False).is_green

    found = blame(
        made.merged,
        lambda count: not suite.verdict(made.chain[count - 1], again=False).is_green,
        fails_with,
        lambda one, other: contained(site.repository, parts[one].commit, parts[other].commit),
    )
    gone = chosen.with_dependents([found.culprit])
    rest = tuple(name for name in chosen.names if name not in gone)
    survivors = (rest, not fails_with(rest)) if rest else None
    return red_stop(chosen, suite, verdict, found, survivors)


def _tip(site: Site, base: str, parts: list[Part]) -> str | None:
    """These parts alone on the base; None where they conflict, which says nothing of the check."""
    joined = assemble(site.repository, base, parts)
    return joined.tip if isinstance(joined, Assembly) else None


def _blamed_in_files(site: Site, ready: Assembled, suite: Suite, verdict: Verdict) -> Stop:
    """All work is on the target already, one commit after the other: that line is bisected."""
    chosen, repository = ready.chosen, site.repository
    base = suite.verdict(chosen.run.base, again=False)
    if not base.is_green:
        return base_stop(chosen, suite, base)
    line = sorted(
        (r for r in chosen.records if r.commit), key=lambda r: r.completed.rev if r.completed else 0
    )
    commits = [str(r.commit) for r in line]
    follows = all(contained(repository, one, two) for one, two in pairwise(commits))
    if not commits or not follows:
        return red_stop(chosen, suite, verdict, None)
    if suite.verdict(commits[-1], again=False).is_green:  # it came in after the last of them
        return red_stop(chosen, suite, verdict, None)
    names = [r.task.id for r in line]
    found = blame(
        names,
        lambda count: not suite.verdict(commits[count - 1], again=False).is_green,
        lambda alone: True,  # a commit of the line cannot be had without those before it
    )
    return red_stop(chosen, suite, verdict, Blame(found.culprit, (), found.green))
