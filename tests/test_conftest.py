"""What `conftest.py` promises every test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def test_the_home_folder_of_the_user_is_out_of_reach(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    homes = [value for name, value in os.environ.items() if name == "HOME" or "XDG_" in name]
    assert len(homes) == 5
    assert all(Path(home).is_relative_to(tmp_path_factory.getbasetemp()) for home in homes)


def test_git_reads_nothing_but_the_repository(repository: Path) -> None:
    origins = subprocess.run(
        ("git", "config", "--list", "--show-scope"),
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split("\t")[0] for line in origins.splitlines()} == {"local"}


def test_the_repository_has_one_commit_on_main(repository: Path) -> None:
    said = subprocess.run(
        ("git", "log", "--format=%D %an"),
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "HEAD -> main Test\n"


def test_nothing_of_a_surrounding_session_is_inherited() -> None:
    assert [name for name in os.environ if name.startswith(("CLAUDE", "ANTHROPIC"))] == []
