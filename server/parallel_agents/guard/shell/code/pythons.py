"""The command line of Python: its `-c`, its `-m`, its script, or what it reads."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import scripts
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = ("-W", "-X", "--check-hash-based-pycs")
_QUIET = names(
    """
    unittest pytest doctest timeit trace cProfile profile pdb http.server site sysconfig
    platform py_compile compileall tokenize ast dis inspect this calendar json pip venv
    ensurepip pydoc tabnanny symtable idlelib turtle asyncio mypy pyright pylint flake8
    pyflakes bandit build twine wheel setuptools django flask uvicorn gunicorn celery IPython
    jupyter notebook
    """
)
"""Modules that run code which is not seen, and do not write what they are given."""


def python(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Follow what a Python would run."""
    rest = list(given)
    while rest:
        word = rest[0][0]
        if word[:1] != "-" or word == "-":
            break
        rest.pop(0)
        if word in _VALUED:
            rest = rest[1:]
        elif word == "--":
            break
        elif word in ("-V", "--version", "-VV", "-h", "--help"):
            return UNSEEN
        elif word[:2] != "--" and "c" in word[1:]:
            attached = word.partition("c")[2]
            code: Values = (attached,) if attached else (rest.pop(0) if rest else ("",))
            return _code(run, code, "-c", rest, state, stdin)
        elif word[:2] != "--" and "m" in word[1:]:
            attached = word.partition("m")[2]
            module = attached or (rest.pop(0)[0] if rest else "")
            return run_module(run, module, rest, state, stdin)
    if not rest or rest[0] in (("-",), ("/dev/stdin",)):
        source = stdin.texts if stdin.texts is not None else ANY
        return _code(run, source, "-", rest[1:], state)
    script = rest.pop(0)
    for value in script:
        for path in run.absolute(value, state):
            if is_known(path) and os.path.isdir(path):
                path = os.path.join(path, "__main__.py")
            if "parallel_agents/" in path and _is_own(run, path):
                _own(run, rest)
            stream = run.contents_of(path)
            if scripts.is_missing(run, path):
                run.effects.unknown(f"there is no script `{value[:60]}`")
            elif stream.texts is None or stream.texts == ANY:
                run.effects.unknown(f"the script `{value[:60]}` cannot be read")
                for values in rest:
                    run.effects.mention(values, state, value[:60])
            else:
                _code(run, stream.texts, path, rest, state, stdin)
    return UNSEEN


def _code(
    run: Interpreter,
    code: Values,
    script: str,
    arguments: list[Values],
    state: State,
    stdin: Stream = UNSEEN,
) -> Stream:
    from parallel_agents.guard.shell.code import pythoncode

    for text in code:
        if not is_known(text):
            run.effects.unknown("Python code is only known when it runs", text)
            if text == UNKNOWN:
                for values in arguments:
                    run.effects.mention(values, state, "python")
                continue
        pythoncode.follow(run, text, script, arguments, state, stdin)
    return UNSEEN


def run_module(
    run: Interpreter, module: str, rest: list[Values], state: State, stdin: Stream
) -> Stream:
    from parallel_agents.guard.shell.programs import invocation

    if module.partition(".")[0] == "parallel_agents":
        _own(run, rest)
        return UNSEEN
    if module in ("json.tool", "json") and len(rest) > 0:
        words = Given(rest, frozenset(("--indent",))).words
        if len(words) > 1:
            run.effects.write(words[1], state, "json.tool")
        return UNSEEN
    if module in ("zipfile", "tarfile") and rest[:1] in ([("-e",)], [("--extract",)], [("-c",)]):
        program = "unzip" if module == "zipfile" else "tar"
        names = rest[1:]
        if rest[0] == ("-c",):
            run.effects.write(names[0] if names else ANY, state, module)
            return UNSEEN
        folder = names[1] if len(names) > 1 else (".",)
        head: list[Values] = [("-d",), folder] if program == "unzip" else [("-x",), ("-C",), folder]
        first: list[Values] = [names[0]] if program == "unzip" else [("-f",), names[0]]
        return invocation.program(run, program, [*first, *head], state, stdin)
    if module in ("cProfile", "profile", "trace", "pdb", "coverage"):
        output = Given(rest, frozenset(("-o", "-s"))).value("-o")
        if output is not None:
            run.effects.write(output, state, f"{module} -o")
        if module == "coverage":
            return invocation.program(run, "coverage", rest, state, stdin)
        inner = list(rest)
        while inner and inner[0][0][:1] == "-":
            flag = inner.pop(0)[0]
            if flag in ("-o", "-s", "-c", "-C", "--coverdir", "-f", "--file") and inner:
                inner.pop(0)
            if flag == "-m" and inner:
                return run_module(run, inner[0][0], inner[1:], state, stdin)
        return python(run, "python", inner, state, stdin) if inner else UNSEEN
    if module in ("venv", "virtualenv"):
        for values in rest:
            if values[0][:1] != "-":
                run.effects.write(tuple(v + "/" + UNKNOWN for v in values), state, module)
        return UNSEEN
    if module == "timeit":
        parsed = Given(rest, frozenset(("-n", "-r", "-s", "-u", "--setup", "--number", "--repeat")))
        code = [v for option, v in parsed.options if option in ("-s", "--setup")] + parsed.words
        return _code(run, ("\n".join(v[0] for v in code),), "-c", [], state, stdin)
    if module in ("unittest", "pytest", "nose2", "nose", "green"):
        from parallel_agents.guard.shell.programs import testruns

        testruns.follow(run, state)
    relative = module.replace(".", "/")
    for path in (f"{relative}.py", f"{relative}/__main__.py"):
        for absolute in run.absolute(path, state):
            stream = run.contents_of(absolute)
            if stream.texts is not None and stream.texts != ANY:
                return _code(run, stream.texts, absolute, rest, state, stdin)
    if module.partition(".")[0] in _QUIET:
        run.effects.unknown(f"`python -m {module}` runs code that is not seen")
        if module in ("pip",):
            return UNSEEN
        return UNSEEN
    name = {"lib2to3": "2to3", "ruff": "ruff"}.get(module, module)
    return invocation.program(run, name, rest, state, stdin)


def _is_own(run: Interpreter, path: str) -> bool:
    return os.path.realpath(path).startswith(run.effects.scene.plugin + "/") or path.endswith(
        ("/parallel_agents/cli.py", "/parallel_agents/__main__.py")
    )


def _own(run: Interpreter, rest: list[Values]) -> None:
    from parallel_agents.guard.shell.programs.invocation import VERBS

    for values in rest:
        for value in values:
            if value in VERBS:
                run.effects.own_verb(value)
                return
