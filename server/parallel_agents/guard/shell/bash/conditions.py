"""Tests of values that are known: `[`, `test`, `[[`, the patterns of `case`.

A test is True or False where every value that the words can have gives the same answer, and None
where it is only known when the command runs. Of files only this is sure: one that another agent
holds and that is there stays there, because whatever takes it away is refused.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import expansion, parameters
from parallel_agents.guard.shell.bash.state import NOTHING
from parallel_agents.guard.shell.bash.syntax import text_of
from parallel_agents.guard.shell.bash.words import STAR, UNKNOWN, fits, is_known, literal_text
from parallel_agents.guard.shell.programs import scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Stream, Values

_ORDERS = {
    "-eq": (False, True, False),
    "-ne": (True, False, True),
    "-lt": (True, False, False),
    "-le": (True, True, False),
    "-gt": (False, False, True),
    "-ge": (False, True, True),
}
"""The answer where the left number is smaller, the same, greater."""
_THERE = ("-e", "-f", "-a", "-s", "-r")
_KINDS = ("-d", "-x", "-w", "-L", "-h", "-p", "-S", "-b", "-c", "-k", "-u", "-g", "-O", "-G")
_MOST = 64


def test(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`test` and `[`."""
    words = given[:-1] if given and given[-1] == ("]",) else given
    run.succeeded(None if run.doubts else _Words(run, words, state).all())
    return NOTHING


class _Words:
    """The words of a `test`, read from left to right."""

    def __init__(self, run: Interpreter, words: list[Values], state: State) -> None:
        self.run = run
        self.rest = list(words)
        self.state = state

    def all(self) -> bool | None:
        """What the whole says."""
        if not self.rest:
            return False
        found = self._either()
        return found if not self.rest else None

    def _either(self) -> bool | None:
        found = self._both()
        while self.rest[:1] == [("-o",)]:
            self.rest.pop(0)
            found = either(found, self._both())
        return found

    def _both(self) -> bool | None:
        found = self._one()
        while self.rest[:1] == [("-a",)]:
            self.rest.pop(0)
            found = both(found, self._one())
        return found

    def _one(self) -> bool | None:
        if not self.rest:
            return None
        if len(self.rest) > 2 and self.rest[1][0] in _BINARY:
            left, sign, right = self.rest.pop(0), self.rest.pop(0)[0], self.rest.pop(0)
            return compared(left, sign, right)
        first = self.rest.pop(0)
        if first == ("!",) and self.rest:
            return opposite(self._one())
        if first == ("(",) and self.rest:
            found = self._either()
            if self.rest[:1] == [(")",)]:
                self.rest.pop(0)
            return found
        if len(first[0]) == 2 and first[0][0] == "-" and self.rest and len(first) == 1:
            return single(self.run, first[0], self.rest.pop(0), self.state)
        return single(self.run, "-n", first, self.state)


