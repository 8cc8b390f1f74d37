"""Held paths in code of other languages that reach calls which are not known to only read."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import is_known, names
from parallel_agents.guard.shell.code.foreigncalls import CALLS, READING
from parallel_agents.guard.shell.code.foreigntexts import after_string, matching
from parallel_agents.guard.shell.code.foreignvalues import ForeignValues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from parallel_agents.guard.shell.bash.state import Values

NAMES = r"[A-Za-z_][\w.]*(?:(?:::|->)\w+)*"
_COMMANDS = ("perl", "ruby", "php")
"""Languages whose calls need no brackets."""
_NO_CALLS = names("my our local const let var x eq ne lt gt cmp and or not if unless in of STDERR")
_OBJECTS = names("path file dir Pathname Pathname.new Bun.file Path::Tiny->new SplFileObject io")
"""Calls that give an object which stands for the file."""
_WRITING_METHODS = names(
    """
    print printf say write writelines append spurt spew delete unlink remove rename move touch
    truncate setWritable setReadable setLastModified renameTo createNewFile mkdir mkdirs
    """
)
"""Methods that change the file which their object stands for."""
_MOST_USES = 200


class ForeignUses(ForeignValues):
    """Where one program names what is held."""

    def aliased(self) -> None:
        """Note calls that the code gives other names."""
        re = self.re
        for found in re.finditer(r"\{([^{}]*)\}\s*(?:=|from\b)", self.mask):
            for pair in re.finditer(r"(\w+)\s*(?::|\bas\b)\s*(\w+)", found[1]):
                if pair[1] in CALLS:
                    self.aliases[pair[2]] = CALLS[pair[1]]
        pattern = r"(?:const|let|var)\s+(\w+)\s*=[^;\n(]*(?:\([^()]*\))?\.(\w+)\s*(?:[;\n]|$)"
        for found in re.finditer(pattern, self.mask):
            if found[2] in CALLS:
                self.aliases[found[1]] = CALLS[found[2]]

    def spec(self, name: str) -> str | None:
        """What a call of this name does, where it is in the table."""
        if name in self.aliases:
            return self.aliases[name]
        if name in CALLS:
            return CALLS[name]
        tail = name.rpartition(".")[2].rpartition("::")[2]
        if "->" in name:
            return None
        two = ".".join(name.split(".")[-2:])
        if two in CALLS:
            return CALLS[two]
        if (
            "." in name
            and tail in CALLS
            and tail not in ("open", "copy", "remove", "move", "link", "exec")
        ):
            return CALLS[tail]
        if "::" in name and tail in CALLS:
            return CALLS[tail]
        if name.startswith(("fs.", "fsp.", "fse.", "Deno.", "promises.")) and tail in CALLS:
            return CALLS[tail]
        return None

    def literals(self) -> Iterator[tuple[int, str]]:
        """(place, text) of each literal outside of comments."""
        at = 0
        while at < len(self.mask):
            char = self.mask[at]
            if char in "'\"`":
                end = after_string(self.mask, at)
                values = self.value(self.text[at:end])
                for value in values:
                    yield at, value
                at = end
                continue
            found = (
                self.re.compile(r"q[qw]?\s*[({\[|/!]").match(self.mask, at) if char == "q" else None
            )
            if found and self.name == "perl" and (not at or not self.mask[at - 1].isalnum()):
                end = found.end() - 1
                closing = {"(": ")", "{": "}", "[": "]"}.get(self.mask[end], self.mask[end])
                stop = self.mask.find(closing, end + 1)
                for value in self.text[end + 1 : stop].split() or [""]:
                    yield at, value
                at = stop if stop > 0 else len(self.mask)
            at += 1

    def strangers(self) -> None:
        """Tell of held paths that reach calls which are not known to only read."""
        reading = READING.get(self.name)
        if reading is None:
            return
        for at, value in self.literals():
            for part in dict.fromkeys((value, value.rpartition("=")[2])):
                if part and self._is_held((part,)):
                    self._used(at, (part,), reading)
        for name, values in [*self.variables.items()][:_MOST_USES]:
            if self._is_held(values):
                pattern = rf"[$@]?(?<![\w.]){self.re.escape(name)}\b(?!\s*=[^=>~])"
                for found in self.re.finditer(pattern, self.mask):
                    self._used(found.start(), values, reading)
                    method = self.re.compile(r"\s*(?:\.|->)(\w+)\s*\(").match(
                        self.mask, found.end()
                    )
                    if method and not self._reads_itself(method[1], reading):
                        self.run.effects.mention(values, self.state, f"{self.name}: {method[1]}")
        for found in [*self.re.finditer(r"(?:\.|->)(\w+)[!?]?\s*\(", self.mask)][:_MOST_USES]:
            if not self._reads(found[1], reading):
                values = self.value(self.owner(found.start()))
                if values != ANY:
                    self.run.effects.mention(values, self.state, f"{self.name}: {found[1]}")
        given = tuple(v for values in self.arguments for v in values)
        if given and self._is_held(given):
            pattern = r"(?:process\.argv|Deno\.args|@ARGV|\$ARGV|\bARGV|\$argv|\bshift\b)"
            for found in self.re.finditer(pattern, self.mask):
                self._used(found.start(), given, reading)

    def _is_held(self, values: Values) -> bool:
        told = self.run.effects
        return any(
            is_known(path) and told.scene.held(path) is not None
            for value in values[:64]
            if 0 < len(value) < 1024
            for path in told.located(value, self.state.cwds)
        )

    def _reads(self, name: str, reading: frozenset[str]) -> bool:
        tail = name.rpartition(".")[2].rpartition("::")[2].rpartition("->")[2]
        known = name in reading or tail in reading or self.spec(name) is not None
        return known or self.re.match(r"(?:is|has|get|assert|expect)(?:[A-Z_]|$)", tail) is not None

    def _reads_itself(self, method: str, reading: frozenset[str]) -> bool:
        """Whether a method of what stands for a file leaves that alone."""
        if method in _WRITING_METHODS:
            return False
        return self._reads(method, reading) and (method in reading or method not in CALLS)

    def _used(self, at: int, values: Values, reading: frozenset[str]) -> None:
        """A held path stands at this place of the code."""
        self.run.budget.step(5)
        name, end = self._around(at)
        if not name:
            return
        if name in _OBJECTS:
            close = matching(self.mask, end) if self.mask[end : end + 1] == "(" else end
            chain = self.re.compile(r"\s*(?:\.|->)\s*(\w+)").match(self.mask, close + 1)
            if chain and not self._reads_itself(chain[1], reading):
                self.run.effects.mention(values, self.state, f"{self.name}: {chain[1]}")
            return
        if not self._reads(name, reading):
            self.run.effects.mention(values, self.state, f"{self.name}: {name[:40]}")

    def _around(self, at: int) -> tuple[str, int]:
        """(name, where its bracket is) of the innermost call that this place is an argument of."""
        depth = 0
        place = at
        while place > 0:
            place -= 1
            char = self.mask[place]
            if char in ")]}":
                depth += 1
                continue
            opening = char in "([{"
            if opening and depth:
                depth -= 1
                continue
            if depth:
                continue
            ends = opening or char == ";" or (char == "\n" and self.name == "ruby")
            if not ends and place:
                continue
            if self.name in _COMMANDS:
                start = place + 1 if ends else place
                name = self._command(self.mask[start:at])
                if name:
                    return name, at
            if char == "(":
                before = self.re.search(rf"(?<![$@%\w])({NAMES})\s*$", self.mask[:place])
                if before and before[1] not in _NO_CALLS:
                    return before[1], place
                if self.mask[:place].rstrip()[-1:] == "]":
                    return "[...]", place  # `object[name](...)`
            elif char == ";" or (char == "{" and self.name in _COMMANDS) or char == "\n":
                return "", at
        return "", at

    def _command(self, text: str) -> str:
        """The call without brackets that the end of a statement's beginning is given to."""
        text = self.re.sub(r"\([^()]*\)", "\x01", text)
        found = ""
        for match in self.re.finditer(
            rf"(?<![$@%&\w>-]){NAMES}(?=(\s*\x01|\s*=>|\s*=(?!=)|\s*\(|:(?!:))?)", text
        ):
            if match[1] is None and match[0] not in _NO_CALLS and not match[0].isupper():
                found = match[0]
        return found

    def owner(self, end: int) -> str:
        """The expression in front of `.each`."""
        at, depth = end, 0
        while at > 0:
            char = self.mask[at - 1]
            depth += (char in ")]}") - (char in "([{")
            if depth < 0 or (not depth and char in ";\n,=!&|?"):
                break
            at -= 1
        return self.text[at:end].strip()
