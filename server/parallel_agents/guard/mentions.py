"""Does a word of a shell command name a file that somebody holds?

A word names a file when it comes to one from the agent's directory (or from one that the command
changes to), when it ends in the same names, when it is a wildcard that could match it, or when it
is below the fixed part of a claimed glob.
"""

from __future__ import annotations

import os

from parallel_agents.core.errors import BadInput
from parallel_agents.core.globs import covering, overlap
from parallel_agents.core.paths import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from parallel_agents.core.locktable import HeldClaim

UPROOTING = frozenset(("rm", "mv", "rmdir"))
"""Commands for which a folder stands for all that is below it."""

_ENTERING = frozenset(("cd", "pushd", "-C"))
_WILD = "*?[{"
_LONGEST = 512
_MOST = 400
_BREAKS = str.maketrans(dict.fromkeys("'\"`<>()=:;|&", " "))
_JOINTS = str.maketrans(dict.fromkeys("'\"\\"))
_ENDS = str.maketrans(dict.fromkeys(";|&()`", "\n"))


def split(command: str) -> list[str]:
    """The simple commands in `command`, as far as that is seen without parsing."""
    return command.translate(_ENDS).split("\n")


def words(text: str, *, joined: bool = False) -> list[str]:
    """What could be a word of its own; `joined` takes quotes and backslashes out first."""
    if joined:
        text = text.translate(_JOINTS)
    found: list[str] = []
    for word in text.translate(_BREAKS).split():
        found.extend(filter(None, word.split(",")) if "{" not in word else (word,))
    return found


def last_name(word: str) -> str:
    """The last name of a path, as it is written."""
    return word.rstrip("/").rpartition("/")[2]


class Held:
    """What other agents hold, arranged for asking whether a word names it."""

    def __init__(self, claims: Sequence[HeldClaim]) -> None:
        self._paths: dict[str, HeldClaim] = {}
        self._by_name: dict[str, list[str]] = {}
        self._globs: list[tuple[str, str, HeldClaim]] = []
        self._trees = [(claim.workdir, claim) for claim in claims if claim.workdir]
        for claim in claims:
            for pattern in claim.files:
                if _is_wild(pattern):
                    self._globs.append((pattern, _fixed_part(pattern).lower(), claim))
                else:
                    path = pattern.lower()
                    self._paths[path] = claim
                    self._by_name.setdefault(last_name(path), []).append(path)

    def mentioned(
        self, command: str, cwd: str, main: str, own: Sequence[str]
    ) -> tuple[str, str, HeldClaim] | None:
        """(word, path or pattern, claim) for the first word that names something held.

        `cwd` is where the command starts, `main` the main work tree of the run, `own` what the
        agent itself holds: that may be mentioned.
        """
        said = words(command)
        uprooted = {w for line in map(words, split(command)) for w in line if _uproots(line)}
        folders = _folders(said, cwd)
        for at, word in enumerate(dict.fromkeys([*said, *words(command, joined=True)])):
            if word.startswith("-") or len(word) > _LONGEST:
                continue
            wild = _is_wild(word)
            paths = []
            if at < _MOST and "$" not in word:
                for folder in folders:
                    paths += _from(folder, word, main, wild=wild)
            if not wild and any(covering(own, path) for path in paths):
                continue
            is_folder = "/" not in word and os.path.isdir(os.path.join(cwd, word))
            found = None
            for path in paths:
                if wild:
                    found = found or self._could_match(path)
                elif not is_folder:  # `npm test` does not mean the folder
                    found = found or self._at(path.lower())
                if word in uprooted and not wild and word.strip("./"):
                    found = found or self._below(path.lower())
            found = found or self._alike(word.lower())
            if found is not None:
                return word, *found
        return None

    def _at(self, path: str) -> tuple[str, HeldClaim] | None:
        end = len(path)
        while end > 0:
            claim = self._paths.get(path[:end])
            if claim is not None:
                return path[:end], claim
            end = path.rfind("/", 0, end)
        for pattern, _, claim in self._globs:
            if covering((pattern,), path):
                return pattern, claim
        return None

    def _below(self, folder: str) -> tuple[str, HeldClaim] | None:
        for path, claim in self._paths.items():
            if path.startswith(folder + "/"):
                return path, claim
        for pattern, fixed, claim in self._globs:
            if f"{fixed}/".startswith(folder + "/"):
                return pattern, claim
        return None

    def _could_match(self, wildcard: str) -> tuple[str, HeldClaim] | None:
        try:
            for path, claim in self._paths.items():
                if overlap(wildcard, path):
                    return path, claim
            for pattern, _, claim in self._globs:
                if overlap(wildcard, pattern):
                    return pattern, claim
        except BadInput:
            pass  # braces without end: no list of files
        return None

    def _alike(self, word: str) -> tuple[str, HeldClaim] | None:
        if "/" in word or "." in word:
            for path in self._by_name.get(last_name(word), ()):
                if _end_alike(word, path):
                    return path, self._paths[path]
        for pattern, fixed, claim in self._globs:
            if "/" in word and fixed and f"/{fixed}/" in f"/{word}/":
                return pattern, claim
        for tree, claim in self._trees:
            if tree.lower() in word:
                return tree, claim
        return None


def _uproots(line: list[str]) -> bool:
    return not UPROOTING.isdisjoint(line)


def _is_wild(text: str) -> bool:
    return any(char in text for char in _WILD)


def _fixed_part(pattern: str) -> str:
    first = min(at for at in map(pattern.find, _WILD) if at >= 0)
    return pattern[:first].rpartition("/")[0]


def _folders(said: list[str], cwd: str) -> list[str]:
    """Where the command's words may start from: `cwd`, and where it changes to."""
    folders = [cwd]
    for word, following in zip(said, said[1:]):
        if word in _ENTERING and len(folders) < 4:
            folders.append(os.path.join(folders[-1], following))
    return folders


def _from(folder: str, word: str, main: str, *, wild: bool) -> list[str]:
    """What `word` comes to from `folder`: paths of the repository, or patterns where it is wild."""
    fixed = _fixed_part(word) if wild else word
    rest = word[len(fixed) :].lstrip("/") if wild else ""
    try:
        # Of a wildcard's folder only the inside counts, so that a linked one is followed.
        found = places(os.path.join(fixed, "x") if wild else fixed, folder)
    except (BadInput, OSError):
        return []  # not a path: then it names no file either
    paths = [place.path for place in found if place.main == main]
    return [path[:-1] + rest for path in paths] if wild else paths


def _end_alike(word: str, path: str) -> bool:
    """Whether two paths end in the same names, as far as both go and as far as the shell tells."""
    names = [name for name in word.split("/") if name not in ("", ".")]
    for mine, theirs in zip(reversed(names), reversed(path.split("/"))):
        if mine in ("..", "~") or "$" in mine:
            return True
        if mine != theirs:
            return False
    return True
