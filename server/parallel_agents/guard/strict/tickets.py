"""Tickets: what the shell is told of a command that is about to run in it.

A hook knows the agent and the command, but not the shell; the shell knows the command only. So the
hook leaves a ticket for the command, and the shell takes the one whose command it was given.
They lie in a folder of the session, in the plugin's data: `<time>-<agent>.<call>.ticket`.

    ticket    <command>  <file to make once it is confined>  <required or nothing>
    root      <work tree>
    readonly  <path>
"""

from __future__ import annotations

import os
import time

from parallel_agents.core.locktable import fields, row
from parallel_agents.guard.runs import file_name, flight_name
from parallel_agents.guard.watch.flights import read, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STRICT = "strict"
SUFFIX = ".ticket"

_QUOTING = str.maketrans(dict.fromkeys("'\"\\ \t\r\n"))


def folder_of(session: str) -> str | None:
    """The folder of a session's tickets (absolute), or None where the client has named none."""
    data = os.environ.get("CLAUDE_PLUGIN_DATA")
    return os.path.join(data, STRICT, file_name(session)) if data else None


class Ticket:
    """One command, the work trees that it must not tear apart, and what it must not write."""

    __slots__ = ("command", "marker", "path", "readonly", "required", "roots")

    def __init__(
        self,
        command: str,
        marker: str,
        roots: Iterable[str],
        readonly: Iterable[str],
        *,
        required: bool,
    ) -> None:
        self.command = command.encode("utf-8", "replace").decode()
        self.required = required
        """Whether the command must not run where it cannot be confined."""
        self.marker = marker
        self.roots = list(roots)
        self.readonly = list(readonly)
        self.path = ""
        """Where it lies."""

    def leave(self, folder: str, key: str, call: str) -> None:
        """Put it into the session's folder. Raises `OSError`."""
        os.makedirs(folder, exist_ok=True)
        name = f"{time.time_ns():020}-{flight_name(key, call)}{SUFFIX}"
        lines = [row("ticket", self.command, self.marker, "required" if self.required else "")]
        lines += [row("root", root) for root in self.roots]
        lines += [row("readonly", path) for path in self.readonly]
        write(os.path.join(folder, name), "\n".join(lines))

    def is_for(self, line: str) -> bool:
        """Whether the shell that was given this line is to run the command.

        The client puts the command into a longer line, in quotes; so neither quotes nor spaces
        are compared.
        """
        command = self.command.translate(_QUOTING)
        return command != "" and command in line.translate(_QUOTING)


def tickets(folder: str) -> list[Ticket]:
    """What lies in the folder, oldest first; what cannot be read is left out."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except OSError:
        return []
    found = []
    for name in names:
        try:
            found.append(_parsed(os.path.join(folder, name)))
        except (OSError, ValueError):
            continue
    return found


def withdraw(folder: str, key: str, call: str) -> bool:
    """Take the ticket of this call away; whether it was still there: no shell has taken it."""
    ending = f"-{flight_name(key, call)}{SUFFIX}"
    try:
        names = [name for name in os.listdir(folder) if name.endswith(ending)]
    except OSError:
        return False
    for name in names:
        os.unlink(os.path.join(folder, name))
    return bool(names)


def _parsed(path: str) -> Ticket:
    first, *rest = read(path).split("\n")
    kind, command, marker, required = fields(first)
    if kind != "ticket":
        raise ValueError("it is no ticket")
    ticket = Ticket(command, marker, (), (), required=bool(required))
    ticket.path = path
    for line in rest:
        what, value = fields(line)
        (ticket.roots if what == "root" else ticket.readonly).append(value)
    return ticket
