"""Files that a task changes without naming them: lock files, snapshots, numbers of migrations.

A package manager rewrites one lock file for every manifest below it, and two new migrations in
one folder both take the next number. So two tasks with disjoint file sets may still meet there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """One family of package managers: file names, or globs of them, in lower case."""

    name: str
    manifests: tuple[str, ...]
    locks: tuple[str, ...]
    workspaces: bool = False
    """Whether one lock file can serve the manifests of several folders below it."""


_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
_PYTHON_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pipfile.lock", "requirements*.txt")

ECOSYSTEMS = (
    Ecosystem("npm", ("package.json",), (*_NPM_LOCKS, "bun.lock", "bun.lockb"), True),
    Ecosystem(
        "Python",
        ("pyproject.toml", "setup.cfg", "pipfile", "requirements*.in"),
        _PYTHON_LOCKS,
        True,
    ),
    Ecosystem("Rust", ("cargo.toml",), ("cargo.lock",), True),
    Ecosystem("Go", ("go.mod",), ("go.sum",)),
    Ecosystem("Ruby", ("gemfile", "*.gemspec"), ("gemfile.lock",)),
    Ecosystem("PHP", ("composer.json",), ("composer.lock",)),
    Ecosystem(".NET", ("*.csproj", "*.fsproj"), ("packages.lock.json",)),
    Ecosystem("Dart", ("pubspec.yaml",), ("pubspec.lock",), True),
    Ecosystem("Elixir", ("mix.exs",), ("mix.lock",)),
    Ecosystem("Swift", ("package.swift",), ("package.resolved",)),
    Ecosystem("Nix", ("flake.nix",), ("flake.lock",)),
)

_MIGRATION_FOLDERS = frozenset({"migrations", "migration", "migrate"})
_NUMBERED = re.compile(r"\d+([_.-]|$)")
_SNAPPED = re.compile(r"\.(test|spec)\.[cm]?[jt]sx?(\.snap)?$")
_FLYWAY = re.compile(r"v\d[\d._]*__")
_WILD = frozenset("*?[{")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one task's file set implies."""

    packages: tuple[tuple[Ecosystem, str, str], ...]
    """(ecosystem, folder, path) of each manifest and lock file that the set names."""
    locked: frozenset[tuple[str, str]]
    """(ecosystem's name, folder) of the lock files among them."""
    migrations: tuple[tuple[str, str], ...]
    """(folder, path) of each numbered migration that the set names."""
    snapshots: Mapping[tuple[str, str], str]
    """By (folder, name) of a test, the path of it or of its snapshots that the set names."""


def outputs(files: Sequence[str]) -> Outputs | None:
    """What `files` (normalised patterns) imply, or None where that is nothing.

    Only a last segment that names a manifest counts: every `src/**` could hold a manifest, and a
    warning at each of them would be a warning nobody reads.
    """
    packages: list[tuple[Ecosystem, str, str]] = []
    locked: set[tuple[str, str]] = set()
    migrations: list[tuple[str, str]] = []
    snapshots: dict[tuple[str, str], str] = {}
    for path in files:
        folder, _, name = path.casefold().rpartition("/")
        for ecosystem in ECOSYSTEMS:
            is_lock = _named(name, ecosystem.locks)
            if is_lock or _named(name, ecosystem.manifests):
                packages.append((ecosystem, folder, path))
                if is_lock:
                    locked.add((ecosystem.name, folder))
                break
        if _is_migration(folder, name):
            migrations.append((folder, path))
        if _SNAPPED.search(name) and folder.rpartition("/")[2] == "__snapshots__":
            snapshots[folder.rpartition("/")[0], name.removesuffix(".snap")] = path
        elif _SNAPPED.search(name):
            snapshots[folder, name] = path
    if not packages and not migrations and not snapshots:
        return None
    return Outputs(tuple(packages), frozenset(locked), tuple(migrations), snapshots)


def shared(a: Outputs, b: Outputs) -> tuple[str, str] | None:
    """(witness, reason) where two tasks with these outputs may write one more file, else None."""
    for ecosystem, folder, path in a.packages:
        for other, other_folder, other_path in b.packages:
            if ecosystem is other and _share_a_lock(ecosystem, a, folder, b, other_folder):
                reason = f"{path} and {other_path} may share one {ecosystem.name} lock file"
                return path, reason
    for folder, path in a.migrations:
        for other_folder, other_path in b.migrations:
            if folder == other_folder:
                reason = f"{path} and {other_path} are numbered migrations of one folder"
                return path, reason
    for test in a.snapshots.keys() & b.snapshots.keys():
        path, other_path = a.snapshots[test], b.snapshots[test]
        return path, f"{path} and {other_path} are a test and what it is compared with"
    return None


def _share_a_lock(
    ecosystem: Ecosystem, a: Outputs, folder: str, b: Outputs, other_folder: str
) -> bool:
    if folder == other_folder:
        return True
    if not ecosystem.workspaces:
        return False
    a_locks = (ecosystem.name, folder) in a.locked
    b_locks = (ecosystem.name, other_folder) in b.locked
    if a_locks == b_locks:
        # Where neither names a lock file of its own, a workspace would keep one for both.
        return not a_locks
    lock, manifest = (folder, other_folder) if a_locks else (other_folder, folder)
    return lock == "" or manifest.startswith(lock + "/")


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    if name in patterns:
        return True
    return not _WILD.intersection(name) and any(fnmatchcase(name, p) for p in patterns if "*" in p)


def _is_migration(folder: str, name: str) -> bool:
    if _FLYWAY.match(name):
        return True
    in_folder = not _MIGRATION_FOLDERS.isdisjoint(folder.split("/"))
    return in_folder and (name[:1] in _WILD or _NUMBERED.match(name) is not None)
