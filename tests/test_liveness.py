"""Who lives: known by a lock and by what hooks saw, never by a clock; in doubt everybody does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from parallel_agents.core.model import Agent
from parallel_agents.store.liveness import Liveness
from store_process import DEADLINE
from stores import ANNA, BERT

SERVER = """
import sys
from pathlib import Path
from parallel_agents.store.liveness import Liveness
Liveness(Path(sys.argv[1])).hold_session(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".alive").mkdir()
    return tmp_path


@pytest.fixture
def liveness(folder: Path) -> Iterator[Liveness]:
    here = Liveness(folder)
    yield here
    here.close()


@contextmanager
def server(folder: Path, session: str) -> Iterator[subprocess.Popen[str]]:
    """A server of a session in a process of its own, until its standard input is closed."""
    process = subprocess.Popen(
        (sys.executable, "-c", SERVER, str(folder), session),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        if not process.stdout.closed:
            process.communicate(timeout=DEADLINE)


def log(folder: Path, *entries: Any) -> None:
    with (folder / ".hooklog").open("a") as file:
        for entry in entries:
            file.write((entry if isinstance(entry, str) else json.dumps(entry)) + "\n")


def ended(agent: Agent, at: float, kind: str = "ended") -> dict[str, Any]:
    return {"at": at, "kind": kind, "agent": agent.key, "tool": "", "path": "", "task": "a"}


def test_a_session_lives_as_long_as_its_server(folder: Path, liveness: Liveness) -> None:
    with server(folder, ANNA.session):
        assert not liveness.is_dead(ANNA)
    assert liveness.is_dead(ANNA)


def test_a_killed_server_ends_its_session(folder: Path, liveness: Liveness) -> None:
    with server(folder, ANNA.session) as process:
        process.kill()
        process.wait(timeout=DEADLINE)
        assert liveness.is_dead(ANNA)


def test_a_session_with_two_servers_is_over_when_both_are(folder: Path, liveness: Liveness) -> None:
    with server(folder, ANNA.session) as first, server(folder, ANNA.session):
        first.communicate(timeout=DEADLINE)
        assert not liveness.is_dead(ANNA)
    assert liveness.is_dead(ANNA)


def test_one_session_says_nothing_of_another(folder: Path, liveness: Liveness) -> None:
    with server(folder, "s-2"):
        pass
    assert not liveness.is_dead(ANNA)
    assert liveness.is_dead(Agent("s-2", "anna"))


def test_a_session_nobody_has_heard_of_is_in_doubt_and_lives(liveness: Liveness) -> None:
    assert not liveness.is_dead(ANNA)


def test_the_session_of_this_very_server_lives(liveness: Liveness) -> None:
    liveness.hold_session(ANNA.session)
    liveness.hold_session(ANNA.session)
    assert not liveness.is_dead(ANNA)


def test_another_in_this_process_sees_it_too(folder: Path, liveness: Liveness) -> None:
    liveness.hold_session(ANNA.session)
    assert not Liveness(folder).is_dead(ANNA)
    liveness.close()
    assert Liveness(folder).is_dead(ANNA)


def test_a_look_at_the_lock_does_not_keep_a_server_from_taking_it(
    folder: Path, liveness: Liveness
) -> None:
    import fcntl
    import threading

    path = folder / ".alive" / f"{ANNA.session}.session"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    taker = threading.Thread(target=liveness.hold_session, args=(ANNA.session,))
    taker.start()
    fcntl.flock(fd, fcntl.LOCK_UN)
    taker.join(DEADLINE)
    os.close(fd)
    assert not Liveness(folder).is_dead(ANNA)


def test_a_new_folder_is_told_of_the_session_too(folder: Path, liveness: Liveness) -> None:
    liveness.hold_session(ANNA.session)
    for left in (folder / ".alive").iterdir():
        left.unlink()
    liveness.hold_session(ANNA.session)
    assert (folder / ".alive" / f"{ANNA.session}.session").exists()
    assert not Liveness(folder).is_dead(ANNA)


@pytest.mark.parametrize("kind", ["ended", "session_end"])
def test_an_agent_that_a_hook_saw_end_is_dead(folder: Path, liveness: Liveness, kind: str) -> None:
    log(folder, ended(ANNA, 100.0, kind))
    assert liveness.is_dead(ANNA)
    assert not liveness.is_dead(BERT)


def test_an_agent_that_gave_a_sign_since_lives(folder: Path, liveness: Liveness) -> None:
    liveness.beat(ANNA)
    sign = liveness.last_sign(ANNA)
    assert sign is not None
    log(folder, ended(ANNA, sign - 10))
    assert not liveness.is_dead(ANNA)
    log(folder, ended(ANNA, sign + 10))
    assert liveness.is_dead(ANNA)


def test_a_denial_is_no_death(folder: Path, liveness: Liveness) -> None:
    log(folder, ended(ANNA, 100.0, "denied"))
    assert not liveness.is_dead(ANNA)


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "7", "null", '"text"', '{"agent": 1}', '{"kind": "ended"}']
)
def test_a_garbled_line_of_the_log_is_passed_over(
    folder: Path, liveness: Liveness, line: str
) -> None:
    log(folder, ended(ANNA, 100.0), line)
    assert liveness.is_dead(ANNA)


