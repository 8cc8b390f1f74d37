"""Disks that are full or became read-only, and folders that go wrong in mid-run.

Where only root can mount a file system, the tests of disks are skipped aloud for others.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from parallel_agents.core import locktable
from parallel_agents.core.commands import Propose
from parallel_agents.core.errors import NotNow, StoreFault
from parallel_agents.core.model import Claim, State
from parallel_agents.store.folder import FolderStore
from stores import (
    ANNA,
    BERT,
    CARA,
    approve,
    claim,
    complete,
    extend,
    fail,
    live,
    plan,
    prepare,
    start,
    state,
    task,
    whole,
)

from crashes.injection import DEADLINE
from crashes.judgement import hooks_are_as_strict

pytest_plugins = ["store_fixtures"]

PAGE = 4096


class SmallDisk:
    """A file system in memory of a few hundred kilobytes."""

    def __init__(self, mounted: Path) -> None:
        self.mounted = mounted
        mounted.mkdir()
        words = ("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(mounted))
        done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=False)
        if done.returncode:
            pytest.skip(f"no file system of its own can be had: {done.stderr.strip()}")

    def fill(self, pages: int = 0) -> None:
        """Take all the space but for so many pages."""
        space = os.statvfs(self.mounted)
        free = space.f_bavail * space.f_frsize - pages * PAGE
        with (self.mounted / "ballast").open("wb") as ballast:
            ballast.write(b"x" * free)

    def empty(self) -> None:
        """Give the space back."""
        (self.mounted / "ballast").unlink()

    def turn(self, how: str) -> None:
        """Make it `ro` (read-only) or `rw`."""
        words = ("mount", "-o", f"remount,{how}", str(self.mounted))
        subprocess.run(words, check=True, timeout=DEADLINE)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    subprocess.run(("umount", "--lazy", str(disk.mounted)), check=True, timeout=DEADLINE)


@pytest.fixture
def store(disk: SmallDisk) -> Iterator[FolderStore]:
    with closing(FolderStore(disk.mounted)) as store:
        yield store


def faulty(call: Callable[[], object]) -> StoreFault:
    """What the store says that cannot be written. It is clear, and names the next step."""
    with pytest.raises(StoreFault) as caught:
        call()
    assert caught.value.code == "store_unwritable"
    assert "free space or mend the permissions" in caught.value.next_step
    return caught.value


def sound(store: FolderStore, *tasks: str) -> None:
    """Every task is there once, hooks see all that is held, and a new process sees the same."""
    lying = [p.stem for place in State for p in (store.folder / place.value).glob("*.md")]
    assert sorted(lying) == sorted(tasks)
    with closing(FolderStore(store.root)) as new:
        assert whole(new) == whole(store)
        assert new.read(lambda view: view.damaged) == {}
    assert hooks_are_as_strict(store.root)
    shown = locktable.read(str(store.folder))
    assert {c.task: c.token for c in shown.claims} == live(store) if shown else {}


LONG = "It does not build. " * 300
ENDS: dict[str, Callable[[FolderStore, Claim], object]] = {
    "complete": complete,
    "fail": lambda store, held: fail(store, held, LONG),
    "extend": lambda store, held: extend(store, held, *(f"docs/{'x' * 90}{n}" for n in range(60))),
    "prepare": lambda store, held: prepare(store, held, "/" + "work" * 1200),
    "amend": lambda store, held: approve(store, plan(task("a"), *(f"n{n}" for n in range(40)))),
}


@pytest.mark.parametrize("pages", range(4))
@pytest.mark.parametrize("name", ENDS)
def test_i11_a_full_disk_loses_nothing_and_the_call_goes_through_once_there_is_space(
    disk: SmallDisk, store: FolderStore, name: str, pages: int
) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    disk.fill(pages)
    try:
        ENDS[name](store, held)
        said = None
    except StoreFault as fault:
        said = fault
    # One short line has its place in the last page of its file.
    assert said is not None or pages or name == "complete"
    if said is not None:
        assert said.code == "store_unwritable"
        assert "No space left" in said.sentence
        assert "free space" in said.next_step
    assert hooks_are_as_strict(store.root)
    disk.empty()
    ENDS[name](store, held)
    added = [f"n{n}" for n in range(40)] if name == "amend" else []
    sound(store, "a", *added)


def test_a_disk_that_became_read_only_is_said_and_waited_for(
    disk: SmallDisk, store: FolderStore
) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA)
    store.close()
    disk.turn("ro")
    with closing(FolderStore(store.root)) as new:
        for call in (
            lambda: claim(new, BERT),
            lambda: complete(new, held),
            lambda: new.transact(Propose(plan("z"))),
        ):
            assert "Read-only" in faulty(call).sentence
        new.heartbeat(ANNA)
        new.hold_session("s-1")
        disk.turn("rw")
        complete(new, held)
        assert claim(new, BERT).token > held.token
        sound(new, "a", "b")


def test_two_half_written_task_files_are_named_and_the_others_go_on(
    folder_store: FolderStore,
) -> None:
    """One that is waiting and one that is claimed: its claim stands until a person mends it."""
    store = folder_store
    start(store, "a", "b", task("c", "a.py"), "d")
    held = claim(store, ANNA, "a")
    torn = {place: store.folder / place for place in ("claimed/a.md", "available/b.md")}
    good = {place: path.read_text() for place, path in torn.items()}
    claimed = good["claimed/a.md"]
    torn["claimed/a.md"].write_text(claimed[: claimed.index("priority")] + claimed[-120:])
    torn["available/b.md"].write_text(good["available/b.md"][:40])
    with closing(FolderStore(store.root)) as new:
        assert sorted(new.read(lambda view: view.damaged)) == sorted(torn)
        assert claim(new, BERT).task == "d"
        shown = locktable.read(str(store.folder))
        assert shown is not None
        assert "d" in {c.task for c in shown.claims}
        for place, text in good.items():
            torn[place].write_text(text)
        complete(new, held)
        assert claim(new, CARA, "c").token > held.token
        sound(new, "a", "b", "c", "d")


def test_a_deleted_folder_in_mid_run_is_an_error_until_it_is_put_back(
    folder_store: FolderStore, tmp_path: Path
) -> None:
    store, kept = folder_store, tmp_path / "kept"
    start(store, "a", "b")
    held = claim(store, ANNA)
    shutil.copytree(store.folder, kept)
    shutil.rmtree(store.folder)
    for call in (lambda: complete(store, held), lambda: claim(store, BERT)):
        with pytest.raises(StoreFault) as caught:
            call()
        assert caught.value.code == "store_gone"
        assert "put it back" in caught.value.next_step
    with pytest.raises(NotNow, match="no_plan"), closing(FolderStore(store.root)) as new:
        claim(new, BERT)
    shutil.copytree(kept, store.folder)
    complete(store, held)
    assert state(store, "a") is State.COMPLETED
    assert claim(store, BERT).token > held.token
    sound(store, "a", "b")
