"""What all calls of one server share: the repositories, the threads, and who calls."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context

from parallel_agents.core.errors import BadInput, Unusable
from parallel_agents.core.locktable import TableTorn
from parallel_agents.core.model import Agent

if TYPE_CHECKING:
    from parallel_agents.coordination.stops import Stop
    from parallel_agents.coordinator import Coordinator

T = TypeVar("T")

THREADS = 64
"""Calls that may be inside the coordinator at once; a check may keep one there for minutes."""

A_MOMENT = 1.0
"""Seconds for which the sign of life at a call's beginning counts at its end too."""

TOOL_USE_ID = "claudecode/toolUseId"
"""Where the client notes, in a call's `_meta`, the id that its hooks know the call by."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, from where."""

    name: str
    """Empty where nobody said it."""
    session: str
    verified: bool
    cwd: Path | None

    def agent(self, tool: str) -> Agent:
        """The caller of a tool for agents. Raises `BadInput` where nobody said who it is."""
        if not self.name:
            raise BadInput(
                "who_calls",
                f"{tool} does not know who calls: no hook filled in `agent`, and none was passed.",
                "pass `agent`: a name of your own, the same one in all calls of this run.",
            )
        return Agent(self.session, self.name, self.verified)


class Desk:
    """One server process: its own session, its repositories and its threads."""

    def __init__(self) -> None:
        self.session = f"mcp-{uuid.uuid4().hex[:12]}"
        """The session of callers that no client vouches for."""
        self._threads = anyio.CapacityLimiter(THREADS)
        self._finding = threading.Lock()
        self._found: dict[str, Coordinator] = {}
        self._by_root: dict[Path, Coordinator] = {}
        self.stops: dict[tuple[object, ...], Stop] = {}
        """Why merges stopped that the user is being asked about: a form's answer comes in a further
        round of the same call, and must be about the same thing."""

    def caller(
        self, ctx: Context[Any, Any], agent: str, session: str, cwd: str, call: str
    ) -> Caller:
        """Who calls, from the arguments that the client's hook fills in.

        The hook's `call` is the id of this very tool call, which the client repeats beside the
        arguments and no model can know while it writes them: where the two agree, the hook spoke.
        """
        meta: Any = ctx.request_context.meta or {}
        return Caller(
            name=agent,
            session=session or self.session,
            verified=bool(call and session) and meta.get(TOOL_USE_ID) == call,
            cwd=Path(cwd) if cwd else None,
        )

    async def do(self, caller: Caller, work: Callable[[Coordinator], T]) -> T:
        """Run `work` on the caller's repository, in a thread, so that other calls go on."""
        return await anyio.to_thread.run_sync(self._do, caller, work, limiter=self._threads)

    def at_once(self, caller: Caller, work: Callable[[Coordinator], T | None]) -> T | None:
        """Run `work`, which must not wait for anything and gives a sign of life, here and now.

        None where it gives that, or where the caller's repository or session is not known yet:
        then it is `do`'s. A hop to a thread and back costs more than all of a claim.
        """
        coordinator = self._found.get(next(_starts(caller), ""))
        if coordinator is None or not coordinator.store.holds_session(caller.session):
            return None
        return work(coordinator)

    def _do(self, caller: Caller, work: Callable[[Coordinator], T]) -> T:
        coordinator = self._coordinator(caller)
        agent = Agent(caller.session, caller.name, caller.verified) if caller.name else None
        if agent is not None:
            coordinator.sign_of_life(agent)
        began = time.monotonic()
        try:
            return work(coordinator)
        finally:
            coordinator.hold_session(caller.session)
            # A check may have taken as long as it takes to be stale.
            if agent is not None and time.monotonic() - began > A_MOMENT:
                coordinator.sign_of_life(agent)

    def keep_time(self) -> None:
        """Note the time for every repository that was called about; once a minute is enough."""
        with self._finding:
            coordinators = tuple(self._by_root.values())
        for coordinator in coordinators:
            coordinator.store.keep_time()

    def look_around(self) -> None:
        """Look at what commands in the background have done, in every repository called about."""
        with self._finding:
            coordinators = tuple(self._by_root.values())
        for coordinator in coordinators:
            # The next look sees what this one could not read; hooks look as well.
            with suppress(OSError, TableTorn):
                coordinator.look_around()

    def _coordinator(self, caller: Caller) -> Coordinator:
        nowhere = None
        with self._finding:
            for start in _starts(caller):
                if (found := self._found.get(start)) is not None:
                    return found
                from parallel_agents.coordinator import Coordinator  # slow: when it is used

                try:
                    here = Coordinator.at(Path(start))
                except Unusable as error:
                    if error.code != "no_repository":
                        raise
                    nowhere = nowhere or error
                    continue
                found = self._by_root.setdefault(here.repository.root, here)
                self._found[start] = found
                return found
        raise nowhere or Unusable(
            "no_repository",
            "The folder that this server was started in does not exist any more.",
            "ask the user to start the session again, in the repository.",
        )


def at_desk(
    ctx: Context[Any, Any], agent: str, session: str, cwd: str, call: str
) -> tuple[Desk, Caller]:
    """The desk of the server that is called, and who calls it."""
    desk = ctx.request_context.lifespan_context
    assert isinstance(desk, Desk)
    return desk, desk.caller(ctx, agent, session, cwd, call)


def _starts(caller: Caller) -> Iterator[str]:
    """Where to look for the repository: the client's project, here, where the caller is."""
    if project := os.environ.get("CLAUDE_PROJECT_DIR"):
        yield project
    with suppress(FileNotFoundError):  # somebody may have removed the folder
        yield os.getcwd()
    if caller.cwd is not None:
        yield os.fspath(caller.cwd)
