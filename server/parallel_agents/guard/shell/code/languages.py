"""The command lines of node, perl, ruby, php: their code, their script, their files."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.code.foreigncode import LONGEST, ForeignCode
from parallel_agents.guard.shell.programs import scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = names(
    """
    -e -E -p --eval --print -r --require -I -M -m -n -F -C --import --loader --input-type
    """
)
_UNFOLLOWED = frozenset(("Rscript", "tclsh", "osascript", "pwsh", "groovy"))
_INLINE = {
    "node": ("-e", "--eval", "-p", "--print", "-pe"),
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
    flags = _INLINE.get(name, ("-e", "-E"))
    code: list[str] = []
    rest: list[Values] = []
    in_place = False
    waiting = list(given)
    while waiting:
        values = waiting.pop(0)
        word = values[0]
        if rest or word[:1] != "-" or word == "-":
            rest.append(values)
        elif word == "--":
            rest += waiting
            waiting = []
        elif word in flags or (
            word[:1] == "-" and word[:2] != "--" and name in ("perl", "ruby") and word[-1:] in "eE"
        ):
            in_place = in_place or ("i" in word[1:] and name in ("perl", "ruby"))
            if waiting:
                code += waiting.pop(0)
        elif word[:2] == "-i" or (
            name in ("perl", "ruby")
            and word[1:2].isalpha()
            and "i" in word[1:4]
            and word[:2] not in ("-M", "-I", "-m")
        ):
            in_place = True
        elif (
            word in ("-r", "--require", "--import", "--loader", "-I", "-C", "-F")
            and waiting
            and len(word) > 1
        ):
            waiting.pop(0)
    if not code and rest:
        script = rest.pop(0)
        if script == ("-",):
            code += stdin.texts or ANY
        else:
            paths = [path for value in script for path in run.absolute(value, state)]
            if all(scripts.is_missing(run, path) for path in paths):
                run.effects.unknown(f"there is no script `{script[0][:60]}`")
                return UNSEEN
            stream = run.contents(script, state)
            code += stream.texts if stream.texts is not None else ANY
    elif not code:
        code += stdin.texts or ANY
    if in_place and name in ("perl", "ruby"):
        for word_values in rest:
            run.effects.write(word_values, state, f"{name} -i", kind=effects.ENTRY)
    told = run.effects
    told.unknown(f"`{name}` runs code that is not followed")
    for text in code:
        if text == UNKNOWN or len(text) > LONGEST:
            for values in rest:
                told.mention(values, state, name)
            continue
        if name in _UNFOLLOWED:
            told.unknown(f"`{name}` runs code that nobody here can read", text)
        ForeignCode(run, name, text, rest, state, stdin).judge()
    return UNSEEN


__all__ = ["is_known", "read"]
