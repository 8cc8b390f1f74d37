"""Merges that are killed: a real process at any moment, and what must hold then and afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from git_scratch import git

from merges.bench import Bench

START = Path(__file__).resolve().parents[2] / "server" / "parallel_agents" / "__main__.py"
PROGRAM = (sys.executable, "-I", "-X", "utf8", str(START))
PATIENCE = 120.0
"""Seconds that a merge may take on a busy machine."""

FILES = 400
"""Files that landing writes: enough for its window to be hit."""

USERS = {
    "users.txt": "the user's uncommitted edit\n",
    "untracked.md": "the user's new file\n",
    ".env": "SECRET=mine\n",
}

Whole = Literal["alone", "all"]


@dataclass(frozen=True)
class Round:
    """What came of one kill."""

    where: str
    """The stage of the journal when it was killed, or `nothing`, or `ended` before it was."""
    landed: bool
    """The target had moved already."""
    told: str
    """What the next call said it had found."""


@dataclass
class Scene:
    """A run that is completed and waits for its merge, put back as it was for every round."""

    place: Path
    seed: int = 0
    root: Path = field(init=False)
    old: str = field(init=False)
    tree: str = field(init=False)
    """The tree that was tested and may land."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.root = self.place / "repository"
        self.root.mkdir(parents=True)
        git(self.root, "init", "--quiet", "--initial-branch=main")
        text = "".join(f"line {n}\n" for n in range(100))
        self.many = {f"src/part{n % 20}/file{n}.dat": text for n in range(FILES)}
        (self.place / "scrap").mkdir()
        bench = Bench(self.root, self.place / "scrap" / "runs")
        base = {**self.many, "users.txt": "committed\n", ".gitignore": ".env\n"}
        files = {"one": ("src/part?/**", "one.txt"), "two": ("src/part1?/**", "two.txt")}
        bench.begin("one", "two", "three", files=files, base=dict(base))
        for name, wanted in (("one", range(10)), ("two", range(10, 20))):
            changed = {p: f"{name}\n{t}" for p, t in self._of(wanted)}
            bench.complete(name, {f"{name}.txt": "x\n", **changed})
        bench.complete("three")
        for name, content in USERS.items():
            (self.root / name).write_text(content)
        self.old = bench.main()
        self.runs = bench.runs_file
        self._keep()
        self.seconds, self.landing = self._measure()

    def _of(self, parts: range) -> Iterator[tuple[str, str]]:
        for path, text in self.many.items():
            if int(path.split("/")[1].removeprefix("part")) in parts:
                yield path, text

    # ------------------------------------------------------------------ rounds

    def at_random(self, whole: Whole, served: bool) -> Round:
        """Kill a merge at any moment of its life."""
        self._restore()
        merge = Serving(self) if served else Merging(self)
        until = time.monotonic() + self.dice.uniform(0.1, 1.05) * self.seconds
        while time.monotonic() < until and merge.process.poll() is None:
            time.sleep(0.001)
        return self._judged(merge, whole)

    def in_the_landing(self, whole: Whole, served: bool) -> Round:
        """Kill a merge while the user's work tree is being written."""
        self._restore()
        merge = Serving(self) if served else Merging(self)
        deadline = time.monotonic() + PATIENCE
        while self.stage() != "landing" and merge.process.poll() is None:
            assert time.monotonic() < deadline, "it does not come to land"
        until = time.monotonic() + self.dice.uniform(0, 1) * self.landing
        while time.monotonic() < until:
            pass
        return self._judged(merge, whole)

    def _judged(self, merge: Merging, whole: Whole) -> Round:
        ended = merge.process.poll() is not None
        merge.kill(whole)
        where = "ended" if ended else self.stage()
        self._users_files_are_whole()
        landed = self._target_is_old_or_tested()
        told = self._ended_by_the_next_call()
        return Round(where, landed, told)

    # ------------------------------------------------------------------ what must hold

    def _users_files_are_whole(self) -> None:
        for name, content in USERS.items():
            assert (self.root / name).read_text() == content, f"{name} is not the user's any more"

    def _target_is_old_or_tested(self) -> bool:
        now = git(self.root, "rev-parse", "main")
        if now == self.old:
            return False
        assert git(self.root, "rev-parse", "main^{tree}") == self.tree, "something untested landed"
        return True

    def _ended_by_the_next_call(self) -> str:
        done = subprocess.run(
            (*PROGRAM, "merge", "--yes", "--json"),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        answer = json.loads(done.stdout)
        told = str(answer.get("found") or "")
        if done.returncode:
            # It had ended, and only its reply was lost.
            assert answer["error"]["code"] in ("merged_before", "no_plan"), answer
            told = answer["error"]["code"]
        self._users_files_are_whole()
        assert git(self.root, "rev-parse", "main^{tree}") == self.tree
        assert git(self.root, "status", "--porcelain").splitlines() == [
            " M users.txt",
            "?? untracked.md",
        ]
        assert len(git(self.root, "worktree", "list").splitlines()) == 1
        assert not list(self.place.glob("repository.agents/*"))
        assert not list((self.root / ".git").rglob("*.lock.*"))
        assert not (self.root / ".git" / "index.lock").exists()
        assert not (self.root / ".git" / "parallel-agents" / "merge.json").exists()
        assert not (self.root / "_tasks" / "plan.md").exists()
        assert not list(self._suites()), "the suite outlives its merge"
        return told

    def _suites(self) -> Iterator[int]:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = path.read_bytes().split(b"\0")
                if b"suite.py" in words and str(self.runs).encode() in words:
                    yield int(path.parent.name)

    def stage(self) -> str:
        """The stage that the journal is at."""
        try:
            text = (self.root / ".git" / "parallel-agents" / "merge.json").read_text()
            return str(json.loads(text)["stage"])
        except (OSError, ValueError):
            return "nothing"

    # ------------------------------------------------------------------ the same again

    def _keep(self) -> None:
        shutil.copytree(self.root, self.place / "kept", symlinks=True)

    def _restore(self) -> None:
        self.runs.unlink(missing_ok=True)
        shutil.rmtree(self.root)
        shutil.copytree(self.place / "kept", self.root, symlinks=True)
        git(self.root, "update-index", "-q", "--refresh", check=False)

    def _measure(self) -> tuple[float, float]:
        """Seconds of a merge that nobody kills, and of its landing."""
        merge = Merging(self)
        began = time.monotonic()
        landing = landed = 0.0
        while merge.process.poll() is None:
            stage = self.stage()
            if stage == "landing" and not landing:
                landing = time.monotonic()
            if stage == "landed" and not landed:
                landed = time.monotonic()
        assert merge.process.returncode == 0
        self.tree = git(self.root, "rev-parse", "main^{tree}")
        return time.monotonic() - began, max(landed - landing, 0.02)


class Merging:
    """A process that merges: the command line."""

    def __init__(self, scene: Scene) -> None:
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            (*PROGRAM, "merge", "--yes"),
            cwd=scene.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self, whole: Whole) -> None:
        """SIGKILL: the process alone, or with all that it has started, in whatever session."""
        family = [*_descendants(self.process.pid)] if whole == "all" else []
        self.process.kill()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Serving(Merging):
    """A process that merges: the MCP server, called as a client calls it."""

    def __init__(self, scene: Scene) -> None:
        self.process = subprocess.Popen(
            (*PROGRAM, "serve"),
            cwd=scene.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "CLAUDE_PROJECT_DIR": str(scene.root)},
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "killer", "version": "1"},
        }
        _send(self.process.stdin, {"id": 1, "method": "initialize", "params": hello})
        self.process.stdout.readline()
        _send(self.process.stdin, {"method": "notifications/initialized"})
        call = {"name": "merge_branches", "arguments": {"agent": "lead"}}
        _send(self.process.stdin, {"id": 2, "method": "tools/call", "params": call})

    def kill(self, whole: Whole) -> None:
        super().kill(whole)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _send(pipe: IO[bytes], message: dict[str, Any]) -> None:
    pipe.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    pipe.flush()


def _descendants(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            yield child
            waiting.append(child)
