"""Many processes that claim from one folder store until nothing is left; run as a program.

    python claimers.py ROOT PROCESSES DEATHS

Each process works as one agent: claim, complete (now and then give back or fail), claim again. It
notes every reply in a file of its own beside the store, so that what a killed one was told is known
too. DEATHS of them are killed in the middle of their work, and what they held is recovered by the
user's word. Prints how many were killed while they held a claim.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from parallel_agents.core.commands import (
    Done,
    Fail,
    Granted,
    NothingToClaim,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.model import Agent, Claim, Outcome, State
from parallel_agents.core.view import View
from parallel_agents.store.folder import FolderStore

COMMIT = "c" * 40
LONGEST = 60
"""Seconds after which every process ends itself."""


def replies(root: Path) -> list[dict[str, Any]]:
    """What every process was told: `began` and `ended` (ns), `what`, `task`, `token`, `rev`."""
    told = []
    for path in root.glob("replies-*"):
        lines = path.read_text().splitlines(keepends=True)
        told += [json.loads(line) for line in lines if line.endswith("\n")]
    return told


def _work(root: Path, number: int) -> None:
    store, agent = FolderStore(root), Agent("storm", f"agent-{number}")
    chance = random.Random(number)
    log = os.open(root / f"replies-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def call(command: Any) -> Any:
        began = time.monotonic_ns()
        answer, rev = store.transact(command)
        told = {"agent": agent.name, "began": began, "ended": time.monotonic_ns(), "rev": rev}
        if isinstance(answer, Granted):
            told |= {"what": "granted", "task": answer.claim.task, "token": answer.claim.token}
            told |= {"files": answer.claim.files, "again": answer.again}
        elif isinstance(answer, Done):
            told |= {"what": answer.event.kind, "task": command.task, "token": command.token}
        os.write(log, json.dumps(told).encode() + b"\n")
        return answer

    while True:
        answer = call(TakeClaim(agent))
        if isinstance(answer, NothingToClaim):
            if answer.finished:
                return
            os.sched_yield()
            continue
        task, token, luck = answer.claim.task, answer.claim.token, chance.random()
        if luck < 0.1:
            call(Release(agent, task, token, Outcome.RETURNED))
        elif luck < 0.15 and answer.failures == 0:
            call(Fail(agent, task, token, "Bad luck."))
        else:
            call(Release(agent, task, token, Outcome.COMPLETED, commit=COMMIT))


def _main(root: Path, processes: int, deaths: int) -> None:
    signal.alarm(LONGEST)
    gate, key = os.pipe()
    children = []
    for number in range(processes):
        child = os.fork()
        if child:
            children.append(child)
            continue
        signal.alarm(LONGEST)
        os.close(key)
        os.read(gate, 1)  # until the parent lets all of them go
        status = 1
        try:
            _work(root, number)
            status = 0
        finally:
            os._exit(status)
    os.close(key)
    killed = 0
    store = FolderStore(root)
    for number, victim in enumerate(children[:deaths]):
        before = _lines(root, number)
        while _lines(root, number) < before + 3 and not _is_over(victim):
            os.sched_yield()
        os.kill(victim, signal.SIGKILL)
        os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
        agent = Agent("storm", f"agent-{number}")
        left = store.read(partial(_claim_of, agent))
        if left is not None:
            store.transact(Recover(left.task, State.AVAILABLE, by_user=True, token=left.token))
            killed += 1
    for child in children:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL), code
    sys.stdout.write(str(killed))


def _claim_of(agent: Agent, view: View) -> Claim | None:
    return view.claim_of(agent)


def _lines(root: Path, number: int) -> int:
    try:
        return (root / f"replies-{number}").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _is_over(child: int) -> bool:
    """Whether the child has ended, without collecting it."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
