"""The claim of other tools under the same storm, and ours beside them: whole commands, no library.

    python -m benchmarks.peers FOLDER CALLS

CALLS is JSON: (words, directory, environment) of each process. Makes all of them begin at one
moment; prints for each its status, what it said, and the seconds it took.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import crowd, place, rivals
from benchmarks.report import Row, Table, say
from benchmarks.rivals import AGENTS, LONGEST, Call, Rival, Said
from benchmarks.scale import Scale
from benchmarks.timing import Spread

NOTES = (
    f"**race**: {AGENTS} processes make one claim of one task at the same moment, again and again; "
    "a round with more than one winner is one in which more than one was told that the task is its "
    "own. **kept**: each claims tasks of its own, all at once; acknowledged are those it was told "
    "are its own, kept those of them that the tool says are its own afterwards.",
    "**a claim alone**: the whole command, one after the other, nobody else at work; it is mostly "
    "the start of an interpreter and what the tool imports.",
    "**installed** by `pip` or `npm` from their registries into folders that are then deleted, "
    "install scripts off; what could not be installed or driven says why.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool to be driven."""

    name: str
    registry: str
    """pip, npm, or empty for this project."""
    binary: str
    make: Callable[[Path], Rival]
    slow: bool = False
    """Whether a command takes so long that fewer are made."""


ENTRIES = (
    Entry("agent-parley", "pip", "agent-parley", rivals.AgentParley),
    Entry("laneguard", "pip", "laneguard", rivals.LaneGuard),
    Entry("claude-swarm", "pip", "claude-swarm", rivals.ClaudeSwarm),
    Entry("microbeads", "pip", "mb", rivals.MicroBeads),
    Entry("backlog.md", "npm", "backlog", rivals.Backlog),
    Entry("task-master-ai", "npm", "task-master", rivals.TaskMaster, slow=True),
)
TIMED_OUT = -1000
"""Instead of the status of a command that did not end in time."""
PYTHONS = ("python3.14", "python3.13", "python3.12")
COLUMNS = (
    *("tool", "what was driven", "races with more than one winner"),
    *("acknowledged → kept", "what went wrong"),
)


class Missing(Exception):
    """Raised where a tool cannot be installed here; the text says why."""


def measure(scale: Scale) -> Iterator[Row | Table]:
    """How each tool keeps its claims apart, and what a claim costs."""
    lines: list[tuple[str, ...]] = []
    with place.scratch() as folder:
        line, row, broken = _driven(folder / "ours", "parallel-agents", rivals.Ours(), scale, False)
        lines.append(line)
        yield row
        for entry in ENTRIES if scale.peers else ():
            say(f"peers: {entry.name}")
            home = folder / entry.name
            home.mkdir()
            try:
                version, binary = _installed(entry, home)
                rival = entry.make(binary)
                name = f"{entry.name} {version}"
                line, row, _ = _driven(home / "work", name, rival, scale, entry.slow)
            except (Missing, OSError, ValueError, KeyError, RuntimeError) as error:
                line = (entry.name, "not driven here", "", "", _plain(str(error), folder))
            else:
                yield row
            lines.append(line)
            shutil.rmtree(home, ignore_errors=True)
    yield Table("peers", COLUMNS, tuple(lines), broken)


def _driven(
    folder: Path, name: str, rival: Rival, scale: Scale, slow: bool
) -> tuple[tuple[str, ...], Row, str]:
    races, each = (scale.races, scale.kept) if not slow else (min(scale.races, 3), 1)
    alone = min(scale.races, 3 if slow else 10)
    folder.mkdir(parents=True)
    rival.prepare(folder, races + AGENTS * each + alone)
    doubled = empty = late = 0
    for turn in range(races):
        calls = [rival.claim(turn, agent, turn) for agent in range(AGENTS)]
        told = _at_once(calls)
        winners = [c for c, s in zip(calls, told, strict=True) if rival.won(c, s)]
        doubled += len(winners) > 1
        empty += not winners
        late += sum(s.status == TIMED_OUT for s in told)
    acknowledged: dict[int, str] = {}
    for turn in range(each):
        tasks = [races + turn * AGENTS + agent for agent in range(AGENTS)]
        calls = [rival.claim(t, a, races + turn) for a, t in enumerate(tasks)]
        for task, call, answer in zip(tasks, calls, _at_once(calls), strict=True):
            late += answer.status == TIMED_OUT
            if rival.won(call, answer):
                acknowledged[task] = call.agent
    first = races + AGENTS * each
    costs = [_timed(rival.claim(first + n, 0, first + n)) for n in range(alone)]
    held = rival.holders()
    kept = sum(held.get(task) == agent for task, agent in acknowledged.items())
    asked = AGENTS * each
    told_wrong = {
        f"{empty} races without a winner": empty,
        f"{asked - len(acknowledged)} of {asked} own tasks refused": asked - len(acknowledged),
        f"{late} calls over {LONGEST} s": late,
    }
    wrong = "; ".join(what for what, times in told_wrong.items() if times)
    counts = (f"{doubled} of {races}", f"{len(acknowledged)} → {kept}")
    broken = doubled or empty or kept < asked
    row = Row("peers", f"{name}: a claim alone, the whole command", Spread.of(costs))
    told_broken = f"{name}: {counts}" if broken else ""
    return (name, rival.driven, *counts, wrong), row, told_broken


