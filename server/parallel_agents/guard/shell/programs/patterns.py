"""Regular expressions of grep, sed, awk and bash, as tests of lines that are known."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

LONGEST_LINE = 400
"""Characters of a line that an expression is tried on: a slow one must not hold up the guard."""
_SPECIAL = frozenset(".^$*+?()[]{}|\\")
_CLASSES = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:space:]": r"\s",
    "[:blank:]": r" \t",
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    "[:punct:]": r"!-/:-@\[-`{-~",
    "[:xdigit:]": "0-9A-Fa-f",
}


def is_plain(text: str) -> bool:
    """Whether the expression means the very text that it is."""
    return _SPECIAL.isdisjoint(text)


def compiled(
    text: str, *, basic: bool, fold: bool = False, edges: tuple[str, str] | None = None
) -> re.Pattern[str] | None:
    """The expression, where it is short and cannot take long; else None.

    `basic`: as in grep and sed without -E, where a backslash gives `(`, `|` and `+` their meaning.
    `edges`: what Python is to have in front of it and behind it.
    """
    if len(text) > 200:
        return None
    import re  # the parser does without it; so do most commands

    source = _python(text, basic=basic)
    if source is None:
        return None
    if edges is not None:
        source = source.join(edges)
    try:
        return re.compile(source, re.I if fold else 0)
    except (re.error, RecursionError, OverflowError):
        return None


def _python(text: str, *, basic: bool) -> str | None:
    """The expression as Python writes it; None where it repeats what repeats."""
    out: list[str] = []
    at = repeats = 0
    while at < len(text):
        char = text[at]
        following = text[at + 1 : at + 2]
        if char == "[":
            end = _set_end(text, at)
            out.append(_set(text[at:end]))
            at = end
            continue
        meant = char
        at += 1
        if char == "\\":
            at += 1
            if basic and following and following in "(){}|+?":
                meant = following
            elif following in ("<", ">"):
                meant = r"\b"
            elif following.isdecimal():
                return None  # a back reference
            else:
                meant = "\\" + (following or "\\")
        elif (basic and char in "(){}|+?") or (char == "*" and not out):
            meant = "\\" + char
        if meant in ("*", "+", "{", "?"):
            if out and out[-1] == ")":
                return None  # `(a+)+` can take for ever
            repeats += meant != "?"
        out.append(meant)
    return "".join(out) if repeats <= 3 else None


def _set_end(text: str, at: int) -> int:
    end = at + 1
    if text[end : end + 1] == "^":
        end += 1
    if text[end : end + 1] == "]":
        end += 1
    while end < len(text) and text[end] != "]":
        if text.startswith("[:", end) and ":]" in text[end:]:
            end = text.index(":]", end) + 1
        end += 1
    return end + 1


def _set(text: str) -> str:
    inner = text[1:-1]
    for name, meant in _CLASSES.items():
        inner = inner.replace(name, meant)
    negated = "^" if inner[:1] == "^" else ""
    inner = inner[len(negated) :]
    if inner[:1] == "]":
        inner = "\\]" + inner[1:]
    return f"[{negated}{inner.replace('[', chr(92) + '[')}]"
