"""Arithmetic of the shell: `$((...))`, `((...))`, `let`, the numbers of elements and slices."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.words import STAR, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State

_LONGEST = 200
_GREATEST = 1 << 63
_STEPS = ("++", "--")
_SIGNS = (
    *("<<=", ">>=", "**", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||"),
    *("+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="),
)
_BINARY: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a) or bool(b))},
    {"&&": lambda a, b: int(bool(a) and bool(b))},
    {"|": lambda a, b: a | b},
    {"^": lambda a, b: a ^ b},
    {"&": lambda a, b: a & b},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"<<": lambda a, b: a << min(b, 63), ">>": lambda a, b: a >> min(b, 63)},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": lambda a, b: _divided(a, b), "%": lambda a, b: _rest(a, b)},
)


class _Unclear(Exception):
    """Raised where the value is only known when the command runs."""


def number(run: Interpreter, text: str, state: State) -> int | None:
    """The value of an expression, or None; what it assigns is assigned."""
    values = expansion.value(run, text, state, quoted=True) if _expands(text) else (text,)
    if len(values) == 1 and is_known(values[0]) and len(values[0]) <= _LONGEST:
        reader = _Reader(values[0], state)
        try:
            found = reader.list()
            if not reader.rest and -_GREATEST <= found < _GREATEST:
                for name, value in reader.assigned.items():
                    state.variables[name] = (str(value),)
                return found
        except _Unclear:
            pass
    for name in _names(text):
        state.variables[name] = (STAR,)
    return None


def _expands(text: str) -> bool:
    return "$" in text or "`" in text or '"' in text or "\\" in text


def _names(text: str) -> list[str]:
    """The variables that the expression may change."""
    tokens = ["", *_cut(text), ""]
    found = []
    for before, token, after in zip(tokens, tokens[1:], tokens[2:]):
        assigns = after[-1:] == "=" and after not in ("==", "<=", ">=", "!=")
        if token.isidentifier() and (assigns or before in _STEPS or after in _STEPS):
            found.append(token)
    return found


def _cut(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
            continue
        end = at + 1
        if char.isalnum() or char == "_":
            while end < len(text) and (text[end].isalnum() or text[end] in "_#"):
                end += 1
        else:
            end = at + next((len(s) for s in _SIGNS if text.startswith(s, at)), 1)
        found.append(text[at:end])
        at = end
    return found


class _Reader:
    """One pass over the signs of an expression."""

    def __init__(self, text: str, state: State) -> None:
        self.rest = _cut(text)
        self.state = state
        self.assigned: dict[str, int] = {}
        self._depth = 0

    def list(self) -> int:
        found = self._assignment() if self.rest else 0
        while self.rest[:1] == [","]:
            self.rest.pop(0)
            found = self._assignment()
        return found

    def _assignment(self) -> int:
        self._depth += 1
        if self._depth > 40:
            raise _Unclear
        sign = self.rest[1] if len(self.rest) > 1 else ""
        name = self.rest[0] if self.rest else ""
        if name.isidentifier() and sign[-1:] == "=" and sign not in ("==", "<=", ">=", "!="):
            del self.rest[:2]
            found = self._assignment()
            if sign != "=":
                operation = next(o[sign[:-1]] for o in _BINARY if sign[:-1] in o)
                found = operation(self._variable(name), found)
            self.assigned[name] = found
        else:
            found = self._choice()
        self._depth -= 1
        return found

    def _choice(self) -> int:
        found = self._binary(0)
        if self.rest[:1] == ["?"]:
            self.rest.pop(0)
            yes = self._assignment()
            if self.rest[:1] != [":"]:
                raise _Unclear
            self.rest.pop(0)
            no = self._assignment()
            return yes if found else no
        return found

    def _binary(self, level: int) -> int:
        if level == len(_BINARY):
            return self._power()
        found = self._binary(level + 1)
        while self.rest and self.rest[0] in _BINARY[level]:
            operation = _BINARY[level][self.rest.pop(0)]
            found = _bounded(operation(found, self._binary(level + 1)))
        return found

    def _power(self) -> int:
        found = self._single()
        if self.rest[:1] == ["**"]:
            self.rest.pop(0)
            exponent = self._power()
            if not 0 <= exponent < 64:
                raise _Unclear
            return _bounded(int(found**exponent))
        return found

    def _single(self) -> int:
        if not self.rest:
            raise _Unclear
        token = self.rest.pop(0)
        if token == "(":
            found = self.list()
            if self.rest[:1] != [")"]:
                raise _Unclear
            self.rest.pop(0)
            return found
        if token in ("+", "-", "!", "~"):
            inner = self._single()
            return {"+": inner, "-": -inner, "!": int(not inner), "~": ~inner}[token]
        if token in _STEPS and self.rest and self.rest[0].isidentifier():
            name = self.rest.pop(0)
            self.assigned[name] = self._variable(name) + (1 if token == "++" else -1)
            return self.assigned[name]
        if token.isidentifier():
            if self.rest[:1] == ["["]:
                raise _Unclear
            found = self._variable(token)
            if self.rest and self.rest[0] in _STEPS:
                self.assigned[token] = found + (1 if self.rest.pop(0) == "++" else -1)
            return found
        return _literal(token)

    def _variable(self, name: str) -> int:
        if name in self.assigned:
            return self.assigned[name]
        values = self.state.variables.get(name)
        if values is None or len(values) != 1:
            raise _Unclear
        return _literal(values[0]) if values[0] else 0


def _literal(text: str) -> int:
    digits = text[1:] if text[:1] == "-" else text
    base = 10
    if digits[:2] in ("0x", "0X"):
        base, digits = 16, digits[2:]
    elif "#" in digits:
        first, _, digits = digits.partition("#")
        base = int(first) if first.isdecimal() and 2 <= int(first) <= 36 else 0
    elif digits[:1] == "0" and len(digits) > 1:
        base = 8
    try:
        found = int(digits, base) if base and digits.isalnum() and len(digits) < 20 else None
    except ValueError:
        found = None
    if found is None:
        raise _Unclear
    return -found if text[:1] == "-" else found


def _bounded(number: int) -> int:
    if not -_GREATEST <= number < _GREATEST:
        raise _Unclear  # the shell's numbers go round here
    return number


def _divided(a: int, b: int) -> int:
    if not b:
        raise _Unclear
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _rest(a: int, b: int) -> int:
    return a - b * _divided(a, b)
