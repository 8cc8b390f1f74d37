"""What a command would do to files, collected while it is walked, and judged by the scene."""

from __future__ import annotations

import os

from parallel_agents.guard.edits import Objection
from parallel_agents.guard.shell.bash.words import (
    DEEP,
    MARKS,
    MOST,
    STAR,
    UNKNOWN,
    WILD,
    fits,
    is_known,
    named,
)
from parallel_agents.guard.shell.verdict import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from parallel_agents.guard.shell.bash.state import State, Values
    from parallel_agents.guard.shell.budget import Budget
    from parallel_agents.guard.shell.scene import Scene

WRITE = "write"
"""The content of the file is changed; a link is followed."""
ENTRY = "entry"
"""The name is given to another file, or taken away; a link itself is meant."""
TREE = "tree"
"""The file, or everything below the folder, goes away or elsewhere."""
FORMAT = "format"
"""The file, or every file below the folder, may be rewritten."""
FOLDER = "folder"
"""A directory is made."""
TOUCH = "touch"
"""The file is made if it is not there."""

_MOST_FINDINGS = 12
_GLOBBED = 300


class Effects:
    """The findings of one command."""

    def __init__(self, scene: Scene, budget: Budget) -> None:
        self.scene = scene
        self.budget = budget
        self.findings: list[Finding] = []
        self.opaque: list[str] = []
        self.verb = ""
        self.links: list[tuple[str, str]] = []
        """(name, file) of the links that the command itself makes, absolute."""
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()

    @property
    def is_untouched(self) -> bool:
        """Whether the command has done nothing so far that could make a file."""
        return not self._seen and not self.opaque and not self.links

    def may_have(self, path: str) -> bool:
        """Whether the command may have changed this absolute path so far."""
        return bool(self.opaque) or any(
            at == path
            or at.startswith(f"{path}/")
            or path.startswith(f"{at}/")
            or (not MARKS.isdisjoint(at) and fits(at, path))
            for at, _, _ in self._seen
        )

    def written_below(self, root: str, paths: list[str]) -> list[str]:
        """What the command has surely written of these absolute paths, relative to `root`."""
        return [
            at[len(root) + 1 :]
            for at, kind, _ in self._seen
            if kind in (WRITE, ENTRY) and MARKS.isdisjoint(at) and at.startswith(f"{root}/")
            if any(f"{at}/".startswith(f"{path}/") for path in paths)
        ]

    # -- what the walk tells

    def write(
        self,
        values: Values,
        state: State,
        how: str,
        *,
        kind: str = WRITE,
        appended: bool = False,
        endings: tuple[str, ...] = (),
    ) -> None:
        """One word that names what is written has these values."""
        for value in state.named(values):
            for path in self.located(value, state.cwds, entry=kind in (ENTRY, TREE)):
                key = (path, kind, endings)
                if key not in self._seen and not _is_device(path):
                    self._seen.add(key)
                    self.budget.step()
                    self._judge(path, kind, how, endings)

    def mention(self, values: Values, state: State, program: str) -> None:
        """An unknown program is given a word with these values."""
        for value in values:
            if not value or len(value) > 1024:
                continue
            for text in (value, value.partition("=")[2]):
                for path in self.located(text, state.cwds) if text else ():
                    self.budget.step()
                    if is_known(path):
                        found = self.scene.held(path)
                        if found is not None:
                            self.found(Finding(found.path, program, found, sure=False))
                    elif UNKNOWN not in path:
                        self._globbed(path, WRITE, program, (), sure=False)

    def unknown(self, why: str, text: str = "") -> None:
        """Something cannot be followed; a held file that `text` names is a reason to refuse."""
        if why not in self.opaque:
            self.opaque.append(why)
        if text:
            self._said(text, why)

    def found(self, finding: Finding) -> None:
        """A reason to refuse."""
        if len(self.findings) < _MOST_FINDINGS:
            for other in self.findings:
                if other.path == finding.path:
                    other.sure = other.sure or finding.sure
                    return
            self.findings.append(finding)

    def own_verb(self, verb: str) -> None:
        """Our own command line is called for what agents may not do there."""
        self.verb = self.verb or verb

    def listed(self, values: list[str], state: State) -> Values:
        """The values, with wildcards as what they find on the disk."""
        found: list[str] = []
        for value in values:
            names = self.matches(value, state) if not WILD.isdisjoint(value) else None
            if names or (names is not None and "nullglob" in state.options):
                found += names
            else:
                found.append(value)
        few = tuple(dict.fromkeys(found))
        return few if len(few) <= 4 * MOST else tuple(dict.fromkeys(values))

    def matches(self, value: str, state: State) -> list[str] | None:
        """What a word with wildcards finds, spelled as bash would; None where it is too much."""
        if UNKNOWN in value or len(state.cwds) != 1 or UNKNOWN in state.cwds[0]:
            return None
        found = _glob(os.path.join(state.cwds[0], value))
        if found is None or value[:1] == "/":
            return found
        start = len(os.path.join(state.cwds[0], ""))
        return [path[start:] for path in found]

    def located(self, value: str, cwds: Iterable[str], *, entry: bool = False) -> list[str]:
        """The absolute paths (marks allowed) that a word means.

        `entry`: a link of the command's own is meant itself, not what it leads to.
        """
        value = named(value)
        if not value:
            return []
        if value.startswith("/proc/"):
            value = _through_proc(value)
        if value[0] in ("/", UNKNOWN):
            return [self._aliased(value, entry)]
        return [self._aliased(os.path.join(cwd, value), entry) for cwd in cwds]

    def linked(self, name: str, target: str, *, forced: bool) -> None:
        """The command makes the link `name`; `forced` where it replaces an older one."""
        if forced:
            self.links = [link for link in self.links if link[0] != name]
        self.links.append((name, target))

    def relinked(self, old: str, new: str) -> None:
        """The command gives a link of its own another name."""
        self.links += [(new, target) for name, target in self.links if name == old]

    # -- judging

    def _aliased(self, path: str, entry: bool) -> str:
        if not self.links:
            return path
        path = os.path.normpath(path) + ("/" if path[-1:] == "/" else "")
        for _ in range(4):
            for name, target in self.links:
                if path.startswith(name + "/") or (path == name and not entry):
                    path = target + path[len(name) :]
                    break
            else:
                break
        return path

    def _judge(self, path: str, kind: str, how: str, endings: tuple[str, ...]) -> None:
        if UNKNOWN in path:
            self._partly_known(path, how, kind)
        elif not MARKS.isdisjoint(path):
            self._globbed(path, kind, how, endings, sure=True)
        else:
            self._literal(path, kind, how, endings)

    def _literal(self, path: str, kind: str, how: str, endings: tuple[str, ...]) -> None:
        scene = self.scene
        through = kind in (WRITE, FORMAT, TOUCH)
        if kind == TOUCH and os.path.exists(path):
            return
        if kind == FORMAT:
            if os.path.isdir(path):
                found = scene.below(path, endings)
                if found is None and not scene.is_own(path) and _has_ending(path, endings):
                    found = scene.objection(os.path.join(path, "any"), through=True)
                    if found is not None and found.kind in ("not_in_claim", "unclaimed"):
                        found.path = os.path.dirname(found.path) or "."
                if found is not None:
                    self.found(Finding(found.path, how, found, wide=True))
                return
            if endings and not path.lower().endswith(endings):
                return
        try:
            found = scene.objection(path, through=through)
        except OSError as error:
            self.unknown(f"{path} cannot be looked at: {error}")
            return
        if kind == FOLDER and found is not None and found.kind not in ("state", "switch"):
            found = None
        wide = False
        if kind == TREE and (found is None or found.kind in ("not_in_claim", "unclaimed")):
            below = scene.below(path) if os.path.isdir(path) else None
            if below is not None:
                found, wide = below, True
        if found is not None:
            self.found(Finding(found.path, how, found, wide=wide))

    def _globbed(
        self, path: str, kind: str, how: str, endings: tuple[str, ...], *, sure: bool
    ) -> None:
        """A word with wildcards: what it finds on the disk, and what is held and fits."""
        for where, pattern, claim in self.scene.held_paths(os.path.dirname(path.split(STAR)[0])):
            # What is not there yet may come about in a folder that is held.
            new = kind in (WRITE, TOUCH) and path.startswith(where)
            if new if where.endswith("/") else fits(path, where):
                objection = Objection("held", pattern, claim)
                self.found(Finding(pattern, how, objection, wide=True, sure=sure))
        found = _glob(path)
        if found is None:
            self.unknown("a wildcard finds too many files")
            return
        for name in found[:_GLOBBED]:
            if len(self.findings) >= _MOST_FINDINGS:
                return
            self.budget.step()
            if sure:
                self._literal(name, kind, how, endings)
            else:
                held = self.scene.held(name)
                if held is not None:
                    self.found(Finding(held.path, how, held, sure=False))

    def _partly_known(self, path: str, how: str, kind: str) -> None:
        """A path of which a part is only known when the command runs."""
        if kind == FOLDER:
            return
        start = path[: path.index(UNKNOWN)]
        name = path.rstrip("/").rpartition("/")[2]
        named = MARKS.isdisjoint(name) and name not in ("", ".", "..")
        cwd = next((run.main for run in self.scene.near if not start.startswith(run.main)), "")
        folder = start.rpartition("/")[0]
        if not named and (not folder or any(folder == run.main for run in self.scene.near)):
            self.unknown(f"what `{how}` writes is only known when it runs")
            return
        for where, pattern, claim in self.scene.held_paths(folder or cwd):
            if where.endswith("/"):
                meets = start.startswith(where) or (len(folder) > 1 and where.startswith(start))
            else:
                meets = fits(path, where) or (
                    kind in (TREE, FORMAT) and fits(path.rstrip("/") + "/" + UNKNOWN, where)
                )
            if meets:
                objection = Objection("held", pattern, claim)
                finding = Finding(pattern, how, objection, wide=True, sure=named)
                self.found(finding)
                return
        self.unknown(f"what `{how}` writes is only known when it runs")

    def _said(self, text: str, why: str) -> None:
        """Refuse for a text that nobody can follow, where it names what is held."""
        folded = text.lower()
        for where, pattern, claim in self.scene.held_paths("/"):
            name = (where.rstrip("/") if where.endswith("/") else pattern).lower()
            short = name.rpartition("/")[2]
            if len(short) > 2 and _occurs(short, folded):
                objection = Objection("held", pattern, claim)
                self.found(Finding(pattern, why, objection, sure=False))
                return


