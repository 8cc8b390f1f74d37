"""Follows Python code over its syntax tree: which files would it write, which programs start?

Values are tuples of alternative texts, paths included, as in the shell; a list is its elements'
alternatives. Statements are walked in order, both ways of every branch; functions are walked
where they are called. `compile` gives the tree without importing `ast`, and runs nothing.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, Stream
from parallel_agents.guard.shell.bash.words import MOST, UNKNOWN, capped, product
from parallel_agents.guard.shell.code import pythoncalls, pythonpaths
from parallel_agents.guard.shell.code.pythonvalues import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_ONLY_AST = 0x400
_LONGEST = 60_000


def follow(run: Interpreter, text: str, script: str, arguments: list[Values], state: State) -> None:
    """Tell the effects of `run` what the code would do."""
    told = run.effects
    told.unknown("Python code is not followed into what it imports")
    if "parallel_agents" in text and "import" in text:
        from parallel_agents.guard.shell.programs.invocation import VERBS

        for verb in sorted(VERBS):
            if f"'{verb}'" in text or f'"{verb}"' in text:
                told.own_verb(verb)
    if len(text) > _LONGEST:
        told.unknown("Python code is too long to follow", text)
        return
    try:
        tree = _compiled(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        told.unknown("Python code cannot be read", text)
        return
    run.budget.enter()
    walk = Walk(run, script, arguments, state)
    walk.module(tree)
    run.budget.leave()


def _compiled(text: str) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(text, "<command>", "exec", _ONLY_AST, dont_inherit=True)


class Walk(Scope):
    """One walk over a module."""

    def module(self, tree: Any) -> None:
        """Walk the whole, and then what nothing has called."""
        self.block(tree.body)
        for name, node in list(self.functions.items()):
            if name not in self.called:
                self._enter(name, node, [], {})

    def block(self, body: list[Any]) -> None:
        """Walk statements."""
        for node in body:
            self.run.budget.step()
            self.statement(node)

    def statement(self, node: Any) -> None:
        """Walk one statement."""
        kind = type(node).__name__
        method = getattr(self, "_" + kind.lower(), None)
        if method is not None:
            method(node)
            return
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                for item in value:
                    self.visit(item)
            elif value is not None:
                self.visit(value)

    def visit(self, item: Any) -> None:
        fields = getattr(item, "_fields", None)
        if fields is None:
            return
        if "lineno" in getattr(type(item), "_attributes", ()) and _is_expression(item):
            self.value(item)
        else:
            self.statement(item)

    # -- statements

    def _import(self, node: Any) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.imported[name] = alias.name if alias.asname else name

    def _importfrom(self, node: Any) -> None:
        for alias in node.names:
            self.imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
            if alias.name == "*":
                for name in pythoncalls.names_of(node.module or ""):
                    self.imported[name] = f"{node.module}.{name}"

    def _functiondef(self, node: Any) -> None:
        self.functions[node.name] = node

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: Any) -> None:
        for item in node.body:
            if type(item).__name__ in ("FunctionDef", "AsyncFunctionDef"):
                self.functions.setdefault(f"{node.name}.{item.name}", item)
            else:
                self.statement(item)

    def _assign(self, node: Any) -> None:
        values = self.value(node.value)
        items = self.items(node.value)
        function = self.dotted(node.value)
        for target in node.targets:
            self.bind(target, values, items)
            if pythoncalls.is_watched(function) and type(target).__name__ == "Name":
                self.imported[target.id] = function
            if type(node.value).__name__ == "Dict" and type(target).__name__ == "Name":
                self.lists[target.id + " values"] = [self.value(v) for v in node.value.values]

    def _annassign(self, node: Any) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value), self.items(node.value))

    def _augassign(self, node: Any) -> None:
        values = self.value(node.value)
        if type(node.target).__name__ == "Name":
            name = node.target.id
            if name in self.lists:
                self.lists[name] = [*self.lists[name], *(self.items(node.value) or [values])]
            else:
                before = self.names.get(name, ANY)
                sign = "/" if type(node.op).__name__ == "Div" else ""
                self.names[name] = product(product(before, (sign,)), values)

    def _for(self, node: Any) -> None:
        items = self.items(node.iter)
        if items is None:
            self.value(node.iter)
            self.bind(node.target, ANY, None)
            self._rows(node)
            self.block(node.body)
        elif items:
            rows = items if len(items) <= 12 else [capped([v for item in items for v in item])]
            for row in rows:
                self.bind(node.target, row, None)
                self._rows(node)
                self.block(node.body)
        self.block(node.orelse)

    _asyncfor = _for

    def _rows(self, node: Any) -> None:
        """`for root, dirs, files in os.walk(top)`, `for n, x in enumerate(...)`."""
        target, call = node.target, node.iter
        if type(target).__name__ != "Tuple" or type(call).__name__ != "Call":
            return
        name = self.dotted(call.func)
        if name in ("os.walk", "os.fwalk") and len(target.elts) == 3 and call.args:
            folders, files = pythonpaths.walked(self, self.value(call.args[0]))
            self.bind(target.elts[0], folders, None)
            self.bind(target.elts[2], ANY, [(f,) for f in files])
        elif name == "enumerate" and len(target.elts) == 2 and call.args:
            items = self.items(call.args[0]) or [ANY]
            self.bind(target.elts[1], capped([v for i in items for v in i]), None)
        elif name == "zip":
            for element, source in zip(target.elts, call.args):
                items = self.items(source) or [ANY]
                self.bind(element, capped([v for i in items for v in i]), None)
        elif name.endswith(".items") and type(call.func.value).__name__ in ("Name", "Dict"):
            inner = call.func.value
            keys = self.items(inner) or [ANY]
            values = self.items_of_dict(inner) or [ANY]
            self.bind(target.elts[0], capped([v for i in keys for v in i]), None)
            self.bind(target.elts[1], capped([v for i in values for v in i]), None)

    def _with(self, node: Any) -> None:
        for item in node.items:
            values = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, values, None)
        self.block(node.body)

    _asyncwith = _with

    def _return(self, node: Any) -> None:
        if node.value is not None:
            found = self.value(node.value)
            self.returned = found if self.returned == ANY else capped([*self.returned, *found])

    def _if(self, node: Any) -> None:
        self.value(node.test)
        before = dict(self.names)
        self.block(node.body)
        after, self.names = self.names, before
        self.block(node.orelse)
        for name, values in after.items():
            mine = self.names.get(name)
            if mine != values:
                self.names[name] = values if mine is None else capped([*mine, *values])

    def call(self, node: Any) -> Values:
        """What a call gives; what it writes and starts is told."""
        name = self.dotted(node.func)
        keywords = {k.arg: k.value for k in node.keywords if k.arg}
        if name in self.functions and self.depth < 6:
            return self._enter(name, self.functions[name], node.args, keywords)
        method = f"{name}.__init__" if f"{name}.__init__" in self.functions else ""
        if not method and type(node.func).__name__ == "Attribute":
            self.value(node.func.value)
            ending = "." + node.func.attr
            method = next((f for f in self.functions if f.endswith(ending)), "")
        if method and self.depth < 6:
            return self._enter(method, self.functions[method], node.args, keywords, own=True)
        return pythoncalls.call(self, node, name, keywords)

    def items_of_dict(self, node: Any) -> list[Values] | None:
        """The values of a dictionary."""
        if type(node).__name__ == "Dict":
            return [self.value(v) for v in node.values]
        return self.lists.get(f"{node.id} values")

    def _enter(
        self,
        name: str,
        node: Any,
        given: list[Any],
        keywords: dict[str, Any],
        *,
        own: bool = False,
    ) -> Values:
        self.called.add(name)
        before = dict(self.names), dict(self.lists), self.returned
        self.returned = ANY
        names = [a.arg for a in node.args.args]
        names = names[1:] if own else names
        defaults = node.args.defaults
        for at, default in enumerate(defaults):
            place = len(names) - len(defaults) + at
            self.bind_name(names[place], default)
        bound = set()
        for at, value in enumerate(given):
            if at < len(names) and type(value).__name__ != "Starred":
                self.bind_name(names[at], value)
                bound.add(names[at])
        if node.args.vararg is not None:
            self.lists[node.args.vararg.arg] = [self.value(v) for v in given[len(names) :]]
        for key, value in keywords.items():
            self.bind_name(key, value)
            bound.add(key)
        for arg in names[: len(names) - len(defaults)]:
            if arg not in bound:
                self.names[arg] = ANY
                self.lists.pop(arg, None)
        self.depth += 1
        self.run.budget.enter()
        self.block(node.body)
        self.run.budget.leave()
        self.depth -= 1
        found = self.returned
        kept = {name: values for name, values in self.names.items() if name[:1] == "."}
        self.names, self.lists, self.returned = before
        self.names.update(kept)  # attributes of objects outlive the call
        return found

    def bind_name(self, name: str, node: Any) -> None:
        """Give a parameter the value of an expression."""
        items = self.items(node)
        self.names[name] = self.value(node)
        self.lists.pop(name, None)
        if items is not None:
            self.lists[name] = items

    def shell(self, text: Values) -> None:
        """Code that is handed to a shell."""
        for code in text:
            if code == UNKNOWN:
                self.run.effects.unknown("code is only known when it runs")
            else:
                self.run.inner(code, self.state)


def _is_expression(node: Any) -> bool:
    return any(base.__name__ == "expr" for base in type(node).__mro__)


__all__ = ["MOST", "Stream", "Walk", "follow"]
