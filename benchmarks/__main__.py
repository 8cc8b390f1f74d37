"""Measures and prints the page: `python -m benchmarks [SUBJECT...] [--quick]`.

A run of every subject in full size is also written to RESULTS.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.report import Row, load, page, say
from benchmarks.scale import FULL, QUICK, Scale

SUBJECTS = ("floors", "store", "storm", "lock", "server", "hooks")
"""The modules that measure: each has `measure(scale)`, which yields rows, and NOTES."""

RESULTS = Path(__file__).parent / "RESULTS.md"


def measured(subjects: Sequence[str], scale: Scale) -> tuple[list[Row], list[str]]:
    """The rows of these subjects, and what there is to know about them."""
    rows: list[Row] = []
    notes: list[str] = []
    for subject in subjects:
        say(f"measuring {subject}")
        module = import_module(f"benchmarks.{subject}")
        rows += module.measure(scale)
        notes += module.NOTES
    return rows, notes


def main(words: Sequence[str] | None = None) -> int:
    """The exit status: 1 where a promise was broken. A target that is missed is for people."""
    parser = argparse.ArgumentParser("python -m benchmarks")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="see that it runs: seconds each")
    chosen = parser.parse_args(words)
    if unknown := set(chosen.subjects) - set(SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))} (there are {SUBJECTS})")
    before = load()
    rows, notes = measured(chosen.subjects or SUBJECTS, QUICK if chosen.quick else FULL)
    text = page(rows, notes, chosen.quick, before)
    if not (chosen.subjects or chosen.quick):
        RESULTS.write_text(text)
    sys.stdout.write(text)
    return 1 if any(row.broken for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
