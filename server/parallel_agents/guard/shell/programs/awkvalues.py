"""What expressions of an awk program can be: strings, variables, files, the environment."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import STAR, UNKNOWN, capped, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Stream, Values

_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = rf"\s*({_STRING}|[A-Za-z_]\w*\s*\[[^\]]*\]|[A-Za-z_]\w*\s*\(|[A-Za-z_]\w*|\$\w+|\d+|.)"
_COUNTERS = frozenset(("NR", "FNR", "NF", "i", "n", "length"))
_MOST_TOKENS = 200


class AwkValues:
    """The variables of one program."""

    def __init__(
        self,
        text: str,
        variables: dict[str, str],
        words: list[Values],
        state: State,
        source: Stream,
        run: Interpreter,
        separator: str = "",
    ) -> None:
        import re  # the parser has loaded it

        self.run = run
        self.separator = separator
        self.token = re.compile(_TOKEN)
        self.words = words
        self.state = state
        self.source = source
        self.variables: dict[str, Values] = {name: (v,) for name, v in variables.items()}
        for word in words:
            name, equals, value = word[0].partition("=")
            if equals and name.isidentifier():
                self.variables[name] = (value,)
        for _ in range(2):
            for found in re.finditer(r"\b([A-Za-z_]\w*)\s*=(?![=~])\s*([^;}\n]{1,300})", text):
                self._also(found[1], self.value(found[2]))
            for found in re.finditer(r"getline\s+([A-Za-z_]\w*)\s*<\s*([^)>;]{1,100})", text):
                self._also(found[1], self._lines(self.run.contents(self.value(found[2]), state)))
            for found in re.finditer(
                rf"(?<!\w)((?:(?:{_STRING}|[A-Za-z_]\w*\b)\s*){{1,8}})\|&?\s*getline\s+([A-Za-z_]\w*)",
                text[:8000],
            ):
                for code in self.value(found[1]):
                    if code != UNKNOWN:
                        self._also(found[2], self._lines(self.run.inner(code, state)))
            for found in re.finditer(r"\bsplit\s*\(\s*([^;{}]{1,300}?)\)", text):
                given = _split(found[1])
                if len(given) > 1:
                    sign = self.value(given[2])[0] if len(given) > 2 else None
                    pieces = [p for v in self.value(given[0]) for p in v.split(sign or None)]
                    self._also(given[1].strip(), capped(pieces) or ANY)
            self._parameters(text, re)

    def _parameters(self, text: str, re: Any) -> None:
        """What functions of the program are given, wherever they are called."""
        for made in list(re.finditer(r"\bfunction\s+(\w+)\s*\(([^)]*)\)", text))[:12]:
            names = [name.strip() for name in made[2].split(",")]
            for found in re.finditer(rf"(?<!\w){made[1]}\s*\(", text):
                self.run.budget.step(10)
                if found.start() == made.start(1):
                    continue
                given = _split(text[found.end() : _closed(text, found.end())])
                for name, value in zip(names, given):
                    self._also(name, self.value(value))

    def _lines(self, stream: Stream) -> Values:
        lines = stream.lines
        return tuple(line.strip() for line in lines) if len(lines) <= 64 else ANY

    def _also(self, name: str, values: Values) -> None:
        known = self.variables.get(name)
        if known is None or known == ANY:
            self.variables[name] = values
        elif values != ANY:
            self.variables[name] = capped([*known, *values])

    def value(self, text: str) -> Values:
        """The alternatives of an expression."""
        self.run.budget.step()
        values: Values = ("",)
        text = text.strip()
        while text[:1] == "(" and text[-1:] == ")":
            text = text[1:-1].strip()
        at = 0
        for _ in range(_MOST_TOKENS):
            if at >= len(text):
                break
            found = self.token.match(text, at)
            if found is None:
                break
            token, at = found[1], found.end()
            if token in ("?", ":", "+", "-", "*", "%", "~"):
                return ANY
            if token[-1:] == "(" and len(token) > 1:
                end = _closed(text, at)
                values = product(values, self._called(token[:-1].strip(), text[at:end]))
                at = end + 1
            elif token.strip():
                values = product(values, self._token(token))
        return values

    def printed(self, text: str) -> Values:
        """What `print a, b` or `printf format, a` prints."""
        if text.startswith("printf"):
            inside = text[6:].strip()
            inside = inside[1:-1] if inside[:1] == "(" and inside[-1:] == ")" else inside
            return self._called("sprintf", inside)
        inside = text[5:].strip()
        if not inside:
            return self._field("0")
        values: Values = ("",)
        for at, piece in enumerate(_split(inside)):
            values = product(product(values, (" ",) if at else ("",)), self.value(piece))
        return values

    def _token(self, token: str) -> Values:
        if token[0] == '"':
            inner = token[1:-1] if len(token) > 1 else ""
            return (inner.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\"),)
        if token.isdecimal():
            return (token,)
        name, bracket, key = token.partition("[")
        name = name.strip()
        if bracket:
            key = key.rstrip("]").strip()
            if name == "ENVIRON":
                return self.state.variables.get(key.strip('"'), ANY)
            if name == "ARGV" and key.isdecimal() and 0 < int(key) <= len(self.words):
                return self.words[int(key) - 1]
            if name == "ARGV":
                return capped([v for w in self.words for v in w])
            return self.variables.get(name, ANY)
        if name == "FILENAME":
            return capped([v for w in self.words for v in w]) or ANY
        if name in self.variables:
            return self.variables[name]
        if token[:1] == "$":
            return self._field(token[1:])
        return (STAR,) if name in _COUNTERS else ANY

    def _field(self, name: str) -> Values:
        """A field of a line."""
        if not name.isdecimal():
            return ANY
        lines = self.source.lines
        if lines == ANY or len(lines) > 64 or any(UNKNOWN in line for line in lines):
            return ANY
        place = int(name)
        fields = [line.split(self.separator.strip() or None) for line in lines]
        return (
            capped(
                [
                    line.strip() if not place else words[place - 1]
                    for line, words in zip(lines, fields)
                    if len(words) >= place
                ]
            )
            or ANY
        )

    def _called(self, name: str, inside: str) -> Values:
        given = _split(inside)
        if name == "sprintf" and given:
            pieces = self.value(given[0])[0].split("%s")
            values: Values = (pieces[0],)
            for at, piece in enumerate(pieces[1:]):
                item = self.value(given[at + 1]) if at + 1 < len(given) else ANY
                values = product(product(values, item), (piece,))
            return values
        if name in ("tolower", "toupper") and given:
            change = str.lower if name == "tolower" else str.upper
            return tuple(change(v) for v in self.value(given[0]))
        return self.value(inside) if not name else ANY


def _closed(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text[at] == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        depth += (text[at : at + 1] == "(") - (text[at : at + 1] == ")")
        if not depth:
            break
        at += 1
    return min(at, len(text))


def _split(text: str) -> list[str]:
    found, start, depth, at = [], 0, 0, 0
    while at < len(text):
        if text[at] == '"':
            at = text.find('"', at + 1)
            if at < 0:
                break
        depth += (text[at] in "([") - (text[at] in ")]")
        if text[at] == "," and not depth:
            found.append(text[start:at])
            start = at + 1
        at += 1
    return [*found, text[start:]]


def commands_read(text: str) -> list[str]:
    """The expressions of the commands whose output is read: `"cmd" | getline`."""
    import re

    return [
        found[1]
        for found in re.finditer(
            rf"(?<!\w)((?:(?:{_STRING}|\w+\b)\s*){{1,8}})\|&?\s*getline", text[:8000]
        )
    ]
