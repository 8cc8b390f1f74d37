"""Where a command goes: cd, pushd, popd."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, NOTHING, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, capped, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


def change(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """cd, pushd and popd."""
    if name == "popd":
        state.cwds, state.stack = (state.stack[-1], state.stack[:-1]) if state.stack else (ANY, ())
        run.succeeded(True)
        return NOTHING
    words = [v for v in given if v[0][:1] != "-" or v[0] == "-"]
    before = state.cwds
    if name == "pushd":
        state.stack = (*state.stack, before)
        if not words:
            below = state.stack[-2] if len(state.stack) > 1 else ANY
            state.stack, state.cwds = (*state.stack[:-2], before), below
            return NOTHING
    if not words:
        words = [state.variables.get("HOME") or (os.environ.get("HOME", UNKNOWN),)]
    if words[0] == ("-",):
        state.cwds, old = state.variables.get("OLDPWD", ANY), state.cwds
        state.variables["OLDPWD"] = old
        run.succeeded(True)
        return NOTHING
    found: list[str] = []
    certain: bool | None = True
    for value in words[0]:
        if value == "":
            found += before
        elif UNKNOWN in value:
            found.append(UNKNOWN)
            certain = None
        elif not is_known(value):
            found += run.effects.matches(value, state) or [UNKNOWN]
            certain = None
        else:
            for path in _searched(value, state) or run.effects.located(value, before):
                path = os.path.normpath(path) if ".." not in path else os.path.realpath(path)
                found.append(path)
                if UNKNOWN in path or not (os.path.isdir(path) or path in state.folders):
                    certain = None
    state.cwds = capped([os.path.join(before[0], f) if len(before) == 1 else f for f in found])
    state.variables["OLDPWD"] = before
    run.succeeded(certain)
    return NOTHING


def _searched(value: str, state: State) -> list[str]:
    """Where CDPATH finds a directory of this name."""
    wanted = state.variables.get("CDPATH", ("",))
    if len(wanted) != 1 or not wanted[0] or value.split("/")[0] in ("", ".", ".."):
        return []
    for folder in wanted[0].split(":"):
        paths = [os.path.normpath(os.path.join(cwd, folder, value)) for cwd in state.cwds]
        if is_known(paths[0]) and (os.path.isdir(paths[0]) or paths[0] in state.folders):
            return paths
    return []
