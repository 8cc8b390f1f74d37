"""Time awake: no sleep of the machine and no change of its clock makes anything look older."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.store.awake import (
    INTERVAL,
    KEPT,
    SLACK,
    AwakeClock,
    Sample,
    awake_since,
    boot_id,
)
from stores import Clock

HOUR = 3600.0
MINUTE = 60.0

Machine = Callable[..., AwakeClock]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".clock"


@pytest.fixture
def process(path: Path, clock: Clock) -> Machine:
    """One more process on this machine."""

    def start(boot: str = "first", at: Path = path) -> AwakeClock:
        return AwakeClock(at, clock, clock.awake, lambda: boot)

    return start


def looks(process: AwakeClock, clock: Clock, minutes: int) -> None:
    """So many minutes in which somebody looks at the time once a minute."""
    for _ in range(minutes):
        clock.passes(MINUTE)
        process.note()


def test_time_that_passes_counts(process: Machine, clock: Clock) -> None:
    here, at = process(), clock.now
    here.note()
    clock.passes(HOUR)
    assert here.age(at) == HOUR
    looks(here, clock, 30)
    assert here.age(at) == 1.5 * HOUR
    assert process().age(at + 2 * MINUTE) == 1.5 * HOUR - 2 * MINUTE


@pytest.mark.parametrize("jump", [5 * HOUR, -5 * HOUR], ids=["asleep or set forward", "set back"])
def test_a_jump_of_the_wall_clock_does_not_count(
    process: Machine, clock: Clock, jump: float
) -> None:
    here, at = process(), clock.now
    here.note()
    looks(here, clock, 10)
    clock.jumps(jump)
    assert here.age(at) == 10 * MINUTE
    looks(here, clock, 10)
    assert here.age(at) == 20 * MINUTE


@pytest.mark.parametrize("jump", [5 * HOUR, -5 * HOUR], ids=["asleep or set forward", "set back"])
def test_after_a_jump_time_counts_again(process: Machine, clock: Clock, jump: float) -> None:
    here = process()
    here.note()
    clock.passes(20)
    clock.jumps(jump)
    clock.passes(20)
    at = clock.now
    clock.passes(20)
    assert here.age(at) <= 20
    looks(here, clock, 40)
    assert 40 * MINUTE <= here.age(at) <= 40 * MINUTE + 20


def test_a_clock_set_forth_and_back_does_not_count(process: Machine, clock: Clock) -> None:
    here, at = process(), clock.now
    here.note()
    looks(here, clock, 5)
    clock.jumps(2 * HOUR)
    looks(here, clock, 5)
    wrong = clock.now
    looks(here, clock, 5)
    clock.jumps(-2 * HOUR)
    looks(here, clock, 5)
    assert here.age(at) == 20 * MINUTE
    assert here.age(wrong) == 10 * MINUTE


def test_a_time_to_come_has_no_age(process: Machine, clock: Clock) -> None:
    here = process()
    looks(here, clock, 5)
    assert here.age(clock.now + HOUR) == 0


def test_before_the_first_sample_nothing_is_known(process: Machine, clock: Clock) -> None:
    here = process()
    assert here.age(clock.now - 5 * HOUR) == 0
    looks(here, clock, 7)
    assert here.age(clock.now - 5 * HOUR) == 7 * MINUTE


def test_after_a_restart_of_the_machine_only_its_own_time_counts(
    process: Machine, clock: Clock
) -> None:
    at = clock.now
    process().note()
    looks(process(), clock, 50)
    clock.jumps(HOUR)
    clock.up = 12.0
    again = process("second")
    assert again.age(at) == 0
    looks(again, clock, 8)
    assert again.age(at) == 8 * MINUTE


def test_a_machine_that_shares_the_folder_does_not_count(
    process: Machine, path: Path, clock: Clock
) -> None:
    here, at = process(), clock.now
    other = AwakeClock(path, lambda: clock.now + HOUR, lambda: clock.up * 7, lambda: "other")
    for _ in range(9):
        clock.passes(MINUTE)
        here.note()
        other.note()
    assert here.age(at) == 8 * MINUTE


def test_all_processes_together_note_the_time_once_a_minute(
    process: Machine, path: Path, clock: Clock
) -> None:
    several = [process() for _ in range(5)]
    for _ in range(10):
        for one in several:
            clock.passes(3)
            one.note()
    assert len(path.read_text().splitlines()) == 3


@given(
    steps=st.lists(
        st.tuples(
            st.floats(0, 300).map(lambda x: round(x, 2)),
            st.floats(0, 300).map(lambda x: round(x, 2)),
            st.sampled_from([0.0, 0.0, 0.0, 7200.0, -7200.0, 300.0, -300.0, 40.0, -40.0]),
        ),
        min_size=1,
        max_size=20,
    ),
    data=st.data(),
)
def test_an_age_is_never_more_than_the_time_awake(
    steps: list[tuple[float, float, float]], data: st.DataObject
) -> None:
    """At most one jump between two samples, a mark anywhere: before the jump or after it."""
    chosen = data.draw(st.integers(0, len(steps) - 1))
    after_jump = data.draw(st.booleans())
    clock = Clock()
    samples, mark, marked = [Sample(clock.up, clock.now)], 0.0, 0.0
    for number, (before, after, jump) in enumerate(steps):
        clock.passes(before)
        if number == chosen and not after_jump:
            mark, marked = clock.now, clock.up
        clock.jumps(jump)
        if number == chosen and after_jump:
            mark, marked = clock.now, clock.up
        clock.passes(after)
        samples.append(Sample(clock.up, clock.now))
    age = awake_since(mark, samples)
    assert 0 <= age <= clock.up - marked + 1e-3
    if not any(jump for _, _, jump in steps):
        assert age == pytest.approx(clock.up - marked, abs=SLACK + 1e-3)
    if not any(jump < 0 for _, _, jump in steps):  # and it is old as soon as it can be known
        assert age >= clock.up - samples[chosen + 1].awake - SLACK - 1e-3


# ---------------------------------------------------------------------- the file


@pytest.mark.parametrize("cut", [1, 4, 9, 20])
def test_a_torn_line_is_passed_over(process: Machine, path: Path, clock: Clock, cut: int) -> None:
    at = clock.now
    looks(process(), clock, 10)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert process().age(at) == 9 * MINUTE
    looks(process(), clock, 1)
    assert process().age(at) == 10 * MINUTE


@pytest.mark.parametrize(
    "line",
    [b"", b"first", b"first 1 2 3", b"first x y", b"first nan 5", b"first 1e999 2", b"\0\0\0\xff"],
)
def test_a_garbled_line_is_passed_over(
    process: Machine, path: Path, clock: Clock, line: bytes
) -> None:
    at = clock.now
    looks(process(), clock, 10)
    path.write_bytes(line + b"\n" + path.read_bytes() + line + b"\n")
    assert process().age(at) == 9 * MINUTE


def test_a_sample_from_later_in_this_boot_is_passed_over(
    process: Machine, path: Path, clock: Clock
) -> None:
    at = clock.now
    looks(process(), clock, 10)
    with path.open("a") as file:
        file.write(f"first {clock.up + HOUR} {clock.now}\n")
    assert process().age(at) == 9 * MINUTE


def test_the_file_stays_small(process: Machine, path: Path, clock: Clock) -> None:
    here, at = process(), clock.now
    most = 0
    for _ in range(5 * KEPT):
        looks(here, clock, 1)
        most = max(most, len(path.read_bytes().splitlines()))
    assert most <= 2 * KEPT
    assert here.age(at) >= (KEPT - 1) * INTERVAL
    assert os.listdir(path.parent) == [path.name]


def test_where_no_folder_is_nothing_is_made_and_nothing_is_old(
    process: Machine, tmp_path: Path, clock: Clock
) -> None:
    nowhere = process(at=tmp_path / "gone" / ".clock")
    looks(nowhere, clock, 40)
    assert nowhere.age(clock.now - HOUR) == 0
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "gone").mkdir()
    nowhere.note()
    clock.passes(MINUTE)
    assert nowhere.age(clock.now - HOUR) == MINUTE


def test_a_link_is_not_followed(process: Machine, path: Path, clock: Clock) -> None:
    precious = path.with_name("precious")
    precious.write_text("first 0 0\n")
    path.symlink_to(precious)
    looks(process(), clock, 3)
    assert process().age(0) == 0
    assert precious.read_text() == "first 0 0\n"


def test_the_real_clocks_agree_with_themselves(path: Path) -> None:
    here = AwakeClock(path)
    here.note()
    boot, awake, wall = path.read_text().split()
    assert boot == boot_id()
    assert float(awake) <= time.monotonic()
    assert 0 <= here.age(float(wall)) < MINUTE
