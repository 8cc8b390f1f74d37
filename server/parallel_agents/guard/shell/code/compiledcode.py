"""Programs that the command compiles from source which is known: what their calls write.

C, C++, Rust, Go and Java are not parsed. Their calls that open, make, rename or remove files are
found by name; code without any only reads. Where it is not known what such a call is given, every
text of the code and every argument counts as that.
"""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import capped, is_known
from parallel_agents.guard.shell.code.foreigntexts import matching, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

LONGEST = 20_000
"""Characters of code that are looked at."""
_MOST_CALLS = 200
_LONGEST_VALUE = 400
_WRITES = {
    "0": r"""
        freopen|fopen|_wfopen|open|open64|openat|creat|truncate|remove|unlink|unlinkat|rmdir|utime
        |(?:std::)?(?:basic_)?w?(?:ofstream|fstream)(?:\s+\w+)?
        |(?:std::)?(?:fs|filesystem)::(?:remove|remove_all|resize_file)
        |(?:std::)?fs::(?:write|remove_file|remove_dir|remove_dir_all)
        |File::(?:create|create_new|options)
        |(?:os|ioutil)\.(?:WriteFile|Create|OpenFile|Remove|RemoveAll|Truncate)
        |Files\.(?:write|writeString|newBufferedWriter|newOutputStream|delete|deleteIfExists)
        |new\s+(?:FileWriter|FileOutputStream|PrintWriter|PrintStream|RandomAccessFile)
    """,
    "0 1": r"""
        rename|renameat|link|symlink
        |(?:std::)?(?:fs|filesystem)::(?:rename|create_symlink|create_hard_link)
        |os\.(?:Rename|Symlink|Link)
        |Files\.move
    """,
    "1": r"(?:std::)?(?:fs|filesystem)::(?:copy|copy_file)|Files\.copy",
    "*": r"""
        system|popen|execl|execlp|execle|execv|execvp|execve|posix_spawn\w*|syscall|dlopen
        |mmap|sendfile|Command::new|exec\.Command|Runtime\.getRuntime\(\)\.exec
        |new\s+ProcessBuilder|sqlite3_open\w*
    """,
}
_MODED = ("fopen", "freopen", "_wfopen", "open", "open64", "openat", ".open", "fstream")
_WRITING_FLAGS = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_STREAMS = ("ios::out", "ios::app", "ios::trunc", "ios_base::out", "ios_base::app")
_RUST = (".write(true)", ".append(true)", ".create(true)", ".truncate(true)", ".create_new(true)")
_ARGUMENTS = r"(?:argv|args|os\.Args)\s*\[\s*(\d+)\s*\]|args\(\)\s*\.\s*nth\(\s*(\d+)\s*\)"


