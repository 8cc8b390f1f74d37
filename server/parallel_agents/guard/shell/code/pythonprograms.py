"""Programs that Python code starts: by a list of words, or by a shell."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, names
from parallel_agents.guard.shell.code import pythonlibrary
from parallel_agents.guard.shell.code.pythonvalues import (
    Choice,
    Instance,
    Name,
    elements,
    options,
    texts,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.code.pythonfunctions import Functions

RUNNERS = names(
    """
    subprocess.run subprocess.call subprocess.check_call subprocess.check_output
    subprocess.Popen asyncio.create_subprocess_exec pexpect.spawn sh.Command pty.spawn
    asyncio.subprocess.create_subprocess_exec
    """
)
SHELLS = names(
    """
    os.system os.popen subprocess.getoutput subprocess.getstatusoutput pexpect.run
    commands.getoutput asyncio.create_subprocess_shell
    """
)
_STARTERS = ("os.exec", "os.spawn", "os.posix_spawn")


def call(walk: Functions, called: Name, given: list[Any], named: dict[str, Any]) -> Any:
    """What a function gives, or `pythonlibrary.NOT_THERE`."""
    name = called.name
    if name == "subprocess.Popen().communicate" or name == "subprocess.Popen().stdin.write":
        text = given[0] if given else named.get("input")
        if text is not None and isinstance(called.given, tuple):
            words, kept = called.given
            _started(walk, "subprocess.Popen", words, {**kept, "input": text})
        return (UNKNOWN, UNKNOWN)
    if name in SHELLS:
        found = _shell(walk, texts(given[0] if given else named.get("cmd", UNKNOWN)), UNSEEN, named)
        return (
            (0, found)
            if name.endswith("statusoutput")
            else Name("os.popen()", found)
            if (name == "os.popen")
            else found
            if name.endswith("getoutput")
            else UNKNOWN
        )
    if name in RUNNERS or name.startswith(_STARTERS):
        return _started(walk, name, given, named)
    if name == "lib2to3.main.main":
        return _started(walk, "2to3", [["2to3", *(elements(given[-1] if given else []) or [])]], {})
    if name.startswith("sh.") and name.count(".") == 1:
        return _started(walk, "sh", [[name[3:], *given]], {})
    return pythonlibrary.NOT_THERE


def _started(walk: Functions, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    state = walk.state.copy()
    if named.get("cwd") is not None:
        words = texts(named["cwd"])
        state.cwds = tuple(p for v in words for p in walk.run.absolute(v, walk.state))
    env = named.get("env")
    if isinstance(env, dict):
        state.variables.update({k: texts(v) for k, v in env.items() if isinstance(k, str)})
    stdin = Stream(texts(named["input"])) if named.get("input") is not None else UNSEEN
    first: Any = given[0] if given else named.get("args", UNKNOWN)
    if name.startswith("os.spawn"):
        given = given[1:]
    if name.startswith((*_STARTERS, "asyncio")):
        flat = [
            word
            for value in (given if name.startswith("asyncio") else given[1:])
            for word in (elements(value) if isinstance(value, (list, tuple)) else None) or [value]
        ]
        first = [w for w in flat if not isinstance(w, dict)]
    if name == "pexpect.spawn" and isinstance(first, str):
        named = {**named, "shell": True}
    shown = [_one(walk, one, named, state, stdin) for one in options(first)]
    found = shown[0] if len(shown) == 1 else UNKNOWN
    if name in ("subprocess.check_output", "sh"):
        return found
    if name == "subprocess.Popen":
        return Name("subprocess.Popen()", (given, named))
    if name == "subprocess.run":
        result = Instance(None)
        result.attributes.update({"stdout": found, UNKNOWN: UNKNOWN})
        return result
    if name.startswith("os.exec"):
        walk.ended = True
    return UNKNOWN


def _one(walk: Functions, first: Any, named: dict[str, Any], state: Any, stdin: Stream) -> Any:
    from parallel_agents.guard.shell.programs import invocation

    items = elements(first) if isinstance(first, (list, tuple)) else None
    shell = truth(named.get("shell", False))
    if items and not shell:
        words: list[Values] = [texts(item) for item in items]
        return _output(invocation.run(walk.run, words, state, stdin))
    return _shell(walk, texts(items[0] if items else first), stdin, {}, state)


def _shell(
    walk: Functions, code: Values, stdin: Stream, named: dict[str, Any], state: Any = None
) -> Any:
    found: Any = UNKNOWN
    for text in code:
        if text == UNKNOWN:
            walk.run.effects.unknown("Python starts a program that is only known when it runs")
        else:
            found = _output(walk.run.text(text, (state or walk.state).copy(), stdin))
    return found if len(code) == 1 else UNKNOWN


def _output(stream: Stream) -> Any:
    words = stream.texts
    if words is not None:
        return words[0] if len(words) == 1 else Choice(list(words))
    return "\n".join(stream.lines)


def shown(printed: list[Values]) -> Stream:
    """What is printed piece by piece: a text where there is but one, lines where there are more."""
    if len(printed) == 1:
        return Stream(printed[0])
    lines = [line for values in printed for text in values for line in text.split("\n") if line]
    return Stream(None, tuple(dict.fromkeys(lines))) if 0 < len(lines) <= 256 else UNSEEN
