"""sed and awk: their files, and what their scripts write by themselves."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, NOTHING, UNSEEN, Later, Stream, together
from parallel_agents.guard.shell.bash.words import is_known
from parallel_agents.guard.shell.programs import filters
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.awkvalues import AwkValues, commands_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_SED = frozenset(("-e", "--expression", "-f", "--file", "-l", "--line-length"))
_AWK = frozenset(
    ("-f", "--file", "-v", "--assign", "-F", "--field-separator", "-i", "--include", "-E", "-e")
)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Either of them."""
    return (_sed if "sed" in name else _awk)(run, name, given, state, stdin)


def _sed(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(given, _SED)
    in_place = parsed.has("--in-place") or any(
        f.startswith(("-i", "--in-place=")) or _has_i(f) for f in parsed.flags
    )
    words = list(parsed.words)
    scripts = [v for n, values in parsed.options if n in ("-e", "--expression") for v in values]
    for option, values in parsed.options:
        if option in ("-f", "--file"):
            stream = run.contents(values, state)
            scripts += stream.texts if stream.texts is not None else ()
    if not parsed.has("-e", "--expression", "-f", "--file") and words:
        if in_place and words[0] == ("",) and len(words) > 1:
            words.pop(0)  # `-i ''` of BSD
        scripts += words.pop(0)
    for script in scripts:
        for target in _written(script):
            run.effects.write((target,), state, "sed w")
        for code in _run_by(script):
            run.inner(code, state)
    if in_place:
        kind = effects.WRITE if parsed.has("--follow-symlinks") else effects.ENTRY
        for word in words:
            run.effects.write(word, state, "sed -i", kind=kind)
        return NOTHING
    source = stdin if not words else run.contents(words[0], state)
    extended = parsed.has("-E", "-r", "--regexp-extended")
    quiet = parsed.has("-n", "--quiet", "--silent")
    return _edited(source, scripts, quiet=quiet, extended=extended)


def _has_i(flag: str) -> bool:
    """`-ni`, `-Ei`: an `i` among letters that have no value."""
    letters = flag[1:]
    return (
        flag[:1] == "-"
        and flag[:2] != "--"
        and "i" in letters
        and all(c in "nErsuz" for c in letters[: letters.index("i")])
    )


def _written(script: str) -> list[str]:
    """Files of the `w` commands and of the `w` flags of `s`."""
    found: list[str] = []
    for line in script.split("\n"):
        at = line.find("w ")
        while at >= 0:
            before = line[:at].rstrip()
            # Behind an address, a brace, or the last part of an `s` command with its flags.
            end = before.rstrip("gpIiMme0123456789")
            opener = not before or before[-1] in "{;}/,$!" or before.isdecimal()
            flag = len(end) > 3 and "s" in line[:at] and end[-1:] == _delimiter(line)
            if opener or flag or before[-1:].isdecimal():
                found.append(line[at + 2 :].strip().rstrip("}").strip())
                break
            at = line.find("w ", at + 1)
    return [f for f in found if f]


def _delimiter(line: str) -> str:
    at = line.find("s")
    return line[at + 1 : at + 2]


def _run_by(script: str) -> list[str]:
    """Commands that GNU sed's `e` runs."""
    found = []
    for line in script.split("\n"):
        text = line.lstrip("0123456789,$ ")
        if text.startswith("e "):
            found.append(text[2:])
    return found


def _edited(source: Stream, scripts: list[str], *, quiet: bool, extended: bool) -> Stream:
    """What the script makes of lines that are known."""

    def make() -> Stream:
        from parallel_agents.guard.shell.programs import sedscript

        try:
            if not all(map(is_known, scripts)):
                raise sedscript.Unclear
            script = sedscript.Script("\n".join(scripts), extended=extended, quiet=quiet)
        except sedscript.Unclear:
            return filters.tokens(source)
        return filters.mapped(source, script.whole, script.one)

    return Later(make)


def _awk(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(given, _AWK)
    words = list(parsed.words)
    included = [v for n, values in parsed.options if n in ("-i", "--include") for v in values]
    code: list[str] = []
    variables: dict[str, str] = {}
    for option, values in parsed.options:
        if option in ("-v", "--assign"):
            key, _, text = values[0].partition("=")
            variables[key] = text
        elif option in ("-f", "--file", "-E"):
            stream = run.contents(values, state)
            code += stream.texts if stream.texts is not None else ()
        elif option == "-e":
            code += values
    if not code and words:
        code += words.pop(0)
    if "inplace" in included or any("inplace" in c and "@load" in c for c in code):
        for word in words:
            run.effects.write(word, state, "awk -i inplace", kind=effects.ENTRY)
    files = [word for word in words if "=" not in word[0]]
    source = stdin if not files else run.contents(files[0], state)
    separator = parsed.value("-F", "--field-separator") or (variables.get("FS", ""),)
    said: Values = ()
    for text in code:
        read = source
        for word in files[1:]:
            read = together(read, run.contents(word, state))
        known = AwkValues(text, variables, words, state, read, run, separator[0])
        said = _program(run, text, known, state)
    if len(code) == 1 and "BEGIN" in code[0] and said:
        return Stream(None, said)
    if len(files) > 1:
        return UNSEEN
    return _computed(source, code, separator[0], variables)


def _computed(source: Stream, code: list[str], separator: str, variables: dict[str, str]) -> Stream:
    """What a plain awk program prints for lines that are known."""

    def make() -> Stream:
        from parallel_agents.guard.shell.programs import awklines

        found = awklines.parsed(code, separator, variables)
        if found is None:
            return filters.tokens(source)
        return filters.mapped(source, found.whole, found.one)

    return Later(make)


def _program(run: Interpreter, text: str, values: AwkValues, state: State) -> Values:
    """Redirections, `system` and pipes of an awk program; the lines that it prints."""
    if not is_known(text):
        run.effects.unknown("an awk program is only known when it runs", text)
        return ()
    found = _outputs(text) + [("|", expression, "") for expression in commands_read(text)]
    lines: list[str] = []
    for kind, expression, printed in found[:200]:
        run.budget.step(20)
        if not kind:
            lines += values.printed(printed)
            continue
        value = values.value(expression)
        if kind == ">":
            run.effects.write(value, state, "awk >")
        elif value == ANY:
            run.effects.unknown("awk runs code that is not seen", expression)
        else:
            stdin = Stream(values.printed(printed)) if printed else UNSEEN
            for code in value:
                run.inner(code, state, stdin)
    return tuple(dict.fromkeys(lines))[:256]


def _outputs(text: str) -> list[tuple[str, str, str]]:
    """(`>`, `|` or nothing, where to, what) of each print, and of each `system`."""
    found: list[tuple[str, str, str]] = []
    at = begun = 0
    printing = False
    depth = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            at = _string_end(text, at)
            continue
        if (
            char == "/"
            and not printing
            and text[at - 1 : at] in ("", "{", "(", " ", "~", "!", ",", "\n", ";")
        ):
            end = at + 1
            while end < len(text) and text[end] not in "/\n":
                end += 2 if text[end] == "\\" else 1
            at = end + 1
            continue
        if text.startswith(("print", "printf"), at) and not text[at - 1 : at].isalnum():
            printing, depth, begun = True, 0, at
            at += 5
            continue
        if text.startswith("system", at) and "(" in text[at : at + 9]:
            start = text.index("(", at) + 1
            found.append(("|", _until(text, start, ")"), ""))
            at = start
            continue
        if char in "({[":
            depth += 1
        elif char in ")}]":
            depth -= 1
            if printing and depth < 0:
                found.append(("", "", text[begun:at]))
                printing = False
        elif char in ";\n":
            if printing:
                found.append(("", "", text[begun:at]))
            printing = False
        elif printing and char == ">" and depth <= 0:
            start = at + (2 if text.startswith(">>", at) else 1)
            found.append((">", _until(text, start, ";}\n"), ""))
            printing = False
        elif printing and char == "|" and depth <= 0 and not text.startswith("||", at):
            found.append(("|", _until(text, at + 1, ";}\n"), text[begun:at]))
            printing = False
        at += 1
    return found


def _string_end(text: str, at: int) -> int:
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _until(text: str, start: int, ends: str) -> str:
    at = start
    while at < len(text) and text[at] not in ends:
        at = _string_end(text, at) if text[at] == '"' else at + 1
    return text[start:at].strip()
