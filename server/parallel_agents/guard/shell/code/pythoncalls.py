"""What the functions and methods that Python code calls do with files, and what they give back."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.code import (
    pythonlibrary,
    pythonmethods,
    pythonpaths,
    pythonreaders,
    pythontexts,
)
from parallel_agents.guard.shell.code.pythonvalues import (
    CALLABLE,
    File,
    Name,
    elements,
    is_unknown,
    options,
    texts,
)
from parallel_agents.guard.shell.programs import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.code.pythonfunctions import Functions

FUNCTIONS = {
    **dict.fromkeys(names("os.remove os.unlink os.rmdir os.removedirs"), "entry 0 path"),
    **dict.fromkeys(
        names(
            """
        os.truncate os.chmod os.chown shutil.chown sqlite3.connect shelve.open os.utime
        os.setxattr os.mkfifo os.mknod
        """
        ),
        "write 0 path",
    ),
    **dict.fromkeys(names("os.rename os.replace os.renames shutil.move"), "tree 0 src;place 1 dst"),
    **dict.fromkeys(
        names("shutil.copy shutil.copy2 shutil.copyfile shutil.copymode shutil.copystat"),
        "copy 1 dst",
    ),
    "shutil.copytree": "laid 1 dst",
    "shutil.rmtree": "tree 0 path",
    "shutil.make_archive": "prefix 0 base_name",
    "py_compile.compile": "write 1 cfile",
    "zipapp.create_archive": "write 1 target",
    "venv.create": "tree 0 env_dir",
    **dict.fromkeys(names("numpy.save np.save np.savetxt numpy.savetxt np.savez"), "write 0 file"),
    **dict.fromkeys(names("torch.save joblib.dump urllib.request.urlretrieve"), "write 1 filename"),
    **dict.fromkeys(names("os.makedirs os.mkdir"), "folder 0 name"),
    **dict.fromkeys(
        names(
            """
        logging.FileHandler logging.handlers.RotatingFileHandler logging.basicConfig
        logging.handlers.TimedRotatingFileHandler logging.handlers.WatchedFileHandler
        """
        ),
        "write 0 filename",
    ),
    "zipfile.ZipFile.write": "",
}
"""What becomes of which argument: its kind, its place and its name, each followed by `;`."""

KNOWN_MODULES = names(
    """
    os sys io re json pathlib shutil subprocess glob fileinput tempfile argparse collections
    functools itertools operator dataclasses typing textwrap string time datetime random math
    contextlib unittest pytest logging csv configparser sqlite3 pickle copy hashlib base64 codecs
    gzip bz2 lzma zipfile tarfile ast tokenize token inspect importlib runpy types enum abc
    threading multiprocessing concurrent asyncio mmap ctypes struct socket urllib http xml html
    email difflib fnmatch stat errno signal platform getpass shlex warnings traceback atexit
    weakref uuid zlib binascii locale gettext queue select heapq bisect array decimal fractions
    statistics numbers secrets hmac ssl pprint reprlib dis code pdb timeit cProfile pstats doctest
    numpy pandas requests yaml toml tomllib tomli_w libcst lib2to3 black isort click typer rich
    attr attrs pydantic jinja2 __future__ builtins shelve dbm linecache keyword site sysconfig
    venv zipapp zipimport pkgutil
    """
)
"""Modules that are not looked for in the project."""


_MAINS = names(
    "pytest.main zipfile.main tarfile.main compileall.main pip.main black.main pydoc.cli"
)
"""Functions that do what their module does when it is run, with the words of a list."""


def names_of(module: str) -> list[str]:
    """The functions of the tables that are in a module: what `import *` brings."""
    if module == "os":
        return [
            *_from("os"),
            "O_WRONLY",
            "O_RDWR",
            "O_CREAT",
            "O_TRUNC",
            "open",
            "write",
            "environ",
        ]
    return [*_from(module), *(["Path"] if module == "pathlib" else [])]


def _from(module: str) -> list[str]:
    from parallel_agents.guard.shell.code.pythonprograms import RUNNERS, SHELLS

    known = (*FUNCTIONS, *pythonlibrary.NAMES, *RUNNERS, *SHELLS)
    return [n.rpartition(".")[2] for n in known if n.rpartition(".")[0] == module]


def function(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a call of a module's function gives; what it does is told to the effects."""
    name, told, state = called.name, walk.run.effects, walk.state
    if name in FUNCTIONS:
        _acts(walk, name, given, named)
        return None if name[:3] in ("os.", "shu") else Name(name + "()")
    if name in pythonmethods.OPENERS:
        return pythonmethods.opened(walk, name, given, named)
    if name == "os.open":
        flags = given[1] if len(given) > 1 else named.get("flags", UNKNOWN)
        path = texts(given[0] if given else named.get("path", UNKNOWN))
        text = flags.name if isinstance(flags, Name) else str(flags)
        bits = flags & 0o1103 if isinstance(flags, int) else 0
        if bits or any(
            sign in text for sign in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
        ):
            told.write(path, state, "os.open()")
            return File(path, writes=True)
        return File(path, writes=not is_known(text) or (isinstance(flags, int) and bool(flags)))
    if name in ("os.ftruncate", "os.write", "os.pwrite", "os.sendfile", "os.fchmod", "mmap.mmap"):
        for file in options(given[0]) if given else []:
            if isinstance(file, File) and (file.writes or name == "os.fchmod"):
                told.write(file.path, state, name)
        return UNKNOWN
    if name.startswith("argparse.") or (name.startswith("?args") and called.given is not None):
        from parallel_agents.guard.shell.code import pythonarguments

        return pythonarguments.call(walk, called, given, named)
    found = pythonlibrary.call(walk, called, given, named)
    if found is not pythonlibrary.NOT_THERE:
        return found
    return _of_stranger(walk, called, given, named)


