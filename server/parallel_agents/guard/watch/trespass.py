"""Who wrote a held file: the holder itself, or which of the commands that ran at that moment.

The file system tells when a file changed, not by whom. So: what the holder has noted as its own
work is its own; else every command that could write anything and ran at that moment is suspected.
It is certain only where there is one such command and none of the holder's own.
"""

from __future__ import annotations

import os

from parallel_agents.guard.watch import preimage
from parallel_agents.guard.watch.flights import EDIT, OPAQUE
from parallel_agents.guard.watch.journal import Journal, content_of
from parallel_agents.guard.watch.snapshot import GONE, changed_at, mode_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.runs import Run
    from parallel_agents.guard.watch.flights import Flight, Watched


class Trespass:
    """One held file that a command wrote.

    `content` and `was` are what it holds now and held before (None: nothing, or not known; `gone`
    and `new` tell). `suspects` are the commands that can have done it, `holder_too` whether the
    holder's own command can have, `at_home` whether the file is in the tree its holder works in.
    """

    __slots__ = (
        *("after", "at_home", "before", "content", "holder_too", "path", "suspects", "was"),
        "watched",
    )

    def __init__(
        self,
        watched: Watched,
        path: str,
        before: str,
        after: str,
        was: bytes | None,
        content: bytes | None,
        suspects: list[Flight],
        *,
        holder_too: bool,
        at_home: bool,
    ) -> None:
        self.watched = watched
        self.path = path
        self.before = before
        self.after = after
        self.was = was
        self.content = content
        self.suspects = suspects
        self.holder_too = holder_too
        self.at_home = at_home

    @property
    def absolute(self) -> str:
        """Where the file is."""
        return os.path.join(self.watched.before.root, self.path)

    @property
    def is_certain(self) -> bool:
        """Whether it is known which command it was."""
        return len(self.suspects) == 1 and not self.holder_too

    @property
    def deed(self) -> str:
        """`changed`, `deleted` or `made`."""
        return "deleted" if self.after == GONE else "made" if self.before == GONE else "changed"


def trespasses(run: Run, flight: Flight, flights: list[Flight]) -> tuple[list[Trespass], bool]:
    """What this command seems to have written of others' files, and whether to look again.

    It is to be looked at again where the holder's own edit is just under way. `flights` is all
    that is in flight, this one included.
    """
    found: list[Trespass] = []
    again = False
    for watched in flight.watched:
        claim = run.table.of(watched.agent)
        if claim is None or watched.agent == flight.key:
            continue
        if (claim.task, claim.token) != (watched.task, watched.token):
            continue  # what it was looked at for has ended
        journal = Journal(run.folder, watched.task, watched.token)
        home = run.home_of(claim)
        at_home = home is not None and os.path.realpath(home) == watched.before.root
        for path, before, after in watched.before.changes(watched.before.now()):
            moment = changed_at(after)
            if not flight.covers(moment):
                continue  # changed after it had ended
            others = [f for f in flights if f.covers(moment)] if at_home else [flight]
            holders = [f for f in others if f.key == watched.agent]
            if any(f.level == EDIT for f in holders):
                again = True
                continue
            noted, digest, doubtful = journal.last(watched.before.root, path)
            if noted == after and not doubtful:
                continue
            one = Trespass(
                watched,
                path,
                before,
                after,
                preimage.before(run.folder, journal, watched.before.root, path, before),
                None,
                _suspects(flight, [f for f in others if f.key != watched.agent]),
                holder_too=bool(holders) or (noted == after and doubtful),
                at_home=at_home,
            )
            if not _is_harmless(one, "" if doubtful else digest):
                found.append(one)
    return found, again


def _suspects(flight: Flight, others: list[Flight]) -> list[Flight]:
    able = [f for f in others if f.level == OPAQUE or f.name == flight.name]
    return [f for f in able if not f.contained] or able


def _is_harmless(one: Trespass, last_own: str) -> bool:
    """Whether it comes to nothing: only touched, the holder's content all the same, or ignored."""
    try:
        _, digest, one.content = content_of(one.absolute)
    except OSError:
        return False
    if one.before == GONE:
        return preimage.is_ignored(one.watched.before.root, one.path)
    if one.after == GONE or mode_of(one.before) != mode_of(one.after):
        return False
    if one.content is not None and one.was == one.content:
        return True
    return bool(digest) and digest == last_own
