"""Follows a script that a command starts: what it is written in, and what it would do."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_ENDINGS = (".sh", ".bash", ".py", ".js", ".mjs", ".ts", ".pl", ".rb", ".php", ".lua")


def follow(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Follow the file `name` by its first line; None where it is no script that can be read."""
    for path in run.absolute(name, state):
        stream = run.contents_of(path)
        if name.endswith(_ENDINGS) and is_missing(run, path):
            run.effects.unknown(f"there is no script `{name[:60]}`")
            return UNSEEN
        if stream.texts is None or stream.texts == ANY or not stream.texts[0]:
            return None
        text = stream.texts[0]
        first = text.partition("\n")[0]
        if first.startswith("#!"):
            words = first[2:].split()
            program = words[0].rpartition("/")[2] if words else "sh"
            if program == "env" and len(words) > 1:
                rest = [w for w in words[1:] if w[:1] != "-" and "=" not in w]
                program = rest[0].rpartition("/")[2] if rest else "sh"
        elif "\ufffd" in text[:256]:
            return None
        else:
            program = "sh"
        from parallel_agents.guard.shell.programs import invocation

        if run.budget.depth > 18:
            run.effects.unknown(f"`{name[:60]}` starts too many scripts to follow", text)
            return UNSEEN
        return invocation.program(run, program, [(name,), *given], state.copy(), stdin)
    return None


def is_missing(run: Interpreter, path: str) -> bool:
    """Whether no script can be at this absolute path: not on the disk, nor from the command."""
    return (
        is_known(path)
        and not os.path.lexists(path)
        and not run.written
        and run.effects.is_untouched
    )


def shell(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> None:
    """Follow a shell script with these arguments."""
    from parallel_agents.guard.shell.programs import invocation, signals

    if invocation.is_ours(run, name, state):
        invocation.own_command_line(run, given)
        return
    for path in run.absolute(name, state):
        stream = run.contents_of(path)
        if stream.texts is None or stream.texts == ANY:
            if is_missing(run, path):
                run.effects.unknown(f"there is no script `{name[:60]}`")
                continue
            if not is_known(path) or os.path.exists(path):
                run.effects.unknown(f"the script `{name[:60]}` cannot be read")
            for values in given:
                run.effects.mention(values, state, name[:60])
            continue
        inner = state.fork()
        inner.arguments = given
        before = run.script, run.bare
        run.script, run.bare = name, False
        for text in stream.texts:
            if text == UNKNOWN:
                run.effects.unknown(f"the script `{name[:60]}` is made while the command runs")
            else:
                run.text(text, inner, stdin)
        signals.ended(run, inner)
        run.script, run.bare = before
