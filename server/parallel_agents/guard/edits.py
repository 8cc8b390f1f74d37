"""The edit guard: may this agent write this file now? One decision for each place of the path.

`objection` decides and `refusals` has the words: an edit that may go on pays for neither them nor
their encoding.
"""

from __future__ import annotations

from parallel_agents.core.paths import places
from parallel_agents.core.system import calls, join, real, split
from parallel_agents.guard.event import Garbled
from parallel_agents.guard.runs import FOLDER, Sought

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.core.paths import Place
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run, Runs

_PATH_FIELDS = ("file_path", "notebook_path")


class Objection:
    """Why a path may not be written.

    `kind` names the reason (the functions of `refusals`), `claim` is the one it is about: the
    holder's where the path is held, else the agent's own. `owner` is the unfinished task that the
    path belongs to, `right` the path (absolute) that may be written instead.
    """

    __slots__ = ("claim", "kind", "owner", "path", "right")

    def __init__(
        self,
        kind: str,
        path: str,
        claim: HeldClaim | None = None,
        owner: str = "",
        right: str = "",
    ) -> None:
        self.kind = kind
        self.path = path
        self.claim = claim
        self.owner = owner
        self.right = right

    @property
    def task(self) -> str:
        """The task that stands in the way."""
        return self.owner or (self.claim.task if self.claim else "")


def guard(event: Event, runs: Runs, plugin: str) -> dict[str, Any] | None:
    """The answer to an edit: a denial, or None where there is no objection.

    `plugin` is the plugin's own folder (real path). Raises `Garbled` when no file is named, and
    `TableTorn`, `BadInput` or `OSError` when it cannot be decided.
    """
    targets = [event.input[field] for field in _PATH_FIELDS if field in event.input]
    if not targets or not all(isinstance(target, str) and target for target in targets):
        raise Garbled("the tool's input names no file")
    near = runs.near()
    for run in near:
        run.beat(event)
    for target in targets:
        found = switch(join(event.cwd, target), plugin, near) if near else None
        if found is not None:
            return denial(found, near[0], event)
        for place in seats(places(target, event.cwd), near):
            seat = runs.of(place.main)
            found = objection(place, seat, event) if seat else None
            if seat and found:
                return denial(found, seat, event)
        found = _under_another_name(join(event.cwd, target), event, near)
        if found is not None:
            return denial(found, near[0], event)
    for run in near:
        if run.table.of(event.key) is not None:
            run.edit_begins(event)
    return None


def seats(found: tuple[Place, ...], near: list[Run]) -> list[Place]:
    """Each place, and again for the repository around its own where that has a run.

    A file of a submodule is also a file of the superproject, where it may have been claimed.
    """
    seats = []
    todo = list(found)
    while todo:
        place = todo.pop(0)
        seats.append(place)
        if all(run.main == place.main for run in near):
            continue  # the launcher has looked up to the root: there is no other run
        for outer in places(place.root, "/"):
            if outer.main != place.main:
                outer.path = f"{outer.path}/{place.path}"
                outer.absolute = place.absolute
                todo.append(outer)
    return seats


def objection(place: Place, run: Run, event: Event) -> Objection | None:
    """The objection to a write at this place of a repository with an active run, or None."""
    path = place.path
    parts = path.lower().split("/")
    if parts[0] == FOLDER or ".git" in parts:
        return Objection("state", path)
    mine = None
    sought = Sought(path)
    for claim in run.table.claims:
        if claim.agent == event.key:
            mine = claim
        elif sought.is_among(claim.files):
            return Objection("held", path, claim)
    if mine is not None:
        return _under_claim(place, sought, run, mine)
    if must_claim(run, event):
        return Objection("unclaimed", path)
    owner = run.owner(sought)
    return Objection("planned", path, owner=owner) if owner else None


def must_claim(run: Run, event: Event) -> bool:
    """Whether the agent writes under a claim only: a worker, and whoever has held a claim here.

    What else the user has started is no part of the run, and stands where the conversation does:
    it may write what belongs to no unfinished task.
    """
    return not event.is_main and (event.is_worker or run.has_heard_of(event))


def is_free(run: Run, event: Event) -> bool:
    """Whether the agent holds no claim and needs none for what belongs to no task."""
    return run.table.of(event.key) is None and not must_claim(run, event)


def _under_claim(place: Place, sought: Sought, run: Run, mine: HeldClaim) -> Objection | None:
    path = place.path
    if not sought.is_among(mine.files):
        owner = run.owner(sought)
        if owner is not None and owner != mine.task:
            return Objection("of_another_task", path, mine, owner)
        return Objection("not_in_claim", path, mine)
    tree = run.home_of(mine)
    if tree is None:
        # Under the branch strategy an agent may have a checkout that is not ours to know.
        return Objection("no_tree", path, mine) if run.table.strategy == "worktree" else None
    if real(tree) == place.root:
        return None
    return Objection("wrong_tree", path, mine, right=join(tree, path))


def switch(path: str, plugin: str, runs: list[Run]) -> Objection | None:
    """The objection to a file that can switch the guard off, wherever it lies.

    Where the repository at work is the plugin itself, only its hooks are closed.
    """
    own = plugin
    if any(_is_in(plugin, run.main) for run in runs):
        own = join(plugin, "hooks")
    folder, name = split(path)
    entry = join(real(folder), name)
    for where in (entry, real(entry)):
        folder, name = split(where)
        settings = split(folder)[1] == ".claude" and name.startswith("settings")
        if settings or _is_in(where, own):
            return Objection("switch", where)
    return None


def _under_another_name(path: str, event: Event, runs: list[Run]) -> Objection | None:
    try:
        if calls.stat(path).st_nlink < 2:
            return None
    except OSError:
        return None  # a new file
    from parallel_agents.guard.hardlinks import held_elsewhere  # hardly any file has two names

    found = held_elsewhere(path, event, runs)
    return None if found is None else Objection("held", found[2], found[1])


def denial(found: Objection, run: Run, event: Event) -> dict[str, Any]:
    """The answer that refuses, noted for the lead."""
    from parallel_agents.guard import answer, refusals

    reason = refusals.reason(found)
    run.note("denied", event, reason, path=found.path, task=found.task)
    return answer.deny(reason)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
