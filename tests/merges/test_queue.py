"""The merge queue: who is to blame, what is offered, and that only what was tested lands."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import copy
from dataclasses import replace
from pathlib import Path

import git_scratch as scratch
import pytest
from git_scratch import commit, git
from parallel_agents.coordination.journal import Journal
from parallel_agents.coordination.selection import Request, outside_claims, select
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.stops import Choice, Reason, Stop, outside_stop
from parallel_agents.core.commands import Answer, Command
from parallel_agents.core.errors import NeedsPerson, NotNow, ParallelAgentsError, Unusable
from parallel_agents.core.model import Strategy
from parallel_agents.store.folder import FolderStore

from merges.bench import Bench

EIGHT = tuple(f"t{number}" for number in range(1, 9))


def stopped(bench: Bench, **chosen: tuple[str, ...]) -> Stop:
    """Why a merge stops; nothing may have moved."""
    before = scratch.state(bench.root)
    stop = bench.coordinator.prove(**chosen)  # type: ignore[arg-type]
    assert stop is not None
    assert scratch.state(bench.root) == before
    assert len(git(bench.root, "worktree", "list").splitlines()) == 1
    return stop


def refused(bench: Bench, **arguments: object) -> ParallelAgentsError:
    before = scratch.state(bench.root)
    with pytest.raises(ParallelAgentsError) as refusal:
        bench.coordinator.merge(**arguments)  # type: ignore[arg-type]
    assert scratch.state(bench.root) == before
    return refusal.value


# ---------------------------------------------------------------------- blame


def test_one_bad_branch_of_eight_is_named_and_the_survivors_land_without_another_run(
    bench: Bench,
) -> None:
    bench.begin(*EIGHT, bad="t3")
    bench.complete_all(*EIGHT)
    before = bench.runs

    stop = stopped(bench)

    assert (stop.reason, stop.tasks) == (Reason.RED, ("t3",))
    assert "Task t3 (Do t3) fails alone. Without it the other 7 pass together." in stop.sentence
    assert "t3 cannot be together" in stop.sentence
    # The tip twice, three to bisect, the culprit alone, the survivors; the base was known.
    assert stop.runs == bench.runs - before == 7
    assert f"The check was run {stop.runs} times." in stop.sentence
    assert stop.option("leave_out").tasks == ("t3",)
    assert stop.option("prefix").tasks == ("t1", "t2")

    runs = bench.runs
    report = bench.coordinator.decide(stop, Choice.LEAVE_OUT)
    assert bench.runs == runs
    assert (report.suite_runs, report.left_out) == (0, ("t3",))
    assert bench.files() == {f"{name}.txt" for name in EIGHT if name != "t3"}


def test_a_bad_pair_of_eight_is_named_as_a_pair(bench: Bench) -> None:
    bench.begin(*EIGHT, bad="t2 t6")
    bench.complete_all(*EIGHT)
    before = bench.runs

    stop = stopped(bench)

    assert stop.tasks == ("t6", "t2")
    assert "Task t6 (Do t6) fails only together with t2 (Do t2)" in stop.sentence
    assert "Without it the other 7 pass together" in stop.sentence
    assert stop.runs == bench.runs - before
    assert stop.runs <= 12
    # Either of the two can be left out.
    report = bench.coordinator.merge(leave_out=["t2"])
    assert len(report.merged) == 7


def test_where_two_are_bad_the_first_is_named_and_that_there_is_another(bench: Bench) -> None:
    bench.begin(*EIGHT, bad="t2\nt7")
    bench.complete_all(*EIGHT)

    stop = stopped(bench)
    assert stop.tasks == ("t2",)
    assert "still fail: another one is to blame" in stop.sentence
    second = stopped(bench, leave_out=("t2",))
    assert second.tasks == ("t7",)


def test_what_rests_on_the_culprit_is_left_out_with_it(bench: Bench) -> None:
    bench.begin("low", "high", "other", bad="low", after={"high": ("low",)})
    bench.complete_all("low", "high", "other")

    stop = stopped(bench)

    assert stop.tasks == ("low",)
    assert stop.option("leave_out").tasks == ("low", "high")
    assert bench.coordinator.decide(stop, "leave_out").merged == ("other",)


def test_a_target_that_fails_by_itself_blames_nobody(bench: Bench) -> None:
    bench.begin("one", "two", check=None)
    bench.complete_all("one", "two")
    commit(bench.root, {"bad": "README"}, "the user breaks it")
    git(bench.root, "mv", "README.md", "README.txt")
    git(bench.root, "commit", "--quiet", "--message", "the user breaks it")
    # A plan without a check lands untested; with one, the base decides.
    bench.coordinator.end()
    bench.begin("three", bad="README")
    bench.complete("three")

    stop = stopped(bench)

    assert (stop.reason, stop.tasks) == (Reason.BASE, ())
    assert "No task is to blame" in stop.sentence
    assert [o.choice for o in stop.options] == [Choice.GIVE_UP]


def test_the_base_is_checked_once_before_anybody_works(bench: Bench) -> None:
    plan_id = bench.begin("one")
    assert bench.runs == 1
    again = bench.coordinator.approve(plan_id, None, "test")
    assert (again.again, bench.runs) == (True, 1)
    assert again.base_check is not None
    assert again.base_check.is_green


def test_a_base_that_fails_is_told_at_the_approval(bench: Bench) -> None:
    bench.begin("one", bad="one")
    bench.coordinator.end()
    commit(bench.root, {"one.txt": "there already"})
    plan_id = bench.begin("two", bad="one")

    told = bench.coordinator.approve(plan_id, None, "test").base_check

    assert told is not None
    assert not told.is_green
    assert "one cannot be together" in told.result.tail


def test_a_check_that_fails_and_then_passes_is_flaky_and_not_green(bench: Bench) -> None:
    # The first run is that of the base.
    bench.begin("one", extra="if number == 2: sys.exit('now and then')")
    bench.complete("one")

    stop = stopped(bench)

    assert (stop.reason, bench.runs) == (Reason.FLAKY, 3)
    assert "now and then" in stop.sentence
    assert bench.coordinator.merge().merged == ("one",)  # anew, and it passes


def test_a_check_that_changes_tracked_files_has_passed_on_something_else(bench: Bench) -> None:
    bench.begin("one", extra="number > 1 and pathlib.Path('README.md').write_text('new')")
    bench.complete("one")

    stop = stopped(bench)

    assert stop.reason is Reason.CHANGED
    assert "README.md" in stop.sentence


def test_a_setup_that_fails_is_told_as_what_it_is(bench: Bench) -> None:
    bench.begin("one", setup="sh -c 'test ! -e one.txt'")
    bench.complete("one")

    stop = stopped(bench)

    assert stop.reason is Reason.RED
    assert "setup command" in stop.sentence


def test_work_in_one_tree_is_bisected_by_its_commits(bench: Bench) -> None:
    bench.begin("one", "two", "three", bad="two", strategy=Strategy.FILES)
    for name in ("one", "two", "three"):
        claim = bench.claim(name)
        (bench.root / f"{name}.txt").write_text(name)
        bench.release(claim)

    stop = stopped(bench)

    assert stop.tasks == ("two",)
    assert [o.choice for o in stop.options] == [Choice.GIVE_UP]


# ---------------------------------------------------------------------- what lands


def test_the_same_files_are_not_tested_twice(bench: Bench) -> None:
    bench.begin("one", "two")
    bench.complete("one")
    assert bench.coordinator.prove(only=["one"]) is None
    runs = bench.runs

    report = bench.coordinator.merge(only=["one"])

    assert bench.runs == runs
    assert (report.suite_runs, report.merged) == (0, ("one",))
    assert report.canary is not None


def test_a_target_that_moves_while_it_is_tested_is_planned_anew(bench: Bench) -> None:
    meanwhile = (
        "if number == 2: import subprocess; subprocess.run(['git', '-C', "
        f"{str(bench.root)!r}, 'commit', '--quiet', '--allow-empty', '--message=meanwhile'])"
    )
    bench.begin("one", extra=meanwhile)
    bench.complete("one")

    report = bench.coordinator.merge()

    assert git(bench.root, "log", "-1", "--format=%s", report.old) == "meanwhile"
    assert git(bench.root, "rev-parse", f"{bench.main()}^1") == report.old
    assert report.suite_runs == 0  # the same files as before


def test_a_target_that_nobody_has_checked_out_moves_alone(bench: Bench) -> None:
    bench.begin("one")
    bench.complete("one")
    git(bench.root, "switch", "--quiet", "--create", "elsewhere")
    scratch.write(bench.root, {"mine": "the user's"})
    status = git(bench.root, "status", "--porcelain")

    assert bench.coordinator.merge().merged == ("one",)

    assert bench.files() == {"one.txt"}
    assert git(bench.root, "status", "--porcelain") == status
    assert not (bench.root / "one.txt").exists()


def test_an_ignored_file_of_the_users_is_not_destroyed_by_one_that_an_agent_committed(
    bench: Bench,
) -> None:
    bench.begin("one", files={"one": ("one.txt", ".env")}, base={".gitignore": ".env\n"})
    bench.complete("one", {"one.txt": "1", ".env": "SECRET=agents\n"})
    (bench.root / ".env").write_text("SECRET=mine\n")

    refusal = refused(bench)

    assert refusal.code == "dirty_target"
    assert ".env" in refusal.sentence
    assert (bench.root / ".env").read_text() == "SECRET=mine\n"
    (bench.root / ".env").unlink()
    assert bench.coordinator.merge().merged == ("one",)


def test_a_result_outside_its_claim_stops_and_is_listed(bench: Bench) -> None:
    bench.begin("one", "two")
    bench.complete_all("one", "two")
    site = Site(bench.coordinator.repository, bench.coordinator.store)
    chosen = bench.coordinator.store.read(lambda view: select(view, Request()))
    assert outside_claims(site, chosen) == ()
    one = copy(chosen.records[0])
    assert one.completed is not None
    one.completed = replace(one.completed, data={**one.completed.data, "files": ["other.txt"]})

    found = outside_claims(site, replace(chosen, records=(one, chosen.records[1])))

    assert found == (("one", ("one.txt",)),)
    stop = outside_stop(chosen, found)
    assert (stop.reason, stop.tasks) == (Reason.OUTSIDE, ("one",))
    assert "one: one.txt" in stop.sentence


def test_merges_are_signed_where_the_user_signs_and_stop_where_the_key_is_locked(
    bench: Bench, tmp_path: Path
) -> None:
    bench.begin("one")
    bench.complete("one")
    signer = tmp_path / "signer"
    signer.write_text("#!/bin/sh\necho the key is locked >&2\nexit 2\n")
    signer.chmod(0o755)
    git(bench.root, "config", "commit.gpgSign", "true")
    git(bench.root, "config", "gpg.program", str(signer))

    refusal = refused(bench)
    assert isinstance(refusal, Unusable)
    assert refusal.code == "signing_failed"
    assert "terminal" in refusal.next_step

    signer.write_text('#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho SIGNED\n')
    bench.coordinator.merge()
    assert "gpgsig SIGNED" in git(bench.root, "cat-file", "commit", bench.main())


def test_hooks_of_the_user_do_not_run_and_do_not_stop_a_merge(bench: Bench) -> None:
    bench.begin("one")
    bench.complete("one")
    for name in ("pre-commit", "pre-merge-commit", "commit-msg", "post-merge", "post-checkout"):
        hook = bench.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {bench.root}/hooked\nexit 1\n")
        hook.chmod(0o755)

    assert bench.coordinator.merge().merged == ("one",)
    assert not os.path.lexists(bench.root / "hooked")


def test_an_order_with_fewer_conflicts_first_names_the_one_that_conflicts_most(
    bench: Bench,
) -> None:
    bench.begin("a", "b", "c", files={"a": ("f.txt", "g.txt")})
    early = [bench.claim_early("b"), bench.claim_early("c")]
    bench.complete("a", {"f.txt": "a\n", "g.txt": "a\n"})
    bench.complete_late(early[0], {"f.txt": "b\n"})
    bench.complete_late(early[1], {"g.txt": "c\n"})

    report = bench.coordinator.merge(dry_run=True)

    pairs = {frozenset((one, other)) for one, other, _ in report.conflicts}
    assert pairs == {frozenset("ab"), frozenset("ac")}
    assert report.stop is not None
    assert report.stop.tasks[0] == "a"
    assert bench.coordinator.merge(leave_out=["a"]).merged == ("b", "c")


# ---------------------------------------------------------------------- what was shown


def test_a_merge_after_a_dry_run_is_for_exactly_what_was_shown(bench: Bench) -> None:
    bench.begin("one", "two")
    bench.complete("one")
    bench.coordinator.merge(dry_run=True)
    bench.complete("two")

    refusal = refused(bench)
    assert refusal.code == "changed_since_dry_run"
    assert "two was completed since" in refusal.sentence

    bench.coordinator.merge(dry_run=True)
    commit(bench.root, {"user.txt": "meanwhile\n"})
    assert "is at" in refused(bench).sentence

    bench.coordinator.merge(dry_run=True)
    assert bench.coordinator.merge(leave_out=["two"]).merged == ("one",)
    # What was shown has landed: the rest is free of it.
    assert bench.coordinator.merge().merged == ("two",)


# ---------------------------------------------------------------------- the check must see the tree


@pytest.fixture
def environment(tmp_path: Path, bench: Bench) -> Path:
    """A virtual environment of the user's in which their checkout is installed as editable."""
    place = tmp_path / "venv"
    words = (sys.executable, "-m", "venv", "--without-pip", str(place))
    subprocess.run(words, check=True, capture_output=True)
    (site,) = place.glob("lib/*/site-packages")
    (site / "__editable__.shop.pth").write_text(f"{bench.root / 'src'}\n")
    return place / "bin" / "python"


