"""Programs that run another on the words that they read: xargs, parallel."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, literal_text, names
from parallel_agents.guard.shell.programs.finding import each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = names(
    """
    -I -i -n -L -P -s -d -a -E --max-args --max-procs -R -J --arg-file --delimiter --replace
    --max-lines -S -j --jobs --colsep --results --joblog --tmpdir --workdir --wd -N --tagstring
    --timeout --delay --retries --sshlogin --env --load --memfree --nice --halt --max-chars
    --process-slot-var --arg-sep --arg-file-sep --basefile --return -C
    """
)
_MARKS = ("{}", "{.}", "{/}", "{//}", "{/.}")
_KEPT = 1600
_RUNS = 64
"""Commands that are looked at one by one."""


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Either of them."""
    rest = list(given)
    source = stdin
    marker = ""
    separators = " \t\n\0"
    group = 0
    while rest and rest[0][0][:1] == "-" and len(rest[0][0]) > 1:
        word = rest.pop(0)[0]
        if word == "--":
            break
        option, attached = (
            (word[:2], word[2:])
            if word[:2] != "--"
            else (word.partition("=")[0], word.partition("=")[2])
        )
        value: Values = (attached,) if attached else ("",)
        if option in _VALUED and not attached and option not in ("-i", "--replace") and rest:
            value = rest.pop(0)
        if option in ("-I", "-i", "--replace", "-J"):
            marker = value[0] or "{}"
            separators = "\n\0"
        elif option in ("-a", "--arg-file"):
            source = run.contents(value, state)
        elif option in ("-d", "--delimiter"):
            separators = {"\\n": "\n", "\\0": "\0"}.get(value[0], value[0] or "\n") + "\n"
        elif option in ("-0", "--null") or word == "-r0" or word == "-0r":
            separators = "\0\n"
        elif option in ("-L", "-l", "--max-lines"):
            separators, group = "\n\0", -1
        elif option in ("-n", "-N", "--max-args") and value[0].isdecimal():
            group = int(value[0])
        elif option in ("--joblog",):
            run.effects.write(value, state, f"{name} {option}")
        elif option == "--results":
            run.effects.write(value, state, f"{name} {option}")
            run.effects.mention(tuple(v + "/any" for v in value), state, f"{name} {option}")
        elif option in ("--workdir", "--wd"):
            state = state.copy()
            state.cwds = tuple(p for v in value for p in run.absolute(v, state))
    if name == "parallel":
        return _parallel(run, rest, marker or "{}", source, state, group)
    if not rest:
        return source
    words = _words(source, separators)
    if not words:
        return Stream(("",))
    from parallel_agents.guard.shell.programs import invocation

    inner = state.copy()
    run.budget.enter()
    if marker and any(marker in v for word in rest for v in word):
        code = [tuple(v.replace(marker, "{}") for v in word) for word in rest]
        each(run, code, words, inner, False)
    elif group and len(words) <= _RUNS and source.texts is not None:
        every = _all_words(source, separators)
        for at in range(0, len(every), max(group, 1)):
            few = every[at : at + max(group, 1)]
            if group < 0:
                few = few[0].split()
            invocation.run(run, [*rest, *((v,) for v in few)], inner.copy(), UNSEEN)
    else:
        last = [(v,) for v in words] if len(words) <= 8 else [words]
        invocation.run(run, [*rest, *last], inner, UNSEEN)
    run.budget.leave()
    return UNSEEN


def _words(source: Stream, separators: str) -> Values:
    found = (v.strip("\"'") for v in source.words(separators[0] + separators))
    return tuple(dict.fromkeys(v for v in found if v))[:_KEPT]


def _all_words(source: Stream, separators: str) -> list[str]:
    """The same, each as often as it comes."""
    found: list[str] = []
    for text in source.texts or ():
        for sign in separators[1:]:
            text = text.replace(sign, separators[0])
        found += [v.strip("\"'") for v in text.split(separators[0]) if v]
    return found[:_KEPT]


def _parallel(
    run: Interpreter, rest: list[Values], marker: str, source: Stream, state: State, group: int
) -> Stream:
    """GNU parallel: its words are one text for a shell, filled in for each item."""
    lists: list[Values] = []
    head: list[Values] = []
    kind = ""
    for values in rest:
        if values[0] in (":::", "::::", ":::+", "::::+"):
            kind = values[0].rstrip("+")
            lists.append(())
        elif kind == ":::":
            lists[-1] = (*lists[-1], *values)
        elif kind == "::::":
            lists[-1] = (*lists[-1], *run.contents(values, state).lines)
        else:
            head.append(values)
    if not lists:
        lists = [_words(source, "\n\0")]
    code = " ".join(literal_text(values[0]) for values in head)
    for spelled in _MARKS:
        if marker != "{}" and spelled == "{}":
            code = code.replace(marker, "{}")
    if not code:
        for values in lists[:1]:
            for text in values:
                run.inner(text, state)
        return UNSEEN
    if not any(sign in code for sign in _MARKS) and "{1}" not in code and "{2}" not in code:
        code += " {}"
    items: list[tuple[str, ...]] = [()]
    for values in lists:
        items = [(*before, value) for before in items for value in values][: 4 * _RUNS]
    if len(items) > _RUNS or group > 1:
        items = [tuple(UNKNOWN for _ in lists)] if len(items) > 4 * _RUNS else items
    for item in items:
        run.budget.step()
        run.inner(_filled(code, item), state)
    return UNSEEN


def _filled(code: str, item: tuple[str, ...]) -> str:
    whole = " ".join(_quoted(value) for value in item)
    first = item[0] if item else ""
    stem = os.path.splitext(first)[0]
    for sign, value in (
        ("{}", whole),
        ("{.}", _quoted(stem)),
        ("{/}", _quoted(os.path.basename(first))),
        ("{//}", _quoted(os.path.dirname(first) or ".")),
        ("{/.}", _quoted(os.path.basename(stem))),
        *((f"{{{n + 1}}}", _quoted(value)) for n, value in enumerate(item[:9])),
    ):
        code = code.replace(sign, value)
    return code


def _quoted(value: str) -> str:
    if not is_known(value):
        return '"$(unknown)"'
    plain = value.replace("/", "").replace(".", "").replace("_", "").replace("-", "")
    return value if plain.isalnum() else "'" + value.replace("'", "'\\''") + "'"


__all__ = ["read"]
