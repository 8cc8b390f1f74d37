"""`parallel-agents import FILE`: a list of work as a draft of a plan, and written back into."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from parallel_agents import worklists
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import BadInput, NeedsPerson, NotNow
from parallel_agents.verbs.console import Console
from parallel_agents.worklists import Kind, Source, WorkList
from parallel_agents.worklists.entries import Progress
from parallel_agents.worklists.hints import Tree
from parallel_agents.worklists.source import decoded

STANDARD_INPUT = "-"
NAMED = 20
"""Entries that are named before the rest is counted."""


def run(arguments: Namespace, console: Console) -> int:
    """Read a list; print the draft of a plan, or write back what has become of its entries."""
    coordinator = Coordinator.at(console.start)
    file: str = arguments.file
    if file == STANDARD_INPUT:
        source, place = None, "standard input"
        text = decoded(sys.stdin.buffer.read(), place)
    else:
        source, place = Source.read(console.start / file), file
        text = source.text
    kind = Kind(arguments.format) if arguments.format else worklists.kind_of(place, text)
    work = worklists.read(kind, text, place, arguments.tag)
    if arguments.write_back:
        return _write_back(arguments, console, coordinator, source, work)
    if not work.to_do:
        raise NotNow(
            "nothing_to_do",
            f"{place} has {len(work.entries)} entries and none of them is open.",
            "nothing has to be planned.",
        )
    tree = Tree(path for path in coordinator.tracked() if Path(path).name != Path(place).name)
    drafted = worklists.draft(work, place, tree, arguments.goal)
    written = _put(console.start / arguments.output, drafted.text) if arguments.output else None
    if console.as_json:
        console.give(
            {
                "format": kind.value,
                "plan": dict(drafted.plan),
                "unknown": list(drafted.unknown),
                "suggestions": {t: list(s) for t, s in drafted.suggestions.items()},
                "notes": list(drafted.notes),
                "written": str(written) if written else None,
                "next_step": _next(drafted, arguments.output),
            }
        )
        return 0
    if written is None:
        console.say(drafted.text)
    else:
        for note in drafted.notes:
            console.note(note)
    console.note(f"Next: {_next(drafted, arguments.output)}")
    return 0


def _next(drafted: worklists.Draft, output: str | None) -> str:
    where = output or "the draft"
    if drafted.unknown:
        some = ", ".join(drafted.unknown[:NAMED])
        more = len(drafted.unknown) - NAMED
        tasks = f"{some} and {more} more" if more > 0 else some
        return (
            f"look at the code, fill in `files` of {tasks} in {where}, then propose it: "
            f"parallel-agents plan {output or 'FILE'}, or the tool propose_plan."
        )
    return (
        f"check `files` in {where}, then propose it: parallel-agents plan {output or 'FILE'}, or "
        "the tool propose_plan."
    )


def _put(path: Path, text: str) -> Path:
    """Write a new file; one that is there is somebody's work."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise NotNow(
            "file_exists", f"{path} is there already and was left as it is.", "name another file."
        ) from None
    except OSError as error:
        raise BadInput(
            "unwritable", f"{path} cannot be written: {error.strerror or error}.", "name another."
        ) from None
    return path


# ---------------------------------------------------------------------- back into the list


def _write_back(
    arguments: Namespace,
    console: Console,
    coordinator: Coordinator,
    source: Source | None,
    work: WorkList,
) -> int:
    if source is None:
        raise BadInput("usage", "Standard input cannot be written into.", "Name the file.")
    known = coordinator.outcomes()
    if known is None:
        raise NotNow(
            "no_run",
            "No run has been in this repository, so nothing of the list was done by one.",
            "propose a plan from it first: parallel-agents import shows a draft.",
        )
    progress = {k: far for k, t in work.ids.items() if (far := _far(t, known.landed, known.begun))}
    new = worklists.write_back(
        work, source.text, arguments.file, progress, time.time(), arguments.tag
    )
    after = worklists.read(work.kind, new, arguments.file, arguments.tag)
    before = {e.key: e.standing for e in work.entries}
    changed = {e.key: e.standing.value for e in after.entries if before[e.key] != e.standing}
    if new != source.text:
        coordinator.refuse_owned(source.path)
        _confirm(arguments, console, changed, known.run)
        source.replace(new)
    waiting = [work.ids[k] for k, far in progress.items() if far is Progress.BEGUN]
    if console.as_json:
        told = {"run": known.run, "changed": changed, "not_landed": waiting}
        console.give({**told, "next_step": _afterwards(work, changed, waiting)})
        return 0
    for key, standing in changed.items():
        console.say(f"{key}: {standing}")
    console.say(f"{_count(len(changed))} of {arguments.file} changed, as run {known.run} has it.")
    console.say(f"Next: {_afterwards(work, changed, waiting)}")
    return 0


def _far(task: str, landed: frozenset[str], begun: frozenset[str]) -> Progress | None:
    if task in landed:
        return Progress.LANDED
    return Progress.BEGUN if task in begun else None


def _confirm(arguments: Namespace, console: Console, changed: Mapping[str, str], run: str) -> None:
    """Raises `NeedsPerson` where nobody says yes."""
    if arguments.yes:
        return
    if not console.has_person:
        raise NeedsPerson(
            "write_back_unconfirmed",
            f"{_count(len(changed))} of {arguments.file} would change, and there is no terminal to "
            "ask on; nothing was written.",
            "add --yes once that is wanted.",
        )
    for key, standing in list(changed.items())[:NAMED]:
        console.note(f"  {key}: {standing}")
    if len(changed) > NAMED:
        console.note(f"  and {len(changed) - NAMED} more")
    if not console.confirm(f"Write this into {arguments.file}, as run {run} has it?"):
        raise NeedsPerson(
            "write_back_unconfirmed",
            f"You did not want {arguments.file} changed; nothing was written.",
            "nothing has to be done.",
        )


def _afterwards(work: WorkList, changed: Mapping[str, str], waiting: Sequence[str]) -> str:
    if waiting:
        return f"what has not landed stays open: {', '.join(waiting[:NAMED])}; merge, then again."
    if changed and work.kind is Kind.BEADS:
        return "let beads read it: bd import -i, with this file."
    return "commit the list, if it is in git."


def _count(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
