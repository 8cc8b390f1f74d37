"""Programs that fetch files and reach other machines: curl, wget, ssh and their kin, socat."""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import arguments, policy, strangers
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_COMMANDS = names("proxycommand localcommand knownhostscommand remotecommand-none")
"""Settings of ssh whose value is run by a shell here."""
_VALUED = {
    "ssh": "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B -P",
    "scp": "-c -D -F -i -J -l -o -P -S -X",
    "sftp": "-B -b -c -D -F -i -J -l -o -P -R -S -s -X",
    "ssh-copy-id": "-i -p -F -o",
    "sshfs": "-o -p -F",
    "autossh": "-M -b -c -D -E -F -i -J -L -l -o -p -R -S -W",
    "mosh": "-p --ssh --server --client",
}
_RUN = frozenset(
    (
        *(("-S", "scp"), ("-S", "sftp"), ("-D", "scp"), ("-D", "sftp")),
        *(("--ssh", "mosh"), ("--client", "mosh")),
    )
)
"""Options with a command that is run here."""
_MAKING = names("open create creat gopen file")


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where the policy table says the rest."""
    if name in ("curl", "wget", "aria2c"):
        given = _configured(run, name, given, state, stdin)
        found = policy.rules(name) or {}
        arguments.apply(run, name, found, given, state)
        strangers.options(run, name, found, given, state)
        _fetched(run, name, given, state, stdin)
        return UNSEEN
    if name == "socat":
        _socat(run, given, state)
        return UNSEEN
    parsed = Given(given, frozenset(_VALUED[name].split()))
    for option, values in parsed.options:
        for value in values:
            if option == "-o":
                _setting(run, name, value, state)
            elif option == "-F":
                for text in run.contents((value,), state).texts or ():
                    for line in text.split("\n"):
                        _setting(run, name, line.strip(), state)
            elif option in ("-E",):
                run.effects.write((value,), state, f"{name} {option}")
            elif (option, name) in _RUN:
                run.inner(value, state)
            elif option == "-b" and name == "sftp":
                for text in (stdin if value == "-" else run.contents((value,), state)).texts or ():
                    _batch(run, text, state)
    if name == "sftp":
        for text in stdin.texts or ():
            _batch(run, text, state)
        for values in parsed.words[1:]:
            run.effects.write(values, state, name)
        for value in parsed.words[0] if parsed.words else ():
            _named_like(run, name, value.partition(":")[2], state)
        return UNSEEN
    run.effects.unknown(f"`{name}` reaches another machine")
    return None if name == "scp" else UNSEEN


def _setting(run: Interpreter, name: str, text: str, state: State) -> None:
    """One line of ssh's configuration, or the value of `-o`."""
    for at, char in enumerate(text):
        if char in "= \t":
            key, value = text[:at].lower(), text[at + 1 :].strip(" \t=")
            break
    else:
        return
    value = value[1:-1] if value[:1] == value[-1:] == '"' and len(value) > 1 else value
    if key in _COMMANDS and value.lower() != "none":
        run.inner(value, state)
    elif key in ("userknownhostsfile", "controlpath", "globalknownhostsfile"):
        run.effects.mention(tuple(value.split()), state, f"{name} -o {key}")
    elif key == "match" and "exec" in value.lower():
        code = value[value.lower().index("exec") + 4 :].strip()
        run.inner(code.strip('"'), state)


def _batch(run: Interpreter, text: str, state: State) -> None:
    """What sftp reads: `get` and what is done here."""
    here = state.copy()
    for line in text.split("\n"):
        words = line.strip().lstrip("-@").split()
        if line.strip()[:1] == "!":
            run.inner(line.strip()[1:], here)
        elif words and words[0] in ("get", "reget", "mget"):
            rest = [w.strip("'\"") for w in words[1:] if w[:1] != "-"]
            if len(rest) > 1:
                run.effects.write((rest[1],), here, "sftp get")
            elif rest:
                _named_like(run, "sftp get", rest[0], here)
        elif words and words[0] == "lcd" and len(words) > 1:
            here.cwds = tuple(run.absolute(words[1], here))


def _named_like(run: Interpreter, name: str, path: str, state: State) -> None:
    if path:
        run.effects.write((os.path.basename(path.rstrip("/")) or UNKNOWN,), state, name)


