"""Lists, pipelines, branches and loops: in which order commands run, and what they start from."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.state import NOTHING, State, Stream, together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter

    Statement = Callable[[Interpreter, Any, State, Stream], Stream]


def text_of(node: Any) -> str:
    """The source of a node."""
    found: str = node.text.decode("utf-8", "replace") if node is not None else ""
    return found


def _redirected(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    body = node.child_by_field_name("body")
    redirects = [c for c in node.children if c.type.endswith("_redirect")]
    return run.redirected(body, redirects, state, stdin)


def _steps(node: Any, redirects: list[Any]) -> list[tuple[str, Any, list[Any]]]:
    """(`&&` or `||`, command, its redirections) of a list, first to last.

    The grammar takes the redirections of a list's last command for those of the whole.
    """
    if node.type == "list":
        left, sign, right = node.children[0], node.children[1], node.children[-1]
        return [*_steps(left, []), (sign.type, right, redirects)]
    if node.type == "redirected_statement" and not redirects:
        body = node.child_by_field_name("body")
        if body is not None and body.type == "list":
            own = [c for c in node.children if c.type.endswith("_redirect")]
            return _steps(body, own)
    return [("&&", node, redirects)]


def chained(
    run: Interpreter,
    node: Any,
    state: State,
    stdin: Stream,
    redirects: list[Any] | None = None,
) -> Stream:
    """Commands with `&&` and `||` between them."""
    steps = _steps(node, redirects or [])
    failed: State | None = None
    out = NOTHING
    status: bool | None = True
    for sign, step, tail in steps:
        if sign == "&&":
            if status is None:
                failed = _either(failed, state)
            elif status is False:
                continue
            run.returns = None
            out = together(out, run.redirected(step, tail, state, stdin))
            status = run.returns
        else:
            if status is True and failed is None:
                continue
            other = _either(failed, state) if status is not True else failed
            failed = None
            if other is None:
                continue
            run.returns = None
            out = together(out, run.redirected(step, tail, other, stdin))
            if status is False:
                state.take(other)
            else:
                state.join(other)
            status = None if not other.dead else status
            if other.dead and status is None:
                status = True  # whoever comes here has succeeded
    if failed is not None:
        state.join(failed)
    run.returns = status
    return out


def piped(
    run: Interpreter, node: Any, state: State, stdin: Stream, redirects: list[Any] | None = None
) -> Stream:
    stream = stdin
    parts = [child for child in node.children if child.is_named and child.type != "comment"]
    for child in parts:
        tail = redirects if child == parts[-1] else None
        stream = run.redirected(child, tail or [], state.copy(), stream)
    run.returns = None
    return stream


def _if(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = NOTHING
    branches: list[State] = []
    current = state
    body: list[Any] = []
    certain = False
    for child in node.children:
        kind = child.type
        if kind in ("if", "then", "fi", ";", "\n"):
            if kind == "then":
                out = together(out, run.sequence(body, current, stdin))
                certain = False
                body = []
            continue
        if kind in ("elif_clause", "else_clause"):
            if not certain:
                taken = current.copy()
                out = together(out, run.sequence(body, taken, stdin))
                branches.append(taken)
                body, certain = [], True
            if kind == "else_clause":
                out = together(out, run.sequence(child.children, current, stdin))
            else:
                out = together(out, _elif(run, child, current, branches, stdin))
            continue
        body.append(child)
    if not certain:
        taken = current.copy()
        out = together(out, run.sequence(body, taken, stdin))
        branches.append(taken)
    for branch in branches:
        state.join(branch)
    run.returns = None
    return out


def _elif(
    run: Interpreter, node: Any, state: State, branches: list[State], stdin: Stream
) -> Stream:
    body: list[Any] = []
    out = NOTHING
    for child in node.children:
        if child.type == "then":
            out = together(out, run.sequence(body, state, stdin))
            body = []
        elif child.type != "elif":
            body.append(child)
    taken = state.copy()
    out = together(out, run.sequence(body, taken, stdin))
    branches.append(taken)
    return out


def _for(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
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
    # Few values are walked one by one, so that what is made of them stays together.
    out = NOTHING
    rounds = [(v,) for v in values] if len(values) <= 8 else [values]
    for turn in rounds:
        before = state.copy()
        state.variables[name] = turn
        if body is not None:
            out = together(out, _body(run, body, state, stdin))
        if len(rounds) == 1:
            state.join(before)
            state.variables[name] = turn
    return out


def _loop(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    condition = [c for c in node.children_by_field_name("condition") if c.is_named]
    out = NOTHING
    if node.type == "c_style_for_statement":
        for part in node.children_by_field_name("initializer"):
            for name in _assigned(part):
                state.variables[name] = ("\ue001",)
        condition = []
    for child in condition:
        out = together(out, run.node(child, state, stdin))
    body = node.child_by_field_name("body")
    if body is not None:
        before = state.copy()
        out = together(out, _body(run, body, state, stdin))
        state.join(before)
    run.returns = None
    return out


def _body(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    """A loop's body, again where it changes what it starts from."""
    before = state.copy()
    out = run.sequence(node.children, state, stdin)
    if state.variables != before.variables or state.cwds != before.cwds:
        out = together(out, run.sequence(node.children, state, stdin))
    return out


