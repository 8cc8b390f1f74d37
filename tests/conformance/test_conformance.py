"""Every store does what the model says, whatever is asked of it and whatever befalls it.

A bounded number of runs; with PARALLEL_AGENTS_CONFORMANCE=long, as `make storm` sets it, many more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from conformance.model import COVERS, Model, Reply, meet
from conformance.stands import STANDS, Folder, Stand
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from parallel_agents.core.commands import (
    Answer,
    Approve,
    Archive,
    Command,
    Done,
    Extend,
    Fail,
    Granted,
    MarkMerged,
    NothingToClaim,
    Place,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, State, Strategy, TaskId
from parallel_agents.core.view import View
from parallel_agents.store.protocol import Store
from stores import ANNA, BASE, BERT, CARA, COMMIT, TARGET, Clock, task

pytest_plugins = ["store_fixtures"]

MODE = os.environ.get("PARALLEL_AGENTS_CONFORMANCE", "")
"""`long` for many more runs; `mutated` where one failure is enough, whichever it is."""
LONG = MODE == "long"
settings.register_profile(
    "conformance",
    settings.get_profile("here"),
    max_examples=80 if MODE == "mutated" else 100,
    stateful_step_count=60 if LONG else 40,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate] if MODE == "mutated" else list(Phase),
    derandomize=MODE == "mutated",
)
ROUNDS = 25 if LONG else 1
"""A long run is cut into rounds: each is well within the time that a test may take."""
PROCESSES = 3
"""How many processes have a store open at once: the newest ones, the others died."""

VOUCHED_FOR = Agent("s-1", "anna", verified=True)
AGENTS = st.sampled_from([ANNA, BERT, CARA, Agent("s-2", "anna"), VOUCHED_FOR])
NAMES = st.sampled_from([TaskId(n) for n in "abcdef"])
STRANGE = TaskId("no-such-task")
VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "a": ({"files": ("a.py",)}, {"files": ("c.py",)}),
    "b": ({"files": ("src/*.py",)}, {"files": ("src",), "priority": 2}),
    "c": ({"files": ("{a,b}.py",)}, {"files": ("src/X.py", "docs")}),
    "d": ({"files": ("src/deep/z.py", "docs"), "needs": ("a",)}, {"files": ("b.py",)}),
    "e": ({"files": ("b.py", "docs/**"), "priority": 1}, {}),
    "f": ({"files": ("c.py",), "needs": ("b", "d")}, {}),
}
"""What a plan may say of each task; of the last two, also nothing."""


def _plan(chosen: tuple[int, ...], most: int | None) -> Plan:
    said = [(n, VARIANTS[n][i]) for n, i in zip(VARIANTS, chosen, strict=True) if VARIANTS[n][i]]
    tasks = tuple(
        task(n, *v["files"], needs=v.get("needs", ()), priority=v.get("priority", 0))
        for n, v in said
    )
    return Plan("A goal", tasks, max_agents=most)


PLANS = st.builds(
    _plan,
    st.tuples(*(st.sampled_from([0, 0, 1]) for _ in VARIANTS)),
    st.sampled_from([None, None, None, 1, 2]),
)
PLACES = st.sampled_from([None, Place("/w/1", BASE)])
STRATEGIES = st.sampled_from([Strategy.WORKTREE] * 4 + [Strategy.FILES])

LEGAL = {
    ("available", "claimed"),
    ("failed", "claimed"),
    ("claimed", "completed"),
    ("claimed", "available"),
    ("claimed", "failed"),
    ("claimed", "blocked"),
}
BY_A_PERSON = {(was, to) for was in ("blocked", "completed") for to in ("available", "failed")}


def told(answer: Answer) -> Reply:
    """An answer as the model gives it."""
    match answer:
        case Granted(claim, of, failures, again):
            return ("granted", of.id, *_plainly(claim), failures, again)
        case NothingToClaim():
            return ("nothing", answer.reason, answer.finished, set(answer.waiting_on))
        case Done(event, again):
            return ("done", event.kind.value, event.rev, again)
        case _:
            return ("unchanged",)


def _plainly(claim: Claim) -> tuple[Any, ...]:
    place = claim.workdir and (claim.workdir, claim.branch, claim.start)
    return claim.agent.key, claim.token, claim.files, claim.since, claim.slot, place


def seen(view: View) -> dict[str, Any]:
    """A store's view as `Model.seen` has it."""
    return {
        "rev": view.rev,
        "run": view.run and view.run.id,
        "proposal": view.proposal and view.proposal.id,
        "slots": dict(view.slots),
        "counts": {s.value: view.counts[s] for s in State},
        "ready": [r.task.id for r in view.ready()],
        "claims": {c.task: _plainly(c) for c in view.claims.values()},
        "tasks": {
            r.task.id: (
                r.state.value,
                r.task.files,
                r.failures,
                r.recoveries,
                set(r.failed_by),
                r.commit,
                r.merged,
                {token: event.kind.value for token, event in r.ended.items()},
            )
            for r in view.records.values()
        },
    }


