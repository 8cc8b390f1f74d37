"""What the user chose after a merge had stopped, done."""

from __future__ import annotations

from dataclasses import replace

from parallel_agents.coordination.merging import MergeReport, merge, nothing_merged
from parallel_agents.coordination.proposing import propose
from parallel_agents.coordination.recovering import recover
from parallel_agents.coordination.selection import Request, plan_of
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.stops import Choice, Option, Reason, Stop
from parallel_agents.core.errors import BadInput, NeedsPerson
from parallel_agents.core.model import Plan, State, Task, TaskId
from parallel_agents.core.rules import run_of
from parallel_agents.core.view import View

LONGEST_ID = 64


def decide(
    site: Site, request: Request, stop: Stop, choice: str, instructions: str = ""
) -> MergeReport:
    """Do what the user said about `stop`, which a merge of `request` met.

    Raises as `merge`, which may stop again; BadInput `no_such_choice`, `no_instructions`;
    NeedsPerson `merge_given_up`.
    """
    try:
        option = stop.option(choice)
    except KeyError:
        offered = ", ".join(o.choice for o in stop.options)
        raise BadInput(
            "no_such_choice",
            f"`{choice}` is not among the choices after this stop ({offered}).",
            "choose one of them.",
        ) from None
    match option.choice:
        case Choice.LEAVE_OUT:
            return merge(site, _without(request, option))
        case Choice.LATER:
            return _later(site, request, option)
        case Choice.PREFIX:
            return merge(site, replace(request, only=option.tasks, leave_out=()))
        case Choice.ANYWAY:
            return merge(site, replace(request, trust=True))
        case Choice.AGENT:
            return _handed_on(site, request, stop, option, instructions)
        case Choice.GIVE_UP:
            raise NeedsPerson(
                "merge_given_up",
                f"The user gave this merge up. {stop.sentence.splitlines()[0]}",
                "leave everything as it is; merge_branches can be called again, and "
                "`parallel-agents end` puts the run away.",
            )


def _without(request: Request, option: Option) -> Request:
    if request.only is not None:
        return replace(request, only=tuple(t for t in request.only if t not in option.tasks))
    return replace(request, leave_out=(*request.leave_out, *option.tasks))


def _later(site: Site, request: Request, option: Option) -> MergeReport:
    """Merge the rest, and only once that has landed open the others again, last ones first."""
    report = merge(site, _without(request, option))
    rev = report.rev
    for task in reversed(option.tasks):
        _, rev = recover(site, task, State.AVAILABLE, True, "to be done on top of what landed")
    return replace(report, reopened=option.tasks, rev=rev)


def _handed_on(
    site: Site, request: Request, stop: Stop, option: Option, instructions: str
) -> MergeReport:
    """Propose the plan with one more task, which settles what stopped. The user approves that."""
    if not instructions.strip():
        raise BadInput(
            "no_instructions",
            "A task for an agent needs the user's instructions: how is this to be settled?",
            "call again, and say in `instructions` what the result should be.",
        )
    plan = site.store.read(lambda view: _amended(view, stop, option, instructions))
    proposal = propose(site, plan)
    report = nothing_merged(site, request)
    return replace(report, proposal=proposal.assessment.plan.id, stop=stop, rev=proposal.rev)


def _amended(view: View, stop: Stop, option: Option, instructions: str) -> Plan:
    task = _settling(view, stop, option, instructions)
    return plan_of(view, task)


def _settling(view: View, stop: Stop, option: Option, instructions: str) -> Task:
    run = run_of(view)
    names = option.tasks
    conflicts = stop.reason is Reason.CONFLICT
    files: dict[str, None] = {}
    for name in names:
        record = view.records[name]
        data = record.completed.data if record.completed else {}
        files |= dict.fromkeys(data.get("files") or record.task.files)
    if stop.conflict is not None:
        files |= dict.fromkeys(p.path.partition("~")[0] for p in stop.conflict.paths)
    culprit = view.records[stop.tasks[0]]
    others = [n for n in names if n != culprit.task.id]
    about = " and ".join(names) if others else f"{names[0]} and {run.target}"
    if conflicts:
        title = f"Settle the conflict of {about}"
        steps = (
            f"Your work tree starts from {' and '.join(others) or run.target}, without the result "
            f"of {culprit.task.id}. Run `git -c rerere.enabled=false merge {culprit.commit}`, "
            "settle the conflicts as said below, and commit the merge; do not rebase or squash."
        )
    else:
        title = f"Repair {about}"
        steps = f"Your work tree has the results of {about}. The plan's check fails on them."
    told = (
        f"{steps}\n\nWhat the user says:\n{instructions.strip()}\n\n"
        f"What stopped the merge:\n{stop.sentence.strip()}"
    )
    return Task(
        id=_unused(view, f"settle-{culprit.task.id}" if conflicts else f"repair-{culprit.task.id}"),
        title=title,
        instructions=told,
        files=tuple(files),
        depends_on=names,
        check=None if conflicts else run.check,
        settles=names if conflicts else (),
    )


def _unused(view: View, wanted: str) -> TaskId:
    name, number = wanted[:LONGEST_ID].rstrip("-"), 1
    while name in view.records:
        number += 1
        end = f"-{number}"
        name = wanted[: LONGEST_ID - len(end)].rstrip("-") + end
    return TaskId(name)
