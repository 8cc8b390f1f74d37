"""Path patterns: what a claim may say, which paths it covers, and whether two of them can meet.

A pattern is a path relative to the repository root, with `/` between segments. `*`, `?` and
`[...]` stay inside a segment (see `segments`), `**` as a whole segment is any number of segments,
`{a,b}` is one or the other. There is no escape and no negation. Every rule errs towards overlap:

- a pattern covers what it matches and everything below it: `src/api` is a file or a directory;
- case and Unicode form make no difference, because on some disks they make none;
- a pattern covers the path that is spelled like it, so that any file can be claimed by its name.

Whether two patterns can meet is decided exactly, from the patterns alone: the files that happen
to exist prove nothing about those that two tasks are about to add.

Hooks import this module: standard library only, Python 3.9 syntax, nothing imported that is heavy.
"""

from __future__ import annotations

from parallel_agents.core.braces import expanded
from parallel_agents.core.errors import BadInput
from parallel_agents.core.segments import (
    FILLER,
    fold,
    name_matches,
    nfc,
    sample,
    segment,
    shared_name,
)
from parallel_agents.core.wildcards import align, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANY_DEPTH = "**"
"""As a whole segment: any number of segments, none included."""

LONGEST = 1024
"""Characters that a pattern may have."""

_NEXT = "Name a file, a directory or a glob below the repository root, such as src/api/**."
_KEPT = 8192
_patterns: dict[str, Pattern] = {}


