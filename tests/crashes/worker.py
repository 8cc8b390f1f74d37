"""Processes that each ask a store for one change, at the sign of who watches them.

    python -m crashes.worker

Reads lines of JSON: the store's root, a step of `crashes.steps`, whether the process may look at
the store first, and whether it then takes the folder for settled, so that it makes the same calls
each time. Forks a process for each, which says `ready <pid>`, waits for SIGUSR1, makes the
call and writes a line `reply <JSON>` once it has the answer. After a fault of the store it calls
again. `ended <status>` is the last line of each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from parallel_agents.core.errors import ParallelAgentsError, StoreFault
from parallel_agents.store import opened
from parallel_agents.store.folder import FolderStore

from crashes.steps import STEPS, said


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _call(root: str, step: str, warm: bool, settled: bool) -> None:
    opened.SETTLED = -sys.maxsize if settled else sys.maxsize
    store = FolderStore(Path(root), timeout=5.0)
    if warm:
        store.read(lambda view: view.rev)
    command = STEPS[step].command
    _say("ready", os.getpid())
    signal.sigwait({signal.SIGUSR1})
    for _ in range(2):
        try:
            answer = said(store.transact(command)[0])
        except StoreFault as fault:
            _say("reply", json.dumps({"fault": fault.code, "sentence": str(fault)}))
        except ParallelAgentsError as refusal:
            _say("reply", json.dumps({"refused": refusal.code, "sentence": str(refusal)}))
            return
        else:
            _say("reply", json.dumps(answer))
            return


def _main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _call(*json.loads(line))
            finally:
                os._exit(0)
        _say("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    _main()
