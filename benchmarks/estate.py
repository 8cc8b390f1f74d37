"""A large repository to plan on: source of five languages that imports itself, and a history."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

COMMITTER = "Bench <bench@example.invalid>"
LANGUAGES = ("py", "ts", "go", "java", "rs")
IN_FOLDER = 25
"""Files of one folder."""


def build(root: Path, files: int, commits: int) -> list[str]:
    """A repository at `root` with so many files and commits, checked out; its paths."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    paths = [_path(n) for n in range(files)]

    def git(*words: str, feed: bytes | None = None) -> None:
        subprocess.run(("git", "-C", str(root), *words), check=True, input=feed, env=environment)

    root.mkdir(parents=True)
    git("init", "--quiet", "--initial-branch=main")
    git("config", "gc.auto", "0")
    git("fast-import", "--quiet", feed=b"".join(_stream(paths, commits)))
    git("reset", "--quiet", "--hard", "main")
    return paths


def _path(n: int) -> str:
    folder, ending = n // IN_FOLDER, LANGUAGES[n // IN_FOLDER % len(LANGUAGES)]
    return f"src/area{folder % 40}/part{folder}/module{n}.{ending}"


def _stream(paths: list[str], commits: int) -> Iterator[bytes]:
    chance = random.Random(5)
    yield _commit(1, "start")
    yield b"".join(_file(path, n, 0, paths) for n, path in enumerate(paths))
    for turn in range(1, commits):
        yield _commit(turn + 1, f"change {turn}")
        # Work goes on in one folder at a time, and now and then in a file that all work touches.
        start = chance.randrange(len(paths)) // IN_FOLDER * IN_FOLDER
        for n in {start + chance.randrange(4) for _ in range(3)} & set(range(len(paths))):
            yield _file(paths[n], n, turn, paths)
        if turn % 5 == 0:
            yield _text("CHANGELOG.md", f"- change {turn}\n")


def _commit(mark: int, message: str) -> bytes:
    when = f"{1_700_000_000 + mark} +0000"
    head = f"commit refs/heads/main\nmark :{mark}\ncommitter {COMMITTER} {when}\n"
    before = f"from :{mark - 1}\n" if mark > 1 else ""
    return f"{head}data {len(message)}\n{message}\n{before}".encode()


def _file(path: str, n: int, turn: int, paths: list[str]) -> bytes:
    near = n // IN_FOLDER * IN_FOLDER + (n + 1) % IN_FOLDER
    other = paths[min(near, len(paths) - 1)].rpartition("/")[2].partition(".")[0]
    ending = path.rpartition(".")[2]
    body = "".join(_unit(ending, f"{n}_{k}") for k in range(20))
    return _text(path, f"{_HEADS[ending].format(other=other)}{body}{_MARKS[ending]} turn {turn}\n")


def _text(path: str, text: str) -> bytes:
    return f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode()


_HEADS = {
    "py": "from . import {other}\nimport os\n",
    "ts": "import {{ x }} from './{other}'\n",
    "go": 'package part\n\nimport "fmt"\n',
    "java": "package part;\nimport java.util.List;\n",
    "rs": "use super::{other};\n",
}
_MARKS = {"py": "#", "ts": "//", "go": "//", "java": "//", "rs": "//"}


def _unit(ending: str, name: str) -> str:
    return {
        "py": f"def work_{name}(a, b=None):\n    total = a + len(str(b))\n    return total\n\n",
        "ts": f"export function work_{name}(a: number) {{\n  return [a, a * 2].map(String)\n}}\n\n",
        "go": f"func Work_{name}(a int) string {{\n\treturn fmt.Sprint(a)\n}}\n\n",
        "java": f"class Work_{name} {{ List<String> of(int a) {{ return null; }} }}\n\n",
        "rs": f"pub fn work_{name}(a: u32) -> u32 {{\n    a + 1\n}}\n\n",
    }[ending]
