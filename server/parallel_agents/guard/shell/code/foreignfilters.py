"""Conditions that leave some names of a list out, in node, perl, ruby and the like."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import is_known
from parallel_agents.guard.shell.code.foreigntexts import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values
    from parallel_agents.guard.shell.code.foreignvalues import ForeignValues

_EQUAL = ("===", "==", " eq ")
_UNEQUAL = ("!==", "!=", " ne ", "~=")
_METHODS = {
    "endsWith": str.endswith,
    "end_with?": str.endswith,
    "startsWith": str.startswith,
    "start_with?": str.startswith,
    "includes": str.__contains__,
    "include?": str.__contains__,
}


def holds(code: ForeignValues, text: str, name: str) -> bool | None:
    """Whether a condition holds for the value that the variable `name` has now, where known."""
    code.run.budget.step()
    text = text.strip().rstrip(";").strip()
    while text[:1] == "(" and text[-1:] == ")" and len(split(text, ")")) == 1:
        text = text[1:-1].strip()
    for sign, whole in (("||", True), (" or ", True), ("&&", False), (" and ", False)):
        pieces = split(text, sign) if sign in text else []
        if len(pieces) > 1:
            found = {holds(code, piece, name) for piece in pieces}
            return whole if whole in found else None if None in found else not whole
    for start in ("!", "not "):
        if text.startswith(start) and not text.startswith("!="):
            state = holds(code, text[len(start) :], name)
            return None if state is None else not state
    return _simple(code, text, name)


def _simple(code: ForeignValues, text: str, name: str) -> bool | None:
    re = code.re
    if name not in text and not (name == "_" and text[:1] in "/m"):
        return None
    found = re.fullmatch(
        r"(?:(.+?)\s*(=~|!~|\.match\??)\s*)?\(?m?/((?:[^/\\]|\\.)+)/[a-z]*\)?", text
    )
    found = found or re.fullmatch(r"()()/((?:[^/\\]|\\.)+)/[a-z]*\.test\(.+\)", text)
    if found:
        state = _matches(code, found[3], code.variables.get(name, ANY))
        return None if state is None else state != (found[2] == "!~")
    found = re.fullmatch(
        r"(.+?)\.(endsWith|startsWith|includes|end_with\?|start_with\?|include\?)\s*"
        r"\((.+)\)",
        text,
    )
    if found:
        return _method(code, found[1], found[2], found[3])
    for signs, wanted in ((_UNEQUAL, False), (_EQUAL, True)):
        for sign in signs:
            pieces = split(text, sign) if sign in text else []
            if len(pieces) == 2:
                return _same(code.value(pieces[0]), code.value(pieces[1]), wanted=wanted)
    return None


def _method(code: ForeignValues, base: str, name: str, inside: str) -> bool | None:
    items = code.items(base) if name in ("includes", "include?") else None
    if items is not None:
        wanted = code.value(inside)
        known = all(len(i) == 1 and is_known(i[0]) for i in (*items, wanted))
        return any(i == wanted for i in items) if known else None
    values, parts = code.value(base), [code.value(p) for p in split(inside)]
    if not all(map(is_known, values)) or any(not is_known(p[0]) for p in parts):
        return None
    found = {any(_METHODS[name](v, p[0]) for p in parts) for v in values}
    return found.pop() if len(found) == 1 else None


def _same(one: Values, other: Values, *, wanted: bool) -> bool | None:
    if len(one) != 1 or len(other) != 1 or not (is_known(one[0]) and is_known(other[0])):
        return None
    return (one == other) == wanted


def _matches(code: ForeignValues, pattern: str, values: Values) -> bool | None:
    """For patterns that cannot be dear, on names."""
    quantifiers = sum(pattern.count(sign) for sign in "*+{")
    if (
        quantifiers > 2
        or ")*" in pattern
        or ")+" in pattern
        or len(pattern) > 100
        or "$" in pattern[:-1]
    ):
        return None
    if not all(is_known(v) and len(v) < 300 for v in values):
        return None
    try:
        found = {bool(code.re.search(pattern, v)) for v in values}
    except (code.re.error, OverflowError, RecursionError):
        return None
    return found.pop() if len(found) == 1 else None
