"""What taking an archive apart, or making one, would write."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_GREATEST = 16 << 20
_MOST = 2000
_TAR = names(
    """
    -f --file -C --directory -T --files-from -X --exclude-from -I --exclude --strip-components
    --transform -b -g --use-compress-program --owner --group --mode --mtime --one-top-level -N
    -K -s --xform
    """
)


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Any of the archivers; None where the policy table says the rest."""
    if name == "pax":
        parsed = Given(given, frozenset(("-f", "-s", "-p", "-x")))
        if parsed.has("-r"):
            unknown(
                run, parsed.words[-1][0] if parsed.has("-w") and parsed.words else ".", state, name
            )
    elif name in ("tar", "bsdtar", "gtar"):
        _tar(run, name, given, state)
    elif name == "unzip":
        _unzip(run, given, state)
    elif name == "zip":
        _zip(run, given, state, stdin)
        return None
    elif name == "cpio":
        parsed = Given(given, frozenset(("-D", "--directory", "-F", "-E")))
        folder = (parsed.value("-D", "--directory") or (".",))[0]
        if parsed.has("-i", "--extract", "-p", "--pass-through"):
            unknown(
                run,
                folder if not parsed.has("-p") else (parsed.words or [(".",)])[0][0],
                state,
                name,
            )
    else:
        _seven(run, name, given, state)
    return UNSEEN


def _tar(run: Interpreter, name: str, given: list[Values], state: State) -> None:
    rest = list(given)
    if rest and len(rest[0]) == 1 and rest[0][0][:1] != "-" and rest[0][0].isalpha():
        # `tar xf FILE`: the letters of the first word are options, their values follow in order.
        letters = rest.pop(0)[0]
        options: list[Values] = []
        for letter in letters:
            options.append(("-" + letter,))
            if "-" + letter in _TAR and rest:
                options.append(rest.pop(0))
        rest = options + rest
    parsed = Given(rest, _TAR)
    archive = parsed.value("-f", "--file")
    if parsed.has("-c", "--create", "-r", "--append", "-u", "--update", "-A", "--delete"):
        if archive and archive != ("-",):
            run.effects.write(archive, state, f"{name} -f")
        if parsed.has("--remove-files"):
            for word in parsed.words:
                run.effects.write(word, state, "tar --remove-files", kind=effects.TREE)
        return
    if not parsed.has("-x", "--extract", "--get") or parsed.has("-O", "--to-stdout"):
        return
    folder = (parsed.value("-C", "--directory") or (".",))[0]
    top = parsed.value("--one-top-level")
    if top:
        folder = os.path.join(folder, top[0])
    strip = parsed.value("--strip-components")
    depth = int(strip[0]) if strip and strip[0].isdecimal() else 0
    if parsed.has("--transform", "-s", "--xform"):
        unknown(run, folder, state, name)
        return
    wanted = [v for word in parsed.words for v in word]
    for value in archive or ("-",):
        _members(run, value, folder, depth, wanted, state, name)


def _members(
    run: Interpreter,
    archive: str,
    folder: str,
    depth: int,
    wanted: list[str],
    state: State,
    how: str,
) -> None:
    names: list[str] | None = None
    if archive != "-" and is_known(archive):
        for path in run.absolute(archive, state):
            if path not in run.written and is_known(path):
                names = _zipped(path) if how == "unzip" else _tarred(path)
    if names is None:
        if wanted:
            names = [w.replace("\ue001", UNKNOWN) for w in wanted]
        else:
            unknown(run, folder, state, how)
            return
    for member in names[:_MOST]:
        if wanted and not any(
            member == w or member.startswith(w.rstrip("/") + "/") or not is_known(w) for w in wanted
        ):
            continue
        pieces = [p for p in member.split("/") if p not in ("", ".")][depth:]
        if pieces:
            goal = os.path.join(folder, *pieces)
            run.effects.write((goal,), state, how, kind=effects.ENTRY)


def _tarred(path: str) -> list[str] | None:
    try:
        if os.path.getsize(path) > _GREATEST:
            return None
        import tarfile

        with tarfile.open(path) as archive:
            found: list[str] = []
            for member in archive:
                if not member.isdir():
                    found.append(member.name)
                if len(found) > _MOST:
                    return None
            return found
    except Exception:  # whatever a broken archive raises: then nobody knows what is in it
        return None


def _zipped(path: str) -> list[str] | None:
    try:
        import zipfile

        with zipfile.ZipFile(path) as archive:
            found = [n for n in archive.namelist() if not n.endswith("/")]
            return found if len(found) <= _MOST else None
    except Exception:  # as above
        return None


def _unzip(run: Interpreter, given: list[Values], state: State) -> None:
    parsed = Given(given, frozenset(("-d", "-x", "-P")))
    if parsed.has("-l", "-t", "-p", "-v", "-Z", "-c", "-z") or not parsed.words:
        return
    folder = (parsed.value("-d") or (".",))[0]
    wanted = [v for word in parsed.words[1:] for v in word]
    for value in parsed.words[0]:
        _members(run, value, folder, 0, wanted, state, "unzip")


def _seven(run: Interpreter, name: str, given: list[Values], state: State) -> None:
    options = [v[0] for v in given if v[0][:1] == "-"]
    words = [v for v in given if v[0][:1] != "-"]
    action = words[0][0] if words else ""
    if action in ("x", "e"):
        folder = next((w[2:] for w in options if w.startswith("-o")), ".")
        if name in ("rar", "unrar") and len(words) > 2 and words[-1][0].endswith("/"):
            folder = words[-1][0]
        if "-so" not in options:
            unknown(run, folder, state, name)
    elif action[:1] in ("a", "u", "d", "f", "m", "r") and action[:1] and len(words) > 1:
        run.effects.write(words[1], state, name)
        if action[0] == "m" or "-sdel" in options or "-df" in options:
            for word in words[2:]:
                run.effects.write(word, state, f"{name} (moved)", kind=effects.TREE)


def _zip(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    """`zip -m` removes what it has put in."""
    parsed = Given(given, frozenset(("-x", "-i", "-b", "-O", "--out", "-P", "-t", "-tt", "-n")))
    if not parsed.has("-m", "--move"):
        return
    names = [(v,) for v in stdin.lines] if parsed.has("-@") else []
    for word in [*parsed.words[1:], *names]:
        run.effects.write(word, state, "zip -m", kind=effects.TREE)


def unknown(run: Interpreter, folder: str, state: State, how: str) -> None:
    """Files of unknown names in a folder: refused where something there is held."""
    run.effects.unknown(f"what `{how}` writes is only known when it runs")
    for path in run.effects.located(folder, state.cwds):
        if is_known(path):
            below = run.effects.scene.below(path, whole=False) if os.path.isdir(path) else None
            if below is not None and below.kind == "held":
                from parallel_agents.guard.shell.verdict import Finding

                run.effects.found(Finding(below.path, how, below, sure=False, wide=True))
        else:
            run.effects.write((os.path.join(path, UNKNOWN),), state, how)


__all__ = ["ANY", "read"]
