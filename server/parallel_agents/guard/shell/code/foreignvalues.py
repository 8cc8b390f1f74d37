"""What expressions of node, perl, ruby, php and the like are worth: texts, names, contents."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import (
    UNKNOWN,
    capped,
    is_known,
    product,
)
from parallel_agents.guard.shell.code.foreignfiles import ForeignFiles
from parallel_agents.guard.shell.code.foreigntexts import (
    after_string,
    masked,
    matching,
    plain,
    split,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values

_JOINING = ("join", "resolve", "File.join", "normalize", "catfile", "catdir", "joinpath")
_SAME = (
    *("String", "fileURLToPath", "pathToFileURL", "URL", "Pathname", "new", "path", "file", "dir"),
    *("realpath", "realpathSync", "abs_path", "rel2abs", "expand_path", "canonpath", "resolve"),
    *("decodeURIComponent", "decode", "lc", "uc", "chomp", "basename0", "lcfirst", "File"),
    *("Path.of", "Paths.get", "get", "toPath", "of", "toAbsolutePath"),
)
_READING = (
    *("readFileSync", "readFile", "file_get_contents", "slurp", "read_file", "readTextFile"),
    *("readTextFileSync", "read_text"),
)
_LISTING = ("readdirSync", "readdir", "children", "entries", "scandir")
_FINDING = ("glob", "globSync", "bsd_glob")
_SAME_METHODS = (
    *("toString", "trim", "strip", "chomp", "filter", "sort", "reverse", "slice", "trimEnd"),
    *("reject", "select", "uniq", "to_s", "to_a", "concat0", "expand_path", "realpath", "flat"),
    *("compact", "stringify", "absolute", "pathname", "href", "readlines"),
)
_STDIN = (
    *(
        "<STDIN>",
        "<>",
        "<<>>",
        "STDIN",
        "ARGF",
        "$<",
        "gets",
        "$stdin.read",
        "STDIN.read",
        "<*STDIN>",
    ),
    *("STDIN.readlines", "$stdin.readlines", "$stdin.each_line", "ARGF.read", "STDIN.each_line"),
    *(
        "readlines",
        "io.read()",
        "io.lines()",
        "$_",
        "readline(STDIN)",
        "readline(*STDIN)",
        "ARGF.each_line",
    ),
)
_HERE = (
    "process.cwd()",
    "Dir.pwd",
    "getcwd()",
    "process.env.PWD",
    "cwd()",
    "cwd",
    "getcwd",
    "$PWD",
)


class ForeignValues(ForeignFiles):
    """One program's names, and what its expressions are worth."""

    def value(self, text: str) -> Values:
        """What an expression of texts and variables is."""
        self.run.budget.step()
        self.run.budget.enter()
        found = self._value(text)
        self.run.budget.leave()
        return found

    def words(self, given: list[str]) -> list[Values]:
        """The values of arguments; a list that is laid out in their place is its elements."""
        found: list[Values] = []
        for text in given:
            plain = text.lstrip()
            if plain[:3] == "..." or plain[:1] == "@" or plain == "ARGV" or plain[:1] == "*":
                values = self.value(plain.lstrip(".*"))
                is_argv = "ARGV" in plain or "argv" in plain
                rows = self.arguments if is_argv and self.arguments else [(v,) for v in values]
                found += rows
            else:
                found.append(self.value(text))
        return found

    def _value(self, text: str) -> Values:
        text = text.strip().rstrip(",")
        mask = masked(text, self.name)
        while text[:1] == "(" and matching(mask, 0) == len(text) - 1:
            text, mask = text[1:-1].strip(), mask[1:-1].strip()
        text = text.removeprefix("...").removeprefix("new ").removeprefix("await ").strip()
        for word in ("my ", "const ", "let ", "var ", "our ", "local ", "\\"):
            text = text.removeprefix(word)
        if not text:
            return ANY
        if text[0] in "'\"`" and after_string(text, 0) == len(text):
            return self._string(text)
        if text[0] == "<" and text[-1] == ">" and text not in _STDIN and "$" not in text:
            return self.globbed((text[1:-1],))
        if text in _STDIN:
            return self.read_lines(text)
        mask = masked(text, self.name)
        found = self._operated(text, mask)
        if found is None:
            found = self._called(text, mask)
        if found is None:
            found = self._named(text)
        return found

    def _operated(self, text: str, mask: str) -> Values | None:
        """Texts joined, or one of several."""
        for sign in ("||", "??", "//"):
            pieces = split(text, sign, mask)
            if len(pieces) > 1:
                return capped([v for piece in pieces for v in self.value(piece)])
        pieces = split(text, "?", mask)
        if len(pieces) == 2 and len(split(pieces[1], ":")) == 2:
            return capped([v for piece in split(pieces[1], ":") for v in self.value(piece)])
        for sign in ("+", " . ", ".") if self.name in ("perl", "php") else ("+", ".."):
            if sign == ".." and self.name not in ("lua", "luajit"):
                continue
            pieces = split(text, sign, mask)
            if len(pieces) > 1:
                values: Values = ("",)
                for piece in pieces:
                    values = product(values, self.value(piece))
                return values
        return None

    def _called(self, text: str, mask: str) -> Values | None:
        """What a call gives, where its function is known."""
        found = self.re.fullmatch(r"(?:q|qq|%q|%Q)\s*[({\[|/!](.*)[)}\]|/!]", text, self.re.S)
        if found:
            return (found[1],)
        found = self.re.fullmatch(r"(?:qw|%w)\s*[({\[/|](.*)[)}\]/|]", text, self.re.S)
        if found:
            return capped(found[1].split()) or ANY
        found = self.re.fullmatch(r"([\w.:]+|[\w:]+->\w+)\s*\((.*)\)", text, self.re.S)
        if found and matching(mask, found.start(2) - 1) == len(text) - 1:
            return self._function(found[1], split(found[2], ",", mask[found.start(2) : -1]))
        found = self.re.fullmatch(
            r"(glob|chomp|lc|uc|sprintf|catfile|join)\s+(.*)", text, self.re.S
        )
        if found and self.name in ("perl", "ruby"):
            return self._function(found[1], split(found[2]))
        if text[-1:] == ")":
            at = self._opening(mask)
            found = self.re.search(r"(?:\.|->)(\w+)[?!]?\s*$", text[:at])
            if found and found.start():
                given = split(text[at + 1 : -1])
                return self._method(text[: found.start()], found[1], given)
        found = self.re.fullmatch(r"(.+?)(?:\.|->)(\w+)", text, self.re.S)
        if found and found[2] in (*_SAME_METHODS, "lines", "split") and "process" not in found[1]:
            return self._method(found[1], found[2], [])
        if text[:4] == "Dir[" and text[-1:] == "]":
            return self.globbed(self.value(text[4:-1]))
        if text[:1] == "[" and matching(mask, 0) == len(text) - 1:
            return capped([v for item in split(text[1:-1]) for v in self.value(item)]) or ANY
        return None

    def _opening(self, mask: str) -> int:
        """Where the bracket that ends the text was opened."""
        depth = 0
        for at in range(len(mask) - 1, -1, -1):
            depth += (mask[at] == ")") - (mask[at] == "(")
            if not depth:
                return at
        return 0

    def _function(self, name: str, given: list[str]) -> Values:
        tail = name.rpartition(".")[2].rpartition(":")[2].rpartition(">")[2]
        if name == "Buffer.from" or tail in ("atob", "decode_base64", "base64_decode"):
            return self._decoded(self.value(given[0]) if given else ANY)
        if name == "ENV.fetch" and given:
            return self.environment(self.value(given[0])[0])
        if name in ("os.tmpdir", "Dir.tmpdir", "tmpdir", "sys_get_temp_dir"):
            return ("/tmp",)
        if tail == "fromCharCode":
            codes = [self.value(g)[0] for g in given]
            known = all(code.isdecimal() and len(code) < 6 for code in codes)
            return ("".join(chr(int(code)) for code in codes),) if known else ANY
        if name == "URL" and given:
            return tuple(v.removeprefix("file://") for v in self.value(given[0]))
        if tail == "sprintf" or tail == "format":
            return self._filled(given)
        if tail == "join" and self.name == "perl" and given:
            pieces = [v for g in given[1:] for v in self.items(g) or [self.value(g)]]
            values: Values = pieces[0] if pieces else ("",)
            for part in pieces[1:]:
                values = product(product(values, self.value(given[0])), part)
            return values
        if name in ("process.cwd", "Dir.pwd", "getcwd", "cwd"):
            return self.state.cwds
        if tail in ("getenv",) and given:
            return self.environment(self.value(given[0])[0])
        if tail in _READING or name in ("File.read", "IO.read", "IO.readlines", "File.readlines"):
            return self.contents(given)
        if tail in _LISTING and given:
            return self.listed(self.value(given[0]))
        if tail in _FINDING and given:
            return self.globbed(self.value(given[0]))
        several = self.name == "java" and tail in ("of", "get", "File") and len(given) > 1
        if (several or tail in _JOINING or name in _JOINING) and given:
            values = ("",)
            for at, piece in enumerate(given):
                part = self.value(piece)
                if piece.strip() in ("__dirname", *_HERE):
                    part = (".",)
                if all(p[:1] == "/" for p in part) and "resolve" in name:
                    values = part
                else:
                    values = product(values, tuple(("/" if at else "") + v for v in part))
            return values
        if (tail in _SAME or name in _SAME) and given:
            return self.value(given[0])
        if tail == "dirname" and given:
            return capped([v.rpartition("/")[0] or "." for v in self.value(given[0])])
        if tail == "basename" and given and len(given) == 1:
            return capped([v.rpartition("/")[2] for v in self.value(given[0])])
        if "." in name or "->" in name:
            owner, _, method = name.rpartition("." if "." in name else "->")
            return self._method(owner, method, given)
        return ANY

    def items(self, text: str) -> list[Values] | None:
        """The elements of a list that is spelled out; None for anything else."""
        text = text.strip()
        found = self.re.fullmatch(r"(?:qw|%w)\s*[({\[/|](.*)[)}\]/|]", text, self.re.S)
        if found:
            return [(word,) for word in found[1].split()]
        if text[:1] == "[" and matching(text, 0) == len(text) - 1:
            return [self.value(item) for item in split(text[1:-1])]
        return None

    def _each(self, owner: str, name: str, code: str) -> Values | None:
        """`list.map(x => ...)` and `list.filter(x => ...)`."""
        from parallel_agents.guard.shell.code import foreignfilters

        found = self.re.match(r"\s*\(?\s*(\w+)\s*\)?\s*=>\s*(.*)", code, self.re.S)
        values = self.value(owner) if found else ANY
        if not found or values == ANY or len(values) > 64:
            return None
        before = self.variables.get(found[1])
        out: list[str] = []
        for value in values:
            self.variables[found[1]] = (value,)
            if name in ("map", "flatMap"):
                out += self.value(found[2])
            elif foreignfilters.holds(self, found[2], found[1]) is not False:
                out.append(value)
        self.variables.pop(found[1], None)
        if before is not None:
            self.variables[found[1]] = before
        return capped(out) or ("",)

    def _method(self, owner: str, name: str, given: list[str]) -> Values:
        """What a method of a text or a list gives."""
        if name in _JOINING and self.re.fullmatch(r"require\(.(?:node:)?path.\)[.\w]*", owner):
            return self.value(f"path.{name}({','.join(given)})")
        if name == "join":
            listed = self.items(owner)
            between = self.value(given[0]) if given else (",",)
            whole: Values = listed[0] if listed else ANY
            for part in (listed or [])[1:64]:
                whole = product(product(whole, between), part)
            if listed:
                return whole
            return product(
                product(self.value(owner), ("/",)), self.value(given[0] if given else "")
            )
        if name == "format" and "util" in owner:
            return self._filled(given)
        if name in ("map", "filter", "flatMap") and given:
            each = self._each(owner, name, ",".join(given))
            if each is not None:
                return each
        if owner in ("process.argv", "argv", "Bun.argv", "Deno.args") and name == "slice":
            return capped([v for word in self.arguments for v in word]) if self.arguments else ANY
        values = self.value(owner)
        if values == ANY:
            return ANY
        if name in ("split", "lines", "each_line", "readlines"):
            sign = self.value(given[0])[0] if given else ("\n" if name != "split" else " ")
            sign = "\n" if UNKNOWN in sign else sign
            if not all(map(is_known, values)) or not sign:
                return values
            return capped([p.strip() for v in values for p in v.split(sign) if p.strip()]) or ANY
        if name in _SAME_METHODS:
            trimming = name in ("trim", "strip", "chomp", "trimEnd")
            return capped([v.strip() for v in values]) if trimming else values
        if name in ("toLowerCase", "downcase", "toUpperCase", "upcase"):
            lower = name in ("toLowerCase", "downcase")
            return capped([v.lower() if lower else v.upper() for v in values])
        if name in ("replace", "replaceAll", "sub", "gsub") and len(given) == 2:
            old, new = self.value(given[0]), self.value(given[1])
            if old != ANY and len(old) == len(new) == 1:
                return capped([v.replace(old[0], new[0]) for v in values])
            return ANY
        if name in ("concat", "child") and given:
            between = ("/",) if name == "child" else ("",)
            return product(product(values, between), self.value(given[0]))
        return ANY

    def _named(self, text: str) -> Values:
        if text in _HERE:
            return self.state.cwds
        if text.isdecimal():
            return (text,)
        if text.endswith(("path.sep", '("path").sep', "('path').sep")):
            return ("/",)
        if text in ("__dirname", "import.meta.dirname", "__dir__", "FindBin::Bin"):
            return (".",)
        found = self.re.fullmatch(
            r"""(?:process\.env\.|\$ENV\{|ENV\[|process\.env\[|ENV\.fetch\()['"]?(\w+)['"]?[\]})]?""",
            text,
        )
        if found:
            return self.environment(found[1])
        found = self.re.fullmatch(
            r"(?:process\.argv|Bun\.argv|Deno\.args|ARGV|\$ARGV|\$argv|arg|@ARGV)(?:\[(-?\d+)\])?"
            r"|shift(?:\s*@ARGV)?|ARGV\.shift|pop",
            text,
        )
        if found:
            return self.argument(text, found[1])
        own = self.re.fullmatch(r"(\w+)\[(\d+)\]", text)
        if own and own[1] in self.argv and int(own[2]) < len(self.arguments):
            return self.arguments[int(own[2])]
        found = self.re.fullmatch(r"Dir(?:\.glob)?\s*[\[(](.*)[\])]", text, self.re.S)
        if found:
            return self.globbed(self.value(found[1]))
        name = text.lstrip("$@")
        index = self.re.fullmatch(r"(\w+)\[[^\]]*\]|\{(\w+)\}|(\w+)->\[[^\]]*\]", name)
        if index:
            name = index[1] or index[2] or index[3]
        if name.replace("::", "_").isidentifier():
            return self.variables.get(name, ANY)
        return ANY

    def _decoded(self, values: Values) -> Values:
        from binascii import Error, a2b_base64

        try:
            return (a2b_base64(values[0]).decode(),)
        except (Error, ValueError):
            return values

    def _filled(self, given: list[str]) -> Values:
        words = [self.value(g) for g in given]
        if not words or words[0] == ANY:
            return ANY
        pieces = words[0][0].split("%s")
        if len(pieces) != len(words) or "%" in "".join(pieces):
            return ANY
        values: Values = (pieces[0],)
        for word, piece in zip(words[1:], pieces[1:]):
            values = product(product(values, word), (piece,))
        return values

    def _string(self, text: str) -> Values:
        inner = text[1:-1]
        if text[0] == "'" and self.name not in ("node", "deno", "bun"):
            return (inner.replace("\\'", "'"),)
        values: Values = ("",)
        last = 0
        scripted = self.name.startswith(("node", "deno", "bun", "ts"))
        pattern = r"[$#]\{([^}]*)\}|\$(\w+(?:\[\d+\])?(?:\{\w+\})?)"
        for found in self.re.finditer(r"\$\{([^}]*)\}()" if scripted else pattern, inner):
            if text[0] != "`" and scripted:
                break
            values = product(values, (plain(inner[last : found.start()]),))
            part = self.value(found[1] or ("$" + found[2] if self.name == "perl" else found[2]))
            values = product(values, part)
            last = found.end()
        return product(values, (plain(inner[last:]),))
