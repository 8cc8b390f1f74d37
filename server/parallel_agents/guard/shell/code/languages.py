"""The command lines of node, perl, ruby, php: their code, their script, their files."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.code.foreigncode import LONGEST, ForeignCode
from parallel_agents.guard.shell.programs import scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = ("-r", "--require", "-I", "-C", "-F", "-d", "-c", "-l")
_UNFOLLOWED = frozenset(("Rscript", "tclsh", "osascript", "pwsh", "groovy"))
_INLINE = {
    "deno": ("-e", "--eval", "-p", "--print"),
    "bun": ("-e", "--eval", "-p", "--print"),
    "php": ("-r",),
    "osascript": ("-e",),
    "pwsh": ("-c", "-Command"),
}


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where it is no program of the language but a tool of it (`bun add`, `deno fmt`)."""
    words = [v[0] for v in given]
    if name in ("bun", "deno"):
        if name == "bun" and words[:1] == ["run"] and not words[-1].endswith((".ts", ".js")):
            from parallel_agents.guard.shell.programs import recipes

            return recipes.read(run, name, given, state, stdin)
        if words[:1] not in (["run"], ["eval"], ["-e"], ["--eval"]) and not (
            words and words[0].endswith((".ts", ".js"))
        ):
            from parallel_agents.guard.shell.programs import recipes

            return recipes.read(run, name, given, state, stdin) if name == "bun" else None
        given = (
            [("-e",), *given[1:]]
            if words[0] == "eval"
            else given[1:]
            if words[0] == "run"
            else given
        )
    if name == "node" and "--run" in words:
        from parallel_agents.guard.shell.programs import recipes

        return recipes.read(
            run, "npm", [("run",), *given[words.index("--run") + 1 :]], state, stdin
        )
    if name in ("node", "nodejs"):
        from parallel_agents.guard.shell.code import nodes

        return nodes.read(run, name, given, state, stdin)
    if name in ("perl", "ruby"):
        from parallel_agents.guard.shell.code import perls

        return perls.read(run, name, given, state, stdin)
    if words[:1] in (["-l"], ["--syntax-check"], ["-v"], ["--version"]) and name in ("php", "lua"):
        return UNSEEN
    flags = _INLINE.get(name, ("-e", "-E"))
    code: list[str] = []
    rest: list[Values] = []
    waiting = list(given)
    while waiting:
        values = waiting.pop(0)
        word = values[0]
        if rest or word[:1] != "-" or word == "-":
            rest.append(values)
        elif word == "--":
            rest += waiting
            waiting = []
        elif word in flags:
            code += waiting.pop(0) if waiting else ()
        elif word in _VALUED and waiting:
            waiting.pop(0)
    path: Values = ()
    if not code and rest:
        path = rest.pop(0)
        code += script(run, name, path, rest, state, stdin)
    elif not code:
        code += stdin.texts or ANY
    return judge(run, name, tuple(code), rest, state, stdin, path, {})


def script(
    run: Interpreter,
    name: str,
    path: Values,
    rest: list[Values],
    state: State,
    stdin: Stream,
) -> Values:
    """The text of the script that is run."""
    if path == ("-",):
        return stdin.texts or ANY
    paths = [whole for value in path for whole in run.absolute(value, state)]
    if all(scripts.is_missing(run, whole) for whole in paths):
        run.effects.unknown(f"there is no script `{path[0][:60]}`")
        return ()
    stream = run.contents(path, state)
    return stream.texts if stream.texts is not None else ANY


def judge(
    run: Interpreter,
    name: str,
    texts: Values,
    rest: list[Values],
    state: State,
    stdin: Stream,
    script: Values,
    variables: dict[str, Values],
) -> Stream:
    """Follow code that has these arguments; what it prints.

    `variables` are known before it begins.
    """
    told = run.effects
    told.unknown(f"`{name}` runs code that is not followed")
    out = UNSEEN
    for text in texts:
        if len(text) > LONGEST:
            told.unknown(f"code of `{name}` is too long to follow", text)
        if text == UNKNOWN or len(text) > LONGEST:
            for values in rest:
                told.mention(values, state, name)
            continue
        if name == "tclsh":
            from parallel_agents.guard.shell.code import tcls

            tcls.judge(run, text, rest, state, stdin)
            continue
        if name in _UNFOLLOWED:
            told.unknown(f"`{name}` runs code that nobody here can read", text)
        code = ForeignCode(run, name, text, rest, state, stdin)
        code.variables.update(variables)
        code.folder = script[0].rpartition("/")[0] or "." if script else "."
        code.judge()
        out = code.shown()
    return out if len(texts) == 1 else UNSEEN


__all__ = ["is_known", "judge", "read", "script"]
