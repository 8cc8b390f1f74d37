"""Redirections: what they open, for reading or for writing, and what a number then stands for.

A file that is opened for both, or to be appended to under a number of its own, is not changed by
that: it is when something is written to its number.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.heredocs import BOTH, MARK, NUMBERED, RAW, WORD
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.syntax import text_of
from parallel_agents.guard.shell.bash.words import is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Target = list[tuple[str, bool]]


class Opened:
    """What the redirections of one command lead to."""

    __slots__ = ("failed", "stdin", "target")

    def __init__(self, stdin: Stream) -> None:
        self.stdin = stdin
        self.target: Target | None = None
        """(path, whether it is appended to) of standard output."""
        self.failed = False
        """Whether one of them surely fails: the command does not run then."""


def opened(run: Interpreter, nodes: list[Any], state: State, stdin: Stream) -> Opened:
    """Do the redirections of a command; their numbers are in `state.numbers` behind it."""
    result = Opened(stdin)
    for node in nodes:
        run.budget.step()
        _one(run, node, state, result)
        if result.failed:
            break
    return result


def _one(run: Interpreter, node: Any, state: State, result: Opened) -> None:
    sign = next((c.type for c in node.children if not c.is_named), "")
    number = next((text_of(c) for c in node.children if c.type == "file_descriptor"), "")
    words = node.children_by_field_name("destination")
    word = text_of(words[0]) if words else "-"
    both = word.startswith(BOTH)
    number = _numbered(run, number, sign, state) or ("0" if sign[:1] == "<" or both else "1")
    if (word == "-" and "&" in sign) or sign.endswith("-"):
        _close(state, number)
        return
    if not words:
        return
    # More than one: the grammar takes the arguments behind a redirection for targets.
    if sign == "<" and word.startswith(MARK):
        result.stdin = document(run, word, state)
        return
    if sign == "<" and word.startswith("<("):
        result.stdin = run.inner(word[2:-1], state)
        return
    values = expansion.value(run, word[len(BOTH) :] if both else word, state)
    digits = values[0][:-1] if values[0][-1:] == "-" else values[0]
    if sign in (">&", "<&") and len(values) == 1 and digits.isdecimal():
        _double(run, number, digits, sign, state, result)
    elif sign in ("<", "<&"):
        _keep(run, number, values, "r", state)
        if number == "0":
            result.stdin = run.contents(values, state)
    elif both or (sign == ">>" and number not in ("1", "2")):
        run.effects.write(values, state, "<>" if both else sign, kind="touch")
        _keep(run, number, values, "b" if both else "a", state)
        if number == "0":
            result.stdin = run.contents(values, state)
        elif number == "1":
            _write(run, values, state, "<>", result)
    elif sign in (">", "&>") and "noclobber" in state.options and _stays(run, values, state):
        result.failed = True
    else:
        _keep(run, number, values, "w", state)
        appended = ">>" in sign
        run.effects.write(values, state, sign, appended=appended)
        if number == "1":
            paths = [p for v in values for p in run.absolute(v, state)]
            result.target = [(path, appended) for path in paths]


def _double(
    run: Interpreter, number: str, other: str, sign: str, state: State, result: Opened
) -> None:
    """`3>&1`, `<&3`."""
    known = state.numbers.get(other)
    if known is None:
        _close(state, number)
        return
    state.numbers = {**state.numbers, number: known}
    paths, mode = known
    if sign == "<&" or number == "0":
        result.stdin = run.contents(paths, state) if paths else UNSEEN
    elif mode in ("a", "b"):
        _write(run, paths, state, f">&{other}", result)
    elif mode == "w" and number == "1":
        result.target = [(path, True) for path in paths]


def _write(run: Interpreter, paths: Values, state: State, how: str, result: Opened) -> None:
    run.effects.write(paths, state, how, appended=True)
    result.target = [(p, True) for v in paths for p in run.absolute(v, state)]


def _numbered(run: Interpreter, number: str, sign: str, state: State) -> str:
    """The number of a redirection, of which `{name}` is kept under that name."""
    place = int(number) - NUMBERED if number.isdecimal() else -1
    if not 0 <= place < len(run.documents):
        return number
    name = run.documents[place][0]
    if sign.endswith("-") or sign in (">&", "<&"):
        values = state.variables.get(name, ("",))
        return values[0] if len(values) == 1 else number
    state.variables[name] = (number,)
    return number


def _keep(run: Interpreter, number: str, values: Values, mode: str, state: State) -> None:
    paths = tuple(path for value in values for path in run.absolute(value, state))
    state.numbers = {**state.numbers, number: (paths, mode)}


def _close(state: State, number: str) -> None:
    if number in state.numbers:
        state.numbers = {k: v for k, v in state.numbers.items() if k != number}


def _stays(run: Interpreter, values: Values, state: State) -> bool:
    """Whether `noclobber` keeps the file: it is there, and nobody may have taken it away."""
    paths = [p for value in values for p in run.effects.located(value, state.cwds)]
    return len(paths) == 1 and (
        is_known(paths[0])
        and os.path.isfile(paths[0])
        and run.effects.scene.held(paths[0]) is not None
    )


def document(run: Interpreter, word: str, state: State) -> Stream:
    """What a here-document or a here-string says."""
    number = word[len(MARK) :]
    if not number.isdecimal() or int(number) >= len(run.documents):
        return UNSEEN
    body, kind = run.documents[int(number)]
    if kind == WORD:
        return Stream(tuple(v + "\n" for v in expansion.value(run, body, state)))
    return Stream((body,) if kind == RAW else expansion.value(run, body, state, quoted=True))
