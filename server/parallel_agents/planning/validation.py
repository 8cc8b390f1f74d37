"""Whether a plan can be taken at all: ids, paths, dependencies, sizes.

All problems of a plan are found in one pass, because whoever wrote it corrects them in one go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from parallel_agents.core import globs
from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import Plan, Task, TaskId
from parallel_agents.planning.graph import cycle_refused, find_cycle
from parallel_agents.planning.independence import order

LONGEST = 7 * 24 * 60
"""The largest size: a week, in minutes."""

HIGHEST_PRIORITY = 1_000

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class _Problem:
    code: str
    sentence: str
    next_step: str


def validate(plan: Plan) -> Plan:
    """The plan with normalised paths and without repetitions in its lists.

    Raises `BadInput` with the code of the first problem and a sentence that lists them all. Codes:
    `empty_plan`, `bad_task_id`, `duplicate_task`, `empty_files`, `bad_path`, `unknown_dependency`,
    `self_dependency`, `bad_settles`, `bad_size`, `bad_priority`, `bad_max_agents`, `cycle`.
    """
    if not plan.tasks:
        raise BadInput(
            "empty_plan",
            "The plan has no tasks.",
            "Cut the goal into tasks with `id`, `title`, `instructions` and `files`.",
        )
    problems = list(_of_ids(plan.tasks))
    known = list(dict.fromkeys(t.id for t in plan.tasks))
    tasks: list[Task] = []
    for task in plan.tasks:
        files, bad_files = _paths(task, "files", task.files)
        reads, bad_reads = _paths(task, "reads", task.reads)
        if not task.files:
            problems.append(_no_files(task))
        problems += [*bad_files, *bad_reads, *_of_dependencies(task, known)]
        problems += [*_of_settling(task), *_of_numbers(task)]
        tasks.append(
            replace(
                task,
                files=files,
                reads=reads,
                creates=tuple(dict.fromkeys(task.creates)),
                uses=tuple(dict.fromkeys(task.uses)),
                depends_on=tuple(dict.fromkeys(task.depends_on)),
                settles=tuple(dict.fromkeys(task.settles)),
            )
        )
    if plan.max_agents is not None and plan.max_agents < 1:
        sentence = f"`max_agents` is {plan.max_agents}; at least one agent has to work."
        problems.append(_Problem("bad_max_agents", sentence, "Give 1 or more, or leave it out."))
    problems += _of_cycles(plan.tasks, known)
    if problems:
        raise _refused(problems)
    return replace(plan, tasks=tuple(tasks))


def _refused(problems: Sequence[_Problem]) -> BadInput:
    first = problems[0]
    if len(problems) == 1:
        return BadInput(first.code, first.sentence, first.next_step)
    listed = " ".join(f"({n}) {p.sentence}" for n, p in enumerate(problems, 1))
    steps = dict.fromkeys(p.next_step for p in problems)
    return BadInput(
        first.code,
        f"The plan has {len(problems)} problems. {listed}",
        f"Correct all of them and propose the plan again. {' '.join(steps)}",
    )


def _of_ids(tasks: Iterable[Task]) -> Iterator[_Problem]:
    counts = Counter(t.id for t in tasks)
    for task, times in counts.items():
        if not _ID.fullmatch(task):
            yield _Problem(
                "bad_task_id",
                f"{task!r} cannot be a task id: it also names the task's file and branch.",
                "Use 1 to 64 of a-z, 0-9 and `-` for an id, beginning with a letter or digit.",
            )
        if times > 1:
            yield _Problem(
                "duplicate_task",
                f"{times} tasks have the id {task}.",
                "Give each task an id of its own.",
            )


def _no_files(task: Task) -> _Problem:
    return _Problem(
        "empty_files",
        f"Task {task.id} names no files, so nothing can be kept free for it.",
        "List under `files` every path or glob that the task may write.",
    )


def _paths(task: Task, field: str, paths: Iterable[str]) -> tuple[tuple[str, ...], list[_Problem]]:
    """The normalised patterns without repetitions, and the problems of those that are none."""
    good: dict[str, None] = {}
    problems: list[_Problem] = []
    for path in paths:
        try:
            good[globs.normalize(path)] = None
        except BadInput as error:
            sentence = f"In `{field}` of task {task.id}: {error.sentence}"
            problems.append(_Problem("bad_path", sentence, error.next_step))
    return tuple(good), problems


def _of_dependencies(task: Task, known: Sequence[TaskId]) -> Iterator[_Problem]:
    for needed in dict.fromkeys(task.depends_on):
        if needed == task.id:
            yield _Problem(
                "self_dependency",
                f"Task {task.id} depends on itself.",
                f"Take {task.id} out of its own `depends_on`.",
            )
        elif needed not in known:
            near = get_close_matches(needed, [t for t in known if t != task.id], n=1)
            meant = f"; did you mean {near[0]}?" if near else "."
            yield _Problem(
                "unknown_dependency",
                f"Task {task.id} depends on {needed!r}, which is no task of this plan{meant}",
                f"Use only these ids in `depends_on`: {_listed(known)}.",
            )


def _of_settling(task: Task) -> Iterator[_Problem]:
    for settled in task.settles:
        if settled not in task.depends_on:
            yield _Problem(
                "bad_settles",
                f"Task {task.id} settles a conflict of {settled!r}, but does not depend on it.",
                "Name in `settles` only tasks that are in `depends_on` as well.",
            )


def _of_numbers(task: Task) -> Iterator[_Problem]:
    if task.size is not None and not 1 <= task.size <= LONGEST:
        yield _Problem(
            "bad_size",
            f"Task {task.id} has the size {task.size}; it must be from 1 to {LONGEST} minutes.",
            "Give the expected minutes of work as `size`, or leave it out.",
        )
    if abs(task.priority) > HIGHEST_PRIORITY:
        yield _Problem(
            "bad_priority",
            f"Task {task.id} has the priority {task.priority}; "
            f"it must be from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}.",
            "Give a smaller `priority`, or leave it out; 0 is usual, larger is claimed earlier.",
        )


def _of_cycles(tasks: Sequence[Task], known: Sequence[TaskId]) -> Iterator[_Problem]:
    edges = order(tasks)
    loop = find_cycle(known, edges)
    if loop is not None:
        refusal = cycle_refused(loop, edges)
        yield _Problem(refusal.code, refusal.sentence, refusal.next_step)


def _listed(ids: Sequence[TaskId]) -> str:
    shown = ", ".join(ids[:20])
    return shown if len(ids) <= 20 else f"{shown} and {len(ids) - 20} more"
