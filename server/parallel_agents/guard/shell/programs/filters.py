"""Programs that make lines of the lines they read, computed where the text is known.

What they print becomes names (`... | xargs`, `while read`, `$(...)`), and nothing is computed
before somebody reads it. Of lines that are only known as possible ones, each is taken by itself.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Later, Stream
from parallel_agents.guard.shell.bash.words import STAR, UNKNOWN, capped, is_known
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Whole = Callable[[list[str]], "list[str] | None"]
    One = Callable[[str], list[str]]

MOST_LINES = 4000
_TOKENS = 60
_VALUED = {
    "cut": "-d --delimiter -f --fields -c --characters -b --bytes --output-delimiter",
    "head": "-n --lines -c --bytes",
    "tail": "-n --lines -c --bytes -s --pid",
    "paste": "-d --delimiters",
    "sort": "-o --output -k --key -t --field-separator -S -T --parallel --files0-from",
    "uniq": "-f -s -w --skip-fields --skip-chars --check-chars",
    "shuf": "-n --head-count -o --output -i --input-range -e",
    "nl": "-b -w -s -v -i -n",
}


def lines_of(text: str) -> list[str]:
    """The lines of a text, as programs count them."""
    found = text.split("\n")
    return found[:-1] if found[-1] == "" else found


def mapped(source: Stream, whole: Whole | None, one: One) -> Stream:
    """`whole` on each known text (None: it cannot tell), `one` on each line that is possible."""

    def make() -> Stream:
        texts = source.texts
        if texts == ANY:
            return UNSEEN
        if whole is not None and texts is not None and all(map(is_known, texts)):
            found: list[str] | None = []
            for text in texts:
                given = lines_of(text)
                lines = whole(given) if len(given) <= MOST_LINES else None
                found = None if lines is None or found is None else found
                if found is not None and lines is not None:
                    found.append("".join(line + "\n" for line in lines))
            if found is not None:
                return Stream(capped(found))
        if source.lines == ANY:
            return Stream(None, ANY)
        possible = dict.fromkeys(made for line in source.lines for made in one(line))
        return Stream(None, tuple(possible)) if possible else Stream(("",))

    return Later(make)


def tokens(source: Stream) -> Stream:
    """What a program that is not understood may take from a text: any word of it, or others."""

    def make() -> Stream:
        if source.texts == ANY:
            return UNSEEN
        found: list[str] = []
        for line in source.lines:
            for sign in "\"'`,:;=()[]{}<>|":
                line = line.replace(sign, " ")
            found += [w for w in line.split() if "/" in w or "." in w[1:]]
        few = tuple(dict.fromkeys(found))
        return Stream(None, (*few, UNKNOWN)) if len(few) <= _TOKENS else Stream(None, ANY)

    return Later(make)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """What the filter called `name` prints."""
    run.succeeded(None)
    if name in ("sort", "uniq", "shuf"):
        from parallel_agents.guard.shell.programs import arguments, policy

        arguments.apply(run, name, policy.rules(name) or {}, given, state)
    if name in ("head", "tail"):  # `-3` is `-n 3`
        given = [(f"-n{v[0][1:]}",) if v[0][1:].isdecimal() and v[0] < "." else v for v in given]
    parsed = Given(given, frozenset(_VALUED.get(name, "").split()))
    words = parsed.words[:1] if name == "uniq" else parsed.words
    if not words or words == [("-",)]:
        source = stdin
    elif len(words) == 1 and name != "wc":
        source = run.contents(run.effects.listed(list(words[0]), state), state)
    elif name == "paste" and all(word == ("-",) for word in words):
        return mapped(stdin, lambda lines: _beside(lines, len(words), parsed), lambda line: [line])
    elif name == "paste":
        return _side_by_side(run, words, parsed, state, stdin)
    elif name == "wc":
        names = run.effects.listed([v for word in words for v in word], state)
        return Stream(None, tuple(f"0 {path}" for path in names))
    elif name == "comm":
        return _common(run, words, parsed, state, stdin)
    elif name == "sort" or name == "tac":
        source = _all(run, words, state)
    else:
        return UNSEEN
    return _KNOWN[name](source, parsed)


def _all(run: Interpreter, words: list[Values], state: State) -> Stream:
    lines: list[str] = []
    for word in words:
        stream = run.contents(run.effects.listed(list(word), state), state)
        if stream.texts is None or stream.texts == ANY:
            return UNSEEN
        lines += stream.lines
    return Stream(None, tuple(dict.fromkeys(lines)))


def _common(
    run: Interpreter, words: list[Values], parsed: Given, state: State, stdin: Stream
) -> Stream:
    """What `comm` prints: lines of the first file, of the second, of both."""
    given = [stdin if w == ("-",) else run.contents(w, state) for w in words[:2]]

    def make() -> Stream:
        if len(given) < 2 or any(s.texts == ANY or s.lines == ANY for s in given):
            return UNSEEN
        first, second = given[0].lines, given[1].lines
        hidden = {flag[1:] for flag in parsed.flags if flag[:1] == "-"}
        found = [] if "1" in hidden else [v for v in first if v not in second]
        found += [] if "2" in hidden else [v for v in second if v not in first]
        found += [] if "3" in hidden else [v for v in first if v in second]
        return Stream(None, tuple(found)) if found else Stream(("",))

    return Later(make)


def _side_by_side(
    run: Interpreter, words: list[Values], parsed: Given, state: State, stdin: Stream
) -> Stream:
    """`paste` of several files that are known."""
    given = [stdin if w == ("-",) else run.contents(w, state) for w in words[:8]]

    def make() -> Stream:
        texts = [s.texts[0] for s in given if s.texts is not None and len(s.texts) == 1]
        if len(texts) < len(words) or not all(map(is_known, texts)):
            return UNSEEN
        columns = [lines_of(text) for text in texts]
        if parsed.has("-s", "--serial"):
            rows = columns
        else:
            longest = max(map(len, columns))
            rows = [[c[at] if at < len(c) else "" for c in columns] for at in range(longest)]
        return Stream(("".join(_signs(parsed).join(row) + "\n" for row in rows),))

    return Later(make)


def selected(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """What programs for data (jq, yq) take from a text that is known."""
    words = [v for v in given if v[0][:1] != "-"]
    source = run.contents(words[-1], state) if len(words) > 1 else stdin
    code = words[0][0] if words else ""
    return _said(code, tokens(source)) if '"' in code else tokens(source)


def _said(code: str, source: Stream) -> Stream:
    """The texts that a program of jq has in it, with what it reads where it says `\\(...)`."""

    def make() -> Stream:
        found = list(source.lines)
        for text in code.split('"')[1::2][:_TOKENS]:
            before, inside, _ = text.partition("\\(")
            ends = source.lines if inside or text[-1:] in (" ", "/") else ("",)
            found += [before + end for end in ends if " " in text]
        few = tuple(dict.fromkeys(found))
        return Stream(None, few) if len(few) <= 4 * _TOKENS else Stream(None, ANY)

    return Later(make)


def _same(line: str) -> list[str]:
    return [line]


def reversed_lines(source: Stream) -> Stream:
    """What `rev` prints."""
    return mapped(source, lambda ls: [v[::-1] for v in ls], lambda v: [v[::-1]])


def _count(parsed: Given, default: int) -> tuple[str, int] | None:
    values = parsed.value("-n", "--lines")
    if values is None:
        return "", default
    sign, digits = (values[0][:1], values[0][1:]) if values[0][:1] in "+-" else ("", values[0])
    return (sign, int(digits)) if digits.isdecimal() else None


def _head(source: Stream, parsed: Given) -> Stream:
    count = _count(parsed, 10)
    if count is None or parsed.has("-c", "--bytes"):
        return mapped(source, None, _same)
    sign, number = count
    return mapped(source, lambda ls: ls[: len(ls) - number if sign == "-" else number], _same)


def _tail(source: Stream, parsed: Given) -> Stream:
    count = _count(parsed, 10)
    if count is None or parsed.has("-c", "--bytes"):
        return mapped(source, None, _same)
    sign, number = count
    return mapped(
        source,
        lambda ls: ls[number - 1 :] if sign == "+" and number else ls[max(len(ls) - number, 0) :],
        _same,
    )


def _tac(source: Stream, parsed: Given) -> Stream:
    return mapped(source, lambda lines: lines[::-1], _same)


def _sort(source: Stream, parsed: Given) -> Stream:
    def whole(lines: list[str]) -> list[str] | None:
        lines = list(dict.fromkeys(lines)) if parsed.has("-u", "--unique") else lines
        found = sorted(lines)
        # Where the order hangs on the language of the machine, each line may be anywhere.
        if parsed.options or found != sorted(lines, key=lambda s: (s.lower().strip("._/-"), s)):
            return None
        plain = all(
            f in ("-u", "--unique", "-r", "--reverse", "-ur", "-ru")
            for f in parsed.flags
            if f[:1] == "-"
        )
        return (found[::-1] if parsed.has("-r", "--reverse") else found) if plain else None

    return mapped(source, whole, _same)


def _uniq(source: Stream, parsed: Given) -> Stream:
    if parsed.has("-c", "--count"):
        return mapped(source, None, lambda line: ["      1 " + line])
    if any(flag[:1] == "-" for flag in parsed.flags):
        return mapped(source, None, _same)
    return mapped(
        source, lambda ls: [v for at, v in enumerate(ls) if not at or v != ls[at - 1]], _same
    )


def _paste(source: Stream, parsed: Given) -> Stream:
    if not parsed.has("-s", "--serial"):
        return source
    return mapped(source, lambda lines: [_signs(parsed).join(lines)], _same)


def _beside(lines: list[str], columns: int, parsed: Given) -> list[str]:
    sign = _signs(parsed)
    return [sign.join(lines[at : at + columns]) for at in range(0, len(lines), columns)]


def _signs(parsed: Given) -> str:
    sign = (parsed.value("-d", "--delimiters") or ("\t",))[0]
    return {"\\n": "\n", "\\t": "\t", "\\0": ""}.get(sign, sign[:1])


def _nl(source: Stream, parsed: Given) -> Stream:
    return mapped(source, None, lambda line: ["     1\t" + line])


def _wc(source: Stream, parsed: Given) -> Stream:
    def make() -> Stream:
        texts = source.texts
        if texts is None or not all(map(is_known, texts)) or not parsed.has("-l", "--lines"):
            return Stream((STAR + "\n",))
        return Stream(capped([f"{text.count(chr(10))}\n" for text in texts]))

    return Later(make) if not parsed.words else UNSEEN


def _cut(source: Stream, parsed: Given) -> Stream:
    chosen = parsed.value("-f", "--fields", "-c", "--characters", "-b", "--bytes")
    ranges = _ranges(chosen[0]) if chosen is not None else None
    if ranges is None or parsed.has("--complement"):
        return tokens(source)
    by_field = parsed.has("-f", "--fields")
    sign = (parsed.value("-d", "--delimiter") or ("\t",))[0] or "\0"
    between = (parsed.value("--output-delimiter") or (sign,))[0]

    def one(line: str) -> list[str]:
        if not by_field:
            return ["".join(_chosen(list(line), ranges))] if is_known(line) else [UNKNOWN]
        pieces = line.split(sign)
        if len(pieces) == 1 and is_known(line):
            return [] if parsed.has("-s", "--only-delimited") else [line]
        sure = next((at for at, p in enumerate(pieces) if not is_known(p)), len(pieces))
        if sure < len(pieces) and max(end for _, end in ranges) > sure:
            return [UNKNOWN]
        return [between.join(_chosen(pieces, ranges))]

    return mapped(source, lambda lines: [made for line in lines for made in one(line)], one)


def _ranges(text: str) -> list[tuple[int, int]] | None:
    """`1,3-5,7-` as (first, last) counted from 1."""
    found: list[tuple[int, int]] = []
    for piece in text.replace(" ", ",").split(","):
        first, dash, last = piece.partition("-")
        if not (first or "1").isdecimal() or not (last or "1").isdecimal() or piece in ("", "-"):
            return None
        found.append((int(first or 1), int(last or 1 << 30) if dash else int(first)))
    return found


def _chosen(pieces: list[str], ranges: list[tuple[int, int]]) -> list[str]:
    return [p for at, p in enumerate(pieces, 1) if any(a <= at <= b for a, b in ranges)]


_KNOWN: dict[str, Callable[[Stream, Given], Stream]] = {
    "head": _head,
    "tail": _tail,
    "tac": _tac,
    "sort": _sort,
    "uniq": _uniq,
    "shuf": lambda source, parsed: mapped(source, None, _same),
    "paste": _paste,
    "nl": _nl,
    "wc": _wc,
    "cut": _cut,
    "comm": lambda source, parsed: UNSEEN,
}
NAMES = tuple(_KNOWN)
"""The filters that this module knows."""
