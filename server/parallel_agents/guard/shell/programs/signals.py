"""`trap` and `kill`: code that runs when the shell ends, when something fails, at a signal."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import NOTHING, UNSEEN, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_STATES = frozenset(("EXIT", "ERR", "RETURN"))
_SENT = frozenset(
    (
        *("HUP", "INT", "QUIT", "ABRT", "ALRM", "TERM", "USR1", "USR2", "PIPE", "TSTP", "TTIN"),
        *("TTOU", "WINCH", "URG", "IO", "POLL", "PROF", "VTALRM", "XCPU", "XFSZ", "PWR", "SYS"),
        *("TRAP", "ILL", "FPE", "BUS", "SEGV", "STKFLT"),
    )
)
"""Signals that come only where somebody sends them."""
_ENDING = frozenset(("TERM", "KILL", "9", "HUP", "QUIT", "ABRT"))
"""What ends a shell that does not wait for it."""
_NUMBERS = {
    **{"0": "EXIT", "1": "HUP", "2": "INT", "3": "QUIT", "6": "ABRT", "10": "USR1"},
    **{"12": "USR2", "13": "PIPE", "14": "ALRM", "15": "TERM"},
}


def _name(text: str) -> str:
    text = text.upper()
    return _NUMBERS.get(text, text[3:] if text.startswith("SIG") else text)


def trap(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`trap`."""
    run.succeeded(True)
    if any(v in (("-p",), ("-l",), ("-P",)) for v in given):
        return UNSEEN
    words = [v for v in given if v != ("--",)]
    if len(words) == 1 or (words and words[0] in (("-",), ("",))):
        for values in words if len(words) == 1 else words[1:]:
            state.traps.pop(_name(values[0]), None)
            run.trapped.pop(_name(values[0]), None)
        return NOTHING
    texts = words[0] if words else ()
    for signal in [_name(value) for values in words[1:] for value in values]:
        if signal in _STATES:
            state.traps[signal] = texts
            continue
        if signal in _SENT and not run.signalled:
            run.trapped[signal] = texts
            continue
        _run(run, texts, state)
    return NOTHING


def kill(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`kill`: whatever waits for the signal runs."""
    run.succeeded(None)
    words = [value for values in given for value in values]
    if words[:1] in (["-0"], ["-l"], ["-L"]) or words[:2] == ["-s", "0"]:
        return UNSEEN
    run.signalled = True
    asked = _name(words[1] if words[:1] in (["-s"], ["-n"]) and len(words) > 1 else "TERM")
    if words and words[0][:1] == "-" and asked == "TERM" and len(words[0]) > 1:
        asked = _name(words[0][1:])
    for signal, texts in list(run.trapped.items()):
        if signal == asked or asked not in _SENT:
            _run(run, texts, state)
    if words[-1:] == ["pid"] and asked in _ENDING and asked not in run.trapped:
        if asked in ("KILL", "9"):
            state.traps = {}
        ended(run, state)
        state.dead = state.over = True
    return UNSEEN


def _run(run: Interpreter, texts: Values, state: State) -> None:
    doubts, run.doubts = run.doubts, True  # what the variables are then is not known yet
    for text in texts:
        if text not in ("", "-"):
            run.text(text, state.fork())
    run.doubts = doubts


def ended(run: Interpreter, state: State) -> None:
    """A shell ends here: what waits for that runs."""
    texts, state.traps = state.traps.pop("EXIT", ()), {}
    for text in texts:
        if text not in ("", "-"):
            last = state.fork()
            last.dead = last.over = False
            run.text(text, last)


def failed(run: Interpreter, state: State) -> None:
    """A command may have failed: what waits for that runs, once."""
    texts = state.traps.pop("ERR", ())
    returns = run.returns
    for text in texts:
        if text not in ("", "-"):
            run.text(text, state.fork())
    run.returns = returns


def returned(run: Interpreter, state: State) -> None:
    """A sourced file, or a function that is traced, has ended."""
    for text in state.traps.get("RETURN", ()):
        if text not in ("", "-"):
            run.text(text, state.fork())
