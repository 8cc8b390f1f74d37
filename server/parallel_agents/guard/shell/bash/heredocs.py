"""Takes the here-documents out of a command, and writes otherwise what the grammar gets wrong.

A here-document becomes `< /:here:N`, a name that cannot be a file's. The scan knows quotes,
comments, arithmetic and substitutions as far as telling an operator from a text needs it.
"""

from __future__ import annotations

MARK = "/:here:"
"""What stands in the place of a here-document is this and its number."""

_BREAKS = " \t\n;|&()<>"


_ODD = ("for ", "@(", "+(", "?(", "*(", "!(", "<<", "<>", ";&", '$"', "}>", "}<", "|&", "[ ", "/$")
_IN_FRONT = frozenset(("if", "then", "elif", "else", "while", "until", "do", "!", "time"))
"""Words behind which a command starts."""

BOTH = "/:both:"
"""In front of the name of a file that is opened to be read and written."""
NUMBERED = 200
"""Numbers from here on stand for a `{name}` in front of a redirection: its place follows."""

EXPANDED, RAW, WORD = "expanded", "raw", "word"
"""How a document becomes a text: as in double quotes, as it is, or as the word of a `<<<`."""


def taken_out(text: str, documents: list[tuple[str, str]]) -> str:
    """The command without its here-documents, whose bodies are appended to `documents`.

    A body comes with how it becomes a text.
    """
    if not any(odd in text for odd in _ODD):
        return text
    scan = Scan(text, documents)
    scan.commands("")
    return "".join(scan.out)


def end_of_expansion(text: str, at: int) -> int:
    """Where the `$(`, `${`, `$((` or backquote that starts at `at` ends."""
    scan = Scan(text, [])
    scan.at = at
    if text[at] == "`":
        scan.at += 1
        scan.commands("`")
    else:
        scan.dollar()
    return scan.at


