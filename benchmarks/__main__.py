"""Measures and prints: `python -m benchmarks [SUBJECT...] [--quick]`.

What is measured in full size takes the place of its section of RESULTS.md; the others stay.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.report import load, page, say, section, sections_of
from benchmarks.scale import FULL, QUICK, Scale

SUBJECTS = (
    *("floors", "store", "size", "storm", "lock", "server", "hooks"),
    *("planning", "merging", "peers"),
)
"""The modules that measure: each has `measure(scale)`, which yields findings, and NOTES."""

SECTIONS = (*SUBJECTS, "independence")
"""The sections of the page: also what is measured on repositories that have to be named."""

RESULTS = Path(__file__).parent / "RESULTS.md"


def measured(subject: str, scale: Scale) -> tuple[str, bool]:
    """The section of this subject, and whether a promise was broken."""
    say(f"measuring {subject}")
    before = load()
    module = import_module(f"benchmarks.{subject}")
    found = list(module.measure(scale))
    text = section(subject, found, module.NOTES, scale is QUICK, before)
    return text, any(one.broken for one in found)


def main(words: Sequence[str] | None = None) -> int:
    """The exit status: 1 where a promise was broken. A target that is missed is for people."""
    parser = argparse.ArgumentParser("python -m benchmarks")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="see that it runs: seconds each")
    chosen = parser.parse_args(words)
    if unknown := set(chosen.subjects) - set(SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))} (there are {SUBJECTS})")
    broken = False
    for subject in chosen.subjects or SUBJECTS:
        text, is_broken = measured(subject, QUICK if chosen.quick else FULL)
        broken = broken or is_broken
        if not chosen.quick:  # at once: what is measured counts, whatever becomes of the rest
            old = sections_of(RESULTS.read_text()) if RESULTS.exists() else {}
            RESULTS.write_text(page({**old, subject: text}, SECTIONS))
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
