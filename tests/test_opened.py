"""Files held open: whoever has one learns that its name leads elsewhere by now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from parallel_agents.store import opened
from parallel_agents.store.opened import FILE, PLACE, Entries, Opened


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    return Entries(str(tmp_path))


@pytest.fixture
def file(tmp_path: Path, entries: Entries) -> Opened:
    made = Opened(str(tmp_path / "file"), FILE, entries)
    os.write(made.current(), b"mine")
    return made


@pytest.fixture(params=["settled", "just touched"])
def _moment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long after the folder was touched, or so soon that its times tell nothing."""
    late = request.param == "settled"
    monkeypatch.setattr(opened, "SETTLED", -(1 << 62) if late else 1 << 62)


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    (path.parent / "new").write_text("theirs")
    (path.parent / "new").rename(path)


def moved_away_and_made_anew(path: Path) -> None:
    path.rename(path.parent / "old")
    path.write_text("theirs")


def turned_into_a_link(path: Path) -> None:
    path.rename(path.parent / "old")
    path.symlink_to("old")


DEEDS = (removed, replaced, moved_away_and_made_anew, turned_into_a_link)


def look_again(entries: Entries, file: Opened) -> bool:
    entries.look()
    return file.is_current()


@pytest.mark.usefixtures("_moment")
@pytest.mark.parametrize("deed", DEEDS)
def test_whatever_happens_to_a_name_shows_at_the_next_look(
    tmp_path: Path, entries: Entries, file: Opened, deed: Callable[[Path], None]
) -> None:
    assert all(look_again(entries, file) for _ in range(3))
    deed(tmp_path / "file")
    assert not look_again(entries, file)
    assert not file.is_current()


@pytest.mark.usefixtures("_moment")
def test_a_replaced_file_is_opened_anew(tmp_path: Path, entries: Entries, file: Opened) -> None:
    entries.look()
    assert os.pread(file.current(), 9, 0) == b"mine"
    replaced(tmp_path / "file")
    entries.look()
    assert os.pread(file.current(), 9, 0) == b"theirs"
    assert look_again(entries, file)


def test_what_is_not_looked_for_is_looked_up_each_time(tmp_path: Path) -> None:
    alone, unseen = (Opened(str(tmp_path / "f"), FILE, e) for e in (None, Entries(str(tmp_path))))
    for file in (alone, unseen):
        file.current()
        assert file.is_current()
    removed(tmp_path / "f")
    assert not alone.is_current()
    assert not unseen.is_current()


def test_a_folder_whose_time_was_set_back_is_seen_to_have_changed(
    tmp_path: Path, entries: Entries, file: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "SETTLED", -(1 << 62))
    assert look_again(entries, file)
    before = tmp_path.stat()
    while tmp_path.stat().st_ctime_ns == before.st_ctime_ns:  # until the clock has ticked
        replaced(tmp_path / "file")
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert tmp_path.stat().st_mtime_ns == before.st_mtime_ns
    assert not look_again(entries, file)


def test_within_one_tick_of_the_clock_nothing_is_taken_for_settled(
    tmp_path: Path, entries: Entries, file: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look that finds a folder old enough cannot tell what happened before it."""
    monkeypatch.setattr(opened, "SETTLED", 1 << 62)
    assert look_again(entries, file)
    turn = entries.turn
    monkeypatch.setattr(opened, "SETTLED", -(1 << 62))
    entries.look()
    assert entries.turn > turn
    turn = entries.turn
    entries.look()
    assert entries.turn == turn


def test_a_folder_that_is_gone_leaves_nothing_known(
    tmp_path: Path, file: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "SETTLED", -(1 << 62))
    place = tmp_path / "place"
    place.mkdir()
    entries = Entries(str(place))
    inside = Opened(str(place / "file"), FILE, entries)
    inside.current()
    assert all(look_again(entries, inside) for _ in range(2))
    (place / "file").unlink()
    place.rmdir()
    with pytest.raises(FileNotFoundError):
        entries.look()
    assert not inside.is_current()
    with pytest.raises(FileNotFoundError):
        inside.current()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "place").symlink_to("there")
    (tmp_path / "file").symlink_to("there/file")
    for name, flags in (("place", PLACE), ("file", FILE)):
        with pytest.raises(OSError, match=r"directory|symbolic"):
            Opened(str(tmp_path / name), flags).current()
    assert list((tmp_path / "there").iterdir()) == []


def test_a_closed_file_is_opened_again(tmp_path: Path, entries: Entries, file: Opened) -> None:
    entries.look()
    file.close()
    assert not file.is_open
    assert not file.is_current()
    assert os.pread(file.current(), 9, 0) == b"mine"


def test_what_is_let_go_of_is_closed(tmp_path: Path) -> None:
    made = Opened(str(tmp_path / "file"), FILE)
    fd = made.fd()
    os.fstat(fd)
    del made
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
