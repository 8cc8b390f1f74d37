"""Storms in which somebody lays hands on the store's own files all the while (I16)."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest
from parallel_agents.core import locktable
from parallel_agents.core.model import State
from parallel_agents.store.folder import FOLDER, FolderStore
from storms.crowd import Storm, plan_of
from storms.history import check, gather

TESTS = Path(__file__).resolve().parent.parent
PAUSE = 0.01
"""Seconds, at the most, from one deed to the next."""
FEWEST = 30
"""Deeds that a storm must have seen."""


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    os.rename(path.with_name("copy"), path)


def garbled(path: Path) -> None:
    if path.exists():
        path.write_bytes(b"garbage")


DEEDS: tuple[tuple[Callable[[Path], object], str], ...] = (
    (Path.unlink, ".events"),
    (replaced, ".events"),
    (Path.unlink, ".locks.0"),
    (Path.unlink, ".locks.1"),
    (garbled, ".locks.0"),
    (Path.unlink, ".tasks"),
    (Path.unlink, "README.md"),
    (shutil.rmtree, ".alive"),
    *((os.utime, state.value) for state in State),
    *((os.rmdir, state.value) for state in State),
)


@pytest.mark.parametrize("seed", [81, 82])
def test_whatever_is_done_to_the_stores_own_files_no_promise_is_broken(
    tmp_path: Path, seed: int
) -> None:
    storm, chance = Storm(seed, 6, tasks=60, claims=250, kills=2), random.Random(seed)
    folder, deeds = tmp_path / FOLDER, 0
    process = subprocess.Popen(
        (sys.executable, "-m", "storms.crowd", str(tmp_path), json.dumps(asdict(storm))),
        env={"PYTHONPATH": f"{TESTS.parent / 'server'}:{TESTS}"},
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, PAUSE))
        if not (tmp_path / "told").exists():
            continue  # the run is still being laid out
        deed, name = chance.choice(DEEDS)
        with suppress(OSError):  # it is gone already, or not empty
            deed(folder / name)
            deeds += 1
    assert process.returncode == 0
    assert deeds >= FEWEST
    check(gather(tmp_path, plan_of(storm)))
    store = FolderStore(tmp_path)
    held, damaged = store.read(
        lambda view: ({c.task: c.token for c in view.claims.values()}, dict(view.damaged))
    )
    store.close()
    shown = locktable.read(str(folder))
    assert shown is not None
    assert {c.task: c.token for c in shown.claims} == held
    assert damaged == {}
