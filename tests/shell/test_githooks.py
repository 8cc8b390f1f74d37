"""A git command that starts a hook of the repository's is watched: the hook can write anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.guard.event import Event
from parallel_agents.guard.shell import CLEAR, OPAQUE, Scene, Verdict, judge
from scratch_run import MAIN, PLUGIN, ScratchRun


def level(run: ScratchRun, command: str) -> str:
    event = Event(run.event(MAIN, "Bash", command=command))
    found: Verdict = judge(command, str(run.root), Scene(event, run.runs(), str(PLUGIN)))
    assert not found.findings
    return found.level


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    made = ScratchRun(repository)
    made.claim("held", "src/**", agent="a1")
    return made


def hook(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pre-commit", "git commit -m x --allow-empty"),
        ("post-checkout", "git switch -c topic"),
        ("pre-push", "git push origin topic"),
    ],
)
def test_a_command_with_a_hook_is_watched_and_another_is_not(
    run: ScratchRun, name: str, command: str
) -> None:
    assert level(run, command) == CLEAR
    hook(run.root / ".git" / "hooks", name)
    assert level(run, command) == OPAQUE
    assert level(run, "git log --oneline") == CLEAR


def test_hooks_are_looked_for_where_the_repository_keeps_them(run: ScratchRun) -> None:
    hook(run.root / "hooks", "pre-commit")
    assert level(run, "git commit -m x --allow-empty") == CLEAR
    git(run.root, "config", "core.hooksPath", "hooks")
    assert level(run, "cd / && git -C " + str(run.root) + " commit -m x --allow-empty") == OPAQUE
