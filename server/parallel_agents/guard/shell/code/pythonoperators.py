"""Operators, comparisons and patterns of Python code over values of which some are not known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.code import pythonpaths, pythontexts
from parallel_agents.guard.shell.code.pythonvalues import (
    LARGEST,
    Choice,
    Name,
    choice,
    contains,
    elements,
    equal,
    is_solid,
    is_unknown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.code.pythonterms import Terms

GREATEST_NUMBER = 1 << 40
"""Numbers from here on are not known."""


def compared(sign: str, left: Any, right: Any) -> bool | None:
    """`left < right` and the like; None where it is not known."""
    if sign in ("Eq", "NotEq"):
        state = equal(left, right)
    elif sign in ("In", "NotIn"):
        if isinstance(right, Name) and right.name == "os.environ":
            return None
        state = contains(right, left)
    elif sign in ("Is", "IsNot"):
        state = _is(left, right)
    else:
        comparable = (isinstance(left, (int, float)) and isinstance(right, (int, float))) or (
            isinstance(left, str) and isinstance(right, str) and is_solid([left, right])
        )
        if not comparable:
            return None
        less, more = left < right, left > right
        return {"Lt": less, "Gt": more, "LtE": not more, "GtE": not less}.get(sign)
    return None if state is None else state != (sign in ("NotEq", "NotIn", "IsNot"))


def _is(left: Any, right: Any) -> bool | None:
    if isinstance(left, Choice) or is_unknown(left) or is_unknown(right):
        return None
    if right is None or left is None or isinstance(right, bool):
        return left is right
    return None


def _counted(sign: str, left: Any, right: Any) -> Any:
    try:
        found = {
            "Add": lambda: left + right,
            "Sub": lambda: left - right,
            "Mult": lambda: left * right,
            "FloorDiv": lambda: left // right,
            "Div": lambda: left / right,
            "Mod": lambda: left % right,
            "BitOr": lambda: left | right,
            "BitAnd": lambda: left & right,
        }[sign]()
    except (KeyError, TypeError, ZeroDivisionError, OverflowError):
        return UNKNOWN
    return found if abs(found) < GREATEST_NUMBER else UNKNOWN


def operated(sign: str, left: Any, right: Any) -> Any:
    """`left + right` and the like."""
    if sign == "Div" and not isinstance(left, (int, float)):
        return pythonpaths.path(pythonpaths.joined([left, right]))
    if isinstance(left, Choice) and sign != "Add":
        return choice([operated(sign, one, right) for one in left.options])
    if sign == "Mod" and isinstance(left, str):
        return pythontexts.percent(left, right)
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if numbers:
        return _counted(sign, left, right)
    listed = isinstance(left, (list, tuple)) or isinstance(right, (list, tuple))
    if sign == "BitOr" and (isinstance(left, Name) or isinstance(right, Name)):
        names = [v.name if isinstance(v, Name) else str(v) for v in (left, right)]
        return Name("|".join(names)[:4096])
    if listed and sign in ("BitOr", "BitAnd", "Sub", "BitXor") and isinstance(left, list):
        others = elements(right)
        signs = {"BitOr": "|", "BitAnd": "&", "Sub": "-", "BitXor": "^"}
        return pythontexts.combined(left, others or [UNKNOWN], signs[sign])
    if sign == "Add" and listed:
        both = [(elements(v) or [UNKNOWN]) for v in (left, right)]
        found = [*both[0], *both[1]][:LARGEST]
        return tuple(found) if isinstance(left, tuple) else found
    if sign == "Add":
        return pythontexts.added([left, right])
    if sign == "Mult" and isinstance(right, int) and isinstance(left, (str, list, tuple)):
        return left * right if len(left) * max(right, 1) <= LARGEST else UNKNOWN
    if sign == "BitOr" and isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    return UNKNOWN


def matched(walk: Terms, subject: Any, pattern: Any) -> bool | None:
    """Whether a subject fits a pattern of `case`; None where that is not known."""
    kind = type(pattern).__name__
    if kind in ("MatchValue", "MatchSingleton"):
        value = walk.value(pattern.value) if kind == "MatchValue" else pattern.value
        return equal(subject, value)
    if kind == "MatchOr":
        found = {matched(walk, subject, p) for p in pattern.patterns}
        return True if True in found else None if None in found else False
    if kind == "MatchAs":
        if pattern.name:
            walk.space.put(pattern.name, subject)
        return True if pattern.pattern is None else matched(walk, subject, pattern.pattern)
    items = elements(subject)
    if kind != "MatchSequence" or items is None or isinstance(subject, str):
        return None
    if any(type(p).__name__ == "MatchStar" for p in pattern.patterns):
        return None
    if len(items) != len(pattern.patterns):
        return False
    found = {matched(walk, i, p) for i, p in zip(items, pattern.patterns)}
    return False if False in found else None if None in found else True
