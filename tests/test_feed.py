"""The event feed: what one writes the others read; anything odd sends them to the files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import TaskId
from parallel_agents.store.feed import Feed, FeedBroken, Line


def line(rev: int, previous: int | None = None) -> Line:
    data = {"state": "blocked", "found": "failed"}
    event = Event(rev, 1.5, Kind.MOVED, TaskId("a"), data)
    return Line(rev - 1 if previous is None else previous, event, {"blocked": 7}, (10, 20))


def append(feed: Feed, *revs: int) -> None:
    for rev in revs:
        written = line(rev)
        feed.append(written, json.dumps(dict(written.event.data)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".events"


@pytest.fixture
def writer(path: Path) -> Feed:
    feed = Feed(path)
    feed.skip()
    return feed


@pytest.fixture
def reader(writer: Feed, path: Path) -> Feed:
    feed = Feed(path)
    feed.skip()
    return feed


def test_lines_are_read_once_and_as_they_were_written(writer: Feed, reader: Feed) -> None:
    append(writer, 1, 2)
    assert reader.news() == [line(1), line(2)]
    assert reader.news() == []
    append(writer, 3)
    assert reader.news() == [line(3)]


def test_the_writers_own_lines_are_no_news(writer: Feed) -> None:
    append(writer, 1)
    assert writer.news() == []


def test_two_writers_in_turn_lose_no_line(writer: Feed, reader: Feed, path: Path) -> None:
    append(writer, 1)
    reader.news()
    append(reader, 2)
    assert writer.news() == [line(2)]
    append(writer, 3)
    assert len(path.read_bytes().splitlines()) == 3


def test_whoever_comes_later_starts_at_the_end_and_knows_the_revision(
    writer: Feed, path: Path
) -> None:
    append(writer, 1, 2)
    late = Feed(path)
    assert late.skip() == 2
    assert late.news() == []


def test_a_feed_nobody_has_opened_yet_is_not_to_be_relied_on(path: Path) -> None:
    path.touch()
    with pytest.raises(FeedBroken):
        Feed(path).news()


def test_a_torn_line_breaks_the_feed_until_it_is_skipped(writer: Feed, reader: Feed) -> None:
    append(writer, 1)
    path = Path(writer._file.path)
    raw = path.read_bytes()
    with path.open("ab") as file:
        file.write(raw[: len(raw) // 2])
    with pytest.raises(FeedBroken, match="torn"):
        reader.news()
    assert reader.skip() == 1
    append(reader, 2)
    with pytest.raises(FeedBroken):
        writer.news()
    assert writer.skip() == 2
    assert Feed(path).skip() == 2


def test_a_feed_that_is_broken_off_makes_all_others_look_at_the_files(
    writer: Feed, reader: Feed
) -> None:
    append(writer, 1)
    writer.break_off()
    append(writer, 2)
    assert writer.news() == []
    with pytest.raises(FeedBroken):
        reader.news()
    assert reader.skip() == 2


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_changed_byte_breaks_the_feed(writer: Feed, reader: Feed, path: Path, at: int) -> None:
    append(writer, 1)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(FeedBroken):
        reader.news()


@pytest.mark.parametrize("how", ["deleted", "replaced", "moved away", "cut"])
def test_another_file_in_its_place_breaks_the_feed(
    writer: Feed, reader: Feed, path: Path, how: str
) -> None:
    append(writer, 1)
    reader.news()
    match how:
        case "deleted":
            path.unlink()
        case "replaced":
            (path.parent / "other").write_bytes(path.read_bytes())
            os.rename(path.parent / "other", path)
        case "moved away":
            os.rename(path, path.parent / "elsewhere")
        case _:
            os.truncate(path, 10)
    with pytest.raises(FeedBroken):
        reader.news()
    reader.skip()
    append(reader, 2)
    late = Feed(path)
    assert late.skip() == 2


def test_a_line_that_lacks_what_its_kind_needs_breaks_the_feed(writer: Feed, reader: Feed) -> None:
    writer.append(line(1), "{}")
    with pytest.raises(FeedBroken, match="lacks"):
        reader.news()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    path.symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        Feed(path).skip()
