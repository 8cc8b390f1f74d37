"""The kernel's own faults at each call that touches the store: nothing lost, nothing doubled.

`CRASHES=full` takes every point of every step; without it the steps of the hot path are swept
whole, and of the others every `STRIDE`-th point.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from parallel_agents.store.folder import FolderStore

from crashes.injection import FAULTS, Point, Workers, points, struck
from crashes.judgement import violations
from crashes.steps import STEPS

pytest_plugins = ["store_fixtures"]
pytestmark = pytest.mark.usefixtures("quick_disk")

FULL = os.environ.get("CRASHES") == "full"
WHOLE = ("claim", "complete", "fail")
"""Steps that are always swept whole."""
STRIDE = 5


def sweep(
    workers: Workers,
    scratch: Path,
    name: str,
    fault: str,
    prepared: Callable[[Path], object],
    *,
    warm: bool = True,
    settled: bool = True,
) -> tuple[int, list[str]]:
    """Do a step once for each point with the fault there; the faults injected, the violations."""
    step, model = STEPS[name], scratch / "model"
    model.mkdir()
    prepared(model)

    def copy(where: str) -> Path:
        shutil.copytree(model, scratch / where)
        return scratch / where

    root = copy("rehearsal")
    rehearsed = points(workers.run(root, name, warm=warm, settled=settled), root)
    assert len(rehearsed) >= 20
    if not (FULL or (name in WHOLE and warm and settled)):
        rehearsed = rehearsed[FAULTS.index(fault) :: STRIDE]
    found = []
    for number, point in enumerate(rehearsed):
        root = copy(str(number))
        new, old = FolderStore(root), FolderStore(root)
        if warm:
            old.read(lambda view: view.rev)
        outcome = workers.run(root, name, point, fault, warm=warm, settled=settled)
        assert struck(outcome, root, fault), (point, outcome)
        try:
            wrong = violations(root, step, outcome, [new, old] if number % 2 else [old, new])
        except Exception as error:
            wrong = [repr(error)]
        found += [f"{name}, {fault} at {point}: {what}; {outcome.replies}" for what in wrong]
        new.close()
        old.close()
        shutil.rmtree(root)
    return len(rehearsed), found


def report(record: Callable[[str, object], None], faults: int, found: list[str]) -> None:
    """Note the numbers, and fail where anything was violated."""
    record("faults injected", faults)
    record("violations", len(found))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("settled", [True, False] if FULL else [True])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", STEPS)
def test_i11_a_fault_at_any_call_of_the_kernel_loses_and_doubles_nothing(
    workers: Workers,
    tmp_path: Path,
    name: str,
    fault: str,
    settled: bool,
    record_property: Callable[[str, object], None],
) -> None:
    def prepared(root: Path) -> None:
        store = FolderStore(root)
        for earlier in STEPS[name].before:
            store.transact(STEPS[earlier].command)
        store.close()

    report(record_property, *sweep(workers, tmp_path, name, fault, prepared, settled=settled))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["claim", "complete", "archive", "approve the amendment"])
def test_i11_a_second_fault_while_the_first_is_put_right_loses_and_doubles_nothing(
    workers: Workers,
    tmp_path: Path,
    name: str,
    fault: str,
    record_property: Callable[[str, object], None],
) -> None:
    """A process died at the rename of its change; a new one is struck at its first look."""

    def prepared(root: Path) -> None:
        store = FolderStore(root)
        for earlier in STEPS[name].before:
            store.transact(STEPS[earlier].command)
        store.close()
        assert workers.run(root, name, Point("rename", 1), "signal=KILL").replies == []

    report(record_property, *sweep(workers, tmp_path, name, fault, prepared, warm=False))
