"""Commands of the shell itself."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import conditions, loops
from parallel_agents.guard.shell.bash.state import ANY, NOTHING, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.programs import characters, directories, printing, wrapping
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Command = Callable[[Interpreter, str, list[Values], State, Stream], Stream]


def _eval(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    return run.text(" ".join(wrapping.plain(given)), state, stdin)


def _source(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    if not given:
        return NOTHING
    for value in given[0]:
        if value == "/dev/stdin":
            return wrapping.texts(run, stdin, state, NOTHING)
        for path in run.absolute(value, state):
            stream = run.contents_of(path)
            if stream.texts is None or stream.texts == ANY:
                if not path.endswith(("/activate", "/nvm.sh", ".bashrc", ".profile", ".zshrc")):
                    run.effects.unknown(f"`{value[:60]}` is sourced and cannot be read")
                run.doubts = True
                continue
            if path.endswith("/activate"):
                continue
            arguments, state.arguments = state.arguments, given[1:] or state.arguments
            wrapping.texts(run, stream, state, stdin)
            state.arguments = arguments
    return UNSEEN


def _exit(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    state.dead = True
    return NOTHING


def _read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    valued = frozenset(("-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u"))
    if name != "read":
        valued = frozenset(("-d", "-n", "-O", "-s", "-u", "-C", "-c"))
    parsed = Given(given, valued)
    lines = stdin.lines if parsed.value("-d") is None else stdin.words("\0\n")
    if name != "read":
        (target, *_) = wrapping.plain(parsed.words) or ["MAPFILE"]
        state.arrays[target] = [(line,) for line in lines] if lines != ANY else [ANY]
        run.succeeded(True)
        return NOTHING
    into = parsed.value("-a")
    if into is not None:
        state.arrays[into[0]] = [(word,) for word in stdin.words()]
        return NOTHING
    names = wrapping.plain(parsed.words) or ["REPLY"]
    separator = state.variables.get("IFS", (" ",))[0][:1] or "\n"
    for at, target in enumerate(names):
        values: list[str] = []
        for line in lines:
            blank = separator in " \t\n"
            pieces = line.split(None if blank else separator, len(names) - 1)
            if len(names) == 1:
                values.append(line.strip() if blank else line)
            elif any(UNKNOWN in piece for piece in pieces[: at + 1]):
                values.append(UNKNOWN)
            else:
                values.append(pieces[at].rstrip() if at < len(pieces) else "")
        state.variables[target] = tuple(dict.fromkeys(values))[:512] or ("",)
        state.arrays.pop(target, None)
    return NOTHING


def _export(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    for values in given:
        for value in values:
            key, equals, text = value.partition("=")
            if equals and key.isidentifier():
                state.variables[key] = (text,)
    run.succeeded(True)
    return NOTHING


def _set(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    run.succeeded(True)
    if name == "shift":
        count = int(given[0][0]) if given and given[0][0].isdecimal() else 1
        state.arguments = state.arguments[count:]
        return NOTHING
    words = list(given)
    while words and words[0][0][:1] in ("-", "+") and words[0] != ("--",):
        words.pop(1 if words[0][0] in ("-o", "+o") and len(words) > 1 else 0)
        if words and words[0] in (("-o",), ("+o",)):
            words.pop(0)
    if words[:1] == [("--",)]:
        words = words[1:]
        state.arguments = words
        run.bare = False
    elif words:
        state.arguments = words
        run.bare = False
    return NOTHING


def _alias(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    for values in given:
        for value in values:
            key, equals, text = value.partition("=")
            if name == "unalias":
                state.aliases.pop(value, None)
            elif equals:
                state.aliases[key] = (text,)
    return NOTHING


def _trap(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    words = [v for v in given if v not in (("-p",), ("-l",), ("--",))]
    doubts, run.doubts = run.doubts, True  # what the variables are then is not known yet
    for text in words[0] if words else ():
        if text not in ("", "-"):
            run.inner(text, state)
    run.doubts = doubts
    return NOTHING


def _command(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    if given and given[0] in (("-v",), ("-V",), ("-p",)) and given[0] != ("-p",):
        found = [v for values in given[1:] for v in values]
        return Stream(tuple(v + "\n" for v in found) or ("",))
    if name in ("type", "which", "hash"):
        found = [v for values in given for v in values if v[:1] != "-"]
        return Stream(tuple(v + "\n" for v in found) or ("",))
    rest = [v for v in given if v != ("-p",)]
    return wrapping.started(run, rest, state, stdin) if rest else NOTHING


def _certain(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    run.succeeded(name != "false")
    return NOTHING


def _let(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    for word in wrapping.plain(given):
        key = word.rstrip("+-*/%&|^<>=0123456789 ").partition("=")[0].strip("+- ")
        if key.isidentifier():
            state.variables[key] = ("\ue001",)
    return NOTHING


def _coproc(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    rest = [v for v in given if v != ("{",)]
    return wrapping.started(run, rest, state.copy(), UNSEEN) if rest else NOTHING


def _getopts(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    if len(given) > 1:
        state.variables[given[1][0]] = ("\ue002",)
    state.variables["OPTARG"] = ANY
    return NOTHING


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("cd", "pushd", "popd", "chdir"), directories.change),
    **dict.fromkeys(("source", "."), _source),
    **dict.fromkeys(("exit", "return", "logout"), _exit),
    **dict.fromkeys(("read", "mapfile", "readarray"), _read),
    **dict.fromkeys(("export", "declare", "typeset", "local", "readonly"), _export),
    **dict.fromkeys(("set", "shift"), _set),
    **dict.fromkeys(("alias", "unalias"), _alias),
    **dict.fromkeys(("command", "type", "which"), _command),
    **dict.fromkeys(("true", ":", "false"), _certain),
    **dict.fromkeys(("timeout", "gtimeout"), wrapping.timeout),
    **dict.fromkeys(("at", "batch"), wrapping.later),
    "eval": _eval,
    "trap": _trap,
    "env": wrapping.env,
    "exec": wrapping.replaced,
    "let": _let,
    "coproc": _coproc,
    "getopts": _getopts,
    "flock": wrapping.flock,
    "tr": characters.read,
    **dict.fromkeys(("test", "["), conditions.test),
    **dict.fromkeys(("break", "continue"), loops.leap),
    **printing.COMMANDS,
}
"""By name."""