def double(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    """`[[ ... ]]`, and a `[` that the grammar has read itself."""
    inner = [child for child in node.children if child.is_named]
    found = _tree(run, inner[0], state) if len(inner) == 1 else None
    run.succeeded(None if run.doubts else found)
    return NOTHING


def _tree(run: Interpreter, node: Any, state: State) -> bool | None:
    run.budget.step()
    kind = node.type
    children = node.children
    if node.has_error:
        return None
    if kind == "parenthesized_expression":
        return _tree(run, children[1], state) if len(children) == 3 else None
    if kind == "unary_expression" and len(children) == 2:
        sign = text_of(children[0])
        if sign == "!":
            return opposite(_tree(run, children[1], state))
        return single(run, sign, expansion.value(run, text_of(children[1]), state), state)
    if kind == "binary_expression" and len(children) == 3:
        sign = text_of(children[1])
        if sign in ("&&", "||"):
            left, right = _tree(run, children[0], state), _tree(run, children[2], state)
            return both(left, right) if sign == "&&" else either(left, right)
        values = expansion.value(run, text_of(children[0]), state)
        if sign == "=~":
            return _matched(run, text_of(children[2]), values, state)
        if sign in ("=", "==", "!="):
            found = suits(run, text_of(children[2]), values, state)
            return opposite(found) if sign == "!=" else found
        return compared(values, sign, expansion.value(run, text_of(children[2]), state))
    if kind.endswith("_expression"):
        return None
    return single(run, "-n", expansion.value(run, text_of(node), state), state)


def _matched(run: Interpreter, pattern: str, values: Values, state: State) -> bool | None:
    """Whether the values have what an expression says; what its groups take is kept."""
    from parallel_agents.guard.shell.programs import patterns

    parameters.forget(run, "BASH_REMATCH", state)
    state.arrays["BASH_REMATCH"] = {UNKNOWN: (UNKNOWN,)}
    if any(sign in pattern for sign in "\"'$`") and pattern.strip("$").find("$") >= 0:
        return None
    found = None if any(s in pattern for s in "\"'`") else patterns.compiled(pattern, basic=False)
    if found is None or not all(is_known(v) and len(v) < 400 for v in values):
        return None
    fold = "nocasematch" in state.options
    matches = [None if fold else found.search(value) for value in values[:_MOST]]
    if fold or len(values) > _MOST:
        return None
    if len(matches) == 1 and matches[0] is not None:
        groups = [str(matches[0][0]), *(group or "" for group in matches[0].groups())]
        state.arrays["BASH_REMATCH"] = parameters.numbered([(group,) for group in groups])
    answers = {match is not None for match in matches}
    return answers.pop() if len(answers) == 1 else None


def suits(run: Interpreter, pattern: str, values: Values, state: State) -> bool | None:
    """Whether the values fit a pattern of `case` or `[[`, as it is written."""
    if "(" in pattern.replace("$(", "") and "extglob" not in state.options:
        return None
    fold = "nocasematch" in state.options
    answers: set[bool | None] = set()
    for wanted in expansion.value(run, pattern, state):
        wild = literal_text(wanted.replace(STAR, UNKNOWN))
        wild = wild.lower() if fold else wild
        for value in values[:_MOST]:
            if not is_known(literal_text(value)):
                answers.add(None)
            elif not fits(wild, literal_text(value).lower() if fold else literal_text(value)):
                answers.add(False)
            else:
                answers.add(True)
    return answers.pop() if len(answers) == 1 and len(values) <= _MOST else None


def single(run: Interpreter, sign: str, values: Values, state: State) -> bool | None:
    """`-n VALUE` and the like."""
    answers: set[bool | None] = set()
    for value in values[:_MOST]:
        text = literal_text(value)
        if sign in ("-n", "-z"):
            known = is_known(text) or any(c for c in text if is_known(c))
            answers.add(bool(text) == (sign == "-n") if known else None)
        elif sign in (*_THERE, *_KINDS) and is_known(text) and text:
            paths = run.effects.located(text, state.cwds)
            if len(paths) == 1 and scripts.is_missing(run, paths[0]):
                answers.add(False)
                continue
            if sign in _KINDS:
                known = sign == "-d" and run.effects.is_untouched and not run.written
                answers.add(os.path.isdir(paths[0]) if known and len(paths) == 1 else None)
                continue
            sure = len(paths) == 1 and is_known(paths[0]) and os.path.isfile(paths[0])
            sure = sure and (sign != "-s" or os.path.getsize(paths[0]) > 0)
            held = sure and run.effects.scene.held(paths[0]) is not None
            answers.add(True if held else None)
        else:
            answers.add(None)
    return answers.pop() if len(answers) == 1 and len(values) <= _MOST else None


def compared(left: Values, sign: str, right: Values) -> bool | None:
    """`LEFT -eq RIGHT` and the like."""
    if len(left) * len(right) > _MOST:
        return None
    answers = {_compared(literal_text(a), sign, literal_text(b)) for a in left for b in right}
    return answers.pop() if len(answers) == 1 else None


def _compared(left: str, sign: str, right: str) -> bool | None:
    if not is_known(left) or not is_known(right):
        return None
    if sign in ("=", "=="):
        return left == right
    if sign == "!=":
        return left != right
    order = _ORDERS.get(sign)
    if order is None or not _is_number(left) or not _is_number(right):
        return None
    a, b = int(left), int(right)
    return order[0 if a < b else 1 if a == b else 2]


_BINARY = frozenset(("=", "==", "!=", "<", ">", "-nt", "-ot", "-ef", *_ORDERS))


def _is_number(text: str) -> bool:
    return text[text[:1] == "-" :].isdecimal() and len(text) < 18


def opposite(answer: bool | None) -> bool | None:
    """Of what is not known, nothing is known."""
    return None if answer is None else not answer


def both(left: bool | None, right: bool | None) -> bool | None:
    """`&&`."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """`||`."""
    return opposite(both(opposite(left), opposite(right)))