def _is_device(path: str) -> bool:
    return path.startswith("/dev/") and not path.startswith("/dev/shm/")


def _occurs(name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (before.isalnum() or (before in ("_", "-") and before)) and not (
            after.isalnum() or after == "_"
        ):
            return True
        at = text.find(name, at + 1)
    return False


def _has_ending(folder: str, endings: tuple[str, ...]) -> bool:
    """Whether a file with one of the endings is in the folder or just below it."""
    if not endings:
        return True
    todo = [folder]
    for _ in range(200):
        if not todo:
            return False
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name[:1] != "." and entry.name != "node_modules":
                            todo.append(entry.path)
                    elif entry.name.lower().endswith(endings):
                        return True
        except OSError:
            continue
    return True


def _through_proc(path: str) -> str:
    """`cwd` and `root` of a process lead to where the command is, and to everything."""
    pieces = path.split("/", 4)
    if len(pieces) > 3 and pieces[3] == "cwd":
        return pieces[4] if len(pieces) > 4 and pieces[4] else "."
    if len(pieces) > 3 and pieces[3] == "root":
        return "/" + (pieces[4] if len(pieces) > 4 else "")
    return path


def _folders(starts: list[str], *, files: bool) -> list[str]:
    """The folders, and those below them; with the files where these are meant too."""
    found = list(starts)
    for folder in found:
        if len(found) > 4 * _GLOBBED:
            break
        try:
            with os.scandir(folder or "/") as entries:
                for entry in entries:
                    deeper = entry.is_dir(follow_symlinks=False)
                    if entry.name[0] != "." and (deeper or files):
                        found.append(entry.path)
        except OSError:
            continue
    return found


def _glob(pattern: str) -> list[str] | None:
    """The paths on the disk that an absolute pattern with marks fits; None for too many."""
    found = [""]
    looked = 0
    pieces = pattern.split("/")[1:]
    for depth, piece in enumerate(pieces):
        last = depth == len(pieces) - 1
        if MARKS.isdisjoint(piece):
            found = [f"{folder}/{piece}" for folder in found]
            if depth and any(not MARKS.isdisjoint(p) for p in pieces[:depth]):
                found = [path for path in found if os.path.lexists(path)]
            continue
        if piece == DEEP:
            found = _folders(found, files=last)
            continue
        names: list[str] = []
        for folder in found:
            try:
                with os.scandir(folder or "/") as entries:
                    for entry in entries:
                        looked += 1
                        if looked > 20 * _GLOBBED:
                            return None
                        hidden = entry.name[0] == "." and piece[0] != "."
                        if not hidden and fits(piece, entry.name) and (last or entry.is_dir()):
                            names.append(f"{folder}/{entry.name}")
            except (OSError, ValueError):
                continue
        found = sorted(names)
        if len(found) > 4 * _GLOBBED:
            return None
    return found
