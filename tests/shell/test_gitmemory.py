"""git commands of which one changes what the next one means: stashes, the index, HEAD, trees."""

from __future__ import annotations

import pytest
from shell.conftest import Judge

ALLOWED = (
    "git switch -q topic/docs && git switch -q -",
    "git checkout -q topic/docs && git checkout -q @{-1}",
    "git switch -qc new && git switch -q -",
    "git switch -q topic/docs && git switch -q -m -",
    "git clone -q . build/c && cd build/c && git commit -qam x",
    "git add -A -- ':!src' ':!docs/api' && git commit -qm x",
    "cd scripts && git add -u :/ ':(exclude,top)src' && git commit -qm x",
    "git add -A && git reset -q -- src docs/api && git commit -qm x",
    "git add -A && git restore --staged src/app.py && git commit -qm x",
    "git add -A && git reset -q && git add README.md && git commit -qm x",
    "git commit -qam x -- src/app.py",
    "git worktree add -q ../other feature/core && git -C ../other commit -qam x",
    "git worktree add -q build/wt main && cd build/wt && git reset -q --hard v1",
    "echo 1 >> README.md && git stash push -q README.md && git stash pop -q",
    "echo 1 >> README.md && git stash push -q -- README.md && git stash apply -q 0",
)
REFUSED = (
    "git switch -q topic/docs && git switch -q feature/core",
    "echo 1 >> docs/guide.md && git switch -q topic/docs; git switch -q -",
    "git add -A -- ':!docs/api' && git commit -qm x",
    "git add -A && git reset -q -- docs/api && git commit -qm x",
    "git add -A && git reset -q -- src && git add src && git commit -qm x",
    "git worktree add -q build/wt main && git commit -qam x",
    "git stash push -q -- README.md && git stash pop -q",
    "echo 1 >> README.md && git stash push -q README.md && git stash pop -q stash@{1}",
    "echo 1 >> README.md && git stash push -q README.md && git stash pop -q && git stash pop -q",
)


@pytest.mark.parametrize("command", ALLOWED)
def test_what_the_command_itself_has_made_is_its_own(verdict: Judge, command: str) -> None:
    assert verdict(command).findings == []


@pytest.mark.parametrize("command", REFUSED)
def test_what_was_there_before_is_still_the_others(verdict: Judge, command: str) -> None:
    held = {found.path for found in verdict(command).findings}
    assert held & {"src/app.py", "src/core.py"}, held
