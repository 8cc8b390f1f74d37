"""The command line of Python: its `-c`, its `-m`, its script, or what it reads."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, is_known
from parallel_agents.guard.shell.programs import scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = ("-W", "-X", "--check-hash-based-pycs")


def python(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Follow what a Python would run."""
    _started(run, given, state)
    rest = list(given)
    while rest:
        word = rest[0][0]
        if word[:1] != "-" or word == "-":
            break
        rest.pop(0)
        if word in _VALUED:
            rest = rest[1:]
        elif word == "--":
            break
        elif word in ("-V", "--version", "-VV", "-h", "--help"):
            return UNSEEN
        elif word[:2] != "--" and "c" in word[1:]:
            attached = word.partition("c")[2]
            text: Values = (attached,) if attached else (rest.pop(0) if rest else ("",))
            return code(run, text, "-c", rest, state, stdin)
        elif word[:2] != "--" and "m" in word[1:]:
            attached = word.partition("m")[2]
            module = attached or (rest.pop(0)[0] if rest else "")
            from parallel_agents.guard.shell.code import pythontools

            return pythontools.run_module(run, module, rest, state, stdin)
    if not rest or rest[0] in (("-",), ("/dev/stdin",)):
        source = stdin.texts if stdin.texts is not None else ANY
        return code(run, source, "-", rest[1:], state)
    script = rest.pop(0)
    out = UNSEEN
    for value in script:
        for path in run.absolute(value, state):
            if is_known(path) and os.path.isdir(path):
                path = os.path.join(path, "__main__.py")
            if "parallel_agents/" in path and _is_own(run, path):
                own(run, rest)
            stream = run.contents_of(path)
            if scripts.is_missing(run, path):
                run.effects.unknown(f"there is no script `{value[:60]}`")
            elif stream.texts is None or stream.texts == ANY:
                run.effects.unknown(f"the script `{value[:60]}` cannot be read")
                for values in rest:
                    run.effects.mention(values, state, value[:60])
            else:
                out = code(run, stream.texts, path, rest, state, stdin)
    return out if len(script) == 1 else UNSEEN


def code(
    run: Interpreter,
    texts: Values,
    script: str,
    arguments: list[Values],
    state: State,
    stdin: Stream = UNSEEN,
) -> Stream:
    from parallel_agents.guard.shell.code import pythoncode

    out = UNSEEN
    for text in texts:
        if not is_known(text):
            run.effects.unknown("Python code is only known when it runs", text)
            if text == UNKNOWN:
                for values in arguments:
                    run.effects.mention(values, state, "python")
                continue
        out = pythoncode.follow(run, text, script, arguments, state, stdin)
    return out if len(texts) == 1 else UNSEEN


def _started(run: Interpreter, given: list[Values], state: State) -> None:
    """What every Python runs first, as the environment says."""
    flags = [v[0] for v in given if v[0][:1] == "-"]
    if any(
        f[:2] != "--" and ("E" in f or "I" in f) for f in flags[:3] if f[:2] not in ("-c", "-m")
    ):
        return
    first = [] if any(f in ("-S",) for f in flags[:3]) else ["sitecustomize", "usercustomize"]
    for value in state.variables.get("PYTHONPATH", ()):
        for folder in value.split(":") if is_known(value) else ():
            for name in first:
                _found(run, f"{folder or '.'}/{name}.py", state)
    asks = any(f[:2] != "--" and "i" in f[1:] for f in flags[:3] if f[:2] not in ("-c", "-m"))
    if asks or "PYTHONINSPECT" in state.variables:
        for value in state.variables.get("PYTHONSTARTUP", ()):
            _found(run, value, state)
    for value in state.variables.get("PYTHONPYCACHEPREFIX", ()):
        for path in run.absolute(value, state):
            run.effects.mention((f"{path}/any",), state, "PYTHONPYCACHEPREFIX")


def _found(run: Interpreter, path: str, state: State) -> None:
    if UNKNOWN in path:
        wanted = path
        for name in [n for n in run.written if fits(wanted, n)]:
            code(run, run.written[name].texts or ANY, name, [], state)
        return
    stream = run.contents((path,), state)
    if stream.texts is not None and stream.texts != ANY:
        code(run, stream.texts, path, [], state)


def _is_own(run: Interpreter, path: str) -> bool:
    return os.path.realpath(path).startswith(run.effects.scene.plugin + "/") or path.endswith(
        ("/parallel_agents/cli.py", "/parallel_agents/__main__.py")
    )


def own(run: Interpreter, rest: list[Values]) -> None:
    from parallel_agents.guard.shell.programs.invocation import VERBS

    for values in rest:
        for value in values:
            if value in VERBS:
                run.effects.own_verb(value)
                return
