"""Plain awk programs, as in pipes: which lines, and what of them is printed."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.programs import patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[list[str], int], bool | None]

_RELATIONS = ("==", "!=", ">=", "<=", ">", "<", "!~", "~")


class Printing:
    """`test { print items }` for each line. A line's number is 0 where it is not known."""

    def __init__(self, rules: list[tuple[Test | None, list[list[str]]]], separator: str) -> None:
        self._rules = rules
        self._separator = separator

    def whole(self, lines: list[str]) -> list[str] | None:
        """What is printed for all of these; None where one cannot be told."""
        out: list[str] = []
        for number, line in enumerate(lines, 1):
            fields = self._fields(line)
            for test, prints in self._rules:
                passed = True if test is None else test(fields, number)
                if passed is None:
                    return None
                if passed:
                    out += [_joined(items, fields, number) for items in prints]
        return out

    def one(self, line: str) -> list[str]:
        """What may be printed for a line of which the place is not known."""
        fields = self._fields(line)
        return [
            _joined(items, fields, 0)
            for test, prints in self._rules
            if test is None or test(fields, 0) is not False
            for items in prints
        ]

    def _fields(self, line: str) -> list[str]:
        """The line, and its fields behind it."""
        sign = self._separator
        if sign in ("", " "):
            return [line, *line.split()]
        if len(sign) == 1 or patterns.is_plain(sign):
            return [line, *line.split({"\\t": "\t", "\\n": "\n"}.get(sign, sign))]
        found = patterns.compiled(sign, basic=False)
        return [line, *(found.split(line) if found is not None else [UNKNOWN])]


def parsed(code: list[str], separator: str, variables: dict[str, str]) -> Printing | None:
    """The program, or None where it is more than tests and prints."""
    text = "\n".join(code).strip()
    if not is_known(text) or len(text) > 400:
        return None
    rules: list[tuple[Test | None, list[list[str]]]] = []
    while text:
        head, body, text = _rule(text)
        if head.split() == ["BEGIN"] and body.split("=")[0].strip() in ("FS", "OFS"):
            if body.split("=")[0].strip() == "OFS":
                return None
            separator = body.partition("=")[2].strip().strip('"; ')
            continue
        test = None if not head else _test(head)
        if head and test is None:
            return None
        prints = []
        for statement in filter(None, (s.strip() for s in _split(body, ";\n"))):
            items = _items(statement, variables)
            if items is None:
                return None
            prints.append(items)
        rules.append((test, prints))
    return Printing(rules, separator) if rules else None


def _rule(text: str) -> tuple[str, str, str]:
    """(test, statements, what is behind) of the first rule."""
    pieces = _split(text, "{", most=1)
    if len(pieces) == 1:
        return text.strip(), "print", ""
    body, _, rest = pieces[1].partition("}")
    return pieces[0].strip(), body, rest.strip()


def _split(text: str, signs: str, most: int = 100) -> list[str]:
    """Cut at the signs that are not in a string."""
    found: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif text[at] in signs and len(found) < most:
            found.append(text[start:at])
            start = at + 1
        at += 1
    return [*found, text[start:]]


def _test(head: str) -> Test | None:
    """A test of the fields and the number of a line; None where it is not understood."""
    if head in ("1", "NF"):
        return lambda fields, number: None if not is_known(fields[0]) else bool(fields[0].strip())
    negated = head[:1] == "!"
    inner = head[1:].strip() if negated else head
    if inner[:1] == "/" and inner[-1:] == "/" and len(inner) > 2 and "/" not in inner[1:-1]:
        return _matching("$0", inner, negated)
    for relation in _RELATIONS:
        left, found, right = head.partition(relation)
        left, right = left.strip(), right.strip()
        if not found:
            continue
        if relation in ("~", "!~"):
            return _matching(left, right, relation == "!~")
        return _compared(left, relation, right)
    return None


def _matching(left: str, right: str, negated: bool) -> Test | None:
    found = patterns.compiled(right.strip('/"').replace("\\/", "/"), basic=False)
    if found is None or right[:1] not in ("/", '"'):
        return None

    def test(fields: list[str], number: int) -> bool | None:
        value = _value(left, fields, number)
        if value is None or not is_known(value) or len(value) > patterns.LONGEST_LINE:
            return None
        return (found.search(value) is not None) != negated

    return test


