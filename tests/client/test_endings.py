"""A worker that ends with a claim, and a session that ends with a run, in the real client."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from client.project import PLAN, begin
from client.session import World, ours, worker
from client.standin_api import Conversation, Result, Shown

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("client: endings")]


@dataclass
class Endings:
    """What the two sessions and a terminal between them showed."""

    sent_back: list[str] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=dict)
    """While the first session still runs, after its worker has ended."""
    claimed_between: list[dict[str, Any]] = field(default_factory=list)
    """After the first session: the tasks that are still claimed."""
    noted: list[dict[str, Any]] = field(default_factory=list)
    """After the first session: the log of the hooks."""
    announcement: str = ""
    recovery: Result = field(default_factory=lambda: Result("", False))

    def first_session(self, _: Shown) -> Conversation:
        shown = yield worker("stubborn")
        while "stays where it is" not in shown.text:
            shown = yield "Waiting."
        shown = yield ours("list_status")
        self.status = shown.values

    def stubborn(self, _: Shown) -> Conversation:
        """Claim, and stop twice without letting go."""
        yield ours("claim_task")
        shown = yield "I stop."
        self.sent_back.append(shown.text)
        shown = yield "The claim stays where it is."
        self.sent_back.append(shown.text)

    def second_session(self, shown: Shown) -> Conversation:
        self.announcement = shown.text
        [task] = self.claimed_between
        shown = yield ours("recover_task", task_id=task["id"], to="available")
        self.recovery = shown.result


@pytest.fixture(scope="module")
def endings(claude_bin: Path, plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Endings:
    """Two sessions in one repository with a run."""
    folder = tmp_path_factory.mktemp("endings")
    world = World.prepare(claude_bin, plugin, folder / "world")
    repository = begin(folder / "repository")
    (folder / "plan.json").write_text(json.dumps(PLAN))
    plan_id = world.terminal(repository, "plan", str(folder / "plan.json"))["plan_id"]
    world.terminal(repository, "approve", plan_id, "--strategy", "files", "--yes")
    found = Endings()
    options = ("--permission-mode", "bypassPermissions")
    scripts = {"main": found.first_session, "stubborn": found.stubborn}
    world.run(repository, scripts, *options)
    tasks = world.terminal(repository, "status")["tasks"]
    log = (repository / "_tasks" / ".hooklog").read_text()
    found.noted = [json.loads(line) for line in log.splitlines()]
    found.claimed_between = [task for task in tasks if task["state"] == "claimed"]
    world.run(repository, {"main": found.second_session}, *options)
    return found


def test_a_worker_with_a_claim_is_sent_back_only_once(endings: Endings) -> None:
    assert len(endings.sent_back) == 1
    assert "You still hold the claim" in endings.sent_back[0]


def test_the_claim_of_a_worker_that_ended_is_flagged_to_the_lead(endings: Endings) -> None:
    [task] = endings.status["tasks"]
    assert task["state"] == "claimed"
    assert "ended" in task["flags"]
    assert "recover_task" in endings.status["next_step"]


def test_claims_of_a_session_that_ended_are_flagged_in_a_terminal(endings: Endings) -> None:
    [task] = endings.claimed_between
    assert "ended" in task["flags"]


def test_the_end_of_a_worker_and_of_its_session_are_noted_for_its_claim(endings: Endings) -> None:
    [task] = endings.claimed_between
    told = [(entry["kind"], entry["agent"], entry["task"]) for entry in endings.noted]
    assert told == [(kind, task["agent"], task["id"]) for kind in ("ended", "session_end")]


def test_a_new_session_is_told_of_the_unfinished_run(endings: Endings) -> None:
    assert "this repository has an unfinished run" in endings.announcement
    assert "Claimed by agents of sessions that are over" in endings.announcement


def test_a_fresh_claim_is_not_taken_away_without_the_user(endings: Endings) -> None:
    assert endings.recovery.is_error
    assert "[not_recovered_by_user]" in endings.recovery.text
