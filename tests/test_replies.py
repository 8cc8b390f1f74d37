"""Replies carry all that their reader must know, and leave out what does not apply."""

from __future__ import annotations

from typing import Any

import pytest
from parallel_agents.checks import CheckResult
from parallel_agents.coordination.assessing import assess
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordination.clearing import Kept
from parallel_agents.coordination.completing import Ended
from parallel_agents.coordination.merging import MergeReport
from parallel_agents.coordination.proposing import Approved as Approval
from parallel_agents.coordination.proposing import Proposal
from parallel_agents.coordination.watching import Status, TaskStatus
from parallel_agents.core.commands import NothingToClaim
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import Agent, Claim, Plan, State, Strategy, TaskId
from parallel_agents.replies import (
    Approved,
    Claimed,
    Extended,
    Failed,
    MergeReply,
    Proposed,
    Recovered,
    Released,
    Reply,
    StatusReply,
    utc,
)
from parallel_agents.replies.plans import MOST_PAIRS
from planned import task, through
from pydantic import ValidationError

HOOKED = Agent("s1", "a1", verified=True)
ALONE = Agent("mcp-0123456789ab", "w1")
CHECK = {"command": "make test", "exit_code": 0, "seconds": 1.5, "tail": "ok"}


def given(reply: Reply) -> dict[str, Any]:
    """A reply as it goes out. Every one has a revision and a next step."""
    data = reply.model_dump(mode="json")
    assert isinstance(data["rev"], int)
    assert data["next_step"].endswith((".", "!"))
    assert None not in data.values()
    return data


def proposal(*tasks: Any, approved: bool = False, **plan: Any) -> Proposal:
    return Proposal(assess(through(Plan("Goal", tasks, **plan)).plan), 7, approved)


def assignment(
    strategy: Strategy = Strategy.WORKTREE, agent: Agent = HOOKED, failure: str | None = None
) -> Assignment:
    held = Claim(
        TaskId("one"),
        agent,
        41,
        ("a.py", "b/**"),
        0.0,
        1,
        "" if strategy is Strategy.BRANCH else "/trees/agent-1",
        None if strategy is Strategy.FILES else "parallel/p1/agent-1/one",
        "c" * 40,
    )
    failures = 1 if failure else 0
    the_task = task("one", "a.py", check="make one")
    return Assignment(held, the_task, strategy, failures, failure, 1800.0, False, 42)


def ended(kind: Kind, left: tuple[str, ...] = (), **data: Any) -> Ended:
    return Ended(Event(50, 0.0, kind, TaskId("one"), data), False, 51, left)


def report(**change: Any) -> MergeReport:
    values: dict[str, Any] = {
        "dry_run": False,
        "target": "refs/heads/main",
        "old": "a" * 40,
        "new": "b" * 40,
        "merged": (TaskId("one"),),
        "already_in": (),
        "left_out": (),
        "unfinished": (),
        "conflicts": (),
        "check": None,
        "removed": (),
        "progress": "1 completed / 1 total (0 in progress, 0 failed)",
        "kept": (),
        "archived": False,
        "rev": 60,
    }
    return MergeReport(**{**values, **change})


def test_moments_are_utc() -> None:
    assert utc(1_700_000_000.9) == "2023-11-14T22:13:20Z"


def test_replies_are_frozen_and_take_nothing_unknown() -> None:
    reply = Approved.from_approval(Approval("p1", Strategy.FILES, "a", "b", 3, False))
    with pytest.raises(ValidationError, match="frozen"):
        reply.rev = 4
    with pytest.raises(ValidationError, match="Extra inputs"):
        Approved.model_validate({**given(reply), "more": 1})


# ---------------------------------------------------------------------- plans


def test_a_proposal_shows_waves_edges_conflicts_and_doubts_with_their_witness() -> None:
    reply = given(
        Proposed.from_proposal(
            proposal(
                task("api", creates=["Api"]),
                task("web", uses=["Api"]),
                task("docs", "docs/**"),
                task("guide", "docs/guide.md"),
                task("reader", reads=["src/api.py"]),
            )
        )
    )
    assert reply["graph"]["edges"] == [
        {
            "before": "api",
            "after": "web",
            "witness": "Api",
            "reason": "web uses Api, which api creates",
        }
    ]
    assert {"api", "docs"} <= set(reply["graph"]["waves"][0])
    assert [(c["a"], c["b"], c["witness"]) for c in reply["conflicts"]] == [
        ("docs", "guide", "docs/guide.md")
    ]
    assert [(d["a"], d["b"], d["witness"]) for d in reply["doubts"]] == [
        ("api", "reader", "src/api.py")
    ]
    assert sum(reply["evidence"]["pairs"].values()) == 10
    assert reply["evidence"]["sizes_assumed"] == ["api", "web", "docs", "guide", "reader"]
    assert reply["advice"]["kind"] in ("parallel", "sequential")
    assert len(reply["digest"]) == 64
    assert reply["plan_id"] in reply["text"]
    assert f"approve_plan with plan_id {reply['plan_id']}" in reply["next_step"]


