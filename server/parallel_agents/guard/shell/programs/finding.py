"""Programs that run others on what they find or read: find, fd, xargs, parallel."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_WALKED = 4000
_KEPT = 400
_APART = 48
"""Paths that are taken one by one, where what runs has several parts that depend on them."""
_XARGS = names(
    """
    -I -i -n -L -P -s -d -a -E --max-args --max-procs -R -J --arg-file --delimiter --replace
    --max-lines -S -j --jobs --colsep
    """
)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Any of them."""
    if name in ("find", "gfind", "bfs"):
        return _find(run, given, state)
    if name in ("fd", "fdfind"):
        return _fd(run, given, state)
    return _xargs(run, name, given, state, stdin)


def _find(run: Interpreter, given: list[Values], state: State) -> Stream:
    words = [v[0] if len(v) == 1 else UNKNOWN for v in given]
    at = 0
    while at < len(words) and words[at] in ("-H", "-L", "-P"):
        at += 1
    starts: list[Values] = []
    while at < len(words) and words[at][:1] not in ("-", "!", "(", ")"):
        starts.append(given[at])
        at += 1
    tests = words[at:]
    for place, word in enumerate(tests[:-1]):
        if word == "-samefile" and len(state.cwds) == 1:
            tests[place + 1] = os.path.join(state.cwds[0], tests[place + 1])
    found: list[str] = []
    whole = True
    for values in starts or [(".",)]:
        for start in run.effects.listed(list(values), state):
            listing = _walk(run, start, tests, state)
            if listing is None:
                whole = False
                found.append(os.path.join(start, UNKNOWN) if is_known(start) else start)
            else:
                found += listing
    if len(found) > _KEPT:
        whole = False
        kept = [os.path.join(s, UNKNOWN) for v in starts or [(".",)] for s in v]
    else:
        kept = found
    action = 0
    while action < len(tests):
        word = tests[action]
        if word == "-delete":
            _remove(run, kept, starts, state, whole)
        elif word in ("-fprint", "-fprint0", "-fls", "-fprintf") and action + 1 < len(tests):
            run.effects.write((tests[action + 1],), state, f"find {word}")
        elif word in ("-exec", "-execdir", "-ok", "-okdir"):
            end = action + 1
            while end < len(tests) and tests[end] not in (";", "+", "\\;"):
                end += 1
            code = given[at + action + 1 : at + end]
            _each(run, code, tuple(kept), state, word in ("-execdir", "-okdir"))
            action = end
        action += 1
    return Stream(None, tuple(kept)) if kept else Stream(("",))


def _remove(
    run: Interpreter, found: list[str], starts: list[Values], state: State, whole: bool
) -> None:
    if not whole:
        for values in starts or [(".",)]:
            run.effects.write(values, state, "find -delete", kind=effects.TREE)
        return
    for path in found:
        run.effects.write((path,), state, "find -delete", kind=effects.ENTRY)


def _each(run: Interpreter, code: list[Values], found: Values, state: State, there: bool) -> None:
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
            _each(run, code, names, inner, False)
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


