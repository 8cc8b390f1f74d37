"""Revisions never go back: over a new process, a new start of the machine, a lost reservation."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from parallel_agents.store import revisions
from parallel_agents.store.revisions import BLOCK, LOST, Reservation


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".rev"


def boots(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(revisions, "_boot", lambda: name)


def test_a_new_store_begins_at_nothing(path: Path) -> None:
    assert Reservation(path).settle(0) == 0


def test_a_new_process_goes_on_from_what_the_files_say(path: Path) -> None:
    first = Reservation(path)
    first.settle(0)
    first.cover(17)
    assert Reservation(path).settle(17) == 17


def test_after_a_start_of_the_machine_nothing_that_was_reserved_is_given_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boots(monkeypatch, "monday")
    first = Reservation(path)
    first.settle(0)
    first.cover(17)
    assert not Reservation(path).is_of_earlier_start()
    boots(monkeypatch, "tuesday")
    assert Reservation(path).is_of_earlier_start()
    assert Reservation(path).settle(3) >= BLOCK
    assert not Reservation(path).is_of_earlier_start()


def test_after_a_start_of_the_machine_every_process_goes_on_from_the_same_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one may only have looked: no file tells the second how far it jumped."""
    boots(monkeypatch, "monday")
    Reservation(path).settle(5)
    boots(monkeypatch, "tuesday")
    first = Reservation(path).settle(5)
    assert first > 5
    assert Reservation(path).settle(5) == first


def test_a_lost_reservation_is_jumped_over(path: Path) -> None:
    Reservation(path).settle(0)
    path.unlink()
    assert Reservation(path).settle(40) == 40 + LOST


@pytest.mark.parametrize("content", [b"", b"garbage", b"00000000 9 1 x\n", b"\xff" * 90])
def test_a_garbled_reservation_is_a_lost_one(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert Reservation(path).settle(40) == 40 + LOST


def test_what_was_covered_anew_holds_even_where_the_files_forget(path: Path) -> None:
    first = Reservation(path)
    first.settle(0)
    first.cover(30, anew=True)
    assert Reservation(path).settle(2) == 30


def test_one_write_to_the_disk_serves_a_block(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fsync", syncs.append)
    reservation = Reservation(path)
    reservation.settle(0)
    syncs.clear()
    for rev in range(1, 3 * BLOCK):
        reservation.cover(rev)
    assert len(syncs) == 2


def test_two_processes_in_turn_never_lower_what_is_reserved(path: Path) -> None:
    one, other = Reservation(path), Reservation(path)
    one.settle(0)
    other.settle(0)
    ceilings = []
    for rev in range(1, 5 * BLOCK, 500):
        (one if rev % 1000 < 500 else other).cover(rev)
        ceilings.append(Reservation(path)._read()[0])
        assert ceilings[-1] >= rev
    assert ceilings == sorted(ceilings)


def test_a_link_in_its_place_is_not_followed(path: Path) -> None:
    path.with_name("elsewhere").touch()
    path.symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        Reservation(path).cover(1)


def test_a_reservation_that_cannot_be_read_for_now_does_not_pass_for_a_lost_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would know then that the machine was started since."""

    def failing(path: Path) -> tuple[str, os.stat_result]:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(revisions, "read_regular", failing)
    calls: list[Callable[[], object]] = [
        Reservation(path).is_of_earlier_start,
        lambda: Reservation(path).settle(3),
    ]
    for call in calls:
        with pytest.raises(OSError, match="Input/output"):
            call()


def test_this_start_of_the_machine_has_one_name() -> None:
    assert revisions._boot()
    assert revisions._boot() == revisions._boot()


def test_where_the_start_of_the_machine_has_no_name_each_process_is_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(self: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", unreadable)
    monkeypatch.setattr(revisions, "_boot_of_macos", lambda: "")
    assert revisions._boot().startswith("process-")
