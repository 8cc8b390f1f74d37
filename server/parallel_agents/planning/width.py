"""How many tasks can run at once at best: the largest set in which no two exclude each other.

That is a maximum independent set, by branching on bit sets. The search is exact for every plan
of ordinary size; a plan that needs more than the given steps gets a lower bound, marked as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STEPS = 4_000
"""Branches tried before the search settles for a lower bound: well under a second."""


@dataclass(frozen=True, slots=True)
class Width:
    """The size of the largest set found; `exact` is False where a larger one may exist."""

    size: int
    exact: bool


def widest(excludes: Sequence[int], steps: int = STEPS) -> Width:
    """The width of a plan in which task i excludes the tasks in the bit set `excludes[i]`.

    The relation is symmetric and no task excludes itself.
    """
    search = _Search(excludes, steps)
    size = search.largest((1 << len(excludes)) - 1)
    return Width(size, search.steps >= 0)


def members(mask: int) -> Iterator[int]:
    """The positions of the bits set in `mask`, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Search:
    def __init__(self, excludes: Sequence[int], steps: int) -> None:
        self._excludes = excludes
        self.steps = steps

    def largest(self, mask: int) -> int:
        """Size of the largest independent set within `mask`; a lower bound once out of steps."""
        best = taken = 0
        while mask:
            degrees = [((self._excludes[v] & mask).bit_count(), v) for v in members(mask)]
            fewest, v = min(degrees)
            # A task that excludes at most one other belongs to some largest set. Out of steps the
            # same choice is the usual greedy one: still a set that can run at once.
            if fewest <= 1 or self.steps < 0:
                taken += 1
                mask &= ~(self._excludes[v] | 1 << v)
                continue
            part = self._connected(v, mask)
            if part != mask:
                taken += self.largest(part)
                mask &= ~part
                continue
            self.steps -= 1
            v = max(degrees)[1]
            mask &= ~(1 << v)
            best = max(best, taken + 1 + self.largest(mask & ~self._excludes[v]))
        return max(best, taken)

    def _connected(self, start: int, mask: int) -> int:
        part, fringe = 1 << start, 1 << start
        while fringe:
            near = 0
            for v in members(fringe):
                near |= self._excludes[v]
            fringe = near & mask & ~part
            part |= fringe
        return part
