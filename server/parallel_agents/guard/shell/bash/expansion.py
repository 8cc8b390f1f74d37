"""What the words of a command become: variables, substitutions, braces, tildes, wildcards."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import globs, parameters
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN
from parallel_agents.guard.shell.bash.wordparts import parts
from parallel_agents.guard.shell.bash.words import (
    CLOSE,
    COMMA,
    HOME,
    OPEN,
    SPLIT,
    STAR,
    UNKNOWN,
    WILD,
    braced,
    capped,
    globbed,
    product,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values
    from parallel_agents.guard.shell.bash.wordparts import Part

_BRACES = frozenset((OPEN, COMMA, CLOSE))


def fields(run: Interpreter, word: str, state: State) -> list[Values]:
    """The words that `word` becomes, each with its alternatives."""
    found = _fields(run, word, state)
    if "noglob" in state.options:
        return [tuple(globs.plain(v) for v in values) for values in found]
    if "nocaseglob" in state.options:
        return [tuple(globs.caseless(v) if is_wild(v) else v for v in values) for values in found]
    return found


def spread(run: Interpreter, found: list[Values], state: State) -> list[Values]:
    """The words, with the names that wildcards find on the disk as words of their own."""
    out: list[Values] = []
    for values in found:
        if len(values) == 1 and is_wild(values[0]):
            out += [(name,) for name in run.effects.listed(list(values), state)]
        else:
            out.append(values)
    return out


def is_wild(text: str) -> bool:
    """Whether the value stands for more than one name of a file."""
    return UNKNOWN not in text and not WILD.isdisjoint(text)


def _fields(run: Interpreter, word: str, state: State) -> list[Values]:
    plain = parts(word)
    values = _joined(run, plain, state, split=True)
    if all(SPLIT not in value for value in values):
        if all(_BRACES.isdisjoint(value) for value in values):
            # An unquoted expansion to nothing is no word; with quotes it is an empty one.
            if values == ("",) and plain and not any(p.quoted for p in plain):
                return []
            return [tuple(_tilde(value, state) for value in values)]
        cut = [[value] for value in values]
    else:
        cut = [[piece for piece in value.split(SPLIT) if piece] for value in values]
    if len(cut) == 1:
        return [(_tilde(word, state),) for piece in cut[0] for word in braced(piece)]
    longest = max(len(pieces) for pieces in cut)
    found = []
    for at in range(longest):
        here = [w for pieces in cut if at < len(pieces) for w in braced(pieces[at])]
        found.append(capped([_tilde(word, state) for word in here]))
    return found


def value(run: Interpreter, word: str, state: State, *, quoted: bool = False) -> Values:
    """The one word that `word` becomes where nothing is split (an assignment, a redirection)."""
    values = _joined(run, parts(word, quoted=quoted), state, split=False)
    found = [w for v in values for w in (braced(v) if not quoted else [v])]
    return capped([_tilde(v, state) for v in found])


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
        found = parameters.variable(run, piece, state)
    elif piece.kind == "command":
        found = run.printed(piece.text, state, one_line=not split)
    elif piece.kind == "process":
        printed = run.inner(piece.text, state)
        return (run.pipe(printed if piece.operator == "<" else UNSEEN),)
    else:
        return _calculated(run, piece.text, state)
    if not split:
        return found
    separators = state.variables.get("IFS", (" \t\n",))[0]
    return tuple(_unquoted(v, separators) for v in found)


def _unquoted(text: str, separators: str) -> str:
    for sign in separators:
        if sign in text:
            text = text.replace(sign, SPLIT)
    return globbed(text)


def _tilde(text: str, state: State) -> str:
    if HOME not in text:
        return text
    if text[0] == HOME:
        name, slash, rest = text[1:].partition("/")
        return _folder(name, state) + slash + rest.replace(HOME, "~")
    return text.replace(HOME, "~")


def _folder(name: str, state: State) -> str:
    """The directory that `~name` is."""
    stack = (state.cwds, *reversed(state.stack))
    found: Values = ANY
    if not name:
        found = state.variables.get("HOME") or (os.environ.get("HOME", UNKNOWN),)
    elif name == "+":
        found = state.cwds
    elif name == "-":
        found = state.variables.get("OLDPWD", ANY)
    elif name.lstrip("+").isdecimal() and int(name.lstrip("+")) < len(stack):
        found = stack[int(name.lstrip("+"))]
    elif name[:1] == "-" and name[1:].isdecimal() and int(name[1:]) < len(stack):
        found = stack[-1 - int(name[1:])]
    return found[0] if len(found) == 1 else UNKNOWN


def _calculated(run: Interpreter, text: str, state: State) -> Values:
    """A number where it can be told, else any name without a slash."""
    from parallel_agents.guard.shell.bash import arithmetic

    found = arithmetic.number(run, text, state)
    return (STAR,) if found is None else (str(found),)
