"""Strict mode for one session: made ready and tried at its start, asked for before a command.

The user sets it for the client (`PARALLEL_AGENTS_STRICT`, or the plugin's option `strict`): `auto`
uses it where it can be had, `required` refuses, where it cannot, what could write anything. Hooks
get the setting from the client, so nothing that an agent runs can change it.
"""

from __future__ import annotations

import os
import sys

from parallel_agents.guard.runs import REQUIRED, WATCH, flight_name, is_strict, strictness
from parallel_agents.guard.strict.tickets import STRICT, Ticket, folder_of, tickets, withdraw
from parallel_agents.guard.watch.flights import read, write
from parallel_agents.guard.watch.snapshot import GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run
    from parallel_agents.guard.watch.flights import Watched

SHELLS = ("Bash", "Monitor")
"""Tools whose command runs in a shell of the client."""

STATE, SOURCED = "state", "sourced"
FINE = "ok"
MARKERS = "contained"
"""Folder of the run's `.watch` with a file for each command that is confined."""

PATIENCE = 8.0
"""Seconds for the canary."""

_WILD = "*?[{"


def prepare(event: Event, plugin: str) -> str:
    """Make the session ready for strict mode and try it; what the user has to be told, if anything.

    Called once, when a session starts. `plugin` is the plugin's folder.
    """
    folder = folder_of(event.session)
    if not is_strict():
        return ""
    if folder is None:
        return _cannot("the client names no folder for the plugin's data")
    try:
        os.makedirs(folder, exist_ok=True)
        for ticket in tickets(folder):
            os.unlink(ticket.path)
        trouble = _introduce(folder, plugin) or canary(plugin)
        write(os.path.join(folder, STATE), trouble or FINE)
    except OSError as error:
        trouble = str(error)
    return _cannot(trouble) if trouble else ""


def contain(event: Event, run: Run, watched: Iterable[Watched]) -> str:
    """Leave a ticket for a command; or why it must not run, where strict mode is required.

    Raises `OSError` where the ticket cannot be written.
    """
    if not is_strict() or event.tool not in SHELLS:
        return ""
    required = strictness() == REQUIRED
    folder = folder_of(event.session)
    trouble = _trouble(folder)
    if trouble or folder is None:
        return _refusal(trouble) if required else ""
    if required and not os.path.exists(os.path.join(folder, SOURCED)):
        return (
            "Strict mode is required here, and no shell of this session has shown yet that it is "
            "confined. Next: run the command `true` once, then this one again."
        )
    others = [part for part in watched if part.agent != event.key]
    paths = [path for part in others for path in _readonly(part)]
    if paths:
        name = flight_name(event.key, event.call)
        marker = os.path.join(run.folder, WATCH, MARKERS, name)
        roots = dict.fromkeys(part.before.root for part in others)
        command = str(event.input.get("command", ""))
        ticket = Ticket(command, marker, roots, dict.fromkeys(paths), required=required)
        ticket.leave(folder, event.key, event.call)
    return ""


def settle(event: Event) -> str:
    """After a command: that no shell has taken its ticket, in words; told once."""
    folder = folder_of(event.session)
    if not is_strict() or event.tool not in SHELLS or folder is None:
        return ""
    if not withdraw(folder, event.key, event.call) or _trouble(folder):
        return ""
    trouble = "the client's shells do not read the environment file of the session"
    write(os.path.join(folder, STATE), trouble)
    return _cannot(trouble)


def _trouble(folder: str | None) -> str:
    if folder is None:
        return "the client names no folder for the plugin's data"
    try:
        said = read(os.path.join(folder, STATE))
    except OSError:
        return "it was not made ready when the session started; start a new one"
    return "" if said == FINE else said


def _cannot(trouble: str) -> str:
    text = f"parallel-agents: strict mode ({strictness()}) cannot be had here: {trouble}. "
    if strictness() == REQUIRED:
        return text + "Commands that could write anything are refused while a run is active."
    return text + "Held files are guarded as without it: checked before, looked at after."


def _refusal(trouble: str) -> str:
    return (
        "Nobody can tell what this command writes, strict mode is required here, and it cannot be "
        f"had ({trouble}). Next: use commands whose writes can be seen in them, and the Edit and "
        "Write tools; if the task needs this command, tell the user."
    )


def _introduce(folder: str, plugin: str) -> str:
    """Name the prelude in the session's environment file; what stands in the way, if anything."""
    path = os.environ.get("CLAUDE_ENV_FILE")
    if not path:
        return "the client names no environment file for the session's shells"
    prelude = os.path.join(plugin, "hooks", "strict.sh")
    names = {"__pa_tickets": folder, "__pa_python": sys.executable, "__pa_plugin": plugin}
    lines = [f"{name}={_quoted(value)}" for name, value in names.items()]
    text = "\n".join([*lines, f"[ ! -r {_quoted(prelude)} ] || . {_quoted(prelude)}", ""])
    known = ""
    if os.path.exists(path):
        known = read(path)
    if text not in known:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        fd = os.open(path, flags, 0o600)
        try:
            os.write(fd, ("\n" * bool(known) + text).encode("utf-8", "surrogateescape"))
        finally:
            os.close(fd)
    return ""


def canary(plugin: str) -> str:
    """Confine a command that writes a scratch file; what went wrong, if anything."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="parallel-agents-") as scratch:
        root = os.path.realpath(scratch)
        held, free, own = (os.path.join(root, name) for name in ("held", "free", STRICT))
        write(held, "canary")
        command = 'echo x >"$1/free"; echo x >"$1/held"'.replace("$1", root)
        marker = os.path.join(root, "marker")
        Ticket(command, marker, [root], [held], required=True).leave(own, "canary", "canary")
        words = (sys.executable, "-I", "-S", "-X", "utf8")
        main = os.path.join(plugin, "hooks", "contain_main.py")
        try:
            done = subprocess.run(
                (*words, main, own, "/bin/sh", command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        if read(held) != "canary":
            return "a confined command could write a file that was to be read-only"
        if not os.path.exists(marker) or not os.path.exists(free):
            said = done.stderr.decode("utf-8", "replace").strip()
            return said.partition("(")[2].partition(")")[0] or said[-200:] or "no command ran"
    return ""


def _readonly(part: Watched) -> Iterator[str]:
    """What can be made read-only: claimed folders as a whole, and files that are there."""
    root = part.before.root
    folders = []
    for pattern in part.before.open:
        top = pattern
        while top.endswith("/**"):
            top = top[:-3]
        path = os.path.join(root, top)
        if not any(char in top for char in _WILD) and os.path.isdir(path):
            folders.append(top)
            yield os.path.realpath(path)
    for path, stamp in part.before.stamps.items():
        if stamp != GONE and not any(path.startswith(f"{top}/") for top in folders):
            yield os.path.realpath(os.path.join(root, path))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
