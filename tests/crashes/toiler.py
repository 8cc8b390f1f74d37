"""An agent that works on a folder store until the disk is gone; run as a program.

    python -m crashes.toiler ROOT AGENT

It claims, completes, fails, gives back, and now and then has the plan amended by one more task.
Each reply is a line of JSON, written once the store has given it.
"""

from __future__ import annotations

import json
import os
import random
import sys
from itertools import count
from pathlib import Path

from parallel_agents.core.commands import Granted
from parallel_agents.core.errors import Refusal, StoreFault
from parallel_agents.core.model import Agent
from parallel_agents.store.folder import FolderStore
from stores import approve, ask, complete, fail, give_back, plan


def _say(what: str, task: str, token: int) -> None:
    os.write(1, (json.dumps({"what": what, "task": task, "token": token}) + "\n").encode())


def _toil(store: FolderStore, agent: Agent, chance: random.Random) -> None:
    for number in count():
        if chance.random() < 0.1:
            new = f"{agent.name}-{number}"
            tasks = store.read(lambda view: [r.task for r in view.records.values()])
            try:
                approve(store, plan(*tasks, new))
            except Refusal:  # another amendment came between
                continue
            _say("approved", new, 0)
        answer = ask(store, agent)
        if not isinstance(answer, Granted):
            continue
        held = answer.claim
        _say("claimed", held.task, held.token)
        end = chance.choice([complete, fail, fail, give_back, give_back])
        end(store, held)
        _say(end.__name__, held.task, held.token)


def _main(root: str, name: str) -> None:
    try:
        _toil(FolderStore(Path(root)), Agent("s-1", name), random.Random(name))
    except StoreFault:
        _say("fault", "", 0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
