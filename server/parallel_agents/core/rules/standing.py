"""How things stand: the run, a record, a holder, and whether a token still counts."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime

from parallel_agents.core.commands import Decision, Done
from parallel_agents.core.errors import NotNow, NotYours, Unknown
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import Agent, Claim, TaskId
from parallel_agents.core.view import Record, Run, View


def run_of(view: View) -> Run:
    """The approved run. Raises `NotNow` where there is none."""
    if view.run is not None:
        return view.run
    if view.proposal is not None:
        plan_id = view.proposal.id
        raise NotNow(
            "not_approved",
            f"Plan {plan_id} is proposed, but the user has not approved it: nothing can start.",
            f"call approve_plan with plan_id {plan_id}, "
            f"or ask the user to run `parallel-agents approve {plan_id}`.",
            view.rev,
        )
    raise NotNow(
        "no_plan",
        "No plan is approved in this repository: there is nothing to claim from.",
        "put the tasks before the user with propose_plan, then approve_plan.",
        view.rev,
    )


def record_of(view: View, task: TaskId) -> Record:
    """The record of a task. Raises `Unknown`, with the nearest id, where there is none."""
    record = view.records.get(task)
    if record is not None:
        return record
    near = difflib.get_close_matches(task, list(view.records)[:1000], 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise Unknown(
        "unknown_task",
        f"There is no task {task!r} in this run.",
        f"{hint}list_status shows every task id.",
        view.rev,
    )


def when(at: float) -> str:
    """A moment as people read it in a message: UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def held_by(claim: Claim) -> str:
    """`agent … since …`: who holds a claim, for a message."""
    return f"{claim.agent} since {when(claim.since)}"


def current(view: View, agent: Agent, task: TaskId, token: int) -> tuple[Record, Event | None]:
    """The record, and the event that spent this token already. Raises where it is not theirs."""
    run_of(view)
    record = record_of(view, task)
    spent = record.ended.get(token)
    if spent is not None:
        if spent.data.get("agent") not in (None, agent.key):
            raise stale(view, record, token)
        return record, spent
    claim = record.claim
    if claim is None or claim.token != token:
        raise stale(view, record, token)
    if claim.agent.key != agent.key:
        raise NotYours(
            "not_your_claim",
            f"Task {task} is held by {held_by(claim)}, not by {agent}.",
            "only the holder ends a claim; claim_task gives you work of your own.",
            view.rev,
        )
    refuse_unverified(view, claim, agent)
    refuse_damaged(view, record)
    return record, None


def refuse_unverified(view: View, claim: Claim, agent: Agent) -> None:
    """Raises `NotYours` where somebody only says to be the agent that the client vouched for."""
    if claim.agent.verified and not agent.verified:
        raise NotYours(
            "unverified",
            f"Task {claim.task} is held by {held_by(claim)}, whom the client vouched for; this "
            "call only says that it comes from there.",
            "call through the client that the agent runs in, with the plugin's hooks on; a caller "
            "of its own uses another name.",
            view.rev,
        )


def refuse_damaged(view: View, record: Record) -> None:
    """Raises `NotNow` where the task's file cannot be read: what it asks for is not known."""
    if record.damaged:
        where = f"_tasks/{record.state}/{record.task.id}.md"
        raise NotNow(
            "task_damaged",
            f"The file of task {record.task.id} is damaged: {record.damaged}. Its files stay held.",
            f"ask the user to mend {where}; then call again.",
            view.rev,
        )


def answer_again(view: View, record: Record, spent: Event, kind: Kind, token: int) -> Decision:
    if spent.kind is kind:
        return Decision(Done(spent, again=True))
    raise stale(view, record, token)


def stale(view: View, record: Record, token: int) -> NotNow:
    task, spent = record.task.id, record.ended.get(token)
    if spent is not None:
        what = f"it was spent at {when(spent.at)} ({spent.kind})"
    else:
        what = "it was never granted for this task"
    now = f"held by {held_by(record.claim)}" if record.claim else f"{record.state}"
    return NotNow(
        "stale_token",
        f"Token {token} of task {task} does not count: {what}. The task is {now}.",
        "change nothing more for this task; call claim_task for the work that is yours now.",
        view.rev,
    )
