"""The demo as people start it: one whole run that is kept, one that leaves nothing, and bad ends.

Servers inherit standard error from the demo. So where `communicate` returns, which waits until the
last holder has closed it, no server is left.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from git_scratch import git, write
from parallel_agents.demo.history import Holding, collisions, holdings
from parallel_agents.demo.story import Granted

PLUGIN = Path(__file__).resolve().parent.parent
LIMIT = 150.0
"""Seconds that a run may take here, where other tests run beside it."""

TASKS = {
    *("auth-passwords", "auth-sessions", "billing-invoices", "billing-money"),
    *("checkout", "notify-receipts", "notify-templates"),
}
ALL_DONE = "7 completed / 7 total (0 in progress, 0 failed)"
HISTORY_LINE = re.compile(r"- \S+ #(\d+) (\w+) (\{.*\})")


@dataclass(frozen=True)
class Told:
    """What a run of the demo left: its exit status, its words, its files."""

    status: int
    out: str
    err: str
    root: Path
    """The scratch repository, where it was kept."""
    spare: Path
    """Where the run made its temporary folders."""

    @property
    def lines(self) -> list[str]:
        """Standard output, line by line."""
        return self.out.splitlines()

    @property
    def flowing(self) -> str:
        """Standard output with every run of spaces and line ends as one space."""
        return " ".join(self.out.split())

    def history(self, task: str) -> list[tuple[int, str, dict[str, Any]]]:
        """(revision, kind, data) of each change of a task, from the archived run."""
        (page,) = self.root.glob(f"_tasks/history/*/completed/{task}.md")
        found = map(HISTORY_LINE.fullmatch, page.read_text(encoding="utf-8").splitlines())
        return [(int(m[1]), m[2], json.loads(m[3])) for m in found if m]


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "parallel_agents", "demo", *arguments]


def demo(folder: Path, *arguments: str, server: Path = PLUGIN / "server") -> Told:
    """Run the demo to its end, with `folder` for its temporary files."""
    spare = folder / "temporary files"
    spare.mkdir()
    home = folder / "home"
    home.mkdir()
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(spare), "PYTHONPATH": str(server)}
    done = subprocess.run(
        words(*arguments), env=env, cwd=folder, capture_output=True, text=True, timeout=LIMIT
    )
    return Told(done.returncode, done.stdout, done.stderr, folder / "kept hier drüben", spare)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run of three agents whose repository is kept, in a path with spaces and an umlaut."""
    return demo(tmp_path_factory.mktemp("kept"), "--keep", "kept hier drüben")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The figures of a run of two agents that keeps nothing."""
    told = demo(tmp_path_factory.mktemp("figures"), "--agents", "2", "--json")
    assert told.status == 0, told.err
    assert list(told.spare.iterdir()) == []
    figures: dict[str, Any] = json.loads(told.out)
    return figures


# ------------------------------------------------------------------ what a run shows


def test_the_demo_ends_with_time_and_progress_line(kept: Told) -> None:
    assert (kept.status, kept.err) == (0, ""), kept.out[-2000:]
    assert re.fullmatch(r"\d+\.\d s", kept.lines[-2])
    assert kept.lines[-1] == ALL_DONE


def test_what_is_shown_fits_eighty_columns_without_colour(kept: Told) -> None:
    assert [line for line in kept.lines if len(line) > 80] == []
    assert kept.out.replace("\n", "").isprintable()


def test_the_plan_is_shown_with_the_pair_that_must_not_run_at_once(kept: Told) -> None:
    plan, _, _ = kept.flowing.partition("Nothing starts before your yes.")
    assert "x conflict with notify-templates: both may write shop/settings.py" in plan


def test_nothing_starts_before_the_yes(kept: Told) -> None:
    before, yes, after = kept.flowing.partition("answers: approve, strategy worktree")
    assert yes
    assert "REFUSED: [not_approved]" in before
    assert "REFUSED: No plan is approved in this repository" in before
    assert " claims auth-sessions (token" in after
    assert " claims auth-sessions (token" not in before


def test_progress_is_told_as_it_changes(kept: Told) -> None:
    told = re.findall(r"(\d) completed / 7 total \((\d) in progress, (\d) failed\)", kept.out)
    done = [int(completed) for completed, _, _ in told]
    assert done == sorted(done)
    assert max(int(at_work) for _, at_work, _ in told) >= 2
    # The failed task is free for the others at once, so the lead may or may not see it in between.
    assert {failed for _, _, failed in told} <= {"0", "1"}


def test_a_trespass_is_refused_by_the_hook_with_holder_and_task(kept: Told) -> None:
    logged = (kept.root / "_tasks" / ".hooklog").read_text(encoding="utf-8").splitlines()
    (denial,) = [json.loads(line) for line in logged]
    _, _, claimed = kept.history("auth-sessions")[0]
    holder, trespasser = claimed["agent"], denial["agent"]
    assert (denial["kind"], denial["tool"], denial["path"]) == (
        "denied",
        "Edit",
        "shop/settings.py",
    )
    assert holder != trespasser
    said = f"shop/settings.py is held by agent {name(holder)} (session {holder[:8]})"
    shown = rf"{name(trespasser)} tries to edit shop/settings.py\. REFUSED: {re.escape(said)}"
    assert re.search(shown, kept.flowing)
    assert denial["reason"].startswith(said)
    assert "mine!" not in git(kept.root, "log", "--all", "--patch")


def test_unfinished_work_is_not_called_completed(kept: Told) -> None:
    assert "REFUSED: [uncommitted]" in kept.flowing


def test_a_failed_task_is_completed_by_another_agent(kept: Told) -> None:
    history = kept.history("billing-invoices")
    turns = [(kind, name(data["agent"])) for _, kind, data in history if kind != "prepared"]
    (_, first), failed, (_, second), completed = turns
    assert (failed, completed) == (("failed", first), ("completed", second))
    assert first != second
    assert f"billing-invoices was tried by {first}, then by {second}" in kept.flowing


# ------------------------------------------------------------------ what a run leaves


def test_every_task_is_in_the_history_with_its_proof(kept: Told) -> None:
    pages = list(kept.root.glob("_tasks/history/*/completed/*.md"))
    assert {page.stem for page in pages} == TASKS
    for task in TASKS:
        _, kind, data = kept.history(task)[-1]
        assert kind == "completed"
        assert data["check"]["exit_code"] == 0
    live = [kept.root / "_tasks" / state for state in ("available", "claimed", "failed", "blocked")]
    assert [page for folder in live for page in folder.iterdir()] == []


def test_agents_are_known_by_what_the_hook_says(kept: Told) -> None:
    claims = [data for task in TASKS for _, kind, data in kept.history(task) if kind == "claimed"]
    assert all(claim["verified"] for claim in claims)
    assert {name(claim["agent"]) for claim in claims} == {"a1", "a2", "a3"}


def test_no_two_claims_ever_held_a_file_at_once(kept: Told) -> None:
    def turn(task: str) -> tuple[int, int]:
        history = kept.history(task)
        return history[0][0], history[-1][0]

    (one, one_end), (other, other_end) = turn("auth-sessions"), turn("notify-templates")
    assert one_end < other or other_end < one


def test_every_result_is_merged_into_main(kept: Told) -> None:
    merges = git(kept.root, "log", "--first-parent", "--merges", "--format=%s", "main")
    assert {line.split()[1].rstrip(":") for line in merges.splitlines()} == TASKS
    for task in TASKS:
        commit = kept.history(task)[-1][2]["commit"]
        git(kept.root, "merge-base", "--is-ancestor", commit, "main")
    assert git(kept.root, "rev-list", "--max-parents=0", "--format=%s", "main").endswith("parts")


def test_the_suite_passes_where_it_failed_before(kept: Told) -> None:
    suite = [sys.executable, "-B", "-m", "unittest"]
    now = subprocess.run(suite, cwd=kept.root, capture_output=True, text=True)
    assert now.returncode == 0, now.stderr
    assert "in a scratch repository: Ran 16 tests" in kept.flowing
    assert "FAILED (failures=3, errors=12)" in kept.flowing
    git(
        kept.root, "checkout", "--quiet", "--detach", git(kept.root, "rev-list", "main").split()[-1]
    )
    then = subprocess.run(suite, cwd=kept.root, capture_output=True, text=True)
    git(kept.root, "checkout", "--quiet", "main")
    assert then.returncode == 1


def test_no_work_tree_no_folder_and_no_unmerged_branch_is_left(kept: Told) -> None:
    assert git(kept.root, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(kept.root, "branch", "--no-merged", "main") == ""
    assert git(kept.root, "status", "--porcelain") == ""
    assert {p.name for p in kept.root.parent.iterdir()} == {kept.root.name, kept.spare.name, "home"}
    assert list(kept.spare.iterdir()) == []


def test_the_home_folder_is_not_touched(kept: Told) -> None:
    assert kept.status == 0
    assert list((kept.root.parent / "home").iterdir()) == []


def test_a_kept_repository_can_be_worked_in(kept: Told) -> None:
    write(kept.root, {"shop/more.py": "MORE = True\n"})
    git(kept.root, "add", "shop/more.py")
    git(kept.root, "commit", "--quiet", "--message=more")
    status = [sys.executable, "-m", "parallel_agents", "-C", str(kept.root), "status"]
    done = subprocess.run(status, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No plan runs in this repository.")


# ------------------------------------------------------------------ the figures


def test_the_figures_of_a_run_are_one_object(figures: dict[str, Any]) -> None:
    assert figures["ok"] is True
    assert figures["progress"] == ALL_DONE
    assert figures["problems"] == []
    assert sum(figures["claims"].values()) == len(TASKS) + 1
    assert set(figures["claims"]) == {"a1", "a2"}
    assert set(figures["merged"]) == TASKS
    assert sorted(figures["retries"]["billing-invoices"]) == ["a1", "a2"]
    assert figures["suite"].endswith("OK")
    assert 0 < figures["seconds"] < LIMIT
    assert figures["kept"] is None


def test_the_figures_name_every_refusal(figures: dict[str, Any]) -> None:
    codes = [refusal["code"] for refusal in figures["refusals"]]
    assert codes[:2] == ["not_approved", "hook"]
    assert {"files_held", "uncommitted"} < set(codes)
    hooks = [r["what"] for r in figures["refusals"] if r["code"] == "hook"]
    assert hooks == ["starts a parallel-agents:worker", "tries to edit shop/settings.py"]


# ------------------------------------------------------------------ when it goes wrong


def test_a_guard_that_lets_everything_through_is_found_out(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    for folder in ("hooks", "server"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PLUGIN / folder, plugin / folder, ignore=skip)
    guard = plugin / "hooks" / "guard.sh"
    text = guard.read_text().replace("what=$1\n", 'what=$1\n[ "$what" = edit ] && exit 0\n', 1)
    guard.write_text(text)
    told = demo(tmp_path, server=plugin / "server")
    assert told.status == 1
    assert re.search(r"What is wrong: - a\d could write shop/settings\.py, which", told.flowing)
    assert list(told.spare.iterdir()) == []


def test_an_interrupted_demo_takes_its_servers_and_files_with_it(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        words(), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if " claims auth-sessions " in line:
                break
        assert list(tmp_path.iterdir()) != []
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=LIMIT)
    assert (running.returncode, err.strip()) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_a_package_without_hooks_says_where_the_demo_can_be_seen(tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "server" / "parallel_agents", tmp_path / "parallel_agents")
    told = demo(tmp_path, server=tmp_path)
    assert (told.status, told.out) == (3, "")
    assert told.err.startswith("[no_hooks] This parallel-agents was installed without")
    assert "make demo" in told.err


@pytest.mark.parametrize("number", ["1", "9"])
def test_a_number_of_agents_that_shows_nothing_is_refused(tmp_path: Path, number: str) -> None:
    told = demo(tmp_path, "--agents", number)
    assert (told.status, told.out) == (3, "")
    assert told.err.startswith("[bad_number_of_agents] The demo runs with 2 to 8 agents")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"mine/notes.txt": "keep me"})
    told = demo(tmp_path, "--keep", "mine")
    assert told.status == 3
    assert told.err.startswith("[folder_not_empty]")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_file_cannot_be_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"mine": "a file"})
    told = demo(tmp_path, "--keep", "mine")
    assert told.status == 3
    assert told.err.startswith("[unusable_folder]")


# ------------------------------------------------------------------ the verdict on the claims


def held(task: str, agent: str, granted: int, ended: int, *files: str) -> Holding:
    return Holding(task, f"s/{agent}", files or (f"{task}.py",), granted, ended)


def verdict(*record: Holding) -> list[str]:
    """What is found where the agents saw the same claims as the record."""
    return list(collisions(record, [Granted(h.task, h.agent, h.granted, 0) for h in record]))


def test_claims_side_by_side_and_in_turn_are_as_they_should_be() -> None:
    assert (
        verdict(
            held("x", "a1", 1, 4),
            held("y", "a2", 2, 3),
            held("y", "a2", 5, 8),
            held("x", "a1", 6, 7),
        )
        == []
    )


def test_one_task_held_twice_is_found() -> None:
    (found,) = verdict(held("x", "a1", 1, 3), held("x", "a2", 2, 4))
    assert found == "s/a1 had x and s/a2 had x at once."


def test_one_agent_with_two_claims_is_found() -> None:
    (found,) = verdict(held("x", "a1", 1, 3), held("y", "a1", 2, 4))
    assert found == "s/a1 had x and s/a1 had y at once."


def test_two_claims_on_one_file_are_found() -> None:
    (found,) = verdict(held("x", "a1", 1, 3, "src/**"), held("y", "a2", 2, 4, "src/b.py"))
    assert found == "s/a1 had x and s/a2 had y at once, and both may write src/b.py."


def test_a_claim_that_only_the_agent_or_only_the_record_knows_is_found() -> None:
    record, told = [held("x", "a1", 1, 2)], [Granted("x", "s/a2", 1, 0)]
    assert len(list(collisions(record, told))) == 2


def test_the_record_is_read_from_the_pages_of_the_tasks(kept: Told) -> None:
    (run,) = (kept.root / "_tasks" / "history").iterdir()
    found = holdings(run)
    assert len(found) == len(TASKS) + 1
    assert [h.granted for h in found] == sorted(h.granted for h in found)
    assert all(h.granted < h.ended for h in found)


def name(key: str) -> str:
    return key.partition("/")[2]
