"""One session of the real client with the plugin, in a world of its own: home, environment, API.

Nothing of the user's reaches the client but PATH, and all that it writes lies in one folder. The
plugin's server and hooks run with the interpreter that runs the tests, so nothing is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from client.standin_api import Call, Model, Script, prompt, serving

PROJECT = Path(__file__).resolve().parent.parent.parent
TOOLS = "mcp__plugin_parallel-agents_tasks__"
DEADLINE = 120.0
"""Seconds that a whole session may take."""
PATIENCE = 60.0
"""Seconds that a scripted conversation waits for another one."""

_KEY = "no-key-the-api-is-a-stand-in"
_PYTHON = '#!/bin/sh\nexec "{python}" "$@"\n'
_IDENTITY = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "Test"), ("EMAIL", "test@example.invalid"))
}
_QUIET = dict.fromkeys(
    (
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL",
        "DISABLE_AUTOUPDATER",
        "DISABLE_BUG_COMMAND",
        "DISABLE_COST_WARNINGS",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_INSTALLATION_CHECKS",
        "DISABLE_TELEMETRY",
    ),
    "1",
)


def ours(tool: str, **given: Any) -> Call:
    """A call of one of the plugin's own tools."""
    return Call(TOOLS + tool, given)


def write(path: Path | str, content: str) -> Call:
    """A call of the client's Write."""
    return Call("Write", {"file_path": str(path), "content": content})


def bash(command: str) -> Call:
    """A call of the client's Bash."""
    return Call("Bash", {"command": command, "description": "Run a command"})


def worker(conversation: str, **more: Any) -> Call:
    """A call that starts one of the plugin's workers on this conversation."""
    given = {"description": "Work on the run", "prompt": prompt(conversation)}
    return Call("Agent", {**given, "subagent_type": "parallel-agents:worker", **more})


@dataclass(frozen=True)
class World:
    """Where one session takes place. `plugin` is a copy of the project, `folder` holds the rest."""

    claude: Path
    plugin: Path
    folder: Path
    path: str

    @classmethod
    def prepare(cls, claude: Path, plugin: Path, folder: Path, path: str | None = None) -> Self:
        """A home in which the first questions are answered, and the plugin's environment."""
        world = cls(claude, plugin, folder, os.environ["PATH"] if path is None else path)
        (folder / "tmp").mkdir(parents=True)
        (world.data / "venv" / "bin").mkdir(parents=True)
        world.python.write_text(_PYTHON.format(python=sys.executable))
        world.python.chmod(0o755)
        shutil.copy(plugin / "constraints.txt", world.data / "venv" / "pins")
        answers = {
            "hasCompletedOnboarding": True,
            "bypassPermissionsModeAccepted": True,
            "customApiKeyResponses": {"approved": [_KEY[-20:]], "rejected": []},
        }
        (world.home / ".claude.json").write_text(json.dumps(answers))
        return world

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def data(self) -> Path:
        """Where the client keeps the data of a plugin that is given by `--plugin-dir`."""
        return self.home / ".claude" / "plugins" / "data" / "parallel-agents-inline"

    @property
    def python(self) -> Path:
        """The interpreter of the plugin's environment."""
        return self.data / "venv" / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment of what runs here."""
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "GIT_CONFIG_NOSYSTEM": "1",
            **_IDENTITY,
        }

    def terminal(self, project: Path, *words: str) -> dict[str, Any]:
        """What a person's `parallel-agents WORDS --json` answers in the project."""
        done = subprocess.run(
            ("sh", str(self.plugin / "bin" / "parallel-agents"), *words, "--json"),
            cwd=project,
            env={**self.variables, "CLAUDE_PLUGIN_DATA": str(self.data)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def run(self, project: Path, scripts: Mapping[str, Script], *options: str) -> Session:
        """A whole session, opened with the conversation `main`; fails where a script failed."""
        model = Model(scripts)
        with serving(model) as address:
            said, status = self._converse(project, address, options)
        trouble = "\n".join(model.failures)
        if status != 0:
            told = (self.folder / name for name in ("stderr.txt", "debug.txt"))
            last = "\n".join(f.read_text(errors="replace")[-3000:] for f in told if f.exists())
            trouble += f"\nThe client ended with {status}.\n{said[-2000:]}\n{last}"
        if trouble:
            pytest.fail(trouble, pytrace=False)
        return Session([json.loads(line) for line in said.splitlines()])

    def _converse(self, project: Path, address: str, options: tuple[str, ...]) -> tuple[str, int]:
        command = [
            *(str(self.claude), "--print", "--output-format", "stream-json", "--verbose"),
            *("--debug-file", str(self.folder / "debug.txt")),
            *("--plugin-dir", str(self.plugin), *options),
        ]
        variables = {
            **self.variables,
            **_QUIET,
            "ANTHROPIC_BASE_URL": address,
            "ANTHROPIC_API_KEY": _KEY,
            "CLAUDE_CODE_TMPDIR": str(self.folder / "tmp"),
            "IS_SANDBOX": "1",  # without it root may not bypass permissions
        }
        with (self.folder / "stderr.txt").open("w") as errors:
            process = subprocess.Popen(
                command,
                cwd=project,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        try:
            said, _ = process.communicate(prompt("main"), timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            said += f"\nIt did not end within {DEADLINE:.0f} s."
        finally:
            with suppress(ProcessLookupError):  # nothing that it started outlives a test
                os.killpg(process.pid, signal.SIGKILL)
        return said, process.returncode


@dataclass(frozen=True)
class Session:
    """A session that ended well."""

    events: list[dict[str, Any]]
    """What the client said of it, in the order of time."""

    @property
    def opening(self) -> dict[str, Any]:
        """The client's list of all that was loaded when the session began."""
        return next(e for e in self.events if e["type"] == "system" and e["subtype"] == "init")
