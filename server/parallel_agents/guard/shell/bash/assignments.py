"""Assignments: of a variable, an element, an array."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import expansion, parameters
from parallel_agents.guard.shell.bash.syntax import text_of
from parallel_agents.guard.shell.bash.words import capped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


def assign(run: Interpreter, node: Any, state: State) -> None:
    """Run one assignment, of a variable, an element or an array."""
    left, right = node.child_by_field_name("name"), node.child_by_field_name("value")
    if left is None:
        return
    if "allexport" in state.options:
        state.exported |= {text_of(left)}
    added = any(c.type == "+=" for c in node.children)
    if left.type == "subscript":
        name = text_of(left.child_by_field_name("name"))
        name = state.names.get(name, name)
        values = ("",) if right is None else expansion.value(run, text_of(right), state)
        index = text_of(left.child_by_field_name("index"))
        parameters.store(run, name, index, values, state, added=added)
        return
    name = state.names.get(text_of(left), text_of(left))
    if right is not None and right.type == "array":
        _array(run, name, right, state, added=added)
        return
    values = ("",) if right is None else expansion.value(run, text_of(right), state)
    if "[" in name:
        parameters.named(run, name, values, state)
    elif name in state.arrays:
        parameters.store(run, name, "0", values, state, added=added)
    elif added:
        before = state.variables.get(name, ("",))
        state.variables[name] = capped([a + b for a in before for b in values][:4096])
    else:
        state.variables[name] = values


def _array(run: Interpreter, name: str, node: Any, state: State, *, added: bool) -> None:
    found: list[tuple[str, Values]] = []
    for element in node.children:
        text = text_of(element)
        if not element.is_named:
            continue
        if text[:1] == "[" and "]=" in text:
            index, _, text = text[1:].partition("]=")
            found.append((index, expansion.value(run, text, state)))
            continue
        fields = expansion.fields(run, text, state)
        found += [("", field) for field in expansion.spread(run, fields, state)]
    if not added or name not in state.arrays:
        state.arrays[name] = {}
    for index, values in found:
        parameters.store(run, name, index, values, state)
