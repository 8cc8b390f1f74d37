"""Programs whose output is known without running them: it becomes names, lists and code."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import parameters
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.wordparts import unescaped
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, is_known, product
from parallel_agents.guard.shell.programs import filters
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


def _together(given: list[Values], between: str = " ") -> Values:
    values: Values = ("",)
    for at, word in enumerate(given):
        values = product(values, tuple((between if at else "") + v for v in word))
    return values


def _echo(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    rest = list(given)
    end, escapes = "\n", False
    while rest and len(rest[0]) == 1 and rest[0][0] in ("-n", "-e", "-E", "-ne", "-en"):
        word = rest.pop(0)[0]
        end = "" if "n" in word else end
        escapes = escapes or "e" in word
    words = [_shown(run, v, state) for v in rest]
    values = tuple(v + end for v in _together(words))
    run.succeeded(True)
    return Stream(tuple(_escaped(v) for v in values) if escapes else values)


def _shown(run: Interpreter, values: Values, state: State) -> Values:
    """A word as the program gets it: its wildcards are names."""
    found = run.effects.listed(list(values), state)
    if len(values) == 1 and found != values:
        return (" ".join(found),)
    return values


def _each(run: Interpreter, values: Values, state: State) -> list[Values]:
    """A word as the words that its wildcards find."""
    found = run.effects.listed(list(values), state)
    return [(v,) for v in found] if len(values) == 1 and found != values else [values]


def _escaped(text: str) -> str:
    if "\\" not in text:
        return text
    out = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            piece, at = unescaped(text, at)
            out.append(piece)
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _printf(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    rest = list(given)
    variable = None
    if rest[:1] == [("-v",)] and len(rest) > 1:
        variable = rest[1][0]
        rest = rest[2:]
    if rest[:1] == [("--",)]:
        rest = rest[1:]
    run.succeeded(True)
    if not rest:
        return UNSEEN
    formats = rest[0]
    words = [w for v in rest[1:] for w in _each(run, v, state)]
    found: list[str] = []
    for form in formats:
        found += _formatted(_escaped(form), words)
    values = capped(found)
    if variable is not None:
        parameters.named(run, variable, values, state)
        return Stream(("",))
    return Stream(values)


def _formatted(form: str, words: list[Values]) -> Values:
    pieces, holes = _holes(form)
    if not holes:
        return ("".join(pieces),)
    values: Values = ("",)
    rest = list(words) or [("",)]
    while rest:
        for at, piece in enumerate(pieces):
            values = product(values, (piece,))
            if at < len(holes):
                word = rest.pop(0) if rest else ("",)
                word = tuple(map(_escaped, word)) if holes[at] == "b" else word
                values = product(values, word if holes[at] in "sbq" else _number(word))
        if len(values[0]) > 8192:
            return ANY
    return values


def _number(word: Values) -> Values:
    return word if all(v.isdecimal() for v in word) else ("\ue001",)


def _holes(form: str) -> tuple[list[str], list[str]]:
    pieces, holes, at = [""], [], 0
    while at < len(form):
        if form[at] != "%":
            pieces[-1] += form[at]
            at += 1
        elif form.startswith("%%", at):
            pieces[-1] += "%"
            at += 2
        else:
            end = at + 1
            while end < len(form) and form[end] in "-+ #0123456789.*'":
                end += 1
            plain = end == at + 1
            kind = form[end : end + 1] or "s"
            holes.append(kind if plain or kind in "sbq" else "?")
            pieces.append("")
            at = end + 1
    return pieces, holes


def _cat(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(given, frozenset())
    words = parsed.words
    if not words or words == [("-",)]:
        return stdin
    values: Values = ("",)
    for word in words:
        stream = (
            stdin if word == ("-",) else run.contents(run.effects.listed(list(word), state), state)
        )
        if stream.texts is None or len(stream.texts) > 1:
            return stream if len(words) == 1 else UNSEEN
        values = product(values, stream.texts)
    return Stream(values)


def _tee(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(given, frozenset())
    for word in parsed.words:
        run.effects.write(word, state, name)
        for value in word:
            for path in run.absolute(value, state):
                run.remember(path, stdin, appended=parsed.has("-a", "--append"))
    return stdin if name == "tee" else Stream(("",))


def _basename(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    parsed = Given(given, frozenset(("-s", "--suffix")))
    words = parsed.words
    if not words:
        return UNSEEN
    suffix = parsed.value("-s", "--suffix") or (
        words[1] if len(words) == 2 and name == "basename" else ("",)
    )
    found: list[str] = []
    for value in words[0]:
        text = value.rstrip("/") or "/"
        if name == "basename":
            text = text.rpartition("/")[2]
            if suffix[0] and text.endswith(suffix[0]) and text != suffix[0]:
                text = text[: -len(suffix[0])]
        elif UNKNOWN in text.rpartition("/")[2]:
            text = UNKNOWN
        else:
            text = text.rpartition("/")[0] or ("/" if text[:1] == "/" else ".")
        found.append(text + "\n")
    return Stream(capped(found))


def _realpath(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    parsed = Given(given, frozenset(("--relative-to", "--relative-base")))
    found: list[str] = []
    base = parsed.value("--relative-to")
    for word in parsed.words[:8]:
        for value in word:
            for path in run.effects.located(value, state.cwds):
                if not is_known(path):
                    found.append(path + "\n")
                    continue
                if name == "readlink" and not parsed.has("-f", "-e", "-m"):
                    try:
                        found.append(os.readlink(path) + "\n")
                    except OSError:
                        found.append("\n")
                    continue
                real = os.path.realpath(path)
                if base is not None:
                    real = os.path.relpath(real, run.absolute(base[0], state)[0])
                found.append(real + "\n")
    return Stream(capped(found) if found else ANY)


def _mktemp(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    parsed = Given(given, frozenset(("-p", "--tmpdir", "--suffix", "-t")))
    folder = parsed.value("-p", "--tmpdir")
    template = parsed.words[0][0] if parsed.words else "tmp.XXXXXXXXXX"
    template = template.replace("XXXXXX", "\ue001")
    while "\ue001X" in template:
        template = template.replace("\ue001X", "\ue001")
    if folder is None and (not parsed.words or parsed.has("-t")):
        folder = (os.environ.get("TMPDIR", "/tmp"),)
    path = os.path.join(folder[0], template) if folder else template
    return Stream((path.replace("\ue001", "Xmade") + "\n",))


def _pwd(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    run.succeeded(True)
    return Stream(tuple(cwd + "\n" for cwd in state.cwds))


def _yes(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    return Stream(None, _together(given) if given else ("y",))


def _du(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Sizes and names of folders; with -a also of files."""
    from parallel_agents.guard.shell.programs import finding

    found = finding.read(run, "find", [v for v in given if v[0][:1] != "-"], state, stdin)
    return Stream(None, tuple(f"4\t{path}" for path in found.lines))


