"""Follows what a project calls its commands: scripts of package.json, targets of a Makefile."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import policy
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_RUNS = frozenset(("run", "run-script", "rum", "urn"))
_SHORT = frozenset(("test", "start", "stop", "restart", "t", "tst"))
_MAKE = frozenset(
    ("-C", "--directory", "-f", "--file", "--makefile", "-j", "-l", "-I", "-o", "-W", "--jobs")
)


_OWN = names(
    """
    help info list ls why outdated audit cache config link login logout node pack publish dlx exec
    init create store root bin licenses prune rebuild setup workspaces workspace x build
    """
)
"""Commands of the package managers themselves."""


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where the program is to be looked up in the policy table."""
    if name in ("make", "gmake"):
        return _make(run, name, given, state)
    if name in ("just", "task"):
        run.effects.unknown(f"`{name}` runs code that is not seen")
        return UNSEEN
    return _package(run, name, given, state)


def _package(run: Interpreter, name: str, given: list[Values], state: State) -> Stream | None:
    parsed = Given(
        given, frozenset(("--prefix", "-C", "--cwd", "--dir", "-w", "--workspace", "-F"))
    )
    words = [v[0] for v in parsed.words]
    if not words:
        return None
    if words[0] in _RUNS:
        script = words[1] if len(words) > 1 else ""
    elif words[0] in _SHORT or name != "npm":
        script = {"t": "test", "tst": "test"}.get(words[0], words[0])
    else:
        return None
    rest = _behind(given, words[1] if words[0] in _RUNS and len(words) > 1 else words[0])
    folder = (parsed.value("--prefix", "-C", "--cwd", "--dir") or (".",))[0]
    scripts, where = _scripts(run, folder, state)
    if script not in scripts:
        if words[0] in _RUNS or words[0] in _SHORT:
            run.effects.unknown(f"`{name} {script}` runs code that is not seen")
            return UNSEEN
        own = policy.rules(f"{name}.{script}") is not None or script in _OWN
        if name in ("yarn", "pnpm", "bun") and (_tool(where, script) or not own):
            from parallel_agents.guard.shell.programs import invocation

            inner = state.copy()
            inner.cwds = (where,)
            return invocation.program(run, script, rest, inner, UNSEEN)
        return None
    inner = state.copy()
    inner.cwds = (where,)
    run.budget.enter()
    for key in (f"pre{script}", script, f"post{script}"):
        code = scripts.get(key)
        if code is not None:
            extra = " ".join(_quoted(v) for v in rest) if key == script else ""
            run.inner(f"{code} {extra}".strip(), inner)
    run.budget.leave()
    return UNSEEN


def _behind(given: list[Values], word: str) -> list[Values]:
    """The arguments that a script is given, without the `--` in front of them."""
    at = given.index((word,)) + 1 if (word,) in given else len(given)
    rest = given[at:]
    return rest[1:] if rest[:1] == [("--",)] else rest


def _tool(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, "node_modules", ".bin", name))


def _scripts(run: Interpreter, folder: str, state: State) -> tuple[dict[str, str], str]:
    """(scripts by name, the folder of the package.json that has them)."""
    for start in run.absolute(folder, state):
        at = start
        while is_known(at):
            path = os.path.join(at, "package.json")
            stream = run.contents_of(path)
            if stream.texts is not None and stream.texts[0] != UNKNOWN:
                return _parsed(stream.texts[0]), at
            parent = os.path.dirname(at)
            if parent == at:
                break
            at = parent
        return {}, start
    return {}, folder


def _parsed(text: str) -> dict[str, str]:
    import json

    try:
        found = json.loads(text)
        scripts = found.get("scripts", {}) if isinstance(found, dict) else {}
        return {k: v for k, v in scripts.items() if isinstance(v, str)}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _quoted(values: Values) -> str:
    return "'" + values[0].replace("'", "'\\''") + "'"


