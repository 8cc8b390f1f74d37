"""Hidden dependencies: one change uses a name that the other one introduces.

Files are disjoint and git merges them, but apart they do not work. The definition is that of lines,
not of our planner: an identifier that the added lines of A's source define, that stands nowhere in
the base, and that the added lines of B's source use and do not define. Languages are told apart
by families, because no Go file uses a name of a Python file. Comments and texts are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FAMILIES = {
    "Python": "py pyi",
    "JavaScript": "js jsx mjs cjs ts tsx mts cts vue svelte",
    "Go": "go",
    "Rust": "rs",
    "JVM": "java kt scala groovy",
    "C": "c h cc cpp cxx hh hpp",
    "Ruby": "rb rake",
    "PHP": "php",
    ".NET": "cs",
    "Swift": "swift",
}
_FAMILY = {ending: family for family, endings in _FAMILIES.items() for ending in endings.split()}

SOURCE = tuple(f"*.{ending}" for ending in _FAMILY)
"""The files whose lines are looked at, as git's pathspecs."""

_WORD = r"([A-Za-z_$][\w$]*)"
_SIGNED = r"(?:public|protected|private|static|final|abstract|override|internal|async)"
_DEFINING = {
    "Python": (rf"^\s*(?:async\s+)?(?:def|class)\s+{_WORD}", rf"^{_WORD}\s*(?::[^=]+)?=(?!=)"),
    "JavaScript": (
        rf"\b(?:function\*?|class|interface|enum)\s+{_WORD}",
        rf"^(?:export\s+)?(?:default\s+)?(?:const|let|var|type|async function)\s+{_WORD}",
        rf"^\s*(?:(?:async|static|get|set|public|private|readonly)\s+)*{_WORD}\s*\([^()]*\)\s*\{{$",
        rf"\bexports\.{_WORD}\s*=",
        rf"\bprototype\.{_WORD}\s*=",
        rf"^\w+\.{_WORD}\s*=\s*(?:async\s+)?function",
    ),
    "Go": (
        rf"^func\s+(?:\([^)]*\)\s*)?{_WORD}",
        rf"^(?:type|var|const)\s+{_WORD}",
        r"^\t([A-Z]\w*)\s+[\w.*\[\]]+\s*=",
    ),
    "Rust": (rf"\b(?:fn|struct|enum|trait|type|mod|const|static|union|macro_rules!)\s+{_WORD}",),
    "JVM": (
        rf"\b(?:class|interface|enum|record|object|trait|fun|def)\s+{_WORD}",
        rf"^\s+(?:{_SIGNED}\s+)+(?:<[^>]*>\s*)?[\w<>\[\],.? ]*?\b{_WORD}\s*(?:\(|=|;)",
    ),
    "C": (
        rf"^\s*#\s*define\s+{_WORD}",
        rf"^(?:[\w*]+[\s*]+)+{_WORD}\s*\([^;]*;?$",
        rf"\b(?:struct|enum|union|class)\s+{_WORD}\s*\{{",
        rf"^\}}\s*{_WORD}\s*;",
    ),
    "Ruby": (
        rf"\bdef\s+(?:self\.)?{_WORD}",
        rf"\b(?:class|module)\s+(?:\w+::)*{_WORD}",
        r"^\s*([A-Z][A-Z0-9_]+)\s*=",
        rf"\battr_(?:reader|writer|accessor)\s+:{_WORD}",
    ),
    "PHP": (rf"\b(?:function|class|interface|trait|const)\s+{_WORD}",),
    ".NET": (
        rf"\b(?:class|interface|enum|struct|record)\s+{_WORD}",
        rf"^\s+(?:{_SIGNED}\s+)+[\w<>\[\],.? ]*?\b{_WORD}\s*(?:\(|=|;|\{{)",
    ),
    "Swift": (rf"\b(?:func|class|struct|enum|protocol|typealias)\s+{_WORD}",),
}
_COMPILED = {family: [re.compile(p) for p in patterns] for family, patterns in _DEFINING.items()}
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`")
_SHORTEST = 3

Lines = Mapping[str, list[str]]
"""Added lines by file."""


def introduced(lines: Lines) -> dict[str, set[str]]:
    """The names that added lines define, by family."""
    found: dict[str, set[str]] = {}
    for family, line in _code(lines):
        for pattern in _COMPILED[family]:
            found.setdefault(family, set()).update(
                n for n in pattern.findall(line) if len(n) >= _SHORTEST
            )
    return found


def used(lines: Lines) -> dict[str, set[str]]:
    """The identifiers in added lines, by family."""
    found: dict[str, set[str]] = {}
    for family, line in _code(lines):
        found.setdefault(family, set()).update(_IDENTIFIER.findall(line))
    return found


@dataclass(frozen=True, slots=True)
class Names:
    """What some added lines define and use, by family."""

    introduced: dict[str, set[str]]
    used: dict[str, set[str]]

    @classmethod
    def of(cls, lines: Lines) -> Names:
        """The names in added lines."""
        return cls(introduced(lines), used(lines))


def hidden(maker: Names, user: Names) -> set[str]:
    """The names that `maker` introduces and `user` uses, whether the base has them or not."""
    return {
        name
        for family, names in maker.introduced.items()
        for name in (names & user.used.get(family, set())) - user.introduced.get(family, set())
    }


def _code(lines: Lines) -> Iterable[tuple[str, str]]:
    for path, added in lines.items():
        family = _FAMILY.get(path.rpartition(".")[2].lower())
        for line in added if family else ():
            bare = line.strip()
            mark = "#" if family in ("Python", "Ruby") else "//"
            if bare.startswith((mark, "*", "/*", '"""')):
                continue
            yield family or "", _QUOTED.sub('""', line).partition(f" {mark}")[0]