PROJECT: dict[str, str | None] = {
    "src/shop/__init__.py": "",
    "src/shop/price.py": "def price():\n    return 1\n",
    "tests/test_price.py": (
        "import unittest\nfrom shop.price import price\n\n"
        "class Price(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(price(), 1)\n"
    ),
}
BROKEN = {"src/shop/price.py": "def price():\n    return 'broken'\n"}


def test_an_editable_install_gives_no_false_green(bench: Bench, environment: Path) -> None:
    check = f"{environment} -m unittest discover tests"
    bench.begin("one", files={"one": ("src/**",)}, base=PROJECT, check=check)
    bench.complete("one", BROKEN)

    stop = stopped(bench)

    # The suite passes on broken work: it has imported the user's own checkout.
    assert stop.reason is Reason.BLIND
    assert "src/shop/price.py" in stop.sentence or "source file" in stop.sentence
    assert "editable install" in stop.sentence


def test_a_check_that_installs_the_tree_under_test_sees_the_work(
    bench: Bench, environment: Path
) -> None:
    check = f"env PYTHONPATH=src {environment} -m unittest discover tests"
    bench.begin("one", "two", files={"one": ("src/**",)}, base=PROJECT, check=check)
    bench.complete("one", BROKEN)
    bench.complete("two")
    assert stopped(bench).tasks == ("one",)

    report = bench.coordinator.merge(leave_out=["one"])

    assert report.canary is not None
    assert report.canary.startswith("proven")