_HANDING = names(
    """
    map starmap imap imap_unordered map_async starmap_async submit apply apply_async register enter
    enterabs Thread Process Timer run_in_executor call_soon call_later to_thread finalize partial
    """
)
"""Calls that take a function for what they call, whatever it is."""


def _is_callable(value: Any, tail: str) -> bool:
    """Whether the value is a function that can be followed, given to a call of this name."""
    if isinstance(value, Name):
        if value.name in FUNCTIONS or value.name in pythonmethods.OPENERS:
            return True
        return tail in _HANDING and value.name in pythonlibrary.NAMES
    return isinstance(value, CALLABLE)


def _of_stranger(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """A function that no table has, or a method of what one gave."""
    name, told, state = called.name, walk.run.effects, walk.state
    tail = name.rpartition(".")[2]
    values = [*given, *named.values()]
    functions = [v for v in values if _is_callable(v, tail)]
    if functions:
        at = next((i for i, v in enumerate(given) if _is_callable(v, tail)), len(given))
        target = functions[0]
        behind = given[at + 1 :]
        if tail in ("map", "starmap", "imap", "imap_unordered", "map_async", "starmap_async"):
            rows = [elements(v) for v in behind]
            many = tail.startswith("starmap")
            for row in zip(*[[UNKNOWN] if r is None else r for r in rows[:8]]):
                row = tuple(elements(row[0]) or [UNKNOWN]) if many else row
                walk.apply(target, list(row), {})
        elif tail in ("enter", "enterabs") and behind and isinstance(behind[0], tuple):
            walk.apply(target, list(behind[0]), {})
        elif "args" in named or tail in ("Thread", "Process", "Timer"):
            inner = named.get("kwargs")
            walk.apply(
                target,
                elements(named.get("args", ())) or [],
                inner if isinstance(inner, dict) else {},
            )
        else:
            walk.apply(target, behind or [UNKNOWN], {})
        return Name(name + "()")
    if name.startswith("ctypes."):
        for value in values:
            told.mention(texts(value), state, "ctypes")
        return Name(name + "()")
    if tail in ("extractall", "extract", "unpack") and "()" in name:
        _unpacked(walk, called, tail, given, named)
        return None
    if tail in ("read", "getvalue") and isinstance(called.given, str):
        return called.given
    if tail in ("readlines", "splitlines", "split") and isinstance(called.given, str):
        return pythontexts.text_method(called.given, "splitlines", [], {})
    if tail in pythonmethods.SAVING or (tail == "write" and "ElementTree" in name):
        first = given[0] if given else named.get("path", named.get("fp", UNKNOWN))
        if not is_unknown(first):
            told.write(texts(first), state, f".{tail}()")
        pythonreaders.mention(walk, values, name)
        return None
    if tail in ("execute", "executescript", "executemany"):
        _queried(walk, values)
        return Name(name + "()")
    if name in _MAINS:
        from parallel_agents.guard.shell.code import pythontools

        words = elements(given[0]) if given and given[0] is not None else walk.argv[1:]
        pythontools.run_module(
            walk.run, name.partition(".")[0], [texts(w) for w in words or [UNKNOWN]], state, UNSEEN
        )
        return UNKNOWN
    if "()" in name and tail in pythonmethods.METHODS and tail not in ("touch", "mkdir"):
        told.unknown("Python code calls methods of what nobody knows")
    if not pythonreaders.leaves(name):
        pythonreaders.mention(walk, values, name)
    return Name((name + "()")[:200], called.given if tail in ("open", "ZipFile") else None)


def _queried(walk: Functions, values: list[Any]) -> None:
    """SQL that is given to a data base: other data bases that it names."""
    import re  # the parser has loaded it

    for text in texts(values[0]) if values else ():
        pattern = r"\b(?:attach(?:\s+database)?|into|to)\s*\(?\s*(?:'([^']+)'|\"([^\"]+)\"|\?|:)"
        for found in re.finditer(pattern, text, re.IGNORECASE):
            if found[1] or found[2]:
                told = ((found[1] or found[2]).removeprefix("file:").partition("?")[0],)
                walk.run.effects.write(told, walk.state, "SQL")
            else:
                pythonreaders.mention(walk, values[1:], "execute")


def _acts(walk: Functions, name: str, given: list[Any], named: dict[str, Any]) -> None:
    """Tell the effects what a function of the table does."""
    told, state = walk.run.effects, walk.state
    for part in filter(None, FUNCTIONS[name].split(";")):
        kind, place, key = part.split()
        index = int(place)
        value = given[index] if index < len(given) else named.get(key, named.get("filename", ()))
        words = texts(value) if value != () else ()
        folder = named.get("dst_dir_fd" if index else "src_dir_fd", named.get("dir_fd"))
        if isinstance(folder, File):
            words = tuple(f"{top}/{word}" for top in folder.path for word in words)
        if name == "sqlite3.connect":
            words = tuple(w.removeprefix("file:").partition("?")[0] for w in words)
            words = tuple(w for w in words if w and w != ":memory:")
        if kind == "prefix":
            told.write(tuple(w + "." + UNKNOWN for w in words), state, name)
        elif kind == "laid":
            _laid(walk, name, texts(given[0]) if given else ANY, words)
        elif kind in ("copy", "place"):
            sources = texts(given[0] if given else named.get("src", UNKNOWN))
            told.write(
                pythonmethods.goals(walk, sources, words),
                state,
                name,
                kind=effects.WRITE if kind == "copy" else effects.ENTRY,
            )
        else:
            told.write(words, state, name, kind=arguments.KINDS[kind])
        for word in words:
            pythonmethods.forget(walk, word)


def _laid(walk: Functions, name: str, sources: Values, goals: Values) -> None:
    """`copytree`: every file of the source, at the same place below the goal."""
    count = 0
    for source in sources:
        for folder, _, files in pythonpaths.walked(walk, (source,)):
            below = folder[len(source) :].lstrip("/")
            for goal in goals:
                for file in files:
                    count += 1
                    if count < 300:
                        word = pythonpaths.joined([goal, below, file])
                        walk.run.effects.write(texts(word), walk.state, name)
    if not count or count >= 300:
        walk.run.effects.write(tuple(g + "/" + UNKNOWN for g in goals), walk.state, name)
        if count:
            walk.run.effects.write(goals, walk.state, name, kind=effects.TREE)


def _unpacked(
    walk: Functions, called: Name, tail: str, given: list[Any], named: dict[str, Any]
) -> None:
    """Members of an archive come out."""
    from parallel_agents.guard.shell.programs import invocation

    place = 1 if tail == "extract" else 0
    folder = named.get("path", given[place] if len(given) > place else ".")
    program = "unzip" if "zip" in called.name.lower() else "tar"
    archive = texts(called.given) if called.given is not None else ANY
    words: list[Values] = [("unzip",), ("-o",), archive, ("-d",), texts(folder)]
    if program == "tar":
        words = [("tar",), ("-x",), ("-f",), archive, ("-C",), texts(folder)]
    if tail == "extract":
        words = [*words[:3], texts(given[0]) if given else ANY, *words[3:]]
        if program == "tar":
            words = [*words[:3], archive, ("-C",), texts(folder), texts(given[0] if given else "")]
    invocation.run(walk.run, words, walk.state.copy(), UNSEEN)
