"""Where it is measured: a scratch repository with a run, and the plugin as it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from parallel_agents.core.commands import Approve, Granted, Prepare, Propose, TakeClaim
from parallel_agents.core.model import Agent, Claim, Plan, Strategy, Task, TaskId
from parallel_agents.store.folder import FolderStore

from benchmarks.report import PROJECT

COMMIT = "c" * 40
INHERITED = ("CLAUDE", "GIT_", "PARALLEL_AGENTS", "PYTHON")
"""Beginnings of the variables that nothing here inherits."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one subject, removed at the end."""
    folder = Path(mkdtemp(prefix="parallel-agents-benchmarks-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tasks(count: int, files: int = 1) -> tuple[Task, ...]:
    """Independent tasks, each with `files` files of its own."""
    return tuple(
        Task(
            id=TaskId(f"task-{number:06}"),
            title=f"Task number {number}",
            instructions="Change the files of this task.",
            files=tuple(f"src/module_{number}/file_{n}.py" for n in range(files)),
        )
        for number in range(count)
    )


def begin(store: FolderStore, chosen: tuple[Task, ...], base: str = COMMIT) -> None:
    """A run of these tasks, approved, with strategy files."""
    plan = Plan("What the benchmarks need", chosen)
    store.transact(Propose(plan))
    store.transact(Approve(plan.id, Strategy.FILES, "benchmarks", base, "refs/heads/main"))


@contextmanager
def run_of(folder: Path, count: int, files: int = 1) -> Iterator[FolderStore]:
    """The store of a new run with so many tasks, in `folder`."""
    folder.mkdir()
    store = FolderStore(folder)
    try:
        begin(store, tasks(count, files))
        yield store
    finally:
        store.close()


def claim(store: FolderStore, agent: Agent) -> Claim:
    """The claim that the agent gets."""
    answer, _ = store.transact(TakeClaim(agent))
    if not isinstance(answer, Granted):
        raise RuntimeError(f"nothing to claim: {answer}")
    return answer.claim


def prepared(store: FolderStore, agent: Agent) -> Claim:
    """A claim whose holder works in the main work tree."""
    held = claim(store, agent)
    store.transact(Prepare(agent, held.task, held.token, str(store.root), None, COMMIT))
    return held


def repository(folder: Path) -> str:
    """A git repository with one commit in `folder`; the commit."""
    folder.mkdir()
    (folder / "README.md").write_text("A repository for benchmarks.\n")
    git = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "README.md"),
        ("commit", "--quiet", "--message=start"),
        ("rev-parse", "HEAD"),
    ):
        done = subprocess.run(
            (*git, *words), cwd=folder, env=bare(), check=True, capture_output=True, text=True
        )
    return done.stdout.strip()


def installed(folder: Path) -> Path:
    """A data folder with the plugin's environment: this Python's own, under the plugin's name."""
    venv = folder / "data" / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (venv / "lib").symlink_to(Path(sys.prefix) / "lib")
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", venv / "pyvenv.cfg")
    shutil.copy(PROJECT / "constraints.txt", venv / "pins")
    return folder / "data"


def bare() -> dict[str, str]:
    """The environment without what could change the outcome."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(INHERITED)}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def as_client(data: Path, project: Path) -> dict[str, str]:
    """The environment that the client gives to hooks and servers."""
    return {
        **bare(),
        "CLAUDE_PLUGIN_DATA": str(data),
        "CLAUDE_PLUGIN_ROOT": str(PROJECT),
        "CLAUDE_PROJECT_DIR": str(project),
    }


def program(module: str, *arguments: object) -> str:
    """Run a module of this package as a program of its own; what it printed."""
    path = os.pathsep.join((str(PROJECT), str(PROJECT / "server")))
    done = subprocess.run(
        (sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)),
        env={**bare(), "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
