"""A process that works on a folder store and gets a signal at a chosen point of what it does.

    python store_process.py ROOT SIGNAL POINT CALL ARGUMENTS

SIGNAL is KILL, STOP or none. POINT is the step after which the process sends it to itself. It
prints one line of JSON for what the call gave, or nothing when it did not live to see it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parallel_agents.core.commands import Approve, Archive, Done, Granted, Propose
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Claim, Strategy, TaskId
from parallel_agents.store import files
from parallel_agents.store.feed import Feed
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.hooktable import HookTable
from parallel_agents.store.lock import FileLock
from stores import ask, complete, extend, fail, give_back, plan, prepare, recover

POINTS: dict[str, tuple[Any, str]] = {
    "begun": (FileLock, "begin"),
    "table written": (HookTable, "write"),
    "line appended": (files, "append_line"),
    "file renamed": (os, "rename"),
    "feed told": (Feed, "append"),
    "finished": (FileLock, "finish"),
    "synced": (files.Unsynced, "sync"),
}
DEADLINE = 30.0
"""Seconds after which a process that a test started has gone wrong."""


def run(root: Path, sent: str, point: str, *call: str) -> subprocess.Popen[str]:
    """Start such a process; the caller waits for it."""
    return subprocess.Popen(
        (sys.executable, __file__, str(root), sent, point, *call),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What its call gave. Fails where the process does not end in time."""
    out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(out)
    return found


def killed(process: subprocess.Popen[str]) -> None:
    """Wait until the process has killed itself."""
    out, _ = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (-signal.SIGKILL, "")


def stopped(process: subprocess.Popen[str]) -> None:
    """Wait until the process stands still."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)


def _signal_after(sent: str, point: str) -> None:
    owner, name = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)
    number = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}[sent]

    def instead(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        setattr(owner, name, original)
        os.kill(os.getpid(), number)
        return result

    setattr(owner, name, instead)


def _call(store: FolderStore, verb: str, *args: str) -> Any:
    def held(name: str, token: str) -> Claim:
        agent = store.read(lambda view: view.claims[TaskId(name)].agent)
        return Claim(TaskId(name), agent, int(token), (), 0.0, 1)

    match verb, *args:
        case "claim", agent, *name:
            return ask(store, Agent("s-1", agent), *name)
        case "complete", name, token:
            return complete(store, held(name, token))
        case "return", name, token:
            return give_back(store, held(name, token))
        case "fail", name, token:
            return fail(store, held(name, token))
        case "extend", name, token, *new:
            return extend(store, held(name, token), *new)
        case "prepare", name, token:
            return prepare(store, held(name, token))
        case "recover", name:
            return recover(store, name)
        case "propose", *names:
            return store.transact(Propose(plan(*names)))[0]
        case "approve", plan_id:
            approve = Approve(plan_id, Strategy.WORKTREE, "test", "b" * 40, "refs/heads/main")
            return store.transact(approve)[0]
        case ("archive",):
            return store.transact(Archive())[0]
    raise ValueError(verb)


def _main(root: str, sent: str, point: str, *call: str) -> None:
    store = FolderStore(Path(root), timeout=5.0)
    store.read(lambda view: view.rev)
    if sent != "none":
        _signal_after(sent, point)
    try:
        result = _call(store, *call)
    except ParallelAgentsError as error:
        found: dict[str, Any] = {"refused": error.code, "sentence": error.sentence}
    else:
        found = {"kind": type(result).__name__}
        if isinstance(result, Granted):
            found |= {"task": result.claim.task, "token": result.claim.token}
        if isinstance(result, Done):
            found |= {"rev": result.event.rev}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
