"""What `argparse` makes of the arguments that the command gives to Python code."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.code.pythonvalues import (
    Instance,
    Name,
    elements,
    texts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

_MAKES_MORE = ("add_argument_group", "add_mutually_exclusive_group")


class Option:
    """One `add_argument`."""

    __slots__ = ("action", "count", "default", "flags", "kind", "name", "value")

    def __init__(self, names: list[str], named: dict[str, Any]) -> None:
        self.flags = [n for n in names if n[:1] == "-"]
        longest = max(names, key=len, default="?")
        plain = (longest if self.flags else names[0] if names else "?").lstrip("-")
        self.name = texts(named.get("dest", plain.replace("-", "_")))[0]
        self.action = texts(named.get("action", "store"))[0]
        self.count = named.get("nargs")
        self.kind = named.get("type")
        self.default = named.get(
            "default", {"store_true": False, "store_false": True}.get(self.action)
        )
        self.value = named.get("const")


def call(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a function or method of `argparse` gives; parsers keep their options in `given`."""
    tail = called.name.rpartition(".")[2]
    if tail == "ArgumentParser":
        return Name("?args", [])
    known: Any = called.given
    words: list[Any] | None
    if tail in _MAKES_MORE:
        return Name("?args", known)
    if tail in ("add_subparsers", "add_parser"):
        if tail == "add_subparsers" and "dest" in named:
            known.append(Option([texts(named["dest"])[0]], {}))
        elif tail == "add_subparsers":
            known.append(Option(["?"], {}))
        return Name("?args", known)
    if tail == "add_argument":
        known.append(Option([texts(g)[0] for g in given], named))
        return UNKNOWN
    if tail == "set_defaults":
        for name, value in named.items():
            known.append(Option(["--" + name], {"default": value, "dest": name}))
        return None
    if tail in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        words = elements(given[0]) if given and given[0] is not None else walk.argv[1:]
        found = _parsed(walk, known, words)
        return (found, [UNKNOWN]) if tail == "parse_known_args" else found
    if tail in ("error", "exit"):
        walk.ended = True
    return UNKNOWN


def _parsed(walk: Functions, known: list[Option], words: list[Any] | None) -> Instance:
    found = Instance(None)
    found.attributes[UNKNOWN] = UNKNOWN
    plain: list[Any] = []
    for one in known:
        found.attributes[one.name] = one.default
    rest = list(words or [])
    flags = {flag: one for one in known for flag in one.flags}
    while rest:
        word = rest.pop(0)
        text = word if isinstance(word, str) else UNKNOWN
        name, equals, value = text.partition("=")
        option: Option | None = flags.get(name) if text[:1] == "-" else None
        if text == "--":
            plain += rest
            break
        if option is None and text[:1] == "-" and len(text) > 2 and text[:2] in flags:
            option, equals, value = flags[text[:2]], "=", text[2:]
        if option is None:
            if text[:1] != "-" or len(text) < 2:
                plain.append(word)
            continue
        _take(walk, found, option, rest, value if equals else None)
    _place(walk, found, [o for o in known if not o.flags], plain)
    if words is None:
        for one in known:
            found.attributes[one.name] = UNKNOWN
    return found


def _take(walk: Functions, found: Instance, option: Option, rest: list[Any], value: Any) -> None:
    if option.action in ("store_true", "store_false"):
        found.attributes[option.name] = option.action == "store_true"
        return
    if option.action in ("count", "store_const", "append_const", "version", "help"):
        found.attributes[option.name] = 1 if option.action == "count" else option.value
        return
    if option.action == "BooleanOptionalAction":
        found.attributes[option.name] = True
        return
    if option.count in ("*", "+") or isinstance(option.count, int):
        taken = [] if value is None else [value]
        while rest and not (isinstance(rest[0], str) and rest[0][:1] == "-"):
            taken.append(rest.pop(0))
        found.attributes[option.name] = [_typed(walk, option, v) for v in taken]
        return
    if value is None:
        value = rest.pop(0) if rest else option.value
    value = _typed(walk, option, value)
    if option.action in ("append", "extend"):
        before = found.attributes.get(option.name)
        found.attributes[option.name] = [*(before if isinstance(before, list) else []), value]
    else:
        found.attributes[option.name] = value


def _place(walk: Functions, found: Instance, wanted: list[Option], plain: list[Any]) -> None:
    for at, option in enumerate(wanted):
        behind = sum(1 for o in wanted[at + 1 :] if o.count not in ("*", "?"))
        if option.count in ("*", "+"):
            taken = plain[: max(0, len(plain) - behind)]
            plain = plain[len(taken) :]
            if taken or option.default is None:
                found.attributes[option.name] = [_typed(walk, option, v) for v in taken]
        elif isinstance(option.count, int):
            found.attributes[option.name] = plain[: option.count]
            plain = plain[option.count :]
        elif plain:
            found.attributes[option.name] = _typed(walk, option, plain.pop(0))


def _typed(walk: Functions, option: Option, value: Any) -> Any:
    kind = option.kind
    if kind is None or (isinstance(kind, Name) and kind.name == "str"):
        return value
    if isinstance(kind, Name) and "FileType" in kind.name:
        modes = texts(kind.given) if kind.given is not None else ("r",)
        return walk.apply(Name("open"), [value, modes[0]], {})
    return walk.apply(kind, [value], {})
