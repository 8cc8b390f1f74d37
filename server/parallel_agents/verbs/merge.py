"""`parallel-agents merge`: the results together into the target branch, tested first."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordination.merging import MergeReport
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.rules import run_of
from parallel_agents.verbs.console import Console
from parallel_agents.views.mergetext import branch_name, merge_text


def run(arguments: Namespace, console: Console) -> int:
    """Show what would be merged, ask, and merge exactly that."""
    coordinator = Coordinator.at(console.start)
    with console.busy("merging the results in memory"):
        would = coordinator.merge(True, arguments.only, arguments.leave_out)
    if arguments.dry_run:
        _answer(would, console)
        return 0
    if not arguments.yes:
        _ask(would, console)
    check = coordinator.store.read(lambda view: run_of(view).check)
    step = f"running the check on the combined tree: {check}" if check else "moving the branch"
    with console.busy(step):
        # Only what was shown: a task that was completed meanwhile waits for the next merge.
        done = coordinator.merge(False, (*would.merged, *would.already_in))
    _answer(done, console)
    return 0


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


def _answer(report: MergeReport, console: Console) -> None:
    if console.as_json:
        from parallel_agents.replies import MergeReply

        console.give(MergeReply.from_report(report).model_dump(mode="json"))
    else:
        console.say(merge_text(report, console.width))
