"""Tools of other MCP servers: may this call go on, given the paths among its arguments?

Nobody tells a hook what such a tool does, so it is taken from its name: one that only reads goes on
whatever it is given. Any other may not be given a path that somebody else holds, in whatever
argument, nor the state of the run or of git. Where the name says that it writes, an absolute path
(which can only be meant here) is judged as an edit is. What the arguments do not show is looked
at afterwards, as it is with shell commands.
"""

from __future__ import annotations

import os

from parallel_agents.core.errors import BadInput
from parallel_agents.core.paths import places
from parallel_agents.guard import answer, edits
from parallel_agents.guard.hardlinks import held_elsewhere
from parallel_agents.guard.watch import watching
from parallel_agents.guard.watch.snapshot import take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from parallel_agents.core.paths import Place
    from parallel_agents.guard.edits import Objection
    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run, Runs

_READING_WORDS = (
    "analyze analyse blame browse cat check count definition describe diagnostics diff docs "
    "explain exists fetch find get glob grep head help history hover info inspect list load log "
    "lookup ls navigate outline overview peek ping preview query read recall references resolve "
    "screenshot search show snapshot stat status summarize symbols tail tree validate view "
    "wait watch"
)
READING = frozenset(_READING_WORDS.split())
"""Words in the name of a tool that only reads."""

_WRITING_WORDS = (
    "add append apply change chmod clean clear commit copy create cp cut delete download edit "
    "erase export extract fix format generate import insert install link make merge mkdir modify "
    "move mv new overwrite paste patch put refactor reformat remove rename replace reset restore "
    "revert rewrite rm save set store touch truncate unlink unzip update upload write"
)
WRITING = frozenset(_WRITING_WORDS.split())
"""Words in the name of a tool that writes something, whatever else it does."""

_PLACES_WORDS = (
    "cwd dest destination dir directory file filename filepath files folder from location new "
    "notebook old output path paths root source src target to uri url workspace"
)
_PLACES = frozenset(_PLACES_WORDS.split())
"""Words in the name of an argument that is a path, even where the text could be a plain word."""

_COMMANDS = frozenset(("bash", "cmd", "cmdline", "command", "commandline", "commands", "shell"))
"""Words in the name of an argument that is a command line."""

_UPROOTING = frozenset(
    ("clean", "clear", "delete", "move", "mv", "remove", "rename", "rm", "unlink")
)
"""Words in the name of a tool for which a folder stands for all that is in it."""

_LONGEST = 4096
_MOST = 2000


def guard(event: Event, runs: Runs, plugin: str) -> dict[str, Any] | None:
    """The answer to the call of another server's tool; None where there is no objection.

    Raises `TableTorn` or `OSError` when it cannot be decided.
    """
    near = runs.near()
    for run in near:
        run.beat(event)
    said = _words(event.tool.rpartition("__")[2])
    if not READING.isdisjoint(said) and WRITING.isdisjoint(said):
        return None
    for command in _commands(event.input) if near else ():
        from parallel_agents.guard.commands import (
            weighed,  # a parser: only for what is to be parsed
        )

        _, refused = weighed(command, event, runs, plugin)
        if refused is not None:
            near[0].note("denied", event, refused[1], path=command[:200], task=refused[0])
            return answer.deny(refused[1])
    means = _Means(said)
    for text, is_place in _texts(event.input, False, [_MOST]):
        found = _objection(text, event, runs, plugin, means, is_place=is_place)
        if found is not None:
            return edits.denial(found[1], found[0], event)
    return watching.begin(event, runs, "opaque")


def _objection(
    text: str, event: Event, runs: Runs, plugin: str, means: _Means, *, is_place: bool
) -> tuple[Run, Objection] | None:
    path = _path_in(text, is_place=is_place)
    if path is None:
        return None
    near = runs.near()
    starts = [event.cwd]
    if not os.path.isabs(path):  # the server may work elsewhere than its caller
        starts += [run.main for run in near if run.main != event.cwd]
    for start in starts:
        try:
            found = edits.seats(places(path, start), near)
        except BadInput:
            return None
        for place in found:
            run = runs.of(place.main)
            if run is None:
                continue
            is_folder = os.path.isdir(place.absolute)
            if is_folder and not means.writing:
                continue  # where it is to look, or to work
            objection = edits.objection(place, run, event)
            sure = means.writing and os.path.isabs(path) and not is_folder
            if objection is None or not (sure or objection.kind in ("held", "state")):
                objection = _below(place, run, event) if is_folder and means.uprooting else None
            if objection is not None:
                return run, objection
    whole = os.path.join(event.cwd, path)
    switch = edits.switch(whole, plugin, near) if near else None
    if switch is not None:
        return near[0], switch
    linked = held_elsewhere(whole, event, near)
    if linked is not None:
        run, claim, held = linked
        return run, edits.Objection("held", held, claim)
    return None


class _Means:
    """What the words in a tool's name say of it."""

    __slots__ = ("uprooting", "writing")

    def __init__(self, said: set[str]) -> None:
        self.writing = not WRITING.isdisjoint(said)
        self.uprooting = not _UPROOTING.isdisjoint(said)


def _below(place: Place, run: Run, event: Event) -> Objection | None:
    """The objection to taking a folder away: what others hold in it."""
    for claim in run.table.claims:
        if claim.agent == event.key:
            continue
        for held in take(place.root, claim.files).stamps:
            if place.path == "." or held.lower().startswith(place.path.lower() + "/"):
                return edits.Objection("held", held, claim)
    return None


def _commands(given: dict[str, Any]) -> Iterator[str]:
    """What is to be run in a shell, by the names of the arguments."""
    for name, value in given.items():
        if _COMMANDS.isdisjoint(_words(name)):
            continue
        if isinstance(value, str) and value.strip():
            yield value
        elif isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            rest = given.get("args", [])
            words = value + (rest if isinstance(rest, list) else [])
            yield " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in words)


def _path_in(text: str, *, is_place: bool) -> str | None:
    """The path that the text is, or None where it is none."""
    text = text.strip()
    if not text or len(text) > _LONGEST or "\n" in text:
        return None
    if text.startswith("file:"):
        from urllib.parse import unquote  # seldom

        path = unquote(text[5:])
        return "/" + path.lstrip("/") if path.startswith("/") else path
    if "://" in text:
        return None
    if not is_place and "/" not in text and "." not in text[1:]:
        return None  # a word, which may happen to be the name of a folder
    return os.path.expanduser(text) if text.startswith("~/") else text


def _texts(given: object, is_place: bool, room: list[int]) -> Iterator[tuple[str, bool]]:
    """(text, whether its name says that it is a path) for every text, at any depth."""
    if room[0] <= 0:
        return
    room[0] -= 1
    if isinstance(given, str):
        yield given, is_place
    elif isinstance(given, dict):
        for name, value in given.items():
            yield from _texts(value, not _PLACES.isdisjoint(_words(name)), room)
            if "/" in name or "." in name[1:]:  # {"files": {"src/a.py": "content"}}
                yield name, True
    elif isinstance(given, list):
        for value in given:
            yield from _texts(value, is_place, room)


def _words(name: str) -> set[str]:
    """`writeTextFile` and `write_text_file` are write, text and file."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c if c.isalnum() else " " for c in name)
    return {*spaced.split(), *"".join(c if c.isalnum() else " " for c in name.lower()).split()}