def test_a_proposal_that_runs_already_is_not_sent_to_the_user() -> None:
    reply = given(Proposed.from_proposal(proposal(task("one"), approved=True)))
    assert reply["approved"]
    assert "approve_plan" not in reply["next_step"]


def test_a_tangled_plan_does_not_flood_its_reader() -> None:
    tangled = proposal(*(task(f"t{n}", "shared.py") for n in range(12)))
    reply = given(Proposed.from_proposal(tangled))
    assert len(reply["conflicts"]) == MOST_PAIRS
    assert reply["evidence"]["pairs"] == {"conflict": 66}


def test_an_approval_tells_how_to_start() -> None:
    reply = given(
        Approved.from_approval(
            Approval("p1", Strategy.WORKTREE, "a" * 40, "refs/heads/main", 3, True)
        )
    )
    assert reply["strategy"] == "worktree"
    assert reply["again"]
    assert "parallel-agents:worker" in reply["next_step"]


# ---------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("strategy", "where"),
    [
        (Strategy.WORKTREE, "Work in /trees/agent-1 and commit there on branch parallel/p1/"),
        (Strategy.BRANCH, "switch to branch parallel/p1/agent-1/one"),
        (Strategy.FILES, "Work in /trees/agent-1 and do not commit"),
    ],
)
def test_a_claim_tells_where_to_work_and_how_to_end(strategy: Strategy, where: str) -> None:
    reply = given(Claimed.from_answer(assignment(strategy), 42, HOOKED))
    assert where in reply["next_step"]
    assert ("workdir" in reply) == (strategy is not Strategy.BRANCH)
    assert ("branch" in reply) == (strategy is not Strategy.FILES)
    assert reply["deadline"] == "1970-01-01T00:30:00Z"
    assert reply["calls"]["completed"] == (
        'release_task {"task_id": "one", "token": 41, "outcome": "completed", "summary": "..."}'
    )
    assert reply["calls"]["failed"].startswith("fail_task ")
    assert '"outcome": "returned"' in reply["calls"]["returned"]
    assert reply["calls"]["more_files"].startswith("extend_claim ")
    assert "last_failure" not in reply


def test_a_claim_of_a_caller_without_a_hook_says_who_to_call_as() -> None:
    reply = given(Claimed.from_answer(assignment(agent=ALONE), 42, ALONE))
    assert not reply["verified"]
    for call in reply["calls"].values():
        assert '"agent": "w1", "session": "mcp-0123456789ab"' in call


def test_a_retried_claim_says_why_the_task_failed() -> None:
    reply = given(Claimed.from_answer(assignment(failure="no network"), 42, HOOKED))
    assert (reply["failures"], reply["last_failure"]) == (1, "no network")


def test_nothing_to_claim_says_why_and_nothing_else() -> None:
    why = NothingToClaim("waiting", "Every task waits.", "call again.", False, ("one",))
    reply = given(Claimed.from_answer(why, 42, HOOKED))
    assert reply == {
        "rev": 42,
        "next_step": "call again.",
        "agent": "s1/a1",
        "verified": True,
        "claimed": False,
        "reason": "waiting",
        "sentence": "Every task waits.",
        "finished": False,
        "waiting_on": ["one"],
    }


def test_an_extension_shows_all_files_and_the_new_ones() -> None:
    reply = given(Extended.from_claim(assignment().claim, ("b/**",), 43, HOOKED))
    assert (reply["files"], reply["added"]) == (["a.py", "b/**"], ["b/**"])
    assert reply["token"] == 41


def test_a_completion_shows_its_evidence() -> None:
    done = ended(Kind.COMPLETED, commit="d" * 40, branch="parallel/p1/agent-1/one", check=CHECK)
    reply = given(Released.from_ended(done, HOOKED))
    assert reply["outcome"] == "completed"
    assert reply["commit"] == "d" * 40
    assert reply["check"] == CHECK
    assert "salvage" not in reply


def test_a_return_says_what_became_of_unfinished_work() -> None:
    saved = given(Released.from_ended(ended(Kind.RETURNED, salvage="e" * 40), HOOKED))
    assert (saved["outcome"], saved["salvage"]) == ("returned", "e" * 40)
    shared = given(Released.from_ended(ended(Kind.RETURNED, left=("a.py",)), HOOKED))
    assert shared["left"] == ["a.py"]
    assert "Your changes in a.py stay" in shared["next_step"]


