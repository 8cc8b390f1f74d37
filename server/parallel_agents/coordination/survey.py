"""What the planner is told of a repository: the files of one commit, and what changed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from parallel_agents.core.segments import nfc
from parallel_agents.git import contents, history
from parallel_agents.git.repository import Repository
from parallel_agents.planning.changes import Commits
from parallel_agents.planning.codebase import Codebase


@dataclass(frozen=True, slots=True)
class Survey:
    """One commit, and the history before it."""

    codebase: Codebase
    commits: Commits | None
    """None where git did not get through with the history in time."""


def survey(repository: Repository, commit: str) -> Survey:
    """The survey of a commit (full SHA); that of the last few commits asked for is kept."""
    return surveyed(repository.root, commit)


@lru_cache(maxsize=4)
def surveyed(where: Path, commit: str) -> Survey:
    """The survey of a commit of the repository at `where`, which may be bare."""
    return Survey(codebase_of(where, commit), history.recent(where, commit))


def codebase_of(where: Path, tree: str) -> Codebase:
    """The files of a commit or tree of the repository at `where`, which may be bare."""
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    modules: list[str] = []
    for entry in contents.listing(where, tree):
        match entry.mode:
            case contents.SYMLINK:
                links[nfc(entry.path)] = entry.blob
            case contents.GITLINK:
                modules.append(nfc(entry.path))
            case _:
                files[nfc(entry.path)] = entry.blob
    if links:
        told = contents.blobs(where, links.values())
        links = {p: told.get(b, b"").decode("utf-8", "surrogateescape") for p, b in links.items()}

    def read(blobs: Sequence[str]) -> Mapping[str, bytes]:
        return contents.blobs(where, blobs)

    return Codebase(files, read, links, modules)
