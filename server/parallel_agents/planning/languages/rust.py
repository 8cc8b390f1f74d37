"""Rust: modules, and paths that start in a crate of the repository."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import tree_sitter_rust

from parallel_agents.planning.codebase import Codebase, folder_of
from parallel_agents.planning.languages.grammar import Grammar, text
from parallel_agents.planning.languages.source import Import, Source

if TYPE_CHECKING:
    from tree_sitter import Node

_GRAMMAR = Grammar(
    tree_sitter_rust.language,
    """
    (mod_item name: (identifier) @mod !body)
    (use_declaration argument: (_) @use)
    (scoped_identifier) @path
    (scoped_type_identifier) @path
    """,
)
_KEYWORDS = frozenset({"self", "super", "crate"})
_ROOTS = frozenset({"lib.rs", "main.rs", "mod.rs", "build.rs"})


def read(path: str, data: bytes) -> Source:
    """Child modules as `self::name`, what is used, and the paths in the code."""
    del path
    return _parsed(data)


@lru_cache(maxsize=1024)
def _parsed(data: bytes) -> Source:
    found = _GRAMMAR.captures(data)
    paths = [f"self::{text(n)}" for n in found.get("mod", ())]
    for used in found.get("use", ()):
        paths += _used(used, "")
    paths += ["".join(text(n).split()) for n in found.get("path", ())]
    return Source(tuple(Import(p) for p in dict.fromkeys(paths) if "::" in p or p.isidentifier()))


def _used(node: Node, before: str) -> Iterator[str]:
    """The paths of a tree of `use`."""
    match node.type:
        case "use_list":
            for child in node.named_children:
                yield from _used(child, before)
        case "scoped_use_list":
            path, inner = node.child_by_field_name("path"), node.child_by_field_name("list")
            if inner is not None:
                yield from _used(inner, f"{before}{text(path)}::" if path else before)
        case "use_as_clause":
            path = node.child_by_field_name("path")
            if path is not None:
                yield from _used(path, before)
        case "use_wildcard":
            if node.named_children:
                yield before + text(node.named_children[0])
        case "line_comment" | "block_comment":
            return
        case _:
            yield before + text(node)


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The files of the modules; of a longer path, those of its longest part that is a module."""
    found: set[str] = set()
    for imported in source.imports:
        parts = [p for p in imported.module.split("::") if p]
        file = _target(path, parts, codebase)
        if file:
            found.add(file)
            if file.rpartition("/")[2] in _ROOTS and parts[-1] not in _KEYWORDS:
                found |= _through(file, parts[-1], codebase)
    return found


def _target(path: str, parts: Sequence[str], codebase: Codebase) -> str | None:
    for folder, rest in _starts(path, parts, _crates(codebase), codebase):
        file = _module(folder, rest, codebase)
        if file:
            return file
    return None


def _through(root: str, name: str, codebase: Codebase) -> set[str]:
    """Where a module's root has a name from that it hands on."""
    data = codebase.content(root)
    found: set[str] = set()
    for imported in _parsed(data).imports if data else ():
        parts = [p for p in imported.module.split("::") if p]
        if len(parts) > 1 and parts[-1] == name:
            file = _target(root, parts, codebase)
            if file:
                found.add(file)
    return found


def _starts(
    path: str, parts: Sequence[str], crates: dict[str, str], codebase: Codebase
) -> Iterator[tuple[str, Sequence[str]]]:
    """(folder that holds the modules, path below it) for each way to read a path."""
    if not parts:
        return
    own = _children(path)
    match parts[0]:
        case "crate":
            yield _crate_folder(path, codebase), parts[1:]
        case "self":
            yield own, parts[1:]
        case "super":
            folder, rest = own, parts
            while rest and rest[0] == "super":
                folder, rest = folder_of(folder), rest[1:]
            yield folder, rest
        case name:
            if name in crates:
                yield crates[name], parts[1:] or ["lib"]
            if len(parts) > 1:
                yield own, parts


def _module(folder: str, parts: Sequence[str], codebase: Codebase) -> str | None:
    """The file of the longest leading part of `parts` that is a module below `folder`."""
    best: str | None = None
    for length in range(1, len(parts) + 1):
        stem = "/".join(p for p in (folder, *parts[:length]) if p)
        here = next((f for f in (f"{stem}.rs", f"{stem}/mod.rs") if f in codebase), None)
        if here is None and not codebase.is_folder(stem):
            break
        best = here or best
    if best is None and parts:
        roots = [f"{folder}/{name}".lstrip("/") for name in ("lib.rs", "mod.rs", "main.rs")]
        best = next((f for f in roots if f in codebase), f"{folder}.rs")
        best = best if best in codebase else None
    return best


def _children(path: str) -> str:
    """The folder that the modules of a file lie in."""
    folder, _, name = path.rpartition("/")
    if name in _ROOTS:
        return folder
    return f"{folder}/{name.removesuffix('.rs')}".lstrip("/")


def _crate_folder(path: str, codebase: Codebase) -> str:
    folder = folder_of(path)
    while True:
        if any(f"{folder}/{name}".lstrip("/") in codebase for name in ("lib.rs", "main.rs")):
            return folder
        if f"{folder}/Cargo.toml".lstrip("/") in codebase or not folder:
            return f"{folder}/src".lstrip("/")
        folder = folder_of(folder)


def _crates(codebase: Codebase) -> dict[str, str]:
    """The folder of sources of each crate of the repository, by the name that code uses."""
    known = codebase.notes.get("rust")
    if known is None:
        known = {}
        files = list(codebase.ending("Cargo.toml"))
        codebase.fetch(files)
        for file in files:
            try:
                told = tomllib.loads((codebase.content(file) or b"").decode("utf-8", "replace"))
            except tomllib.TOMLDecodeError:
                continue
            package, library = told.get("package"), told.get("lib")
            name = package.get("name") if isinstance(package, dict) else None
            where = library.get("path") if isinstance(library, dict) else None
            if isinstance(name, str):
                source = where if isinstance(where, str) else "src/lib.rs"
                folder = "/".join(p for p in (folder_of(file), folder_of(source)) if p)
                known[name.replace("-", "_")] = folder
        codebase.notes["rust"] = known
    return known
