"""`parallel-agents merge`: put the results together, tested, on the target branch."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordination.merging import MergeReport
from parallel_agents.coordination.stops import Choice, Stop
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson, NotNow
from parallel_agents.core.rules import run_of
from parallel_agents.verbs.console import Console
from parallel_agents.views.mergetext import branch_name, merge_text
from parallel_agents.views.wording import for_terminal

BY = "command line"
"""How the yes to a plan was given that the user's choice made, for the plan's record."""

PERSON = 4
"""The exit status where a person must decide."""


def run(arguments: Namespace, console: Console) -> int:
    """Show what would be merged, ask, and merge exactly that; where it stops, ask what to do."""
    coordinator = Coordinator.at(console.start)
    if arguments.resume:
        return _go_on(coordinator, arguments, console)
    try:
        with console.busy("merging the results in memory"):
            would = coordinator.merge(True, arguments.only, arguments.leave_out)
    except NotNow as nothing:
        # It was cut off so late that there is nothing left to be merged, but to be ended.
        if (
            nothing.code not in ("nothing_completed", "no_plan")
            or not coordinator.merge_was_cut_off()
        ):
            raise
        return _go_on(coordinator, arguments, console)
    if arguments.dry_run:
        _answer(would, console)
        return PERSON if would.stop is not None else 0
    if would.stop is not None:
        done = _chosen(coordinator, would.stop, arguments, console)
    else:
        if not arguments.yes:
            _ask(would, console)
        done = _merged(coordinator, would, arguments, console)
    _answer(done, console)
    if done.proposal is not None:
        _approve(coordinator, done.proposal, console)
    return 0


def _go_on(coordinator: Coordinator, arguments: Namespace, console: Console) -> int:
    with console.busy("going on with the merge that was cut off"):
        done = coordinator.merge(resume=True, trust=arguments.trust_check)
    _answer(done, console)
    return 0


def _merged(
    coordinator: Coordinator, would: MergeReport, arguments: Namespace, console: Console
) -> MergeReport:
    check = coordinator.store.read(lambda view: run_of(view).check)
    step = f"running the check on the combined tree: {check}" if check else "moving the branch"
    # Only what was shown: a task that was completed meanwhile waits for the next merge.
    only = (*would.merged, *would.already_in)
    trust = bool(arguments.trust_check)
    if console.has_person:
        with console.busy(step):
            stop = coordinator.prove(only, trust=trust)
        if stop is not None:
            return _chosen(coordinator, stop, arguments, console)
    with console.busy(step):
        return coordinator.merge(only=only, trust=trust)


def _ask(would: MergeReport, console: Console) -> None:
    target = branch_name(would.target)
    if not console.has_person:
        raise NeedsPerson(
            "needs_yes",
            f"Merging into {target} needs a person's yes, and there is no terminal to ask on.",
            "look at `parallel-agents merge --dry-run`, then add --yes once the user has agreed.",
            would.rev,
        )
    console.note(merge_text(would, console.width))
    if not console.confirm(f"Merge into {target}?"):
        raise NeedsPerson(
            "not_merged",
            "You did not say yes; nothing was merged, no branch has moved.",
            "merge again when you are ready; --only and --leave-out choose tasks.",
            would.rev,
        )


def _chosen(
    coordinator: Coordinator, stop: Stop, arguments: Namespace, console: Console
) -> MergeReport:
    """What the person at the terminal chooses, done. Raises the stop where there is none."""
    if not console.has_person:
        raise stop.error()
    console.note(for_terminal(stop.sentence))
    names = [str(option.choice) for option in stop.options]
    for option in stop.options:
        console.note(f"  {option.choice:<10} {for_terminal(option.says)}")
    chosen = Choice(console.choose("What now? Enter gives up", names) or Choice.GIVE_UP)
    told = console.line("What should the result be?") if chosen is Choice.AGENT else ""
    with console.busy("doing that"):
        return coordinator.decide(stop, chosen, told, arguments.only, arguments.leave_out)


def _approve(coordinator: Coordinator, plan_id: str, console: Console) -> None:
    """The plan with the new task, put before the person who has just asked for it."""
    if not console.has_person:
        return
    console.note(coordinator.proposed(plan_id).text)
    if console.confirm(f"Approve plan {plan_id}?"):
        coordinator.approve(plan_id, None, BY)
        console.note("Agents can claim the new task now. Next: parallel-agents status --watch")


def _answer(report: MergeReport, console: Console) -> None:
    if console.as_json:
        from parallel_agents.replies import MergeReply

        console.give(MergeReply.from_report(report).model_dump(mode="json"))
    else:
        console.say(merge_text(report, console.width))
