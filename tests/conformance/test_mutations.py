"""The list of mutations fits the source, and the table in the README is that list."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import mutate

ROOT = Path(__file__).resolve().parents[2]


def test_each_mutation_has_its_place_in_the_source() -> None:
    assert mutate.misfits(ROOT) == []
    assert all(m.old != m.new for m in mutate.MUTATIONS)


def test_each_invariant_is_taken_out_at_least_once() -> None:
    named = {m.invariant for m in mutate.MUTATIONS}
    assert {f"I{n}" for n in range(1, 17)} <= named


def test_the_table_has_a_row_for_each_mutation_and_each_was_caught() -> None:
    table = mutate.README.read_text().partition(mutate.START)[2].splitlines()
    rows = [tuple(cell.strip(" `") for cell in row.split("|")[1:5]) for row in table]
    assert [r[:3] for r in rows] == [(m.invariant, m.file, m.meaning) for m in mutate.MUTATIONS]
    assert all(
        r[3].startswith(("test_invariants.py", "test_conformance.py", "test_")) for r in rows
    )


def test_a_text_that_is_no_more_in_the_source_is_an_error(tmp_path: Path) -> None:
    first = mutate.MUTATIONS[0]
    for mutation in mutate.MUTATIONS:
        path = tmp_path / mutate.PACKAGE / mutation.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("nothing\n")
    assert len(mutate.misfits(tmp_path)) == len(mutate.MUTATIONS)
    with pytest.raises(LookupError):
        mutate.caught_by(tmp_path, first)
