"""`parallel-agents recover TASK`: stale or blocked work back to the queue."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.events import Event
from parallel_agents.core.model import State
from parallel_agents.verbs.console import Console


def run(arguments: Namespace, console: Console) -> int:
    """Recover the task: by itself where its agent is known to be gone, else by a person's word."""
    coordinator = Coordinator.at(console.start)
    task, to = arguments.task, State(arguments.to)
    try:
        event, rev = coordinator.recover(task, to, bool(arguments.yes), arguments.reason)
    except NeedsPerson as error:
        _ask(error, task, to, console)
        event, rev = coordinator.recover(task, to, True, arguments.reason)
    if console.as_json:
        from parallel_agents.replies import Recovered

        console.give(Recovered.from_event(task, to, event, rev).model_dump(mode="json"))
    else:
        console.say(_text(task, to, event))
    return 0


def _ask(error: NeedsPerson, task: str, to: State, console: Console) -> None:
    if not console.has_person:
        raise NeedsPerson(
            error.code,
            error.sentence,
            f"run `parallel-agents recover {task} --to {to}` in a terminal, or add --yes once the "
            "user has decided.",
            error.rev,
        ) from None
    console.note(error.sentence)
    if not console.confirm(f"Put {task} back as {to}? Unfinished work is saved first."):
        raise NeedsPerson(
            "not_recovered",
            f"You did not say yes; task {task} is as it was.",
            "recover it later, or let its agent go on.",
            error.rev,
        ) from None


def _text(task: str, to: State, event: Event | None) -> str:
    if event is None:
        return f"Task {task} is {to} already; nothing was changed."
    lines = [f"Task {task} is {event.data['state']} now."]
    if event.data["state"] == State.BLOCKED:
        lines.append("It was taken back too often; recover it once more to unblock it.")
    if salvage := event.data.get("salvage"):
        lines.append(f"  unfinished work is kept in commit {salvage}")
    return "\n".join(lines)
