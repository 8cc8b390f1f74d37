"""The schedule: waves, critical path, makespan and cycles."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parallel_agents.core import globs
from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import Task
from parallel_agents.planning.graph import DEFAULT_SIZE, find_cycle, schedule
from parallel_agents.planning.independence import Level, compare, order, reachable
from planned import planned, task, tasks_drawn, through, walkthrough


@given(tasks_drawn(), st.none() | st.integers(1, 4))
def test_waves_keep_apart_what_overlaps_or_is_ordered_and_hold_every_task_once(
    tasks: tuple[Task, ...], max_agents: int | None
) -> None:
    timed = schedule(tasks, compare(tasks), max_agents)
    assert sorted(i for wave in timed.waves for i in wave) == sorted(t.id for t in tasks)
    assert all(timed.waves)
    named = {t.id: t for t in tasks}
    ids = [t.id for t in tasks]
    after = reachable(ids, order(tasks))
    turn = {task: n for n, wave in enumerate(timed.waves) for task in wave}
    for wave in timed.waves:
        for a, b in combinations(wave, 2):
            assert globs.meet(named[a].files, named[b].files) is None
    for i, a in enumerate(ids):
        for j, b in enumerate(ids):
            assert not after[i] >> j & 1 or turn[a] < turn[b]


@given(tasks_drawn(), st.none() | st.integers(1, 4))
def test_the_makespan_lies_between_the_critical_path_and_all_the_work(
    tasks: tuple[Task, ...], max_agents: int | None
) -> None:
    timed = schedule(tasks, compare(tasks), max_agents)
    assert timed.critical_minutes <= timed.makespan <= timed.total_minutes
    assert timed.makespan * timed.agents >= timed.total_minutes
    assert 1 <= timed.agents <= min(timed.width, max_agents or len(tasks))
    assert max(map(len, timed.waves)) <= timed.width


def shortest(tasks: tuple[Task, ...], agents: int) -> int:
    """The shortest time in which so many agents can do the tasks, by trying every order."""
    pairs = compare(tasks)
    ids = [t.id for t in tasks]
    sizes = [t.size or DEFAULT_SIZE for t in tasks]
    apart = {frozenset((p.a, p.b)) for p in pairs if p.level is Level.CONFLICT}
    needs = {
        i: {ids.index(e.before) for e in order(tasks) if e.after == t} for i, t in enumerate(ids)
    }
    best = sum(sizes)

    def go(now: int, running: tuple[tuple[int, int], ...], done: frozenset[int]) -> None:
        nonlocal best
        if now >= best:
            return
        started = done | {i for i, _ in running}
        if len(started) == len(ids):
            best = min(best, max((end for _, end in running), default=now))
            return
        for i in range(len(ids)):
            if i in started or not needs[i] <= done or len(running) >= agents:
                continue
            if all(frozenset((ids[i], ids[j])) not in apart for j, _ in running):
                go(now, (*running, (i, now + sizes[i])), done)
        if running:  # or wait, though something could start
            soon = min(end for _, end in running)
            over = {i for i, end in running if end == soon}
            go(soon, tuple(r for r in running if r[0] not in over), done | over)

    go(0, (), frozenset())
    return best


@settings(max_examples=60)
@given(tasks_drawn(most=5))
def test_the_makespan_is_no_better_than_possible_and_close_to_it(tasks: tuple[Task, ...]) -> None:
    timed = schedule(tasks, compare(tasks), 3)
    possible = shortest(tasks, timed.agents)
    assert possible <= timed.makespan
    assert timed.makespan <= 2 * possible


@given(tasks_drawn())
def test_the_critical_path_is_a_chain_of_edges_from_start_to_end(tasks: tuple[Task, ...]) -> None:
    timed = schedule(tasks, compare(tasks))
    edges = {(e.before, e.after) for e in timed.edges}
    path = timed.critical_path
    assert edges >= set(pairwise(path))
    sizes = {t.id: t.size or DEFAULT_SIZE for t in tasks}
    assert timed.critical_minutes == sum(sizes[t] for t in path)


def test_the_longest_chain_by_minutes_is_the_critical_path() -> None:
    timed = planned(
        task("short", size=1),
        task("long", size=50),
        task("end", size=5, depends_on=["short", "long"]),
        task("alone", size=54),
    ).schedule
    assert timed.critical_path == ("long", "end")
    assert timed.critical_minutes == 55


def test_a_task_without_a_size_counts_ten_minutes_and_is_named() -> None:
    timed = planned(task("one", size=30), task("two")).schedule
    assert timed.total_minutes == 40
    assert timed.assumed == ("two",)


def test_tasks_in_conflict_are_never_timed_at_once() -> None:
    timed = planned(task("one", "x", size=20), task("two", "x", size=20), task("three", size=5))
    assert timed.schedule.waves == (("one", "three"), ("two",))
    assert timed.schedule.makespan == 40
    assert timed.schedule.width == 2


def test_the_longest_remaining_path_starts_first() -> None:
    tasks = [task("small", "x", size=5), task("large", "x", size=10)]
    tasks.append(task("end", size=30, depends_on=["large"]))
    assert planned(*tasks).schedule.makespan == 40


def test_a_higher_priority_goes_first() -> None:
    waves = planned(task("one", "x", size=50), task("two", "x", priority=1)).schedule.waves
    assert waves == (("two",), ("one",))


def test_the_fewest_agents_that_reach_the_shortest_time_are_suggested() -> None:
    tasks = [task("long", size=60), *(task(f"t{i}", size=20) for i in range(3))]
    timed = planned(*tasks).schedule
    assert (timed.width, timed.agents, timed.makespan) == (4, 2, 60)
    assert timed.speedup == pytest.approx(2.0)


def test_no_more_agents_are_suggested_than_the_plan_allows() -> None:
    timed = planned(*(task(f"t{i}") for i in range(6)), max_agents=2).schedule
    assert (timed.width, timed.agents, timed.makespan) == (6, 2, 30)


def test_a_circle_of_dependencies_is_refused_with_its_tasks_and_reasons() -> None:
    tasks = (
        task("a", depends_on=["c"]),
        task("b", uses=["name"]),
        task("c", depends_on=["b"]),
        task("d", depends_on=["a"]),
        task("e", creates=["name"], depends_on=["a"]),
    )
    with pytest.raises(BadInput) as refused:
        schedule(tasks, compare(tasks))
    assert refused.value.code == "cycle"
    assert "a depends on c" in refused.value.sentence
    assert "b uses name, which e creates" in refused.value.sentence
    assert " d " not in refused.value.sentence


def test_the_shortest_circle_is_named() -> None:
    tasks = (
        task("a", depends_on=["b"]),
        task("b", depends_on=["c"]),
        task("c", depends_on=["a", "d"]),
        task("d", depends_on=["c"]),
    )
    loop = find_cycle([t.id for t in tasks], order(tasks))
    assert loop is not None
    assert set(loop) == {"c", "d"}


def test_two_hundred_tasks_in_a_row_are_scheduled() -> None:
    tasks = [task(f"t{i}", depends_on=[f"t{i - 1}"] if i else []) for i in range(200)]
    timed = planned(*tasks).schedule
    assert (len(timed.waves), timed.width, timed.width_is_exact) == (200, 1, True)


def test_the_routes_of_a_migration_follow_in_one_wave() -> None:
    timed = through(walkthrough("express-to-fastify.yaml")).schedule
    assert timed.waves[0] == ("middleware",)
    assert len(timed.waves) == 2
    assert len(timed.waves[1]) == 6
    assert (timed.width, timed.agents, timed.makespan) == (6, 6, 50)
    assert timed.critical_path == ("middleware", "routes-users")


def test_three_disjoint_sets_are_one_wave() -> None:
    timed = through(walkthrough("test-fixes.yaml")).schedule
    assert timed.waves == (("auth-tests", "billing-tests", "notifications-tests"),)
    assert (timed.width, timed.makespan) == (3, 30)
