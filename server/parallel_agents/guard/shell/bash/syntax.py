"""From a command's text to a tree: tree-sitter-bash, found in the plugin's own environment.

The two extension modules are loaded by themselves: their packages import what costs as much as
the rest of a hook. Hooks run with `-S`, so the environment is found from the interpreter.

Four shapes come out wrong from the grammar (0.25) and are written otherwise before it sees them:
what follows a here-document's tag on its line lands inside the redirection, a second
here-document on a line is an error, `{fd}>file` becomes a word, `<>` and `;&` are errors.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 1 << 16
"""Characters of a command that are looked at."""

_PARSE_SECONDS = 0.25
_PIECE = 1 << 14
_parsers: list[Any] = []


class NoParser(Exception):
    """Raised when the parser is not installed, or not for this Python."""


class Unreadable(Exception):
    """Raised when a text is no command that the grammar knows, or is too much of one."""


def parse(text: str, documents: list[tuple[str, str]]) -> Any:
    """The root node of a command or script; its here-documents are appended to `documents`.

    Raises `NoParser` or `Unreadable`.
    """
    if len(text) > LONGEST:
        raise Unreadable("it is longer than 64 kB")
    parser = _parser()
    from parallel_agents.guard.shell.bash import heredocs

    raw = heredocs.taken_out(text, documents).encode("utf-8", "replace")
    deadline = _Deadline().passed
    try:
        tree = parser.parse(lambda at, _: raw[at : at + _PIECE], progress_callback=deadline)
    except ValueError:  # what it raises when it is stopped
        parser.reset()
        raise Unreadable("it takes too long to read") from None
    return tree.root_node


def text_of(node: Any) -> str:
    """The source of a node."""
    found: str = node.text.decode("utf-8", "replace") if node is not None else ""
    return found


class _Deadline:
    def __init__(self) -> None:
        from time import monotonic

        self._now = monotonic
        self._end = monotonic() + _PARSE_SECONDS

    def passed(self, offset: int, has_error: bool) -> bool:
        return self._now() > self._end


def _parser() -> Any:
    if not _parsers:
        folder = _site_packages()
        version = "".join(map(str, sys.version_info[:2]))
        names = (f".cpython-{version}-", ".abi3")
        core = _load("tree_sitter._binding", os.path.join(folder, "tree_sitter"), names)
        bash = _load("tree_sitter_bash._binding", os.path.join(folder, "tree_sitter_bash"), names)
        _parsers.append(core.Parser(core.Language(bash.language())))
    return _parsers[0]


class _StandIns:
    """In place of `re` and `enum` while the binding is loaded.

    It takes `re.compile` for queries and `IntEnum` for the kinds of log lines, and nobody asks for
    either here; to import the two would cost more than to start the interpreter.
    """

    _TAKEN = (("re", "compile"), ("enum", "IntEnum"))

    def __enter__(self) -> None:
        self._absent = [name for name, _ in self._TAKEN if name not in sys.modules]
        module: Any = type(sys)
        for name, taken in self._TAKEN:
            if name in self._absent:
                sys.modules[name] = module(name)
                setattr(sys.modules[name], taken, _stand_in)

    def __exit__(self, *_: object) -> None:
        for name in self._absent:
            del sys.modules[name]


def _stand_in(name: str, members: dict[str, Any]) -> type:
    return type(name, (), members)


def _site_packages() -> str:
    """The environment that the interpreter belongs to, through the links that lead to it."""
    tail = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    at = sys.executable
    for _ in range(8):
        folder = os.path.join(os.path.dirname(os.path.dirname(at)), tail)
        if os.path.isdir(os.path.join(folder, "tree_sitter_bash")):
            return folder
        if not os.path.islink(at):
            break
        at = os.path.join(os.path.dirname(at), os.readlink(at))
    raise NoParser("tree-sitter-bash is not in the environment of the plugin")


def _load(name: str, folder: str, marks: tuple[str, ...]) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    import _imp

    # What `importlib` is made of: importing that itself would cost a millisecond.
    boot: Any = sys.modules["_frozen_importlib"]
    extern: Any = sys.modules["_frozen_importlib_external"]
    try:
        found = [f for f in os.listdir(folder) if f.startswith("_binding.")]
        file = next(f for mark in marks for f in found if mark in f)
        path = os.path.join(folder, file)
        spec = boot.ModuleSpec(name, extern.ExtensionFileLoader(name, path), origin=path)
        with _StandIns():
            module = _imp.create_dynamic(spec)
            _imp.exec_dynamic(module)
    except (OSError, StopIteration, ImportError) as error:
        raise NoParser(f"{name} cannot be loaded: {error}") from None
    return module
