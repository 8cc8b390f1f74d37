"""`parallel-agents plan FILE`: check a plan, show it, record it as proposed."""

from __future__ import annotations

import sys
from argparse import Namespace

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import BadInput
from parallel_agents.planfile import read_plan
from parallel_agents.verbs.console import Console

STANDARD_INPUT = "-"


def run(arguments: Namespace, console: Console) -> int:
    """Propose the plan in the file."""
    coordinator = Coordinator.at(console.start)
    plan = read_plan(_text(arguments.file, console), _source(arguments.file))
    with console.busy("comparing the tasks of the plan") as said:
        proposal = coordinator.propose(plan, said)
    if console.as_json:
        from parallel_agents.replies import Proposed

        console.give(Proposed.from_proposal(proposal).model_dump(mode="json"))
        return 0
    console.say(proposal.assessment.text)
    if proposal.approved:
        console.say(f"\nPlan {proposal.assessment.plan.id} is approved and runs already.")
    return 0


def _source(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _text(file: str, console: Console) -> str:
    try:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return (console.start / file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(
            "unreadable_plan",
            f"The plan file {file} cannot be read: {error.strerror or error}.",
            "name a file that exists, or - for standard input.",
        ) from None
    except UnicodeDecodeError:
        raise BadInput(
            "unreadable_plan", f"{_source(file)} is not UTF-8 text.", "save it as UTF-8."
        ) from None