def _walk(run: Interpreter, start: str, tests: list[str], state: State) -> list[str] | None:
    """The paths that `find start tests` prints, spelled as it does; None where nobody knows."""
    if not is_known(start) or len(state.cwds) != 1 or not is_known(state.cwds[0]):
        return None
    (top,) = run.effects.located(start, state.cwds) or (state.cwds[0],)
    if not is_known(top):
        return None
    if not os.path.isdir(top):
        return [start] if os.path.lexists(top) and _wanted(start, top, tests, 0) else []
    found: list[str] = []
    if _wanted(start, top, tests, 0):
        found.append(start)
    todo = [(start, 0)]
    seen = 0
    deepest = _number(tests, "-maxdepth")
    pruned = _pruned(tests)
    while todo:
        folder, depth = todo.pop()
        if deepest is not None and depth >= deepest:
            continue
        try:
            with os.scandir(os.path.join(top, folder[len(start) :].lstrip("/"))) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _WALKED:
                        return None
                    path = os.path.join(folder, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name == ".git" or entry.name in pruned:
                            continue
                        todo.append((path, depth + 1))
                    if _wanted(path, entry.path, tests, depth + 1):
                        found.append(path)
        except OSError:
            continue
    return found


def _number(tests: list[str], name: str) -> int | None:
    at = tests.index(name) + 1 if name in tests else len(tests)
    return int(tests[at]) if at < len(tests) and tests[at].isdecimal() else None


def _pruned(tests: list[str]) -> list[str]:
    if "-prune" not in tests:
        return []
    return [
        tests[at + 1].rpartition("/")[2]
        for at, word in enumerate(tests[:-1])
        if word in ("-name", "-path")
    ][:1]


def _wanted(path: str, absolute: str, tests: list[str], depth: int) -> bool:
    """Whether the path can pass the tests. Only the plain ones count: what is unsure passes."""
    name = os.path.basename(path.rstrip("/")) or path
    least = _number(tests, "-mindepth")
    if least is not None and depth < least:
        return False
    if "-o" in tests or "-or" in tests or "," in tests:
        names = [tests[at + 1] for at, w in enumerate(tests[:-1]) if w in ("-name", "-iname")]
        if "-prune" in tests or not names:
            return not os.path.isdir(absolute) or "-type" not in tests
        return any(_fits(n, name, fold=True) for n in names)
    negated = False
    at = 0
    while at < len(tests):
        word = tests[at]
        value = tests[at + 1] if at + 1 < len(tests) else ""
        verdict: bool | None = None
        if word in ("!", "-not"):
            negated = True
            at += 1
            continue
        if word in ("-name", "-iname"):
            verdict = _fits(value, name, fold=word == "-iname")
        elif word in ("-path", "-wholename", "-ipath", "-iwholename"):
            verdict = _fits(value.replace("*", UNKNOWN), path, fold=word[1] == "i")
        elif word == "-type":
            is_folder = os.path.isdir(absolute) and not os.path.islink(absolute)
            verdict = (
                ("d" in value and is_folder)
                or ("f" in value and os.path.isfile(absolute) and not os.path.islink(absolute))
                or ("l" in value and os.path.islink(absolute))
            )
            if value not in ("d", "f", "l", "f,l", "f,d"):
                verdict = None
        elif word in ("-empty",) and not negated:
            try:
                verdict = (
                    os.path.getsize(absolute) == 0
                    if os.path.isfile(absolute)
                    else not os.listdir(absolute)
                )
            except OSError:
                verdict = None
        elif word in ("-regex", "-iregex"):
            verdict = None
        elif word == "-samefile":
            verdict = _same(absolute, value) if value[:1] == "/" else None
        elif word in ("-exec", "-execdir", "-ok", "-okdir"):
            while at < len(tests) and tests[at] not in (";", "+", "\\;"):
                at += 1
        if verdict is not None and verdict == negated:
            return False
        negated = False
        at += 1
    return True


def _same(path: str, other: str) -> bool | None:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return None


def _fits(pattern: str, text: str, *, fold: bool) -> bool:
    if fold:
        pattern, text = pattern.lower(), text.lower()
    return fits(globbed(pattern), text)


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
    listing = _walk(run, words[1] if len(words) > 1 else ".", ["-type", "f"], state)
    if listing is None:
        kept: Values = (UNKNOWN,)
    else:
        plain = words[0].strip("^$").replace("\\.", ".") if words else ""
        simple = plain.replace(".", "").replace("_", "").replace("-", "").isalnum() or not plain
        kept = tuple(
            os.path.normpath(p)
            for p in listing
            if (not endings or p.endswith(endings)) and (not simple or plain in os.path.basename(p))
        )[:_KEPT]
    if code:
        if not any("{" in v for values in code for v in values):
            code = [*code, ("{}",)]
        _each(run, code, kept, state, False)
    return Stream(None, kept) if kept else Stream(("",))


def _xargs(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    rest = list(given)
    source = stdin
    marker = "{}" if name == "parallel" else ""
    separators = " \t\n\0"
    while rest and rest[0][0][:1] == "-" and len(rest[0][0]) > 1:
        word = rest.pop(0)[0]
        option, attached = (
            (word[:2], word[2:])
            if word[:2] != "--"
            else (word.partition("=")[0], word.partition("=")[2])
        )
        value: Values = (attached,) if attached else ("",)
        if option in _XARGS and not attached and option != "-i" and rest:
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
        elif option in ("-L", "-l"):
            separators = " \n\t"
    if name == "parallel":
        for at, values in enumerate(rest):
            if values[0] in (":::", "::::"):
                items = [v for word in rest[at + 1 :] for v in word]
                source = (
                    Stream(None, tuple(items))
                    if values[0] == ":::"
                    else run.contents(rest[at + 1], state)
                )
                rest = rest[:at]
                break
        separators = "\n\0"
    if not rest:
        return source
    values_read = tuple(v.strip("\"'") for v in source.words(separators[0] + separators))
    values_read = tuple(dict.fromkeys(v for v in values_read if v))[: 4 * _KEPT]
    from parallel_agents.guard.shell.programs import invocation

    inner = state.copy()
    run.budget.enter()
    if name == "parallel" and len(rest) == 1 and " " in rest[0][0]:
        code = rest[0][0] if "{}" in rest[0][0] else rest[0][0] + " {}"
        for item in values_read:
            run.inner(code.replace("{}", item), inner)
        run.budget.leave()
        return UNSEEN
    if not values_read:
        run.budget.leave()
        return Stream(("",))
    if marker and any(marker in v for word in rest for v in word):
        _each(
            run,
            [tuple(v.replace(marker, "{}") for v in word) for word in rest],
            values_read,
            inner,
            False,
        )
    else:
        last = [(v,) for v in values_read] if len(values_read) <= 8 else [values_read]
        invocation.run(run, [*rest, *last], inner, UNSEEN)
    run.budget.leave()
    return UNSEEN
