"""Plans for tests: tasks in one line, the two walkthroughs, and plans drawn by Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from parallel_agents.core.model import Doubt, Plan, Task, TaskId
from parallel_agents.planfile import read_plan
from parallel_agents.planning.advice import Advice, advise
from parallel_agents.planning.graph import Schedule, schedule
from parallel_agents.planning.independence import Level, Pair, compare
from parallel_agents.planning.validation import validate
from parallel_agents.views.plantext import Shown

PLANS = Path(__file__).parent / "plans"


def task(name: str, *files: str, **more: Any) -> Task:
    """A task that writes `files`, by default one file of its own."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in more.items()}
    values.setdefault("title", f"Title of {name}")
    values.setdefault("instructions", "Do it.")
    return Task(id=TaskId(name), files=files or (f"src/{name}.py",), **values)


def walkthrough(name: str) -> Plan:
    """One of the plans in `tests/plans`, as a user would hand it in."""
    return read_plan((PLANS / name).read_text(encoding="utf-8"), name)


@dataclass(frozen=True)
class Planned:
    """A plan with everything that planning says about it."""

    plan: Plan
    pairs: tuple[Pair, ...]
    schedule: Schedule
    advice: Advice

    @property
    def shown(self) -> Shown:
        """As the views take it, with the doubtful pairs left to the user."""
        doubts = tuple(
            Doubt(p.a, p.b, p.witness, p.reason) for p in self.pairs if p.level is Level.CHECK
        )
        plan = replace(self.plan, doubts=doubts)
        slower = self.schedule if doubts else None
        return Shown(plan, plan.tasks, self.pairs, self.schedule, self.advice, slower)

    def pair(self, a: str, b: str) -> Pair:
        return next(p for p in self.pairs if {p.a, p.b} == {a, b})


def planned(*tasks: Task, **more: Any) -> Planned:
    """Those tasks through the whole of planning."""
    return through(Plan("Goal", tasks, **more))


def through(plan: Plan) -> Planned:
    """A plan through validation, comparison, schedule and advice."""
    plan = validate(plan)
    pairs = compare(plan.tasks)
    timed = schedule(plan.tasks, pairs, plan.max_agents)
    return Planned(plan, pairs, timed, advise(plan, pairs, timed))


PATTERNS = (
    "a",
    "a/**",
    "a/b",
    "a/*.py",
    "b/c/d.py",
    "b/**/d.py",
    "b/{c,d}",
    "c",
    "C/x",
    "d/e",
    "e",
)


@st.composite
def tasks_drawn(draw: st.DrawFn, most: int = 9) -> tuple[Task, ...]:
    """Up to `most` tasks without cycles, in any order, with overlaps, dependencies and names."""
    count = draw(st.integers(1, most))
    tasks = []
    for i in range(count):
        earlier = st.integers(0, i - 1) if i else st.nothing()
        files = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3))
        tasks.append(
            task(
                f"t{i}",
                *files,
                reads=draw(st.lists(st.sampled_from(PATTERNS), max_size=1)),
                depends_on=[f"t{j}" for j in draw(st.lists(earlier, max_size=min(i, 2)))],
                creates=[f"name{i}"],
                uses=[f"name{j}" for j in draw(st.lists(earlier, max_size=min(i, 1)))],
                size=draw(st.none() | st.integers(1, 60)),
                priority=draw(st.integers(-1, 1)),
            )
        )
    return tuple(draw(st.permutations(tasks)))
