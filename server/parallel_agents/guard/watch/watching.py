"""The moments at which held files are looked at: before a command, after it, and now and then.

Before: what could write anything gets a record with the stamps of what others hold (`begin`).
After: the record is compared with what is there (`after`, `sweep`); what is not the holder's own
work is reported to the agent, to the holder and to the log, and both versions are kept.
"""

from __future__ import annotations

import os
import time

from parallel_agents.core.paths import places
from parallel_agents.guard import answer
from parallel_agents.guard.runs import is_strict
from parallel_agents.guard.watch import evidence, flights, notes, words
from parallel_agents.guard.watch.flights import BACKGROUND, CLEAR, OPAQUE, Flight, Watched
from parallel_agents.guard.watch.journal import Journal
from parallel_agents.guard.watch.preimage import unsaved
from parallel_agents.guard.watch.snapshot import changed_at, take
from parallel_agents.guard.watch.trespass import trespasses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run, Runs

EDITING = ("Edit", "Write", "NotebookEdit", "MultiEdit")
ALWAYS_BEHIND = ("Monitor",)
"""Tools that only start something; it goes on in the background."""


def begin(event: Event, runs: Runs, level: str) -> dict[str, Any] | None:
    """Note that a command is about to run. `level` is the verdict of the shell guard on it.

    `clear`: it writes nothing that others hold, so only its own agent's files are looked at;
    anything else is taken for one that could write whatever it likes, and in strict mode it is
    confined. The answer is a denial where that is required and cannot be had, else None. Raises
    `OSError` where it cannot be noted: then the command must not run.
    """
    for run in runs.near():
        mine = run.table.of(event.key)
        watched = [] if mine is None else _watched(event, run, mine)
        if level != CLEAR:
            for claim in run.table.claims:
                if claim is not mine:
                    watched += _watched(event, run, claim)
        if watched:
            if level != CLEAR and is_strict():
                from parallel_agents.guard.strict import session

                reason = session.contain(event, run, watched)
                if reason:
                    run.note("denied", event, reason, path=words.command_of(event.input, ""))
                    return answer.deny(reason)
            _flight(event, CLEAR if level == CLEAR else OPAQUE, tuple(watched)).save(run.folder)
    return None


def after(event: Event, runs: Runs) -> dict[str, Any] | None:
    """Look at what a tool call has done, and tell its agent what it has to know."""
    direct: list[str] = []
    for run in runs.near():
        run.beat(event)
        direct += _after(event, run)
    if is_strict():
        from parallel_agents.guard.strict import session

        direct += filter(None, [session.settle(event)])
    indirect = [text for run in runs.near() for text in notes.taken(run.folder, event.key)]
    name = str(event.data.get("hook_event_name", "PostToolUse"))
    if direct and name == "PostToolUse":
        return answer.send_back("\n".join(direct + indirect))
    if direct or indirect:
        return answer.tell(name, "\n".join(direct + indirect))
    return None


def keep_unsaved(run: Run) -> None:
    """Keep what files had in them when they were claimed and git does not have. In one tree only:
    other work trees are made clean. Slow (it asks git), but once a claim: hooks leave it alone.
    Where a command runs that could have written them, it is not known whose work they have."""
    if run.table.strategy != "files":
        return
    every = flights.flights(run.folder)
    seen = {(w.task, w.token) for f in every for w in f.watched if w.agent != f.key}
    for claim in run.table.claims:
        journal = Journal(run.folder, claim.task, claim.token)
        if not journal.is_begun and (claim.task, claim.token) not in seen:
            journal.begin(run.main, unsaved(run.main, claim.files))


def sweep(run: Run, ended: str = "", *, released: str = "") -> None:
    """Look at what runs in the background, at what has ended unseen, and at `ended`'s commands.

    `ended` is the key of an agent that stops, or a session that ends: what the one ran in the
    foreground is over, and all that the other ran. `released` is the key of a holder that is about
    to let go: whatever runs and could have written its files is looked at while it holds them.
    """
    every = flights.flights(run.folder)
    for flight in every:
        behind = flight.state == BACKGROUND
        age = time.time_ns() - flight.start
        over = age > (flights.LONG_FORGOTTEN if behind else flights.FORGOTTEN)
        over = over or (flight.key == ended and not behind) or flight.session == ended
        of_released = any(part.agent == released for part in flight.watched)
        if flight.level == OPAQUE and (behind or flight.end or over or of_released):
            _look(run, flight, every, over=over)
        elif over:
            flight.forget(run.folder)


