"""The one door to git: a command started through GitPython, bounded in time, its output as bytes.

Nothing goes through a shell, no hook runs unless the caller says so, and `GIT_*` variables that
could point git at another repository are left out. Environment rules after pre-commit's `git.py`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parallel_agents.core.errors import BadInput, Unusable

OLDEST_GIT = (2, 38)
"""The first version with `merge-tree --write-tree`."""

PATIENCE = 60.0
"""Seconds that a command which only reads or moves refs may take."""

LONG_PATIENCE = 600.0
"""Seconds that a command which writes a whole work tree may take."""

TRIES = 5
"""How often a command is tried that fails because another git holds a lock for a moment."""

_KEPT = re.compile(
    r"GIT_(AUTHOR|COMMITTER)_\w+|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)"
    r"|GIT_EXEC_PATH|GIT_SSH(_\w+)?|GIT_ASKPASS|GIT_SSL_\w+|GIT_ALLOW_PROTOCOL"
    r"|GIT_CEILING_DIRECTORIES|GIT_DISCOVERY_ACROSS_FILESYSTEM|GIT_LFS_\w+|GIT_PYTHON_\w+"
)

LARGE_FILES = "GIT_LFS_SKIP_SMUDGE"

# Two gits meeting in the administration files; seen with 32 work trees made at once.
_PASSING = re.compile(
    r"\.lock': File exists|could not lock config file|failed to read \S*commondir"
    r"|Invalid path '?\S*worktrees",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Output:
    """What a git command left behind."""

    status: int
    raw: bytes
    errors: str
    """Standard error, stripped."""

    @property
    def text(self) -> str:
        """Standard output without its last newline; undecodable bytes are surrogates."""
        return decoded(self.raw.removesuffix(b"\n"))

    @property
    def records(self) -> tuple[str, ...]:
        """The NUL-terminated records of a `-z` command."""
        return tuple(decoded(self.raw).split("\0")[:-1])

    @property
    def passing(self) -> bool:
        """The command failed on a lock that another git holds for a moment."""
        return self.status != 0 and _PASSING.search(self.errors) is not None


def decoded(raw: bytes) -> str:
    """Git's bytes as text that encodes back to the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def outside(name: str) -> str:
    """`name` as it is, once it cannot be taken for an option. Raises BadInput `bad_git_name`."""
    if not name or name.startswith("-") or "\0" in name or "\n" in name:
        raise BadInput(
            "bad_git_name",
            f"{name!r} cannot be the name of a branch, a commit or a ref.",
            "Give a name that is not empty and does not start with '-'.",
        )
    return name


def run(
    cwd: Path,
    *args: str,
    ok: tuple[int, ...] | None = (0,),
    timeout: float = PATIENCE,
    feed: bytes | None = None,
    env: Mapping[str, str] | None = None,
    hooks: bool = False,
    keep_open: tuple[int, ...] = (),
) -> Output:
    """Run `git *args` in `cwd` and wait for it.

    `ok` lists the exit statuses the caller expects (None: any), `feed` goes to standard input,
    `timeout` is in seconds, `hooks` lets the user's hooks run, `keep_open` are descriptors that the
    command holds too. Raises Unusable: `git_missing`, `git_failed` (another status),
    `git_timed_out` (its process group was ended), `no_directory`.
    """
    try:
        from git.cmd import Git
        from git.exc import GitCommandNotFound
    except ImportError as error:  # GitPython looks for git when it is imported
        raise _missing() from error
    if not cwd.is_dir():
        raise Unusable(
            "no_directory", f"{cwd} is not a directory.", "Check the path, then call again."
        )
    command = [
        *_unset(os.environ),
        "git",
        "-C",  # GitPython falls back to the process's own directory when cwd has just gone
        str(cwd),
        *("-c", "core.fsmonitor=false", "-c", "core.quotePath=false"),
        *(() if hooks else ("-c", "core.hooksPath=/dev/null")),
        *args,
    ]
    forced = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **(env or {})}
    try:
        handle = Git(str(cwd)).execute(
            command,
            istream=None if feed is None else subprocess.PIPE,
            as_process=True,
            env=forced,
            start_new_session=True,
            pass_fds=keep_open,
        )
    except GitCommandNotFound as error:
        raise _missing() from error
    process = handle.proc
    assert process is not None
    try:
        raw, errors = process.communicate(feed, timeout=timeout)
    except subprocess.TimeoutExpired:
        _end_group(process)
        raise Unusable(
            "git_timed_out",
            f"`git {_verb(args)}` in {cwd} did not end within {timeout:g} seconds and was stopped.",
            "Look for a prompt (signing, credentials) or a slow disk, then call again.",
        ) from None
    except BaseException:
        _end_group(process)
        raise
    output = Output(process.returncode, raw, decoded(errors).strip())
    if ok is not None and output.status not in ok:
        raise failed(cwd, args, output)
    return output


def retried(call: Callable[[], Output]) -> Output:
    """The outcome of `call`, tried again while another git holds a lock for a moment."""
    for attempt in range(TRIES - 1):
        output = call()
        if not output.passing:
            return output
        pause(attempt)
    return call()


def without_large_files() -> dict[str, str]:
    """Environment in which a checkout leaves Git LFS's pointers where the files would be.

    Each work tree would download them anew, or at best copy them; the plan's setup command gets
    what a task needs (`git lfs pull`). What the user has set counts more.
    """
    return {LARGE_FILES: os.environ.get(LARGE_FILES, "1")}


def pause(attempt: int) -> None:
    """Wait before the next try: 50 ms, doubled each time."""
    time.sleep(0.05 * 2**attempt)


def failed(cwd: Path, args: tuple[str, ...], output: Output) -> Unusable:
    """The error for a command that ended in a way nobody expected."""
    return Unusable(
        "git_failed",
        f"`git {_verb(args)}` in {cwd} failed with status {output.status}: {said(output)}",
        "Fix what git reports, then call again.",
    )


def said(output: Output) -> str:
    """What git said on its way out, short enough for a message."""
    words = output.errors or output.text.strip() or "it said nothing"
    return words if len(words) <= 1500 else f"{words[:700]} ... {words[-700:]}"


@cache
def require_git() -> tuple[int, int]:
    """Git's version, which can merge in memory. Raises Unusable `git_too_old`, `git_missing`."""
    version = run(Path("/"), "version").text
    found = re.search(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise Unusable(
            "git_too_old",
            f"{version} is installed; {OLDEST_GIT[0]}.{OLDEST_GIT[1]} or later is needed.",
            "Install a newer git, then call again.",
        )
    return int(found[1]), int(found[2])


def _missing() -> Unusable:
    return Unusable(
        "git_missing", "The program git was not found on PATH.", "Install git, then call again."
    )


def _unset(environ: Mapping[str, str]) -> list[str]:
    # GitPython hands over the whole environment and can only add to it.
    names = [n for n in environ if n.startswith("GIT_") and not _KEPT.fullmatch(n)]
    return ["env", *(part for name in names for part in ("-u", name))] if names else []


def _verb(args: tuple[str, ...]) -> str:
    words = iter(args)
    shown: list[str] = []
    for word in words:
        if word == "-c":
            next(words, None)
        elif not word.startswith("-"):
            shown.append(word)
    return " ".join(shown[: 2 if shown[:1] == ["worktree"] else 1])


def _end_group(process: subprocess.Popen[bytes]) -> None:
    # A polite end first: git then takes its lock files away.
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.communicate(timeout=2.0)
        except (subprocess.TimeoutExpired, ValueError):
            continue
        return
