"""Follows Python code over its syntax tree: which files would it write, which programs start?

Statements are walked in order, with real values as far as they are known. Where a condition is
not, both ways are walked and their names joined. Functions are walked where they are called.
`compile` gives the tree without importing `ast`, and runs nothing.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.code import (
    pythoncalls,
    pythonfunctions,
    pythonmethods,
    pythonoperators,
    pythonprograms,
)
from parallel_agents.guard.shell.code.pythonvalues import (
    Class,
    File,
    Function,
    Instance,
    Made,
    Name,
    Space,
    choice,
    elements,
    options,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_ONLY_AST = 0x400
_LONGEST = 60_000
_ROUNDS = 400
"""Rounds of a `for` loop that are walked one by one."""
_TRIES = 40
"""Rounds of a `while` loop."""

GO, NEXT, BREAK, RETURN, RAISE = range(5)
"""How a block ends: it goes on behind it, or does not."""


def follow(
    run: Interpreter,
    text: str,
    script: str,
    arguments: list[Values],
    state: State,
    stdin: Stream = UNSEEN,
    *,
    tested: bool = False,
) -> Stream:
    """Tell the effects of `run` what the code would do; what it prints.

    `tested`: it is run by a runner of tests.
    """
    told = run.effects
    told.unknown("Python code is not followed into all that it imports")
    if "parallel_agents" in text and "import" in text:
        from parallel_agents.guard.shell.programs.invocation import VERBS

        for verb in sorted(VERBS):
            if f"'{verb}'" in text or f'"{verb}"' in text:
                told.own_verb(verb)
    tree = parsed(run, text)
    if tree is None:
        return UNSEEN
    run.budget.enter()
    walk = Walk(run, script, arguments, state, stdin)
    walk.tested = tested
    walk.space.names["__name__"] = "test" if tested else "__main__"
    walk.module(tree)
    run.budget.leave()
    return pythonprograms.shown(walk.printed)


def parsed(run: Interpreter, text: str) -> Any:
    """The syntax tree; None, and the effects are told, where it cannot be had."""
    if len(text) > _LONGEST:
        run.effects.unknown("Python code is too long to follow", text)
        return None
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(text, "<command>", "exec", _ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        run.effects.unknown("Python code cannot be read", text)
        return None


class Walk(pythonfunctions.Functions):
    """One walk over a module."""

    tested = False
    loose = False
    """Whether a loop that is walked may be left at a place that is not known."""

    def module(self, tree: Any) -> None:
        """Walk the whole, and then what somebody else may call."""
        self.block(tree.body)
        self.callbacks()

    def block(self, body: list[Any]) -> int:
        """Walk statements; how they end."""
        for node in body:
            self.run.budget.step()
            self.ended = False
            method = getattr(self, "_do_" + type(node).__name__.lower(), None)
            status = GO
            if method is not None:
                status = method(node) or GO
            if self.ended:
                self.ended = False
                return RAISE
            if status != GO:
                return status
        return GO

    # -- simple statements

    def _do_expr(self, node: Any) -> None:
        self.value(node.value)

    def _do_return(self, node: Any) -> int:
        self.returned.append(None if node.value is None else self.value(node.value))
        return RETURN

    def _do_raise(self, node: Any) -> int:
        if node.exc is not None:
            self.value(node.exc)
        return RAISE

    def _do_break(self, node: Any) -> int:
        return BREAK

    def _do_continue(self, node: Any) -> int:
        return NEXT

    def _do_assert(self, node: Any) -> int:
        return RAISE if truth(self.value(node.test)) is False else GO

    def _do_delete(self, node: Any) -> None:
        for target in node.targets:
            if type(target).__name__ == "Subscript":
                owner, key = self.value(target.value), self.value(target.slice)
                try:
                    if isinstance(owner, (list, dict)):
                        del owner[key]
                except (KeyError, IndexError, TypeError, ValueError):
                    continue

    def _do_global(self, node: Any) -> None:
        for name in node.names:
            self.space.shared[name] = self.space.top()

    def _do_nonlocal(self, node: Any) -> None:
        for name in node.names:
            outer = self.space.outer
            while outer is not None:
                if name in outer.names:
                    self.space.shared[name] = outer
                    break
                outer = outer.outer

    def _do_import(self, node: Any) -> None:
        for alias in node.names:
            module = self.imported(alias.name)
            name = alias.asname or alias.name.partition(".")[0]
            whole = Name(alias.name if alias.asname else name)
            self.space.put(name, whole if module is None or "." in alias.name else module)

    def _do_importfrom(self, node: Any) -> None:
        name = node.module or ""
        module = self.imported(name, node.level)
        for alias in node.names:
            if alias.name == "*":
                if module is not None:
                    self.space.names.update(module.attributes)
                for found in pythoncalls.names_of(name):
                    self.space.put(found, Name(f"{name}.{found}"))
                continue
            value: Any = Name(f"{name}.{alias.name}")
            if module is not None:
                value = module.attributes.get(alias.name, value)
            elif f"{name}.{alias.name}" == "sys.argv":
                value = self.argv
            elif f"{name}.{alias.name}" == "sys.stdin":
                value = self.stdin
            self.space.put(alias.asname or alias.name, value)

    def _do_assign(self, node: Any) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _do_annassign(self, node: Any) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def _do_augassign(self, node: Any) -> None:
        before, value = self.value(node.target), self.value(node.value)
        sign = type(node.op).__name__
        if sign == "Add" and isinstance(before, list):
            before += (elements(value) or [UNKNOWN])[: max(0, 2000 - len(before))]
            return
        self.bind(node.target, pythonoperators.operated(sign, before, value))

    # -- branches

    def _do_if(self, node: Any) -> int:
        state = truth(self.value(node.test))
        if state is not None:
            return self.block(node.body if state else node.orelse)
        return self._either([node.body, node.orelse])

    def _either(self, blocks: list[list[Any]]) -> int:
        """Walk blocks of which one runs, nobody knows which; names become what each can leave."""
        before = dict(self.space.names)
        ends: list[tuple[int, dict[str, Any]]] = []
        for body in blocks:
            self.space.names = dict(before)
            ends.append((self.block(body), self.space.names))
        going = [names for status, names in ends if status not in (RETURN, RAISE)]
        found: dict[str, Any] = {}
        for names in going or [before]:
            for name, value in names.items():
                known = found.get(name, value)
                found[name] = value if known is value else choice([known, value])
        self.space.names = found
        statuses = {status for status, _ in ends}
        if statuses & {BREAK, RETURN, RAISE}:
            self.loose = True
        return GO if GO in statuses else min(statuses)

    def _do_match(self, node: Any) -> int:
        subject = self.value(node.subject)
        maybe: list[list[Any]] = []
        for case in node.cases:
            state = pythonoperators.matched(self, subject, case.pattern)
            if state is not False and case.guard is not None:
                guard = truth(self.value(case.guard))
                state = guard if state else None if guard is not False else False
            if state is not False:
                maybe.append(case.body)
            if state:
                break
        else:
            maybe.append([])
        return self.block(maybe[0]) if len(maybe) == 1 else self._either(maybe)

    # -- loops

    def _do_for(self, node: Any) -> int:
        source = self.value(node.iter)
        if isinstance(source, File):
            source = pythonmethods.lines(self, source)
        items = source if hasattr(source, "send") else elements(source)
        before, self.loose = self.loose, False
        status = GO
        if items is None:
            self.bind(node.target, UNKNOWN)
            status = self.block(node.body)
            status = GO  # there may be none
        else:
            for at, item in enumerate(items):
                if at >= _ROUNDS:
                    self.bind(node.target, UNKNOWN)
                    self.block(node.body)
                    break
                self.bind(node.target, item)
                status = self.block(node.body)
                if status in (BREAK, RETURN, RAISE):
                    break
        loose, self.loose = self.loose, before
        if status in (RETURN, RAISE):
            return status
        if status != BREAK or loose:
            return self.block(node.orelse) if node.orelse else GO
        return GO

    _do_asyncfor = _do_for

    def _do_while(self, node: Any) -> int:
        before, self.loose = self.loose, False
        status = GO
        for at in range(_TRIES):
            state = truth(self.value(node.test))
            if state is False:
                break
            status = self.block(node.body)
            if status in (BREAK, RETURN, RAISE):
                break
            if state is None or (self.loose and at > 1):
                status = GO
                break
        sure = not self.loose
        self.loose = before
        if status in (RETURN, RAISE):
            return status if sure else GO
        return self.block(node.orelse) if status != BREAK and node.orelse else GO

    # -- the rest

    def _do_try(self, node: Any) -> int:
        before = dict(self.space.names)
        status = self.block(node.body)
        if status == GO:
            status = self.block(node.orelse)
        statuses = {status}
        after = self.space.names
        for handler in node.handlers:
            self.space.names = {**before, **after}
            if handler.name:
                self.space.put(handler.name, UNKNOWN)
            ended = self.block(handler.body)
            statuses.add(ended)
            if ended in (GO, NEXT, BREAK):
                for name, value in self.space.names.items():
                    known = after.get(name, value)
                    after[name] = value if known is value else choice([known, value])
        self.space.names = after
        if node.finalbody:
            final = self.block(node.finalbody)
            if final != GO:
                return final
        if len(statuses) > 1:
            self.loose = True
        return GO if GO in statuses else min(statuses)

    _do_trystar = _do_try

    def _do_with(self, node: Any) -> int:
        left: list[Any] = []
        cwds = self.state.cwds
        changed = False
        for item in node.items:
            value = self.value(item.context_expr)
            if isinstance(value, Name) and value.name == "contextlib.chdir()":
                changed = True
            if isinstance(value, Made):
                value = value[0] if value else UNKNOWN
            if isinstance(value, Instance):
                left.append(value)
                entered = self.attribute(value, "__enter__")
                if isinstance(entered, Function):
                    value = self.apply(entered, [], {})
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        status = self.block(node.body)
        if changed:
            self.state.cwds = cwds
        for value in left:
            leaving = self.attribute(value, "__exit__")
            if isinstance(leaving, Function):
                self.apply(leaving, [None, None, None], {})
        return status

    _do_asyncwith = _do_with

    def _do_functiondef(self, node: Any) -> None:
        function = Function(node, self.space)
        function.defaults = [self.value(d) for d in node.args.defaults]
        self.defined(function)
        value: Any = function
        for decorator in reversed(node.decorator_list):
            value = self.decorated(value, self.value(decorator), function)
        self.space.put(node.name, value)

    _do_asyncfunctiondef = _do_functiondef

    def _do_classdef(self, node: Any) -> None:
        space = Space(self.space)
        found = Class(node.name, space, [self.value(base) for base in node.bases])
        for base in found.bases:
            if isinstance(base, Class):
                found.fields += base.fields
        self.space = space
        self.block(node.body)
        self.space = space.outer or self.space
        for item in node.body:
            if type(item).__name__ == "AnnAssign" and type(item.target).__name__ == "Name":
                found.fields.append(item.target.id)
        for decorator in node.decorator_list:
            value = self.value(decorator)
            found.decorators += [v.name for v in options(value) if isinstance(v, Name)]
        self.kept(found)
        self.space.put(node.name, found)
