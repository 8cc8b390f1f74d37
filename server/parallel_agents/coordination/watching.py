"""What is going on: counts, holders, flags, and what the coordinator does next."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parallel_agents.coordination import checkout
from parallel_agents.coordination.brewing import Brewing, brewing
from parallel_agents.coordination.checkout import Stray
from parallel_agents.coordination.reassessing import Correction, corrections
from parallel_agents.coordination.site import Site
from parallel_agents.core import locktable
from parallel_agents.core.model import STALE_AFTER, Claim, State, Strategy, TaskId
from parallel_agents.core.view import Record, View
from parallel_agents.guard.runs import Run as HookedRun
from parallel_agents.guard.watch import flights
from parallel_agents.guard.watch.watching import keep_unsaved, sweep

DENIALS_SHOWN = 20

MOST_WARNED = 3
"""Warnings that the next step carries; all are in `brewing` and `stray`."""


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task. Times are seconds since the epoch, by the wall clock; `silence` is not."""

    id: TaskId
    title: str
    state: State
    agent: str | None
    since: float | None
    last_sign: float | None
    silence: float | None
    """Seconds awake without a sign of life of the holder; its claim is one."""
    flags: tuple[str, ...]
    """`stale`, `ended` (its agent is known not to run), `blocked`, `waiting`, `retry`, `merged`"""
    waits_for: tuple[TaskId, ...]
    failures: int
    token: int | None
    workdir: str | None
    branch: str | None
    note: str | None
    """The summary of a completion, the reason of a failure."""


@dataclass(frozen=True, slots=True)
class Status:
    """The run at one revision."""

    run: str | None
    goal: str | None
    strategy: Strategy | None
    proposal: str | None
    """The id of a plan that waits for the user."""
    progress: str
    """`N completed / M total (K in progress, F failed)`; blocked tasks count as failed."""
    counts: Mapping[str, int]
    tasks: tuple[TaskStatus, ...]
    damaged: Mapping[str, str]
    denials: tuple[Mapping[str, Any], ...]
    """The newest refusals of the hooks, oldest first."""
    next_step: str
    rev: int
    brewing: tuple[Brewing, ...] = ()
    """Pairs of results, finished or not, that would conflict at the merge as they are now."""
    stray: Stray = field(default_factory=Stray)
    """What is in the user's own checkout and no task made there."""
    corrections: tuple[Correction, ...] = ()
    """Where the plan was wrong about who touches whom, and what has become of it."""
    overwritten: tuple[Mapping[str, Any], ...] = ()
    """The newest held files that a command of somebody else wrote, oldest first."""


def status(site: Site) -> Status:
    """The present state. Changes nothing."""
    folder = site.repository.root / "_tasks"
    noted = _noted(folder)
    found = site.store.read(lambda view: _status(site, view, noted))
    run = site.store.read(lambda view: view.run)
    if run is None:
        return found
    return _with_warnings(found, brewing(site), checkout.noted(site, run))


def _with_warnings(status: Status, brewing: tuple[Brewing, ...], stray: Stray) -> Status:
    warnings = [f"{c.reason} ({c.task}, {c.other}). {c.advice}" for c in status.corrections]
    for pair in brewing:
        other = pair.other or "the target"
        where = ", ".join(pair.paths[:3]) + (" and more" if len(pair.paths) > 3 else "")
        warnings.append(f"{pair.one} and {other} conflict in {where}. {pair.advice}")
    if stray.paths:
        more = f" and {len(stray.paths) - 3} more" if len(stray.paths) > 3 else ""
        warnings.append(
            f"The main checkout has uncommitted changes in {', '.join(stray.paths[:3])}{more}, "
            "files of this run: an agent's shell may have worked there. Show the user `git diff`; "
            "they say whose they are."
        )
    if stray.commits:
        warnings.append(
            f"The target has {len(stray.commits)} commit(s) that this run did not make "
            f"({stray.commits[0]}): tell the user, if they are not theirs."
        )
    next_step = " ".join((status.next_step, *warnings[:MOST_WARNED]))
    return replace(status, brewing=brewing, stray=stray, next_step=next_step)


def look_around(site: Site, released: str = "") -> None:
    """Compare held files with what they were before commands that still run: see `guard.watch`.

    Hooks do the same, where one comes; what nobody is told of by a hook is noted for its next one.
    `released` is the key of an agent whose claim is about to end. Raises `TableTorn`, `OSError`.
    """
    root = os.fspath(site.repository.root)
    folder = os.path.join(root, "_tasks")
    table = locktable.read(folder)
    if table is None:
        return
    run = HookedRun(root, table)
    keep_unsaved(run)
    if flights.names(folder):
        sweep(run, released=released)


