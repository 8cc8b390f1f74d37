"""Shells that are started: what they read first, their options, the code that they run."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.state import NOTHING, UNSEEN, Stream
from parallel_agents.guard.shell.programs import options, signals, wrapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_OF_INTERACTIVE = frozenset(("sh", "dash", "ksh", "mksh", "ash"))


def start(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """A shell: its `-c`, its script, or what it reads."""
    state = child(state)
    if name not in ("bash", "rbash"):
        state.functions = {}
    rest = list(given)
    flags = ""
    first: Values = ()
    while rest and rest[0][0][:1] in ("-", "+") and len(rest[0][0]) > 1:
        word = rest[0][0]
        if word in ("--rcfile", "--init-file"):
            first = rest[1] if len(rest) > 1 else ()
            rest = rest[2:]
        elif word in ("--version", "--help"):
            return UNSEEN
        elif word[:2] == "--" and len(word) > 2:
            rest = rest[1:]
        else:
            flags += word[1:] if word[0] == "-" else ""
            taking = 2 if word[-1] in "oO" else 1
            options.taken(rest[:taking], state)
            rest = rest[taking:]
            if word == "--":
                break
    if "n" in flags.replace("on", "").replace("en", ""):
        return UNSEEN
    _begin(run, name, state, first, flags)
    options.traced(run, state)
    before = run.script, run.bare
    run.bare = False
    if "c" in flags:
        state.arguments = rest[2:]
        run.script = (rest[1][0] if len(rest[1]) == 1 else "") if len(rest) > 1 else name
        code = rest[0] if rest else ("",)
        if name == "zsh":
            code = tuple(text.replace(">!", ">|") for text in code)
        out = wrapping.texts(run, Stream(code), state, stdin)
    elif not rest or "s" in flags or rest[0] in (("/dev/stdin",), ("-",)):
        state.arguments = rest if "s" in flags else rest[1:]
        out = wrapping.texts(run, stdin, state, UNSEEN)
    else:
        from parallel_agents.guard.shell.programs import scripts

        for value in rest[0]:
            scripts.shell(run, value, rest[1:], state, stdin)
        out = UNSEEN
    run.script, run.bare = before
    signals.ended(run, state)
    return out


def child(state: State) -> State:
    """What a program that is started knows of this: its variables are those that are exported."""
    new = state.fork()
    given = state.exported
    new.variables = {
        name: values if name in given or name in os.environ else ("",)
        for name, values in state.variables.items()
    }
    new.functions = {f: body for f, body in state.functions.items() if f + "()" in given}
    new.arrays, new.aliases, new.names, new.maps = {}, {}, {}, frozenset()
    new.options = frozenset()
    return new


def _begin(run: Interpreter, name: str, state: State, first: Values, flags: str) -> None:
    """Run what the shell reads before its code: BASH_ENV, ENV, its own start files."""
    wanted: list[str] = []
    interactive = "i" in flags
    if "l" in flags and "HOME" in state.variables:
        folders = _exported(run, state, "HOME")
        names = (".bash_profile", ".bash_login", ".profile") if name == "bash" else (".profile",)
        files = [f"{folder}/{file}" for folder in folders for file in names]
        wanted = [f for f in files if any(p in run.written for p in run.absolute(f, state))][:1]
    elif name in ("bash", "rbash") and not interactive:
        wanted = _exported(run, state, "BASH_ENV")
    elif name in ("bash", "rbash"):
        wanted = list(first)
        if not first and "HOME" in state.variables:
            wanted = [folder + "/.bashrc" for folder in _exported(run, state, "HOME")]
    elif name in _OF_INTERACTIVE and interactive:
        wanted = _exported(run, state, "ENV")
    elif name == "zsh":
        wanted = [folder + "/.zshenv" for folder in _exported(run, state, "ZDOTDIR")]
    if wanted:
        stream = run.contents(tuple(wanted), state)
        wrapping.texts(run, stream, state, NOTHING)


def _exported(run: Interpreter, state: State, name: str) -> list[str]:
    if name not in state.exported and name not in os.environ:
        return []
    found: list[str] = []
    for text in state.variables.get(name, ()):
        found += expansion.value(run, text, state, quoted=True) if text else ()
    return found
