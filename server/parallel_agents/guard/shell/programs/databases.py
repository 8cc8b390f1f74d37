"""What sqlite3, duckdb, psql and mysql are told, and which files it writes."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, literal_text, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_SQLITE = names(
    """
    -init -cmd -separator -nullvalue -newline -vfs -mmap -lookaside -pagecache -heap -maxsize
    --init --cmd --separator -escape -A -c -s -f
    """
)
_CLIENT = names(
    """
    -c --command -e --execute -f --file -o --output -L --log-file -h --host -p --port -P -U -u
    --username --user -d --dbname -D --database -v --set -F -R -T --tee --socket -S
    --default-character-set --defaults-file --protocol
    """
)
_READING = ("select", "explain", "values", "with", "describe", "show", "from", "summarize")
_SAVING = names(".output .once .save .backup .log .clone .trace .excel .archive .ar .o .www")
_FROM = names(".read .restore .import .load")


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """Any of them."""
    if name in ("sqlite3", "sqlite", "duckdb"):
        _file(run, name, given, state, stdin)
        return UNSEEN
    run.effects.unknown(f"`{name}` runs code that is not seen")
    parsed = Given(given, _CLIENT)
    texts: list[str] = []
    for option, values in parsed.options:
        if option in ("-o", "--output", "-L", "--log-file", "--tee"):
            _saved(run, name, values, state)
        elif option in ("-c", "--command", "-e", "--execute"):
            texts += values
        elif option in ("-f", "--file"):
            texts += run.contents(values, state).texts or ANY
    if not texts:
        texts += stdin.texts or ()
    for text in texts:
        if is_known(literal_text(text)):
            _told(run, name, literal_text(text), [], state)
        elif text != UNKNOWN:
            run.effects.unknown(f"what `{name}` is told is only known when it runs", text)
    return UNSEEN


def _file(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> None:
    """The database is a file, which each statement that does not only ask writes."""
    parsed = Given(given, _SQLITE, whole=True)
    if parsed.has("-help", "--help", "-version", "--version"):
        return
    if parsed.has("-A", "-Ax", "-Ac") or any(f[:2] == "-A" for f in parsed.flags):
        for word in parsed.words:
            run.effects.mention(word, state, f"{name} -A")
    words = list(parsed.words)
    base = words.pop(0) if words else (":memory:",)
    texts: list[str] = [
        v for o, vs in parsed.options if o.lstrip("-") in ("cmd", "c", "s") for v in vs
    ]
    for option, values in parsed.options:
        if option.lstrip("-") in ("init", "f"):
            texts += run.contents(values, state).texts or ()
    texts += [v for word in words for v in word]
    if not words:
        if stdin.texts is None or stdin.texts == ANY:
            # A person asks, or something that nobody knows.
            run.effects.unknown(f"what `{name}` is told is only known when it runs")
            if stdin.lines == ANY and stdin is not UNSEEN:
                _database(run, name, base, state)
        else:
            texts += stdin.texts
    files = [] if parsed.has("-readonly", "--readonly") else [("main", base)]
    for text in texts:
        if is_known(literal_text(text)):
            _told(run, name, literal_text(text), files, state)
        else:
            run.effects.unknown(f"what `{name}` is told is only known when it runs", text)
            for _, values in files:
                _database(run, name, values, state)


def _told(
    run: Interpreter, name: str, text: str, files: list[tuple[str, Values]], state: State
) -> None:
    """Statements, and commands of the client that begin with a dot or a backslash."""
    statement: list[str] = []
    for line in text.split("\n"):
        run.budget.step()
        bare = line.strip()
        if bare[:1] == "." and not "".join(statement).strip():
            _dotted(run, name, bare, files, state)
        elif "\\" in bare and name in ("psql", "mysql", "mariadb"):
            before, _, command = bare.partition("\\")
            statement.append(before)
            _slashed(run, name, command, state)
        elif name in ("mysql", "mariadb") and bare.partition(" ")[0] in (
            "system",
            "tee",
            "source",
            "pager",
        ):
            _slashed(
                run,
                name,
                {"system": "!", "tee": "T", "source": "i", "pager": "P"}[bare.partition(" ")[0]]
                + " "
                + bare.partition(" ")[2].rstrip(";"),
                state,
            )
        else:
            statement.append(line)
    for sql in _statements("\n".join(statement)):
        _statement(run, name, sql, files, state)


def _statements(text: str) -> list[str]:
    found, start, quote = [], 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == ";":
            found.append(text[start:at])
            start = at + 1
    return [sql.strip() for sql in (*found, text[start:]) if sql.strip()]


def _statement(
    run: Interpreter, name: str, sql: str, files: list[tuple[str, Values]], state: State
) -> None:
    import re  # the parser has loaded it

    how = f"{name} {sql.split()[0][:20].upper()}"
    for found in re.finditer(
        r"(?is)\b(?:into\s+(?:outfile|dumpfile)|vacuum\s+(?:\w+\s+)?into|to(?!\s+program)|"
        r"export\s+database|writefile\s*\(|export_set\s*\()\s*'((?:[^']|'')*)'",
        sql,
    ):
        if not found[0].lower().startswith("to") or sql[:4].lower() in ("copy", "expo"):
            _saved(run, how, (found[1].replace("''", "'"),), state)
    for found in re.finditer(r"(?is)\bprogram\s+'((?:[^']|'')*)'", sql):
        run.inner(found[1].replace("''", "'"), state)
    if re.match(r"(?is)export\s+database", sql):
        for found in re.finditer(r"'([^']*)'", sql):
            run.effects.mention((found[1] + "/any",), state, how)
    if re.search(r"(?i)\bwritefile\s*\(\s*(?!')|\bedit\s*\(|\bload_extension\s*\(", sql):
        run.effects.unknown(f"what `{name}` writes is only known when it runs", sql)
    attached = re.match(r"(?is)attach\s+(?:database\s+)?'((?:[^']|'')*)'(?:\s+as\s+(\w+))?", sql)
    if attached:
        if files or not sql:
            files.append((attached[2] or "", (attached[1].replace("''", "'"),)))
        return
    first = sql.split()[0].lower().rstrip("(")
    writes = first not in _READING or (
        first == "with" and re.search(r"(?i)\b(insert|update|delete|replace)\b", sql) is not None
    )
    if first == "pragma":
        writes = "=" in sql
    if first in (
        "begin",
        "commit",
        "end",
        "rollback",
        "detach",
        "copy",
        "export",
        "set",
        "use",
        "vacuum",
    ):
        writes = first == "vacuum" and "into" not in sql.lower()
    if writes:
        target = re.search(
            r"(?i)\b(?:into|table|update|delete\s+from|index|view|trigger)\s+"
            r"(?:if\s+(?:not\s+)?exists\s+)?(\w+)\s*\.",
            sql,
        )
        named = [f for f in files if target and f[0].lower() == target[1].lower()]
        for _, values in named or files[:1]:
            _database(run, name, values, state)


def _dotted(
    run: Interpreter, name: str, line: str, files: list[tuple[str, Values]], state: State
) -> None:
    words = _words(line)
    verb, rest = words[0], [w for w in words[1:] if w[:1] != "-" or w == "-"]
    how = f"{name} {verb}"
    if verb in (".shell", ".system"):
        run.inner(line.partition(" ")[2], state)
    elif verb in (".output", ".once", ".o") and line.partition(" ")[2].lstrip(" '\"")[:1] == "|":
        run.inner(line.partition(" ")[2].strip().strip("'\"")[1:], state)
    elif verb in (".archive", ".ar"):
        run.effects.unknown(f"what `{how}` writes is only known when it runs", line)
    elif verb in _SAVING:
        _saved(run, how, tuple(rest[-1:]), state)
    elif verb == ".cd" and rest:
        state.cwds = tuple(run.absolute(rest[0], state))
    elif verb == ".open":
        if rest and files:
            files[0] = ("main", (rest[0],))
    elif verb == ".read" and rest:
        source = line.partition(" ")[2].strip().strip("'\"")
        if source[:1] == "|":
            run.inner(source[1:], state)
            return
        for text in run.contents((rest[0],), state).texts or ():
            if text != UNKNOWN and run.budget.depth < 16:
                run.budget.enter()
                _told(run, name, literal_text(text), files, state)
                run.budget.leave()
    elif verb in _FROM:
        if rest and rest[0][:1] == "|":
            run.inner(rest[0][1:], state)
        for _, values in files[:1]:
            _database(run, how, values, state)


def _slashed(run: Interpreter, name: str, command: str, state: State) -> None:
    """psql's and mysql's own commands, without the backslash."""
    verb, _, rest = command.partition(" ")
    if command[:1] == "!":
        verb, rest = "!", command[1:]
    rest = rest.strip().rstrip(";")
    how = f"{name} \\{verb}"
    if verb == "!":
        run.inner(rest, state)
    elif verb in ("o", "out", "g", "gx", "w", "write", "s", "T", "tee") and rest:
        if rest[:1] == "|":
            run.inner(rest[1:], state)
        else:
            _saved(run, how, (rest.split("\\")[0].strip().strip("'\""),), state)
    elif verb == "P" and rest:
        run.inner(rest, state)
    elif verb in ("i", "ir", "include", "."):
        for text in run.contents((rest.strip("'\""),), state).texts or ():
            if text != UNKNOWN and run.budget.depth < 16:
                run.budget.enter()
                _told(run, name, text, [], state)
                run.budget.leave()
    elif verb == "cd" and rest:
        state.cwds = tuple(run.absolute(rest, state))
    elif verb == "copy":
        import re  # the parser has loaded it

        found = re.search(r"(?is)\bto\s+(program\s+)?'?([^'\s]+|[^']+)'?", rest)
        if found and found[1]:
            inner = re.search(r"'((?:[^']|'')*)'", rest[found.start() :])
            run.inner(inner[1] if inner else found[2], state)
        elif found and found[2].lower() not in ("stdout", "pstdout"):
            _saved(run, how, (found[2],), state)


def _words(line: str) -> list[str]:
    """The words of a dot command, with their quotes taken off."""
    found: list[str] = []
    word, quote, at_word = "", "", False
    for char in line:
        if quote:
            quote, word = ("", word) if char == quote else (quote, word + char)
        elif char in "'\"":
            quote, at_word = char, True
        elif char.isspace():
            if at_word:
                found.append(word)
            word, at_word = "", False
        else:
            word, at_word = word + char, True
    return [*found, word] if at_word else found


def _saved(run: Interpreter, how: str, values: Values, state: State) -> None:
    kept = tuple(v for v in values if v not in ("", "stdout", "off", "stderr", "on", "-"))
    for value in kept:
        if value[:1] == "|":
            run.inner(value[1:], state)
        else:
            run.effects.write((value,), state, how)


def _database(run: Interpreter, name: str, values: Values, state: State) -> None:
    for value in values:
        if value in ("", ":memory:") or "mode=ro" in value or "immutable=1" in value:
            continue
        if value.startswith("file:"):
            value = value[5:].partition("?")[0].replace("//", "/")
        run.effects.write((value,), state, name, kind=effects.WRITE)


__all__ = ["read"]
