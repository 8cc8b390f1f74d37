"""grep and its kin, where they print the names of files: which files have the text?"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known
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
    if not parsed.has(*_NAMING):
        return UNSEEN
    words = list(parsed.words)
    patterns = [v for n, values in parsed.options if n in ("-e", "--regexp") for v in values]
    listing = parsed.has("--files")
    if not patterns and not listing:
        if not words:
            return UNSEEN
        patterns = list(words.pop(0))
    deep = parsed.has("-r", "-R", "--recursive") or name not in ("grep", "egrep", "fgrep", "zgrep")
    if not words and not deep:
        return UNSEEN
    found: list[tuple[str, str]] = []
    for values in words or [(".",)]:
        for start in run.effects.listed(list(values), state):
            files = _files(run, start, state, spelled=bool(words))
            if files is None:
                return Stream(None, (os.path.join(start, UNKNOWN),))
            found += files
    test = None if listing else _test(patterns, parsed)
    negated = parsed.has("-L", "--files-without-match")
    wanted = [
        shown
        for shown, path in found
        if _named(shown, parsed) and (test is None or _has(path, test) != negated)
    ]
    return Stream(None, tuple(wanted[:_MOST])) if wanted else Stream(("",))


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


def _test(patterns: list[str], parsed: Given) -> Callable[[str], bool] | None:
    """A test of a file's text; None where every text may pass."""
    if not all(map(is_known, patterns)) or not patterns:
        return None
    fold = parsed.has("-i", "--ignore-case", "-S", "--smart-case")
    texts = [p for pattern in patterns for p in pattern.split("\n")]
    if parsed.has("-F", "--fixed-strings") or all(_is_plain(t) for t in texts):
        if fold:
            return lambda text: any(t.lower() in text.lower() for t in texts)
        return lambda text: any(t in text for t in texts)
    import re  # the parser has loaded it

    try:
        # Basic and extended expressions differ in what a backslash does; this takes either.
        both = [t for t in texts] + [
            t.replace("\\|", "|").replace("\\(", "(").replace("\\)", ")") for t in texts
        ]
        compiled = [re.compile(t, re.M | (re.I if fold else 0)) for t in both if len(t) < 200]
    except (re.error, RecursionError, OverflowError):
        return None
    return lambda text: any(c.search(text[:4096]) for c in compiled)


def _is_plain(text: str) -> bool:
    return not any(char in text for char in ".^$*+?()[]{}|\\")


def _has(path: str, test: Callable[[str], bool]) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return test(file.read(_GREATEST))
    except (OSError, ValueError):
        return False
