"""Repositories for tests, driven through git's own command line and not through our git layer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

TEN = "".join(f"line {number}\n" for number in range(1, 11))
MIXED = {"shared.txt": TEN, "old.txt": "old\n", "lib/one.txt": "1\n", ".gitignore": ".env\n"}
TWO = ({"a.txt": "a\n", "b.txt": "b\n", ".gitignore": ".env\n"}, {"a.txt": "aa\n"})
"""Files of one commit and of two, as tests begin with."""


def git(tree: Path, *args: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
    """Standard output of `git *args` in `tree`, without the last newline."""
    done = subprocess.run(
        ("git", *args),
        cwd=tree,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    if check and done.returncode:
        raise AssertionError(f"git {args}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def write(tree: Path, files: Mapping[str, str | None]) -> None:
    """Write each file below `tree`, with its folders; None deletes it."""
    for name, text in files.items():
        path = tree / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def commit(tree: Path, files: Mapping[str, str | None], message: str = "change") -> str:
    """Write `files`, commit all that is changed in `tree`, ignored files too; the new SHA."""
    write(tree, files)
    git(tree, "add", "--all")
    present = [name for name, text in files.items() if text is not None]
    if present:
        git(tree, "add", "--force", "--", *present)
    git(tree, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(tree, "rev-parse", "HEAD")


def odd_repository(below: Path, *commits: Mapping[str, str | None]) -> Path:
    """A repository with these commits on `main`, at a path with a space and an umlaut."""
    root = below / "Büro A"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    for files in commits:
        commit(root, files)
    return root


def branch(tree: Path, name: str, files: Mapping[str, str | None], start: str = "main") -> str:
    """A commit with `files` on the new branch `name` from `start`; `tree` stays where it is."""
    place = tree.parent / f"scratch-{name.replace('/', '-')}"
    git(tree, "worktree", "add", "--quiet", "--no-track", "-b", name, str(place), start)
    made = commit(place, files, name)
    git(tree, "worktree", "remove", "--force", str(place))
    return made


def state(tree: Path) -> tuple[str, str, str]:
    """All that a careful operation must leave alone: refs, HEAD and the status of `tree`."""
    return (
        git(tree, "for-each-ref"),
        (tree / git(tree, "rev-parse", "--git-dir") / "HEAD").read_text(),
        git(tree, "status", "--porcelain", "--ignored", "--untracked-files=all"),
    )
