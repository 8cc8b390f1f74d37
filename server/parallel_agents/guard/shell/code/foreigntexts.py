"""The text of a program that is not parsed: its strings, brackets, comments and patterns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SLASHED = frozenset(("node", "nodejs", "deno", "bun", "tsx", "ts-node", "php", "java", "groovy"))
"""Languages with comments of slashes."""
_HASHED = frozenset(("perl", "ruby", "php", "awk", "tclsh", "Rscript"))
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_QUOTING = ("qq", "qw", "qr", "qx", "q", "m", "s", "tr", "y")


def masked(text: str, language: str) -> str:
    """`text` at the same length, with spaces for what is in strings, comments and patterns.

    The quotes stay. Code inside a template of JavaScript (`${...}`) is left as it is.
    """
    out = list(text)
    at = 0
    before = ""
    """The last character of code that is no space."""
    tags: list[str] = []
    while at < len(text):
        char = text[at]
        end = at + 1
        if char == "\n" and tags:
            at = _document(text, end, tags.pop(0), out)
            continue
        if char == "=" and language == "perl" and text[at - 1 : at] in ("", "\n"):
            end = _pages(text, at, out)
        elif char == "<" and language in ("perl", "ruby") and text.startswith("<<", at):
            end, tag = _tag(text, at)
            tags += [tag] if tag else []
        elif char in "'\"" or (char == "`" and language != "awk"):
            end = after_string(text, at)
            blank(out, at + 1, end - 1, templated=char == "`" and language in _SLASHED)
        elif (language in _SLASHED and text.startswith(("//", "/*"), at)) or (
            char == "#" and language in _HASHED and (not at or text[at - 1] in " \t\n;{}")
        ):
            if text.startswith("/*", at):
                end = text.find("*/", at)
                end = len(text) if end < 0 else end + 2
            else:
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
            blank(out, at, end)
            at = end
            continue
        elif char == "/" and _starts_pattern(before, out, at, language):
            end = _after_pattern(text, at)
            blank(out, at, end)
        elif language == "perl" and char in "qmsty" and before not in ("$", "@", "%", "&", ">"):
            end = _quoted(text, at, out)
        if not char.isspace():
            before = text[end - 1]
        at = end
    return "".join(out)


def blank(out: list[str], start: int, end: int, *, templated: bool = False) -> None:
    at = start
    while at < min(end, len(out)):
        if templated and out[at] == "$" and out[at + 1 : at + 2] == ["{"]:
            depth = 0
            while at < end:
                depth += (out[at] == "{") - (out[at] == "}")
                at += 1
                if not depth and out[at - 1] == "}":
                    break
            continue
        if out[at] != "\n":
            out[at] = " "
        at += 1


def _tag(text: str, at: int) -> tuple[int, str]:
    """(where it goes on, the end of the text) for what begins with `<<`."""
    start = at + 2
    if text[start : start + 1] in ("~", "-"):
        start += 1
    sign = text[start : start + 1]
    if sign in ("'", '"'):
        end = after_string(text, start)
        return end, text[start + 1 : end - 1]
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    tag = text[start:end]
    return (end, tag) if tag[:1].isalpha() and tag.isupper() else (at + 2, "")


def _document(text: str, start: int, tag: str, out: list[str]) -> int:
    """Behind the text that ends with the tag on a line; it is blanked."""
    at = start
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at:end].strip() == tag:
            break
        at = end + 1
    blank(out, start, min(at, len(text)))
    if at >= len(text):
        return len(text)
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    blank(out, at, end)
    return end


def _pages(text: str, at: int, out: list[str]) -> int:
    """Behind a piece of perl's documentation, which is blanked."""
    if not text[at + 1 : at + 2].isalpha():
        return at + 1
    end = text.find("\n=cut", at)
    end = len(text) if end < 0 else end + 5
    blank(out, at, end)
    return end


def _starts_pattern(before: str, out: list[str], at: int, language: str) -> bool:
    if language not in _SLASHED and language not in ("perl", "ruby", "awk"):
        return False
    if language == "php":
        return False
    if not before or before in "(,=:[!&|?{};~":
        return True
    word = "".join(out[max(0, at - 10) : at]).rstrip()
    return word.endswith(("return", " if", "unless", "and", "or", "split", "grep", "when"))


def _after_pattern(text: str, at: int) -> int:
    at += 1
    inside = False
    while at < len(text) and text[at] != "\n":
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            inside = True
        elif text[at] == "]":
            inside = False
        elif text[at] == "/" and not inside:
            break
        at += 1
    at += 1
    while at < len(text) and text[at].isalpha():
        at += 1
    return min(at, len(text))


def _quoted(text: str, at: int, out: list[str]) -> int:
    """Behind `q(...)` and its like of Perl, blanked; behind the first letter where it is none."""
    if at and (text[at - 1].isalnum() or text[at - 1] in "_$@%&->{"):
        return at + 1
    word = next((w for w in _QUOTING if text.startswith(w, at)), "")
    place = at + len(word)
    if not word or place >= len(text):
        return at + 1
    if text[place].isspace():
        while place < len(text) and text[place].isspace():
            place += 1
        if text[place : place + 1] in ("#", ""):
            return at + 1
    sign = text[place]
    if sign.isalnum() or sign in "_,;=) \n" or text.startswith("=>", place):
        return at + 1
    pieces = 2 if word in ("s", "tr", "y") else 1
    keeps = word in ("q", "qq", "qw", "qx")
    start = place
    for piece in range(pieces):
        end = _delimited(text, place)
        if sign in _CLOSING and piece + 1 < pieces:
            place = end
            while place < len(text) and text[place].isspace():
                place += 1
        else:
            place = end - 1
    if keeps:
        blank(out, start + 1, end - 1)
        return end
    while end < len(text) and text[end].isalpha():
        end += 1
    blank(out, at, end)
    return end


def _delimited(text: str, at: int) -> int:
    """Behind the delimiter that closes the one at `at`."""
    sign = text[at : at + 1]
    closing = _CLOSING.get(sign, sign)
    depth = 1
    at += 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == closing:
            depth -= 1
            if not depth:
                return at + 1
        elif text[at] == sign:
            depth += 1
        at += 1
    return len(text)


def after_string(text: str, at: int) -> int:
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def outside(text: str, at: int = 0) -> Iterator[tuple[int, int]]:
    """Each place from `at` that is in no string, and how deep in brackets it leaves one."""
    depth = 0
    while at < len(text):
        if text[at] in "'\"`":
            at = after_string(text, at)
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        yield at, depth
        at += 1


def matching(text: str, at: int) -> int:
    return next((place for place, depth in outside(text, at) if not depth), len(text))


def split(text: str, sign: str = ",", mask: str = "") -> list[str]:
    """`text` cut at `sign` where it is in no string and no brackets; `mask`: as `masked` gives."""
    found, start = [], 0
    for at, depth in outside(mask or text):
        if not depth and at >= start and text.startswith(sign, at):
            found.append(text[start:at].strip())
            start = at + len(sign)
    found.append(text[start:].strip())
    return [f for f in found if f]


def plain(text: str) -> str:
    """What the inside of a string with escapes means."""
    import re  # the parser has loaded it

    if "\\" not in text:
        return text
    text = re.sub(
        r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})",
        lambda found: chr(int(found[1] or found[2], 16)),
        text,
    )
    for sign, meant in (
        ('\\"', '"'),
        ("\\'", "'"),
        ("\\n", "\n"),
        ("\\/", "/"),
        ("\\\\", "\\"),
    ):
        text = text.replace(sign, meant)
    return text
