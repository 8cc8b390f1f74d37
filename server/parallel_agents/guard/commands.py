"""The shell guard: what a command would write is judged before it runs, or watched after."""

from __future__ import annotations

from parallel_agents.guard import answer
from parallel_agents.guard.answer import TOOLS
from parallel_agents.guard.event import Garbled
from parallel_agents.guard.shell import OPAQUE, Scene, judge
from parallel_agents.guard.shell.bash.syntax import NoParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run, Runs
    from parallel_agents.guard.shell import Finding, Verdict

VERBS = {
    "approve": f"call {TOOLS}approve_plan: it asks the user, and only the user approves",
    "claim": f"call {TOOLS}claim_task",
    "release": f"call {TOOLS}release_task",
    "fail": f"call {TOOLS}fail_task",
    "recover": f"call {TOOLS}recover_task",
    "merge": f"call {TOOLS}merge_branches",
    "end": "ask the user to run it in a terminal of their own",
    "serve": f"call the tools ({TOOLS}...): the client has started their server itself",
}
"""Of our command line, what agents may not call, and what they do instead."""

_SHOWN = 6


def guard(event: Event, runs: Runs, plugin: str) -> dict[str, Any] | None:
    """The answer to a shell command while a run is active. Raises `Garbled` without a command.

    `plugin` is the plugin's own folder (real path).
    """
    command = _command(event)
    near = runs.near()
    for run in near:
        run.beat(event)
    if near:
        level, refused = weighed(command, event, runs, plugin)
        if refused is not None:
            task, reason = refused
            near[0].note("denied", event, reason, path=command[:200], task=task)
            return answer.deny(reason)
        from parallel_agents.guard.watch import watching  # a refusal needs none of it

        return watching.begin(event, runs, level)
    return None


def weighed(
    command: str, event: Event, runs: Runs, plugin: str
) -> tuple[str, tuple[str, str] | None]:
    """(level, (task, reason) where it is refused) of a command, in whatever tool it is given."""
    try:
        verdict = judge(command, event.cwd, Scene(event, runs, plugin))
    except NoParser:
        return OPAQUE, _unparsed(command, event, runs.near())
    return verdict.level, _refusal(verdict) if verdict.refuses else None


def verbs(event: Event, runs: Runs, plugin: str) -> dict[str, Any] | None:
    """The answer to what may be a command line of ours, whether or not a run is active."""
    command = _command(event)
    from parallel_agents.guard import unparsed

    try:
        verdict = judge(command, event.cwd, Scene(event, runs, plugin))
    except NoParser:
        verb = unparsed.own_verb(command, VERBS)
    else:
        verb = verdict.verb or (unparsed.own_verb(command, VERBS) if verdict.unknown else None)
    return answer.deny(_not_yours(verb)) if verb else None


def _unparsed(command: str, event: Event, near: list[Run]) -> tuple[str, str] | None:
    from parallel_agents.guard import unparsed

    verb = unparsed.own_verb(command, VERBS)
    if verb:
        return "", _not_yours(verb)
    return next(filter(None, (unparsed.objection(command, event, run) for run in near)), None)


def _refusal(verdict: Verdict) -> tuple[str, str]:
    """(task, reason) of a verdict that refuses."""
    if verdict.verb:
        return "", _not_yours(verdict.verb)
    findings = sorted(verdict.findings, key=lambda found: not found.sure)
    first = findings[0]
    others = [found for found in findings[1:] if found.path != first.path]
    return first.task, _sentence(first, others)


def _sentence(first: Finding, others: list[Finding]) -> str:
    from parallel_agents.guard import refusals

    if first.objection is None:
        said = f"{first.path} is not to be written."
    else:
        said = refusals.reason(first.objection)
    if first.sure:
        start = f"The command would change {first.path} (`{first.how}`)."
    else:
        start = (
            f"The command gives {first.path} to something that may write it ({first.how}); to "
            "read it, use cat, grep or the Read tool."
        )
    if others:
        named = ", ".join(
            f"{found.path} (task `{found.task}`)" if found.task else found.path
            for found in others[:_SHOWN]
        )
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        start += f" It would also reach {named}{more}."
    if first.advice:
        said += f" Instead: {first.advice}."
    elif first.wide and first.sure:
        said += " Instead of a folder or a wildcard, name only your own files."
    return f"{start} {said}"


def _command(event: Event) -> str:
    command = event.input.get("command")
    if not isinstance(command, str):
        raise Garbled("the tool's input has no command")
    return command


def _not_yours(verb: str) -> str:
    return (
        f"`parallel-agents {verb}` is for people and scripts: from a shell nobody can tell which "
        f"agent calls. Next: {VERBS[verb]}."
    )
