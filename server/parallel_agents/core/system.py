"""The system's calls, and names of files as text and as the disk has them, without `os`.

`import os` costs a process that lives for a few milliseconds as much as all that an edit is
decided by, and without `site` nothing else has imported it. The functions are those of `os.path`
for POSIX, as far as hooks need them.

Hooks import this module: standard library only, Python 3.9 syntax, no `os`.
"""

from __future__ import annotations

import sys

try:
    import posix as calls
except ImportError:  # a system that is not POSIX
    import os as calls  # type: ignore[no-redef]

__all__ = ["calls", "exists", "is_link", "is_name", "join", "parent", "real", "split", "text"]

LINKS = 40
"""So many symbolic links are followed on one way, as Linux does (`path_resolution(7)`)."""


def join(start: str, *names: str) -> str:
    """`start` with the names below it; an absolute name starts anew, as in `os.path.join`."""
    path = start
    for name in names:
        if name.startswith("/"):
            path = name
        elif not path or path.endswith("/"):
            path += name
        else:
            path = f"{path}/{name}"
    return path


def split(path: str) -> tuple[str, str]:
    """(directory, name): what is behind the last slash is the name, and may be empty."""
    cut = path.rfind("/") + 1
    folder = path[:cut]
    return folder.rstrip("/") or folder, path[cut:]


def parent(path: str) -> str:
    """The directory part of `split`."""
    return split(path)[0]


def exists(path: str) -> bool:
    """Whether there is a directory entry of this name; a link counts even if it leads nowhere."""
    try:
        calls.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def is_link(path: str) -> bool:
    """Whether the entry is a symbolic link."""
    try:
        calls.readlink(path)
    except (OSError, ValueError):
        return False
    return True


def real(path: str) -> str:
    """The absolute path with every symbolic link of it resolved; it need not exist.

    A relative path starts at the current directory. What cannot be looked into is taken as it is
    written, and so is a link on a way of more than `LINKS` links: nothing can be opened there.
    """
    if not path.startswith("/"):
        path = join(calls.getcwd(), path)
    todo = path.split("/")
    todo.reverse()
    at, followed = "", 0
    while todo:
        name = todo.pop()
        if not name or name == ".":
            continue
        if name == "..":
            at = at[: at.rfind("/")] if at else ""
            continue
        entry = f"{at}/{name}"
        try:
            target = calls.readlink(entry) if followed < LINKS else ""
        except OSError:
            target = ""
        if not target:
            at = entry
            continue
        followed += 1
        if target.startswith("/"):
            at = ""
        todo.extend(reversed(target.split("/")))
    return at or "/"


def is_name(path: str) -> bool:
    """Whether the system can be asked about a file so called."""
    try:
        path.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    except UnicodeEncodeError:  # half of a surrogate pair, as JSON can carry
        return False
    return path != "" and "\0" not in path


def text(name: bytes) -> str:
    """What the system's bytes are as a name."""
    return name.decode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
