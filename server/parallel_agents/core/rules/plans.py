"""Plans: proposed, approved, merged, put away."""

from __future__ import annotations

from parallel_agents.core.commands import Approve, Decision, Done, MarkMerged, Propose, Unchanged
from parallel_agents.core.errors import BadInput, NotNow, Unknown
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import TASK_ID, Plan, State, TaskId
from parallel_agents.core.rules.standing import held_by, record_of, run_of
from parallel_agents.core.view import View


def propose(view: View, command: Propose, now: float) -> Decision:
    plan, run = command.plan, view.run
    _refuse_unfit_ids(plan)
    _refuse_unfit_doubts(plan)
    if run is not None and run.approved(plan.id):
        current = run.approvals[-1].plan_id
        if plan.id != current:
            raise NotNow(
                "plan_superseded",
                f"Plan {plan.id} was approved, and then amended by {current}: its tasks are now "
                f"as {current} says.",
                "to go back on something, propose the plan with a goal that says so.",
                view.rev,
            )
        return Decision(
            Unchanged(f"Plan {plan.id} is already approved and running; nothing changed.")
        )
    _refuse_change_of_work(view, plan)
    data = {"plan": plan.id, "digest": plan.digest, "text": command.text}
    event = Event(view.rev + 1, now, Kind.PROPOSED, None, data)
    return Decision(Done(event), (event,))


def _refuse_unfit_ids(plan: Plan) -> None:
    """Ids are names of files: nothing else may get there, whoever proposes."""
    ids = [task.id for task in plan.tasks]
    for task in ids:
        if not TASK_ID.fullmatch(task):
            raise BadInput(
                "bad_task_id",
                f"{task[:80]!a} is no task id.",
                "use a-z, 0-9 and -, begin with a letter or digit, 64 characters at most.",
            )
    if len(set(ids)) < len(ids):
        twice = next(task for task in ids if ids.count(task) > 1)
        raise BadInput(
            "duplicate_task", f"The plan has two tasks {twice}.", "give each task an id of its own."
        )


def _refuse_unfit_doubts(plan: Plan) -> None:
    """What the user may put in order must be tasks that can be put in order."""
    needs = {task.id: set(task.depends_on) for task in plan.tasks}
    for doubt in plan.doubts:
        needs.setdefault(doubt.before, set())
        needs.setdefault(doubt.after, set()).add(doubt.before)
    left = set(needs)
    while free := {task for task in left if not needs[task] & left}:
        left -= free
    if left:
        raise BadInput(
            "cycle",
            f"The tasks {', '.join(sorted(left))} would wait for each other in a circle.",
            "drop one of their dependencies, then propose the plan again.",
        )


def _refuse_change_of_work(view: View, plan: Plan) -> None:
    """An amendment changes no task that somebody works on or has done."""
    for task in plan.tasks:
        record = view.records.get(task.id)
        if record is None or record.task == task:
            continue
        if record.state in (State.CLAIMED, State.COMPLETED):
            who = f", claimed by {held_by(record.claim)}" if record.claim else ""
            raise NotNow(
                "task_in_progress",
                f"Task {task.id} cannot be changed: it is {record.state}{who}.",
                "give the changed work a new task id that depends on it, or recover it first; "
                "then propose the plan again.",
                view.rev,
            )


def approve(view: View, command: Approve, now: float) -> Decision:
    run = view.run
    if run is not None and run.approved(command.plan_id):
        return Decision(Unchanged(f"Plan {command.plan_id} is already approved."))
    plan = view.proposal
    if plan is None:
        raise Unknown(
            "unknown_plan",
            f"There is no proposed plan {command.plan_id!r}.",
            "call propose_plan first; its reply has the plan_id.",
            view.rev,
        )
    if plan.id != command.plan_id:
        raise NotNow(
            "plan_changed",
            f"The proposal is now {plan.id}, not {command.plan_id}: it was changed, "
            "and an approval counts for one exact content.",
            f"look at the present plan, then approve {plan.id}.",
            view.rev,
        )
    strategy, base, target = command.strategy, command.base, command.target
    if run is not None:
        if strategy is not run.strategy:
            raise NotNow(
                "strategy_fixed",
                f"The run {run.id} already works with strategy {run.strategy}.",
                f"approve the amendment with strategy {run.strategy}, or finish the run first.",
                view.rev,
            )
        _refuse_change_of_work(view, plan)  # it may have been claimed since it was proposed
        base, target = run.base, run.target
    pairs = tuple(d.pair for d in plan.doubts)
    if not command.accept_doubts:
        _refuse_started(view, pairs)
    data = {
        "plan": plan.id,
        "digest": plan.digest,
        "strategy": strategy.value,
        "by": command.by,
        "base": base,
        "target": target,
        "accepted": [list(p) for p in pairs if command.accept_doubts],
        "ordered": [list(p) for p in pairs if not command.accept_doubts],
    }
    event = Event(view.rev + 1, now, Kind.APPROVED, None, data)
    return Decision(Done(event), (event,))


def _refuse_started(view: View, pairs: tuple[tuple[TaskId, TaskId], ...]) -> None:
    """A task that somebody has begun since the plan was shown cannot be made to wait any more."""
    for before, after in pairs:
        record = view.records.get(after)
        if record is not None and record.state in (State.CLAIMED, State.COMPLETED):
            raise NotNow(
                "task_in_progress",
                f"Task {after} cannot be put after {before} any more: it is {record.state}.",
                "propose the plan again, and look at the pairs that are still open.",
                view.rev,
            )


def archive(view: View, now: float) -> Decision:
    run = run_of(view)
    if view.claims:
        claim = next(iter(view.claims.values()))
        raise NotNow(
            "still_claimed",
            f"The run {run.id} is not over: task {claim.task} is held by {held_by(claim)}.",
            "wait for it, or recover it with recover_task.",
            view.rev,
        )
    event = Event(view.rev + 1, now, Kind.ARCHIVED, None, {"run": run.id})
    return Decision(Done(event), (event,))


def merged(view: View, command: MarkMerged, now: float) -> Decision:
    run_of(view)
    for task in command.tasks:
        record = record_of(view, task)
        if record.state is not State.COMPLETED:
            raise NotNow(
                "not_completed",
                f"Task {task} is {record.state}, so it has no result that could be merged.",
                "merge completed tasks only.",
                view.rev,
            )
    if all(view.records[t].merged for t in command.tasks):
        return Decision(Unchanged("These tasks are already marked as merged."))
    data = {"tasks": list(command.tasks), "commit": command.commit}
    event = Event(view.rev + 1, now, Kind.MERGED, None, data)
    return Decision(Done(event), (event,))
