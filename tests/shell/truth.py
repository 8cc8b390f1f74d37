"""Runs the commands of a corpus and records what each changes: `python -m shell.truth CORPUS`.

The commands run for real, in a scratch project; do that in a machine that can be thrown away.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shell import ground

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "USER")


def record(corpus: Path) -> None:
    """Run every command of the file, and write what it changed into its line."""
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as top:
        pristine = ground.build(Path(top, "pristine"))
        settings = Path(top, "gitconfig")
        for row in rows:
            root = Path(top, "work", "demo")
            shutil.rmtree(root.parent, ignore_errors=True)
            root.parent.mkdir()
            settings.write_text("")  # no /dev/null: `git config --global` would take its place
            subprocess.run(["cp", "-a", pristine, root], check=True)  # keeps the hard link
            ground.git(root, "status")
            before = ground.snapshot(root)
            env = {key: os.environ[key] for key in KEPT if key in os.environ}
            env |= {"GIT_CONFIG_GLOBAL": str(settings), "GIT_EDITOR": "true", "PAGER": "cat"}
            done = subprocess.run(
                ["bash", "-c", row["command"].replace("{REPO}", str(root))],
                env=env | {"PYTHONDONTWRITEBYTECODE": "1"},
                cwd=root / row.get("cwd", "."),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )
            after = ground.snapshot(root)
            changes = sorted(
                name for name in {*before, *after} if before.get(name) != after.get(name)
            )
            label = "write" if any(map(ground.is_held, changes)) else "read"
            row |= {"changes": changes, "label": label, "exit": done.returncode}
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    corpus.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
