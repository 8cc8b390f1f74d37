"""`judge`: from the text of a command to the verdict on it."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import MARKS
from parallel_agents.guard.shell.budget import Budget, Exhausted
from parallel_agents.guard.shell.verdict import CLEAR, DENY, MENTION, OPAQUE, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.scene import Scene


def judge(command: str, cwd: str, scene: Scene) -> Verdict:
    """What `command` would do when the agent of `scene` runs it in `cwd` (absolute).

    Nothing is run and nothing is changed; the disk and git are read. Raises `syntax.NoParser`
    where there is no parser, and what reading the state of a run raises (`TableTorn`, `OSError`).
    """
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import NOTHING, State
    from parallel_agents.guard.shell.effects import Effects

    budget = Budget()
    effects = Effects(scene, budget)
    if not MARKS.isdisjoint(command):
        effects.unknown("it has characters that no file is named with", command)
        command = "".join("?" if char in MARKS else char for char in command)
    if "\0" in command:
        effects.unknown("it has a character that no command can have", command)
        command = command.replace("\0", "")
    try:
        Interpreter(effects, budget).whole(command, State(cwd), NOTHING)
    except Exhausted as error:
        effects.unknown(str(error), command)
    except RecursionError:
        effects.unknown("it is nested too deep to follow", command)
    if effects.verb or any(finding.sure for finding in effects.findings):
        level = DENY
    elif effects.findings:
        level = MENTION
    else:
        level = OPAQUE if effects.opaque else CLEAR
    return Verdict(level, effects.findings, effects.opaque, effects.verb)
