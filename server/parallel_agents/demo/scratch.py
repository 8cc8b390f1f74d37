"""The scratch repository: made for one run, with an environment that leaves the user's alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import BadInput, Unusable
from parallel_agents.demo.project import FILES

NAME = "shop"
"""The repository's folder, where it is not kept."""

PATIENCE = 60.0
"""Seconds for one command."""

_NOT_INHERITED = ("CLAUDE", "GIT_", "PARALLEL_AGENTS_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    out: str
    """Standard output and standard error, as they came."""

    @property
    def verdict(self) -> str:
        """The last two lines that say something, as one; unittest's are its count and its OK."""
        lines = [line for line in self.out.splitlines() if line.strip()]
        return ": ".join(lines[-2:])


@dataclass(frozen=True, slots=True)
class Scratch:
    """A repository `root` on the branch `main`, and all that programs in it are started with."""

    root: Path
    """The main work tree (absolute, links resolved). The agents' work trees are beside it."""
    spare: Path
    """A folder for all else; it does not outlive the run."""
    plugin: Path
    """The folder of the plugin whose hooks guard the run."""

    @property
    def environment(self) -> dict[str, str]:
        """For every process of the run: nothing of the user's git, home folder or session."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "Demo"), ("EMAIL", "demo@example.invalid"))
        }
        return {
            **kept,
            **who,
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            # A check may run within a second of the edit it judges: no stale bytecode.
            "PYTHONDONTWRITEBYTECODE": "1",
            "CLAUDE_PROJECT_DIR": str(self.root),
            "CLAUDE_PLUGIN_ROOT": str(self.plugin),
            "CLAUDE_PLUGIN_DATA": str(self._data),
        }

    @property
    def _home(self) -> Path:
        return self.spare / "home"

    @property
    def _data(self) -> Path:
        return self.spare / "plugin-data"

    def make(self) -> None:
        """Write the project and commit it."""
        self._home.mkdir()
        python = self._data / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)  # where the hooks look for an interpreter first
        for name, text in FILES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=A shop with unfinished parts")

    def git(self, *arguments: str) -> str:
        """What git says in the main work tree. Raises `Unusable` where it fails."""
        done = self.run(("git", *arguments))
        if done.status:
            raise Unusable(
                "scratch_git",
                f"git {arguments[0]} failed in the scratch repository: {done.verdict}",
                "mend that, then run the demo again.",
            )
        return done.out.strip()

    def run(self, command: tuple[str, ...]) -> Finished:
        """Run a command in the main work tree. Raises `Unusable` where it cannot be started."""
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except FileNotFoundError:
            raise Unusable(
                "program_missing",
                f"The program {command[0]} was not found on PATH.",
                f"install {command[0]}, then run the demo again.",
            ) from None
        return Finished(done.returncode, done.stdout.decode(errors="replace"))


def plugin_folder() -> Path:
    """The plugin that this package belongs to. Raises `Unusable` where it came without hooks."""
    plugin = Path(__file__).resolve().parents[3]
    if (plugin / "hooks" / "hooks.json").is_file():
        return plugin
    raise Unusable(
        "no_hooks",
        "This parallel-agents was installed without the plugin's hooks, which the demo shows at "
        "work.",
        "run the demo from a checkout of the plugin, with `make demo`.",
    )


@contextmanager
def scratch(keep: Path | None) -> Iterator[Scratch]:
    """A new scratch repository: in the folder `keep`, or in one that is removed at the end.

    Raises `BadInput` where `keep` cannot be written or has something in it already.
    """
    plugin = plugin_folder()
    kept = None if keep is None else _empty(keep)
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        spare = Path(folder).resolve()
        made = Scratch(kept or spare / NAME, spare, plugin)
        made.make()
        yield made


def _empty(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise BadInput(
            "unusable_folder",
            f"The demo cannot be kept in {folder}: {error.strerror}.",
            "name a new folder.",
        ) from None
    if taken:
        raise BadInput(
            "folder_not_empty",
            f"The demo cannot be kept in {folder}: there is something in it already.",
            "name a new folder.",
        )
    return folder.resolve()