def _configured(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> list[Values]:
    """The arguments with those that curl's `-K` and wget's `-e` add."""
    found = list(given)
    valued = frozenset(option for option in policy.rules(name) or {} if option[:1] == "-")
    parsed = Given(given, valued | {"-K", "--config", "-e", "--execute", "-i", "--input-file"})
    for option, values in parsed.options:
        if name == "curl" and option in ("-K", "--config"):
            source = stdin if values == ("-",) else run.contents(values, state)
            for text in source.texts or ():
                if text == UNKNOWN:
                    run.effects.unknown("what curl is told is only known when it runs")
                for line in text.split("\n"):
                    found += _line(line)
        elif name == "wget" and option in ("-e", "--execute"):
            key, _, value = values[0].partition("=")
            found += [("--" + key.strip().replace("_", "-"),), (value.strip(),)]
            if key.strip() == "output_document":
                found[-2:] = [("-O",), (value.strip(),)]
            elif key.strip() in ("dir_prefix", "logfile"):
                found[-2:] = [("-P" if key.strip() == "dir_prefix" else "-o",), (value.strip(),)]
    return found


def _line(line: str) -> list[Values]:
    """One line of a curl configuration as arguments."""
    text = line.strip()
    if not text or text[0] == "#":
        return []
    end = next((at for at, char in enumerate(text) if char in " \t=:"), len(text))
    key, value = text[:end], text[end:].lstrip(" \t=:")
    quoted = value[:1] == '"'
    value = value[1:].partition('"')[0] if quoted else value.partition(" #")[0].strip()
    key = key if key[:1] == "-" else "--" + key
    if key == "--url":
        return [(value,)]
    return [(key,), (value,)] if value else [(key,)]


def _fetched(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> None:
    """What the options do together, which the table cannot tell."""
    valued = frozenset(option for option in policy.rules(name) or {} if option[:1] == "-")
    parsed = Given(given, valued | {"--output-dir", "-i", "--input-file", "-T", "--upload-file"})
    folder = parsed.value("--output-dir") if name == "curl" else None
    if name == "aria2c":
        folder = parsed.value("-d", "--dir") or (".",)
    for option, values in parsed.options:
        if folder and option in ("-o", "--output", "--out"):
            goals = [os.path.join(f, v.replace("#", UNKNOWN)) for f in folder for v in values]
            run.effects.write(tuple(goals), state, f"{name} --output-dir")
        elif option in ("-w", "--write-out"):
            for value in values:
                goal = value.partition("%output{")[2].partition("}")[0].lstrip(">")
                run.effects.write((goal,), state, "curl -w")
        elif option in ("-i", "--input-file") and name in ("wget", "aria2c"):
            if parsed.has("-O", "--output-document"):
                continue
            into = parsed.value("-P", "--directory-prefix", "-d", "--dir") or (".",)
            source = stdin if values == ("-",) else run.contents(values, state)
            for line in source.lines:
                base = os.path.basename(line.strip().partition("?")[0])
                for where in into:
                    goal = os.path.join(where, base or "index.html")
                    run.effects.write((goal,), state, f"{name} -i")
    if name == "curl" and parsed.has("-T", "--upload-file"):
        for word in parsed.words:
            for value in word:
                if value.startswith("file://"):
                    run.effects.write((value[7:],), state, "curl -T")
    if name == "wget" and parsed.has("-r", "--recursive", "-m", "--mirror", "-p", "-x"):
        strangers.stays(run, name, state)


def _socat(run: Interpreter, given: list[Values], state: State) -> None:
    """Each address may be a file, or a program."""
    parsed = Given(given, frozenset(("-L", "-W", "-lf", "-b", "-t", "-T", "-r", "-R")), whole=True)
    for option, values in parsed.options:
        if option in ("-lf", "-r", "-R"):
            run.effects.write(values, state, f"socat {option}")
    words = [v for word in parsed.words for part in word for v in part.split("!!")]
    for at, address in enumerate(words):
        kind, _, rest = address.partition(":")
        target, _, settings = rest.partition(",")
        kind = kind.lower()
        if kind in ("exec", "system", "shell"):
            run.inner(target, state)
        elif kind in _MAKING or (not rest and "/" in address):
            only_read = (
                "rdonly" in settings
                or (parsed.has("-u") and at == 0)
                or (parsed.has("-U") and at == 1)
            )
            if not only_read or "trunc" in settings or kind in ("create", "creat"):
                run.effects.write((target if rest else address,), state, f"socat {kind}")
    run.effects.unknown("`socat` reaches another program")


__all__ = ["is_known", "read"]
