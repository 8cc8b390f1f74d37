"""The folder store: shared by processes, mended by people, and right after any death in between."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import store_process
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parallel_agents.core import locktable
from parallel_agents.core.commands import (
    Answer,
    Approve,
    Archive,
    Done,
    Extend,
    Fail,
    Granted,
    MarkMerged,
    NothingToClaim,
    Place,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import NotNow, ParallelAgentsError, StoreFault
from parallel_agents.core.model import Agent, Claim, Outcome, State, Strategy, TaskId
from parallel_agents.core.view import View
from parallel_agents.store import feed, files, handedits, revisions
from parallel_agents.store import folder as folder_module
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.lock import FileLock
from parallel_agents.store.memory import MemoryStore
from parallel_agents.store.protocol import NotAtOnce, Store
from parallel_agents.store.scan import Scan, scan
from stores import (
    ANNA,
    BASE,
    BERT,
    CARA,
    COMMIT,
    DORA,
    TARGET,
    Clock,
    approve,
    ask,
    claim,
    complete,
    extend,
    fail,
    give_back,
    live,
    nothing,
    plan,
    prepare,
    recover,
    refused,
    start,
    state,
    task,
    whole,
)

pytest_plugins = ["store_fixtures"]

A = TaskId("a")


@pytest.fixture
def other(root: Path, clock: Clock) -> Iterator[FolderStore]:
    """A second process' store on the same folder, as far as files can tell."""
    store = FolderStore(root, clock)
    yield store
    store.close()


def afresh(store: FolderStore) -> FolderStore:
    """What a process sees that starts now."""
    return FolderStore(store.root, store._clock)


def file_of(store: FolderStore, state: str, name: str = "a") -> Path:
    return store.folder / state / f"{name}.md"


def move(store: FolderStore, name: str, was: str, to: str) -> None:
    """A person's `mv`."""
    old, new = file_of(store, was, name), file_of(store, to, name)
    os.rename(old, new)
    by_hand(old.parent, new.parent)


def by_hand(*folders: Path) -> None:
    """People are slower than the tick of a clock; where that is coarse, tests are not."""
    for folder in folders:
        tick = folder.stat().st_mtime_ns + 10_000_000
        os.utime(folder, ns=(tick, tick))


def table(store: FolderStore) -> dict[str, tuple[int, str, tuple[str, ...]]]:
    """What hooks see: token, holder and files by task."""
    shown = locktable.read(str(store.folder))
    return {c.task: (c.token, c.agent, c.files) for c in shown.claims} if shown else {}


def agrees(store: FolderStore) -> None:
    """The index, the folder, the hooks' table and a new process tell the same."""
    new = afresh(store)
    assert whole(new) == whole(store)
    assert new.read(lambda view: view.damaged) == {}
    assert {t: row[0] for t, row in table(store).items()} == live(store)
    lying = [p.stem for state in State for p in (store.folder / state.value).glob("*.md")]
    assert sorted(lying) == sorted(store.read(lambda view: list(view.records)))
    new.close()


# ---------------------------------------------------------------------- layout


def test_where_no_run_is_a_look_makes_nothing(folder_store: FolderStore) -> None:
    assert folder_store.read(lambda view: view.rev) == 0
    with pytest.raises(NotNow):
        folder_store.transact(TakeClaim(ANNA))
    assert list(folder_store.root.iterdir()) == []


