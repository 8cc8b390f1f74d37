"""Who broke the suite: the first result with which it fails, and those it fails together with.

Pure searches over a question that is dear to ask. Bisection of the prefix chain as merge queues do
it; the partners by delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input", 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blame:
    """One result that the suite fails with."""

    culprit: str
    partners: tuple[str, ...]
    """The smallest set of earlier results without which it passes; empty: it fails alone."""
    green: tuple[str, ...]
    """The results before it in the chain: with all of them the suite passes."""


def first_red(count: int, is_red: Callable[[int], bool]) -> int:
    """The number of results, from 1, with which a chain of `count` turns red.

    Nothing merged is green and the whole chain is red; log2(count) questions. Should a later
    result hide an earlier failure, one of the places where it turns red is found.
    """
    green, red = 0, count
    while red - green > 1:
        middle = (green + red) // 2
        if is_red(middle):
            red = middle
        else:
            green = middle
    return red


def blame(
    chain: Sequence[str],
    prefix_is_red: Callable[[int], bool],
    is_red: Callable[[Sequence[str]], bool],
    inside: Callable[[str, str], bool] = lambda one, other: False,
) -> Blame:
    """The first culprit of a red chain, and its partners.

    `prefix_is_red(n)` asks for the first n results together, `is_red(names)` for these alone on
    the base, in the order of the chain. `inside(one, other)`: `other` was built on `one`, so that
    it cannot be without it.
    """
    at = first_red(len(chain), prefix_is_red)
    culprit, before = chain[at - 1], tuple(chain[: at - 1])
    free = [name for name in before if not inside(name, culprit)]
    if not free or is_red([culprit]):
        return Blame(culprit, (), before)
    return Blame(culprit, _partners(free, lambda names: is_red([*names, culprit])), before)


def _partners(names: list[str], is_red: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """A smallest part of `names` that is still red: none of it can be left out. `ddmin`."""
    parts = 2
    while len(names) > 1:
        size = -(-len(names) // parts)
        subsets = [names[at : at + size] for at in range(0, len(names), size)]
        if (red := next((s for s in subsets if is_red(s)), None)) is not None:
            names, parts = red, 2
            continue
        rests = [[n for n in names if n not in subset] for subset in subsets]
        if len(subsets) > 2 and (red := next((r for r in rests if is_red(r)), None)) is not None:
            names, parts = red, max(parts - 1, 2)
            continue
        if parts >= len(names):
            break
        parts = min(2 * parts, len(names))
    return tuple(names)
