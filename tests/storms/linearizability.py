"""Whether a short history of claims is linearizable, found by search; revisions are not looked at.

The search of Wing and Gong (Testing and Verifying Concurrent Objects, 1993) with the memory of Lowe
(Testing for Linearizability, 2017): take any call that could have been the next one, see whether
its answer is right there, go on; never look twice at the same calls done in the same state. A call
that was never answered may have come about at any later moment, or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from storms.journal import Call

UNKNOWN = -1
"""The token of a claim whose process died before it was told."""


@dataclass(frozen=True, slots=True)
class _Tasks:
    """The tasks of a small run, in one state."""

    held: tuple[tuple[str, int] | None, ...]
    """The agent and the token of each task."""
    token: int = 0
    """The newest."""
    spent: frozenset[tuple[int, str, int]] = frozenset()


def is_linearizable(calls: list[Call], files: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the calls (`claim` and `returned` only) can have come about one after the other.

    `files` are the paths of each task; two tasks with a path in common exclude each other.
    """
    if any(c.command not in ("claim", "returned", "recovered") for c in calls):
        raise ValueError("only claims and their ends can be searched")
    names = list(files)
    apart = [
        [j for j, b in enumerate(names) if i != j and set(files[a]) & set(files[b])]
        for i, a in enumerate(names)
    ]
    order = sorted(calls, key=lambda c: c.began)
    ends = [c.ended for c in order]
    answered = sum(1 << i for i, end in enumerate(ends) if end is not None)
    todo = [(0, _Tasks((None,) * len(names)))]
    known = set(todo)
    while todo:
        done, state = todo.pop()
        if done & answered == answered:
            return True
        first_end = min(e for i, e in enumerate(ends) if e is not None and not done >> i & 1)
        for i, call in enumerate(order):
            if call.began > first_end:
                break
            if done >> i & 1:
                continue
            for after in _after(state, call, names, apart):
                step = done | 1 << i, after
                if step not in known:
                    known.add(step)
                    todo.append(step)
    return False


def _after(state: _Tasks, call: Call, names: list[str], apart: list[list[int]]) -> Iterator[_Tasks]:
    """The states in which the call can leave this one with the answer that it got."""
    if call.command == "claim":
        yield from _after_claim(state, call, names, apart)
        return
    at, unanswered = names.index(call.task or ""), call.ended is None
    own = (call.agent, call.token or 0)
    held = state.held[at]
    if call.command == "recovered":
        # By the user's word, with the token as it was seen: the agent does not matter.
        if held is not None and held[1] in (call.token, UNKNOWN) and call.answer == "done":
            yield replace(state, held=_with(state.held, at, None))
        return
    if held == own:
        if unanswered or (call.answer == "done" and not call.again):
            spent = state.spent | {(at, *own)}
            yield replace(state, held=_with(state.held, at, None), spent=spent)
    elif unanswered:
        yield state
    elif (at, *own) in state.spent:
        if call.answer == "done" and call.again:
            yield state
    elif call.answer == "refused":
        yield state


def _after_claim(
    state: _Tasks, call: Call, names: list[str], apart: list[list[int]]
) -> Iterator[_Tasks]:
    unanswered = call.ended is None
    mine = [i for i, h in enumerate(state.held) if h is not None and h[0] == call.agent]
    if mine:
        held = state.held[mine[0]]
        same = held == (call.agent, call.change) and call.of_task == names[mine[0]]
        if unanswered or (call.answer == "granted" and call.again and same):
            yield state
        return
    free = [
        i
        for i, held in enumerate(state.held)
        if held is None and not any(state.held[j] for j in apart[i])
    ]
    if call.task is not None:
        free = [i for i in free if names[i] == call.task]
    if unanswered:
        for at in free:
            yield replace(state, held=_with(state.held, at, (call.agent, UNKNOWN)))
    elif call.answer == "granted":
        token = call.change or 0
        at = names.index(call.of_task or "")
        if at in free and token > state.token and not call.again:
            yield replace(state, held=_with(state.held, at, (call.agent, token)), token=token)
    elif not free:
        yield state


def _with(
    held: tuple[tuple[str, int] | None, ...], at: int, holder: tuple[str, int] | None
) -> tuple[tuple[str, int] | None, ...]:
    return (*held[:at], holder, *held[at + 1 :])
