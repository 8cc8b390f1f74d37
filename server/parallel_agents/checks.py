"""Commands that come with a plan: read as one program call, run bounded, their end captured."""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import BadInput
from parallel_agents.processes import Process

TAIL = 4000
"""Characters of output that are kept."""

NOT_EXECUTABLE = 126
NOT_FOUND = 127
"""What a shell answers for a program that it cannot start or find."""

_GRACE = 1.0
"""Seconds to wait for the last output of processes that were ended."""

_OPERATORS = ("&&", "||", "|", ";", "&", ">", "<", "$(", "`", "\n")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended."""

    command: str
    exit_code: int | None
    """0: passed. Negative: ended by that signal. None: stopped at the time-out."""
    tail: str
    """The last `TAIL` characters of standard output and standard error, as they came."""
    seconds: float
    timed_out: bool

    @property
    def passed(self) -> bool:
        """True when the command ended by itself with status 0."""
        return self.exit_code == 0


def parse_command(text: str) -> tuple[str, ...]:
    """The program and its arguments. Raises BadInput `bad_command` for what needs a shell."""
    operator = _operator(text)
    if operator:
        raise _bad(text, f"has {operator!r}, which only a shell understands")
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise _bad(text, f"cannot be read: {error}") from error
    if not words or not words[0]:
        raise _bad(text, "names no program")
    if "\0" in text:
        raise _bad(text, "holds a NUL character")
    if re.match(r"[A-Za-z_]\w*=", words[0]):
        raise _bad(text, "sets a variable, which only a shell understands")
    return words


def run_check(
    command: str,
    cwd: Path,
    timeout: float,
    on_start: Callable[[Process], None] = lambda process: None,
) -> CheckResult:
    """Run `command` in `cwd` for at most `timeout` seconds, and end all that it started.

    No shell, nothing on standard input, a process group of its own, whose leader `on_start` is
    told. A program that cannot be started is a result (126 or 127), not an error. Raises BadInput
    `bad_command`.
    """
    argv = parse_command(command)
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        found = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        where = f"{argv[0]!r} in {cwd}"
        why = error.strerror if cwd.is_dir() else "there is no such directory"
        return CheckResult(command, found, f"Cannot run {where}: {why}.", 0.0, False)
    tail = _Tail()
    try:
        on_start(Process.of(process.pid))
        timed_out = not _follow(process, tail, began + timeout)
    finally:
        # Also after a normal end: what still runs would hold files of a tree that is removed.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # a program of another user outlives our signal
            process.wait(_GRACE)
        _drain(process, tail)
    return CheckResult(
        command=command,
        exit_code=None if timed_out else process.returncode,
        tail=tail.text,
        seconds=time.monotonic() - began,
        timed_out=timed_out,
    )


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what would make a check see this program instead of the tree under test.

    Git's variables and our own go, our source folder, and, where `uv run` started us, our virtual
    environment.
    """
    kept = {k: v for k, v in environ.items() if not k.startswith(("GIT_", "PARALLEL_AGENTS_"))}
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = _without(kept["PYTHONPATH"], Path(__file__).parents[1])
    if kept.pop("UV_RUN_RECURSION_DEPTH", None) is not None:
        for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
            kept.pop(name, None)
        kept["PATH"] = _without(kept.get("PATH", os.defpath), Path(sys.prefix) / "bin")
    return kept


class _Tail:
    """The end of a stream of bytes."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        self._kept += chunk
        del self._kept[: -4 * TAIL]  # a character is four bytes at most

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")[-TAIL:]


def _follow(process: subprocess.Popen[bytes], tail: _Tail, deadline: float) -> bool:
    """Read until the process ends; False when the deadline came first."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while process.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # Bounded: a process may end while one that it started keeps the pipe open.
            if waiting.select(min(left, 0.05)):
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(left)
                        return True
                    return False
                tail.add(chunk)
    return True


def _drain(process: subprocess.Popen[bytes], tail: _Tail) -> None:
    """Read what is left in the pipe; a process that left the group may hold it open."""
    assert process.stdout is not None
    deadline = time.monotonic() + _GRACE
    with process.stdout as pipe, selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0 and waiting.select(left):
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                return
            tail.add(chunk)


def _operator(text: str) -> str | None:
    """The first shell operator outside quotes."""
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            for operator in _OPERATORS:
                if text.startswith(operator, at):
                    return operator
        at += 1
    return None


def _without(entries: str, folder: Path) -> str:
    return os.pathsep.join(e for e in entries.split(os.pathsep) if not e or Path(e) != folder)


def _bad(text: str, why: str) -> BadInput:
    return BadInput(
        "bad_command",
        f"The command {text!r} {why}.",
        "Give one program with its arguments, or name the shell yourself: sh -c '...'.",
    )
