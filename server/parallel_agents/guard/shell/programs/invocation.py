"""One simple command: which program is it, and who knows what that does.

In this order: functions and aliases of the command, the shell's own commands, programs that run
other commands, programs with a reader of their own, the policy table, scripts that can be
followed, and last what nobody knows.
"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, NOTHING, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, fits, is_known, literal_text
from parallel_agents.guard.shell.programs import arguments, policy, readers, strangers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Reader = Callable[[Interpreter, str, list[Values], State, Stream], Stream | None]

SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish", "yash"))
VERBS = frozenset(("approve", "claim", "release", "fail", "recover", "merge", "end", "serve"))
"""Of our own command line, what is not for agents."""

_READERS_OF_THEIR_OWN = {
    **dict.fromkeys(
        ("cp", "mv", "install", "ln", "rsync", "gcp", "gmv", "ditto", "link"), "programs.copying"
    ),
    **dict.fromkeys(
        (
            *("tar", "bsdtar", "gtar", "ptar", "star", "unzip", "cpio", "pax", "zip"),
            *("7z", "7za", "7zr", "7zz", "rar", "unrar", "ar", "llvm-ar", "gcc-ar"),
        ),
        "programs.archives",
    ),
    **dict.fromkeys(
        (
            *("gzip", "gunzip", "pigz", "bzip2", "bunzip2", "pbzip2", "lbzip2", "xz", "unxz"),
            *("lzma", "unlzma", "zstd", "unzstd", "zstdmt", "lz4", "unlz4", "lzip", "lzop"),
            *("brotli", "compress", "uncompress"),
        ),
        "programs.compression",
    ),
    **dict.fromkeys(("patch", "gpatch"), "programs.patches"),
    **dict.fromkeys(("ninja", "samu"), "programs.ninja"),
    **dict.fromkeys(("prove", "run-parts"), "programs.harnesses"),
    "cmake": "programs.cmake",
    **dict.fromkeys(("gdb", "lldb", "tmux", "screen", "start-stop-daemon"), "programs.terminals"),
    **dict.fromkeys(
        (
            *("curl", "wget", "aria2c", "ssh", "scp", "sftp", "ssh-copy-id", "sshfs", "autossh"),
            *("mosh", "socat"),
        ),
        "programs.transfers",
    ),
    **dict.fromkeys(
        ("sqlite3", "sqlite", "duckdb", "psql", "mysql", "mariadb"), "programs.databases"
    ),
    **dict.fromkeys(("chmod", "chown", "chgrp", "chattr", "setfacl", "xattr"), "programs.modes"),
    **dict.fromkeys(("find", "gfind", "fd", "fdfind", "bfs"), "programs.finding"),
    **dict.fromkeys(("xargs", "gxargs", "parallel"), "programs.xargs"),
    **dict.fromkeys(("sed", "gsed"), "programs.streams"),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), "programs.streams"),
    **dict.fromkeys(("grep", "egrep", "fgrep", "rg", "ag", "ack"), "programs.searching"),
    **dict.fromkeys(("ed", "ex", "vi", "vim", "nvim", "emacs", "emacsclient"), "programs.editors"),
    "ffmpeg": "programs.media",
    "git": "programs.gitverbs",
    **dict.fromkeys(
        ("node", "nodejs", "deno", "bun", "perl", "ruby", "php", "lua", "tclsh"), "code.languages"
    ),
    **dict.fromkeys(
        ("Rscript", "osascript", "luajit", "tsx", "ts-node", "groovy", "pwsh"), "code.languages"
    ),
    "java": "code.javas",
    **dict.fromkeys(
        ("gcc", "cc", "g++", "c++", "clang", "clang++", "tcc", "c99", "rustc", "go", "javac"),
        "programs.compilers",
    ),
    **dict.fromkeys(
        ("pytest", "py.test", "nosetests", "nose2", "jest", "vitest", "mocha", "ava"),
        "programs.testruns",
    ),
    **dict.fromkeys(("make", "gmake", "npm", "yarn", "pnpm", "just", "task"), "programs.recipes"),
}
_SELECTING = frozenset(("jq", "gojq", "jaq", "yq", "xq", "tomlq"))
_PYTHONS = ("python", "pypy", "ipython")


def run(
    run: Interpreter, words: list[Values], state: State, stdin: Stream, *, outside: bool = False
) -> Stream:
    """Do what the words would; what it prints. `outside`: functions and aliases are not known."""
    run.budget.step()
    names, given = words[0], words[1:]
    if len(names) > 1:
        out = UNSEEN
        for name in names[:8]:
            branch = state.copy()
            out = _named(run, name, given, branch, stdin, outside)
            state.join(branch)
        if len(names) > 8:
            run.effects.unknown("which program runs is only known when it runs")
        return out
    return _named(run, names[0], given, state, stdin, outside)


def _named(
    run: Interpreter,
    name: str,
    given: list[Values],
    state: State,
    stdin: Stream,
    outside: bool = False,
) -> Stream:
    if not MARKS.isdisjoint(name):
        found = run.effects.matches(name, state)
        if found is None or len(found) != 1:
            own = [n for n in ("parallel-agents", "launch.sh") if fits(name.rpartition("/")[2], n)]
            if own and UNKNOWN not in name:
                own_command_line(run, given)
            return strangers.stranger(run, literal_text(name), given, state)
        name = found[0]
    if name in state.functions and not outside:
        return run.call(state.functions[name], given, state, stdin)
    if name in state.aliases and not outside:
        out = UNSEEN
        if "expand_aliases" not in state.options:
            # A shell that runs a text may not expand them at all.
            aliases, state.aliases = state.aliases, {}
            _named(run, name, given, state.copy(), stdin, True)
            state.aliases = aliases
        for text in state.aliases[name]:
            aliases = dict(state.aliases)
            state.aliases.pop(name)  # an alias does not expand in itself
            if frozenset("|&;<>()$`\\\"'*?[{~=").isdisjoint(text) and text.strip():
                words: list[Values] = [(word,) for word in text.split()]
                run.budget.enter()
                out = _named(run, words[0][0], [*words[1:], *given], state, stdin)
                run.budget.leave()
            else:
                out = run.text(" ".join([text, *map(_quoted, given)]), state, stdin)
            state.aliases = aliases
        return out
    if "/" not in name and "PATH" in state.variables:
        from parallel_agents.guard.shell.programs import lookup

        name = lookup.shadowed(run, name, state) or name
    base = name.rpartition("/")[2]
    if "/" in name and is_ours(run, name, state):
        own_command_line(run, given)
        return UNSEEN
    if "/" in name and not _is_installed(run, name, state):
        from parallel_agents.guard.shell.programs import scripts

        if run.compiled:
            from parallel_agents.guard.shell.code import compiledcode

            if compiledcode.started(run, name, given, state):
                return UNSEEN
        followed = scripts.follow(run, name, given, state, stdin)
        if followed is not None:
            return followed
    return program(run, base, given, state, stdin, spelled=name)


def program(
    run: Interpreter,
    base: str,
    given: list[Values],
    state: State,
    stdin: Stream,
    *,
    spelled: str = "",
) -> Stream:
    """Do what the program called `base` does with these arguments."""
    from parallel_agents.guard.shell.programs import builtin, shells, wrapping

    known = builtin.COMMANDS.get(base)
    if known is not None:
        return known(run, base, given, state, stdin)
    run.succeeded(None)
    if base == "parallel-agents" or (base == "launch.sh"):
        own_command_line(run, given)
        return _listed(run, base, given, state, stdin)
    if base in SHELLS:
        return shells.start(run, base, given, state, stdin)
    options = policy.wrapped(base)
    if options is not None:
        return wrapping.wrapper(run, base, given, state, stdin, options)
    if base.startswith(_PYTHONS):
        from parallel_agents.guard.shell.code import pythons

        return pythons.python(run, base, given, state, stdin)
    reader = _READERS_OF_THEIR_OWN.get(base)
    if reader is not None:
        out = _reader(reader)(run, base, given, state, stdin)
        if out is not None:
            return out
    sub = [v[0] for v in given[:3] if len(v) == 1 and is_known(v[0])]
    for depth in (3, 2, 1):
        if len(sub) >= depth:
            name = ".".join((base, *sub[:depth]))
            options = policy.wrapped(name)
            if options is not None:
                return wrapping.wrapper(run, name, given[depth:], state, stdin, options)
    if "command_not_found_handle" in state.functions:
        from parallel_agents.guard.shell.programs import lookup

        if spelled == base and not lookup.found(base):
            body = state.functions["command_not_found_handle"]
            return run.call(body, [(base,), *given], state.copy(), stdin)
    return _listed(run, base, given, state, stdin, spelled=spelled)


def _listed(
    run: Interpreter,
    base: str,
    given: list[Values],
    state: State,
    stdin: Stream,
    *,
    spelled: str = "",
) -> Stream:
    """A program of the policy table or of the lists."""
    verbs = [v[0] for v in given if len(v) == 1 and is_known(v[0]) and v[0][:1] != "-"][:3]
    names = [".".join((base, *verbs[:n])) for n in range(len(verbs), 0, -1)]
    if base == "ruff" and verbs[:1] == ["check"]:
        fixing = any(v[0] in ("--fix", "--fix-only", "--unsafe-fixes") for v in given if v)
        names = ["ruff.check.fix" if fixing and ("--fix",) in given else "ruff.check"]
    found = policy.rules(*names, base)
    if found is not None:
        arguments.apply(run, base, found, given, state)
        strangers.options(run, base, found, given, state)
        if "RUNS" in found and policy.rules(*names) is None:
            strangers.verbs(run, base, given, state)
        if (
            base not in _SELECTING
            and "ARGS" not in found
            and ("LAST" not in found or "IF" in found)
        ):
            strangers.outputs(run, base, given, state)
        if base in _SELECTING:
            from parallel_agents.guard.shell.programs import filters

            return filters.selected(run, base, given, state, stdin)
        return UNSEEN
    if base in policy.READERS:
        return UNSEEN
    if base in policy.RUNNERS or (base.startswith("git-") and base[4:].isalnum()):
        run.effects.unknown(f"`{base}` runs code that is not seen")
        strangers.options(run, base, {}, given, state)
        strangers.verbs(run, base, given, state)
        strangers.outputs(run, base, given, state)
        return UNSEEN
    if base in readers.LANGUAGES:
        return strangers.runtime(run, base, given, state, stdin)
    return strangers.stranger(run, spelled or base, given, state)


def _reader(name: str) -> Reader:
    """The module is loaded only where its program is called."""
    module = __import__(f"parallel_agents.guard.shell.{name}", fromlist=("read",))
    found: Reader = module.read
    return found


def own_command_line(run: Interpreter, given: list[Values]) -> None:
    """Our own command line is called with these arguments."""
    run.effects.unknown("our own command line runs")
    for values in given:
        for value in values:
            if value in VERBS:
                run.effects.own_verb(value)
                return
            if not is_known(value) and any(fits(value, verb) for verb in VERBS):
                run.effects.own_verb(next(verb for verb in VERBS if fits(value, verb)))
                return
            if value[:1] != "-" and is_known(value):
                return  # the verb comes first


def is_ours(run: Interpreter, name: str, state: State) -> bool:
    """Whether the path leads to the command line of this plugin."""
    plugin = run.effects.scene.plugin
    ours = (plugin + "/bin/parallel-agents", plugin + "/server/launch.sh")
    found = run.effects.located(name, state.cwds)
    return any(os.path.realpath(path) in ours for path in found)


def _is_installed(run: Interpreter, name: str, state: State) -> bool:
    """Whether a path names a program of the machine or of the project's tools, not a script."""
    if any(f"/{folder}/" in name for folder in ("node_modules/.bin", "vendor/bin")):
        return True
    if name.startswith(("/usr/", "/bin/", "/sbin/", "/opt/")):
        return True
    folder = name.rpartition("/")[0]
    return folder.endswith("/bin") and any(
        os.path.exists(os.path.join(os.path.dirname(path), "activate"))
        for path in run.absolute(name, state)
    )


def _quoted(values: Values) -> str:
    value = values[0] if len(values) == 1 else UNKNOWN
    return "'" + value.replace("'", "'\\''") + "'"


__all__ = ["ANY", "NOTHING", "program", "run"]
