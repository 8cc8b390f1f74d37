"""Wildcards that are more than `*` and `?`: sets of characters, and extended patterns.

Each `[...]` and each `@(...)` of a command becomes one mark of its own, so that a value stays a
text with marks; what a mark stands for is kept here, for the process.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import DEEP, ONE, SPECIAL, STAR, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "lower": str.islower,
    "upper": str.isupper,
    "digit": str.isdecimal,
    "alnum": str.isalnum,
    "space": str.isspace,
    "blank": lambda char: char in " \t",
    "punct": lambda char: char.isprintable() and not char.isalnum() and not char.isspace(),
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
    "word": lambda char: char.isalnum() or char == "_",
    "graph": lambda char: char.isprintable() and char != " ",
    "print": str.isprintable,
    "cntrl": lambda char: not char.isprintable(),
    "ascii": str.isascii,
}
_sources: dict[str, str] = {}
"""By mark, what it was written as."""
_marks: dict[str, str] = {}
_groups: dict[str, tuple[str, list[str]]] = {}
"""By mark, (sign, alternatives) of an extended pattern; the others are sets."""


def _marked(source: str) -> str:
    """The mark of a source, or nothing where there are too many."""
    mark = _marks.get(source)
    if mark is None:
        mark = chr(ord(min(SPECIAL)) + len(_marks)) if len(_marks) < len(SPECIAL) else ""
        if mark:
            _marks[source] = mark
            _sources[mark] = source
    return mark


def one_of(body: str) -> str:
    """The mark of `[body]`."""
    return _marked(f"[{body}]") or ONE


def group(sign: str, alternatives: list[str]) -> str:
    """The mark of `sign(alternatives)`; the alternatives may have marks."""
    inner = [char for text in alternatives for char in text if char in _groups]
    if any(char in _groups for c in inner for text in _groups[c][1] for char in text):
        return STAR  # groups in groups in groups take too long to try
    mark = _marked(f"{sign}({'|'.join(alternatives)})")
    if mark:
        _groups[mark] = (sign, alternatives)
    return mark or STAR


def end_of_set(text: str, at: int) -> int:
    """Where the `]` of the set that starts at `at` is, or -1."""
    end = at + 1
    if text[end : end + 1] in ("!", "^"):
        end += 1
    first = end
    while end < len(text):
        if text.startswith("[:", end) and text.find(":]", end) > 0:
            end = text.find(":]", end) + 2
        elif text[end] == "\\":
            end += 2
        elif text[end] == "/":
            return -1
        elif text[end] == "]" and end > first:
            return end
        else:
            end += 1
    return -1


def sets(text: str) -> str:
    """The text with each `[...]` as its mark."""
    out = []
    at = 0
    while at < len(text):
        end = end_of_set(text, at) if text[at] == "[" else -1
        out.append(one_of(text[at + 1 : end]) if end > 0 else text[at])
        at = end + 1 if end > 0 else at + 1
    return "".join(out)


def plain(value: str) -> str:
    """The value with its wildcards as they were written."""
    value = value.replace(STAR, "*").replace(ONE, "?")
    if SPECIAL.isdisjoint(value):
        return value
    return "".join(plain(_sources[c]) if c in _sources else c for c in value)


def caseless(value: str) -> str:
    """The value as a pattern that fits whatever the case of its letters."""
    return "".join(
        one_of(char.lower() + char.upper()) if char.lower() != char.upper() else char
        for char in value
    )


def fits(pattern: str, text: str) -> bool:
    """Whether a value with any marks can be `text`."""
    return len(text) in _ends(pattern, text, {0})


def _ends(pattern: str, text: str, starts: set[int]) -> set[int]:
    """Where what fits the pattern can end, from each of these starts."""
    for mark in pattern:
        if not starts:
            break
        if mark in (UNKNOWN, DEEP):
            starts = set(range(min(starts), len(text) + 1))
        elif mark == STAR:
            starts = {end for start in starts for end in _within(text, start)}
        elif mark in _groups:
            starts = _grouped(*_groups[mark], text, starts)
        else:
            starts = {s + 1 for s in starts if s < len(text) and _is(mark, text[s])}
    return starts


def _within(text: str, start: int) -> range:
    """Every place from here to the end of the name."""
    end = text.find("/", start)
    return range(start, (len(text) if end < 0 else end) + 1)


def _grouped(sign: str, alternatives: list[str], text: str, starts: set[int]) -> set[int]:
    def once(places: set[int]) -> set[int]:
        return {end for pattern in alternatives for end in _ends(pattern, text, places)}

    if sign == "!":
        return {end for s in starts for end in set(_within(text, s)) - once({s})}
    if sign == "@":
        return once(starts)
    if sign == "?":
        return starts | once(starts)
    found = set(starts) if sign == "*" else set()
    new = once(starts)
    while new := new - found:
        found |= new
        new = once(new)
    return found


def _is(mark: str, char: str) -> bool:
    if mark not in SPECIAL:
        return mark == char or (mark == ONE and char != "/")
    return char != "/" and _in_set(_sources.get(mark, "[?]")[1:-1], char)


def _in_set(body: str, char: str) -> bool:
    negated = body[:1] in ("!", "^")
    at = 1 if negated else 0
    found = False
    while at < len(body):
        if body.startswith("[:", at) and body.find(":]", at) > 0:
            end = body.find(":]", at)
            test = _CLASSES.get(body[at + 2 : end])
            found = found or (test is not None and test(char))
            at = end + 2
            continue
        at += body[at] == "\\" and at + 1 < len(body)
        first = body[at]
        if body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            at += 2
            at += body[at] == "\\" and at + 1 < len(body)
            found = found or first <= char <= body[at]
        else:
            found = found or first == char
        at += 1
    return found != negated
