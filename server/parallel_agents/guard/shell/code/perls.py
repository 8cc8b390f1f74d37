"""The command line of perl: bundled letters, code, modules, files that are edited in place."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import capped, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = frozenset("MmIxCDF0dV")
"""Letters that take what is behind them in the word."""
_COMMANDS = {
    **{name: [name] for name in names("cat cp mv touch chmod dos2unix")},
    "rm_f": ["rm", "-f"],
    "rm_rf": ["rm", "-rf"],
    "mkpath": ["mkdir", "-p"],
    "eqtime": ["touch", "-r"],
    "test_f": ["test", "-f"],
    "test_d": ["test", "-d"],
}
"""Functions of ExtUtils::Command, and the command that each stands for."""


class Line:
    """A command line taken apart."""

    def __init__(self, given: list[Values]) -> None:
        self.code: list[Values] = []
        self.modules: list[str] = []
        self.rest: list[Values] = []
        self.in_place = self.looping = self.printing = self.checking = self.switches = False
        waiting = list(given)
        while waiting:
            values = waiting.pop(0)
            word = values[0]
            if word == "--":
                self.rest += waiting
                break
            if word[:1] != "-" or word == "-":
                self.rest = [values, *waiting]
                break
            self._letters(word[1:], waiting)

    def _letters(self, letters: str, waiting: list[Values]) -> None:
        at = 0
        while at < len(letters):
            letter, behind = letters[at], letters[at + 1 :]
            at += 1
            if letter in "eE":
                if behind:
                    self.code.append((behind,))
                elif waiting:
                    self.code.append(waiting.pop(0))
                return
            if letter == "i":
                self.in_place = True
                # `-pie CODE`: the `e` is a suffix to perl, and meant as `-e` by who writes it.
                if behind in ("e", "E") and waiting:
                    self.code.append(waiting.pop(0))
                return
            if letter == "0" and behind[:1] != "x":
                at = len(letters) - len(behind.lstrip("01234567"))
                continue
            if letter in _VALUED:
                if letter in "MmI" and not behind and waiting:
                    behind = waiting.pop(0)[0]
                if letter in "Mm":
                    self.modules.append(behind.lstrip("-").partition("=")[0])
                return
            self.looping = self.looping or letter in "np"
            self.printing = self.printing or letter == "p"
            self.checking = self.checking or letter in "c"
            self.switches = self.switches or letter == "s"


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Follow what perl (or ruby, whose letters are alike) would do."""
    from parallel_agents.guard.shell.code import languages

    line = Line(given)
    if any(v[0] in ("-v", "--version", "-h", "--help", "-V") for v in given[:1]):
        return UNSEEN
    rest = line.rest
    if line.modules == ["ExtUtils::Command"] and line.code:
        words = _COMMANDS.get(line.code[0][0].strip(" ;()"))
        if words is not None:
            from parallel_agents.guard.shell.programs import invocation

            inner: list[Values] = [(word,) for word in words[1:]]
            return invocation.program(run, words[0], [*inner, *rest], state, stdin)
    script: Values = ()
    texts: Values = capped(["\n".join(c) for c in _alternatives(line.code)])
    if not line.code and rest:
        script = rest.pop(0)
        texts = languages.script(run, name, script, rest, state, stdin)
    elif not line.code:
        texts = stdin.texts if stdin.texts is not None else ANY
    if line.checking and not any("BEGIN" in text for text in texts):
        return UNSEEN
    if line.in_place:
        for values in rest:
            run.effects.write(values, state, f"{name} -i", kind=effects.ENTRY)
    variables: dict[str, Values] = {}
    if line.looping:
        streams = [run.contents(values, state) for values in rest] if rest else [stdin]
        found = [v.strip() for stream in streams for v in stream.lines]
        variables["_"] = tuple(dict.fromkeys(found)) if len(found) <= 256 else ANY
        variables["ARGV"] = ANY if not rest else capped([v for values in rest for v in values])
    if line.switches:
        while rest and rest[0][0][:1] == "-":
            option, _, value = rest.pop(0)[0].lstrip("-").partition("=")
            variables[option] = (value,)
    out = languages.judge(run, name, texts, rest, state, stdin, script, variables)
    return UNSEEN if line.in_place or line.printing else out


def _alternatives(code: list[Values]) -> list[list[str]]:
    """The pieces of code of several `-e`, for each way that they can be."""
    rows: list[list[str]] = [[]]
    for values in code:
        rows = [[*row, value] for row in rows for value in values][:16]
    return rows
