"""`read`, `mapfile` and `getopts`: what gets into variables."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import parameters
from parallel_agents.guard.shell.bash.state import ANY, NOTHING, Stream
from parallel_agents.guard.shell.bash.words import ONE, UNKNOWN, is_known
from parallel_agents.guard.shell.programs import wrapping
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_MOST_LINES = 400


def _source(run: Interpreter, parsed: Given, state: State, stdin: Stream) -> Stream:
    """What is read: another number than 0 by `-u`."""
    number = parsed.value("-u")
    if number is None:
        return stdin
    known = state.numbers.get(number[0])
    return run.contents(known[0], state) if known else Stream(ANY)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`read`."""
    parsed = Given(given, frozenset(("-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u")))
    source = _source(run, parsed, state, stdin)
    end = parsed.value("-d")
    lines = source.lines if end is None else source.words((end[0] or "\0") + "\n")
    most = parsed.value("-n", "-N")
    if most is not None and most[0].isdecimal():
        lines = tuple(line[: int(most[0])] for line in lines)
    separator = state.variables.get("IFS", (" ",))[0][:1] or "\n"
    blank = separator in " \t\n"
    into = parsed.value("-a")
    texts = source.texts
    if into is not None and parsed.has("-d") and texts is not None and len(texts) == 1:
        lines = (texts[0].strip("\n\0"),)
    if into is not None:
        elements: dict[str, Values] = {}
        for line in lines:
            found = parameters.numbered([(w,) for w in line.split(None if blank else separator)])
            for key, word in found.items():
                elements[key] = tuple(dict.fromkeys((*elements.get(key, ()), *word)))
        state.arrays[into[0]] = elements if all(map(is_known, lines)) else {UNKNOWN: lines}
        return NOTHING
    names = wrapping.plain(parsed.words) or ["REPLY"]
    for at, target in enumerate(names):
        values: list[str] = []
        for line in lines:
            pieces = line.split(None if blank else separator, len(names) - 1)
            if len(names) == 1:
                values.append(line.strip() if blank else line)
            elif any(UNKNOWN in piece for piece in pieces[: at + 1]):
                values.append(UNKNOWN)
            else:
                values.append(pieces[at].rstrip() if at < len(pieces) else "")
        state.arrays.pop(target, None)
        parameters.named(run, target, tuple(dict.fromkeys(values))[:512] or ("",), state)
    return NOTHING


def mapfile(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """`mapfile` and `readarray`."""
    parsed = Given(given, frozenset(("-d", "-n", "-O", "-s", "-u", "-C", "-c")))
    source = _source(run, parsed, state, stdin)
    (target, *_) = wrapping.plain(parsed.words) or ["MAPFILE"]
    run.succeeded(True)
    texts = source.texts
    sign = (parsed.value("-d") or ("\n",))[0] or "\0"
    if texts is None or len(texts) != 1 or not is_known(texts[0]):
        lines = source.lines if sign == "\n" else source.words("\0\n")
        state.arrays[target] = {UNKNOWN: lines} if lines != ANY else {UNKNOWN: ANY}
        return NOTHING
    found = texts[0].split(sign)
    found = found[:-1] if not found[-1] else found
    skipped, most = parsed.value("-s"), parsed.value("-n")
    if skipped is not None and skipped[0].isdecimal():
        found = found[int(skipped[0]) :]
    if most is not None and most[0].isdecimal() and int(most[0]):
        found = found[: int(most[0])]
    # Without `-t` each keeps its end, which no name of a file has.
    state.arrays[target] = parameters.numbered([(line,) for line in found[:_MOST_LINES]])
    for values in parsed.value("-C") or ():
        for at, line in enumerate(found[:_MOST_LINES]):
            quoted = line.replace("'", "'\\''")
            run.text(f"{values} {at} '{quoted}'", state, stdin)
    return NOTHING


def getopts(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """`getopts`: one option of arguments that are known, else any."""
    words = state.arguments if len(given) < 3 else given[2:]
    known = all(len(word) == 1 and is_known(word[0]) for word in (*given, *words))
    index, place = _at(state)
    if len(given) < 2 or not known or index is None or (len(given) < 3 and run.bare):
        if len(given) > 1:
            state.variables[given[1][0]] = (ONE,)
        state.variables["OPTARG"] = ANY
        run.succeeded(None)
        return NOTHING
    wanted, target = given[0][0].lstrip(":"), given[1][0]
    word = words[index - 1][0] if 0 < index <= len(words) else ""
    if len(word) < 2 or word[0] != "-" or word == "--":
        index += word == "--"
        state.variables.update({target: ("?",), "OPTIND": (str(index),), _PLACE: ("1",)})
        run.succeeded(False)
        return NOTHING
    letter, after = word[place], word[place + 1 :]
    argument = ""
    if wanted.partition(letter)[2][:1] == ":":
        argument, index, place = (after, index + 1, 1) if after else ("", index + 2, 1)
        if not after and index - 2 < len(words):
            argument = words[index - 2][0]
    elif after:
        place += 1
    else:
        index, place = index + 1, 1
    found = letter if letter in wanted and letter != ":" else "?"
    state.variables.update({target: (found,), "OPTARG": (argument,), "OPTIND": (str(index),)})
    state.variables[_PLACE] = (str(place),)
    run.succeeded(True)
    return NOTHING


_PLACE = "OPTIND of a word"
"""Where in a word of several options it is: no variable can be called so."""


def _at(state: State) -> tuple[int | None, int]:
    """(number of the argument, place of the letter in it)."""
    index = state.variables.get("OPTIND", ("1",))
    place = state.variables.get(_PLACE, ("1",))
    if len(index) != 1 or len(place) != 1 or not index[0].isdecimal():
        return None, 1
    return int(index[0]), int(place[0])