class Scan:
    """One pass over a command's text, copying it to `out`."""

    def __init__(self, text: str, documents: list[tuple[str, str]]) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.documents = documents
        self._due: list[tuple[str, str, bool, int]] = []
        self._depth = 0

    def commands(self, closing: str) -> None:
        """Copy up to and including the unquoted `closing`, or to the end."""
        text, out = self.text, self.out
        self._depth += 1
        parens = 0
        while self.at < len(text):
            char = text[self.at]
            if char == closing == ")" and parens:
                parens -= 1
            elif char == closing:
                self.copy(1)
                break
            elif char == "(" and closing == ")":
                parens += 1
            if char == "\\":
                self.copy(2)
            elif char == "'":
                self.copy_to("'", 1)
            elif char == '"':
                self.string()
            elif char == "`" and self._depth < 40:
                self.copy(1)
                if closing != "`":
                    self.commands("`")
            elif char == "$" and self.at + 1 < len(text):
                self.dollar()
            elif char == "#" and (not self.at or text[self.at - 1] in _BREAKS):
                self.copy_to("\n", 1, inclusive=False)
            elif char == "(" and text.startswith("((", self.at):
                self.arithmetic()
            elif char == "\n":
                self.copy(1)
                self.bodies()
            elif char == "<" and text.startswith("<<", self.at):
                self.here()
            elif char == "<" and text.startswith("<>", self.at):
                out.append(">> " + BOTH)
                self.at += 2
                while text[self.at : self.at + 1] in (" ", "\t"):
                    self.at += 1
            elif char == "|" and text.startswith("|&", self.at):
                out.append(" 2>&1 |")
                self.at += 2
            elif char == ";" and text.startswith(";;&", self.at):
                out.append(";;")
                self.at += 3
            elif char == ";" and text.startswith(";&", self.at):
                out.append(";;")
                self.at += 2
            elif self.rewritten(char):
                pass
            elif char == "[" and text.startswith("[ ", self.at) and self.starts():
                out.append("test")  # what it is; the grammar knows no `\\>` and `\\(` in it
                self.at += 1
            else:
                self.copy(1)
        self._depth -= 1

    def starts(self) -> bool:
        """Whether a command starts here."""
        before = self.text[max(self.at - 40, 0) : self.at].rstrip(" \t")
        if not before or before[-1] in "\n;&|({`":
            return True
        word = before[max(before.rfind(sign) for sign in " \t\n;&|({`") + 1 :]
        return word in _IN_FRONT

    def copy(self, count: int) -> None:
        self.out.append(self.text[self.at : self.at + count])
        self.at += count

    def copy_to(self, char: str, start: int, *, inclusive: bool = True) -> None:
        end = self.text.find(char, self.at + start)
        end = len(self.text) if end < 0 else end + inclusive
        self.out.append(self.text[self.at : end])
        self.at = end

    def string(self) -> None:
        text = self.text
        self.copy(1)
        while self.at < len(text):
            char = text[self.at]
            if char == "\\":
                self.copy(2)
            elif char == '"':
                self.copy(1)
                return
            elif char == "`" and self._depth < 40:
                self.copy(1)
                self.commands("`")
            elif char == "$" and text.startswith("$(", self.at) and self._depth < 40:
                self.dollar()
            else:
                self.copy(1)

    def dollar(self) -> None:
        text, at = self.text, self.at
        if text.startswith("$((", at):
            self.copy(1)
            self.arithmetic()
        elif text.startswith("$(", at) and self._depth < 40:
            self.copy(2)
            self.commands(")")
        elif text.startswith("$'", at):
            self.copy(2)
            while self.at < len(text) and text[self.at] != "'":
                self.copy(2 if text[self.at] == "\\" else 1)
            self.copy(1)
        elif text.startswith('$"', at):
            self.at += 1  # a text to be translated: a string for us
            self.string()
        elif text.startswith("${", at):
            self.copy(2)
            depth = 1
            while self.at < len(text) and depth:
                char = text[self.at]
                if char == "\\":
                    self.copy(2)
                elif char == "'" and self._depth < 40:
                    self.copy_to("'", 1)
                elif char == '"':
                    self.string()
                elif char == "$" and text.startswith(("$(", "${"), self.at) and self._depth < 40:
                    self._depth += 1
                    self.dollar()
                    self._depth -= 1
                else:
                    depth += (char == "{") - (char == "}")
                    self.copy(1)
        elif text[at - 1 : at] == "/" and (text[at + 1].isalpha() or text[at + 1] == "_"):
            # Of `$a/$b.c` the grammar makes two words, of `$a/${b}.c` one.
            end = at + 1
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            self.out.append("${" + text[at + 1 : end] + "}")
            self.at = end
        else:
            self.copy(2)

    def arithmetic(self) -> None:
        """Copy `((...))`; where it is two groups instead, it is copied as what it is."""
        text = self.text
        depth = 0
        end = self.at
        while end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
            if not depth:
                break
        if text[end - 2 : end] == "))" and "\n" not in text[self.at : end]:
            self.copy(end - self.at)
        else:
            self.copy(1)
            if self._depth < 40:
                self.commands(")")

    def here(self) -> None:
        text = self.text
        if text.startswith("<<<", self.at):
            self._here_string()
            return
        self.at += 2
        tabs = text.startswith("-", self.at)
        self.at += tabs
        while text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        tag: list[str] = []
        raw = False
        while self.at < len(text) and text[self.at] not in _BREAKS:
            char = text[self.at]
            if char in "'\"":
                raw = True
                end = text.find(char, self.at + 1)
                end = len(text) if end < 0 else end
                tag.append(text[self.at + 1 : end])
                self.at = end + 1
            elif char == "\\":
                raw = True
                tag.append(text[self.at + 1 : self.at + 2])
                self.at += 2
            elif char == "$" and text[self.at + 1 : self.at + 2] in ("'", '"'):
                self.at += 1
            else:
                tag.append(char)
                self.at += 1
        kind = RAW if raw else EXPANDED
        self._due.append(("".join(tag), kind, tabs, len(self.documents)))
        self._put("", kind)

    def _put(self, text: str, kind: str) -> None:
        self.out.append(f"< {MARK}{len(self.documents)} ")
        self.documents.append((text, kind))

    def _here_string(self) -> None:
        self.at += 3
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        start = self.at
        kept, self.out = self.out, []
        while self.at < len(self.text) and self.text[self.at] not in " \t\n;|&<>)":
            char = self.text[self.at]
            if char == "'":
                self.copy_to("'", 1)
            elif char == '"':
                self.string()
            elif char == "$" and self.at + 1 < len(self.text):
                self.dollar()
            elif char == "`" and self._depth < 40:
                self.copy(1)
                self.commands("`")
            else:
                self.copy(2 if char == "\\" else 1)
        self.out = kept
        self._put(self.text[start : self.at], WORD)

    def bodies(self) -> None:
        """Behind the end of a line: what its here-documents say."""
        due, self._due = self._due, []
        for tag, kind, tabs, number in due:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                line = line.lstrip("\t") if tabs else line
                if line == tag:
                    break
                lines.append(line + "\n")
            self.documents[number] = ("".join(lines), kind)

    def rewritten(self, char: str) -> bool:
        """Whether something that the grammar gets wrong starts here, which is then passed."""
        if char == "{":
            return self.descriptor()
        if char == "f" and self.text.startswith("for ", self.at):
            return self.starts() and self.each()
        return char in "@+?*!" and self.text.startswith("(", self.at + 1) and self.pattern()

    def each(self) -> bool:
        """Put a `;` into `for name do`."""
        name, blank, rest = self.text[self.at + 4 : self.at + 80].lstrip().partition(" ")
        if not name.isidentifier() or not blank or rest.lstrip()[:3] not in ("do ", "do\n"):
            return False
        self.out.append(f"for {name}; ")
        self.at = self.text.index("do", self.at + 4 + len(name))
        return True

    def pattern(self) -> bool:
        """Put the mark of an extended pattern in its place; the grammar knows none in words."""
        text, at = self.text, self.at
        line = text[text.rfind("\n", 0, at) + 1 : at]
        if (text[at] == "!" and self.starts()) or "=~" in line.rpartition("[[")[2]:
            return False
        from parallel_agents.guard.shell.bash import wordparts

        mark, self.at = wordparts.group(text, at)
        self.out.append(mark)
        return True

    def descriptor(self) -> bool:
        """Put a number for `{name}` in front of a redirection."""
        end = self.text.find("}", self.at, self.at + 64)
        if end < 0 or self.text[end + 1 : end + 2] not in ("<", ">"):
            return False
        if not self.text[self.at + 1 : end].isidentifier():
            return False
        if self.at and self.text[self.at - 1] not in _BREAKS:
            return False
        self.out.append(str(NUMBERED + len(self.documents)))
        self.documents.append((self.text[self.at + 1 : end], RAW))
        self.at = end + 1
        return True
