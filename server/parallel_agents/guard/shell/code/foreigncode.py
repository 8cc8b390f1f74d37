"""Programs in node, perl, ruby, php and the like: what their writing calls are given.

They are not parsed. Calls that write are found by their names, and what they are given is
followed as far as it is a text, a variable set to a text, or such texts joined. Where a call that
writes is given something else, every text in the code that names a held file counts as a mention.
"""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, names, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

CALLS = {
    **dict.fromkeys(
        names(
            """
        writeFileSync writeFile appendFileSync appendFile createWriteStream truncateSync
        truncate outputFile outputFileSync outputJson outputJsonSync writeJson
        writeJsonSync writeTextFile writeTextFileSync ensureFileSync file_put_contents
        writefile writeLines write.csv saveRDS File.write IO.write IO.binwrite
        File.binwrite chmodSync chmod File.truncate Out-File Set-Content Add-Content
        Bun.write spurt
        """
        ),
        "write 0",
    ),
    **dict.fromkeys(
        names(
            """
        unlinkSync unlink rmSync rmdirSync rm removeSync remove File.delete File.unlink
        Deno.remove Deno.removeSync FileUtils.rm FileUtils.rm_f file.remove os.remove
        Remove-Item emptyDirSync
        """
        ),
        "entry *",
    ),
    **dict.fromkeys(
        names(
            """
        FileUtils.rm_r FileUtils.rm_rf FileUtils.remove_dir remove_tree rmtree rimraf
        """
        ),
        "tree *",
    ),
    **dict.fromkeys(
        names(
            """
        renameSync rename moveSync move File.rename FileUtils.mv FileUtils.move os.rename
        """
        ),
        "move 0 1",
    ),
    **dict.fromkeys(
        names(
            """
        copyFileSync copyFile copySync cpSync FileUtils.cp FileUtils.copy copy file.copy
        """
        ),
        "write 1",
    ),
    **dict.fromkeys(
        names(
            """
        symlinkSync linkSync symlink link File.symlink FileUtils.ln_s
        """
        ),
        "entry 1",
    ),
    **dict.fromkeys(
        names(
            """
        openSync fs.open fopen File.open File.new io.open open IO.sysopen
        """
        ),
        "open 0 1",
    ),
    **dict.fromkeys(
        names(
            """
        execSync exec system passthru shell_exec popen os.execute spawnSync execFileSync
        spawn execFile qx proc_open IO.popen Open3.capture2 doShellScript
        """
        ),
        "run 0",
    ),
}
"""By the name of the call: what it does with which of its arguments."""

LONGEST = 20_000
"""Characters of code that are looked at."""

_WINDOW = 2000
"""Characters that the arguments of one call may have."""

_MODES = frozenset("wax+>")


