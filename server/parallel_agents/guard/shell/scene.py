"""Where a command runs: the active runs, who acts, and what may be written by that agent.

The decision for one path is the edit guard's (`edits.objection`); here are the questions that only
shells raise: whole folders, hard links, several work trees, files that git ignores.
"""

from __future__ import annotations

import os

from parallel_agents.core import locktable
from parallel_agents.core.errors import BadInput
from parallel_agents.core.paths import Place, places
from parallel_agents.guard import edits
from parallel_agents.guard.edits import Objection
from parallel_agents.guard.runs import FOLDER, Sought

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run, Runs

_WALKED = 3000
_WILD = "*?[{"


class Scene:
    """What `judge` is told about the world. One for each event."""

    def __init__(self, event: Event, runs: Runs, plugin: str) -> None:
        self.event = event
        self.runs = runs
        self.plugin = plugin
        """The plugin's folder (real path)."""
        self.near: list[Run] = runs.near()

    # -- one path

    def objection(self, path: str, *, through: bool) -> Objection | None:
        """Why a file may not be written at this absolute path, or None.

        `through`: a symbolic link is followed, and another name of the file is the same file (a
        redirection). Otherwise the entry itself is put in place or removed (`mv`, `rm`, `sed -i`).
        """
        path = os.path.realpath(path) if through else _entry(path)
        found = edits.switch(path, self.plugin, self.near)
        if found is not None:
            return found
        for place, run in self._seats(path):
            found = edits.objection(place, run, self.event)
            if found is not None and not self._is_scratch(found, place):
                return found
        return self._hard_link(path) if through else None

    def held(self, path: str) -> Objection | None:
        """The objection where another agent holds this absolute path, or None."""
        for place, run in self._seats(os.path.realpath(path)):
            sought = Sought(place.path)
            for claim in self.others(run):
                if sought.is_among(claim.files):
                    return Objection("held", place.path, claim)
        return None

    def others(self, run: Run) -> list[HeldClaim]:
        """The claims of everybody else."""
        return [claim for claim in run.table.claims if claim.agent != self.event.key]

    def _seats(self, path: str) -> Iterator[tuple[Place, Run]]:
        try:
            # The entry is resolved already: what a link at it leads to is not meant.
            found = places(path, "/")[:1]
        except BadInput:
            return
        for place in edits.seats(found, self.near):
            run = self.runs.of(place.main)
            if run is not None:
                yield place, run

    def _is_scratch(self, found: Objection, place: Place) -> bool:
        """Whether git ignores the path, and nobody but the lack of a claim stands in the way."""
        if found.kind not in ("not_in_claim", "unclaimed"):
            return False
        from parallel_agents.guard.shell.programs.gitasks import is_ignored

        return is_ignored(place.root, place.path)

    def _hard_link(self, path: str) -> Objection | None:
        try:
            if os.lstat(path).st_nlink < 2:
                return None
        except (OSError, ValueError):
            return None
        from parallel_agents.guard.hardlinks import held_elsewhere  # hardly any file has two names

        found = held_elsewhere(path, self.event, self.near)
        return None if found is None else Objection("held", found[2], found[1])

    # -- whole folders

    def below(
        self, folder: str, endings: tuple[str, ...] = (), *, whole: bool = True
    ) -> Objection | None:
        """The first objection to changing everything in this absolute folder, or None.

        `endings` leaves only files with these endings to be changed. `whole`: everything is, the
        state in it too; otherwise some files of it, whose names are not known. The folder itself
        is a path to ask `objection` about.
        """
        folder = os.path.realpath(folder)
        for run in self.near:
            for tree, claim in self._trees(run):
                if tree == folder or tree.startswith(_slashed(folder)):
                    if endings or not whole:
                        continue
                    if claim is None:
                        return Objection("state", os.path.join(tree, FOLDER))
                    return Objection("held", tree, claim)
        for place, run in self._seats(_inside(folder)):
            at = os.path.dirname(place.path)
            found = self._below(at, place.root, run, endings, whole)
            if found is not None:
                return found
        return None

    def _trees(self, run: Run) -> Iterator[tuple[str, HeldClaim | None]]:
        yield run.main, None
        for claim in self.others(run):
            if claim.workdir:
                yield os.path.realpath(claim.workdir), claim

    def _below(
        self, at: str, root: str, run: Run, endings: tuple[str, ...], whole: bool
    ) -> Objection | None:
        listing = _Listing(root, at, endings)
        for claim in self.others(run):
            for pattern in claim.files:
                if listing.meets(pattern):
                    return Objection("held", pattern, claim)
        if whole and edits.is_free(run, self.event):
            for task, files in locktable.read_tasks(run.folder):
                hit = next((p for p in files if listing.meets(p)), None)
                if hit is not None and locktable.is_unfinished(run.folder, task):
                    return Objection("planned", hit, owner=task)
        return None

    def is_own(self, folder: str) -> bool:
        """Whether all that can be in this absolute folder is the agent's to write."""
        for place, run in self._seats(_inside(os.path.realpath(folder))):
            if edits.is_free(run, self.event):
                continue
            if edits.objection(place, run, self.event) is not None:
                return False
        return True

    # -- what is held, for asking about names that are known in part

    def held_paths(self, cwd: str) -> Iterator[tuple[str, str, HeldClaim]]:
        """(absolute path or the fixed part of a glob with a slash, pattern, claim)."""
        for run in self.near:
            roots = [run.main]
            roots += _roots(cwd, run)
            for claim in self.others(run):
                for root in dict.fromkeys((*roots, *filter(None, (claim.workdir,)))):
                    for pattern in claim.files:
                        yield os.path.join(root, fixed_part(pattern)), pattern, claim


