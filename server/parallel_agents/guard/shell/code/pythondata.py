"""Data that Python code reads: JSON, TOML, YAML, ini files, tables, where their text is known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.code import pythonmethods
from parallel_agents.guard.shell.code.pythonvalues import (
    File,
    Made,
    Name,
    Settings,
    elements,
    is_solid,
    texts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

STARTS = ("json.", "toml.", "tomllib.", "tomli.", "yaml.", "configparser.", "csv.DictReader")
_LONGEST = 20_000
_DUMPING = ("dump", "safe_dump")
_PARSERS = ("configparser.ConfigParser", "configparser.RawConfigParser", "configparser.SafeConfig")


def call(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a function of these modules gives; None where it gives nothing that is known."""
    name, tail = called.name, called.name.rpartition(".")[2]
    if tail in _DUMPING and len(given) > 1:
        for file in (v for v in given[1:2] if isinstance(v, File) and v.writes):
            for path in file.path:
                pythonmethods.keep(walk, path, _dumped(name, given[0]), appended=True)
        return None
    if tail in ("dumps", *_DUMPING) and given:
        return _dumped(name, given[0])
    if name.startswith(_PARSERS):
        return Settings()
    if name == "csv.DictReader":
        return _table(walk, given, named)
    text = _text(walk, given[0]) if given else UNKNOWN
    if not tail.replace("full_", "").replace("safe_", "").startswith("load") or not is_known(text):
        return UNKNOWN
    if name.startswith("json."):
        return _json(text)
    return ini(text, quoted=True) if name.startswith("toml") else _yaml(text)


def settings(walk: Functions, value: Settings, name: str, given: list[Any]) -> Any:
    """What a method of a parser of ini files gives; None for one that is a method of any dict."""
    if name == "read" and given:
        found = given[:1] if isinstance(given[0], str) else elements(given[0]) or given[:1]
        for path in [p for v in found for p in texts(v)]:
            value.update(ini(_text(walk, File((path,), writes=False))))
        return [*found]
    if name in ("read_file", "readfp", "read_string") and given:
        value.update(ini(_text(walk, given[0])))
        return None
    if name == "sections":
        return [key for key in value if key != "DEFAULT"]
    section = value.get(given[0]) if given and isinstance(given[0], str) else None
    if name in ("options", "items") and isinstance(section, dict):
        return list(section) if name == "options" else [*section.items()]
    if name in ("get", "getint", "getboolean", "getfloat") and len(given) > 1:
        return section.get(given[1], UNKNOWN) if isinstance(section, dict) else UNKNOWN
    return NotImplemented


def _text(walk: Functions, value: Any) -> str:
    if isinstance(value, File):
        value = pythonmethods.content(walk, value.path)
    return value if isinstance(value, str) and len(value) <= _LONGEST else UNKNOWN


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNKNOWN


def _dumped(name: str, value: Any) -> Any:
    """The text of a value; of YAML and TOML only what JSON says alike would be known."""
    import json

    if not is_solid(value):
        return UNKNOWN
    try:
        return json.dumps(value) if name.startswith(("json.", "yaml.")) else UNKNOWN
    except (TypeError, ValueError, RecursionError):
        return UNKNOWN


def ini(text: str, *, quoted: bool = False) -> dict[str, Any]:
    """`[section]` and `key = value`; `quoted` as TOML has it, where keys may stand in front."""
    found: dict[str, Any] = {}
    if not is_known(text):
        return {UNKNOWN: {UNKNOWN: UNKNOWN}}
    section: dict[str, Any] = found
    for line in text.split("\n")[:2000]:
        line = line.strip()
        if line[:1] == "[" and line.rstrip()[-1:] == "]":
            section = found
            for part in line.strip("[] ").split(".") if quoted else [line.strip("[]")]:
                inner = section.setdefault(part.strip(' "'), {})
                section = inner if isinstance(inner, dict) else {}
        elif line[:1] not in ("#", ";", ""):
            at = min((i for i in map(line.find, "=:") if i > 0), default=-1)
            if at > 0:
                key, value = line[:at].strip(), line[at + 1 :].strip()
                section[key.strip('"') if quoted else key.lower()] = (
                    scalar(value) if quoted else value
                )
    return found


def scalar(text: str) -> Any:
    """A value of TOML or YAML that stands on one line."""
    text = text.strip()
    if text[:1] in ("'", '"') and text.find(text[0], 1) > 0:
        return text[1 : text.find(text[0], 1)]
    if text[:1] == "[" and text[-1:] == "]":
        return [scalar(part) for part in text[1:-1].split(",") if part.strip()]
    if text[:1] == "{" and text[-1:] == "}":
        pairs = [part.replace(":", "=", 1).partition("=") for part in text[1:-1].split(",")]
        return {key.strip(" \"'"): scalar(value) for key, _, value in pairs if key.strip()}
    text = text.partition(" #")[0].strip()
    return int(text) if text.isdecimal() and len(text) < 10 else text


def _yaml(text: str) -> Any:
    """Mappings and lists of scalars, by how far they are indented."""
    lines = [
        (len(line) - len(line.lstrip()), line.strip())
        for line in text.split("\n")[:1000]
        if line.strip() and line.strip()[0] != "#" and line.strip() != "---"
    ]
    found, _ = _nested(lines, 0, lines[0][0], 0) if lines else (None, 0)
    return found


def _nested(lines: list[tuple[int, str]], at: int, depth: int, level: int) -> tuple[Any, int]:
    """(what the lines from `at` on that are indented by `depth` say, the line behind them)."""
    if level > 12:
        return UNKNOWN, len(lines)
    items: list[Any] = []
    pairs: dict[str, Any] = {}
    while at < len(lines) and lines[at][0] >= depth:
        indent, line = lines[at]
        if line == "-" or line.startswith("- "):
            rest = line[2:].strip()
            if ": " in rest or rest[-1:] == ":":
                lines[at] = (indent + 2, rest)
                value, at = _nested(lines, at, indent + 2, level + 1)
            else:
                value, at = scalar(rest), at + 1
            items.append(value)
            continue
        key, colon, rest = line.partition(":")
        at += 1
        value = scalar(rest)
        below = lines[at] if at < len(lines) else (-1, "")
        if colon and not rest.strip() and (below[0] > indent or below[1][:2] == "- "):
            value, at = _nested(lines, at, below[0], level + 1)
        if not colon:
            return scalar(line), at
        pairs[key.strip(" \"'")] = value
    return (items or pairs), at


def _table(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """`csv.DictReader`, as far as no field is quoted."""
    sign = texts(named.get("delimiter", ","))[0]
    found = walk.listed(given[0]) if given else None
    if found is None or not is_known(sign):
        return UNKNOWN
    rows = [[f.strip('"') for f in v.strip().split(sign or ",")] for v in found if is_solid(v)]
    heads = elements(given[1] if len(given) > 1 else named.get("fieldnames"))
    heads = heads if heads is not None else (rows.pop(0) if rows else [])
    return Made([dict(zip(heads, row)) for row in rows])


__all__ = ["STARTS", "call", "settings"]
