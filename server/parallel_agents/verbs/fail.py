"""`parallel-agents fail TASK`: end a claim as failed."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import State
from parallel_agents.verbs.claim import agent_of
from parallel_agents.verbs.console import Console
from parallel_agents.verbs.release import say_what_is_left


def run(arguments: Namespace, console: Console) -> int:
    """Fail the claim."""
    coordinator, agent = Coordinator.at(console.start), agent_of(arguments)
    with console.busy(f"{arguments.task}: saving unfinished work"):
        ended = coordinator.fail(agent, arguments.task, arguments.token, arguments.reason)
    if console.as_json:
        from parallel_agents.replies import Failed

        console.give(Failed.from_ended(ended, agent).model_dump(mode="json"))
        return 0
    failures = ended.event.data["failures"]
    if ended.event.data["state"] == State.BLOCKED:
        console.say(
            f"Task {arguments.task} is blocked after {failures} failures: a person decides.\n"
            f"Next: parallel-agents recover {arguments.task} puts it back into the queue"
        )
    else:
        console.say(f"Task {arguments.task} failed; it is tried again, by another agent first.")
    say_what_is_left(ended, console)
    return 0
