"""The store in memory: what it adds to the rules, which `test_rules` shows for both kinds."""

from __future__ import annotations

from threading import Thread

from parallel_agents.core.commands import Granted
from parallel_agents.core.model import Agent
from parallel_agents.store.memory import MemoryStore
from stores import ANNA, Clock, ask, claim, start, whole


def test_signs_of_life_are_those_of_its_clock() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    assert store.last_sign(ANNA) is None
    store.heartbeat(ANNA)
    clock.passes(5)
    assert store.last_sign(ANNA) == clock.now - 5


def test_an_agent_is_dead_when_a_test_says_so() -> None:
    store = MemoryStore()
    store.hold_session(ANNA.session)
    assert not store.is_dead(ANNA)
    store.dead.add(ANNA.key)
    assert store.is_dead(ANNA)


def test_two_stores_share_nothing() -> None:
    one, other = MemoryStore(), MemoryStore()
    start(one, "a")
    assert whole(other)[0] == 0


def test_threads_claim_every_task_once() -> None:
    store = MemoryStore()
    start(store, *(f"t{n}" for n in range(40)))
    granted: list[str] = []

    def work(number: int) -> None:
        answer = ask(store, Agent("s", f"agent-{number}"))
        assert isinstance(answer, Granted)
        granted.append(answer.claim.task)

    threads = [Thread(target=work, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == sorted(f"t{n}" for n in range(40))
    assert not isinstance(ask(store, ANNA), Granted)
    assert claim(store, Agent("s", "agent-0")).task in granted
