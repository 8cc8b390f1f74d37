"""One segment of a path pattern: does a name match it, and which name do two of them share.

A segment is what stands between two slashes. In it `*` is any run of characters (dot files too),
`?` one character and `[a-z]`, `[!a-z]` one character of a class. Names are compared folded: NFC,
then case-folded, so `?` is one character of the folded name. A segment with brackets also covers
the name that is spelled that way: `[id]` is `i`, `d` and the directory `[id]` of a web framework.

Hooks import this module: standard library only, Python 3.9 syntax, nothing imported that is heavy.
"""

from __future__ import annotations

import sys

from parallel_agents.core.wildcards import align, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A literal character, STAR, ONE, or a class: (is negated, ((first, last), ...)).
    Token = str | tuple[bool, tuple[tuple[str, str], ...]]

STAR = "*"
ONE = "?"
FILLER = "x"
"""What stands in a witness where any character would do."""

_READABLE = FILLER + "abcdefghijklmnopqrstuvwyz0123456789_-."
_KEPT = 8192
_segments: dict[str, Segment] = {}
_readable_parts: dict[Token, str] = {}


def fold(text: str) -> str:
    """The form in which names are compared: NFC, then `str.casefold`."""
    if text.isascii():
        return text.lower()
    return nfc(text).casefold()


def nfc(text: str) -> str:
    """`text` in Unicode's composed form, in which a precomposed `ü` is one character."""
    if text.isascii():
        return text
    from unicodedata import normalize  # a shared library: not loaded for the sake of ASCII names

    return normalize("NFC", text)


