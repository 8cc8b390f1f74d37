"""Evaluates expressions of Python code; what is called is for `Walk` to follow."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, literal_text
from parallel_agents.guard.shell.code import pythonoperators, pythonpaths, pythontexts
from parallel_agents.guard.shell.code.pythonvalues import (
    LARGEST,
    Bound,
    Class,
    File,
    Function,
    Group,
    Instance,
    Made,
    Name,
    Path,
    Space,
    choice,
    elements,
    is_solid,
    is_unknown,
    options,
    texts,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Stream, Values

_CONSTANTS = {
    "os.sep": "/",
    "os.curdir": ".",
    "os.pardir": "..",
    "os.linesep": "\n",
    "os.name": "posix",
    "sys.executable": "python3",
}


class Terms:
    """One walk's names, and what expressions with them are worth."""

    def __init__(
        self, run: Interpreter, script: str, arguments: list[Values], state: State, stdin: Stream
    ) -> None:
        self.run = run
        self.script = script
        self.state = state.copy()
        self.stdin = File(("/dev/stdin",), writes=False)
        self.piped = stdin
        self.space = Space()
        self.argv: list[Any] = [script, *(choice(list(a)) for a in arguments)]
        self.yielded: list[Any] = []
        self.printed: list[Values] = []
        """What was printed, each time."""
        self.ended = False
        """Whether the expression that was last evaluated ends the program."""

    def call(self, node: Any) -> Any:
        """What a call gives."""
        raise NotImplementedError

    def apply(self, function: Any, given: list[Any], named: dict[str, Any]) -> Any:
        """What calling a value gives."""
        raise NotImplementedError

    def listed(self, value: Any) -> list[Any] | None:
        """What iterating over the value gives, the lines of a file too."""
        raise NotImplementedError

    def value(self, node: Any) -> Any:
        """The value of an expression; what it calls is told."""
        self.run.budget.step()
        method = getattr(self, "_of_" + type(node).__name__.lower(), None)
        if method is not None:
            return method(node)
        for field in node._fields:
            inner = getattr(node, field, None)
            for item in inner if isinstance(inner, list) else (inner,):
                if hasattr(item, "_fields") and hasattr(item, "lineno"):
                    self.value(item)
        return UNKNOWN

    def bind(self, target: Any, value: Any) -> None:
        """Give a target its value."""
        kind = type(target).__name__
        if kind == "Name":
            self.space.put(target.id, value)
        elif kind in ("Tuple", "List"):
            self._unpack(target.elts, elements(value))
        elif kind == "Starred":
            self.bind(target.value, value)
        elif kind == "Attribute":
            for owner in options(self.value(target.value)):
                if isinstance(owner, Instance):
                    owner.attributes[target.attr] = value
                elif isinstance(owner, Class):
                    owner.space.names[target.attr] = value
                elif isinstance(owner, Name) and f"{owner.name}.{target.attr}" == "sys.argv":
                    self.argv[:] = elements(value) or [UNKNOWN]
        elif kind == "Subscript":
            owner = self.value(target.value)
            key = self.value(target.slice)
            for one in options(owner):
                if isinstance(one, dict):
                    pythontexts.put(one, key, value)
                elif isinstance(one, list):
                    pythontexts.replace(one, key, value)
                elif isinstance(one, Name) and one.name == "os.environ":
                    for name in texts(key):
                        self.state.variables[name] = texts(value)

    def _unpack(self, targets: list[Any], items: list[Any] | None) -> None:
        starred = [at for at, t in enumerate(targets) if type(t).__name__ == "Starred"]
        if items is None:
            for target in targets:
                self.bind(target, UNKNOWN)
            return
        if starred:
            at = starred[0]
            behind = len(targets) - at - 1
            end = max(at, len(items) - behind)
            items = [*items[:at], items[at:end], *items[end:]]
        for at, target in enumerate(targets):
            self.bind(target, items[at] if at < len(items) else UNKNOWN)

    # -- simple ones

    def _of_constant(self, node: Any) -> Any:
        value = node.value
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            return value if is_known(value) else literal_text(value)
        if isinstance(value, (int, float)):
            return value if abs(value) < pythonoperators.GREATEST_NUMBER else UNKNOWN
        return None if value is None else UNKNOWN

    def _of_name(self, node: Any) -> Any:
        try:
            return self.space.find(node.id)
        except KeyError:
            if node.id == "__file__":
                return self.script
            return Name(node.id)

    def _of_joinedstr(self, node: Any) -> Any:
        return pythontexts.added([self.value(part) for part in node.values])

    def _of_formattedvalue(self, node: Any) -> Any:
        value = self.value(node.value)
        if node.format_spec is None:
            return repr(value) if node.conversion == 114 and is_solid(value) else value
        spec = self.value(node.format_spec)
        if isinstance(value, (str, int)) and is_solid(value) and isinstance(spec, str):
            digits = "".join(c for c in spec if c.isdecimal())
            if is_known(spec) and len(digits) < 3:
                try:
                    return format(value, spec)
                except (ValueError, TypeError):
                    return UNKNOWN
        return UNKNOWN

    def _of_namedexpr(self, node: Any) -> Any:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _of_await(self, node: Any) -> Any:
        return self.value(node.value)

    _of_starred = _of_await

    def _of_yield(self, node: Any) -> Any:
        self.yielded.append(None if node.value is None else self.value(node.value))
        return UNKNOWN

    def _of_yieldfrom(self, node: Any) -> Any:
        self.yielded += elements(self.value(node.value)) or [UNKNOWN]
        return UNKNOWN

    def _of_lambda(self, node: Any) -> Any:
        function = Function(node, self.space)
        function.defaults = [self.value(d) for d in node.args.defaults]
        return function

    def _of_call(self, node: Any) -> Any:
        return self.call(node)

    # -- containers

    def _items(self, nodes: list[Any]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if type(node).__name__ == "Starred":
                found += elements(self.value(node.value)) or [UNKNOWN]
            else:
                found.append(self.value(node))
        return found

    def _of_list(self, node: Any) -> Any:
        return self._items(node.elts)

    def _of_tuple(self, node: Any) -> Any:
        return tuple(self._items(node.elts))

    def _of_set(self, node: Any) -> Any:
        return Group(self._items(node.elts))

    def _of_dict(self, node: Any) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values):
            inner = self.value(value)
            if key is not None:
                pythontexts.put(found, self.value(key), inner)
            elif isinstance(inner, dict):
                found.update(inner)
            else:
                found[UNKNOWN] = UNKNOWN
        return found

    def _of_listcomp(self, node: Any) -> Any:
        found: list[Any] = []
        outer, self.space = self.space, Space(self.space)
        self._generate(node.generators, lambda: found.append(self.value(node.elt)))
        self.space = outer
        return found[:LARGEST]

    def _of_setcomp(self, node: Any) -> Any:
        return Group(self._of_listcomp(node))

    def _of_generatorexp(self, node: Any) -> Any:
        return Made(self._of_listcomp(node))

    def _of_dictcomp(self, node: Any) -> Any:
        found: dict[Any, Any] = {}
        outer, self.space = self.space, Space(self.space)
        self._generate(
            node.generators,
            lambda: pythontexts.put(found, self.value(node.key), self.value(node.value)),
        )
        self.space = outer
        return found

    def _generate(self, parts: list[Any], inner: Any) -> None:
        """Run `inner` for each round of the `for` parts of a comprehension."""
        if not parts:
            inner()
            return
        part = parts[0]
        items = self.listed(self.value(part.iter))
        for item in [UNKNOWN] if items is None else items:
            self.run.budget.step()
            self.bind(part.target, item)
            if all(truth(self.value(test)) is not False for test in part.ifs):
                self._generate(parts[1:], inner)

    # -- operators

    def _of_ifexp(self, node: Any) -> Any:
        state = truth(self.value(node.test))
        if state is None:
            return choice([self.value(node.body), self.value(node.orelse)])
        return self.value(node.body if state else node.orelse)

    def _of_boolop(self, node: Any) -> Any:
        stops = type(node.op).__name__ == "Or"
        found: list[Any] = []
        for part in node.values:
            value = self.value(part)
            state = truth(value)
            if state is stops:
                return choice([*found, value])
            last = part is node.values[-1]
            if state is None or last:
                found.append(value)
        return choice(found)

    def _of_unaryop(self, node: Any) -> Any:
        value = self.value(node.operand)
        if type(node.op).__name__ == "Not":
            state = truth(value)
            return UNKNOWN if state is None else not state
        if isinstance(value, (int, float)):
            return -value if type(node.op).__name__ == "USub" else value
        return UNKNOWN

    def _of_compare(self, node: Any) -> Any:
        left = self.value(node.left)
        known: bool | None = True
        for sign, right_node in zip(node.ops, node.comparators):
            right = self.value(right_node)
            state = pythonoperators.compared(type(sign).__name__, left, right)
            if state is False:
                return False
            known = None if state is None else known
            left = right
        return UNKNOWN if known is None else known

    def _of_binop(self, node: Any) -> Any:
        return pythonoperators.operated(
            type(node.op).__name__, self.value(node.left), self.value(node.right)
        )

    # -- attributes and elements

    def _of_attribute(self, node: Any) -> Any:
        return choice([self.attribute(v, node.attr) for v in options(self.value(node.value))])

    def attribute(self, value: Any, name: str) -> Any:
        """`value.name`."""
        if isinstance(value, Name):
            return self._of_module(value, name)
        if isinstance(value, Path):
            found = pythonpaths.attribute(value, name)
            return Bound(value, name) if found is None else found
        if isinstance(value, Instance):
            return self._of_object(value, name)
        if isinstance(value, Class):
            try:
                return value.find(name)
            except KeyError:
                return Name(name)
        if isinstance(value, File):
            if name in ("name", "filename"):
                return choice(list(value.path))
            if name == "buffer":
                return value
        return Bound(value, name)

    def _of_module(self, value: Name, name: str) -> Any:
        whole = f"{value.name}.{name}"[:200]
        if whole == "sys.argv":
            return self.argv
        if whole == "sys.stdin":
            return self.stdin
        return _CONSTANTS.get(whole, Name(whole, value.given))

    def _of_object(self, value: Instance, name: str) -> Any:
        if name in value.attributes:
            return value.attributes[name]
        if value.kind is None:
            return value.attributes.get(UNKNOWN, Name(name))
        if name == "__class__":
            return value.kind
        try:
            found = value.kind.find(name)
        except KeyError:
            return value.attributes.get(UNKNOWN, Name("?." + name))
        if isinstance(found, Function):
            if "staticmethod" in found.decorators:
                return found
            own = value.kind if "classmethod" in found.decorators else value
            bound = found.bound(own)
            if any(
                d.rpartition(".")[2] in ("property", "cached_property") for d in found.decorators
            ):
                return self.apply(bound, [], {})
            return bound
        return found

    def _of_slice(self, node: Any) -> Any:
        ends = [None if n is None else self.value(n) for n in (node.lower, node.upper, node.step)]
        if all(e is None or isinstance(e, int) for e in ends) and ends[2] != 0:
            return slice(*ends)
        return UNKNOWN

    def _of_subscript(self, node: Any) -> Any:
        index = node.slice
        value, key = self.value(node.value), self.value(index)
        found = []
        for one in options(value):
            if isinstance(one, Name):
                found.append(self.variable(key) if one.name == "os.environ" else Name(one.name))
            elif isinstance(one, (range, Made)):
                found.append(pythontexts.subscript(list(one), key))
            else:
                found += [pythontexts.subscript(one, k) for k in options(key)]
        return choice(found)

    def variable(self, key: Any, otherwise: Any = UNKNOWN) -> Any:
        """What a variable of the environment is, or what `os.getenv` gives instead."""
        found: list[Any] = []
        for name in texts(key):
            if name in self.state.variables:
                found += self.state.variables[name]
            elif name in ("HOME", "PWD", "TMPDIR"):
                found.append(os.environ.get(name, otherwise))
            else:
                found += [otherwise] if is_unknown(otherwise) else [otherwise, UNKNOWN]
        return choice(found)
