"""The width: exact against every subset, an honest lower bound when out of steps."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.planning.width import widest


def excluded(count: int, edges: list[tuple[int, int]]) -> list[int]:
    excludes = [0] * count
    for i, j in edges:
        if i != j:
            excludes[i] |= 1 << j
            excludes[j] |= 1 << i
    return excludes


def largest_by_trying_all(excludes: list[int]) -> int:
    return max(
        mask.bit_count()
        for mask in range(1 << len(excludes))
        if not any(mask >> i & 1 and excludes[i] & mask for i in range(len(excludes)))
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[int]:
    count = draw(st.integers(0, 9))
    pairs = list(combinations(range(count), 2))
    return excluded(count, [p for p in pairs if draw(st.booleans())])


@given(graphs())
def test_the_width_is_that_of_the_largest_set(excludes: list[int]) -> None:
    width = widest(excludes)
    assert width.exact
    assert width.size == largest_by_trying_all(excludes)


@given(graphs(), st.integers(0, 2))
def test_out_of_steps_the_width_is_a_lower_bound_marked_as_one(
    excludes: list[int], steps: int
) -> None:
    width, largest = widest(excludes, steps), largest_by_trying_all(excludes)
    assert width.size <= largest
    assert not width.exact or width.size == largest


def test_twenty_tangled_tasks_are_counted_exactly() -> None:
    chance = random.Random(7)
    for density in (0.1, 0.3, 0.5):
        pairs = [p for p in combinations(range(20), 2) if chance.random() < density]
        excludes = excluded(20, pairs)
        width = widest(excludes)
        assert width.exact
        assert width.size == largest_by_steps(excludes)


def largest_by_steps(excludes: list[int]) -> int:
    """All independent sets, built up task by task."""
    sets = {0}
    for i, excluding in enumerate(excludes):
        sets |= {s | 1 << i for s in sets if not s & excluding}
    return max(s.bit_count() for s in sets)


def test_a_plan_too_tangled_to_search_gets_a_lower_bound_at_once() -> None:
    chance = random.Random(3)
    pairs = [p for p in combinations(range(150), 2) if chance.random() < 0.1]
    width = widest(excluded(150, pairs), steps=50)
    assert not width.exact
    assert width.size >= 150 / 16


def test_no_task_has_the_width_nought() -> None:
    assert widest([]).size == 0
