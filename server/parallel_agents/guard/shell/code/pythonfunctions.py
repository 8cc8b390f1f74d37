"""Calls of functions and classes that Python code defines, and modules that it imports."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.code import pythoncalls, pythonmethods
from parallel_agents.guard.shell.code.pythonterms import Terms
from parallel_agents.guard.shell.code.pythonvalues import (
    Bound,
    Choice,
    Class,
    File,
    Function,
    Instance,
    Made,
    Name,
    Partial,
    Path,
    Space,
    choice,
    elements,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Stream, Values

_DEEPEST = 8
_MOST_MODULES = 8
_PLAIN = names(
    """
    staticmethod classmethod property functools.cache functools.lru_cache functools.wraps()
    functools.lru_cache() functools.cached_property abc.abstractmethod contextlib.contextmanager
    contextmanager lru_cache cache typing.override
    """
)
"""Decorators that leave a function what it is."""


class Functions(Terms):
    """Knows which functions were called, and which somebody else may call."""

    tested = False

    def __init__(
        self, run: Interpreter, script: str, arguments: list[Values], state: State, stdin: Stream
    ) -> None:
        super().__init__(run, script, arguments, state, stdin)
        self.depth = 0
        self.active: list[Any] = []
        self.returned: list[Any] = []
        self.called: set[int] = set()
        """The nodes of functions that were called, by `id`."""
        self.handed: dict[int, Function] = {}
        """Functions that something unknown was given."""
        self.classes: list[Class] = []
        self.modules: dict[str, Instance | None] = {}
        self.folders: list[str] = []
        """Where modules are looked for besides the folder of the script."""

    def block(self, body: list[Any]) -> int:
        """Walk statements."""
        raise NotImplementedError

    # -- what is known of a function

    def defined(self, function: Function) -> None:
        """Note a new function."""
        name = function.node.name
        if self.tested and name.startswith(("test", "setup", "setUp", "setUpModule")):
            self.hand(function)

    def hand(self, value: Any) -> None:
        """Something that is not known is given this function, and may call it."""
        if isinstance(value, Function):
            self.handed[id(value.node)] = value
        elif isinstance(value, Partial):
            self.hand(value.function)

    def kept(self, found: Class) -> None:
        """Note a class; what an unknown base may call is called at the end."""
        if any(not isinstance(base, Class) for base in found.bases) or (
            self.tested and found.name.startswith("Test")
        ):
            self.classes.append(found)

    def callbacks(self) -> None:
        """Call what was handed out and not called, with arguments that nobody knows."""
        for found in self.classes:
            instance = Instance(found)
            for value in list(found.space.names.values()):
                if isinstance(value, Function) and id(value.node) not in self.called:
                    bound = value.bound(instance)
                    self.apply(bound, [], self.fixtures(bound))
        for function in list(self.handed.values()):
            if id(function.node) not in self.called:
                self.apply(function, [], self.fixtures(function))

    def fixtures(self, function: Function) -> dict[str, Any]:
        """What a runner of tests gives a function: temporary folders are outside."""
        wanted = {a.arg for a in function.node.args.args} & {"tmp_path", "tmpdir"}
        return {name: Path("/tmp/made") for name in wanted if self.tested}

    def decorated(self, value: Any, decorator: Any, function: Function) -> Any:
        """What a function is behind its decorator."""
        if isinstance(decorator, (Function, Partial, Class)):
            found = self.apply(decorator, [value], {})
            return value if found is None or found == UNKNOWN else found
        name = decorator.name if isinstance(decorator, Name) else "?"
        if isinstance(decorator, Bound):
            name = decorator.method  # `@name.setter`
        function.decorators.append(name.rstrip("()"))
        if name not in _PLAIN and not name.endswith((".setter", "fixture")):
            self.hand(function)
        return value

    # -- calls

    def listed(self, value: Any) -> list[Any] | None:
        """What iterating over the value gives, the lines of a file too."""
        return elements(pythonmethods.lines(self, value) if isinstance(value, File) else value)

    def call(self, node: Any) -> Any:
        """What a call gives; what it writes and starts is told."""
        function = self.value(node.func)
        given: list[Any] = []
        for argument in node.args:
            if type(argument).__name__ == "Starred":
                given += elements(self.value(argument.value)) or [UNKNOWN]
            else:
                given.append(self.value(argument))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict):
                named.update({k: v for k, v in value.items() if isinstance(k, str)})
        return self.apply(function, given, named)

    def apply(self, function: Any, given: list[Any], named: dict[str, Any]) -> Any:
        """What calling a value gives."""
        self.run.budget.step()
        if isinstance(function, Choice):
            return choice([self.apply(f, given, named) for f in function.options])
        if isinstance(function, Partial):
            return self.apply(
                function.function, [*function.given, *given], {**function.named, **named}
            )
        if isinstance(function, Function):
            return self._enter(function, given, named)
        if isinstance(function, Class):
            return self._made(function, given, named)
        if isinstance(function, Instance):
            inner = self.attribute(function, "__call__")
            return self._enter(inner, given, named) if isinstance(inner, Function) else UNKNOWN
        if isinstance(function, Bound):
            return pythonmethods.method(self, function.value, function.method, given, named)
        if isinstance(function, Name):
            return pythoncalls.function(self, function, given, named)
        for value in [*given, *named.values()]:
            self.hand(value)
        return UNKNOWN

    def _enter(self, function: Function, given: list[Any], named: dict[str, Any]) -> Any:
        node = function.node
        self.called.add(id(node))
        if self.depth >= _DEEPEST or self.active.count(node) > 2:
            return UNKNOWN
        outer, returned, yielded = self.space, self.returned, self.yielded
        space = Space(function.space)
        self.returned, self.yielded = [], []
        own = [] if function.own is None else [function.own]
        _fill(self, node.args, function.defaults, [*own, *given], named, space)
        self.space = space
        if function.own is not None:
            space.names["super"] = Partial(Name("super"), [function.own], {})
        self.depth += 1
        self.active.append(node)
        self.run.budget.enter()
        ended = self.ended
        if type(node).__name__ == "Lambda":
            self.returned.append(self.value(node.body))
        elif self.block(node.body) == 0:
            self.returned.append(None)
        self.ended = ended
        self.run.budget.leave()
        self.active.pop()
        self.depth -= 1
        found = Made(self.yielded) if self.yielded else choice(self.returned)
        self.space, self.returned, self.yielded = outer, returned, yielded
        return found

    def _made(self, kind: Class, given: list[Any], named: dict[str, Any]) -> Any:
        instance = Instance(kind)
        try:
            starting = kind.find("__init__")
        except KeyError:
            starting = None
        if isinstance(starting, Function):
            self._enter(starting.bound(instance), given, named)
            return instance
        values = dict(zip(kind.fields, given))
        for name in kind.fields:
            value = values.get(name, named.get(name, kind.space.names.get(name, UNKNOWN)))
            instance.attributes[name] = value
        if not kind.fields:
            instance.attributes.update(named)
            for base in kind.bases:
                if isinstance(base, Name) and (given or named):
                    for value in [*given, *named.values()]:
                        self.hand(value)
        after = kind.space.names.get("__post_init__")
        if isinstance(after, Function):
            self._enter(after.bound(instance), [], {})
        return instance

    # -- modules

    def executed(self, text: str, path: str = "") -> None:
        """Code that the code runs: here, or (with a path) as a program of its own."""
        from parallel_agents.guard.shell.code import pythoncode

        tree = pythoncode.parsed(self.run, text)
        if tree is None:
            return
        outer, script = self.space, self.script
        if path:
            self.space, self.script = Space(), path
            self.space.names["__name__"] = "__main__"
        self.depth += 1
        self.run.budget.enter()
        self.block(tree.body)
        self.run.budget.leave()
        self.depth -= 1
        self.ended = False
        self.space, self.script = outer, script

    def imported(self, name: str, level: int = 0) -> Instance | None:
        """A module of the project's own that the code imports, walked; None where it is not."""
        if not name or name.partition(".")[0] in pythoncalls.KNOWN_MODULES:
            return None
        if name in self.modules or len(self.modules) >= _MOST_MODULES or self.depth > 3:
            return self.modules.get(name)
        self.modules[name] = None
        folder = "." if self.script in ("-c", "-", "") else os.path.dirname(self.script) or "."
        relative = name.replace(".", "/")
        tops = [*self.folders, folder, *searched(self.state)]
        for start in tops if not level else [folder + "/.." * (level - 1)]:
            for path in self.run.absolute(start, self.state):
                for ending in (".py", "/__init__.py"):
                    whole = os.path.normpath(f"{path}/{relative}{ending}")
                    stream = self.run.contents_of(whole) if is_known(whole) else None
                    if stream is not None and stream.texts is not None and stream.texts != ANY:
                        return self._walked(name, whole, stream.texts[0])
        return None

    def _walked(self, name: str, path: str, text: str) -> Instance | None:
        from parallel_agents.guard.shell.code import pythoncode

        if len(text) > 20_000 or self.run.budget.steps < 12_000:
            return None
        tree = pythoncode.parsed(self.run, text)
        if tree is None:
            return None
        module = Instance(None)
        self.modules[name] = module
        outer, script = self.space, self.script
        self.space, self.script = Space(), path
        module.attributes = self.space.names
        self.space.names["__name__"] = name
        self.space.names["__file__"] = path
        self.depth += 1
        self.block(tree.body)
        self.depth -= 1
        module.attributes = self.space.names
        self.space, self.script = outer, script
        return module


