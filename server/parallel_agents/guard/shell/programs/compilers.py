"""Compilers: which program comes from which source, for a command that starts it afterwards."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.code import compiledcode
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".C", ".rs", ".go", ".java", ".o")
_VALUED = frozenset(("-o", "-x", "-std", "-I", "-L", "-D", "-d", "-include", "-C", "--edition"))


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Note what is compiled; the policy table says the rest, unless the program starts at once."""
    parsed = Given(given, _VALUED)
    words = [v[0] for v in parsed.words]
    if name == "go":
        if words[:1] not in (["run"], ["build"]):
            return None
        parsed.words.pop(0)
        if words[0] == "run":
            return _ran(run, [v[0] for v in given], state)
    texts: list[str] = []
    stem = ""
    for values in parsed.words:
        if not values[0].endswith(_SOURCES) and values != ("-",):
            continue
        stem = values[0].rpartition("/")[2].rpartition(".")[0]
        path = next(iter(run.absolute(values[0], state)), "")
        stream = stdin if values == ("-",) else run.contents(values, state)
        found = run.compiled.get(path, stream.texts)
        if found is None or found == ANY or not all(map(is_known, found)):
            return None
        texts += found
    if not texts or sum(map(len, texts)) > compiledcode.LONGEST:
        return None
    if name == "javac":
        folder = (parsed.value("-d") or (".",))[0]
        output: Values = (f"{folder}/{stem}.class",)
    elif parsed.has("-c") and parsed.value("-o") is None:
        output = (f"{stem}.o",)
    else:
        output = parsed.value("-o") or ((stem,) if name in ("rustc", "go") else ("a.out",))
    for value in output:
        for path in run.absolute(value, state):
            run.compiled[path] = tuple(texts)
    return None


def _ran(run: Interpreter, words: list[str], state: State) -> Stream | None:
    """`go run FILES ARGUMENTS`."""
    at = next((i for i, word in enumerate(words) if word.endswith(".go")), -1)
    if at < 0 or UNKNOWN in words[at]:
        return None
    behind = at
    while behind < len(words) and words[behind].endswith(".go"):
        behind += 1
    texts = [t for w in words[at:behind] for t in run.contents((w,), state).texts or ANY]
    if not all(map(is_known, texts)) or sum(map(len, texts)) > compiledcode.LONGEST:
        return None
    run.effects.unknown("`go run` starts compiled code")
    arguments: list[Values] = [(word,) for word in words[behind:]]
    for text in texts:
        compiledcode.CompiledCode(run, "go run", text, arguments, state.copy()).judge()
    return UNSEEN
