"""Walks the tree of a command as bash would run it, over values instead of files.

Branches are walked one after the other and joined; a loop's body is walked for all values of its
variable at once; what a program would do is asked of `programs`. What is written is told to the
`scene`, which decides whether this agent may.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash import assignments, expansion, flow, redirections, syntax
from parallel_agents.guard.shell.bash.state import NOTHING, UNSEEN, State, Stream, together
from parallel_agents.guard.shell.bash.syntax import text_of
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, capped, is_known, named
from parallel_agents.guard.shell.budget import Exhausted
from parallel_agents.guard.shell.gitmemory import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.budget import Budget
    from parallel_agents.guard.shell.effects import Effects

_SKIPPED = frozenset(("comment", "heredoc_body", "file_descriptor"))
_ENDING = frozenset(("command", "redirected_statement", "subshell", "test_command"))
_GREATEST_SCRIPT = 1 << 16


class Interpreter:
    """One walk. `effects` is told what would be written, and what cannot be followed."""

    def __init__(self, effects: Effects, budget: Budget) -> None:
        self.effects = effects
        self.budget = budget
        self.documents: list[tuple[str, str]] = []
        self.written: dict[str, Stream] = {}
        """What the command has put into files so far, by absolute path (marks allowed)."""
        self.copied: list[tuple[str, str]] = []
        """(copy, original) of each folder that the command has copied, absolute."""
        self.compiled: dict[str, Values] = {}
        """The source texts of the programs (absolute paths) that the command compiles."""
        self.packed: dict[str, list[str] | None] = {}
        """The members of each archive that the command has made, by absolute path."""
        self.git = Memory()
        self.script = ""
        """`$0` of the script that is followed."""
        self.bare = True
        """Whether this is the command itself, whose arguments are the client's."""
        self.returns: bool | None = None
        self.doubts = False
        """Whether code that nobody has seen may have changed the variables."""
        self.falls_through = False
        """Whether a `case` may go on behind `;&`."""
        self.leaps: list[list[tuple[str, State]]] = []
        """For each loop around: (`break` or `continue`, the state there) of the way out of it."""
        self.turning = False
        """Whether a loop is walked round after round: one inside it is not."""
        self.locals: list[dict[str, Values | None]] = []
        """For each function around: what its own variables were before."""
        self.trapped: dict[str, Values] = {}
        """What runs where a signal is sent."""
        self.signalled = False
        """Whether a signal may have been sent."""
        self.results: list[list[bool | None]] = []
        """For each function around: whether its `return`s say that it succeeds."""
        self.guarded = 0
        """How many conditions this is in: what fails there ends nothing."""
        self.last: bool | None = None
        """Whether the command before this one has succeeded: `$?`."""
        self.sourced = 0
        """How many files are being sourced."""
        self._pipes = 0

    def pipe(self, stream: Stream) -> str:
        """The name of a file that holds what a process substitution prints."""
        self._pipes += 1
        path = f"/dev/fd/{62 + self._pipes}"
        self.written[path] = stream
        return path

    def text(self, source: str, state: State, stdin: Stream = UNSEEN) -> Stream:
        """Run a text as bash would. Raises `Exhausted`, `NoParser`."""
        self.budget.enter()
        self.falls_through = self.falls_through or ";&" in source
        if not MARKS.isdisjoint(source):
            self.doubts = True
            self.effects.unknown("a part of it is computed while it runs", source)
            source = _without_marks(source)
        try:
            root = syntax.parse(source, self.documents)
        except syntax.Unreadable as error:
            self.effects.unknown(f"{error}", source)
            self.budget.leave()
            return UNSEEN
        if root.has_error:
            self.effects.unknown("a part of it cannot be read", source)
        out = self.node(root, state, stdin)
        self.budget.leave()
        return out

    def inner(self, source: str, state: State, stdin: Stream = UNSEEN) -> Stream:
        """Run a text in a shell of its own, which changes nothing for this one."""
        return self.whole(source, state.fork(), stdin)

    def whole(self, source: str, state: State, stdin: Stream) -> Stream:
        """Run all that a shell runs, with what waits for its end."""
        out = self.text(source, state, stdin)
        if state.traps:
            from parallel_agents.guard.shell.programs import signals

            signals.ended(self, state)
        return out

    def printed(self, source: str, state: State, *, one_line: bool) -> Values:
        """What `$(source)` becomes."""
        text = source.strip()
        if text.startswith("<") and text[1:2] not in ("<", "(") and "\n" not in text:
            source = "cat " + text
        stream = self.inner(source, state)
        if stream.texts is not None:
            return capped([t.rstrip("\n") for t in stream.texts])
        lines = stream.lines
        return capped(list(lines)) if lines else ("",)

    def node(self, node: Any, state: State, stdin: Stream) -> Stream:
        """Run one node of the tree; what it prints."""
        if state.dead:
            return NOTHING
        self.budget.step()
        kind = node.type
        if kind in ("command", "test_command", "variable_assignment"):
            self.last = self.returns
        if kind == "command":
            return self.command(node, state, stdin)
        statement = flow.STATEMENTS.get(kind)
        if statement is not None:
            self.budget.enter()
            out = statement(self, node, state, stdin)
            self.budget.leave()
            return out
        if kind in _SKIPPED or not node.is_named:
            return NOTHING
        return self.sequence(node.children, state, stdin)

    def sequence(self, nodes: list[Any], state: State, stdin: Stream) -> Stream:
        """Run nodes one after the other; one with `&` behind it changes nothing for the others."""
        out = NOTHING
        for at, child in enumerate(nodes):
            if not child.is_named:
                continue
            follower = nodes[at + 1] if at + 1 < len(nodes) else None
            if follower is not None and follower.type == "&":
                out = together(out, self.alone(child, [], state, stdin))
            else:
                out = together(out, self.node(child, state, stdin))
                if self.returns is False and "errexit" in state.options and not state.dead:
                    self._left(child, state)
        return out

    def condition(self, nodes: list[Any], state: State, stdin: Stream) -> Stream:
        """Run nodes of which it is only asked whether they succeed."""
        self.guarded += 1
        out = self.sequence(nodes, state, stdin)
        self.guarded -= 1
        return out

    def _left(self, node: Any, state: State) -> None:
        """With `set -e`, what has failed ends the shell, unless that is asked for."""
        if not self.guarded and not self.doubts and node.type in _ENDING:
            from parallel_agents.guard.shell.programs import signals

            signals.ended(self, state)
            state.dead = state.over = True

    def alone(self, node: Any, redirects: list[Any], state: State, stdin: Stream) -> Stream:
        """Run a node in a shell of its own."""
        own = state.fork()
        out = self.redirected(node, redirects, own, stdin)
        if own.traps:
            from parallel_agents.guard.shell.programs import signals

            signals.ended(self, own)
        return out

    # -- statements

    def redirected(self, body: Any, redirects: list[Any], state: State, stdin: Stream) -> Stream:
        """Run a node with redirections, which of a list are those of its last command."""
        if state.dead:
            return NOTHING
        if body is not None and redirects:
            if body.type == "list":
                return flow.chained(self, body, state, stdin, redirects)
            if body.type == "pipeline":
                return flow.piped(self, body, state, stdin, redirects)
            if body.type == "negated_command" and body.named_children:
                body = body.named_children[-1]
        numbers = state.numbers
        opened = redirections.opened(self, redirects, state, stdin)
        out = NOTHING
        if opened.failed:
            self.returns = False
        elif body is not None and body.type == "command" and not state.dead:
            # `cmd < file arg`: the grammar takes `arg` for a second target.
            more = [w for r in redirects for w in r.children_by_field_name("destination")[1:]]
            out = self.command(body, state, opened.stdin, [text_of(word) for word in more])
        elif body is not None:
            out = self.node(body, state, opened.stdin)
        if body is None or text_of(body) != "exec":
            state.numbers = numbers
        return self.poured(out, opened.target)

    def poured(self, out: Stream, target: list[tuple[str, bool]] | None) -> Stream:
        """What is still printed, once standard output went to `target`."""
        if target is None:
            return out
        for path, appended in target:
            self.remember(path, out, appended=appended)
        return NOTHING

    def remember(self, path: str, stream: Stream, *, appended: bool = False) -> None:
        """Keep what is now in a file that the command writes."""
        if appended:
            before = self.written.get(path) or self.contents_of(path)
            stream = together(before, stream)
        self.written[path] = stream

    # -- one command

    def command(
        self, node: Any, state: State, stdin: Stream, more: list[str] | None = None
    ) -> Stream:
        """Run a simple command, with `more` words than its node has."""
        from parallel_agents.guard.shell.programs import invocation

        self.returns = None
        words: list[str] = []
        redirects: list[Any] = []
        before: dict[str, Values | None] = {}
        exported = state.exported
        name = False
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment" and not name:
                variable = child.child_by_field_name("name")
                if variable is not None and variable.type == "variable_name":
                    key = text_of(variable)
                    before[key] = state.variables.get(key)
                assignments.assign(self, child, state)
            elif kind.endswith("_redirect"):
                redirects.append(child)
                # `cmd > file arg`: the grammar takes `arg` for a second target.
                words += [text_of(w) for w in child.children_by_field_name("destination")[1:]]
            elif kind == "command_name":
                name = True
                words.append(text_of(child))
            elif child.is_named or kind not in ("$",):
                words.append(text_of(child))
        found = [f for word in (*words, *(more or ())) for f in expansion.fields(self, word, state)]
        if before and found:
            state.exported = exported.union(before)
        numbers = state.numbers
        opened = redirections.opened(self, redirects, state, stdin)
        out = NOTHING
        if opened.failed:
            self.returns = False
        elif found:
            out = invocation.run(self, found, state, opened.stdin)
        if found != [("exec",)]:
            state.numbers = numbers
        for key, values in before.items() if found else ():
            if values is None:
                state.variables.pop(key, None)
            else:
                state.variables[key] = values
        if before and found:
            state.exported = exported
        if "ERR" in state.traps and self.returns is not True:
            from parallel_agents.guard.shell.programs import signals

            signals.failed(self, state)
        return self.poured(out, opened.target)

    def succeeded(self, certain: bool | None) -> None:
        """Note whether the command that has just run succeeds, where that is known."""
        self.returns = certain

    def call(self, body: Any, arguments: list[Values], state: State, stdin: Stream) -> Stream:
        """Run a function."""
        self.budget.enter()
        before, state.arguments = state.arguments, arguments
        bare, self.bare = self.bare, False
        leaps, self.leaps = self.leaps, []
        names = state.names
        self.locals.append({})
        self.results.append([])
        traps = dict(state.traps)
        self.returns = None
        out = self.node(body.child_by_field_name("body"), state, stdin)
        # Where it does not return, it is the last command that says whether it succeeds.
        results = {*self.results.pop(), *(() if state.dead else (self.returns,))}
        returns = results.pop() if len(results) == 1 else None
        for name, values in self.locals.pop().items():
            if values is None:
                state.variables.pop(name, None)
            else:
                state.variables[name] = values
        self.leaps = leaps
        state.names = names
        own = state.traps.get("RETURN") != traps.get("RETURN")
        if "RETURN" in state.traps and (own or "functrace" in state.options):
            from parallel_agents.guard.shell.programs import signals

            signals.returned(self, state)
        for child in body.children:
            if child.type.endswith("_redirect"):
                redirections.opened(self, [child], state, stdin)
        self.bare = bare
        state.arguments = before
        state.dead = state.over
        self.budget.leave()
        self.returns = returns
        return out

    # -- files

    def absolute(self, value: str, state: State) -> list[str]:
        """`value` from each directory that the command can be in here."""
        value = named(value)
        if value[:1] == "/":
            return [value]
        return [os.path.normpath(os.path.join(cwd, value)) for cwd in state.cwds]

    def contents(self, values: Values, state: State) -> Stream:
        """What is in the files of these names."""
        texts: list[str] = []
        for value in state.named(values):
            for path in self.absolute(value, state):
                stream = self.contents_of(path)
                if stream.texts is None:
                    return stream
                texts += stream.texts
        return Stream(capped(texts))

    def contents_of(self, path: str) -> Stream:
        """What is in a file, as far as the command has left it so."""
        known = self.written.get(path)
        if known is not None:
            return known
        if not is_known(path) or UNKNOWN in path:
            return UNSEEN
        text = small_file(path)
        return UNSEEN if text is None else Stream((text,))


def small_file(path: str) -> str | None:
    """The text of a file of at most 64 kB, or None."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        raw = os.read(fd, _GREATEST_SCRIPT + 1)
    except OSError:
        return None
    finally:
        os.close(fd)
    if len(raw) > _GREATEST_SCRIPT or b"\0" in raw:
        return None
    return _without_marks(raw.decode("utf-8", "replace"))


def _without_marks(text: str) -> str:
    return text if MARKS.isdisjoint(text) else "".join("?" if c in MARKS else c for c in text)


__all__ = ["Exhausted", "Interpreter", "small_file"]
