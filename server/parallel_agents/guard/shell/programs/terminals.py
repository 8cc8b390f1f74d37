"""Programs that are told commands for others: gdb, lldb, tmux, screen, start-stop-daemon."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, literal_text, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_GDB = names(
    """
    -ex -iex --ex --eval-command --init-eval-command -eval-command -x --command -command -ix
    --init-command -cd --cd -d --directory -s --symbols -e --exec -se -c --core -p --pid -D
    --data-directory -tty --tty -l -o -O -S -k -K --one-line --source --one-line-before-file
    --source-before-file --file -f --batch-none
    """
)
_GDB_TEXT = names(
    "-ex -iex --ex --eval-command --init-eval-command -eval-command -o -O --one-line -k"
)
_GDB_FILE = names("-x --command -command -ix --init-command -s --source -S")
_TMUX_VALUED = names("-s -n -t -x -y -e -F -l -p -L -S -f -T -b -N -w -h -E")
_TMUX_RUNS = names(
    """
    new-session new new-window neww split-window splitw respawn-pane respawnp respawn-window
    respawnw display-popup popup run-shell run pipe-pane pipep
    """
)
_TMUX_COMMANDS = names("if-shell if bind-key bind set-hook confirm-before confirm command-prompt")
_DAEMON = names(
    """
    -x --exec -a --startas -d --chdir -p --pidfile -O --output -u --user -c --chuid -g --group -n
    --name -s --signal -R --retry -r --chroot -N --nicelevel -P --procsched -I --iosched -k --umask
    --ppid --pid --notify-timeout
    """
)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Any of them."""
    if name in ("gdb", "lldb"):
        _debugger(run, name, given, state, stdin)
    elif name == "tmux":
        _tmux(run, given, state)
    elif name == "screen":
        _screen(run, given, state, stdin)
    else:
        _daemon(run, given, state, stdin)
    return UNSEEN


