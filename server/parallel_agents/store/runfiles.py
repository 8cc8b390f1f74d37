"""The files of a run as a whole: laid out, proposed, approved, put away. Under the store's lock."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import Plan, State, Task, TaskId
from parallel_agents.core.view import View
from parallel_agents.store import files, planfiles, taskfile
from parallel_agents.store.approvals import approval_of
from parallel_agents.store.frontmatter import Unreadable, history_line, history_text
from parallel_agents.store.liveness import FOLDER as ALIVE
from parallel_agents.store.readme import README

SUFFIX = ".md"
PUT_AWAY = "history"
OVERWRITTEN = "overwritten"
"""Where hooks keep both versions of what a command overwrote; it goes with the run."""
WATCHED = ".watch"
"""Where hooks note what runs and what holders wrote; it ends with the run."""


def path_of(folder: Path, state: State, task: TaskId) -> Path:
    """Where the file of a task in this state lies."""
    return folder / state / (task + SUFFIX)


def lay_out(folder: Path) -> None:
    """Make the folders that are missing; some tools delete empty ones. Raises `OSError`."""
    for name in (*(state.value for state in State), ALIVE):
        (folder / name).mkdir(parents=True, exist_ok=True)
    readme = folder / "README.md"
    if not os.path.lexists(readme):
        files.replace(readme, README)


def put_back(folder: Path, misplaced: Iterable[tuple[TaskId, State, State]]) -> bool:
    """Take out of `claimed/` what lies there without a claim since the machine was started.

    Each is (task, where it lies, where it belongs). Whether anything was moved.
    """
    moves = [(path_of(folder, lies, t), path_of(folder, was, t)) for t, lies, was in misplaced]
    free = [(here, there) for here, there in moves if not os.path.lexists(there)]
    for here, there in free:
        os.rename(here, there)
    return bool(free)


def write_proposal(folder: Path, plan: Plan, text: str) -> None:
    """Put a plan where it waits for the user."""
    files.replace(folder / planfiles.PROPOSAL, planfiles.render_proposal(plan, text))


def approve(folder: Path, view: View, event: Event) -> None:
    """Make the proposal of `view` the approved plan.

    The plan goes first, and is the approval: whoever comes after a crash can write its tasks.
    Raises `files.Edited` where the proposal is not that of `view` any more, and `OSError`.
    """
    try:
        proposal = files.read_regular(folder / planfiles.PROPOSAL)[0]
        plan, text = planfiles.parse_proposal(proposal)
    except Unreadable:
        raise files.Edited from None
    if plan != view.proposal:
        raise files.Edited
    path = folder / planfiles.PLAN
    history = history_line(event, json.dumps(dict(event.data)))
    if view.run is None:
        put_away_leftovers(folder, event.rev)
    else:
        history = history_text(files.read_regular(path)[0]) + history
    run = view.approved_run(plan, approval_of(event))
    files.replace(path, planfiles.render_run(run, text, history))
    write_tasks(folder, view, plan)


def write_tasks(folder: Path, view: View, plan: Plan) -> None:
    """Bring the files of an approved plan's tasks into being, and end its time as a proposal.

    Can be done again: as long as the proposal lies there, whoever comes after a crash does.
    """
    first = max((r.order for r in view.records.values()), default=-1) + 1
    files.replace_many(dict(_pages(folder, view, plan, first)))
    (folder / planfiles.PROPOSAL).unlink(missing_ok=True)
    files.sync(folder)


def _pages(folder: Path, view: View, plan: Plan, first: int) -> Iterator[tuple[Path, str]]:
    """The files that are not as the plan says, each with what has to be in it."""
    plan_id = plan.id
    for order, task in enumerate(plan.tasks, first):
        record = view.records.get(task.id)
        if record is None:
            path = path_of(folder, State.AVAILABLE, task.id)
            yield path, taskfile.render(task, plan_id, order)
        elif record.task != task:
            path = path_of(folder, record.state, task.id)
            yield path, _changed(path, task, plan_id, record.order)


def _changed(path: Path, task: Task, plan: str, order: int) -> str:
    return taskfile.render(task, plan, order) + history_text(files.read_regular(path)[0])


def put_away_run(folder: Path, run: str, rev: int) -> None:
    """Move a finished run to `history/`. The plan goes first: from then on no run is active."""
    target = folder / PUT_AWAY / run
    if target.exists():  # the same plan was run before
        target = folder / PUT_AWAY / f"{run}-{rev}"
    target.mkdir(parents=True)
    os.rename(folder / planfiles.PLAN, target / planfiles.PLAN)
    _put_away_tasks(folder, target)
    files.sync(target)
    files.sync(folder)


def put_away_rest(folder: Path, rev: int) -> None:
    """Go on where putting a run away was cut off after its plan was gone."""
    if (folder / planfiles.PLAN).exists():  # a later run's: the word of it is an old one
        return
    for path in (folder / PUT_AWAY).glob(f"*/{planfiles.PLAN}"):
        if f" #{rev} {Kind.ARCHIVED} " in files.read_regular(path)[0]:
            _put_away_tasks(folder, path.parent)


def put_away_leftovers(folder: Path, rev: int) -> None:
    """Move task files that belong to no run out of the way of a new one."""
    _put_away_tasks(folder, folder / PUT_AWAY / f"leftover-{rev}")


def _put_away_tasks(folder: Path, target: Path) -> None:
    for state in State:
        place = folder / state.value
        if any(place.iterdir()):
            target.mkdir(parents=True, exist_ok=True)
            os.rename(place, target / state.value)
            place.mkdir()
    kept = folder / OVERWRITTEN
    if kept.is_dir() and not (target / OVERWRITTEN).exists():
        target.mkdir(parents=True, exist_ok=True)
        os.rename(kept, target / OVERWRITTEN)
    shutil.rmtree(folder / WATCHED, ignore_errors=True)
