"""What code of other languages finds outside of itself: arguments, variables, files, input."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import (
    CLOSE,
    COMMA,
    OPEN,
    UNKNOWN,
    braced,
    capped,
    globbed,
    is_known,
)
from parallel_agents.guard.shell.code.foreigntexts import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


class ForeignFiles:
    """One program, and where it runs."""

    def __init__(
        self,
        run: Interpreter,
        name: str,
        text: str,
        arguments: list[Values],
        state: State,
        stdin: Stream = UNSEEN,
    ) -> None:
        import re  # the parser has loaded it

        self.re = re
        self.run = run
        self.name = name
        if name == "perl":
            text = re.split(r"^__(?:END|DATA)__$", text, maxsplit=1, flags=re.MULTILINE)[0]
        self.text = text
        self.mask = masked(text, name)
        self.arguments = arguments
        self.state = state.copy()
        self.stdin = stdin
        self.variables: dict[str, Values] = {}
        self.aliases: dict[str, str] = {}
        """What calls by other names do, as in the table."""
        self.argv: set[str] = set()
        """Names of the list of arguments, where the language lets the code choose one."""
        self.folder = "."
        """Where the script is, from the current directory."""

    def value(self, text: str) -> Values:
        """What an expression of texts and variables is."""
        raise NotImplementedError

    def argument(self, text: str, index: str | None) -> Values:
        """The argument of this index, or any of them."""
        argv = self.variables.get("ARGV")
        if argv is not None:
            return argv
        if index is not None and "process" in text and int(index) > 0:
            places = (int(index) - 2, int(index) - 1)
            options = [self.arguments[p] for p in places if 0 <= p < len(self.arguments)]
            return capped([v for o in options for v in o]) or ANY
        if index is not None and "process" not in text:
            place = int(index) - (1 if text[:3] == "arg" else 0)
            if -len(self.arguments) <= place < len(self.arguments):
                return self.arguments[place]
        return capped([v for word in self.arguments for v in word]) if self.arguments else ANY

    def environment(self, name: str) -> Values:
        """A variable of the environment."""
        if name in self.state.variables:
            return self.state.variables[name]
        return (
            (os.environ[name],) if name in ("HOME", "PWD", "TMPDIR") and name in os.environ else ANY
        )

    def read_lines(self, text: str) -> Values:
        """What reading a line from standard input or from the files of the command gives."""
        if text == "$_" and "_" in self.variables:
            return self.variables["_"]
        if text in ("<>", "<<>>", "ARGF", "$<", "gets", "ARGF.read", "ARGF.each_line", "readlines"):
            argv = self.variables.get("ARGV")
            files = [argv] if argv is not None else self.arguments
            if files:
                return capped([v for f in files for v in self.run.contents(f, self.state).lines])
        return capped([line.strip() for line in self.stdin.lines])

    def contents(self, given: list[str]) -> Values:
        """The text of the file that is the first argument."""
        first = given[0].strip() if given else ""
        if first in ("0", "'/dev/stdin'", '"/dev/stdin"', "process.stdin.fd", "STDIN", "stdin"):
            stream = self.stdin
        else:
            names = self.value(first)
            stream = self.run.contents(names, self.state) if names != ANY else UNSEEN
        return stream.texts if stream.texts is not None else capped(["\n".join(stream.lines)])

    def listed(self, folders: Values) -> Values:
        """The names in folders."""
        found: list[str] = []
        for folder in folders:
            for path in self.run.absolute(folder, self.state):
                try:
                    found += sorted(os.listdir(path))[:500] if is_known(path) else [UNKNOWN]
                except (OSError, ValueError):
                    found.append(UNKNOWN)
        return capped(found) or ANY

    def globbed(self, patterns: Values) -> Values:
        """What patterns find, braces expanded."""
        found: list[str] = []
        for pattern in patterns:
            for word in pattern.split() if self.name == "perl" else [pattern]:
                marked = word.replace("{", OPEN).replace(",", COMMA).replace("}", CLOSE)
                for one in braced(marked) if "{" in word else [word]:
                    found += self.run.effects.listed([globbed(one)], self.state)
        return capped(found) or ANY
