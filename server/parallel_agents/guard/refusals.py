"""The words for every objection to an edit: what is wrong, who holds what, the way on.

They are the same at each try. The model that reads them knows nothing else.
"""

from __future__ import annotations

import time

from parallel_agents.guard.answer import TOOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.edits import Objection


def reason(found: Objection) -> str:
    """The whole refusal, one paragraph."""
    path, claim, owner = found.path, found.claim, found.owner
    if found.kind == "state":
        return (
            f"{path} is state of parallel-agents or of git, and agents do not write it by hand. "
            f"Next: read the state with {TOOLS}list_status, change it with the other tools, and "
            "use git commands for the repository."
        )
    if found.kind == "switch":
        return (
            f"{path} decides whether the guard of parallel-agents runs, and agents do not change "
            "it while a run is active. Next: leave it; if it has to change, tell the user."
        )
    if found.kind == "planned":
        return (
            f"{path} belongs to task `{owner}`, which is not finished. Next: leave it to the agent "
            f"that takes the task, or take it yourself: {TOOLS}claim_task (task_id {owner})."
        )
    if claim is None:
        return (
            f"{path}: you hold no claim, and while a run is active a sub-agent changes files of "
            f"this repository only under one. Next: call {TOOLS}claim_task and work on the files "
            "it gives you; if you are not here for the run's tasks, report what should change to "
            "the agent that started you."
        )
    if found.kind == "held":
        return (
            f"{path} is held by {holder(claim)}. Next: leave this file alone and go on with the "
            f"files of your own claim; if your task cannot do without it, call {TOOLS}fail_task "
            f"and name this file in the reason. {TOOLS}list_status shows when it is free."
        )
    if found.kind == "of_another_task":
        return (
            f"{path} is not among the files of your task `{claim.task}`; it belongs to task "
            f"`{owner}`, which is not finished. Next: leave it to that task. If yours cannot do "
            f"without it, call {TOOLS}fail_task (task_id {claim.task}, token {claim.token}) and "
            "name this file in the reason."
        )
    if found.kind == "not_in_claim":
        return (
            f"{path} is not among the files of your task `{claim.task}`. Next: call "
            f"{TOOLS}extend_claim (task_id {claim.task}, token {claim.token}, files "
            f'["{path}"]), then try again.'
        )
    if found.kind == "no_tree":
        return (
            f"{path} is yours, but your work tree is not ready. Next: call {TOOLS}claim_task "
            "again: it returns the same claim with its workdir; edit the file there."
        )
    return (
        f"{path} is yours, but not in this work tree: every agent has its own. Next: edit "
        f"{found.right} instead."
    )


def holder(claim: HeldClaim) -> str:
    """`agent a1b2 (session 12345678) for task `x` since 2026-01-31 09:30 UTC`."""
    session, _, name = claim.agent.partition("/")
    since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(claim.since))
    agent = f"agent {name} (session {session[:8]})"
    return f"{agent} for task `{claim.task}` since {since}"
