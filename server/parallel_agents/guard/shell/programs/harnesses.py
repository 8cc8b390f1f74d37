"""Programs that run the scripts of a folder: prove, run-parts."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import is_known
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_MOST = 200


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Either of them."""
    return (_prove if name == "prove" else _run_parts)(run, given, state, stdin)


def _prove(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Each test is run by the program of `-e`, or as its first line says."""
    from parallel_agents.guard.shell.programs import invocation

    valued = ("-e", "--exec", "-I", "-j", "--jobs", "--state", "--archive", "-P", "--source", "-M")
    parsed = Given(
        given, frozenset((*valued, "--formatter", "--harness", "--rules", "--ext", "-a"))
    )
    run.effects.unknown("`prove` runs code that is not seen")
    if parsed.has("-D", "--dry", "--version", "-V", "--help", "-h", "-H"):
        return UNSEEN
    archive = parsed.value("-a", "--archive")
    if archive is not None:
        run.effects.write(archive, state, "prove --archive")
    program = parsed.value("-e", "--exec")
    for word in parsed.words or [("t",)]:
        for value in run.effects.listed(list(word), state):
            for path in _tests(run, value, state):
                if program is not None and program[0].strip():
                    run.inner(f"{program[0]} '{path}'", state)
                else:
                    invocation.program(run, "perl", [(path,)], state.copy(), stdin)
    return UNSEEN


def _tests(run: Interpreter, value: str, state: State) -> list[str]:
    paths = run.absolute(value, state)
    if not is_known(value) or not any(os.path.isdir(p) for p in paths):
        return [value]
    return [
        os.path.join(value, name)
        for name in sorted(os.listdir(paths[0]))[:_MOST]
        if name.endswith(".t")
    ]


def _run_parts(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Every program in a folder is run."""
    from parallel_agents.guard.shell.programs import invocation

    parsed = Given(given, frozenset(("-a", "--arg", "-u", "--umask", "--regex")))
    if parsed.has("--test", "--list", "-h", "--help", "-V", "--version") or not parsed.words:
        return UNSEEN
    run.effects.unknown("`run-parts` runs code that is not seen")
    extra = [values for option, values in parsed.options if option in ("-a", "--arg")]
    pattern = next((v[0] for o, v in parsed.options if o == "--regex"), "")
    plain = pattern.strip("^$").replace("\\.", ".")
    for value in parsed.words[0]:
        for folder in run.absolute(value, state):
            if not is_known(folder) or not os.path.isdir(folder):
                continue
            for each in sorted(os.listdir(folder))[:_MOST]:
                path = os.path.join(folder, each)
                named = each.replace("_", "").replace("-", "").isalnum()
                if pattern and plain.replace(".", "").replace("_", "").isalnum():
                    named = plain in each
                elif pattern:
                    named = True
                if named and os.path.isfile(path) and os.access(path, os.X_OK):
                    run.budget.enter()
                    invocation.run(run, [(path,), *extra], state.copy(), stdin)
                    run.budget.leave()
    return UNSEEN


__all__ = ["read"]
