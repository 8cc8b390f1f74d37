"""Modules of Python's library with ways of their own: what they make, read, match and run."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.code import pythonlibrary
from parallel_agents.guard.shell.code.pythonvalues import (
    Entry,
    File,
    Instance,
    Name,
    Partial,
    Path,
    elements,
    is_solid,
    texts,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

_LONGEST_MATCHED = 2000


def call(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a function gives, or `pythonlibrary.NOT_THERE`."""
    name = called.name
    if name.startswith("tempfile."):
        return _temporary(walk, name, named)
    if name in ("fileinput.input", "fileinput.FileInput"):
        return _edited(walk, given, named)
    if name.startswith("re."):
        return _matched(name, given, named, called)
    if name in ("sys.path.insert", "sys.path.append", "sys.path.extend"):
        for value in elements(given[-1]) or [] if name.endswith("extend") else given[-1:]:
            walk.folders += [v for v in texts(value) if is_known(v)][:8]
        return None
    if name == "shutil.unpack_archive":
        folder = given[1] if len(given) > 1 else named.get("extract_dir", ".")
        archive = given[0] if given else named.get("filename", UNKNOWN)
        kind = "zipfile.ZipFile()" if texts(archive)[0].endswith(".zip") else "tarfile.open()"
        return walk.apply(Name(kind + ".extractall", archive), [folder], {})
    if name in ("importlib.import_module", "__import__"):
        wanted = texts(given[0])[0] if given else UNKNOWN
        module = walk.imported(wanted)
        return Name(wanted) if module is None else module
    if name in ("runpy.run_path", "runpy.run_module"):
        for path in texts(given[0]) if given else ():
            _ran(walk, path if name.endswith("path") else path.replace(".", "/") + ".py")
        return UNKNOWN
    if name in ("importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader"):
        found = Instance(None)
        found.attributes["loader"] = found
        where = given[1] if len(given) > 1 else named.get("location", named.get("path", UNKNOWN))
        for key in ("exec_module", "load_module"):
            found.attributes[key] = Partial(Name("?spec.run"), [where], {})
        return found
    if name == "?spec.run":
        for path in texts(given[0]):
            _ran(walk, path)
        return UNKNOWN
    return pythonlibrary.NOT_THERE


def _ran(walk: Functions, path: str) -> None:
    """A Python file is run."""
    if not is_known(path):
        walk.run.effects.unknown("Python code is only known when it runs", path)
        return
    for whole in walk.run.absolute(path, walk.state):
        stream = walk.run.contents_of(whole)
        for text in stream.texts or ():
            if is_known(text) and walk.depth < 4:
                walk.executed(text, whole)


def _temporary(walk: Functions, name: str, named: dict[str, Any]) -> Any:
    folder = named.get("dir")
    start = "/tmp" if folder is None or name == "tempfile.gettempdir" else texts(folder)[0]
    ending = named.get("suffix", "")
    path = f"{start}/{'made' if start == '/tmp' else UNKNOWN}"
    if isinstance(ending, str):
        path += ending
    if name == "tempfile.gettempdir":
        return "/tmp"
    if start != "/tmp":
        walk.run.effects.write((path,), walk.state, f"{name}(dir=)")
    if name == "tempfile.mkstemp":
        return (File((path,), writes=start == "/tmp"), path)
    if name == "tempfile.mkdtemp":
        return path
    if name == "tempfile.TemporaryDirectory":
        return Entry(path, whole=True)
    return File((path,), writes=start == "/tmp")


def _edited(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    files = given[0] if given else named.get("files", walk.argv[1:])
    inplace = named.get("inplace", given[1] if len(given) > 1 else False)
    found = [files] if isinstance(files, (str, Path)) else elements(files) or []
    if truth(inplace) is not False:
        for item in found:
            walk.run.effects.write(texts(item), walk.state, "fileinput", kind=effects.ENTRY)
    return Name("fileinput.input()")


_MATCHING = {
    **dict.fromkeys(("match", "search", "fullmatch", "findall"), ("pattern", "string", "flags")),
    "split": ("pattern", "string", "maxsplit", "flags"),
    "sub": ("pattern", "repl", "string", "count", "flags"),
    "compile": ("pattern", "flags"),
}
_FLAGS = {"I": 2, "M": 8, "S": 16, "X": 64, "A": 256, "U": 32}
_FLAGS |= {"IGNORECASE": 2, "MULTILINE": 8, "DOTALL": 16, "VERBOSE": 64, "ASCII": 256}


def _flags(value: Any) -> int | None:
    """The flags of a pattern as a number; None where they are not known."""
    if isinstance(value, Name) and value.name.startswith("re."):
        return _FLAGS.get(value.name[3:])
    return value if isinstance(value, int) else None


def _matched(name: str, given: list[Any], named: dict[str, Any], called: Name) -> Any:
    """`re.match` and the like, for patterns that cannot be dear; all else is not known."""
    tail = name.rpartition(".")[2]
    takes = _MATCHING.get(tail, ())
    if name.startswith("re.compile().") and isinstance(called.given, tuple):
        # A compiled pattern has its flags already, and other arguments of these places.
        if tail in ("match", "search", "fullmatch", "findall") and len(given) > 1:
            return UNKNOWN
        named = {**named, "pattern": called.given[0], "flags": called.given[1]}
        takes, given = tuple(n for n in takes if n not in ("pattern", "flags")), [*given]
    if len(given) > len(takes):
        return UNKNOWN
    told = {**named, **dict(zip(takes, given))}
    flags = _flags(told.pop("flags", 0))
    if tail == "compile":
        return Name("re.compile()", (told.get("pattern", UNKNOWN), flags))
    pattern, text = told.pop("pattern", None), told.pop("string", None)
    given = [told.pop("repl")] if "repl" in told else []
    number = told.pop("count", told.pop("maxsplit", 0))
    if flags is None or told or not isinstance(number, int) or ("repl" in takes) != bool(given):
        return UNKNOWN
    if not isinstance(pattern, str) or not isinstance(text, str):
        return UNKNOWN
    given = [pattern, *given, text]
    if not is_solid(given):
        return UNKNOWN
    quantifiers = sum(pattern.count(sign) for sign in "*+{")
    if quantifiers > 2 or ")*" in pattern or ")+" in pattern or "){" in pattern:
        return UNKNOWN
    if (
        len(text) > _LONGEST_MATCHED
        or len(pattern) > 200
        or any(len(str(g)) > 200 for g in given[:-1])
    ):
        return UNKNOWN
    import re

    try:
        more = (number,) if tail in ("split", "sub") else ()
        found = getattr(re.compile(pattern, flags), tail)(*given[1:], *more)
    except (re.error, TypeError, ValueError, RecursionError):
        return UNKNOWN
    if tail in ("findall", "split", "sub"):
        return found
    if found is None:
        return None
    result = Instance(None)
    result.attributes[UNKNOWN] = UNKNOWN
    for key in ("group", "__getitem__"):
        result.attributes[key] = Partial(Name("?group"), [[found.group(), *found.groups()]], {})
    return result
