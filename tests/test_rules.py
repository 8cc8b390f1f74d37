"""The rules, as any store keeps them: each transition, each refusal, each repeated call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from parallel_agents.core.commands import (
    Approve,
    Archive,
    Extend,
    Fail,
    Granted,
    MarkMerged,
    Propose,
    Release,
    TakeClaim,
    Unchanged,
)
from parallel_agents.core.model import (
    RETRY_BY_OTHERS,
    STALE_AFTER,
    Agent,
    Claim,
    Outcome,
    State,
    Strategy,
    TaskId,
)
from parallel_agents.store.protocol import Store
from stores import (
    ANNA,
    BASE,
    BERT,
    CARA,
    COMMIT,
    TARGET,
    Clock,
    approve,
    ask,
    claim,
    complete,
    done,
    extend,
    fail,
    give_back,
    live,
    nothing,
    plan,
    prepare,
    recover,
    refused,
    start,
    state,
    task,
    whole,
)

pytest_plugins = ["store_fixtures"]


# ---------------------------------------------------------------------- the user's yes


def test_nothing_can_be_claimed_where_there_is_no_plan(store: Store) -> None:
    with refused(store, "no_plan", "No plan is approved"):
        store.transact(TakeClaim(ANNA))


def test_a_proposed_plan_is_not_an_approved_one(store: Store) -> None:
    proposed = plan("a")
    store.transact(Propose(proposed))
    with refused(store, "not_approved", proposed.id):
        store.transact(TakeClaim(ANNA))


def test_an_approval_counts_for_one_exact_content(store: Store) -> None:
    first, second = plan("a"), plan("a", "b")
    store.transact(Propose(first))
    store.transact(Propose(second))
    with refused(store, "plan_changed", first.id, second.id):
        store.transact(Approve(first.id, Strategy.FILES, "test", BASE, TARGET))


def test_only_what_was_proposed_can_be_approved(store: Store) -> None:
    with refused(store, "unknown_plan"):
        store.transact(Approve("p0", Strategy.FILES, "test", BASE, TARGET))


def test_approving_again_changes_nothing(store: Store) -> None:
    chosen = start(store, "a")
    before = whole(store)
    answer, _ = store.transact(Approve(chosen.id, Strategy.FILES, "test", BASE, TARGET))
    assert isinstance(answer, Unchanged)
    assert whole(store) == before


def test_proposing_the_running_plan_again_changes_nothing(store: Store) -> None:
    chosen = start(store, "a")
    before = whole(store)
    assert isinstance(store.transact(Propose(chosen))[0], Unchanged)
    assert whole(store) == before


@pytest.mark.parametrize("name", ["../x", "", "A", "ä", "a/b", ".a", "-a", "a" * 65, "a\n"])
def test_a_task_whose_id_is_no_plain_name_is_refused(store: Store, name: str) -> None:
    with refused(store, "bad_task_id", "is no task id"):
        store.transact(Propose(plan(name)))


def test_two_tasks_of_one_id_are_refused(store: Store) -> None:
    with refused(store, "duplicate_task", "two tasks a"):
        store.transact(Propose(plan("a", task("a", "other.py"))))


# ---------------------------------------------------------------------- amendments


def test_an_amendment_waits_for_a_new_yes_and_running_claims_go_on(store: Store) -> None:
    first = start(store, "a")
    held = claim(store, ANNA)
    amended = plan(*first.tasks, "b")
    store.transact(Propose(amended))
    assert live(store) == {"a": held.token}
    assert nothing(store, BERT).reason == "waiting"
    with refused(store, "unknown_task"):
        claim(store, BERT, "b")

    store.transact(Approve(amended.id, Strategy.WORKTREE, "test", "f" * 40, "refs/heads/other"))
    assert claim(store, BERT).task == "b"
    assert claim(store, ANNA) == held
    run = store.read(lambda view: view.run)
    assert run is not None
    assert (run.id, run.base, run.target) == (first.id, BASE, TARGET)
    assert [a.plan_id for a in run.approvals] == [first.id, amended.id]


def test_an_amendment_can_change_a_task_that_nobody_has_begun(store: Store) -> None:
    start(store, "a", "b")
    approve(store, plan(task("a", "new.py"), "b"))
    assert claim(store, ANNA, "a").files == ("new.py",)


def test_an_amendment_keeps_what_happened_to_a_changed_task(store: Store) -> None:
    start(store, "a", "b")
    fail(store, claim(store, ANNA, "a"))
    approve(store, plan(task("a", "new.py"), "b"))
    fail(store, claim(store, BERT, "a"))
    assert state(store, "a") is State.BLOCKED


def test_a_claimed_task_cannot_be_changed(store: Store) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "task_in_progress", "claimed", "anna"):
        store.transact(Propose(plan(task("a", "new.py"))))


def test_a_completed_task_cannot_be_changed(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    with refused(store, "task_in_progress", "completed"):
        store.transact(Propose(plan(task("a", "new.py"))))


def test_a_task_claimed_while_its_change_waited_for_a_yes_is_not_changed(store: Store) -> None:
    start(store, "a")
    amended = plan(task("a", "new.py"))
    store.transact(Propose(amended))
    held = claim(store, ANNA)
    with refused(store, "task_in_progress", "anna"):
        store.transact(Approve(amended.id, Strategy.WORKTREE, "test", BASE, TARGET))
    assert claim(store, ANNA) == held


def test_an_amendment_cannot_change_the_strategy(store: Store) -> None:
    first = start(store, "a")
    amended = plan(*first.tasks, "b")
    store.transact(Propose(amended))
    with refused(store, "strategy_fixed", "worktree"):
        store.transact(Approve(amended.id, Strategy.FILES, "test", BASE, TARGET))


def test_a_plan_that_was_amended_since_is_not_the_running_one(store: Store) -> None:
    first = start(store, "a")
    second = approve(store, plan(task("a", "new.py")))
    with refused(store, "plan_superseded", first.id, second.id):
        store.transact(Propose(first))


# ---------------------------------------------------------------------- I1, I2: exclusion


def test_i1_a_task_has_one_live_claim(store: Store) -> None:
    start(store, "a", "b")
    claim(store, ANNA, "a")
    with refused(store, "held", "anna"):
        claim(store, BERT, "a")


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("src/a.py", "src/a.py"),
        ("src/**", "src/deep/a.py"),
        ("src", "src/a.py"),
        ("src/*.py", "src/a*"),
        ("SRC/A.py", "src/a.py"),
        ("src/{a,b}.py", "src/[b-c].py"),
    ],
)
def test_i2_no_path_can_be_in_two_live_claims(store: Store, held: str, wanted: str) -> None:
    start(store, task("a", held), task("b", wanted))
    first = claim(store, ANNA, "a")
    with refused(store, "files_held", "task a", "anna"):
        claim(store, BERT, "b")
    assert nothing(store, BERT).reason == "files_held"
    give_back(store, first)
    assert claim(store, BERT, "b").task == "b"


def test_i2_a_claim_without_a_name_takes_a_task_whose_files_are_free(store: Store) -> None:
    start(store, task("a", "src/**"), task("b", "src/b.py"), task("c", "docs/**"))
    assert claim(store, ANNA).task == "a"
    assert claim(store, BERT).task == "c"


def test_i2_files_that_a_claim_grew_by_are_held(store: Store) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA, "a")
    extend(store, held, "shared/**")
    approve(store, plan("a", "b", task("c", "shared/x.py")))
    with refused(store, "files_held", "shared/x.py", "anna"):
        claim(store, BERT, "c")


# ---------------------------------------------------------------------- I3: one claim per agent


def test_i3_a_second_claim_is_the_first(store: Store) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA)
    before = whole(store)
    answer = ask(store, ANNA)
    assert isinstance(answer, Granted)
    assert answer.again
    assert answer.claim == held
    assert claim(store, ANNA, "b") == held
    assert whole(store) == before


def test_i3_an_agent_that_let_go_gets_new_work(store: Store) -> None:
    start(store, "a", "b")
    complete(store, claim(store, ANNA))
    assert claim(store, ANNA).task == "b"


def test_agents_of_two_sessions_are_two_agents(store: Store) -> None:
    start(store, "a", "b")
    assert claim(store, Agent("s-1", "main")).task == "a"
    assert claim(store, Agent("s-2", "main")).task == "b"


def test_who_vouches_for_an_agent_does_not_make_it_another(store: Store) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA)
    vouched = replace(ANNA, verified=True)
    assert claim(store, vouched) == held
    complete(store, replace(held, agent=vouched))


@pytest.mark.parametrize(
    "agent",
    [
        Agent("", "a"),
        Agent("s", ""),
        Agent("s/t", "a"),
        Agent("s", "a\tb"),
        Agent("s", "\ud800"),
        Agent("s", "n" * 101),
        Agent("s", "session"),
        Agent("s", "x.session"),
    ],
    ids=repr,
)
def test_a_name_that_cannot_tell_agents_apart_is_refused(store: Store, agent: Agent) -> None:
    start(store, "a")
    with refused(store, "bad_agent"):
        claim(store, agent)


def test_each_agent_has_a_number_of_its_own_in_the_run(store: Store) -> None:
    start(store, "a", "b", "c")
    first, second = claim(store, ANNA), claim(store, BERT)
    give_back(store, first)
    assert (first.slot, second.slot, claim(store, ANNA).slot) == (1, 2, 1)
    assert claim(store, CARA).slot == 3


# ---------------------------------------------------------------------- I4: dependencies


def test_i4_a_task_waits_for_what_it_depends_on(store: Store) -> None:
    start(store, "a", task("b", needs=("a",)))
    held = claim(store, ANNA)
    with refused(store, "waits_for", "a"):
        claim(store, BERT, "b")
    assert nothing(store, BERT).waiting_on == ("a",)
    complete(store, held)
    assert claim(store, BERT).task == "b"


@pytest.mark.parametrize("end", [give_back, fail])
def test_i4_only_completion_opens_the_way(store: Store, end: object) -> None:
    start(store, "a", task("b", needs=("a",)))
    held = claim(store, ANNA)
    assert callable(end)
    end(store, held)
    with refused(store, "waits_for", "a"):
        claim(store, BERT, "b")


def test_i4_all_of_several_dependencies_count(store: Store) -> None:
    start(store, "a", "b", task("c", needs=("a", "b")))
    complete(store, claim(store, ANNA, "a"))
    with refused(store, "waits_for", "b"):
        claim(store, BERT, "c")


# ---------------------------------------------------------------------- I5: transitions


def test_i5_the_road_of_a_task(store: Store) -> None:
    start(store, "a", "b")
    assert state(store, "a") is State.AVAILABLE
    held = claim(store, ANNA)
    assert state(store, "a") is State.CLAIMED
    give_back(store, held)
    assert state(store, "a") is State.AVAILABLE
    fail(store, claim(store, ANNA, "a"))
    assert state(store, "a") is State.FAILED
    complete(store, claim(store, BERT, "a"))
    assert state(store, "a") is State.COMPLETED


def test_i5_a_completed_task_is_not_claimed_again(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    with refused(store, "task_completed"):
        claim(store, BERT, "a")


def test_i5_a_blocked_task_is_not_claimed(store: Store) -> None:
    start(store, "a", "b")
    for agent in (ANNA, BERT):
        fail(store, claim(store, agent, "a"))
    with refused(store, "task_blocked", "2 failures"):
        claim(store, CARA, "a")


def test_an_unknown_task_is_refused_with_the_nearest_id(store: Store) -> None:
    start(store, "billing")
    with refused(store, "unknown_task", "'biling'"):
        claim(store, ANNA, "biling")
    with pytest.raises(Exception, match="did you mean billing"):
        claim(store, ANNA, "biling")


def test_completion_needs_a_commit(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    with refused(store, "no_commit"):
        complete(store, held, commit=None)


# ---------------------------------------------------------------------- I6, I7, I9, I13: tokens


def test_i6_a_later_grant_has_a_larger_token(store: Store) -> None:
    start(store, "a", "b")
    tokens = []
    for _ in range(5):
        for agent in (ANNA, BERT):
            held = claim(store, agent)
            tokens.append(held.token)
            give_back(store, held)
    assert tokens == sorted(set(tokens))


def test_i6_tokens_go_on_in_the_next_run(store: Store) -> None:
    first = start(store, "a")
    held = claim(store, ANNA)
    complete(store, held)
    store.transact(Archive())
    approve(store, first)
    assert claim(store, ANNA).token > held.token


def test_the_token_is_the_revision_of_the_grant(store: Store) -> None:
    start(store, "a")
    answer, rev = store.transact(TakeClaim(ANNA))
    assert isinstance(answer, Granted)
    assert answer.claim.token == rev


def end_by(held: Claim, how: str) -> Release | Fail:
    match how:
        case "completed" | "returned":
            outcome = Outcome(how)
            return Release(held.agent, held.task, held.token, outcome, "Said.", COMMIT)
        case _:
            return Fail(held.agent, held.task, held.token, "Said.")


@pytest.mark.parametrize("how", ["completed", "returned", "failed"])
def test_i7_a_stale_token_changes_nothing(store: Store, how: str) -> None:
    start(store, "a", "b")
    old = claim(store, ANNA, "a")
    recover(store, "a")
    new = claim(store, BERT, "a")
    with refused(store, "stale_token", str(old.token), "bert"):
        store.transact(end_by(old, how))
    with refused(store, "stale_token"):
        store.transact(end_by(replace(old, token=9999), how))
    assert live(store) == {"a": new.token}


@pytest.mark.parametrize("how", ["completed", "returned", "failed"])
def test_i7_another_agent_cannot_end_a_claim(store: Store, how: str) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    with refused(store, "not_your_claim", "anna", "bert"):
        store.transact(end_by(replace(held, agent=BERT), how))


def test_i7_a_stale_token_can_neither_prepare_nor_extend(store: Store) -> None:
    start(store, "a")
    old = claim(store, ANNA)
    give_back(store, old)
    claim(store, BERT)
    with refused(store, "stale_token"):
        prepare(store, old)
    with refused(store, "stale_token"):
        extend(store, old, "free.py")


@pytest.mark.parametrize("how", ["completed", "returned", "failed"])
def test_i9_i13_a_repeated_end_is_answered_as_the_first(store: Store, how: str) -> None:
    start(store, "a", "b")
    held = claim(store, ANNA)
    first = done(store.transact(end_by(held, how)))
    before = whole(store)
    again = done(store.transact(end_by(held, how)))
    assert (again.event, first.again, again.again) == (first.event, False, True)
    assert whole(store) == before


@pytest.mark.parametrize("how", ["completed", "returned", "failed"])
def test_i9_a_repeated_end_is_answered_even_when_others_went_on(store: Store, how: str) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    first = done(store.transact(end_by(held, how)))
    if how != "completed":
        claim(store, BERT, "a")
    before = whole(store)
    assert done(store.transact(end_by(held, how))).event == first.event
    assert whole(store) == before


def test_i9_a_spent_token_cannot_be_spent_another_way(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    complete(store, held)
    for how in ("returned", "failed"):
        with refused(store, "stale_token", "spent", "completed"):
            store.transact(end_by(held, how))


def test_i9_anothers_spent_token_is_no_use(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    complete(store, held)
    with refused(store, "stale_token"):
        store.transact(end_by(replace(held, agent=BERT), "completed"))


def test_i13_recording_the_place_to_work_again_changes_nothing(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    prepare(store, held)
    before = whole(store)
    assert isinstance(prepare(store, held), Unchanged)
    assert whole(store) == before
    now = claim(store, ANNA)
    assert (now.workdir, now.branch, now.start) == ("/work/tree", "a-branch", BASE)


def test_i13_extending_again_changes_nothing(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    extend(store, held, "b.py")
    before = whole(store)
    assert isinstance(extend(store, held, "b.py"), Unchanged)
    assert whole(store) == before


def test_i13_merged_is_recorded_once(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    merged = MarkMerged((TaskId("a"),), COMMIT)
    store.transact(merged)
    assert store.read(lambda view: view.records[TaskId("a")].merged)
    before = whole(store)
    assert isinstance(store.transact(merged)[0], Unchanged)
    assert whole(store) == before


# ---------------------------------------------------------------------- failures and retries


def test_i10_two_failures_block(store: Store) -> None:
    start(store, "a", "b")
    assert fail(store, claim(store, ANNA, "a")).event.data["state"] == "failed"
    assert fail(store, claim(store, BERT, "a")).event.data["state"] == "blocked"
    assert state(store, "a") is State.BLOCKED


def test_giving_back_is_no_failure(store: Store) -> None:
    start(store, "a")
    for _ in range(4):
        give_back(store, claim(store, ANNA))
    assert state(store, "a") is State.AVAILABLE


def test_a_retry_comes_after_everything_available(store: Store) -> None:
    start(store, task("a", priority=9), "b")
    fail(store, claim(store, ANNA))
    assert claim(store, BERT).task == "b"
    assert claim(store, CARA).task == "a"


def test_a_retry_goes_to_another_agent_first(store: Store) -> None:
    start(store, "a", "b")
    fail(store, claim(store, ANNA, "a"))
    other = claim(store, BERT, "b")
    assert nothing(store, ANNA).reason == "left_to_others"
    with refused(store, "left_to_others", "You failed"):
        claim(store, ANNA, "a")
    complete(store, other)
    assert claim(store, BERT).task == "a"


def test_a_retry_is_kept_for_others_of_the_run_for_a_while(store: Store, clock: Clock) -> None:
    start(store, "a", "b")
    complete(store, claim(store, BERT, "b"))
    fail(store, claim(store, ANNA, "a"))
    answer = nothing(store, ANNA)
    assert (answer.reason, answer.finished) == ("left_to_others", False)
    clock.passes(RETRY_BY_OTHERS)
    assert claim(store, ANNA).task == "a"


def test_a_clock_that_was_set_back_keeps_nobody_from_a_retry(store: Store, clock: Clock) -> None:
    start(store, "a", "b")
    complete(store, claim(store, BERT, "b"))
    fail(store, claim(store, ANNA, "a"))
    clock.jumps(-86_400)
    assert claim(store, ANNA).task == "a"


def test_where_nobody_else_works_the_same_agent_may_try_again(store: Store) -> None:
    start(store, "a")
    fail(store, claim(store, ANNA))
    assert claim(store, ANNA).task == "a"


def test_larger_priority_is_claimed_first_and_then_the_order_of_the_plan(store: Store) -> None:
    start(store, "a", task("b", priority=1), "c", task("d", priority=5))
    agents = [Agent("s", f"agent-{n}") for n in range(4)]
    assert [claim(store, agent).task for agent in agents] == ["d", "b", "a", "c"]


def test_a_plan_can_limit_the_agents_at_work(store: Store) -> None:
    start(store, "a", "b", max_agents=1)
    held = claim(store, ANNA)
    answer = nothing(store, BERT)
    assert (answer.reason, answer.finished) == ("enough_agents", True)
    complete(store, held)
    assert claim(store, BERT).task == "b"


# ---------------------------------------------------------------------- extending


def test_a_claim_grows_by_free_files(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    extend(store, held, "./docs//a.md", "docs/a.md", "a.py")
    assert claim(store, ANNA).files == ("a.py", "docs/a.md")


def test_a_claim_cannot_grow_by_held_files(store: Store) -> None:
    start(store, "a", task("b", "src/**"))
    held = claim(store, ANNA, "a")
    claim(store, BERT, "b")
    with refused(store, "files_held", "src/x.py", "task b", "bert"):
        extend(store, held, "free.py", "src/x.py")


@pytest.mark.parametrize("how", ["available", "failed"])
def test_a_claim_cannot_grow_by_files_of_an_unfinished_task(store: Store, how: str) -> None:
    start(store, "a", task("b", "src/**"))
    if how == "failed":
        fail(store, claim(store, BERT, "b"))
    held = claim(store, ANNA, "a")
    with refused(store, "files_of_a_task", "src/x.py", "task b", how):
        extend(store, held, "src/x.py")


def test_a_claim_can_grow_by_files_of_a_completed_task(store: Store) -> None:
    start(store, "a", "b")
    complete(store, claim(store, BERT, "b"))
    extend(store, claim(store, ANNA, "a"), "b.py")
    assert claim(store, ANNA).files == ("a.py", "b.py")


def test_no_file_at_all_is_refused(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    with refused(store, "empty_files"):
        extend(store, held)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "**", ".git/config", "_tasks/x"])
def test_a_claim_cannot_grow_out_of_the_repository(store: Store, path: str) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    with refused(store, "bad_path"):
        extend(store, held, path)


# ---------------------------------------------------------------------- I8: recovery


def test_i8_the_user_can_end_any_claim(store: Store) -> None:
    start(store, "a")
    held = claim(store, ANNA)
    recover(store, "a")
    assert state(store, "a") is State.AVAILABLE
    assert live(store) == {}
    with refused(store, "stale_token", "recovered"):
        complete(store, held)


def test_i8_a_clock_alone_never_steals(store: Store, clock: Clock) -> None:
    start(store, "a")
    claim(store, ANNA)
    clock.passes(100 * STALE_AFTER)
    with refused(store, "user_decides", "anna", "3000 min ago", "clock alone"):
        recover(store, "a", by_user=False, silence=100 * STALE_AFTER)


@pytest.mark.parametrize("silence", [0.0, STALE_AFTER])
def test_i8_a_known_death_alone_never_steals(store: Store, silence: float) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "user_decides", "not stale"):
        recover(store, "a", by_user=False, known_dead=True, silence=silence)


def test_i8_stale_and_known_dead_is_enough(store: Store) -> None:
    start(store, "a")
    claim(store, ANNA)
    recover(store, "a", by_user=False, known_dead=True, silence=STALE_AFTER + 1)
    assert state(store, "a") is State.AVAILABLE


def test_i8_a_silence_that_nobody_measured_is_none(store: Store, clock: Clock) -> None:
    start(store, "a")
    claim(store, ANNA)
    clock.passes(100 * STALE_AFTER)
    with refused(store, "user_decides", "not stale"):
        recover(store, "a", by_user=False, known_dead=True)


@pytest.mark.parametrize("jump", [100 * STALE_AFTER, -100 * STALE_AFTER])
def test_i8_a_clock_that_was_set_does_not_steal(store: Store, clock: Clock, jump: float) -> None:
    start(store, "a")
    claim(store, ANNA)
    clock.jumps(jump)
    with refused(store, "user_decides", "not stale"):
        recover(store, "a", by_user=False, known_dead=True, silence=STALE_AFTER)


def test_i8_the_users_word_counts_for_the_claim_they_saw(store: Store) -> None:
    start(store, "a")
    old = claim(store, ANNA)
    give_back(store, old)
    new = claim(store, BERT)
    with refused(store, "stale_token", "bert"):
        recover(store, "a", token=old.token)
    assert live(store) == {"a": new.token}


def test_i13_a_repeated_recovery_is_answered_as_the_first(store: Store) -> None:
    start(store, "a")
    for _ in range(3):
        held = claim(store, ANNA)
        first = recover(store, "a", token=held.token)
    assert state(store, "a") is State.BLOCKED
    before = whole(store)
    again = recover(store, "a", token=held.token)
    assert getattr(again, "event", None) == getattr(first, "event", 0)
    assert whole(store) == before


def test_three_recoveries_block_and_are_no_failures(store: Store) -> None:
    start(store, "a")
    for _ in range(3):
        assert state(store, "a") is State.AVAILABLE
        claim(store, ANNA)
        recover(store, "a")
    assert state(store, "a") is State.BLOCKED
    assert store.read(lambda view: view.records[TaskId("a")].failures) == 0


def test_a_claim_can_be_recovered_to_failed_for_a_later_retry(store: Store) -> None:
    start(store, "a", "b")
    claim(store, ANNA, "a")
    recover(store, "a", State.FAILED)
    assert state(store, "a") is State.FAILED
    assert claim(store, BERT).task == "b"


def test_only_the_user_unblocks_and_then_counting_begins_anew(store: Store) -> None:
    start(store, "a")
    for _ in range(2):
        fail(store, claim(store, ANNA))
    with refused(store, "user_decides", "blocked"):
        recover(store, "a", by_user=False, known_dead=True)
    recover(store, "a")
    assert claim(store, ANNA).task == "a"
    fail(store, claim(store, ANNA))
    assert state(store, "a") is State.FAILED


@pytest.mark.parametrize("to", [State.CLAIMED, State.COMPLETED, State.BLOCKED])
def test_a_task_is_recovered_to_the_queue_and_nowhere_else(store: Store, to: State) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "bad_state", to):
        recover(store, "a", to)


def test_nobody_can_say_to_be_an_agent_that_the_client_vouched_for(store: Store) -> None:
    vouched = Agent(ANNA.session, ANNA.name, verified=True)
    start(store, "a")
    held = claim(store, vouched)
    for command in (
        TakeClaim(ANNA),
        Fail(ANNA, held.task, held.token, "not me"),
        Release(ANNA, held.task, held.token, Outcome.RETURNED),
        Extend(ANNA, held.task, held.token, ("more.txt",)),
    ):
        with refused(store, "unverified", "vouched for"):
            store.transact(command)
    assert claim(store, vouched).token == held.token


def test_what_is_in_the_queue_is_not_recovered(store: Store) -> None:
    start(store, "a")
    with refused(store, "not_stuck", "available"):
        recover(store, "a", State.FAILED)
    assert isinstance(recover(store, "a"), Unchanged)
    fail(store, claim(store, ANNA))
    with refused(store, "not_stuck", "failed"):
        recover(store, "a")


def test_the_user_can_have_a_result_done_again(store: Store) -> None:
    start(store, "a", task("b", needs=("a",)))
    complete(store, claim(store, ANNA))
    with refused(store, "user_decides", "completed"):
        recover(store, "a", by_user=False, known_dead=True)
    recover(store, "a")
    assert state(store, "a") is State.AVAILABLE
    assert store.read(lambda view: view.records[TaskId("a")].commit) is None
    with refused(store, "waits_for", "a"):
        claim(store, BERT, "b")
    assert claim(store, ANNA).task == "a"


@pytest.mark.parametrize("end", [None, complete])
def test_a_result_that_others_started_from_is_not_done_again(store: Store, end: object) -> None:
    start(store, "a", task("b", needs=("a",)))
    complete(store, claim(store, ANNA))
    held = claim(store, BERT)
    if callable(end):
        end(store, held)
    with refused(store, "others_rest_on_it", "b"):
        recover(store, "a")


def test_what_is_merged_is_not_recovered(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    store.transact(MarkMerged((TaskId("a"),), COMMIT))
    with refused(store, "task_merged"):
        recover(store, "a")


def test_without_a_run_there_is_nothing_to_recover(store: Store) -> None:
    with refused(store, "no_plan"):
        recover(store, "a")


# ---------------------------------------------------------------------- merged, put away


def test_only_completed_work_can_be_merged(store: Store) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "not_completed", "claimed"):
        store.transact(MarkMerged((TaskId("a"),), COMMIT))


def test_a_run_with_a_live_claim_is_not_put_away(store: Store) -> None:
    start(store, "a")
    claim(store, ANNA)
    with refused(store, "still_claimed", "anna"):
        store.transact(Archive())


def test_a_run_that_is_put_away_leaves_room_for_the_next(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    store.transact(Archive())
    with refused(store, "no_plan"):
        claim(store, ANNA)
    start(store, "a", "b")
    assert claim(store, ANNA).slot == 1
    assert state(store, "b") is State.AVAILABLE


def test_a_proposal_outlives_the_run_that_is_put_away(store: Store) -> None:
    start(store, "a")
    complete(store, claim(store, ANNA))
    later = plan("z")
    store.transact(Propose(later))
    store.transact(Archive())
    store.transact(Approve(later.id, Strategy.FILES, "test", BASE, TARGET))
    assert claim(store, ANNA).task == "z"


def test_every_change_raises_the_revision_and_nothing_else_does(store: Store) -> None:
    start(store, "a", "b")
    revs = [store.read(lambda view: view.rev)]
    held = claim(store, ANNA)
    for step in (prepare, complete):
        step(store, held)
        revs.append(store.read(lambda view: view.rev))
    assert revs == [2, 4, 5]
    nothing_new = [store.transact(TakeClaim(BERT))[1], store.transact(TakeClaim(BERT))[1]]
    assert nothing_new == [6, 6]
