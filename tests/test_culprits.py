"""The search for a culprit and its partners: right, and with few questions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.coordination.culprits import Blame, blame, first_red

EIGHT = tuple("abcdefgh")


class Suite:
    """Fails where all results of one of `bad` are there; counts how often it is asked anew."""

    def __init__(self, chain: Sequence[str], *bad: str) -> None:
        self.chain = tuple(chain)
        self.bad = [set(group) for group in bad]
        self.asked: set[frozenset[str]] = set()

    def is_red(self, names: Sequence[str]) -> bool:
        self.asked.add(frozenset(names))
        return any(group <= set(names) for group in self.bad)

    def blame(self) -> Blame:
        return blame(self.chain, lambda n: self.is_red(self.chain[:n]), self.is_red)


@pytest.mark.parametrize("at", range(8))
def test_one_that_fails_alone_is_found_wherever_it_is(at: int) -> None:
    suite = Suite(EIGHT, EIGHT[at])

    assert suite.blame() == Blame(EIGHT[at], (), EIGHT[:at])
    assert len(suite.asked) <= 4  # three to bisect, one alone


def test_a_pair_that_fails_only_together_is_named_as_a_pair() -> None:
    suite = Suite(EIGHT, "bg")

    assert suite.blame() == Blame("g", ("b",), tuple("abcdef"))
    assert len(suite.asked) <= 9


def test_three_that_fail_only_together_are_named() -> None:
    assert Suite(EIGHT, "adg").blame() == Blame("g", ("a", "d"), tuple("abcdef"))


def test_the_first_of_several_culprits_is_named() -> None:
    assert Suite(EIGHT, "c", "f").blame().culprit == "c"


def test_what_the_culprit_was_built_on_is_no_partner() -> None:
    suite = Suite(EIGHT, "h")
    found = blame(
        suite.chain,
        lambda n: suite.is_red(suite.chain[:n]),
        suite.is_red,
        inside=lambda one, other: True,
    )
    assert found == Blame("h", (), tuple("abcdefg"))
    assert len(suite.asked) == 3


@given(st.integers(1, 40), st.data())
def test_any_culprit_is_found_and_no_partner_is_needless(count: int, data: st.DataObject) -> None:
    chain = [f"t{number}" for number in range(count)]
    group = data.draw(st.sets(st.sampled_from(chain), min_size=1, max_size=3))
    suite = Suite(chain)
    suite.bad = [group]

    found = suite.blame()

    assert {found.culprit, *found.partners} == group
    assert found.culprit == max(group, key=chain.index)


@given(st.integers(1, 1000), st.data())
def test_a_chain_is_bisected_with_the_logarithm_of_its_length(
    count: int, data: st.DataObject
) -> None:
    turns = data.draw(st.integers(1, count))
    asked = []

    assert first_red(count, lambda n: asked.append(n) or n >= turns) == turns  # type: ignore[func-returns-value]
    assert len(asked) <= math.ceil(math.log2(count)) if count > 1 else not asked
