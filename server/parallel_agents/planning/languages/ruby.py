"""Ruby: what a file requires, and files that are named after the constants it mentions."""

from __future__ import annotations

import re

import tree_sitter_ruby

from parallel_agents.planning.codebase import Codebase, folder_of, joined, nearest
from parallel_agents.planning.languages.grammar import Grammar, text, texts
from parallel_agents.planning.languages.source import Import, Source

_GRAMMAR = Grammar(
    tree_sitter_ruby.language,
    """
    (call method: (identifier) @verb
          arguments: (argument_list (string (string_content) @require))
          (#any-of? @verb "require" "require_relative" "load" "autoload" "require_dependency"))
    (scope_resolution) @mention
    (constant) @mention
    """,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def read(path: str, data: bytes) -> Source:
    """The files required, and the constants mentioned."""
    del path
    found = _GRAMMAR.captures(data)
    return Source(
        tuple(Import(name) for name in texts(found.get("require", ()))),
        mentions=frozenset(text(n) for n in found.get("mention", ())),
    )


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The files required; and for a constant the file that an autoloader would look for."""
    found: set[str] = set()
    for imported in source.imports:
        name = imported.module.removesuffix(".rb")
        beside = joined(folder_of(path), f"{name}.rb")
        roots = [f for f in codebase.ending(f"{name.removeprefix('./')}.rb") if not _deep(f, name)]
        file = beside if beside in codebase else nearest(path, roots)
        if file:
            found.add(file)
    for constant in source.mentions:
        tail = "/".join(_HUMP.sub("_", part).lower() for part in constant.split("::") if part)
        if tail:
            file = nearest(path, codebase.ending(f"{tail}.rb"))
            if file:
                found.add(file)
    return found


def _deep(file: str, name: str) -> bool:
    """Whether a file that ends like what is required lies where no load path would start."""
    before = file[: len(file) - len(f"{name}.rb")].rstrip("/")
    return "/" not in name and before.rpartition("/")[2] not in ("", "lib", "app", "ext", "src")