def _roots(cwd: str, run: Run) -> list[str]:
    """The work trees of the run that the directory is in."""
    try:
        return [p.root for p in places(os.path.join(cwd, "x"), "/") if p.main == run.main]
    except (BadInput, ValueError):
        return []


class _Listing:
    """What is below a folder: asked of the disk only where a pattern needs it."""

    def __init__(self, root: str, at: str, endings: tuple[str, ...]) -> None:
        self.root = root
        self.at = at.lower()
        self.endings = endings
        self._files: list[str] | None = None
        self.whole = True

    def meets(self, pattern: str) -> bool:
        """Whether something that the pattern covers is below the folder and has the ending."""
        folded = pattern.lower()
        if not any(char in folded for char in _WILD):
            if self.at and not (folded + "/").startswith(self.at + "/"):
                # Below a claimed folder, everything is claimed.
                return (self.at + "/").startswith(folded + "/")
            return self._ends(folded) or self._some(folded, pattern)
        fixed = fixed_part(folded).rstrip("/")
        apart = (
            self.at
            and fixed
            and not (
                (fixed + "/").startswith(self.at + "/") or (self.at + "/").startswith(fixed + "/")
            )
        )
        if apart:
            return False
        if self.at and fixed and (self.at + "/").startswith(fixed + "/") and not self.endings:
            from parallel_agents.core.globs import covers

            if covers(pattern, self.at + "/x"):
                return True
        return self._some(fixed, pattern)

    def _ends(self, path: str) -> bool:
        return not self.endings or path.endswith(self.endings)

    def _some(self, fixed: str, pattern: str) -> bool:
        from parallel_agents.core.globs import covering

        for path in self.files():
            folded = path.lower()
            if folded.startswith(fixed) and self._ends(folded) and covering((pattern,), path):
                return True
        return not self.whole

    def files(self) -> list[str]:
        """Paths of the files below, relative to the root; not `whole` where they are too many."""
        if self._files is None:
            self._files = []
            todo = [os.path.join(self.root, self.at)] if self.at else [self.root]
            seen = 0
            while todo:
                folder = todo.pop()
                try:
                    with os.scandir(folder) as entries:
                        for entry in entries:
                            seen += 1
                            if entry.is_dir(follow_symlinks=False):
                                if entry.name not in (".git", FOLDER, "node_modules"):
                                    todo.append(entry.path)
                            else:
                                self._files.append(entry.path[len(self.root) + 1 :])
                except OSError:
                    continue
                if seen > _WALKED:
                    self.whole = False
                    break
        return self._files


def fixed_part(pattern: str) -> str:
    """The pattern itself, or the folder (with a slash) below which all that it covers lies."""
    first = min((at for at in map(pattern.find, _WILD) if at >= 0), default=-1)
    return pattern if first < 0 else pattern[: pattern.rfind("/", 0, first) + 1]


def _entry(path: str) -> str:
    folder, name = os.path.split(path.rstrip("/") or "/")
    if name in ("", ".", ".."):
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(folder), name)


def _slashed(folder: str) -> str:
    return folder if folder.endswith("/") else folder + "/"


def _inside(folder: str) -> str:
    """A name in the folder that stands for every file there."""
    return _slashed(folder) + "any"