def _timed(call: Call) -> float:
    began = time.perf_counter()
    _one(call.words, call.directory, call.environment)
    return time.perf_counter() - began


def _at_once(calls: Sequence[Call]) -> list[Said]:
    asked = [(c.words, str(c.directory), c.environment) for c in calls]
    told = json.loads(place.program("peers", json.dumps(asked)))
    return [Said(*one) for one in told]


def _one(words: Sequence[str], directory: str | Path, more: dict[str, str]) -> Said:
    began = time.perf_counter()
    try:
        done = subprocess.run(
            words,
            cwd=directory,
            env={**place.bare(), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(TIMED_OUT, "", time.perf_counter() - began)
    return Said(done.returncode, done.stdout, time.perf_counter() - began)


# ---------------------------------------------------------------------- installing


def _installed(entry: Entry, home: Path) -> tuple[str, Path]:
    """The version and the program. Raises `Missing`."""
    if entry.registry == "npm":
        return _from_npm(entry, home)
    reason = "no Python"
    for python in (sys.executable, *PYTHONS):
        if not _works(python):
            continue
        venv = home / "venv"
        shutil.rmtree(venv, ignore_errors=True)
        _tried((python, "-m", "venv", str(venv)), home)
        words = (str(venv / "bin" / "pip"), "install", "--quiet", entry.name)
        done = _tried(words, home)
        if done.returncode == 0:
            binary = venv / "bin" / entry.binary
            shown = _tried((str(venv / "bin" / "pip"), "show", entry.name), home).stdout
            found = re.search(r"^Version: (\S+)$", shown, re.MULTILINE)
            return (found[1] if found else "?"), binary
        errors = [e for e in done.stderr.splitlines() if e.startswith("ERROR")]
        needs = re.findall(r"Requires-Python (\S+?);?(?:\s|$)", done.stderr)
        reason = f"needs Python {needs[-1]}" if needs else (errors or ["pip failed"])[-1]
    raise Missing(f"pip: {reason}")


def _from_npm(entry: Entry, home: Path) -> tuple[str, Path]:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("there is no npm here")
    quiet = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    done = _tried((npm, "install", "--prefix", str(home), *quiet, entry.name), home)
    package = home / "node_modules" / entry.name / "package.json"
    if done.returncode or not package.exists():
        errors = done.stderr.strip().splitlines() or ["it failed"]
        raise Missing(f"npm: {errors[0]}")
    version = json.loads(package.read_text())["version"]
    return version, home / "node_modules" / ".bin" / entry.binary


def _tried(words: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{Path(words[0]).name}: {type(error).__name__}") from None


def _works(python: str) -> bool:
    path = shutil.which(python)
    if path is None:
        return False
    done = subprocess.run((path, "-c", "import venv"), capture_output=True, check=False)
    return done.returncode == 0


def _plain(text: str, folder: Path) -> str:
    """A reason that fits in a cell, without addresses or paths."""
    text = re.sub(r"\S+://\S+", "a registry", text.replace(str(folder), ""))
    return " ".join(text.replace("|", "/").split())[:160]


def main(calls: list[Any]) -> None:
    """The program: make the calls at one moment, print what they said."""

    def work(number: int, wait: Callable[[], None]) -> tuple[int, str, float]:
        words, directory, more = calls[number]
        wait()
        said = _one(words, directory, more)
        return said.status, said.out, said.seconds

    sys.stdout.write(json.dumps(crowd.gathered(len(calls), work)))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
