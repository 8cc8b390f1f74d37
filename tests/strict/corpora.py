"""What strict mode alone keeps of the corpora's writes: `python -m strict.corpora [EVERY]`.

The shell guard is left out: every command that writes a held file is taken for one of which nobody
can tell. It runs with held files read-only, and is looked at afterwards. It must have been stopped
or undone. The commands run for real, in a scratch project; do that in a machine of no account.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from parallel_agents.guard.event import Event
from parallel_agents.guard.strict import session
from parallel_agents.guard.watch import watching
from parallel_agents.guard.watch.journal import Journal
from scratch_run import MAIN, PLUGIN, SESSION, ScratchRun
from shell import ground
from shell.ground import Case

CORPORA = ("corpus.jsonl", "improvised.jsonl")
STOPPED, UNDONE, WRITTEN = "stopped", "undone", "WRITTEN"
DEADLINE = 60
"""Seconds for one command."""


def writes(every: int) -> list[Case]:
    """Each `every`th command of the corpora that writes a held file."""
    found = [case for name in CORPORA for case in ground.cases(name) if case.writes]
    return found[::every]


def outcome(case: Case, pristine: Path, top: Path) -> str:
    """What becomes of the held files when this command runs under strict mode."""
    shutil.rmtree(top / "work", ignore_errors=True)
    root, scratch = top / "work" / "demo", top / "work" / "scratch"
    scratch.mkdir(parents=True)
    subprocess.run(["cp", "-a", pristine, root], check=True)  # keeps the hard link
    ground.git(root, "status")
    run = ScratchRun(root)
    run.claim("hold", *ground.LOCKS, agent="holder")
    Journal(str(run.folder), "hold", 1).note(str(root), "src/app.py")  # its uncommitted work
    command = case.command.replace("{REPO}", str(root)).replace("{SCRATCH}", str(scratch))
    before = _held(root)
    event = run.event(MAIN, "Bash", command=command) | {"cwd": str(root / case.cwd)}
    assert watching.begin(Event(event), run.runs(), "opaque") is None
    line = f". {shlex.quote(os.environ['CLAUDE_ENV_FILE'])}; eval {shlex.quote(command)}"
    subprocess.run(
        ("bash", "-c", line),
        cwd=root / case.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=DEADLINE,
        check=False,
        env={**os.environ, "GIT_EDITOR": "true", "PAGER": "cat", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if "&" in command.replace("&&", "").replace("2>&1", ""):
        time.sleep(0.2)  # what it left in the background has no other end
    stopped = _held(root) == before
    done = event | {"hook_event_name": "PostToolUse", "tool_response": {}}
    watching.after(Event(done), run.runs())
    if _held(root) != before:
        return WRITTEN
    return STOPPED if stopped else UNDONE


def prepare(folder: Path) -> dict[str, str]:
    """The environment in which hooks find strict mode on; the session is yet to be prepared."""
    return {
        "CLAUDE_PLUGIN_DATA": str(folder / "data"),
        "CLAUDE_ENV_FILE": str(folder / "environment.sh"),
        "PARALLEL_AGENTS_STRICT": "auto",
    }


def begin(folder: Path) -> Path:
    """Prepare the session; the project to copy. Raises `AssertionError` without namespaces."""
    event = Event({"session_id": SESSION, "cwd": str(folder), "source": "startup"})
    trouble = session.prepare(event, str(PLUGIN))
    assert trouble == "", trouble
    return ground.build(folder / "pristine")


def _held(root: Path) -> dict[str, str]:
    return {path: mark for path, mark in ground.snapshot(root).items() if ground.is_held(path)}


def main(every: int) -> int:
    """Run them all; the number that wrote a held file."""
    counts = dict.fromkeys((STOPPED, UNDONE, WRITTEN), 0)
    with tempfile.TemporaryDirectory() as top:
        os.environ.update(prepare(Path(top)))
        pristine = begin(Path(top))
        for case in writes(every):
            found = outcome(case, pristine, Path(top))
            counts[found] += 1
            if found != STOPPED:
                sys.stdout.write(f"{found} {case.id} {case.command!r}\n")
    sys.stdout.write(f"{counts}\n")
    return counts[WRITTEN]


if __name__ == "__main__":
    sys.exit(min(1, main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)))
