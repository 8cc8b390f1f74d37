"""Functions of Python's library that give texts, paths and lists, done for real where known."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known
from parallel_agents.guard.shell.code import pythonbuiltins, pythonpaths, pythontexts
from parallel_agents.guard.shell.code.pythonvalues import (
    GREATEST,
    LARGEST,
    Class,
    Entry,
    Instance,
    Made,
    Name,
    Partial,
    Path,
    Space,
    choice,
    elements,
    is_solid,
    texts,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

    Call = Callable[[Functions, list[Any], dict[str, Any]], Any]

NOT_THERE = object()
"""What `call` gives for a function that is not in the tables."""

_WITH_WAYS = (
    *("tempfile.", "fileinput.", "re.", "importlib.", "runpy.", "?spec"),
    *("__import__", "sys.path.", "shutil.unpack"),
)


def call(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a function of the library gives, or `NOT_THERE`."""
    name = called.name
    for start in ("builtins.", "__builtins__.", "typing.", "posixpath."):
        name = name.removeprefix(start)
    known = NAMES.get(name)
    if known is not None:
        return known(walk, given, named)
    if name.startswith(
        ("subprocess.", "os.", "lib2to3.main", "asyncio.", "pexpect.", "sh.", "pty.", "commands.")
    ):
        from parallel_agents.guard.shell.code import pythonprograms

        return pythonprograms.call(walk, called, given, named)
    if name.startswith(("json.", "toml", "yaml.", "configparser.", "csv.Dict")):
        from parallel_agents.guard.shell.code import pythondata

        if name.startswith(pythondata.STARTS):
            return pythondata.call(walk, Name(name), given, named)
    if name.startswith(_WITH_WAYS):
        from parallel_agents.guard.shell.code import pythonmodules

        return pythonmodules.call(walk, called, given, named)
    return NOT_THERE


