"""What methods of paths, files and other values of Python code do, and what they give back."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.code import pythonpaths, pythonreaders, pythontexts
from parallel_agents.guard.shell.code.pythonvalues import (
    Entry,
    File,
    Made,
    Name,
    Path,
    Settings,
    choice,
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

METHODS = {
    **dict.fromkeys(names("write_text write_bytes chmod lchmod"), "write"),
    **dict.fromkeys(
        names("unlink rmdir symlink_to hardlink_to link_to remove_p unlink_p"), "entry"
    ),
    **dict.fromkeys(names("rmtree rmtree_p"), "tree"),
    "touch": "touch",
    "mkdir": "folder",
}
SAVING = names(
    """
    to_csv to_json to_excel to_parquet to_pickle to_html to_markdown savefig save savez tofile
    write_html write_image write_csv write_parquet write_json dump_stats write_c14n to_xml to_latex
    save_as
    """
)
"""Methods of other objects than paths that write the file of their first argument."""
OPENERS = names(
    """
    open io.open builtins.open __builtins__.open codecs.open gzip.open bz2.open lzma.open
    tarfile.open zipfile.ZipFile os.fdopen tokenize.open dbm.open dbm.dumb.open dbm.gnu.open
    aiofiles.open io.FileIO gzip.GzipFile bz2.BZ2File lzma.LZMAFile tarfile.TarFile wave.open
    tarfile.TarFile.open _io.open _io.FileIO h5py.File netCDF4.Dataset dbm.ndbm.open
    """
)

_WRITING = frozenset("wax+")


def method(walk: Functions, value: Any, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    """What a method of a value gives; what it does is told to the effects."""
    if isinstance(value, Path):
        return _of_path(walk, value, name, given, named)
    if isinstance(value, File):
        return _of_file(walk, value, name, given)
    if isinstance(value, str):
        if value == UNKNOWN and (name in METHODS or name in ("open", "rename")):
            return _of_path(walk, Path(value), name, given, named)
        if value == UNKNOWN and name in SAVING and given and not is_unknown(given[0]):
            walk.run.effects.write(texts(given[0]), walk.state, f".{name}()")
            return None
        if value == UNKNOWN and not pythonreaders.is_reading(True, name):
            pythonreaders.mention(walk, [*given, *named.values()], name)
        return choice([pythontexts.text_method(value, name, [*row], named) for row in _rows(given)])
    if isinstance(value, list):
        if name == "sort" and "key" in named:
            return None
        return pythontexts.list_method(value, name, given)
    if isinstance(value, tuple):
        return pythontexts.list_method(list(value), name, given)
    if isinstance(value, Settings):
        from parallel_agents.guard.shell.code import pythondata

        found = pythondata.settings(walk, value, name, given)
        if found is not NotImplemented:
            return found
    if isinstance(value, dict):
        return pythontexts.dict_method(value, name, given, named)
    for other in [*given, *named.values()]:
        walk.hand(other)
    return UNKNOWN


def _rows(given: list[Any]) -> list[list[Any]]:
    """Each way to take one option of every argument."""
    rows: list[list[Any]] = [[]]
    for value in given:
        rows = [[*row, option] for row in rows for option in options(value)]
        if len(rows) > 64:
            return [[UNKNOWN for _ in given]]
    return rows


def _of_path(
    walk: Functions, value: Path, name: str, given: list[Any], named: dict[str, Any]
) -> Any:
    told, state, words = walk.run.effects, walk.state, (value.text,)
    if name in ("symlink_to", "hardlink_to") and given:
        walk.apply(Name("os.link" if name[0] == "h" else "os.symlink"), [given[0], value], {})
        return None
    if name in METHODS:
        told.write(words, state, f".{name}()", kind=arguments.KINDS[METHODS[name]])
        text = given[0] if given else named.get("data", UNKNOWN)
        if name in ("write_text", "write_bytes"):
            keep(walk, value.text, text, appended=False)
        elif name != "mkdir":
            forget(walk, value.text)
        return None
    if name == "open":
        return opened(walk, "open", [value, *given], named)
    if name in ("rename", "replace", "move", "move_into"):
        goal = given[0] if given else named.get("target", UNKNOWN)
        reached = texts(goal)
        if name == "move_into":
            reached = texts(pythonpaths.joined([goal, value.text.rpartition("/")[2]]))
        told.write(words, state, f".{name}()", kind=effects.TREE)
        told.write(reached, state, f".{name}()", kind=effects.ENTRY)
        for word in (*words, *reached):
            forget(walk, word)
        return pythonpaths.path(goal)
    if name in ("copy", "copy_into", "copyfile", "copy2") and given:
        reached = texts(given[0])
        told.write(goals(walk, words, texts(given[0])), state, f".{name}()")
        return pythonpaths.path(given[0])
    if name in ("read_text", "read_bytes"):
        return content(walk, words)
    if name in ("close", "flush", "write", "read", "seek") and isinstance(value, Entry):
        return UNKNOWN
    found = pythonpaths.method(walk, value, name, given)
    return Name(f"?path.{name}()") if found is None else found


def _of_file(walk: Functions, value: File, name: str, given: list[Any]) -> Any:
    if name in ("read", "readlines", "readline", "__next__"):
        if name == "readlines":
            return lines(walk, value)
        if name == "read":
            return content(walk, value.path)
        if value.left is None:
            found = lines(walk, value)
            value.left = found if isinstance(found, list) else [UNKNOWN] * 99
        return value.left.pop(0) if value.left else ""
    if name in ("write", "writelines", "truncate") and value.writes:
        text = given[0] if given else UNKNOWN
        for word in value.path:
            keep(walk, word, text if name == "write" else UNKNOWN, appended=name != "truncate")
        return None
    if name == "__enter__":
        return value
    if name in ("detach", "raw", "buffer", "fileno"):
        return value
    return None if name in ("close", "flush", "seek") else UNKNOWN


def content(walk: Functions, paths: Values) -> Any:
    """The text of files."""
    found: list[Any] = []
    for path in paths:
        if path in ("/dev/stdin", "0") and path not in walk.run.written:
            stream = walk.piped
        else:
            stream = walk.run.contents((path,), walk.state) if is_known(path) else UNSEEN
        words = stream.texts
        found += words if words is not None else ["\n".join(stream.lines)]
    return choice(found)


def lines(walk: Functions, file: File) -> Any:
    """The lines of a file, with their ends."""
    text = content(walk, file.path)
    if not isinstance(text, str) or text == UNKNOWN:
        return UNKNOWN
    found = text.splitlines(keepends=True)
    return Made(found) if len(found) <= 2000 else UNKNOWN


def keep(walk: Functions, path: str, text: Any, *, appended: bool) -> None:
    """Remember what the code leaves in a file, for what reads or runs it later."""
    words = texts(text) if isinstance(text, (str, int)) else ANY
    for whole in walk.run.absolute(path, walk.state):
        if is_known(whole):
            walk.run.remember(whole, Stream(words), appended=appended)


def forget(walk: Functions, path: str) -> None:
    """A file is not any more what it was."""
    for whole in walk.run.absolute(path, walk.state):
        if is_known(whole):
            walk.run.written[whole] = UNSEEN


def goals(walk: Functions, sources: Values, goals: Values) -> Values:
    """Where copies land: at the goal, or by their own names in it where it is a folder."""
    import os

    found: list[str] = []
    for goal in goals:
        inside = goal.endswith("/") or any(
            p in walk.state.folders or (is_known(p) and os.path.isdir(p))
            for p in walk.run.absolute(goal, walk.state)
        )
        found += [os.path.join(goal, s.rpartition("/")[2]) for s in sources] if inside else [goal]
    return tuple(found)


def opened(walk: Functions, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    told, state = walk.run.effects, walk.state
    at = 1
    mode = named.get("mode", named.get("flag", given[at] if len(given) > at else "r"))
    keys = ("file", "filename", "name", "path", "database")
    path = given[0] if given else next((named[k] for k in keys if k in named), UNKNOWN)
    if isinstance(mode, Name):  # `os.O_WRONLY` where `open` is that of `os`
        mode = "w" if any(s in mode.name for s in ("WR", "TRUNC", "CREAT")) else "r"
    modes = texts(mode)
    if name.startswith("dbm") and len(given) + len(named) > 1:
        modes = tuple("w" if m[:1] in ("c", "n", "w") else m for m in modes)
    for file in options(path):
        if isinstance(file, File) and name == "os.fdopen":
            return file
    words = texts(path)
    writes = any(m != UNKNOWN and not _WRITING.isdisjoint(m.partition(":")[0]) for m in modes)
    if writes:
        told.write(words, state, f"{name}()")
        for word in words:
            for m in modes:
                if m[:1] == "w":
                    keep(walk, word, "", appended=False)
                elif m[:1] != "a":
                    forget(walk, word)
    elif UNKNOWN in modes[0]:
        told.unknown("a file is opened, and whether to write is only known when it runs")
    if name.startswith(("tarfile", "zipfile", "shelve", "h5py")):
        return Name(name + "()", path)
    return File(words, writes=writes)
