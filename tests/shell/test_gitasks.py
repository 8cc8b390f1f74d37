"""Git is asked whatever else the process has open."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from parallel_agents.guard.shell.programs import gitasks

MANY = 1100
"""Descriptors: more than `select` can wait for."""


@pytest.fixture
def _crowded() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * MANY:
        pytest.skip(f"a process may have {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * MANY), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(MANY)]
    yield
    for fd in held:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_crowded")
def test_git_answers_a_process_that_has_many_files_open(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    assert gitasks.is_ignored(str(tmp_path), "build/out.txt")
    assert gitasks.is_ignored(str(tmp_path), "build")
    assert not gitasks.is_ignored(str(tmp_path), "src/app.py")


def test_a_file_that_is_called_like_an_ignored_folder_is_not_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    assert gitasks.is_ignored(str(tmp_path), "build")
    (tmp_path / "build").touch()
    assert not gitasks.is_ignored(str(tmp_path), "build")