def _flight(event: Event, level: str, watched: tuple[Watched, ...]) -> Flight:
    behind = event.input.get("run_in_background") is True or event.tool in ALWAYS_BEHIND
    return Flight(
        event.key,
        event.tool,
        event.call,
        level,
        words.command_of(event.input, event.tool),
        watched,
        state=BACKGROUND if behind else flights.FOREGROUND,
    )


def _watched(event: Event, run: Run, claim: HeldClaim) -> list[Watched]:
    """The files of a claim in the tree that its holder works in, and in the tree of the caller."""
    home = run.home_of(claim)
    trees = [] if home is None else [os.path.realpath(home)]
    if claim.agent != event.key:
        here = next((p.root for p in places("x", event.cwd) if p.main == run.main), None)
        if here is not None and here not in trees:
            trees.append(here)
    return [Watched(claim.task, claim.token, claim.agent, take(t, claim.files)) for t in trees]


def _after(event: Event, run: Run) -> list[str]:
    every = flights.flights(run.folder)
    name = Flight(event.key, event.tool, event.call, CLEAR, "").name
    flight = next((f for f in every if f.name == name), None)
    if event.tool in EDITING:
        _note_edit(event, run)
        if flight is not None:
            flight.forget(run.folder)
        return []
    if flight is None:
        _end_process(event, run, every)
        return []
    _note_own(run, flight, every)
    if flight.level != OPAQUE:
        flight.forget(run.folder)
        return []
    process = _process(event)
    if process or flight.state == BACKGROUND:
        flight.state, flight.process = BACKGROUND, process
    else:
        flight.end = time.time_ns()
    return _look(run, flight, every, asking=event.key)


def _note_edit(event: Event, run: Run) -> None:
    """The file that a holder has just edited is its own work."""
    mine = run.table.of(event.key)
    if mine is None or event.data.get("hook_event_name") != "PostToolUse":
        return
    journal = Journal(run.folder, mine.task, mine.token)
    for field in ("file_path", "notebook_path"):
        target = event.input.get(field)
        for place in places(target, event.cwd) if isinstance(target, str) and target else ():
            if place.main == run.main:
                journal.note(place.root, place.path)


def _note_own(run: Run, flight: Flight, every: list[Flight]) -> None:
    """What a holder's command changed of its own files is its own work, as far as it can be told"""
    others = [f for f in every if f.key != flight.key and f.level == OPAQUE]
    for watched in flight.watched:
        if watched.agent != flight.key:
            continue
        journal = Journal(run.folder, watched.task, watched.token)
        for path, _, after in watched.before.changes(watched.before.now()):
            moment = changed_at(after)
            doubtful = any(f.covers(moment) and not f.contained for f in others)
            journal.note(watched.before.root, path, doubtful=doubtful)


def _process(event: Event) -> str:
    """The client's name for what goes on in the background, or nothing."""
    response = event.data.get("tool_response")
    found = response.get("backgroundTaskId") if isinstance(response, dict) else None
    return found if isinstance(found, str) else ""


def _end_process(event: Event, run: Run, every: list[Flight]) -> None:
    """A tool that stops what runs in the background names it."""
    named = [event.input.get(field) for field in ("task_id", "shell_id")]
    for flight in every:
        if flight.process and flight.process in named and event.tool != "TaskOutput":
            _look(run, flight, every, over=True)


def _look(
    run: Run, flight: Flight, every: list[Flight], *, asking: str = "", over: bool = False
) -> list[str]:
    """Compare, report, and keep the record for as long as it is needed.

    Returns what the agent with the key `asking` has to be told; all others get a note.
    """
    found, again = trespasses(run, flight, every)
    told = []
    for one in found:
        claim = run.table.of(one.watched.agent)
        kept = evidence.keep(run.folder, one)
        if not kept.is_new or claim is None:
            continue
        if run.restores and one.is_certain and one.at_home:
            evidence.restore(run.folder, one, kept)
        suspects = one.suspects
        run.log("overwritten", suspects[0].key, words.in_log(one, kept), path=one.path,
                task=one.watched.task, tool=suspects[0].tool)  # fmt: skip
        text = words.to_agent(one, kept, claim)
        for key in dict.fromkeys(f.key for f in suspects):
            if key == asking:
                told.append(text)
            else:
                notes.leave(run.folder, key, text)
        if one.at_home:
            notes.leave(run.folder, claim.agent, words.to_holder(one, kept, claim))
    if again and not over:
        flight.save(run.folder)
    elif not over and (flight.state == BACKGROUND or not flight.end):
        if found:
            _start_anew(flight)
        if found or asking:
            flight.save(run.folder)
    else:
        flight.forget(run.folder)
    return told


def _start_anew(flight: Flight) -> None:
    """What has been reported is how it looks from now on."""
    for watched in flight.watched:
        watched.before = watched.before.now()
