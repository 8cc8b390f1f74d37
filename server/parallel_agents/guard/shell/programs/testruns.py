"""Test runners: what they find to run, where this very command has made or changed it.

The tests of a project run as they always do, watched; a test that the command itself has written
is code of the command.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Stream, Values

_MOST = 32
_AROUND = frozenset(("conftest.py", "__init__.py"))
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx")


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Follow what the command has written; None, as the runner is in the policy table too."""
    follow(run, state)
    for at, values in enumerate(given):
        option, equals, attached = values[0].partition("=")
        if option == "--basetemp":  # it is emptied first
            goal = (attached,) if equals else given[at + 1] if at + 1 < len(given) else ()
            run.effects.write(goal, state, f"{name} --basetemp", kind=effects.TREE)
    return None


def follow(run: Interpreter, state: State) -> None:
    """Follow the tests that the command has written below the current directory."""
    tops = tuple(cwd.rstrip("/") + "/" for cwd in state.cwds if is_known(cwd))
    for path, stream in list(run.written.items())[:_MOST]:
        if not path.startswith(tops) or stream.texts is None:
            continue
        name = os.path.basename(path)
        for text in stream.texts:
            if text == UNKNOWN:
                continue
            if (
                name.endswith(".py") and (name[:4] == "test" or name[-8:] == "_test.py")
            ) or name in ("conftest.py", "__init__.py"):
                _python(run, text, path, state)
            elif name.endswith(_SCRIPTS) and (".test." in name or ".spec." in name):
                from parallel_agents.guard.shell.code.foreigncode import ForeignCode

                ForeignCode(run, "node", text, [], state).judge()


def _python(run: Interpreter, text: str, path: str, state: State) -> None:
    from parallel_agents.guard.shell.code import pythoncode

    pythoncode.follow(run, text, path, [], state, UNSEEN, tested=True)
