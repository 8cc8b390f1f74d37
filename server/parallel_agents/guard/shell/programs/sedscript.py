"""What a script of sed makes of lines that are known."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known
from parallel_agents.guard.shell.programs import patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    Address = int | re.Pattern[str] | None

_MOST = 24
"""Commands of a script that is followed."""


class Unclear(Exception):
    """Raised for a script that is not followed."""


class _Command:
    __slots__ = ("first", "last", "name", "negated", "new", "old", "options", "ranged")

    def __init__(self) -> None:
        self.first: Address = None
        self.last: Address = None
        self.ranged = False
        self.negated = False
        self.name = ""
        self.old: re.Pattern[str] | None = None
        self.new = ""
        self.options = ""


class Script:
    """A parsed script. Raises `Unclear` where it is not one that is followed."""

    def __init__(self, text: str, *, extended: bool, quiet: bool) -> None:
        self.text = text
        self.at = 0
        self.extended = extended
        self.quiet = quiet
        self.commands: list[_Command] = []
        while self._skip("; \n\t"):
            if len(self.commands) >= _MOST:
                raise Unclear
            self.commands.append(self._command())

    # -- reading the script

    def _skip(self, signs: str) -> bool:
        while self.at < len(self.text) and self.text[self.at] in signs:
            self.at += 1
        return self.at < len(self.text)

    def _command(self) -> _Command:
        made = _Command()
        made.first = self._address()
        if self.text[self.at : self.at + 1] == ",":
            self.at += 1
            made.ranged = True
            made.last = self._address()
            if made.last is None:
                raise Unclear
        self._skip(" \t")
        while self.text[self.at : self.at + 1] == "!":
            made.negated = True
            self.at += 1
        made.name = self.text[self.at : self.at + 1]
        self.at += 1
        if made.name == "s":
            sign = self.text[self.at : self.at + 1]
            self.at += 1
            old, new = self._until(sign), self._until(sign)
            start = self.at
            while self.text[self.at : self.at + 1] in tuple("gpiI0123456789"):
                self.at += 1
            made.options = self.text[start : self.at]
            made.old = self._compiled(old.replace("\\" + sign, sign), made.options)
            made.new = new.replace("\\" + sign, sign)
        elif made.name not in ("d", "p", "q", "="):
            raise Unclear
        if self.text[self.at : self.at + 1] not in ("", ";", "\n", " "):
            raise Unclear
        return made

    def _address(self) -> Address:
        char = self.text[self.at : self.at + 1]
        if char.isdecimal():
            start = self.at
            while self.text[self.at : self.at + 1].isdecimal():
                self.at += 1
            if self.text[self.at : self.at + 1] == "~":
                raise Unclear
            return int(self.text[start : self.at])
        if char == "$":
            self.at += 1
            return -1
        if char == "/":
            self.at += 1
            found = self._compiled(self._until("/").replace("\\/", "/"), "")
            if self.text[self.at : self.at + 1] == "I":
                raise Unclear
            return found
        return None

    def _until(self, sign: str) -> str:
        """The text up to the next `sign`, behind which reading goes on."""
        if not sign or sign in "\\\n":
            raise Unclear
        start = self.at
        while self.at < len(self.text) and self.text[self.at] != sign:
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise Unclear
        self.at += 1
        return self.text[start : self.at - 1]

    def _compiled(self, text: str, options: str) -> re.Pattern[str]:
        fold = "i" in options or "I" in options
        found = patterns.compiled(text, basic=not self.extended, fold=fold)
        if found is None or not text:
            raise Unclear
        return found

    # -- what it makes of lines

    def whole(self, lines: list[str]) -> list[str] | None:
        """What it prints for these lines; None where one of them is too long to be tried."""
        if any(len(line) > patterns.LONGEST_LINE for line in lines):
            return None
        out: list[str] = []
        begun: dict[int, bool] = {}
        for number, line in enumerate(lines, 1):
            last = number == len(lines)
            shown = not self.quiet
            for place, command in enumerate(self.commands):
                if self._applies(command, place, line, number, last, begun) == command.negated:
                    continue
                if command.name == "d":
                    shown = False
                    break
                if command.name == "p":
                    out.append(line)
                elif command.name == "=":
                    out.append(str(number))
                elif command.name == "q":
                    return [*out, line] if shown else out
                else:
                    line, changed = _replaced(command, line)
                    if changed and "p" in command.options:
                        out.append(line)
            if shown:
                out.append(line)
        return out

    def _applies(
        self,
        command: _Command,
        place: int,
        line: str,
        number: int,
        last: bool,
        begun: dict[int, bool],
    ) -> bool:
        if command.first is None:
            return True
        if not command.ranged:
            return _at(command.first, line, number, last)
        if begun.get(place):
            ends = _at(command.last, line, number, last)
            if isinstance(command.last, int) and 0 <= command.last <= number:
                ends = True
            begun[place] = not ends
            return True
        if not _at(command.first, line, number, last):
            return False
        begun[place] = not (isinstance(command.last, int) and 0 <= command.last <= number)
        return True

    def one(self, line: str) -> list[str]:
        """What may be printed for a line of which the place is not known."""
        lines, out = [line], []
        for command in self.commands:
            sure = command.first is None and not command.negated
            changed: list[str] = []
            for each in lines:
                applies = self._may(command, each)
                if applies is not False and command.name == "p":
                    out.append(each)
                if applies is False or command.name in ("p", "q", "="):
                    changed.append(each)
                    continue
                if applies is None and not sure:
                    changed.append(each)
                if command.name == "s":
                    new, _ = _replaced(command, each)
                    changed.append(new)
                    if "p" in command.options and new != each:
                        out.append(new)
            lines = list(dict.fromkeys(changed))[:16]
        return out if self.quiet else [*out, *lines]

    def _may(self, command: _Command, line: str) -> bool | None:
        if command.first is None:
            return not command.negated
        if command.ranged or isinstance(command.first, int) or not is_known(line):
            return None
        return _at(command.first, line, 0, False) != command.negated


def _at(address: Address, line: str, number: int, last: bool) -> bool:
    if isinstance(address, int):
        return number == address or (address < 0 and last)
    return address is not None and address.search(line) is not None


def _replaced(command: _Command, line: str) -> tuple[str, bool]:
    """(the line after an `s`, whether it is another one)."""
    old = command.old
    if old is None:
        return line, False
    if not is_known(line):
        if old.pattern == "^" and is_known(_filled(command.new, None)):
            return _filled(command.new, None) + line, True
        return UNKNOWN, True
    if len(line) > patterns.LONGEST_LINE:
        return UNKNOWN, True
    digits = "".join(c for c in command.options if c.isdecimal())
    if digits and digits != "1":
        return UNKNOWN, True
    count = 0 if "g" in command.options else 1
    new, times = old.subn(lambda found: _filled(command.new, found), line, count=count)
    return new, times > 0


def _filled(new: str, found: re.Match[str] | None) -> str:
    """The replacement, with what was found in place of `&` and `\\1`."""
    out: list[str] = []
    at = 0
    while at < len(new):
        char = new[at]
        if char == "&":
            out.append(found.group() if found is not None else UNKNOWN)
        elif char == "\\" and new[at + 1 : at + 2].isdecimal():
            group = int(new[at + 1])
            known = found is not None and group <= (found.re.groups or 0)
            out.append((found.group(group) or "") if known and found is not None else UNKNOWN)
            at += 1
        elif char == "\\" and at + 1 < len(new):
            out.append({"n": "\n", "t": "\t"}.get(new[at + 1], new[at + 1]))
            at += 1
        else:
            out.append(char)
        at += 1
    return "".join(out)
