"""Programs that change who may do what with a file: chmod, chown, chgrp, chattr, setfacl, xattr."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import NOTHING, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = {
    "chown": ("--from",),
    "chattr": ("-v", "-p"),
    "setfacl": ("-m", "--modify", "-x", "--remove", "-M", "-X", "--modify-file", "--remove-file"),
}
_READING = ("--help", "--version", "--test", "-p", "-l")
"""Of setfacl and xattr, options that only look."""
_FIRST = {"chmod": 1, "chown": 1, "chgrp": 1, "chattr": 1, "setfacl": 0, "xattr": 0}
"""Words in front of the files."""


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """A change of the mode is a change of the file, and of all below it with -R."""
    skipped = _FIRST[name]
    deep = False
    files: list[Values] = []
    rest = list(given)
    while rest:
        values = rest.pop(0)
        word = values[0]
        if word == "--":
            files += rest
            break
        if word[:1] != "-" or word == "-":
            files.append(values)
        elif (
            name == "chmod"
            and word[:2] != "--"
            and word[1:2].strip("rwxXstugoa0123456789,=+-") == ""
        ):
            # `-x` and `-w,o+r` are modes, not options.
            deep = deep or word == "-R"
            skipped = 0
        elif name == "chattr" and word[1:2] and word[1] not in "RVfvp":
            skipped = 0
        elif name in ("setfacl", "xattr") and word in _READING:
            return NOTHING
        elif word in _VALUED.get(name, ()):
            rest = rest[1:]
        else:
            deep = deep or word in ("--recursive",) or (word[:2] != "--" and "R" in word)
            if word.startswith("--reference") or word.startswith("--restore"):
                skipped = 0
                rest = rest if "=" in word else rest[1:]
    kind = effects.FORMAT if deep else effects.WRITE
    for values in files[skipped:] if name != "xattr" else files[-1:]:
        run.effects.write(values, state, name, kind=kind)
    return NOTHING