def test_a_person_finds_what_they_need(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    claim(folder_store, ANNA)
    folder = folder_store.folder
    assert "mv" in (folder / "README.md").read_text()
    assert "As shown to the user." in (folder / "plan.md").read_text()
    assert not (folder / "proposal.md").exists()
    assert [p.name for p in (folder / "claimed").iterdir()] == ["a.md"]
    assert [p.name for p in (folder / "available").iterdir()] == ["b.md"]
    assert "claimed" in (folder / "claimed" / "a.md").read_text().splitlines()[-1]


def test_a_proposal_shows_hooks_no_run(folder_store: FolderStore) -> None:
    folder_store.transact(Propose(plan("a")))
    assert locktable.read(str(folder_store.folder)) is None


def test_an_approved_plan_shows_hooks_the_run_and_its_tasks(folder_store: FolderStore) -> None:
    chosen = start(folder_store, task("a", "src/**"), "b")
    shown = locktable.read(str(folder_store.folder))
    assert shown is not None
    assert (shown.run, shown.strategy, shown.root) == (
        chosen.id,
        "worktree",
        str(folder_store.root),
    )
    assert locktable.read_tasks(str(folder_store.folder)) == [("a", ("src/**",)), ("b", ("b.py",))]


def test_a_run_put_away_is_kept_and_hooks_see_none(folder_store: FolderStore) -> None:
    chosen = start(folder_store, "a")
    complete(folder_store, claim(folder_store, ANNA))
    folder_store.transact(Archive())
    kept = folder_store.folder / "history" / chosen.id
    assert (kept / "plan.md").exists()
    assert (kept / "completed" / "a.md").exists()
    assert locktable.read(str(folder_store.folder)) is None
    assert not (folder_store.folder / ".tasks").exists()
    agrees(folder_store)


def test_the_same_plan_can_be_run_and_put_away_again(folder_store: FolderStore) -> None:
    chosen = plan("a")
    for _ in range(3):
        approve(folder_store, chosen)
        complete(folder_store, claim(folder_store, ANNA))
        folder_store.transact(Archive())
    kept = sorted(p.name for p in (folder_store.folder / "history").iterdir())
    assert kept[0] == chosen.id
    assert len(kept) == 3
    assert all((folder_store.folder / "history" / k / "plan.md").exists() for k in kept)


def test_files_of_no_run_make_way_for_a_new_one_and_are_kept(folder_store: FolderStore) -> None:
    folder_store.transact(Propose(plan("a")))
    file_of(folder_store, "available").write_text("somebody's notes")
    folder_store.transact(Approve(plan("a").id, Strategy.FILES, "test", BASE, TARGET))
    assert claim(folder_store, ANNA).task == "a"
    kept = list((folder_store.folder / "history").glob("leftover-*/available/a.md"))
    assert [p.read_text() for p in kept] == ["somebody's notes"]


def test_nasty_texts_of_tasks_do_no_harm(folder_store: FolderStore) -> None:
    text = '\n\n## History\n- 2026-11-23T22:31:05Z #99 moved {"state": "completed"}\n---\nid: z\n'
    nasty = task("a", "ä b/**", check="---", priority=1)
    object.__setattr__(nasty, "instructions", text)
    object.__setattr__(nasty, "title", "---\n## History\n\u2028")
    chosen = approve(folder_store, plan(nasty, "b"))
    held = claim(folder_store, ANNA)
    answer = ask(afresh(folder_store), ANNA)
    assert isinstance(answer, Granted)
    assert (answer.task, answer.claim) == (nasty, held)
    with refused(folder_store, "task_in_progress"):
        folder_store.transact(Propose(plan(task("a", "other.py"), "b")))
    approve(folder_store, plan(*chosen.tasks, "c"))
    agrees(folder_store)


# ---------------------------------------------------------------------- several processes


def test_two_processes_see_each_others_changes_at_once(
    folder_store: FolderStore, other: FolderStore
) -> None:
    chosen = start(folder_store, "a", "b", task("c", needs=("a",)))
    first = claim(other, ANNA)
    assert live(folder_store) == {"a": first.token}
    second = claim(folder_store, BERT)
    prepare(other, first)
    extend(folder_store, second, "docs/**")
    assert claim(other, BERT).files == ("b.py", "docs/**")
    assert claim(folder_store, ANNA).workdir == "/work/tree"
    complete(folder_store, first)
    assert claim(other, CARA).task == "c"
    fail(other, second)
    assert state(folder_store, "b") is State.FAILED
    folder_store.transact(MarkMerged((A,), COMMIT))
    assert other.read(lambda view: view.records[A].merged)
    recover(other, "c")
    approve(folder_store, plan(*chosen.tasks, "d"))
    assert claim(other, DORA, "d").token > second.token
    assert whole(folder_store) == whole(other)
    agrees(other)


def test_a_process_that_slept_through_a_whole_run_wakes_up_in_the_next(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    held = claim(other, ANNA)
    complete(folder_store, held)
    folder_store.transact(Archive())
    start(folder_store, "z")
    with refused(other, "unknown_task"):
        complete(other, held)
    assert claim(other, ANNA).task == "z"


def test_a_store_that_reads_only_the_news_never_lists_a_folder(
    folder_store: FolderStore, other: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 tasks: a claim looks at the task it takes and at nothing else."""
    start(folder_store, *(f"t{n:05}" for n in range(10_000)))
    other.read(lambda view: view.rev)

    def listing(*_: object) -> None:
        raise AssertionError("a folder was listed")

    opened: list[str] = []
    open_file = os.open

    def opening(path: Any, *args: Any, **kwargs: Any) -> int:
        opened.append(str(path))
        return open_file(path, *args, **kwargs)

    monkeypatch.setattr(os, "listdir", listing)
    monkeypatch.setattr(os, "scandir", listing)
    monkeypatch.setattr(os, "open", opening)
    for _ in range(3):
        first, second = claim(folder_store, ANNA), claim(other, BERT)
        complete(other, first)
        fail(folder_store, second)
    assert len(opened) < 100


@pytest.mark.parametrize("of", [0, 1])
def test_a_thousand_changes_by_two_processes_in_turn(
    folder_store: FolderStore, other: FolderStore, of: int
) -> None:
    start(folder_store, *(f"t{n}" for n in range(6)))
    stores = (folder_store, other)
    tokens = []
    for n in range(170):
        held = claim(stores[n % 2], ANNA)
        tokens.append(held.token)
        give_back(stores[(n + of) % 2], held)
    assert tokens == sorted(set(tokens))
    agrees(folder_store)


def test_threads_of_one_server_share_a_store(folder_store: FolderStore) -> None:
    start(folder_store, *(f"t{n}" for n in range(24)))
    granted: list[Claim] = []
    threads = [
        threading.Thread(
            target=lambda n=n: granted.append(claim(folder_store, Agent("s", f"agent-{n}")))
        )
        for n in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(store_process.DEADLINE)
    assert len({c.task for c in granted}) == len({c.token for c in granted}) == 24
    agrees(folder_store)


@pytest.mark.parametrize("store", [FolderStore, lambda _: MemoryStore()])
def test_a_claim_is_granted_at_once_where_nothing_stands_against_it(
    root: Path, store: Callable[[Path], Store]
) -> None:
    here = store(root)
    start(here, "a", "b", task("c", needs=("a",)))
    given = here.grant_at_once(TakeClaim(ANNA, A, Place("/w", BASE)))
    assert given is not None
    granted, rev = given
    assert (granted.claim.workdir, granted.claim.start, granted.claim.token) == ("/w", BASE, rev)
    assert here.grant_at_once(TakeClaim(ANNA)) == (replace(granted, again=True), rev)
    assert here.read(lambda view: view.claims) == {A: granted.claim}
    before = whole(here)
    assert here.grant_at_once(TakeClaim(BERT, A)) is None, "held"
    assert here.grant_at_once(TakeClaim(BERT, TaskId("c"))) is None, "waits"
    assert here.grant_at_once(Release(ANNA, A, rev, Outcome.COMPLETED)) is None, "to be synced"

    def unwilling(view: View) -> TakeClaim:
        raise NotAtOnce

    assert here.grant_at_once(unwilling) is None
    assert whole(here) == before
    if isinstance(here, FolderStore):
        agrees(here)


def _kept_by_a_thread(store: FolderStore) -> Iterator[None]:
    inside, leave = threading.Event(), threading.Event()

    def keep(view: object) -> None:
        inside.set()
        assert leave.wait(store_process.DEADLINE)

    keeper = threading.Thread(target=store.read, args=(keep,))
    keeper.start()
    assert inside.wait(store_process.DEADLINE)
    yield
    leave.set()
    keeper.join(store_process.DEADLINE)


def _kept_by_a_process(store: FolderStore) -> Iterator[None]:
    with FileLock(store.folder / ".lock", 0.0).held():
        yield


def _not_opened_yet(store: FolderStore) -> Iterator[None]:
    store.close()
    yield


def _died_in_a_change(store: FolderStore) -> Iterator[None]:
    process = store_process.run(store.root, "KILL", "line appended", "claim", "cara", "b")
    store_process.killed(process)
    yield


def _feed_gone(store: FolderStore) -> Iterator[None]:
    (store.folder / ".events").unlink()
    yield


def _moved_by_a_person(store: FolderStore) -> Iterator[None]:
    move(store, "b", "available", "failed")
    yield


def _written_by_a_person(store: FolderStore) -> Iterator[None]:
    with file_of(store, "available").open("a") as file:
        file.write("- a remark\n")
    yield


def _revisions_used_up(store: FolderStore) -> Iterator[None]:
    store._reservation._ceiling = store.read(lambda view: view.rev)
    yield


def _much_has_happened(store: FolderStore) -> Iterator[None]:
    other = FolderStore(store.root, store._clock)
    news = (store.folder / ".events").stat().st_size + feed.AT_ONCE
    while (store.folder / ".events").stat().st_size <= news:
        give_back(other, claim(other, CARA, "b"))
    other.close()
    yield


@pytest.mark.parametrize(
    "obstacle",
    [
        *(_kept_by_a_thread, _kept_by_a_process, _not_opened_yet, _died_in_a_change),
        *(_feed_gone, _moved_by_a_person, _written_by_a_person, _revisions_used_up),
        _much_has_happened,
    ],
)
def test_where_a_claim_cannot_be_granted_at_once_nothing_changes_and_the_long_way_is_right(
    root: Path, clock: Clock, obstacle: Callable[[FolderStore], Iterator[None]]
) -> None:
    store = FolderStore(root, clock)
    start(store, "a", "b")
    with contextmanager(obstacle)(store):
        assert store.grant_at_once(TakeClaim(ANNA, A)) is None
    assert live(store) == {}
    held = claim(store, ANNA, "a")
    assert live(store) == {"a": held.token}
    assert store.grant_at_once(TakeClaim(ANNA)) is not None
    agrees(store)
    store.close()


def test_i14_a_thread_that_keeps_the_store_is_not_waited_for_without_end(
    root: Path, clock: Clock
) -> None:
    store = FolderStore(root, clock, timeout=0.1)
    start(store, "a")
    with contextmanager(_kept_by_a_thread)(store), pytest.raises(StoreFault) as caught:
        store.transact(TakeClaim(ANNA))
    assert caught.value.code == "lock_timeout"
    assert claim(store, ANNA).task == "a"


# ---------------------------------------------------------------------- what hooks see


@pytest.mark.parametrize("end", [complete, give_back, fail])
def test_hooks_see_a_claim_before_it_is_there_and_until_it_is_gone(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, end: Callable[..., Done]
) -> None:
    start(folder_store, "a")
    rename = os.rename
    seen: list[tuple[list[str], list[str]]] = []

    def looking(old: Any, new: Any) -> None:
        before = list(table(folder_store))
        rename(old, new)
        seen.append((before, list(table(folder_store))))

    monkeypatch.setattr(os, "rename", looking)
    held = claim(folder_store, ANNA)
    end(folder_store, held)
    assert seen == [(["a"], ["a"]), (["a"], ["a"])]
    assert table(folder_store) == {}


def test_hooks_see_files_before_a_claim_has_them(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    append = files.append_line
    seen = []

    def looking(*args: Any) -> tuple[int, int]:
        seen.append(table(folder_store)["a"][2])
        return append(*args)

    monkeypatch.setattr(files, "append_line", looking)
    extend(folder_store, held, "docs/**")
    assert seen == [("a.py", "docs/**")]


@pytest.mark.parametrize("damage", [b"garbage", b"", None])
def test_a_damaged_table_is_written_anew_by_the_next_call(
    folder_store: FolderStore, other: FolderStore, damage: bytes | None
) -> None:
    start(folder_store, "a", "b")
    held = claim(folder_store, ANNA)
    other.read(lambda view: view.rev)
    for name in (*locktable.SLOTS, locktable.TASKS):
        if damage is None:
            (folder_store.folder / name).unlink()
        elif name != locktable.TASKS:
            (folder_store.folder / name).write_bytes(damage)
    other.read(lambda view: view.rev)
    assert table(other) == {"a": (held.token, ANNA.key, ("a.py",))}
    assert len(locktable.read_tasks(str(other.folder))) == 2
    claim(folder_store, BERT)
    give_back(other, held)
    assert list(table(other)) == ["b"]
    for name in locktable.SLOTS:
        locktable.decode((folder_store.folder / name).read_bytes())


def test_a_persons_change_of_a_tasks_files_reaches_the_hooks(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    path = file_of(folder_store, "available")
    path.write_text(path.read_text().replace('["a.py"]', "[new.py]"))
    assert claim(folder_store, ANNA).files == ("new.py",)
    assert ("a", ("new.py",)) in locktable.read_tasks(str(folder_store.folder))


def test_a_damaged_file_keeps_its_files_before_the_hooks(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    file_of(folder_store, "available").write_text("garbled")
    move(folder_store, "b", "available", "blocked")
    assert folder_store.read(lambda view: list(view.damaged)) == ["available/a.md"]
    assert locktable.read_tasks(str(folder_store.folder)) == [("a", ("a.py",)), ("b", ("b.py",))]


# ---------------------------------------------------------------------- people


@pytest.mark.parametrize("to", ["claimed", "completed", "failed", "blocked"])
def test_i16_a_task_a_person_moved_is_where_they_put_it(
    folder_store: FolderStore, other: FolderStore, to: str
) -> None:
    start(folder_store, "a", task("b", needs=("a",)))
    other.read(lambda view: view.rev)
    move(folder_store, "a", "available", to)
    for store in (folder_store, other):
        assert state(store, "a") == to
    match to:
        case "completed":
            assert claim(other, ANNA).task == "b"
        case "failed":
            assert claim(other, ANNA).task == "a"
        case "claimed":
            with refused(other, "task_reserved", "a person put it there"):
                claim(other, ANNA, "a")
        case _:
            with refused(other, "task_blocked"):
                claim(other, ANNA, "a")
    assert "moved" in file_of(folder_store, state(folder_store, "a")).read_text()
    agrees(folder_store)


def test_i16_a_claim_that_a_person_took_away_is_over(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    move(folder_store, "a", "claimed", "available")
    new = claim(other, BERT)
    assert new.token > held.token
    with refused(folder_store, "stale_token", "moved", "bert"):
        complete(folder_store, held)
    agrees(other)


def test_i16_a_person_who_moves_a_task_back_revives_no_claim(
    folder_store: FolderStore, other: FolderStore
) -> None:
    """It would be a second claim of an agent that has gone on, and of files that are held."""
    start(folder_store, "a", task("b", "a.py"))
    complete(folder_store, claim(folder_store, ANNA, "a"))
    second = claim(folder_store, ANNA, "b")
    move(folder_store, "a", "completed", "claimed")
    assert live(other) == {"b": second.token}
    recover(other, "a")
    with refused(other, "files_held"):
        claim(other, BERT, "a")
    agrees(folder_store)


def test_a_move_is_written_down_once_whoever_finds_it(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    other.read(lambda view: view.rev)
    move(folder_store, "a", "available", "blocked")
    revs = [s.read(lambda view: view.rev) for s in (folder_store, other, folder_store)]
    assert len(set(revs)) == 1
    assert file_of(folder_store, "blocked").read_text().count("moved") == 1


def test_moves_right_before_and_after_a_change_are_not_lost(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a", "b", "c", "d")
    move(folder_store, "c", "available", "blocked")
    held = claim(folder_store, ANNA)
    move(folder_store, "d", "available", "completed")
    give_back(other, held)
    assert state(folder_store, "c") is State.BLOCKED
    assert state(folder_store, "d") is State.COMPLETED
    agrees(folder_store)


@pytest.mark.parametrize("warm", [True, False])
def test_a_claim_is_of_the_task_as_a_person_has_just_edited_it(
    folder_store: FolderStore, other: FolderStore, warm: bool
) -> None:
    start(folder_store, task("a", "old.py"), task("b", "new.py"))
    claim(folder_store, BERT, "b")
    if warm:
        other.read(lambda view: view.rev)
    path = file_of(folder_store, "available")
    text = path.read_text().replace('files: ["old.py"]', "files: [new.py, x.py]")
    path.write_text(text.replace("Do a.", "Do it twice."))
    with refused(other, "files_held", "new.py"):
        claim(other, ANNA, "a")
    path.write_text(path.read_text().replace("new.py, ", ""))
    answer = ask(other, ANNA, "a")
    assert isinstance(answer, Granted)
    assert (answer.claim.files, answer.task.instructions) == (("x.py",), "Do it twice.")


def test_an_edit_of_a_waiting_task_is_noticed_by_who_asks(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a", task("b", needs=("a",)))
    claim(folder_store, ANNA)
    assert nothing(other, BERT).reason == "waiting"
    path = file_of(folder_store, "available", "b")
    path.write_text(path.read_text().replace('depends_on: ["a"]', "depends_on: []"))
    assert folder_store.read(lambda view: view.unmet(TaskId("b"))) == ()
    assert claim(other, BERT).task == "b"


def test_in_a_large_run_edits_are_looked_for_now_and_then(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(handedits, "ALWAYS", 0)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    start(folder_store, "a")
    looks = handedits.HandEdits(folder_store.folder)
    stamps: dict[TaskId, tuple[int, int]] = {A: (1, 1)}

    def found() -> bool:
        return folder_store.read(lambda view: looks.are_there(view, stamps))

    assert found()
    looks._not_before = 5.0
    assert not found()
    now = 5.0
    assert found()


def test_an_edit_of_a_claimed_task_ends_no_claim(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    path = file_of(folder_store, "claimed")
    path.write_text(path.read_text().replace('files: ["a.py"]', "files: [b.py]"))
    assert claim(other, ANNA) == held
    complete(folder_store, held)
    agrees(folder_store)


def test_a_claim_whose_file_is_garbled_stands_until_it_is_mended(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a", task("b", "a.py"))
    held = claim(folder_store, ANNA, "a")
    path = file_of(folder_store, "claimed")
    good = path.read_text()
    path.write_text(good.replace("---\n\n", "\n"))
    for store in (afresh(folder_store), other):
        assert live(store) == {"a": held.token}
        assert list(table(store)) == ["a"]
        with refused(store, "files_held"):
            claim(store, BERT, "b")
        for call in (complete, fail, give_back):
            with refused(store, "task_damaged", "stay held"):
                call(store, held)
        with refused(store, "task_damaged"):
            claim(store, ANNA)
        with refused(store, "task_damaged"):
            recover(store, "a")
    path.write_text(good)
    complete(other, held)
    agrees(folder_store)


def test_a_garbled_task_is_left_alone_and_named_to_who_asks(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    file_of(folder_store, "available").write_text("garbled")
    with refused(folder_store, "unknown_task"):
        claim(folder_store, ANNA, "a")
    answer = nothing(folder_store, ANNA)
    assert (answer.reason, answer.waiting_on) == ("only_blocked", ("available/a.md",))


def test_a_copy_of_a_claimed_task_cannot_be_claimed(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    shutil.copy(file_of(folder_store, "claimed"), file_of(folder_store, "available"))
    by_hand(folder_store.folder / "available")
    for store in (folder_store, afresh(folder_store)):
        assert live(store) == {"a": held.token}
        with refused(store, "held", "anna"):
            claim(store, BERT, "a")
        assert list(store.read(lambda view: view.damaged)) == ["available/a.md"]


def test_a_link_in_place_of_a_task_is_not_followed(
    folder_store: FolderStore, other: FolderStore, tmp_path: Path
) -> None:
    start(folder_store, "a", "b")
    other.read(lambda view: view.rev)
    precious = tmp_path / "precious.md"
    os.rename(file_of(folder_store, "available"), precious)
    before = precious.read_text()
    file_of(folder_store, "available").symlink_to(precious)
    for store in (folder_store, other, afresh(other)):
        with pytest.raises(ParallelAgentsError):
            claim(store, ANNA, "a")
    assert claim(other, ANNA).task == "b"
    assert precious.read_text() == before


@pytest.mark.parametrize("what", ["available", "claimed", "plan.md", ".events", ".lock", ".rev"])
def test_no_link_in_the_folder_is_followed(
    folder_store: FolderStore, tmp_path: Path, what: str
) -> None:
    start(folder_store, "a")
    path, elsewhere = folder_store.folder / what, tmp_path / "elsewhere"
    os.rename(path, elsewhere)
    path.symlink_to(elsewhere)
    before = sorted((p.name, p.stat().st_mtime_ns) for p in (elsewhere, *elsewhere.glob("*")))
    with pytest.raises(StoreFault) as caught:
        claim(afresh(folder_store), ANNA)
    assert caught.value.code == "store_unwritable"
    assert before == sorted(
        (p.name, p.stat().st_mtime_ns) for p in (elsewhere, *elsewhere.glob("*"))
    )


def test_a_garbled_plan_is_an_error_and_the_hooks_hold_on(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a", "b")
    held = claim(folder_store, ANNA)
    path = folder_store.folder / "plan.md"
    good = path.read_text()
    path.write_text("# My plan\n")
    for call in (lambda s: claim(s, BERT), whole, lambda s: s.transact(Propose(plan("z")))):
        with pytest.raises(StoreFault) as caught:
            call(other)
        assert caught.value.code == "plan_damaged"
        assert "plan.md" in caught.value.next_step
    assert table(other) == {"a": (held.token, ANNA.key, ("a.py",))}
    path.write_text(good)
    assert claim(other, BERT).task == "b"


def test_a_proposal_edited_by_hand_is_another_plan(
    folder_store: FolderStore, other: FolderStore
) -> None:
    proposed = plan("a")
    folder_store.transact(Propose(proposed))
    path = folder_store.folder / "proposal.md"
    path.write_text(path.read_text().replace("a.py", "everything/**"))
    for store in (folder_store, other):
        with pytest.raises(NotNow, match="plan_changed"):
            store.transact(Approve(proposed.id, Strategy.FILES, "test", BASE, TARGET))
    assert folder_store.read(lambda view: view.run) is None


def test_a_garbled_proposal_is_replaced_by_the_next(folder_store: FolderStore) -> None:
    folder_store.transact(Propose(plan("a")))
    (folder_store.folder / "proposal.md").write_text("garbled")
    new = afresh(folder_store)
    with pytest.raises(NotNow, match="no_plan"):
        claim(new, ANNA)
    start(new, "b")
    assert new.read(lambda view: view.damaged) == {}


def test_empty_folders_that_a_tool_deleted_are_made_again(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    other.read(lambda view: view.rev)
    for name in ("available", "completed", "failed", "blocked", ".alive"):
        shutil.rmtree(folder_store.folder / name)
    fail(other, held)
    assert state(folder_store, "a") is State.FAILED


@pytest.mark.parametrize("often", [1, folder_module.LOOKS - 1, folder_module.LOOKS])
def test_a_folder_that_is_deleted_while_it_is_read_is_read_again_but_not_forever(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, often: int
) -> None:
    start(folder_store, "a")
    left = often

    def deleting(folder: Path, *args: Any, **kwargs: Any) -> Scan:
        nonlocal left
        if left:
            left -= 1
            (folder / "completed").rmdir()
        return scan(folder, *args, **kwargs)

    monkeypatch.setattr(folder_module, "scan", deleting)
    fresh = FolderStore(folder_store.root)
    if often < folder_module.LOOKS:
        assert claim(fresh, ANNA).task == "a"
    else:
        with pytest.raises(StoreFault) as caught:
            claim(fresh, ANNA)
        assert caught.value.code == "store_restless"
    assert claim(fresh, ANNA).task == "a"
    fresh.close()


@pytest.mark.parametrize("call", [lambda s: ask(s, ANNA), whole])
def test_a_run_whose_folder_is_gone_is_an_error_that_says_so(
    folder_store: FolderStore, call: Callable[[FolderStore], object]
) -> None:
    start(folder_store, "a")
    token = claim(folder_store, ANNA).token
    shutil.rmtree(folder_store.folder)
    with pytest.raises(StoreFault) as caught:
        call(folder_store)
    assert caught.value.code == "store_gone"
    assert not folder_store.folder.exists()
    with pytest.raises(NotNow, match="no_plan"):
        claim(afresh(folder_store), ANNA)
    start(folder_store, "b")
    assert claim(folder_store, ANNA).token > token
    agrees(folder_store)


def test_a_folder_that_was_made_anew_is_noticed_by_the_others(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    held = claim(other, ANNA)
    shutil.rmtree(folder_store.folder)
    start(folder_store, "b")
    with refused(other, "unknown_task"):
        complete(other, held)
    assert claim(other, ANNA).task == "b"
    agrees(folder_store)


# ---------------------------------------------------------------------- tokens


def test_i6_tokens_go_on_in_a_new_process(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    tokens = []
    for _ in range(4):
        store = afresh(folder_store)
        held = claim(store, ANNA)
        tokens.append(held.token)
        give_back(store, held)
        store.close()
    assert tokens == sorted(set(tokens))


@pytest.mark.parametrize("lost", [".events", ".rev", ".lock", ".locks.0"])
def test_i6_tokens_go_on_where_a_file_of_the_machinery_is_lost(
    folder_store: FolderStore, other: FolderStore, lost: str
) -> None:
    start(folder_store, "a", "b")
    first = claim(folder_store, ANNA)
    held = claim(other, BERT)
    give_back(other, held)
    (folder_store.folder / lost).unlink(missing_ok=True)
    again = claim(afresh(folder_store), BERT)
    assert again.token > held.token
    give_back(other, again)
    third = claim(folder_store, CARA)
    assert third.token > again.token
    assert claim(other, ANNA) == first
    agrees(folder_store)


def test_i6_tokens_go_on_after_the_run_and_its_events_are_gone(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    complete(folder_store, held)
    folder_store.transact(Archive())
    (folder_store.folder / ".events").unlink()
    store = afresh(folder_store)
    start(store, "a")
    assert claim(store, ANNA).token > held.token


def test_i6_tokens_go_on_after_a_start_of_the_machine_that_lost_the_newest(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut: claims that were granted are not on the disk, nor are their events."""
    start(folder_store, "a", "b")
    saved = {p: p.read_bytes() for p in folder_store.folder.rglob("*") if p.is_file()}
    held = claim(folder_store, ANNA)
    for _ in range(3):
        give_back(folder_store, held)
        held = claim(folder_store, ANNA)
    for path in folder_store.folder.glob("*/*.md"):
        path.unlink()
    for path, content in saved.items():
        path.write_bytes(content)
    monkeypatch.setattr(revisions, "_boot", lambda: "the next day")
    looked = afresh(folder_store)
    assert live(looked) == {}
    new = claim(afresh(folder_store), BERT)
    assert new.token > held.token
    assert claim(looked, CARA).token > new.token


@pytest.mark.parametrize("failed", [False, True])
def test_i11_a_claim_that_a_power_cut_left_without_its_line_is_free_again_by_itself(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, failed: bool
) -> None:
    start(folder_store, "a", "b")
    if failed:
        fail(folder_store, claim(folder_store, ANNA, "a"))
    token = claim(folder_store, BERT, "a").token
    path = file_of(folder_store, "claimed")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    by_hand(path.parent)
    monkeypatch.setattr(revisions, "_boot", lambda: "the next day")
    looked = afresh(folder_store)
    assert (live(looked), table(looked)) == ({}, {})
    assert state(looked, "a") is (State.FAILED if failed else State.AVAILABLE)
    assert looked.read(lambda view: view.records[A].failures) == failed
    assert claim(looked, CARA, "a").token > token
    agrees(looked)
    looked.close()
    token = claim(folder_store, DORA, "b").token
    assert live(folder_store)["b"] == token


def test_i11_an_old_word_of_a_run_put_away_harms_no_later_run(folder_store: FolderStore) -> None:
    """The lock's file is not synced: after a power cut it may say what is long over."""
    start(folder_store, "a")
    complete(folder_store, claim(folder_store, ANNA))
    rev = folder_store.transact(Archive())[1]
    start(folder_store, "b")
    (folder_store.folder / ".lock").write_bytes(b"+1 %d archived\n" % rev)
    assert claim(afresh(folder_store), ANNA).task == "b"


def test_a_gap_in_the_events_is_noticed(folder_store: FolderStore, other: FolderStore) -> None:
    """The last line is lost, and another of the same length has taken its place."""
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    events = folder_store.folder / ".events"
    before = events.stat().st_size
    extend(folder_store, held, "one.md")
    assert claim(other, ANNA).files == ("a.py", "one.md")
    size = events.stat().st_size
    os.truncate(events, before)
    extend(folder_store, held, "two.md")
    assert events.stat().st_size == size
    extend(folder_store, held, "six.md")
    assert claim(other, ANNA).files == ("a.py", "one.md", "two.md", "six.md")


def test_news_that_an_interrupt_cut_off_are_read_again(
    folder_store: FolderStore, other: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    assert claim(other, ANNA) == held
    extend(folder_store, held, "one.md")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(View, "apply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            claim(other, ANNA)
    assert claim(other, ANNA).files == ("a.py", "one.md")


@pytest.mark.parametrize("torn", [1, 20, 200])
def test_a_torn_event_log_loses_nothing(
    folder_store: FolderStore, other: FolderStore, torn: int
) -> None:
    start(folder_store, "a", "b")
    held = claim(folder_store, ANNA)
    events = folder_store.folder / ".events"
    os.truncate(events, events.stat().st_size - torn)
    assert live(other) == {"a": held.token}
    assert claim(other, BERT).token > held.token
    assert set(live(folder_store)) == {"a", "b"}
    agrees(folder_store)


def test_a_torn_last_line_of_a_history_is_passed_over_and_written_after(
    folder_store: FolderStore, other: FolderStore
) -> None:
    start(folder_store, "a")
    give_back(folder_store, claim(folder_store, ANNA))
    path = file_of(folder_store, "available")
    with path.open("a") as file:
        file.write('- 2026-11-23T22:31:05.123456Z #99 claimed {"agent": "s/x", "fi')
    assert state(afresh(folder_store), "a") is State.AVAILABLE
    complete(other, claim(folder_store, ANNA))
    assert state(folder_store, "a") is State.COMPLETED
    agrees(other)


# ---------------------------------------------------------------------- the disk


def inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@pytest.mark.parametrize(
    ("end", "lies_in"),
    [(complete, "completed"), (fail, "failed"), (lambda s, c: recover(s, "a"), "available")],
    ids=["complete", "fail", "recover"],
)
def test_i11_what_is_replied_is_on_the_disk_and_the_lock_is_free_meanwhile(
    folder_store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[..., object],
    lies_in: str,
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    synced: list[tuple[int, int]] = []

    def sync(fd: int) -> None:
        status = os.fstat(fd)
        synced.append((status.st_dev, status.st_ino))
        with FileLock(folder_store.folder / ".lock", 0.0).held():
            pass

    monkeypatch.setattr(os, "fsync", sync)
    end(folder_store, held)
    folder = folder_store.folder
    places = [file_of(folder_store, lies_in), folder / lies_in, folder / "claimed"]
    assert set(map(inode, places)) <= set(synced)


def test_i11_a_file_that_moves_on_before_it_is_synced_is_synced_all_the_same(
    folder_store: FolderStore, other: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    synced: list[tuple[int, int]] = []

    def sync(fd: int) -> None:
        if not synced:
            synced.append((0, 0))
            claim(other, BERT)
        status = os.fstat(fd)
        synced.append((status.st_dev, status.st_ino))

    monkeypatch.setattr(os, "fsync", sync)
    fail(folder_store, held)
    assert inode(file_of(folder_store, "claimed")) in synced


def test_i11_a_repeated_reply_is_on_the_disk_too(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call may have died between its change and the disk."""
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    complete(folder_store, held)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    assert complete(folder_store, held).again
    assert len(synced) == 3


# ---------------------------------------------------------------------- deaths


class Died(BaseException):
    """What stands for the death of a process between two calls of the system."""


SYSTEM = ("open", "write", "pwrite", "rename", "fsync", "mkdir", "unlink", "sync", "utime")


class Dying:
    """Raises `what` after the n-th call of the system that changes something, or instead of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, what: BaseException) -> None:
        self._what = what
        self._instead = isinstance(what, OSError)
        self.left = 0
        for name in SYSTEM:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and self._instead:
                raise self._what
            result = original(*args, **kwargs)
            if self.left == 0:
                if original.__name__ == "open":
                    os.close(result)
                raise self._what
            return result

        return instead


CHOSEN = plan("a", "b", task("c", needs=("a",)))
AMENDED = plan(task("a", "new.py"), "b", task("c", needs=("a",)), "d")
Step = Callable[[FolderStore], Answer]


def _call(make: Callable[[Claim], Any]) -> Step:
    def step(store: FolderStore) -> Answer:
        held = Claim(A, ANNA, 3, ("a.py",), 0.0, 1)
        return store.transact(make(held))[0]

    return step


CLAIMED = ("propose", "approve", "claim")
STEPS: dict[str, tuple[tuple[str, ...], Step]] = {
    "propose": ((), _call(lambda _: Propose(CHOSEN, "As shown."))),
    "approve": (
        ("propose",),
        _call(lambda _: Approve(CHOSEN.id, Strategy.WORKTREE, "test", BASE, TARGET)),
    ),
    "claim": (("propose", "approve"), _call(lambda _: TakeClaim(ANNA, A))),
    "prepare": (CLAIMED, _call(lambda c: Prepare(ANNA, A, c.token, "/w", None, BASE))),
    "extend": (CLAIMED, _call(lambda c: Extend(ANNA, A, c.token, ("docs/**",)))),
    "complete": (
        CLAIMED,
        _call(lambda c: Release(ANNA, A, c.token, Outcome.COMPLETED, "Done.", COMMIT)),
    ),
    "return": (CLAIMED, _call(lambda c: Release(ANNA, A, c.token, Outcome.RETURNED))),
    "fail": (CLAIMED, _call(lambda c: Fail(ANNA, A, c.token, "No."))),
    "recover": (
        CLAIMED,
        _call(lambda c: Recover(A, State.AVAILABLE, by_user=True, token=c.token)),
    ),
    "merge": ((*CLAIMED, "complete"), _call(lambda _: MarkMerged((A,), COMMIT))),
    "archive": ((*CLAIMED, "complete"), _call(lambda _: Archive())),
    "amend": (("propose", "approve"), _call(lambda _: Propose(AMENDED, "As shown."))),
    "approve the amendment": (
        ("propose", "approve", "amend"),
        _call(lambda _: Approve(AMENDED.id, Strategy.WORKTREE, "test", BASE, TARGET)),
    ),
}
"""Each change there is: what comes before it, and the call."""


def _dies_everywhere(
    tmp_path: Path, dying: Dying, name: str, after: Callable[[FolderStore, Step, int], None]
) -> int:
    """Do one change over and over, cut off one call of the system later each time.

    `after` gets a store that knew the state before, the call, and the revision before.
    """
    before, step = STEPS[name]
    clock = Clock()
    for n in count(1):
        root = tmp_path / str(n)
        root.mkdir()
        first, other = FolderStore(root, clock), FolderStore(root, clock)
        for earlier in before:
            STEPS[earlier][1](first)
        rev = other.read(lambda view: view.rev)
        dying.left = n
        try:
            step(first)
            ended = dying.left > 0
        except (Died, StoreFault):
            ended = False
        dying.left = 0
        after(other, step, rev)
        first.close()
        other.close()
        if ended:
            return n - 1
    raise AssertionError


def _goes_on(other: FolderStore, step: Step, rev: int) -> None:
    """Somebody else works on, then the cut-off call is repeated: all is as if nothing had been."""
    new = afresh(other)
    run, granted = new.read(lambda view: (view.run, dict(view.claims)))
    shown = table(other)
    for held in granted.values():  # the hooks see at least what is granted
        assert set(held.files) <= set(shown[held.task][2])
    new.close()
    if run is not None:
        answer = ask(other, BERT)
        if isinstance(answer, Granted):
            assert answer.claim.token > rev
            give_back(other, answer.claim)
    with suppress(NotNow):  # the run may be put away already
        step(other)
    agrees(other)


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("name", STEPS)
def test_i11_death_at_any_call_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    reached = {
        "propose": lambda v: v.proposal == CHOSEN,
        "approve": lambda v: v.run is not None and len(v.records) == 3 and v.proposal is None,
        "claim": lambda v: v.claims[A].agent == ANNA,
        "prepare": lambda v: v.claims[A].workdir == "/w",
        "extend": lambda v: v.claims[A].files == ("a.py", "docs/**"),
        "complete": lambda v: v.records[A].commit == COMMIT,
        "return": lambda v: v.records[A].state is State.AVAILABLE,
        "fail": lambda v: (v.records[A].state, v.records[A].failures) == (State.FAILED, 1),
        "recover": lambda v: v.records[A].recoveries == 1 and not v.claims,
        "merge": lambda v: v.records[A].merged,
        "archive": lambda v: v.run is None,
        "amend": lambda v: v.proposal == AMENDED and v.run is not None,
        "approve the amendment": lambda v: (
            v.records[A].task.files == ("new.py",) and len(v.records) == 4 and v.proposal is None
        ),
    }[name]

    def after(other: FolderStore, step: Step, rev: int) -> None:
        _goes_on(other, step, rev)
        assert other.read(reached)
        assert not other.read(lambda view: view.damaged)

    calls = _dies_everywhere(tmp_path, Dying(monkeypatch, Died()), name, after)
    assert calls >= 5


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("name", STEPS)
def test_i11_an_error_at_any_call_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    calls = _dies_everywhere(tmp_path, Dying(monkeypatch, error), name, _goes_on)
    assert calls >= 5


def test_a_store_that_cannot_be_written_says_so_and_changes_nothing(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder_store, "a")
    before = whole(folder_store)
    open_file = os.open

    def read_only(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return open_file(path, flags, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        for store in (folder_store, afresh(folder_store)):
            with pytest.raises(StoreFault) as caught:
                claim(store, ANNA)
            assert caught.value.code == "store_unwritable"
            assert "Read-only" in caught.value.sentence
            store.heartbeat(ANNA)
            store.hold_session("s-1")
    assert whole(folder_store)[1] == before[1]


def test_a_disk_that_is_gone_is_said_as_a_fault_of_the_store(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even whether the folder is there can be found out."""
    start(folder_store, "a")

    def failing(*_: object, **__: object) -> os.stat_result:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", failing)
        patch.setattr(Path, "is_dir", failing)
        with pytest.raises(StoreFault) as caught:
            claim(folder_store, ANNA)
    assert caught.value.code == "store_unwritable"
    assert claim(folder_store, ANNA).task == "a"


def test_a_text_that_cannot_be_written_leaves_no_trace(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    with pytest.raises(UnicodeEncodeError):
        fail(folder_store, held, "\ud800")
    assert live(folder_store) == {"a": held.token}
    complete(folder_store, held)
    agrees(folder_store)


@pytest.mark.parametrize("point", store_process.POINTS)
@pytest.mark.parametrize("call", ["claim", "complete"])
def test_i11_a_killed_process_leaves_a_store_that_the_next_call_goes_on_with(
    folder_store: FolderStore, point: str, call: str
) -> None:
    start(folder_store, "a", "b", task("c", "a.py"))
    arguments = ["anna", "a"]
    if call == "complete":
        arguments = ["a", str(claim(folder_store, ANNA, "a").token)]
    rev = folder_store.read(lambda view: view.rev)
    process = store_process.run(folder_store.root, "KILL", point, call, *arguments)
    store_process.killed(process)

    other = claim(folder_store, BERT, "b")
    assert other.token > rev + 1
    if call == "claim":
        held = claim(folder_store, ANNA, "a")
        assert live(folder_store) == {"a": held.token, "b": other.token}
        with refused(folder_store, "files_held"):
            claim(folder_store, CARA, "c")
    else:
        complete(folder_store, Claim(A, ANNA, int(arguments[1]), (), 0.0, 1))
        assert claim(folder_store, CARA, "c").token > other.token
    agrees(folder_store)


def test_a_history_line_of_a_dead_process_is_taken_back_and_its_revision_never_used(
    folder_store: FolderStore,
) -> None:
    start(folder_store, "a", "b")
    process = store_process.run(folder_store.root, "KILL", "line appended", "claim", "anna", "a")
    store_process.killed(process)
    assert "#3 claimed" in file_of(folder_store, "available").read_text()
    assert list(table(folder_store)) == ["a"]  # too strict, until somebody looks
    other = claim(folder_store, BERT, "b")
    assert other.token > 3
    assert list(table(folder_store)) == ["b"]
    assert "#3 void" in file_of(folder_store, "available").read_text()
    assert claim(folder_store, ANNA, "a").token > other.token
    agrees(folder_store)


@pytest.mark.parametrize("point", ["table written", "line appended", "file renamed", "feed told"])
def test_i14_a_process_that_stands_still_in_a_change_is_named_and_can_go_on(
    root: Path, clock: Clock, point: str
) -> None:
    store = FolderStore(root, clock, timeout=0.2)
    start(store, "a", "b")
    process = store_process.run(root, "STOP", point, "claim", "anna", "a")
    store_process.stopped(process)
    for call in (lambda: claim(store, BERT), lambda: whole(store)):
        with pytest.raises(StoreFault) as caught:
            call()
        assert caught.value.code == "lock_timeout"
        assert f"process {process.pid} " in caught.value.sentence
    assert list(table(store)) == ["a"]
    os.kill(process.pid, signal.SIGCONT)
    assert store_process.answer(process)["task"] == "a"
    assert claim(store, BERT).task == "b"
    agrees(store)


# ---------------------------------------------------------------------- against the other store


AGENTS = (ANNA, BERT, CARA)
NAMES = ("a", "b", "c", "d")
ACTIONS = st.one_of(
    st.tuples(st.just("claim"), st.sampled_from(AGENTS), st.none() | st.sampled_from(NAMES)),
    st.tuples(
        st.sampled_from(["complete", "return", "fail", "extend", "prepare"]),
        st.sampled_from(AGENTS),
        st.integers(0, 3),
    ),
    st.tuples(st.just("recover"), st.sampled_from(NAMES), st.sampled_from(State)),
    st.tuples(st.just("merge"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("amend"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("archive"), st.none(), st.none()),
)


def _perform(store: Store, action: tuple[Any, Any, Any], tokens: list[tuple[str, int]]) -> object:
    """What the store answers; refusals too, by their text."""
    verb, first, second = action
    try:
        if verb in ("complete", "return", "fail", "extend", "prepare"):
            name, token = tokens[-1 - second % len(tokens)] if tokens else ("a", 1)
            held = Claim(TaskId(name), first, token, (), 0.0, 1)
            calls: dict[str, Callable[[], object]] = {
                "complete": lambda: complete(store, held),
                "return": lambda: give_back(store, held),
                "fail": lambda: fail(store, held),
                "extend": lambda: extend(store, held, f"{name}/extra.py", "shared.py"),
                "prepare": lambda: prepare(store, held),
            }
            return calls[verb]()
        match verb:
            case "claim":
                return ask(store, first, second)
            case "recover":
                return recover(store, first, second)
            case "merge":
                return store.transact(MarkMerged((TaskId(first),), COMMIT))
            case "amend":
                changed = task(first, f"{first}.py", "more.py" if second else "shared.py")
                rest = (task(n, needs=("a",) if n == "d" else ()) for n in NAMES if n != first)
                chosen = plan(changed, *rest)
                store.transact(Propose(chosen))
                return store.transact(Approve(chosen.id, Strategy.WORKTREE, "test", BASE, TARGET))
            case _:
                return store.transact(Archive())
    except ParallelAgentsError as refusal:
        return str(refusal)


@pytest.mark.usefixtures("quick_disk")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=25))
def test_any_run_is_the_same_in_the_folder_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[Any, Any, Any]]
) -> None:
    """Two processes take turns on the folder, and a third starts anew now and then."""
    clock = Clock()
    root = tmp_path_factory.mktemp("run")
    memory = MemoryStore(clock)
    stores = [FolderStore(root, clock) for _ in range(2)]
    chosen = plan("a", "b", "c", task("d", needs=("a",)))
    approve(memory, chosen)
    approve(stores[0], chosen)
    tokens: list[tuple[str, int]] = []
    for number, action in enumerate(actions):
        clock.passes(1.1)
        if number % 5 == 4:
            stores[number % 2].close()
            stores[number % 2] = FolderStore(root, clock)
        expected = _perform(memory, action, tokens)
        assert _perform(stores[number % 2], action, tokens) == expected
        if isinstance(expected, Granted):
            tokens.append((expected.claim.task, expected.claim.token))
        assert not isinstance(expected, NothingToClaim) or not expected.finished or tokens
    for store in stores:
        assert whole(store) == whole(memory)
        agrees(store)
        store.close()
    shutil.rmtree(root)
