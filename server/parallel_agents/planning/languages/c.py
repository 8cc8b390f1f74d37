"""C and C++: what a file includes, found beside it or below some folder of the repository."""

from __future__ import annotations

import tree_sitter_c
import tree_sitter_cpp

from parallel_agents.planning.codebase import Codebase, folder_of, joined, nearest
from parallel_agents.planning.languages.grammar import Grammar, text
from parallel_agents.planning.languages.source import Import, Source

_QUERY = "(preproc_include path: [(string_literal) (system_lib_string)] @include)"
_C = Grammar(tree_sitter_c.language, _QUERY)
_CPP = Grammar(tree_sitter_cpp.language, _QUERY)


def read(path: str, data: bytes) -> Source:
    """The includes, quoted as they are: `<...>` is looked for in another order."""
    grammar = _C if path.endswith((".c", ".h")) else _CPP
    return Source(tuple(Import(text(n)) for n in grammar.captures(data).get("include", ())))


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The headers included. Not what implements them: to bring a name, one writes the header."""
    found: set[str] = set()
    for imported in source.imports:
        name = imported.module.strip('"<>')
        beside = joined(folder_of(path), name)
        tail = name.removeprefix("./")
        while tail.startswith("../"):
            tail = tail[3:]
        if beside in codebase and imported.module.startswith('"'):
            header: str | None = beside
        else:
            header = nearest(path, codebase.ending(tail)) if tail else None
        if header:
            found.add(header)
    return found
