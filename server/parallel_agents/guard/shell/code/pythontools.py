"""Modules that are run by `python -m`: what they write, and which code they run."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Tool = Callable[[Interpreter, list[Values], State, Stream], Stream]

_READING = names(
    """
    ast dis tokenize tabnanny calendar this symtable inspect pickletools pickle mimetypes difflib
    http.server site sysconfig platform base64 quopri locale textwrap uuid random pstats
    turtledemo antigravity nntplib imghdr sndhdr getopt keyword opcode string struct webbrowser
    test ctypes.util pyclbr modulefinder filecmp fileinput smtpd telnetlib ftplib poplib tkinter
    turtle asyncio unittest html.entities encodings.rot_13 zoneinfo
    """
)
"""Modules that only read what they are given, or run code that is not seen."""
_PROGRAMS = {"lib2to3": "2to3", "nose": "nosetests", "IPython": "ipython", "pip": "pip"}
_DEBUGGER = names(
    """
    a alias args b break c cl clear commands cond condition cont continue d disable display down
    enable exit h help ignore interact j jump l list ll longlist n next q quit r restart return
    retval rv run s source step tbreak u unalias undisplay unt until up w whatis where
    """
)
_RUNNING = names("c cont continue n next s step r return until unt j jump")


def run_module(
    run: Interpreter, module: str, rest: list[Values], state: State, stdin: Stream
) -> Stream:
    """Follow what the module would do with these arguments."""
    from parallel_agents.guard.shell.code import pythonfunctions, pythons
    from parallel_agents.guard.shell.programs import invocation, strangers

    if module.partition(".")[0] == "parallel_agents":
        pythons.own(run, rest)
        return UNSEEN
    tool = _TOOLS.get(module)
    if tool is not None:
        return tool(run, rest, state, stdin)
    if module in ("unittest", "green"):
        from parallel_agents.guard.shell.programs import testruns

        testruns.follow(run, state)
    relative = module.replace(".", "/")
    tops = ["", *(folder + "/" for folder in pythonfunctions.searched(state))]
    for path in [top + relative + end for top in tops for end in (".py", "/__main__.py")]:
        for absolute in run.absolute(path, state):
            stream = run.contents_of(absolute)
            if stream.texts is not None and stream.texts != ANY:
                return pythons.code(run, stream.texts, absolute, rest, state, stdin)
    if module in _READING:
        run.effects.unknown(f"`python -m {module}` runs code that is not seen")
        known = {"-d": "-", "--directory": "-"} if module == "http.server" else {}
        strangers.options(run, module, known, rest, state)
        return UNSEEN
    return invocation.program(run, _PROGRAMS.get(module, module), rest, state, stdin)


def _json(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    words = Given(rest, frozenset(("--indent",))).words
    if len(words) > 1:
        run.effects.write(words[1], state, "json.tool")
    return UNSEEN


def _archive(program: str) -> Tool:
    def used(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
        from parallel_agents.guard.shell.programs import invocation

        verbs = [at for at, v in enumerate(rest) if v[0][:2] in ("-e", "-c") or v[0] in _LONG]
        if not verbs:
            return UNSEEN
        words = [v for v in rest[verbs[0] + 1 :] if v[0][:1] != "-"]
        if rest[verbs[0]][0].lstrip("-")[:1] == "c":
            run.effects.write(words[0] if words else ANY, state, f"{program} -c")
            return UNSEEN
        folder = words[1] if len(words) > 1 else (".",)
        archive = words[0] if words else ANY
        if program == "unzip":
            given = [("-o",), archive, ("-d",), folder]
        else:
            given = [("-x",), ("-f",), archive, ("-C",), folder]
        return invocation.program(run, program, given, state, stdin)

    return used


_LONG = ("--extract", "--create")


def _pages(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    """`pydoc -w NAME`: a page for each, in the current directory."""
    run.effects.unknown("`pydoc` runs code that is not seen")
    if ("-w",) not in rest:
        return UNSEEN
    for values in rest:
        for value in values:
            if value == "-w":
                continue
            name = value.rstrip("/").rpartition("/")[2].removesuffix(".py")
            whole = UNKNOWN in value or os.path.isdir(value) or name in (".", "..")
            for cwd in state.cwds:
                page = f"{cwd}/{UNKNOWN if whole else name}.html"
                run.effects.write((page,), state, "pydoc -w")
    return UNSEEN


def _compiled(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    """`py_compile` and `compileall`: what they make is below or beside the sources."""
    words = Given(rest, names("-l -r -d -s -p -x -i -j -o -e --invalidation-mode")).words
    for values in words:
        for value in values:
            for path in run.absolute(value, state):
                if value == "-" or not is_known(path):
                    continue
                if path.endswith(".py"):
                    path = os.path.dirname(path)
                elif not any(name.endswith(".py") for name in _listed(path)):
                    continue
                made = f"{path}/__pycache__/any.pyc"
                run.effects.mention((made,), state, "compileall")
    return UNSEEN


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _debugged(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    """`pdb -c COMMAND SCRIPT`: what is no command of the debugger is Python."""
    from parallel_agents.guard.shell.code import pythons

    said: list[str] = []
    inner = list(rest)
    module = ""
    while inner and inner[0][0][:1] == "-" and not module:
        flag, _, attached = inner.pop(0)[0].partition("=")
        if flag in ("-c", "--command"):
            said += (attached,) if attached else (inner.pop(0) if inner else ())
        elif flag == "-m" and inner:
            module = inner.pop(0)[0]
    typed = stdin.texts[0] if stdin.texts and stdin.texts != ANY else ""
    said += typed.split("\n")
    begun = not said
    for line in filter(None, (line.strip() for line in said)):
        name, _, behind = line.partition(" ")
        if name in ("q", "quit", "exit") and not begun:
            return UNSEEN
        begun = begun or name in _RUNNING
        if name in ("p", "pp", "debug", "display", "whatis", "until"):
            line = behind
        elif name in _DEBUGGER and line[:1] != "!":
            continue
        pythons.code(run, (line.lstrip("! "),), "-c", [], state)
    if module:
        return run_module(run, module, inner, state, stdin)
    return pythons.python(run, "python", inner, state, UNSEEN) if inner else UNSEEN


def _measured(module: str) -> Tool:
    """`cProfile`, `profile` and `trace`: where their findings go, and what they run."""

    def used(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
        from parallel_agents.guard.shell.code import pythons

        inner = list(rest)
        counts = module != "trace"
        valued = names(
            "-o --outfile -s --sort -C --coverdir -f --file --ignore-module --ignore-dir"
        )
        while inner and inner[0][0][:1] == "-":
            flag, equals, attached = inner.pop(0)[0].partition("=")
            counts = counts or flag in ("-c", "--count", "-r", "--report")
            value: Values = (attached,) if equals else ()
            if flag in valued and not equals and inner:
                value = inner.pop(0)
            if flag in ("-o", "--outfile", "-f", "--file") and counts:
                run.effects.write(value, state, f"{module} {flag}")
            elif flag in ("-C", "--coverdir"):
                into = tuple(f"{p}/{UNKNOWN}" for v in value for p in run.absolute(v, state))
                run.effects.write(into, state, f"{module} {flag}")
            if flag in ("-m", "--module") and inner:
                return run_module(run, inner[0][0], inner[1:], state, stdin)
        return pythons.python(run, "python", inner, state, stdin) if inner else UNSEEN

    return used


def _environment(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    for values in Given(rest, frozenset(("--prompt",))).words:
        into = tuple(f"{p}/{UNKNOWN}" for v in values for p in run.absolute(v, state))
        run.effects.write(into, state, "venv")
    return UNSEEN


def _timed(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    from parallel_agents.guard.shell.code import pythons

    parsed = Given(rest, names("-n -r -s -u --setup --number --repeat --unit"))
    code = [v for option, v in parsed.options if option in ("-s", "--setup")] + parsed.words
    return pythons.code(run, ("\n".join(v[0] for v in code),), "-c", [], state, stdin)


def _bundled(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(rest, names("-o --output -p --python -m --main"))
    goal = parsed.value("-o", "--output")
    if goal is None and not parsed.has("--info") and parsed.words:
        goal = tuple(v.rstrip("/") + ".pyz" for v in parsed.words[0])
    run.effects.write(goal or (), state, "zipapp")
    return UNSEEN


def _packed(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    parsed = Given(rest, frozenset())
    unpacks = parsed.has("-d", "--decompress")
    for values in parsed.words:
        made = tuple(v.removesuffix(".gz") if unpacks else v + ".gz" for v in values)
        run.effects.write(made, state, "gzip")
    return UNSEEN


def _second(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    for values in Given(rest, frozenset()).words[1:2]:
        run.effects.write(values, state, "uu")
    return UNSEEN


def _typed(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    from parallel_agents.guard.shell.code import pythons

    return pythons.code(run, stdin.texts or ANY, "-", rest, state)


def _examples(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    """`doctest FILE`: what stands behind `>>>`."""
    from parallel_agents.guard.shell.code import pythons

    for values in Given(rest, names("-o --option")).words:
        stream = run.contents(values, state)
        for text in stream.texts or ():
            if not is_known(text):
                continue
            lines = [line.lstrip() for line in text.split("\n")]
            shown = [line[4:] for line in lines if line[:4] in (">>> ", "... ")]
            pythons.code(run, ("\n".join(shown),), "-c", [], state)
    run.effects.unknown("`doctest` runs code that is not seen")
    return UNSEEN


def _again(run: Interpreter, rest: list[Values], state: State, stdin: Stream) -> Stream:
    return run_module(run, rest[0][0], rest[1:], state, stdin) if rest else UNSEEN


_TOOLS: dict[str, Tool] = {
    "json.tool": _json,
    "json": _json,
    "zipfile": _archive("unzip"),
    "tarfile": _archive("tar"),
    "pydoc": _pages,
    "py_compile": _compiled,
    "compileall": _compiled,
    "pdb": _debugged,
    "ipdb": _debugged,
    "cProfile": _measured("cProfile"),
    "profile": _measured("profile"),
    "trace": _measured("trace"),
    "venv": _environment,
    "virtualenv": _environment,
    "timeit": _timed,
    "zipapp": _bundled,
    "gzip": _packed,
    "uu": _second,
    "code": _typed,
    "runpy": _again,
    "doctest": _examples,
}
