"""Tests of `views.mergetext`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parallel_agents.checks import CheckResult
from parallel_agents.coordination.clearing import Kept
from parallel_agents.coordination.merging import MergeReport
from parallel_agents.coordination.stops import Reason, Stop
from parallel_agents.core.model import State, TaskId
from parallel_agents.views.cells import cells
from parallel_agents.views.mergetext import merge_text

NOTHING = MergeReport(
    dry_run=False,
    target="refs/heads/main",
    old="a" * 40,
    new="b" * 40,
    merged=(),
    already_in=(),
    left_out=(),
    unfinished=(),
    conflicts=(),
    check=None,
    removed=(),
    progress="1 completed / 1 total (0 in progress, 0 failed)",
    kept=(),
    archived=False,
    rev=9,
)


def report(*merged: str, **given: Any) -> MergeReport:
    """A merge of these tasks."""
    return replace(NOTHING, merged=tuple(map(TaskId, merged)), **given)


def lines(of: MergeReport, **options: Any) -> list[str]:
    return merge_text(of, **options).splitlines()


def test_it_says_what_was_merged_in_which_order_and_where_the_branch_is() -> None:
    assert lines(report("auth", "docs")) == [
        "Merged 2 tasks into main: aaaaaaaaaaaa -> bbbbbbbbbbbb",
        "  in order    auth, docs",
    ]


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    shown = lines(report("auth", dry_run=True))
    assert shown[0] == "Would merge 1 task into main (now at aaaaaaaaaaaa). Nothing was changed."


def test_results_that_are_in_the_target_already_are_no_merge() -> None:
    shown = lines(report(new="a" * 40, already_in=(TaskId("auth"),)))
    assert shown == ["main already has everything (at aaaaaaaaaaaa).", "  already in  auth"]


def test_what_did_not_go_in_is_named_with_the_reason() -> None:
    shown = lines(
        report(
            "auth",
            left_out=(TaskId("docs"),),
            unfinished=((TaskId("api"), State.BLOCKED),),
            conflicts=(("auth", "docs", ("a.py", "b.py")),),
        )
    )
    assert "  left out    docs" in shown
    assert "  unfinished  api (blocked)" in shown
    assert "  conflict    auth with docs, merged alone, in a.py, b.py" in shown


def test_the_check_is_shown_with_its_time() -> None:
    check = CheckResult("make test", 0, "", 12.34, False)
    for runs, how in (
        (0, "passed before on the same files"),
        (1, "passed in 12.3 s"),
        (3, "passed in 12.3 s (3 runs)"),
    ):
        shown = lines(report("auth", check=check, suite_runs=runs))
        assert f"  check       {how}: make test" in shown


def test_what_was_found_and_what_is_to_be_known_is_shown() -> None:
    shown = lines(
        report(
            "auth",
            found="An earlier merge was cut off.",
            canary="proven: with all 2 changed files broken the check fails",
            notes=("CHANGES is merged by `union`",),
            reopened=(TaskId("docs"),),
        )
    )
    assert shown[0] == "An earlier merge was cut off."
    assert "  canary      proven: with all 2 changed files broken the check fails" in shown
    assert "  note        CHANGES is merged by `union`" in shown
    assert "  free again  docs, to be done on top of what landed" in shown


def test_a_dry_run_that_would_stop_shows_why_with_the_lines() -> None:
    stop = Stop(Reason.CONFLICT, "Task a conflicts with task b.\n<<<<<<< a\n1\n", ())
    shown = lines(report(dry_run=True, stop=stop))
    assert shown == [
        "A merge into main (now at aaaaaaaaaaaa) would stop. Nothing was changed.",
        "It would stop: Task a conflicts with task b.",
        "  <<<<<<< a",
        "  1",
    ]


def test_a_plan_that_the_user_chose_is_named_with_how_to_approve_it() -> None:
    shown = lines(report(proposal="p1", new="a" * 40))
    assert shown[0] == "Nothing was merged into main (at aaaaaaaaaaaa)."
    assert "  proposed    plan p1: `parallel-agents approve p1`" in shown


def test_what_was_cleaned_up_and_what_was_kept_is_shown() -> None:
    kept = Kept("/trees/agent-2", "it has uncommitted work")
    shown = lines(report("auth", removed=("/trees/agent-1",), kept=(kept,), archived=True))
    assert "  removed     /trees/agent-1" in shown
    at = shown.index("  kept        /trees/agent-2")
    assert shown[at + 1].strip() == "it has uncommitted work"
    assert shown[-1] == "The run is over; its files are in _tasks/history/."


def test_long_lists_stay_within_the_width() -> None:
    many = tuple(f"task-number-{n}" for n in range(40))
    assert max(map(cells, lines(report(*many), width=80))) <= 80
