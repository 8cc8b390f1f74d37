"""Programs with sources and a destination: cp, mv, install, ln, rsync."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, fits, globbed, is_known
from parallel_agents.guard.shell.programs import archives
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = {
    "cp": "-t --target-directory -S --suffix",
    "mv": "-t --target-directory -S --suffix",
    "install": "-t --target-directory -m --mode -o --owner -g --group -S --suffix --strip-program",
    "ln": "-t --target-directory -S --suffix",
    "rsync": "-e --rsh --exclude --include --filter -f --files-from --exclude-from --bwlimit "
    "--chmod --backup-dir --log-file --temp-dir -T --timeout --port --password-file --link-dest "
    "--rsync-path --partial-dir --write-batch --only-write-batch --max-size --min-size --suffix "
    "--compare-dest --copy-dest --log-file-format --out-format --info --contimeout --include-from",
}
_RECURSIVE = ("-r", "-R", "-a", "--recursive", "--archive")
_MOST = 400


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Tell the effects what is copied, moved or linked over what."""
    kind = {"gcp": "cp", "gmv": "mv", "ditto": "cp", "link": "ln"}.get(name, name)
    parsed = Given(given, frozenset(_VALUED[kind].split()))
    if kind == "install" and parsed.has("-d", "--directory"):
        for word in parsed.words:
            run.effects.write(word, state, name, kind=effects.FOLDER)
        return UNSEEN
    if kind == "rsync":
        if parsed.has("-n", "--dry-run", "--list-only"):
            return UNSEEN
        for option, values in parsed.options:
            if option in ("--log-file", "--write-batch", "--only-write-batch"):
                run.effects.write(values, state, f"rsync {option}")
            elif option in ("--backup-dir", "--temp-dir", "-T", "--partial-dir"):
                run.effects.mention(values, state, f"rsync {option}")
            elif option in ("-e", "--rsh"):
                run.inner(values[0], state)
    target = parsed.value("-t", "--target-directory")
    sources = list(parsed.words)
    if target is None:
        if len(sources) < 2:
            if kind == "ln" and sources:
                target = (".",)
            else:
                return UNSEEN
        else:
            target = sources.pop()
    into = parsed.value("-t", "--target-directory") is not None or len(sources) > 1
    plain = parsed.has("-T", "--no-target-directory")
    for value in target:
        if kind in ("rsync",) and ":" in value.partition("/")[0]:
            continue  # another machine
        places = run.effects.located(value, state.cwds)
        # A link of the command's own at this place is replaced, unless it leads to a folder.
        entries = run.effects.located(value, state.cwds, entry=True)
        for place, entry in zip(places, entries):
            replaced = kind != "cp" and not (into or os.path.isdir(place))
            if replaced or plain or parsed.has("-n", "--no-dereference"):
                place = entry
            _onto(run, kind, parsed, sources, place, state, into=into, plain=plain)
    if kind == "mv" or parsed.has("--remove-source-files"):
        careful = _spares(parsed, kind)
        for source in sources:
            if careful and not into and all(map(os.path.isfile, run.absolute(target[0], state))):
                continue
            run.effects.write(source, state, name, kind=effects.TREE)
    return UNSEEN


def _onto(
    run: Interpreter,
    kind: str,
    parsed: Given,
    sources: list[Values],
    target: str,
    state: State,
    *,
    into: bool,
    plain: bool,
) -> None:
    """Everything that `sources` would put at the absolute path `target`."""
    told = run.effects
    folder = (
        into
        or target.endswith("/")
        or (
            is_known(target)
            and (os.path.isdir(target) or os.path.normpath(target) in state.folders)
        )
    ) and not plain
    how = "rsync" if kind == "rsync" else kind
    # A copy is written into what is there, the others put a new entry in its place.
    entry = (
        effects.WRITE if kind == "cp" and not parsed.has("--remove-destination") else effects.ENTRY
    )
    if kind == "cp" and parsed.has("-l", "-s", "--link", "--symbolic-link"):
        entry = effects.ENTRY
    if kind == "rsync" and parsed.has("--inplace"):
        entry = effects.WRITE
    if kind == "rsync" and parsed.has("--delete", "--delete-after", "--delete-before", "--del"):
        told.write((target,), state, "rsync --delete", kind=effects.TREE)
    for source in sources:
        for value in told.listed(list(source), state):
            name = os.path.basename(value.rstrip("/"))
            if kind == "rsync" and value.endswith("/"):
                goal = target  # its content, not itself
            elif kind == "rsync":
                goal = (
                    os.path.join(target, name)
                    if folder or _is_folder(run, value, state)
                    else target
                )
            else:
                goal = os.path.join(target, name) if folder else target
            if kind == "cp" and parsed.has("--parents"):
                goal = os.path.join(target, value.lstrip("/"))
            if UNKNOWN in value and not name:
                goal = os.path.join(target, UNKNOWN)
            found = _folder_of(run, value, state)
            if kind != "ln":
                _made(run, value, goal, state, how, entry)
            if found and kind != "ln":
                if kind in ("mv", "rsync") or parsed.has(*_RECURSIVE):
                    _tree(run, found, goal, state, how, value.endswith(("/.", "/")), entry, parsed)
                continue
            if _spares(parsed, kind) and is_known(goal) and os.path.lexists(goal):
                continue
            if kind == "rsync" and _is_left_out(parsed, name):
                continue
            if kind in ("cp", "rsync") and parsed.has(*_RECURSIVE) and os.path.isdir(goal):
                _made_elsewhere(run, value, goal, state, how)
            told.write((goal,), state, how, kind=entry)
            _linked(run, kind, parsed, value, goal, state)
            if kind in ("cp", "mv", "install"):
                for path in run.absolute(value, state):
                    if is_known(goal):
                        run.written.setdefault(goal, run.contents_of(path))
                        run.written[goal] = run.contents_of(path)


