"""From the files of `_tasks/` to a view: what a server does at its start and after a surprise.

Where a file lies is its task's state; its history tells the rest. Two things are told apart here:
a change that was written down but never committed (the process died before the rename), which is
taken back, and a file that a person moved, which is honoured.

After a start of the machine there is a third: what was not synced may be half on the disk. The
rename of a claim can be there without its line, which would look as if a person had reserved the
task. Whoever held a claim then is dead, and nobody was promised that it lasts: such a file goes
back to where its history says.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.view import View
from parallel_agents.store import files, planfiles, taskfile
from parallel_agents.store.frontmatter import Unreadable
from parallel_agents.store.taskfile import TaskFile

SUFFIX = ".md"
STATE_AFTER: dict[Kind, State | None] = {
    Kind.CLAIMED: State.CLAIMED,
    Kind.COMPLETED: State.COMPLETED,
    Kind.RETURNED: State.AVAILABLE,
    Kind.FAILED: None,
    Kind.RECOVERED: None,
    Kind.MOVED: None,
}
"""The state after an event; None: the event's data says it."""

STRICTEST = (State.CLAIMED, State.COMPLETED, State.BLOCKED, State.FAILED, State.AVAILABLE)
"""Which of two copies of a task counts when their histories are equally new."""

NOT_A_FILE = frozenset({errno.EINVAL, errno.ELOOP, errno.ENXIO})
"""How the system says that what lies there is a folder, a link, a pipe or a socket."""

Uncommitted = Callable[[TaskId, int], bool]
"""Whether the change of this revision to this task was cut off, perhaps before its rename."""

Move = tuple[TaskId, State, State]
"""A task whose file was moved by hand: its state by its history, and by its folder."""


@dataclass(slots=True)
class Scan:
    """What was found. `uncommitted` and `moved` are for the store to write down.

    The view is as the histories have it; the moves are yet to be applied to it.
    """

    view: View
    stamps: dict[TaskId, tuple[int, int]] = field(default_factory=dict)
    """Size (bytes) and modification time (ns) of each task's file."""
    folders: dict[str, int] = field(default_factory=dict)
    """Modification time (ns) of each state's folder, taken before it was read."""
    uncommitted: list[tuple[TaskId, int, State]] = field(default_factory=list)
    """(task, rev, state by its folder) of history lines whose change never came about."""
    moved: list[Move] = field(default_factory=list)
    misplaced: list[Move] = field(default_factory=list)
    """What a start of the machine left in `claimed/` without a claim: to be put back first."""
    seen: int = 0
    """The newest revision found in any file."""


@dataclass(frozen=True, slots=True)
class _Found:
    file: TaskFile
    state: State
    stamp: tuple[int, int]

    @property
    def rank(self) -> tuple[int, int]:
        """Larger counts more, of two files of one task."""
        return self.file.newest, -STRICTEST.index(self.state)


def state_after(event: Event) -> State | None:
    """The state that an event leaves its task in; None where it does not change it."""
    if event.kind not in STATE_AFTER:
        return None
    return STATE_AFTER[event.kind] or State(event.data["state"])


def scan(folder: Path, uncommitted: Uncommitted, *, restarted: bool = False) -> Scan:
    """Read everything. Damaged files are named in `view.damaged`, never dropped in silence.

    `restarted`: nobody has looked at these files since the machine was started. Raises
    `Unreadable` where the plan of the run cannot be read, `OSError` where a folder or a file
    cannot.
    """
    found = Scan(View())
    view = found.view
    events = list(_read_plans(folder, found))
    tasks: dict[TaskId, _Found] = {}
    for state in State:
        _read_state(folder, state, found, tasks)
    if view.run is None:
        return found
    for place in sorted(tasks.values(), key=lambda p: (p.file.order, p.file.task.id)):
        file = _committed(place, found, uncommitted, restarted)
        view.add(file.task, file.order).damaged = file.damage
        events.extend(file.history)
        found.stamps[file.task.id] = place.stamp
    view.decide(view.run.ordered)
    for event in sorted(events, key=lambda e: e.rev):
        view.apply(event)
    for task, place in tasks.items():
        record = view.records[task]
        if record.state is not place.state:
            found.moved.append((task, record.state, place.state))
    return found


