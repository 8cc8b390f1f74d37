"""Claims: granted, given a place to work, grown."""

from __future__ import annotations

from typing import Any, assert_never

from parallel_agents.core import waiting
from parallel_agents.core.commands import (
    Decision,
    Done,
    Extend,
    Granted,
    Prepare,
    TakeClaim,
    Unchanged,
)
from parallel_agents.core.errors import BadInput, NotNow, NotYours
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.globs import covering, is_literal, meet, normalize
from parallel_agents.core.model import RETRY_BY_OTHERS, Agent, Claim, State
from parallel_agents.core.records import granted
from parallel_agents.core.rules.meeting import consequences
from parallel_agents.core.rules.standing import (
    current,
    held_by,
    record_of,
    refuse_damaged,
    refuse_unverified,
    run_of,
    stale,
)
from parallel_agents.core.view import Record, Run, View

LONGEST_NAME = 100
"""Characters that the name of an agent or of a session may have."""


def claim(view: View, command: TakeClaim, now: float) -> Decision:
    run = run_of(view)
    agent = command.agent
    _refuse_unfit_name(agent)
    if (mine := view.claim_of(agent)) is not None:
        record = view.records[mine.task]
        refuse_unverified(view, mine, agent)
        refuse_damaged(view, record)
        return Decision(_given(run, record, mine, again=True))
    if run.max_agents is not None and len(view.claims) >= run.max_agents:
        return Decision(waiting.for_a_place(view, run.max_agents))
    if command.task is not None:
        record = record_of(view, command.task)
        _refuse_unclaimable(view, record, agent, now)
        return _grant(view, run, record, command, now)
    for record in view.ready():
        if _left_to_others(view, record, agent, now):
            continue
        if view.met_by(record.task.files) is None:
            return _grant(view, run, record, command, now)
    return Decision(waiting.explain(view, agent))


def _refuse_unfit_name(agent: Agent) -> None:
    """Session and name are written together as `session/name` and name files of signs of life."""
    session, name = agent.session, agent.name
    short = 0 < len(session) <= LONGEST_NAME and 0 < len(name) <= LONGEST_NAME
    plain = short and session.isprintable() and name.isprintable()
    if not plain or "/" in session or name == "session" or name.endswith(".session"):
        raise BadInput(
            "bad_agent",
            f"{agent.key[:120]!a} cannot name an agent and its session.",
            f"use a plain name of 1 to {LONGEST_NAME} characters, such as worker-1.",
        )


def _grant(view: View, run: Run, record: Record, command: TakeClaim, now: float) -> Decision:
    task, agent, place = record.task, command.agent, command.place
    data: dict[str, Any] = {
        "agent": agent.key,
        "verified": agent.verified,
        "files": list(task.files),
        "slot": view.next_slot(agent),
    }
    if place is not None:
        data |= {"workdir": place.workdir, "start": place.start}
    event = Event(view.rev + 1, now, Kind.CLAIMED, task.id, data)
    return Decision(_given(run, record, granted(task.id, agent, event)), (event,))


def _given(run: Run, record: Record, claim: Claim, again: bool = False) -> Granted:
    return Granted(
        *(claim, record.task, record.failures, again),
        strategy=run.strategy,
        reason_of_failure=record.last_failure,
    )


def _left_to_others(view: View, record: Record, agent: Agent, now: float) -> bool:
    """A retry goes to another agent first: while one is at work, and one may be on its way."""
    if agent.key not in record.failed_by:
        return False
    if view.claims:
        return True
    others = view.slots.keys() - record.failed_by
    if not others or record.last is None:
        return False
    return 0 <= now - record.last.at < RETRY_BY_OTHERS  # a clock that was set back holds nobody up


