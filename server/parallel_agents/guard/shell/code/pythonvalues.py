"""What expressions of Python code are worth: texts, paths and lists of them."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, capped, is_known, product
from parallel_agents.guard.shell.code import pythonpaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


class Scope:
    """Names and what they stand for. What is called and what is walked is for `Walk` to say."""

    def __init__(
        self, run: Interpreter, script: str, arguments: list[Values], state: State
    ) -> None:
        self.run = run
        self.script = script
        self.arguments = arguments
        self.state = state.copy()
        self.names: dict[str, Values] = {}
        self.lists: dict[str, list[Values]] = {}
        self.imported: dict[str, str] = {}
        """Names of modules and of what is in them, as dotted names."""
        self.functions: dict[str, Any] = {}
        self.called: set[str] = set()
        self.depth = 0
        self.returned: Values = ANY

    def call(self, node: Any) -> Values:
        """What a call gives."""
        raise NotImplementedError

    def visit(self, item: Any) -> None:
        """Walk a statement or an expression."""
        raise NotImplementedError

    def bind(self, target: Any, values: Values, items: list[Values] | None) -> None:
        """Give a target its value."""
        kind = type(target).__name__
        if kind == "Name":
            self.names[target.id] = values
            self.lists.pop(target.id, None)
            if items is not None:
                self.lists[target.id] = items
        elif kind in ("Tuple", "List"):
            for at, element in enumerate(target.elts):
                one = items[at] if items is not None and at < len(items) else ANY
                self.bind(element, one, None)
        elif kind == "Starred":
            self.bind(target.value, ANY, items)
        elif kind == "Attribute":
            self.names["." + target.attr] = values

    def value(self, node: Any) -> Values:
        """The alternatives of an expression; what it calls is told."""
        self.run.budget.step()
        kind = type(node).__name__
        if kind == "Constant":
            if isinstance(node.value, str):
                return (_clean(node.value),)
            if isinstance(node.value, bytes):
                return (_clean(node.value.decode("utf-8", "replace")),)
            return (str(node.value),) if isinstance(node.value, (int, float)) else ANY
        if kind == "Name":
            if node.id == "__file__":
                return (self.script,)
            return self.names.get(node.id, ANY)
        if kind == "JoinedStr":
            values: Values = ("",)
            for part in node.values:
                values = product(values, self.value(part))
            return values
        if kind == "FormattedValue":
            return self.value(node.value) if node.format_spec is None else _spent(self, node.value)
        if kind == "BinOp":
            return self._joined(node)
        if kind == "Call":
            return self.call(node)
        if kind == "Attribute":
            return self._attribute(node)
        if kind == "Subscript":
            return self._subscript(node)
        if kind == "IfExp":
            self.value(node.test)
            return capped([*self.value(node.body), *self.value(node.orelse)])
        if kind == "BoolOp":
            return capped([v for part in node.values for v in self.value(part)])
        if kind in ("Lambda", "Await", "Starred", "YieldFrom"):
            return self.value(node.body if kind == "Lambda" else node.value)
        if kind == "NamedExpr":
            found = self.value(node.value)
            self.bind(node.target, found, None)
            return found
        if kind in ("ListComp", "SetComp", "GeneratorExp", "List", "Tuple", "Set"):
            items = self.items(node)
            return capped([v for i in items for v in i]) if items else ANY
        for field in node._fields:
            inner = getattr(node, field, None)
            for item in inner if isinstance(inner, list) else (inner,):
                if hasattr(item, "_fields"):
                    self.visit(item)
        return ANY

    def _joined(self, node: Any) -> Values:
        left, sign = self.value(node.left), type(node.op).__name__
        right = self.value(node.right)
        if sign == "Add":
            return product(left, right)
        if sign == "Div":
            if right != ANY and all(r[:1] == "/" for r in right):
                return right
            return product(product(left, ("/",)), right)
        if sign == "Mod":
            items = self.items(node.right) or [right]
            return capped(
                [pythonpaths.filled(t, "%s", items) if is_known(t) else UNKNOWN for t in left]
            )
        if sign == "Mult" and len(left) == len(right) == 1 and right[0].isdecimal():
            times = int(right[0])
            return (left[0] * times,) if times * len(left[0]) < 4096 else ANY
        return ANY

    def _attribute(self, node: Any) -> Values:
        name = self.dotted(node)
        if name == "os.sep":
            return ("/",)
        if name == "os.curdir":
            return (".",)
        values = self.value(node.value)
        if values == ANY:
            return self.names.get("." + node.attr, ANY)
        return pythonpaths.attribute(node.attr, values)

    def _subscript(self, node: Any) -> Values:
        items = self.items(node.value)
        index = node.slice
        if type(index).__name__ == "Index":  # Python 3.8 and older
            index = index.value
        known = getattr(index, "value", None)
        if type(index).__name__ == "UnaryOp" and hasattr(index.operand, "value"):
            known = -index.operand.value if isinstance(index.operand.value, int) else None
        if items is not None and items:
            if isinstance(known, int) and -len(items) <= known < len(items):
                return items[known]
            return capped([v for i in items for v in i])
        if self.dotted(node.value) in ("os.environ",) and isinstance(known, str):
            return (os.environ[known],) if known in ("HOME", "PWD", "TMPDIR") else ANY
        self.value(node.value)
        return ANY

    def items(self, node: Any) -> list[Values] | None:
        """The elements of an expression that is a list, or None where that is not known."""
        kind = type(node).__name__
        if kind in ("List", "Tuple", "Set"):
            found: list[Values] = []
            for element in node.elts:
                if type(element).__name__ == "Starred":
                    found += self.items(element.value) or [ANY]
                else:
                    found.append(self.value(element))
            return found
        if kind == "Dict":
            for value in node.values:
                self.value(value)
            return [self.value(k) if k is not None else ANY for k in node.keys]
        if kind == "Name":
            return self.lists.get(node.id)
        if kind in ("ListComp", "SetComp", "GeneratorExp"):
            for part in node.generators:
                items = self.items(part.iter)
                values = capped([v for i in items for v in i]) if items else ANY
                if items is None:
                    self.value(part.iter)
                self.bind(part.target, values, None)
            return [(v,) for v in self.value(node.elt)]
        if kind == "BinOp" and type(node.op).__name__ == "Add":
            left, right = self.items(node.left), self.items(node.right)
            return [*left, *right] if left is not None and right is not None else None
        if kind == "Subscript" and type(node.slice).__name__ == "Slice":
            items = self.items(node.value)
            low = getattr(node.slice.lower, "value", 0) if node.slice.lower is not None else 0
            high = (
                getattr(node.slice.upper, "value", None) if node.slice.upper is not None else None
            )
            return items[low:high] if items is not None and isinstance(low, int) else items
        if kind == "Attribute" and self.dotted(node) == "sys.argv":
            return [(self.script,), *self.arguments]
        if kind == "Call":
            return pythonpaths.elements(self, node)
        if kind == "IfExp":
            one, other = self.items(node.body), self.items(node.orelse)
            return [*(one or []), *(other or [])] if one or other else None
        if kind == "BoolOp":
            return [i for part in node.values for i in self.items(part) or []] or None
        return None

    def dotted(self, node: Any) -> str:
        """`os.path.join` for what a function's name leads to, through imports."""
        kind = type(node).__name__
        if kind == "Name":
            return self.imported.get(node.id) or str(node.id)
        if kind == "Attribute":
            return f"{self.dotted(node.value)}.{node.attr}"
        if kind == "Call":
            inner = self.dotted(node.func)
            if inner in ("__import__", "importlib.import_module") and node.args:
                return self.value(node.args[0])[0]
            if inner == "getattr" and len(node.args) > 1:
                return f"{self.dotted(node.args[0])}.{self.value(node.args[1])[0]}"
        return ""


def _spent(walk: Scope, node: Any) -> Values:
    walk.value(node)
    return ("\ue001",)


def _clean(text: str) -> str:
    return text if MARKS.isdisjoint(text) else "?"