@pytest.mark.parametrize(
    ("state", "who"), [("failed", "Another agent first"), ("blocked", "Nobody, until the user")]
)
def test_a_failure_says_who_may_try_next(state: str, who: str) -> None:
    failed = ended(Kind.FAILED, state=state, failures=2, reason="x", salvage=None)
    reply = given(Failed.from_ended(failed, HOOKED))
    assert (reply["state"], reply["failures"]) == (state, 2)
    assert who in reply["retry"]


def test_a_recovery_says_where_the_task_is() -> None:
    data = {"state": "blocked", "by": "user", "recoveries": 3, "salvage": "f" * 40}
    event = Event(9, 0.0, Kind.RECOVERED, TaskId("one"), data)
    reply = given(Recovered.from_event("one", State.AVAILABLE, event, 9))
    assert (reply["state"], reply["by"], reply["changed"]) == ("blocked", "user", True)
    assert "ask the user" in reply["next_step"]
    there = given(Recovered.from_event("one", State.AVAILABLE, None, 9))
    assert (there["state"], there["changed"]) == ("available", False)


# ---------------------------------------------------------------------- the run


def status_of(name: str, state: State, **more: Any) -> TaskStatus:
    values: dict[str, Any] = {
        "agent": None,
        "since": None,
        "last_sign": None,
        "silence": None,
        "flags": (),
        "waits_for": (),
        "failures": 0,
        "token": None,
        "workdir": None,
        "branch": None,
        "note": None,
    }
    return TaskStatus(TaskId(name), f"Title of {name}", state, **{**values, **more})


def test_a_status_shows_what_needs_somebody_and_names_the_rest() -> None:
    held = status_of(
        "held",
        State.CLAIMED,
        agent="s1/a1",
        since=0.0,
        last_sign=60.0,
        silence=1900.0,
        flags=("stale",),
    )
    status = Status(
        run="p1",
        goal="Goal",
        strategy=Strategy.WORKTREE,
        proposal=None,
        progress="1 completed / 5 total (1 in progress, 1 failed)",
        counts={"total": 5},
        tasks=(
            held,
            status_of("lost", State.BLOCKED, flags=("blocked",), note="no"),
            status_of("done", State.COMPLETED),
            status_of("free", State.AVAILABLE),
            status_of("late", State.AVAILABLE, flags=("waiting",), waits_for=(TaskId("held"),)),
        ),
        damaged={"failed/x.md": "no front matter"},
        denials=({"at": 0.0, "agent": "s1/a2", "tool": "Edit", "path": "a.py", "reason": "held"},),
        next_step="Look after held.",
        rev=70,
        overwritten=({"at": 0.0, "agent": "s1/a2", "tool": "Bash", "path": "b", "reason": "why"},),
    )
    short = given(StatusReply.from_status(status, detail=False))
    assert [t["id"] for t in short["tasks"]] == ["held", "lost"]
    assert short["tasks"][0]["last_sign"] == "1970-01-01T00:01:00Z"
    assert short["tasks"][0]["silent_minutes"] == 31
    assert "token" not in short["tasks"][0]
    assert (short["ready"], short["waiting"], short["completed"]) == (["free"], ["late"], ["done"])
    assert short["denials"][0]["reason"] == "held"
    assert short["overwritten"][0]["reason"] == "why"
    assert short["damaged"] == {"failed/x.md": "no front matter"}
    full = given(StatusReply.from_status(status))
    assert [t["id"] for t in full["tasks"]] == ["held", "lost", "done", "free", "late"]


def test_a_merge_shows_what_landed_was_tested_and_was_kept() -> None:
    check = CheckResult("make test", 0, "x" * 5000, 2.0, False)
    reply = given(
        MergeReply.from_report(
            report(check=check, kept=(Kept("/trees/agent-1", "it is dirty"),), archived=True)
        )
    )
    assert reply["merged"] == ["one"]
    assert reply["check"]["exit_code"] == 0
    assert len(reply["check"]["tail"]) == 1000
    assert reply["kept"] == [{"name": "/trees/agent-1", "why": "it is dirty"}]
    assert "The run is over" in reply["next_step"]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"dry_run": True}, "merge_branches without dry_run"),
        ({"dry_run": True, "conflicts": (("one", "two", ("a.py",)),)}, "Ask the user"),
        ({"unfinished": ((TaskId("two"), State.BLOCKED),)}, "what is left to do"),
        ({"left_out": (TaskId("two"),)}, "what is left to do"),
        ({}, "Tell the user what landed."),
    ],
)
def test_a_merge_says_what_comes_next(change: dict[str, Any], step: str) -> None:
    assert step in given(MergeReply.from_report(report(**change)))["next_step"]
