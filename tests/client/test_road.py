"""The whole road in the real client, walked twice: with strategy `files` in a mode in which the
client asks for leave, with strategy `worktree` in one in which it never does. Most holds for both.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from git_scratch import git

from client.project import FILES, PLAN, begin
from client.road import AFTERWARDS, SALTED, WORKERS, Road, walk_with_a_form, walk_without_a_form
from client.session import TOOLS, Session, World

pytestmark = pytest.mark.client

IN_FILES = pytest.mark.xdist_group("client: files")
IN_WORK_TREES = pytest.mark.xdist_group("client: work trees")

OUR_TOOLS = {
    *("propose_plan", "approve_plan", "claim_task", "extend_claim", "release_task"),
    *("fail_task", "recover_task", "list_status", "merge_branches"),
}


@dataclass(frozen=True)
class Walk:
    """A road and the session in which it was walked to its end."""

    road: Road
    session: Session

    def result(self, what: str) -> str:
        """What a call gave that was to go through."""
        result = self.road.results[what]
        assert not result.is_error, result.text
        return result.text

    def refusal(self, what: str) -> str:
        """Why a call was refused that was to be."""
        result = self.road.results[what]
        assert result.is_error, result.text
        return result.text


@pytest.fixture(scope="module")
def in_files(claude_bin: Path, plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The road without a form."""
    folder = tmp_path_factory.mktemp("files")
    world = World.prepare(claude_bin, plugin, folder / "world")
    road = Road(world, begin(folder / "repository"))
    return Walk(road, walk_without_a_form(road))


