"""A word of a command, as it is written, cut into texts, variables and substitutions."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import globs
from parallel_agents.guard.shell.bash.heredocs import end_of_expansion
from parallel_agents.guard.shell.bash.words import CLOSE, COMMA, DEEP, HOME, ONE, OPEN, STAR

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SPECIAL = frozenset("@*#?-$!0123456789")
_ESCAPES = dict(zip("ntrabfveE\\'\"?", "\n\t\r\a\b\f\v\x1b\x1b\\'\"?"))


class Part:
    """A piece of a word.

    `kind` is `text` (`text` has marks), `variable` (`text` its name, `operator` and `argument` of
    `${name<operator>argument}`, `index` of an array), `command`, `arithmetic` or `process`
    (`text` the source; of a process `operator` is `<` or `>`).
    """

    __slots__ = ("argument", "index", "kind", "operator", "quoted", "text")

    def __init__(
        self,
        kind: str,
        text: str,
        quoted: bool = False,
        operator: str = "",
        argument: str = "",
        index: str = "",
    ) -> None:
        self.kind = kind
        self.text = text
        self.quoted = quoted
        self.operator = operator
        self.argument = argument
        self.index = index


def parts(word: str, *, quoted: bool = False) -> list[Part]:
    """The pieces of `word` as it is written; `quoted` for the body of a here-document."""
    cutter = _Cutter(word)
    cutter.cut(quoted)
    return cutter.found


class _Cutter:
    def __init__(self, word: str) -> None:
        self.word = word
        self.at = 0
        self.found: list[Part] = []
        self._text: list[str] = []

    def cut(self, quoted: bool) -> None:
        if quoted:
            self._quoted("")
        else:
            self._plain()
        self._flush(quoted)

    def _flush(self, quoted: bool = False) -> None:
        if self._text:
            self.found.append(Part("text", "".join(self._text), quoted))
            self._text = []

    def _add(self, part: Part) -> None:
        self._flush()
        self.found.append(part)

    def _plain(self) -> None:
        word = self.word
        while self.at < len(word):
            char = word[self.at]
            following = word[self.at + 1 : self.at + 2]
            if char == "\\":
                if following != "\n":
                    self._text.append(following or "\\")
                self.at += 2
            elif char == "'":
                end = word.find("'", self.at + 1)
                end = len(word) if end < 0 else end
                self._text.append(word[self.at + 1 : end])
                self._add(Part("text", "", True))
                self.at = end + 1
            elif char == '"':
                self.at += 1
                self._add(Part("text", "", True))
                self._quoted('"')
                self.at += 1
            elif char == "$" and following == "'":
                self._ansi()
            elif char == "$" and following == '"':
                self.at += 1
            elif char in "$`":
                self._expansion(False)
            elif char in "<>" and following == "(":
                end = end_of_expansion(word[: self.at] + "$" + word[self.at + 1 :], self.at)
                self._add(Part("process", word[self.at + 2 : end - 1], False, char))
                self.at = end
            elif char in "?*+@!" and following == "(":
                mark, self.at = group(word, self.at)
                self._text.append(mark)
            else:
                self._wild(char)

    def _wild(self, char: str) -> None:
        word = self.word
        if char == "*":
            deep = word.startswith("**", self.at)
            self._text.append(DEEP if deep else STAR)
            self.at += 2 if deep else 1
            return
        if char == "[":
            end = globs.end_of_set(word, self.at)
            body = _unquoted_set(word[self.at + 1 : end]) if end > 0 else ""
            if body:
                self._text.append(ONE if "$" in body else globs.one_of(body))
                self.at = end + 1
                return
        if char == "~" and not self.at:
            char = HOME
        self._text.append({"?": ONE, "{": OPEN, ",": COMMA, "}": CLOSE}.get(char, char))
        self.at += 1

    def _quoted(self, closing: str) -> None:
        word = self.word
        while self.at < len(word) and word[self.at] != (closing or "\0"):
            char = word[self.at]
            if char == "\\":
                following = word[self.at + 1 : self.at + 2]
                if following not in ("$", "`", "\\", "\n") and following != (closing or "\0"):
                    self._text.append("\\")
                if following != "\n":
                    self._text.append(following)
                self.at += 2
            elif char in "$`":
                self._expansion(True)
            else:
                self._text.append(char)
                self.at += 1

    def _ansi(self) -> None:
        word, start = self.word, self.at + 2
        self.at = start
        while self.at < len(word) and word[self.at] != "'":
            self.at += 2 if word[self.at] == "\\" else 1
        self._text.append(ansi(word[start : self.at]))
        self._add(Part("text", "", True))
        self.at += 1

    def _expansion(self, quoted: bool) -> None:
        word, at = self.word, self.at
        following = word[at + 1 : at + 2]
        if word[at] == "`":
            end = end_of_expansion(word, at)
            source = word[at + 1 : end - 1].replace("\\`", "`").replace("\\\\", "\\")
            self._add(Part("command", source.replace("\\$", "$"), quoted))
        elif following == "(":
            end = end_of_expansion(word, at)
            if word.startswith("$((", at) and word[end - 2 : end] == "))":
                self._add(Part("arithmetic", word[at + 3 : end - 2], quoted))
            else:
                self._add(Part("command", word[at + 2 : end - 1], quoted))
        elif following == "[":
            end = word.find("]", at)
            end = len(word) if end < 0 else end + 1
            self._add(Part("arithmetic", word[at + 2 : end - 1], quoted))
        elif following == "{":
            end = end_of_expansion(word, at)
            self._add(_braced_variable(word[at + 2 : end - 1], quoted))
        elif following in _SPECIAL and following:
            end = at + 2
            self._add(Part("variable", following, quoted))
        elif following in _NAME and following:
            end = at + 1
            while end < len(word) and word[end] in _NAME:
                end += 1
            self._add(Part("variable", word[at + 1 : end], quoted))
        else:
            end = at + 1
            self._text.append(word[at])
        self.at = end


def group(word: str, at: int) -> tuple[str, int]:
    """(mark, where it ends) of the `@(one|other)` at this place."""
    end, depth = at + 2, 1
    cuts = [at + 1]
    while end < len(word) and depth:
        char = word[end]
        if char == "\\":
            end += 1
        elif char in "'\"":
            close = word.find(char, end + 1)
            end = len(word) if close < 0 else close
        else:
            depth += (char == "(") - (char == ")")
            if not depth or (depth == 1 and char == "|"):
                cuts.append(end)
        end += 1
    inner = [parts(word[a + 1 : b]) for a, b in zip(cuts, cuts[1:])]
    if depth or any(part.kind != "text" for pieces in inner for part in pieces):
        return STAR, end
    texts = ["".join(part.text for part in pieces) for pieces in inner]
    return globs.group(word[at], [_unbraced(text) for text in texts]), end


def _bracket(text: str) -> int:
    """Where the `]` of the `[` in front is, or -1."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if not depth:
            return at
    return -1


