"""Follows what a project calls its commands: scripts of package.json, targets of a Makefile."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import policy
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_RUNS = frozenset(("run", "run-script", "rum", "urn"))
_SHORT = frozenset(("test", "start", "stop", "restart", "t", "tst"))
_VALUED = frozenset(
    (
        *(
            "--prefix",
            "-C",
            "--cwd",
            "--dir",
            "-w",
            "--workspace",
            "-F",
            "--filter",
            "-c",
            "--call",
        ),
        "--pack-destination",
    )
)
_SWITCHES = names(
    """
    silent quiet verbose force global json long parseable if-present ignore-scripts yes dry-run
    foreground-scripts workspaces include-workspace-root offline prefer-offline prefer-online audit
    fund progress color save save-dev save-exact production legacy-peer-deps package-lock version
    help usage timing strict-peer-deps bin-links unicode
    """
)
"""Options of npm that are only on or off."""
_MAKE = frozenset(
    (
        *("-C", "--directory", "-f", "--file", "--makefile", "-I", "-o", "-W", "--eval", "-E"),
        *("--old-file", "--new-file", "--what-if", "--include-dir"),
    )
)


_OWN = names(
    """
    help info list ls why outdated audit cache config link login logout node pack publish dlx exec
    init create store root bin licenses prune rebuild setup workspaces workspace x build
    """
)
"""Commands of the package managers themselves."""


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where the program is to be looked up in the policy table."""
    if name in ("make", "gmake"):
        return _make(run, name, given, state, stdin)
    if name in ("just", "task"):
        run.effects.unknown(f"`{name}` runs code that is not seen")
        return UNSEEN
    if "NODE_OPTIONS" in state.variables:
        from parallel_agents.guard.shell.code import nodes

        nodes.preloaded(run, state)
    return _package(run, name, given, state)


def _package(run: Interpreter, name: str, given: list[Values], state: State) -> Stream | None:
    parsed = _taken(name, given)
    words = [v[0] for v in parsed.words]
    if not words:
        return None
    folder = (parsed.value("--prefix", "-C", "--cwd", "--dir") or (".",))[0]
    if words[0] in ("exec", "x") and parsed.value("-c", "--call") is not None:
        for code in parsed.value("-c", "--call") or ():
            run.inner(code, state)
        return UNSEEN
    if words[0] == "pack":
        goals = () if parsed.has("--dry-run") else parsed.value("--pack-destination") or (".",)
        for goal in goals:
            for path in run.absolute(goal, state):
                run.effects.write((f"{path}/{UNKNOWN}.tgz",), state, "npm pack")
        return UNSEEN
    if words[:2] == ["pkg", "set"]:
        run.effects.write((os.path.join(folder, "package.json"),), state, "npm pkg set")
        _set(run, folder, words[2:], state)
        return UNSEEN
    runs = words[0] in _RUNS
    if runs:
        script = words[1] if len(words) > 1 else ""
    elif words[0] in _SHORT or name != "npm":
        script = {"t": "test", "tst": "test"}.get(words[0], words[0])
    else:
        return None
    scripts, where = _scripts(run, folder, state)
    if runs and script not in scripts:
        # The value of an option that is not known as one stands before the name.
        script = next((word for word in words[1:] if word in scripts), script)
    rest = _behind(given, script if runs else words[0])
    if script not in scripts:
        if runs or words[0] in _SHORT:
            run.effects.unknown(f"`{name} {script}` runs code that is not seen")
            return UNSEEN
        own = policy.rules(f"{name}.{script}") is not None or script in _OWN
        if name in ("yarn", "pnpm", "bun") and (_tool(where, script) or not own):
            from parallel_agents.guard.shell.programs import invocation

            inner = state.copy()
            inner.cwds = (where,)
            return invocation.program(run, script, rest, inner, UNSEEN)
        return None
    inner = state.copy()
    inner.cwds = (where,)
    run.budget.enter()
    for key in (f"pre{script}", script, f"post{script}"):
        if key in scripts:
            extra = " ".join(_quoted(v) for v in rest) if key == script else ""
            run.inner(f"{scripts[key]} {extra}".strip(), inner)
    run.budget.leave()
    return UNSEEN


def _taken(name: str, given: list[Values]) -> Given:
    """Options with a value are many: those of npm are all that are no switches."""
    valued = set(_VALUED)
    if name == "npm":
        for values in given:
            option = values[0]
            if option == "--":
                break
            plain = option.removeprefix("--")
            if option[:2] == "--" and plain not in _SWITCHES and not plain.startswith("no-"):
                valued.add(option)
    return Given(given, frozenset(valued))