def _case(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = NOTHING
    value = node.child_by_field_name("value")
    if value is not None:
        expansion.value(run, text_of(value), state)  # for what it runs
    before = state.copy()
    for item in node.children:
        if item.type == "case_item":
            branch = before.copy()
            patterns = item.children_by_field_name("value")
            body = [c for c in item.children if c.is_named and c not in patterns]
            out = together(out, run.sequence(body, branch, stdin))
            state.join(branch)
    run.returns = None
    return out


def _subshell(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = run.sequence(node.children, state.copy(), stdin)
    run.returns = None
    return out


def _group(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    if node.children and node.children[0].type == "((":
        _arithmetic(run, node, state)
        return NOTHING
    return run.sequence(node.children, state, stdin)


def _arithmetic(run: Interpreter, node: Any, state: State) -> None:
    for name in _assigned(node):
        state.variables[name] = ("\ue001",)


def _function(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is not None and body is not None:
        state.functions[text_of(name)] = node
    return NOTHING


def _negated(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = run.sequence(node.children, state, stdin)
    run.returns = None if run.returns is None else not run.returns
    return out


def _declaration(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    for child in node.children:
        if child.type == "variable_assignment":
            run.assign(child, state)
        elif child.is_named and child.type != "variable_name" and "=" in text_of(child):
            name, _, word = text_of(child).partition("=")
            state.variables[name.strip("'\"")] = expansion.value(run, word, state)
    return NOTHING


def _assignments(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    for child in node.children:
        run.assign(child, state)
    return NOTHING


def _assignment(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    run.assign(node, state)
    return NOTHING


def _unset(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    for child in node.children:
        if child.is_named:
            state.variables[text_of(child)] = ("",)
    return NOTHING


def _either(first: State | None, second: State) -> State:
    new = second.copy()
    if first is not None:
        new.join(first)
    return new


def _assigned(node: Any) -> list[str]:
    """The names that an arithmetic expression can change."""
    text = text_of(node)
    found: list[str] = []
    name = ""
    for char in text + " ":
        if char.isalnum() or char == "_":
            name += char
        else:
            if name and not name[0].isdigit():
                found.append(name)
            name = ""
    return found


STATEMENTS: dict[str, Statement] = {
    "list": chained,
    "pipeline": piped,
    "redirected_statement": _redirected,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _loop,
    "c_style_for_statement": _loop,
    "case_statement": _case,
    "subshell": _subshell,
    "compound_statement": _group,
    "function_definition": _function,
    "negated_command": _negated,
    "declaration_command": _declaration,
    "variable_assignments": _assignments,
    "variable_assignment": _assignment,
    "unset_command": _unset,
}
