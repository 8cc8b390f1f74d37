"""Sequences with a wildcard in them: does one match, and what do two of them have in common.

The rules of patterns are the same at two levels: the characters of a name, where the wildcard is
`*`, and the segments of a path, where it is `**`. What a token that is not the wildcard takes is
the caller's to say.

Hooks import this module: standard library only, Python 3.9 syntax, nothing imported.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    Token = TypeVar("Token")


def matches(
    pattern: Sequence[Token],
    items: Sequence[str],
    wildcard: Token,
    one: Callable[[Token, str], bool],
) -> bool:
    """Whether `pattern` matches all of `items`; `wildcard` stands for any number of them.

    Greedy, and back to the last wildcard only: at most `len(pattern) * len(items)` steps.
    """
    i = j = mark = 0
    last = -1
    while j < len(items):
        if i < len(pattern) and pattern[i] == wildcard:
            last, mark = i, j
            i += 1
        elif i < len(pattern) and one(pattern[i], items[j]):
            i += 1
            j += 1
        elif last >= 0:
            mark += 1
            i, j = last + 1, mark
        else:
            return False
    return all(token == wildcard for token in pattern[i:])


def align(
    a: Sequence[Token], b: Sequence[Token], wildcard: Token, meet: Callable[[Token, Token], bool]
) -> list[tuple[int, int]] | None:
    """How one sequence of items can match both patterns, or None where none can.

    The answer is a list of items, each given by the places (in `a`, in `b`) that take it; a place
    of -1 is a wildcard, so (-1, -1) is where both would take anything.

    This is reachability in the product of the two automata. A row holds the places of `b` that
    can be reached with one place of `a`, as the bits of an integer, so that the cost is that of
    `len(a)` operations on integers of `len(b)` bits, whatever the patterns are.
    """
    where: dict[Token, int] = {}
    for j, token in enumerate(b):
        where[token] = where.get(token, 0) | 1 << j
    stars = where.pop(wildcard, 0)
    full = (2 << len(b)) - 1
    masks: dict[Token, int] = {}
    rows: list[int] = []
    row = 1
    for token in a:
        row |= (row & stars) << 1
        if token == wildcard:
            row = full & -(row & -row)  # its lowest place, and from there every further one
            rows.append(row)
            continue
        rows.append(row)
        if token not in masks:
            masks[token] = sum(bits for other, bits in where.items() if meet(token, other))
        row = (row & stars) | (row & masks[token]) << 1
        if not row:
            return None
    row |= (row & stars) << 1
    rows.append(row)
    return _way_back(a, b, wildcard, rows, masks) if row >> len(b) & 1 else None


def _way_back(
    a: Sequence[Token],
    b: Sequence[Token],
    wildcard: Token,
    rows: list[int],
    masks: dict[Token, int],
) -> list[tuple[int, int]]:
    """The items on one way from the start to the end, preferring those that both name."""
    items: list[tuple[int, int]] = []
    i, j = len(a), len(b)
    while True:
        a_waits = i < len(a) and a[i] == wildcard
        b_waits = j < len(b) and b[j] == wildcard
        if a_waits and b_waits:
            items.append((-1, -1))
        if not i and not j:
            return items[::-1]
        from_left = j > 0 and rows[i] >> (j - 1) & 1
        from_above = i > 0 and rows[i - 1] >> j & 1
        if i and j and (rows[i - 1] & masks.get(a[i - 1], 0)) >> (j - 1) & 1:
            i -= 1
            j -= 1
            items.append((i, j))
        elif from_left and b[j - 1] == wildcard:
            j -= 1
        elif from_above and a[i - 1] == wildcard:
            i -= 1
        elif from_left and a_waits:
            j -= 1
            items.append((-1, j))
        else:
            i -= 1
            items.append((i, -1))
