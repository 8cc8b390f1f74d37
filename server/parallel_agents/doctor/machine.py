"""The programs that a run needs, and their versions."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.doctor.finding import Finding, Level
from parallel_agents.git.process import require_git, run

OLDEST_CLIENT = (2, 1, 328)
"""As `engines` of the plugin's manifest says."""

PATIENCE = 20.0
"""Seconds that a program may take to tell its version."""


def python() -> Finding:
    """Which Python this is; an older one than we need could not have read this."""
    return Finding("python", Level.OK, f"{platform.python_version()} ({sys.executable})")


def git() -> Finding:
    """Whether git can merge in memory."""
    try:
        require_git()
        return Finding("git", Level.OK, run(Path("/"), "version").text)
    except ParallelAgentsError as error:
        return Finding("git", Level.FAIL, error.sentence, error.next_step)


def uv() -> Finding:
    """Whether environments are made fast."""
    if shutil.which("uv") is None:
        return Finding(
            "uv",
            Level.WARN,
            "not on PATH; the plugin's environment is made with venv and pip, which is slower",
            "install uv from https://docs.astral.sh/uv/ if the first start takes too long",
        )
    return Finding("uv", Level.OK, _version("uv") or "on PATH, but it does not tell its version")


def client() -> Finding:
    """Whether the client, if there is one, is new enough for the plugin."""
    oldest = ".".join(map(str, OLDEST_CLIENT))
    if shutil.which("claude") is None:
        return Finding(
            "client",
            Level.WARN,
            "`claude` is not on PATH; this command line works without it",
            f"for the plugin install Claude Code {oldest} or later",
        )
    said = _version("claude")
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said or "")
    if found is None:
        return Finding(
            "client",
            Level.WARN,
            f"`claude --version` does not tell a version ({said or 'no answer'})",
            f"see in a terminal that it is {oldest} or later",
        )
    if tuple(map(int, found.groups())) < OLDEST_CLIENT:
        return Finding(
            "client",
            Level.FAIL,
            f"Claude Code {found[0]} is installed; the plugin needs {oldest} or later",
            "run `claude update`",
        )
    return Finding("client", Level.OK, f"Claude Code {found[0]}")


def _version(program: str) -> str | None:
    try:
        done = subprocess.run(
            (program, "--version"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else None
