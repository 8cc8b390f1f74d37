"""Programs, options and sub-commands that nobody knows: what they are given, they may write.

A held path that reaches what is not known to only read it is a mention. What is known to read is
in `readers`; what is known to write is in the policy tables and the modules of the programs.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.programs import readers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_PIECES = 16
_LONGEST = 2048


def stranger(run: Interpreter, name: str, given: list[Values], state: State) -> Stream:
    """A program that nobody knows: it may do anything, above all to what it is given."""
    run.effects.unknown(f"`{name[:60]}` is not known")
    if all(v in _ASKING for values in given for v in values) and given:
        return UNSEEN
    for values in given:
        _any_part(run, name, values, state)
    stays(run, name[:60], state)
    return UNSEEN


_ASKING = frozenset(("--help", "--version", "-h", "-V", "-v", "help", "version"))


def stays(run: Interpreter, name: str, state: State) -> None:
    """A program that makes files where it is called: in a held folder that is a mention."""
    for cwd in state.cwds:
        if is_known(cwd):
            found = run.effects.scene.held(os.path.join(cwd, "any"))
            if found is not None:
                run.effects.mention((os.path.join(cwd, "any"),), state, name)


def runtime(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """A language that nobody here reads: its code, and the files that a program is given."""
    why = f"`{name}` runs code that nobody here can read"
    run.effects.unknown(why)
    for at, values in enumerate(given):
        text = values[0]
        if text in readers.CODE_OPTIONS:
            for code in given[at + 1] if at + 1 < len(given) else ():
                run.effects.unknown(why, code)
        elif text[:1] != "-" and at == 0 and is_known(text):
            for path in run.absolute(text, state):
                stream = run.contents_of(path)
                for code in stream.texts or ():
                    if code != UNKNOWN:
                        run.effects.unknown(why, code)
            continue
        _any_part(run, name, values, state)
    if not any(values[0][:1] != "-" for values in given):
        for code in stdin.texts or ():
            if code != UNKNOWN:
                run.effects.unknown(why, code)
    return UNSEEN


def options(
    run: Interpreter, program: str, known: dict[str, str], given: list[Values], state: State
) -> None:
    """The options of a known program that are not among those that are `known`."""
    letters = readers.WRITING_LETTERS
    if not known or "RUNS" in known:
        letters |= readers.WRITING_LETTERS_OF_RUNNERS
    before, taken = "", False
    for values in given:
        text = values[0]
        if text == "--":
            break
        if taken:
            taken = False  # the value of an option that is known
            continue
        if text[:1] not in ("-", "+") or len(text) < 2:
            if before and writes(before, letters):
                _parts(run, f"{program} {before}", values, state)
            elif "=" in text and "/" not in text.partition("=")[0]:
                key = text.partition("=")[0]
                if key not in readers.READING_KEYS and key not in known:
                    _behind(run, program, values, state)
            before = ""
            continue
        name, equals, _ = text.partition("=")
        before = ""
        taken = not equals and text in known
        if text.startswith("--") or name in known or len(text) == 2:
            if name in known or name in readers.READING_OPTIONS:
                continue
            if equals:
                _behind(run, f"{program} {name}", values, state)
            else:
                before = name
        elif text[:2] not in known and not any(f"-{c}" in known for c in text[1:3]):
            # `-oVALUE`, `-long=VALUE`
            if equals and name in readers.READING_OPTIONS:
                continue
            run.effects.mention(tuple(v[2:] for v in values), state, f"{program} {text[:2]}")
            if equals:
                _behind(run, f"{program} {name}", values, state)
            elif name not in readers.READING_OPTIONS:
                before = name


def verbs(run: Interpreter, program: str, given: list[Values], state: State) -> None:
    """A sub-command whose name says that it writes: the words behind it."""
    words = [v for v in given if v[0][:1] != "-"]
    if not words or words[0][0] not in readers.WRITING_VERBS:
        return
    before = ""
    for values in given:
        if values[0][:1] == "-":
            before = values[0]
            continue
        if values is not words[0] and before not in readers.READING_OPTIONS:
            run.effects.mention(values, state, f"{program} {words[0][0]}")
        before = ""


def writes(option: str, letters: frozenset[str] = readers.WRITING_LETTERS) -> bool:
    """Whether the name of an option says that its value is written."""
    if option in readers.READING_OPTIONS:
        return False
    if option[:2] != "--" and len(option) == 2:
        return option[1] in letters
    plain = option.strip("-").lower()
    parts = plain.replace("_", "-").split("-")
    return any(part in readers.WRITING_WORDS for part in parts) or plain.startswith("out")


def _behind(run: Interpreter, program: str, values: Values, state: State) -> None:
    """`key=VALUE`, and what VALUE consists of."""
    _parts(run, program, tuple(value.partition("=")[2] for value in values), state)


def _parts(run: Interpreter, program: str, values: Values, state: State) -> None:
    for value in values:
        for piece in _cut(value):
            run.effects.mention((piece,), state, program)


def outputs(run: Interpreter, program: str, given: list[Values], state: State) -> None:
    """The last of several words names a held file that is not there: nothing is to be read."""
    before, words = "", 0
    last: Values = ()
    for values in given:
        option = values[0][:1] == "-"
        if not option and before not in readers.READING_OPTIONS:
            words, last = words + 1, values
        before = values[0] if option else ""
    for value in last if words > 1 else ():
        if "/" in value and is_known(value) and ":" not in value and "..." not in value:
            new = [p for p in run.absolute(value, state) if not os.path.lexists(p)]
            run.effects.mention(tuple(new), state, program)


def _packed(run: Interpreter, name: str, value: str, state: State) -> None:
    """An archive may be taken apart, here: what is in it counts as given."""
    if not value.lower().endswith(_ARCHIVES) or not is_known(value):
        return
    from parallel_agents.guard.shell.programs import archives

    zipped = "unzip" if value.lower().endswith((".zip", ".jar", ".whl", ".egg")) else "tar"
    for member in archives.members(run, value, [], state, zipped) or ():
        run.effects.mention((member,), state, name)


_ARCHIVES = (".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".zip", ".jar", ".whl", ".egg", ".txz")


def _any_part(run: Interpreter, name: str, values: Values, state: State) -> None:
    """The word and all of its parts that may name a file."""
    for value in values:
        if len(value) > _LONGEST:
            run.effects.unknown(f"`{name[:60]}` is not known", value)
            continue
        run.effects.mention((value,), state, name[:60])
        _packed(run, name[:60], value, state)
        pieces = _cut(value)
        if value[:1] == "-" and value[:2] != "--" and len(value) > 3:
            pieces.append(value[2:])
        for piece in pieces:
            run.effects.mention((piece,), state, name[:60])


def _cut(value: str) -> list[str]:
    """The parts of a word between the signs that programs cut words at."""
    pieces = [value]
    for sign in "=,;:@+|<> \n\t'\"()":
        if len(pieces) > _PIECES:
            break
        if sign in value:
            pieces += [part for piece in pieces for part in piece.split(sign)]
    return [piece for piece in dict.fromkeys(pieces) if piece][:64]


__all__ = ["options", "outputs", "runtime", "stays", "stranger", "verbs", "writes"]