def _make(run: Interpreter, name: str, given: list[Values], state: State) -> Stream:
    parsed = Given(given, _MAKE)
    if parsed.has("-n", "--dry-run", "--just-print", "--recon", "-q", "-v", "--version", "-p"):
        return UNSEEN
    folder = (parsed.value("-C", "--directory") or (".",))[0]
    inner = state.copy()
    inner.cwds = tuple(run.absolute(folder, state))
    run.effects.unknown(f"`{name}` runs code that is not seen")
    files = parsed.value("-f", "--file", "--makefile") or ("GNUmakefile", "makefile", "Makefile")
    text = None
    for file in files:
        for path in run.absolute(file, inner):
            stream = run.contents_of(path)
            if text is None and stream.texts is not None and stream.texts[0] != UNKNOWN:
                text = stream.texts[0]
    if text is None:
        return UNSEEN
    targets = [v[0] for v in parsed.words if "=" not in v[0]]
    given_variables = dict(v[0].split("=", 1) for v in parsed.words if "=" in v[0])
    recipe = _Makefile(text, given_variables)
    for line in recipe.lines(targets or [recipe.first]):
        run.inner(line, inner)
    return UNSEEN


class _Makefile:
    """Rules and plain variables of a Makefile; what it computes otherwise is not known."""

    def __init__(self, text: str, given: dict[str, str]) -> None:
        self.first = ""
        self.rules: dict[str, tuple[list[str], list[str]]] = {}
        self.variables: dict[str, str] = {"MAKE": "make", "CURDIR": "."}
        current: list[str] = []
        text = text.replace("\\\n\t", " ").replace("\\\n", " ")
        for line in text.split("\n"):
            if line.startswith("\t"):
                for target in current:
                    self.rules[target][1].append(line.strip())
                continue
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, sign, value = _assignment(line)
            if sign:
                if sign == "+=":
                    value = f"{self.variables.get(name, '')} {value}"
                if sign != "?=" or name not in self.variables:
                    self.variables[name] = value
                continue
            head, colon, needs = line.partition(":")
            if not colon:
                continue
            needs, _, inline = needs.lstrip(":").partition(";")
            current = head.split()
            for target in current:
                known = self.rules.setdefault(target, ([], []))
                known[0].extend(n for n in needs.split() if n != "|")
                if inline:
                    known[1].append(inline.strip())
                if not self.first and target[:1] != "." and "%" not in target:
                    self.first = target
        self.variables.update(given)

    def lines(self, targets: list[str]) -> list[str]:
        """The commands that making these targets may run, variables filled in."""
        found: list[str] = []
        done: set[str] = set()
        todo = list(targets)
        while todo and len(done) < 100:
            target = todo.pop(0)
            if target in done or target not in self.rules:
                continue
            done.add(target)
            needs, code = self.rules[target]
            todo += [word for need in needs for word in self.filled(need).split()]
            found += [self.filled(line.lstrip("@-+ "), target, needs) for line in code]
        return found

    def filled(self, text: str, target: str = "", needs: list[str] | None = None) -> str:
        """`text` with variables as their values; what is not known becomes a shell variable."""
        for _ in range(8):
            at = text.find("$")
            out = []
            last = 0
            changed = False
            while at >= 0:
                sign = text[at + 1 : at + 2]
                value, end = "$", at + 1
                if sign == "$":
                    value, end = "\0", at + 2
                elif sign in ("(", "{"):
                    end = text.find(")" if sign == "(" else "}", at) + 1
                    if not end:
                        break
                    name = text[at + 2 : end - 1]
                    value = self.variables.get(name, "\0{__made_by_make}")
                    if name.startswith("shell "):
                        value = "\0(" + name[6:] + ")"
                    changed = True
                elif sign == "@":
                    value, end, changed = target, at + 2, True
                elif sign in ("<", "^", "?") and sign:
                    all_of = needs or [""]
                    value = all_of[0] if sign == "<" else " ".join(all_of)
                    end, changed = at + 2, True
                out += [text[last:at], value]
                last = end
                at = text.find("$", last)
            text = "".join(out) + text[last:]
            if not changed or len(text) > 8192:
                break
        return text.replace("\0", "$")


def _assignment(line: str) -> tuple[str, str, str]:
    for sign in ("::=", ":=", "?=", "+=", "="):
        name, found, value = line.partition(sign)
        name = name.strip().removeprefix("export ").removeprefix("override ").strip()
        if found and name and ":" not in name and " " not in name and "\t" not in name:
            return name, sign, value.strip()
    return "", "", ""
