"""The other tools, each with the claim that its own command line offers, and how to install it.

What is driven is written in `driven`, word for word, and is what the page says. Each says in its
own words who holds what in the end.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from parallel_agents.store.folder import FolderStore

from benchmarks import place
from benchmarks.report import PROJECT

AGENTS = 8
"""Processes that claim at once."""
LANES = tuple(f"lane{n}" for n in range(AGENTS))
LONGEST = 100
"""Seconds after which one command has gone wrong."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said, and how it ended."""

    status: int
    out: str
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        """What it said, as JSON. Raises `ValueError`."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Call:
    """One claim, ready to be made."""

    words: tuple[str, ...]
    agent: str
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)


class Rival(Protocol):
    """One tool, laid out in a folder of its own."""

    driven: str
    """The command of one claim."""

    def prepare(self, folder: Path, tasks: int) -> None:
        """Lay out so many tasks and the agents."""

    def claim(self, task: int, agent: int, turn: int) -> Call:
        """The claim of task `task` by agent `agent` in this turn."""

    def won(self, call: Call, said: Said) -> bool:
        """Whether the agent was told that the task is its own."""

    def holders(self) -> dict[int, str]:
        """Who has each task, as the tool says in the end."""


def run(words: Sequence[str], directory: Path, **environment: str) -> Said:
    """Run one command. Raises `RuntimeError` where it fails."""
    done = subprocess.run(
        words,
        cwd=directory,
        env={**place.bare(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{Path(words[0]).name} {words[1]}: {(done.stderr or done.stdout)[:300]}"
        )
    return Said(0, done.stdout)


class Ours:
    """This project's own command line."""

    driven = "`parallel-agents claim TASK --agent NAME --json`"

    def __init__(self, binary: Path | None = None) -> None:
        self._words = (str(binary),) if binary else (sys.executable, "-m", "parallel_agents")
        self._root = Path()

    def prepare(self, folder: Path, tasks: int) -> None:
        self._root = folder / "repository"
        base = place.repository(self._root)
        with closing(FolderStore(self._root)) as store:
            place.begin(store, place.tasks(tasks), base)

    def claim(self, task: int, agent: int, turn: int) -> Call:
        # Nobody holds two claims: each claim is by an agent of its own.
        name = f"agent-{turn}-{agent}"
        words = (*self._words, "claim", f"task-{task:06}", "--agent", name, "--json")
        return Call(words, name, self._root, {"PYTHONPATH": str(PROJECT / "server")})

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0

    def holders(self) -> dict[int, str]:
        with closing(FolderStore(self._root)) as store:
            held = store.read(lambda view: list(view.claims.values()))
        return {int(c.task.removeprefix("task-")): c.agent.name for c in held}


class AgentParley:
    """agent-parley: lanes, each a work tree, claim numbered issues."""

    driven = "`agent-parley issue claim NUMBER`, each from a lane's work tree, forge `null`"

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._home = self._root = Path()
        self._lanes: list[Path] = []

    def prepare(self, folder: Path, tasks: int) -> None:
        self._home, self._root = folder / "home", folder / "repository"
        place.repository(self._root)
        self._say("setup", ".")
        self._say("forge", "set", "null")
        for lane in LANES:
            self._say("participant", "add", lane, "--provider", "claude")
        self._lanes = [next(self._home.glob(f"projects/*/{lane}")) for lane in LANES]

    def claim(self, task: int, agent: int, turn: int) -> Call:
        words = (self._binary, "issue", "claim", str(task + 1))
        return Call(words, LANES[agent], self._lanes[agent], self._environment)

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0

    def holders(self) -> dict[int, str]:
        found = self._say("issue", "list", "--json").json["issues"]
        return {i["issue"] - 1: i["owner"] for i in found if i["owner"]}

    @property
    def _environment(self) -> dict[str, str]:
        return {"AGENT_PARLEY_HOME": str(self._home)}

    def _say(self, *words: str) -> Said:
        return run((self._binary, *words), self._root, **self._environment)


class LaneGuard:
    """laneguard: owners claim paths in a ledger."""

    driven = "`laneguard claim --ledger FILE --owner NAME PATH`"

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._folder = Path()

    def prepare(self, folder: Path, tasks: int) -> None:
        self._folder = folder

    def claim(self, task: int, agent: int, turn: int) -> Call:
        name = LANES[agent]
        words = (self._binary, "claim", "--ledger", "ledger.json", "--owner", name, f"{task}.py")
        return Call(words, name, self._folder)

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0

    def holders(self) -> dict[int, str]:
        words = (self._binary, "claims", "--ledger", "ledger.json", "--json")
        found = run(words, self._folder).json["claims"]
        return {int(c["path"].removesuffix(".py")): c["owner"] for c in found}


