"""Whether a plan is worth several agents: the rule that decided, and the change that helps most.

What only a run of the suite can tell comes as a value (`Suite`) from whoever has run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from parallel_agents.core.model import Plan, Strategy, Task
from parallel_agents.planning.evidence import NO_EVIDENCE, Evidence
from parallel_agents.planning.graph import MOST_AGENTS, Schedule
from parallel_agents.planning.independence import Level, Pair
from parallel_agents.planning.kinds import is_prose, is_test
from parallel_agents.planning.remedy import best_change

LEAST_GAIN = 4 / 3
"""Below this speed-up the second agent costs more than it brings."""

SMALL = 5
"""Minutes: one or two tasks of at most this size are done before an agent has started."""


MOST_SUITE = 0.5
"""The part of the whole work above which the suite, run at each landing, takes up the gain."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What is known of the plan's check on the commit that agents would start from."""

    command: str
    """The check; or the setup command before it, where that failed."""
    fails: bool
    seconds: float


class Rule(StrEnum):
    """The rule that decided the advice, in the order in which they are tried."""

    UNKNOWN_FILES = "unknown_files"
    BASE_RED = "base_red"
    WIDTH_BELOW_TWO = "width_below_two"
    MOSTLY_CONFLICTS = "mostly_conflicts"
    SMALL_GAIN = "small_gain"
    SLOW_SUITE = "slow_suite"
    LITTLE_WORK = "little_work"
    WORTH_IT = "worth_it"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell the user before the approval."""

    kind: Literal["parallel", "sequential"]
    rule: Rule
    sentence: str
    change: str | None
    """The one change that would raise the width most, with the widths. None where none does,
    or where there would be no agents to make use of it."""
    width: int
    speedup: float
    """Total work over makespan with the schedule's agents."""
    agents: int
    """How many to start: 1 where the advice is `sequential`."""
    strategy: Strategy
    strategy_reason: str


def advise(
    plan: Plan,
    pairs: Sequence[Pair],
    schedule: Schedule,
    evidence: Evidence = NO_EVIDENCE,
    suite: Suite | None = None,
) -> Advice:
    """The advice for a validated plan with its pairs, its schedule and its evidence.

    `suite` is None where the check was not run on the base lately: nothing is said of it then.
    """
    most = plan.max_agents or MOST_AGENTS
    rule, sentence = _decide(plan, pairs, schedule, evidence, suite)
    parallel = rule is Rule.WORTH_IT
    strategy, reason = _strategy(plan, pairs)
    return Advice(
        kind="parallel" if parallel else "sequential",
        rule=rule,
        sentence=sentence,
        change=best_change(plan.tasks, pairs, schedule) if schedule.width < most else None,
        width=schedule.width,
        speedup=schedule.speedup,
        agents=schedule.agents if parallel else 1,
        strategy=strategy,
        strategy_reason=reason,
    )


def _decide(
    plan: Plan,
    pairs: Sequence[Pair],
    schedule: Schedule,
    evidence: Evidence,
    suite: Suite | None,
) -> tuple[Rule, str]:
    tasks = plan.tasks
    if len(tasks) < 2:
        return Rule.WIDTH_BELOW_TWO, "The plan has one task: there is nothing to run beside it."
    for task in tasks:
        for pattern in task.files:
            if _is_unbounded(pattern):
                sentence = f"{task.id} may write {pattern}, which can be a file of any folder."
                return Rule.UNKNOWN_FILES, sentence
    for wide, covered, of in evidence.wide:
        sentence = (
            f"{wide} may write {covered} of the {of} files there are: "
            "what it will really change is not known."
        )
        return Rule.UNKNOWN_FILES, sentence
    if suite is not None and suite.fails:
        sentence = (
            f"`{suite.command}` fails on the base already, so it cannot tell whose work breaks it: "
            "mend that first."
        )
        return Rule.BASE_RED, sentence
    if schedule.width < 2:
        return (
            Rule.WIDTH_BELOW_TWO,
            "No two tasks can run at once: every pair is ordered or can write the same file.",
        )
    conflicts = sum(p.level is Level.CONFLICT for p in pairs)
    if conflicts * 2 > len(pairs):
        return (
            Rule.MOSTLY_CONFLICTS,
            f"{conflicts} of {len(pairs)} pairs can write the same file: "
            "agents would mostly wait for each other.",
        )
    total, makespan = schedule.total_minutes, schedule.makespan
    gain = f"{schedule.agents} agents need {makespan} of {total} minutes ({schedule.speedup:.1f}x)"
    if schedule.speedup < LEAST_GAIN:
        return Rule.SMALL_GAIN, f"At best {gain}: too little to pay for starting and merging them."
    if suite is not None and suite.seconds > MOST_SUITE * total * 60:
        took = f"{suite.seconds:.0f} seconds"
        if suite.seconds >= 120:
            took = f"{suite.seconds / 60:.0f} minutes"
        sentence = (
            f"`{suite.command}` takes {took}, more than half of the "
            f"{total} minutes of work: agents would mostly wait for it."
        )
        return Rule.SLOW_SUITE, sentence
    if len(tasks) == 2 and all(t.size is not None and t.size <= SMALL for t in tasks):
        return (
            Rule.LITTLE_WORK,
            f"Two tasks of at most {SMALL} minutes are done before agents have started.",
        )
    return Rule.WORTH_IT, f"{schedule.width} tasks can run at once; at best {gain}."


def _is_unbounded(pattern: str) -> bool:
    """Whether the pattern names neither a folder to start from nor a file to end with."""
    first, *later = pattern.split("/")
    return not first.strip("*") and all(set("*?[{") & set(segment) for segment in later)


def _strategy(plan: Plan, pairs: Iterable[Pair]) -> tuple[Strategy, str]:
    if plan.strategy is not None:
        return plan.strategy, "the plan asks for it"
    checked = plan.check is not None or any(t.check is not None for t in plan.tasks)
    apart = all(p.level in (Level.ORDERED, Level.INDEPENDENT) for p in pairs)
    if apart and not checked and all(_builds_nothing(t) for t in plan.tasks):
        return (
            Strategy.FILES,
            "only texts and tests, no shared path and no command to run: one tree is enough",
        )
    return Strategy.WORKTREE, "each agent builds and tests in a tree of its own"


def _builds_nothing(task: Task) -> bool:
    """Whether the task writes only texts and tests, on which no other task's code stands."""
    return all(is_prose(path) or is_test(path) for path in task.files)
