"""Java: imports name types of packages; types of one package are used without an import."""

from __future__ import annotations

import tree_sitter_java

from parallel_agents.planning.codebase import Codebase, nearest
from parallel_agents.planning.languages.grammar import Grammar, text, texts
from parallel_agents.planning.languages.source import Import, Source

_GRAMMAR = Grammar(
    tree_sitter_java.language,
    """
    (package_declaration (_) @package)
    (import_declaration [(scoped_identifier) (identifier)] @import)
    (program (class_declaration name: (identifier) @define))
    (program (interface_declaration name: (identifier) @define))
    (program (enum_declaration name: (identifier) @define))
    (program (record_declaration name: (identifier) @define))
    (program (annotation_type_declaration name: (identifier) @define))
    (type_identifier) @mention
    (identifier) @mention
    """,
)


def read(path: str, data: bytes) -> Source:
    """Imports, the package, and the types that the file brings and mentions."""
    del path
    found = _GRAMMAR.captures(data)
    packages = [text(n) for n in found.get("package", ()) if n.type != "annotation"]
    return Source(
        tuple(Import(name) for name in texts(found.get("import", ()))),
        f"java:{packages[0] if packages else ''}",
        frozenset(texts(found.get("define", ()))),
        frozenset(texts(found.get("mention", ()))),
    )


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The file of each type imported; of a type's member, that of the type."""
    found: set[str] = set()
    for imported in source.imports:
        parts = imported.module.split(".")
        for length in range(len(parts), max(len(parts) - 3, 0), -1):
            tail = "/".join(parts[:length])
            file = nearest(path, codebase.ending(f"{tail}.java"))
            if file:
                found.add(file)
                break
            if length == len(parts):  # a whole package, imported with a star
                for folder in codebase.folders_ending(tail):
                    found.update(f for f in codebase.in_folder(folder) if f.endswith(".java"))
    return found
