"""Where the shell finds a program: the folders of PATH, the machine's and the command's own."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State


def found(name: str) -> str:
    """The path of a program of the machine, or nothing."""
    for folder in os.environ.get("PATH", "/usr/bin:/bin").split(":"):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return ""


def shadowed(run: Interpreter, name: str, state: State) -> str:
    """The script that a PATH of the command's own puts in the place of `name`, or nothing."""
    from parallel_agents.guard.shell.programs import builtin, printing

    if name in builtin.COMMANDS and name not in printing.COMMANDS:
        return ""
    machine = os.environ.get("PATH", "").split(":")
    for value in state.variables["PATH"]:
        for folder in value.split(":"):
            if UNKNOWN in folder or folder in machine:
                if found(name):
                    return ""
                continue
            for path in run.absolute(os.path.join(folder, name), state):
                if is_known(path) and (path in run.written or os.path.isfile(path)):
                    return path
    return ""
