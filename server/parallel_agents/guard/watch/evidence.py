"""Both versions of an overwritten file, kept where people and agents find them; and putting back.

    _tasks/overwritten/<task>-<mark>/was/<path>     what its holder had
    _tasks/overwritten/<task>-<mark>/found/<path>   what the command left

The folder goes with the run: when that is put away, it lies in the run's own folder in `history/`.
Who makes the folder reports what happened: several look at the same files.
"""

from __future__ import annotations

import errno
import os

from parallel_agents.guard.watch.flights import write
from parallel_agents.guard.watch.journal import Journal, content_of, digest_of
from parallel_agents.guard.watch.snapshot import GONE, mode_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.watch.trespass import Trespass

OVERWRITTEN = "overwritten"
WAS, FOUND = "was", "found"

_EXCHANGE = 2
_AT_HERE = -100
_SWAP_ON_MACOS = 2


class Kept:
    """Where the versions lie (absolute paths; empty where there is none), and what was done."""

    __slots__ = ("found", "is_new", "is_restored", "was")

    def __init__(self, was: str, found: str, *, is_new: bool) -> None:
        self.was = was
        self.found = found
        self.is_new = is_new
        """Whether nobody has reported it yet."""
        self.is_restored = False


def keep(folder: str, one: Trespass) -> Kept:
    """Keep both versions in the run's `folder`. Raises `OSError`."""
    mark = digest_of("\0".join((one.absolute, one.before, one.after)).encode("utf-8", "replace"))
    place = os.path.join(folder, OVERWRITTEN, f"{one.watched.task}-{mark[:8]}")
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        os.mkdir(place)
        is_new = True
    except FileExistsError:
        is_new = False
    kept = Kept(
        _version(place, WAS, one.path, one.was),
        _version(place, FOUND, one.path, one.content),
        is_new=is_new,
    )
    return kept


def restore(folder: str, one: Trespass, kept: Kept) -> None:
    """Put the holder's content back, at once for every reader, where that is safe.

    The file must still be as it was found; what is there at the last moment is looked at, and put
    back in turn where it is something else. Leaves `kept.is_restored`.
    """
    path = one.absolute
    try:
        if one.before == GONE:
            os.rename(path, kept.found or _spare(folder, path))
        elif one.was is None:
            return
        else:
            beside = f"{os.path.dirname(path)}/.{os.path.basename(path)}.{os.getpid()}"
            write(beside, one.was)
            os.chmod(beside, mode_of(one.before) & 0o7777)
            try:
                if not (_link_back(beside, path) if one.after == GONE else _swap(one, beside)):
                    return
            finally:
                if os.path.lexists(beside):
                    os.unlink(beside)
            Journal(folder, one.watched.task, one.watched.token).note(
                one.watched.before.root, one.path
            )
        kept.is_restored = True
    except OSError:
        return  # it stays as it is, and is reported so


def _swap(one: Trespass, beside: str) -> bool:
    _exchange(beside, one.absolute)
    _, digest, _ = content_of(beside)
    if one.content is not None and digest == digest_of(one.content):
        return True
    _exchange(beside, one.absolute)  # somebody wrote in the very last moment
    return False


def _link_back(beside: str, path: str) -> bool:
    os.link(beside, path)  # fails where somebody has made the file anew
    return True


def _version(place: str, kind: str, path: str, content: bytes | None) -> str:
    if content is None:
        return ""
    target = os.path.join(place, kind, path)
    if not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write(target, content)
    return target


def _spare(folder: str, path: str) -> str:
    return os.path.join(folder, OVERWRITTEN, f"{os.getpid()}-{os.path.basename(path)}")


def _exchange(a: str, b: str) -> None:
    """Swap two files in one step. Raises `OSError`, also where the system has no such call."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    one, other = os.fsencode(a), os.fsencode(b)
    if hasattr(library, "renameat2"):
        done = library.renameat2(_AT_HERE, one, _AT_HERE, other, _EXCHANGE)
    elif hasattr(library, "renamex_np"):
        done = library.renamex_np(one, other, _SWAP_ON_MACOS)
    else:
        raise OSError(errno.ENOSYS, "files cannot be exchanged in one step")
    if done:
        raise OSError(ctypes.get_errno(), "the file could not be exchanged")
