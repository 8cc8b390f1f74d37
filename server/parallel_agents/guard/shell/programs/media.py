"""ffmpeg, which writes every file that is not an input."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_FLAGS = names(
    """
    -y -n -hide_banner -nostdin -vn -an -sn -dn -shortest -stats -nostats -version -copyts -report
    -ignore_unknown -benchmark -L -h -formats -codecs -encoders -decoders -filters
    """
)
"""Options without a value."""


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """What stands behind no option is written."""
    valued = False
    for values in given:
        word = values[0]
        if valued:
            valued = False
        elif word[:1] == "-" and word != "-":
            valued = word not in _FLAGS
        else:
            run.effects.write(values, state, name)
    return UNSEEN
