"""The project that the corpora's commands were written for, and what running one changes in it.

Three things are held by another agent: a file with uncommitted work, a clean file, a directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LOCKS = ("src/app.py", "src/core.py", "docs/api/**")

APP = "import os,sys\n\nNAME = 'app'\n\n\ndef main( ):   \n    return NAME\n"
CORE = "import sys,os\n\nLIMIT = 10\n\n\ndef size( ):   \n    return LIMIT\n"
SCRIPTS = {
    "build": "sh scripts/gen.sh",
    "format": "python3 scripts/fmt.py src",
    "test": "python3 -m unittest -q",
    "report": "python3 scripts/report.py",
    "stamp": "sh scripts/stamp.sh",
}
FILES = {
    "README.md": "# Demo\n\n* one\n* two\n",
    "src/__init__.py": "",
    "src/app.py": APP,
    "src/core.py": CORE,
    "src/util.py": "LEVEL = 1\n\n\ndef level( ):\n    return LEVEL\n",
    "src/data.json": '{"version": 1,"items": [1,2]}\n',
    "src/my notes.txt": "alpha\nbeta\n",
    "docs/guide.md": "# Guide\n\n* start\n",
    "docs/api/index.md": "# API\n\n* call\n",
    "tests/test_app.py": (
        "import unittest\nfrom src import app\n\n\nclass T(unittest.TestCase):\n"
        "    def test_name(self):\n        self.assertEqual(app.main(), app.NAME)\n"
    ),
    "scripts/gen.sh": "#!/bin/sh\nprintf 'BUILD = 1\\n' > src/gen.py\n",
    "scripts/stamp.sh": '#!/bin/sh\nset -e\nf=src/app.py\necho "# stamped" >> "$f"\n',
    "scripts/stamp.py": (
        "from pathlib import Path\n\nfor name in ('core',):\n    p = Path('src') / (name + '.py')\n"
        "    p.write_text(p.read_text() + '# stamped\\n')\n"
    ),
    "scripts/report.py": (
        "import pathlib\n\nfor p in sorted(pathlib.Path('src').glob('*.py')):\n"
        "    print(p, len(p.read_text()))\n"
    ),
    "scripts/fmt.py": (
        "import pathlib\nimport sys\n\nfor arg in sys.argv[1:]:\n    top = pathlib.Path(arg)\n"
        "    for p in (sorted(top.rglob('*.py')) if top.is_dir() else [top]):\n"
        "        old = p.read_text()\n"
        "        new = '\\n'.join(s.rstrip() for s in old.splitlines()) + '\\n'\n"
        "        if old.strip() and new != old:\n            p.write_text(new)\n"
    ),
    "package.json": json.dumps(
        {"name": "demo", "version": "1.0.0", "private": True, "scripts": SCRIPTS}, indent=2
    )
    + "\n",
    "Makefile": (
        "gen:\n\tsh scripts/gen.sh\n\nfmt:\n\tpython3 scripts/fmt.py src\n\n"
        "test:\n\tpython3 -m unittest -q\n\nstamp:\n\tpython3 scripts/stamp.py\n\n"
        "clean:\n\trm -rf build\n\n.PHONY: gen fmt test stamp clean\n"
    ),
    "files.txt": "src/app.py\nsrc/core.py\n",
    "free.txt": "src/util.py\n",
    ".gitignore": "build/\n__pycache__/\n*.tar\nhard_core.py\nnode_modules/\n",
    "build/out.txt": "built\n",
}


def git(root: Path, *words: str) -> bytes:
    """Run git with an identity and a clock of its own."""
    settings = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Demo",
        "GIT_AUTHOR_EMAIL": "demo@example.invalid",
        "GIT_AUTHOR_DATE": "1700000000 +0000",
        "GIT_COMMITTER_NAME": "Demo",
        "GIT_COMMITTER_EMAIL": "demo@example.invalid",
        "GIT_COMMITTER_DATE": "1700000000 +0000",
    }
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        check=True,
        env={**os.environ, **settings},
    )
    return done.stdout


def put(root: Path, name: str, text: str) -> None:
    """Write one file of the project."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if name.endswith(".sh"):
        path.chmod(0o755)


def build(root: Path) -> Path:
    """Lay the project out at `root`, which does not exist yet."""
    root.mkdir(parents=True)
    for name, text in FILES.items():
        put(root, name, text)
    git(root, "init", "-q", "-b", "main")
    for key, value in (("user.name", "Demo"), ("user.email", "demo@example.invalid")):
        git(root, "config", key, value)
    for key, value in (("commit.gpgsign", "false"), ("gc.auto", "0")):
        git(root, "config", key, value)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    put(root, "src/core.py", CORE.replace("10", "11"))
    git(root, "commit", "-q", "-am", "raise the limit")
    git(root, "tag", "v1")
    branches = {
        "feature/core": ("src/core.py", CORE.replace("10", "20")),
        "topic/docs": ("docs/guide.md", "# Guide\n\n* start\n* more\n"),
        "topic/app": ("src/app.py", APP.replace("'app'", "'APP'")),
    }
    for branch, (name, text) in branches.items():
        git(root, "switch", "-q", "-c", branch, "main")
        put(root, name, text)
        git(root, "commit", "-q", "-am", f"change {name}")
        git(root, "switch", "-q", "main")
    for short, branch in (("core", "feature/core"), ("guide", "topic/docs")):
        put(root, f"patches/{short}.patch", git(root, "diff", "main", branch).decode())
    git(root, "add", "patches")
    git(root, "commit", "-q", "-m", "add patches")
    put(root, "src/core.py", CORE.replace("10", "30"))
    git(root, "stash", "push", "-q", "-m", "limit 30")
    put(root, "src/app.py", APP + "\n\nDRAFT = True   \n")
    (root / "alias_app.py").symlink_to("src/app.py")
    os.link(root / "src" / "core.py", root / "hard_core.py")
    for name, member in (("core.tar", "src/core.py"), ("util.tar", "src/util.py")):
        stage = root / "build" / "stage"
        put(stage, member, (root / member).read_text() + "# packed\n")
        subprocess.run(["tar", "-C", stage, "-cf", root / name, member], check=True)
        shutil.rmtree(stage)
    return root


@dataclass(frozen=True)
class Case:
    """A command of a corpus: `writes` says whether running it changes what is held."""

    id: str
    command: str
    cwd: str
    writes: bool


def cases(name: str) -> list[Case]:
    """The corpus in the file `name`."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [Case(r["id"], r["command"], r.get("cwd", "."), r["label"] == "write") for r in rows]


def snapshot(root: Path) -> dict[str, str]:
    """What matters of each file outside `.git` and caches: its kind, its exec bit, its content."""
    seen = {}
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            seen[name] = f"link {path.readlink()}"
        elif path.is_file():
            runs = bool(path.stat().st_mode & 0o100)
            seen[name] = f"{runs} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return seen


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            if path.name not in (".git", "_tasks", "__pycache__") and "cache" not in path.name:
                yield from _files(path)
        else:
            yield path


def is_held(path: str) -> bool:
    """Whether the path (relative to the root) is one of those that are held."""
    return path in LOCKS or path.startswith("docs/api/")
