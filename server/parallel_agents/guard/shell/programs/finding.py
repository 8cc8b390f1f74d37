"""Programs that run others on what they find: find, fd."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.findtests import Expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_WALKED = 4000
_KEPT = 400
_APART = 48
"""Paths that are taken one by one, where what runs has several parts that depend on them."""


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Any of them."""
    if name in ("find", "gfind", "bfs"):
        return _find(run, given, state)
    return _fd(run, given, state)


def _find(run: Interpreter, given: list[Values], state: State) -> Stream:
    words = [v[0] if len(v) == 1 else UNKNOWN for v in given]
    at = 0
    while at < len(words) and words[at] in ("-H", "-L", "-P"):
        at += 1
    starts: list[Values] = []
    while at < len(words) and words[at][:1] not in ("-", "!", "(", ")"):
        starts.append(given[at])
        at += 1
    expression = Expression(words[at:], state.cwds[0])
    unseen = [
        os.path.join(start, UNKNOWN) if is_known(start) else start
        for values in starts or [(".",)]
        for start in run.effects.listed(list(values), state)
        if not _walk(run, start, expression, state)
    ]
    many = [os.path.join(s, UNKNOWN) for v in starts or [(".",)] for s in v]
    for (word, first, last), found in zip(expression.actions, expression.found):
        whole = not unseen and len(found) <= _KEPT
        kept = [*found, *unseen] if len(found) <= _KEPT else many
        own = given[at + first : at + last]
        if word == "-delete":
            _remove(run, kept, starts, state, whole)
        elif word[:2] == "-f":
            for values in own[:1]:
                run.effects.write(values, state, f"find {word}")
        else:
            each(run, own, tuple(kept), state, word in ("-execdir", "-okdir"))
    printed = [*expression.printed, *unseen]
    if len(printed) > _KEPT:
        printed = many
    return Stream(None, tuple(printed)) if printed else Stream(("",))


def _remove(
    run: Interpreter, found: list[str], starts: list[Values], state: State, whole: bool
) -> None:
    if not whole:
        for values in starts or [(".",)]:
            run.effects.write(values, state, "find -delete", kind=effects.TREE)
        return
    for path in found:
        run.effects.write((path,), state, "find -delete", kind=effects.ENTRY)


def each(run: Interpreter, code: list[Values], found: Values, state: State, there: bool) -> None:
    """`-exec code`, with `{}` each of the paths that were found."""
    if not found or not code:
        return
    if there:
        folders = tuple(dict.fromkeys(os.path.dirname(p) or "." for p in found))
        for folder in folders[:32]:
            inner = state.copy()
            inner.cwds = tuple(run.absolute(folder, state))
            names = tuple(
                "./" + os.path.basename(p) for p in found if (os.path.dirname(p) or ".") == folder
            )
            each(run, code, names, inner, False)
        return
    from parallel_agents.guard.shell.programs import invocation

    filled = [
        tuple(dict.fromkeys(v.replace("{}", p) for v in values for p in found))
        if any("{}" in v for v in values)
        else values
        for values in code
    ]
    run.budget.enter()
    if len(found) <= _APART and _varies(code):
        for path in found:
            one = [tuple(v.replace("{}", path) for v in values) for values in code]
            invocation.run(run, one, state.copy(), UNSEEN)
    else:
        invocation.run(run, filled, state.copy(), UNSEEN)
    run.budget.leave()


def _varies(code: list[Values]) -> bool:
    """Whether what runs has several parts that depend on the path (`cp {} {}.bak`), or code."""
    return sum("{}" in v for values in code for v in values) > 1 or code[0][0] in ("sh", "bash")


def _walk(run: Interpreter, start: str, expression: Expression, state: State) -> bool:
    """Put the paths below `start`, spelled as find does, to its tests; False: nobody knows them."""
    if not is_known(start) or len(state.cwds) != 1 or not is_known(state.cwds[0]):
        return False
    (top,) = run.effects.located(start, state.cwds) or (state.cwds[0],)
    if not is_known(top):
        return False
    if not os.path.lexists(top):
        return True
    going = expression.look(start, top, 0)
    todo = [(start, 0)] if going and os.path.isdir(top) else []
    seen = 0
    while todo:
        folder, depth = todo.pop()
        if expression.deepest is not None and depth >= expression.deepest:
            continue
        try:
            with os.scandir(os.path.join(top, folder[len(start) :].lstrip("/"))) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            seen += 1
            if seen > _WALKED:
                return False
            path = os.path.join(folder, entry.name)
            inside = entry.is_dir(follow_symlinks=False)
            if inside and entry.name == ".git":
                continue
            if expression.look(path, entry.path, depth + 1) and inside:
                todo.append((path, depth + 1))
    return True


def _fd(run: Interpreter, given: list[Values], state: State) -> Stream:
    """`fd PATTERN [DIR]`: by part of the name; what it runs gets every file that may be meant."""
    valued = frozenset(
        ("-e", "--extension", "-t", "--type", "-E", "--exclude", "-d", "--max-depth")
    )
    split = [at for at, v in enumerate(given) if v[0] in ("-x", "-X", "--exec", "--exec-batch")]
    head, code = (given[: split[0]], given[split[0] + 1 :]) if split else (given, [])
    parsed = Given(head, valued)
    words = [v[0] for v in parsed.words]
    endings = tuple("." + v[0].lstrip(".") for n, v in parsed.options if n in ("-e", "--extension"))
    files = Expression(["-type", "f"])
    if not _walk(run, words[1] if len(words) > 1 else ".", files, state):
        kept: Values = (UNKNOWN,)
    else:
        plain = words[0].strip("^$").replace("\\.", ".") if words else ""
        simple = plain.replace(".", "").replace("_", "").replace("-", "").isalnum() or not plain
        kept = tuple(
            os.path.normpath(p)
            for p in files.printed
            if (not endings or p.endswith(endings)) and (not simple or plain in os.path.basename(p))
        )[:_KEPT]
    if code:
        if not any("{" in v for values in code for v in values):
            code = [*code, ("{}",)]
        each(run, code, kept, state, False)
    return Stream(None, kept) if kept else Stream(("",))