def test_a_check_that_is_right_as_it_is_lands_by_the_users_word(
    bench: Bench, environment: Path
) -> None:
    bench.begin("one", files={"one": ("src/**",)}, base=PROJECT, check="test -d src")
    bench.complete("one", {"src/shop/price.py": "def price():\n    return 1 + 0\n"})
    stop = stopped(bench)
    assert stop.reason is Reason.BLIND

    assert bench.coordinator.decide(stop, "anyway").merged == ("one",)


def test_where_nothing_can_be_broken_the_report_says_so(bench: Bench) -> None:
    commit(bench.root, {"notes.md": "x\n"})
    bench.begin("one", check="test -e notes.md")
    git(bench.root, "rm", "--quiet", "suite.py")
    git(bench.root, "commit", "--quiet", "--message", "no program here")
    bench.complete("one")

    report = bench.coordinator.merge()

    assert report.canary is not None
    assert report.canary.startswith("not proven")


# ---------------------------------------------------------------------- what the user chooses


def conflicting(bench: Bench) -> Stop:
    bench.begin("one", "two", "three", files={"one": ("one.txt", "both.txt")})
    early = bench.claim_early("two")
    bench.complete("one", {"one.txt": "1\n", "both.txt": "one\n"})
    bench.complete_late(early, {"two.txt": "2\n", "both.txt": "two\n"})
    bench.complete("three")
    return stopped(bench)


