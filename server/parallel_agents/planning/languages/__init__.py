"""What a source file says of others: which files it imports, which names it brings and mentions.

One module a language, each with `read(data) -> Source` and `targets(path, source, codebase)`.
Python is read by `ast`, the others by their tree-sitter grammars, which are loaded when needed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from parallel_agents.planning.codebase import Codebase
from parallel_agents.planning.languages.source import Source


class _Language(NamedTuple):
    name: str
    module: str
    endings: str


_LANGUAGES = (
    _Language("Python", "python", "py pyi"),
    _Language("JavaScript", "javascript", "js jsx mjs cjs"),
    _Language("TypeScript", "javascript", "ts tsx mts cts"),
    _Language("Go", "go", "go"),
    _Language("Rust", "rust", "rs"),
    _Language("Java", "java", "java"),
    _Language("C", "c", "c h"),
    _Language("C++", "c", "cc cpp cxx c++ hh hpp hxx inl"),
    _Language("Ruby", "ruby", "rb rake gemspec"),
)
_BY_ENDING = {e: language for language in _LANGUAGES for e in language.endings.split()}


def language(path: str) -> str | None:
    """The name of the language a file is read as; None for one that is not understood."""
    known = _known(path)
    return None if known is None else known.name


def read(path: str, data: bytes) -> Source | None:
    """What the file says; None where its language is not understood or it cannot be parsed."""
    known = _known(path)
    if known is None or b"\0" in data[:8000]:
        return None
    reader: Callable[[str, bytes], Source | None] = _module(known).read
    return reader(path, data)


def targets(path: str, source: Source, codebase: Codebase) -> set[str]:
    """The files of the repository that the file at `path` imports, itself not among them."""
    known = _known(path)
    if known is None:
        return set()
    resolve: Callable[[str, Source, Codebase], set[str]] = _module(known).targets
    return resolve(path, source, codebase) - {path}


def _known(path: str) -> _Language | None:
    return _BY_ENDING.get(path.rpartition(".")[2].casefold())


def _module(known: _Language) -> ModuleType:
    return import_module(f"{__name__}.{known.module}")
