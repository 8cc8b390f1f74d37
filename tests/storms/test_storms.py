"""Storms: many processes at once, some killed or stopped, and a history without a broken promise.

The seeds are fixed and printed; `python -m storms` is the long version.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from parallel_agents.store.folder import FolderStore
from storms.crowd import WATCHED, Storm, Tally, plan_of
from storms.history import History, check, gather
from storms.linearizability import is_linearizable

DEADLINE = 120.0
TESTS = Path(__file__).resolve().parent.parent


def weathered(root: Path, storm: Storm) -> tuple[Tally, History]:
    """Let the storm loose in a process of its own, and check its history."""
    root.mkdir(exist_ok=True)
    print(storm)  # noqa: T201  shown where the test fails: what to run again
    path = f"{TESTS.parent / 'server'}:{TESTS}"
    done = subprocess.run(
        (sys.executable, "-m", "storms.crowd", str(root), json.dumps(asdict(storm))),
        env={"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    history = gather(root, plan_of(storm))
    check(history)
    return Tally(**json.loads(done.stdout)), history


@pytest.mark.parametrize(("processes", "claims"), [(8, 1200), (32, 400), (64, 150)])
def test_processes_that_claim_at_once_and_are_killed_keep_every_promise(
    tmp_path: Path, processes: int, claims: int
) -> None:
    storm = Storm(11 + processes, processes, tasks=80, claims=claims, kills=4, deaths=4)
    tally, history = weathered(tmp_path, storm)
    assert tally.claims >= claims
    assert tally.kills >= 4
    assert tally.timeouts == 0
    assert any(c.ended is None for c in history.calls)  # some died in the middle of a call


def test_every_step_of_a_change_can_be_the_last(tmp_path: Path) -> None:
    """Seven processes, each killed at another step, and each leaves a call without an answer."""
    tally, history = weathered(tmp_path, Storm(21, 8, tasks=60, claims=500, deaths=7))
    assert tally.kills == 7
    assert sum(c.ended is None for c in history.calls) == 7


def test_32_processes_work_off_100_tasks_and_each_is_done_once(tmp_path: Path) -> None:
    storm = Storm(31, 32, tasks=100, claims=10_000, drains=True)
    _, history = weathered(tmp_path, storm)
    finished = [c for c in history.changes if c.kind == "completed"]
    blocked = [task for task, state in history.places if state == "blocked"]
    assert len(finished) == len({c.task for c in finished})
    assert {state for _, state in history.places} <= {"completed", "blocked", "available"}
    left = [task for task, state in history.places if state == "available"]
    assert all(set(plan_of(storm)[task].needs) & set(blocked) for task in left)


def test_what_the_processes_left_is_what_a_new_store_reads(tmp_path: Path) -> None:
    _, history = weathered(tmp_path, Storm(41, 8, tasks=60, claims=300, kills=3))
    store = FolderStore(tmp_path)
    found = store.read(lambda view: {r.task.id: r.state.value for r in view.records.values()})
    store.close()
    assert dict(history.places) == found


def test_while_a_holder_stands_still_the_others_go_on_and_its_claim_is_its_own(
    tmp_path: Path,
) -> None:
    storm = Storm(51, 8, tasks=60, claims=400, stop="holder", plain=True)
    tally, history = weathered(tmp_path, storm)
    assert tally.timeouts == 0
    meanwhile = [
        c
        for c in history.calls
        if c.answer == "granted" and tally.stopped_from < c.began < tally.stopped_to
    ]
    assert len(meanwhile) >= WATCHED // 2
    own = [c for c in history.calls if c.agent == f"agent-{storm.processes - 1}-0"]
    before = [c for c in own if c.began < tally.stopped_from]
    after = [c for c in own if c.began > tally.stopped_from]
    held = before[-1]
    assert held.answer == "granted"
    ends = [c for c in after if (c.command, c.token) == ("returned", held.change)]
    assert ends[0].answer == "done"  # nobody took it away


@pytest.mark.parametrize("stopped_dies", [False, True], ids=["goes on", "is killed"])
@pytest.mark.parametrize("seed", [61, 62])
def test_while_one_stands_still_inside_the_lock_the_others_are_told_who_and_then_go_on(
    tmp_path: Path, seed: int, stopped_dies: bool
) -> None:
    storm = Storm(
        seed, 8, tasks=60, claims=300, stop="inside", stopped_dies=stopped_dies, timeout=1.0
    )
    tally, history = weathered(tmp_path, storm)
    still = f"agent-{storm.processes - 1}-0"
    told = [
        c
        for c in history.calls
        if c.code == "lock_timeout" and tally.stopped_from < c.began and c.ended is not None
        if c.ended < tally.stopped_to
    ]
    named = f"held by process {tally.stopped} "
    assert all(named in c.sentence for c in told)
    in_vain = {c.agent for c in history.calls if named in c.sentence}
    assert len(in_vain) == storm.processes - 1
    assert still not in in_vain
    assert tally.kills == stopped_dies
    later = {c.agent for c in history.calls if c.answer == "granted" and c.began > tally.stopped_to}
    assert later  # and the storm came to its end


@pytest.mark.parametrize("kills", [0, 2], ids=["nobody dies", "some are killed"])
def test_small_histories_have_an_order_that_no_revision_tells(tmp_path: Path, kills: int) -> None:
    for seed in range(70, 76):
        storm = Storm(seed, 4 + seed % 5, tasks=2, claims=25, plain=True, kills=kills)
        _, history = weathered(tmp_path / str(seed), storm)
        for call in history.calls:
            call.rev = None
        files = {task: asked.files for task, asked in history.tasks.items()}
        assert is_linearizable(history.calls, files)
        ended = {c.token for c in history.calls if c.answer == "done" and not c.again}
        missing = next(
            c for c in history.calls if c.answer == "granted" and not c.again and c.change in ended
        )
        history.calls.remove(missing)  # what it gave was let go of: it must have been given
        assert not is_linearizable(history.calls, files)  # the search is not blind to real ones
