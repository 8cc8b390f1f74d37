"""What git is told besides its arguments: settings and variables, and the programs they name."""

from __future__ import annotations

from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell.bash.words import is_known, names
from parallel_agents.guard.shell.programs import gitasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State
    from parallel_agents.guard.shell.programs.arguments import Given

_FILES = names("GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG")
_TRACES = ("GIT_TRACE", "GIT_CURL_VERBOSE")

_PROGRAMS = names(
    """
    core.sshcommand core.fsmonitor core.askpass core.gitproxy core.alternaterefscommand
    gpg.program gpg.ssh.program gpg.openpgp.program gpg.x509.program gpg.ssh.defaultkeycommand
    credential.helper interactive.difffilter uploadpack.packobjectshook sendemail.tocmd
    sendemail.cccmd sendemail.headercmd sendemail.sendmailcmd gc.recentobjectshook
    """
)
_FAMILIES = (
    *(("filter.", end) for end in (".clean", ".smudge", ".process")),
    *(("diff.", end) for end in (".textconv", ".command")),
    *(("merge.", ".driver"), ("trailer.", ".command"), ("trailer.", ".cmd"), ("tar.", ".command")),
    *(("remote.", ".uploadpack"), ("remote.", ".receivepack"), ("credential.", ".helper")),
    *(("difftool.", ".cmd"), ("mergetool.", ".cmd"), ("browser.", ".cmd"), ("man.", ".cmd")),
    *(("submodule.", ".update"), ("hook.", ".command")),
)
"""Settings that name a program by what they begin and end with."""
_VARIABLES = names(
    "GIT_SSH_COMMAND GIT_SSH GIT_ASKPASS SSH_ASKPASS GIT_PROXY_COMMAND GIT_TEMPLATE_HOOK"
)
_NETWORKED = names("clone fetch pull push ls-remote archive remote submodule fetch-pack send-pack")
_EXECUTED = names("--upload-pack --receive-pack --exec")
_PULLED = names("clone fetch-pack")
_QUIET = names(
    """
    --name-only --name-status --stat --numstat --shortstat --no-ext-diff --check --quiet --raw
    --summary
    """
)


def collected(run: Interpreter, top: Given, state: State) -> dict[str, str]:
    """Settings by key (lower case) that this call is given, or that the command has made before."""
    found: dict[str, str] = {}
    for path, stream in list(run.written.items()):
        if path.endswith(("/.git/config", "/.gitconfig", "/git/config")) and stream.texts:
            found.update(parsed(stream.texts[-1]))
    for name in _FILES:
        for value in state.variables.get(name, ()):
            if value and is_known(value):
                _file(run, value, state, found)
    found.update(run.git.settings)
    count = (state.variables.get("GIT_CONFIG_COUNT") or ("",))[0]
    for at in range(min(int(count), 16) if count.isdecimal() else 0):
        key = (state.variables.get(f"GIT_CONFIG_KEY_{at}") or ("",))[0]
        found[key.lower()] = (state.variables.get(f"GIT_CONFIG_VALUE_{at}") or ("",))[0]
    for text in state.variables.get("GIT_CONFIG_PARAMETERS", ()):
        for piece in text.replace("'='", "=").split("'")[1::2]:
            key, equals, value = piece.partition("=")
            found[key.lower()] = value if equals else "true"
    for option, values in top.options:
        key, equals, value = values[0].partition("=")
        if option == "-c":
            found[key.lower()] = value if equals else "true"
        elif option == "--config-env":
            found[key.lower()] = (state.variables.get(value) or ("",))[0]
    if "include.path" in found:
        _file(run, found["include.path"], state, found)
    return found


def _file(run: Interpreter, name: str, state: State, found: dict[str, str]) -> None:
    for text in run.contents((name,), state).texts or ():
        if is_known(text):
            found.update(parsed(text))


def parsed(text: str) -> dict[str, str]:
    """The settings in the text of a configuration file, by key in lower case."""
    found: dict[str, str] = {}
    section = ""
    for line in text.replace("\\\n", "").splitlines()[:400]:
        line = line.strip()
        if line[:1] == "[" and "]" in line:
            head, _, line = line[1:].partition("]")
            name, _, sub = head.partition(" ")
            section = name.lower() + ("." + sub.strip().strip('"') if sub else "")
            line = line.strip()
        if line and line[:1] not in "#;":
            key, equals, value = line.partition("=")
            value = value.strip()
            if value[:1] == '"' and value[-1:] == '"':
                value = value[1:-1]
            value = value.replace('\\"', '"').replace("\\\\", "\\")
            found[f"{section}.{key.strip()}".lower()] = value if equals else "true"
    return found


