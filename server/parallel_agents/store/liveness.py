"""Signs of life: `.alive/`, without process ids, and ages that no clock can be set to.

.alive/<session>.session    locked by the session's servers for as long as they live
.alive/<session>.<agent>    its modification time is the agent's last sign of life
.alive/.clock               how long ago that was, in time awake: see `awake`
"""

from __future__ import annotations

import errno
import json
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from parallel_agents.core.model import Agent
from parallel_agents.store.awake import AwakeClock

try:
    import fcntl
except ImportError:  # Windows: there a session has one server
    fcntl = None  # type: ignore[assignment]

FOLDER = ".alive"
CLOCK = ".clock"
HOOK_LOG = ".hooklog"
PATIENCE = 1.0
"""Seconds for which somebody's look at a session's lock is waited out; it lasts microseconds."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC


class Liveness:
    """What is known of who runs, for one store folder."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._place = os.path.join(folder, FOLDER)
        self._clock = clock
        self._awake = AwakeClock(folder / FOLDER / CLOCK, clock, awake)
        self._held: dict[str, tuple[int, tuple[int, int]]] = {}
        """Session to the descriptor of its file, and which file (device, inode) that is."""
        self._mutex = threading.Lock()

    def hold_session(self, session: str) -> None:
        """Show that this session's server lives, until `close` or the end of the process.

        A session may have several servers: it is over when none of them lives. What cannot be
        noted is no reason to refuse the work: then its agents only seem to live longer.
        """
        path = self._path(f"{session}.session")
        with self._mutex, suppress(OSError):
            if self._is_held(session, path) or not self._folder.is_dir():
                return
            Path(self._place).mkdir(exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o644)
            if _share(fd):
                there = os.fstat(fd)
                self._held[session] = fd, (there.st_dev, there.st_ino)
            else:
                os.close(fd)

    def holds_session(self, session: str) -> bool:
        """Whether this session's lock is held by this object. False also where another thread
        is about to take one: nothing is waited for.
        """
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            return self._is_held(session, self._path(f"{session}.session"))
        except OSError:
            return False
        finally:
            self._mutex.release()

    def beat(self, agent: Agent, first: bool = True) -> None:
        """Note a sign of life. That it cannot be noted is no reason to refuse the work.

        Without `first` only of an agent that gave one before.
        """
        path = self._path(f"{agent.session}.{agent.name}")
        now = self._clock()
        with suppress(OSError):
            try:
                os.utime(path, (now, now), follow_symlinks=False)
            except FileNotFoundError:
                if not (first and self._folder.is_dir()):
                    return
                Path(self._place).mkdir(exist_ok=True)
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | _NOFOLLOW, 0o644))
                os.utime(path, (now, now), follow_symlinks=False)
        self._awake.note()

    def keep_time(self) -> None:
        """Note the time, once a minute, so that silence can be told from sleep later."""
        self._awake.note()

    def last_sign(self, agent: Agent) -> float | None:
        """Seconds since the epoch, or None."""
        path = self._path(f"{agent.session}.{agent.name}")
        try:
            return os.stat(path, follow_symlinks=False).st_mtime
        except OSError:
            return None

    def silence(self, agent: Agent, since: float | None = None) -> float | None:
        """Seconds awake since the last sign of life, or since the time `since` if that is later.

        A modification time and `since` are wall-clock times; which is later is told by their ages.
        """
        ages = [self._awake.age(t) for t in (self.last_sign(agent), since) if t is not None]
        return min(ages, default=None)

    def is_dead(self, agent: Agent) -> bool:
        """Whether the agent's session is over, or a hook saw the agent end. False when in doubt."""
        return self._session_is_over(agent.session) or self._was_seen_to_end(agent)

    def close(self) -> None:
        """Let go of the sessions held."""
        with self._mutex:
            for fd, _ in self._held.values():
                os.close(fd)
            self._held.clear()

    def _is_held(self, session: str, path: str) -> bool:
        """Whether the lock is held on the file that is there now: the folder may be a new one."""
        fd, file = self._held.get(session, (-1, (0, 0)))
        if fd < 0:
            return False
        with suppress(FileNotFoundError):
            there = os.stat(path, follow_symlinks=False)
            if (there.st_dev, there.st_ino) == file:
                return True
        del self._held[session]
        os.close(fd)
        return False

    def _session_is_over(self, session: str) -> bool:
        if session in self._held:
            return False
        try:
            fd = os.open(self._path(f"{session}.session"), os.O_RDWR | _NOFOLLOW)
        except OSError:
            return False
        try:
            if not lock_descriptor(fd, blocking=False):
                return False
            unlock_descriptor(fd)
            return True
        except OSError:
            return False
        finally:
            os.close(fd)

    def _was_seen_to_end(self, agent: Agent) -> bool:
        try:
            lines = (self._folder / HOOK_LOG).read_text(errors="replace").splitlines()
        except OSError:
            return False
        for line in reversed(lines):
            try:
                seen = json.loads(line)
                ended = seen["agent"] == agent.key and seen["kind"] in ("ended", "session_end")
                at = float(seen["at"]) if ended else 0.0
            except (ValueError, KeyError, TypeError):
                continue
            if ended:
                sign = self.last_sign(agent)
                return sign is None or sign <= at
        return False

    def _path(self, name: str) -> str:
        return f"{self._place}/{_UNSAFE.sub('_', name)}"


class SignsOfLife:
    """The part of `Store` that no command changes: who lives."""

    def __init__(self, liveness: Liveness) -> None:
        self._liveness = liveness

    def heartbeat(self, agent: Agent, first: bool = True) -> None:
        """See `Store.heartbeat`."""
        self._liveness.beat(agent, first)

    def last_sign(self, agent: Agent) -> float | None:
        """See `Store.last_sign`."""
        return self._liveness.last_sign(agent)

    def silence(self, agent: Agent, since: float | None = None) -> float | None:
        """See `Store.silence`."""
        return self._liveness.silence(agent, since)

    def keep_time(self) -> None:
        """See `Store.keep_time`."""
        self._liveness.keep_time()

    def is_dead(self, agent: Agent) -> bool:
        """See `Store.is_dead`."""
        return self._liveness.is_dead(agent)

    def hold_session(self, session: str) -> None:
        """See `Store.hold_session`."""
        self._liveness.hold_session(session)

    def holds_session(self, session: str) -> bool:
        """See `Store.holds_session`."""
        return self._liveness.holds_session(session)


def _share(fd: int) -> bool:
    """Take a lock that several servers of a session can have, and that a look for one meets."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if fcntl is None:
                return lock_descriptor(fd, blocking=False)
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR):
                raise
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.001)
