"""Go: imports are packages, which are folders below a module; files of one package share names."""

from __future__ import annotations

import tree_sitter_go

from parallel_agents.planning.codebase import Codebase, folder_of
from parallel_agents.planning.languages.grammar import Grammar, text, texts
from parallel_agents.planning.languages.source import Import, Source

_GRAMMAR = Grammar(
    tree_sitter_go.language,
    """
    (import_spec path: (_) @import)
    (source_file (function_declaration name: (identifier) @define))
    (source_file (type_declaration (type_spec name: (type_identifier) @define)))
    (source_file (type_declaration (type_alias name: (type_identifier) @define)))
    (source_file (const_declaration (const_spec name: (identifier) @define)))
    (source_file (var_declaration (var_spec name: (identifier) @define)))
    (source_file (var_declaration (var_spec_list (var_spec name: (identifier) @define))))
    (identifier) @mention
    (type_identifier) @mention
    """,
)
_EVERYWHERE = frozenset({"_", "init", "main"})


def read(path: str, data: bytes) -> Source:
    """Imports, and the names of the package that the file brings and mentions."""
    found = _GRAMMAR.captures(data)
    return Source(
        tuple(Import(text(node).strip('"`')) for node in found.get("import", ())),
        f"go:{folder_of(path)}",
        frozenset(texts(found.get("define", ()))) - _EVERYWHERE,
        frozenset(texts(found.get("mention", ()))),
    )


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """Every file, tests aside, of each package of this repository that is imported."""
    del path
    modules = _modules(codebase)
    found: set[str] = set()
    for imported in source.imports:
        for name, root in modules.items():
            if imported.module == name or imported.module.startswith(name + "/"):
                below = imported.module[len(name) + 1 :]
                folder = "/".join(part for part in (root, below) if part)
                found.update(
                    file
                    for file in codebase.in_folder(folder)
                    if file.endswith(".go") and not file.endswith("_test.go")
                )
                break
    return found


def _modules(codebase: Codebase) -> dict[str, str]:
    """The folder of each module of the repository by its path, the longest path first."""
    known = codebase.notes.get("go")
    if known is None:
        modules: dict[str, str] = {}
        files = list(codebase.ending("go.mod"))
        codebase.fetch(files)
        for file in files:
            for line in (codebase.content(file) or b"").decode("utf-8", "replace").splitlines():
                words = line.split()
                if words[:1] == ["module"] and len(words) > 1:
                    modules[words[1].strip('"')] = folder_of(file)
                    break
        known = dict(sorted(modules.items(), key=lambda m: -len(m[0])))
        codebase.notes["go"] = known
    return known
