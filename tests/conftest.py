"""What every test stands on: a home folder and a git configuration of its own, and a repository.

Nothing of the user's environment reaches a test or what it starts, and no test can reach the user's
home folder. Tests marked `client` drive the real Claude Code client, whose path is in CLAUDE_BIN.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SERVER = Path(__file__).resolve().parent.parent / "server"
CLAUDE_BIN = os.environ.get("CLAUDE_BIN")
IN_CI = os.environ.get("CI") == "true"

INHERITED = ("AI_AGENT", "ANTHROPIC", "CLAUDE", "GIT_", "PARALLEL_AGENTS", "PYTHON", "XDG_")
"""Beginnings of the variables that tests do not inherit."""

# The machine is shared: how long an example takes says nothing.
settings.register_profile("here", deadline=None, print_blob=True)
settings.load_profile("here")


def pytest_configure() -> None:
    """Whoever starts the tests in the background leaves a signal ignored that some of them send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where there is no real client, its tests fail in CI; elsewhere they are skipped aloud."""
    if item.get_closest_marker("client") is None or CLAUDE_BIN:
        return
    reason = "CLAUDE_BIN does not name a Claude Code client (.ci/run installs one)"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def claude_bin() -> Path:
    """The real client. For tests marked `client`."""
    assert CLAUDE_BIN, "mark the test with `client`"
    return Path(CLAUDE_BIN)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the server runs on."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home folder of this test session: new, empty, and all that programs can take for home."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(INHERITED):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.invalid")
        patch.setenv("PYTHONPATH", str(SERVER))
        yield home


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit, of `README.md`, on `main`."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "README.md").write_text("A repository for tests.\n")
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("config", "user.name", "Test"),
        ("config", "user.email", "test@example.invalid"),
        ("add", "README.md"),
        ("commit", "--quiet", "--message=start"),
    ):
        subprocess.run(("git", *command), cwd=root, check=True, stdin=subprocess.DEVNULL)
    return root