class Reading:
    """One way to read a segment: its tokens, and for each the text to show in a witness."""

    __slots__ = ("shown", "tokens")

    def __init__(self, tokens: tuple[Token, ...], shown: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.shown = shown

    def sample(self, at: int) -> str:
        """A text that the token at this place covers."""
        token = self.tokens[at]
        if token == STAR:
            return FILLER
        return self.shown[at] if _is_literal(token) else _shared(token, ONE) or FILLER


class Segment:
    """A segment made ready. `folded` is its folded text, `plain` says that it has no wildcard."""

    __slots__ = ("_readings", "folded", "pieces", "plain", "shown")

    def __init__(self, text: str) -> None:
        self.shown = nfc(text)
        self.folded = fold(text)
        self.plain = not (STAR in text or ONE in text or _has_class(text))
        self.pieces = None if ONE in text or "[" in text else self.folded.split(STAR)
        self._readings: tuple[Reading, ...] | None = None

    def readings(self) -> tuple[Reading, ...]:
        """The glob reading and, where there are brackets, the one in which they are themselves."""
        if self._readings is None:
            readings = [_read(self.shown, True)]
            if _has_class(self.shown):
                readings.append(_read(self.shown, False))
            self._readings = tuple(readings)
        return self._readings

    def matches(self, name: str) -> bool:
        """Whether the folded `name` matches."""
        if self.plain:
            return name == self.folded
        if self.pieces is not None:
            return _in_order(self.pieces, name)
        return any(matches(r.tokens, name, STAR, _has) for r in self.readings())


def segment(text: str) -> Segment:
    """The segment with this text; the same text gives the same object for a while."""
    known = _segments.get(text)
    if known is None:
        if len(_segments) >= _KEPT:
            _segments.clear()
        known = _segments[text] = Segment(text)
    return known


def name_matches(pattern: str, name: str) -> bool:
    """Whether the folded `name` matches the segment `pattern`."""
    return segment(pattern).matches(name)


def shared_name(a: str, b: str) -> str | None:
    """A name that matches both segments, in the spelling of the patterns; None if there is none."""
    one, other = segment(a), segment(b)
    if one.plain:
        return one.shown if other.matches(one.folded) else None
    if other.plain:
        return other.shown if one.matches(other.folded) else None
    if a == b and not (STAR in a or ONE in a):
        return one.shown  # two claims of `[id]` mean that very name
    for x in one.readings():
        for y in other.readings():
            name = _shared_reading(x, y)
            if name is not None:
                return name
    return None


def sample(text: str) -> str:
    """A name that matches the segment."""
    ready = segment(text)
    if ready.plain:
        return ready.shown
    reading = ready.readings()[-1]
    return "".join(reading.sample(at) for at in range(len(reading.tokens)))


def _shared_reading(x: Reading, y: Reading) -> str | None:
    items = align(x.tokens, y.tokens, STAR, _meet)
    if items is None:
        return None
    text = []
    for i, j in items:
        if i < 0:
            text.append(FILLER if j < 0 else y.sample(j))
        elif j < 0 or _is_literal(x.tokens[i]):
            text.append(x.sample(i))
        elif _is_literal(y.tokens[j]):
            text.append(y.sample(j))
        else:
            text.append(_shared(x.tokens[i], y.tokens[j]) or FILLER)
    return "".join(text)


def _in_order(pieces: list[str], name: str) -> bool:
    """Whether `name` is these pieces with anything between them: a segment with stars only."""
    first, last = pieces[0], pieces[-1]
    at, end = len(first), len(name) - len(last)
    if end < at or not name.startswith(first) or not name.endswith(last):
        return False
    for piece in pieces[1:-1]:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _has_class(text: str) -> bool:
    at = text.find("[")
    while at >= 0:
        if _class_end(text, at) > 0:
            return True
        at = text.find("[", at + 1)
    return False


def _class_end(text: str, at: int) -> int:
    """The place of the bracket that closes the class opened at `at`, or -1: not a class."""
    first = at + 2 if text[at + 1 : at + 2] in ("!", "^") else at + 1
    return text.find("]", first + 1)


def _read(text: str, with_classes: bool) -> Reading:
    tokens: list[Token] = []
    shown: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        end = _class_end(text, at) if with_classes and char == "[" else -1
        if end > 0:
            tokens.append(_class(text[at + 1 : end]))
            shown.append("")
            at = end
        elif char == STAR:
            if not tokens or tokens[-1] != STAR:  # `align` relies on no two stars in a row
                tokens.append(STAR)
                shown.append("")
        else:
            folded = char.casefold()
            tokens.extend(folded)
            shown.extend(folded if len(folded) > 1 else char)
        at += 1
    return Reading(tuple(tokens), tuple(shown))


def _class(body: str) -> Token:
    negated = body[0] in "!^"
    members = body[1:] if negated else body
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(members):
        wide = members[at + 1 : at + 2] == "-" and at + 2 < len(members)
        ends = sorted((members[at], members[at + 2] if wide else members[at]))
        first, last = ends
        ranges.append((first, last))
        # Names are folded, so the folded members belong to it too: `[A-Z]` takes `a`.
        upper = max(first, "A"), min(last, "Z")
        if upper[0] <= upper[1]:
            ranges.append((upper[0].lower(), upper[1].lower()))
        folded = first.casefold(), last.casefold()
        if last > "\x7f" and len(folded[0]) == len(folded[1]) == 1:
            ranges.append((min(folded), max(folded)))
        at += 3 if wide else 1
    return negated, tuple(dict.fromkeys(ranges))


def _is_literal(token: Token) -> bool:
    return isinstance(token, str) and token != ONE and token != STAR


def _has(token: Token, char: str) -> bool:
    """Whether the token, which is no star, covers the folded character."""
    if isinstance(token, str):
        return token in (ONE, char)
    negated, ranges = token
    return any(first <= char <= last for first, last in ranges) != negated


def _meet(p: Token, q: Token) -> bool:
    return _shared(p, q) is not None


def _shared(p: Token, q: Token) -> str | None:
    """A folded character that both tokens cover; the most readable one there is."""
    if _is_literal(p):
        return str(p) if _has(q, str(p)) else None
    if _is_literal(q):
        return str(q) if _has(p, str(q)) else None
    for char in _readable(p):
        if _has(q, char):
            return char
    # What two classes share is made of runs, and each run starts where a range of one of them
    # starts or, the class being negated, right after one ends. Characters that no folded name
    # can have (capitals, say) are stepped over.
    for start in (*_starts(p), *_starts(q), ord(" "), 1):
        code = start
        while code <= sys.maxunicode and _has(p, chr(code)) and _has(q, chr(code)):
            if chr(code) != "/" and fold(chr(code)) == chr(code):
                return chr(code)
            code += 1
    return None


def _readable(token: Token) -> str:
    known = _readable_parts.get(token)
    if known is None:
        if len(_readable_parts) >= _KEPT:
            _readable_parts.clear()
        known = _readable_parts[token] = "".join(c for c in _READABLE if _has(token, c))
    return known


def _starts(token: Token) -> list[int]:
    if isinstance(token, str):
        return []
    negated, ranges = token
    return [ord(last) + 1 if negated else ord(first) for first, last in ranges]