def _seq(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    numbers = [v[0] for v in given if v[0].isdecimal()]
    if len(numbers) == len(given) and len(given) in (1, 2):
        low, high = (1, int(numbers[0])) if len(given) == 1 else map(int, numbers)
        if high - low < 60:
            return Stream(("".join(f"{n}\n" for n in range(low, high + 1)),))
    return Stream(None, ("\ue001",))


def _ls(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(given, frozenset(("-I", "--ignore", "-w")))
    found: list[str] = []
    for word in parsed.words or [(".",)]:
        for value in run.effects.listed(list(word), state):
            if not is_known(value):
                found.append(value)
                continue
            for path in run.effects.located(value, state.cwds):
                if os.path.isdir(path) and not parsed.has("-d"):
                    try:
                        found += [
                            n
                            for n in os.listdir(path)[:500]
                            if n[:1] != "." or parsed.has("-a", "-A")
                        ]
                    except OSError:
                        return UNSEEN
                else:
                    found.append(value)
    if parsed.has("-l"):
        found = [f"-rw-r--r-- 1 u g 0 Jan 1 00:00 {name}" for name in found]
    return Stream(None, tuple(dict.fromkeys(found))) if found else UNSEEN


def _rev(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    return UNSEEN if given else filters.reversed_lines(stdin)


def _decoded(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    parsed = Given(given, frozenset(("-w", "--wrap", "-i", "-o", "-s", "-l", "-c")))
    if parsed.has("-o"):
        run.effects.write(parsed.value("-o") or ANY, state, name)
    if name == "xxd" and len(parsed.words) > 1:
        run.effects.write(parsed.words[1], state, name)
    source = run.contents(parsed.words[0], state) if parsed.words else stdin
    if source.texts is None or source.texts == ANY or not parsed.has("-d", "-D", "--decode", "-r"):
        return UNSEEN
    from binascii import Error, a2b_base64, unhexlify

    found: list[str] = []
    for text in source.texts:
        try:
            raw = a2b_base64(text) if name == "base64" else unhexlify("".join(text.split()))
            found.append(raw.decode())
        except (Error, ValueError):
            return UNSEEN
    return Stream(capped(found))


COMMANDS = {
    **dict.fromkeys(filters.NAMES, filters.read),
    **dict.fromkeys(("realpath", "readlink", "grealpath", "greadlink"), _realpath),
    **dict.fromkeys(("basename", "dirname"), _basename),
    **dict.fromkeys(("tee", "sponge"), _tee),
    **dict.fromkeys(("ls", "dir"), _ls),
    **dict.fromkeys(("base64", "xxd"), _decoded),
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "mktemp": _mktemp,
    "pwd": _pwd,
    "seq": _seq,
    "yes": _yes,
    "du": _du,
    "rev": _rev,
}
"""By name."""
