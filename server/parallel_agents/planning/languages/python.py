"""Python: imports by the syntax tree, resolved as the import system would from the tree's roots."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache

from parallel_agents.planning.codebase import Codebase, folder_of, nearest
from parallel_agents.planning.languages.source import Import, Source

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def read(path: str, data: bytes) -> Source | None:
    """The imports of a module, also those inside functions; None for what is no Python 3."""
    del path
    return _parsed(data)


@lru_cache(maxsize=4096)
def _parsed(data: bytes) -> Source | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the file's strings
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Source((*_imports(tree), *_attributes(tree)))


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The modules imported; a name taken from a package also leads to where that has it from."""
    found = set(_fixtures(path, codebase))
    for imported in source.imports:
        for module, name in _steps(imported):
            file = _resolved(path, module, codebase)
            inner = _resolved(
                path, f"{module}{'' if module.endswith('.') else '.'}{name}", codebase
            )
            if name and inner:
                found.add(inner)
            elif file:
                found.add(file)
                if name and file.endswith("__init__.py"):
                    found |= _through(file, name, codebase)
    return found


def _fixtures(path: str, codebase: Codebase) -> Iterator[str]:
    """The `conftest.py` of a test's folder and of those above: pytest imports them for it."""
    name = path.rpartition("/")[2]
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        folder = folder_of(path)
        while True:
            file = f"{folder}/conftest.py".lstrip("/")
            if file in codebase:
                yield file
            if not folder:
                return
            folder = folder_of(folder)


def _steps(imported: Import) -> Iterator[tuple[str, str]]:
    if not imported.names:
        yield imported.module, ""
    for name in imported.names:
        yield imported.module, name


def _through(package: str, name: str, codebase: Codebase) -> set[str]:
    """Where a package's `__init__.py` has a name from."""
    data = codebase.content(package)
    source = _parsed(data) if data else None
    found: set[str] = set()
    for imported in source.imports if source else ():
        if name in imported.names and imported.module.startswith("."):
            inner = f"{imported.module}{'' if imported.module.endswith('.') else '.'}{name}"
            file = _resolved(package, inner, codebase) or _resolved(
                package, imported.module, codebase
            )
            if file:
                found.add(file)
    return found


def _resolved(path: str, module: str, codebase: Codebase) -> str | None:
    plain = module.lstrip(".")
    level = len(module) - len(plain)
    tail = plain.replace(".", "/")
    if level:
        folder = folder_of(path)
        for _ in range(level - 1):
            folder = folder_of(folder)
        whole = "/".join(part for part in (folder, tail) if part)
        return _file(whole, codebase)
    if not tail:
        return None
    beside = "/".join(part for part in (folder_of(path), tail) if part)
    return nearest(path, _rooted(tail, codebase)) or _file(beside, codebase)


def _rooted(tail: str, codebase: Codebase) -> list[str]:
    """The files that a module can be, each below a folder where imports may start."""
    known = codebase.notes.setdefault("Python", {})
    if tail not in known:
        found = [
            file
            for ending in (f"{tail}.py", f"{tail}.pyi")
            for file in codebase.ending(ending)
            if _is_root(file[: len(file) - len(ending)].rstrip("/"), codebase)
        ]
        for folder in codebase.folders_ending(tail):
            file = f"{folder}/__init__.py"
            if file in codebase and _is_root(
                folder[: len(folder) - len(tail)].rstrip("/"), codebase
            ):
                found.append(file)
        known[tail] = "\n".join(found)
    return known[tail].split("\n") if known[tail] else []


def _is_root(folder: str, codebase: Codebase) -> bool:
    """Whether imports may start there: what has an `__init__.py` is a package, and no root."""
    return f"{folder}/__init__.py".lstrip("/") not in codebase


def _file(whole: str, codebase: Codebase) -> str | None:
    for file in (f"{whole}.py", f"{whole}/__init__.py".lstrip("/"), f"{whole}.pyi"):
        if file in codebase:
            return file
    return None


def _attributes(tree: ast.Module) -> Iterator[Import]:
    """`flask.Blueprint`, where a whole top-level package is imported, as what is taken from it."""
    whole = {
        alias.asname or alias.name: alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname or "." not in alias.name
    }
    taken: dict[str, dict[str, None]] = {}
    for node in ast.walk(tree) if whole else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = whole.get(node.value.id)
            if module is not None:
                taken.setdefault(module, {})[node.attr] = None
    for module, names in taken.items():
        yield Import(module, tuple(names))


def _imports(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(a.name for a in node.names)
        yield Import("." * node.level + (node.module or ""), names)
    for block in _BLOCKS:
        inner = getattr(node, block, None)
        if isinstance(inner, list):
            for child in inner:
                yield from _imports(child)
