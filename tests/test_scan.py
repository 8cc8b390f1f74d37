"""From files to a view: what a person did is honoured, what a crash left is taken back."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from parallel_agents.core.commands import MarkMerged
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.view import Record
from parallel_agents.store import files
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.frontmatter import Unreadable
from parallel_agents.store.scan import Scan, move_event, scan
from stores import ANNA, BASE, BERT, claim, complete, extend, fail, give_back, prepare, start, task

pytest_plugins = ["store_fixtures"]

A = TaskId("a")


def look(store: FolderStore, *cut_off: tuple[str, int]) -> Scan:
    """Scan the store's folder; `cut_off` are the changes that may not have come about."""
    found = scan(store.folder, lambda name, rev: (name, rev) in cut_off)
    for move in found.moved:
        found.view.apply(move_event(found.view.rev + 1, 5.0, move))
    return found


def record(found: Scan, name: str = "a") -> Record:
    return found.view.records[TaskId(name)]


def file_of(store: FolderStore, state: str, name: str = "a") -> Path:
    return store.folder / state / f"{name}.md"


def last_rev(store: FolderStore) -> int:
    return store.read(lambda view: view.rev)


def test_the_folder_tells_everything_the_index_knows(folder_store: FolderStore) -> None:
    start(folder_store, "a", task("b", "src/**", needs=("a",), priority=3, check="make b"))
    complete(folder_store, claim(folder_store, ANNA))
    held = claim(folder_store, BERT)
    prepare(folder_store, held)
    extend(folder_store, held, "docs/x.md")
    found = look(folder_store)
    assert (found.moved, found.uncommitted, found.view.damaged) == ([], [], {})
    assert record(found).state is State.COMPLETED
    live = record(found, "b").claim
    assert live is not None
    assert live == folder_store.read(lambda view: view.claims[TaskId("b")])
    assert live.files == ("src/**", "docs/x.md")
    assert live.start == BASE
    assert found.seen == last_rev(folder_store)


@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("was", list(State))
def test_i16_where_a_person_puts_a_task_there_it_is(
    folder_store: FolderStore, was: State, to: State
) -> None:
    start(folder_store, "a")
    if was is not State.AVAILABLE:
        held = claim(folder_store, ANNA)
        if was is State.COMPLETED:
            complete(folder_store, held)
        elif was is not State.CLAIMED:
            fail(folder_store, held)
        if was is State.BLOCKED:
            fail(folder_store, claim(folder_store, ANNA))
    if was is not to:
        os.rename(file_of(folder_store, was), file_of(folder_store, to))
    found = look(folder_store)
    assert record(found).state is to
    assert found.moved == ([] if was is to else [(A, was, to)])
    assert (record(found).claim is not None) is (was is to is State.CLAIMED)