class SideBySide(RuleBasedStateMachine):
    """Drives a store and the model with the same calls; `stand` is set by the test."""

    stand_of: Callable[[Path, Clock], Stand]

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.model = Clock(), Model()
        self.place = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.stand = type(self).stand_of(self.place, self.clock)
        self.stores: list[Store] = [self.stand.opened()]
        self.latest = self.stores[0]
        self.lies: dict[str, str] = {}
        """Where people have put files since a store looked."""
        self.unseen = False
        self.tokens: list[tuple[TaskId, int, Agent]] = []
        self.signs: dict[str, float] = {}
        self.last: tuple[Command, Reply, int] | None = None
        self.before = self.model.seen()
        self.allowed: set[tuple[str, str]] = set()
        self.moved: set[str] = set()

    def teardown(self) -> None:
        self.stand.close()
        shutil.rmtree(self.place)

    # ------------------------------------------------------------------ one call

    def call(self, which: int, command: Command, at_once: bool = False) -> Reply:
        """Ask the store, as one of the processes that have it open, and the model.

        With `at_once` as the MCP server does: the long way is gone where the short one leads
        nowhere.
        """
        self.latest = store = self.stores[which % len(self.stores)]
        self.notice()
        before = self.model.seen()
        expected = self.model.answer(command, self.clock.now)
        try:
            given = store.grant_at_once(command) if at_once else None
            answer, rev = given or store.transact(command)
            reply = told(answer)
            assert rev == self.model.rev
        except ParallelAgentsError as refusal:
            reply = ("refused", refusal.code if refusal.next_step else "no next step")
        assert reply == expected, (command, reply, expected)
        if reply[0] in ("refused", "nothing", "unchanged") or reply[-1] is True:
            assert store.read(seen) == before, "an answer without a change changed something"
            self.unseen = False
        if reply[0] == "granted" and not reply[-1]:
            self.check_grant(before, reply)
        if isinstance(command, Recover):
            self.allowed |= BY_A_PERSON if command.by_user else set()
        self.last = (command, reply, self.model.rev)
        return reply

    def notice(self) -> None:
        """What a store finds out first: where files lie that people have moved."""
        for name, to in self.lies.items():
            if self.model.tasks[name]["state"] != to:
                self.model.moved(name, to, self.clock.now)
                self.moved.add(name)
        self.lies = {}

    def check_grant(self, before: dict[str, Any], reply: Reply) -> None:
        name, agent, token, files = reply[1:5]
        assert all(token > earlier for _, earlier, _ in self.tokens), "I6"
        assert before["tasks"][name][0] in ("available", "failed"), "I1"
        needs = self.model.tasks[name]["task"].depends_on
        assert all(before["tasks"][n][0] == "completed" for n in needs), "I4"
        for other, claim in before["claims"].items():
            assert claim[0] != agent, "I3"
            assert not meet(claim[2], files), ("I2", other)
        self.tokens.append((name, token, Agent.from_key(agent)))

    # ------------------------------------------------------------------ what is done

    @initialize(chosen=PLANS, strategy=STRATEGIES)
    def begin(self, chosen: Plan, strategy: Strategy) -> None:
        self.call(0, TakeClaim(ANNA))
        self.call(0, Propose(chosen, "As shown."))
        self.call(0, TakeClaim(ANNA))
        self.call(0, Approve(chosen.id, strategy, "test", BASE, TARGET))

    @rule(which=st.integers(0, 2), chosen=PLANS)
    def propose(self, which: int, chosen: Plan) -> None:
        self.call(which, Propose(chosen, "As shown."))

    @rule(which=st.integers(0, 2), strategy=STRATEGIES, other=PLANS | st.none())
    def approve(self, which: int, strategy: Strategy, other: Plan | None) -> None:
        chosen = other or self.model.proposal
        plan_id = chosen.id if chosen else "p00000000"
        self.call(which, Approve(plan_id, strategy, "test", BASE, TARGET))

    @rule(which=st.integers(0, 2), agent=AGENTS, place=PLACES, at_once=st.booleans())
    def claim(self, which: int, agent: Agent, place: Place | None, at_once: bool) -> None:
        self.call(which, TakeClaim(agent, place=place), at_once)

    @rule(which=st.integers(0, 2), agent=AGENTS, name=NAMES | st.just(STRANGE))
    def claim_by_name(self, which: int, agent: Agent, name: TaskId) -> None:
        self.call(which, TakeClaim(agent, name))

    def holding(self, data: st.DataObject) -> tuple[Agent, TaskId, int]:
        """Agent, task and token: mostly of a live claim, else old, foreign or made up."""
        live = [
            (Agent.from_key(c["agent"], c["verified"]), n, c["token"]) for n, c in self._claims()
        ]
        old = [(agent, name, token) for name, token, agent in self.tokens]
        kind = data.draw(st.sampled_from(["live"] * 6 + ["old", "old", "foreign", "wrong"]))
        chosen: tuple[Agent, TaskId, int] | None = None
        if kind == "live" and live:
            chosen = data.draw(st.sampled_from(live))
        elif kind == "foreign" and live:
            chosen = (data.draw(AGENTS), *data.draw(st.sampled_from(live))[1:])
        elif kind == "old" and old:
            chosen = data.draw(st.sampled_from(old))
        return chosen or (
            data.draw(AGENTS),
            data.draw(NAMES),
            data.draw(st.integers(0, self.model.rev + 3)),
        )

    def _claims(self) -> list[tuple[TaskId, dict[str, Any]]]:
        return [(TaskId(n), t["claim"]) for n, t in self.model.tasks.items() if t["claim"]]

    @rule(which=st.integers(0, 2), data=st.data(), tree=st.sampled_from(["/w/1", "/w/2"]))
    def prepare(self, which: int, data: st.DataObject, tree: str) -> None:
        self.call(which, Prepare(*self.holding(data), tree, None, BASE))

    @rule(
        which=st.integers(0, 2),
        data=st.data(),
        files=st.lists(st.sampled_from(list(COVERS)), max_size=2),
    )
    def extend(self, which: int, data: st.DataObject, files: list[str]) -> None:
        self.call(which, Extend(*self.holding(data), tuple(files)))

    @rule(which=st.integers(0, 2), data=st.data(), commit=st.sampled_from([COMMIT, BASE, None]))
    def complete(self, which: int, data: st.DataObject, commit: str | None) -> None:
        self.call(which, Release(*self.holding(data), Outcome.COMPLETED, "Done.", commit))

    @rule(which=st.integers(0, 2), data=st.data())
    def give_back(self, which: int, data: st.DataObject) -> None:
        self.call(which, Release(*self.holding(data), Outcome.RETURNED, "Not now."))

    @rule(which=st.integers(0, 2), data=st.data())
    def fail(self, which: int, data: st.DataObject) -> None:
        self.call(which, Fail(*self.holding(data), "It does not build."))

    @rule(which=st.integers(0, 2), data=st.data(), by_name=st.booleans())
    def fail_and_try_again(self, which: int, data: st.DataObject, by_name: bool) -> None:
        agent, name, token = self.holding(data)
        self.call(which, Fail(agent, name, token, "It does not build."))
        self.call(which, TakeClaim(agent, name if by_name else None))

    @rule(which=st.integers(0, 2), data=st.data(), by_user=st.booleans(), dead=st.booleans())
    def recover(self, which: int, data: st.DataObject, by_user: bool, dead: bool) -> None:
        _, name, token = self.holding(data)
        name = data.draw(st.sampled_from([name, name, data.draw(NAMES)]))
        to = data.draw(st.sampled_from([State.AVAILABLE, State.FAILED, *State]))
        silence = data.draw(st.sampled_from([None, 0.0, 1799.0, 1800.0, 1801.0, 7200.0]))
        seen_token = data.draw(st.sampled_from([None, token]))
        reply = self.call(which, Recover(name, to, by_user, "", dead, silence, None, seen_token))
        claim = self.before["claims"].get(name)
        if not by_user and reply[:2] == ("done", "recovered") and not reply[-1] and claim:
            assert dead, "I8"
            assert (silence or 0.0) > 1800, "I8"

    @rule(which=st.integers(0, 2), names=st.lists(NAMES, min_size=1, max_size=2, unique=True))
    def merge(self, which: int, names: list[TaskId]) -> None:
        self.call(which, MarkMerged(tuple(names), COMMIT))

    @rule(which=st.integers(0, 2), sure=st.sampled_from([False, False, True]))
    def archive(self, which: int, sure: bool) -> None:
        if sure or self._claims():
            self.call(which, Archive())

    @rule(which=st.integers(0, 2), agent=AGENTS)
    def heartbeat(self, which: int, agent: Agent) -> None:
        store = self.stores[which % len(self.stores)]
        store.heartbeat(agent)
        assert store.silence(agent) == pytest.approx(0.0, abs=0.001)
        self.signs[agent.key] = self.clock.up

    @rule(which=st.integers(0, 2), agent=AGENTS)
    def ask_for_silence(self, which: int, agent: Agent) -> None:
        """It is never said to be longer than it is: not by a clock that was set (I8)."""
        store = self.stores[which % len(self.stores)]
        silence, sign = store.silence(agent), self.signs.get(agent.key)
        assert (silence is None) == (sign is None)
        if self.stand.has_files and silence is not None and sign is not None:
            assert silence <= self.clock.up - sign + 0.001

    # ------------------------------------------------------------------ what befalls it

    @precondition(lambda self: self.last is not None)
    @rule(which=st.integers(0, 2))
    def lose_the_reply(self, which: int) -> None:
        """The last call once more: what had an effect is answered as it was (I9, I13)."""
        assert self.last is not None
        command, first, rev = self.last
        quiet = not self.lies and rev == self.model.rev  # nobody has moved a file since
        reply = self.call(which, command)
        ends = isinstance(command, Release | Fail)
        if quiet and first[0] in ("done", "granted") and (ends or isinstance(command, TakeClaim)):
            assert reply[:-1] == first[:-1], "I13"

    @precondition(lambda self: self.stand.has_files)
    @rule(at=st.integers(0, 2))
    def crash_and_reopen(self, at: int) -> None:
        """A new process; the old ones may go on."""
        self.stores.insert(at, self.stand.opened())
        del self.stores[PROCESSES:]

    @precondition(lambda self: self.stand.has_files and self.model.run is not None)
    @rule(data=st.data(), to=st.sampled_from([s.value for s in State]), unseen=st.booleans())
    def a_person_moves_a_file(self, data: st.DataObject, to: str, unseen: bool) -> None:
        assert isinstance(self.stand, Folder)
        name = data.draw(st.sampled_from(list(self.model.tasks)))
        was = self.lies.get(name, self.model.tasks[name]["state"])
        if was != to:
            self.stand.move(name, was, to)
            self.lies[name] = to
            self.unseen = unseen

    @rule(seconds=st.sampled_from([0.001, 1.1, 59.0, 60.0, 1801.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.passes(seconds)

    @rule(seconds=st.sampled_from([1801.0, 90_000.0, -5.0, -86_400.0]))
    def the_clock_jumps(self, seconds: float) -> None:
        """The machine slept, or somebody set its clock."""
        self.clock.jumps(seconds)

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        if self.unseen:  # the next call is the first to find it
            self.unseen = False
            return
        self.notice()
        expected = self.model.seen()
        for store in {id(s): s for s in (self.latest, *self.stores[:1])}.values():
            assert store.read(seen) == expected
        self.check(self.before, self.latest.read(seen))
        self.before, self.allowed, self.moved = expected, set(), set()

    def check(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        """The invariants, from what the store shows alone."""
        claims = now["claims"]
        holders = [claim[0] for claim in claims.values()]
        assert len(set(holders)) == len(holders), "I3"
        for one, other in combinations(claims.values(), 2):
            assert not meet(one[2], other[2]), "I2"
        assert now["rev"] >= before["rev"], "I6"
        assert sum(now["counts"].values()) == len(now["tasks"]), "I11"
        for name, told_of in now["tasks"].items():
            state, failures, recoveries, spent = told_of[0], told_of[2], told_of[3], told_of[7]
            assert (name not in claims) or state == "claimed", "I1"
            assert failures < 2 or state == "blocked", "I10"
            assert recoveries < 3 or state == "blocked", "I10"
            assert name not in claims or claims[name][1] not in spent, "I9"
            was = before["tasks"].get(name)
            if was is None or now["run"] != before["run"]:
                continue
            legal = was[0] == state or (was[0], state) in LEGAL | self.allowed
            assert legal or name in self.moved, ("I5", was[0], state)
            assert was[7].items() <= spent.items(), "I9"
        if now["run"] == before["run"] is not None:
            assert before["tasks"].keys() <= now["tasks"].keys(), "I11"


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("name", STANDS)
def test_a_store_does_what_the_model_says(name: str, number: int) -> None:
    class Machine(SideBySide):
        stand_of = staticmethod(STANDS[name])

    run_state_machine_as_test(Machine, settings=settings.get_profile("conformance"))
