"""Programs that put a packed or unpacked file in the place of another: gzip, bzip2, xz, zstd."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import is_known, names
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_ENDINGS = {
    "gzip": ".gz",
    "gunzip": ".gz",
    "pigz": ".gz",
    "bzip2": ".bz2",
    "bunzip2": ".bz2",
    "pbzip2": ".bz2",
    "lbzip2": ".bz2",
    "xz": ".xz",
    "unxz": ".xz",
    "lzma": ".lzma",
    "unlzma": ".lzma",
    "zstd": ".zst",
    "unzstd": ".zst",
    "zstdmt": ".zst",
    "lz4": ".lz4",
    "unlz4": ".lz4",
    "lzip": ".lz",
    "lzop": ".lzo",
    "brotli": ".br",
    "compress": ".Z",
    "uncompress": ".Z",
}
PROGRAMS = tuple(_ENDINGS)
_KNOWN = (".gz", ".bz2", ".xz", ".zst", ".lzma", ".Z", ".br", ".lz4", ".lz", ".lzo", ".z")
_VALUED = names(
    """
    -S --suffix -T --threads -M --memory --memlimit --memlimit-compress -b --blocksize -D -Q --lgwin
    --processes --ultra-level --block-size -F --format -C --check --files -w
    """
)
_ASIDE = names("zstd unzstd zstdmt lz4 unlz4 brotli lzop")
"""They leave the file that they have read."""
_CAREFUL = names("gzip gunzip pigz bzip2 bunzip2 xz unxz lzma unlzma lzip compress uncompress")
"""Without --force they take no file that has another name, and replace none."""
_MOST = 400


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Which files appear, and which are gone."""
    valued = _VALUED | {"-o", "--output"} if name in ("zstd", "brotli", "lzip") else _VALUED
    if name in ("gzip", "gunzip"):
        valued = names("-S --suffix -b")
    parsed = Given(given, valued - ({"-F", "-b"} if name in ("xz", "bzip2") else frozenset()))
    output = parsed.value("-o", "--output")
    if output is not None:
        run.effects.write(output, state, f"{name} -o")
    if output is not None or parsed.has(
        *("-c", "--stdout", "--to-stdout", "-t", "--test", "-l", "--list", "-h", "--help"),
        *("-V", "--version", "--info-memory", "-L", "--license"),
    ):
        return UNSEEN
    keeps = parsed.has("-k", "--keep") or (name in _ASIDE and not parsed.has("--rm", "-j", "-m"))
    undoing = name.startswith("un") or name in ("gunzip", "bunzip2")
    undoing = undoing or parsed.has("-d", "--decompress", "--uncompress")
    forced = parsed.has("-f", "--force")
    ending = (parsed.value("-S", "--suffix") or (_ENDINGS[name],))[0]
    for word in parsed.words:
        for value in _files(run, word, state, deep=parsed.has("-r", "--recursive")):
            _one(run, name, value, ending, state, keeps, undoing, forced)
    return UNSEEN


def _one(
    run: Interpreter,
    name: str,
    value: str,
    ending: str,
    state: State,
    keeps: bool,
    undoing: bool,
    forced: bool,
) -> None:
    careful = name in _CAREFUL and not forced
    goal = value + ending
    if undoing:
        found = next((tail for tail in (ending, *_KNOWN) if value.endswith(tail)), "")
        if not found and value.endswith((".tgz", ".tbz", ".txz", ".tbz2")):
            found, value_ = "." + value.rpartition(".")[2], value
            goal = value_[: -len(found)] + ".tar"
        elif found:
            goal = value[: -len(found)]
        elif careful:
            return  # an ending that it does not know
        else:
            goal = value
    if careful and not keeps and _has_names(run, value, state):
        return
    if not (careful and _is_there(run, goal, state)):
        run.effects.write((goal,), state, name, kind=effects.ENTRY)
    if not keeps:
        run.effects.write((value,), state, name, kind=effects.ENTRY)


def _files(run: Interpreter, word: Values, state: State, *, deep: bool) -> list[str]:
    found: list[str] = []
    for value in run.effects.listed(list(word), state):
        paths = run.absolute(value, state) if deep and is_known(value) else []
        if not any(os.path.isdir(path) for path in paths):
            found.append(value)
            continue
        for top, folders, inside in os.walk(paths[0]):
            run.budget.step()
            folders[:] = [f for f in folders if f != ".git"]
            found += [os.path.join(top, each) for each in inside]
            if len(found) > _MOST:
                run.effects.write(word, state, "gzip -r", kind=effects.TREE)
                break
    return found[: 2 * _MOST]


def _has_names(run: Interpreter, value: str, state: State) -> bool:
    paths = run.absolute(value, state)
    try:
        return is_known(value) and all(os.stat(path).st_nlink > 1 for path in paths)
    except (OSError, ValueError):
        return False


def _is_there(run: Interpreter, value: str, state: State) -> bool:
    paths = run.absolute(value, state)
    return is_known(value) and all(is_known(p) and os.path.lexists(p) for p in paths)


__all__ = ["PROGRAMS", "read"]
