"""What a patch would change: the files that its headers name."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, names
from parallel_agents.guard.shell.programs import archives
from parallel_agents.guard.shell.programs.arguments import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_VALUED = names(
    """
    -p --strip -i --input -d --directory -o --output -r -F -D -B -Y -z -V -g --reject-file
    --prefix --suffix --fuzz --basename-prefix
    """
)


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`patch`."""
    parsed = Given(given, _VALUED)
    if parsed.has("--dry-run", "-C", "--check", "--help", "--version"):
        return UNSEEN
    folder = (parsed.value("-d", "--directory") or (".",))[0]
    output = parsed.value("-o", "--output")
    if output is not None:
        run.effects.write(output, state, "patch -o")
        return UNSEEN
    for option in ("-r", "--reject-file"):
        rejects = parsed.value(option)
        if rejects is not None and rejects != ("-",):
            run.effects.mention(rejects, state, "patch -r")
    strip = parsed.value("-p", "--strip")
    depth = int(strip[0]) if strip and strip[0].isdecimal() else None
    source = parsed.value("-i", "--input")
    if parsed.words:
        run.effects.write(parsed.words[0], state, "patch", kind=effects.ENTRY)
        if len(parsed.words) > 1:
            source = parsed.words[1]
    stream = run.contents(source, state) if source else stdin
    for name, values in parsed.options:
        if name in ("-B", "--prefix", "-Y", "--basename-prefix"):
            # Where what there was before is kept.
            run.effects.write(tuple(v + UNKNOWN for v in values), state, f"patch {name}")
    if not parsed.words:
        apply(run, stream, folder, depth, state, "patch", reverse=parsed.has("-R", "--reverse"))
    return UNSEEN


def apply(
    run: Interpreter,
    stream: Stream,
    folder: str,
    depth: int | None,
    state: State,
    how: str,
    *,
    reverse: bool = False,
    kept: Callable[[str], bool] | None = None,
) -> None:
    """The patch in `stream`, applied in `folder`; with no `depth` as the names are found."""
    if stream.texts is None or stream.texts == ANY:
        archives.unknown(run, folder, state, how)
        return
    for text in stream.texts:
        for name in named(text):
            pieces = name.split("/")
            wanted = [depth] if depth is not None else range(min(len(pieces), 4))
            options = ["/".join(pieces[n:]) for n in wanted if n < len(pieces)]
            paths = [os.path.join(folder, path) for path in options if path]
            if depth is None and len(paths) > 1:
                here = [p for p in paths for a in run.absolute(p, state) if os.path.exists(a)]
                paths = here[:1] or [os.path.join(folder, pieces[-1])]
            for path in paths if kept is None or kept("/".join(pieces[depth or 0 :])) else ():
                run.effects.write((path,), state, how, kind=effects.ENTRY)


def moved(text: str) -> list[str]:
    """The old names of files that git's patch gives new ones, as they are in the tree."""
    head = "rename from "
    return [line[len(head) :] for line in text.splitlines() if line.startswith(head)]


def named(text: str) -> list[str]:
    """The names in the headers of a patch, as they are written there."""
    found: list[str] = []
    waiting: list[str] = []
    for line in text.splitlines():
        for head in ("+++ ", "--- ", "rename from ", "rename to ", "copy to ", "Index: "):
            if line.startswith(head):
                name = line[len(head) :].split("\t")[0].strip()
                if name != "/dev/null" and name:
                    bare = head[:1] in "rcI"
                    found.append(f"x/{name}" if bare and head[:1] != "I" else name)
                    waiting = []
        if line.startswith("diff --git "):
            # These count where no others follow: of what has only another mode, or is empty.
            words = line[11:].split(" ")
            found += waiting
            waiting = [words[0], words[-1]]
        for head in ("*** Update File: ", "*** Add File: ", "*** Delete File: ", "*** Move to: "):
            if line.startswith(head):
                found.append(line[len(head) :].strip())
    return list(dict.fromkeys([*found, *waiting]))
