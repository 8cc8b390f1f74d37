"""What became of tasks, for whoever keeps a list of the work elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parallel_agents.coordination.site import Site
from parallel_agents.core.errors import BadInput, NotYours
from parallel_agents.core.globs import covering
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.rules import held_by
from parallel_agents.core.view import View
from parallel_agents.git import contents
from parallel_agents.store.folder import FOLDER
from parallel_agents.store.putaway import last_put_away


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How far the tasks of a run are: of the present one, else of the last."""

    run: str
    landed: frozenset[TaskId]
    """Their results are on the target branch, tested."""
    begun: frozenset[TaskId] = frozenset()
    """Somebody is at them, or their results have not landed yet."""


def outcomes(site: Site) -> Outcomes | None:
    """None where no run has been here."""
    if (present := site.store.read(_present)) is not None:
        return present
    last = last_put_away(site.repository.root / FOLDER)
    return Outcomes(last.run, last.landed) if last else None


def _present(view: View) -> Outcomes | None:
    if view.run is None:
        return None
    records = view.records.values()
    landed = frozenset(r.task.id for r in records if r.merged)
    at_it = (State.CLAIMED, State.COMPLETED)
    begun = frozenset(r.task.id for r in records if r.state in at_it and not r.merged)
    return Outcomes(view.run.id, landed, begun)


def tracked(site: Site) -> tuple[str, ...]:
    """The files of the commit that the main work tree is at, relative to its root."""
    root = site.repository.root
    return tuple(e.path for e in contents.listing(root, site.repository.head()))


def refuse_owned(site: Site, file: Path) -> None:
    """Raises `NotYours` where a file of the main work tree belongs to a task that is not done."""
    root = site.repository.root.resolve()
    if not file.is_relative_to(root):
        return
    path = file.relative_to(root).as_posix()
    if path.split("/")[0] in (FOLDER, ".git"):
        raise BadInput("bad_path", f"{path} is no list of work.", "name the list itself.")
    site.store.read(lambda view: _refuse_owned(view, path))


def _refuse_owned(view: View, path: str) -> None:
    if (met := view.met_by((path,))) is not None:
        claim = met[0]
        raise NotYours(
            "files_held",
            f"{path} is held for task {claim.task} by {held_by(claim)}.",
            "write into it when that claim has ended.",
            view.rev,
        )
    for record in view.unfinished() if view.run else ():
        if covering(record.task.files, path):
            raise NotYours(
                "files_of_a_task",
                f"{path} belongs to task {record.task.id}, which is {record.state}.",
                "write into it when that task has been completed.",
                view.rev,
            )
