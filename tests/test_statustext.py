"""Tests of `views.statustext`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from parallel_agents.coordination.brewing import Brewing
from parallel_agents.coordination.checkout import Stray
from parallel_agents.coordination.watching import Status, TaskStatus
from parallel_agents.core.model import State, Strategy, TaskId
from parallel_agents.views.cells import cells
from parallel_agents.views.statustext import changes, status_text

NOW = 1_800_000_000.0
MINUTE = 60.0

QUIET = TaskStatus(
    id=TaskId("quiet"),
    title="Quiet",
    state=State.AVAILABLE,
    agent=None,
    since=None,
    last_sign=None,
    silence=None,
    flags=(),
    waits_for=(),
    failures=0,
    token=None,
    workdir=None,
    branch=None,
    note=None,
)


def task(name: str, state: State = State.AVAILABLE, **given: Any) -> TaskStatus:
    """A task that nothing is known of but what is given."""
    return replace(QUIET, id=TaskId(name), state=state, **given)


def held(name: str, **given: Any) -> TaskStatus:
    """A task in progress, claimed 12 minutes ago, with a sign of life a minute ago."""
    times = {"since": NOW - 12 * MINUTE - 5, "last_sign": NOW - MINUTE, "silence": MINUTE}
    return task(name, State.CLAIMED, **{"agent": "0123456789ab/a1", **times, **given})


def status(*tasks: TaskStatus, **given: Any) -> Status:
    """A run of these tasks."""
    made = Status(
        run="p1a2b3c4",
        goal="Fix the tests",
        strategy=Strategy.WORKTREE,
        proposal=None,
        progress=f"0 completed / {len(tasks)} total (0 in progress, 0 failed)",
        counts={},
        tasks=tasks,
        damaged={},
        denials=(),
        next_step="2 at work; look again later.",
        rev=7,
    )
    return replace(made, **given)


def lines(of: Status, **options: Any) -> list[str]:
    return status_text(of, NOW, **options).splitlines()


def line_of(of: Status, name: str) -> str:
    (line,) = (text for text in lines(of) if text.startswith(name))
    return line


def test_the_progress_line_comes_first_and_the_next_step_last() -> None:
    shown = lines(status(held("auth")))
    assert shown[0] == "0 completed / 1 total (0 in progress, 0 failed)"
    assert shown[1] == "Plan p1a2b3c4 (worktree): Fix the tests"
    assert shown[-1] == "Next: 2 at work; look again later."


def test_a_row_says_who_holds_the_task_since_when_and_when_it_was_last_heard_of() -> None:
    row = line_of(status(held("auth", flags=("stale",))), "auth")
    assert row.split() == ["auth", "claimed", "a1", "(01234567)", "12", "min", "1", "min", "stale"]


def test_a_task_that_nobody_holds_says_what_it_waits_for() -> None:
    waiting = task("docs", flags=("waiting",), waits_for=(TaskId("auth"), TaskId("api")))
    assert line_of(status(waiting), "docs") == "docs  available  waits for auth, api"


def test_a_failed_task_says_how_often_and_why() -> None:
    failed = task("docs", State.FAILED, flags=("retry",), failures=1, note="no\nnetwork")
    assert line_of(status(failed), "docs") == "docs  failed  retry, 1 failure: no network"


def test_a_merged_task_says_so() -> None:
    merged = task("docs", State.COMPLETED, flags=("merged",), note="done")
    assert line_of(status(merged), "docs").endswith("merged: done")


def test_no_line_is_wider_than_asked_for() -> None:
    tasks = (
        held("a", agent="s/" + "very-long-agent-name" * 3, flags=("stale", "ended")),
        task("b", State.FAILED, failures=2, note="界" * 100),
        task("c", waits_for=tuple(TaskId(f"task-{n}") for n in range(40))),
    )
    crowded = status(
        *tasks,
        goal="A goal " * 30,
        proposal="p9z8y7x6",
        damaged={"claimed/x.md": "its front matter " * 10},
        denials=({"at": NOW, "agent": "s/a", "tool": "Edit", "path": "p/" * 60},),
        next_step="look " * 40,
    )
    for width in (80, 120):
        assert max(map(cells, lines(crowded, width=width))) <= width


def test_an_id_is_never_cut_because_people_type_it_again() -> None:
    name = "a-task-with-" + "x" * 52
    shown = lines(status(held(name), held("b")))
    at = shown.index(name)
    assert shown[at + 1].split()[:2] == ["claimed", "a1"]


def test_damaged_files_are_named_with_the_reason() -> None:
    shown = status_text(status(held("a"), damaged={"claimed/x.md": "it has no id"}), NOW)
    assert "  claimed/x.md: it has no id\n" in shown


def test_the_newest_refusals_are_shown_and_the_others_counted() -> None:
    def denial(n: int) -> Mapping[str, Any]:
        return {
            "at": NOW - (60 - n) * MINUTE,
            "agent": "s/a1",
            "tool": "Edit",
            "path": f"f{n}.py",
            "task": "auth" if n == 59 else "",
        }

    shown = lines(status(held("a"), denials=tuple(denial(n) for n in range(40, 60))))
    at = shown.index("Refused by the guard, newest last (5 of 20):")
    assert shown[at + 1] == "  5 min ago, a1 (s): Edit f55.py"
    assert shown[at + 5] == "  1 min ago, a1 (s): Edit f59.py (task auth)"


def test_held_files_that_others_wrote_are_shown_with_where_both_versions_are() -> None:
    one = {"at": NOW - MINUTE, "agent": "s/a1", "tool": "Bash", "path": "a.py", "task": "auth"}
    shown = lines(status(held("a"), overwritten=(one,)))
    at = shown.index("Held files that others wrote, newest last (1 of 1):")
    assert shown[at + 1] == "  1 min ago, a1 (s): Bash a.py (task auth)"
    assert shown[at + 2] == "Both versions are kept in _tasks/overwritten/."


def test_without_a_plan_there_is_a_sentence() -> None:
    shown = lines(status(run=None))
    assert shown == [
        "No plan runs in this repository.",
        "Next: write one (YAML or JSON), then parallel-agents plan FILE",
    ]


def test_a_proposal_says_how_it_is_approved() -> None:
    assert "parallel-agents approve p5e6f7a8" in lines(status(run=None, proposal="p5e6f7a8"))[-1]
    assert "parallel-agents approve p5e6f7a8" in status_text(
        status(held("a"), proposal="p5e6f7a8"), NOW
    )


def test_the_next_step_names_commands_not_tools() -> None:
    done = status(next_step="Everything is completed: call merge_branches.")
    assert lines(done)[-1] == "Next: Everything is completed: call `parallel-agents merge`."


def test_what_a_terminal_would_obey_is_spelled_out() -> None:
    loud = status(held("a", agent="s/\x1b[31mred"), goal="\x1b]0;title\x07")
    assert "\x1b" not in status_text(loud, NOW)


def test_where_there_is_no_room_tasks_at_work_stay_in_view() -> None:
    tasks = [task(f"t{n}", State.COMPLETED) for n in range(30)]
    shown = lines(status(*tasks, held("busy"), task("bad", State.BLOCKED)), most=3)
    text = "\n".join(shown)
    assert "busy" in text
    assert "bad" in text
    assert "and 29 more" in text


def test_a_change_is_one_line_followed_by_the_progress() -> None:
    before = status(task("a"), task("b"), progress="0 of 2")
    after = status(held("a"), task("b"), progress="0 of 2, 1 at work")
    assert changes(before, after) == [
        "a: available -> claimed by a1 (01234567)",
        "0 of 2, 1 at work",
    ]


def test_a_new_flag_is_a_change() -> None:
    before, after = status(held("a")), status(held("a", flags=("stale",)))
    assert changes(before, after)[0] == "a: claimed by a1 (01234567) (stale)"


def test_nothing_is_said_where_nothing_changed() -> None:
    later = replace(held("a"), last_sign=NOW, silence=0.0)
    assert changes(status(held("a")), status(later)) == []


def test_the_first_look_shows_the_progress_alone() -> None:
    assert changes(None, status(held("a"), progress="so far")) == ["so far"]


def test_conflicts_on_their_way_are_shown_with_both_tasks_and_the_files() -> None:
    pair = Brewing(TaskId("auth"), TaskId("billing"), (), ("src/api.py", "README.md"), "Ask.")
    alone = Brewing(TaskId("auth"), None, (), ("src/main.py",), "Ask.")
    shown = lines(status(held("auth"), brewing=(pair, alone)))
    assert "  auth and billing: src/api.py, README.md" in shown
    assert "  auth and the target: src/main.py" in shown
    assert all(len(line) <= 80 for line in shown)


def test_what_changed_in_the_users_own_checkout_is_shown() -> None:
    stray = Stray(("src/api.py",), ("1a2b3c4 an edit\x1b[2J",))
    shown = lines(status(held("auth"), stray=stray))
    at = shown.index("Changed in your own checkout while agents work elsewhere:")
    assert shown[at + 1] == "  src/api.py"
    assert shown[at + 3].startswith("  1a2b3c4 an edit")
    assert "\x1b" not in "".join(shown)