def _set(run: Interpreter, folder: str, words: list[str], state: State) -> None:
    """`npm pkg set scripts.NAME=CODE`: the script is there from now on."""
    import json

    scripts, where = _scripts(run, folder, state)
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.startswith("scripts."):
            scripts[key[8:]] = value
    path = os.path.join(where, "package.json")
    run.remember(path, Stream((json.dumps({"scripts": scripts}),)))


def _behind(given: list[Values], word: str) -> list[Values]:
    """The arguments that a script is given, without the `--` in front of them."""
    at = given.index((word,)) + 1 if (word,) in given else len(given)
    rest = given[at:]
    return rest[1:] if rest[:1] == [("--",)] else rest


def _tool(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, "node_modules", ".bin", name))


def _scripts(run: Interpreter, folder: str, state: State) -> tuple[dict[str, str], str]:
    """(scripts by name, the folder of the package.json that has them)."""
    for start in run.absolute(folder, state):
        at = start
        while is_known(at):
            path = os.path.join(at, "package.json")
            stream = run.contents_of(path)
            if stream.texts is not None and stream.texts[0] != UNKNOWN:
                return _parsed(stream.texts[0]), at
            parent = os.path.dirname(at)
            if parent == at:
                break
            at = parent
        return {}, start
    return {}, folder


def _parsed(text: str) -> dict[str, str]:
    import json

    try:
        found = json.loads(text)
        scripts = found.get("scripts", {}) if isinstance(found, dict) else {}
        return {k: v for k, v in scripts.items() if isinstance(v, str)}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _quoted(values: Values) -> str:
    return "'" + values[0].replace("'", "'\\''") + "'"


def _make(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    from parallel_agents.guard.shell.programs.makefiles import Makefile

    parsed = Given(given, _MAKE)
    if parsed.has("-n", "--dry-run", "--just-print", "--recon", "-q", "-v", "--version", "-p"):
        return UNSEEN
    folder = (parsed.value("-C", "--directory") or (".",))[0]
    inner = state.copy()
    inner.cwds = tuple(run.absolute(folder, state))
    run.effects.unknown(f"`{name}` runs code that is not seen")

    def read(file: str) -> str | None:
        for path in run.absolute(file, inner):
            stream = stdin if file in ("-", "/dev/stdin") else run.contents_of(path)
            if stream.texts is not None and stream.texts[0] != UNKNOWN:
                return stream.texts[0]
        return None

    flags = ("-f", "--file", "--makefile")
    files = [v[0] for option, v in parsed.options if option in flags]
    found = [read(file) for file in files]
    if not files:
        found = [read(file) for file in ("GNUmakefile", "makefile", "Makefile")]
    texts = [text for text in found if text is not None]
    said = [v[0] for option, v in parsed.options if option in ("--eval", "-E")]
    before = [read(f) for v in state.variables.get("MAKEFILES", ()) for f in v.split()]
    text = "\n".join([*filter(None, before), *said, *(texts if files else texts[:1])])
    if not text:
        return UNSEEN
    # Behind `-j` there may be a number.
    targets = [v[0] for v in parsed.words if "=" not in v[0] and not v[0].isdecimal()]
    assigned = [v[0].split("=", 1) for v in parsed.words if "=" in v[0]]
    chosen = {key.rstrip(":?"): value for key, value in assigned}
    around = {k: v[0] for k, v in state.variables.items() if len(v) == 1 and is_known(v[0])}
    recipe = Makefile(text, chosen, read, around)
    for key, value in {**recipe.variables, **chosen}.items():
        inner.variables.setdefault(key, (value,) if "$" not in value else ANY)
    shell = chosen.get("SHELL", recipe.variables["SHELL"])
    for line in recipe.lines(targets):
        _line(run, shell, line, inner)
    return UNSEEN


def _line(run: Interpreter, shell: str, line: str, state: State) -> None:
    """A line of a recipe, run by the shell that the Makefile or the call names."""
    from parallel_agents.guard.shell.programs import invocation

    words = shell.split()
    if not words or words[0].rpartition("/")[2] in invocation.SHELLS or not is_known(shell):
        run.inner(line, state)
    else:
        invocation.run(run, [*((w,) for w in words), ("-c",), (line,)], state.copy(), UNSEEN)
