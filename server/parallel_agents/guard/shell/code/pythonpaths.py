"""Paths and lists of paths that Python code makes: joined, renamed, found on the disk."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, globbed, is_known, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.code.pythonvalues import Scope


def renamed(method: str, values: Values, given: list[Values]) -> Values:
    if not given:
        return values
    if method == "joinpath":
        for part in given:
            values = product(product(values, ("/",)), part)
        return values
    if method == "relative_to":
        return values
    found = []
    for value in values:
        for new in given[0]:
            folder, _, name = value.rpartition("/")
            stem, dot, ending = name.rpartition(".")
            if method == "with_name":
                name = new
            elif method == "with_suffix":
                name = (stem or name) + new
            elif method == "with_stem":
                name = new + dot + ending
            elif name.endswith(new):
                name = name[: len(name) - len(new)]
            found.append(f"{folder}/{name}" if folder else name)
    return capped(found)


def filled(text: str, mark: str, items: list[Values]) -> str:
    """`text` with an item for each `mark` (`{}` or `%s`); unknown where other marks are in it."""
    pieces = text.split(mark)
    if len(pieces) != len(items) + 1 or mark[0] in "".join(pieces):
        return UNKNOWN
    out = pieces[0]
    for piece, item in zip(pieces[1:], items):
        out += (item[0] if len(item) == 1 else UNKNOWN) + piece
    return out


def attribute(name: str, values: Values) -> Values:
    """`path.parent` and the like."""
    found = []
    for value in values:
        folder, _, last = value.rstrip("/").rpartition("/")
        if name == "parent":
            found.append(
                folder or ("/" if value[:1] == "/" else "." if UNKNOWN not in value else UNKNOWN)
            )
        elif name == "name":
            found.append(last)
        elif name == "stem":
            found.append(last.rpartition(".")[0] or last)
        elif name == "suffix":
            found.append("." + last.rpartition(".")[2] if "." in last else "")
        else:
            return ANY
    return capped(found)


def decoded(name: str, given: list[Values]) -> Values:
    from binascii import Error, a2b_base64, unhexlify

    try:
        if name == "codecs.decode":
            if given[1:] not in ([("rot13",)], [("rot_13",)]):
                return ANY
            import codecs

            return (codecs.decode(given[0][0], "rot13"),)
        raw = a2b_base64(given[0][0]) if "64" in name else unhexlify(given[0][0])
        return (raw.decode(),)
    except (Error, ValueError, TypeError, LookupError):
        return ANY


def elements(walk: Scope, node: Any) -> list[Values] | None:
    """The elements of what a call gives, where that is a list of names."""
    name = walk.dotted(node.func)
    keywords = {k.arg: k.value for k in node.keywords if k.arg}
    if (
        name in ("sorted", "list", "set", "tuple", "iter", "reversed", "enumerate", "filter", "map")
        and node.args
    ):
        return walk.items(node.args[-1])
    if name in ("glob.glob", "glob.iglob") and node.args:
        found: list[str] = []
        for pattern in walk.value(node.args[0]):
            deep = "recursive" in keywords
            found += _globbed(walk, pattern, deep)
        return [(v,) for v in found]
    if name in ("os.listdir", "os.scandir"):
        tops = walk.value(node.args[0]) if node.args else (".",)
        return [(v,) for f in tops for v in _listed(walk, f, whole=name == "os.scandir")]
    if type(node.func).__name__ != "Attribute":
        return None
    method = node.func.attr
    if method in ("glob", "rglob") and node.args:
        found = []
        for folder in walk.value(node.func.value):
            for pattern in walk.value(node.args[0]):
                deep = method == "rglob"
                found += _globbed(walk, f"{folder}/{'**/' if deep else ''}{pattern}", True)
        return [(v,) for v in found]
    if method == "iterdir":
        return [(v,) for f in walk.value(node.func.value) for v in _listed(walk, f, whole=True)]
    if method in ("splitlines", "split", "readlines"):
        values = walk.value(node.func.value)
        sign = walk.value(node.args[0])[0] if node.args and method == "split" else None
        if method == "readlines":
            stream = walk.run.contents(values, walk.state) if values != ANY else UNSEEN
            values = stream.texts if stream.texts is not None else ANY
        if values == ANY or not all(map(is_known, values)):
            return None
        if method == "split":
            return [(p,) for v in values for p in (v.split(sign) if sign else v.split())]
        return [(p,) for v in values for p in v.splitlines()]
    if method in ("items", "values", "keys", "copy"):
        return None
    return None


def _globbed(walk: Scope, pattern: str, deep: bool) -> list[str]:
    if not is_known(pattern):
        return [pattern]
    if "**" in pattern:
        top, _, tail = (
            pattern.partition("**/") if "**/" in pattern else (pattern.partition("**")[0], "", "*")
        )
        folders, _ = walked(walk, (top.rstrip("/") or ".",))
        found: list[str] = []
        for folder in folders:
            found += (
                _globbed(walk, f"{folder}/{tail or '*'}", False)
                if UNKNOWN not in folder
                else [folder]
            )
        return found
    matched = walk.run.effects.matches(globbed(pattern), walk.state)
    return [pattern] if matched is None else matched


def _listed(walk: Scope, folder: str, *, whole: bool) -> list[str]:
    found: list[str] = []
    for path in walk.run.absolute(folder, walk.state):
        if not is_known(path):
            return [UNKNOWN]
        try:
            names = sorted(os.listdir(path))[:500]
        except OSError:
            continue
        found += [f"{folder}/{n}" if whole else n for n in names]
    return found


def walked(walk: Scope, tops: Values) -> tuple[Values, list[str]]:
    """(folders below and with `tops`, names of the files in them)."""
    folders: list[str] = []
    files: dict[str, None] = {}
    for top in tops:
        for start in walk.run.absolute(top, walk.state):
            if not is_known(start):
                return ANY, [UNKNOWN]
            todo = [(top, start)]
            while todo and len(folders) < 60:
                shown, path = todo.pop()
                folders.append(shown)
                walk.run.budget.step()
                try:
                    with os.scandir(path) as entries:
                        for entry in entries:
                            if entry.is_dir(follow_symlinks=False):
                                if entry.name != ".git":
                                    todo.append((f"{shown}/{entry.name}", entry.path))
                            else:
                                files[entry.name] = None
                except OSError:
                    continue
            if todo:
                return ANY, [UNKNOWN]
    return tuple(folders) or ANY, list(files)