def test_a_log_line_without_a_time_is_passed_over(folder: Path, liveness: Liveness) -> None:
    log(folder, {"kind": "ended", "agent": ANNA.key}, {**ended(ANNA, 0), "at": "noon"})
    assert not liveness.is_dead(ANNA)


def test_a_sign_of_life_is_the_time_it_was_given(liveness: Liveness, folder: Path) -> None:
    assert liveness.last_sign(ANNA) is None
    liveness.beat(ANNA)
    os.utime(folder / ".alive" / f"{ANNA.session}.{ANNA.name}", (50, 50))
    assert liveness.last_sign(ANNA) == 50
    liveness.beat(ANNA)
    sign = liveness.last_sign(ANNA)
    assert sign is not None
    assert sign > 50


def test_a_further_sign_of_life_is_no_first_one(liveness: Liveness, folder: Path) -> None:
    liveness.beat(ANNA, first=False)
    assert liveness.last_sign(ANNA) is None
    liveness.beat(ANNA)
    os.utime(folder / ".alive" / "s-1.anna", (0, 0))
    liveness.beat(ANNA, first=False)
    assert liveness.last_sign(ANNA) != 0


def test_names_that_are_no_file_names_are_kept_inside_the_folder(
    folder: Path, liveness: Liveness
) -> None:
    liveness.beat(Agent("../../s", "a/../b c"))
    names = {p.name for p in (folder / ".alive").iterdir()}
    assert names == {".clock", ".._.._s.a_.._b_c"}


def test_a_sign_of_life_does_not_follow_a_link(folder: Path, liveness: Liveness) -> None:
    target = folder / "precious"
    target.touch()
    os.utime(target, (50, 50))
    (folder / ".alive" / f"{ANNA.session}.{ANNA.name}").symlink_to(target)
    (folder / ".alive" / f"{ANNA.session}.session").symlink_to(target)
    liveness.beat(ANNA)
    liveness.hold_session(ANNA.session)
    assert not liveness.is_dead(ANNA)
    assert target.stat().st_mtime == 50


def test_where_no_store_is_nothing_is_made(tmp_path: Path) -> None:
    nowhere = Liveness(tmp_path / "_tasks")
    nowhere.beat(ANNA)
    nowhere.hold_session(ANNA.session)
    assert not nowhere.is_dead(ANNA)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_signs_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    here = Liveness(tmp_path)
    here.beat(ANNA)
    here.hold_session(ANNA.session)
    assert here.last_sign(ANNA) is not None
    here.close()
    assert here.is_dead(ANNA)


def test_that_a_session_is_held_is_known_at_once(folder: Path, liveness: Liveness) -> None:
    assert not liveness.holds_session(ANNA.session)
    liveness.hold_session(ANNA.session)
    assert liveness.holds_session(ANNA.session)
    (folder / ".alive" / "s-1.session").unlink()
    assert not liveness.holds_session(ANNA.session)
    liveness.hold_session(ANNA.session)
    with liveness._mutex:  # another thread is at it
        assert not liveness.holds_session(ANNA.session)
    assert liveness.holds_session(ANNA.session)
