"""`parallel-agents release TASK`: end a claim, completed with evidence or given back."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordination.completing import Ended
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Outcome
from parallel_agents.verbs.claim import agent_of
from parallel_agents.verbs.console import Console


def run(arguments: Namespace, console: Console) -> int:
    """Release the claim."""
    coordinator, agent = Coordinator.at(console.start), agent_of(arguments)
    outcome = Outcome.RETURNED if arguments.returned else Outcome.COMPLETED
    doing = (
        "saving unfinished work" if arguments.returned else "looking at the work and checking it"
    )
    with console.busy(f"{arguments.task}: {doing}"):
        ended = coordinator.release(
            agent, arguments.task, arguments.token, outcome, arguments.summary
        )
    if console.as_json:
        from parallel_agents.replies import Released

        console.give(Released.from_ended(ended, agent).model_dump(mode="json"))
        return 0
    data = ended.event.data
    if outcome is Outcome.COMPLETED:
        console.say(f"{_task(ended)} is completed at commit {str(data['commit'])[:12]}.")
        if check := data.get("check"):
            console.say(f"  check passed in {check['seconds']:.1f} s: {check['command']}")
    else:
        console.say(f"{_task(ended)} is given back; anybody can claim it.")
    say_what_is_left(ended, console)
    return 0


def say_what_is_left(ended: Ended, console: Console) -> None:
    """Where unfinished work of a claim is now."""
    if salvage := ended.event.data.get("salvage"):
        console.say(f"  unfinished work is kept in commit {salvage}")
    if ended.left:
        console.say(f"  changed and left as they are: {', '.join(ended.left)}")


def _task(ended: Ended) -> str:
    return f"Task {ended.event.task}" + (" (as said before)" if ended.again else "")