def test_a_conflict_says_why_and_offers_what_works(bench: Bench) -> None:
    stop = conflicting(bench)

    assert stop.tasks == ("two", "one")
    assert "Both tasks had both.txt in their claims, one after the other" in stop.sentence
    assert "Both create both.txt." in stop.sentence
    assert [o.choice for o in stop.options] == ["leave_out", "later", "agent", "give_up"]
    told = stop.error()
    assert (told.code, type(told)) == ("merge_conflict", NeedsPerson)
    assert '`leave_out: ["two"]`' in told.next_step


def test_later_merges_the_rest_and_has_the_other_done_again_on_top(bench: Bench) -> None:
    report = bench.coordinator.decide(conflicting(bench), "later")

    assert set(report.merged) == {"one", "three"}
    assert report.reopened == ("two",)
    claim = bench.claim("two")
    assert claim.start == bench.main()
    bench.complete_late(claim, {"both.txt": "one\ntwo\n", "two.txt": "2\n"})
    assert bench.coordinator.merge().archived


def test_an_agent_settles_a_conflict_as_the_user_said_once_they_have_approved_it(
    bench: Bench,
) -> None:
    stop = conflicting(bench)
    main = bench.main()

    report = bench.coordinator.decide(stop, "agent", "both lines, one first")

    assert (report.merged, bench.main()) == ((), main)
    assert report.proposal is not None
    text = bench.coordinator.proposed(report.proposal).text
    assert "settles the conflict of one, two" in text
    with pytest.raises(ParallelAgentsError):  # nobody starts before the user's yes
        bench.claim("settle-two")
    bench.coordinator.approve(report.proposal, None, "test")
    task = bench.coordinator.store.read(lambda v: v.records["settle-two"].task)  # type: ignore[index]
    assert set(task.files) == {"both.txt", "one.txt", "two.txt"}
    assert "both lines, one first" in task.instructions
    claim = bench.claim("settle-two")
    assert git(bench.root, "show", f"{claim.start}:both.txt") == "one"

    # A result that has lost the other side is not taken.
    bench.commit(claim, {"both.txt": "only mine\n"})
    with pytest.raises(ParallelAgentsError) as refusal:
        bench.release(claim)
    assert refusal.value.code == "not_joined"

    two = bench.coordinator.store.read(lambda v: v.records["two"].commit)  # type: ignore[index]
    bench.commit(claim, {"both.txt": "one\ntwo\n", "two.txt": "2\n"}, str(two))
    bench.release(claim)
    landed = bench.coordinator.merge()

    assert landed.archived
    assert set(landed.merged) == {"settle-two", "three"}
    assert set(landed.already_in) == {"one", "two"}
    assert git(bench.root, "show", "main:both.txt") == "one\ntwo"


