"""The codes that the source can raise, read with `ast`: `BadInput("code", …)` and its like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from parallel_agents.core import errors

PACKAGE = Path(errors.__file__).resolve().parent.parent
CLASSES = {name for name, value in vars(errors).items() if isinstance(value, type)}


def raised(*folders: str) -> set[str]:
    """The codes in the modules below these folders of the package; in all without one."""
    roots = [PACKAGE / folder for folder in folders] or [PACKAGE]
    files = [file for root in roots for file in root.rglob("*.py")]
    assert files, folders
    return {code for file in files for code in _of_module(ast.parse(file.read_text()))}


def reasons() -> set[str]:
    """Why `claim_task` may give nothing, without that being a refusal."""
    tree = ast.parse((PACKAGE / "core" / "waiting.py").read_text())
    return {code for call in _calls(tree, {"NothingToClaim"}) for code in _texts(call.args[0])}


def _of_module(tree: ast.Module) -> Iterator[str]:
    makers = set(CLASSES)
    for node in ast.walk(tree):
        match node:
            # A function of the module that makes a refusal of this code.
            case ast.FunctionDef(
                name=name, args=ast.arguments(args=[ast.arg("code"), *_]), returns=ast.Name(kind)
            ) if kind in CLASSES:
                makers.add(name)
            # The reasons why a merge stops are codes by themselves.
            case ast.ClassDef(name="Reason", body=members):
                yield from (
                    c for m in members if isinstance(m, ast.Assign) for c in _texts(m.value)
                )
            # A class whose instances become refusals, as `_Problem`.
            case ast.ClassDef(name=name, body=[ast.AnnAssign(target=ast.Name("code")), *_]):
                makers.add(name)
    for call in _calls(tree, makers):
        yield from _texts(call.args[0])


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=[_, *_]):
                if name in names:
                    yield node


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)
