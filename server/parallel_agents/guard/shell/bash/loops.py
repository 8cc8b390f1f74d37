"""Loops: each round by itself where there are few, else one round for all values at once."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.state import NOTHING, State, Stream, together
from parallel_agents.guard.shell.bash.syntax import text_of
from parallel_agents.guard.shell.bash.words import STAR, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter

_FEW = 8
_LINES = 24
_TURNS = 16
"""Rounds that are walked one by one: of a list, of lines that are read, of a known condition."""


def each(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    """`for NAME in WORDS`, and `select`."""
    name = text_of(node.child_by_field_name("variable"))
    words = node.children_by_field_name("value")
    if words or any(c.type == "in" for c in node.children):
        found = [f for w in words for f in expansion.fields(run, text_of(w), state)]
    else:
        found = list(state.arguments)
    values = run.effects.listed([v for f in found for v in f], state)
    if not values:
        return NOTHING
    body = node.child_by_field_name("body")
    if body is None:
        return NOTHING
    # Few values are walked one by one, so that what is made of them stays together.
    few = len(values) <= _FEW
    certain = few and all(len(f) == 1 and is_known(f[0]) for f in found)
    if not certain:
        counted(body, state)
    out = NOTHING
    run.leaps.append([])
    few = few and node.children[0].type != "select"
    for turn in [(v,) for v in values] if few else [values]:
        before = state.copy()
        state.variables[name] = turn
        out = together(out, _body(run, body, state, stdin, certain=certain))
        if not few:
            state.join(before)
            state.variables[name] = turn
    _landed(run, state)
    return out


def loop(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    """`while`, `until`, and `for ((...))`."""
    condition = [c for c in node.children_by_field_name("condition") if c.is_named]
    body = node.child_by_field_name("body")
    out = NOTHING
    until = node.children[0].type == "until"
    if node.type == "c_style_for_statement":
        if body is not None and not run.turning and _counted(run, node, body, state, stdin):
            return out
        for part in node.children_by_field_name("initializer"):
            for name in assigned(part):
                state.variables[name] = (STAR,)
        condition = []
    run.leaps.append([])
    if condition and body is not None and not run.turning:
        run.turning = True
        ended, out = _turned(run, condition, body, until, state, stdin)
        run.turning = False
        if ended:
            _landed(run, state)
            run.returns = None
            return out
    if body is not None:
        counted(body, state)
    start = state.copy()
    for given in _rounds(condition, stdin):
        run.returns = None
        out = together(out, run.condition(condition, state, given))
        if body is not None and (run.returns is None or run.returns != until):
            out = together(out, _body(run, body, state, given, certain=False))
    _landed(run, state)
    state.join(start)
    run.returns = None
    return out


def _turned(
    run: Interpreter, condition: list[Any], body: Any, until: bool, state: State, stdin: Stream
) -> tuple[bool, Stream]:
    """Round after round while the condition is known; (whether the loop ends so, the output)."""
    out = NOTHING
    for _ in range(_TURNS):
        before = state.copy()
        run.returns = None
        out = together(out, run.condition(condition, state, stdin))
        if run.returns is None:
            return False, out
        if run.returns == until or state.dead:
            return True, out
        out = together(out, _round(run, body, state, stdin))
        same = state.variables == before.variables and state.arguments == before.arguments
        if state.dead or (same and state.cwds == before.cwds and state.arrays == before.arrays):
            return True, out
    return False, out


def _counted(run: Interpreter, node: Any, body: Any, state: State, stdin: Stream) -> bool:
    """Round after round of a `for ((...))` that is known; whether it ends so."""
    from parallel_agents.guard.shell.bash import arithmetic

    text = text_of(node).partition("((")[2]
    pieces = text[: text.find("do")].rpartition("))")[0].split(";")
    if len(pieces) != 3 or run.doubts:
        return False
    trial = state.copy()
    arithmetic.number(run, pieces[0], trial)
    run.turning = True
    run.leaps.append([])
    ended = False
    for _ in range(_TURNS):
        going = arithmetic.number(run, pieces[1] or "1", trial)
        if not going or trial.dead:
            ended = going is not None
            break
        _round(run, body, trial, stdin)
        arithmetic.number(run, pieces[2], trial)
    run.turning = False
    _landed(run, trial)
    if ended:
        state.take(trial)
        run.returns = None
    return ended


def _rounds(condition: list[Any], stdin: Stream) -> list[Stream]:
    """What each round reads: a line, where it is lines that the condition reads."""
    if len(condition) != 1 or not text_of(condition[0]).startswith(("read ", "IFS")):
        return [stdin]
    if stdin.texts is not None and len(stdin.texts) > 1:
        return [stdin]
    lines = stdin.lines
    if len(lines) > _LINES or not all(map(is_known, lines)):
        return [stdin]
    # Those that are not read by the condition itself may be read by the body.
    return [Stream(None, (line,)) for line in lines] or [stdin]


def _body(run: Interpreter, node: Any, state: State, stdin: Stream, *, certain: bool) -> Stream:
    """One round; a second one where it changes what an uncertain one starts from."""
    before = state.copy()
    out = _round(run, node, state, stdin)
    changed = state.variables != before.variables or state.cwds != before.cwds
    if changed and not certain and not state.dead:
        out = together(out, _round(run, node, state, stdin))
    return out


def _round(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = run.sequence(node.children, state, stdin)
    goes_on = [leap for leap in run.leaps[-1] if leap[0] == "continue"]
    run.leaps[-1] = [leap for leap in run.leaps[-1] if leap[0] == "break"]
    for _, where in goes_on:
        state.join(where)
    return out


def _landed(run: Interpreter, state: State) -> None:
    """Behind the loop, whoever has left it goes on."""
    for _, where in run.leaps.pop():
        state.join(where)


def leap(
    run: Interpreter, name: str, given: list[tuple[str, ...]], state: State, stdin: Stream
) -> Stream:
    """`break` and `continue`."""
    if run.leaps and len(run.leaps[-1]) < 64:
        far = given[0][0] if given else "1"
        place = min(int(far), len(run.leaps)) if far.isdecimal() and int(far) else 1
        run.leaps[-place].append((name, state.copy()))
        state.dead = True
    return NOTHING


def counted(body: Any, state: State) -> None:
    """What a loop counts can be any number in it."""
    text = text_of(body)
    if not any(sign in text for sign in ("((", "$[", "let ", "expr ")):
        return
    todo = [body]
    while todo:
        node = todo.pop()
        if node.type == "variable_assignment":
            value = text_of(node.child_by_field_name("value"))
            if value.startswith(("$((", "$[", "$(expr", "`expr")):
                state.variables[text_of(node.child_by_field_name("name"))] = (STAR,)
        elif node.type == "compound_statement" and text_of(node).startswith("(("):
            for name in assigned(node):
                state.variables[name] = (STAR,)
        else:
            todo += node.children


def assigned(node: Any) -> list[str]:
    """The names that an arithmetic expression can change."""
    found: list[str] = []
    name = ""
    for char in text_of(node) + " ":
        if char.isalnum() or char == "_":
            name += char
        else:
            if name and not name[0].isdigit():
                found.append(name)
            name = ""
    return found
