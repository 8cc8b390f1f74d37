"""Work trees on their way out: moved aside in a moment, deleted behind everybody's back.

A large tree takes minutes to delete on a busy disk. Nobody waits for that, no lock is held for it,
and what a killed deletion leaves is still in the trash for the next one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import mkdtemp

from parallel_agents.git.repository import Repository

NAME = ".trash"
"""Folder in `<repo>.agents`."""

# A module cache may be read-only: then its folders are opened first. The last line takes away the
# empty `.trash` and, where it held nothing else, the folder above it.
DELETE = """
for trash do
  [ -L "$trash" ] && continue
  for old in "$trash"/*; do
    [ -e "$old" ] || [ -L "$old" ] || continue
    rm -rf -- "$old" || { chmod -R u+rwx -- "$old"; rm -rf -- "$old"; }
  done
  rmdir -- "$trash" && rmdir -- "${trash%/*}"
done
"""


def put(repository: Repository, tree: Path) -> Path | None:
    """Move `tree` into the trash; its new place, or None where it cannot be moved as a whole."""
    for folder in _folders(repository):
        if folder.is_symlink():  # what lies behind it is not ours to delete
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place = Path(mkdtemp(prefix=f"{tree.name}-", dir=folder)) / tree.name
            tree.rename(place)
        except OSError:  # another disk, or no right to write there
            continue
        return place
    return None


def take_back(place: Path, tree: Path) -> None:
    """Undo `put`."""
    place.rename(tree)
    place.parent.rmdir()


def empty(repository: Repository) -> None:
    """Start deleting what is in the trash, in a process of its own that outlives this one."""
    full = [str(folder) for folder in _folders(repository) if folder.is_dir()]
    if not full:
        return
    # The first shell ends at once: the second is nobody's child, and nobody has to wait for it.
    behind = 'script=$1; shift; sh -c "$script" sh "$@" </dev/null >/dev/null 2>&1 &'
    subprocess.run(
        ("sh", "-c", behind, "sh", DELETE, *full),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def _folders(repository: Repository) -> tuple[Path, ...]:
    # Beside the agents' trees; for a tree elsewhere (the client's) git's own directory may be the
    # one that is on the same disk.
    root = repository.root
    beside = root.parent / f"{root.name}.agents" / NAME
    return beside, repository.common_dir / "parallel-agents" / NAME
