"""What taking an archive apart, or making one, would write."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_GREATEST = 16 << 20
_MOST = 2000


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Any of the archivers; None where the policy table says the rest."""
    if name == "pax":
        parsed = Given(given, frozenset(("-f", "-s", "-p", "-x")))
        if parsed.has("-w") and not parsed.has("-r"):
            run.effects.write(parsed.value("-f") or (), state, "pax -f")
        if parsed.has("-r"):
            unknown(
                run, parsed.words[-1][0] if parsed.has("-w") and parsed.words else ".", state, name
            )
    elif name in ("tar", "bsdtar", "gtar", "ptar", "star"):
        from parallel_agents.guard.shell.programs import tars

        if stdin is not run.git.archive:
            run.packed.pop("-", None)
        tars.tar(run, name, given, state)
    elif name == "unzip":
        _unzip(run, given, state)
    elif name == "zip":
        _zip(run, given, state, stdin)
        return None
    elif name == "cpio":
        _cpio(run, given, state, stdin)
    elif name in ("ar", "llvm-ar", "gcc-ar"):
        _ar(run, name, given, state)
    else:
        _seven(run, name, given, state)
    return UNSEEN


def packed(
    run: Interpreter, folder: str, value: str, found: list[str] | None, state: State
) -> list[str] | None:
    """`found` and what is put into an archive for the word `value`, called from `folder`."""
    if found is None or not is_known(value) or not is_known(folder) or len(state.cwds) != 1:
        return None
    top = os.path.join(state.cwds[0], folder, value)
    name = value.lstrip("/")
    found = list(found)
    made = os.path.isdir(top) or any(p.startswith(f"{os.path.normpath(top)}/") for p in run.written)
    if not made:
        return [*found, name]
    for path in run.written:
        if path.startswith(f"{os.path.normpath(top)}/") and is_known(path):
            found.append(os.path.join(name, os.path.relpath(path, top)))
    for at, folders, inside in os.walk(top):
        run.budget.step()
        folders[:] = [f for f in folders if f != ".git"]
        found += [os.path.join(name, at[len(top) :].strip("/"), each) for each in inside]
        if len(found) > _MOST:
            return None
    return found


def members(
    run: Interpreter, archive: str, wanted: list[str], state: State, how: str
) -> list[str] | None:
    """The names that are taken out of an archive; None where nobody knows them."""
    found = run.packed.get("-") if archive == "-" else None
    if archive != "-" and is_known(archive):
        for path in run.absolute(archive, state):
            if path in run.packed:
                found = run.packed[path]
            elif path not in run.written and is_known(path):
                found = _zipped(path) if how in ("unzip", "7z") else _tarred(path)
    if not wanted:
        return found
    if found is None:
        return [w.replace("\ue001", UNKNOWN) for w in wanted]
    return [
        member
        for member in found
        if any(
            member == w
            or member.startswith(w.rstrip("/") + "/")
            or not is_known(w)
            or fits(globbed(w).replace("\ue001", UNKNOWN), member)
            for w in wanted
        )
    ]


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
    words: list[Values] = []
    excluded: list[str] = []
    folder, excluding, flags = ".", False, ""
    rest = list(given)
    while rest:
        values = rest.pop(0)
        word = values[0]
        if word == "-d" and rest:
            folder, excluding = rest.pop(0)[0], False
        elif word.startswith("-d") and len(word) > 2 and "/" in word:
            folder = word[2:]
        elif word == "-x":
            excluding = True
        elif word[:1] == "-" and len(word) > 1:
            flags += word[1:]
            if word[-1] == "d" and word.isascii() and rest:  # `-qod DIR`
                folder = rest.pop(0)[0]
            excluding = word[-1] == "x"
        elif excluding:
            excluded += values
        else:
            words.append(values)
    if any(flag in flags for flag in "ltpvZcz") or not words:
        return
    wanted = [v for word in words[1:] for v in word]
    for value in words[0]:
        found = members(run, value if "." in value[1:] else value + ".zip", wanted, state, "unzip")
        if found is None:
            unknown(run, folder, state, "unzip")
            continue
        for member in found[:_MOST]:
            if any(fits(globbed(x).replace("\ue001", UNKNOWN), member) for x in excluded):
                continue
            name = os.path.basename(member) if "j" in flags else member
            goal = os.path.join(folder, *[p for p in name.split("/") if p])
            if "n" in flags and all(os.path.lexists(p) for p in run.absolute(goal, state)):
                continue
            run.effects.write((goal,), state, "unzip", kind=effects.ENTRY)


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


