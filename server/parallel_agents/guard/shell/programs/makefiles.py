"""Makefiles: rules, variables and functions, as far as reading them says what would run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

UNSAID = "\0{__made_by_make}"
"""A variable of the shell that nobody sets: what is not known."""

_LONGEST = 8192
_MOST_TARGETS = 100
_SIGNS = (":::=", "::=", ":=", "?=", "+=", "!=", "=")


class Makefile:
    """Rules and variables; `included` gives the text of a file by its name, or None."""

    def __init__(
        self,
        text: str,
        given: dict[str, str],
        included: Callable[[str], str | None],
        around: dict[str, str],
    ) -> None:
        self.first = ""
        self.rules: dict[str, tuple[list[str], list[str]]] = {}
        self.variables = {**around, "MAKE": "make", "CURDIR": ".", "SHELL": "sh", "RM": "rm -f"}
        self.given = given
        self.at_once: list[str] = []
        """Commands that run when the file is read: `X := $(shell ...)`."""
        self._included = included
        self._files = 0
        self._depth = 0
        self._read(text)

    def _read(self, text: str) -> None:
        self._files += 1
        current: list[str] = []
        name = ""
        text = text.replace("\\\n\t", " ").replace("\\\n", " ")
        for line in text.split("\n"):
            plain = line.strip()
            if name:
                if plain.startswith("endef"):
                    name = ""
                else:
                    known = self.variables[name]
                    self.variables[name] = f"{known}\n{line}" if known else line
            elif line.startswith("\t"):
                for target in current:
                    self.rules[target][1].append(plain)
            elif plain.startswith(("include ", "-include ", "sinclude ")):
                for file in self.filled(plain.partition(" ")[2]).split():
                    inner = self._included(file) if self._files < 10 else None
                    if inner is not None:
                        self._read(inner)
            elif plain.startswith("define "):
                name = plain[7:].split("=")[0].strip(" :+?")
                self.variables[name] = ""
            elif plain and not plain.startswith("#"):
                current = self._statement(line) or current

    def _statement(self, line: str) -> list[str]:
        """Read an assignment, or the head of a rule: its targets."""
        name, sign, value = _assignment(line)
        if sign:
            self._assign(name, sign, value)
            return []
        head, colon, needs = line.partition(":")
        if not colon:
            if line.lstrip().startswith("$("):
                self.at_once.append(self.filled(line))
            return []
        needs, _, inline = needs.lstrip(":").partition(";")
        inner, sign, value = _assignment(needs)
        if sign:  # a variable for these targets alone
            self._assign(inner, sign, value)
            return []
        if ":" in needs:  # a static pattern
            needs = needs.partition(":")[2]
        current = self.filled(head).split()
        for target in current:
            known = self.rules.setdefault(target, ([], []))
            known[0].extend(n for n in self.filled(needs).split() if n != "|")
            if inline:
                known[1].append(inline.strip())
            if not self.first and target[:1] != "." and "%" not in target:
                self.first = target
        return current

    def _assign(self, name: str, sign: str, value: str) -> None:
        if name in self.given:
            return
        if sign == "!=":
            value = f"$(shell {value})"
        if "$(shell" in value and sign in (":=", "::=", "!="):
            self.at_once.append("echo " + self.filled(value))
        if sign == "+=":
            value = f"{self.variables.get(name, '')} {value}"
        if sign in (":=", "::="):
            value = self.filled(value).replace("\0", "$$")
        if sign != "?=" or name not in self.variables:
            self.variables[name] = value

    def lines(self, targets: list[str]) -> list[str]:
        """The commands that making these targets may run, variables filled in."""
        found: list[str] = list(self.at_once)
        done: set[str] = set()
        todo = list(targets or [self.first])
        while todo and len(done) < _MOST_TARGETS:
            target = todo.pop(0)
            if target in done:
                continue
            done.add(target)
            for needs, code, stem in self._rules(target):
                todo += needs
                lines = [
                    self.filled(part.lstrip("@-+ "), target, needs, stem)
                    for line in code
                    for part in self._parts(line)
                ]
                found += ["\n".join(lines)] if ".ONESHELL" in self.rules else lines
        return found

    def _parts(self, line: str) -> list[str]:
        """A line of a recipe; where it is nothing but what `define` made, its lines."""
        name = line.lstrip("@-+ ")[2:-1]
        if line.lstrip("@-+ ")[:2] in ("$(", "${") and "\n" in self.variables.get(name, ""):
            return [part.strip() for part in self.variables[name].split("\n")]
        return [line]

    def _rules(self, target: str) -> list[tuple[list[str], list[str], str]]:
        """(needs, commands, stem) of the rules for a target."""
        if target in self.rules and self.rules[target][1]:
            return [(*self.rules[target], target.rpartition(".")[0])]
        found = [(*self.rules[target], "")] if target in self.rules else []
        for pattern, (needs, code) in self.rules.items():
            start, percent, end = pattern.partition("%")
            long = len(target) >= len(start) + len(end)
            if percent and long and target.startswith(start) and target.endswith(end):
                stem = target[len(start) : len(target) - len(end)]
                found.append(([n.replace("%", stem) for n in needs], code, stem))
                break
        return found

    def filled(
        self, text: str, target: str = "", needs: list[str] | None = None, stem: str = ""
    ) -> str:
        """`text` with variables and functions as their values, for the shell to read."""
        own = {
            "@": target,
            "<": (needs or [""])[0] if needs else "",
            "^": " ".join(needs or []),
            "+": " ".join(needs or []),
            "?": " ".join(needs or []),
            "*": stem,
            "@D": target.rpartition("/")[0] or ".",
            "@F": target.rpartition("/")[2],
        }
        return self._filled(text, own).replace("\0", "$")

    def _filled(self, text: str, own: dict[str, str]) -> str:
        if "$" not in text:
            return text
        self._depth += 1
        out: list[str] = []
        at, size = 0, 0
        while at < len(text):
            place = text.find("$", at)
            if place < 0 or self._depth > 12 or size > _LONGEST:
                out.append(text[at:])
                break
            out.append(text[at:place])
            sign = text[place + 1 : place + 2]
            at = place + 2
            if sign == "$":
                out.append("\0")
            elif sign in ("(", "{"):
                end = _closing(text, place + 1)
                out.append(self._meant(text[place + 2 : end], own))
                at = end + 1
            else:
                out.append(own.get(sign, self.variables.get(sign, "")))
            size += len(out[-1])
        self._depth -= 1
        return "".join(out)[: 2 * _LONGEST]

    def _meant(self, inside: str, own: dict[str, str]) -> str:
        """What `$(inside)` becomes."""
        name, space, rest = inside.partition(" ")
        if (space and name.isalpha()) or name in ("filter-out",):
            found = self._called(name, rest.strip(), own)
            return UNSAID if found is None else found
        inside = self._filled(inside, own)
        name, colon, change = inside.partition(":")
        if name in own:
            return own[name]
        if name not in self.given and name not in self.variables:
            return UNSAID
        value = self.given.get(name)
        if value is None:
            value = self._filled(self.variables[name], own)
        if not colon:
            return value
        old, _, new = change.partition("=")
        return _each(value, lambda w: w[: len(w) - len(old)] + new if w.endswith(old) else w)

    def _called(self, name: str, rest: str, own: dict[str, str]) -> str | None:
        if name == "shell":
            return "\0(" + self._filled(rest, own) + ")"
        given = _arguments(rest)
        if name == "foreach" and len(given) == 3:
            words = self._filled(given[1], own).split()[:200]
            return " ".join(self._filled(given[2], {**own, given[0].strip(): w}) for w in words)
        if name == "call":
            own = {**own, **{str(at): self._filled(g, own) for at, g in enumerate(given)}}
            return self._filled(self.variables.get(given[0].strip(), UNSAID), own)
        given = [self._filled(g, own) for g in given]
        if name == "file" and given[0].lstrip()[:1] == ">":
            return "\0(: " + given[0] + ")"
        last = given[-1]
        if name in ("wildcard", "strip", "sort", "abspath", "realpath", "eval", "info"):
            return last.strip()
        if name == "notdir":
            return _each(last, lambda w: w.rpartition("/")[2])
        if name == "dir":
            return _each(last, lambda w: w[: w.rfind("/") + 1] or "./")
        if name == "basename":
            return _each(last, lambda w: w.rpartition(".")[0] or w)
        if name in ("firstword", "lastword"):
            words = last.split()
            return (words[0] if name == "firstword" else words[-1]) if words else ""
        if name in ("addprefix", "addsuffix") and len(given) == 2:
            before, after = (given[0], "") if name == "addprefix" else ("", given[0])
            return _each(last, lambda w: before + w + after)
        if name == "subst" and len(given) == 3:
            return last.replace(given[0], given[1]) if given[0] else None
        if name == "patsubst" and len(given) == 3:
            return _each(last, lambda w: _patterned(w, given[0].strip(), given[1].strip()))
        if name in ("filter", "filter-out") and len(given) == 2:
            kept = [
                w
                for w in last.split()
                if any(_stem(w, p) is not None for p in given[0].split()) == (name == "filter")
            ]
            return " ".join(kept) if "*" not in last else last
        return None


def _each(text: str, change: Callable[[str], str]) -> str:
    return " ".join(map(change, text.split()))


def _stem(word: str, pattern: str) -> str | None:
    start, percent, end = pattern.partition("%")
    if not percent:
        return "" if word == pattern else None
    fits = len(word) >= len(start) + len(end) and word.startswith(start) and word.endswith(end)
    return word[len(start) : len(word) - len(end)] if fits else None


def _patterned(word: str, pattern: str, goal: str) -> str:
    stem = _stem(word, pattern)
    return word if stem is None else goal.replace("%", stem)


def _closing(text: str, at: int) -> int:
    """Where the bracket at `at` is closed."""
    opening = text[at]
    closing = ")" if opening == "(" else "}"
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if not depth:
            return place
    return len(text)


def _arguments(text: str) -> list[str]:
    found, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "({") - (char in ")}")
        if char == "," and not depth:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def _assignment(line: str) -> tuple[str, str, str]:
    for sign in _SIGNS:
        name, found, value = line.partition(sign)
        name = name.strip()
        for word in ("export ", "override ", "private "):
            name = name.removeprefix(word).strip()
        if found and name and not frozenset(": \t$(){}").intersection(name):
            return name, sign, value.strip()
    return "", "", ""