def _refuse_unclaimable(view: View, record: Record, agent: Agent, now: float) -> None:
    task, rev = record.task.id, view.rev
    if record.claim is not None:
        raise NotYours(
            "held",
            f"Task {task} is held by {held_by(record.claim)}.",
            "call claim_task without a task_id for other work.",
            rev,
        )
    match record.state:
        case State.COMPLETED:
            raise NotNow(
                "task_completed",
                f"Task {task} is completed.",
                "call claim_task without a task_id.",
                rev,
            )
        case State.BLOCKED:
            raise NotNow(
                "task_blocked",
                f"Task {task} is blocked after {record.failures} failures and "
                f"{record.recoveries} recoveries; only a person can put it back.",
                "ask the user to look at it; recover_task asks them.",
                rev,
            )
        case State.CLAIMED:
            raise NotNow(
                "task_reserved",
                f"The file of task {task} lies in claimed/, but no agent holds it: "
                "a person put it there.",
                "ask the user; `recover_task` brings it back to the queue.",
                rev,
            )
        case State.AVAILABLE | State.FAILED:
            pass
        case _:
            assert_never(record.state)
    if unmet := view.unmet(task):
        raise NotNow(
            "waits_for",
            f"Task {task} waits for {', '.join(unmet)}.",
            "call claim_task without a task_id for work that can start now.",
            rev,
        )
    if _left_to_others(view, record, agent, now):
        raise NotNow(
            "left_to_others",
            f"You failed task {task}; another agent may try it first.",
            "call claim_task without a task_id, or again when the others are done.",
            rev,
        )
    if (met := view.met_by(record.task.files)) is not None:
        claim, pattern, witness = met
        raise NotYours(
            "files_held",
            f"Task {task} may write {witness}, which is held ({pattern}) for task {claim.task} "
            f"by {held_by(claim)}.",
            "call claim_task without a task_id for work that is free.",
            rev,
        )


def prepare(view: View, command: Prepare, now: float) -> Decision:
    record, spent = current(view, command.agent, command.task, command.token)
    claim = record.claim
    if spent or claim is None:
        raise stale(view, record, command.token)
    if (claim.workdir, claim.branch, claim.start) == (
        command.workdir,
        command.branch,
        command.start,
    ):
        return Decision(Unchanged("The place to work is already recorded."))
    data: dict[str, Any] = {
        "token": command.token,
        "workdir": command.workdir,
        "branch": command.branch,
        "start": command.start,
    }
    if command.rests_on:
        data["rests_on"] = list(command.rests_on)
    event = Event(view.rev + 1, now, Kind.PREPARED, command.task, data)
    return Decision(Done(event), (event,))


def extend(view: View, command: Extend, now: float) -> Decision:
    record, spent = current(view, command.agent, command.task, command.token)
    claim = record.claim
    if spent or claim is None:
        raise stale(view, record, command.token)
    wanted = tuple(dict.fromkeys(normalize(f) for f in command.files))
    if not wanted:
        raise BadInput(
            "empty_files", "No file was named.", "name the files to add, as paths or globs."
        )
    added = tuple(
        f for f in wanted if not (f in claim.files or (is_literal(f) and covering(claim.files, f)))
    )
    if not added:
        return Decision(Unchanged("Your claim already has these files."))
    if (met := view.met_by(added, but=command.task)) is not None:
        other, pattern, witness = met
        raise NotYours(
            "files_held",
            f"{witness} is held ({pattern}) for task {other.task} by {held_by(other)}.",
            "leave it to them; if your task cannot be done without it, call fail_task and say so.",
            view.rev,
        )
    for owner in view.unfinished():
        if owner.task.id != command.task and (meeting := meet(owner.task.files, added)):
            raise NotYours(
                "files_of_a_task",
                f"{meeting[2]} belongs to task {owner.task.id} ({meeting[0]}), "
                f"which is {owner.state}.",
                "leave it to that task; if yours cannot be done without it, call fail_task and "
                "say so, and the coordinator orders the two.",
                view.rev,
            )
    data = {"token": command.token, "files": list(added)}
    data |= consequences(view, command.task, command.met, accepted_wait=False)
    event = Event(view.rev + 1, now, Kind.EXTENDED, command.task, data)
    return Decision(Done(event), (event,))