def _cpio(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    valued = ("-D", "--directory", "-F", "-E", "-O", "-I", "-H", "--file", "-R", "-C", "-M")
    parsed = Given(given, frozenset(valued))
    folder = (parsed.value("-D", "--directory") or (".",))[0]
    for option, values in parsed.options:
        if option == "-O" or (option in ("-F", "--file") and parsed.has("-o", "--create")):
            run.effects.write(values, state, f"cpio {option}")
    if parsed.has("-t", "--list", "--to-stdout") or parsed.has("-o", "--create"):
        return
    if parsed.has("-p", "--pass-through"):
        target = (parsed.words or [(".",)])[0][0]
        for line in stdin.lines:
            goal = os.path.join(folder, target, line)
            kind = effects.ENTRY if is_known(line) else effects.WRITE
            run.effects.write((goal,), state, "cpio -p", kind=kind)
    elif parsed.has("-i", "--extract"):
        wanted = [v for word in parsed.words for v in word]
        for value in wanted:
            goal = os.path.join(folder, globbed(value).replace("\ue001", UNKNOWN))
            run.effects.write((goal,), state, "cpio -i")
        if not wanted:
            unknown(run, folder, state, "cpio")


def _ar(run: Interpreter, name: str, given: list[Values], state: State) -> None:
    """`ar x` makes files where it is called; what changes the archive writes that."""
    parsed = Given(given, frozenset(("--output", "--plugin", "--target")))
    words = [v for v in given if v[0][:2] != "--"]
    if not words:
        return
    letters = words[0][0].lstrip("-")
    rest = words[2:] if not set("abi") & set(letters[1:]) else words[3:]
    archive = words[1] if len(words) > 1 else ()
    if letters[:1] == "x":
        folder = (parsed.value("--output") or (".",))[0]
        for value in archive:
            paths = run.absolute(value, state)
            known = run.packed.get(paths[0]) if paths else None
            found = [v for word in rest for v in word] or known
            if found is None:
                unknown(run, folder, state, name)
                run.effects.mention((os.path.join(folder, "any"),), state, name)
            for member in found or ():
                goal = os.path.join(folder, os.path.basename(member))
                run.effects.write((goal,), state, f"{name} x")
    elif letters[:1] in ("r", "q", "d", "m", "s"):
        run.effects.write(archive, state, name)
        for value in archive:
            for path in run.absolute(value, state):
                if letters[:1] in ("r", "q") and not os.path.exists(path):
                    run.packed.setdefault(path, [])
                    before = run.packed[path]
                    if before is not None:
                        run.packed[path] = [*before, *(v for word in rest for v in word)]


def _zip(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    """What is put in is remembered; `zip -m` removes it."""
    parsed = Given(given, frozenset(("-x", "-i", "-b", "-O", "--out", "-P", "-t", "-tt", "-n")))
    held: list[str] | None = []
    for word in parsed.words[1:]:
        for value in run.effects.listed(list(word), state):
            held = packed(run, ".", value, held, state)
    for value in parsed.words[0] if parsed.words else ():
        for path in run.absolute(value, state):
            run.packed[path] = (
                None if os.path.exists(path) or parsed.has("-@", "-x", "-j") else held
            )
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
