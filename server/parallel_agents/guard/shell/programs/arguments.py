"""Reads the arguments of a program as its line of the policy table says, and tells the effects."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import STAR, UNKNOWN, globbed, is_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

KINDS = {
    "write": effects.WRITE,
    "entry": effects.ENTRY,
    "tree": effects.TREE,
    "format": effects.FORMAT,
    "folder": effects.FOLDER,
    "touch": effects.TOUCH,
}


class Given:
    """Arguments taken apart: words, and options with their values."""

    def __init__(
        self, values: list[Values], valued: frozenset[str], *, whole: bool = False
    ) -> None:
        """`whole`: what follows one dash is one option (`-MMD`), not letters."""
        self.words: list[Values] = []
        self.options: list[tuple[str, Values]] = []
        """(option, value), where it has one."""
        self.flags: set[str] = set()
        """Every option as it is written, and each letter of short ones."""
        rest = list(values)
        while rest:
            value = rest.pop(0)
            text = value[0]
            if text == "--" and len(value) == 1:
                self.words += rest
                break
            if text[:1] != "-" or text == "-" or len(value) > 1:
                self.words.append(value)
                self.flags.add(text)
                continue
            self.flags.add(text)
            name, equals, after = text.partition("=")
            if equals and (name in valued or text.startswith("--")):
                self.flags.add(name)
                self.options.append((name, (after,)))
            elif text in valued:
                if rest:
                    self.options.append((text, rest.pop(0)))
            elif text.startswith("--") or len(text) == 2:
                continue
            elif whole:
                name = next(
                    (text[:n] for n in range(len(text) - 1, 1, -1) if text[:n] in valued), ""
                )
                if name:
                    self.flags.add(name)
                    self.options.append((name, (text[len(name) :].lstrip("=:"),)))
            else:
                self._short(text, valued, rest)

    def _short(self, text: str, valued: frozenset[str], rest: list[Values]) -> None:
        """`-abVALUE` or `-ab VALUE`."""
        for at in range(1, len(text)):
            letter = "-" + text[at]
            self.flags.add(letter)
            if letter in valued:
                if at + 1 < len(text):
                    self.options.append((letter, (text[at + 1 :],)))
                elif rest:
                    self.options.append((letter, rest.pop(0)))
                return

    def has(self, *names: str) -> bool:
        """Whether one of these options (or words) is given."""
        return not self.flags.isdisjoint(names)

    def value(self, *names: str) -> Values | None:
        """The value of the last of these options."""
        for name, values in reversed(self.options):
            if name in names:
                return values
        return None


def apply(
    run: Interpreter, program: str, roles: dict[str, str], given: list[Values], state: State
) -> None:
    """Tell the effects what the program does with what it is given."""
    valued = frozenset(name for name in roles if name[:1] in ("-", "+"))
    valued |= frozenset(filter(None, roles.get("IN", "").split(",")))
    parsed = Given(given, valued, whole="WHOLE" in roles)
    told = run.effects
    endings = tuple(filter(None, roles.get("EXT", "").split(",")))
    if "RUNS" in roles:
        told.unknown(f"`{program}` runs code that is not seen")
    for name, values in parsed.options:
        role = roles.get(name, "read")
        if role[-1:] == "?":  # only where the words count
            role = "read" if _off(roles, parsed) else role[:-1]
        if role == "prefix":
            told.write(tuple(v + UNKNOWN for v in values), state, f"{program} {name}")
        elif role == "into":
            told.write(tuple(v + "/" + UNKNOWN for v in values), state, f"{program} {name}")
        elif role == "code":
            for text in values:
                run.inner(text, state)
        elif role in KINDS:
            told.write(values, state, f"{program} {name}", kind=KINDS[role])
    if program in ("curl", "wget", "aria2c"):
        _downloads(run, program, parsed, state)
    for name, values in parsed.options:
        if name.endswith("_out") and name not in roles:  # `--python_out=OPTIONS:DIR` of protoc
            folders = tuple(v.rpartition(":")[2] + "/" + UNKNOWN for v in values)
            told.write(folders, state, f"{program} {name}")
    active = not _off(roles, parsed)
    words = parsed.words[int(roles.get("SKIP") or 0) :]
    if "HERE" in roles and active:
        from parallel_agents.guard.shell.programs import strangers

        if not parsed.has(*filter(None, roles["HERE"].split(","))):
            strangers.stays(run, program, state)
    _files(run, program, roles, parsed, state, active=active)
    if not active:
        return
    if "FORMATS" in roles and not parsed.has(roles.get("NAMING", "")):
        told.write((roles["FORMATS"],), state, program, kind=effects.FORMAT, endings=endings)
    if not words and roles.get("DEFAULT"):
        words = [(roles["DEFAULT"],)]
    for at, values in enumerate(words):
        role = roles.get("ARGS", "read")
        if at == 0:
            role = roles.get("FIRST", role)
        if at == len(words) - 1 and (at or "FIRST" not in roles or len(words) > 1):
            role = roles.get("LAST", role)
        _word(run, program, role, values, state, at, parsed, endings)


def _word(
    run: Interpreter,
    program: str,
    role: str,
    values: Values,
    state: State,
    at: int,
    parsed: Given,
    endings: tuple[str, ...],
) -> None:
    told = run.effects
    if role == "tree" and not parsed.has("-r", "-R", "--recursive") and program == "rm":
        role = "entry"
    if role == "local":
        # Behind a colon is another machine, a container or a store.
        values = tuple(v for v in values if ":" not in v.partition("/")[0] and "://" not in v)
        role = "entry"
    if role == "format":
        # The program finds files by itself: a pattern that the shell was kept from is one, too.
        values = tuple(_pattern(v) for v in values)
    if role == "code":
        for text in values:
            if " " in text:
                run.inner(text, state)
    elif role == "prefix":
        told.write(tuple((v if at else "x") + UNKNOWN for v in values), state, program)
    elif role in ("second", "pair"):
        if at == 1:
            told.write(values, state, program)
        elif role == "pair":
            told.write(tuple(v.partition(":")[2] for v in values), state, program)
    elif role == "dd":
        for value in values:
            if value.startswith("of="):
                told.write((value[3:],), state, "dd of=")
    elif role == "into":
        told.write(tuple(v + "/" + UNKNOWN for v in values), state, program)
    elif role == "packages":
        folders = tuple(v.replace("/...", "").replace("...", "") or "." for v in values)
        told.write(folders, state, program, kind=effects.FORMAT, endings=endings)
    elif role == "beside":
        packed = [v + tail for v in values for tail in (".gpg", ".asc", ".sig")]
        packed += [v.rpartition(".")[0] for v in values if v.endswith((".gpg", ".asc", ".pgp"))]
        told.write(tuple(packed), state, program, kind=effects.ENTRY)
    elif role == "empty":
        kept = tuple(v for v in values if not _is_full(run, v, state))
        told.write(kept, state, program, kind=effects.ENTRY)
    elif role in KINDS:
        if program == "rm" and role == "entry" and not parsed.has("-d", "--dir"):
            # Without -r it removes no folder.
            values = tuple(v for v in values if not _is_folder(run, v, state))
        told.write(values, state, program, kind=KINDS[role], endings=endings)
        if role == "folder":
            for value in values:
                for path in told.located(value, state.cwds):
                    made = os.path.normpath(path)
                    while made != "/" and made not in state.folders and not os.path.isdir(made):
                        state.folders |= {made}
                        made = os.path.dirname(made)


def _is_folder(run: Interpreter, value: str, state: State) -> bool:
    paths = run.effects.located(value, state.cwds, entry=True)
    return all(is_known(p) and os.path.isdir(p) and not os.path.islink(p) for p in paths)


def _is_full(run: Interpreter, value: str, state: State) -> bool:
    """Whether the folder has files, so that nothing happens."""
    try:
        paths = run.effects.located(value, state.cwds)
        return all(is_known(p) and bool(os.listdir(p)) for p in paths)
    except OSError:
        return False


def _pattern(text: str) -> str:
    """`'docs/**/*.{md,mdx}'` with marks for what is not literal."""
    if not any(char in text for char in "*?[{"):
        return text
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        text = text[:start] + STAR + text[end + 1 :]
    return globbed(text)


def _off(roles: dict[str, str], parsed: Given) -> bool:
    """Whether the options say that the words are only read."""
    wanted, unwanted = roles.get("IF"), roles.get("UNLESS")
    if wanted and not any(_given(parsed, name) for name in wanted.split(",")):
        return True
    return bool(unwanted) and any(_given(parsed, name) for name in str(unwanted).split(","))


def _given(parsed: Given, name: str) -> bool:
    if parsed.has(name):
        return True
    # `-i.bak`, `--in-place=.bak`
    return any(f.startswith(name) and len(name) == 2 for f in parsed.flags if f[:2] == name != "--")


def _files(
    run: Interpreter,
    program: str,
    roles: dict[str, str],
    parsed: Given,
    state: State,
    *,
    active: bool,
) -> None:
    """Files that are written whatever the words are: manifests and lock files."""
    folders: Values = (".",)
    for name in (roles.get("IN") or "").split(","):
        for option, values in parsed.options:
            if option == name:
                folders = values
        for at, value in enumerate(parsed.words):
            if value == (name,) and at + 1 < len(parsed.words):
                folders = parsed.words[at + 1]
    names = roles.get("WRITES", "")
    maybe = roles.get("MAYBE", "")
    packages = roles.get("PACKAGES")
    if packages:
        # Without a package, an install brings the lock file up to date and no more.
        asked = [w for w in parsed.words[1:] if w[0] not in ("install", "fix")]
        changing = bool(asked) or parsed.words[:1] not in ([("install",)], [("i",)])
        if parsed.has("-g", "--global", "--no-save", "--frozen-lockfile", "--immutable"):
            return
        names, maybe = (packages, maybe) if changing else (names, packages)
    told = run.effects
    for folder in folders:
        for name in filter(None, names.split(",")) if active else ():
            path = os.path.join(folder, name)
            told.write((path,), state, program, kind=effects.ENTRY)
        for name in filter(None, maybe.split(",")) if active else ():
            told.mention((os.path.join(folder, name),), state, program)


def _downloads(run: Interpreter, program: str, parsed: Given, state: State) -> None:
    """Files that are named as the address is."""
    by_name = parsed.has("-O", "--remote-name", "--remote-name-all", "-J") or (
        program != "curl" and not parsed.has("-O", "--output-document")
    )
    if not by_name:
        return
    folders = parsed.value("--output-dir", "-P", "--directory-prefix", "-d", "--dir") or (".",)
    for values in parsed.words:
        for value in values:
            name = value.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"
            if is_known(value):
                for folder in folders:
                    path = os.path.join(folder, name)
                    run.effects.write((path,), state, program, kind=effects.WRITE)
