"""Lists, pipelines, branches and loops: in which order commands run, and what they start from."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import assignments, conditions, expansion, loops, parameters
from parallel_agents.guard.shell.bash.state import ANY, NOTHING, State, Stream, together
from parallel_agents.guard.shell.bash.syntax import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter

    Statement = Callable[[Interpreter, Any, State, Stream], Stream]


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
            run.guarded += step is not steps[-1][1]
            out = together(out, run.redirected(step, tail, state, stdin))
            run.guarded -= step is not steps[-1][1]
            status = run.returns
        else:
            if status is True and failed is None:
                continue
            other = _either(failed, state) if status is not True else failed
            failed = None
            if other is None:
                continue
            run.returns = None
            run.guarded += step is not steps[-1][1]
            out = together(out, run.redirected(step, tail, other, stdin))
            run.guarded -= step is not steps[-1][1]
            if status is False:
                state.take(other)
            else:
                state.join(other)
            status = None if not other.dead else status
            if other.dead and status is None:
                status = True  # whoever comes here has succeeded
    if failed is not None:
        state.join(failed)
        status = False if status is False else None
    run.returns = status
    return out


def piped(
    run: Interpreter, node: Any, state: State, stdin: Stream, redirects: list[Any] | None = None
) -> Stream:
    stream = stdin
    parts = [child for child in node.children if child.is_named and child.type != "comment"]
    for child in parts:
        tail = redirects if child == parts[-1] else None
        if child == parts[-1] and "lastpipe" in state.options:
            stream = run.redirected(child, tail or [], state, stream)
        else:
            stream = run.alone(child, tail or [], state, stream)
    run.returns = None if "pipefail" in state.options else run.returns
    return stream


def _if(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = NOTHING
    branches: list[State] = []
    for condition, body in _clauses(node):
        run.returns = None if condition else True
        out = together(out, run.condition(condition, state, stdin))
        status = run.returns
        if status is True:
            out = together(out, run.sequence(body, state, stdin))
            break
        if status is None:
            taken = state.copy()
            out = together(out, run.sequence(body, taken, stdin))
            branches.append(taken)
    for branch in branches:
        state.join(branch)
    run.returns = None
    return out


def _clauses(node: Any) -> list[tuple[list[Any], list[Any]]]:
    """(condition, body) of `if` and each `elif`; of `else` there is no condition."""
    condition: list[Any] = []
    body: list[Any] = []
    found = [(condition, body)]
    part = body if node.type == "else_clause" else condition
    for child in node.children:
        if child.type == "then":
            part = body
        elif child.type in ("elif_clause", "else_clause"):
            found += _clauses(child)
        elif child.type not in ("if", "elif", "else", "fi"):
            part.append(child)
    return found


def _case(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = NOTHING
    value = node.child_by_field_name("value")
    values = ANY if value is None else expansion.value(run, text_of(value), state)
    before = state.copy()
    branches: list[State] = []
    for item in node.children:
        if item.type != "case_item":
            continue
        patterns = item.children_by_field_name("value")
        body = [c for c in item.children if c.is_named and c not in patterns]
        answer: bool | None = False
        for pattern in patterns if not run.doubts else ():
            found = conditions.suits(run, text_of(pattern), values, before)
            answer = conditions.either(answer, found)
        if run.doubts or run.falls_through:
            answer = None
        if answer is False:
            continue
        branch = before.copy()
        out = together(out, run.sequence(body, branch, stdin))
        branches.append(branch)
        if answer is True:
            state.take(branches.pop(0))
            break
    for branch in branches:
        state.join(branch)
    run.returns = None
    return out


def _subshell(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    own = state.fork()
    run.returns = None
    out = run.sequence(node.children, own, stdin)
    if own.traps:
        from parallel_agents.guard.shell.programs import signals

        signals.ended(run, own)
        run.returns = None
    return out


def _group(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    if node.children and node.children[0].type == "((":
        _arithmetic(run, node, state)
        return NOTHING
    return run.sequence(node.children, state, stdin)


def _arithmetic(run: Interpreter, node: Any, state: State) -> None:
    from parallel_agents.guard.shell.bash import arithmetic

    found = arithmetic.number(run, text_of(node)[2:-2], state)
    run.returns = None if found is None or run.doubts else found != 0


def _function(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is not None and body is not None:
        state.functions[text_of(name)] = node
    return NOTHING


def _negated(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    out = run.condition(node.children, state, stdin)
    run.returns = None if run.returns is None else not run.returns
    return out


def _declaration(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    word = node.children[0].type
    named = [c for c in node.children if c.is_named]
    printed: list[str] = []
    flags = {f for c in named for f in text_of(c)[1:] if c.type == "word" and text_of(c)[:1] == "-"}
    for child in named:
        if child.type not in ("word", "variable_name", "variable_assignment"):
            _declared(run, text_of(child), word, state)
            continue
        name, equals, rest = text_of(child).partition("=")
        name = name.rstrip("+").strip("'\"")
        if child.type == "word" and not equals:
            continue
        if run.locals and word in ("local", "declare", "typeset") and "g" not in flags:
            run.locals[-1].setdefault(name, state.variables.get(name))
            if child.type == "variable_name":
                state.variables[name] = ("",)
        if word == "export" and "n" in flags:
            state.exported -= {name}
        elif word == "export" or "x" in flags:
            state.exported |= {name + "()" if "f" in flags else name}
        if "f" in flags and word != "export" and name in state.functions:
            printed.append(text_of(state.functions[name]) + "\n")
        if "A" in flags:
            state.maps |= {name}
        if "n" in flags and word != "export" and equals:
            (*targets, target) = expansion.value(run, rest, state)
            if not targets and target.partition("[")[0].isidentifier():
                state.names = {**state.names, name: target}
        elif child.type == "variable_assignment":
            assignments.assign(run, child, state)
        elif child.type != "variable_name" and equals:
            state.variables[name] = expansion.value(run, rest, state)
    return Stream(("".join(printed),)) if printed else NOTHING


def _declared(run: Interpreter, text: str, word: str, state: State) -> None:
    """Words of a declaration that are computed: `export $(cat .env)`, `declare "x=$y"`."""
    for values in expansion.fields(run, text, state):
        for value in values:
            name, equals, found = value.partition("=")
            if not name.isidentifier():
                continue
            if equals:
                state.variables[name] = (found,)
            if word == "export":
                state.exported |= {name}


def _assignments(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    for child in node.children:
        assignments.assign(run, child, state)
    return NOTHING


def _assignment(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    assignments.assign(run, node, state)
    return NOTHING


def _unset(run: Interpreter, node: Any, state: State, stdin: Stream) -> Stream:
    run.returns = True
    words = [text_of(child) for child in node.children if child.is_named]
    for word in words:
        name = word.strip("'\"")
        if "-f" in words or (name not in state.variables and name not in state.arrays):
            state.functions.pop(name, None)
        if "-f" not in words:
            parameters.forget(run, name, state)
    return NOTHING


def _either(first: State | None, second: State) -> State:
    new = second.copy()
    if first is not None:
        new.join(first)
    return new


STATEMENTS: dict[str, Statement] = {
    "list": chained,
    "pipeline": piped,
    "redirected_statement": _redirected,
    "if_statement": _if,
    "for_statement": loops.each,
    "while_statement": loops.loop,
    "c_style_for_statement": loops.loop,
    "test_command": conditions.double,
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
