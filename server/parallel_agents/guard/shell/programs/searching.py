"""grep and its kin, where they print the names of files: which files have the text?"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Later, Stream
from parallel_agents.guard.shell.bash.words import STAR, UNKNOWN, fits, globbed, is_known
from parallel_agents.guard.shell.programs import filters
from parallel_agents.guard.shell.programs import patterns as expressions
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = frozenset(
    (
        *("-e", "--regexp", "-f", "--file", "-A", "-B", "-C", "-m", "--max-count", "--include"),
        *(
            "--exclude",
            "--exclude-dir",
            "-g",
            "--glob",
            "-t",
            "--type",
            "-T",
            "-d",
            "-D",
            "--color",
        ),
        *("--context", "--iglob", "-j", "--sort", "--max-depth", "-M"),
    )
)
_NAMING = ("-l", "--files-with-matches", "-L", "--files-without-match", "--files")
_MOST = 2000
_GREATEST = 1 << 20


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """What it prints; nothing is known but names of files."""
    run.succeeded(None)
    parsed = Given(given, _VALUED)
    words = list(parsed.words)
    patterns = [v for n, values in parsed.options if n in ("-e", "--regexp") for v in values]
    listing = parsed.has("--files")
    if not patterns and not listing:
        if not words:
            return UNSEEN
        patterns = list(words.pop(0))
    if not parsed.has(*_NAMING):
        return Later(lambda: _printed(run, name, parsed, patterns, words, state, stdin))
    deep = parsed.has("-r", "-R", "--recursive") or name not in ("grep", "egrep", "fgrep", "zgrep")
    if not words and not deep:
        return UNSEEN
    return Later(lambda: _naming(run, name, parsed, patterns, words, state))


def _naming(
    run: Interpreter,
    name: str,
    parsed: Given,
    patterns: list[str],
    words: list[Values],
    state: State,
) -> Stream:
    """The names of the files that have the text."""
    listing = parsed.has("--files")
    found: list[tuple[str, str]] = []
    for values in words or [(".",)]:
        for start in run.effects.listed(list(values), state):
            files = _files(run, start, state, spelled=bool(words))
            if files is None:
                return Stream(None, (os.path.join(start, UNKNOWN),))
            found += files
    test = None if listing else _test(patterns, parsed, name)
    negated = parsed.has("-L", "--files-without-match")
    wanted = [
        shown
        for shown, path in found
        if _named(shown, parsed) and (test is None or _has(path, test) != negated)
    ]
    return Stream(None, tuple(wanted[:_MOST])) if wanted else Stream(("",))


def _printed(
    run: Interpreter,
    name: str,
    parsed: Given,
    patterns: list[str],
    words: list[Values],
    state: State,
    stdin: Stream,
) -> Stream:
    """The lines that have the text."""
    if parsed.has("-q", "--quiet", "--silent"):
        return Stream(("",))
    listed = [v for values in words for v in run.effects.listed(list(values), state)]
    deep = parsed.has("-r", "-R", "--recursive") or (words and name in ("rg", "ag", "ack"))
    test = _test(patterns, parsed, name)
    if len(listed) > 1 or deep or parsed.has("-H", "--with-filename"):
        if parsed.has("-h", "--no-filename", "-I"):
            return UNSEEN
        named = _naming(run, name, parsed, patterns, words or [(".",)], state)
        return Stream(None, tuple(f"{path}:{UNKNOWN}" for path in named.lines))
    if parsed.has("-c", "--count"):
        return Stream(None, (STAR,))
    source = run.contents(tuple(listed), state) if listed else stdin
    if parsed.has("-A", "-B", "-C", "--context") or test is None:
        return filters.mapped(source, None, lambda line: [line])
    inverted = parsed.has("-v", "--invert-match")
    if parsed.has("-o", "--only-matching"):
        return filters.tokens(source)
    number = parsed.has("-n", "--line-number")
    most = parsed.value("-m", "--max-count")

    def whole(lines: list[str]) -> list[str]:
        found = [
            f"{at}:{line}" if number else line
            for at, line in enumerate(lines, 1)
            if test(line) != inverted
        ]
        return found[: int(most[0])] if most is not None and most[0].isdecimal() else found

    def one(line: str) -> list[str]:
        kept = not is_known(line) or test(line) != inverted
        return [f"1:{line}" if number else line] if kept else []

    return filters.mapped(source, whole, one)


def _files(
    run: Interpreter, start: str, state: State, *, spelled: bool
) -> list[tuple[str, str]] | None:
    if not is_known(start) or len(state.cwds) != 1 or not is_known(state.cwds[0]):
        return None
    top = os.path.join(state.cwds[0], start)
    if not os.path.isdir(top):
        return [(start, top)]
    found: list[tuple[str, str]] = []
    todo = [(start if spelled else "", top)]
    while todo:
        shown, folder = todo.pop()
        run.budget.step()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = os.path.join(shown, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in (".git", "node_modules"):
                            todo.append((name, entry.path))
                    else:
                        found.append((name, entry.path))
        except OSError:
            continue
        if len(found) > _MOST:
            return None
    return found


def _named(path: str, parsed: Given) -> bool:
    """Whether `--include` and the like leave the file in."""
    name = os.path.basename(path)
    only = [v for n, vs in parsed.options if n in ("--include", "-g", "--glob") for v in vs]
    wanted = [o for o in only if o[:1] != "!"]
    if wanted and not any(fits(globbed(o.lstrip("/")), path if "/" in o else name) for o in wanted):
        return False
    kinds = [v for n, vs in parsed.options if n in ("-t", "--type") for v in vs]
    endings = {"py": ".py", "js": ".js", "ts": ".ts", "md": ".md", "sh": ".sh", "go": ".go"}
    if kinds and all(k in endings for k in kinds):
        return name.endswith(tuple(endings[k] for k in kinds))
    gone = [v for n, vs in parsed.options if n == "--exclude" for v in vs]
    return not any(fits(globbed(g), name) for g in gone)


def _test(patterns: list[str], parsed: Given, name: str) -> Callable[[str], bool] | None:
    """A test of a line; None where every line may pass."""
    if not all(map(is_known, patterns)) or not patterns:
        return None
    fold = parsed.has("-i", "--ignore-case", "-S", "--smart-case", "-y")
    texts = [p for pattern in patterns for p in pattern.split("\n")]
    plain = parsed.has("-F", "--fixed-strings") or name == "fgrep"
    whole = parsed.has("-x", "--line-regexp", "-w", "--word-regexp")
    if (plain or all(map(expressions.is_plain, texts))) and not whole:
        if fold:
            return lambda line: any(t.lower() in line.lower() for t in texts)
        return lambda line: any(t in line for t in texts)
    basic = name in ("grep", "zgrep") and not parsed.has("-E", "-P", "--extended-regexp")
    if plain:
        texts = ["".join(c if c.isalnum() else "\\" + c for c in t) for t in texts]
    edges = ("^(?:", ")$") if parsed.has("-x", "--line-regexp") else (r"\b(?:", r")\b")
    compiled = [
        expressions.compiled(
            t, basic=basic and not plain, fold=fold, edges=edges if whole else None
        )
        for t in texts
    ]
    if any(c is None for c in compiled):
        return None
    longest = expressions.LONGEST_LINE
    return lambda line: any(c.search(line[:longest]) for c in compiled if c is not None)


def _has(path: str, test: Callable[[str], bool]) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return any(map(test, file.read(_GREATEST).split("\n")))
    except (OSError, ValueError):
        return False
