"""The one lock: exclusive between processes, with a deadline, and telling of crashes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from parallel_agents.core.errors import StoreFault
from parallel_agents.store import lock as lock_module
from parallel_agents.store.lock import FileLock
from store_process import DEADLINE

HOLDER = """
import sys
from pathlib import Path
from parallel_agents.store.lock import FileLock
lock = FileLock(Path(sys.argv[1]), 5.0)
with lock.held():
    if len(sys.argv) > 2:
        lock.begin(sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path, *begun: str) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(path), *begun),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=DEADLINE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".lock"


def taken(path: Path) -> bool:
    try:
        with FileLock(path, 0.0).held():
            return False
    except StoreFault as fault:
        return fault.code == "lock_timeout"


def refusal(path: Path) -> str:
    with pytest.raises(StoreFault) as caught, FileLock(path, 0.0).held():
        pass
    return caught.value.sentence


def test_one_holder_at_a_time(path: Path) -> None:
    lock = FileLock(path, 1.0)
    with lock.held():
        assert taken(path)
    assert not taken(path)


def test_the_lock_is_let_go_of_when_the_work_fails(path: Path) -> None:
    def work() -> None:
        with FileLock(path, 1.0).held():
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert not taken(path)


def test_i14_the_wait_ends_in_time_and_names_the_holder(path: Path) -> None:
    with held_elsewhere(path) as holder:
        started = time.monotonic()
        with pytest.raises(StoreFault) as caught, FileLock(path, 0.2).held():
            pass
        assert 0.2 <= time.monotonic() - started < 5
        assert caught.value.code == "lock_timeout"
        assert f"process {holder.pid} (" in caught.value.sentence
        assert "0.2 s" in caught.value.sentence


def test_i14_a_holder_that_stands_still_is_named(path: Path) -> None:
    with held_elsewhere(path) as holder:
        os.kill(holder.pid, signal.SIGSTOP)
        os.waitpid(holder.pid, os.WUNTRACED)
        with pytest.raises(StoreFault, match=f"process {holder.pid} "), FileLock(path, 0.1).held():
            pass
    assert not taken(path)


def test_where_the_system_does_not_tell_the_file_names_who_is_in_a_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_holder_by_system", lambda fd: None)
    with held_elsewhere(path, "7 a") as holder:
        assert f"process {holder.pid} " in refusal(path)
    path.unlink()
    with held_elsewhere(path):
        assert "not known" in refusal(path)


def test_a_killed_holder_leaves_nothing_to_clean_up(path: Path) -> None:
    with held_elsewhere(path) as holder:
        holder.kill()
        holder.wait(timeout=DEADLINE)
        assert not taken(path)


def test_who_waits_gets_the_lock_when_it_is_free(path: Path) -> None:
    first, got = FileLock(path, 1.0), threading.Event()

    def wait() -> None:
        with FileLock(path, DEADLINE).held():
            got.set()

    waiter = threading.Thread(target=wait)
    with first.held():
        waiter.start()
        assert not got.is_set()
    waiter.join(DEADLINE)
    assert got.is_set()


def test_a_lock_on_a_file_that_was_replaced_is_not_the_lock(path: Path) -> None:
    lock = FileLock(path, 1.0)
    with lock.held():
        pass
    path.unlink()
    with lock.held():
        assert taken(path)
    os.rename(path, path.with_name("elsewhere"))
    path.touch()
    with lock.held():
        assert taken(path)


def test_a_link_in_its_place_is_not_followed(path: Path) -> None:
    path.with_name("elsewhere").touch()
    path.symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"), FileLock(path, 1.0).held():
        pass


def test_a_change_that_was_finished_is_not_reported(path: Path) -> None:
    lock = FileLock(path, 1.0)
    with lock.held():
        assert lock.interrupted() is None
        lock.begin("7 a")
        lock.finish()
        assert lock.interrupted() is None


def test_a_change_that_was_cut_off_is_told_to_whoever_comes_next(path: Path) -> None:
    with held_elsewhere(path, "7 a-task") as holder:
        holder.kill()
        holder.wait(timeout=DEADLINE)
        lock = FileLock(path, 1.0)
        with lock.held():
            assert lock.interrupted() == "7 a-task"
            lock.finish()
        with lock.held():
            assert lock.interrupted() is None


def test_a_later_shorter_note_stands_alone(path: Path) -> None:
    lock = FileLock(path, 1.0)
    with lock.held():
        lock.begin("1234567 a-very-long-name-of-a-task")
        lock.begin("8 b")
        assert lock.interrupted() == "8 b"
        lock.begin("9 " + "x" * 1000)
        assert str(lock.interrupted()).startswith("9 xxx")


def test_garbage_in_the_file_is_no_hindrance(path: Path) -> None:
    path.write_bytes(b"+\xff\xff" * 100)
    lock = FileLock(path, 1.0)
    with lock.held():
        assert lock.interrupted() is not None
        lock.finish()
        assert lock.interrupted() is None