def searched(state: State) -> list[str]:
    """The folders of PYTHONPATH."""
    values = state.variables.get("PYTHONPATH", ())
    return [folder for v in values if is_known(v) for folder in v.split(":") if folder][:8]


def _fill(
    walk: Functions,
    wanted: Any,
    defaults: list[Any],
    given: list[Any],
    named: dict[str, Any],
    space: Space,
) -> None:
    """Give the parameters of a function their values."""
    names = [a.arg for a in (*getattr(wanted, "posonlyargs", ()), *wanted.args)]
    optional = dict(zip(names[len(names) - len(defaults) :], defaults))
    for node, default in zip(wanted.kwonlyargs, wanted.kw_defaults):
        names_only = node.arg
        value = UNKNOWN if default is None else walk.value(default)
        space.names[names_only] = named.get(names_only, value)
    for at, name in enumerate(names):
        if at < len(given):
            space.names[name] = given[at]
        else:
            space.names[name] = named.get(name, optional.get(name, UNKNOWN))
    if wanted.vararg is not None:
        space.names[wanted.vararg.arg] = tuple(given[len(names) :])
    if wanted.kwarg is not None:
        known = {*names, *(a.arg for a in wanted.kwonlyargs)}
        space.names[wanted.kwarg.arg] = {k: v for k, v in named.items() if k not in known}