def traced(run: Interpreter, state: State) -> None:
    """Files that git writes what it does into."""
    for name, values in list(state.variables.items()):
        if name.startswith(_TRACES):
            for value in values:
                if value[:1] == "/":
                    run.effects.write((value, value + "/trace"), state, name)


def programs(
    run: Interpreter, verb: str, given: Given, settings: dict[str, str], state: State
) -> None:
    """Follow the programs that git starts in this call because it is told to."""
    codes: list[str] = []
    for key, value in settings.items():
        family = any(key.startswith(a) and key.endswith(b) for a, b in _FAMILIES)
        if family or key in _PROGRAMS:
            codes.append(value[1:] if value[:1] == "!" else value)
    if verb in _NETWORKED:
        codes += [v for name in _VARIABLES for v in state.variables.get(name, ())]
    codes += [v for n, values in given.options if n in _EXECUTED for v in values]
    if verb in _PULLED:
        codes += given.value("-u") or ()
    if verb == "grep":
        codes += [flag[2:] for flag in given.flags if flag[:2] == "-O" and len(flag) > 2]
        codes += given.value("--open-files-in-pager") or ()
    codes += _remote(given, settings, state)
    codes += _differ(run, verb, given, settings, state)
    codes += _editor(verb, given, settings, state)
    for code in codes:
        if is_known(code) and code.strip() and code.strip() not in _HARMLESS:
            run.inner(code, state)


_HARMLESS = names("cat true : less false more ssh vim vi nano true store cache")


def _remote(given: Given, settings: dict[str, str], state: State) -> list[str]:
    """`ext::COMMAND` as the address of a repository."""
    allowed = "GIT_ALLOW_PROTOCOL" in state.variables or any(
        settings.get(key, "") in ("always", "user")
        for key in ("protocol.ext.allow", "protocol.allow")
    )
    found = [value[5:] for values in given.words for value in values if value.startswith("ext::")]
    return [code.replace("% ", "\\ ").replace("%%", "%") for code in found] if allowed else []


def _differ(
    run: Interpreter, verb: str, given: Given, settings: dict[str, str], state: State
) -> list[str]:
    asked = given.has("--ext-diff") or (verb == "diff" and not given.has(*_QUIET))
    if not asked:
        return []
    variable = state.variables.get("GIT_EXTERNAL_DIFF")
    found = variable if variable and variable[0] else (settings.get("diff.external", ""),)
    names = _changed(run, state) if any(found) else ["/tmp/name"]
    # It is given the path, and where that is not staged the file itself as the new one.
    return [f"{code} {name} /tmp/old 0 0 {name} 0 0" for code in found if code for name in names]


def _changed(run: Interpreter, state: State) -> list[str]:
    """What `git diff` compares, as words of a command: only what the tree holds now."""
    try:
        cwd = state.cwds[0]
        names = gitasks.paths(cwd, run.budget, "diff", "--name-only", "-z", "--relative")
    except (Unanswered, OSError):
        return ["/tmp/name"]
    return ["'" + name.replace("'", "'\\''") + "'" for name in names[:8]] or ["/tmp/name"]


def _editor(verb: str, given: Given, settings: dict[str, str], state: State) -> list[str]:
    """The editor, where the verb starts one: nobody sits at a terminal."""
    sequence = verb == "rebase" and given.has("-i", "--interactive", "--edit-todo")
    if not sequence and not _is_edited(verb, given):
        return []
    found: tuple[str, ...] = ()
    if sequence:
        found += state.variables.get("GIT_SEQUENCE_EDITOR", ())
        found += (settings.get("sequence.editor", ""),)
    for name in ("GIT_EDITOR", "", "VISUAL", "EDITOR"):
        values = state.variables.get(name, ()) if name else (settings.get("core.editor", ""),)
        if any(values):
            found += values
            break
    return [f"{code} /tmp/COMMIT_EDITMSG" for code in found if code]


def _is_edited(verb: str, given: Given) -> bool:
    edited = given.has("-e", "--edit")
    if verb == "commit":
        said = given.has("-m", "--message", "-F", "--file", "-C", "--reuse-message", "--no-edit")
        fixed = given.has("--fixup", "--dry-run")
        return edited or given.has("-c", "--reedit-message") or not (said or fixed)
    if verb == "tag":
        made = given.has("-a", "--annotate", "-s", "--sign", "-u")
        return edited or (made and not given.has("-m", "-F", "--message", "--file", "-l"))
    if verb == "notes":
        return given.has("add", "edit", "append") and not given.has("-m", "-F", "-C")
    if verb == "branch":
        return given.has("--edit-description")
    if verb == "replace":
        return edited
    if verb in ("merge", "cherry-pick", "revert", "config", "add", "pull"):
        return edited
    return verb in ("rebase", "am", "bugreport", "send-email")
