"""Python's built-in functions and what is like them, done for real where all is known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.code import pythontexts
from parallel_agents.guard.shell.code.pythonvalues import (
    LARGEST,
    Bound,
    Class,
    File,
    Group,
    Instance,
    Made,
    Path,
    choice,
    elements,
    is_solid,
    options,
    texts,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from parallel_agents.guard.shell.code.pythonfunctions import Functions

    Call = Callable[[Functions, list[Any], dict[str, Any]], Any]


def first(given: list[Any], otherwise: Any = UNKNOWN) -> Any:
    return given[0] if given else otherwise


def _text(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given, "")
    return choice([_spelled(v) for v in options(value)])


def _spelled(value: Any) -> Any:
    if isinstance(value, (str, int, float)) or value is None:
        return str(value)
    return texts(value)[0] if isinstance(value, (Path, File)) else UNKNOWN


def _number(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given, 0)
    if isinstance(value, str) and is_known(value) and len(value) < 12:
        try:
            return int(value)
        except ValueError:
            return UNKNOWN
    return int(value) if isinstance(value, (int, float)) else UNKNOWN


def _truth(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    state = truth(first(given, False))
    return UNKNOWN if state is None else state


def _length(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given)
    if isinstance(value, str):
        return len(value) if is_known(value) else UNKNOWN
    return len(value) if isinstance(value, (list, tuple, dict, range)) else UNKNOWN


def _range(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    if not given or not all(isinstance(g, int) for g in given[:3]) or 0 in given[2:3]:
        return UNKNOWN
    return range(*given[:3])


def _listed(kind: Callable[[list[Any]], Any]) -> Call:
    def made(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
        if not given:
            return kind([])
        found = iterated(walk, given[0])
        return UNKNOWN if found is None else kind(found)

    return made


def iterated(walk: Functions, value: Any) -> list[Any] | None:
    if isinstance(value, File):
        from parallel_agents.guard.shell.code import pythonmethods

        value = pythonmethods.lines(walk, value)
    return elements(value)


def _sorted(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = iterated(walk, first(given))
    if found is None:
        return UNKNOWN
    if "key" not in named and all(isinstance(v, str) for v in found):
        found.sort(reverse=truth(named.get("reverse", False)) is True)
    return found


def _reversed(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = iterated(walk, first(given))
    return UNKNOWN if found is None else found[::-1]


def _dict(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found: dict[Any, Any] = {}
    if given:
        pythontexts.dict_method(found, "update", given[:1], {})
    found.update(named)
    return found


def _defaultdict(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return _dict(walk, given[1:], named)


def _zip(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    lists = [iterated(walk, g) for g in given]
    if not lists or all(found is None for found in lists):
        return Made([tuple(UNKNOWN for _ in given)])
    width = min(len(found) for found in lists if found is not None)
    return Made([tuple(UNKNOWN if f is None else f[at] for f in lists) for at in range(width)])


def _enumerate(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = iterated(walk, first(given))
    start = given[1] if len(given) > 1 else named.get("start", 0)
    if found is None:
        return Made([(UNKNOWN, UNKNOWN)])
    known = isinstance(start, int)
    return Made([(at + start if known else UNKNOWN, v) for at, v in enumerate(found)])


def _map(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    lists = [iterated(walk, g) for g in given[1:]]
    rows = zip(*[[UNKNOWN] if found is None else found for found in lists])
    return Made([walk.apply(given[0], list(row), {}) for row in rows])


def _filter(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = iterated(walk, given[1]) if len(given) > 1 else None
    if found is None:
        return UNKNOWN
    if given[0] is None:
        return Made([v for v in found if truth(v) is not False])
    return Made([v for v in found if truth(walk.apply(given[0], [v], {})) is not False])


def _any(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    states = {truth(v) for v in elements(first(given)) or [UNKNOWN]}
    if elements(first(given)) == []:
        return False
    return True if True in states else UNKNOWN if None in states else False


def _all(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = elements(first(given))
    states = {truth(v) for v in ([UNKNOWN] if found is None else found)}
    return False if False in states else UNKNOWN if None in states else True


def _next(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given)
    found = iterated(walk, value)
    if isinstance(value, Made):
        return value.pop(0) if value else (given[1] if len(given) > 1 else UNKNOWN)
    return choice(found) if found else UNKNOWN


def _extreme(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return choice((elements(given[0]) or [UNKNOWN]) if len(given) == 1 else given)


def _chain(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return Made([v for g in given for v in iterated(walk, g) or [UNKNOWN]][:LARGEST])


def _chained(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return _chain(walk, elements(first(given)) or [UNKNOWN], named)


def _product(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    rows: list[tuple[Any, ...]] = [()]
    for value in given:
        found = iterated(walk, value) or [UNKNOWN]
        rows = [(*row, item) for row in rows for item in found][:LARGEST]
    return Made(rows)


def _attribute(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    if len(given) < 2:
        return UNKNOWN
    found = [walk.attribute(v, texts(given[1])[0]) for v in options(given[0])]
    return choice(found)


def _set_attribute(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    if len(given) > 2 and isinstance(given[0], Instance):
        given[0].attributes[texts(given[1])[0]] = given[2]


def _is_instance(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return UNKNOWN


def _super(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    own = given[-1] if given else None
    if not isinstance(own, Instance) or own.kind is None:
        return UNKNOWN
    base = next((b for b in own.kind.bases if isinstance(b, Class)), None)
    found = Instance(base)
    found.attributes = own.attributes
    return found


def _input(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    found = walk.apply(Bound(walk.stdin, "readline"), [], {})
    return found.rstrip("\n") if isinstance(found, str) else found


def _character(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given)
    return chr(value) if isinstance(value, int) and 0 < value < 0xD800 else UNKNOWN


def _code(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given)
    return ord(value) if isinstance(value, str) and len(value) == 1 else UNKNOWN


def _spoken(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    value = first(given)
    return repr(value) if isinstance(value, (str, int)) and is_solid(value) else UNKNOWN


def _printed(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    file = named.get("file")
    for one in options(file):
        if isinstance(one, File):
            walk.apply(Bound(one, "write"), [pythontexts.added([*given[:1], "\n"])], {})
    if file is None and len(walk.printed) < LARGEST:
        sign, end = named.get("sep", " "), named.get("end", "\n")
        pieces = [piece for value in given for piece in (sign, value)][1:]
        walk.printed.append(texts(pythontexts.added([*pieces, end])))


def _written(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return _printed(walk, given[:1], {"end": ""})


def _executed(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    for text in texts(first(given)):
        if not is_known(text):
            walk.run.effects.unknown("Python code is only known when it runs", text)
        if len(text) > 3 and text != UNKNOWN and walk.depth < 4:
            walk.executed(text)
    return UNKNOWN


def _interactive(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """`code.interact`: what is typed is run."""
    return _executed(walk, [choice([*(walk.piped.texts or ())])], {})


def _timed(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """`timeit`: the statement and what is run before it."""
    for value in [*given[:2], *(named[k] for k in ("stmt", "setup") if k in named)]:
        if isinstance(value, str):
            _executed(walk, [value], {})
        else:
            walk.apply(value, [], {})
    return UNKNOWN


def _profiled(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    """`cProfile.run`: code, and the file for what was found."""
    file = given[1] if len(given) > 1 else named.get("filename")
    if file is not None:
        walk.run.effects.write(texts(file), walk.state, "cProfile.run()")
    return _executed(walk, given, named)


def _ended(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    walk.ended = True


def _same(walk: Functions, given: list[Any], named: dict[str, Any]) -> Any:
    return first(given, "")


NAMES: dict[str, Call] = {
    "str": _text,
    "os.fspath": _text,
    "os.fsdecode": _text,
    "os.fsencode": _text,
    "bytes": _text,
    "bytearray": _text,
    "io.StringIO": _text,
    "io.BytesIO": _text,
    "int": _number,
    "bool": _truth,
    "len": _length,
    "range": _range,
    "list": _listed(list),
    "iter": _listed(Made),
    "collections.deque": _listed(list),
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _defaultdict,
    "tuple": _listed(tuple),
    "set": _listed(Group),
    "frozenset": _listed(Group),
    "sorted": _sorted,
    "reversed": _reversed,
    "dict": _dict,
    "zip": _zip,
    "enumerate": _enumerate,
    "map": _map,
    "filter": _filter,
    "any": _any,
    "all": _all,
    "next": _next,
    "min": _extreme,
    "max": _extreme,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chained,
    "itertools.product": _product,
    "getattr": _attribute,
    "setattr": _set_attribute,
    "isinstance": _is_instance,
    "super": _super,
    "input": _input,
    "chr": _character,
    "ord": _code,
    "repr": _spoken,
    "print": _printed,
    "sys.stdout.write": _written,
    "exec": _executed,
    "eval": _executed,
    "compile": _same,
    "ast.parse": _same,
    "code.interact": _interactive,
    "code.InteractiveInterpreter().runsource": _executed,
    "code.InteractiveConsole().push": _executed,
    "pdb.run": _executed,
    "trace.Trace().run": _executed,
    "cProfile.Profile().run": _executed,
    "profile.Profile().run": _executed,
    "cProfile.run": _profiled,
    "profile.run": _profiled,
    "timeit.timeit": _timed,
    "timeit.repeat": _timed,
    "timeit.Timer": _timed,
    "sys.exit": _ended,
    "exit": _ended,
    "quit": _ended,
    "os._exit": _ended,
    "os.abort": _ended,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "asyncio.run": _same,
    "cast": _same,
    "contextlib.closing": _same,
    "contextlib.nullcontext": _same,
    "io.TextIOWrapper": _same,
    "io.BufferedWriter": _same,
    "sys.intern": _same,
    "textwrap.dedent": _same,
}
"""By the dotted name of the function: what it gives."""
