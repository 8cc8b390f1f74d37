"""What the functions that Python code calls do with files, as data, and what they give back."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import (
    UNKNOWN,
    capped,
    is_known,
    names,
)
from parallel_agents.guard.shell.code import pythonpaths
from parallel_agents.guard.shell.programs import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.code.pythoncode import Walk

FUNCTIONS = {
    **dict.fromkeys(
        names(
            """
        os.remove os.unlink os.rmdir os.removedirs
        """
        ),
        "entry 0",
    ),
    **dict.fromkeys(
        names(
            """
        os.truncate shutil.make_archive os.chmod os.chown shutil.chown sqlite3.connect shelve.open
        """
        ),
        "write 0",
    ),
    **dict.fromkeys(
        names(
            """
        os.rename os.replace os.renames shutil.move
        """
        ),
        "tree 0;place 1",
    ),
    **dict.fromkeys(
        names(
            """
        os.symlink os.link
        """
        ),
        "entry 1",
    ),
    **dict.fromkeys(
        names(
            """
        shutil.copy shutil.copy2 shutil.copyfile shutil.copymode shutil.copystat
        """
        ),
        "copy 1",
    ),
    **{"shutil.copytree": "tree 1", "shutil.rmtree": "tree 0", "shutil.unpack_archive": "into 1"},
    **dict.fromkeys(names("numpy.save np.save np.savetxt numpy.savetxt"), "write 0"),
    **dict.fromkeys(names("torch.save joblib.dump urllib.request.urlretrieve"), "write 1"),
    **dict.fromkeys(names("os.mkfifo os.makedirs os.mkdir"), "folder 0"),
}
"""What becomes of which of their arguments."""

METHODS = {
    **dict.fromkeys(
        names(
            """
        write_text write_bytes
        """
        ),
        "write",
    ),
    **dict.fromkeys(
        names(
            """
        unlink rmdir
        """
        ),
        "entry",
    ),
    "touch": "touch",
    "mkdir": "folder",
    **dict.fromkeys(
        names(
            """
        symlink_to hardlink_to link_to
        """
        ),
        "entry",
    ),
    **dict.fromkeys(
        names(
            """
        chmod lchmod
        """
        ),
        "write",
    ),
}

SAVING = names(
    """
    to_csv to_json to_excel to_parquet to_pickle to_html to_markdown savefig save savez tofile
    write_html write_image write_csv write_parquet write_json
    """
)
"""Methods of other objects than paths that write the file of their first argument."""

OPENERS = names(
    """
    open io.open codecs.open gzip.open bz2.open lzma.open tarfile.open zipfile.ZipFile
    os.fdopen tokenize.open dbm.open aiofiles.open
    """
)
RUNNERS = names(
    """
    subprocess.run subprocess.call subprocess.check_call subprocess.check_output
    subprocess.Popen asyncio.create_subprocess_exec pexpect.spawn sh.Command
    """
)
SHELLS = names(
    """
    os.system os.popen subprocess.getoutput subprocess.getstatusoutput pexpect.run
    commands.getoutput asyncio.create_subprocess_shell
    """
)
_SAME = names(
    """
    str Path PurePath PosixPath pathlib.Path pathlib.PurePath os.fspath os.path.expanduser
    list pathlib.PosixPath os.path.normpath os.fsdecode os.fsencode sorted tuple set iter
    reversed bytes Path.resolve repr
    """
)
_UNCHANGED = names(
    """
    resolve absolute expanduser as_posix strip rstrip lstrip encode decode __str__ open
    """
)
KINDS = arguments.KINDS


def names_of(module: str) -> list[str]:
    """The functions of the table that are in a module: what `import *` brings."""
    known = (*FUNCTIONS, *RUNNERS, *SHELLS, "pathlib.Path")
    return [n.rpartition(".")[2] for n in known if n.rpartition(".")[0] == module]


def is_watched(name: str) -> bool:
    """Whether a function of this name writes or starts something."""
    return any(name in known for known in (FUNCTIONS, OPENERS, RUNNERS, SHELLS))


def call(walk: Walk, node: Any, name: str, keywords: dict[str, Any]) -> Values:
    """What a call gives; what it does is told to the effects."""
    told, state = walk.run.effects, walk.state
    given = [walk.value(a) for a in node.args]
    named = {key: walk.value(value) for key, value in keywords.items()}
    if name in FUNCTIONS:
        _function(walk, name, given, named)
        return ANY
    if name in OPENERS:
        mode = named.get("mode", given[1] if len(given) > 1 else ("r",))
        path = given[0] if given else named.get("file", named.get("filename", ANY))
        if any(
            m != UNKNOWN and not frozenset("wax+").isdisjoint(m.partition(":")[0]) for m in mode
        ):
            told.write(path, state, f"{name}()")
        elif UNKNOWN in mode[0]:
            told.unknown("a file is opened, and whether to write is only known when it runs")
        return path
    if name == "os.open" and given:
        flags = _source_names(node.args[1]) if len(node.args) > 1 else set()
        if not flags.isdisjoint(("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")):
            told.write(given[0], state, "os.open()")
        return ANY
    if name in SHELLS:
        walk.shell(given[0] if given else ANY)
        return ANY
    if name in RUNNERS or name.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
        _run(walk, node, name, given, keywords)
        return ANY
    if name in ("exec", "eval", "compile") and given:
        from parallel_agents.guard.shell.code import pythoncode

        for text in given[0]:
            if is_known(text) and len(text) > 3 and walk.depth < 4:
                pythoncode.follow(walk.run, text, walk.script, walk.arguments, state)
            elif not is_known(text):
                told.unknown("Python code is only known when it runs", text)
        return ANY
    if name == "os.chdir" and given:
        state.cwds = tuple(p for v in given[0] for p in walk.run.absolute(v, state))
        return ANY
    if name == "fileinput.input":
        inplace = keywords.get("inplace")
        if inplace is not None and getattr(inplace, "value", True):
            items = walk.items(node.args[0]) if node.args else list(walk.arguments)
            for item in items if items is not None else given[:1]:
                told.write(item, state, "fileinput", kind=effects.ENTRY)
        return ANY
    return _given_back(walk, node, name, given, named)


def _function(walk: Walk, name: str, given: list[Values], named: dict[str, Values]) -> None:
    told, state = walk.run.effects, walk.state
    for part in FUNCTIONS[name].split(";"):
        kind, place = part.split()
        index = int(place)
        if index < len(given):
            values = given[index]
        else:
            values = named.get("dst" if index else "path", named.get("src", ()))
        if kind == "into":
            told.write(tuple(v + "/" + UNKNOWN for v in values), state, name)
        elif kind in ("copy", "place"):
            sources = given[0] if given else ANY
            found: list[str] = []
            for value in values:
                folder = value.endswith("/") or any(
                    is_known(p) and os.path.isdir(p) for p in walk.run.absolute(value, state)
                )
                found += (
                    [os.path.join(value, s.rpartition("/")[2]) for s in sources]
                    if folder
                    else [value]
                )
            told.write(
                tuple(found), state, name, kind=effects.WRITE if kind == "copy" else effects.ENTRY
            )
        else:
            told.write(values, state, name, kind=KINDS[kind])


def _run(walk: Walk, node: Any, name: str, given: list[Values], keywords: dict[str, Any]) -> None:
    from parallel_agents.guard.shell.programs import invocation

    first = node.args[0] if node.args else keywords.get("args")
    if first is None:
        return
    state = walk.state.copy()
    if "cwd" in keywords:
        state.cwds = tuple(
            p for v in walk.value(keywords["cwd"]) for p in walk.run.absolute(v, state)
        )
    for key in ("stdout", "stderr"):
        if key in keywords:
            walk.value(keywords[key])
    stdin = UNSEEN
    if "input" in keywords:
        stdin = Stream(walk.value(keywords["input"]))
    shell = keywords.get("shell")
    items = walk.items(first)
    if name.startswith(("os.exec", "os.spawn", "os.posix_spawn", "asyncio")):
        arguments = node.args[1:] if name.startswith("os.") else node.args
        if name.startswith("os.spawn"):
            arguments = node.args[2:]
        flat: list[Values] = []
        for argument in arguments:
            flat += walk.items(argument) or [walk.value(argument)]
        items = flat
    if items:
        if shell is not None and getattr(shell, "value", True):
            walk.run.text(items[0][0], state, stdin)
            return
        invocation.run(walk.run, items, state, stdin)
        return
    values = walk.value(first)
    for text in values:
        if text == UNKNOWN:
            walk.run.effects.unknown("Python starts a program that is only known when it runs")
        else:
            walk.run.text(text, state, stdin)


def _given_back(
    walk: Walk, node: Any, name: str, given: list[Values], named: dict[str, Values]
) -> Values:
    if name in ("Path", "pathlib.Path", "PurePath", "os.path.join") and len(given) > 1:
        values = given[0]
        for part in given[1:]:
            values = capped(
                [b if b[:1] == "/" else f"{a}/{b}" if a else b for a in values for b in part]
            )
        return values
    if name in ("pathlib.Path.cwd", "os.getcwd", "Path.cwd"):
        return walk.state.cwds
    if name in ("pathlib.Path.home", "Path.home"):
        return (os.environ.get("HOME", UNKNOWN),)
    if name in ("Path", "pathlib.Path") and not given:
        return (".",)
    if name in _SAME:
        return given[0] if given else ("",)
    if name in ("os.path.abspath", "os.path.realpath") and given:
        return tuple(p for v in given[0] for p in walk.run.absolute(v, walk.state))
    if name in ("os.path.dirname", "os.path.basename") and given:
        return pythonpaths.attribute("parent" if name.endswith("dirname") else "name", given[0])
    if name in ("base64.b64decode", "bytes.fromhex", "codecs.decode") and given:
        return pythonpaths.decoded(name, given)
    if name == "chr" and given and given[0][0].isdecimal():
        return (chr(int(given[0][0]) % 0xD800),)
    if name.startswith("tempfile."):
        return ("/tmp/made",)
    if name == "input" or type(node.func).__name__ != "Attribute":
        return ANY
    return _method(walk, node, node.func.attr, given, named)


def _method(
    walk: Walk, node: Any, method: str, given: list[Values], named: dict[str, Values]
) -> Values:
    told, state = walk.run.effects, walk.state
    values = walk.value(node.func.value)
    if method in METHODS:
        told.write(values, state, f".{method}()", kind=KINDS[METHODS[method]])
        return ANY
    if method == "open" and values != ANY:
        mode = named.get("mode", given[0] if given else ("r",))
        if any(not frozenset("wax+").isdisjoint(m) for m in mode if m != UNKNOWN):
            told.write(values, state, ".open()")
        return values
    if method in ("rename", "replace", "move", "move_into") and len(given) == 1:
        told.write(values, state, f".{method}()", kind=effects.TREE)
        told.write(given[0], state, f".{method}()", kind=effects.ENTRY)
        return given[0]
    if method in ("copy", "copy_into") and len(given) == 1 and values != ANY:
        told.write(given[0], state, f".{method}()")
        return given[0]
    if method in SAVING and given and type(node.func.value).__name__ != "Constant":
        told.write(given[0], state, f".{method}()")
        return ANY
    if method in ("extractall", "extract"):
        folder = named.get(
            "path", given[-1] if given and method == "extract" else (given[0] if given else (".",))
        )
        if method == "extractall":
            told.write(tuple(v + "/" + UNKNOWN for v in folder), state, f".{method}()")
            for value in folder:
                for path in told.located(value, state.cwds):
                    if is_known(path):
                        told.write((path,), state, f".{method}()", kind=effects.TREE)
        return ANY
    if method in ("read_text", "read_bytes"):
        stream = walk.run.contents(values, state)
        return stream.texts if stream.texts is not None else ANY
    if method == "read":
        stream = walk.run.contents(values, state) if values != ANY else UNSEEN
        return stream.texts if stream.texts is not None else ANY
    if method in _UNCHANGED:
        return tuple(v.strip() if method == "strip" and not given else v for v in values)
    if method in (
        "joinpath",
        "with_name",
        "with_suffix",
        "with_stem",
        "relative_to",
        "removesuffix",
    ):
        return pythonpaths.renamed(method, values, given)
    if method == "join" and values != ANY and node.args:
        items = walk.items(node.args[0])
        if items and all(len(i) == 1 for i in items):
            return (values[0].join(i[0] for i in items),)
        return ANY
    if method == "format" and values != ANY:
        return capped([pythonpaths.filled(v, "{}", given) for v in values])
    if method in ("lower", "upper") and values != ANY:
        return tuple(v.lower() if method == "lower" else v.upper() for v in values)
    if method == "replace" and len(given) == 2 and values != ANY and all(map(is_known, values)):
        if len(given[0]) == len(given[1]) == 1 and is_known(given[0][0]):
            return capped([v.replace(given[0][0], given[1][0]) for v in values])
        return ANY
    if method in ("append", "add") and type(node.func.value).__name__ == "Name" and given:
        walk.lists.setdefault(node.func.value.id, []).append(given[0])
        return ANY
    if method == "extend" and type(node.func.value).__name__ == "Name" and node.args:
        found = walk.items(node.args[0]) or [ANY]
        walk.lists.setdefault(node.func.value.id, []).extend(found)
    return ANY


def _source_names(node: Any) -> set[str]:
    kind = type(node).__name__
    if kind == "Attribute":
        return {node.attr}
    if kind == "Name":
        return {node.id}
    if kind == "BinOp":
        return _source_names(node.left) | _source_names(node.right)
    return set()
