"""Recovery never steals from the living: who is flagged, when, and whose work is taken back.

The stale flag comes from signs of life and the time that the machine was awake; that an agent does
not run comes from its session's lock and from what hooks saw. A claim goes only by both, or by the
user's word, and what was not finished is saved first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from git_scratch import git
from mcp_calls import connected, start_run, task
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordination.watching import TaskStatus
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.errors import NeedsPerson, NotNow, ParallelAgentsError
from parallel_agents.core.model import (
    STALE_AFTER,
    Agent,
    Claim,
    Outcome,
    Plan,
    State,
    Strategy,
    Task,
    TaskId,
)
from parallel_agents.git.repository import Repository
from parallel_agents.guard import lifecycle
from parallel_agents.guard.event import Event
from parallel_agents.guard.runs import Runs
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.server import TasksServer
from parallel_agents.store.folder import FolderStore
from parallel_agents.store.liveness import Liveness
from parallel_agents.store.memory import MemoryStore
from stores import ANNA, BERT, CARA, Clock

HOUR = 3600.0
MINUTE = 60.0
A = "a"
ONE = [task("one")]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(repository: Path, clock: Clock) -> Iterator[FolderStore]:
    store = FolderStore(repository, clock, awake=clock.awake)
    yield store
    store.close()


@pytest.fixture
def coordinator(repository: Path, store: FolderStore) -> Coordinator:
    """A run of one task, in work trees."""
    made = Coordinator(Repository.find(repository), store)
    work = Task(TaskId(A), "Do a", "Write a.", ("a.txt",), check="true")
    plan = made.propose(Plan("goal", (work,), check="true")).assessment.plan
    made.approve(plan.id, Strategy.WORKTREE, "test")
    return made


def claim(coordinator: Coordinator, agent: Agent = ANNA) -> Claim:
    answer, _ = coordinator.claim(agent, A)
    assert isinstance(answer, Assignment), answer
    return answer.claim


def seen(coordinator: Coordinator) -> TaskStatus:
    (task,) = coordinator.status().tasks
    return task


def is_stale(coordinator: Coordinator) -> bool:
    return "stale" in seen(coordinator).flags


def passes(coordinator: Coordinator, clock: Clock, minutes: int) -> None:
    """Minutes in which a server of this repository lives: it keeps the time."""
    for _ in range(minutes):
        clock.passes(MINUTE)
        coordinator.store.keep_time()


def take_back(coordinator: Coordinator, by_user: bool = False) -> State:
    event, _ = coordinator.recover(A, State.AVAILABLE, by_user)
    assert event is not None
    return State(event.data["state"])


def ends(coordinator: Coordinator, clock: Clock, agent: Agent = ANNA) -> None:
    """A hook sees the holder end."""
    line = {"at": clock.now, "kind": "ended", "agent": agent.key, "task": A}
    with (coordinator.repository.root / "_tasks" / ".hooklog").open("a") as log:
        log.write(json.dumps(line) + "\n")


class TestTheStaleFlag:
    def test_thirty_silent_minutes_are_not_stale_and_a_second_more_is(
        self, coordinator: Coordinator, clock: Clock
    ) -> None:
        claim(coordinator)
        clock.passes(STALE_AFTER)
        assert not is_stale(coordinator)
        assert seen(coordinator).silence == pytest.approx(STALE_AFTER)
        clock.passes(1)
        assert is_stale(coordinator)
        assert "recover_task" in coordinator.status().next_step

    @pytest.mark.parametrize("jump", [10 * HOUR, -10 * HOUR], ids=["slept or set on", "set back"])
    def test_neither_sleep_nor_a_set_clock_makes_the_living_stale(
        self, coordinator: Coordinator, clock: Clock, jump: float
    ) -> None:
        claim(coordinator)
        passes(coordinator, clock, 10)
        clock.jumps(jump)
        assert seen(coordinator).silence == pytest.approx(10 * MINUTE, abs=1)
        assert not is_stale(coordinator)
        passes(coordinator, clock, 20)
        assert not is_stale(coordinator)

    @pytest.mark.parametrize("jump", [10 * HOUR, -10 * HOUR], ids=["slept or set on", "set back"])
    def test_nor_does_it_make_the_silent_fresh(
        self, coordinator: Coordinator, clock: Clock, jump: float
    ) -> None:
        claim(coordinator)
        passes(coordinator, clock, 10)
        clock.jumps(jump)
        passes(coordinator, clock, 21)
        assert is_stale(coordinator)

    def test_a_sign_of_life_after_the_jump_counts(
        self, coordinator: Coordinator, store: FolderStore, clock: Clock
    ) -> None:
        claim(coordinator)
        for jump in (10 * HOUR, -20 * HOUR, 5 * HOUR):
            passes(coordinator, clock, 29)
            clock.jumps(jump)
            clock.passes(MINUTE)
            store.heartbeat(ANNA)
            passes(coordinator, clock, 29)
            assert not is_stale(coordinator), jump
            store.heartbeat(ANNA)
        passes(coordinator, clock, 31)
        assert is_stale(coordinator)

    def test_a_restart_of_the_machine_is_no_silence(
        self, coordinator: Coordinator, repository: Path, clock: Clock
    ) -> None:
        claim(coordinator)
        passes(coordinator, clock, 20)
        ledger = repository / "_tasks" / ".alive" / ".clock"
        ledger.write_text("".join(f"old-boot {line.split(' ', 1)[1]}\n" for line in lines(ledger)))
        clock.jumps(10 * HOUR)
        clock.up = 5.0
        again = Coordinator(
            coordinator.repository, FolderStore(repository, clock, awake=clock.awake)
        )
        assert seen(again).silence == 0
        passes(again, clock, 31)
        assert is_stale(again)

    def test_the_grant_is_a_sign_of_life(
        self, coordinator: Coordinator, repository: Path, clock: Clock
    ) -> None:
        claim(coordinator)
        (repository / "_tasks" / ".alive" / "s-1.anna").unlink()
        passes(coordinator, clock, 30)
        assert seen(coordinator).silence == pytest.approx(30 * MINUTE)
        assert not is_stale(coordinator)
        passes(coordinator, clock, 1)
        assert is_stale(coordinator)

    def test_a_new_claim_of_a_long_silent_agent_is_fresh(
        self, coordinator: Coordinator, store: FolderStore, clock: Clock
    ) -> None:
        store.heartbeat(ANNA)
        passes(coordinator, clock, 50)
        assert store.silence(ANNA) == pytest.approx(50 * MINUTE)
        assert store.silence(ANNA, clock.now - MINUTE) == pytest.approx(MINUTE)

    def test_the_hooks_touch_of_the_file_is_a_sign_of_life(
        self, coordinator: Coordinator, repository: Path, clock: Clock
    ) -> None:
        claim(coordinator)
        passes(coordinator, clock, 40)
        assert is_stale(coordinator)
        sign = repository / "_tasks" / ".alive" / "s-1.anna"
        os.utime(sign, (clock.now, clock.now))
        assert not is_stale(coordinator)

    def test_of_an_agent_that_never_gave_a_sign_nothing_is_known(self, store: FolderStore) -> None:
        for each in (store, MemoryStore()):
            assert each.silence(Agent("s", "nobody")) is None


CALLS: dict[str, Callable[[Coordinator, Claim], object]] = {
    "claim again": lambda c, held: c.claim(ANNA),
    "extend": lambda c, held: c.extend(ANNA, A, held.token, ["b.txt"]),
    "give back": lambda c, held: c.release(ANNA, A, held.token, Outcome.RETURNED, "no"),
    "fail": lambda c, held: c.fail(ANNA, A, held.token, "no"),
    "any tool": lambda c, held: c.sign_of_life(ANNA),
}


class TestCallsAreSignsOfLife:
    @pytest.mark.parametrize("how", CALLS)
    def test_of_a_holder(
        self, coordinator: Coordinator, store: FolderStore, clock: Clock, how: str
    ) -> None:
        held = claim(coordinator)
        passes(coordinator, clock, 40)
        CALLS[how](coordinator, held)
        assert store.silence(ANNA) == 0

    def test_a_refused_one_too(
        self, coordinator: Coordinator, store: FolderStore, clock: Clock
    ) -> None:
        held = claim(coordinator)
        passes(coordinator, clock, 40)
        with pytest.raises(ParallelAgentsError, match="stale_token"):
            coordinator.release(ANNA, A, held.token + 1, Outcome.COMPLETED, "done")
        assert store.silence(ANNA) == 0

    def test_whoever_never_claimed_leaves_no_file(
        self, coordinator: Coordinator, repository: Path
    ) -> None:
        claim(coordinator)
        coordinator.sign_of_life(BERT)
        assert not (repository / "_tasks" / ".alive" / "s-1.bert").exists()


class TestTools:
    """Through the server: every tool that a holder calls, with the client's hook or without."""

    @pytest.fixture
    def server(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
        monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repository))
        return build()

    @pytest.mark.parametrize(
        ("tool", "arguments"),
        [
            ("list_status", {}),
            ("merge_branches", {"dry_run": True}),
            ("claim_task", {}),
            ("extend_claim", {"task_id": "one", "token": 999, "files": ["x.txt"]}),
            (
                "release_task",
                {"task_id": "one", "token": 999, "outcome": "returned", "summary": "x"},
            ),
            ("fail_task", {"task_id": "one", "token": 999, "reason": "x"}),
        ],
    )
    async def test_each_tool_is_one(
        self, server: TasksServer, repository: Path, tool: str, arguments: dict[str, Any]
    ) -> None:
        await start_run(server, ONE)
        sign = repository / "_tasks" / ".alive" / "s1.w1"
        async with connected(server) as calls:
            await calls.ok("claim_task", agent="w1", session="s1")
            os.utime(sign, (50, 50))
            await calls.client.call_tool(tool, {**arguments, "agent": "w1", "session": "s1"})
            assert sign.stat().st_mtime > 50

    async def test_a_status_asked_for_by_another_is_none(
        self, server: TasksServer, repository: Path
    ) -> None:
        await start_run(server, ONE)
        sign = repository / "_tasks" / ".alive" / "s1.w1"
        async with connected(server) as calls:
            await calls.ok("claim_task", agent="w1", session="s1")
            os.utime(sign, (50, 50))
            await calls.ok("list_status", agent="main", session="s1")
            await calls.ok("list_status")
            assert sign.stat().st_mtime == 50

    async def test_a_server_keeps_the_time_as_long_as_it_serves(
        self, server: TasksServer, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[FolderStore] = []
        monkeypatch.setattr("parallel_agents.mcp_server.server.A_MINUTE", 0.01)
        monkeypatch.setattr(FolderStore, "keep_time", lambda store: looks.append(store))
        await start_run(server, ONE)
        async with connected(server) as calls:
            await calls.ok("list_status")
            with anyio.fail_after(30):
                while not looks:
                    await anyio.lowlevel.checkpoint()
        assert looks[0].root == repository


class TestWhoIsKnownNotToRun:
    def test_an_end_without_an_event_is_flagged_after_thirty_minutes_and_left_to_the_user(
        self, coordinator: Coordinator, clock: Clock
    ) -> None:
        """Out of turns, killed, stopped unseen: of a sub-agent of a session that lives."""
        claim(coordinator)
        coordinator.hold_session(ANNA.session)
        passes(coordinator, clock, 31)
        assert seen(coordinator).flags == ("stale",)
        with pytest.raises(NeedsPerson, match=r"31 min ago.*not known to have ended"):
            take_back(coordinator)
        assert take_back(coordinator, by_user=True) is State.AVAILABLE

    @pytest.mark.parametrize(
        ("hook", "event"),
        [
            ("subagent-stop", {"agent_id": "anna", "stop_hook_active": True}),
            ("stop-failure", {"agent_id": "anna", "error": "overloaded"}),
            ("task-stop", {"tool_name": "TaskStop", "tool_input": {"task_id": "anna"}}),
            ("session-end", {"reason": "other"}),
        ],
    )
    def test_an_end_that_a_hook_saw_frees_the_claim_after_thirty_minutes(
        self,
        coordinator: Coordinator,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
        hook: str,
        event: dict[str, Any],
    ) -> None:
        claim(coordinator)
        monkeypatch.setattr("time.time", clock)
        runs = Runs([str(coordinator.repository.root / "_tasks")]).near()
        lifecycle.HOOKS[hook](Event({"session_id": ANNA.session, **event}), runs)
        assert seen(coordinator).flags == ("ended",)
        with pytest.raises(NeedsPerson, match="not stale"):
            take_back(coordinator)
        passes(coordinator, clock, 31)
        assert seen(coordinator).flags == ("stale", "ended")
        assert take_back(coordinator) is State.AVAILABLE

    def test_an_agent_that_comes_back_is_alive_again(
        self, coordinator: Coordinator, store: FolderStore, clock: Clock
    ) -> None:
        claim(coordinator)
        clock.passes(MINUTE)
        ends(coordinator, clock)
        clock.passes(MINUTE)
        store.heartbeat(ANNA)
        passes(coordinator, clock, 31)
        assert seen(coordinator).flags == ("stale",)
        with pytest.raises(NeedsPerson):
            take_back(coordinator)

    def test_a_session_whose_server_is_gone_is_over(
        self, coordinator: Coordinator, repository: Path, clock: Clock
    ) -> None:
        claim(coordinator)
        other = Liveness(repository / "_tasks")
        other.hold_session(ANNA.session)
        passes(coordinator, clock, 31)
        assert seen(coordinator).flags == ("stale",)
        with pytest.raises(NeedsPerson):
            take_back(coordinator)
        other.close()
        assert seen(coordinator).flags == ("stale", "ended")
        assert take_back(coordinator) is State.AVAILABLE

    def test_a_known_end_and_a_sleep_do_not_free_a_claim(
        self, coordinator: Coordinator, clock: Clock
    ) -> None:
        claim(coordinator)
        ends(coordinator, clock)
        clock.jumps(10 * HOUR)
        with pytest.raises(NeedsPerson, match="not stale"):
            take_back(coordinator)


class TestWhatIsSaved:
    @pytest.mark.parametrize("by_user", [True, False])
    def test_unfinished_work_is_in_a_ref_before_the_claim_ends(
        self, coordinator: Coordinator, repository: Path, clock: Clock, by_user: bool
    ) -> None:
        held = claim(coordinator)
        assert held.workdir
        (Path(held.workdir) / "a.txt").write_text("half\n")
        if not by_user:
            ends(coordinator, clock)
            passes(coordinator, clock, 31)
        event, _ = coordinator.recover(A, State.AVAILABLE, by_user)
        assert event is not None
        saved = event.data["salvage"]
        refs = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", "refs/parallel")
        assert f"salvage/a-{held.token} {saved}" in refs
        assert git(repository, "show", f"{saved}:a.txt").strip() == "half"
        assert (Path(held.workdir) / "a.txt").read_text() == "half\n"

    def test_a_refused_recovery_touches_nothing(
        self, coordinator: Coordinator, repository: Path, clock: Clock
    ) -> None:
        held = claim(coordinator)
        assert held.workdir
        (Path(held.workdir) / "a.txt").write_text("half\n")
        passes(coordinator, clock, 31)
        with pytest.raises(NeedsPerson):
            take_back(coordinator)
        assert git(repository, "for-each-ref", "refs/parallel") == ""
        assert seen(coordinator).token == held.token

    def test_where_saving_fails_the_claim_stays(
        self, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = claim(coordinator)

        def fails(*given: object) -> str:
            raise NotNow("disk_full", "The disk is full.", "free space.")

        monkeypatch.setattr("parallel_agents.git.worktrees.Worktrees.salvage", fails)
        with pytest.raises(NotNow):
            take_back(coordinator, by_user=True)
        assert seen(coordinator).token == held.token


@pytest.mark.parametrize("by_user", [True, False])
def test_the_third_recovery_blocks_and_the_work_of_all_three_is_kept(
    coordinator: Coordinator, repository: Path, clock: Clock, by_user: bool
) -> None:
    for number, agent in enumerate((ANNA, BERT, CARA)):
        held = claim(coordinator, agent)
        assert held.workdir
        (Path(held.workdir) / "a.txt").write_text(f"{number}\n")
        clock.passes(1)
        ends(coordinator, clock, agent)
        passes(coordinator, clock, 31)
        state = take_back(coordinator, by_user)
        assert state is (State.BLOCKED if number == 2 else State.AVAILABLE)
    assert len(git(repository, "for-each-ref", "refs/parallel").splitlines()) == 3
    assert seen(coordinator).failures == 0
    with pytest.raises(NeedsPerson):
        take_back(coordinator)
    assert take_back(coordinator, by_user=True) is State.AVAILABLE


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
