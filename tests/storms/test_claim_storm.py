"""Storms: many processes claim at once, some die, and the history of their replies is right."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from parallel_agents.core.model import State
from parallel_agents.store.folder import FolderStore
from stores import start, task
from storms.claimers import replies

pytest_plugins = ["store_fixtures"]

DEADLINE = 90.0


def storm(root: Path, processes: int, deaths: int = 0) -> int:
    """Let so many processes claim; how many of them were killed while they held a claim."""
    program = Path(__file__).with_name("claimers.py")
    done = subprocess.run(
        (sys.executable, str(program), str(root), str(processes), str(deaths)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    return int(done.stdout)


def right(told: list[dict[str, Any]], store: FolderStore) -> None:
    """The replies are those of one thing after the other, and the folder says the same.

    A token is the revision of its reply and never given twice; what ended before another call began
    has no larger revision; and no file was in two claims at once.
    """
    changes = [t for t in told if "what" in t and not t.get("again")]
    assert len({t["rev"] for t in changes}) == len(changes)
    grants = [t for t in changes if t["what"] == "granted"]
    assert all(t["token"] == t["rev"] for t in grants)

    newest = 0
    for _, ended, rev in sorted(
        [(t["began"], False, t["rev"]) for t in told] + [(t["ended"], True, t["rev"]) for t in told]
    ):
        assert ended or rev >= newest
        newest = max(newest, rev) if ended else newest

    ends = store.read(
        lambda view: {t: e.rev for r in view.records.values() for t, e in r.ended.items()}
    )
    assert all(ends[t["token"]] == t["rev"] for t in changes if t["what"] != "granted")
    held = defaultdict(list)
    for grant in grants:
        for file in grant["files"]:
            held[file].append((grant["token"], ends[grant["token"]]))
    for spans in held.values():
        spans.sort()
        assert all(end < begin for (_, end), (begin, _) in pairwise(spans))


def tasks() -> list[Any]:
    """200 tasks; four share a file, and some wait for others."""
    return [
        task(
            f"t{n:03}", f"own/{n}.py", f"shared/{n // 4}.py", needs=(f"t{n - 40:03}",) * (n >= 160)
        )
        for n in range(200)
    ]


def test_32_processes_claim_200_tasks_and_each_is_done_once(folder_store: FolderStore) -> None:
    start(folder_store, *tasks())
    assert storm(folder_store.root, 32) == 0
    told = replies(folder_store.root)
    right(told, folder_store)
    completed = [t["task"] for t in told if t.get("what") == "completed"]
    blocked = folder_store.read(lambda view: view.counts[State.BLOCKED])
    assert len(completed) == len(set(completed)) == 200 - blocked
    assert blocked == 0
    assert FolderStore(folder_store.root).read(lambda view: view.summary()) == folder_store.read(
        lambda view: view.summary()
    )
    assert folder_store.read(lambda view: view.claims) == {}


def test_a_storm_in_which_processes_die_loses_nothing(folder_store: FolderStore) -> None:
    start(folder_store, *tasks())
    storm(folder_store.root, 12, deaths=10)
    right(replies(folder_store.root), folder_store)
    summary, claims, damaged = folder_store.read(
        lambda view: (view.summary(), dict(view.claims), dict(view.damaged))
    )
    assert (summary["total"], claims, damaged) == (200, {}, {})
    assert summary["completed"] + summary["blocked"] + summary["available"] == 200
    for record in folder_store.read(lambda view: list(view.records.values())):
        if record.state is State.BLOCKED:
            assert record.failures == 2 or record.recoveries == 3