@pytest.fixture(scope="module")
def in_work_trees(claude_bin: Path, plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The road with a form, in a repository whose path has a space and an umlaut."""
    folder = tmp_path_factory.mktemp("trees")
    world = World.prepare(claude_bin, plugin, folder / "world")
    road = Road(world, begin(folder / "a repository für two"))
    return Walk(road, walk_with_a_form(road, "worktree"))


@pytest.fixture(
    params=[
        pytest.param("in_files", marks=IN_FILES),
        pytest.param("in_work_trees", marks=IN_WORK_TREES),
    ]
)
def walk(request: pytest.FixtureRequest) -> Walk:
    """Each of the two."""
    walked: Walk = request.getfixturevalue(request.param)
    return walked


# ---------------------------------------------------------------------- the plugin is there


def test_the_plugin_is_valid_to_the_strictest_of_the_client(claude_bin: Path, plugin: Path) -> None:
    done = subprocess.run(
        (claude_bin, "plugin", "validate", "--strict", plugin),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("conversation", ["main", *WORKERS])
def test_all_tools_are_offered_at_once_to_everybody(walk: Walk, conversation: str) -> None:
    assert {TOOLS + name for name in OUR_TOOLS} <= walk.road.first[conversation].tools


def test_the_client_lists_the_skill_and_the_worker(walk: Walk) -> None:
    opening = walk.session.opening
    assert "parallel-agents:parallel-agents" in opening["skills"]
    assert "parallel-agents:worker" in opening["agents"]
    assert "parallel-agents:parallel-agents" in walk.road.first["main"].text


# ---------------------------------------------------------------------- while no run is active


@IN_FILES
@pytest.mark.parametrize("what", ["write", "edit", "command", "status"])
def test_ordinary_work_is_never_in_the_way_without_a_run(in_files: Walk, what: str) -> None:
    in_files.result(f"ordinary {what}")


@IN_FILES
def test_ordinary_work_leaves_nothing_of_ours_behind(in_files: Walk) -> None:
    assert in_files.road.contents["state before a plan"] == "False"


@IN_FILES
def test_the_plugins_references_are_read_without_asking_the_user(in_files: Walk) -> None:
    assert "The lock protocol" in in_files.result("references/lock-protocol.md")


@IN_FILES
def test_other_files_outside_the_project_are_still_the_users_to_open(in_files: Walk) -> None:
    assert "haven't granted it" in in_files.refusal("CONTRIBUTING.md")


# ---------------------------------------------------------------------- before the user's yes


def test_no_worker_starts_before_the_users_yes(walk: Walk) -> None:
    refusal = walk.refusal("early worker")
    assert "No plan is approved" in refusal
    assert "approve_plan" in refusal


def test_nothing_can_be_claimed_before_the_users_yes(walk: Walk) -> None:
    assert "approve" in walk.refusal("early claim")


@IN_FILES
def test_where_no_form_can_be_shown_the_refusal_names_the_users_command(in_files: Walk) -> None:
    refusal = in_files.refusal("approval")
    assert f"bin/parallel-agents approve {in_files.road.status['run']}` in a terminal" in refusal
    assert "in a terminal" in refusal


@IN_FILES
def test_a_model_cannot_approve_through_a_shell(in_files: Walk) -> None:
    assert "for people and scripts" in in_files.refusal("approval by shell")
    in_files.refusal("still too early")


@IN_WORK_TREES
def test_the_form_shows_the_plan_and_asks_for_the_strategy(in_work_trees: Walk) -> None:
    form = json.loads((in_work_trees.road.world.folder / "form.json").read_text())
    assert all(task["title"] in form["message"] for task in PLAN["tasks"])
    assert set(form["requested_schema"]["properties"]) == {"approve", "strategy"}


@IN_WORK_TREES
def test_the_users_answer_approves_with_the_strategy_they_chose(in_work_trees: Walk) -> None:
    approved = json.loads(in_work_trees.result("approval"))
    assert approved["strategy"] == in_work_trees.road.status["strategy"] == "worktree"


# ---------------------------------------------------------------------- workers


def test_a_worker_runs_in_the_background_even_if_the_model_says_otherwise(walk: Walk) -> None:
    assert "Async agent launched" in walk.result("start of a worker")


def test_a_worker_is_told_at_its_start_who_it_is_and_what_to_do(walk: Walk) -> None:
    for name in WORKERS:
        first = walk.road.first[name]
        assert f"You are agent {first.agent} of session" in first.text
        assert f"1. Call {TOOLS}claim_task" in first.text


def test_two_workers_hold_different_tasks_under_the_ids_that_the_client_gave_them(
    walk: Walk,
) -> None:
    session = walk.session.opening["session_id"]
    holders = {f"{session}/{walk.road.first[name].agent}" for name in WORKERS}
    assert len(holders) == 2
    claimed = [task for task in walk.road.status["tasks"] if task["state"] == "claimed"]
    assert {task["agent"] for task in claimed} == holders
    for name in WORKERS:
        claim = walk.road.claims[name]
        assert claim["agent"] == f"{session}/{walk.road.first[name].agent}"
        assert claim["verified"] is True


def test_a_write_to_a_held_file_is_refused_with_its_holder_and_task(walk: Walk) -> None:
    refusal = walk.refusal("held file")
    theirs = walk.road.claims[WORKERS[1]]
    assert f"{theirs['files'][0]} is held by agent {walk.road.first[WORKERS[1]].agent}" in refusal
    assert f"task `{theirs['task_id']}`" in refusal
    again = walk.refusal("held file again")
    assert re.sub(r"\d+ min", "", again) == re.sub(r"\d+ min", "", refusal)


@pytest.mark.parametrize(
    "what", ["edit of a held file", "held file by shell", "unclaimed file", "state"]
)
def test_other_trespasses_are_refused_too(walk: Walk, what: str) -> None:
    assert "Next: " in walk.refusal(what)


def test_a_refused_call_changes_no_file(walk: Walk) -> None:
    found = {at: text for at, text in walk.road.contents.items() if ": " in at}
    assert {at.partition(": ")[2] for at in found} == FILES.keys()
    assert "sand" not in "".join(found.values())


@IN_FILES
def test_the_main_conversation_may_not_write_what_a_task_is_about_to_write(in_files: Walk) -> None:
    assert "belongs to task `soup`" in in_files.refusal("planned file")


@IN_FILES
def test_a_sub_agent_that_is_no_worker_starts_and_keeps_off_what_is_planned(in_files: Walk) -> None:
    in_files.result("another kind of sub-agent")
    assert "belongs to task `soup`" in in_files.refusal("planned file by a passer-by")
    in_files.result("other file by a passer-by")


def test_any_tool_call_of_a_holder_is_a_sign_of_life(walk: Walk) -> None:
    assert float(walk.road.contents["last sign of life"]) > 0


def test_a_worker_cannot_approve_through_a_shell(walk: Walk) -> None:
    assert "approve_plan" in walk.refusal("approval by a worker")


def test_a_worker_writes_its_own_files(walk: Walk) -> None:
    for name in WORKERS:
        walk.result(f"{name} writes")


@IN_WORK_TREES
def test_each_worker_has_a_work_tree_of_its_own(in_work_trees: Walk) -> None:
    road = in_work_trees.road
    trees = {Path(claim["workdir"]) for claim in road.claims.values()} | {road.repository}
    assert len(trees) == 3
    for name in WORKERS:
        in_work_trees.result(f"{name} commits")


def test_a_worker_that_stops_with_a_claim_is_sent_back(walk: Walk) -> None:
    for name in WORKERS:
        task = walk.road.claims[name]["task_id"]
        assert f"You still hold the claim on task `{task}`" in walk.road.sent_back[name]


def test_a_finished_task_is_completed_with_its_commit_and_check(walk: Walk) -> None:
    for name in (*WORKERS, "menu"):
        completed = json.loads(walk.result(f"{name} completes"))
        assert completed["outcome"] == "completed"
        assert completed["check"]["exit_code"] == 0
        changed = git(walk.road.repository, "show", "--format=", "--name-only", completed["commit"])
        assert changed.split() == walk.road.claims[name]["files"]


def test_a_worker_goes_on_with_the_task_that_rests_on_both_results(walk: Walk) -> None:
    assert walk.road.claims["menu"]["agent"] in {
        walk.road.claims[name]["agent"] for name in WORKERS
    }
    for name in ("bread", "soup"):
        assert walk.road.contents[f"menu starts with src/{name}.txt"] == SALTED


def test_workers_learn_when_they_can_end(walk: Walk) -> None:
    for name in WORKERS:
        assert json.loads(walk.result(f"{name} can end"))["finished"] is True


@IN_FILES
def test_the_lead_sees_the_result_and_what_hooks_refused(in_files: Walk) -> None:
    status = json.loads(in_files.result("status"))
    assert status["progress"] == "3 completed / 3 total (0 in progress, 0 failed)"
    assert {d["path"] for d in status["denials"]} >= set(in_files.road.claims["bob"]["files"])


@IN_FILES
def test_a_real_merge_is_the_users_to_allow_and_a_dry_one_is_not(in_files: Walk) -> None:
    in_files.result("dry run")
    assert "haven't granted it" in in_files.refusal("merge")


@IN_WORK_TREES
def test_the_results_land_on_the_target_tested_together(in_work_trees: Walk) -> None:
    root = in_work_trees.road.repository
    dry, merged = (json.loads(in_work_trees.result(what)) for what in ("dry run", "merge"))
    trees = [git(root, "rev-parse", f"{told['new']}^{{tree}}") for told in (dry, merged)]
    assert (trees[0], dry["old"]) == (trees[1], merged["old"])
    assert "check" not in dry
    assert merged["check"]["exit_code"] == 0
    assert git(root, "rev-parse", "main") == merged["new"]
    landed = [git(root, "show", f"main:src/{name}.txt") for name in ("bread", "soup", "menu")]
    assert landed == [SALTED.rstrip()] * 3


@IN_WORK_TREES
def test_the_trees_that_the_client_made_go_with_their_branches_after_the_merge(
    in_work_trees: Walk,
) -> None:
    road = in_work_trees.road
    trees = {claim["workdir"] for claim in road.claims.values()}
    assert all("/.claude/worktrees/agent-" in tree for tree in trees)
    merged = json.loads(in_work_trees.result("merge"))
    assert merged["kept"] == []
    assert trees <= {*merged["removed"]}
    assert not any(Path(tree).exists() for tree in trees)
    listed = git(road.repository, "worktree", "list", "--porcelain")
    assert listed.count("worktree ") == 1
    refs = git(road.repository, "for-each-ref", "--format=%(refname)")
    assert refs == "refs/heads/main"


@IN_WORK_TREES
def test_after_the_merge_all_is_as_it_was_before_the_run(in_work_trees: Walk) -> None:
    in_work_trees.result("afterwards")
    assert (in_work_trees.road.repository / "src/soup.txt").read_text() == AFTERWARDS
    assert "No plan is approved" in in_work_trees.refusal("worker afterwards")
