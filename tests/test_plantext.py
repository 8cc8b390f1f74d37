"""The plan as text: what it says, and that it fits the terminal whatever a plan contains."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.model import Task
from parallel_agents.views.cells import broken, cells, clean, cut, pad, wrap
from parallel_agents.views.planmatrix import matrix_block, matrix_text, mermaid
from parallel_agents.views.plantext import plan_document, plan_form, plan_text
from planned import Planned, planned, task, tasks_drawn, through, walkthrough


def shown(made: Planned, width: int = 80) -> str:
    return plan_text(made.shown, width)


def words(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


# --- the walkthroughs, word for word ---


def test_the_test_fixes_read_like_this() -> None:
    made = through(walkthrough("test-fixes.yaml"))
    assert (
        shown(made)
        == f"""\
Plan {made.plan.id}: Repair the failing tests of the auth, billing and
  notifications packages
3 tasks, 3 at once, 1 wave, at best 2.3x with 3 agents (30 of 70 minutes)
Critical path: billing-tests (30 minutes)
Pairs: 3 independent

wave 1
  auth-tests           Repair the tests of auth (20 min)
                       tests/auth/**
  billing-tests        Repair the tests of billing (30 min)
                       tests/billing/**
  notifications-tests  Repair the tests of notifications (20 min)
                       tests/notifications/**

Every two tasks:
                      1 2 3
1 auth-tests            . .
2 billing-tests       .   .
3 notifications-tests . .
. independent, ? check, x conflict, > before, < after

Advice: parallel (worth_it). 3 tasks can run at once; at best 3 agents need 30
  of 70 minutes (2.3x).

Strategy: C files is recommended: only texts and tests, no shared path and no
  command to run: one tree is enough.
  A worktree: a work tree and a branch for each agent: builds do not disturb
    each other
  B branch: a branch for each agent, in a clone of its own or on another
    machine
  C files: one tree for all; the claimed files keep agents apart

No command will run: the plan has no check and no setup.

Nothing starts before your yes. Approve in the form in chat, or run
  parallel-agents approve {made.plan.id}
"""
    )


def test_the_migration_shows_waves_reasons_and_every_command() -> None:
    text = shown(through(walkthrough("express-to-fastify.yaml")))
    assert "wave 1\n  middleware       Shared middleware as Fastify hooks (30 min)" in text
    assert text.index("wave 2") < text.index("routes-users     Users routes")
    assert "after middleware: routes-users uses requireUser, which middleware creates" in words(
        text
    )
    assert text.count("after middleware\n") == 2
    assert "Critical path: middleware > routes-users (50 minutes)" in text
    assert "setup of each new work tree:\n      npm ci\n" in text
    assert "check of middleware:\n      npm test -- middleware\n" in text
    assert "check of the combined result:\n      npm test\n" in text


# --- what is said of a pair ---


def test_a_conflict_is_shown_at_the_later_task_with_its_witness() -> None:
    text = shown(planned(task("one", "src/**"), task("two", "src/a.py", priority=1)))
    lines = text.splitlines()
    assert lines.index("wave 1") < lines.index("  two  Title of two") < lines.index("wave 2")
    after_one = text[text.index("  one  ") :]
    assert "x conflict with two: src/** of one takes in src/a.py of two" in words(after_one)


def test_a_check_is_shown_with_its_witness_where_the_reason_does_not_hold_it() -> None:
    made = planned(task("one", "db/a", reads=["src/*.py"]), task("two", "src/a*"))
    witness = made.pair("one", "two").witness
    note = f"! check with one: one reads src/*.py, which two may write ({witness})"
    assert note in words(shown(made))


def test_a_sequential_advice_names_its_rule_and_the_change() -> None:
    tasks = [task(f"t{i}", "package.json", f"src/{i}/**") for i in range(3)]
    text = words(shown(planned(*tasks)))
    assert "Advice: sequential (width_below_two)." in text
    assert "Would help most: Give package.json to t0 alone: width 1 -> 3." in text


def test_guessed_sizes_are_called_a_guess() -> None:
    assert "a guess for every task" in shown(planned(task("one"), task("two")))
    assert "a guess for some tasks" in shown(planned(task("one", size=1), task("two")))
    assert "guess" not in shown(planned(task("one", size=1), task("two", size=1)))


def test_long_lists_are_counted() -> None:
    tasks = [task("wide", "src/**", priority=1), *(task(f"t{i}", f"src/{i}") for i in range(3))]
    tasks.append(task("last", *(f"lib/{i}" for i in range(20)), reads=["src/2"]))
    assert "lib/7 and 12 more" in words(shown(planned(*tasks)))
    many = [task(f"t{i}", f"src/{i}") for i in range(9)]
    text = words(shown(planned(*many, task("wide", "src/**", priority=-1))))
    assert text.count("x conflict with") == 5
    assert "and 4 more like these" in text


# --- what a terminal can take ---

HOSTILE = st.text(
    alphabet=st.sampled_from("ab c-/日本語é\u0301😀\n\t\x1b\u202e\u200b#\"<>&`[]|'"), max_size=90
)


@st.composite
def plans_drawn(draw: st.DrawFn) -> Planned:
    tasks = draw(tasks_drawn(5))
    goal, check, setup = draw(HOSTILE), draw(st.none() | HOSTILE), draw(st.none() | HOSTILE)
    renamed = [
        Task(**{**t.as_dict(), "title": draw(HOSTILE), "check": draw(st.none() | HOSTILE)})
        for t in tasks
    ]
    made = planned(*(Task.from_dict(t.as_dict()) for t in renamed), check=check, setup=setup)
    return Planned(
        type(made.plan)(goal, made.plan.tasks, check, setup),
        made.pairs,
        made.schedule,
        made.advice,
    )


@given(plans_drawn(), st.integers(40, 120))
def test_no_line_is_wider_than_asked_and_nothing_unprintable_gets_through(
    made: Planned, width: int
) -> None:
    matrix = matrix_text([t.id for t in made.plan.tasks], made.pairs, width)
    text = f"{shown(made, width)}{plan_form(made.shown, width)}\n{matrix}"
    for line in text.split("\n"):
        assert cells(line) <= width
        assert not re.search("[\x00-\x1f\x7f\u202e\u200b]", line)


def test_every_wave_task_and_command_of_a_large_plan_is_in_the_document() -> None:
    tasks = [task(f"task-{i}", check=f"make check-{i}") for i in range(120)]
    text = plan_document(planned(*tasks).shown)
    assert all(f"  task-{i} " in text and f"      make check-{i}\n" in text for i in range(120))
    assert text.count("~~~text\n") == 2
    assert "120 task-119" in text
    assert "```mermaid\ngraph LR\n" in text


@pytest.mark.parametrize("count", [1, 2, 24, 25, 60, 61, 200])
def test_a_plan_of_any_size_stays_within_some_screens(count: int) -> None:
    shared = [task(f"t{i}", f"lib/{i}", "lib/all.py", check=f"make {i}") for i in range(4)]
    tasks = [*shared, *(task(f"t{i}", check=f"make {i}") for i in range(4, count))][:count]
    text = shown(planned(*tasks))
    assert len(text.splitlines()) < 360
    told = set(re.findall(r"^  (t\d+) ", text, re.MULTILINE))
    counted = re.findall(r"^(?:  and (\d+) more|\d+ more waves? with (\d+) tasks?):", text, re.M)
    assert len(told) + sum(int(a or b) for a, b in counted) >= count
    assert (count > 60) == ("_tasks/proposal.md has all" in text)


def test_a_large_plan_has_a_line_for_each_task_and_one_for_its_notes() -> None:
    tasks = [task(f"t{i}", size=i + 1, title="日本語のとても長い題名" * 9) for i in range(30)]
    tasks += [task("last", "src/t1.py", "src/t2.py", depends_on=["t0"])]
    block = shown(planned(*tasks)).split("\n\n")[2]
    lines = block.splitlines()
    assert lines[0] == "wave 2: 1 task"
    assert lines[1] == "  last  Title of last  src/t1.py +1"
    assert lines[2].startswith("        after t0; x conflict with t1: both may write src/t1.py")
    assert len(lines) == 3
    assert all(cells(line) <= 80 for line in shown(planned(*tasks)).splitlines())


# --- what the user is to decide ---


def doubtful() -> Planned:
    return planned(task("one", size=9), task("two", reads=["src/one.py"], size=9), check="make")


def test_a_doubtful_pair_is_put_before_the_user_with_both_outcomes() -> None:
    text = words(shown(doubtful()))
    assert (
        "Yours to accept or not: 1 check pair ! one + two: two reads src/one.py, which one may "
        "write accepted: they can run at once, as shown above not accepted: the first is "
        "completed before the second starts" in text
    )
    assert "Yours to accept" not in shown(planned(task("one"), task("two")))


def test_the_first_three_lines_of_a_form_say_what_is_decided() -> None:
    """A client shows no more of them, however large its terminal is."""
    assert plan_form(doubtful().shown).splitlines()[:3] == [
        f"Plan {doubtful().shown.plan.id}: Goal",
        "2 tasks, 1 wave, 2 at once, at best 2.0x; 1 check pair",
        "Advice: parallel. Runs 1 command. Table: above, and in _tasks/proposal.md",
    ]


def test_a_form_is_short_whatever_the_plan_and_keeps_what_is_decided() -> None:
    tasks = [task(f"t{i}", reads=["src/t0.py"], check="make") for i in range(200)]
    text = plan_form(planned(*tasks).shown)
    assert len(text.splitlines()) < 40
    assert "Yours to accept or not: 199 check pairs" in text
    assert "Commands that will run:" in text


def test_the_strategy_is_one_of_three_with_the_reason_for_one() -> None:
    text = words(shown(doubtful()))
    assert "Strategy: A worktree is recommended: each agent builds and tests in a tree" in text
    assert all(option in text for option in ("A worktree:", "B branch:", "C files:"))


def test_a_command_is_shown_in_full_with_its_spaces_and_line_ends() -> None:
    command = "sh -c '" + "x  y " * 40 + "\n rm -rf build'"
    text = shown(planned(task("one", check=command)))
    block = text[text.index("check of one:\n") :].split("\n\n")[0].split("\n")[1:]
    assert "".join(line[6:] for line in block) == command.replace("\n", "\\n")


def test_a_command_cannot_hide_behind_escape_sequences() -> None:
    text = shown(planned(task("one", check="make \x1b[8mevil\u202e\x1b[0m")))
    assert "make \\x1b[8mevil\\u202e\\x1b[0m" in text


def test_a_long_id_has_a_line_of_its_own() -> None:
    text = shown(planned(task("a" * 64), task("b")), 40)
    assert "  " + "a" * 38 + "\n  " + "a" * 26 + "\n" in text


def test_a_width_too_small_to_read_is_taken_as_forty() -> None:
    made = planned(task("one"), task("two"))
    assert shown(made, 3) == shown(made, 40)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("ｱ", 1), ("\uff21", 2), ("😀", 2), ("a\u200db", 2)],
)
def test_columns_are_counted_as_terminals_do(text: str, columns: int) -> None:
    assert cells(text) == columns


@given(HOSTILE, st.integers(5, 30))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())
    assert all(cells(line) <= width for line in lines)
    pieces = broken(text, width)
    assert all(cells(piece) <= width for piece in pieces)
    assert cells(cut(text.replace("\n", ""), width)) <= width


def test_cutting_and_padding_count_columns() -> None:
    assert cut("日本語日本語", 9) == "日本語..."
    assert cut("short", 9) == "short"
    assert pad("日本", 6) == "日本  "


# --- matrix and graph ---


def test_the_matrix_shows_each_level_and_both_directions() -> None:
    made = planned(
        task("first", "x"),
        task("second", depends_on=["first"]),
        task("third", "x/y"),
        task("fourth", reads=["x/z"]),
    )
    assert (
        matrix_text([t.id for t in made.plan.tasks], made.pairs)
        == """\
         1 2 3 4
1 first    > x ?
2 second <   . .
3 third  x .   .
4 fourth ? . .

. independent, ? check, x conflict, > before, < after
"""
    )


def test_a_wide_matrix_is_cut_into_blocks_of_columns() -> None:
    made = planned(*(task(f"task-number-{i}") for i in range(60)))
    text = matrix_text([t.id for t in made.plan.tasks], made.pairs)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert len(re.findall(r"^60 task-number-59", text, re.MULTILINE)) == 3
    assert text.count(".") == 60 * 59 + 1


def test_of_a_matrix_too_wide_the_independent_tasks_are_left_out_first() -> None:
    made = planned(*(task(f"t{i}") for i in range(30)), task("x", "src/t3.py"))
    lines = matrix_block([t.id for t in made.plan.tasks], made.pairs)
    assert lines == [
        "Every two tasks:",
        "     1 2",
        "1 t3   x",
        "2 x  x",
        ". independent, ? check, x conflict, > before, < after",
        "left out: 29 tasks, independent of every other",
    ]


def test_a_matrix_that_still_does_not_fit_is_left_to_the_document() -> None:
    made = planned(*(task(f"t{i}", "src/all.py") for i in range(30)))
    told = " ".join(matrix_block([t.id for t in made.plan.tasks], made.pairs))
    assert told == "The matrix of 30 tasks is too wide for here: _tasks/proposal.md has it."
    apart = planned(*(task(f"t{i}") for i in range(30)))
    ids = [t.id for t in apart.plan.tasks]
    assert matrix_block(ids, apart.pairs) == ["Every two tasks are independent."]
    assert matrix_block(["alone"], ()) == []


def test_the_graph_in_mermaid_has_waves_nodes_and_edges() -> None:
    made = planned(
        task("maker", creates=["login()"], title='The "core" <b>`x`</b>'),
        task("user", uses=["login()"]),
        task("next", depends_on=["maker"]),
    )
    assert (
        mermaid(made.plan, made.schedule)
        == """\
graph LR
  subgraph wave1["wave 1"]
    t1["maker<br>The #quot;core#quot; #lt;b#gt;#96;x#96;#lt;/b#gt;"]
  end
  subgraph wave2["wave 2"]
    t2["user<br>Title of user"]
    t3["next<br>Title of next"]
  end
  t1 --> t3
  t1 -->|"login()"| t2
"""
    )


@given(plans_drawn())
def test_nothing_in_a_title_can_leave_its_node(made: Planned) -> None:
    for line in mermaid(made.plan, made.schedule).splitlines():
        assert "`" not in line
        assert re.fullmatch(
            r'graph LR|  subgraph wave\d+\["wave \d+"\]|    t\d+\["[^"<>]*<br>[^"<>]*"\]|  end'
            r'|  t\d+ -->(\|"[^"<>]*"\|)? t\d+',
            line,
        )
