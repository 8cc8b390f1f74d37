"""cmake: its own commands (`-E`), its scripts (`-P`), and where it builds."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.programs import strangers
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_SAME = {
    "copy": "cp",
    "copy_if_different": "cp",
    "copy_if_newer": "cp",
    "rename": "mv",
    "remove": "rm",
    "rm": "rm",
    "touch": "tee",
    "cat": "cat",
    "tar": "tar",
    "create_symlink": "ln",
    "create_hardlink": "ln",
    "env": "env",
    "time": "time",
}
"""Commands of `cmake -E`, by the program that does the same."""
_HARMLESS = frozenset(
    (
        *("echo", "echo_append", "capabilities", "compare_files", "environment", "true", "false"),
        *("md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "sleep"),
        *("make_directory", "touch_nocreate", "help", "server"),
    )
)


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where the lists of programs say the rest."""
    return _cmake(run, given, state, stdin)


def _cmake(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> Stream | None:
    words = [v[0] for v in given]
    if words[:1] == ["-E"]:
        _command(run, given[1:], state, stdin)
        return UNSEEN
    if words[:1] in (["--help"], ["--version"], ["--system-information"]):
        return UNSEEN
    parsed = Given(given, frozenset(("-B", "-S", "-D", "-G", "-P", "-C", "-A", "-T", "--target")))
    for option, values in parsed.options:
        if option == "-B":
            run.effects.write(tuple(v + "/" + UNKNOWN for v in values), state, "cmake -B")
    script = parsed.value("-P")
    if script is not None:
        variables = dict(v[0].split("=", 1) for o, v in parsed.options if o == "-D" and "=" in v[0])
        for text in run.contents(script, state).texts or ():
            _script(run, text, {k.partition(":")[0]: v for k, v in variables.items()}, state)
        return UNSEEN
    if not parsed.has("-B", "--build", "--install", "--open", "-N"):
        strangers.stays(run, "cmake", state)
    return None


def _command(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    """`cmake -E`."""
    from parallel_agents.guard.shell.programs import invocation

    name, rest = (given[0][0], given[1:]) if given else ("", [])
    if name in _HARMLESS:
        return
    if name == "chdir" and rest:
        inner = state.copy()
        inner.cwds = tuple(run.absolute(rest[0][0], state))
        invocation.run(run, rest[1:], inner, stdin)
    elif name.startswith("copy_directory"):
        # What is in the folders goes into the last one.
        sources = [tuple(v.rstrip("/") + "/." for v in values) for values in rest[:-1]]
        if rest:
            run.effects.write(rest[-1], state, "cmake -E", kind=effects.FOLDER)
            invocation.program(run, "cp", [("-r",), *sources, rest[-1]], state, stdin)
    elif name == "remove_directory":
        invocation.program(run, "rm", [("-r",), *rest], state, stdin)
    elif name in _SAME:
        program = _SAME[name]
        if program == "ln":
            rest = [("-f",), *([("-s",)] if name == "create_symlink" else []), *rest]
        elif program == "rm" and name == "remove":
            rest = [v for v in rest if v[0] != "-f"]
        if rest:
            if program in ("env", "time"):
                rest = [v for v in rest if v != ("--",)]
            invocation.run(run, [(program,), *rest], state, stdin)
    else:
        strangers.stranger(run, f"cmake -E {name}", rest, state)


def _script(run: Interpreter, text: str, variables: dict[str, str], state: State) -> None:
    """The commands of a CMake script that touch files or run programs."""
    import re  # the parser has loaded it

    why = "`cmake -P` runs a script that is not followed"
    run.effects.unknown(why)
    text = re.sub(r"(?m)^\s*#.*$", "", text)
    for found in re.finditer(r"(?i)\b(\w+)\s*\(((?:[^()\"]|\"(?:\\.|[^\"\\])*\")*)\)", text):
        run.budget.step()
        pieces = re.findall(r"\"((?:\\.|[^\"\\])*)\"|(\[=*\[.*?\]=*\])|([^\s\"]+)", found[2])
        words = [_filled(a or b or c, variables, state) for a, b, c in pieces]
        name = found[1].lower()
        if name == "set" and words:
            variables[words[0]] = words[1] if len(words) > 1 else ""
        elif name == "file" and words:
            _file(run, words, state)
        elif name == "execute_process":
            _processes(run, words, state)
        elif name in ("configure_file", "write_file") and words:
            goal = words[1] if name == "configure_file" and len(words) > 1 else words[0]
            run.effects.write((goal,), state, name)
        elif name in ("include", "exec_program", "try_compile"):
            run.effects.unknown(why, found[2])


def _file(run: Interpreter, words: list[str], state: State) -> None:
    action, rest = words[0].upper(), words[1:]
    how = f"file({action})"
    if action in ("WRITE", "APPEND", "TOUCH", "DOWNLOAD", "GENERATE", "CONFIGURE"):
        goals = rest[1:2] if action == "DOWNLOAD" else rest[:1] if action != "TOUCH" else rest
        if action in ("GENERATE", "CONFIGURE") and "OUTPUT" in rest[:-1]:
            goals = [rest[rest.index("OUTPUT") + 1]]
        for goal in goals:
            run.effects.write((goal,), state, how)
    elif action in ("REMOVE", "REMOVE_RECURSE"):
        for goal in rest:
            run.effects.write((goal,), state, how, kind=effects.TREE)
    elif action in ("RENAME", "COPY_FILE", "CREATE_LINK") and len(rest) > 1:
        run.effects.write((rest[1],), state, how, kind=effects.ENTRY)
        if action == "RENAME":
            run.effects.write((rest[0],), state, how, kind=effects.TREE)
    elif action in ("COPY", "INSTALL") and "DESTINATION" in rest[:-1]:
        at = rest.index("DESTINATION")
        for source in rest[:at]:
            goal = os.path.join(rest[at + 1], os.path.basename(source.rstrip("/")))
            run.effects.write((goal,), state, how, kind=effects.ENTRY)
    elif action == "ARCHIVE_EXTRACT":
        from parallel_agents.guard.shell.programs import archives

        at = rest.index("DESTINATION") + 1 if "DESTINATION" in rest[:-1] else -1
        archives.unknown(run, rest[at] if at >= 0 else ".", state, how)


def _processes(run: Interpreter, words: list[str], state: State) -> None:
    """`execute_process(COMMAND a b COMMAND c OUTPUT_FILE d WORKING_DIRECTORY e)`."""
    from parallel_agents.guard.shell.programs import invocation

    keys = frozenset(
        (
            *("COMMAND", "WORKING_DIRECTORY", "OUTPUT_FILE", "ERROR_FILE", "INPUT_FILE"),
            *("RESULT_VARIABLE", "OUTPUT_VARIABLE", "ERROR_VARIABLE", "TIMEOUT", "ENCODING"),
            *("RESULTS_VARIABLE", "COMMAND_ECHO", "COMMAND_ERROR_IS_FATAL"),
        )
    )
    parts: list[list[str]] = []
    for word in words:
        if word in keys or not parts:
            parts.append([word])
        else:
            parts[-1].append(word)
    inner = state.copy()
    for part in parts:
        if part[0] == "WORKING_DIRECTORY" and len(part) > 1:
            inner.cwds = tuple(run.absolute(part[1], state))
    for part in parts:
        if part[0] == "COMMAND" and len(part) > 1:
            run.budget.enter()
            invocation.run(run, [(word,) for word in part[1:]], inner.copy(), UNSEEN)
            run.budget.leave()
        elif part[0] in ("OUTPUT_FILE", "ERROR_FILE") and len(part) > 1:
            run.effects.write((part[1],), inner, f"execute_process({part[0]})")


def _filled(text: str, variables: dict[str, str], state: State) -> str:
    here = state.cwds[0] if len(state.cwds) == 1 else UNKNOWN
    known = {
        **dict.fromkeys(("CMAKE_CURRENT_SOURCE_DIR", "CMAKE_SOURCE_DIR"), here),
        **dict.fromkeys(
            ("CMAKE_CURRENT_BINARY_DIR", "CMAKE_BINARY_DIR", "CMAKE_CURRENT_LIST_DIR"), here
        ),
        "CMAKE_COMMAND": "cmake",
        **variables,
    }
    for _ in range(8):
        start = text.find("${")
        end = text.find("}", start)
        if start < 0 or end < 0:
            break
        text = text[:start] + known.get(text[start + 2 : end], UNKNOWN) + text[end + 1 :]
    return text.replace('\\"', '"')


__all__ = ["read"]
