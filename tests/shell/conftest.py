"""The project of the corpora with a run in it, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from parallel_agents.guard.event import Event
from parallel_agents.guard.shell import Scene, Verdict, budget, judge
from parallel_agents.guard.shell.bash import syntax
from scratch_run import MAIN, PLUGIN, ScratchRun
from shell import ground

Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> ScratchRun:
    """Another agent holds what the corpora protect; nothing in the project is ever changed."""
    root = ground.build(tmp_path_factory.mktemp("ground") / "demo")
    with (root / ".git" / "info" / "exclude").open("a") as file:
        file.write("_tasks/\n")
    run = ScratchRun(root)
    run.claim("hold", *ground.LOCKS, agent="holder", session="other")
    return run


@pytest.fixture
def verdict(project: ScratchRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The verdict on a command of an agent, by default of the conversation itself.

    However busy the machine is: what takes too long by the clock has tests of its own.
    """
    monkeypatch.setattr(budget, "SECONDS", 60.0)
    monkeypatch.setattr(syntax, "_PARSE_SECONDS", 60.0)

    def judged(command: str, cwd: str = ".", agent: str | None = MAIN) -> Verdict:
        filled = command.replace("{REPO}", str(project.root)).replace("{SCRATCH}", str(tmp_path))
        where = str((project.root / cwd).resolve())
        event = Event(project.event(agent, "Bash", command=filled) | {"cwd": where})
        return judge(filled, where, Scene(event, project.runs(), str(PLUGIN)))

    return judged
