"""`parallel-agents approve PLAN_ID`: a person's own yes to a plan."""

from __future__ import annotations

from argparse import Namespace

from parallel_agents.coordination.assessing import Assessment
from parallel_agents.coordination.proposing import Approved
from parallel_agents.coordination.suite import told
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.model import Strategy
from parallel_agents.core.view import View
from parallel_agents.verbs.console import Console
from parallel_agents.views.mergetext import branch_name
from parallel_agents.views.plantext import STRATEGIES

BY = "command line"
"""How the yes was given, for the plan's record."""

MOST_PAIRS = 20
"""Pairs that are named before the rest is counted."""


def run(arguments: Namespace, console: Console) -> int:
    """Show the plan, ask, and record the yes."""
    coordinator = Coordinator.at(console.start)
    plan_id: str = arguments.plan_id
    strategy = Strategy(arguments.strategy) if arguments.strategy else None
    accept: bool = arguments.accept_checks
    if not arguments.yes and not coordinator.store.read(lambda view: _is_approved(view, plan_id)):
        seen = coordinator.proposed(plan_id)
        running = coordinator.store.read(lambda view: view.run.strategy if view.run else None)
        strategy, accept = _ask(console, seen, strategy or running, accept)
    with console.busy("running the plan's check on the base"):
        approved = coordinator.approve(plan_id, strategy, BY, accept)
    if console.as_json:
        from parallel_agents import replies

        console.give(replies.Approved.from_approval(approved).model_dump(mode="json"))
        return 0
    when = "was approved before" if approved.again else "is approved"
    console.say(
        f"Plan {plan_id} {when}: strategy {approved.strategy}, from {approved.base[:12]}, "
        f"results go to {branch_name(approved.target)}."
    )
    for doubt in _told_of_doubts(approved):
        console.say(doubt)
    console.say("Agents can claim its tasks now. Next: parallel-agents status --watch")
    if approved.base_check is not None and not approved.base_check.is_green:
        console.note(f"Beware: {told(approved.base_check, 'on the base')}")
    return 0


def _told_of_doubts(approved: Approved) -> list[str]:
    if approved.accepted:
        return [f"Check pairs that run at once, as you accepted: {len(approved.accepted)}."]
    if not approved.ordered:
        return []
    lines = [f"  {before}, then {after}" for before, after in approved.ordered[:MOST_PAIRS]]
    if (more := len(approved.ordered) - MOST_PAIRS) > 0:
        lines.append(f"  and {more} more: _tasks/plan.md has all")
    return ["Check pairs were not accepted, so they run in order:", *lines]


def _is_approved(view: View, plan_id: str) -> bool:
    return view.run is not None and view.run.approved(plan_id)


def _ask(
    console: Console, seen: Assessment, strategy: Strategy | None, accept: bool
) -> tuple[Strategy, bool]:
    """The strategy and whether doubtful pairs are accepted, asked where that is still open.

    Raises `NeedsPerson` where there is no yes.
    """
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
        advised = seen.advice.strategy
        names = {key.casefold(): name for key, name, _ in STRATEGIES}
        options = [*names, *names.values()]
        answer = console.choose(f"Strategy A, B or C? Enter takes {advised}", options)
        strategy = Strategy(names.get(answer, answer) if answer else advised)
    if seen.plan.doubts and not accept:
        pairs = f"{len(seen.plan.doubts)} check pair{'s' if len(seen.plan.doubts) > 1 else ''}"
        accept = console.confirm(f"Accept that {pairs} run at once? No: they run in order.")
    if not console.confirm(f"Approve plan {plan_id} with strategy {strategy}?"):
        raise NeedsPerson(
            "not_approved_by_user",
            f"You did not approve plan {plan_id}; nothing was changed.",
            "change the plan and propose it again, or approve it later.",
        )
    return strategy, accept
