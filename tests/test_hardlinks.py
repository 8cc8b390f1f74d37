"""A file is the same file under another name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from parallel_agents.guard.event import Event
from parallel_agents.guard.hardlinks import held_elsewhere
from scratch_run import MAIN, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    (repository / "src" / "api").mkdir(parents=True)
    for name in ("src/core.py", "src/api/a.py", "free.py"):
        (repository / name).write_text(name)
    run = ScratchRun(repository)
    run.claim("core", "src/core.py", "src/api/*.py", agent="a1")
    return run


def found(run: ScratchRun, path: Path, agent: str | None = MAIN) -> str:
    event = Event(run.event(agent))
    known = held_elsewhere(str(path), event, run.runs().near())
    return known[2] if known else ""


@pytest.mark.parametrize("held", ["src/core.py", "src/api/a.py"])
def test_another_name_is_found_wherever_it_lies(run: ScratchRun, held: str) -> None:
    for name in (run.root / "other", run.root.parent / "outside"):
        os.link(run.root / held, name)
        assert found(run, name) == held
        assert found(run, name, "a1") == ""


def test_a_link_to_another_name_is_followed(run: ScratchRun) -> None:
    os.link(run.root / "src" / "core.py", run.root / "other")
    (run.root / "link").symlink_to("other")
    assert found(run, run.root / "link") == "src/core.py"


def test_what_has_one_name_or_is_no_file_is_let_be(run: ScratchRun) -> None:
    os.link(run.root / "free.py", run.root / "free-too.py")
    for name in ("free.py", "free-too.py", "src", "none", "nul\0"):
        assert found(run, run.root / name) == ""
