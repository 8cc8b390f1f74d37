"""What kind of file a path names: source of which family, test, prose, the list of a folder."""

from __future__ import annotations

import re
from functools import lru_cache

_FAMILIES = {
    "Python": "py pyi pyx",
    "JavaScript": "js jsx mjs cjs ts tsx mts cts vue svelte",
    "Go": "go",
    "Rust": "rs",
    "JVM": "java kt kts scala groovy",
    "C": "c h cc cpp cxx c++ hh hpp hxx inl m mm",
    "Ruby": "rb rake",
    "PHP": "php",
    ".NET": "cs fs vb",
    "Swift": "swift",
    "Elixir": "ex exs",
    "Dart": "dart",
    "Lua": "lua",
    "Perl": "pl pm",
    "Haskell": "hs",
    "OCaml": "ml mli",
    "Erlang": "erl hrl",
    "Clojure": "clj cljs cljc",
    "Zig": "zig",
    "Julia": "jl",
    "R": "r",
}
_FAMILY = {ending: family for family, endings in _FAMILIES.items() for ending in endings.split()}

_PROSE = re.compile(r"\.(md|mdx|rst|txt|adoc|tex)$")
_PROSE_FOLDERS = frozenset({"doc", "docs", "documentation", "examples"})
_TEST_FOLDERS = frozenset(
    {"test", "tests", "spec", "specs", "__tests__", "testdata", "fixtures", "testing", "e2e"}
)
_TEST_FILE = re.compile(
    r"(^test_|^conftest\.py$|^tests?\.\w+$|_test\.\w+$|_spec\.\w+$|\.(test|spec)\.\w+$)"
)
_JVM_TEST = re.compile(r"(Tests?|IT|Spec)\.(java|kt|scala|groovy)$")
_SUBJECT = re.compile(r"^(?:test_)?(.+?)(?:_test|_spec|\.test|\.spec|[_-]?tests?)?\.\w+$", re.I)
_BARREL = re.compile(r"^(__init__\.pyi?|index\.([cm]?[jt]s|[jt]sx)|(mod|lib|main)\.rs)$")


@lru_cache(maxsize=65_536)
def family(path: str) -> str | None:
    """The family of languages whose files may use each other's names, or None for no source."""
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    return _FAMILY.get(ending.casefold()) if dot else None


@lru_cache(maxsize=65_536)
def is_test(path: str) -> bool:
    """Whether the path is that of a test, or lies in a folder of tests."""
    if _JVM_TEST.search(path):
        return True
    *folders, name = path.casefold().split("/")
    return not _TEST_FOLDERS.isdisjoint(folders) or _TEST_FILE.search(name) is not None


@lru_cache(maxsize=65_536)
def is_test_case(path: str) -> bool:
    """Whether the path is that of a test itself, which nothing else imports."""
    name = path.casefold().rpartition("/")[2]
    if name == "conftest.py":
        return False
    return _JVM_TEST.search(path) is not None or _TEST_FILE.search(name) is not None


def is_prose(path: str) -> bool:
    """Whether the path is that of a text for people, or lies in a folder of them."""
    *folders, name = path.casefold().split("/")
    return not _PROSE_FOLDERS.isdisjoint(folders) or _PROSE.search(name) is not None


def subject(path: str) -> str | None:
    """The folded name, without its ending, of the module that a test file is named after."""
    if not is_test(path) or family(path) is None:
        return None
    found = _SUBJECT.match(path.rpartition("/")[2])
    return found[1].casefold() if found else None


def names(path: str) -> tuple[str, ...]:
    """What a test of this module may be named after: its name, with its folder's before it too.

    For the list of a folder, the folder's name as well.
    """
    *folders, name = path.casefold().split("/")
    stem = name.partition(".")[0]
    if not folders:
        return (stem,)
    return (stem, folders[-1] if is_barrel(name) else f"{folders[-1]}_{stem}")


def is_barrel(path: str) -> bool:
    """Whether the file lists what its folder has, as `__init__.py`, `index.ts` and `lib.rs` do."""
    return _BARREL.match(path.rpartition("/")[2]) is not None
