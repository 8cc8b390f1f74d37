"""Text measured in terminal columns: cleaned, cut and wrapped so that no line is too long.

Text from plans comes from models and files. What a terminal would obey instead of showing
(escape sequences, marks that reverse the reading direction) is spelled out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINERS = "\u200c\u200d"
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def cells(text: str) -> int:
    """Columns that the text takes: two for wide characters, none for combining ones."""
    return sum(_cells_of(char) for char in text)


def clean(text: str) -> str:
    """The text on one line: whitespace becomes one space, unshown characters are spelled out."""
    return spelled_out(" ".join(text.split()))


def spelled_out(text: str) -> str:
    """The text with each unshown character, line ends included, as its escape: for commands."""
    return "".join(_spelled(char) for char in text)


def cut(text: str, width: int) -> str:
    """The text if it fits, else its beginning and `...`."""
    if cells(text) <= width:
        return text
    return next(_pieces(text, width - 3)).rstrip() + "..."


def wrap(text: str, width: int) -> list[str]:
    """The cleaned text in lines of at most `width` columns; only a longer word is broken."""
    lines = [""]
    for word in clean(text).split(" "):
        grown = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(grown) <= width:
            lines[-1] = grown
        else:
            lines += _pieces(word, width)
    return lines if lines[0] else lines[1:]


def broken(text: str, width: int) -> list[str]:
    """The text in pieces of at most `width` columns, every space kept: for commands."""
    return list(_pieces(spelled_out(text), width))


def pad(text: str, width: int) -> str:
    """The text with spaces up to `width` columns."""
    return text + " " * (width - cells(text))


def _pieces(text: str, width: int) -> Iterator[str]:
    start, used = 0, 0
    for at, char in enumerate(text):
        needs = _cells_of(char)
        if used + needs > width and at > start:
            yield text[start:at]
            start, used = at, 0
        used += needs
    if start < len(text):
        yield text[start:]


def _cells_of(char: str) -> int:
    if " " <= char <= "~":
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _spelled(char: str) -> str:
    if " " <= char <= "~" or char in _JOINERS or unicodedata.category(char) not in _UNSHOWN:
        return char
    return char.encode("unicode_escape").decode()
