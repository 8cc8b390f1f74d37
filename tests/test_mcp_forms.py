"""What only the user decides: a form in chat counts, and nothing else does."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp_calls import ERAS, Era, User, connected, independent, start_run, task
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.commands import Propose, TakeClaim
from parallel_agents.core.model import Agent, Outcome, Strategy, TaskId
from parallel_agents.mcp_server import build
from parallel_agents.mcp_server.server import TasksServer
from parallel_agents.store.awake import boot_id
from parallel_agents.store.folder import FolderStore

ONE = [task("one")]
WORKER = Agent("s1", "w1")


@pytest.fixture
def server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> TasksServer:
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repository))
    return build()


async def propose(server: TasksServer, tasks: list[dict[str, Any]] = ONE, **plan: Any) -> str:
    async with connected(server) as calls:
        proposed = await calls.ok("propose_plan", goal="Goal", tasks=tasks, **plan)
        return str(proposed["plan_id"])


async def nothing_can_be_claimed(server: TasksServer) -> bool:
    async with connected(server) as calls:
        text = await calls.refused("claim_task", agent="w1")
        return text.startswith("[not_approved]")


# ---------------------------------------------------------------------- approval


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("strategy", ["worktree", "branch", "files"])
async def test_the_user_approves_and_chooses_the_strategy(
    server: TasksServer, repository: Path, era: Era, strategy: str
) -> None:
    plan_id = await propose(server, strategy="branch")
    user = User(approve=True, strategy=strategy)
    async with connected(server, era, user) as calls:
        approved = await calls.ok("approve_plan", plan_id=plan_id)
    assert approved["strategy"] == strategy
    assert "form in chat" in (repository / "_tasks" / "plan.md").read_text()
    assert len(user.asked) == 1
    assert f"Plan {plan_id}: Goal" in user.asked[0]
    assert "one.txt" in user.asked[0]
    assert user.schemas[0]["properties"]["strategy"]["default"] == "branch"
    assert user.schemas[0]["properties"]["approve"]["default"] is False


@pytest.mark.parametrize("era", ERAS)
async def test_a_form_left_as_it_is_takes_the_recommended_strategy_but_approves_nothing(
    server: TasksServer, era: Era
) -> None:
    plan_id = await propose(server, [task("one", "one.py")])
    async with connected(server, era, User()) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id)
        assert text.startswith("[not_approved_by_user]")
        assert "without the tick" in text
    assert await nothing_can_be_claimed(server)
    async with connected(server, era, User(approve=True)) as calls:
        assert (await calls.ok("approve_plan", plan_id=plan_id))["strategy"] == "worktree"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_declined_or_closed_form_approves_nothing(
    server: TasksServer, era: Era, action: Literal["decline", "cancel"]
) -> None:
    plan_id = await propose(server)
    async with connected(server, era, User(action)) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id)
    assert text.startswith("[not_approved_by_user]")
    assert f"parallel-agents approve {plan_id}" in text
    assert await nothing_can_be_claimed(server)


@pytest.mark.parametrize("era", ERAS)
async def test_where_no_form_can_be_shown_the_user_approves_in_a_terminal(
    server: TasksServer, era: Era
) -> None:
    plan_id = await propose(server)
    async with connected(server, era) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id)
    assert text.startswith("[approval_needed]")
    assert f"parallel-agents approve {plan_id}" in text
    assert await nothing_can_be_claimed(server)


@pytest.mark.parametrize("argument", ["approve", "strategy", "answer", "by"])
async def test_no_argument_stands_for_the_users_yes(server: TasksServer, argument: str) -> None:
    plan_id = await propose(server)
    async with connected(server, user=User("cancel")) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id, **{argument: True})
    assert text.startswith("[unknown_argument]")
    assert await nothing_can_be_claimed(server)


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_fits_no_form_approves_nothing(server: TasksServer, era: Era) -> None:
    plan_id = await propose(server)
    async with connected(server, era, User(approve=True, strategy="chaos")) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id)
    assert text.startswith("[bad_answer]")
    assert await nothing_can_be_claimed(server)


@pytest.mark.parametrize("era", ERAS)
async def test_a_plan_that_changes_while_the_user_reads_it_is_not_approved(
    server: TasksServer, repository: Path, era: Era
) -> None:
    plan_id = await propose(server)
    other = Coordinator.at(repository).proposed(plan_id).plan
    user = User(approve=True)
    user.meanwhile = lambda: Coordinator.at(repository).propose(
        type(other)("Another goal", other.tasks)
    )
    async with connected(server, era, user) as calls:
        text = await calls.refused("approve_plan", plan_id=plan_id)
    assert text.startswith("[plan_changed]")
    assert await nothing_can_be_claimed(server)


DOUBTFUL = [task("one"), task("two", reads=["one.txt"])]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("accept", [True, False, None])
async def test_doubtful_pairs_are_accepted_in_a_field_of_their_own_or_run_in_order(
    server: TasksServer, era: Era, accept: bool | None
) -> None:
    plan_id = await propose(server, DOUBTFUL)
    given: dict[str, Any] = {} if accept is None else {"accept_checks": accept}
    user = User(approve=True, strategy="files", **given)
    async with connected(server, era, user) as calls:
        approved = await calls.ok("approve_plan", plan_id=plan_id)
        assert "1 check pair" in user.asked[0]
        asked = user.schemas[0]["properties"]["accept_checks"]
        assert (asked["default"], asked["type"]) == (False, "boolean")
        assert asked["description"] == "Tick: 1 pair at once; empty: in order. one + two"
        waiting = (await calls.ok("list_status"))["waiting"]
    if accept:
        assert (approved["accepted_pairs"], approved["ordered_pairs"], waiting) == (1, [], [])
    else:
        assert (approved["accepted_pairs"], approved["ordered_pairs"]) == (0, [["one", "two"]])
        assert waiting == ["two"]


async def test_a_plan_without_doubts_asks_nothing_about_them(server: TasksServer) -> None:
    plan_id = await propose(server)
    user = User(approve=True, accept_checks=True)
    async with connected(server, user=user) as calls:
        await calls.ok("approve_plan", plan_id=plan_id)
    assert set(user.schemas[0]["properties"]) == {"approve", "strategy"}


async def test_a_proposal_from_before_doubts_were_recorded_has_to_be_made_anew(
    server: TasksServer, repository: Path
) -> None:
    plan_id = await propose(server, DOUBTFUL)
    store = FolderStore(repository)
    pending = store.read(lambda view: view.proposal)
    assert pending is not None
    old = replace(pending, doubts=())
    store.transact(Propose(old, "as it was shown then"))
    async with connected(server, user=User(approve=True)) as calls:
        text = await calls.refused("approve_plan", plan_id=old.id)
    assert text.startswith("[plan_changed]")
    assert "propose the plan again" in text
    assert await propose(server, DOUBTFUL) == plan_id
    store.close()


async def test_the_same_plan_again_is_the_approved_one_whatever_was_decided(
    server: TasksServer,
) -> None:
    plan_id = await start_run(server, DOUBTFUL)
    async with connected(server) as calls:
        again = await calls.ok("propose_plan", goal="Goal", tasks=DOUBTFUL)
    assert (again["plan_id"], again["approved"]) == (plan_id, True)


async def test_a_change_of_the_plan_is_compared_with_the_whole_run(
    server: TasksServer,
) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        await calls.ok("claim_task", agent="w1")
        reply = await calls.ok("propose_plan", goal="More", tasks=[task("two", reads=["one.txt"])])
    assert reply["doubts"] == [
        {
            "a": "one",
            "b": "two",
            "witness": "one.txt",
            "reason": "two reads one.txt, which one may write",
        }
    ]


async def test_the_strategies_are_offered_by_letter_and_one_is_recommended(
    server: TasksServer,
) -> None:
    plan_id = await propose(server, [task("one", "one.py")])
    user = User("cancel")
    async with connected(server, user=user) as calls:
        await calls.refused("approve_plan", plan_id=plan_id)
    offered = user.schemas[0]["properties"]["strategy"]
    assert offered["enum"] == ["worktree", "branch", "files"]
    assert offered["enumNames"][0] == "A worktree: a tree for each (recommended)"
    assert [name[:2] for name in offered["enumNames"]] == ["A ", "B ", "C "]
    assert all(len(name) <= 47 for name in offered["enumNames"])


async def test_an_approved_plan_is_not_asked_about_again(server: TasksServer) -> None:
    plan_id = await start_run(server, ONE)
    async with connected(server) as calls:
        again = await calls.ok("approve_plan", plan_id=plan_id)
    assert (again["again"], again["strategy"]) == (True, "files")


async def test_an_amendment_is_asked_about_without_a_choice_of_strategy(
    server: TasksServer,
) -> None:
    await start_run(server, ONE)
    plan_id = await propose(server, [*ONE, task("two")])
    user = User(approve=True)
    async with connected(server, user=user) as calls:
        assert (await calls.ok("approve_plan", plan_id=plan_id))["strategy"] == "files"
    assert set(user.schemas[0]["properties"]) == {"approve"}
    assert user.asked[0].startswith("This changes the plan that is running (strategy files).")


async def test_a_long_plan_is_shortened_but_every_command_is_shown(server: TasksServer) -> None:
    tasks = [{**t, "check": f"test -f {t['id']}.txt"} for t in independent(30)]
    plan_id = await propose(server, tasks, check="make test", setup="make ready")
    user = User("cancel")
    async with connected(server, user=user) as calls:
        await calls.refused("approve_plan", plan_id=plan_id)
    asked = user.asked[0]
    assert "... the rest is in the text above; _tasks/proposal.md has all" in asked
    assert "Title of t29" not in asked
    assert all(f"test -f t{n}.txt" in asked for n in range(30))
    assert "make test" in asked
    assert "make ready" in asked
    assert f"Plan {plan_id}: Goal" in asked


# ---------------------------------------------------------------------- recovery


def claim_one(repository: Path, agent: Agent = WORKER) -> int:
    """Claim task one without the server; the token."""
    answer, _ = Coordinator.at(repository).claim(agent)
    token: int = answer.claim.token  # type: ignore[union-attr]
    return token


@pytest.mark.parametrize("era", ERAS)
async def test_a_claim_in_work_is_taken_back_only_by_the_users_yes(
    server: TasksServer, repository: Path, era: Era
) -> None:
    await start_run(server, ONE)
    claim_one(repository)
    user = User(recover=True)
    async with connected(server, era, user) as calls:
        recovered = await calls.ok("recover_task", task_id="one", to="available", reason="stuck")
        assert (recovered["state"], recovered["by"]) == ("available", "user")
        again = await calls.ok("recover_task", task_id="one", to="available")
    assert not again["changed"]
    assert len(user.asked) == 1
    assert "held by agent s1/w1: it may be at work" in user.asked[0]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_without_the_users_yes_a_claim_stays(
    server: TasksServer,
    repository: Path,
    era: Era,
    action: Literal["accept", "decline", "cancel"],
) -> None:
    await start_run(server, ONE)
    token = claim_one(repository)
    async with connected(server, era, User(action)) as calls:
        text = await calls.refused("recover_task", task_id="one", to="available")
        assert text.startswith("[not_recovered_by_user]")
        assert (await calls.ok("list_status"))["tasks"][0]["token"] == token


@pytest.mark.parametrize("era", ERAS)
async def test_where_no_form_can_be_shown_a_claim_stays(
    server: TasksServer, repository: Path, era: Era
) -> None:
    await start_run(server, ONE)
    claim_one(repository)
    async with connected(server, era) as calls:
        text = await calls.refused("recover_task", task_id="one", to="failed")
    assert text.startswith("[user_decides]")
    assert "parallel-agents recover one --to failed" in text


async def test_the_claim_of_a_dead_agent_is_taken_back_without_asking(
    server: TasksServer, repository: Path
) -> None:
    await start_run(server, ONE)
    an_hour_ago = time.time() - 3600
    FolderStore(repository, clock=lambda: an_hour_ago).transact(TakeClaim(WORKER))
    over = repository / "_tasks" / ".hooklog"
    over.write_text(f'{{"at": {an_hour_ago + 1}, "kind": "ended", "agent": "s1/w1"}}\n')
    with (repository / "_tasks" / ".alive" / ".clock").open("a") as samples:
        samples.write(f"{boot_id()} {time.monotonic() - 3600} {an_hour_ago}\n")
    async with connected(server) as calls:
        recovered = await calls.ok("recover_task", task_id="one", to="available")
    assert recovered["by"] == "known dead"


async def test_a_blocked_task_goes_back_by_the_users_yes(server: TasksServer) -> None:
    await start_run(server, ONE)
    async with connected(server, user=User(recover=True)) as calls:
        for agent in ("w1", "w2"):
            held = await calls.ok("claim_task", agent=agent)
            await calls.ok("fail_task", task_id="one", token=held["token"], reason="x", agent=agent)
        recovered = await calls.ok("recover_task", task_id="one", to="available")
        assert recovered["state"] == "available"
        assert (await calls.ok("claim_task", agent="w1"))["claimed"]


async def test_a_yes_counts_only_for_the_claim_that_the_user_was_told_of(
    server: TasksServer, repository: Path
) -> None:
    await start_run(server, ONE)
    token = claim_one(repository)
    newcomer = Agent("s1", "w2")

    def change_hands() -> None:
        coordinator = Coordinator.at(repository)
        coordinator.release(WORKER, TaskId("one"), token, Outcome.RETURNED, "Yours.")
        claim_one(repository, newcomer)

    user = User(recover=True)
    user.meanwhile = change_hands
    async with connected(server, "legacy", user) as calls:
        text = await calls.refused("recover_task", task_id="one", to="available")
        assert text.startswith("[changed_meanwhile]")
        assert "s1/w2" in text
        assert (await calls.ok("list_status"))["tasks"][0]["agent"] == newcomer.key


async def test_a_client_that_asks_in_rounds_asks_anew_when_the_claim_changed_hands(
    server: TasksServer, repository: Path
) -> None:
    await start_run(server, ONE)
    token = claim_one(repository)

    def change_hands() -> None:
        user.meanwhile = lambda: None
        coordinator = Coordinator.at(repository)
        coordinator.release(WORKER, TaskId("one"), token, Outcome.RETURNED, "Yours.")
        claim_one(repository, Agent("s1", "w2"))

    user = User(recover=True)
    user.meanwhile = change_hands
    async with connected(server, "auto", user) as calls:
        await calls.ok("recover_task", task_id="one", to="available")
    assert ["s1/w1" in user.asked[0], "s1/w2" in user.asked[1]] == [True, True]
    assert len(user.asked) == 2


@pytest.mark.parametrize("to", ["completed", "blocked", "claimed"])
async def test_a_task_goes_back_to_nowhere_else(server: TasksServer, to: str) -> None:
    await start_run(server, ONE)
    async with connected(server) as calls:
        text = await calls.refused("recover_task", task_id="one", to=to)
    assert text.startswith("[bad_argument] `to` must be 'available' or 'failed'")


def test_the_strategies_of_the_form_are_those_of_the_core() -> None:
    from parallel_agents.mcp_server.forms import FirstApproval

    offered = FirstApproval.model_json_schema()["properties"]["strategy"]["enum"]
    assert offered == [s.value for s in Strategy]