def _compared(left: str, relation: str, right: str) -> Test | None:
    if not (right[:1] == '"' and right[-1:] == '"') and not right.isdecimal():
        return None
    wanted = right.strip('"')

    def test(fields: list[str], number: int) -> bool | None:
        value = _value(left, fields, number)
        if value is None or not is_known(value):
            return None
        a: str | int = value
        b: str | int = wanted
        if value.isdecimal() and wanted.isdecimal():
            a, b = int(value), int(wanted)
        elif relation not in ("==", "!="):
            return None
        if relation in ("==", "!="):
            return (a == b) == (relation == "==")
        order = (a > b) - (a < b)  # type: ignore[operator]
        return {">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[relation]

    return test


def _items(statement: str, variables: dict[str, str]) -> list[str] | None:
    """What a print prints: texts behind `=`, fields and NR as they are written."""
    name = next((n for n in ("printf", "print") if statement.startswith(n)), "")
    rest = statement[len(name) :].strip()
    if not name or (rest and statement[len(name)] not in ' \t"$('):
        return None
    if rest[:1] == "(" and rest[-1:] == ")":
        rest = rest[1:-1].strip()
    parts = _split(rest, ",") if rest else ["$0"]
    given = [_terms(part.strip(), variables) for part in parts]
    if name == "printf":
        return _formatted(given)
    found: list[str] = []
    for at, items in enumerate(given):
        if items is None:
            return None
        found += [*(["= "] if at else []), *items]
    return found


def _terms(part: str, variables: dict[str, str]) -> list[str] | None:
    """Texts, fields and variables that stand one behind the other."""
    found: list[str] = []
    while part:
        if part[0] == '"':
            end = 1
            while end < len(part) and part[end] != '"':
                end += 2 if part[end] == "\\" else 1
            if end >= len(part):
                return None
            found.append("=" + _unescaped(part[1:end]))
            part = part[end + 1 :].lstrip()
            continue
        end = 1
        while end < len(part) and (part[end].isalnum() or part[end] == "_"):
            end += 1
        word = part[:end]
        if word in variables:
            word = "=" + variables[word]
        elif word not in ("NR", "FNR", "NF", "$NF") and (
            word[0] != "$" or not word[1:].isdecimal()
        ):
            return None
        found.append(word)
        part = part[end:].lstrip()
    return found


def _unescaped(text: str) -> str:
    out = ""
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out += {"n": "\n", "t": "\t", "r": "\r"}.get(text[at + 1], text[at + 1])
            at += 2
        else:
            out += text[at]
            at += 1
    return out


def _formatted(given: list[list[str] | None]) -> list[str] | None:
    """`printf "%s and %d\\n", $1, NR`: a whole line, or nobody can tell."""
    first = given[0]
    if first is None or len(first) != 1 or first[0][:1] != "=" or first[0][-1:] != "\n":
        return None
    found: list[str] = []
    pieces = first[0][1:-1].replace("%%", "\0").split("%")
    values = given[1:]
    if "\n" in first[0][:-1] or len(pieces) - 1 > len(values):
        return None
    for at, piece in enumerate(pieces):
        if at:
            items = values[at - 1]
            if items is None or piece[:1] not in ("s", "d", "i"):
                return None
            found += items
            piece = piece[1:]
        found.append("=" + piece.replace("\0", "%"))
    return found


def _joined(items: list[str], fields: list[str], number: int) -> str:
    out = ""
    for item in items:
        value = item[1:] if item[:1] == "=" else _value(item, fields, number)
        out += UNKNOWN if value is None else value
    return out


def _value(name: str, fields: list[str], number: int) -> str | None:
    """A field as text; None where it cannot be told."""
    if name in ("NR", "FNR"):
        return str(number) if number else None
    if name == "NF":
        return str(len(fields) - 1) if is_known(fields[0]) else None
    if name == "$NF":
        return fields[-1] if len(fields) > 1 else ""
    if not name[1:].isdecimal() or name[:1] != "$":
        return None
    place = int(name[1:])
    if place and not all(map(is_known, fields[1 : place + 1])):
        return None
    return fields[place] if place < len(fields) else ""
