"""`parallel-agents end`: put a run away that is not to go on."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.rules import run_of
from parallel_agents.verbs.console import Console


def run(arguments: Namespace, console: Console) -> int:
    """End the run by a person's word. Nothing is merged or removed."""
    coordinator = Coordinator.at(console.start)
    present = coordinator.store.read(run_of)
    status = coordinator.status()
    if not arguments.yes:
        _ask(present.id, status.progress, status.rev, console)
    rev = coordinator.end()
    if console.as_json:
        console.give({"run": present.id, "progress": status.progress, "rev": rev})
    else:
        console.say(f"Run {present.id} is put away: _tasks/history/{present.id}/")
        console.say(f"  {status.progress}; its branches and work trees are as they were.")
    return 0


def _ask(run_id: str, progress: str, rev: int, console: Console) -> None:
    if not console.has_person:
        raise NeedsPerson(
            "needs_yes",
            f"Ending run {run_id} ({progress}) needs a person's yes, and there is no terminal to "
            "ask on.",
            "add --yes once the user has agreed.",
            rev,
        )
    console.note(progress)
    if not console.confirm(f"End run {run_id}? What is not merged stays on its branches."):
        raise NeedsPerson(
            "not_ended", "You did not say yes; the run goes on.", "see `status`.", rev
        )
