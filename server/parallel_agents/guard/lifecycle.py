"""Agents and sessions begin and end: what they are told, and what is noted when they go."""

from __future__ import annotations

import os

from parallel_agents.guard import answer
from parallel_agents.guard.answer import TOOLS
from parallel_agents.guard.runs import ALIVE, WATCH, file_name, is_strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run

STATES = ("available", "claimed", "completed", "failed", "blocked")


def agent_starts(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """What a sub-agent is told before its first word: who it is, the run, the loop."""
    if not runs:
        return None
    run = runs[0]
    mine = run.table.of(event.key)
    return answer.tell("SubagentStart", _orders(event, run) + _reminder(mine))


def agent_stops(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """An agent that still holds a claim is sent back once; the second time its end is noted."""
    news = _what_came_of_it(event, runs)
    for run in runs:
        mine = run.table.of(event.key)
        if mine is None:
            continue
        if event.data.get("stop_hook_active") is True:
            run.note("ended", event, "the agent ended and holds a claim", task=mine.task)
        else:
            run.beat(event)
            return answer.send_back("\n".join([*news, _holding(mine)]))
    return _news(event, news)


def agent_fails(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """An error of the API ends a sub-agent without the question above; the conversation goes on."""
    for run in runs:
        mine = run.table.of(event.key)
        if mine is not None and not event.is_main:
            run.note(
                "ended", event, "an error ended the agent, and it holds a claim", task=mine.task
            )
    return None


def agent_is_stopped(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """Another agent, or the conversation, has stopped this one: it is asked nothing either."""
    stopped = f"{event.session}/{event.input.get('task_id')}"
    for run in runs:
        theirs = run.table.of(stopped)
        if theirs is not None:
            text = f"{event.agent} stopped the agent, and it holds a claim"
            run.note("ended", event, text, task=theirs.task, agent=stopped)
    return None


def conversation_stops(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """The main conversation is told once, too; it goes on later, so its end is never noted."""
    news = _what_came_of_it(event, runs)
    for run in runs:
        mine = run.table.of(event.key)
        if mine is not None and event.data.get("stop_hook_active") is not True:
            run.beat(event)
            return answer.send_back("\n".join([*news, _holding(mine)]))
    return _news(event, news)


def session_starts(event: Event, runs: list[Run], plugin: str = "") -> dict[str, Any] | None:
    """What the conversation is told when it starts in a repository with an unfinished run.

    Where the user chose strict mode, the session is made ready for it, and told if that fails.
    `plugin` is the plugin's folder.
    """
    trouble = ""
    if is_strict():
        from parallel_agents.guard.strict.session import prepare

        trouble = prepare(event, plugin)
    if not runs:
        return _warned(trouble, answer.tell("SessionStart", trouble)) if trouble else None
    run = runs[0]
    count = {state: _tasks_in(run, state) for state in STATES}
    total = sum(count.values())
    text = (
        f"parallel-agents: this repository has an unfinished run ({run.table.run}, strategy "
        f"{run.table.strategy}): {count['completed']} completed / {total} total "
        f"({count['claimed']} in progress, {count['failed']} failed, {count['blocked']} blocked). "
    )
    left = [claim for claim in run.table.claims if _session_is_over(run, claim, event.session)]
    if left:
        text += "Claimed by agents of sessions that are over: "
        text += ", ".join(f"`{claim.task}`" for claim in left) + ". "
    told = answer.tell("SessionStart", f"{text}{_next(count, total, left)} {trouble}".rstrip())
    return _warned(trouble, told) if trouble else told


def _warned(trouble: str, told: dict[str, Any]) -> dict[str, Any]:
    """The user is shown the trouble, too."""
    return {"systemMessage": trouble, **told}


def session_ends(event: Event, runs: list[Run]) -> dict[str, Any] | None:
    """Note the end for every claim of the session: none of its agents runs any more."""
    _what_came_of_it(event, runs, event.session)
    for run in runs:
        for claim in run.table.claims:
            if claim.agent.partition("/")[0] == event.session:
                text = "the session of the agent ended"
                run.note("session_end", event, text, task=claim.task, agent=claim.agent)
    return None


HOOKS = {
    "subagent-start": agent_starts,
    "subagent-stop": agent_stops,
    "stop": conversation_stops,
    "stop-failure": agent_fails,
    "task-stop": agent_is_stopped,
    "session-start": session_starts,
    "session-end": session_ends,
}
"""By the name that the launcher gives the event."""


def _what_came_of_it(event: Event, runs: list[Run], ended: str = "") -> list[str]:
    """What there is to tell of the agent's own commands, and of those in the background.

    `ended` is the session that ends; otherwise it is the agent that stops.
    """
    news: list[str] = []
    for run in runs:
        if os.path.isdir(os.path.join(run.folder, WATCH)):
            from parallel_agents.guard.watch import notes, watching  # seldom needed

            watching.sweep(run, ended or event.key)
            news += notes.taken(run.folder, event.key)
    return news


def _news(event: Event, news: list[str]) -> dict[str, Any] | None:
    """The agent reads the news before it stops; it is told only once."""
    if not news or event.data.get("stop_hook_active") is True:
        return None
    return answer.send_back("\n".join(news))


def _orders(event: Event, run: Run) -> str:
    table = run.table
    if table.strategy == "files":
        commit = "Do not commit and do not switch branches: the completion commits your files."
    else:
        commit = "Commit your work there, on the branch of the claim."
    return (
        f"parallel-agents: a run is active here (run {table.run}, strategy {table.strategy}). You "
        f"are agent {event.agent} of session {event.session}. While it lasts, files of this "
        "repository can be changed only by the agent that holds a claim on them; edits and shell "
        "commands that touch other files are refused. If you are here to work on the run's tasks:\n"
        f"1. Call {TOOLS}claim_task. It gives you a task, its files, a token and a workdir.\n"
        f"2. Work in that workdir, on those files only; {TOOLS}extend_claim adds free files.\n"
        f"3. {commit}\n"
        f"4. Call {TOOLS}release_task with the token and the outcome completed (or returned, to "
        f"give it back); if it cannot be done, {TOOLS}fail_task with the token and the reason.\n"
        "5. Claim again, until claim_task says that nothing is left for you; then stop. Never "
        "stop while you hold a claim."
    )


def _reminder(mine: HeldClaim | None) -> str:
    if mine is None:
        return ""
    place = f", workdir {mine.workdir}" if mine.workdir else ""
    return f"\nYou already hold a claim: task `{mine.task}`, token {mine.token}{place}."


def _holding(mine: HeldClaim) -> str:
    given = f'task_id "{mine.task}", token {mine.token}'
    return (
        f"You still hold the claim on task `{mine.task}`, and nobody else can work on its files. "
        f"Next: if the work is done, call {TOOLS}release_task ({given}, outcome completed); to "
        f"give it back, the same with the outcome returned; if it cannot be done, call "
        f"{TOOLS}fail_task ({given}, and the reason). Then you may stop."
    )


def _next(count: dict[str, int], total: int, left: list[HeldClaim]) -> str:
    if left:
        return (
            f"Next: call {TOOLS}list_status, tell the user, then give those tasks back with "
            f"{TOOLS}recover_task."
        )
    if count["completed"] == total:
        return f"Next: everything is completed; call {TOOLS}merge_branches with dry_run true."
    return (
        f"Next: call {TOOLS}list_status and tell the user; to go on, start parallel-agents:worker "
        "sub-agents."
    )


def _tasks_in(run: Run, state: str) -> int:
    try:
        names = os.listdir(os.path.join(run.folder, state))
    except OSError:
        return 0
    return sum(1 for name in names if name.endswith(".md") and not name.startswith("."))


def _session_is_over(run: Run, claim: HeldClaim, current: str) -> bool:
    """Whether the lock that the session's server holds while it lives is free. False in doubt."""
    session = claim.agent.partition("/")[0]
    if session == current:
        return False
    from fcntl import LOCK_EX, LOCK_NB, flock  # only where it is asked: not on every edit

    path = os.path.join(run.folder, ALIVE, file_name(f"{session}.session"))
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)