def move_event(rev: int, at: float, move: Move) -> Event:
    """What happened where the scan found a file moved."""
    task, was, now = move
    return Event(rev, at, Kind.MOVED, task, {"state": now.value, "found": was.value})


def _read_plans(folder: Path, found: Scan) -> tuple[Event, ...]:
    view = found.view
    history: tuple[Event, ...] = ()
    try:
        content = files.read_regular(folder / planfiles.PLAN)[0]
        view.run, _, history, found.seen = planfiles.parse_run(content)
    except FileNotFoundError:
        pass
    try:
        content = files.read_regular(folder / planfiles.PROPOSAL)[0]
        view.proposal = planfiles.parse_proposal(content)[0]
    except FileNotFoundError:
        pass
    except (Unreadable, OSError) as error:
        _must_be_damage(error)
        view.damaged[planfiles.PROPOSAL] = str(error)
    return history


def _read_state(folder: Path, state: State, found: Scan, tasks: dict[TaskId, _Found]) -> None:
    view, place = found.view, folder / state.value
    status = os.stat(place, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{place} must be a folder, and is a link or a file")
    found.folders[state.value] = status.st_mtime_ns
    for name in sorted(os.listdir(place)):
        if not name.endswith(SUFFIX) or name.startswith("."):
            continue
        where, task = _where(state, name), TaskId(name.removesuffix(SUFFIX))
        try:
            content, status = files.read_regular(place / name)
        except FileNotFoundError:
            continue  # moved on since, by a person: the folder is read again
        except OSError as error:
            _must_be_damage(error)
            view.damaged[where] = str(error)
            continue
        file = _read_task(content, task, state, found)
        if file is None:
            continue
        found.seen = max(found.seen, file.newest)
        here = _Found(file, state, files.stamp(status))
        other = tasks.get(task)
        if other is not None:
            here, other = sorted((here, other), key=lambda f: f.rank, reverse=True)
            twin = _where(other.state, name)
            view.damaged[twin] = f"the task is in {here.state}/ too; remove one of the two files"
        tasks[task] = here


def _read_task(content: str, task: TaskId, state: State, found: Scan) -> TaskFile | None:
    run = found.view.run
    try:
        file = taskfile.parse(content, task)
        if run is not None and run.approved(file.plan):
            return file
        damage = f"it belongs to plan {file.plan}, which is not approved"
    except Unreadable as error:
        damage = str(error)
    found.view.damaged[_where(state, task + SUFFIX)] = damage
    rest = taskfile.remains(content, task, damage)
    found.seen = max(found.seen, rest.newest)
    # A claim whose file a person has garbled still stands: its agent is at work.
    stands = state is State.CLAIMED and rest.task.files
    return rest if stands else None


def _must_be_damage(error: Exception) -> None:
    """Raise an error of the disk: a file that cannot be read now must not pass for none."""
    if isinstance(error, OSError) and error.errno not in NOT_A_FILE:
        raise error


def _where(state: State, name: str) -> str:
    """A file's name as it can be shown: what is not UTF-8 is written out."""
    return f"{state}/{os.fsencode(name).decode(errors='backslashreplace')}"


def _committed(place: _Found, found: Scan, uncommitted: Uncommitted, restarted: bool) -> TaskFile:
    """The file without a last history line whose rename never happened."""
    file, task = place.file, place.file.task.id
    states = [(e, s) for e in file.history if (s := state_after(e)) is not None]
    was = states[-1][1] if states else State.AVAILABLE
    if was is place.state:
        return file
    if restarted and place.state is State.CLAIMED:
        if not file.damage:
            found.misplaced.append((task, State.CLAIMED, was))
        return file
    if not states:
        return file
    last = states[-1][0]
    before = states[-2][1] if len(states) > 1 else State.AVAILABLE
    if not (uncommitted(task, last.rev) or (restarted and before is place.state)):
        return file
    found.uncommitted.append((task, last.rev, place.state))
    return replace(file, history=tuple(e for e in file.history if e is not last))
