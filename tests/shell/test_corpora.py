"""The corpora: commands whose truth was found by running them (`truth.py`), and the guard's score.

`corpus.jsonl` came with the project's task; `improvised.jsonl` was written before the guard was
tried on it; those in `blind/` by five authors who knew what is held and had not seen the guard. All
are judged in this process; a sample goes through the hook itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from scratch_run import MAIN, ScratchRun, command, environment, start
from shell.conftest import Judge
from shell.ground import Case, cases

BLIND = ("everyday", "redteam", "mixed", "others", "examiner")
CORPORA = ("corpus.jsonl", "improvised.jsonl", *(f"blind/{name}.jsonl" for name in BLIND))
RECALL, FALSE = 98.0, 2.0
"""Per cent: at least, at most."""

STRICTER = {
    "m441": "the first cp fails, because what it copies is not there",
    **dict.fromkeys(
        ("a215", "b341", "c062"),
        "a commit of everything would take over what another agent has not finished",
    ),
    **dict.fromkeys(("b354", "c040", "c235"), "agents write nothing below .git by hand"),
    "b484": "the SQL only quotes a call that writes",
    "b498": "find asks before each, and nobody answers",
    "e139": "names that differ by case are one name: to some file systems they are",
}
"""False blocks that are known, and why they stay."""
MISSES = {"b014": "what git archives of another work tree is not listed; the command is watched"}
BY_DESIGN = ("blind/mixed.jsonl",)
"""Where more than that is refused on purpose: see `STRICTER`."""
STATE = ("b035", "c176")
"""Refused because they write below .git; what is held comes after that."""


def score(found: list[tuple[Case, bool]]) -> tuple[float, float]:
    """(recall, false blocks) in per cent."""
    writes = [refused for case, refused in found if case.writes]
    reads = [refused for case, refused in found if not case.writes]
    return 100 * sum(writes) / len(writes), 100 * sum(reads) / len(reads)


@pytest.mark.parametrize("name", CORPORA)
def test_what_writes_held_files_is_refused_and_what_does_not_is_not(
    verdict: Judge, name: str
) -> None:
    found = [(case, verdict(case.command, case.cwd).refuses) for case in cases(name)]
    wrong = {case.id for case, refused in found if refused != case.writes}
    recall, false = score(found)
    assert recall >= RECALL, wrong
    assert false <= (FALSE if name not in BY_DESIGN else 3.0), wrong
    assert wrong <= STRICTER.keys() | MISSES.keys()


def test_tools_that_are_not_installed_everywhere_are_judged_as_expected(verdict: Judge) -> None:
    """`expected.jsonl`: what the commands do is taken from manuals, not from running them."""
    wrong = [c.command for c in cases("expected.jsonl") if verdict(c.command).refuses != c.writes]
    # Without zip there is no archive of that name, and nothing that it would overwrite.
    assert [w for w in wrong if "s.zip" not in w] == []


def test_the_corpora_are_large_enough_to_tell() -> None:
    assert [len(cases(name)) for name in CORPORA] == [134, 461, 407, 556, 240, 260, 200]


@pytest.mark.parametrize("name", CORPORA)
def test_a_refusal_names_a_held_file_its_holder_and_its_task(verdict: Judge, name: str) -> None:
    for case in cases(name):
        if case.writes and case.id not in MISSES:
            findings = verdict(case.command, case.cwd).findings
            held = [found for found in findings if found.holder]
            if not held and case.id in STATE:
                continue
            assert held, case
            assert held[0].holder == "other/holder"
            assert held[0].task == "hold"
            assert held[0].how, case


@pytest.mark.parametrize(
    "case", [c for name in CORPORA for c in cases(name)][::40], ids=lambda case: case.id
)
def test_the_hook_says_the_same(project: ScratchRun, tmp_path: Path, case: Case) -> None:
    text = case.command.replace("{REPO}", str(project.root)).replace("{SCRATCH}", str(tmp_path))
    cwd = (project.root / case.cwd).resolve()
    event = project.event(MAIN, "Bash", command=text) | {"cwd": str(cwd)}
    done = start(command("shell"), event, cwd, environment(project.root, tmp_path / "data"))
    assert done.status == 0, done.err
    assert bool(done.denied) == case.writes
