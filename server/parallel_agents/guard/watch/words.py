"""What is said of an overwritten file: to whose command it was, to its holder, and in the log."""

from __future__ import annotations

import os

from parallel_agents.guard.refusals import holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.watch.evidence import Kept
    from parallel_agents.guard.watch.flights import Flight
    from parallel_agents.guard.watch.trespass import Trespass

SHOWN = 120
"""Characters of a command that are quoted."""


def to_agent(one: Trespass, kept: Kept, claim: HeldClaim) -> str:
    """For the agent whose command it was, or may have been."""
    text = f"{_event(one)} It is held by {holder(claim)}. {_versions(one, kept)}"
    if one.at_home:
        text += "Do not write it again in any other way, and do not mend it: its holder is told. "
    else:
        text += "Completing your task is refused while your copy of it differs: take the change "
        text += "back (git restore), and leave the file to its holder. "
    return text + (
        "Next: run such programs so that they write your own files only (name them), or in a "
        "scratch folder."
    )


def to_holder(one: Trespass, kept: Kept, claim: HeldClaim) -> str:
    """For the agent that holds the file."""
    agents = ", ".join(dict.fromkeys(f.key.partition("/")[2] for f in one.suspects))
    text = f"You hold {one.path} (task `{claim.task}`), and another agent ({agents}) wrote it. "
    text += f"{_event(one)} {_versions(one, kept)}"
    if kept.is_restored:
        return text + "Next: go on; read the file again before you edit it."
    text += "Next: read the file before you write it again"
    if kept.was:
        text += "; to have yours back, write the content of the first file named here to it"
    return text + "."


def in_log(one: Trespass, kept: Kept) -> str:
    """For the lead, and for people."""
    return f"{_event(one)} {_versions(one, kept)}".strip()


def _event(one: Trespass) -> str:
    shown = " or ".join(f"`{_short(flight)}`" for flight in one.suspects)
    path = one.path if one.at_home else one.absolute
    text = f"{path} was {one.deed} while {shown} ran"
    if one.holder_too:
        text += ", and a command of its holder ran too, so it is not certain by whom"
    elif len(one.suspects) > 1:
        text += ", so it is not certain by which of them"
    return text + "."


def _versions(one: Trespass, kept: Kept) -> str:
    text = ""
    if kept.was:
        text += f"What its holder had is kept in {kept.was}. "
    elif one.deed != "made":
        text += "What its holder had is not known. "
    if kept.found:
        text += f"What was found is kept in {kept.found}. "
    if kept.is_restored:
        made = one.deed == "made"
        text += "The file was taken away. " if made else "The holder's content is back in place. "
    return text


def _short(flight: Flight) -> str:
    command = " ".join(flight.command.split())
    if not command:
        return flight.tool
    return command if len(command) <= SHOWN else command[: SHOWN - 3] + "..."


def command_of(given: dict[str, object], tool: str) -> str:
    """What a tool call is called by: its command, its file or its name."""
    for field in ("command", "file_path", "notebook_path", "path"):
        value = given.get(field)
        if isinstance(value, str) and value:
            # Half a surrogate, as JSON can carry it, cannot be written down.
            value = value.encode("utf-8", "replace").decode()
            return value if field == "command" else f"{tool} {os.path.basename(value)}"
    return tool
