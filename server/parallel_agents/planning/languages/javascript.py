"""JavaScript and TypeScript: relative imports, `paths` of a tsconfig, packages of a workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter_javascript
import tree_sitter_typescript

from parallel_agents.planning.codebase import Codebase, folder_of, joined
from parallel_agents.planning.kinds import is_barrel
from parallel_agents.planning.languages.grammar import Grammar, text
from parallel_agents.planning.languages.source import Import, Source

_IMPORTS = """
    (import_statement source: (string (string_fragment) @import))
    (export_statement source: (string (string_fragment) @import))
    (call_expression function: (import) arguments: (arguments . (string (string_fragment) @import)))
    (call_expression function: (identifier) @require
        arguments: (arguments . (string (string_fragment) @import))
        (#eq? @require "require"))
    (call_expression function: (member_expression) @mock
        arguments: (arguments . (string (string_fragment) @import))
        (#any-of? @mock "require.resolve" "jest.mock" "vi.mock" "jest.requireActual"))
"""
_TYPED = _IMPORTS + "(import_require_clause source: (string (string_fragment) @import))"
_JAVASCRIPT = Grammar(tree_sitter_javascript.language, _IMPORTS)
_TYPESCRIPT = Grammar(tree_sitter_typescript.language_typescript, _TYPED)
_TSX = Grammar(tree_sitter_typescript.language_tsx, _TYPED)

_ENDINGS = ("ts", "tsx", "d.ts", "js", "jsx", "mjs", "cjs", "mts", "cts", "vue", "svelte", "json")
_ENTRIES = ("src/index", "index", "src/main", "lib/index", "src/node/index")
_MOST_PACKAGES = 400


def read(path: str, data: bytes) -> Source:
    """What the file imports, exports from elsewhere, requires, or puts a mock in the place of."""
    return _parsed(path.rpartition(".")[2], data)


@lru_cache(maxsize=1024)
def _parsed(ending: str, data: bytes) -> Source:
    if ending in ("ts", "mts", "cts"):
        grammar = _TYPESCRIPT
    else:
        grammar = _TSX if ending == "tsx" else _JAVASCRIPT
    nodes = grammar.captures(data).get("import", ())
    return Source(tuple(Import(name) for name in dict.fromkeys(map(text, nodes))))


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The files imported, as Node, bundlers and TypeScript look for them.

    Of a folder's `index`, which hands on what others have, those others too.
    """
    found = set(_direct(path, source, codebase))
    for barrel in [f for f in found if is_barrel(f)]:
        data = codebase.content(barrel)
        if data:
            found.update(_direct(barrel, _parsed(barrel.rpartition(".")[2], data), codebase))
    return found


def _direct(path: str, source: Source, codebase: Codebase) -> Iterator[str]:
    for imported in source.imports:
        name = imported.module.partition("?")[0]
        wanted = (
            [joined(folder_of(path), name)] if name.startswith(".") else _bare(path, name, codebase)
        )
        for stem in wanted:
            file = None if stem is None else _file(stem, codebase)
            if file:
                yield file
                break


def _file(stem: str, codebase: Codebase) -> str | None:
    if stem in codebase:
        return stem
    plain, _, ending = stem.rpartition(".")
    stems = [stem, f"{stem}/index".lstrip("/")]
    if ending in ("js", "jsx", "mjs", "cjs"):  # TypeScript is imported by the name it will have
        stems.append(plain)
    for candidate in (f"{s}.{e}" for s in stems for e in _ENDINGS):
        if candidate in codebase:
            return candidate
    return None


def _bare(path: str, name: str, codebase: Codebase) -> Iterator[str | None]:
    """Where a name that is no relative path may lead to within the repository."""
    yield from _mapped(path, name, codebase)
    packages = _packages(codebase)
    owner = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
    if owner in packages:
        folder, below = packages[owner], name[len(owner) + 1 :]
        for inner in (below, f"src/{below}") if below else _ENTRIES:
            yield joined(folder, inner)


def _mapped(path: str, name: str, codebase: Codebase) -> Iterator[str | None]:
    folder = folder_of(path)
    while True:
        for config in ("tsconfig.json", "jsconfig.json"):
            file = f"{folder}/{config}".lstrip("/")
            if file in codebase:
                yield from _by_config(file, name, codebase)
                return
        if not folder:
            return
        folder = folder_of(folder)


def _by_config(file: str, name: str, codebase: Codebase) -> Iterator[str | None]:
    options = _json(codebase.content(file)).get("compilerOptions")
    if not isinstance(options, dict):
        return
    base = options.get("baseUrl")
    root = joined(folder_of(file), base if isinstance(base, str) else ".")
    paths = options.get("paths")
    for pattern, places in paths.items() if isinstance(paths, dict) and root is not None else ():
        before, star, after = pattern.partition("*")
        if name == pattern or (star and name.startswith(before) and name.endswith(after)):
            middle = name[len(before) : len(name) - len(after)] if star else ""
            for place in places if isinstance(places, list) else ():
                if isinstance(place, str):
                    yield joined(root or "", place.replace("*", middle))
    if isinstance(base, str) and root is not None:
        yield joined(root, name)


def _packages(codebase: Codebase) -> dict[str, str]:
    """The folder of each package of the repository by its name."""
    known = codebase.notes.get("javascript")
    if known is None:
        known = {}
        files = sorted(codebase.ending("package.json"), key=lambda f: (f.count("/"), f))
        files = [f for f in files[:_MOST_PACKAGES] if "node_modules/" not in f]
        codebase.fetch(files)
        for file in files:
            name = _json(codebase.content(file)).get("name")
            if isinstance(name, str):
                known.setdefault(name, folder_of(file))
        codebase.notes["javascript"] = known
    return known


def _json(data: bytes | None) -> dict[str, object]:
    """The object in a configuration file, whose comments and last commas are passed over."""
    text_of = (data or b"").decode("utf-8", "replace")
    for attempt in (text_of, _uncommented(text_of)):
        try:
            told = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return told if isinstance(told, dict) else {}
    return {}


def _uncommented(jsonc: str) -> str:
    """JSON with comments, without them and without commas before a closing bracket."""
    kept: list[str] = []
    at = 0
    while at < len(jsonc):
        char = jsonc[at]
        if char == '"':
            end = at + 1
            while end < len(jsonc) and jsonc[end] != '"':
                end += 2 if jsonc[end] == "\\" else 1
            kept.append(jsonc[at : end + 1])
            at = end + 1
        elif jsonc.startswith("//", at):
            end = jsonc.find("\n", at)
            at = len(jsonc) if end < 0 else end
        elif jsonc.startswith("/*", at):
            end = jsonc.find("*/", at + 2)
            at = len(jsonc) if end < 0 else end + 2
        else:
            if char in "}]":
                while kept and (kept[-1].isspace() or kept[-1] == ","):
                    kept.pop()
            kept.append(char)
            at += 1
    return "".join(kept)
