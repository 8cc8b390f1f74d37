"""The tree is the architecture: who may import what, what hooks may load, how modules are named.

`violations` reads every import with `ast`, also those inside functions, and gives one sentence for
each breach. The bad trees at the end show that each rule can fail.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "server" / "parallel_agents"

CORE = {"core"}
ENGINES = {"planning", "git", "store", "checks", "processes"}
USE_CASES = {"coordinator", "coordination", "planfile"}

LAYERS: dict[str, set[str]] = {
    "core": set(),
    "planning": CORE,
    "processes": CORE,
    "git": CORE | {"processes"},
    "store": CORE,
    "checks": CORE | {"processes"},
    "planfile": CORE,
    "guard": CORE,
    "views": CORE,
    "worklists": CORE,
    "coordination": CORE | ENGINES | {"views", "guard"},
    "coordinator": CORE | ENGINES | {"planfile", "coordination"},
    "replies": CORE | {"coordination"},
    "mcp_server": CORE | USE_CASES | {"replies"},
    "doctor": CORE | ENGINES | USE_CASES | {"guard"},
    "verbs": CORE | USE_CASES | {"replies", "views", "doctor", "mcp_server", "demo", "worklists"},
    "demo": CORE | {"views"},
    "cli": CORE | {"verbs"},
    "__main__": {"cli"},
}
"""What the modules of a top-level name may import besides each other."""

THIRD_PARTY: dict[str, set[str]] = {
    "git": {"git", "filelock"},
    "store": {"filelock", "yaml"},
    "planning.languages": {
        *("tree_sitter", "tree_sitter_c", "tree_sitter_cpp", "tree_sitter_go", "tree_sitter_java"),
        *("tree_sitter_javascript", "tree_sitter_ruby", "tree_sitter_rust"),
        "tree_sitter_typescript",
    },
    "planfile": {"pydantic", "yaml"},
    "worklists": {"yaml"},
    "replies": {"pydantic"},
    "mcp_server": {"mcp", "pydantic", "anyio"},
    "demo": {"mcp", "anyio"},
    "verbs": {"rich"},
    "views": {"rich"},
}
"""The packages a module, and the modules below it, may import."""

COMMAND_LINE = {"__main__", "cli", "verbs", "views"}
ONLY_INSIDE_FUNCTIONS = {
    *("rich", "pydantic", "mcp"),
    *("parallel_agents.replies", "parallel_agents.mcp_server", "parallel_agents.demo"),
}
"""Too slow to load for what every command of the command line loads."""

HOOK_ROOTS = ("core.errors", "core.locktable", "core.paths", "core.globs")
"""What hooks start from, with all of `guard`. What these import counts as well."""

TOO_SLOW_FOR_HOOKS = {"json", "re", "pathlib", "subprocess", "dataclasses", "enum", "typing"}

SAY_NOTHING = ("util", "helper", "common", "misc", "manager", "handler", "service")
LONGEST = 400


Runs = Literal["at start", "in a function", "never"]


@dataclass(frozen=True)
class Import:
    """One import of one module: `target` is its full dotted name."""

    target: str
    line: int
    runs: Runs
    """Never: what is for type checkers only, or stands in for a module that is always there."""


@dataclass(frozen=True)
class Module:
    """One file of the package, `name` relative to it (`core.paths`; a package is `core`)."""

    name: str
    path: Path

    @property
    def unit(self) -> str:
        """The top-level name that the layers speak of."""
        return self.name.partition(".")[0]

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._found(ast.parse(self.source), "at start"))

    def _found(self, node: ast.AST, runs: Runs) -> Iterator[Import]:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Import(alias.name, node.lineno, runs)
            case ast.ImportFrom():
                origin = self._origin(node)
                yield Import(origin, node.lineno, runs)
                for alias in node.names:  # each may be a module itself
                    yield Import(f"{origin}.{alias.name}", node.lineno, runs)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if runs == "at start":
                runs = "in a function"
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
                runs = "never"
            case ast.ExceptHandler(type=ast.Name(id="ImportError")):
                runs = "never"
        for child in ast.iter_child_nodes(node):
            yield from self._found(child, runs)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = ["parallel_agents", *self.name.split(".")]
        up = node.level - (self.path.name == "__init__.py")
        return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])


def read_tree(package: Path) -> dict[str, Module]:
    """The modules below `package` by name; the package itself is ``""``."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package).with_suffix("").parts)
        name = name.removesuffix("__init__").removesuffix(".")
        modules[name] = Module(name, path)
    return modules


