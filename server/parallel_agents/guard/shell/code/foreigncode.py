"""Programs in node, perl, ruby, php and the like: what their calls do with the files they name.

They are not parsed. Calls are found by their names outside of strings and comments, and what they
are given is followed as far as it is a text, a variable set to a text, or such texts joined. A
held path that reaches a call which is not known to only read is a mention; where a call that
writes is given what nobody knows, every text of the code counts as one.
"""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, is_known, names, product
from parallel_agents.guard.shell.code.foreignprograms import ForeignPrograms
from parallel_agents.guard.shell.code.foreigntexts import after_string, matching, split
from parallel_agents.guard.shell.code.foreignuses import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values

LONGEST = 20_000
"""Characters of code that are looked at."""

_WINDOW = 2000
"""Characters that the arguments of one call may have."""

_MODES = frozenset("wax+>")
_KINDS = {
    "write": effects.WRITE,
    "move": effects.TREE,
    "tree": effects.TREE,
    "folder": effects.FOLDER,
    "touch": effects.TOUCH,
}
_COMMANDS = ("perl", "ruby", "php")
"""Languages whose calls need no brackets, and that start programs by backticks."""


_PRINTING = names("print say puts echo console.log process.stdout.write printf")


class ForeignCode(ForeignPrograms):
    """One program, and what its calls tell."""

    printed: list[str] | None = None
    """The lines that are printed, as far as they are seen."""

    def judge(self) -> None:
        """Tell the effects what the code's calls are given."""
        re = self.re
        self.aliased()
        for found in re.finditer(r"String\s*(?:\[\]|\.\.\.)\s*(\w+)|String\s+(\w+)\[\]", self.mask):
            if self.name == "java":
                self.argv.add(found[1] or found[2])
        for _ in range(2):
            self._assignments()
            self.taken_apart()
            self.functions()
        self._loops()
        self._loads()
        for found in re.finditer(NAMES, self.mask):
            spec = self.spec(found[0])
            before = self.mask[max(0, found.start() - 9) : found.start()]
            if before.endswith(("def ", "sub ", "function ", "$", "@", "%")):
                continue
            if found[0] in _PRINTING:
                self._prints(found[0], self._given(found.end()))
            if spec is None:
                continue
            self._call(found[0], spec, self._given(found.end()))
        for found in re.finditer(r"`([^`]+)`", self.text):
            if self.name in _COMMANDS and self.mask[found.start()] == "`":
                self.run.inner(self._string(found[0])[0], self.state)
        for found in re.finditer(r"\bqx\s*([({\[/|!])", self.mask):
            closing = {"(": ")", "{": "}", "[": "]"}.get(found[1], found[1])
            code = self.text[found.end() : self.mask.find(closing, found.end())]
            self.run.inner(self._string(f'"{code}"')[0], self.state)
        self._in_place()
        for found in re.finditer(r"%x\s*(?:\(([^)]+)\)|\{([^}]+)\}|\[([^\]]+)\])", self.text):
            code = next(group for group in found.groups() if group)
            if self.name == "ruby":
                self.run.inner(self._string('"' + code.replace('"', "'") + '"')[0], self.state)
        for found in re.finditer(r"\[\s*(['\"][\w'\"+ ]+['\"])\s*\]\s*(?=\()", self.text):
            for name in self.value(found[1]):
                spec = self.spec("fs." + name)
                if spec is not None:
                    self._call(name, spec, self._given(found.end()))
        for found in re.finditer(r"IO::File->new\s*(?=\()", self.mask):
            given = self._given(found.end())
            modes = self.value(given[1]) if len(given) > 1 else ("r",)
            if any(not _MODES.isdisjoint(m) for m in modes):
                self.run.effects.write(self.value(given[0]), self.state, "IO::File->new")
        if re.search(r"[\w)\"'\]]\s*\.\s*(?:spew|write_text|append|IO\.write)\b", self.mask):
            self.unclear = True
        self.strangers()
        if self.unclear:
            why = f"what `{self.name}` writes is only known when it runs"
            self.run.effects.unknown(why, self.text)
            for _, literal in self.literals():
                self.run.effects.mention((literal,), self.state, self.name)
            for values in self.arguments:
                self.run.effects.mention(values, self.state, self.name)

    def _in_place(self) -> None:
        """perl's `$^I` and ruby's `ARGF.inplace_mode`: the files of `<>` are written."""
        re = self.re
        ruby = self.name == "ruby" and "ARGF.inplace_mode" in self.mask
        if not ruby and (
            self.name != "perl" or not re.search(r"\$(?:\^I|\{\^I\})(?!\s*=\s*undef)", self.mask)
        ):
            return
        starts = re.finditer(r"@ARGV\s*=(?![=~])\s*|push\s*\(?\s*@ARGV\s*,\s*", self.mask)
        files = [self.value(self.text[s.end() : self._end(s.end())]) for s in starts]
        for found in re.finditer(r"\(\s*\$\^I\s*,\s*@ARGV\s*\)\s*=\s*(?=\()", self.mask):
            end = matching(self.mask, found.end())
            given = split(self.text[found.end() + 1 : end])
            files += [self.value(text) for text in given[1:]]
        for values in files or self.arguments:
            self.unclear = self.unclear or values == ANY
            self.run.effects.write(values, self.state, f"{self.name} -i", kind=effects.ENTRY)

    # -- names

    def _assignments(self) -> None:
        pattern = r"(?<![\w.])[$@%]?([A-Za-z_]\w*)\s*=(?![=>~])\s*"
        for found in self.re.finditer(pattern, self.mask):
            end = self._end(found.end())
            value = self.value(self.text[found.end() : end])
            if value != ANY:
                known = self.variables.get(found[1])
                self.variables[found[1]] = value if known is None else capped([*known, *value])

        pattern = r"(?:process\.env\.|\$ENV\{|(?:process\.env|ENV)\[\s*['\"])(\w+)['\"]?[\]}]?\s*="
        for found in self.re.finditer(pattern + r"(?![=~])", self.text):
            end = self._end(found.end())
            self.state.variables[found[1]] = self.value(self.text[found.end() : end])

    def _end(self, at: int) -> int:
        """Where the expression that begins there ends."""
        depth, start = 0, at
        while at < len(self.mask) and at < start + 400:
            char = self.mask[at]
            depth += (char in "([{") - (char in ")]}")
            if depth < 0 or (not depth and char in ";\n"):
                break
            at += 1
        return at

    def _loops(self) -> None:
        """Names of loops: `for (const f of list)`, `for my $f (list)`, `list.each { |f| ... }`."""
        re = self.re
        lists = (
            r"for\s*(?:each)?\s*\(?\s*(?:const|let|var|my)?\s*[$]?(\w+)\s*(?:of|in)?\s*(?=[\[(])()",
            r"for\s*\(?\s*(?:const|let|var)?\s*(\w+)\s+(?:of|in)\s+()",
            r"for\s*(?:each)?\s*()(?=\()",
            r"for(?:each)?\s+()(?!\s*(?:my|our)?\s*\$\w+\s*\()(?!\()",
            r"(?:map|grep|while|first|any)\s*()\{[^{}]*\}",
            r"while\s*\(?()",
        )
        for at, pattern in enumerate(lists):
            for found in re.finditer(pattern, self.mask):
                if at > 1 and self.name != "perl":
                    continue
                start = found.end()
                end = self._end(start)
                if self.mask[start : start + 1] in ("(", "["):
                    end = matching(self.mask, start) + 1
                self._looped(found[1] or "_", self.text[start:end], end)
        behind = (
            r"\.(?:forEach|each|map|each_line|flatMap)\s*"
            r"(?:\(\s*(?:async\s*)?\(?|\{\s*\||do\s*\|)\s*(\w+)"
        )
        for found in re.finditer(behind, self.mask):
            self._looped(found[1], self.owner(found.start()), found.end())
        for found in re.finditer(
            r"foreach\s*\((.{1,300}?)\s+as\s+(?:\$\w+\s*=>\s*)?\$(\w+)", self.text
        ):
            self._looped(found[2], found[1], found.end())
        blocks = r"(Dir\.glob\s*\([^)]*\))\s*(?:\{|do)\s*\|\s*(\w+)\s*\|"
        for found in re.finditer(blocks, self.text):
            self._looped(found[2], found[1], found.end())

    def _looped(self, name: str, items: str, at: int) -> None:
        while items[:1] == "(" and items[-1:] == ")" and matching(items, 0) == len(items) - 1:
            items = items[1:-1].strip()
        given = split(items.strip())
        if len(given) == 1 and given[0][:1] == "[" and matching(given[0], 0) == len(given[0]) - 1:
            given = split(given[0][1:-1])
        values = [v for item in given for v in self.value(item)]
        if values and UNKNOWN not in values:
            values = list(self.kept(name, capped(values), at)) or [""]
            known = self.variables.get(name, ())
            self.variables[name] = capped([*known, *values])

    def _loads(self) -> None:
        """Files of code that the code loads by a path of its own, and trees that it walks."""
        pattern = r"\b(?:require|import|require_relative|load|do|from)\b\s*\(?\s*(?=['\"])"
        for found in list(self.re.finditer(pattern, self.mask))[:8]:
            end = after_string(self.mask, found.end())
            for name in self._string(self.text[found.end() : end]):
                if name[:1] not in "./" and "relative" not in found[0]:
                    continue
                for ending in ("", ".js", ".mjs", ".cjs", ".ts", "/index.js", ".rb", ".pl"):
                    path = f"{self.folder}/{name}{ending}" if name[:1] != "/" else name + ending
                    stream = self.run.contents((path,), self.state)
                    if stream.texts is not None and is_known(stream.texts[0]) and stream.texts[0]:
                        self.run.budget.enter()
                        inner = type(self)(self.run, self.name, stream.texts[0], [], self.state)
                        inner.folder = path.rpartition("/")[0]
                        inner.judge()
                        self.run.budget.leave()
                        break
        writing = r"\b(?:unlink|rename|rmtree|truncate|system|move|copy|open)\b"
        for found in self.re.finditer(r"\bfind(?:depth)?\s*\(", self.mask):
            if self.name == "perl" and self.re.search(writing, self.mask):
                for values in self.words(self._given(found.end() - 1)[1:]):
                    below = tuple(v + "/" + UNKNOWN for v in values if v != UNKNOWN)
                    self.run.effects.write(below, self.state, "File::Find")

    def shown(self) -> Stream:
        """What is printed."""
        if not self.printed or len(self.printed) > 256:
            return UNSEEN
        return Stream(None, tuple(dict.fromkeys(self.printed)))

    def _prints(self, name: str, given: list[str]) -> None:
        if given and self.re.match(r"(?:[A-Z]\w*|\$\w+|\{[^}]*\})\s+[^\s.,=+*/-]", given[0]):
            return  # to a file
        words = self.words(given) if given else [self.variables.get("_", ANY)]
        values: Values = ("",)
        if name == "printf":
            values = ANY
        for word in words if name != "printf" else ():
            values = product(values, product(("",) if values == ("",) else (" ",), word))
        if self.name in ("perl", "ruby", "php") and len(words) > 1:
            values = tuple(v for word in words for v in word)
        lines = [line for value in values for line in value.split("\n") if line.strip()]
        self.printed = [*(self.printed or []), *lines]

    # -- calls

    def _given(self, at: int) -> list[str]:
        """The arguments of the call whose name ends there."""
        self.run.budget.step(20)
        mask = self.mask[at : at + _WINDOW]
        text = self.text[at : at + _WINDOW]
        start = len(mask) - len(mask.lstrip(" \t"))
        if mask[start : start + 1] == "(":
            end = matching(mask, start)
            return split(text[start + 1 : end], ",", mask[start + 1 : end])
        end, depth = start, 0
        while end < len(mask):
            if mask[end] in "'\"`":
                end = after_string(mask, end)
                continue
            depth += (mask[end] in "([{") - (mask[end] in ")]}")
            if depth < 0 or (not depth and mask[end] in ";\n"):
                break
            end += 1
        for word in (" or ", " if ", " unless ", " for ", " foreach ", " and ", " || ", " && "):
            place = mask.find(word, max(0, start - 1), end)
            end = place if place >= 0 else end
        return split(text[start:end], ",", mask[start:end])

    def _call(self, name: str, spec: str, given: list[str]) -> None:
        kind, *places = spec.split()
        told, state = self.run.effects, self.state
        if kind in ("open", "object"):
            self._open(name, given)
            return
        if kind == "run":
            self.runs(given)
            return
        if kind == "entry" and any("recursive" in g for g in given):
            kind = "tree"
        while given and given[-1].lstrip().startswith("{"):
            given = given[:-1]
        words = self.words(given)
        if kind == "cd":
            if words and words[0] != ANY:
                state.cwds = tuple(p for v in words[0] for p in self.run.absolute(v, state))
            return
        if kind == "code":
            for text in words[0] if words else ():
                if text != UNKNOWN and len(text) <= LONGEST:
                    self.run.budget.enter()
                    inner = type(self)(self.run, self.name, text, self.arguments, state, self.stdin)
                    inner.variables.update(self.variables)
                    inner.judge()
                    self.run.budget.leave()
            return
        if kind == "unpack":
            from parallel_agents.guard.shell.programs import invocation

            archive: list[Values] = [("tar",), ("-x",), ("-f",), *words[:1]]
            invocation.run(self.run, archive, state.copy(), UNSEEN)
            return
        if self.name in ("perl", "ruby") and name.endswith(("chmod", "chown", "utime")):
            words, places = words[1 if name.endswith("chmod") else 2 :], ["*"]
        if kind == "flagged":
            if len(given) > 2 and (
                "O_" not in given[2] or self.re.search(r"WR|CREAT|TRUNC|APP", given[2])
            ):
                told.write(words[1], state, name)
            return
        if not words and name in ("unlink", "rmdir") and self.name == "perl":
            words = [self.variables.get("_", ANY)]
        for index in range(len(words)) if places == ["*"] else map(int, places):
            if index >= len(words):
                continue
            if words[index] == ANY:
                self.unclear = True
            told.write(words[index], state, name, kind=_KINDS.get(kind, effects.ENTRY))
        if kind in ("write", "move") and "1" in places and len(words) > 1:
            self._inside(name, words)

    def _inside(self, name: str, words: list[Values]) -> None:
        """What is copied into a folder keeps its name."""
        import os

        for goal in words[1]:
            for path in self.run.absolute(goal, self.state):
                if is_known(path) and os.path.isdir(path):
                    for source in words[0]:
                        inside = os.path.join(goal, source.rpartition("/")[2])
                        self.run.effects.write((inside,), self.state, name, kind=effects.ENTRY)

    def _open(self, name: str, given: list[str]) -> None:
        told, state = self.run.effects, self.state
        if self.name == "perl" and given and name == "open":
            values = self.value(given[1]) if len(given) > 1 else ANY
            for mode in values:
                text = mode.strip()
                if text[:1] == "|" or text[-1:] == "|" or "-|" in text or "|-" in text:
                    code = " ".join(self.value(g)[0] for g in given[2:]) or text.strip("|")
                    self.run.inner(code, state)
                elif text.lstrip("+")[:1] == ">" or text[:2] == "+<":
                    target = text.lstrip("+<>").partition(":")[0].strip()
                    if target and target[0] not in "&=":
                        told.write((text.lstrip("+<> "),), state, "open")
                    elif len(given) > 2:
                        goal = self.value(given[2])
                        self.unclear = self.unclear or goal == ANY
                        told.write(goal, state, "open")
            return
        if name == "IO::File->new" and len(given) == 1:
            told.write(
                tuple(v.lstrip("+<> ") for v in self.value(given[0]) if v.lstrip("+")[:1] == ">"),
                state,
                name,
            )
        bare = ("ruby", "lua", "luajit", "node", "nodejs", "deno", "bun")
        if name == "open" and self.name not in bare:
            return
        modes = self.value(given[1]) if len(given) > 1 else ("r",)
        if any(not _MODES.isdisjoint(m) or m == UNKNOWN for m in modes) and given:
            values = self.value(given[0])
            self.unclear = self.unclear or values == ANY
            if modes != ANY or values != ANY:
                told.write(values, state, name)
