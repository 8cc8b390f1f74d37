"""Files that this process, and all that it becomes, cannot write: read-only in a mount namespace.

Needs Linux, and either the right to mount or user namespaces that anybody may make. A folder above
a read-only file is pinned, so that it cannot be renamed away: it is bound on itself, and then the
root over it, which buries that mount; a buried mount costs nothing and still refuses a rename
(EBUSY). Flags of the mounts that are there are kept, else the kernel refuses to remount them. The
cost grows with the number of paths: three calls each.

mount_namespaces(7), user_namespaces(7), mount(2).
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

NEW_MOUNTS = 0x00020000
NEW_USER = 0x10000000

READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT = 1, 2, 4, 8, 32
NO_ATIME, NO_DIR_ATIME, BIND, RECURSIVE, SLAVE, REL_ATIME = (
    1024,
    2048,
    4096,
    16384,
    1 << 19,
    1 << 21,
)

_SAME_IN_STATVFS = NO_SUID | NO_DEV | NO_EXEC | NO_ATIME | NO_DIR_ATIME
_REL_ATIME_IN_STATVFS = 4096


def confine(roots: Iterable[str], paths: Sequence[str]) -> None:
    """Make `paths` (absolute, real) read-only for this process from now on.

    Each lies below one of `roots`, the work trees, in which the folders above it are pinned. What
    is not there is left out. Raises `OSError` where the system does not let this process do it.
    """
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "unshare"):
        raise OSError(errno.ENOSYS, "this system has no mount namespaces")
    _unshare(library)
    _mount(library, "none", "/", RECURSIVE | SLAVE)
    here = os.getcwd()
    for root in dict.fromkeys(roots):
        for folder in _between(root, paths):
            _bind(library, folder)
        _bind(library, root)
    for path in paths:
        try:
            _bind(library, path)
            flags = BIND | REMOUNT | READ_ONLY | _kept_flags(path)
            _mount(library, "none", path, flags)
        except FileNotFoundError:
            continue
    os.chdir(here)  # through the new mounts: the old way in would lead past them


def _unshare(library: Any) -> None:
    if library.unshare(NEW_MOUNTS) == 0:
        return
    user, group = os.getuid(), os.getgid()
    _checked(library.unshare(NEW_USER | NEW_MOUNTS), "unshare")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def _between(root: str, paths: Iterable[str]) -> list[str]:
    """The folders above the paths and below the root, the upper ones first."""
    found = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder.startswith(root + "/"):
            found.add(folder)
            folder = os.path.dirname(folder)
    return sorted(found)


def _bind(library: Any, path: str) -> None:
    try:
        _mount(library, path, path, BIND)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        _mount(library, path, path, BIND | RECURSIVE)  # what is mounted below is locked to it


def _mount(library: Any, source: str, target: str, flags: int) -> None:
    import ctypes

    done = library.mount(
        os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None
    )
    _checked(done, target)


def _checked(done: int, what: str) -> None:
    if done != 0:
        import ctypes

        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _kept_flags(path: str) -> int:
    found = os.statvfs(path).f_flag
    kept = found & _SAME_IN_STATVFS
    return kept | REL_ATIME if found & _REL_ATIME_IN_STATVFS else kept