def violations(package: Path) -> list[str]:
    """One sentence for each breach in the package at `package`."""
    modules = read_tree(package)
    found = [(name, text) for name in modules for text in _breaches(modules[name])]
    for name in sorted(reached_by_hooks(modules)):
        found += [(name, text) for text in _hook_breaches(modules[name])]
    return [f"{name or 'parallel_agents'}: {text}" for name, text in dict.fromkeys(found)]


def _breaches(module: Module) -> Iterator[str]:
    if ast.get_docstring(ast.parse(module.source)) is None:
        yield "does not say in its first line what it is for"
    lines = module.source.count("\n")
    if lines > LONGEST:
        yield f"has {lines} lines, more than {LONGEST}"
    for word in module.name.rpartition(".")[2].split("_"):
        if word.startswith(SAY_NOTHING):
            yield f"has a name that says nothing ({word})"
    if module.unit and module.unit not in LAYERS:
        yield "has no layer: give it one in LAYERS"
        return
    for imported in module.imports:
        top, _, rest = imported.target.partition(".")
        if top == "parallel_agents":
            unit = rest.partition(".")[0]
            if unit in LAYERS and unit != module.unit and unit not in LAYERS.get(module.unit, ()):
                yield f"line {imported.line} imports {unit}, which is not below it"
        elif top not in sys.stdlib_module_names and top not in _third_party(module.name):
            yield f"line {imported.line} imports {top}, which is not for this module"
        slow = ONLY_INSIDE_FUNCTIONS & {top, imported.target}
        if slow and imported.runs == "at start" and module.unit in COMMAND_LINE:
            yield f"line {imported.line} imports {slow.pop()} outside a function"


def _third_party(name: str) -> set[str]:
    """The packages the module `name` may import: its own and those of the packages it is in."""
    parts = name.split(".")
    return set().union(
        *(THIRD_PARTY.get(".".join(parts[:n]), set()) for n in range(1, len(parts) + 1))
    )


def reached_by_hooks(modules: dict[str, Module]) -> set[str]:
    """The modules that hooks load, at once or later."""
    waiting = [name for name in modules if name in HOOK_ROOTS or name.split(".")[0] == "guard"]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached or name not in modules:
            continue
        reached.add(name)
        waiting += ["", name.rpartition(".")[0]]
        waiting += [
            i.target.partition(".")[2]
            for i in modules[name].imports
            if i.runs != "never" and i.target.startswith("parallel_agents.")
        ]
    return reached


def _hook_breaches(module: Module) -> Iterator[str]:
    try:
        tree = ast.parse(module.source, feature_version=(3, 9))
    except SyntaxError:
        yield "is not Python 3.9, which hooks may run on"
        return
    annotated = any(getattr(n, f, None) for n in ast.walk(tree) for f in ("annotation", "returns"))
    if annotated and "__future__.annotations" not in {i.target for i in module.imports}:
        yield "evaluates its annotations, which hooks cannot on Python 3.9"
    for imported in module.imports:
        top = imported.target.partition(".")[0]
        if top != "parallel_agents" and top not in sys.stdlib_module_names:
            yield f"line {imported.line} imports {top}, and hooks have the standard library only"
        elif imported.runs == "at start" and top in TOO_SLOW_FOR_HOOKS:
            yield f"line {imported.line} imports {top}, which is too slow for hooks"


def test_the_package_keeps_to_its_architecture() -> None:
    assert violations(PACKAGE) == []


def test_lint_holds_what_hooks_load_to_python_39() -> None:
    pyproject = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text())
    old = pyproject["tool"]["ruff"]["per-file-target-version"]
    modules = read_tree(PACKAGE)
    paths = {modules[n].path.relative_to(PACKAGE.parent.parent) for n in reached_by_hooks(modules)}
    assert [str(p) for p in sorted(paths) if not any(p.match(pattern) for pattern in old)] == []


