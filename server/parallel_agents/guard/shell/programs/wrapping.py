"""Programs that run another command, and shells that are started."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import GONE, NOTHING, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import directories
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values


_LINES = 64
"""Lines of code that are run one by one, where the whole is not known."""


def plain(given: list[Values]) -> list[str]:
    """The arguments where each has one value."""
    return [v[0] if len(v) == 1 else UNKNOWN for v in given]


def texts(run: Interpreter, code: Stream, state: State, stdin: Stream) -> Stream:
    """Run each text that a stream can be."""
    out = UNSEEN
    if code.texts is None:
        # Only what single lines can be is known: each of them runs, or none.
        for line in code.lines[:_LINES]:
            why = "code is only known when it runs"
            run.effects.unknown(why, "" if " " in line else line)
            out = run.text(line, state.copy(), stdin) if " " in line else out
        return out
    for text in code.texts:
        if text == UNKNOWN:
            run.effects.unknown("code is only known when it runs")
            continue
        out = run.text(text, state, stdin)
    return out


def env(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`env`."""
    rest = list(given)
    state = state.copy()
    while rest:
        word = rest[0][0]
        if word in ("-u", "--unset", "-C", "--chdir", "-S", "--split-string"):
            value = rest[1] if len(rest) > 1 else ("",)
            rest = rest[2:]
            if word in ("-u", "--unset"):
                state.variables = {**state.variables, value[0]: GONE}
            if word in ("-C", "--chdir"):
                directories.change(run, "cd", [value], state, stdin)
            elif word in ("-S", "--split-string"):
                return run.text(value[0] + " " + " ".join(plain(rest)), state, stdin)
        elif word.startswith("--chdir="):
            directories.change(run, "cd", [(word[8:],)], state, stdin)
            rest = rest[1:]
        elif word in ("-vS", "-iS", "-0S"):
            return run.text(" ".join(plain(rest[1:])), state, stdin)
        elif word.startswith(("--split-string=", "-S")):
            text = word.partition("=")[2] if word.startswith("--") else word[2:]
            return run.text(text + " " + " ".join(plain(rest[1:])), state, stdin)
        elif word[:1] == "-":
            if word in ("-", "-i", "--ignore-environment"):
                state.variables, state.exported = {}, frozenset()
            rest = rest[1:]
        elif "=" in word and word.partition("=")[0].replace("_", "a").isalnum():
            key, _, value_text = word.partition("=")
            state.variables[key] = (value_text,)
            state.exported |= {key}
            rest = rest[1:]
        else:
            break
    return started(run, rest, state, stdin) if rest else UNSEEN


