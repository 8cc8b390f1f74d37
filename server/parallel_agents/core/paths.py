"""Lock keys: which repository, and which path in it, does a write to a file name reach.

Two names of one file must give one key. Directories are resolved on the disk, never in the text
(`..` behind a linked directory leads somewhere else), and the same file in two work trees of a
repository has the same path and the same main work tree. The repository is found as git finds it,
from `.git` (a directory, or a file with `gitdir:`), its `commondir` and its `config`, without
starting a process.

Hooks import this module: standard library only, Python 3.9 syntax, `core.system` in place of `os`.
"""

from __future__ import annotations

from parallel_agents.core.system import (
    calls,
    exists,
    is_link,
    is_name,
    join,
    parent,
    real,
    split,
    text,
)

_CONFIG_LIMIT = 1 << 20


class Place:
    """One directory entry that a write reaches."""

    __slots__ = ("absolute", "main", "path", "root")

    def __init__(self, root: str, main: str, path: str, absolute: str) -> None:
        self.root = root
        """Absolute real path of the work tree that the entry lies in."""
        self.main = main
        """Absolute real path of the repository's main work tree, where `_tasks/` is."""
        self.path = path
        """POSIX path relative to `root`, NFC, case kept; `.` for the root itself."""
        self.absolute = absolute
        """Where it is on the disk: real path of the directory, and the name."""


def places(path: str, cwd: str) -> tuple[Place, ...]:
    """Where a write to `path` lands; relative paths start at `cwd`. The file need not exist.

    One place; two where the path is a symbolic link, first the link (a `mv` or `rm` acts on that),
    then its target; none for what lies outside every work tree. Raises `BadInput`.
    """
    if not is_name(path):
        from parallel_agents.core.errors import BadInput  # the usual path needs neither import

        raise BadInput(
            "bad_path",
            f"{path[:80]!a} cannot be the name of a file.",
            "Give the path of the file that is to be written.",
        )
    whole = join(cwd, path)
    folder, name = split(whole.rstrip("/"))
    if name in ("", ".", ".."):
        entries = [real(whole)]
    else:
        entry = join(real(folder or "/"), name)
        entries = [entry]
        if is_link(entry):
            target = real(entry)
            if target != entry:
                entries.append(target)
    found = (_place(entry) for entry in entries)
    return tuple(place for place in found if place is not None)


def main_work_tree(start: str) -> str | None:
    """The main work tree of the repository that the directory `start` lies in, as a real path.

    The same for every linked work tree and sub-directory. None where there is no repository, or
    where it has no main work tree that its files name: a bare one, or a separate git directory.
    """
    tree = _work_tree(real(start))
    return None if tree is None else tree[1]


def _place(absolute: str) -> Place | None:
    # The entry of a nested repository's root belongs to the repository around it.
    tree = _work_tree(parent(absolute)) or _work_tree(absolute)
    if tree is None:
        return None
    root, main = tree
    path = absolute[len(root) :].lstrip("/") or "."
    if not path.isascii():
        from parallel_agents.core.segments import nfc

        path = nfc(path)
    return Place(root, main, path, absolute)


def _work_tree(folder: str) -> tuple[str, str] | None:
    """(root of the work tree around `folder`, main work tree), both real paths."""
    while True:
        common = _common_directory(folder)
        if common is not None:
            main = _main_of(common)
            return None if main is None else (folder, main)
        above = parent(folder)
        if above == folder:
            return None
        folder = above


def _common_directory(root: str) -> str | None:
    """The git directory that all work trees share, where `root` is a work tree's root."""
    dot_git = join(root, ".git")
    if not exists(dot_git):
        return None
    named = _read(dot_git)
    if named is None:
        directory = real(dot_git)
    elif named.startswith("gitdir:"):
        directory = real(join(root, named[7:].strip()))
    else:
        return None
    common = _read(join(directory, "commondir"))
    if common is not None:
        directory = real(join(directory, common.strip()))
    # As git does: an empty `.git`, or one whose directory is gone, is none.
    return directory if exists(join(directory, "HEAD")) else None


def _main_of(common: str) -> str | None:
    """The main work tree of the repository with this common directory."""
    section = ""
    for line in (_read(join(common, "config")) or "").splitlines():
        if line.lstrip().startswith("["):
            section = line.strip()[1:].partition("]")[0].strip().lower()
        elif section == "core":
            key, _, value = (part.strip() for part in line.partition("="))
            if key.lower() == "bare" and value.lower() in ("true", "yes", "on", "1"):
                return None
            if key.lower() == "worktree":  # a submodule's, whose git directory is elsewhere
                return real(join(common, value.strip('"')))
    folder, name = split(common)
    return folder if name == ".git" else None


def _read(path: str) -> str | None:
    """The text of a file, or None where it is not one or cannot be read."""
    try:
        fd = calls.open(path, calls.O_RDONLY | getattr(calls, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        return text(calls.read(fd, _CONFIG_LIMIT))
    except OSError:
        return None
    finally:
        calls.close(fd)
