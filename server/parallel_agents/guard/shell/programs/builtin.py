"""Commands of the shell itself."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import arithmetic, conditions, loops
from parallel_agents.guard.shell.bash.state import ANY, NOTHING, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import STAR, is_known
from parallel_agents.guard.shell.programs import (
    characters,
    directories,
    lookup,
    options,
    printing,
    reading,
    signals,
    wrapping,
)

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
            run.sourced += 1
            wrapping.texts(run, stream, state, stdin)
            run.sourced -= 1
            state.dead = state.over
            state.arguments = arguments
            signals.returned(run, state)
    return UNSEEN


def _exit(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    code = given[0][0] if given else ""
    if name == "return":
        if not run.locals and not run.sourced:
            return NOTHING  # outside of a function it only complains
    else:
        signals.ended(run, state)
    run.succeeded(code == "0" if code.isdecimal() else None if code else run.last)
    if name == "return" and run.results:
        run.results[-1].append(run.returns)
    state.dead = True
    state.over = name != "return"
    return NOTHING


def _export(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    for values in given:
        for value in values:
            key, equals, text = value.partition("=")
            if equals and key.isidentifier():
                state.variables[key] = (text,)
            if name == "export":
                state.exported |= {key}
    run.succeeded(True)
    return NOTHING


def _shift(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    count = int(given[0][0]) if given and given[0][0].isdecimal() else 1
    state.arguments = state.arguments[count:]
    run.succeeded(True)
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


def _command(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    if given and given[0] in (("-v",), ("-V",), ("-p",)) and given[0] != ("-p",):
        found = [v for values in given[1:] for v in values]
        _there(run, found, state)
        return Stream(tuple(v + "\n" for v in found) or ("",))
    if name in ("type", "which", "hash"):
        found = [v for values in given for v in values if v[:1] != "-"]
        _there(run, found, state)
        return Stream(tuple(v + "\n" for v in found) or ("",))
    rest = [v for v in given if v != ("-p",)]
    return wrapping.started(run, rest, state, stdin) if rest else NOTHING


def _machine(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """What says the same in the hook as in the command: who and where this is."""
    run.succeeded(True)
    words = wrapping.plain(given)
    if name == "uname" and words in ([], ["-s"]):
        return Stream((os.uname().sysname + "\n",))
    if name == "id" and words in (["-u"], ["-g"]):
        return Stream((f"{os.getuid() if words == ['-u'] else os.getgid()}\n",))
    if name == "date" and len(words) == 1 and words[0][:1] == "+" and is_known(words[0]):
        pieces = words[0][1:].split("%")
        return Stream((pieces[0] + "".join(STAR + piece[1:] for piece in pieces[1:]) + "\n",))
    if name == "date" and any(v[0][:2] in ("-s", "--") for v in given):
        return UNSEEN
    return Stream(None, (STAR,))


def _there(run: Interpreter, names: list[str], state: State) -> None:
    """Whether a program of this name is found, where that is sure."""
    run.succeeded(None)
    if len(names) == 1 and is_known(names[0]) and "/" not in names[0]:
        (name,) = names
        if name in COMMANDS or name in state.functions or lookup.found(name):
            run.succeeded(True)
        elif "PATH" not in state.variables and name not in state.aliases and name not in KEYWORDS:
            run.succeeded(False if not run.written else None)


KEYWORDS = frozenset(
    (
        *("if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until"),
        *("do", "done", "in", "function", "time", "{", "}", "!", "[[", "]]", "coproc"),
        *("bg", "fg", "jobs", "wait", "ulimit", "umask", "times", "history", "fc", "bind"),
        *("builtin", "caller", "compgen", "complete", "compopt", "dirs", "disown", "enable"),
        *("help", "unset", "suspend", "hash"),
    )
)


def _certain(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    run.succeeded(name != "false")
    return NOTHING


def _let(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    found = [arithmetic.number(run, word, state) for word in wrapping.plain(given)]
    run.succeeded(None if not found or found[-1] is None else found[-1] != 0)
    return NOTHING


def _coproc(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    rest = [v for v in given if v != ("{",)]
    return wrapping.started(run, rest, state.copy(), UNSEEN) if rest else NOTHING


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("cd", "pushd", "popd", "chdir"), directories.change),
    **dict.fromkeys(("source", "."), _source),
    **dict.fromkeys(("exit", "return", "logout"), _exit),
    "read": reading.read,
    **dict.fromkeys(("mapfile", "readarray"), reading.mapfile),
    **dict.fromkeys(("export", "declare", "typeset", "local", "readonly"), _export),
    "set": options.change,
    "shopt": options.shopt,
    "shift": _shift,
    **dict.fromkeys(("alias", "unalias"), _alias),
    **dict.fromkeys(("command", "type", "which"), _command),
    **dict.fromkeys(("true", ":", "false"), _certain),
    **dict.fromkeys(("timeout", "gtimeout"), wrapping.timeout),
    **dict.fromkeys(("at", "batch"), wrapping.later),
    "eval": _eval,
    "trap": signals.trap,
    **dict.fromkeys(("kill", "pkill", "killall"), signals.kill),
    "env": wrapping.env,
    "exec": wrapping.replaced,
    "let": _let,
    **dict.fromkeys(("uname", "id", "date"), _machine),
    "coproc": _coproc,
    "getopts": reading.getopts,
    "flock": wrapping.flock,
    "tr": characters.read,
    **dict.fromkeys(("test", "["), conditions.test),
    **dict.fromkeys(("break", "continue"), loops.leap),
    **printing.COMMANDS,
}
"""By name."""