class ForeignCode:
    """One program, and what is known of its names."""

    def __init__(
        self, run: Interpreter, name: str, text: str, arguments: list[Values], state: State
    ) -> None:
        import re  # the parser has loaded it

        self.run = run
        self.name = name
        self.text = text
        self.arguments = arguments
        self.state = state
        self.unclear = False
        self.re = re
        self.variables: dict[str, Values] = {}

    def judge(self) -> None:
        """Tell the effects what the code's calls are given."""
        re = self.re
        for found in re.finditer(r"[$@]?([A-Za-z_]\w*)\s*=(?![=>~])\s*([^;\n]{1,300})", self.text):
            value = self.value(found[2])
            if value != ANY:
                known = self.variables.get(found[1])
                self.variables[found[1]] = value if known is None else capped([*known, *value])
        self._loops()
        for found in re.finditer(r"[A-Za-z_][\w.]*(?:::\w+)*", self.text):
            spec = self._spec(found[0])
            if spec is None or self.text[max(0, found.start() - 9) : found.start()].endswith(
                ("def ", "sub ", "function ")
            ):
                continue
            self._call(found[0], spec, self._given(found.end()))
        for found in re.finditer(r"`([^`]+)`", self.text):
            if self.name in ("perl", "ruby", "php"):
                self.run.inner(found[1], self.state)
        for found in re.finditer(r"system\s+(['\"].*?['\"])", self.text):
            self._call("system", "run 0", [found[1]])
        if re.search(r"[\w)\"'\]]\s*\.\s*(?:spew|write_text|append|IO\.write)\b", self.text):
            self.unclear = True
        if self.unclear:
            for literal in re.findall(r"'([^'\n]{1,200})'|\"([^\"\n]{1,200})\"", self.text):
                self.run.effects.mention(((literal[0] or literal[1]),), self.state, self.name)
            for values in self.arguments:
                self.run.effects.mention(values, self.state, self.name)

    def _loops(self) -> None:
        """`for (const f of ['a', 'b'])`, `for my $f ('a', 'b')`, `%w[a b].each { |f| ... }`."""
        re = self.re
        lists = (
            r"for\s*(?:each)?\s*\(?\s*(?:const|let|var|my)?\s*[$]?(\w+)\s*(?:of|in)?\s*[\[(](.{0,400}?)[\])]",
            r"[\[(]([^\[\]()]{0,400})[\])]\s*\.\s*(?:forEach|each|map)\s*(?:\(\s*(?:async\s*)?\(?|\{\s*\||do\s*\|)\s*(\w+)",
        )
        for at, pattern in enumerate(lists):
            for found in re.finditer(pattern, self.text):
                name, items = (found[1], found[2]) if not at else (found[2], found[1])
                values = [v for item in _split(items) for v in self.value(item)]
                if values and UNKNOWN not in values:
                    self.variables[name] = capped(values)
        for found in re.finditer(
            r"%w[\[({]([^\])}]*)[\])}]\s*\.\s*each\s*(?:\{|do)\s*\|\s*(\w+)", self.text
        ):
            self.variables[found[2]] = capped(found[1].split())

    def _spec(self, name: str) -> str | None:
        if name in CALLS:
            return CALLS[name]
        tail = name.rpartition(".")[2].rpartition("::")[2]
        if (
            "." in name
            and tail in CALLS
            and tail not in ("open", "copy", "remove", "move", "link", "exec")
        ):
            return CALLS[tail]
        if name.startswith(("fs.", "fsp.", "fse.", "Deno.", "promises.")) and tail in CALLS:
            return CALLS[tail]
        return None

    def _given(self, at: int) -> list[str]:
        self.run.budget.step(20)
        text = self.text[at : at + _WINDOW]
        at = 0
        while text[at : at + 1] in (" ", "\t"):
            at += 1
        if text[at : at + 1] == "(":
            end = _matching(text, at)
            return _split(text[at + 1 : end])
        end = at
        while end < len(text) and text[end] not in ";\n}":
            end = _after_string(text, end) if text[end] in "'\"`" else end + 1
        return _split(text[at:end].split(" or ")[0].split(" if ")[0].split(" unless ")[0])

    def _call(self, name: str, spec: str, given: list[str]) -> None:
        kind, *places = spec.split()
        told, state = self.run.effects, self.state
        if kind == "open":
            self._open(name, given)
            return
        if kind == "run":
            self._runs(given)
            return
        indexes = range(len(given)) if places == ["*"] else map(int, places)
        for index in indexes:
            if index >= len(given) or given[index].lstrip().startswith("{"):
                continue
            values = self.value(given[index])
            if values == ANY:
                self.unclear = True
            told.write(
                values,
                state,
                name,
                kind={"write": effects.WRITE, "move": effects.TREE, "tree": effects.TREE}.get(
                    kind, effects.ENTRY
                ),
            )

    def _open(self, name: str, given: list[str]) -> None:
        told, state = self.run.effects, self.state
        if self.name == "perl" and given:
            values = self.value(given[1]) if len(given) > 1 else ANY
            for mode in values:
                text = mode.strip()
                if text[:1] == "|" or text[-1:] == "|":
                    code = " ".join(self.value(g)[0] for g in given[2:]) or text.strip("|")
                    self.run.inner(code, state)
                elif text.lstrip("+")[:1] == ">" or text[:2] == "+<":
                    target = text.lstrip("+<>").partition(":")[0].strip()
                    if target:
                        told.write((text.lstrip("+<> "),), state, "open")
                    elif len(given) > 2:
                        goal = self.value(given[2])
                        self.unclear = self.unclear or goal == ANY
                        told.write(goal, state, "open")
            return
        if name == "open" and self.name not in ("ruby", "lua", "luajit"):
            return
        modes = self.value(given[1]) if len(given) > 1 else ("r",)
        if any(not _MODES.isdisjoint(m) or m == UNKNOWN for m in modes) and given:
            values = self.value(given[0])
            self.unclear = self.unclear or values == ANY
            if modes != ANY or values != ANY:
                told.write(values, state, name)

    def _runs(self, given: list[str]) -> None:
        if not given:
            return
        first = self.value(given[0])
        if len(given) > 1 and given[1].lstrip().startswith("["):
            items = _split(given[1].strip()[1:-1])
            words = [first, *(self.value(item) for item in items)]
            from parallel_agents.guard.shell.programs import invocation

            invocation.run(self.run, words, self.state.copy(), UNSEEN)
            return
        if (
            len(given) > 1
            and self.name in ("perl", "ruby")
            and not given[1].lstrip().startswith("{")
        ):
            from parallel_agents.guard.shell.programs import invocation

            words = [self.value(item) for item in given if ":" not in item or "'" in item]
            invocation.run(self.run, words, self.state.copy(), UNSEEN)
            return
        for text in first:
            if text == UNKNOWN:
                self.unclear = True
            else:
                self.run.inner(text, self.state)

    def value(self, text: str) -> Values:
        """What an expression of texts and variables is."""
        self.run.budget.step()
        self.run.budget.enter()
        found = self._value(text)
        self.run.budget.leave()
        return found

    def _value(self, text: str) -> Values:
        text = text.strip().rstrip(",")
        while text[:1] == "(" and text[-1:] == ")":
            text = text[1:-1].strip()
        if not text:
            return ANY
        if text[0] in "'\"`" and _after_string(text, 0) == len(text):
            return self._string(text)
        for sign in ("+", " . ", ".") if self.name in ("perl", "php") else ("+",):
            pieces = _split(text, sign)
            if len(pieces) > 1 and all(p.strip() for p in pieces):
                values: Values = ("",)
                for piece in pieces:
                    values = product(values, self.value(piece))
                return values
        found = self.re.fullmatch(
            r"(?:\w+\.)*(join|resolve|File\.join|normalize)\s*\((.*)\)", text, self.re.S
        )
        if found:
            values = ("",)
            for at, piece in enumerate(_split(found[2])):
                part = self.value(piece)
                if piece.strip() in ("__dirname", "process.cwd()", "Dir.pwd"):
                    part = (".",)
                values = product(values, tuple(("/" if at else "") + v for v in part))
            return values
        if text in ("process.cwd()", "Dir.pwd", "getcwd()", "process.env.PWD"):
            return ANY if not self.state.cwds else self.state.cwds
        found = self.re.fullmatch(
            r"(?:process\.argv|ARGV|\$ARGV|\$argv|arg|@ARGV)(?:\[(\d+)\])?|shift|\$_", text
        )
        if found:
            index = found[1]
            if index is not None and "process" in text:
                place = int(index) - 2 + (1 if self.run.effects is None else 0)
                place = max(0, int(index) - 1) if place < 0 else place
                options = [
                    self.arguments[p]
                    for p in (place, int(index) - 1)
                    if 0 <= p < len(self.arguments)
                ]
                return capped([v for o in options for v in o]) or ANY
            return capped([v for word in self.arguments for v in word]) if self.arguments else ANY
        name = text.lstrip("$@")
        if name.isidentifier():
            return self.variables.get(name, ANY)
        if text[:1] == "[" and text[-1:] == "]":
            return capped([v for item in _split(text[1:-1]) for v in self.value(item)]) or ANY
        found = self.re.fullmatch(r"(?:q|qq|%q|%Q)[({\[|/](.*)[)}\]|/]", text)
        if found:
            return (found[1],)
        found = self.re.fullmatch(r"qw[({\[/](.*)[)}\]/]", text)
        if found:
            return capped(found[1].split()) or ANY
        return ANY

    def _string(self, text: str) -> Values:
        inner = text[1:-1]
        if text[0] == "'":
            return (inner.replace("\\'", "'"),)
        values: Values = ("",)
        last = 0
        for found in self.re.finditer(r"[$#]\{([^}]*)\}|\$(\w+)", inner):
            if text[0] == '"' and self.name.startswith(("node", "deno", "bun")):
                break
            values = product(values, (inner[last : found.start()],))
            values = product(values, self.value(found[1] or found[2]))
            last = found.end()
        rest = inner[last:].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
        return product(values, (rest,))


def _after_string(text: str, at: int) -> int:
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _outside(text: str, at: int = 0) -> Iterator[tuple[int, int]]:
    """Each place from `at` that is in no string, and how deep in brackets it leaves one."""
    depth = 0
    while at < len(text):
        if text[at] in "'\"`":
            at = _after_string(text, at)
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        yield at, depth
        at += 1


def _matching(text: str, at: int) -> int:
    return next((place for place, depth in _outside(text, at) if not depth), len(text))


def _split(text: str, sign: str = ",") -> list[str]:
    """`text` cut at `sign` where it is in no string and no brackets."""
    found, start = [], 0
    for at, depth in _outside(text):
        if not depth and text.startswith(sign, at):
            found.append(text[start:at].strip())
            start = at + len(sign)
    found.append(text[start:].strip())
    return [f for f in found if f]
