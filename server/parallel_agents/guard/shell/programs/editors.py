"""Editors that are told what to do: ed, ex, vi, vim, nvim, emacs. Do they write, and which file?"""

from __future__ import annotations

import os

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, globbed, is_known, literal_text, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VIM = names("-c --cmd -S -u -U -i -T -w -W -t -q")
_WRITING = names(
    """
    w wr wri writ write up upd upda updat update wq x xi xit exi exit wn wnext wN wp wqa wqall xa
    xall wa wall
    """
)
_ELSEWHERE = names("sav saveas mks mksession mkexrc mkvimrc mkview")
_OUTPUTS = names("redi redir wundo wun wv wviminfo wsh wshada ha hardcopy mksp mkspell prof")
_GOING = names("cd chd chdir lcd tcd lc lchdir")
_LOADING = names(
    """
    e edit n next tabe tabedit tabnew sp split vs vsp vsplit ar args arga argadd badd new vi visual
    find
    """
)
_PREFIXES = names(
    """
    sil silent silent! sil! keepp keeppatterns keepj keepjumps noa noautocmd keepa keepalt lockm
    lockmarks exe execute argdo bufdo windo tabdo verb verbose confirm conf unsilent cdo cfdo
    """
)


def read(
    run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream
) -> Stream | None:
    """None where nobody tells the editor what to do: then the files may be written."""
    if name in ("emacs", "emacsclient"):
        return _emacs(run, name, given, state)
    if name == "ed":
        parsed = Given(given, frozenset(("-p", "--prompt")))
        return _ed(run, parsed.words, state, stdin)
    parsed = Given(given, _VIM)
    if parsed.has("-R", "-M", "--version", "--help", "-h", "--remote-send"):
        files: list[Values] = []
    else:
        files = [word for word in parsed.words if word[0][:1] != "+"]
    scripts = [v for n, values in parsed.options if n in ("-c", "--cmd") for v in values]
    scripts += [word[0][1:] for word in parsed.words if word[0][:1] == "+" and word[0][1:]]
    for option, values in parsed.options:
        if option in ("-w", "-W"):
            run.effects.write(values, state, f"{name} {option}")
        if option == "-S":
            scripts += run.contents(values, state).texts or ANY
    batch = name == "ex" or parsed.has("-es", "-Es", "-e", "-E", "-s", "--headless")
    if batch and stdin.texts != ANY and stdin.texts != ("",):
        scripts += stdin.texts if stdin.texts is not None else ANY
    if not scripts:
        # In silent mode without a command nothing is done; elsewhere a person edits.
        return UNSEEN if batch and stdin.texts == ("",) else None
    _ex(run, name, scripts, files, state)
    return UNSEEN


def _ex(run: Interpreter, name: str, scripts: list[str], files: list[Values], state: State) -> None:
    """What the commands of vi's write, and what they run."""
    targets = list(files)
    state = state.copy()
    for script in scripts:
        if not is_known(script):
            run.effects.unknown(f"what `{name}` is told is only known when it runs")
        for line in literal_text(script).replace("\\|", " ").replace("|", "\n").split("\n"):
            run.budget.step()
            _ex_line(run, name, line, targets, state)


def _ex_line(run: Interpreter, name: str, line: str, targets: list[Values], state: State) -> None:
    text = line.strip(" \t:")
    while text.partition(" ")[0] in _PREFIXES:
        text = text.partition(" ")[2].strip(" :'\"")
    text = _behind_range(text)
    if text[:2] in ("g/", "v/", "g!") or text.startswith(("global/", "vglobal/", "norm")):
        # What is done for each line comes last; `ZZ` writes.
        if "ZZ" in text or any(text.rpartition(s)[2].strip(" !") in _WRITING for s in "/ "):
            _written(run, name, targets, state)
        return
    verb = text
    for at, char in enumerate(text):
        if not char.isalpha():
            verb = text[:at]
            break
    rest = text[len(verb) :].lstrip("! ").strip() if verb else text
    if UNKNOWN in line:
        _written(run, name, targets, state)
    elif text[:1] == "!":
        run.inner(text[1:], state)
    elif verb in _WRITING or verb in _ELSEWHERE:
        spaced = text[len(verb) :].lstrip()
        if spaced.startswith("!") and text[len(verb) : len(verb) + 1] == " ":
            run.inner(spaced[1:], state)
        elif rest.lstrip("> ").startswith("++") or not rest or verb in ("x", "xit", "exi", "exit"):
            _written(run, name, targets, state)
        else:
            run.effects.write((rest.lstrip("> ").strip(),), state, f"{name} :{verb}")
            if verb in ("sav", "saveas"):  # from now on the other name is edited
                targets[:] = [(rest.strip(),)]
    elif verb in _OUTPUTS and rest.strip("> ") and rest[:1] not in ("@", "="):
        run.effects.write((rest.lstrip("> ").partition(" ")[0],), state, f"{name} :{verb}")
    elif verb in ("se", "set", "setl", "setlocal") and rest.startswith(("vbs", "verbosefile")):
        run.effects.write((rest.partition("=")[2],), state, f"{name} :set verbosefile")
    elif verb in _GOING and rest:
        # As a branch: whether the next line still sees it is not asked.
        state.cwds = tuple(dict.fromkeys((*state.cwds, *run.absolute(rest, state))))[:8]
    elif verb in ("ter", "terminal", "make", "grep", "cexpr", "lmake") and " " in text:
        run.inner(rest, state)
    elif verb in _LOADING and rest:
        targets += [(word,) for word in _globs(rest)]
    elif verb == "r" and rest[:1] == "!":
        run.inner(rest[1:], state)
    elif verb in ("call", "lua", "py", "python", "python3", "py3", "ruby", "perl", "so", "source"):
        run.effects.unknown(f"`{name} :{verb}` runs code that is not seen", text)
        if "writefile" in text or "write" in text:
            _written(run, name, targets, state)


