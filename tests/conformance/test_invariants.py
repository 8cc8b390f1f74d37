"""The invariants I1 to I16 of `references/lock-protocol.md`, each by its own short test.

For every store that it concerns. `README.md` here shows what fails when its rule is taken out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import git_scratch as scratch
import pytest
import store_process
from conformance.stands import STANDS, Folder, Stand
from parallel_agents.coordination import merging
from parallel_agents.core import locktable
from parallel_agents.core.commands import (
    Approve,
    Archive,
    Command,
    Fail,
    Granted,
    Propose,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import NotNow, StoreFault
from parallel_agents.core.locktable import HeldClaim, Table
from parallel_agents.core.model import STALE_AFTER, Agent, Claim, Outcome, State, Strategy, TaskId
from parallel_agents.git.landing import land
from parallel_agents.git.repository import Repository
from parallel_agents.store import opened
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.lock import FileLock
from parallel_agents.store.protocol import Store
from stores import (
    ANNA,
    BASE,
    BERT,
    CARA,
    COMMIT,
    TARGET,
    Clock,
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
ENDS = {"completed": complete, "given back": give_back, "failed": fail}


@pytest.fixture(params=STANDS)
def stand(
    request: pytest.FixtureRequest, root: Path, clock: Clock, quick_disk: None
) -> Iterator[Stand]:
    """A place for a store, of each kind."""
    made = STANDS[request.param](root, clock)
    yield made
    made.close()


@pytest.fixture
def store(stand: Stand) -> Store:
    """A store of each kind."""
    return stand.opened()


@pytest.fixture
def folder(root: Path, clock: Clock, quick_disk: None) -> Iterator[Folder]:
    """The one kind that has files which people and hooks see."""
    made = Folder(root, clock)
    yield made
    made.close()


def fresh(stand: Stand, old: Store) -> Store:
    """What a process sees that starts now, where there can be one."""
    return stand.opened() if stand.has_files else old


# ---------------------------------------------------------------------- claims


def test_i1_a_task_has_one_live_claim(store: Store, stand: Stand) -> None:
    start(store, "a")
    held = claim(store, ANNA, "a")
    for other in (store, fresh(stand, store)):
        with refused(other, "held", "anna"):
            claim(other, BERT, "a")
        assert nothing(other, BERT).reason == "waiting"
        assert live(other) == {"a": held.token}


@pytest.mark.parametrize(
    ("held", "wanted"),
    [("a.py", "a.py"), ("src", "src/x.py"), ("src/**/z", "src/*/z"), ("x/A.py", "X/a.py")],
)
def test_i2_no_path_is_in_two_live_claims(store: Store, held: str, wanted: str) -> None:
    start(store, task("a", held), task("b", wanted), "c")
    claim(store, ANNA, "a")
    with refused(store, "files_held", "task a"):
        claim(store, BERT, "b")
    assert claim(store, BERT).task == "c"
    assert nothing(store, CARA).reason == "files_held"


def test_i2_a_claim_grows_by_no_file_that_is_held_or_belongs_to_a_task(store: Store) -> None:
    start(store, "a", "b", "c")
    mine, other = claim(store, ANNA, "a"), claim(store, BERT, "b")
    extend(store, other, "shared.py")
    with refused(store, "files_held", "task b"):
        extend(store, mine, "shared.py")
    with refused(store, "files_of_a_task", "task c"):
        extend(store, mine, "c.py")


def test_i2_files_that_a_claim_grew_by_are_held(store: Store) -> None:
    start(store, "a", task("b", needs=("a",)))
    held = claim(store, ANNA, "a")
    extend(store, held, "shared.py")
    assert live(store) == {"a": held.token}
    assert store.read(lambda v: v.claims[A].files) == ("a.py", "shared.py")


def test_i3_an_agent_has_one_claim_and_claiming_again_returns_it(
    store: Store, stand: Stand
) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA)
    for name in (None, "a", "b"):
        answer = ask(fresh(stand, store), ANNA, name)
        assert isinstance(answer, Granted)
        assert (answer.claim, answer.again) == (held, True)
    assert live(store) == {"a": held.token}


def test_i4_what_a_task_depends_on_is_completed_first(store: Store) -> None:
    start(store, task("b", needs=("a",)), "a")
    with refused(store, "waits_for", "a"):
        claim(store, BERT, "b")
    held = claim(store, ANNA)
    assert held.task == "a"
    assert nothing(store, BERT).reason == "waiting"
    complete(store, held)
    assert claim(store, BERT).task == "b"


def test_i4_what_others_started_from_is_not_done_again(store: Store) -> None:
    start(store, "a", task("b", needs=("a",)))
    complete(store, claim(store, ANNA, "a"))
    claim(store, BERT, "b")
    with refused(store, "others_rest_on_it", "b"):
        recover(store, "a")


def test_nobody_claims_before_the_yes_nor_above_the_limit(store: Store) -> None:
    chosen, other = plan("a", "b", max_agents=1), plan("a")
    store.transact(Propose(chosen))
    with refused(store, "not_approved"):
        claim(store, ANNA)
    with refused(store, "plan_changed"):
        store.transact(Approve(other.id, Strategy.WORKTREE, "test", BASE, TARGET))
    store.transact(Approve(chosen.id, Strategy.WORKTREE, "test", BASE, TARGET))
    claim(store, ANNA)
    assert nothing(store, BERT).reason == "enough_agents"


# ---------------------------------------------------------------------- states and tokens


def test_i5_completed_and_blocked_work_is_not_claimed(store: Store) -> None:
    start(store, "a", "b")
    complete(store, claim(store, ANNA, "a"))
    for agent in (ANNA, BERT):
        fail(store, claim(store, agent, "b"))
    for name, code in (("a", "task_completed"), ("b", "task_blocked")):
        with refused(store, code):
            claim(store, CARA, name)
    assert nothing(store, CARA).reason == "only_blocked"


def test_i5_a_task_is_recovered_to_the_queue_and_nowhere_else(store: Store) -> None:
    start(store, "a", "b")
    claim(store, ANNA, "a")
    for to in (State.CLAIMED, State.COMPLETED, State.BLOCKED):
        with refused(store, "bad_state"):
            recover(store, "a", to)
    with refused(store, "not_stuck"):
        recover(store, "b", State.FAILED)


def test_i5_without_a_commit_nothing_is_completed(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    with refused(store, "no_commit"):
        complete(store, held, commit=None)
    complete(store, held)
    assert state(store, "a") is State.COMPLETED


def test_i5_work_that_was_begun_while_its_change_waited_for_a_yes_is_not_changed(
    store: Store,
) -> None:
    start(store, "a")
    changed = plan(task("a", "other.py"))
    store.transact(Propose(changed))
    claim(store, ANNA)
    with refused(store, "task_in_progress"):
        store.transact(Approve(changed.id, Strategy.WORKTREE, "test", BASE, TARGET))


def test_i5_a_run_with_a_live_claim_is_not_put_away(store: Store) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "still_claimed", "anna"):
        store.transact(Archive())


def test_i6_a_later_grant_has_a_larger_token_after_a_restart_too(
    store: Store, stand: Stand
) -> None:
    start(store, "a", "b")
    tokens = []
    for _ in range(3):
        store = fresh(stand, store)
        held = claim(store, ANNA)
        tokens.append(held.token)
        give_back(store, held)
    assert tokens == sorted(set(tokens))


def test_i6_a_power_cut_that_takes_the_newest_claims_takes_no_token_back(
    folder: Folder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = "first"
    monkeypatch.setattr("parallel_agents.store.revisions._boot", lambda: boot)
    store = folder.opened()
    start(store, "a", "b")
    kept = (root / "_tasks/available/b.md").read_bytes()
    lost = claim(store, ANNA, "b").token
    (root / "_tasks/claimed/b.md").unlink()
    (root / "_tasks/available/b.md").write_bytes(kept)
    (root / "_tasks/.events").unlink()
    boot = "second"
    assert claim(folder.opened(), ANNA, "b").token > lost


@pytest.mark.parametrize("wrong", ["old", "foreign", "made up"])
def test_i7_any_but_the_current_token_changes_nothing(store: Store, wrong: str) -> None:
    start(store, "a", "b")
    old = claim(store, ANNA, "a")
    recover(store, "a")
    held = claim(store, BERT, "a")
    code = "not_your_claim" if wrong == "foreign" else "stale_token"
    agent, token = {
        "old": (ANNA, old.token),
        "foreign": (ANNA, held.token),
        "made up": (BERT, held.token + 1),
    }[wrong]
    used = Claim(A, agent, token, (), 0.0, 1)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: complete(store, used),
        lambda: give_back(store, used),
        lambda: fail(store, used),
        lambda: extend(store, used, "x.py"),
        lambda: prepare(store, used),
    )
    for call in calls:
        with refused(store, code):
            call()
    with refused(store, "stale_token"):
        recover(store, "a", token=old.token + 1)
    complete(store, held)


def test_i7_nobody_can_say_to_be_an_agent_that_the_client_vouched_for(store: Store) -> None:
    start(store, "a")
    held = claim(store, Agent(ANNA.session, ANNA.name, verified=True))
    for call in (lambda: claim(store, ANNA), lambda: fail(store, replace(held, agent=ANNA))):
        with refused(store, "unverified"):
            call()
    fail(store, held)


def test_i8_neither_silence_nor_a_death_alone_takes_a_claim(store: Store, clock: Clock) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "user_decides", "not stale"):
        recover(store, "a", by_user=False, known_dead=True, silence=STALE_AFTER)
    with refused(store, "user_decides", "not known to have ended"):
        recover(store, "a", by_user=False, silence=STALE_AFTER + 1)
    clock.passes(100 * STALE_AFTER)
    with refused(store, "user_decides", "not stale"):
        recover(store, "a", by_user=False, known_dead=True)
    recover(store, "a", by_user=False, known_dead=True, silence=STALE_AFTER + 1)
    assert state(store, "a") is State.AVAILABLE


def test_i8_neither_sleep_nor_a_clock_that_was_set_is_silence(folder: Folder, clock: Clock) -> None:
    store = folder.opened()
    start(store, "a")
    store.heartbeat(ANNA)
    for jump in (100 * STALE_AFTER, -200 * STALE_AFTER):
        clock.jumps(jump)
        for each in (store, folder.opened()):
            silence = each.silence(ANNA)
            assert silence is not None
            assert silence < 1
    store.heartbeat(ANNA)
    clock.passes(STALE_AFTER + 60)
    silence = store.silence(ANNA)
    assert silence is not None
    assert silence > STALE_AFTER


def test_i8_only_the_user_opens_what_is_blocked_or_completed(store: Store) -> None:
    start(store, "a", "b")
    for agent in (ANNA, BERT):
        fail(store, claim(store, agent, "a"))
    complete(store, claim(store, CARA, "b"))
    for name in ("a", "b"):
        with refused(store, "user_decides"):
            recover(store, name, by_user=False, known_dead=True, silence=9_999.0)
        recover(store, name)
        assert state(store, name) is State.AVAILABLE


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_i9_a_token_is_spent_once(store: Store, clock: Clock, first: str, second: str) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    answer = ENDS[first](store, held)
    clock.passes(5)
    if second == first:
        again = ENDS[second](store, held)
        assert (again.event, again.again) == (answer.event, True)
    else:
        with refused(store, "stale_token", "spent"):
            ENDS[second](store, held)


def test_i9_a_token_that_was_spent_is_nobody_elses(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    complete(store, held)
    with refused(store, "stale_token"):
        complete(store, Claim(A, BERT, held.token, (), 0.0, 1))


def test_i10_two_failures_block(store: Store, stand: Stand) -> None:
    start(store, "a")
    for agent, then in ((ANNA, State.FAILED), (BERT, State.BLOCKED)):
        fail(store, claim(store, agent, "a"))
        assert state(fresh(stand, store), "a") is then


def test_i10_three_recoveries_block_and_are_no_failures(store: Store) -> None:
    start(store, "a")
    for then in (State.AVAILABLE, State.AVAILABLE, State.BLOCKED):
        claim(store, ANNA, "a")
        recover(store, "a")
        assert state(store, "a") is then
    assert store.read(lambda view: view.records[A].failures) == 0


def test_i10_after_the_user_unblocked_it_counting_begins_anew(store: Store) -> None:
    start(store, "a")
    for agent in (ANNA, BERT):
        fail(store, claim(store, agent, "a"))
    recover(store, "a")
    fail(store, claim(store, ANNA, "a"))
    assert state(store, "a") is State.FAILED


def test_i10_a_failed_task_goes_to_another_agent_first(store: Store, clock: Clock) -> None:
    start(store, "a", "b")
    other = claim(store, BERT, "b")
    fail(store, claim(store, ANNA, "a"))
    assert nothing(store, ANNA).reason == "left_to_others"
    give_back(store, other)
    with refused(store, "left_to_others"):
        claim(store, ANNA, "a")
    clock.passes(60)
    assert claim(store, ANNA, "a").task == "a"


# ---------------------------------------------------------------------- deaths and replies


@pytest.mark.parametrize("point", ["begun", "table written", "line appended", "file renamed"])
def test_i11_a_death_in_the_middle_of_a_claim_loses_and_doubles_nothing(
    folder: Folder, root: Path, point: str
) -> None:
    store, asleep = folder.opened(), folder.opened()
    start(store, "a", "b")
    asleep.read(lambda view: view.rev)
    rev = store.read(lambda view: view.rev)
    store_process.killed(store_process.run(root, "KILL", point, "claim", "anna", "a"))
    assert claim(asleep, BERT, "b").token > rev + 1, "the revision of the dead is not used again"
    held = claim(store, ANNA, "a")
    for each in (store, asleep, folder.opened()):
        assert set(live(each)) == {"a", "b"}
        assert whole(each) == whole(store)
        with refused(each, "held"):
            claim(each, CARA, "a")
    complete(asleep, held)


def test_i11_everybody_sees_what_a_process_wrote_down_before_it_died(
    folder: Folder, root: Path
) -> None:
    """Also a change that moves no file, and of which the dead told nobody."""
    store, asleep = folder.opened(), folder.opened()
    start(store, "a")
    held = claim(store, ANNA)
    asleep.read(lambda view: view.rev)
    call = ("extend", "a", str(held.token), "more.py")
    store_process.killed(store_process.run(root, "KILL", "line appended", *call))
    for each in (asleep, store, folder.opened()):
        answer = ask(each, ANNA)
        assert isinstance(answer, Granted)
        assert answer.claim.files == ("a.py", "more.py")


def test_i11_what_is_replied_is_on_the_disk(
    root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(root, clock, awake=clock.awake)
    start(store, "a")
    held = claim(store, ANNA)
    synced: set[str] = set()
    sync = os.fsync

    def noted(fd: int) -> None:
        synced.add(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))
        sync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    complete(store, held)
    assert {"a.md", "claimed", "completed"} <= synced
    synced.clear()
    complete(store, held)  # the reply may have been lost: what it says must hold all the same
    assert {"a.md", "completed"} <= synced
    store.close()


def test_i11_a_full_disk_is_an_error_and_nothing_is_half_done(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder.opened()
    start(store, "a")
    held = claim(store, ANNA)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        with pytest.raises(StoreFault, match="No space left"):
            complete(store, held)
    for each in (store, folder.opened()):
        assert live(each) == {"a": held.token}
    complete(store, held)


def put_table(folder: Path, table: Table) -> None:
    (folder / locktable.SLOTS[table.seq % 2]).write_bytes(locktable.encode(table))


def test_i12_hooks_see_one_whole_table_or_nothing(tmp_path: Path) -> None:
    """Slots are written in place: what a reader finds may be half the new and half the old."""
    rows = tuple(HeldClaim(f"t{n}", n, "s/x", 0.0, 1, None, (f"{n}.py",)) for n in range(3))
    older = locktable.encode(Table(1, 1, "p1", "files", "/r", (*rows[1:], rows[0])))
    newer = locktable.encode(Table(3, 3, "p1", "files", "/r", rows))
    put_table(tmp_path, Table(2, 2, "p1", "files", "/r", rows[:1]))
    for cut in range(1, len(newer)):
        for half in (newer[:cut], newer[:cut] + older[cut:]):
            (tmp_path / ".locks.1").write_bytes(half)
            shown = locktable.read(str(tmp_path))
            assert shown is not None
            assert shown.rev == 2 or half == newer
    (tmp_path / ".locks.0").write_bytes(b"garbage")
    (tmp_path / ".locks.1").write_bytes(newer[:-9])
    with pytest.raises(locktable.TableTorn):
        locktable.read(str(tmp_path))


def test_i12_a_hook_that_reads_between_two_writes_misses_no_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads slot 0, two changes are written, and it finds slot 1 half written."""
    place = str(tmp_path)
    first = HeldClaim("a", 3, "s/x", 0.0, 1, None, ("a.py",))
    put_table(tmp_path, Table(2, 2, "p1"))
    put_table(tmp_path, Table(3, 3, "p1", claims=(first,)))
    read_file, reads = locktable._read_file, 0

    def interleaved(path: str) -> bytes:
        nonlocal reads
        data = read_file(path)
        reads += 1
        if reads == 1:
            put_table(tmp_path, Table(4, 4, "p1", claims=(first,)))
            half = locktable.encode(Table(5, 5, "p1", claims=(first,)))[:40]
            (tmp_path / ".locks.1").write_bytes(half)
        return data

    monkeypatch.setattr(locktable, "_read_file", interleaved)
    shown = locktable.read(place)
    assert shown is not None
    assert [c.task for c in shown.claims] == ["a"]