def test_what_hooks_load_is_quick_to_load() -> None:
    names = [f"parallel_agents.{n}".rstrip(".") for n in reached_by_hooks(read_tree(PACKAGE))]
    program = f"""
import sys
before = set(sys.modules)
sys.path.insert(0, {str(PACKAGE.parent)!r})
for name in {sorted(names)!r}:
    __import__(name)
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", program), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "parallel_agents.core.errors" in loaded
    assert not loaded & TOO_SLOW_FOR_HOOKS


GOOD_TREE = {
    "__init__.py": '"""Top."""\n',
    "core/__init__.py": '"""Rules."""\n',
    "core/paths.py": '"""Paths."""\nfrom __future__ import annotations\nimport os\n',
    "core/model.py": '"""Nouns."""\nimport json\nfrom . import paths\n',
    "git/__init__.py": '"""Git."""\n',
    "git/repository.py": '"""A repo."""\nimport git\nfrom parallel_agents.core import model\n',
    "store/__init__.py": '"""Stores."""\n',
    "views/table.py": '"""A table."""\ndef show() -> None:\n    import rich\n',
    "guard/edits.py": (
        '"""Edits."""\nfrom __future__ import annotations\nfrom ..core import paths\n'
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\n"
        "try:\n    from _json import scanstring\nexcept ImportError:\n    import json\n"
    ),
}

BAD_TREES: dict[str, tuple[dict[str, str], str]] = {
    "a lower layer imports a higher one": (
        {"core/up.py": '"""Up."""\nimport parallel_agents.store\n'},
        "core.up: line 2 imports store, which is not below it",
    ),
    "an import inside a function": (
        {"core/late.py": '"""Late."""\ndef f() -> None:\n    from parallel_agents import store\n'},
        "core.late: line 3 imports store, which is not below it",
    ),
    "siblings": (
        {"store/peer.py": '"""Peer."""\nfrom parallel_agents.git.repository import git\n'},
        "store.peer: line 2 imports git, which is not below it",
    ),
    "a relative import": (
        {"store/peer.py": '"""Peer."""\nfrom ..git import repository\n'},
        "store.peer: line 2 imports git, which is not below it",
    ),
    "a package where it is not named": (
        {"store/peer.py": '"""Peer."""\nimport git\n'},
        "store.peer: line 2 imports git, which is not for this module",
    ),
    "rich loaded by everybody": (
        {"views/table.py": '"""A table."""\nfrom rich.table import Table\n'},
        "views.table: line 2 imports rich outside a function",
    ),
    "a module without a layer": (
        {"extra.py": '"""Extra."""\n'},
        "extra: has no layer: give it one in LAYERS",
    ),
    "a hook loads a slow module": (
        {"guard/slow.py": '"""Slow."""\nimport json\n'},
        "guard.slow: line 2 imports json, which is too slow for hooks",
    ),
    "a hook reaches a slow module": (
        {"guard/slow.py": '"""Slow."""\nfrom parallel_agents.core.model import paths\n'},
        "core.model: line 2 imports json, which is too slow for hooks",
    ),
    "a hook imports a package": (
        {"guard/slow.py": '"""Slow."""\ndef f():\n    import yaml\n'},
        "guard.slow: line 3 imports yaml, and hooks have the standard library only",
    ),
    "a hook needs a later Python": (
        {"guard/new.py": '"""New."""\nmatch 1:\n    case 1:\n        pass\n'},
        "guard.new: is not Python 3.9, which hooks may run on",
    ),
    "a hook evaluates annotations": (
        {"guard/new.py": '"""New."""\nx: int | None = None\n'},
        "guard.new: evaluates its annotations, which hooks cannot on Python 3.9",
    ),
    "a long module": (
        {"core/long.py": '"""Long."""\n' + "\n" * LONGEST},
        "core.long: has 401 lines, more than 400",
    ),
    "a name that says nothing": (
        {"core/path_utils.py": '"""Paths."""\n'},
        "core.path_utils: has a name that says nothing (utils)",
    ),
    "no first line": (
        {"core/silent.py": "x = 1\n"},
        "core.silent: does not say in its first line what it is for",
    ),
}


def plant(package: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return package


def test_a_good_tree_passes(tmp_path: Path) -> None:
    assert violations(plant(tmp_path, GOOD_TREE)) == []


@pytest.mark.parametrize(("change", "sentence"), BAD_TREES.values(), ids=BAD_TREES)
def test_a_bad_tree_is_refused(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    assert sentence in violations(plant(tmp_path, GOOD_TREE | change))
