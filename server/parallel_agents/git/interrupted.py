"""A fast-forward that was killed half way: what it wrote is told from what others wrote."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import NeedsPerson, NotNow
from parallel_agents.git.process import LONG_PATIENCE, run
from parallel_agents.git.repository import Repository

NONE = "000000"
GITLINK = "160000"
SLACK = 2.0
"""Seconds that a file's time and the clock may differ by."""
SHOWN = 10

_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}


@dataclass(frozen=True, slots=True)
class _Change:
    """One path that two commits have differently. Modes as git writes them."""

    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str

    @property
    def none(self) -> str:
        """The object id of nothing."""
        return "0" * len(self.old)


def take_back(repository: Repository, tree: Path, before: str, after: str) -> None:
    """Bring work tree and index of `tree` back to `before` where a landing of `after` changed them.

    A file counts as the landing's where it is missing, or holds what `after` has there, or the
    beginning of it. Paths that the commits do not differ in are not looked at. Raises NeedsPerson
    `landing_interrupted`, touching nothing, where a file is neither.
    """
    changes = [c for c in _changes(repository, before, after) if GITLINK not in _modes(c)]
    standing, staged = _standing(tree, changes), _staged(tree)
    touched, foreign = [], []
    for change in changes:
        old, new = (change.old_mode, change.old), (change.new_mode, change.new)
        index = staged.get(change.path, (NONE, change.none))
        here = standing[change.path]
        if here == old and index == old:
            continue
        touched.append(change)
        if index not in (old, new) or not (
            here == old or _is_of_landing(tree, change, here, after)
        ):
            foreign.append(change.path)
    if foreign:
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        raise NeedsPerson(
            "landing_interrupted",
            f"A landing of {after[:12]} in {tree} was cut off while it wrote files, and since then "
            f"somebody has changed {', '.join(foreign[:SHOWN])}{more}. Nothing was touched.",
            f"keep those files elsewhere, put them back as they were (`git -C {tree} checkout "
            f"{before[:12]} -- FILE`), then call again.",
        )
    added = [c.path for c in touched if c.old_mode == NONE]
    for path in added:
        _unlink(tree, path)
    if ours := [path for path in added if path in staged]:
        _on_paths(tree, ours, "update-index", "--force-remove", "-z", "--stdin")
    if kept := [c.path for c in touched if c.old_mode != NONE]:
        source = ("restore", f"--source={before}", "--staged", "--worktree", "--quiet")
        _on_paths(tree, kept, *source, "--pathspec-from-file=-", "--pathspec-file-nul")


def unlock(repository: Repository, tree: Path | None, target: str, since: float) -> None:
    """Remove the lock files that a git of a landing left when it was killed.

    The caller knows that this git has ended. Raises NotNow `target_busy` where a lock file is
    older than the landing (`since`, seconds since the epoch), or another git is at work in `tree`.
    """
    places = [repository.common_dir / f"{target}.lock"]
    if tree is not None:
        names = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock")
        asked = [part for name in names for part in ("--git-path", name)]
        shown = run(tree, "rev-parse", "--path-format=absolute", *asked).text
        places += [Path(line) for line in shown.splitlines()]
    left = [place for place in places if place.exists()]
    for place in left:
        busy = tree is not None and _git_at_work(tree)
        if busy or place.stat().st_mtime < since - SLACK:
            raise NotNow(
                "target_busy",
                f"{place} says that another git is at work there. Nothing was moved.",
                "Let it finish (or remove the file, if no git runs there), then call again.",
            )
    for place in left:
        place.unlink(missing_ok=True)


def _changes(repository: Repository, before: str, after: str) -> list[_Change]:
    asked = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    fields = run(repository.root, *asked).records
    found = []
    for about, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, new_mode, old, new, _ = about.removeprefix(":").split(" ")
        found.append(_Change(path, old_mode, new_mode, old, new))
    return found


def _modes(change: _Change) -> tuple[str, str]:
    return change.old_mode, change.new_mode


def _standing(tree: Path, changes: Sequence[_Change]) -> dict[str, tuple[str, str]]:
    """For each path the mode and object id of what lies there, as git would store it."""
    found: dict[str, tuple[str, str]] = {}
    plain: dict[str, str] = {}
    for change in changes:
        path = tree / change.path
        found[change.path] = (NONE, change.none)
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(status.st_mode):
            feed = os.fsencode(path.readlink())
            found[change.path] = "120000", run(tree, "hash-object", "--stdin", feed=feed).text
        elif stat.S_ISREG(status.st_mode):
            plain[change.path] = "100755" if status.st_mode & stat.S_IXUSR else "100644"
        elif not stat.S_ISDIR(status.st_mode):  # what is in a folder stands for itself
            found[change.path] = "", ""
    for name, content in _hashed(tree, list(plain)):
        found[name] = plain[name], content
    return found


def _staged(tree: Path) -> dict[str, tuple[str, str]]:
    """Mode and object id of each path of the index; empty texts where a conflict is in it."""
    found = {}
    for record in run(tree, "ls-files", "-s", "-z").records:
        about, _, path = record.partition("\t")
        mode, content, stage = about.split(" ")
        found[path] = (mode, content) if stage == "0" else ("", "")
    return found


def _hashed(tree: Path, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    odd = [path for path in paths if "\n" in path or path.startswith('"')]
    usual = [path for path in paths if path not in odd]
    feed = "".join(f"{path}\n" for path in usual).encode("utf-8", "surrogateescape")
    asked = ("hash-object", "--stdin-paths")
    lines = run(tree, *asked, feed=feed, timeout=LONG_PATIENCE).text.splitlines()
    yield from zip(usual, lines, strict=True)
    for path in odd:
        one = ("hash-object", f"--path={path}", "--stdin")
        yield path, run(tree, *one, feed=(tree / path).read_bytes()).text


def _is_of_landing(tree: Path, change: _Change, standing: tuple[str, str], after: str) -> bool:
    mode, content = standing
    if mode == NONE or content in (change.old, change.new):
        return True
    if mode in ("", "120000") or change.new_mode == NONE:
        return False
    whole = run(tree, "cat-file", "--filters", f"{after}:{change.path}").raw
    return whole.startswith((tree / change.path).read_bytes())


def _unlink(tree: Path, path: str) -> None:
    place = tree / path
    if not place.is_dir() or place.is_symlink():
        place.unlink(missing_ok=True)
    with suppress(OSError):  # folders that were made for it
        for parent in Path(path).parents:
            if str(parent) != ".":
                (tree / parent).rmdir()


def _on_paths(tree: Path, paths: Iterable[str], *asked: str) -> None:
    feed = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    run(tree, *asked, feed=feed, env=_LITERAL, timeout=LONG_PATIENCE)


def _git_at_work(tree: Path) -> bool:
    """Whether a process called git works in `tree`, as far as the system can tell."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == "git":
                place = (process / "cwd").readlink()
                if place == tree or tree in place.parents:
                    return True
        except OSError:
            continue
    return False
