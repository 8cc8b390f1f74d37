"""Why two results conflict, as far as git and the claims can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parallel_agents.coordination.proposing import listed
from parallel_agents.coordination.selection import Selection
from parallel_agents.coordination.site import Site
from parallel_agents.core.globs import covering
from parallel_agents.git.mergetree import Sides, sides
from parallel_agents.git.merging import Conflict

MOST_READ = 3
"""Conflicting files that are looked into."""


def why(site: Site, chosen: Selection, conflict: Conflict) -> tuple[str, ...]:
    """Sentences for people; empty where nothing more is to be said than what git says."""
    return tuple(dict.fromkeys(_causes(site, chosen, conflict)))


def _causes(site: Site, chosen: Selection, conflict: Conflict) -> Iterator[str]:
    part, other = conflict.part, conflict.against
    names = [name for name in (part, other) if name]
    if any("file location" in p.kind or "directory rename" in p.kind for p in conflict.paths):
        yield "One of them moves a folder, and the other puts a file into the folder as it was."
    for name in names:
        claimed = _claimed(chosen, name)
        if stray := [p.path for p in conflict.paths if not covering(claimed, _plain(p.path))]:
            yield f"Task {name} had not claimed {listed(stray)}."
    if other is None:
        yield f"{chosen.run.target} has changed there since the agents started."
    elif both := _claimed_by_both(chosen, part, other, conflict):
        yield (
            f"Both tasks had {listed(both)} in their claims, one after the other, and neither "
            "started from the other's result."
        )
    for path in [p.path for p in conflict.paths][:MOST_READ]:
        yield from _by_content(path, sides(site.repository, conflict.tip, conflict.commit, path))


def _by_content(path: str, found: Sides | None) -> Iterator[str]:
    if found is None:
        return
    base, ours, theirs = found.base, found.ours, found.theirs
    if base is None and ours is not None and theirs is not None:
        yield f"Both create {path}."
    if base is None or ours is None or theirs is None:
        return
    if ours.startswith(base) and theirs.startswith(base) and base.endswith(b"\n"):
        yield f"Both append to the end of {path}."
    for text in (ours, theirs):
        if text != base and _unix(text) == _unix(base):
            yield f"One of them changes nothing but the line endings of {path}."
    if b"\0" in base[:8000]:
        yield f"{path} is binary, so that git can only take one side as a whole."


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


def _claimed(chosen: Selection, name: str) -> Sequence[str]:
    record = next(r for r in chosen.records if r.task.id == name)
    data = record.completed.data if record.completed else {}
    return data.get("files") or record.task.files


def _claimed_by_both(chosen: Selection, part: str, other: str, conflict: Conflict) -> list[str]:
    one, two = _claimed(chosen, part), _claimed(chosen, other)
    paths = [_plain(p.path) for p in conflict.paths]
    if (part, other) in chosen.resting or (other, part) in chosen.resting:
        return []
    return [p for p in paths if covering(one, p) and covering(two, p)]


def _plain(path: str) -> str:
    """The path as people know it: git tells two things of one name apart by `~` and a branch."""
    return path.partition("~")[0]
