"""What a shell of the client becomes: the same shell, with the files on its ticket read-only."""

from __future__ import annotations

import os

from parallel_agents.guard.strict import namespace
from parallel_agents.guard.strict.tickets import tickets

CONTAINED = "PARALLEL_AGENTS_CONTAINED"
"""Set for the shell and all below it, so that it is not done twice."""

NOT_RUN = 126


def become(folder: str, shell: str, line: str) -> int:
    """Take the ticket for `line` from the session's folder and be `shell -c line` from now on.

    Where several tickets are for the same command, nobody knows whose it is, so what is on any of
    them is read-only. Returns (an exit status) only where the user requires strict mode and it
    cannot be had. Raises `OSError` where the shell cannot be started.
    """
    os.environ[CONTAINED] = "1"
    mine = [ticket for ticket in tickets(folder) if ticket.is_for(line)]
    if mine:
        try:
            os.unlink(mine[0].path)
            roots = [root for ticket in mine for root in ticket.roots]
            paths = dict.fromkeys(path for ticket in mine for path in ticket.readonly)
            namespace.confine(roots, list(paths))
            _mark(mine[0].marker)
        except OSError as error:
            if any(ticket.required for ticket in mine):
                text = "parallel-agents: the files of other agents could not be made read-only "
                text += f"for this command ({error}), and strict mode is required here, so it was "
                text += "not run. Next: stop and tell the user.\n"
                os.write(2, text.encode("utf-8", "replace"))
                return NOT_RUN
    os.execv(shell, [shell, "-c", line])


def _mark(path: str) -> None:
    """Note that this command is confined. It lies outside of what was made read-only."""
    if path:
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644))
        except OSError:
            return  # then it is a suspect like any other
