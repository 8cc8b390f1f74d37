"""Methods of texts, lists and dictionaries in Python code, done for real where all is known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.code.pythonvalues import (
    GREATEST,
    LARGEST,
    Group,
    Made,
    Path,
    choice,
    elements,
    equal,
    is_solid,
    of_texts,
    texts,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PURE = names(
    """
    strip lstrip rstrip lower upper title capitalize casefold swapcase removeprefix removesuffix
    split rsplit splitlines partition rpartition startswith endswith find rfind index count isdigit
    isalpha isalnum isidentifier isspace islower isupper isnumeric isdecimal zfill
    """
)
_SAME = names("encode decode strip rstrip lstrip expandtabs tobytes getvalue __str__")


def text_method(value: str, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    """What a method of a text gives."""
    if name == "join" and given:
        return _joined(value, elements(given[0]))
    if name == "format":
        return formatted(value, given, named)
    known = is_known(value) and is_solid(given)
    if name == "replace" and known and len(given) >= 2:
        old, new = given[:2]
        if not (isinstance(old, str) and isinstance(new, str)):
            return UNKNOWN
        grown = len(value) + (value.count(old) if old else len(value)) * max(0, len(new))
        return value.replace(old, new, *_counts(given[2:])) if grown <= GREATEST else UNKNOWN
    if name == "replace" and is_known(value) and len(given) >= 2 and isinstance(given[0], str):
        return value if is_known(given[0]) and given[0] and given[0] not in value else UNKNOWN
    if name in _PURE and known:
        return _called(value, name, given, named)
    if name in ("encode", "decode"):
        return value
    if name in _SAME and value != UNKNOWN:
        return value  # the unknown part may be at an end: what is known is not less true
    if name in ("startswith", "endswith") and is_solid(given) and given:
        return _ends(value, name, given[0])
    if name in ("removesuffix", "removeprefix", "lower", "upper") and value != UNKNOWN and known:
        return value
    return UNKNOWN


def _ends(value: str, name: str, wanted: Any) -> Any:
    """Whether a text of which a part is known ends so, or `UNKNOWN`."""
    if not isinstance(wanted, str):
        return UNKNOWN
    at = name == "startswith"
    known = value.partition(UNKNOWN)[0] if at else value.rpartition(UNKNOWN)[2]
    if not is_known(known):
        return UNKNOWN
    if len(known) >= len(wanted):
        return known.startswith(wanted) if at else known.endswith(wanted)
    short = wanted[: len(known)] if at else wanted[len(wanted) - len(known) :]
    return UNKNOWN if known == short else False


def _called(value: str, name: str, given: list[Any], named: dict[str, Any]) -> Any:
    if name == "zfill" and given and isinstance(given[0], int) and given[0] > 100:
        return UNKNOWN
    if given and isinstance(given[0], list):
        given = [tuple(given[0]), *given[1:]]
    if named and not is_solid(list(named.values())):
        return UNKNOWN
    try:
        found = getattr(value, name)(*given, **named)
    except (TypeError, ValueError, OverflowError, AttributeError, IndexError):
        return UNKNOWN
    return found[:LARGEST] if isinstance(found, list) else found


def _counts(given: list[Any]) -> list[int]:
    return [n for n in given[:1] if isinstance(n, int)]


def _joined(sign: str, items: list[Any] | None) -> Any:
    if items is None:
        return UNKNOWN
    found: list[str] = []
    for item in items:
        if isinstance(item, (str, Path)):
            found.append(texts(item)[0])
        else:
            words = texts(item)
            found.append(words[0] if len(words) == 1 else UNKNOWN)
    if sum(map(len, found)) + len(sign) * len(found) > GREATEST:
        return UNKNOWN
    return sign.join(found)


def formatted(value: str, given: list[Any], named: dict[str, Any]) -> Any:
    """`'{}/{name}'.format(...)`."""
    if not is_known(value) or len(value) > 4096:
        return UNKNOWN
    out: list[Any] = [""]
    pieces = value.replace("{{", "\0").replace("}}", "\1").split("{")
    out = [pieces[0]]
    for at, piece in enumerate(pieces[1:]):
        key, close, rest = piece.partition("}")
        key, colon, _ = key.partition(":")
        key = key.partition("!")[0]
        item: Any = UNKNOWN
        if close and not colon:
            if key.isdecimal() or not key:
                place = int(key) if key and len(key) < 4 else at
                item = given[place] if place < len(given) else UNKNOWN
            else:
                item = named.get(key, UNKNOWN)
        out += [item, rest]
    found = added(
        [o.replace("\0", "{").replace("\1", "}") if isinstance(o, str) else o for o in out]
    )
    return found


def percent(value: str, right: Any) -> Any:
    """`'%s/%s' % (a, b)`."""
    if not is_known(value) or len(value) > 4096:
        return UNKNOWN
    items = list(right) if isinstance(right, tuple) else [right]
    out: list[Any] = []
    pieces = value.replace("%%", "\0").split("%")
    out.append(pieces[0])
    at = 0
    for piece in pieces[1:]:
        item: Any = UNKNOWN
        if piece[:1] == "(":
            key, _, rest = piece[1:].partition(")")
            item = right.get(key, UNKNOWN) if isinstance(right, dict) else UNKNOWN
            piece = rest
        elif at < len(items):
            item = items[at]
            at += 1
        if piece[:1] not in ("s", "d", "i"):
            digits = piece.lstrip("-0123456789.")
            out += [UNKNOWN, digits[1:]]
            continue
        out += [item, piece[1:]]
    return added([o.replace("\0", "%") if isinstance(o, str) else o for o in out])


def added(parts: list[Any]) -> Any:
    """Texts behind one another; every alternative of each."""
    found = [""]
    for part in parts:
        words = texts(part)
        if len(found) * len(words) > 64:
            return UNKNOWN
        found = [a + b for a in found for b in words]
        if max(map(len, found)) > GREATEST:
            return UNKNOWN
    return of_texts(tuple(dict.fromkeys(found)))


def list_method(value: list[Any], name: str, given: list[Any]) -> Any:
    """What a method of a list or set gives, and does to it."""
    first = given[0] if given else UNKNOWN
    if name in ("append", "add", "appendleft"):
        if len(value) < LARGEST:
            value.append(first)
        return None
    if name == "insert" and len(given) > 1 and len(value) < LARGEST:
        value.insert(given[0] if isinstance(given[0], int) else len(value), given[1])
        return None
    if name in ("extend", "update", "extendleft"):
        for other in given:
            value += (elements(other) or [UNKNOWN])[: max(0, LARGEST - len(value))]
        return None
    if name in ("pop", "popleft"):
        at = first if isinstance(first, int) else 0 if name == "popleft" else -1
        return value.pop(at) if -len(value) <= at < len(value) else UNKNOWN
    if name in ("remove", "discard"):
        for at, item in enumerate(value):
            if equal(item, first):
                del value[at]
                break
        return None
    if name in ("copy", "sort", "reverse", "clear"):
        if name == "clear":
            value.clear()
        elif name == "reverse":
            value.reverse()
        return type(value)(value) if name == "copy" else None
    if name in ("union", "intersection", "difference", "symmetric_difference"):
        others = [o for g in given for o in elements(g) or [UNKNOWN]]
        return combined(value, others, {"u": "|", "i": "&", "d": "-"}.get(name[0], "^"))
    if name == "index":
        found = [at for at, item in enumerate(value) if equal(item, first)]
        return found[0] if found else UNKNOWN
    if name == "count":
        return sum(1 for item in value if equal(item, first)) if is_solid(value) else UNKNOWN
    return UNKNOWN


def combined(left: list[Any], right: list[Any], sign: str) -> Group:
    """Two sets by `|`, `&`, `-` or `^`."""
    if sign == "|":
        return Group([*left, *right][:LARGEST])
    if sign == "^":
        return Group([*combined(left, right, "-"), *combined(right, left, "-")])
    keep = sign == "&"
    found = Group()
    for item in left:
        states = {equal(item, other) for other in right}
        inside = True if True in states else None if None in states else False
        if inside is None or inside == keep:
            found.append(item)
    return found


def dict_method(value: dict[Any, Any], name: str, given: list[Any], named: dict[str, Any]) -> Any:
    """What a method of a dictionary gives, and does to it."""
    if name == "items":
        return Made([(k, v) for k, v in value.items()])
    if name == "values":
        return Made(value.values())
    if name == "keys":
        return Made(value)
    if name in ("get", "pop", "setdefault") and given:
        found = looked_up(value, given[0])
        if found is None:
            found = given[1] if len(given) > 1 else None
            if name == "setdefault":
                put(value, given[0], found)
            return found
        return found[0]
    if name == "update":
        for other in given:
            if isinstance(other, dict):
                value.update(other)
            else:
                for pair in elements(other) or [UNKNOWN]:
                    two = elements(pair)
                    if two is not None and len(two) == 2:
                        put(value, two[0], two[1])
        value.update(named)
        return None
    if name == "copy":
        return dict(value)
    if name == "clear":
        value.clear()
        return None
    return UNKNOWN


def looked_up(value: dict[Any, Any], key: Any) -> list[Any] | None:
    """[what is under a key], or None where the key is not there."""
    if isinstance(key, (str, int, Path, tuple)) and is_solid(key):
        try:
            if key in value:
                return [value[key]]
        except TypeError:
            return [UNKNOWN]
        return [choice([*value.values()])] if UNKNOWN in value else None
    return [choice([*value.values(), UNKNOWN])]


def put(value: dict[Any, Any], key: Any, item: Any) -> None:
    """Keep something under a key."""
    if len(value) < LARGEST:
        solid = isinstance(key, (str, int, Path)) or (
            isinstance(key, tuple) and all(isinstance(k, (str, int, Path)) for k in key)
        )
        value[key if solid else UNKNOWN] = item


def subscript(value: Any, key: Any) -> Any:
    """`value[key]`."""
    if isinstance(value, dict):
        found = looked_up(value, key)
        return UNKNOWN if found is None else found[0]
    if isinstance(value, str) and not is_known(value):
        return UNKNOWN
    if isinstance(value, (str, list, tuple)):
        if isinstance(key, slice):
            try:
                return value[key]
            except (TypeError, ValueError):
                return UNKNOWN
        if isinstance(key, int):
            return value[key] if -len(value) <= key < len(value) else UNKNOWN
        if isinstance(value, str):
            return UNKNOWN
        return choice([*value, UNKNOWN])
    return UNKNOWN


def replace(owner: list[Any], key: Any, value: Any) -> None:
    """`owner[key] = value` of a list."""
    if isinstance(key, slice):
        found = elements(value)
        try:
            owner[key] = [UNKNOWN] if found is None else found
        except (TypeError, ValueError):
            owner.append(UNKNOWN)
        del owner[LARGEST:]
    elif isinstance(key, int) and -len(owner) <= key < len(owner):
        owner[key] = value
    else:
        owner[:] = [choice([item, value]) for item in owner]
