"""Variables: their values, the elements of arrays, and what `${name<operator>word}` makes of them.

An array has its elements by number (as text) or name; one whose place is only known when the
command runs is kept under UNKNOWN.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.state import ANY, GONE
from parallel_agents.guard.shell.bash.wordparts import Part, ansi
from parallel_agents.guard.shell.bash.words import (
    SPLIT,
    STAR,
    UNKNOWN,
    capped,
    fits,
    is_known,
    product,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_INHERITED = ("HOME", "TMPDIR", "USER", "LOGNAME", "CLAUDE_PROJECT_DIR")
"""What the shell of the client has from the environment that hooks have, too."""
_NUMBERS = frozenset(("#", "?", "RANDOM", "SECONDS", "LINENO", "UID", "EUID"))
_PROCESSES = frozenset(("$", "!", "PPID", "BASHPID"))
_ALL = ("@", "*")
_LONGEST = 400


def variable(run: Interpreter, piece: Part, state: State) -> Values:
    """The alternatives of `${...}`; elements of an array are split even in quotes."""
    name, operator = piece.text, piece.operator
    if operator == "!":
        return _indirect(run, piece, state)
    if operator == "length":
        return _length(run, piece, state)
    sliced = operator == ":" and (name in _ALL or piece.index in _ALL)
    values = _slice(run, piece, state) if sliced else plain(run, name, piece.index, state)
    if values is not None and piece.quoted and "*" in (name, piece.index):
        between = (state.variables.get("IFS", (" ",))[0] or "\0")[0].strip("\0")
        values = tuple(value.replace(SPLIT, between) for value in values)
    if not operator or sliced:
        return ANY if values is None else values
    word = piece.argument
    if operator in (":-", "-", ":=", "="):
        return _instead(run, piece, values, state)
    if operator in (":+", "+"):
        if values is GONE or values == ("",):
            return (
                ("",) if operator == ":+" or values is GONE else expansion.value(run, word, state)
            )
        there = expansion.value(run, word, state)
        sure = values is not None and all(v and v[0] != UNKNOWN for v in values)
        return there if sure else capped(["", *there])
    if values is None:
        return ANY
    if operator in (":?", "?"):
        return values
    return capped([_each(run, v, operator, word, state) for v in values])


def _instead(run: Interpreter, piece: Part, values: Values | None, state: State) -> Values:
    """`${x:-word}` and `${x:=word}`."""
    name, operator = piece.text, piece.operator
    if values is None:
        found = expansion.value(run, piece.argument, state)
        if name in os.environ:
            found = capped([UNKNOWN, *found])
    elif values is GONE or ("" in values and operator[0] == ":"):
        kept = [v for v in values if v]
        found = capped(kept + list(expansion.value(run, piece.argument, state)))
    else:
        return values
    if "=" in operator:
        state.variables[state.names.get(name, name)] = found
    return found


def plain(run: Interpreter, name: str, index: str, state: State) -> Values | None:
    """The alternatives of a variable, or None where it was never set here."""
    name = state.names.get(name, name)
    if "[" in name:
        name, _, index = name.rstrip("]").partition("[")
    elements = state.arrays.get(name)
    if elements is not None:
        if index in _ALL:
            return spread(list(elements.values()))
        key = _place(run, name, index or "0", state)
        if key == UNKNOWN:
            return capped([v for e in elements.values() for v in e]) if elements else ("",)
        return elements.get(key, ("",)) + elements.get(UNKNOWN, ())
    if index and index not in (*_ALL, "0"):
        expansion.value(run, index, state, quoted=True)  # for what it runs
    if name in _ALL:
        return spread(state.arguments)
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
        return ("job" if name == "!" else "pid" + name.strip("$"),)  # the same number each time
    if name == "-":
        return ("hBc",)
    if name == "?" and run.last is True and not run.doubts:
        return ("0",)
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


def spread(elements: list[Values]) -> Values:
    """The elements as the words that they become."""
    if all(len(element) == 1 for element in elements):
        return (SPLIT.join(element[0] for element in elements),)
    values: Values = ("",)
    for at, element in enumerate(elements):
        values = product(values, tuple((SPLIT if at else "") + v for v in element))
    if values == ANY:
        return capped([v for element in elements for v in element])
    return values


def numbered(elements: list[Values]) -> dict[str, Values]:
    """An array of these elements."""
    return {str(at): element for at, element in enumerate(elements)}


def store(
    run: Interpreter, name: str, index: str, values: Values, state: State, *, added: bool = False
) -> None:
    """Give an element a value; without `index` it is the next one."""
    elements = dict(state.arrays.get(name, {}))
    if index:
        key = _place(run, name, index, state)
    else:
        numbers = [int(k) for k in elements if k.isdecimal()]
        key = UNKNOWN if UNKNOWN in elements else str(max(numbers, default=-1) + 1)
    if added:
        values = product(elements.get(key, ("",)), values)
    elements[key] = capped([*elements.get(key, ()), *values]) if key == UNKNOWN else values
    state.arrays[name] = elements


def named(run: Interpreter, word: str, values: Values, state: State) -> None:
    """Give what a word names (`x`, `a[1]`) a value."""
    name, bracket, rest = word.partition("[")
    name = state.names.get(name, name)
    if bracket:
        store(run, name, rest.rstrip("]"), values, state)
    else:
        state.variables[name] = values


def forget(run: Interpreter, word: str, state: State) -> None:
    """`unset` of a variable, an array or an element."""
    name, bracket, rest = word.partition("[")
    name = state.names.get(name, name)
    if bracket and name in state.arrays:
        elements = dict(state.arrays[name])
        elements.pop(_place(run, name, rest.rstrip("]"), state), None)
        state.arrays[name] = elements
        return
    state.arrays.pop(name, None)
    state.variables[name] = GONE


def _place(run: Interpreter, name: str, index: str, state: State) -> str:
    """The key of an element, or UNKNOWN."""
    if name in state.maps:
        values = expansion.value(run, index, state)
        return values[0] if len(values) == 1 and is_known(values[0]) else UNKNOWN
    if index.isdecimal():
        return str(int(index))
    from parallel_agents.guard.shell.bash import arithmetic

    number = arithmetic.number(run, index, state)
    if number is not None and number < 0:
        numbers = [int(k) for k in state.arrays.get(name, {}) if k.isdecimal()]
        number += max(numbers, default=-1) + 1
    return UNKNOWN if number is None or number < 0 else str(number)


def _indirect(run: Interpreter, piece: Part, state: State) -> Values:
    """`${!name}`, `${!prefix*}`, `${!array[@]}`."""
    if piece.index in _ALL:
        return spread([(key,) for key in state.arrays.get(piece.text, {})])
    if piece.argument in _ALL:
        names = sorted(n for n in state.variables if n.startswith(piece.text))
        return spread([(name,) for name in names])
    if piece.text in ("#", "@", "*"):
        return state.arguments[-1] if state.arguments and not run.bare else ANY
    names_of = plain(run, piece.text, piece.index, state)
    if piece.text in state.names:
        return (state.names[piece.text],)
    found: list[str] = []
    for target in names_of or ANY:
        name, _, index = target.partition("[")
        if not is_known(target) or not (name.isidentifier() or name.isdecimal()):
            return ANY
        inner = _operated(piece, name, index.rstrip("]"))
        found += variable(run, inner, state)
    return capped(found)


def _operated(piece: Part, name: str, index: str) -> Part:
    """What is behind `!name`, on the variable that is meant."""
    for operator in (":-", ":=", ":+", ":?", "##", "%%", "//", "^^", ",,"):
        if piece.argument.startswith(operator):
            return Part("variable", name, piece.quoted, operator, piece.argument[2:], index)
    return Part("variable", name, piece.quoted, piece.argument[:1], piece.argument[1:], index)


def _length(run: Interpreter, piece: Part, state: State) -> Values:
    if piece.index in _ALL and piece.text in state.arrays:
        elements = state.arrays[piece.text]
        return (STAR,) if UNKNOWN in elements else (str(len(elements)),)
    if piece.text in _ALL:
        return plain(run, "#", "", state) or (STAR,)
    values = plain(run, piece.text, piece.index, state)
    if values is None or not all(map(is_known, values)):
        return (STAR,)
    return tuple(str(len(value)) for value in values)


def _slice(run: Interpreter, piece: Part, state: State) -> Values:
    """`${@:from:count}`, `${array[@]:from:count}`."""
    start, count = _range(run, piece.argument, state)
    if piece.text in _ALL:
        places = {0: (run.script or UNKNOWN,), **dict(enumerate(state.arguments, 1))}
        unclear = run.bare
    else:
        elements = state.arrays.get(piece.text)
        if elements is None:
            return plain(run, piece.text, "", state) or ANY
        unclear = not all(key.isdecimal() for key in elements)
        places = {} if unclear else {int(key): v for key, v in elements.items()}
    if start is None or count is None or unclear:
        return plain(run, piece.text, piece.index, state) or ANY
    if start < 0:
        start += max(places, default=-1) + 1
    chosen = [places[at] for at in sorted(places) if at >= start >= 0]
    return spread(chosen[:count] if count >= 0 else [])


def _range(run: Interpreter, text: str, state: State) -> tuple[int | None, int | None]:
    """(first, how many) of a slice; None where it is not known."""
    from parallel_agents.guard.shell.bash import arithmetic

    start, colon, count = text.partition(":")
    if "?" in text or "{" in text:
        return None, None
    first = arithmetic.number(run, start, state) if start.strip() else 0
    return first, arithmetic.number(run, count, state) if colon else 1 << 20


def _each(run: Interpreter, text: str, operator: str, word: str, state: State) -> str:
    if SPLIT not in text:
        return _changed(run, text, operator, word, state)
    return SPLIT.join(_changed(run, t, operator, word, state) for t in text.split(SPLIT))


def _changed(run: Interpreter, text: str, operator: str, word: str, state: State) -> str:
    """`text` after `${x<operator>word}`."""
    if not is_known(text):
        # The end of a path that is known stays known: `${f##*/}` of UNKNOWN/app.py.
        if operator == "##" and word == "*/" and "/" in text:
            return text.rpartition("/")[2]
        return UNKNOWN
    if operator in ("#", "##", "%", "%%"):
        return _trimmed(run, text, operator, word, state)
    if operator in ("/", "//", "/#", "/%"):
        return _replaced(run, text, operator, word, state)
    if operator in ("^^", "^"):
        return text.upper() if operator == "^^" else text[:1].upper() + text[1:]
    if operator in (",,", ","):
        return text.lower() if operator == ",," else text[:1].lower() + text[1:]
    if operator == ":":
        start, count = _range(run, word, state)
        if start is None or count is None:
            return UNKNOWN
        start = start + len(text) if start < 0 else start
        end = start + count if count >= 0 else len(text) + count
        return text[start:end] if 0 <= start <= end else ""
    if operator == "@":
        return _transformed(run, text, word, state)
    return UNKNOWN


def _transformed(run: Interpreter, text: str, word: str, state: State) -> str:
    """`${x@Q}` and the like."""
    if word in ("Q", "K", "k"):
        return "'" + text.replace("'", "'\\''") + "'"
    if word == "E":
        return ansi(text)
    if word == "P":
        found = expansion.value(run, text, state, quoted=True)
        return found[0] if len(found) == 1 else UNKNOWN
    if word in ("U", "L", "u"):
        return {"U": text.upper(), "L": text.lower(), "u": text[:1].upper() + text[1:]}[word]
    return UNKNOWN


def _trimmed(run: Interpreter, text: str, operator: str, word: str, state: State) -> str:
    (pattern, *others) = expansion.value(run, word, state)
    if others or len(text) > _LONGEST:
        return UNKNOWN
    run.budget.step(len(text))
    lengths = range(len(text) + 1)
    if operator[0] == "#":
        ends = [n for n in lengths if _suits(pattern, text[:n])]
        return text[(ends[-1] if operator == "##" else ends[0]) :] if ends else text
    starts = [n for n in lengths if _suits(pattern, text[n:])]
    return text[: (starts[0] if operator == "%%" else starts[-1])] if starts else text


def _replaced(run: Interpreter, text: str, operator: str, word: str, state: State) -> str:
    old, new = _halves(word)
    olds, news = expansion.value(run, old, state), expansion.value(run, new, state)
    if len(olds) > 1 or len(news) > 1 or len(text) > _LONGEST // 2:
        return UNKNOWN
    pattern, replacement = olds[0], news[0]
    if not pattern:
        return {"/#": replacement + text, "/%": text + replacement}.get(operator, text)
    out = []
    at = 0
    while at <= len(text):
        run.budget.step(1 + len(text) - at)
        ends = [n for n in range(len(text), at, -1) if _suits(pattern, text[at:n])]
        if operator == "/%":
            ends = [n for n in ends if n == len(text)]
        if operator == "/#" and at:
            break
        if ends:
            out.append(replacement)
            at = ends[0]
            if operator != "//":
                break
            continue
        out.append(text[at : at + 1])
        at += 1
    return "".join(out) + text[at:]


def _halves(word: str) -> tuple[str, str]:
    """(pattern, replacement) of `${x/pattern/replacement}`; a quoted slash is the pattern's."""
    at = depth = 0
    while at < len(word):
        char = word[at]
        if char == "\\":
            at += 1
        elif char in "'\"":
            end = word.find(char, at + 1)
            at = len(word) if end < 0 else end
        elif char == "/" and not depth:
            return word[:at], word[at + 1 :]
        else:
            depth += (char == "{") - (char == "}" and depth > 0)
        at += 1
    return word, ""


def _suits(pattern: str, text: str) -> bool:
    # In these patterns a star goes over slashes.
    return fits(pattern.replace(STAR, UNKNOWN), text)