def _debugger(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> None:
    run.effects.unknown(f"`{name}` runs code that is not seen")
    splits = [at for at, v in enumerate(given) if v[0] in ("--args", "-args", "--")]
    head = given[: splits[0]] if splits else given
    program = given[splits[0] + 1 :] if splits else []
    parsed = Given(head, _GDB, whole=True)
    lines: list[str] = []
    for option, values in parsed.options:
        if option in _GDB_TEXT:
            lines += values
        elif option in _GDB_FILE:
            for text in run.contents(values, state).texts or ANY:
                lines += text.split("\n")
    if stdin.texts != ANY:
        for text in stdin.texts or ():
            lines += text.split("\n")
    program = program or parsed.words[:1]
    at = 0
    while at < len(lines):
        line = literal_text(lines[at]).strip()
        at += 1
        if line in ("python", "py"):
            end = next((n for n in range(at, len(lines)) if lines[n].strip() == "end"), len(lines))
            line = "python " + "\n".join(lines[at:end])
            at = end + 1
        _debugged(run, name, line, program, state)


def _debugged(run: Interpreter, name: str, line: str, program: list[Values], state: State) -> None:
    """One command of a debugger."""
    from parallel_agents.guard.shell.programs import invocation

    verb, _, rest = line.partition(" ")
    rest = rest.strip()
    how = f"{name} {verb}"
    if verb in ("shell", "!", "make") or line[:1] == "!":
        run.inner(line[1:] if line[:1] == "!" else line if verb == "make" else rest, state)
    elif (verb in ("pipe", "|") or line[:1] == "|") and "|" in rest:
        run.inner(rest.partition("|")[2], state)
    elif verb in ("python", "py", "pi", "python-interactive", "script"):
        from parallel_agents.guard.shell.code import pythons

        pythons.code(run, (rest,), "-c", [], state)
    elif verb == "platform" and rest.startswith("shell"):
        run.inner(rest[5:], state)
    elif verb in ("run", "r", "start", "starti", "process"):
        words = [v[0] for v in program]
        if words and not rest.startswith(("attach", "status", "kill")):
            if rest and not rest.startswith("launch"):
                quoted = " ".join("'" + w.replace("'", "'\\''") + "'" for w in words)
                run.inner(f"{quoted} {rest}", state)
            else:
                invocation.run(run, program, state.copy(), UNSEEN)
    elif verb in ("dump", "append", "save", "generate-core-file", "gcore", "tsave", "restore"):
        words = rest.split()
        known = ("binary", "memory", "value", "srec", "ihex", "tekhex", "verilog", "breakpoints")
        files = [w for w in words if w not in (*known, "gdb-index")]
        if verb == "restore":
            return
        run.effects.write(tuple(files[:1]) or ("core",), state, how)
    elif line.startswith("set logging file"):
        run.effects.write((line[len("set logging file") :].strip(),), state, "gdb set logging")
    elif line.startswith(("set logging on", "set logging enabled on")):
        run.effects.mention(("gdb.txt",), state, "gdb set logging")
    elif verb == "source":
        for text in run.contents((rest,), state).texts or ():
            if text != UNKNOWN and run.budget.depth < 16:
                run.budget.enter()
                for each in text.split("\n"):
                    _debugged(run, name, each.strip(), program, state)
                run.budget.leave()
    elif "system(" in line or "UNKNOWN" in line:
        inner = line.partition('"')[2].rpartition('"')[0]
        run.inner(inner.replace('\\"', '"'), state)
    elif not is_known(line):
        run.effects.unknown(f"what `{name}` is told is only known when it runs", line)


def _tmux(run: Interpreter, given: list[Values], state: State) -> None:
    run.effects.unknown("`tmux` runs code that is not seen")
    rest = list(given)
    while rest and rest[0][0][:1] == "-":
        word = rest.pop(0)[0]
        if word in ("-L", "-S", "-f", "-c", "-T") and rest:
            value = rest.pop(0)
            if word == "-c":
                run.inner(value[0], state)
            elif word == "-f":
                _tmux_file(run, value, state)
    words: list[Values] = []
    for values in [*rest, (";",)]:
        text = values[0]
        if text in (";", "\\;") or text.endswith("\\;"):
            if text not in (";", "\\;"):
                words.append((text[:-2],))
            if words:
                _tmux_command(run, words, state)
            words = []
        else:
            words.append(values)


def _tmux_file(run: Interpreter, values: Values, state: State) -> None:
    for text in run.contents(values, state).texts or ():
        if text == UNKNOWN or run.budget.depth > 15:
            continue
        run.budget.enter()
        for line in literal_text(text).split("\n"):
            if line.strip() and line.strip()[:1] != "#":
                # Its words are quoted as those of a shell are.
                run.inner("tmux " + line.strip(), state)
        run.budget.leave()


def _tmux_command(run: Interpreter, words: list[Values], state: State) -> None:
    from parallel_agents.guard.shell.programs import invocation

    name = words[0][0]
    valued = _TMUX_VALUED | {"-c"} if name not in ("bind-key", "bind") else names("-T -N")
    if name in ("set-buffer", "setb", "display-message", "display"):
        return
    if name in ("pipe-pane", "pipep", "run-shell", "run", "if-shell", "if"):
        valued = names("-t -d -c")
    parsed = Given(words[1:], valued)
    rest = parsed.words
    if name in ("save-buffer", "saveb"):
        for values in rest[-1:]:
            run.effects.write(values, state, f"tmux {name}")
    elif name in ("source-file", "source"):
        for values in rest:
            _tmux_file(run, values, state)
    elif name in ("send-keys", "send"):
        keys = [v[0] for v in rest]
        for key in (*keys, " ".join(k for k in keys if k not in ("Enter", "C-m"))):
            if " " in key:
                run.inner(key.replace(" Enter", ""), state)
    elif name in _TMUX_COMMANDS:
        for at, values in enumerate(rest):
            for text in values:
                run.inner(text if name in ("if-shell", "if") and not at else f"tmux {text}", state)
        if name in ("bind-key", "bind", "set-hook") and len(rest) > 1:
            _tmux_command(run, rest[1:], state)
    elif name in _TMUX_RUNS:
        inner = state.copy()
        folder = parsed.value("-c")
        if folder is not None:
            inner.cwds = tuple(p for v in folder for p in run.absolute(v, state))
        if len(rest) == 1:
            for text in rest[0]:
                run.inner(text, inner)
        elif rest:
            invocation.run(run, rest, inner, UNSEEN)


def _screen(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    from parallel_agents.guard.shell.programs import invocation

    run.effects.unknown("`screen` runs code that is not seen")
    rest = list(given)
    valued = names("-S -t -p -h -c -e -s -T -Logfile -r -x -R -d -D")
    while rest and rest[0][0][:1] == "-":
        word = rest.pop(0)[0]
        if word == "-Logfile" and rest:
            run.effects.write(rest.pop(0), state, "screen -Logfile")
        elif word == "-X":
            verb = rest.pop(0)[0] if rest else ""
            if verb in ("hardcopy", "logfile", "writebuf", "dumptermcap"):
                for values in rest[-1:]:
                    run.effects.write(values, state, f"screen {verb}")
            elif verb in ("stuff", "exec", "screen", "eval"):
                run.inner(" ".join(v[0] for v in rest).replace("\\n", "\n"), state)
            return
        elif word[-1:] == "S" and word[:2] != "--":
            rest = rest[1:]
        elif word in valued and rest and word not in ("-d", "-D", "-r", "-x", "-R"):
            value = rest.pop(0)
            if word == "-c":
                for text in run.contents(value, state).texts or ():
                    for line in text.split("\n"):
                        run.inner(line.partition("screen ")[2], state)
    if rest:
        invocation.run(run, rest, state.copy(), stdin)


def _daemon(run: Interpreter, given: list[Values], state: State, stdin: Stream) -> None:
    from parallel_agents.guard.shell.programs import invocation

    at = given.index(("--",)) if ("--",) in given else len(given)
    parsed = Given(given[:at], _DAEMON)
    inner = state.copy()
    folder = parsed.value("-d", "--chdir")
    if folder is not None:
        inner.cwds = tuple(p for v in folder for p in run.absolute(v, state))
    output = parsed.value("-O", "--output")
    if output is not None:
        run.effects.write(output, inner, "start-stop-daemon --output")
    pidfile = parsed.value("-p", "--pidfile")
    if pidfile is not None and parsed.has("-m", "--make-pidfile"):
        run.effects.write(pidfile, inner, "start-stop-daemon --pidfile")
    program = parsed.value("-a", "--startas") or parsed.value("-x", "--exec")
    if program is not None and not parsed.has("-K", "--stop", "-t", "--test", "-T", "--status"):
        invocation.run(run, [program, *parsed.words, *given[at + 1 :]], inner, stdin)


__all__ = ["read"]
