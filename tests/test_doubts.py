"""Doubtful pairs: at once if the user accepts it, else in order; the same in every store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from parallel_agents.core.commands import Approve, Propose
from parallel_agents.core.errors import StoreFault
from parallel_agents.core.model import Doubt, Plan, Strategy, TaskId
from parallel_agents.core.view import View
from parallel_agents.store import planfiles
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.protocol import Store
from stores import (
    ANNA,
    BASE,
    BERT,
    TARGET,
    Clock,
    ask,
    claim,
    complete,
    give_back,
    nothing,
    plan,
    refused,
    task,
)

pytest_plugins = ["store_fixtures"]


def doubt(before: str, after: str, reason: str = "both read x") -> Doubt:
    return Doubt(TaskId(before), TaskId(after), "x", reason)


def approve(store: Store, chosen: Plan, accept: bool) -> None:
    store.transact(Propose(chosen, "As shown."))
    store.transact(Approve(chosen.id, Strategy.FILES, "test", BASE, TARGET, accept))


def waits(store: Store, name: str) -> tuple[str, ...]:
    return store.read(lambda view: view.unmet(TaskId(name)))


TWO = plan("a", "b", doubts=(doubt("a", "b"),))
THREE = plan("a", "b", "c", doubts=(doubt("a", "b"), doubt("a", "c"), doubt("b", "c")))


# ---------------------------------------------------------------------- what was decided holds


def test_an_accepted_pair_runs_at_once(store: Store) -> None:
    approve(store, TWO, accept=True)
    assert [claim(store, ANNA).task, claim(store, BERT).task] == ["a", "b"]


def test_a_pair_that_is_not_accepted_runs_in_order(store: Store) -> None:
    approve(store, TWO, accept=False)
    held = claim(store, ANNA)
    assert (held.task, waits(store, "b")) == ("a", ("a",))
    with refused(store, "waits_for", "Task b waits for a"):
        ask(store, BERT, "b")
    assert nothing(store, BERT).reason == "waiting"
    complete(store, held)
    assert claim(store, BERT).task == "b"


def test_an_approval_that_says_nothing_of_doubts_accepts_none(store: Store) -> None:
    store.transact(Propose(TWO, "As shown."))
    store.transact(Approve(TWO.id, Strategy.FILES, "test", BASE, TARGET))
    assert waits(store, "b") == ("a",)


def test_every_pair_is_ordered_and_the_order_has_no_circle(store: Store) -> None:
    approve(store, THREE, accept=False)
    for name in "abc":
        complete(store, claim(store, ANNA, name))
    assert store.read(lambda view: view.summary()["completed"]) == 3


def test_doubts_in_a_circle_are_refused(store: Store) -> None:
    circular = plan("a", task("b", needs=("a",)), doubts=(doubt("b", "a"),))
    with refused(store, "cycle", "a, b"):
        store.transact(Propose(circular))


def test_a_decision_outlives_the_process(root: Path, clock: Clock, folder_store: Store) -> None:
    approve(folder_store, THREE, accept=False)
    again = FolderStore(root, clock, awake=clock.awake)
    assert waits(again, "c") == ("a", "b")
    (run,) = [again.read(lambda view: view.run)]
    assert run is not None
    assert run.ordered == (("a", "b"), ("a", "c"), ("b", "c"))
    assert run.approvals[-1].accepted == ()
    again.close()


def test_people_find_the_decision_in_the_plan(root: Path, folder_store: Store) -> None:
    approve(folder_store, TWO, accept=False)
    text = (root / "_tasks" / "plan.md").read_text()
    assert f"test: plan {TWO.id}, strategy files, from {BASE[:12]}, onto {TARGET}" in text
    assert "  - in order: a, then b\n" in text


def test_another_process_that_is_running_learns_the_decision(
    root: Path, clock: Clock, folder_store: Store
) -> None:
    other = FolderStore(root, clock, awake=clock.awake)
    assert other.read(lambda view: view.run) is None
    approve(folder_store, TWO, accept=False)
    assert waits(other, "b") == ("a",)
    other.close()


# ---------------------------------------------------------------------- and can be changed


def test_the_last_approval_settles_every_pair(store: Store) -> None:
    approve(store, TWO, accept=False)
    more = plan("a", "b", "c", doubts=(doubt("a", "b"), doubt("a", "c")))
    approve(store, more, accept=True)
    assert [waits(store, name) for name in "abc"] == [(), (), ()]
    assert [claim(store, agent).task for agent in (ANNA, BERT)] == ["a", "b"]


def test_a_pair_begun_since_it_was_shown_cannot_be_put_in_order_any_more(store: Store) -> None:
    approve(store, plan("a", "b"), accept=False)
    more = plan("a", "b", "c", doubts=(doubt("c", "a"),))
    store.transact(Propose(more))
    held = claim(store, ANNA, "a")
    order = Approve(more.id, Strategy.FILES, "test", BASE, TARGET)
    with refused(store, "task_in_progress", "Task a cannot be put after c any more"):
        store.transact(order)
    give_back(store, held)
    store.transact(order)
    assert waits(store, "a") == ("c",)


# ---------------------------------------------------------------------- what a yes is pinned to


def fields() -> Iterator[tuple[str, Plan]]:
    """A plan with one thing changed, for everything that a user is shown and says yes to."""
    base = THREE.tasks[0]
    changes: dict[str, Any] = {
        "id": TaskId("z"),
        "title": "Another",
        "instructions": "Do otherwise.",
        "files": ("z.py",),
        "reads": ("r.py",),
        "creates": ("c",),
        "uses": ("u",),
        "depends_on": (TaskId("other"),),
        "check": "true",
        "size": 7,
        "priority": 3,
        "settles": (TaskId("b"),),
    }
    assert changes.keys() == set(base.__dataclass_fields__)
    for name, value in changes.items():
        tasks = (replace(base, **{name: value}), *THREE.tasks[1:])
        yield f"task.{name}", replace(THREE, tasks=tasks)
    yield "goal", replace(THREE, goal="Another goal")
    yield "check", replace(THREE, check="true")
    yield "setup", replace(THREE, setup="true")
    yield "max_agents", replace(THREE, max_agents=2)
    yield "tasks", replace(THREE, tasks=THREE.tasks[:2])
    yield "order of tasks", replace(THREE, tasks=THREE.tasks[::-1])
    yield "doubts", replace(THREE, doubts=THREE.doubts[:2])
    yield "order of a doubt", replace(THREE, doubts=(doubt("b", "a"), *THREE.doubts[1:]))


CHANGES = dict(fields())


@pytest.mark.parametrize(("what", "changed"), CHANGES.items(), ids=CHANGES)
def test_any_change_voids_the_yes(store: Store, what: str, changed: Plan) -> None:
    store.transact(Propose(THREE))
    assert changed.digest != THREE.digest, what
    store.transact(Propose(changed))
    with refused(store, "plan_changed"):
        store.transact(Approve(THREE.id, Strategy.FILES, "test", BASE, TARGET, True))
    assert store.read(lambda view: view.run) is None


def test_every_field_of_a_plan_is_pinned_but_the_recommended_strategy() -> None:
    assert CHANGES.keys() >= Plan.__dataclass_fields__.keys() - {"strategy"}
    assert replace(THREE, strategy=Strategy.FILES).digest == THREE.digest


def test_a_count_in_a_reason_is_not_what_a_yes_is_pinned_to() -> None:
    counted = replace(TWO, doubts=(doubt("a", "b", "changed together in 9 of 12 commits"),))
    assert counted.digest == TWO.digest


# ---------------------------------------------------------------------- runs from before


def test_a_plan_without_doubts_has_the_digest_that_it_had_before_there_were_any() -> None:
    before = "e077b2bd2854e0127b42cedf82ec4541938ada7acab82464259c7cb4884b2b86"
    assert plan("a").digest == before


def test_a_run_that_was_begun_before_there_were_doubts_is_read(
    root: Path, clock: Clock, folder_store: Store
) -> None:
    approve(folder_store, plan("a", "b"), accept=False)
    path = root / "_tasks" / "plan.md"
    text = path.read_text()
    old = text.replace(', "accepted": [], "ordered": []', "")
    assert old.count("ordered") == 0
    path.write_text(old[: old.index("## Approvals")] + old[old.index("\n## History") :])
    again = FolderStore(root, clock, awake=clock.awake)
    assert claim(again, ANNA).task == "a"
    again.close()


def test_a_proposal_from_before_there_were_doubts_is_read() -> None:
    text = planfiles.render_proposal(plan("a"), "As shown.")
    old = text.replace(', "doubts": []', "")
    assert old != text
    assert planfiles.parse_proposal(old) == (plan("a"), "As shown.")


@pytest.mark.parametrize("wrong", ['[["a"]]', '[["a", 1]]', '"ab"', "[1]"])
def test_a_decision_that_was_garbled_by_hand_is_no_plan(
    root: Path, clock: Clock, folder_store: Store, wrong: str
) -> None:
    approve(folder_store, TWO, accept=False)
    path = root / "_tasks" / "plan.md"
    path.write_text(path.read_text().replace('"ordered": [["a", "b"]]', f'"ordered": {wrong}', 1))
    again = FolderStore(root, clock, awake=clock.awake)
    with pytest.raises(StoreFault, match="plan_damaged"):
        again.read(View.summary)
    again.close()
