"""The table that hooks read: whole or refused, never too old, whatever the writer is doing."""

from __future__ import annotations

import os
from binascii import crc32
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core import locktable
from parallel_agents.core.locktable import HeldClaim, Table, TableTorn

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)


def held(task: str = "a", token: int = 3, files: tuple[str, ...] = ("a.py",)) -> HeldClaim:
    return HeldClaim(task, token, "s/anna", 1.5, 1, "/work/tree", files)


def rows(table: Table | None) -> list[tuple[object, ...]]:
    assert table is not None
    return [(c.task, c.token, c.agent, c.since, c.slot, c.workdir, c.files) for c in table.claims]


def write(folder: Path, seq: int, *claims: HeldClaim) -> None:
    table = Table(seq, seq, "p1", "files", "/repo", claims)
    (folder / locktable.SLOTS[seq % 2]).write_bytes(locktable.encode(table))


def read(folder: Path) -> Table | None:
    return locktable.read(str(folder))


@given(
    words=st.lists(TEXT, min_size=7, max_size=7),
    files=st.lists(TEXT, max_size=4),
    numbers=st.lists(st.integers(0, 10**9), min_size=3, max_size=3),
)
def test_a_table_is_read_back_as_it_was_written(
    words: list[str], files: list[str], numbers: list[int]
) -> None:
    run, strategy, root, task, agent, other, workdir = words
    seq, rev, token = numbers
    claims = (
        HeldClaim(task, token, agent, 1.25, 1, f"/{workdir}", tuple(files)),
        HeldClaim(other, token + 1, agent, 0.0, 2, None, ()),
    )
    table = Table(seq, rev, run, strategy, root, claims)
    again = locktable.decode(locktable.encode(table))
    assert (again.seq, again.rev, again.run, again.strategy, again.root) == (
        seq,
        rev,
        run,
        strategy,
        root,
    )
    assert rows(again) == rows(table)


def test_where_no_table_is_no_run_is(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    (tmp_path / ".locks.0").touch()
    assert read(tmp_path) is None


def test_the_newer_of_two_slots_counts(tmp_path: Path) -> None:
    write(tmp_path, 1, held(token=1))
    write(tmp_path, 2, held(token=2))
    assert [row[1] for row in rows(read(tmp_path))] == [2]
    write(tmp_path, 3)
    assert rows(read(tmp_path)) == []


def test_a_shorter_table_written_over_a_longer_one_is_whole(tmp_path: Path) -> None:
    write(tmp_path, 1, *(held(f"t{n}") for n in range(50)))
    write(tmp_path, 3, held())
    assert rows(read(tmp_path)) == rows(Table(3, 3, claims=(held(),)))


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_half_a_slot_is_never_taken_for_a_table(tmp_path: Path, cut: int) -> None:
    whole = locktable.encode(Table(2, 2, "p1", "files", "/repo", (held(), held("b"))))
    assert cut < len(whole)
    write(tmp_path, 1, held(token=1))
    (tmp_path / ".locks.0").write_bytes(whole[:cut])
    assert [row[1] for row in rows(read(tmp_path))] == [1]


@pytest.mark.parametrize("at", range(0, 150, 11))
def test_one_changed_byte_is_noticed(at: int) -> None:
    raw = bytearray(locktable.encode(Table(2, 2, "p1", "files", "/repo", (held(), held("b")))))
    raw[at] ^= 0x15
    with pytest.raises(TableTorn):
        locktable.decode(bytes(raw))


@pytest.mark.parametrize("cut", range(len(locktable.MAGIC), 60))
def test_half_a_new_slot_over_an_old_one_is_never_a_table_of_its_own(cut: int) -> None:
    old = locktable.encode(Table(19, 19, "p1", "files", "/repo", (held(),)))
    new = locktable.encode(Table(21, 20, "p1", "files", "/repo", (held(), held("b"))))
    torn = new[:cut] + old[cut:]
    try:
        table = locktable.decode(torn)
    except TableTorn:
        return
    assert table.seq in (19, 21)
    assert torn in (old, new)


def test_where_no_slot_is_whole_the_reader_must_refuse(tmp_path: Path) -> None:
    (tmp_path / ".locks.0").write_bytes(b"garbage")
    with pytest.raises(TableTorn):
        read(tmp_path)
    (tmp_path / ".locks.1").write_bytes(b"\xff" * 100)
    with pytest.raises(TableTorn):
        read(tmp_path)


def test_a_table_of_other_rows_is_refused() -> None:
    body = b"run\tp1\tfiles\t/repo\nclaim\ta\tnot a number\ts/x\t0\t1\t-\n"
    head = f"{locktable.MAGIC} 1 1 {len(body)} ".encode()
    checksum = b"%d\n" % crc32(head + body)
    with pytest.raises(TableTorn, match="row"):
        locktable.decode(head + checksum + body)


def test_a_slot_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, 1, held())
    (tmp_path / "elsewhere").write_bytes(locktable.encode(Table(8, 8, "p1", "files", "/repo")))
    (tmp_path / ".locks.0").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        read(tmp_path)


def test_i12_a_reader_between_two_writes_does_not_miss_a_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads slot 0, then two changes are written, and it finds slot 1 half written."""
    write(tmp_path, 2)
    write(tmp_path, 3, held(token=3))
    read_file = locktable._read_file
    reads: list[str] = []

    def interleaved(path: str) -> bytes:
        data = read_file(path)
        reads.append(path)
        if len(reads) == 1:
            write(tmp_path, 4, held(token=3), held("b", token=4))
            half = locktable.encode(Table(5, 5, "p1", "files", "/repo", (held(),)))[:60]
            (tmp_path / ".locks.1").write_bytes(half)
        return data

    monkeypatch.setattr(locktable, "_read_file", interleaved)
    assert [row[1] for row in rows(read(tmp_path))] == [3, 4]


def test_a_table_that_never_stands_still_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 2)
    reads = 0

    def restless(path: str) -> bytes:
        nonlocal reads
        reads += 1
        whole = locktable.encode(Table(reads, reads, "p1", "files", "/repo"))
        return whole if reads % 2 else whole[:-1]

    monkeypatch.setattr(locktable, "_read_file", restless)
    with pytest.raises(TableTorn):
        read(tmp_path)
    assert reads < 100


def test_the_tasks_of_a_run_are_read_back(tmp_path: Path) -> None:
    tasks: list[tuple[str, tuple[str, ...]]] = [("a", ("x\ty", "z%09")), ("b", ())]
    (tmp_path / ".tasks").write_bytes(locktable.encode_tasks(4, tasks))
    assert locktable.read_tasks(str(tmp_path)) == tasks
    os.truncate(tmp_path / ".tasks", 20)
    with pytest.raises(TableTorn):
        locktable.read_tasks(str(tmp_path))


@pytest.mark.parametrize(
    ("state", "unfinished"),
    [("available", True), ("claimed", True), ("failed", True), ("completed", False)],
)
def test_where_a_tasks_file_lies_tells_whether_it_is_unfinished(
    tmp_path: Path, state: str, unfinished: bool
) -> None:
    (tmp_path / state).mkdir()
    (tmp_path / state / "a.md").touch()
    assert locktable.is_unfinished(str(tmp_path), "a") is unfinished