def test_a_task_a_person_takes_out_of_blocked_begins_anew(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    for _ in range(2):
        fail(folder_store, claim(folder_store, ANNA))
    os.rename(file_of(folder_store, "blocked"), file_of(folder_store, "available"))
    found = look(folder_store)
    assert (record(found).failures, record(found).failed_by) == (0, frozenset())


def test_a_line_without_its_rename_is_taken_back(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    os.rename(file_of(folder_store, "claimed"), file_of(folder_store, "available"))
    found = look(folder_store, ("a", held.token))
    assert (found.uncommitted, found.moved) == ([(A, held.token, State.AVAILABLE)], [])
    assert record(found).state is State.AVAILABLE
    assert record(found).ended == {}
    assert found.seen == held.token


def test_an_end_without_its_rename_is_taken_back_and_the_claim_lives(
    folder_store: FolderStore,
) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    rev = complete(folder_store, held).event.rev
    os.rename(file_of(folder_store, "completed"), file_of(folder_store, "claimed"))
    assert record(look(folder_store, ("a", rev))).claim == held


def test_a_person_who_moves_a_task_back_revives_no_claim(folder_store: FolderStore) -> None:
    """The same files as after a crash; but nothing was cut off, and the agent has gone on."""
    start(folder_store, "a", "b")
    complete(folder_store, claim(folder_store, ANNA))
    claim(folder_store, ANNA)
    os.rename(file_of(folder_store, "completed"), file_of(folder_store, "claimed"))
    found = look(folder_store)
    assert record(found).claim is None
    assert list(found.view.claims) == ["b"]


def test_a_line_that_was_cut_off_in_a_file_that_a_person_moved(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    os.rename(file_of(folder_store, "claimed"), file_of(folder_store, "blocked"))
    found = look(folder_store, ("a", held.token))
    assert found.uncommitted == [(A, held.token, State.BLOCKED)]
    assert found.moved == [(A, State.AVAILABLE, State.BLOCKED)]


@pytest.mark.parametrize(
    ("copied", "to"), [("claimed", "available"), ("claimed", "completed"), ("completed", "failed")]
)
def test_of_two_copies_the_stricter_counts(folder_store: FolderStore, copied: str, to: str) -> None:
    start(folder_store, "a", "b")
    held = claim(folder_store, ANNA)
    if copied == "completed":
        complete(folder_store, held)
    shutil.copy(file_of(folder_store, copied), file_of(folder_store, to))
    found = look(folder_store)
    assert record(found).state == copied
    assert found.moved == []
    assert found.view.damaged == {
        f"{to}/a.md": f"the task is in {copied}/ too; remove one of the two files"
    }


def after_a_start(store: FolderStore) -> Scan:
    """Scan the store's folder for the first time since the machine was started."""
    return scan(store.folder, lambda name, rev: False, restarted=True)


def without_last_line(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def test_a_claim_whose_line_a_power_cut_took_is_to_be_put_back(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    claim(folder_store, ANNA, "a")
    held = claim(folder_store, BERT, "b")
    without_last_line(file_of(folder_store, "claimed"))
    found = after_a_start(folder_store)
    assert found.misplaced == [(A, State.CLAIMED, State.AVAILABLE)]
    assert record(found, "b").claim == held
    found = look(folder_store)
    assert (found.misplaced, found.moved) == ([], [(A, State.AVAILABLE, State.CLAIMED)])


def test_a_failure_outlives_a_power_cut_that_takes_the_line_of_the_next_claim(
    folder_store: FolderStore,
) -> None:
    """Else the first agent's claim would live again, and its failure not count."""
    start(folder_store, "a")
    fail(folder_store, claim(folder_store, ANNA))
    claim(folder_store, BERT)
    without_last_line(file_of(folder_store, "claimed"))
    found = after_a_start(folder_store)
    assert found.misplaced == [(A, State.CLAIMED, State.FAILED)]
    assert (found.uncommitted, record(found).failures) == ([], 1)


def test_a_claim_whose_rename_a_power_cut_took_is_taken_back(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    fail(folder_store, claim(folder_store, ANNA))
    held = claim(folder_store, BERT)
    os.rename(file_of(folder_store, "claimed"), file_of(folder_store, "failed"))
    found = after_a_start(folder_store)
    assert found.uncommitted == [(A, held.token, State.FAILED)]
    assert (found.moved, record(found).failures) == ([], 1)


def test_a_failure_counts_where_a_person_moved_the_task_before_the_machine_was_started(
    folder_store: FolderStore,
) -> None:
    start(folder_store, "a")
    fail(folder_store, claim(folder_store, ANNA))
    os.rename(file_of(folder_store, "failed"), file_of(folder_store, "available"))
    found = after_a_start(folder_store)
    assert (found.uncommitted, found.moved) == ([], [(A, State.FAILED, State.AVAILABLE)])
    assert record(found).failures == 1


def test_a_garbled_claim_stands_over_a_start_of_the_machine(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    claim(folder_store, ANNA)
    path = file_of(folder_store, "claimed")
    path.write_text(path.read_text().replace("id: ", "id; "))
    found = after_a_start(folder_store)
    assert found.misplaced == []
    assert record(found).claim is not None


@pytest.mark.parametrize("what", ["claimed/a.md", "proposal.md"])
def test_a_file_that_cannot_be_read_for_now_does_not_pass_for_none(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A claim would be gone from the hooks' table, and its files free for others."""
    start(folder_store, "a")
    claim(folder_store, ANNA)
    read = files.read_regular

    def failing(path: Path) -> tuple[str, os.stat_result]:
        if path == folder_store.folder / what:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return read(path)

    monkeypatch.setattr(files, "read_regular", failing)
    with pytest.raises(OSError, match="Input/output"):
        look(folder_store)


def test_of_two_copies_the_one_with_the_newer_history_counts(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    held = claim(folder_store, ANNA)
    shutil.copy(file_of(folder_store, "claimed"), folder_store.folder / "kept.md")
    complete(folder_store, held)
    os.rename(folder_store.folder / "kept.md", file_of(folder_store, "claimed"))
    found = look(folder_store)
    assert record(found).state is State.COMPLETED
    assert list(found.view.damaged) == ["claimed/a.md"]


def test_a_damaged_file_is_named_and_its_task_left_alone(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    file_of(folder_store, "available").write_text("garbled")
    found = look(folder_store)
    assert list(found.view.records) == ["b"]
    assert "does not begin" in found.view.damaged["available/a.md"]


@pytest.mark.parametrize(
    ("old", "new"), [("id: ", "id; "), ("---\n\n", ""), ('plan: "', 'plan: "x'), ("## Hist", "")]
)
def test_the_claim_of_a_garbled_file_stands(folder_store: FolderStore, old: str, new: str) -> None:
    start(folder_store, task("a", "src/**"))
    held = claim(folder_store, ANNA)
    extend(folder_store, held, "docs/x.md")
    path = file_of(folder_store, "claimed")
    path.write_text(path.read_text().replace(old, new))
    found = look(folder_store)
    assert list(found.view.damaged) == ["claimed/a.md"]
    assert record(found).damaged
    live = record(found).claim
    assert live is not None
    assert (live.token, live.files) == (held.token, ("src/**", "docs/x.md"))
    assert found.seen == last_rev(folder_store)


def test_revisions_in_damaged_files_count(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    rev = give_back(folder_store, claim(folder_store, ANNA)).event.rev
    path = file_of(folder_store, "available")
    path.write_text("garbled " + path.read_text())
    assert look(folder_store).seen == rev


def test_a_link_in_place_of_a_file_is_not_followed(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    path = file_of(folder_store, "available")
    os.rename(path, folder_store.root / "a.md")
    path.symlink_to(folder_store.root / "a.md")
    found = look(folder_store)
    assert found.view.records == {}
    assert "available/a.md" in found.view.damaged


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket"])
def test_what_is_no_plain_file_is_named_and_waited_for_by_nobody(
    folder_store: FolderStore, kind: str
) -> None:
    start(folder_store, "a")
    odd = file_of(folder_store, "available", "odd")
    match kind:
        case "folder":
            odd.mkdir()
        case "pipe":
            os.mkfifo(odd)
        case _:
            os.mknod(odd, 0o140644)
    opened = len(os.listdir("/dev/fd"))
    found = look(folder_store)
    assert list(found.view.records) == ["a"]
    assert list(found.view.damaged) == ["available/odd.md"]
    assert len(os.listdir("/dev/fd")) == opened


def test_a_link_in_place_of_a_state_is_refused(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    os.rename(folder_store.folder / "available", folder_store.root / "elsewhere")
    (folder_store.folder / "available").symlink_to(folder_store.root / "elsewhere")
    with pytest.raises(NotADirectoryError, match="must be a folder"):
        look(folder_store)


def test_other_files_are_none_of_ours(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    for name in (".a.md.new", "notes.txt", ".hidden.md", "a.md~"):
        file_of(folder_store, "available").with_name(name).write_text("x")
    found = look(folder_store)
    assert (list(found.view.records), found.view.damaged) == (["a"], {})


@pytest.mark.parametrize("name", ["ä.md", "B.md", "a b.md", "\udcff.md"], ids=ascii)
def test_a_file_whose_name_is_no_task_id_is_named(folder_store: FolderStore, name: str) -> None:
    start(folder_store, "a")
    shutil.copy(file_of(folder_store, "available"), folder_store.folder / "available" / name)
    found = look(folder_store)
    assert list(found.view.records) == ["a"]
    assert "no task id" in found.view.damaged[f"available/{name}".replace("\udcff", "\\xff")]


def test_a_task_of_a_plan_that_nobody_approved_does_not_count(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    text = file_of(folder_store, "available").read_text()
    foreign = text.replace('id: "a"', 'id: "z"').replace('plan: "', 'plan: "x')
    file_of(folder_store, "available", "z").write_text(foreign)
    found = look(folder_store)
    assert list(found.view.records) == ["a"]
    assert "not approved" in found.view.damaged["available/z.md"]


def test_a_person_can_add_a_task_to_an_approved_plan(folder_store: FolderStore) -> None:
    start(folder_store, "a")
    text = file_of(folder_store, "available").read_text()
    file_of(folder_store, "available", "z").write_text(text.replace('id: "a"', "id: z"))
    assert list(look(folder_store).view.records) == ["a", "z"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("---\n", "--\n"),
        ("max_agents: null", 'max_agents: "3"'),
        ("approvals: [", "approvals: []\nwere: ["),
        ('"by": "test"', '"from": "test"'),
        ('strategy: "worktree"', 'strategy: "chaos"'),
        ("run: ", "ran: "),
    ],
)
def test_a_damaged_plan_is_an_error_and_no_end_of_the_run(
    folder_store: FolderStore, old: str, new: str
) -> None:
    start(folder_store, "a")
    path = folder_store.folder / "plan.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(Unreadable):
        look(folder_store)


@pytest.mark.parametrize("content", ["", "---\nplan: {tasks: [1]}\n---\n\n## History\n"])
def test_a_damaged_proposal_is_named(folder_store: FolderStore, content: str) -> None:
    start(folder_store, "a")
    (folder_store.folder / "proposal.md").write_text(content)
    found = look(folder_store)
    assert found.view.proposal is None
    assert list(found.view.damaged) == ["proposal.md"]
    assert list(found.view.records) == ["a"]


def test_what_was_merged_is_known(folder_store: FolderStore) -> None:
    start(folder_store, "a", "b")
    complete(folder_store, claim(folder_store, ANNA))
    folder_store.transact(MarkMerged((A,), "c" * 40))
    found = look(folder_store)
    assert (record(found).merged, record(found, "b").merged) == (True, False)
    assert found.seen == last_rev(folder_store)