def _path(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return pythonpaths.path(pythonpaths.joined(given) if given else ".")


def _cwd(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return choice([*walk.state.cwds])


def _cwd_path(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return choice([Path(p) for p in walk.state.cwds])


def _home(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return Path(os.environ.get("HOME", UNKNOWN))


def _each(done: Callable[[Functions, str], Any]) -> Call:
    """A function of one text, for each that its argument can be."""

    def made(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
        return choice([done(walk, text) for text in texts(pythonbuiltins.first(given))])

    return made


def _absolute(walk: Functions, text: str) -> Any:
    return choice([os.path.normpath(p) for p in walk.run.absolute(text, walk.state)])


def _folder(walk: Functions, text: str) -> Any:
    folder, slash, _ = text.rpartition("/")
    return folder or slash or ("" if UNKNOWN not in text else UNKNOWN)


def _split(walk: Functions, text: str) -> Any:
    return (_folder(walk, text), text.rpartition("/")[2])


def _ending(walk: Functions, text: str) -> Any:
    return os.path.splitext(text)


def _home_of(walk: Functions, text: str) -> Any:
    return os.environ.get("HOME", UNKNOWN) + text[1:] if text[:1] == "~" else text


def _filled(walk: Functions, text: str) -> Any:
    if "$" not in text:
        return text
    out, pieces = [pythontexts.added([text.partition("$")[0]])], text.split("$")[1:]
    for piece in pieces:
        name, _, rest = piece[1:].partition("}") if piece[:1] == "{" else (piece, "", "")
        if piece[:1] != "{":
            end = next(
                (i for i, c in enumerate(piece) if not (c.isalnum() or c == "_")), len(piece)
            )
            name, rest = piece[:end], piece[end:]
        out += [walk.variable(name), rest]
    return pythontexts.added(out)


def _globbed(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    deep = truth(named.get("recursive", False)) is not False
    top = named.get("root_dir")
    found: list[str] = []
    for pattern in texts(pythonbuiltins.first(given)):
        if top is None:
            found += pythonpaths.globs(walk, pattern, deep=deep)
            continue
        for folder in texts(top):
            start = folder.rstrip("/") + "/"
            for name in pythonpaths.globs(walk, start + pattern, deep=deep):
                found.append(name[len(start) :] if name.startswith(start) else name)
    return Made(found[:LARGEST])


def _entries(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    tops = texts(pythonbuiltins.first(given, "."))
    return Made([Entry(p, whole=False) for p in pythonpaths.listed(walk, tops, whole=True)])


def _names(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return list(pythonpaths.listed(walk, texts(pythonbuiltins.first(given, ".")), whole=False))


def _walked(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return pythonpaths.walked(walk, texts(pythonbuiltins.first(given, ".")))


def _exists(kind: str) -> Call:
    def asked(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
        states = {pythonpaths.exists(walk, t, kind) for t in texts(pythonbuiltins.first(given))}
        return states.pop() if len(states) == 1 else UNKNOWN

    return asked


def _relative(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    start = given[1] if len(given) > 1 else named.get("start", ".")
    found = []
    for text in texts(pythonbuiltins.first(given)):
        for top in texts(start):
            one, other = walk.run.absolute(text, walk.state), walk.run.absolute(top, walk.state)
            known = is_known(one[0]) and is_known(other[0])
            found.append(os.path.relpath(one[0], other[0]) if known else UNKNOWN)
    return choice(found)


def _fits(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    if len(given) > 1 and is_solid(given[:2]) and "[" not in str(given[1]):
        pattern = globbed(texts(given[1])[0].replace("**", "*"))
        return fits(pattern, texts(given[0])[0].replace("/", "\x01"))
    return UNKNOWN


def _fitting(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = pythonbuiltins.iterated(walk, pythonbuiltins.first(given))
    if found is None or len(given) < 2:
        return UNKNOWN
    return [v for v in found if truth(_fits(walk, [v, given[1]], {})) is not False]


def _changed_folder(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    words = texts(pythonbuiltins.first(given))
    walk.state.cwds = tuple(p for v in words for p in walk.run.absolute(v, walk.state))
    return Name("contextlib.chdir()")


def _variable(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    otherwise = given[1] if len(given) > 1 else named.get("default")
    return walk.variable(pythonbuiltins.first(given), otherwise)


def _partial(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return Partial(given[0], given[1:], named) if given else UNKNOWN


def _method_caller(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return Partial(Name("?method"), given, named)


def _method(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """What `methodcaller(name, ...)` made is called with the object behind its arguments."""
    if len(given) < 2:
        return UNKNOWN
    function = walk.attribute(given[-1], texts(given[0])[0])
    return walk.apply(function, given[1:-1], named)


def _tuple_class(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = Class(texts(pythonbuiltins.first(given))[0], Space(), [])
    fields = given[1] if len(given) > 1 else ""
    listed = fields.replace(",", " ").split() if isinstance(fields, str) else elements(fields)
    for field in listed or []:
        one = elements(field) if isinstance(field, (tuple, list)) else None
        found.fields.append(texts(one[0] if one else field)[0])
    return found


def _namespace(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = Instance(None)
    found.attributes.update(named)
    return found


def _replaced(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = Instance(given[0].kind if given and isinstance(given[0], Instance) else None)
    if given and isinstance(given[0], Instance):
        found.attributes.update(given[0].attributes)
    found.attributes.update(named)
    return found


def _template(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = Instance(None)
    for key in ("substitute", "safe_substitute"):
        found.attributes[key] = Partial(Name("?substituted"), given[:1], {})
    return found


def _substituted(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    values = {**(given[1] if len(given) > 1 and isinstance(given[1], dict) else {}), **named}
    text = given[0]
    if not isinstance(text, str):
        return UNKNOWN
    for key in sorted(values, key=lambda k: -len(str(k))):
        value = values[key]
        if isinstance(key, str) and isinstance(value, (str, int)) and len(text) < 4096:
            text = text.replace("${" + key + "}", str(value)).replace("$" + key, str(value))
    return text if len(text) < GREATEST else UNKNOWN


def _decoded(walk: Functions, given: list[Any], named: dict[str, Any], name: str) -> Any:
    from binascii import Error, a2b_base64, unhexlify

    text = texts(pythonbuiltins.first(given))[0]
    try:
        if name == "codecs":
            kind = texts(given[1])[0] if len(given) > 1 else ""
            if kind not in ("rot13", "rot_13", "hex", "base64"):
                return text
            import codecs

            return str(codecs.decode(text, "rot13")) if kind[:3] == "rot" else UNKNOWN
        raw = a2b_base64(text) if name == "base64" else unhexlify(text)
        return raw.decode()
    except (Error, ValueError, TypeError, LookupError):
        return UNKNOWN


def _words(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    text = pythonbuiltins.first(given)
    if not isinstance(text, str) or not is_known(text) or len(text) > 4096:
        return UNKNOWN
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return UNKNOWN


def _quoted(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return pythontexts.added(["'", pythonbuiltins.first(given), "'"])


def _rows(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """`csv.reader`, as far as no field is quoted."""
    sign = texts(named.get("delimiter", ","))[0]
    found = walk.listed(given[0]) if given else None
    if found is None or not is_known(sign):
        return UNKNOWN
    plain = [v for v in found if isinstance(v, str)]
    return Made([[f.strip('"') for f in v.rstrip("\n").split(sign or ",")] for v in plain])


def _linked(*, hard: bool) -> Call:
    """`os.symlink` and `os.link`: the name is made, and leads on."""

    def made(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
        told, state = walk.run.effects, walk.state
        sources = texts(given[0] if given else named.get("src", UNKNOWN))
        goals = texts(given[1] if len(given) > 1 else named.get("dst", UNKNOWN))
        told.write(goals, state, "os.link()", kind=effects.ENTRY)
        for goal in goals:
            for link in walk.run.absolute(goal, state):
                for source in sources:
                    target = os.path.normpath(os.path.join(os.path.dirname(link), source))
                    if hard:
                        target = walk.run.absolute(source, state)[0]
                    if is_known(link) and is_known(target):
                        told.links.append((link, target))

    return made


NAMES: dict[str, Call] = {
    **pythonbuiltins.NAMES,
    "Path": _path,
    **{f"pathlib.{n}": _path for n in ("Path", "PurePath", "PosixPath", "PurePosixPath")},
    "path.Path": _path,
    "py.path.local": _path,
    "os.getcwd": _cwd,
    "os.getcwdb": _cwd,
    "pathlib.Path.cwd": _cwd_path,
    "pathlib.Path.home": _home,
    "os.path.join": lambda walk, given, named: pythonpaths.joined(given),
    "os.path.abspath": _each(_absolute),
    "os.path.realpath": _each(_absolute),
    "os.path.normpath": _each(lambda walk, t: os.path.normpath(t) if is_known(t) else t),
    "os.path.dirname": _each(_folder),
    "os.path.basename": _each(lambda walk, t: t.rpartition("/")[2]),
    "os.path.split": _each(_split),
    "os.path.splitext": _each(_ending),
    "os.path.expanduser": _each(_home_of),
    "os.path.expandvars": _each(_filled),
    "os.path.relpath": _relative,
    "os.path.exists": _exists("exists"),
    "os.path.lexists": _exists("lexists"),
    "os.path.isfile": _exists("is_file"),
    "os.path.isdir": _exists("is_dir"),
    "os.path.islink": _exists("is_symlink"),
    "glob.glob": _globbed,
    "glob.iglob": _globbed,
    "os.listdir": _names,
    "os.scandir": _entries,
    "os.walk": _walked,
    "fnmatch.fnmatch": _fits,
    "fnmatch.fnmatchcase": _fits,
    "fnmatch.filter": _fitting,
    "os.chdir": _changed_folder,
    "os.fchdir": _changed_folder,
    "contextlib.chdir": _changed_folder,
    "os.getenv": _variable,
    "os.environ.get": _variable,
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "operator.methodcaller": _method_caller,
    "?method": _method,
    "collections.namedtuple": _tuple_class,
    "typing.NamedTuple": _tuple_class,
    "NamedTuple": _tuple_class,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "dataclasses.replace": _replaced,
    "string.Template": _template,
    "?substituted": _substituted,
    "base64.b64decode": lambda w, g, n: _decoded(w, g, n, "base64"),
    "binascii.a2b_base64": lambda w, g, n: _decoded(w, g, n, "base64"),
    "bytes.fromhex": lambda w, g, n: _decoded(w, g, n, "hex"),
    "binascii.unhexlify": lambda w, g, n: _decoded(w, g, n, "hex"),
    "codecs.decode": lambda w, g, n: _decoded(w, g, n, "codecs"),
    "shlex.split": _words,
    "shlex.quote": _quoted,
    "csv.reader": _rows,
    "os.symlink": _linked(hard=False),
    "os.link": _linked(hard=True),
}
"""By the dotted name of the function: what it gives."""
