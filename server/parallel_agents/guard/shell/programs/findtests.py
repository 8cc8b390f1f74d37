"""The expression of a find: which files pass its tests, and on which of them each action runs.

A test answers yes, no or nobody knows (None); what may pass counts as passing.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ONE = names(
    """
    -name -iname -path -wholename -ipath -iwholename -regex -iregex -type -xtype -size -mtime -atime
    -ctime -mmin -amin -cmin -newer -anewer -cnewer -newermt -newerct -newerat -newermm -newerma
    -user -group -perm -uid -gid -links -inum -samefile -lname -ilname -fstype -maxdepth -mindepth
    -regextype -used -context -printf -fprint -fprint0 -fls -files0-from
    """
)
_RUNS = names("-exec -execdir -ok -okdir")
_PRINTS = names("-print -print0 -printf -ls")
_ACTIONS = names("-delete -fprint -fprint0 -fls -fprintf")
_DEEPEST = 40


class Expression:
    """The words behind the starting points. `found[n]` are the paths that action `n` gets."""

    def __init__(self, words: list[str], cwd: str = "/") -> None:
        self.cwd = cwd
        self.words = words
        self.actions: list[tuple[str, int, int]] = []
        """(name, first and behind the last word of its own) of what is done."""
        self.found: list[list[str]] = []
        self.printed: list[str] = []
        self._at = 0
        self._depth = 0
        self._printing = False
        self._tree = self._listed() if words else ("true",)
        self.deepest = self._number("-maxdepth")
        self.least = self._number("-mindepth") or 0
        self.depth_first = "-delete" in words or "-depth" in words
        self._pruned = False

    def look(self, path: str, absolute: str, depth: int) -> bool:
        """Note what is done with this path; whether find goes on below it."""
        self._pruned = False
        if depth >= self.least:
            passed = self._answer(self._tree, path, absolute, True)
            if passed is not False and not self._printing and not self.actions:
                self.printed.append(path)
        return not self._pruned or self.depth_first

    # -- reading the words

    def _number(self, name: str) -> int | None:
        at = self.words.index(name) + 1 if name in self.words else len(self.words)
        return int(self.words[at]) if at < len(self.words) and self.words[at].isdecimal() else None

    def _word(self) -> str:
        return self.words[self._at] if self._at < len(self.words) else ""

    def _listed(self) -> tuple[Any, ...]:
        self._depth += 1
        left = self._any()
        while self._word() == ",":
            self._at += 1
            left = ("list", left, self._any())
        self._depth -= 1
        return left

    def _any(self) -> tuple[Any, ...]:
        left = self._all()
        while self._word() in ("-o", "-or"):
            self._at += 1
            left = ("or", left, self._all())
        return left

    def _all(self) -> tuple[Any, ...]:
        left = self._one()
        while self._word() not in ("", "-o", "-or", ",", ")"):
            if self._word() in ("-a", "-and"):
                self._at += 1
                continue
            left = ("and", left, self._one())
        return left

    def _one(self) -> tuple[Any, ...]:
        word = self._word()
        self._at += 1
        if word in ("!", "-not"):
            return ("not", self._one() if self._at < len(self.words) else ("unknown",))
        if word == "(" and self._depth < _DEEPEST:
            inner = self._listed()
            self._at += 1
            return inner
        if word in _RUNS:
            start = self._at
            while self._at < len(self.words) and self.words[self._at] not in (";", "\\;"):
                self._at += 1
                if self.words[self._at - 1] == "+" and self.words[self._at - 2] == "{}":
                    self._at -= 1
                    break
            return self._action(word, start, self._at, skip=1)
        if word == "-delete":
            return self._action(word, self._at, self._at)
        if word in ("-fprint", "-fprint0", "-fls", "-fprintf"):
            return self._action(word, self._at, self._at + 1, skip=2 if word == "-fprintf" else 1)
        if word in _PRINTS:
            self._printing = True
            self._at += word == "-printf"
            return ("print",)
        value = ""
        if word in _ONE or word.startswith("-newer"):
            value = self._word()
            self._at += 1
        return ("test", word, value)

    def _action(self, word: str, start: int, end: int, skip: int = 0) -> tuple[Any, ...]:
        self.actions.append((word, start, end))
        self.found.append([])
        self._at = max(self._at, end if word in _RUNS else start) + skip
        return ("action", len(self.actions) - 1, word)

    # -- answering

    def _answer(self, node: tuple[Any, ...], path: str, absolute: str, sure: bool) -> bool | None:
        kind = node[0]
        if kind == "test":
            found = _tested(node[1], node[2], path, absolute, self.cwd)
            if node[1] == "-prune":
                self._pruned = self._pruned or sure
            return found
        if kind == "and":
            left = self._answer(node[1], path, absolute, sure)
            if left is False:
                return False
            right = self._answer(node[2], path, absolute, sure and left is True)
            return right if left is True or right is False else None
        if kind == "or":
            left = self._answer(node[1], path, absolute, sure)
            if left is True:
                return True
            right = self._answer(node[2], path, absolute, sure and left is False)
            return right if left is False or right is True else None
        if kind == "list":
            self._answer(node[1], path, absolute, sure)
            return self._answer(node[2], path, absolute, sure)
        if kind == "not":
            found = self._answer(node[1], path, absolute, sure)
            return None if found is None else not found
        if kind == "action":
            self.found[node[1]].append(path)
            return None if node[2] in _RUNS else True
        if kind == "print":
            self.printed.append(path)
        return None if kind == "unknown" else True


def _tested(word: str, value: str, path: str, absolute: str, cwd: str) -> bool | None:
    """The answer of one test."""
    name = os.path.basename(path.rstrip("/")) or path
    if word in ("-name", "-iname"):
        return _fits(value, name, fold=word == "-iname")
    if word in ("-path", "-wholename", "-ipath", "-iwholename"):
        return _fits(value.replace("*", UNKNOWN), path, fold=word[1] == "i")
    if word in ("-regex", "-iregex"):
        return _expressed(value, path, fold=word == "-iregex")
    if word in ("-type", "-xtype"):
        link = os.path.islink(absolute) and word == "-type"
        kind = "l" if link else "d" if os.path.isdir(absolute) else "f"
        if not link and kind == "f" and not os.path.isfile(absolute):
            return None
        return kind in value.split(",") if value and set(value) <= set("dflbcps,") else None
    if word == "-empty":
        try:
            folder = os.path.isdir(absolute) and not os.path.islink(absolute)
            return not os.listdir(absolute) if folder else os.path.getsize(absolute) == 0
        except OSError:
            return None
    if word == "-samefile":
        try:
            other = os.stat(os.path.join(cwd, value))
            own = os.lstat(absolute)
        except OSError:
            return None
        return (own.st_ino, own.st_dev) == (other.st_ino, other.st_dev)
    if word == "-false":
        return False
    plain = ("-true", "-prune", "-maxdepth", "-mindepth", "-depth", "-mount", "-xdev", "-noleaf")
    return (
        True if word in (*plain, "-follow", "-daystart", "-warn", "-nowarn", "-regextype") else None
    )


def _expressed(pattern: str, path: str, *, fold: bool) -> bool | None:
    """A regular expression of the plainest kind, which all dialects read alike."""
    import re  # the parser has loaded it

    text = pattern.replace("\\.", "").replace(".*", "").replace("/", "")
    if not text.replace("_", "").replace("-", "").isalnum():
        return None
    return re.fullmatch(pattern, path, re.I if fold else 0) is not None


def _fits(pattern: str, text: str, *, fold: bool) -> bool:
    if fold:
        pattern, text = pattern.lower(), text.lower()
    return fits(globbed(pattern), text)