def test_without_instructions_no_task_is_made(bench: Bench) -> None:
    stop = conflicting(bench)
    with pytest.raises(ParallelAgentsError) as refusal:
        bench.coordinator.decide(stop, "agent", "  ")
    assert refusal.value.code == "no_instructions"


def test_the_green_prefix_lands_by_the_users_word_only(bench: Bench) -> None:
    bench.begin(*EIGHT[:4], bad="t3")
    bench.complete_all(*EIGHT[:4])
    stop = stopped(bench)

    report = bench.coordinator.decide(stop, "prefix")

    assert report.merged == ("t1", "t2")
    assert bench.files() == {"t1.txt", "t2.txt"}


def test_giving_up_changes_nothing_and_an_unknown_choice_is_refused(bench: Bench) -> None:
    stop = conflicting(bench)
    before = scratch.state(bench.root)
    for choice, code in (("give_up", "merge_given_up"), ("rebase", "no_such_choice")):
        with pytest.raises(ParallelAgentsError) as refusal:
            bench.coordinator.decide(stop, choice)
        assert refusal.value.code == code
    assert scratch.state(bench.root) == before


def test_a_conflict_settled_by_hand_on_the_target_counts(bench: Bench) -> None:
    stop = conflicting(bench)
    bench.coordinator.merge(only=["one", "three"])
    two = bench.coordinator.store.read(lambda v: v.records["two"].commit)  # type: ignore[index]
    git(bench.root, "merge", "--quiet", str(two), check=False)
    scratch.write(bench.root, {"both.txt": "one\ntwo\n"})
    git(bench.root, "commit", "--quiet", "--all", "--message", "by hand")

    report = bench.coordinator.merge()

    assert (report.merged, report.already_in, report.archived) == ((), ("two",), True)
    assert "git merge" in stop.option("give_up").says


