"""A copy of the plugin in a world of its own, where uv, Python and pip are stand-ins.

A private PATH holds the stand-ins and the few tools of the system that the scripts use; nothing
reaches a network. The stand-in `python3` makes environments whose `python` notes what it is asked,
plays pip and the server, and hands everything else to the real Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = (
    *("cat", "chmod", "cmp", "cp", "dirname", "find", "ln"),
    *("mkdir", "mktemp", "mv", "readlink", "rm", "sh"),
)
DEADLINE = 30
"""Seconds that any one process of these tests may take."""

PYTHON = """#!/bin/sh
case "$*" in
*"sys.exit(4)"*) exec "$REAL_PYTHON" -I -c 'import sys; {pretence}; exec(sys.argv[1])' "$3" ;;
*"-m venv "*)
    mkdir -p "$4/bin" && cat >"$4/bin/python" <<'END'
#!/bin/sh
case "$*" in
*"-m pip install"*) echo "pip $*" >>"$NOTES" && echo "noise of pip" && cat && . "$PIP" ;;
*__main__.py*)
    echo "server $$ in $(pwd)"
    echo "by $0"
    shift 4
    for word in "$@"; do echo "<$word>"; done
    cat ;;
*compileall*) ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
END
    chmod +x "$4/bin/python" ;;
esac
"""

FIT = "pass"
TOO_OLD = "sys.version_info = (3, 10, 13)"
WITHOUT_ENSUREPIP = 'sys.modules["ensurepip"] = None'

UV = """#!/bin/sh
echo "uv $*" >>"$NOTES"
echo "noise of uv"
case "$1" in
venv) for folder in "$@"; do :; done; exec python-of-uv -I -m venv "$folder" ;;
esac
"""


@dataclass(frozen=True)
class Launcher:
    """A copy of the plugin, in a path with spaces, and the world it is started in."""

    root: Path
    tools: Path
    notes: Path
    pip: Path
    elsewhere: Path
    variables: dict[str, str]

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @classmethod
    def in_folder(cls, folder: Path) -> Launcher:
        """A fresh copy, with a Python 3.12 on PATH and no uv."""
        root = folder / "the plugin"
        (root / "server" / "parallel_agents").mkdir(parents=True)
        for name in (
            "server/launch.sh",
            "server/environment.sh",
            "constraints.txt",
            "pyproject.toml",
        ):
            shutil.copy(PROJECT / name, root / name)
        shutil.copytree(PROJECT / "bin", root / "bin")
        tools = folder / "bin"
        tools.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"{tool} is not on PATH"
            (tools / tool).symlink_to(found)
        elsewhere = folder / "the user's project"
        elsewhere.mkdir()
        pip = folder / "pip.sh"
        pip.write_text("")
        notes = folder / "notes"
        variables = {
            "PATH": str(tools),
            "NOTES": str(notes),
            "PIP": str(pip),
            "REAL_PYTHON": sys.executable,
        }
        launcher = cls(root, tools, notes, pip, elsewhere, variables)
        launcher.offer("python3", PYTHON.format(pretence=FIT))
        return launcher

    def offer(self, name: str, script: str) -> None:
        """Put a command on the private PATH."""
        (self.tools / name).write_text(script)
        (self.tools / name).chmod(0o755)

    def begin(self, *words: str, script: str = "server/launch.sh") -> subprocess.Popen[str]:
        return subprocess.Popen(
            ("sh", str(self.root / script), *words),
            cwd=self.elsewhere,
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *words: str, script: str = "server/launch.sh") -> tuple[int, str, str]:
        """Exit status, stdout and stderr of one whole run, with one line on stdin."""
        process = self.begin(*words, script=script)
        out, err = process.communicate("a line on stdin\n", timeout=DEADLINE)
        return process.returncode, out, err

    def noted(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []


@dataclass(frozen=True)
class Gate:
    """Where a script stops until the test lets it go on: once for each `open`."""

    path: Path
    descriptor: int

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[Gate]:
        os.mkfifo(path)
        descriptor = os.open(path, os.O_RDWR)  # both: a write does not wait for a reader
        yield cls(path, descriptor)
        os.close(descriptor)

    @property
    def script(self) -> str:
        return f'echo at the gate >&2; read -r line <"{self.path}"\n'

    def wait_until_reached(self, process: subprocess.Popen[str]) -> str:
        """What the process said on stderr until it came here."""
        assert process.stderr
        said = ""
        for line in process.stderr:
            if line == "at the gate\n":
                return said
            said += line
        pytest.fail(f"the gate was never reached: {said}")

    def open(self) -> None:
        os.write(self.descriptor, b"go on\n")
