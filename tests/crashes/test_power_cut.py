"""Power cuts, on a file system of its own that is shut down under the agents' hands.

What is not on the disk then is lost, as it is when the machine loses its power: of what was not
synced anything may be there, a rename without the line that was written before it, too.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from parallel_agents.core import locktable
from parallel_agents.core.commands import Granted
from parallel_agents.core.events import Kind
from parallel_agents.core.model import Agent, State, TaskId
from parallel_agents.store import revisions
from parallel_agents.store.folder import FolderStore
from stores import (
    ANNA,
    BERT,
    CARA,
    ask,
    claim,
    complete,
    live,
    recover,
    start,
    state,
    whole,
)

from crashes.injection import DEADLINE, python_path

CUTS = 60 if os.environ.get("CRASHES") == "full" else 6
SHUT_DOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN."""
NO_LOG_FLUSH = 2
"""Not even the journal's newest entries reach the disk."""
SIZE = 64 << 20
AGENTS = ("anna", "bert")
NAMES = tuple(f"t{n}" for n in range(12))


class Disk:
    """An ext4 file system in a file, which can be cut off from one moment to the next."""

    def __init__(self, scratch: Path) -> None:
        self._image = scratch / "image"
        self.mounted = scratch / "disk"
        self.mounted.mkdir()
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        for words in (("mkfs.ext4", "-q", "-F", str(self._image)), self._mount()):
            try:
                subprocess.run(words, check=True, capture_output=True, text=True, timeout=DEADLINE)
            except (OSError, subprocess.CalledProcessError) as error:
                why = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
                pytest.skip(f"no file system of its own can be had: {words[0]}: {why}".strip())

    def cut(self) -> None:
        """Take the power away."""
        fd = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUT_DOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def start_again(self) -> None:
        """Mount what is on the disk."""
        self.close()
        subprocess.run(self._mount(), check=True, timeout=DEADLINE)

    def close(self, *how: str) -> None:
        """Unmount it."""
        subprocess.run(("umount", *how, str(self.mounted)), check=True, timeout=DEADLINE)

    def _mount(self) -> tuple[str, ...]:
        return ("mount", "-o", "loop", str(self._image), str(self.mounted))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    disk = Disk(tmp_path)
    yield disk
    disk.close("--lazy")


def toil(disk: Disk, root: Path, replies: int) -> list[dict[str, Any]]:
    """Let agents work until so many replies are out, and cut; all that was replied."""
    agents = [
        subprocess.Popen(
            (sys.executable, "-m", "crashes.toiler", str(root), name),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": python_path()},
        )
        for name in AGENTS
    ]
    told = []
    try:
        for _ in range(replies):
            assert agents[0].stdout is not None
            told.append(agents[0].stdout.readline())
        disk.cut()
        for agent in agents:
            told += agent.communicate(timeout=DEADLINE)[0].splitlines()
            assert agent.returncode == 0
    finally:
        for agent in agents:
            agent.kill()
            agent.communicate()
    found: list[dict[str, Any]] = [json.loads(line) for line in told]
    assert [t["what"] for t in found].count("fault") == len(AGENTS)
    return [t for t in found if t["what"] != "fault"]


def kept(store: FolderStore, told: list[dict[str, Any]]) -> None:
    """All that must have outlived the cut has, and the run can be brought to its end."""
    records = store.read(lambda view: dict(view.records))
    assert store.read(lambda view: view.damaged) == {}
    root, folder = store.root, store.folder
    lying = [p.stem for place in State for p in (folder / place.value).glob("*.md")]
    assert sorted(lying) == sorted(records)
    assert {t["task"] for t in told if t["what"] == "approved"} | set(NAMES) <= set(lying)
    for reply in told:
        record = records[TaskId(reply["task"])]
        match reply["what"]:
            case "complete":
                assert record.state is State.COMPLETED
                assert record.ended[reply["token"]].kind is Kind.COMPLETED
            case "fail":
                assert record.ended[reply["token"]].kind is Kind.FAILED
    for record in records.values():
        assert (record.claim is not None) is (record.state is State.CLAIMED), record
    shown = locktable.read(str(folder))
    assert shown is not None
    assert {c.task: c.token for c in shown.claims} == live(store)
    with closing(FolderStore(root)) as new:
        assert whole(new) == whole(store)
    for name in live(store):
        recover(store, name)
    tokens = [t["token"] for t in told]
    for number in range(2 * len(records)):
        answer = ask(store, Agent("s-2", f"agent-{number}"))
        if not isinstance(answer, Granted):
            break
        assert answer.claim.token > max(tokens)
        tokens.append(answer.claim.token)
        complete(store, answer.claim)
    states = store.read(lambda view: {r.state for r in view.records.values()})
    assert states <= {State.COMPLETED, State.BLOCKED}


def test_i11_what_was_replied_outlives_power_cuts(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(CUTS):
        root = disk.mounted / str(number)
        root.mkdir()
        with closing(FolderStore(root)) as store:
            start(store, *NAMES)
        told = toil(disk, root, replies=5 + 7 * number % 30)
        disk.start_again()
        with monkeypatch.context() as patch:
            patch.setattr(revisions, "_boot", lambda: "the next day")
            with closing(FolderStore(root)) as store:
                kept(store, told)


def test_i11_a_claim_of_which_only_the_rename_reached_the_disk_is_free_again(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of another claim brings the folder to the disk, and not the claim's line."""
    with closing(FolderStore(disk.mounted)) as store:
        start(store, "a", "b")
        done, lost = claim(store, ANNA, "a"), claim(store, BERT, "b")
        complete(store, done)
        disk.cut()
    disk.start_again()
    assert "claimed" not in (store.folder / "claimed" / "b.md").read_text()
    monkeypatch.setattr(revisions, "_boot", lambda: "the next day")
    with closing(FolderStore(disk.mounted)) as store:
        assert state(store, "a") is State.COMPLETED
        assert claim(store, CARA, "b").token > lost.token
