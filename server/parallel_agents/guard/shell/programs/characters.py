"""`tr`: what it makes of a text that is known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Later, Stream
from parallel_agents.guard.shell.bash.wordparts import unescaped
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_LOWER, _UPPER = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLASSES = {
    "[:space:]": " \t\n\r\v\f",
    "[:blank:]": " \t",
    "[:digit:]": "0123456789",
    "[:lower:]": _LOWER,
    "[:upper:]": _UPPER,
    "[:alpha:]": _UPPER + _LOWER,
    "[:alnum:]": "0123456789" + _UPPER + _LOWER,
}


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """What it prints."""
    run.succeeded(None)
    options = "".join(v[0].lstrip("-") for v in given if v[0][:1] == "-" and len(v[0]) > 1)
    sets = [_set(v[0]) for v in given if v[0][:1] != "-" or len(v[0]) == 1]
    if "c" in options or "C" in options or not sets or any(s is None for s in sets):
        return UNSEEN
    first, second = sets[0] or "", (sets[1] if len(sets) > 1 else "") or ""

    def change(text: str) -> str:
        if "d" in options:
            return "".join(c for c in text if c not in first)
        if second:
            longer = second + second[-1] * len(first)
            text = text.translate({ord(a): longer[at] for at, a in reversed([*enumerate(first)])})
        return _squeezed(text, second or first) if "s" in options else text

    return Later(lambda: _changed(stdin, change, first))


def _changed(stdin: Stream, change: object, first: str) -> Stream:
    assert callable(change)
    texts = stdin.texts
    if texts == ANY:
        return UNSEEN
    if texts is not None and all(map(is_known, texts)):
        return Stream(capped([change(text) for text in texts]))
    if "\n" in first:
        return Stream(None, stdin.lines)
    lines = [change(line) if is_known(line) else UNKNOWN for line in stdin.lines]
    return Stream(None, tuple(dict.fromkeys(p for line in lines for p in line.split("\n") if p)))


def _squeezed(text: str, signs: str) -> str:
    return "".join(c for at, c in enumerate(text) if not (at and c in signs and c == text[at - 1]))


def _set(text: str) -> str | None:
    """The characters of `a-z`, `[:lower:]`, `\\n`; None where it is not understood."""
    if not is_known(text) or len(text) > 200:
        return None
    for name, meant in _CLASSES.items():
        text = text.replace(name, meant)
    found: list[str] = []
    at = 0
    while at < len(text):
        char, after = unescaped(text, at) if text[at] == "\\" else (text[at], at + 1)
        if text[after : after + 1] == "-" and after + 1 < len(text):
            last = text[after + 1]
            found += [chr(n) for n in range(ord(char), ord(last) + 1)][:256]
            at = after + 2
        else:
            found.append(char[-1:])
            at = after
    return "".join(found)