class Pattern:
    """A pattern made ready for comparison."""

    __slots__ = ("_alternatives", "_directories", "head", "literal", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        folded = _without_tail(fold(text))
        wild = _first_wildcard(folded)
        self.literal = wild == len(folded)
        """True when it covers one path and what is below, as `a` and `a/**` do."""
        self.head = folded + "/" if self.literal else folded[:wild]
        """What every path it covers starts with, once a slash is put behind that path."""
        self._alternatives: tuple[tuple[str, ...], ...] | None = None
        self._directories: tuple[str, ...] | None = None

    def directories(self) -> tuple[str, ...]:
        """The head cut at its slashes, shortest first: `""`, `a/`, `a/b/`."""
        if self._directories is None:
            self._directories = ("", *_ancestors(self.head))
        return self._directories

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The patterns without braces that it stands for, as segments, `**` at the end of each."""
        if self._alternatives is None:
            self._alternatives = tuple(
                dict.fromkeys(_segments_of(text + "/" + ANY_DEPTH) for text in expanded(self.text))
            )
        return self._alternatives


def normalize(text: str) -> str:
    """`text` in the one form that is stored: NFC, no `./`, no doubled or trailing slash.

    Raises `BadInput` with the code `bad_path` for what cannot be claimed.
    """
    if not text.strip():
        raise _refused("An empty path was given.")
    if len(text) > LONGEST:
        raise _refused(f"{_quoted(text)} is longer than {LONGEST} characters.")
    if any(_is_unfit(char) for char in text):
        raise _refused(f"{_quoted(text)} has a control character or half a character in it.")
    if "\\" in text:
        raise _refused(
            f"{_quoted(text)} has a backslash: directories are separated by /, and there is no "
            "escape.",
            "Write / between directories; for a backslash in a file's name write ? in its place.",
        )
    if text[0] == "!":
        raise _refused(
            f"{_quoted(text)} is a negation, and a claim cannot leave something out.",
            "Name what the task does write, with narrower patterns.",
        )
    if text[0] == "~":
        raise _refused(f"{_quoted(text)} points to a home directory.")
    if text[0] == "/":
        raise _refused(
            f"{_quoted(text)} is absolute.",
            "Write the path relative to the repository root, without the leading /.",
        )
    plain = "/".join(s for s in nfc(text).split("/") if s not in ("", "."))
    for alternative in expanded(plain):
        _check(text, alternative)
    return plain


def is_literal(pattern: str) -> bool:
    """Whether the pattern has no wildcard and no choice: it names one file or directory."""
    if "*" in pattern or "?" in pattern:
        return False
    if "[" not in pattern and "{" not in pattern:
        return True
    meant = expanded(pattern)
    return len(meant) == 1 and all(segment(s).plain for s in _segments_of(meant[0]))


def covers(pattern: str, path: str) -> bool:
    """Whether `path` (POSIX, relative) matches the pattern or lies below what matches it."""
    return covering((pattern,), path) is not None


def covering(patterns: Iterable[str], path: str) -> str | None:
    """The first of the patterns that covers `path` (POSIX, relative), or None."""
    target = fold(path) + "/"
    for pattern in patterns:
        ready = _ready(pattern)
        if target.startswith(ready.head) and (ready.literal or _covers(ready, target)):
            return pattern
    return None


def overlap(a: str, b: str) -> str | None:
    """A path that both patterns cover, or None where there cannot be one.

    Exact for valid patterns, with one exception on the safe side: where a combining mark follows a
    wildcard, the path found may be one that only an unusual spelling of a name has.
    """
    return _overlap(_ready(a), _ready(b))


def meet(a: Sequence[str], b: Sequence[str]) -> tuple[str, str, str] | None:
    """The first pair that overlaps: (pattern of `a`, pattern of `b`, witness path), or None.

    First in the order of `a`, then of `b`. Literal patterns are looked up, not compared in pairs.
    """
    others = [_ready(pattern) for pattern in b]
    wild = [at for at, other in enumerate(others) if not other.literal]
    exact: dict[str, int] = {}
    at_or_below: dict[str, int] = {}
    for at, other in enumerate(others):
        if other.literal:
            exact.setdefault(other.head, at)
            for ancestor in _ancestors(other.head):
                at_or_below.setdefault(ancestor, at)
    for pattern in a:
        ready = _ready(pattern)
        if ready.literal:
            found = [exact[up] for up in _ancestors(ready.head) if up in exact]
            if ready.head in at_or_below:
                found.append(at_or_below[ready.head])
            candidates = sorted((*found, *wild))
        else:
            candidates = list(range(len(others)))
        for at in candidates:
            witness = _overlap(ready, others[at])
            if witness is not None:
                return pattern, b[at], witness
    return None


def directories(pattern: str) -> tuple[str, ...]:
    """`""` and each directory that all paths of the pattern share, folded, the deepest last.

    A pattern that names one path has that path for its deepest directory. Where two patterns can
    meet, the deepest of one is among those of the other.
    """
    return _ready(pattern).directories()


def _ready(pattern: str) -> Pattern:
    known = _patterns.get(pattern)
    if known is None:
        if len(_patterns) >= _KEPT:
            _patterns.clear()
        known = _patterns[pattern] = Pattern(pattern)
    return known


def _covers(pattern: Pattern, target: str) -> bool:
    folded = fold(pattern.text)
    if "[" not in folded and "{" not in folded:
        # A pattern of another file nearly always has a text in it that the path lacks.
        for piece in folded.replace("?", "*").split("*"):
            if piece.strip("/") not in target:
                return False
    names = target[:-1].split("/")
    return any(matches(s, names, ANY_DEPTH, name_matches) for s in pattern.alternatives())


def _overlap(a: Pattern, b: Pattern) -> str | None:
    if not a.head.startswith(b.head) and not b.head.startswith(a.head):
        return None
    if a.literal and b.literal:
        deeper = a if len(a.head) >= len(b.head) else b
        return _without_tail(nfc(deeper.text)) or FILLER
    for x in a.alternatives():
        for y in b.alternatives():
            items = align(x, y, ANY_DEPTH, _share_a_name)
            if items is not None:
                return _path(x, y, items)
    return None


def _share_a_name(a: str, b: str) -> bool:
    return shared_name(a, b) is not None


def _path(x: Sequence[str], y: Sequence[str], items: list[tuple[int, int]]) -> str:
    names = []
    for i, j in items:
        if i >= 0 and j >= 0:
            names.append(shared_name(x[i], y[j]) or FILLER)
        elif i >= 0 or j >= 0:
            names.append(sample(x[i] if i >= 0 else y[j]))
    return "/".join(names) or FILLER


def _ancestors(head: str) -> list[str]:
    """`a/b/` gives `a/` and `a/b/`."""
    return [head[: at + 1] for at, char in enumerate(head) if char == "/"]


def _without_tail(text: str) -> str:
    """`src/**` covers what `src` covers, so it is as cheap to compare."""
    while text.endswith("/**"):
        text = text[:-3]
    return text


def _first_wildcard(text: str) -> int:
    """The place of the first character that may start a wildcard, or the text's length."""
    first = len(text)
    for char in "*?[{":
        at = text.find(char, 0, first)
        if at >= 0:
            first = at
    return first


def _segments_of(alternative: str) -> tuple[str, ...]:
    segments: list[str] = []
    for text in alternative.split("/"):
        # `align` relies on no two `**` in a row.
        if text not in ("", ".") and not (text == ANY_DEPTH and segments[-1:] == [ANY_DEPTH]):
            segments.append(text)
    return tuple(segments)


def _check(text: str, alternative: str) -> None:
    """Refuse the pattern `text` for what one of its alternatives says."""
    segments = _segments_of(alternative)
    folded = [fold(s) for s in segments]
    named = [s for s in segments if s != ANY_DEPTH]
    if alternative[:1] in ("/", "~", "!"):
        raise _refused(f"{_quoted(text)} has braces that make it start with {alternative[0]}.")
    if ".." in segments:
        raise _refused(f"{_quoted(text)} has '..' in it, which leads out of where it starts.")
    if "{" in alternative.partition("..")[0] and "}" in alternative.partition("..")[2]:
        raise _refused(
            f"{_quoted(text)} has a range in braces, which is not supported.",
            "Write the choices out, as in {1,2,3}, or use * or [1-3].",
        )
    if not named or (len(named) == 1 and _matches_every_name(named[0])):
        raise _refused(
            f"{_quoted(text)} covers every file of the repository, so nobody else could work.",
            "Name the directories or files that the task really writes.",
        )
    if ".git" in folded or folded[0] == "_tasks":
        raise _refused(
            f"{_quoted(text)} lies in {'.git' if '.git' in folded else '_tasks'}, which "
            "is not for agents to write."
        )


def _matches_every_name(segment: str) -> bool:
    return "*" in segment and segment.count("?") <= 1 and not segment.strip("*?")


def _is_unfit(char: str) -> bool:
    return char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"


def _quoted(text: str) -> str:
    return ascii(text[:80]) if any(map(_is_unfit, text)) else f"'{text[:80]}'"


def _refused(sentence: str, next_step: str = _NEXT) -> BadInput:
    return BadInput("bad_path", sentence, next_step)
