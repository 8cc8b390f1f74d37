"""Words of a shell command, cut into what they are made of, and the values that they can have.

A value is a text in which some characters of Unicode's private area stand for what is not known
or not literal: see the marks. A word has a set of alternative values, at most `MOST` of them.
"""

from __future__ import annotations

UNKNOWN = "\ue000"
"""Any text, slashes included."""
STAR = "\ue001"
"""Any text within a name: `*`."""
ONE = "\ue002"
"""One character of a name: `?` or `[...]`."""
OPEN, COMMA, CLOSE = "\ue003", "\ue004", "\ue005"
"""Braces that bash expands."""
SPLIT = "\ue006"
"""Where an unquoted value falls into several words."""
DEEP = "\ue008"
"""Any text, slashes included, of what is there: `**`."""
HOME = "\ue007"
"""A tilde that bash expands."""

SPECIAL = frozenset(map(chr, range(0xE010, 0xE090)))
"""A set of characters or an extended pattern each: see `globs`."""

WILD = frozenset((UNKNOWN, STAR, ONE, DEEP)) | SPECIAL
MARKS = frozenset((OPEN, COMMA, CLOSE, SPLIT, HOME)) | WILD

MOST = 64
"""Alternatives that a value may have."""
LONGEST = 1 << 14
"""Characters that one value may have."""


def names(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())


def is_known(value: str) -> bool:
    """Whether the value is one literal text."""
    return MARKS.isdisjoint(value)


def literal_text(value: str) -> str:
    """The value as a text; what is no path (braces that do not expand) gets its signs back."""
    for mark, char in ((OPEN, "{"), (COMMA, ","), (CLOSE, "}"), (HOME, "~"), (SPLIT, " ")):
        if mark in value:
            value = value.replace(mark, char)
    return value


def named(value: str) -> str:
    """The value as the name of a file: it ends at a NUL, and half a surrogate is no character."""
    if value.isascii() and "\0" not in value:
        return value
    return value.partition("\0")[0].encode("utf-8", "replace").decode()


def capped(values: list[str]) -> tuple[str, ...]:
    """The distinct values; one that is not known in place of too many or too long ones."""
    few = tuple(dict.fromkeys(v if len(v) <= LONGEST else UNKNOWN for v in values))
    return few if len(few) <= MOST else (UNKNOWN,)


def product(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """Every alternative of `left` with every one of `right` behind it."""
    if left == ("",):
        return right
    if len(left) * len(right) > MOST:
        if len(left) > 1 and len(right) > 1:
            return (UNKNOWN,)
        # Names out of a list stay apart, each with what is put to it.
        return tuple(
            dict.fromkeys(a + b if len(a + b) <= LONGEST else UNKNOWN for a in left for b in right)
        )[: 8 * MOST]
    return capped([a + b for a in left for b in right])


def braced(value: str) -> list[str]:
    """What brace expansion makes of the value, at most `MOST` words."""
    words, done = [value], False
    while not done:
        done = True
        more: list[str] = []
        for word in words:
            found = _choices(word) if OPEN in word else None
            if found is None:
                more.append(word)
                continue
            done = False
            before, choices, after = found
            more += [before + choice + after for choice in choices]
        words = more
        if len(words) > MOST:
            return [literal_text(value[: value.index(OPEN)]) + UNKNOWN]
    return [_unbraced(word) for word in words]


def _unbraced(word: str) -> str:
    for mark, char in ((OPEN, "{"), (COMMA, ","), (CLOSE, "}")):
        if mark in word:
            word = word.replace(mark, char)
    return word


def globbed(text: str) -> str:
    """`text` with its wildcards as marks, as in an unquoted expansion."""
    if "*" in text:
        text = text.replace("**", UNKNOWN).replace("*", STAR)
    if "?" in text:
        text = text.replace("?", ONE)
    if "[" in text and "]" in text:
        from parallel_agents.guard.shell.bash import globs

        text = globs.sets(text)
    return text


def fits(pattern: str, text: str) -> bool:
    """Whether a value with marks can be `text`."""
    if not SPECIAL.isdisjoint(pattern):
        from parallel_agents.guard.shell.bash import globs

        return globs.fits(pattern, text)
    # The greedy walk with one way back, which is enough for wildcards; an UNKNOWN reaches further
    # than a STAR, so a STAR that cannot go on falls back to the last UNKNOWN.
    at = place = 0
    star = deep = (-1, -1)
    while place < len(text):
        mark = pattern[at] if at < len(pattern) else ""
        if mark in (UNKNOWN, DEEP):
            at += 1
            deep, star = (at, place), (-1, -1)
        elif mark == STAR:
            at += 1
            star = (at, place)
        elif mark and (mark == text[place] or (mark == ONE and text[place] != "/")):
            at += 1
            place += 1
        elif star[0] >= 0 and text[star[1]] != "/":
            star = (star[0], star[1] + 1)
            at, place = star
        elif deep[0] >= 0:
            deep, star = (deep[0], deep[1] + 1), (-1, -1)
            at, place = deep
        else:
            return False
    return all(mark in (UNKNOWN, DEEP, STAR) for mark in pattern[at:])


def _choices(value: str) -> tuple[str, list[str], str] | None:
    """(before, choices, after) of the first braces that expand."""
    start = value.find(OPEN)
    while start >= 0:
        depth, cuts = 0, [start]
        for at in range(start, len(value)):
            char = value[at]
            depth += (char == OPEN) - (char == CLOSE)
            if depth == 1 and char == COMMA:
                cuts.append(at)
            if not depth:
                cuts.append(at)
                break
        if not depth and len(cuts) > 2:
            found = [value[a + 1 : b] for a, b in zip(cuts, cuts[1:])]
            return value[:start], found, value[cuts[-1] + 1 :]
        if not depth:
            ranged = _range(value[start + 1 : cuts[-1]])
            if ranged is not None:
                return value[:start], ranged, value[cuts[-1] + 1 :]
        start = value.find(OPEN, start + 1)
    return None


def _range(text: str) -> list[str] | None:
    first, dots, last = text.partition("..")
    last, _, step = last.partition("..")
    if not dots or not first or not last:
        return None
    if first.lstrip("-").isdecimal() and last.lstrip("-").isdecimal() and len(first + last) < 12:
        low, high = int(first), int(last)
        width = len(first) if first[0] == "0" else 0
        pace = abs(int(step)) if step.isdecimal() and int(step) else 1
        span = range(low, high + 1, pace) if low <= high else range(low, high - 1, -pace)
        return [UNKNOWN] if len(span) > MOST else [str(n).zfill(width) for n in span]
    if len(first) == len(last) == 1:
        a, b = ord(first), ord(last)
        return [chr(n) for n in (range(a, b + 1) if a <= b else range(a, b - 1, -1))][: MOST + 1]
    return None