class ClaudeSwarm:
    """claude-swarm: sessions claim paths in a database."""

    driven = "`claude-swarm --db FILE claim PATH --session ID`"

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._folder = Path()

    def prepare(self, folder: Path, tasks: int) -> None:
        self._folder = folder
        sessions = " ".join(f"{lane}:work" for lane in LANES)
        run((self._binary, "--db", "bus.db", "init", "--sessions", sessions), folder)

    def claim(self, task: int, agent: int, turn: int) -> Call:
        name = LANES[agent]
        words = (self._binary, "--db", "bus.db", "claim", f"{task}.py", "--session", name)
        return Call(words, name, self._folder)

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0

    def holders(self) -> dict[int, str]:
        # `claims` prints a table for people, so its own database is asked.
        with closing(sqlite3.connect(self._folder / "bus.db")) as database:
            rows = database.execute("SELECT file_path, session_id FROM file_claims").fetchall()
        return {int(path.removesuffix(".py")): session for path, session in rows}


class MicroBeads:
    """microbeads: the branch that an agent is on claims an issue by setting it in progress."""

    driven = (
        "`mb --json update ID --status in_progress`, each from a work tree on its own branch; "
        "exit status 0 counts as a yes, whatever name the reply shows"
    )

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._folder = Path()
        self._ids: list[str] = []

    def prepare(self, folder: Path, tasks: int) -> None:
        self._folder = folder
        place.repository(folder / "repository")
        for name in ("user.name", "user.email"):  # it commits
            run(("git", "config", name, "bench@example.invalid"), folder / "repository")
        self._say("init", "--stealth")
        self._ids = [self._say("--json", "create", f"Task {n}").json["id"] for n in range(tasks)]
        for lane in LANES:
            words = ("git", "worktree", "add", "--quiet", "-b", lane, str(folder / lane))
            run(words, folder / "repository")

    def claim(self, task: int, agent: int, turn: int) -> Call:
        words = (self._binary, "--json", "update", self._ids[task], "--status", "in_progress")
        return Call(words, LANES[agent], self._folder / LANES[agent])

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0

    def holders(self) -> dict[int, str]:
        found = {i["id"]: i.get("claimed_by") for i in self._say("--json", "list").json}
        return {n: found[i] for n, i in enumerate(self._ids) if found.get(i)}

    def _say(self, *words: str) -> Said:
        return run((self._binary, *words), self._folder / "repository")


class Backlog:
    """Backlog.md: no verb for a claim; an agent puts its name on a task."""

    driven = '`backlog task edit ID -s "In Progress" -a @NAME` (there is no claim)'

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._folder = Path()

    def prepare(self, folder: Path, tasks: int) -> None:
        self._folder = folder
        init = ("init", "tasks", "--defaults", "--integration-mode", "none", "--no-git")
        run((self._binary, *init), folder)
        for number in range(tasks):
            run((self._binary, "task", "create", f"Task {number}", "--plain"), folder)

    def claim(self, task: int, agent: int, turn: int) -> Call:
        name = LANES[agent]
        edit = ("task", "edit", str(task + 1), "-s", "In Progress", "-a", f"@{name}", "--plain")
        return Call((self._binary, *edit), name, self._folder)

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0 and f"@{call.agent}" in said.out

    def holders(self) -> dict[int, str]:
        found = run((self._binary, "task", "list", "--json"), self._folder).json["tasks"]
        owned = [t for t in found if t["assignees"]]
        return {int(t["id"].rpartition("-")[2]) - 1: t["assignees"][0][1:] for t in owned}


class TaskMaster:
    """task-master: no verb for a claim, and no owner; an agent sets a task in progress."""

    driven = (
        "`task-master set-status --id=N --status=in-progress` (there is no claim, nor an owner)"
    )

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._file = Path()

    def prepare(self, folder: Path, tasks: int) -> None:
        run((self._binary, "init", "-y", "--name=tasks", "--no-git"), folder)
        self._file = folder / ".taskmaster" / "tasks" / "tasks.json"
        asked = [
            {"id": n + 1, "title": f"Task {n}", "description": "Work.", "status": "pending"}
            | {"dependencies": [], "priority": "medium", "subtasks": []}
            for n in range(tasks)
        ]
        self._file.write_text(json.dumps({"master": {"tasks": asked, "metadata": {}}}))

    def claim(self, task: int, agent: int, turn: int) -> Call:
        words = (self._binary, "set-status", f"--id={task + 1}", "--status=in-progress")
        return Call(words, "", self._file.parent.parent.parent)

    def won(self, call: Call, said: Said) -> bool:
        return said.status == 0 and bool(re.search("[Ss]uccess", said.out))

    def holders(self) -> dict[int, str]:
        tasks = json.loads(self._file.read_text())["master"]["tasks"]
        return {int(t["id"]) - 1: "" for t in tasks if t["status"] == "in-progress"}
