"""Tcl: commands, words and substitutions, as far as they say which files are written.

A command that is not known and is given a held path is a mention.
"""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, globbed, names, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_LONGEST = 20_000
_READING = names(
    """
    puts string read gets close eof seek tell fconfigure flush expr incr append lappend list
    llength lindex lrange lsort lsearch linsert lreplace lassign split join concat format scan
    regexp regsub info array dict clock return error break continue global variable upvar
    namespace package set unset after vwait update binary encoding fblocked pid source_ exit lmap
    chan subst switch lreverse lrepeat throw tailcall rename_ parray fileevent
    """
)
_WRITING_MODES = ("w", "a", "r+", "WR", "RDWR", "CREAT", "TRUNC", "APPEND")


class Script:
    """One script, and what its variables are."""

    def __init__(self, run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
        self.run = run
        self.state = state.copy()
        self.stdin = stdin
        self.given = given
        self.variables: dict[str, Values] = {
            "argv": (" ".join(values[0] for values in given),),
            "argv0": ("script",),
        }
        self.procedures: dict[str, tuple[list[str], str]] = {}

    def block(self, text: str) -> Values:
        """Run commands one after the other; what the last gives."""
        self.run.budget.enter()
        found: Values = ("",)
        for command in commands(text):
            self.run.budget.step(3)
            found = self.command(command)
        self.run.budget.leave()
        return found

    def value(self, word: str) -> Values:
        """The alternatives of a word: braces are literal, else it is substituted."""
        if word[:1] == "{" and word[-1:] == "}":
            return (word[1:-1],)
        if word[:1] == '"' and word[-1:] == '"' and len(word) > 1:
            word = word[1:-1]
        values: Values = ("",)
        at = 0
        while at < len(word):
            char = word[at]
            if char == "[":
                end = closing(word, at)
                values = product(values, self.block(word[at + 1 : end]))
                at = end + 1
            elif char == "$":
                end = at + 1
                if word[end : end + 1] == "{":
                    end = closing(word, end) + 1
                    name = word[at + 2 : end - 1]
                else:
                    while end < len(word) and (word[end].isalnum() or word[end] in "_:"):
                        end += 1
                    name = word[at + 1 : end]
                    if word[end : end + 1] == "(":
                        stop = word.find(")", end)
                        key = word[end + 1 : stop]
                        end = stop + 1 if stop > 0 else len(word)
                        if name == "env":
                            values = product(values, self.state.variables.get(key, ANY))
                            at = end
                            continue
                values = product(values, self.variables.get(name.lstrip(":"), ANY))
                at = end
            elif char == "\\" and at + 1 < len(word):
                values = product(values, ({"n": "\n", "t": "\t"}.get(word[at + 1], word[at + 1]),))
                at += 2
            else:
                end = min(e for e in (*(word.find(c, at + 1) for c in "[$\\"), len(word)) if e > 0)
                values = product(values, (word[at:end],))
                at = end
        return values

    def command(self, words: list[str]) -> Values:
        """Run one command."""
        name = self.value(words[0])[0]
        rest = words[1:]
        if name in self.procedures:
            wanted, body = self.procedures[name]
            for parameter, word in zip(wanted, rest):
                self.variables[parameter] = self.value(word)
            return self.block(body)
        method = getattr(self, "_do_" + name.lstrip(":"), None)
        if method is not None and name.isalpha():
            found: Values = method(rest)
            return found
        values = [self.value(word) for word in rest]
        if name not in _READING:
            for value in values:
                self.run.effects.mention(value, self.state, f"tcl: {name[:30]}")
        return ANY

    def _do_set(self, rest: list[str]) -> Values:
        name = self.value(rest[0])[0] if rest else ""
        if len(rest) > 1:
            self.variables[name] = self.value(rest[1])
        return self.variables.get(name, ANY)

    def _do_open(self, rest: list[str]) -> Values:
        paths = self.value(rest[0]) if rest else ANY
        modes = self.value(rest[1]) if len(rest) > 1 else ("r",)
        for path in paths:
            if path[:1] == "|":
                self.run.inner(path[1:], self.state)
                return ANY
        if any(sign in mode for mode in modes for sign in _WRITING_MODES):
            self.run.effects.write(paths, self.state, "open")
        return ANY

    def _do_file(self, rest: list[str]) -> Values:
        verb = self.value(rest[0])[0] if rest else ""
        words = [self.value(w) for w in rest[1:]]
        words = [w for w in words if w not in (("-force",), ("--",))]
        told, state = self.run.effects, self.state
        if verb == "delete":
            for values in words:
                told.write(values, state, "file delete", kind=effects.TREE)
        elif verb in ("copy", "rename") and len(words) > 1:
            from parallel_agents.guard.shell.programs import invocation

            program = ("cp", "-r") if verb == "copy" else ("mv",)
            line: list[Values] = [(word,) for word in program]
            invocation.run(self.run, [*line, *words], state, UNSEEN)
        elif verb == "link" and words:
            told.write(words[0], state, "file link", kind=effects.ENTRY)
        elif verb == "mkdir":
            for values in words:
                told.write(values, state, "file mkdir", kind=effects.FOLDER)
        elif verb in ("attributes", "mtime", "atime") and len(words) > 1:
            told.write(words[0], state, f"file {verb}")
        elif verb == "join":
            found: Values = ("",)
            for at, values in enumerate(words):
                found = product(product(found, ("/",) if at else ("",)), values)
            return found
        elif verb in ("tail", "dirname", "rootname", "normalize", "nativename") and words:
            return tuple(_part(verb, v) for v in words[0])
        return ANY

    def _do_exec(self, rest: list[str]) -> Values:
        found = [self.value(w) for w in rest]
        line = " ".join(
            "'" + v[0].replace("'", "'\\''") + "'" if v[0] not in _SIGNS else v[0]
            for v in found
            if v[0] not in ("-ignorestderr", "-keepnewline", "--")
        )
        if line:
            self.run.inner(line, self.state)
        return ANY

    def _do_cd(self, rest: list[str]) -> Values:
        for values in [self.value(rest[0])] if rest else []:
            self.state.cwds = tuple(p for v in values for p in self.run.absolute(v, self.state))
        return ("",)

    def _do_glob(self, rest: list[str]) -> Values:
        found: list[str] = []
        folder = ""
        words = [self.value(w)[0] for w in rest]
        while words and words[0][:1] == "-":
            option = words.pop(0)
            if option in ("-directory", "-dir", "-type", "-types", "-path", "-tails") and words:
                value = words.pop(0) if option != "-tails" else ""
                folder = value + "/" if option.startswith("-dir") else folder
        for word in words:
            for pattern in word.split():
                found += self.run.effects.listed([globbed(folder + pattern)], self.state)
        return capped(found) or ANY

    def _do_lindex(self, rest: list[str]) -> Values:
        if len(rest) < 2 or not self.value(rest[1])[0].isdecimal():
            return ANY
        at = int(self.value(rest[1])[0])
        lists = [value.split() for value in self.value(rest[0])]
        return capped([items[at] for items in lists if at < len(items)]) or ANY

    def _do_foreach(self, rest: list[str]) -> Values:
        if len(rest) > 2:
            values = self.value(rest[1])
            items = values if rest[1][:1] == "[" else tuple(i for v in values for i in v.split())
            for name in rest[0].strip("{}").split():
                self.variables[name] = capped(list(items)) or ANY
            self.block(self.value(rest[-1])[0])
        return ("",)

    def _do_proc(self, rest: list[str]) -> Values:
        if len(rest) > 2:
            wanted = [w.strip("{}") for w in self.value(rest[1])[0].split()]
            self.procedures[self.value(rest[0])[0]] = (wanted, self.value(rest[2])[0])
        return ("",)

    def _bodies(self, rest: list[str]) -> Values:
        for word in rest:
            if word[:1] == "{" and (" " in word or "\n" in word):
                self.block(word[1:-1])
        return ANY

    _do_if = _do_while = _do_for = _do_catch = _do_try = _do_time = _do_uplevel = _bodies

    def _do_eval(self, rest: list[str]) -> Values:
        return self.block(" ".join(self.value(w)[0] for w in rest))

    def _do_source(self, rest: list[str]) -> Values:
        stream = self.run.contents(self.value(rest[-1]), self.state) if rest else UNSEEN
        for text in stream.texts or ():
            if text != UNKNOWN and len(text) < _LONGEST:
                self.block(text)
        return ("",)


_SIGNS = frozenset(("|", "|&", ">", ">>", "<", "2>", ">&", "&", "<<", "2>>", ">>&"))


def _part(verb: str, text: str) -> str:
    if verb == "tail":
        return text.rpartition("/")[2]
    if verb == "dirname":
        return text.rpartition("/")[0] or "."
    return text.rpartition(".")[0] or text if verb == "rootname" else text


def closing(text: str, at: int) -> int:
    """Where the bracket or brace at `at` is closed."""
    opening = text[at]
    other = {"[": "]", "{": "}"}[opening]
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == opening:
            depth += 1
        elif text[at] == other:
            depth -= 1
            if not depth:
                return at
        at += 1
    return len(text)


def commands(text: str) -> list[list[str]]:
    """The words of each command, with their braces and quotes."""
    found: list[list[str]] = []
    words: list[str] = []
    at = 0
    text = text.replace("\\\n", " ")
    while at <= len(text):
        char = text[at : at + 1]
        if char in ("", "\n", ";"):
            if words:
                found.append(words)
            words = []
            at += 1
        elif char.isspace():
            at += 1
        elif char == "#" and not words:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            end = _word(text, at)
            words.append(text[at:end])
            at = max(end, at + 1)
    return found[:500]


def _word(text: str, at: int) -> int:
    """Where the word ends that begins there."""
    if text.startswith("{*}", at):
        return _word(text, at + 3)
    if text[at] == "{":
        return closing(text, at) + 1
    quoted = text[at] == '"'
    at += quoted
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = closing(text, at) + 1
            continue
        if (quoted and char == '"') or (not quoted and (char.isspace() or char == ";")):
            return at + quoted
        at += 1
    return len(text)


def judge(run: Interpreter, text: str, given: list[Values], state: State, stdin: Stream) -> None:
    """Follow a script with these arguments."""
    run.effects.unknown("Tcl code is not followed into all that it does")
    if len(text) > _LONGEST:
        run.effects.unknown("Tcl code is too long to follow", text)
        return
    Script(run, given, state, stdin).block(text)