def _spares(parsed: Given, kind: str) -> bool:
    """Whether what is there already stays as it is."""
    if kind == "rsync":
        return parsed.has("--ignore-existing")
    if kind == "ln":
        return not parsed.has("-f", "--force", "-i", "--interactive", "-b", "--backup", "-S")
    if kind not in ("cp", "mv") or (parsed.has("-f", "--force", "-i") and kind == "mv"):
        return False
    updates = [v for option, values in parsed.options if option == "--update" for v in values]
    return parsed.has("-n", "--no-clobber") or any(v.startswith("none") for v in updates)


def _is_left_out(parsed: Given, name: str) -> bool:
    """Whether an `--exclude` of rsync's names the file, and no `--include` does."""
    form: dict[str, list[str]] = {"--exclude": [], "--include": []}
    for option, values in parsed.options:
        if option in form:
            form[option] += [globbed(v.strip("/")) for v in values]
    if any(fits(f, name) for f in form["--include"]):
        return False
    return any(fits(f, name) for f in form["--exclude"])


def _made(run: Interpreter, value: str, goal: str, state: State, how: str, entry: str) -> None:
    """Files that the command itself has put into a folder that is copied to `goal`."""
    for source in run.absolute(value.rstrip("/."), state) if value.strip("/.") else ():
        for path in list(run.written):
            if path.startswith(source + "/"):
                run.effects.write((goal + path[len(source) :],), state, how, kind=entry)


def _is_folder(run: Interpreter, value: str, state: State) -> bool:
    return _folder_of(run, value, state) is not None


def _folder_of(run: Interpreter, value: str, state: State) -> str | None:
    if not is_known(value):
        return None
    for path in run.effects.located(value, state.cwds):
        if is_known(path) and (os.path.isdir(path) or _originals(run, path)):
            return path
    return None


def _originals(run: Interpreter, folder: str) -> list[str]:
    """Folders of which the command has put a copy at `folder`, or above it; copies of copies."""
    found = [os.path.normpath(folder)]
    for at in found:
        for copy, source in run.copied:
            original = source + at[len(copy) :]
            if (at + "/").startswith(copy + "/") and original not in found and len(found) < 16:
                found.append(original)
    return found[1:]


def _made_elsewhere(run: Interpreter, value: str, goal: str, state: State, how: str) -> None:
    """A folder that is not there yet is copied onto one that is: its files are not known."""
    for path in run.effects.located(value, state.cwds):
        whole = os.path.normpath(path) + "/"
        if not os.path.lexists(path) and not any(p.startswith(whole) for p in run.written):
            archives.unknown(run, goal, state, how)


def _tree(
    run: Interpreter,
    source: str,
    goal: str,
    state: State,
    how: str,
    inside: bool,
    entry: str,
    parsed: Given,
) -> None:
    """A folder that is copied to `goal`: each file of it to the same name there."""
    told = run.effects
    if not is_known(goal):
        told.write((goal + "/" + UNKNOWN,), state, how)
        return
    if source.endswith("/.") or (inside and goal.endswith("/.")):
        goal = goal.rstrip("./") or "/"
    sources = [source, *_originals(run, source)]
    copied = (os.path.normpath(goal), os.path.normpath(source))
    if copied not in run.copied and len(run.copied) < 64:
        run.copied.append(copied)
    seen = 0
    spares = _spares(parsed, how)
    todo = [(top, "") for top in sources]
    while todo:
        top, at = todo.pop()
        run.budget.step()
        try:
            with os.scandir(os.path.join(top, at)) as entries:
                found = sorted(entries, key=lambda e: e.name)
        except OSError:
            continue
        for each in found:
            name = os.path.join(at, each.name)
            if how == "rsync" and (_is_left_out(parsed, each.name) or _is_left_out(parsed, name)):
                continue
            if each.is_dir(follow_symlinks=False):
                if each.name != ".git":
                    todo.append((top, name))
                continue
            seen += 1
            if seen > _MOST or len(told.findings) > 4:
                break
            there = os.path.join(goal, name)
            if not (spares and os.path.lexists(there)):
                told.write((there,), state, how, kind=entry)
    if seen > _MOST:
        # Too many to look at each: whatever is held there counts.
        told.write((goal,), state, how, kind=effects.TREE)


def _linked(
    run: Interpreter, kind: str, parsed: Given, value: str, goal: str, state: State
) -> None:
    """Remember that one name leads to another from here on."""
    if kind == "mv":
        for path in run.effects.located(value, state.cwds, entry=True):
            run.effects.relinked(path, goal)
    if kind == "ln" or (kind == "cp" and parsed.has("-l", "-s", "--link", "--symbolic-link")):
        symbolic = parsed.has("-s", "--symbolic", "--symbolic-link")
        for path in run.absolute(value, state):
            if symbolic and value[:1] != "/":
                path = os.path.normpath(os.path.join(os.path.dirname(goal), value))
            if is_known(path) and is_known(goal) and path != goal:
                forced = parsed.has("-f", "--force")
                run.effects.linked(os.path.normpath(goal), path, forced=forced)
