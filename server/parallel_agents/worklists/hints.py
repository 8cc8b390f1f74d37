"""Paths in a text: which files a task may be about.

What stands in backticks or on a line `Files:` in a list is taken as said. What is merely mentioned
in a text is only suggested, and only if the repository has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from parallel_agents.core.errors import BadInput
from parallel_agents.core.globs import normalize

MOST = 8
"""Suggestions for one task."""

LONGEST = 300
"""Characters without a space between them that are looked at: more are no path."""

_QUOTED = re.compile(r"`([^`\s]+)`")
_FILES = re.compile(r"^[ \t>*-]*files?\**[ \t]*:\**[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"[\w@.+*{},~-]+(?:/[\w@.+*{},~-]*)+|[\w@+-][\w@.+-]*\.[A-Za-z]\w{0,9}")
_LINE = re.compile(r":\d+(?::\d+)?$|#L\d+.*$")
_ENDING = re.compile(r"[^/*]\.[A-Za-z]\w{0,9}$")


class Tree:
    """The paths of a repository, for looking up what a text mentions."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that has a file below it."""
        found: set[str] = set()
        for path in self.paths:
            while (path := path.rpartition("/")[0]) and path not in found:
                found.add(path)
        return frozenset(found)

    @cached_property
    def _by_name(self) -> dict[str, str | None]:
        names: dict[str, str | None] = {}
        for path in self.paths:
            name = path.rpartition("/")[2]
            names[name] = None if name in names else path
        return names

    def find(self, word: str) -> str | None:
        """The file or folder that a word names; a bare name only if just one file has it."""
        path = _cleaned(word)
        if path is None:
            return None
        if path in self.paths:
            return path
        if path.rstrip("/") in self.folders:
            return f"{path.rstrip('/')}/**"
        return self._by_name.get(path) if "/" not in path else None

    def can_have(self, word: str) -> str | None:
        """What a word in backticks names: what is there, a glob, a new file in a folder there."""
        if (found := self.find(word)) is not None:
            return found
        path = _cleaned(word)
        if path is None or "/" not in path:
            return None
        folder = path.rpartition("/")[0]
        is_glob = any(c in path for c in "*{")
        near = folder in self.folders or (is_glob and path.partition("/")[0] in self.folders)
        return path if near and (is_glob or _ENDING.search(path)) else None


def quoted(text: str) -> Iterator[str]:
    """The words in backticks."""
    return (found[1] for found in _QUOTED.finditer(text))


def named(text: str) -> Iterator[str]:
    """What lines that begin with `Files:` list."""
    for line in _FILES.finditer(text):
        told = re.split(r"[,;`\s]+", line[1])
        yield from (path for word in told if (path := _cleaned(word)) and _is_path(path))


def mentioned(text: str, tree: Tree) -> tuple[str, ...]:
    """Paths of the repository that the text mentions, in its order, the first few."""
    found: dict[str, None] = {}
    for part in text.split():
        for word in _WORD.finditer(part) if len(part) <= LONGEST else ():
            if (path := tree.find(word[0])) is not None:
                found[path] = None
    return tuple(found)[:MOST]


def _is_path(path: str) -> bool:
    return "/" in path or "*" in path or bool(_ENDING.search(path))


def _cleaned(word: str) -> str | None:
    """The word as a path of the repository, or None where it cannot be one."""
    path = _LINE.sub("", word).strip("()<>[]\"',;:").removeprefix("./").rstrip(".")
    if not path or "://" in path or path.startswith(("/", "~", "-", "@")):
        return None
    try:
        return normalize(path.rstrip("/"))
    except BadInput:
        return None