def progress_line(view: View) -> str:
    """`N completed / M total (K in progress, F failed)`."""
    counts = view.counts
    failed = counts[State.FAILED] + counts[State.BLOCKED]
    return (
        f"{counts[State.COMPLETED]} completed / {len(view.records)} total "
        f"({counts[State.CLAIMED]} in progress, {failed} failed)"
    )


def _status(site: Site, view: View, noted: Mapping[str, Sequence[Mapping[str, Any]]]) -> Status:
    ordered = sorted(view.records.values(), key=lambda r: r.order)
    tasks = tuple(_task_status(site, view, r) for r in ordered)
    run = view.run
    return Status(
        run=run.id if run else None,
        goal=run.goal if run else None,
        strategy=run.strategy if run else None,
        proposal=view.proposal.id if view.proposal else None,
        progress=progress_line(view),
        counts=view.summary(),
        tasks=tasks,
        damaged=dict(view.damaged),
        denials=tuple(noted["denied"]),
        next_step=_next_step(view, tasks),
        rev=view.rev,
        corrections=corrections(view),
        overwritten=tuple(noted["overwritten"]),
    )


def _task_status(site: Site, view: View, record: Record) -> TaskStatus:
    task, claim = record.task, record.claim
    silence = site.store.silence(claim.agent, claim.since) if claim else None
    waits_for = view.unmet(task.id) if record.state is State.AVAILABLE else ()
    return TaskStatus(
        id=task.id,
        title=task.title,
        state=record.state,
        agent=claim.agent.key if claim else None,
        since=claim.since if claim else None,
        last_sign=_last_sign(site, claim),
        silence=silence,
        flags=_flags(site, record, silence, waits_for),
        waits_for=waits_for,
        failures=record.failures,
        token=claim.token if claim else None,
        workdir=claim.workdir if claim else None,
        branch=claim.branch if claim else None,
        note=_note(record),
    )


def _last_sign(site: Site, claim: Claim | None) -> float | None:
    if claim is None:
        return None
    return max(claim.since, site.store.last_sign(claim.agent) or 0.0)


def _flags(
    site: Site, record: Record, silence: float | None, waits_for: tuple[TaskId, ...]
) -> tuple[str, ...]:
    flags = []
    if silence is not None and silence > STALE_AFTER:
        flags.append("stale")
    if record.claim is not None and site.store.is_dead(record.claim.agent):
        flags.append("ended")
    if record.state is State.BLOCKED:
        flags.append("blocked")
    if record.state is State.CLAIMED and record.claim is None:
        flags.append("moved by hand")
    if waits_for:
        flags.append("waiting")
    if record.state is State.FAILED:
        flags.append("retry")
    if record.merged:
        flags.append("merged")
    return tuple(flags)


def _note(record: Record) -> str | None:
    if record.state is State.COMPLETED and record.completed is not None:
        return str(record.completed.data.get("summary") or "") or None
    if record.last is not None:
        data = record.last.data
        return str(data.get("reason") or data.get("summary") or "") or None
    return None


def _next_step(view: View, tasks: tuple[TaskStatus, ...]) -> str:
    if view.run is None:
        if view.proposal is not None:
            return f"Ask the user to approve plan {view.proposal.id}: call approve_plan."
        return "Nothing runs here. Put tasks before the user with propose_plan."
    flagged = [t for t in tasks if "stale" in t.flags or "ended" in t.flags]
    if flagged:
        names = ", ".join(t.id for t in flagged)
        return f"Look after {names}: no sign of life. recover_task brings work back to the queue."
    if view.damaged:
        return f"A task file needs the user's hand: {next(iter(view.damaged.items()))}."
    counts = view.counts
    if view.claims:
        return f"{len(view.claims)} at work; look again later."
    if counts[State.COMPLETED] == len(view.records):
        if all(t.state is State.COMPLETED and "merged" in t.flags for t in tasks):
            return "Everything is merged."
        return "Everything is completed: call merge_branches."
    if next(view.ready(), None) is not None:
        return "Work is ready and nobody holds it: start workers (parallel-agents:worker)."
    return (
        "Blocked tasks need the user: recover_task puts one back after they decided; "
        "merge_branches with `only` merges what is completed."
    )


def _noted(folder: Path) -> dict[str, list[Mapping[str, Any]]]:
    """The newest lines of the hooks' log, by their kind, oldest first."""
    noted: dict[str, list[Mapping[str, Any]]] = {"denied": [], "overwritten": []}
    try:
        lines = (folder / ".hooklog").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines[-10 * DENIALS_SHOWN :]:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("kind") in noted:
            noted[entry["kind"]].append(entry)
    return {kind: entries[-DENIALS_SHOWN:] for kind, entries in noted.items()}