# ---------------------------------------------------------------------- the journal


def test_there_is_nothing_to_resume_where_nothing_was_cut_off(bench: Bench) -> None:
    bench.begin("one")
    bench.complete("one")
    assert refused(bench, resume=True).code == "nothing_to_resume"


def test_a_journal_that_cannot_be_read_stops_with_the_way_on(bench: Bench) -> None:
    bench.begin("one")
    bench.complete("one")
    path = bench.root / ".git" / "parallel-agents" / "merge.json"
    for content in ("", "{}", '{"version": 99}', "[]"):
        path.write_text(content)
        refusal = refused(bench)
        assert refusal.code == "journal_damaged"
        assert str(path) in refusal.sentence
    path.unlink()
    assert bench.coordinator.merge().merged == ("one",)


def test_a_refused_merge_leaves_no_journal(bench: Bench) -> None:
    bench.begin("one", "two", bad="two")
    bench.complete_all("one", "two")
    stopped(bench)
    with pytest.raises(NeedsPerson):
        bench.coordinator.merge()
    scratch.write(bench.root, {"one.txt": "in the way"})
    with pytest.raises(NotNow):
        bench.coordinator.merge(only=["one"])
    assert not (bench.root / ".git" / "parallel-agents" / "merge.json").exists()


@pytest.mark.parametrize("point", ["MarkMerged", "Archive", "clear"])
def test_a_merge_that_died_after_it_had_landed_is_ended_by_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    bench.begin("one", "two")
    bench.complete_all("one", "two")
    real = FolderStore.transact

    def dies(self: FolderStore, command: Command) -> tuple[Answer, int]:
        if type(command).__name__ == point:
            raise ZeroDivisionError
        return real(self, command)

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "transact", dies)
        if point == "clear":
            patch.setattr(Journal, "clear", lambda journal: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bench.coordinator.merge()
    landed = bench.main()
    assert bench.files() == {"one.txt", "two.txt"}

    if point == "clear":  # the run is put away: only the reply was lost
        with pytest.raises(NotNow) as told:
            bench.coordinator.merge()
        assert told.value.code == "merged_before"
        assert bench.coordinator.status().run is None
    else:
        report = bench.coordinator.merge()
        assert report.found is not None
        assert "had landed" in report.found
        assert report.archived
    assert bench.main() == landed
    assert not bench.coordinator.merge_was_cut_off()
