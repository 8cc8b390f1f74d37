"""A storm: processes that work on one folder store at once, while some are killed or stopped.

    python -m storms.crowd ROOT STORM

STORM is a `Storm` as JSON. Prints what happened, a `Tally`, as JSON. Each process keeps a journal
(`storms.journal`), so the history of all of them can be checked afterwards. The same seed gives the
same plan of calls and deaths; how they interleave is the machine's affair.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import random
import select
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from parallel_agents.core.commands import (
    Extend,
    Fail,
    Granted,
    NothingToClaim,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.model import Agent, Claim, Outcome, State, TaskId
from parallel_agents.core.view import View
from parallel_agents.store.folder import FolderStore
from store_process import POINTS
from stores import COMMIT, start, task
from storms.history import Asked
from storms.journal import Journal

INSIDE = tuple(point for point in POINTS if point != "synced")
"""The steps of a change that are made while the lock is held."""
WATCHED = 40
"""Claims that others are granted while a holder stands still."""


@dataclass(frozen=True, slots=True)
class Storm:
    """What is to happen."""

    seed: int
    processes: int
    tasks: int
    claims: int
    """Claims granted, after which the storm ends."""
    kills: int = 0
    """Processes killed from outside, at any moment; another takes the place of each."""
    deaths: int = 0
    """Processes that are killed at a chosen step of a change."""
    stop: str = ""
    """`holder`: one stands still while it has a claim; `inside`: while it has the lock."""
    stopped_dies: bool = False
    """Whether the one that stood still is killed then, or goes on."""
    drains: bool = False
    """Whether the tasks are worked off, and the storm ends when nothing is left."""
    plain: bool = False
    """Whether there is nothing but claims and tasks given back."""
    timeout: float = 20.0
    """Seconds to wait for the lock."""
    longest: int = 300
    """Seconds after which the storm has gone wrong."""


@dataclass(slots=True)
class Tally:
    """What happened."""

    claims: int = 0
    kills: int = 0
    held: int = 0
    """Of the killed, how many left a claim behind."""
    stopped: int = 0
    """The process id of the one that stood still."""
    stopped_from: int = 0
    stopped_to: int = 0
    """Monotonic nanoseconds."""
    timeouts: int = 0
    """Calls that were told `lock_timeout`."""


def plan_of(storm: Storm) -> dict[str, Asked]:
    """The tasks: four share a file, some hold a folder, and the last fifth waits for others."""
    tasks = {}
    for n in range(storm.tasks):
        files = [f"own/{n}.py", f"shared/{n // 4}.py"]
        if not storm.plain:
            files.append(f"tree/{n // 10}/**" if n % 10 == 0 else f"tree/{n // 10}/{n}.py")
        late = storm.tasks >= 10 and n >= storm.tasks * 4 // 5
        tasks[f"t{n:04}"] = Asked(tuple(files), (f"t{n - storm.tasks // 5:04}",) if late else ())
    return tasks


# ---------------------------------------------------------------------- one process

_NEWS = struct.Struct("=cHH")
"""What happened, to which process, in which of its lives."""
_GRANTED, _TIMED_OUT, _SIGNALS_ITSELF = b"c", b"t", b"s"


class _Worker:
    """One agent at work."""

    def __init__(self, root: Path, storm: Storm, number: int, life: int, news: int) -> None:
        self.storm, self.number, self.life, self.news = storm, number, life, news
        self.agent = Agent("storm", _name(number, life))
        self.chance = random.Random(f"{storm.seed}/{number}/{life}")
        self.store = FolderStore(root, timeout=storm.timeout)
        self.journal = Journal(root, self.agent)
        self.tasks = list(plan_of(storm))
        self.held: Claim | None = None
        self.last: Release | Fail | None = None

    def work(self, is_over: Callable[[], int]) -> None:
        while not is_over():
            if self.held is None:
                if self.seek():
                    return
            else:
                self.go_on(self.held)

    def call(self, command: Any) -> Any:
        answer = self.journal.call(self.store, command)
        if isinstance(answer, ParallelAgentsError) and answer.code == "lock_timeout":
            self.tell(_TIMED_OUT)
        return answer

    def tell(self, what: bytes) -> None:
        os.write(self.news, _NEWS.pack(what, self.number, self.life))

    def seek(self) -> bool:
        """Claim; whether there is nothing more to do."""
        storm, luck = self.storm, self.chance.random()
        if not (storm.drains or storm.plain) and luck < 0.04:
            self.call(Recover(self.any_task(), State.AVAILABLE, by_user=True))
        elif self.last and luck < 0.06:
            self.call(self.last)  # as after a lost reply
        wanted = self.any_task() if luck > (0.6 if storm.plain else 0.95) else None
        answer = self.call(TakeClaim(self.agent, wanted))
        if isinstance(answer, Granted):
            self.held = answer.claim
            if not answer.again:
                self.tell(_GRANTED)
        elif isinstance(answer, NothingToClaim):
            if answer.finished and storm.drains:
                return True
            os.sched_yield()
            if not (storm.drains or storm.plain):
                self.call(Recover(self.any_task(), State.AVAILABLE, by_user=True))
        return False

    def go_on(self, held: Claim) -> None:
        agent, task, token = self.agent, held.task, held.token
        storm, luck = self.storm, self.chance.random()
        if luck < 0.03:
            self.call(TakeClaim(agent))
        elif luck < 0.06 and not storm.plain:
            self.call(Extend(agent, task, token, (f"extra/{self.chance.randrange(8)}.py",)))
        elif luck < 0.07:
            self.call(Release(agent, task, token - 1, Outcome.RETURNED))
        if storm.plain:
            end, failing = 0.0, 0.0
        else:
            end, failing = (0.85, 0.9) if storm.drains else (0.02, 0.03)
        luck = self.chance.random()
        if luck < end:
            self.last = Release(agent, task, token, Outcome.COMPLETED, commit=COMMIT)
        elif luck < failing:
            self.last = Fail(agent, task, token, "Bad luck.")
        else:
            self.last = Release(agent, task, token, Outcome.RETURNED)
        answer = self.call(self.last)
        if not isinstance(answer, ParallelAgentsError) or answer.code == "stale_token":
            self.held = None  # ended by us, or taken away by the user's word

    def any_task(self) -> TaskId:
        return TaskId(self.chance.choice(self.tasks))

    def signal_itself(self, point: str, nth: int, number: signal.Signals) -> None:
        """Send this process a signal the `nth` time that it has made this step of a change."""
        owner, name = POINTS[point]
        original, left = getattr(owner, name), nth

        def instead(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            result = original(*args, **kwargs)
            left -= 1
            if not left:
                self.tell(_SIGNALS_ITSELF)
                os.kill(os.getpid(), number)
            return result

        setattr(owner, name, instead)

    def stand_still_holding(self, nth: int) -> None:
        """Stop this process once it has been granted its `nth` claim."""
        original, left = self.tell, nth

        def instead(what: bytes) -> None:
            nonlocal left
            original(what)
            left -= what == _GRANTED
            if not left:
                left = -1
                original(_SIGNALS_ITSELF)
                os.kill(os.getpid(), signal.SIGSTOP)

        self.tell = instead  # type: ignore[method-assign]


def _name(number: int, life: int) -> str:
    return f"agent-{number}-{life}"


# ---------------------------------------------------------------------- all of them


@dataclass(slots=True)
class _Crowd:
    """The processes of one storm, as the one that started them sees them."""

    root: Path
    storm: Storm
    tally: Tally = field(default_factory=Tally)
    pids: dict[int, int] = field(default_factory=dict)
    lives: Counter[int] = field(default_factory=Counter)
    still: int | None = None
    """The number of the one that stands still."""
    waited: set[int] = field(default_factory=set)
    """Those that waited for the lock in vain since."""
    seen: int = 0
    """Claims granted when it came to stand still."""

    def run(self) -> Tally:
        storm, chance = self.storm, random.Random(self.storm.seed)
        over = mmap.mmap(-1, 1)
        gate, key = os.pipe()
        news, tell = _wide_pipe()
        until = storm.tasks if storm.drains else storm.claims
        moments = sorted(chance.sample(range(until), storm.kills), reverse=True)
        fates = {n: self._fate(n, chance) for n in range(storm.processes)}
        store = FolderStore(self.root, timeout=storm.timeout)
        user = Journal(self.root, Agent("storm", "user"))
        is_over = partial(over.__getitem__, 0)

        def begin(number: int) -> None:
            pid = os.fork()
            if pid:
                self.pids[number] = pid
                return
            life = self.lives[number]
            try:
                os.close(key)
                worker = _Worker(self.root, storm, number, life, tell)
                if life == 0:
                    fates[number](worker)
                os.read(gate, 1)  # until all of them are let go
                worker.work(is_over)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)

        def bury(number: int) -> None:
            if self._collect(number) == 0:
                return  # it was through with its work already
            agent = Agent("storm", _name(number, self.lives[number]))
            self.tally.kills += 1
            left = store.read(partial(_claim_of, agent))
            if left is not None:
                self.tally.held += 1
                recover = Recover(left.task, State.AVAILABLE, by_user=True, token=left.token)
                user.call(store, recover)
            self.lives[number] += 1
            begin(number)

        try:
            for number in range(storm.processes):
                begin(number)
            os.close(key)
            while self.tally.claims < storm.claims and self.pids:
                for what, number, life in self._news(news):
                    if what == _GRANTED:
                        self.tally.claims += 1
                    elif what == _TIMED_OUT:
                        self.tally.timeouts += 1
                        self.waited.add(number)
                    elif life != self.lives[number]:
                        pass  # it was killed from outside as well, and is buried
                    elif self._stands_still(number):
                        self.still, self.seen = number, self.tally.claims
                        self.waited.clear()
                    else:
                        bury(number)
                if self.still is not None and self._was_watched():
                    number, self.still = self.still, None
                    self.tally.stopped_to = time.monotonic_ns()
                    os.kill(self.pids[number], signal.SIGCONT)
                    if storm.stopped_dies:
                        os.kill(self.pids[number], signal.SIGKILL)
                        bury(number)
                while moments and moments[-1] <= self.tally.claims and self.still is None:
                    moments.pop()
                    victim = chance.choice(sorted(self.pids))
                    os.kill(self.pids[victim], signal.SIGKILL)
                    bury(victim)
            over[0] = 1
            while self.pids:  # whoever has something to tell must not wait for a reader
                self._news(news)
        finally:
            for pid in self.pids.values():
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            for fd in (gate, news, tell):
                os.close(fd)
            store.close()
        return self.tally

    def _fate(self, number: int, chance: random.Random) -> Callable[[_Worker], None]:
        """What the first process of this number does to itself."""
        storm = self.storm
        nth = chance.randint(2, 10)
        if storm.stop and number == storm.processes - 1:
            if storm.stop == "holder":
                return lambda worker: worker.stand_still_holding(nth)
            point = chance.choice(INSIDE)
            return lambda worker: worker.signal_itself(point, nth, signal.SIGSTOP)
        if number < storm.deaths:
            point = list(POINTS)[number % len(POINTS)]
            return lambda worker: worker.signal_itself(point, nth, signal.SIGKILL)
        return lambda worker: None

    def _news(self, news: int) -> list[tuple[bytes, int, int]]:
        """What the processes tell. Where nothing more can come, those that ended are collected."""
        if not select.select([news], [], [], 0.2)[0]:
            for number, pid in list(self.pids.items()):
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    self._collect(number)
            return []
        return list(_NEWS.iter_unpack(os.read(news, _NEWS.size * 1000)))

    def _stands_still(self, number: int) -> bool:
        """Whether the one that sends itself a signal is stopped by it, and not killed."""
        if number not in self.pids:
            return False
        found = os.waitid(os.P_PID, self.pids[number], os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        assert found is not None
        if found.si_code != os.CLD_STOPPED:
            return False
        self.tally.stopped = self.pids[number]
        self.tally.stopped_from = time.monotonic_ns()
        return True

    def _was_watched(self) -> bool:
        """Whether the others have shown what they do while one stands still."""
        if self.storm.stop == "holder":
            return self.tally.claims >= self.seen + WATCHED
        return len(self.waited) == self.storm.processes - 1

    def _collect(self, number: int) -> int:
        """Wait for the end of a process; 0, or less where a signal ended it."""
        pid = self.pids.pop(number)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, -signal.SIGKILL):
            raise RuntimeError(f"process {number} of the storm ended with {code}")
        return code


def _wide_pipe() -> tuple[int, int]:
    """A pipe in which the news of many seconds has room, where the system has such pipes.

    Some is told while the lock is held: who tells it must not have to wait for who listens, who may
    be waiting for the lock.
    """
    out, into = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 1 << 20)
    return out, into


def _claim_of(agent: Agent, view: View) -> Claim | None:
    return view.claim_of(agent)


def run(root: Path, storm: Storm) -> Tally:
    """Start a run in `root` and let the storm loose on it. Leaves its journals there.

    Raises `TimeoutError` where it does not end, `RuntimeError` where a process fails.
    """

    def too_long(*_: object) -> NoReturn:
        raise TimeoutError(f"the storm was not over after {storm.longest} s: {storm}")

    # Nothing waits for the disk: only a power cut could tell.
    with mock.patch.multiple(os, fsync=lambda fd: None, sync=lambda: None):
        store = FolderStore(root)
        tasks = plan_of(storm).items()
        start(store, *[task(name, *asked.files, needs=asked.needs) for name, asked in tasks])
        store.close()
        before = signal.signal(signal.SIGALRM, too_long)
        signal.alarm(storm.longest)
        try:
            return _Crowd(root, storm).run()
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    told = run(Path(sys.argv[1]), Storm(**json.loads(sys.argv[2])))
    sys.stdout.write(json.dumps(asdict(told)))
