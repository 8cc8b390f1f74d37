"""`parallel-agents approve PLAN_ID`: a person's own yes to a plan."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordination.proposing import Assessment
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.model import Strategy
from parallel_agents.core.view import View
from parallel_agents.verbs.console import Console
from parallel_agents.views.mergetext import branch_name

BY = "command line"
"""How the yes was given, for the plan's record."""

STRATEGIES = {
    "worktree": "a work tree and a branch for each agent",
    "branch": "a branch for each agent, in a checkout of its own",
    "files": "one tree for all; the claimed files keep agents apart",
}


def run(arguments: Namespace, console: Console) -> int:
    """Show the plan, ask, and record the yes."""
    coordinator = Coordinator.at(console.start)
    plan_id: str = arguments.plan_id
    strategy = Strategy(arguments.strategy) if arguments.strategy else None
    if not arguments.yes and not coordinator.store.read(lambda view: _is_approved(view, plan_id)):
        seen = coordinator.proposed(plan_id)
        running = coordinator.store.read(lambda view: view.run.strategy if view.run else None)
        strategy = _ask(console, seen, strategy or running)
    approved = coordinator.approve(plan_id, strategy, BY)
    if console.as_json:
        from parallel_agents.replies import Approved

        console.give(Approved.from_approval(approved).model_dump(mode="json"))
        return 0
    when = "was approved before" if approved.again else "is approved"
    console.say(
        f"Plan {plan_id} {when}: strategy {approved.strategy}, from {approved.base[:12]}, "
        f"results go to {branch_name(approved.target)}.\n"
        "Agents can claim its tasks now. Next: parallel-agents status --watch"
    )
    return 0


def _is_approved(view: View, plan_id: str) -> bool:
    return view.run is not None and view.run.approved(plan_id)


def _ask(console: Console, seen: Assessment, strategy: Strategy | None) -> Strategy:
    """The strategy, chosen here where it is not yet. Raises `NeedsPerson` where there is no yes."""
    plan_id = seen.plan.id
    if not console.has_person:
        raise NeedsPerson(
            "approval_needed",
            f"Plan {plan_id} needs a person's yes, and there is no terminal to ask on.",
            f"run `parallel-agents approve {plan_id}` in a terminal, or add --yes once the user "
            "has seen the plan and agreed.",
        )
    console.note(seen.text)
    if strategy is None:
        console.note("")
        for option, what in STRATEGIES.items():
            console.note(f"  {option:<9} {what}")
        advised = seen.advice.strategy
        answer = console.choose(f"Strategy? Enter takes {advised}", list(STRATEGIES))
        strategy = Strategy(answer or advised)
    if not console.confirm(f"Approve plan {plan_id} with strategy {strategy}?"):
        raise NeedsPerson(
            "not_approved_by_user",
            f"You did not approve plan {plan_id}; nothing was changed.",
            "change the plan and propose it again, or approve it later.",
        )
    return strategy
