"""The benchmarks: each subject measures, and the page has every row. No time counts here."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from parallel_agents.core import locktable
from parallel_agents.core.model import TaskId
from parallel_agents.store import frontmatter

from benchmarks import peers
from benchmarks.__main__ import RESULTS, SUBJECTS, main
from benchmarks.floors import ByHand
from benchmarks.report import Finding, Row, Table, page, section, sections_of
from benchmarks.scale import Scale
from benchmarks.timing import Command, Spread, in_turn, percentile, ratios

TINY = Scale(
    rounds=2,
    batch=2,
    many_tasks=120,
    processes=4,
    rate=80,
    storm=0.1,
    storms=1,
    alone=5,
    burst=3,
    bursts=1,
    calls=2,
    hooks=2,
    starts=1,
    files=60,
    commits=12,
    plans=1,
    tree=60,
    branches=8,
    races=1,
    kept=1,
    peers=False,
)
TARGETS = {
    "floors": (),
    "store": ("claim and give back",),
    "size": ("claim among 120 tasks",),
    "storm": ("claim, then complete;", "complete, then claim"),
    "lock": ("holds of 1 ms", "holds of 0.2 ms"),
    "peers": (),
    "server": ("a new claim", "again", "ready after its start"),
    "hooks": (
        *("edit guard, no active run", "shell guard, no active run", "heartbeat, no active run"),
        *("edit guard, 640 held paths", "shell guard, 640 held paths"),
    ),
    "merging": ("matrix of 8 branches on 60 files", "chain of "),
    "planning": (
        *("20 tasks on 60 files, cold", "20 tasks on 60 files, warm"),
        *("200 tasks on 60 files, cold", "200 tasks on 60 files, warm"),
    ),
}
"""What is held to a target, by subject: the words that name its rows."""

ONE = Spread(1.0, 0.5, 2.0)


def row(ratio: float, target: float | None = 2.0, broken: str = "") -> Row:
    return Row("store", "a claim", ONE, "by hand", ONE, Spread(ratio, 1.0, 9.0), target, broken)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_measures_everything_that_has_a_target(subject: str) -> None:
    module = import_module(f"benchmarks.{subject}")
    findings = list(module.measure(TINY))
    rows = [found for found in findings if isinstance(found, Row)]
    assert rows
    assert not any(found.broken for found in findings)
    assert module.NOTES
    for found in rows:
        assert found.subject == subject
        assert 0 < found.cost.low <= found.cost.median <= found.cost.high
        assert (found.ratio is None) == (not found.floor)
    held = [found.what for found in rows if found.target is not None]
    assert len(held) == len(TARGETS[subject])
    for words, what in zip(TARGETS[subject], held, strict=True):
        assert words in what
    text = section(subject, findings, module.NOTES, quick=True, load="0.1")
    assert all(f"| {found.what} |" in text for found in rows)


def test_the_steps_by_hand_leave_what_the_store_would_leave(tmp_path: Path) -> None:
    folder = tmp_path / "by-hand"
    steps = ByHand(folder)
    steps.pair()
    steps.close()
    document = frontmatter.parse((folder / "available" / "task.md").read_text(), TaskId("task"))
    assert [(e.rev, e.kind) for e in document.history] == [(1, "claimed"), (2, "returned")]
    granted = locktable.decode((folder / locktable.SLOTS[1]).read_bytes())
    assert [(c.task, c.token, c.files) for c in granted.claims] == [("task", 1, ("src/file.py",))]
    ended = locktable.read(str(folder))
    assert ended is not None
    assert (ended.rev, ended.claims) == (2, ())


def test_a_ratio_over_its_target_is_over_and_a_broken_promise_comes_before_it() -> None:
    verdicts = [r.verdict for r in (row(2.0), row(2.01), row(9.0, None), row(1.0, None, "twice"))]
    assert verdicts == ["PASS", "over", "", "BROKEN: twice"]


def test_why_a_tool_is_left_out_is_said_without_addresses_and_a_broken_python_is_passed_over(
    tmp_path: Path,
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    told = peers._plain(f"pip: no {tmp_path}/x at https://somewhere | here", tmp_path)
    assert told == "pip: no /x at a registry / here"
    assert not peers._works(str(python))
    assert not peers._works(str(tmp_path / "none"))
    assert peers._works(sys.executable)


def one_section(*found: Finding, notes: tuple[str, ...] = ()) -> str:
    return section("store", found, notes, quick=False, load="0.1")


def test_a_broken_promise_stands_among_the_targets() -> None:
    text = one_section(row(1.0, None, "claimed twice"))
    assert "BROKEN: claimed twice" in text
    assert "- a claim\n" in page({"store": text}, ["store"])


def test_the_top_of_the_page_names_what_is_over_its_target() -> None:
    assert "broken: nothing." in page({"store": one_section(row(1.0), row(9.0, None))}, ["store"])
    assert "broken: 1.\n- a claim\n" in page({"store": one_section(row(3.0))}, ["store"])


def test_what_is_no_cost_is_a_table_of_its_own() -> None:
    table = Table("store", ("peer", "kept"), (("one", "24 of 24"),), broken="lost one")
    text = one_section(row(1.0), table)
    assert "| peer | kept |\n|---|---|\n| one | 24 of 24 |\n\nBROKEN: lost one\n" in text


def test_a_section_says_what_it_was_measured_on_but_no_path() -> None:
    text = one_section(row(1.0), notes=("What a claim is.",))
    for words in ("cores", "commit", "mcp 2.", "filelock 4.", "Python 3.", "What a claim is."):
        assert words in text
    assert str(Path.home()) not in text
    assert str(RESULTS.parent) not in text


def test_a_section_takes_the_place_of_the_one_before_and_the_others_stay() -> None:
    old = {"lock": "## lock\n\nslow\n", "hooks": "## hooks\n\n### more\n"}
    text = page(
        {**sections_of(page(old, ["lock", "hooks"])), "lock": "## lock\n\nfast\n"}, SUBJECTS
    )
    assert sections_of(text) == {"lock": "## lock\n\nfast\n", "hooks": "## hooks\n\n### more\n"}


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, p) for p in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 50) == 7.0


def test_ratios_are_taken_turn_by_turn() -> None:
    assert ratios([2.0, 20.0, 200.0], [1.0, 10.0, 100.0]) == Spread(2.0, 2.0, 2.0)


def test_whoever_is_measured_first_changes_from_turn_to_turn() -> None:
    order: list[str] = []

    def subject(name: str) -> float:
        order.append(name)
        return 1.0

    found = in_turn(2, lambda: subject("a"), lambda: subject("b"))
    assert found == [[1.0, 1.0], [1.0, 1.0]]
    assert "".join(order) == "ab" + "ab" + "ba"


def test_a_command_that_ends_in_another_way_is_no_measurement(tmp_path: Path) -> None:
    assert Command(("/bin/sh", "-c", "exit 3"), {}, tmp_path, status=3).seconds() > 0
    with pytest.raises(RuntimeError, match="status"):
        Command(("/bin/sh", "-c", "exit 3"), {}, tmp_path).seconds()


def test_an_unknown_subject_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["flors"])
    assert "floors" in capsys.readouterr().err


def test_a_quick_run_prints_its_section_and_leaves_the_results_alone() -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks", "floors", "--quick"),
        cwd=RESULTS.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| flock and unlock |" in done.stdout
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before