def _unquoted_set(body: str) -> str:
    """What is between the brackets, where it may be a set."""
    if "'" not in body and '"' not in body:
        return "" if " " in body else body
    out = []
    quote = ""
    for char in body:
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        else:
            out.append("\\" + char if quote and char in "!^-]\\[" else char)
    return "" if quote else "".join(out)


def _unbraced(text: str) -> str:
    return text.replace(OPEN, "{").replace(COMMA, ",").replace(CLOSE, "}").replace(HOME, "~")


def ansi(text: str) -> str:
    """What `$'text'` stands for."""
    out = []
    at = 0
    while at < len(text):
        piece, at = unescaped(text, at) if text[at] == "\\" else (text[at], at + 1)
        out.append(piece)
    return "".join(out)


def unescaped(word: str, at: int) -> tuple[str, int]:
    """(text, where it ends) of the escape at `at`, as in `$'...'` and `printf`."""
    char = word[at + 1 : at + 2]
    if char in _ESCAPES and char:
        return _ESCAPES[char], at + 2
    for signs, digits, base, most in (
        ("xuU", "0123456789abcdefABCDEF", 16, 8),
        ("", "01234567", 8, 3),
    ):
        start = at + 2 if signs else at + 1
        if signs and (not char or char not in signs):
            continue
        end = start
        limit = {"x": 2, "u": 4}.get(char, most) if signs else most
        while end < len(word) and end - start < limit and word[end] in digits:
            end += 1
        if end > start:
            number = int(word[start:end], base)
            return (chr(number) if number < 0x110000 else "?"), end
    return "\\" + char, at + 2


def _braced_variable(text: str, quoted: bool) -> Part:
    """`${text}`."""
    if text[:1] == "#" and len(text) > 1:
        name, _, index = text[1:].partition("[")
        return Part("variable", name, quoted, "length", "", index.rstrip("]"))
    operator = "!" if text[:1] == "!" else ""
    text = text[1:] if operator else text
    end = 0
    while end < len(text) and text[end] in _NAME:
        end += 1
    if not end and text[:1] in _SPECIAL:
        end = 1
    name, rest, index = text[:end], text[end:], ""
    if rest[:1] == "[":
        close = _bracket(rest)
        index, rest = rest[1:close], rest[close + 1 :] if close > 0 else ""
    if operator:
        return Part("variable", name, quoted, "!", rest, index)
    for operator in (":-", ":=", ":+", ":?", "##", "%%", "//", "/#", "/%", "^^", ",,"):
        if rest.startswith(operator):
            return Part("variable", name, quoted, operator, rest[2:], index)
    return Part("variable", name, quoted, rest[:1], rest[1:], index)
