"""Ends of claims: completed, given back, failed, recovered."""

from __future__ import annotations

from parallel_agents.core.commands import Decision, Done, Fail, Recover, Release, Unchanged
from parallel_agents.core.errors import BadInput, NeedsPerson, NotNow, Unproven
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import (
    FAILURES_TO_BLOCK,
    RECOVERIES_TO_BLOCK,
    STALE_AFTER,
    Outcome,
    State,
)
from parallel_agents.core.rules.meeting import consequences
from parallel_agents.core.rules.standing import (
    answer_again,
    current,
    held_by,
    record_of,
    refuse_damaged,
    run_of,
    stale,
)
from parallel_agents.core.view import READY_STATES, Record, View


def release(view: View, command: Release, now: float) -> Decision:
    record, spent = current(view, command.agent, command.task, command.token)
    completed = command.outcome is Outcome.COMPLETED
    kind = Kind.COMPLETED if completed else Kind.RETURNED
    if spent is not None:
        return answer_again(view, record, spent, kind, command.token)
    claim = record.claim
    if claim is None:
        raise stale(view, record, command.token)
    if not completed:
        data = {
            "token": command.token,
            "agent": claim.agent.key,
            "summary": command.summary,
            "salvage": command.salvage,
        }
        event = Event(view.rev + 1, now, kind, command.task, data)
        return Decision(Done(event), (event,))
    if not command.commit:
        raise Unproven(
            "no_commit",
            f"Task {command.task} was called completed, but no commit shows it.",
            "commit the work, then release the task again.",
            view.rev,
        )
    data = {
        "token": command.token,
        "agent": claim.agent.key,
        "files": list(claim.files),
        "commit": command.commit,
        "start": claim.start,
        "branch": claim.branch,
        "workdir": claim.workdir,
        "summary": command.summary,
        "check": dict(command.check) if command.check else None,
    }
    data |= consequences(view, command.task, command.met, accepted_wait=True)
    event = Event(view.rev + 1, now, kind, command.task, data)
    return Decision(Done(event), (event,))


def fail(view: View, command: Fail, now: float) -> Decision:
    record, spent = current(view, command.agent, command.task, command.token)
    if spent is not None:
        return answer_again(view, record, spent, Kind.FAILED, command.token)
    if record.claim is None:
        raise stale(view, record, command.token)
    failures = record.failures + 1
    state = State.BLOCKED if failures >= FAILURES_TO_BLOCK else State.FAILED
    data = {
        "token": command.token,
        "agent": record.claim.agent.key,
        "reason": command.reason,
        "salvage": command.salvage,
        "failures": failures,
        "state": state.value,
    }
    event = Event(view.rev + 1, now, Kind.FAILED, command.task, data)
    return Decision(Done(event), (event,))


_STARTED = (State.CLAIMED, State.COMPLETED)


def recover(view: View, command: Recover, now: float) -> Decision:
    run_of(view)
    record = record_of(view, command.task)
    if command.to not in (State.AVAILABLE, State.FAILED):
        raise BadInput(
            "bad_state",
            f"A task cannot be recovered to {command.to}.",
            "say `available` or `failed`.",
        )
    was, claim = record.state, record.claim
    if command.token is not None and (claim is None or claim.token != command.token):
        spent = record.ended.get(command.token)
        if spent is not None:
            return answer_again(view, record, spent, Kind.RECOVERED, command.token)
        raise stale(view, record, command.token)
    if was is command.to:
        return Decision(Unchanged(f"Task {command.task} is already {was}."))
    if was is State.COMPLETED:
        _refuse_reopening(view, record, command)
    if was in READY_STATES:
        raise NotNow(
            "not_stuck",
            f"Task {command.task} is {was}: it is in the queue already.",
            "nothing has to be done; claim_task gives it out in its turn.",
            view.rev,
        )
    refuse_damaged(view, record)
    if not command.by_user:
        _refuse_theft(view, record, command)
    in_work = claim is not None
    recoveries = record.recoveries + 1 if in_work else record.recoveries
    fresh = was in (State.BLOCKED, State.COMPLETED)
    state: State = command.to
    if fresh:
        recoveries = 0
    elif in_work and recoveries >= RECOVERIES_TO_BLOCK:
        state = State.BLOCKED
    data = {
        "token": claim.token if claim else None,
        "agent": claim.agent.key if claim else None,
        "by": "user" if command.by_user else "known dead",
        "reason": command.reason,
        "salvage": command.salvage,
        "state": state.value,
        "recoveries": recoveries,
        "fresh": fresh,
    }
    event = Event(view.rev + 1, now, Kind.RECOVERED, command.task, data)
    return Decision(Done(event), (event,))


def _refuse_reopening(view: View, record: Record, command: Recover) -> None:
    """A result that has not landed can be done again, if the user says so and none rests on it."""
    task = record.task.id
    if record.merged:
        raise NotNow(
            "task_merged",
            f"Task {task} is completed and merged: there is nothing to recover.",
            "propose a new task for what is still to be done.",
            view.rev,
        )
    resting = [t for t in view.dependents(task) if view.records[t].state in _STARTED]
    if resting:
        raise NotNow(
            "others_rest_on_it",
            f"Task {task} is completed, and {', '.join(resting)} started from its result.",
            f"recover {resting[0]} first, or leave both as they are.",
            view.rev,
        )
    if not command.by_user:
        raise NeedsPerson(
            "user_decides",
            f"Task {task} is completed; only the user can have it done again.",
            f"ask the user to run `parallel-agents recover {task}`.",
            view.rev,
        )


def _refuse_theft(view: View, record: Record, command: Recover) -> None:
    """Without the user's word only a claim that is stale, of an agent known not to run, may go."""
    claim = record.claim
    if claim is None:
        raise NeedsPerson(
            "user_decides",
            f"Task {command.task} is {record.state}; only the user can put it back.",
            f"ask the user to run `parallel-agents recover {command.task} --to {command.to}`.",
            view.rev,
        )
    silence = command.silence or 0.0
    is_stale = silence > STALE_AFTER
    if not (is_stale and command.known_dead):
        why = "its agent is not known to have ended" if is_stale else "it is not stale"
        raise NeedsPerson(
            "user_decides",
            f"Task {command.task} is held by {held_by(claim)}, last sign of life "
            f"{silence / 60:.0f} min ago: {why}, and a clock alone never takes a claim away.",
            f"ask the user to run `parallel-agents recover {command.task} --to {command.to}`.",
            view.rev,
        )