def replaced(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """`exec` with a command."""
    out = wrapper(run, name, given, state, stdin, "-a") if given else NOTHING
    if given:
        state.dead = state.over = True
        state.traps = {}
    return out


def started(run: Interpreter, words: list[Values], state: State, stdin: Stream) -> Stream:
    """Run a command that another is given, which knows no functions and no aliases."""
    from parallel_agents.guard.shell.programs import invocation

    run.budget.enter()
    out = invocation.run(run, words, state, stdin, outside=True)
    run.budget.leave()
    return out


def timeout(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream:
    """`timeout`."""
    parsed = _after_options(given, frozenset(("-s", "-k", "--signal", "--kill-after")))
    run.signalled = True  # it may be sent a signal
    return started(run, parsed[1:], state.copy(), stdin) if len(parsed) > 1 else UNSEEN


def flock(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`flock`."""
    valued = frozenset(("-w", "-E", "--timeout", "--wait", "--conflict-exit-code"))
    rest = _after_options(given, valued)
    if rest:
        run.effects.write(rest[0], state, "flock", kind="touch")
    rest = _after_options(rest[1:], valued)
    if given and any(v == ("-c",) for v in given):
        code = given[[v[0] for v in given].index("-c") + 1 :]
        return run.inner(code[0][0], state, stdin) if code else UNSEEN
    return started(run, rest, state.copy(), stdin) if rest else UNSEEN


def _after_options(given: list[Values], valued: frozenset[str]) -> list[Values]:
    rest = list(given)
    while rest and rest[0][0][:1] == "-" and len(rest[0][0]) > 1:
        word = rest.pop(0)[0]
        if word == "--":
            break
        if word in valued and rest:
            rest.pop(0)
    return rest


def wrapper(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream, options: str
) -> Stream:
    """A program that runs the command behind its options."""
    if name == "runuser" and not _has_user(given):
        return _told(run, name, given, state, stdin)
    valued = frozenset(options.split())
    rest = _after_options(given, valued)
    if name == "logsave" and rest:
        run.effects.write(rest[0], state, name)
    own = given[: len(given) - len(rest)]
    state = _elsewhere(run, name, own, options, state, stdin)
    _written(run, name, own, valued, state)
    while rest and "=" in rest[0][0] and name in ("sudo", "doas", "cross-env", "exec"):
        rest.pop(0)
    if name in _NAMED and len(rest) > 1:
        rest.pop(0)
        rest = rest[1:] if rest[0] == ("--",) else rest
    for flag in ("-c", "--call"):
        value = Given(given, frozenset(("-c", "--call", "-p"))).value(flag)
        if name == "npx" and value is not None:
            return run.inner(value[0], state, stdin)
    if not rest:
        return UNSEEN
    if name == "mispipe":
        for code in rest:
            run.inner(code[0], state, stdin)
        return UNSEEN
    if name == "capsh" and rest[0] != ("--",):
        return run.inner(rest[-1][0], state, stdin)
    if name in ("watch", "hyperfine", "entr", "systemd-run") or name.startswith("coverage"):
        run.effects.unknown(f"`{name}` runs code that is not seen")
    if name == "hyperfine":
        for code in rest:
            run.inner(code[0], state, stdin)
        return UNSEEN
    if name == "coverage.run":
        data = Given(given, frozenset(("--data-file", *options.split()))).value("--data-file")
        run.effects.write(data or (), state, "coverage --data-file")
        from parallel_agents.guard.shell.code import pythons

        return pythons.python(run, "python", rest, state, stdin)
    if name == "watch" and len(rest) == 1:
        return run.inner(rest[0][0], state, stdin)
    if "@" in rest[0][0][1:] and name in ("npx", "bunx", "pnpx", "npm.exec", "npm.x", "uvx"):
        rest[0] = (rest[0][0][0] + rest[0][0][1:].partition("@")[0],)
    return started(run, rest, state if name in ("builtin", "exec") else state.copy(), stdin)


_NAMED = frozenset(
    (
        *("taskset", "chrt", "setarch", "faketime", "chroot", "direnv.exec", "gosu", "su-exec"),
        *("setuidgid", "s6-setuidgid", "aws-vault.exec", "envdir", "logsave"),
    )
)
"""Wrappers whose first word is no option and not the command."""

_FOLDERS = ("-D", "--chdir", "-w", "--wd", "--working-directory", "--directory", "-C", "--cwd")


def _elsewhere(
    run: Interpreter, name: str, own: list[Values], options: str, state: State, stdin: Stream
) -> State:
    """The state in the directory that one of a wrapper's own options names."""
    for option, values in Given(own, frozenset(options.split())).options:
        is_folder = option in _FOLDERS and option in options.split()
        if is_folder and name.partition(".")[0] in _GOING and is_known(values[0]):
            state = state.copy()
            directories.change(run, "cd", [values], state, stdin)
    return state


_GOING = frozenset(("sudo", "unshare", "systemd-run", "uv", "poetry", "pnpm", "yarn"))


def _has_user(given: list[Values]) -> bool:
    return any(v[0].startswith(("-u", "--user")) for v in given)


def _told(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`runuser -c CODE`, as `su`."""
    valued = ("-c", "--command", "--session-command", "-s", "--shell", "-u")
    parsed = Given(given, frozenset(valued))
    for code in parsed.value("-c", "--command", "--session-command") or ():
        run.inner(code, state, stdin)
    return UNSEEN


_LOGS = names("-o --output --export-json --export-markdown --export-csv --log-file")
_LOGGING = names("time gtime strace ltrace hyperfine perf.stat perf.record perf.trace valgrind")


def _written(
    run: Interpreter, name: str, own: list[Values], valued: frozenset[str], state: State
) -> None:
    """What the options of the program itself write."""
    for option, values in Given(own, valued).options:
        if name in _LOGGING and option in _LOGS:
            for value in values:
                if value[:1] in ("|", "!"):
                    run.inner(value[1:], state)
                else:
                    run.effects.write((value,), state, f"{name} {option}")
    from parallel_agents.guard.shell.programs import strangers

    strangers.options(run, name, dict.fromkeys(valued, "-"), own, state)


def later(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`at` and `batch`: what they read is run by a shell."""
    source = Given(given, frozenset(("-f", "-q", "-t"))).value("-f")
    texts(run, stdin if source is None else run.contents(source, state), state.copy(), stdin)
    run.effects.unknown(f"`{name}` runs code later")
    return UNSEEN
