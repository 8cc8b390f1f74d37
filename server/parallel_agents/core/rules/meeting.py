"""A plan that was wrong is put right: who waits because another task writes more than was known.

A task that has not begun and relies on it comes after it from now on, as if the plan had said so.
One that is at work cannot be made to wait; it is reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parallel_agents.core.commands import Met
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.view import READY_STATES, Record, View

WAITS, AT_WORK, MERGE = "waits", "at work", "merge"
"""What becomes of a task that was met: it waits, it is at work already, or its result is there."""


def consequences(
    view: View, task: TaskId, met: Iterable[Met], *, accepted_wait: bool
) -> dict[str, Any]:
    """What an event has to say of the tasks that were met: `met`, and `held_up` for who waits.

    `accepted_wait`: whether a pair that the user accepted at once is put in order too. Empty
    where nobody is concerned.
    """
    told, held_up = [], []
    accepted = {frozenset(p) for p in view.run.approvals[-1].accepted} if view.run else set()
    for one in met:
        other = view.records.get(one.task)
        if other is None or one.task == task or _is_ordered(view, task, one.task):
            continue
        effect = _effect(other, one)
        if effect == WAITS:
            if frozenset((task, one.task)) in accepted and not accepted_wait:
                continue
            held_up.append(one.task)
        if effect is not None:
            told.append(
                {
                    "task": one.task,
                    "level": one.level,
                    "witness": one.witness,
                    "reason": one.reason,
                    "effect": effect,
                }
            )
    return {"met": told, "held_up": held_up} if told else {}


def _effect(other: Record, met: Met) -> str | None:
    if other.claim is not None:
        return AT_WORK
    if other.state in READY_STATES:
        return WAITS
    if other.state is State.COMPLETED and not other.merged and met.level == "conflict":
        return MERGE
    return None


def _is_ordered(view: View, one: TaskId, other: TaskId) -> bool:
    return view.in_order(one, other) or view.in_order(other, one)
