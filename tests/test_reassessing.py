"""A plan that was wrong: who waits now, who is told, and that it lasts."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import commit as commit_files
from git_scratch import git
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.commands import Approve, Extend, Met, Propose, Release
from parallel_agents.core.model import Claim, Doubt, Outcome, Plan, State, Strategy, TaskId
from parallel_agents.replies import StatusReply
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.protocol import Store
from parallel_agents.views.statustext import status_text
from planned_work import ANNA, BERT, begin, claim, complete, task
from stores import ANNA as A
from stores import (
    BASE,
    COMMIT,
    TARGET,
    Clock,
    fail,
    give_back,
    plan,
    recover,
    start,
)
from stores import BERT as B
from stores import claim as take
from stores import complete as finish

pytest_plugins = ["store_fixtures"]


def met(name: str, level: str = "check") -> Met:
    return Met(TaskId(name), level, "x.py", f"{name} reads x.py")


def grow(store: Store, held: Claim, *others: Met) -> None:
    store.transact(Extend(held.agent, held.task, held.token, ("x.py",), others))


def waits(store: Store, name: str) -> tuple[str, ...]:
    return store.read(lambda view: view.unmet(TaskId(name)))


def ready(store: Store) -> list[str]:
    return store.read(lambda view: [r.task.id for r in view.ready()])


# ---------------------------------------------------------------------- the rule, in every store


def test_a_task_that_has_not_begun_waits_for_a_claim_that_grew_into_its_way(store: Store) -> None:
    start(store, "a", "b", "c")
    held = take(store, A, "a")
    grow(store, held, met("b"))
    assert (waits(store, "b"), ready(store)) == (("a",), ["c"])
    finish(store, held)
    assert (waits(store, "b"), ready(store)) == ((), ["b", "c"])
    assert store.read(lambda view: view.needs(TaskId("b"))) == ("a",)


@pytest.mark.parametrize("end", ["returned", "failed", "recovered"])
def test_it_waits_no_longer_than_the_work_that_grew(store: Store, end: str) -> None:
    start(store, "a", "b")
    held = take(store, A, "a")
    grow(store, held, met("b"))
    match end:
        case "returned":
            give_back(store, held)
        case "failed":
            fail(store, held)
        case "recovered":
            recover(store, "a", by_user=True)
    assert waits(store, "b") == ()
    assert "b" in ready(store)


def test_a_task_at_work_is_not_made_to_wait(store: Store) -> None:
    start(store, "a", "b")
    first, second = take(store, A, "a"), take(store, B, "b")
    grow(store, first, met("b"))
    assert waits(store, "b") == ()
    finish(store, second)


def test_two_tasks_in_order_are_left_in_their_order(store: Store) -> None:
    from stores import task as of

    start(store, "a", of("b", needs=("a",)), of("c", needs=("b",)))
    held = take(store, A, "a")
    grow(store, held, met("b"), met("c"))
    assert (waits(store, "b"), waits(store, "c")) == (("a",), ("b",))


def test_a_pair_that_the_user_accepted_is_not_put_in_order_by_growth(store: Store) -> None:
    doubtful = plan("a", "b", doubts=(Doubt(TaskId("a"), TaskId("b"), "x", "why"),))
    store.transact(Propose(doubtful))
    store.transact(Approve(doubtful.id, Strategy.FILES, "test", BASE, TARGET, True))
    held = take(store, A, "a")
    grow(store, held, met("b"))
    assert waits(store, "b") == ()
    release = Release(A, held.task, held.token, Outcome.COMPLETED, "", COMMIT, met=(met("b"),))
    store.transact(release)
    assert store.read(lambda view: view.needs(TaskId("b"))) == ("a",)
    assert waits(store, "b") == ()


def test_what_was_learned_outlives_the_process(
    root: Path, clock: Clock, folder_store: FolderStore
) -> None:
    start(folder_store, "a", "b")
    held = take(folder_store, A, "a")
    other = FolderStore(root, clock, awake=clock.awake)
    assert waits(other, "b") == ()
    grow(folder_store, held, met("b"))
    assert waits(other, "b") == ("a",)
    again = FolderStore(root, clock, awake=clock.awake)
    assert waits(again, "b") == ("a",)
    give_back(again, held)
    assert (waits(folder_store, "b"), waits(other, "b")) == ((), ())
    for one in (other, again):
        one.close()


def test_a_growth_that_was_garbled_by_hand_is_no_growth(
    root: Path, clock: Clock, folder_store: FolderStore
) -> None:
    start(folder_store, "a", "b")
    held = take(folder_store, A, "a")
    grow(folder_store, held, met("b"))
    path = root / "_tasks" / "claimed" / "a.md"
    path.write_text(path.read_text().replace('"held_up": ["b"]', '"held_up": "b"'))
    again = FolderStore(root, clock, awake=clock.awake)
    assert waits(again, "b") == ()
    again.close()


# ---------------------------------------------------------------------- in a repository


@pytest.fixture
def coordinator(repository: Path) -> Coordinator:
    commit_files(
        repository,
        {
            "shop/cart.py": "def total(): ...\n",
            "shop/pay.py": "from shop import cart\n",
            "shop/ship.py": "",
        },
        "shop",
    )
    return Coordinator.at(repository)


def shop(coordinator: Coordinator, strategy: Strategy = Strategy.WORKTREE) -> None:
    begin(
        coordinator,
        strategy,
        task("pay", "shop/pay.py"),
        task("ship", "shop/ship.py"),
        task("other", "docs/x.md"),
    )


def write(held: Claim, **contents: str) -> None:
    tree = Path(str(held.workdir))
    for name, text in contents.items():
        (tree / "shop" / f"{name}.py").write_text(text)
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "work")


def test_growth_by_a_file_that_another_task_imports_makes_that_one_wait(
    coordinator: Coordinator, repository: Path
) -> None:
    shop(coordinator)
    held = claim(coordinator, ANNA, "ship").claim
    coordinator.extend(ANNA, "ship", held.token, ["shop/cart.py"])
    for status in (coordinator.status(), Coordinator.at(repository).status()):
        (told,) = status.corrections
        assert (told.task, told.added, told.other) == ("ship", ("shop/cart.py",), "pay")
        assert (told.level, told.effect) == ("check", "waits")
        assert told.reason == "shop/pay.py imports shop/cart.py"
        assert "pay waits for ship now" in status.next_step
        assert next(t for t in status.tasks if t.id == "pay").waits_for == ("ship",)
    write(held, cart="def total(): return 1\n")
    coordinator.release(ANNA, "ship", held.token, Outcome.COMPLETED, "")
    assert coordinator.status().corrections == ()
    tree = Path(str(claim(coordinator, BERT, "pay").claim.workdir))
    assert (tree / "shop/cart.py").read_text() == "def total(): return 1\n"


def test_growth_that_concerns_a_task_at_work_is_reported_with_what_to_do(
    coordinator: Coordinator,
) -> None:
    shop(coordinator)
    claim(coordinator, BERT, "pay")
    held = claim(coordinator, ANNA, "ship").claim
    coordinator.extend(ANNA, "ship", held.token, ["shop/cart.py"])
    status = coordinator.status()
    (told,) = status.corrections
    assert (told.other, told.effect) == ("pay", "at work")
    assert "let the check of the combined result decide" in status.next_step
    shown = StatusReply.from_status(status).model_dump(mode="json")["corrections"]
    assert shown[0]["what_to_do"] == told.advice
    text = " ".join(status_text(status, 0.0).split())
    assert "The plan put right: shop/pay.py imports shop/cart.py." in text


def test_growth_that_concerns_nobody_is_no_correction(coordinator: Coordinator) -> None:
    shop(coordinator)
    held = claim(coordinator, ANNA, "other").claim
    coordinator.extend(ANNA, "other", held.token, ["docs/y.md", "docs/z.md"])
    assert coordinator.status().corrections == ()


def test_growth_by_what_a_finished_task_wrote_is_told_as_a_conflict(
    coordinator: Coordinator,
) -> None:
    shop(coordinator)
    held = claim(coordinator, ANNA, "ship").claim
    paid = claim(coordinator, BERT, "pay").claim
    write(paid, pay="x = 1\n")
    coordinator.release(BERT, "pay", paid.token, Outcome.COMPLETED, "")
    coordinator.extend(ANNA, "ship", held.token, ["shop/pay.py"])
    (told,) = coordinator.status().corrections
    assert (told.other, told.level, told.effect) == ("pay", "conflict", "merge")
    assert "can conflict at the merge" in told.advice


@pytest.mark.parametrize("strategy", [Strategy.WORKTREE, Strategy.FILES])
def test_the_real_diff_is_compared_with_the_tasks_that_are_left(
    coordinator: Coordinator, repository: Path, strategy: Strategy
) -> None:
    tasks = (task("cart", "shop/cart*.py"), task("pay", "shop/pay.py"))
    plan_id = coordinator.propose(Plan("goal", tasks)).assessment.plan.id
    coordinator.approve(plan_id, strategy, "test", accept_checks=True)
    held = claim(coordinator, ANNA, "cart").claim
    paying = claim(coordinator, BERT).claim if strategy is Strategy.FILES else None
    (Path(str(held.workdir)) / "shop/cart.py").write_text("def total(): return 2\n")
    if strategy is Strategy.WORKTREE:
        git(Path(str(held.workdir)), "commit", "--quiet", "--all", "--message", "work")
    coordinator.release(ANNA, "cart", held.token, Outcome.COMPLETED, "")
    if paying is not None:
        (told,) = coordinator.status().corrections
        assert (told.task, told.added, told.other) == ("cart", (), "pay")
        assert told.effect == "at work"
    else:
        pay = claim(coordinator, BERT, "pay").claim
        assert (Path(str(pay.workdir)) / "shop/cart.py").read_text() == "def total(): return 2\n"


# ---------------------------------------------------------------------- tasks that share a file


def test_of_two_tasks_that_share_a_file_the_second_starts_from_the_first(
    coordinator: Coordinator, repository: Path
) -> None:
    begin(
        coordinator,
        Strategy.WORKTREE,
        task("one", "one.txt", "both.txt"),
        task("two", "two.txt", "both.txt"),
    )
    complete(coordinator, ANNA, "one", both="from one\n")
    held = claim(coordinator, BERT, "two").claim
    assert (Path(str(held.workdir)) / "both.txt").read_text() == "from one\n"
    again = FolderStore(repository)
    assert again.read(lambda view: view.needs(TaskId("two"))) == ("one",)
    again.close()
    (Path(str(held.workdir)) / "both.txt").write_text("from one\nfrom two\n")
    git(Path(str(held.workdir)), "commit", "--quiet", "--all", "--message", "work")
    coordinator.release(BERT, "two", held.token, Outcome.COMPLETED, "")
    with pytest.raises(Exception, match="Task two was built on one"):
        coordinator.merge(leave_out=["one"])
    assert coordinator.merge().archived
    assert (repository / "both.txt").read_text() == "from one\nfrom two\n"


def test_so_it_does_in_a_run_whose_results_were_not_compared(
    coordinator: Coordinator, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a run that was begun before results were."""
    monkeypatch.setattr("parallel_agents.coordination.completing.touched", lambda *_: ())
    begin(coordinator, Strategy.WORKTREE, task("one", "both.txt"), task("two", "both.txt"))
    complete(coordinator, ANNA, "one", both="from one\n")
    held = claim(coordinator, BERT, "two").claim
    assert (Path(str(held.workdir)) / "both.txt").read_text() == "from one\n"
    again = FolderStore(repository)
    assert again.read(lambda view: view.needs(TaskId("two"))) == ("one",)
    again.close()
    coordinator.release(BERT, "two", held.token, Outcome.RETURNED, "later")
    assert coordinator.store.read(lambda view: view.needs(TaskId("two"))) == ()


def test_a_result_that_somebody_started_from_is_not_taken_back(coordinator: Coordinator) -> None:
    begin(coordinator, Strategy.WORKTREE, task("one", "both.txt"), task("two", "both.txt"))
    complete(coordinator, ANNA, "one", both="1\n")
    held = claim(coordinator, BERT, "two").claim
    with pytest.raises(Exception, match="others_rest_on_it"):
        coordinator.recover("one", State.AVAILABLE, by_user=True)
    coordinator.release(BERT, "two", held.token, Outcome.RETURNED, "later")
    event, _ = coordinator.recover("one", State.AVAILABLE, by_user=True)
    assert event is not None