class CompiledCode:
    """One source text with the arguments that its program is given."""

    def __init__(
        self, run: Interpreter, name: str, text: str, given: list[Values], state: State
    ) -> None:
        import re

        self.re = re
        self.run = run
        self.name = name
        self.text = _uncommented(text)
        self.given = given
        self.state = state
        self.variables: dict[str, Values] = {}

    def judge(self) -> None:
        """Tell the effects what the calls of the code are given."""
        literal = r'"((?:[^"\\\n]|\\.)*)"'
        named = (
            rf"(?:#define\s+(\w+)\s+|(\w+)\s*(?:\[\w*\])?\s*(?::[^=\n]{{1,40}})?:?=\s*){literal}"
        )
        for found in self.re.finditer(named, self.text):
            name = found[1] or found[2]
            known = self.variables.get(name, ())
            self.variables[name] = capped([*known, found[3]])
        unclear = False
        for places, names in _WRITES.items():
            method = r"|\.open" if places == "0" else ""
            pattern = rf"((?<![\w.>])(?:{names}){method})\s*(?=[({{])"
            calls = self.re.finditer(pattern, self.text, self.re.VERBOSE)
            for call in [*calls][:_MOST_CALLS]:
                self.run.budget.step(4)
                unclear = self._called(call, places) or unclear
        if unclear:
            why = f"what `{self.name[:40]}` writes is only known when it runs"
            self.run.effects.unknown(why)
            for found in self.re.finditer(literal, self.text):
                self.run.effects.mention((found[1],), self.state, self.name[:40])
            for values in self.given:
                self.run.effects.mention(values, self.state, self.name[:40])

    def _called(self, call: re.Match[str], places: str) -> bool:
        """One call; whether it is not known what it writes."""
        end = matching(self.text, call.end())
        given = split(self.text[call.end() + 1 : end])
        name = " ".join(call[1].split())
        if name.endswith(("openat", "renameat", "unlinkat")):
            given = given[1::2] if name == "renameat" else given[1:]
        if places == "*":
            texts = self.value(given[0]) if given else ANY
            if name in ("system", "popen") and texts != ANY:
                for text in texts:
                    self.run.inner(text, self.state)
                return False
            return True
        if self._reads(name, given, call.start()):
            return False
        kind = effects.WRITE if places == "0" and "emove" not in name else effects.ENTRY
        unclear = False
        for place in map(int, places.split()):
            values = self.value(given[place]) if len(given) > place else ANY
            if values == ANY:
                unclear = unclear or bool(given)
            else:
                self.run.effects.write(values, self.state, f"{self.name[:40]}: {name}", kind=kind)
        return unclear

    def _reads(self, name: str, given: list[str], at: int) -> bool:
        """Whether a call opens a file for reading only, or no file."""
        if not given or (name == "File::options" and not given[0]):
            return name != "File::options"
        if not name.endswith(_MODED) or "ofstream" in name:
            return False
        mode = ",".join(given[1:])
        if name == ".open":
            before = self.text[max(0, at - 300) : at]
            chained = "OpenOptions" in before or "File::options" in before
            if chained:
                return not any(flag in before.replace(" ", "") for flag in _RUST)
            opened = self.re.search(r"(\w+)\s*$", before)
            kind = (
                rf"\b(?:basic_)?w?(o?f?stream|ofstream|fstream)\s+{opened[1]}\b" if opened else ""
            )
            return not (kind and self.re.search(kind, self.text))
        if "fstream" in name:
            return bool(mode) and not any(flag in mode for flag in _STREAMS)
        if name in ("fopen", "freopen", "_wfopen"):
            modes = self.value(given[1]) if len(given) > 1 else ANY
            return modes != ANY and all(frozenset("wa+x").isdisjoint(m) for m in modes)
        if len(given) < 2:
            return True  # `open(path)` of some other library
        known = self.re.fullmatch(r"[\sA-Z_|\d,()]*", mode) is not None
        return known and not any(flag in mode for flag in _WRITING_FLAGS)

    def value(self, text: str) -> Values:
        """What an expression can be; ANY where nobody knows."""
        text = text.strip().lstrip("&*").strip()
        if len(text) > _LONGEST_VALUE:
            return ANY
        for end in (".c_str()", ".to_string()", ".clone()", ".unwrap()", ".as_str()", ".into()"):
            text = text.removesuffix(end)
        call = self.re.match(
            r"(?:std::)?(?:Path::new|Path\.of|Paths\.get|String::from|new File)\(", text
        )
        if call and text.endswith(")"):
            return self.value(text[call.end() : -1])
        found = self.re.fullmatch(_ARGUMENTS, text)
        if found:
            place = int(found[1] or found[2]) - (0 if self.name.endswith(".java") else 1)
            if place < 0 or place >= len(self.given):
                return (self.name,) if place < 0 else ()
            return self.given[place]
        if self.re.fullmatch(r'(?:\w?"(?:[^"\\\n]|\\.)*"\s*\+?\s*)+', text):
            pieces = self.re.findall(r'"((?:[^"\\\n]|\\.)*)"', text)
            whole = "".join(pieces).replace('\\"', '"').replace("\\\\", "\\")
            return (whole,) if is_known(whole) else ANY
        if text.isidentifier() and not self._is_assigned(text):
            return self.variables.get(text, ANY)
        return ANY

    def _is_assigned(self, name: str) -> bool:
        """Whether a name is, somewhere, something else than a text."""
        pattern = (
            rf'\b{name}\s*(?::[^=\n]{{1,40}})?(?:\+=|:?=(?!=))\s*(?!"(?:[^"\\\n]|\\.)*"\s*[;\n,])'
        )
        return self.re.search(pattern, self.text) is not None


def _uncommented(text: str) -> str:
    """The code without its comments of several lines, and without lines that are comments."""
    kept: list[str] = []
    at = 0
    while (start := text.find("/*", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("*/", start + 2)
        at = end + 2 if end >= 0 else len(text)
    lines = " ".join((*kept, text[at:])).split("\n")
    return "\n".join(line for line in lines if line.lstrip()[:2] != "//")


def started(run: Interpreter, name: str, given: list[Values], state: State) -> bool:
    """Whether `name` is a program that the command has compiled; what it does is told."""
    for path in run.absolute(name, state) if run.compiled else ():
        texts = run.compiled.get(path)
        if texts is None:
            continue
        run.effects.unknown(f"`{name[:60]}` is compiled code")
        for text in texts:
            CompiledCode(run, name, text, given, state.copy()).judge()
        return True
    return False
