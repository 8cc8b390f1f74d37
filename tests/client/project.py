"""The little project that scripted agents work on, and the plan by which they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from git_scratch import commit, git

FILES = {
    "src/bread.txt": "flour\n",
    "src/soup.txt": "water\n",
    "src/menu.txt": "nothing\n",
    "README.md": "A menu.\n",
}


def _task(name: str, *depends_on: str) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Complete {name}",
        "instructions": f"Add the missing ingredient to src/{name}.txt.",
        "files": [f"src/{name}.txt"],
        "depends_on": list(depends_on),
        "check": f"grep -q salt src/{name}.txt",
        "size": 30,
    }


PLAN: dict[str, Any] = {
    "goal": "Complete the recipes",
    "tasks": [_task("bread"), _task("soup"), _task("menu", "bread", "soup")],
    "check": "grep -q salt src/bread.txt src/soup.txt src/menu.txt",
}
"""Two tasks that can run at once, and one that needs the results of both."""


def begin(root: Path) -> Path:
    """A repository with `FILES`, on `main`."""
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, dict(FILES), "start")
    return root
