"""`parallel-agents claim [TASK] --agent NAME`: a task and a place to work on it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.commands import NothingToClaim
from parallel_agents.core.model import Agent
from parallel_agents.verbs.console import Console
from parallel_agents.views.wording import for_terminal

SESSION = "cli"
"""The session that agents of the command line belong to: they have no client that names one."""


def agent_of(arguments: Namespace) -> Agent:
    """Who works, as the caller says."""
    return Agent(SESSION, arguments.agent)


def run(arguments: Namespace, console: Console) -> int:
    """Claim, or say why there is nothing to claim."""
    coordinator, agent = Coordinator.at(console.start), agent_of(arguments)
    with console.busy("making a place to work ready (work tree, the plan's setup command)"):
        # No work tree of the caller's is taken over: a person may stand in their own.
        answer, rev = coordinator.claim(agent, arguments.task)
    if console.as_json:
        from parallel_agents.replies import Claimed

        console.give(Claimed.from_answer(answer, rev, agent).model_dump(mode="json"))
    elif isinstance(answer, NothingToClaim):
        console.say(
            f"Nothing to claim ({answer.reason}). {for_terminal(answer.sentence)}\n"
            f"Next: {for_terminal(answer.next_step)}"
        )
    else:
        console.say("\n".join(_lines(answer)))
    return 0


def _lines(given: Assignment) -> Iterator[str]:
    task, claim = given.task, given.claim
    verb = "You hold" if given.again else "Claimed"
    yield f"{verb} {task.id} with token {claim.token}: {task.title}"
    yield f"  files     {', '.join(claim.files)}"
    if task.reads:
        yield f"  reads     {', '.join(task.reads)}"
    if claim.workdir:
        yield f"  work in   {claim.workdir}"
    if claim.branch:
        yield f"  branch    {claim.branch}, from {str(claim.start)[:12]}"
    if claim.branch and not claim.workdir:
        there = given.remote or "(a clone of this repository: its remote)"
        yield f"  get it    git fetch {there}"
        yield f"            git switch -c {claim.branch} --no-track {claim.start}"
        yield f"  give it   git push {there} HEAD:refs/heads/{claim.branch}"
    if task.check:
        yield f"  check     {task.check}"
    until = datetime.fromtimestamp(given.deadline).strftime("%H:%M")
    yield f"  until     {until} without a sign of life, then it is flagged as stale"
    if given.failures:
        yield f"  failed    {given.failures} before: {given.reason_of_failure or 'no reason given'}"
    yield ""
    yield task.instructions.rstrip()
    yield ""
    yield (
        f"Done? parallel-agents release {task.id} --agent {claim.agent.name} "
        f"--token {claim.token} --summary ..."
    )