def _globs(text: str) -> list[str]:
    return [globbed(word) for word in text.split() if word[:1] != "+"]


def _behind_range(text: str) -> str:
    """The command behind `%`, `1,$`, `'<,'>` or `/re/,+3`."""
    at = 0
    while at < len(text) and (text[at] in "%$.,;+-'<>" or text[at].isdecimal()):
        at += 2 if text[at] == "'" and text[at + 1 : at + 2].isalpha() else 1
    if text[at : at + 1] in ("/", "?") and text[at:]:
        end = text.find(text[at], at + 1)
        return _behind_range(text[end + 1 :]) if end > 0 else text[at:]
    return text[at:].lstrip()


def _written(run: Interpreter, name: str, files: list[Values], state: State) -> None:
    for values in files:
        run.effects.write(values, state, name)


def _ed(run: Interpreter, files: list[Values], state: State, stdin: Stream) -> Stream | None:
    """ed and its commands, which it reads."""
    texts = stdin.texts
    if texts is None or texts == ANY or not all(map(is_known, texts)):
        return None
    for text in texts:
        _ed_script(run, literal_text(text), list(files), state)
    return UNSEEN


def _ed_script(run: Interpreter, text: str, files: list[Values], state: State) -> None:
    putting = False
    for line in text.split("\n"):
        run.budget.step()
        if putting:
            putting = line != "."
            continue
        line = _behind_range(line.strip())
        verb, rest = line[:1], line[1:].strip()
        if line[:1] in ("g", "v", "G", "V") and line[1:2] and not line[1].isspace():
            tail = line[2:].rpartition(line[1])[2].strip()
            if tail[:1] in ("w", "W"):
                verb, rest = "w", tail[1:].lstrip("q ")
            putting = tail[:1] in ("a", "i", "c") and tail[-1:] == "\\"
            if verb != "w":
                continue
        if verb in ("a", "i", "c") and not rest:
            putting = True
        elif verb in ("e", "E", "f") and rest:
            if rest[:1] == "!":
                run.inner(rest[1:], state)
            else:
                files[:] = [(rest,)]
        elif verb == "r" and rest[:1] == "!":
            run.inner(rest[1:], state)
        elif verb == "!":
            run.inner(rest, state)
        elif verb in ("w", "W"):
            rest = rest[1:].strip() if rest[:1] in ("q", "Q") else rest
            if rest[:1] == "!":
                run.inner(rest[1:], state)
            else:
                _written(run, "ed", [(rest,)] if rest else files, state)


def _emacs(run: Interpreter, name: str, given: list[Values], state: State) -> Stream | None:
    """Batch mode: the files are only read, unless something in the code saves."""
    valued = ("-l", "--load", "-f", "--funcall", "--eval", "-eval", "--execute", "--script", "-L")
    parsed = Given(given, frozenset(valued))
    if not parsed.has("--batch", "-batch", "--script"):
        return None
    code = "\n".join(v for _, values in parsed.options for v in values)
    for option, values in parsed.options:
        if option in ("-l", "--load", "--script"):
            for text in run.contents(values, state).texts or ANY:
                code += "\n" + text
    files = [word for word in parsed.words if os.path.sep in word[0] or "." in word[0]]
    saving = ("save", "write", "UNKNOWN", "tangle", "with-temp-file", "delete-file", "rename-file")
    run.effects.unknown(f"`{name}` runs code that is not seen")
    if not is_known(code) or any(sign in code for sign in saving):
        _written(run, name, files, state)
        run.effects.unknown(f"`{name}` may write a file", code)
    return UNSEEN
