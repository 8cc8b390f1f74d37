"""Tests of `cli`: the road from plan to merge, what ends with which exit status, and how quick."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import PLAN, PROGRAM, CommandLine, Ran, at_terminal, snapshot
from git_scratch import git
from parallel_agents import __version__, cli
from parallel_agents.demo import Figures
from parallel_agents.verbs import status as status_verb

VERBS = (
    *("plan", "approve", "status", "merge", "recover", "claim", "release", "fail"),
    *("demo", "doctor", "serve"),
)


@pytest.fixture
def pa(capsys: pytest.CaptureFixture[str], repository: Path) -> CommandLine:
    """The command line in a repository without a plan."""
    return CommandLine(capsys, repository)


@pytest.fixture
def elsewhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> CommandLine:
    """The command line in a folder that is no repository."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return CommandLine(capsys, folder)


def refused(ran: Ran, code: str, status: int = 3) -> None:
    """Whether it was refused as people are told: code, sentence, and the next step on its line."""
    assert (ran.status, ran.out) == (status, ""), ran
    assert ran.code == code, ran.err
    lines = ran.err.rstrip("\n").split("\n")
    assert len(lines[0]) > len(f"[{code}] ")
    assert lines[-1].startswith("Next: ")
    assert "Traceback" not in ran.err


# ---------------------------------------------------------------------- the road


@pytest.mark.parametrize("name", ["plain", "Grüße aus Köln"])
def test_the_whole_road_ends_with_tested_work_on_the_target(
    capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path, name: str
) -> None:
    root = repository.rename(tmp_path / name)
    pa = CommandLine(capsys, root)
    plan = pa.propose()
    assert f"parallel-agents approve {plan}" in pa("status").out
    assert pa("approve", plan, "--yes").status == 0
    for agent, task in (("a1", "alpha"), ("a2", "beta"), ("a1", "gamma")):
        pa.complete(agent, task)
    assert pa("status").out.startswith("3 completed / 3 total (0 in progress, 0 failed)\n")
    merged = pa("merge", "--yes")
    assert merged.status == 0
    assert merged.out.startswith("Merged 3 tasks into main: ")
    assert "alpha, beta, gamma" in merged.out
    assert "passed in" in merged.out
    assert (root / "src" / "gamma.txt").read_text() == "new\n"
    assert git(root, "status", "--porcelain") == ""
    assert pa("status").out.startswith("No plan runs in this repository.\n")


def test_a_claim_shows_where_to_work_and_how_to_end_it(pa: CommandLine) -> None:
    plan = pa.start()
    claimed = pa("claim", "--agent", "a1").out
    assert claimed.startswith("Claimed alpha with token ")
    assert f"branch    parallel/{plan}/agent-1/alpha" in claimed
    assert "Put a line into src/alpha.txt." in claimed
    assert "parallel-agents release alpha --agent a1 --token " in claimed
    assert pa("claim", "--agent", "a1").out.startswith("You hold alpha with token ")


def test_nothing_to_claim_is_an_answer_and_not_a_refusal(pa: CommandLine) -> None:
    pa.start()
    pa.claim("a1", "alpha")
    pa.claim("a2", "beta")
    ran = pa("claim", "--agent", "a3")
    assert ran.status == 0
    assert ran.out.startswith("Nothing to claim (waiting). ")
    answer = pa.done("claim", "--agent", "a3")
    assert not answer["claimed"]
    assert answer["reason"] == "waiting"


def test_work_can_be_given_back_and_failed_and_put_back(pa: CommandLine) -> None:
    pa.start()
    token, _ = pa.claim("a1", "beta")
    assert (
        "given back" in pa("release", "beta", "--agent", "a1", "--token", token, "--returned").out
    )
    for agent in ("a1", "a2"):
        token, _ = pa.claim(agent, "beta")
        failed = pa("fail", "beta", "--agent", agent, "--token", token, "--reason", "no idea")
    assert failed.out.startswith("Task beta is blocked after 2 failures")
    assert "2 failures: no idea" in pa("status").out
    assert pa("recover", "beta", "--yes").out == "Task beta is available now.\n"
    assert (
        pa("recover", "beta", "--yes").out
        == "Task beta is available already; nothing was changed.\n"
    )


