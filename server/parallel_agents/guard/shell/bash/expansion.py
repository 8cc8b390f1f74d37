"""What the words of a command become: variables, substitutions, braces, tildes, wildcards."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN
from parallel_agents.guard.shell.bash.wordparts import parts
from parallel_agents.guard.shell.bash.words import (
    CLOSE,
    COMMA,
    HOME,
    ONE,
    OPEN,
    SPLIT,
    STAR,
    UNKNOWN,
    WILD,
    braced,
    capped,
    fits,
    globbed,
    is_known,
    product,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values
    from parallel_agents.guard.shell.bash.wordparts import Part

ANY = (UNKNOWN,)
_INHERITED = ("HOME", "TMPDIR", "USER", "LOGNAME", "CLAUDE_PROJECT_DIR")
"""What the shell of the client has from the environment that hooks have, too."""
_NUMBERS = frozenset(("#", "?", "RANDOM", "SECONDS", "LINENO", "UID", "EUID"))
_PROCESSES = frozenset(("$", "!", "PPID", "BASHPID"))

_BRACES = frozenset((OPEN, COMMA, CLOSE))


def fields(run: Interpreter, word: str, state: State) -> list[Values]:
    """The words that `word` becomes, each with its alternatives."""
    plain = parts(word)
    values = _joined(run, plain, state, split=True)
    if all(SPLIT not in value for value in values):
        if all(_BRACES.isdisjoint(value) for value in values):
            # An unquoted expansion to nothing is no word; with quotes it is an empty one.
            if values == ("",) and plain and not any(p.quoted for p in plain):
                return []
            return [tuple(_tilde(value) for value in values)]
        cut = [[value] for value in values]
    else:
        cut = [[piece for piece in value.split(SPLIT) if piece] for value in values]
    if len(cut) == 1:
        return [(_tilde(word),) for piece in cut[0] for word in braced(piece)]
    longest = max(len(pieces) for pieces in cut)
    found = []
    for at in range(longest):
        here = [w for pieces in cut if at < len(pieces) for w in braced(pieces[at])]
        found.append(capped([_tilde(word) for word in here]))
    return found


def value(run: Interpreter, word: str, state: State, *, quoted: bool = False) -> Values:
    """The one word that `word` becomes where nothing is split (an assignment, a redirection)."""
    values = _joined(run, parts(word, quoted=quoted), state, split=False)
    found = [w for v in values for w in (braced(v) if not quoted else [v])]
    return capped([_tilde(v) for v in found])


def _joined(run: Interpreter, pieces: list[Part], state: State, *, split: bool) -> Values:
    values: Values = ("",)
    for piece in pieces:
        run.budget.step()
        values = product(values, _piece(run, piece, state, split=split and not piece.quoted))
    return values


def _piece(run: Interpreter, piece: Part, state: State, *, split: bool) -> Values:
    if piece.kind == "text":
        return (piece.text,)
    if piece.kind == "variable":
        found = variable(run, piece, state)
    elif piece.kind == "command":
        found = run.printed(piece.text, state, one_line=not split)
    elif piece.kind == "process":
        printed = run.inner(piece.text, state)
        return (run.pipe(printed if piece.operator == "<" else UNSEEN),)
    else:
        return _calculated(run, piece.text, state)
    if not split:
        return found
    return tuple(_unquoted(v) for v in found)


def _unquoted(text: str) -> str:
    if " " in text or "\n" in text or "\t" in text:
        text = text.replace(" ", SPLIT).replace("\n", SPLIT).replace("\t", SPLIT)
    return globbed(text)


def _tilde(text: str) -> str:
    if HOME not in text:
        return text
    home = os.environ.get("HOME", UNKNOWN)
    if text[0] == HOME:
        rest = text[1:]
        if not rest or rest[0] == "/":
            return home + rest.replace(HOME, "~")
        if rest[0] == "+":
            return UNKNOWN + rest[1:]
        return UNKNOWN
    return text.replace(HOME, "~")


def variable(run: Interpreter, piece: Part, state: State) -> Values:
    """The alternatives of `${...}`; elements of an array are split even in quotes."""
    name, operator = piece.text, piece.operator
    if operator == "!":
        return _indirect(run, piece, state)
    values = _plain(run, name, piece.index, state)
    if not operator:
        return ANY if values is None else values
    word = piece.argument
    if operator in (":-", "-", ":=", "="):
        if values is None:
            values = value(run, word, state)
            if name not in os.environ:
                return values
            values = capped([UNKNOWN, *values])
        elif "" in values and operator[0] == ":":
            values = capped([v for v in values if v] + list(value(run, word, state)))
        if "=" in operator:
            state.variables[name] = values
        return values
    if operator in (":+", "+"):
        return capped(["", *value(run, word, state)])
    if values is None:
        return ANY
    if operator in (":?", "?"):
        return values
    return capped([_changed(run, v, operator, word, state) for v in values])


def _plain(run: Interpreter, name: str, index: str, state: State) -> Values | None:
    """The alternatives of a variable, or None where it was never set here."""
    name = state.names.get(name, name)
    if name in state.arrays:
        elements = state.arrays[name]
        if index.isdecimal() or (not index and name not in ("@", "*")):
            at = int(index or "0")
            return elements[at] if at < len(elements) else ("",)
        if index in ("@", "*"):
            return _spread(elements)
        return capped([v for e in elements for v in e]) if elements else ("",)
    if name in ("@", "*"):
        return _spread(state.arguments)
    if name.isdecimal():
        number = int(name)
        if number == 0:
            return (run.script or UNKNOWN,)
        if run.bare and number > len(state.arguments):
            return ANY
        return state.arguments[number - 1] if number <= len(state.arguments) else ("",)
    if name in state.variables:
        return state.variables[name]
    if name == "PWD":
        return state.cwds
    if name in _PROCESSES:
        return ("pid" + name.strip("$!"),)  # the same number each time
    if (
        name == "#"
        and not run.bare
        and all(len(word) == 1 and is_known(word[0]) for word in state.arguments)
    ):
        return (str(len(state.arguments)),)
    if name in _NUMBERS:
        return (STAR,)
    if name in _INHERITED and name in os.environ:
        return (os.environ[name],)
    return None


def _spread(elements: list[Values]) -> Values:
    if all(len(element) == 1 for element in elements):
        return (SPLIT.join(element[0] for element in elements),)
    values: Values = ("",)
    for at, element in enumerate(elements):
        values = product(values, tuple((SPLIT if at else "") + v for v in element))
    if values == ANY:
        return capped([v for element in elements for v in element])
    return values


def _indirect(run: Interpreter, piece: Part, state: State) -> Values:
    names = state.variables.get(piece.text)
    if piece.index or names is None:
        return ANY
    found: list[str] = []
    for name in names:
        found += _plain(run, name, "", state) or ANY
    return capped(found)


def _changed(run: Interpreter, text: str, operator: str, word: str, state: State) -> str:
    """`text` after `${x<operator>word}`."""
    if not is_known(text.replace(SPLIT, "")):
        # The end of a path that is known stays known: `${f##*/}` of UNKNOWN/app.py.
        if operator == "##" and word == "*/" and "/" in text:
            return text.rpartition("/")[2]
        return UNKNOWN
    if operator in ("#", "##", "%", "%%"):
        (pattern, *others) = value(run, word, state)
        if others:
            return UNKNOWN
        lengths = range(len(text) + 1)
        if operator[0] == "#":
            ends = [n for n in lengths if _suits(pattern, text[:n])]
            return text[(ends[-1] if operator == "##" else ends[0]) :] if ends else text
        starts = [n for n in lengths if _suits(pattern, text[n:])]
        return text[: (starts[0] if operator == "%%" else starts[-1])] if starts else text
    if operator in ("/", "//", "/#", "/%"):
        old, _, new = word.partition("/")
        olds, news = value(run, old, state), value(run, new, state)
        if len(olds) > 1 or len(news) > 1 or not is_known(olds[0]) or not olds[0]:
            return UNKNOWN
        if operator == "/#":
            return news[0] + text[len(olds[0]) :] if text.startswith(olds[0]) else text
        if operator == "/%":
            return text[: -len(olds[0])] + news[0] if text.endswith(olds[0]) else text
        return text.replace(olds[0], news[0], -1 if operator == "//" else 1)
    if operator in ("^^", "^"):
        return text.upper() if operator == "^^" else text[:1].upper() + text[1:]
    if operator in (",,", ","):
        return text.lower() if operator == ",," else text[:1].lower() + text[1:]
    if operator == ":":
        start, _, length = word.strip().partition(":")
        if start.strip().isdecimal() and (not length or length.strip().isdecimal()):
            cut = text[int(start) :]
            return cut[: int(length)] if length else cut
    return UNKNOWN


def _suits(pattern: str, text: str) -> bool:
    # In these patterns a star goes over slashes.
    return fits(pattern.replace(STAR, UNKNOWN), text)


def _calculated(run: Interpreter, text: str, state: State) -> Values:
    """A number where it can be told, else any name without a slash."""
    for name in sorted(state.variables, key=len, reverse=True):
        if name in text and len(text) < 80:
            values = state.variables[name]
            if len(values) == 1 and values[0].isdecimal():
                text = text.replace("$" + name, values[0]).replace(name, values[0])
    return (_sum(text.strip().replace(" ", "")) or STAR,)


def _sum(text: str) -> str:
    """The value of a number, or of two with one sign between them; else nothing."""
    for sign in "+-*":
        left, found, right = text.partition(sign)
        if found and left.isdecimal() and right.isdecimal() and len(text) < 18:
            a, b = int(left), int(right)
            return str(a + b if sign == "+" else a - b if sign == "-" else a * b)
    return text if text.isdecimal() and len(text) < 18 else ""


def is_wild(text: str) -> bool:
    """Whether the value stands for more than one text."""
    return not WILD.isdisjoint(text)


__all__ = ["ANY", "ONE", "fields", "is_wild", "value", "variable"]
