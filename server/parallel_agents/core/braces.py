"""The braces of a pattern: `src/{api,web}/*.py` stands for two patterns.

Hooks import this module: standard library only, Python 3.9 syntax, nothing imported that is heavy.
"""

from __future__ import annotations

from parallel_agents.core.errors import BadInput

MOST_ALTERNATIVES = 64
"""Patterns that the braces of one pattern may stand for."""

LONGEST_EXPANDED = 4096
"""Characters that they may have together: what comparing two patterns costs is bounded by it."""


def expanded(pattern: str) -> list[str]:
    """What the braces of the pattern stand for, and last the pattern with its braces as they are.

    Braces without a comma are part of a name, as in a shell. Raises `BadInput` for too many.
    """
    done: list[str] = []
    todo = [pattern]
    length = 0
    while todo:
        text = todo.pop()
        choice = _first_choice(text)
        if choice is None:
            done.append(text)
            length += len(text)
        else:
            start, end = choice[0], choice[-1]
            todo.extend(
                text[:start] + text[choice[at] + 1 : choice[at + 1]] + text[end + 1 :]
                for at in range(len(choice) - 2, -1, -1)
            )
        if len(done) + len(todo) >= MOST_ALTERNATIVES or length > LONGEST_EXPANDED:
            raise BadInput(
                "bad_path",
                f"The braces of '{pattern[:80]}' stand for more than {MOST_ALTERNATIVES} "
                f"patterns or {LONGEST_EXPANDED} characters.",
                "Give several shorter patterns, or use * in place of the braces.",
            )
    return done if done == [pattern] else [*done, pattern]


def _first_choice(text: str) -> list[int] | None:
    """The first outermost `{a,b}`: the places of its opening, its commas and its closing."""
    if "{" not in text:
        return None
    first: list[int] | None = None
    opened: list[list[int]] = []
    for at, char in enumerate(text):
        if char == "{":
            opened.append([at])
        elif char == "," and opened:
            opened[-1].append(at)
        elif char == "}" and opened:
            choice = [*opened.pop(), at]
            if len(choice) > 2 and (first is None or choice[0] < first[0]):
                first = choice
    return first
