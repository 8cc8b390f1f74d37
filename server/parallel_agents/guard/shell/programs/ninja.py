"""ninja: the commands of its build file."""

from __future__ import annotations

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import is_known
from parallel_agents.guard.shell.programs import strangers
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

    Build = tuple[list[str], str, list[str], dict[str, str]]
    """Outputs, rule, inputs, variables."""

_MOST = 200


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """The commands of a build file that the targets (all without one) may need."""
    parsed = Given(given, frozenset(("-f", "-C", "-j", "-k", "-l", "-d", "-w", "-t")))
    if parsed.has("-n", "--version", "-h", "--help"):
        return UNSEEN
    inner = state.copy()
    folder = parsed.value("-C")
    if folder is not None:
        inner.cwds = tuple(p for v in folder for p in run.absolute(v, state))
    strangers.stays(run, name, inner)
    stream = run.contents(parsed.value("-f") or ("build.ninja",), inner)
    if stream.texts is None or not all(map(is_known, stream.texts)):
        return None
    for text in stream.texts:
        if parsed.value("-t") is None:
            for code in _rules(text, [v[0] for v in parsed.words]):
                run.inner(code, inner)
        elif parsed.value("-t") == ("clean",):
            for outputs, _, _, _ in _builds(text)[1]:
                for output in outputs:
                    run.effects.write((output,), inner, "ninja -t clean", kind=effects.ENTRY)
    return None


def _builds(
    text: str,
) -> tuple[dict[str, dict[str, str]], list[Build], dict[str, str]]:
    """(rules, builds as (outputs, rule, inputs, variables), variables) of a ninja file."""
    rules: dict[str, dict[str, str]] = {}
    builds: list[Build] = []
    top: dict[str, str] = {}
    current = top
    for line in text.replace("$\n", " ").split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indented = line[:1].isspace()
        key, equals, value = line.partition("=")
        word, _, rest = line.strip().partition(" ")
        if not indented and word == "rule":
            current = rules.setdefault(rest.strip(), {})
        elif not indented and word == "build" and ":" in rest:
            head, _, tail = rest.replace("$:", "\0").partition(":")
            pieces = tail.replace("\0", ":").split() or [""]
            current = {}
            outputs = [o for o in head.replace("\0", ":").split() if o != "|"]
            builds.append((outputs, pieces[0], pieces[1:], current))
        elif not indented and word in ("default", "pool", "include", "subninja"):
            current = {}
        elif equals:
            if not indented:
                current = top
            current[key.strip()] = value.strip()
    return rules, builds, top


def _rules(text: str, targets: list[str]) -> list[str]:
    rules, builds, top = _builds(text)
    found: list[str] = []
    for outputs, rule, inputs, own in builds[:_MOST]:
        if targets and not _is_needed(targets, outputs, builds):
            continue
        explicit = inputs[: next((n for n, i in enumerate(inputs) if i[:1] == "|"), len(inputs))]
        values = {**top, **rules.get(rule, {}), **own}
        values["in"], values["out"] = " ".join(explicit), " ".join(outputs)
        code = values.get("command", "")
        if "rspfile" in values:
            found.append(f": > {values['rspfile']}")
        for _ in range(6):
            code = _replaced(code, values)
        if code:
            found.append(code.replace("$$", "$"))
    return found


def _is_needed(
    targets: list[str],
    outputs: list[str],
    builds: list[Build],
) -> bool:
    wanted, todo = set(targets), list(targets)
    while todo and len(wanted) < 5 * _MOST:
        target = todo.pop()
        for made, _, inputs, _ in builds:
            if target in made:
                todo += [i for i in inputs if i not in wanted]
                wanted.update(inputs)
    return not wanted.isdisjoint(outputs)


def _replaced(code: str, values: dict[str, str]) -> str:
    out, at = [], 0
    while at < len(code):
        if code.startswith("$$", at):
            out.append("$$")
            at += 2
            continue
        if code[at] == "$":
            braced = code[at + 1 : at + 2] == "{"
            end = start = at + (2 if braced else 1)
            while end < len(code) and (
                code[end].isalnum() or code[end] in "_-" or (braced and code[end] == ".")
            ):
                end += 1
            out.append(values.get(code[start:end], ""))
            at = end + 1 if braced else max(end, at + 1)
            continue
        out.append(code[at])
        at += 1
    return "".join(out)[:8192]


__all__ = ["read"]
