"""The command line for tests: run in this process, or in one of its own at a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from git_scratch import git
from parallel_agents.cli import main

PROGRAM = (sys.executable, "-m", "parallel_agents")
DEADLINE = 60.0
"""Seconds after which a process that does not go on has failed the test."""

ORDERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

FOR_THE_MACHINE = (".locks.", ".alive", ".lock", ".rev", ".tasks")
"""What `_tasks/` has besides the state, and reads may write anew."""

PLAN = """\
goal: Make it better
check: "true"
tasks:
  - id: alpha
    title: Write alpha
    instructions: Put a line into src/alpha.txt.
    files: [src/alpha.txt]
    check: test -s src/alpha.txt
  - id: beta
    title: Write beta
    instructions: Put a line into src/beta.txt.
    files: [src/beta.txt]
  - id: gamma
    title: Write gamma
    instructions: Put a line into src/gamma.txt.
    files: [src/gamma.txt]
    depends_on: [alpha]
"""


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        assert self.out.count("\n") == 1, self.out
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def code(self) -> str:
        """The code of the refusal on standard error."""
        # What takes long is told of before, and any machine may be busy.
        told = [line for line in self.err.splitlines() if not line.startswith("... ")]
        assert told, self.err
        assert told[0].startswith("["), self.err
        return told[0][1 : told[0].index("]")]


class CommandLine:
    """Commands in a repository. `root` may be any folder in it."""

    def __init__(self, capsys: pytest.CaptureFixture[str], root: Path) -> None:
        self._capsys = capsys
        self.root = root

    def __call__(self, *words: str | int) -> Ran:
        """Run one command in this process."""
        self._capsys.readouterr()
        status = main(["-C", str(self.root), *map(str, words)])
        return Ran(status, *self._capsys.readouterr())

    def done(self, *words: str | int) -> dict[str, Any]:
        """The JSON answer of a command that must succeed."""
        ran = self(*words, "--json")
        assert ran.status == 0, ran
        return ran.json

    def propose(self, text: str = PLAN) -> str:
        """Propose a plan; its id."""
        file = self.root.parent / "plan.yaml"
        file.write_text(text, encoding="utf-8")
        return str(self.done("plan", str(file))["plan_id"])

    def start(self, text: str = PLAN, strategy: str = "worktree") -> str:
        """Propose and approve a plan; its id."""
        plan = self.propose(text)
        self.done("approve", plan, "--strategy", strategy, "--yes")
        return plan

    def claim(self, agent: str, *task: str) -> tuple[int, Path]:
        """Claim a task; its token and work tree."""
        claimed = self.done("claim", *task, "--agent", agent)
        return claimed["token"], Path(claimed["workdir"])

    def complete(self, agent: str, task: str, text: str = "new\n", name: str | None = None) -> None:
        """Claim a task, change its file, commit and release it as completed."""
        token, tree = self.claim(agent, task)
        file = tree / (name or f"src/{task}.txt")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message", f"work on {task}")
        self.done("release", task, "--agent", agent, "--token", token)


def snapshot(root: Path) -> dict[str, str]:
    """All that a refused command must leave as it is: state, refs and work trees."""
    folder = root / "_tasks"
    state = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(FOR_THE_MACHINE)
    }
    return state | {
        "refs": git(root, "for-each-ref"),
        "head": git(root, "symbolic-ref", "HEAD"),
        "trees": git(root, "worktree", "list", "--porcelain"),
        "dirty": git(root, "status", "--porcelain"),
    }


class Terminal:
    """A command at a terminal of its own: all three streams are one, as people see it."""

    def __init__(self, *words: str, cwd: Path) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            (*PROGRAM, *words), cwd=cwd, stdin=slave, stdout=slave, stderr=slave, close_fds=True
        )
        os.close(slave)
        self.seen = ""
        """All that was on the screen, without the orders to it."""
        self._at = 0

    def wait_for(self, text: str) -> None:
        """Read until `text` is seen, after what was waited for before."""
        deadline = time.monotonic() + DEADLINE
        while (at := self.seen.find(text, self._at)) < 0:
            assert self._read(deadline), f"ended without {text!r}:\n{self.seen}"
        self._at = at + len(text)

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        deadline = time.monotonic() + DEADLINE
        while self._read(deadline):
            pass
        return self.process.wait(DEADLINE)

    def close(self) -> None:
        """End what still runs."""
        self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self._master)

    def _read(self, deadline: float) -> bool:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._master, selectors.EVENT_READ)
            assert waiting.select(deadline - time.monotonic()), f"silent after:\n{self.seen}"
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody has the other end open any more
            return False
        text = chunk.decode("utf-8", "replace").replace("\r\n", "\n")
        self.seen = ORDERS.sub("", self.seen + text)
        return bool(chunk)


@contextlib.contextmanager
def at_terminal(*words: str, cwd: Path) -> Iterator[Terminal]:
    """A command at a terminal, ended afterwards whatever happens."""
    terminal = Terminal(*words, cwd=cwd)
    try:
        yield terminal
    finally:
        terminal.close()