def test_a_repeated_approval_changes_nothing(pa: CommandLine) -> None:
    plan = pa.start()
    before = snapshot(pa.root)
    again = pa("approve", plan)
    assert again.status == 0
    assert again.out.startswith(f"Plan {plan} was approved before: strategy worktree")
    assert snapshot(pa.root) == before


def test_a_plan_can_come_from_standard_input(
    pa: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "given.yaml"
    file.write_text(PLAN)
    with file.open(encoding="utf-8") as given:
        monkeypatch.setattr(sys, "stdin", given)
        assert pa("plan", "-").out.startswith("Plan p")


def test_commands_work_from_sub_directories_and_linked_work_trees(pa: CommandLine) -> None:
    plan = pa.start()
    _, tree = pa.claim("a1", "alpha")
    folder = pa.root / "deep" / "er"
    folder.mkdir(parents=True)
    for place in (folder, tree):
        pa.root = place
        assert pa.done("status")["run"] == plan


def test_a_claim_leaves_the_callers_own_work_tree_alone(pa: CommandLine, tmp_path: Path) -> None:
    pa.start()
    own = tmp_path / "own"
    git(pa.root, "worktree", "add", "--quiet", "-b", "mine", str(own))
    pa.root = own
    _, tree = pa.claim("a1")
    assert tree != own
    assert git(own, "symbolic-ref", "--short", "HEAD") == "mine"


def test_options_may_stand_before_and_after_the_command(
    pa: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = pa.start()
    root = str(pa.root)
    for words in (["--json", "-C", root, "status"], ["status", "--json", "-C", root]):
        assert cli.main(words) == 0
        assert json.loads(capsys.readouterr().out)["run"] == plan


def test_a_file_is_looked_for_where_the_command_works(pa: CommandLine) -> None:
    (pa.root / "plan.yaml").write_text(PLAN)
    assert pa("plan", "plan.yaml").status == 0


# ---------------------------------------------------------------------- merging


def test_a_dry_run_shows_what_would_be_merged_and_moves_nothing(pa: CommandLine) -> None:
    pa.start()
    pa.complete("a1", "alpha")
    before = snapshot(pa.root)
    ran = pa("merge", "--dry-run")
    assert ran.out.startswith("Would merge 1 task into main")
    assert "gamma (available)" in ran.out
    assert snapshot(pa.root) == before


def test_only_and_leave_out_choose_what_is_merged(pa: CommandLine) -> None:
    pa.start()
    for task in ("alpha", "beta"):
        pa.complete("a1", task)
    assert pa.done("merge", "--dry-run", "--only", "alpha")["merged"] == ["alpha"]
    left = pa.done("merge", "--yes", "--leave-out", "alpha")
    assert (left["merged"], left["left_out"]) == (["beta"], ["alpha"])


def test_what_is_merged_is_shown_as_merged_and_not_merged_again(pa: CommandLine) -> None:
    pa.start()
    pa.complete("a1", "alpha")
    pa.done("merge", "--yes")
    assert "alpha  completed  merged" in pa("status").out
    refused(pa("merge", "--yes"), "nothing_completed")


def test_a_conflict_needs_a_person_and_moves_nothing(pa: CommandLine) -> None:
    pa.start()
    pa.complete("a1", "alpha")
    pa.complete("a2", "beta")
    (pa.root / "src").mkdir()
    (pa.root / "src" / "alpha.txt").write_text("something else\n")
    git(pa.root, "add", "--all")
    git(pa.root, "commit", "--quiet", "--message", "meanwhile")
    before = snapshot(pa.root)
    shown = pa("merge", "--dry-run")
    assert (shown.status, shown.err) == (4, "")
    assert "would stop" in shown.out
    ran = pa("merge", "--yes")
    refused(ran, "merge_conflict", 4)
    assert "src/alpha.txt" in ran.err
    assert "--leave-out alpha" in ran.err
    assert snapshot(pa.root) == before


def test_a_red_check_needs_a_person_and_moves_nothing(pa: CommandLine) -> None:
    pa.start(PLAN.replace('check: "true"', "check: test ! -e src/alpha.txt"))
    pa.complete("a1", "alpha")
    before = snapshot(pa.root)
    refused(pa("merge", "--yes"), "check_failed", 4)
    assert snapshot(pa.root) == before


def test_a_dirty_target_is_refused_at_the_merge(pa: CommandLine) -> None:
    pa.start()
    pa.complete("a1", "alpha")
    (pa.root / "src").mkdir()
    (pa.root / "src" / "alpha.txt").write_text("not committed\n")
    before = snapshot(pa.root)
    refused(pa("merge", "--yes"), "dirty_target")
    assert snapshot(pa.root) == before
    assert (pa.root / "src" / "alpha.txt").read_text() == "not committed\n"


# ---------------------------------------------------------------------- bad input


RUNNING = {
    "a claim of an unknown task": ("claim nope --agent a9", "unknown_task", 3),
    "a claim of a held task": ("claim alpha --agent a9", "held", 3),
    "a claim of a task that waits": ("claim gamma --agent a9", "waits_for", 3),
    "a release of an unknown task": ("release nope --agent a1 --token 1", "unknown_task", 3),
    "a release with a stale token": ("release alpha --agent a1 --token 999", "stale_token", 3),
    "a release by somebody else": ("release alpha --agent a9 --token {token}", "not_your_claim", 3),
    "a release without work": ("release beta --agent a2 --token {other}", "nothing_done", 3),
    "a return with a stale token": (
        "release alpha --agent a1 --token 999 --returned",
        "stale_token",
        3,
    ),
    "a failure of an unknown task": (
        "fail nope --agent a1 --token 1 --reason x",
        "unknown_task",
        3,
    ),
    "a failure with a stale token": (
        "fail alpha --agent a1 --token 9 --reason x",
        "stale_token",
        3,
    ),
    "a recovery of an unknown task": ("recover nope --yes", "unknown_task", 3),
    "a recovery that nobody agreed to": ("recover alpha", "user_decides", 4),
    "a merge while agents work": ("merge --yes", "still_claimed", 3),
    "a merge of an unknown task": ("merge --yes --only nope", "unknown_task", 3),
    "a merge without an unknown task": ("merge --yes --leave-out nope", "unknown_task", 3),
    "a merge of unfinished work": ("merge --yes --only alpha", "nothing_completed", 3),
    "an approval of an unknown plan": ("approve p00000000 --yes", "no_proposal", 3),
    "a plan file that is not there": ("plan nowhere.yaml", "unreadable_plan", 3),
}


@pytest.mark.parametrize("case", RUNNING)
def test_what_cannot_be_done_is_refused_and_changes_nothing(pa: CommandLine, case: str) -> None:
    command, code, status = RUNNING[case]
    pa.start()
    token, _ = pa.claim("a1", "alpha")
    other, _ = pa.claim("a2", "beta")
    words = command.format(token=token, other=other).split()
    before = snapshot(pa.root)
    refused(pa(*words), code, status)
    in_json = pa(*words, "--json")
    assert (in_json.status, in_json.err) == (status, "")
    error = in_json.json["error"]
    assert list(error) == ["code", "sentence", "next_step", "rev"]
    assert error["code"] == code
    assert error["sentence"]
    assert error["next_step"]
    assert snapshot(pa.root) == before


BAD_PLANS = {
    "a misspelt key": (PLAN.replace("instructions", "instrutions", 1), "unknown_key"),
    "an empty file set": (PLAN.replace("[src/alpha.txt]", "[]", 1), "empty_files"),
    "a cycle": (
        PLAN.replace("    check: test", "    depends_on: [gamma]\n    check: test"),
        "cycle",
    ),
    "a path that leads out": (PLAN.replace("src/alpha.txt]", "../alpha.txt]"), "bad_path"),
    "an unknown dependency": (PLAN.replace("[alpha]", "[alhpa]"), "unknown_dependency"),
    "a list": ("- goal\n", "bad_value"),
    "nothing": ("", "unreadable_plan"),
    "bytes that are no text": ("goal: \udcff\n", "unreadable_plan"),
}


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_bad_plan_is_refused_and_records_nothing(pa: CommandLine, case: str) -> None:
    text, code = BAD_PLANS[case]
    file = pa.root.parent / "plan.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = snapshot(pa.root)
    refused(pa("plan", str(file)), code)
    assert snapshot(pa.root) == before
    assert not (pa.root / "_tasks").exists()


EVERYWHERE = {
    "plan": "plan {plan}",
    "approve": "approve p1a2b3c4 --yes",
    "status": "status",
    "watch": "status --watch",
    "merge": "merge --yes",
    "dry run": "merge --dry-run",
    "recover": "recover alpha --yes",
    "claim": "claim --agent a1",
    "release": "release alpha --agent a1 --token 1",
    "fail": "fail alpha --agent a1 --token 1 --reason x",
}


@pytest.mark.parametrize("verb", EVERYWHERE)
def test_without_a_repository_every_command_says_so(
    elsewhere: CommandLine, tmp_path: Path, verb: str
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    words = EVERYWHERE[verb].format(plan=plan).split()
    refused(elsewhere(*words), "no_repository")
    assert list(elsewhere.root.iterdir()) == []


@pytest.mark.parametrize("verb", EVERYWHERE)
def test_in_a_bare_repository_every_command_says_so(
    elsewhere: CommandLine, tmp_path: Path, verb: str
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    git(elsewhere.root, "init", "--quiet", "--bare")
    before = sorted(elsewhere.root.rglob("*"))
    refused(elsewhere(*EVERYWHERE[verb].format(plan=plan).split()), "bare_repository")
    assert sorted(elsewhere.root.rglob("*")) == before


WITHOUT_COMMIT = {
    "plan": "empty_repository",
    "approve": "no_proposal",
    "merge": "no_plan",
    "dry run": "no_plan",
    "recover": "no_plan",
    "claim": "no_plan",
    "release": "no_plan",
    "fail": "no_plan",
}


@pytest.mark.parametrize("verb", WITHOUT_COMMIT)
def test_in_an_empty_repository_nothing_can_start(
    elsewhere: CommandLine, tmp_path: Path, verb: str
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    git(elsewhere.root, "init", "--quiet")
    refused(elsewhere(*EVERYWHERE[verb].format(plan=plan).split()), WITHOUT_COMMIT[verb])
    assert not (elsewhere.root / "_tasks").exists()


def test_uncommitted_work_in_a_tasks_files_is_refused_at_the_approval(pa: CommandLine) -> None:
    plan = pa.propose()
    (pa.root / "src").mkdir()
    (pa.root / "src" / "alpha.txt").write_text("mine\n")
    before = snapshot(pa.root)
    ran = pa("approve", plan, "--yes")
    refused(ran, "dirty_files")
    assert "src/alpha.txt" in ran.err
    assert snapshot(pa.root) == before


def test_an_approval_of_a_plan_that_changed_since_is_refused(pa: CommandLine) -> None:
    old = pa.propose()
    new = pa.propose(PLAN.replace("better", "good"))
    before = snapshot(pa.root)
    ran = pa("approve", old, "--yes")
    refused(ran, "plan_changed")
    assert new in ran.err
    assert snapshot(pa.root) == before


def test_nothing_can_be_claimed_before_the_approval(pa: CommandLine) -> None:
    plan = pa.propose()
    ran = pa("claim", "--agent", "a1")
    refused(ran, "not_approved")
    assert ran.err.endswith(f"Next: run `parallel-agents approve {plan}`.\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("approve {plan}", "approval_needed"),
        ("merge", "needs_yes"),
        ("recover beta", "user_decides"),
    ],
)
def test_without_a_terminal_a_persons_decision_needs_yes(
    pa: CommandLine, words: str, code: str
) -> None:
    plan = pa.propose()
    if not words.startswith("approve"):
        pa.done("approve", plan, "--yes")
        pa.complete("a1", "alpha")
    if words.startswith("recover"):
        pa.claim("a2", "beta")
    before = snapshot(pa.root)
    ran = pa(*words.format(plan=plan).split())
    refused(ran, code, 4)
    assert "--yes" in ran.err
    assert snapshot(pa.root) == before


# ---------------------------------------------------------------------- usage and defects


MISUSED = [
    "",
    "nonsense",
    "claim",
    "claim --agent a/b",
    "claim --ag a1",
    "release alpha --agent a1",
    "release alpha --agent a1 --token x",
    "fail alpha --agent a1 --token 1",
    "approve p1 --strategy nonsense",
    "recover alpha --to claimed",
    "status extra",
    "status --json --watch",
    "serve --http nowhere",
    "demo --agents many",
]


@pytest.mark.parametrize("words", MISUSED)
def test_wrong_usage_is_a_sentence_with_the_next_step(pa: CommandLine, words: str) -> None:
    if "--json" not in words:
        refused(pa(*words.split()), "usage", 2)
    assert pa(*words.split(), "--json").json["error"]["code"] == "usage"


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_explains_itself_with_an_example(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert cli.main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"example: parallel-agents {verb}" in shown
    assert "--json" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_help_names_every_command_and_the_version_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"    {verb} " in shown for verb in VERBS)
    assert max(map(len, shown.splitlines())) <= 80
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"parallel-agents {__version__}\n"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `status` with a defect."""

    def run(*_: object) -> int:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(status_verb, "run", run)


@pytest.mark.usefixtures("broken")
def test_a_defect_is_one_sentence(pa: CommandLine) -> None:
    ran = pa("status")
    refused(ran, "defect", 1)
    assert "ZeroDivisionError: of ours" in ran.err
    assert pa("status", "--json").json["error"]["code"] == "defect"


@pytest.mark.usefixtures("broken")
def test_a_defect_shows_where_on_demand(pa: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cli.DEBUG, "1")
    ran = pa("status")
    assert ran.status == 1
    assert "Traceback" in ran.err


def test_an_interrupted_command_ends_without_a_traceback(
    pa: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(status_verb, "run", run)
    assert pa("status") == Ran(130, "", "\n")


def test_a_closed_pipe_is_no_error(pa: CommandLine) -> None:
    with subprocess.Popen(
        (*PROGRAM, "status"), cwd=pa.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_deleted_directory_is_a_refusal(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    here = f"import os, sys; os.rmdir({str(gone)!r}); from parallel_agents.cli import main; "
    done = subprocess.run(
        (sys.executable, "-c", here + "sys.exit(main(['status']))"),
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    refused(Ran(done.returncode, done.stdout, done.stderr), "no_directory")


# ---------------------------------------------------------------------- processes


def test_text_survives_an_output_that_knows_only_ascii(pa: CommandLine) -> None:
    pa.start(PLAN.replace("Make it better", "Für Köln"))
    done = subprocess.run(
        (*PROGRAM, "status"),
        cwd=pa.root,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"F\\xfcr K\\xf6ln" in done.stdout


def test_nothing_that_a_terminal_would_obey_reaches_it(pa: CommandLine) -> None:
    pa.start(PLAN.replace("Write beta", '"\\e[31mWrite beta"'))
    assert "\x1b" not in pa("claim", "beta", "--agent", "a1").out


LOADED = "import sys; from parallel_agents.cli import main; main({words!r}); print(*sys.modules)"


@pytest.mark.parametrize(
    ("words", "not_loaded"),
    [
        (["--version"], {"mcp", "rich", "pydantic", "git", "parallel_agents.coordinator"}),
        (["status"], {"mcp", "rich", "pydantic"}),
    ],
)
def test_a_command_loads_no_more_than_it_needs(
    pa: CommandLine, words: list[str], not_loaded: set[str]
) -> None:
    done = subprocess.run(
        (sys.executable, "-c", LOADED.format(words=words)),
        cwd=pa.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not not_loaded & set(done.stdout.splitlines()[-1].split())


def test_the_server_ends_when_its_client_goes(pa: CommandLine) -> None:
    done = subprocess.run(
        (*PROGRAM, "serve"), cwd=pa.root, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_demo_tells_its_story_beside_the_answer(
    pa: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(agents: int, keep: Path | None) -> Figures:
        sys.stdout.write(f"{agents} agents at work\n")
        return Figures(agents, kept=keep)

    monkeypatch.setattr("parallel_agents.demo.play", play)
    told = pa("demo", "--agents", 4, "--keep", "here")
    assert (told.status, told.out, told.err) == (0, "4 agents at work\n", "")
    asked = pa("demo", "--json", "--keep", "here")
    assert asked.err == "3 agents at work\n"
    assert asked.json["kept"] == str(pa.root / "here")


def test_a_server_for_other_machines_is_refused(pa: CommandLine) -> None:
    refused(pa("serve", "--http", "0.0.0.0:8000"), "not_loopback")


DOUBTFUL = PLAN.replace(
    "files: [src/beta.txt]", "files: [src/beta.txt]\n    reads: [src/alpha.txt]"
)


@pytest.mark.parametrize("accept", [True, False])
def test_without_a_terminal_check_pairs_run_in_order_unless_accepted_by_name(
    pa: CommandLine, accept: bool
) -> None:
    plan = pa.propose(DOUBTFUL)
    ran = pa("approve", plan, "--yes", *(["--accept-checks"] if accept else []))
    assert ran.status == 0
    told = "in order:\n  alpha, then beta\n" in ran.out
    assert (told, "as you accepted: 1." in ran.out) == (not accept, accept)
    assert pa.done("status")["waiting"] == (["gamma"] if accept else ["beta", "gamma"])
    again = pa.done("approve", plan, "--yes", "--accept-checks")
    assert (again["again"], again["accepted_pairs"]) == (True, int(accept))


def test_accepting_checks_alone_is_no_yes(pa: CommandLine) -> None:
    ran = pa("approve", pa.propose(DOUBTFUL), "--accept-checks")
    assert (ran.status, ran.code) == (4, "approval_needed")


# ---------------------------------------------------------------------- at a terminal


def test_at_a_terminal_the_plan_is_shown_and_enter_takes_the_advised_strategy(
    pa: CommandLine,
) -> None:
    plan = pa.propose()
    with at_terminal("approve", plan, cwd=pa.root) as terminal:
        terminal.wait_for("Enter takes worktree: ")
        assert "Put a line" not in terminal.seen
        assert "src/alpha.txt" in terminal.seen
        assert "test -s src/alpha.txt" in terminal.seen
        terminal.type("\n")
        terminal.wait_for(f"Approve plan {plan} with strategy worktree? [y/N] ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert pa.done("status")["strategy"] == "worktree"


def test_at_a_terminal_another_strategy_can_be_chosen(pa: CommandLine) -> None:
    plan = pa.propose()
    with at_terminal("approve", plan, cwd=pa.root) as terminal:
        terminal.wait_for("Enter takes worktree: ")
        terminal.type("fiels\n")
        terminal.wait_for("Please answer a, b, c, worktree, branch, files, or just Enter.")
        terminal.wait_for("Enter takes worktree: ")
        terminal.type("files\n")
        terminal.wait_for("with strategy files? [y/N] ")
        terminal.type("yes\n")
        assert terminal.end() == 0
    assert pa.done("status")["strategy"] == "files"


@pytest.mark.parametrize(("answer", "waiting"), [("y\n", ["gamma"]), ("\n", ["beta", "gamma"])])
def test_at_a_terminal_check_pairs_are_asked_about_by_themselves(
    pa: CommandLine, answer: str, waiting: list[str]
) -> None:
    plan = pa.propose(DOUBTFUL)
    with at_terminal("approve", plan, "--strategy", "files", cwd=pa.root) as terminal:
        terminal.wait_for("Accept that 1 check pair run at once? No: they run in order. [y/N] ")
        assert "! alpha + beta: beta reads src/alpha.txt" in terminal.seen
        terminal.type(answer)
        terminal.wait_for("with strategy files? [y/N] ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert pa.done("status")["waiting"] == waiting


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04"])
def test_at_a_terminal_anything_but_yes_is_no(pa: CommandLine, answer: str) -> None:
    plan = pa.propose()
    before = snapshot(pa.root)
    with at_terminal("approve", plan, "--strategy", "files", cwd=pa.root) as terminal:
        terminal.wait_for("with strategy files? [y/N] ")
        terminal.type(answer)
        assert terminal.end() == 4
        assert "[not_approved_by_user]" in terminal.seen
    assert snapshot(pa.root) == before


def test_at_a_terminal_a_merge_is_shown_before_it_is_made(pa: CommandLine) -> None:
    pa.start()
    pa.complete("a1", "alpha")
    before = snapshot(pa.root)
    with at_terminal("merge", cwd=pa.root) as terminal:
        terminal.wait_for("Merge into main? [y/N] ")
        assert "Would merge 1 task into main" in terminal.seen
        terminal.type("n\n")
        assert terminal.end() == 4
    assert snapshot(pa.root) == before
    with at_terminal("merge", cwd=pa.root) as terminal:
        terminal.wait_for("Merge into main? [y/N] ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert (pa.root / "src" / "alpha.txt").exists()


def test_at_a_terminal_a_claim_is_taken_back_only_after_a_yes(pa: CommandLine) -> None:
    pa.start()
    pa.claim("a1", "alpha")
    with at_terminal("recover", "alpha", cwd=pa.root) as terminal:
        terminal.wait_for("Put alpha back as available? Unfinished work is saved first. [y/N] ")
        assert "is held by a1" in terminal.seen
        terminal.type("y\n")
        assert terminal.end() == 0
    assert pa.done("status")["ready"] == ["alpha", "beta"]


def test_at_a_terminal_the_live_view_goes_on_until_the_run_is_over(pa: CommandLine) -> None:
    plan = pa.start()
    with at_terminal("status", "--watch", cwd=pa.root) as terminal:
        terminal.wait_for("0 completed / 3 total (0 in progress, 0 failed)")
        for task in ("alpha", "beta", "gamma"):
            pa.complete("a1", task)
        terminal.wait_for("3 completed / 3 total (0 in progress, 0 failed)")
        pa.done("merge", "--yes")
        assert terminal.end() == 0
        assert f"The run {plan} is over" in terminal.seen


def test_at_a_terminal_the_live_view_can_be_interrupted(pa: CommandLine) -> None:
    pa.start()
    with at_terminal("status", "--watch", cwd=pa.root) as terminal:
        terminal.wait_for("0 completed / 3 total")
        terminal.wait_for("Next: ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen


# ---------------------------------------------------------------------- watching without one


def test_without_a_terminal_each_change_is_a_line(
    pa: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = pa.start()
    shown = []

    def go_on() -> Iterator[None]:
        pa.claim("a1", "beta")
        yield
        yield
        for task in ("beta", "alpha", "gamma"):
            pa.complete("a1", task)
        yield
        pa.done("merge", "--yes")
        yield

    going = go_on()

    def pause() -> None:
        shown.append(capsys.readouterr().out)
        next(going)
        capsys.readouterr()

    monkeypatch.setattr(status_verb, "pause", pause)
    assert cli.main(["-C", str(pa.root), "status", "--watch"]) == 0
    shown.append(capsys.readouterr().out)
    lines = [[line.partition(" ")[2] for line in part.splitlines()] for part in shown]
    assert lines[0] == ["0 completed / 3 total (0 in progress, 0 failed)"]
    assert lines[1] == [
        "beta: available -> claimed by a1 (cli)",
        "0 completed / 3 total (1 in progress, 0 failed)",
    ]
    assert lines[2] == []
    assert "gamma: available -> completed" in lines[3]
    assert shown[4] == f"The run {plan} is over; its files are in _tasks/history/.\n"


def test_watching_without_a_run_is_a_sentence(pa: CommandLine) -> None:
    ran = pa("status", "--watch")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "No plan runs in this repository.")


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "p12345678", "--yes"),
        ("claim", "--agent", "a"),
        ("release", "one", "--agent", "a", "--token", "3"),
        ("fail", "one", "--agent", "a", "--token", "3", "--reason", "r"),
        ("merge", "--yes"),
        ("recover", "one", "--yes"),
        ("end", "--yes"),
    ],
)
def test_a_shell_of_the_client_gives_no_persons_word(
    pa: CommandLine, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    ran = pa(*words)
    assert (ran.status, ran.code) == (3, "inside_the_client")
    assert "a terminal of their own" in ran.err


def test_a_run_is_ended_by_a_persons_word(pa: CommandLine) -> None:
    assert pa("end", "--yes").code == "no_plan"
    plan = pa.start()
    ran = pa("end")
    assert (ran.status, ran.code) == (4, "needs_yes")
    assert pa.done("status")["run"] == plan
    ended = pa.done("end", "--yes")
    assert ended["progress"] == "0 completed / 3 total (0 in progress, 0 failed)"
    assert (pa.root / "_tasks" / "history" / plan / "plan.md").exists()
    assert pa("end", "--yes").code == "no_plan"
