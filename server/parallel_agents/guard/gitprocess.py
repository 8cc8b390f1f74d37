"""Git, started by a hook to be asked one question: the guard's only way to it.

Nothing that runs a program of the repository's, and nothing that writes the index. `subprocess`
would cost more than git.
"""

from __future__ import annotations

import os

SECONDS = 3.0
MOST = 1 << 20
"""Bytes of an answer, unless more is asked for."""
_SAFE = (
    "--no-optional-locks",
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "diff.external="),
)


class Unanswered(Exception):
    """Raised when git does not answer: it fails, takes too long, or is not there."""

    def __init__(self, said: str, status: int = -1) -> None:
        super().__init__(said)
        self.status = status
        """The exit status of git, or -1 where there is none."""


def printed(
    folder: str,
    *words: str,
    fails: bool = False,
    seconds: float = SECONDS,
    most: int = MOST,
    given: bytes = b"",
) -> bytes:
    """What `git -C folder words...` prints: at most `most` bytes, within so many seconds.

    It reads `given`, which fits into a pipe (64 kB). Raises `Unanswered`; status 1 is an answer
    where `fails` says so.
    """
    import select
    from time import monotonic

    filled = _filled(given) if given else -1
    out, their_out = os.pipe()
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env.update(GIT_TERMINAL_PROMPT="0", LC_ALL="C", GIT_OPTIONAL_LOCKS="0")
    null = os.open(os.devnull, os.O_RDWR)
    try:
        pid = os.posix_spawnp(
            "git",
            ("git", "-C", folder, *_SAFE, *words),
            env,
            file_actions=(
                (os.POSIX_SPAWN_DUP2, null if filled < 0 else filled, 0),
                (os.POSIX_SPAWN_DUP2, their_out, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
            ),
        )
    except (OSError, ValueError) as error:
        os.close(out)
        raise Unanswered(f"git cannot be started: {error}") from None
    finally:
        os.close(their_out)
        os.close(null)
        if filled >= 0:
            os.close(filled)
    waiting = select.poll()  # select itself refuses descriptors above 1023
    waiting.register(out)
    end = monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    late = False
    try:
        while True:
            left = end - monotonic()
            if left <= 0 or size > most or not waiting.poll(left * 1000):
                late = True
                break
            chunk = os.read(out, 1 << 16)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
    finally:
        os.close(out)
        if late:
            os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if late or code not in ((0, 1) if fails else (0,)):
        if late:
            raise Unanswered("git gave no answer in time")
        raise Unanswered(f"git answered {code}", code)
    return b"".join(chunks)


def _filled(given: bytes) -> int:
    """A pipe to read `given` from. Raises `Unanswered` where it is more than a pipe holds."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        if os.write(write, given) == len(given):
            return read
    except BlockingIOError:
        pass
    finally:
        os.close(write)
    os.close(read)
    raise Unanswered("it is too much to be read")
