"""The command line of java: a source file that is run, classes nobody sees, files of options."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_READING = names(
    """
    -cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules --source
    --add-exports --add-opens --add-reads --limit-modules --enable-native-access -agentpath
    """
)
_QUIET = names("-version --version -showversion -help --help -h -? --list-modules --dry-run")


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Follow what java would do."""
    told = run.effects
    waiting = list(given)
    quiet = False
    while waiting and waiting[0][0][:1] == "-":
        word = waiting.pop(0)[0]
        quiet = quiet or word in _QUIET
        if word in _READING:
            waiting = waiting[1:]
        elif word[:2] in ("-X", "-a", "--"):
            # `-Xlog:gc:file=LOG:uptime`, `-XX:ErrorFile=LOG`, `-agentlib:hprof=file=LOG`
            for piece in word.replace(",", ":").split(":"):
                told.mention((piece.rpartition("=")[2],), state, f"java {word[:20]}")
        elif word == "-jar":
            break
    if quiet or not waiting:
        return UNSEEN
    told.unknown("`java` runs code that is not seen")
    first, rest = waiting[0], waiting[1:]
    made = [p for p in run.compiled if p.endswith(f"/{first[0]}.class")]
    if made:
        from parallel_agents.guard.shell.code import compiledcode

        for text in run.compiled[made[0]]:
            name = f"{first[0]}.java"
            compiledcode.CompiledCode(run, name, text, rest, state.copy()).judge()
        return UNSEEN
    if not first[0].endswith(".java"):
        for values in rest:
            told.mention(values, state, "java")
        return UNSEEN
    from parallel_agents.guard.shell.code import languages

    stream = run.contents(first, state)
    texts = stream.texts if stream.texts is not None else ANY
    if texts == (UNKNOWN,):
        for values in rest:
            told.mention(values, state, "java")
        return UNSEEN
    languages.judge(run, "java", texts, rest, state, stdin, first, {})
    return UNSEEN
