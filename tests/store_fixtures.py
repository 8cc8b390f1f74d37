"""The stores as fixtures, for modules that name this one in `pytest_plugins`.

`clock`, `root`, `folder_store`, and `store`, which stands for both kinds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.memory import MemoryStore
from parallel_agents.store.protocol import Store
from stores import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of a work tree without a run."""
    (tmp_path / "repository").mkdir()
    return tmp_path / "repository"


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: only a power cut could tell."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(os, "sync", lambda: None)


@pytest.fixture
def folder_store(root: Path, clock: Clock, quick_disk: None) -> Iterator[FolderStore]:
    store = FolderStore(root, clock, awake=clock.awake)
    yield store
    store.close()


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """A store without a run: what a test shows with it holds for both kinds."""
    if request.param == "memory":
        yield MemoryStore(clock)
    else:
        folder: FolderStore = request.getfixturevalue("folder_store")
        yield folder
