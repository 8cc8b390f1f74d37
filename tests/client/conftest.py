"""A copy of the plugin as it is committed, and repositories for agents to work on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from client.session import PROJECT


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without anything that git ignores: what an installation copies."""
    copy = tmp_path_factory.mktemp("plugin") / "parallel-agents"
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listing, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in names.rstrip("\0").split("\0"):
        if (PROJECT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, copy / name, follow_symlinks=False)
    return copy
