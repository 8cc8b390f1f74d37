"""tar: what it takes apart, what it makes, and the commands that its options run."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known, names
from parallel_agents.guard.shell.programs import archives
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = names(
    """
    -f --file -C --directory -T --files-from -X --exclude-from -I --exclude --strip-components
    --transform -b -g --use-compress-program --owner --group --mode --mtime -N --newer
    -K -s --xform --to-command --checkpoint-action -F --info-script --new-volume-script
    --rsh-command --rmt-command --listed-incremental --index-file --volno-file -H --format -L
    --tape-length -V --label --warning --exclude-tag --starting-file --after-date --sort --level
    --blocking-factor --record-size --suffix --pax-option --quoting-style --add-file
    """
)
_RUN = ("--to-command", "-I", "--use-compress-program", "-F", "--info-script", "--rsh-command")
_WRITTEN = ("-g", "--listed-incremental", "--index-file", "--volno-file")
_MOST = 2000


def tar(run: Interpreter, name: str, given: list[Values], state: State) -> None:
    """Tell the effects what the call of tar would do."""
    rest = list(given)
    if rest and len(rest[0]) == 1 and rest[0][0][:1] != "-" and rest[0][0].isalpha():
        # `tar xf FILE`: the letters of the first word are options, their values follow in order.
        letters = rest.pop(0)[0]
        options: list[Values] = []
        for letter in letters:
            options.append(("-" + letter,))
            if "-" + letter in _VALUED and rest:
                options.append(rest.pop(0))
        rest = options + rest
    parsed = Given(rest, _VALUED)
    for option, values in parsed.options:
        if option in _RUN or option in ("--new-volume-script", "--rmt-command"):
            for text in values:
                run.inner(text, state)
        elif option == "--checkpoint-action":
            for text in values:
                if text.startswith("exec="):
                    run.inner(text[5:], state)
        elif option in _WRITTEN:
            run.effects.write(values, state, f"{name} {option}")
    archive = parsed.value("-f", "--file")
    if parsed.has("-c", "--create", "-r", "--append", "-u", "--update", "-A", "--delete"):
        if archive and archive != ("-",):
            run.effects.write(archive, state, f"{name} -f")
            _packed(run, archive, parsed, state)
        if parsed.has("--remove-files"):
            for word in _members_of(run, parsed, state):
                run.effects.write(word, state, "tar --remove-files", kind=effects.TREE)
    elif parsed.has("-x", "--extract", "--get") and not parsed.has(
        "-O", "--to-stdout", "--to-command"
    ):
        _extracted(run, name, parsed, archive or ("-",), state)


def _members_of(run: Interpreter, parsed: Given, state: State) -> list[Values]:
    """The words that name members, those of a list of files with them."""
    words = list(parsed.words)
    for option, values in parsed.options:
        if option in ("-T", "--files-from"):
            words += [(line,) for line in run.contents(values, state).lines]
    return words


def _packed(run: Interpreter, archive: Values, parsed: Given, state: State) -> None:
    """Remember what the command puts into an archive."""
    folder = (parsed.value("-C", "--directory") or (".",))[0]
    inside: list[str] | None = []
    for word in _members_of(run, parsed, state):
        for value in run.effects.listed(list(word), state):
            inside = archives.packed(run, folder, value, inside, state)
    if inside is not None:
        excluded = _exclusions(run, parsed, state)
        inside = [m for m in inside if not any(_is_excluded(m, pattern) for pattern in excluded)]
    if parsed.has("--transform", "-s", "--xform") or not parsed.has("-c", "--create"):
        inside = None
    for value in archive:
        for path in run.absolute(value, state):
            run.packed[path] = inside


def _extracted(run: Interpreter, name: str, parsed: Given, archive: Values, state: State) -> None:
    folder = (parsed.value("-C", "--directory") or (".",))[0]
    if parsed.has("--one-top-level"):
        base = os.path.basename(archive[0]).partition(".tar")[0].partition(".t")[0]
        folder = os.path.join(folder, (parsed.value("--one-top-level") or (base,))[0])
    strip = parsed.value("--strip-components")
    depth = int(strip[0]) if strip and strip[0].isdecimal() else 0
    excluded = _exclusions(run, parsed, state)
    changes = [v for o, vs in parsed.options if o in ("--transform", "-s", "--xform") for v in vs]
    rename = [_change(text) for text in changes]
    wanted = [v for word in _members_of(run, parsed, state) for v in word]
    kept = parsed.has("-k", "--keep-old-files", "--skip-old-files")
    for value in archive:
        inside = archives.members(run, value, wanted, state, name)
        if inside is None or None in rename:
            archives.unknown(run, folder, state, name)
            continue
        for member in inside[:_MOST]:
            if any(_is_excluded(member, pattern) for pattern in excluded):
                continue
            for change in rename:
                if change is not None:
                    member = change[0].sub(change[1], member, count=change[2])
            absolute = member.startswith("/") and parsed.has("-P", "--absolute-names")
            pieces = [p for p in member.split("/") if p not in ("", ".")][depth:]
            if not pieces:
                continue
            goal = "/" + os.path.join(*pieces) if absolute else os.path.join(folder, *pieces)
            if kept and all(os.path.lexists(p) for p in run.absolute(goal, state)):
                continue
            kind = effects.WRITE if parsed.has("--overwrite") else effects.ENTRY
            run.effects.write((goal,), state, name, kind=kind)


def _exclusions(run: Interpreter, parsed: Given, state: State) -> list[str]:
    """The patterns of what is left out."""
    excluded = [v for o, vs in parsed.options if o == "--exclude" for v in vs]
    for option, values in parsed.options:
        if option in ("-X", "--exclude-from"):
            excluded += [line for line in run.contents(values, state).lines if is_known(line)]
    return excluded


def _is_excluded(member: str, pattern: str) -> bool:
    """GNU tar: at the start or behind a slash, wildcards match slashes, folders with all below."""
    form = globbed(pattern.rstrip("/")).replace("\ue001", UNKNOWN)
    pieces = [p for p in member.split("/") if p != "."]
    return any(
        fits(form, "/".join(pieces[start:end]))
        for start in range(len(pieces))
        for end in range(start + 1, len(pieces) + 1)
    )


def _change(text: str) -> tuple[re.Pattern[str], str, int] | None:
    """(expression, replacement, count) of a plain `s,a,b,flags`; None for what is not plain."""
    if len(text) < 3:
        return None
    import re  # slow to load, and seldom needed

    if text[:1] != "s" or len(text) < 4 or not is_known(text):
        text = "s" + text if text[:1] in ",|#:/" else text
    pieces = text[2:].split(text[1:2])
    if text[:1] != "s" or len(pieces) != 3 or pieces[2].strip("gxrRsShH"):
        return None
    old, new, flags = pieces
    if "x" not in flags:  # a basic expression
        old = old.replace("\\(", "\0").replace("\\)", "\1")
        for sign in "()+?{}|":
            old = old.replace(sign, "\\" + sign)
        old = old.replace("\0", "(").replace("\1", ")")
    new = new.replace("&", "\\g<0>")
    if "\\U" in new or "\\L" in new or "\\E" in new or len(old) > 200:
        return None
    try:
        return re.compile(old), new, 0 if "g" in flags else 1
    except (re.error, RecursionError, OverflowError):
        return None


__all__ = ["tar"]
