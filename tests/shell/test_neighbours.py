"""Code that writes what is held by every way that its language has, and code that leaves it out.

`neighbours.jsonl`: what each command does was seen by running it, where its program is installed.
"""

from __future__ import annotations

import pytest
from shell.conftest import Judge
from shell.ground import Case, cases


@pytest.mark.parametrize("case", cases("neighbours.jsonl"), ids=lambda case: case.id)
def test_code_is_judged_by_what_it_writes(verdict: Judge, case: Case) -> None:
    found = verdict(case.command)
    assert found.refuses == case.writes, (case.command, found.unknown)