def test_i12_hooks_see_a_claim_before_it_is_there_and_until_it_is_gone(
    folder: Folder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder.opened()
    start(store, "a")
    rename, seen = os.rename, []

    def looking(source: Any, target: Any) -> None:
        shown = locktable.read(str(root / "_tasks"))
        seen.append([c.task for c in shown.claims] if shown else None)
        rename(source, target)

    monkeypatch.setattr(os, "rename", looking)
    give_back(store, claim(store, ANNA))
    assert seen == [["a"], ["a"]]


def test_i12_a_damaged_table_is_made_again(folder: Folder, root: Path) -> None:
    store = folder.opened()
    start(store, "a")
    claim(store, ANNA)
    for slot in locktable.SLOTS:
        (root / "_tasks" / slot).write_bytes(b"garbage")
    store.read(lambda view: view.rev)
    shown = locktable.read(str(root / "_tasks"))
    assert shown is not None
    assert [c.task for c in shown.claims] == ["a"]


CALLS: dict[str, Callable[[Claim], Command]] = {
    "claim": lambda held: TakeClaim(BERT),
    "complete": lambda held: Release(ANNA, A, held.token, Outcome.COMPLETED, "Done.", COMMIT),
    "give back": lambda held: Release(ANNA, A, held.token, Outcome.RETURNED),
    "fail": lambda held: Fail(ANNA, A, held.token, "No."),
}


@pytest.mark.parametrize("name", CALLS)
def test_i13_the_same_call_after_a_lost_reply_gets_the_same_answer(
    store: Store, stand: Stand, clock: Clock, name: str
) -> None:
    start(store, "a", "b", "c")
    held = claim(store, ANNA, "a")
    command = CALLS[name](held)
    first, rev = store.transact(command)
    clock.passes(60)
    again, later = fresh(stand, store).transact(command)
    assert again == _repeated(first)
    assert later == rev


def test_i13_a_repeated_recovery_ends_no_later_claim(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    first = recover(store, "a", token=held.token)
    later = claim(store, BERT)
    assert recover(store, "a", token=held.token) == _repeated(first)
    assert live(store) == {"a": later.token}


def _repeated(answer: Any) -> Any:
    """The same answer, marked as given before."""
    values = {n: getattr(answer, n) for n in answer.__dataclass_fields__}
    return type(answer)(**{**values, "again": True})


def test_i14_a_wait_for_the_lock_ends_in_time_and_names_the_holder(
    root: Path, clock: Clock
) -> None:
    store = FolderStore(root, clock, timeout=0.2)
    start(store, "a")
    process = store_process.run(root, "STOP", "begun", "claim", "anna", "a")
    store_process.stopped(process)
    try:
        started = time.monotonic()
        with pytest.raises(StoreFault) as caught:
            claim(store, BERT)
        assert time.monotonic() - started < 5
        assert caught.value.code == "lock_timeout"
        assert f"process {process.pid} " in caught.value.sentence
    finally:
        process.kill()
        process.communicate()
    assert claim(store, BERT).task == "a"
    store.close()


# ---------------------------------------------------------------------- merging, people


def test_i15_one_merge_at_a_time(repository: Path) -> None:
    one, other = Repository.find(repository), Repository.find(repository)
    with merging._only_merge(one), pytest.raises(NotNow) as caught, merging._only_merge(other):
        pass
    assert caught.value.code == "merge_running"
    with merging._only_merge(other):
        pass


@pytest.mark.parametrize("target", ["main", "side"])
def test_i15_a_branch_that_moved_meanwhile_is_left_alone(repository: Path, target: str) -> None:
    old = scratch.git(repository, "rev-parse", "main")
    ahead = scratch.branch(repository, "ahead", {"new.txt": "new\n"})
    moved = scratch.commit(repository, {"README.md": "Meanwhile.\n"})
    scratch.git(repository, "branch", "--no-track", "side", "main")
    with pytest.raises(NotNow) as caught:
        land(Repository.find(repository), f"refs/heads/{target}", old, ahead)
    assert caught.value.code == "target_moved"
    assert scratch.git(repository, "rev-parse", target) == moved


@pytest.mark.parametrize("to", ["completed", "failed", "blocked", "claimed"])
def test_i16_a_task_is_where_a_person_put_it(folder: Folder, to: str) -> None:
    store, other = folder.opened(), folder.opened()
    start(store, "a", task("b", needs=("a",)))
    other.read(lambda view: view.rev)
    folder.move("a", "available", to)
    for each in (other, store, folder.opened()):
        assert state(each, "a") == to
    assert nothing(store, ANNA).finished if to in ("blocked", "claimed") else claim(store, ANNA)


def test_i16_a_claim_that_a_person_took_away_is_over(folder: Folder) -> None:
    store = folder.opened()
    start(store, "a")
    held = claim(store, ANNA)
    folder.move("a", "claimed", "available")
    with refused(store, "stale_token", "moved"):
        complete(store, held)
    assert claim(folder.opened(), BERT).token > held.token


@pytest.mark.parametrize("tick", [0, 10**10], ids=["fine times", "coarse times"])
def test_i16_a_lock_that_was_replaced_keeps_everybody_out_at_once(
    root: Path, clock: Clock, tick: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file system's clock has not ticked since the store looked last."""
    real_stat = os.stat

    def coarse(*args: Any, **kwargs: Any) -> SimpleNamespace:
        found = real_stat(*args, **kwargs)
        names = ("st_mode", "st_dev", "st_ino", "st_size")
        times = dict.fromkeys(("st_mtime_ns", "st_ctime_ns"), found.st_mtime_ns // tick * tick)
        return SimpleNamespace(**{n: getattr(found, n) for n in names}, **times)

    store = FolderStore(root, clock, timeout=0.05)
    start(store, "a", "b")
    lock, new = root / "_tasks" / ".lock", root / "_tasks" / "new"
    with monkeypatch.context() as patch:
        if tick:
            patch.setattr(opened, "SETTLED", 2 * tick)
            patch.setattr(os, "stat", coarse)
        give_back(store, claim(store, ANNA))
        new.touch()
        os.rename(new, lock)
        with FileLock(lock, 1.0).held(), pytest.raises(StoreFault) as caught:
            claim(store, BERT)
    assert caught.value.code == "lock_timeout"
    assert claim(store, BERT).task == "a"
    store.close()


def test_i16_a_move_counts_for_the_very_next_claim(folder: Folder) -> None:
    store = folder.opened()
    start(store, "a", task("b", needs=("a",)))
    complete(store, claim(store, ANNA))
    folder.move("a", "completed", "available")
    with pytest.raises(NotNow) as caught:
        claim(store, ANNA, "b")
    assert caught.value.code == "waits_for"


def test_i16_a_claim_is_of_the_task_as_a_person_has_just_edited_it(
    folder: Folder, root: Path
) -> None:
    store = folder.opened()
    start(store, "a")
    path = root / "_tasks/available/a.md"
    path.write_text(path.read_text().replace('files: ["a.py"]', "files: [other.py]"))
    assert claim(store, ANNA).files == ("other.py",)


def test_i16_an_edit_of_a_waiting_task_counts(folder: Folder, root: Path) -> None:
    store = folder.opened()
    start(store, "a", "b")
    claim(store, BERT, "b")
    path = root / "_tasks/available/a.md"
    path.write_text(path.read_text().replace('files: ["a.py"]', "files: [b.py, x.py]"))
    with refused(store, "files_held", "b.py"):
        claim(store, ANNA, "a")
