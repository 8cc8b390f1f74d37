"""What is said of a command: one of four levels, and the files that it is about.

DENY: it writes what this agent may not write. MENTION: a program that nobody knows is given a
file that another agent holds, or a file of which only a part of the name is known. Both are
refused. OPAQUE: it could write anything, so it runs watched. CLEAR: it cannot write what is held.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.edits import Objection

CLEAR = "clear"
OPAQUE = "opaque"
MENTION = "mention"
DENY = "deny"


class Finding:
    """One reason to refuse.

    `path` is POSIX, relative to the root of its work tree (for a state of git's, what git calls
    it); `holder` and `task` are empty where nobody holds it; `how` says in a few words what would
    reach it (`sed -i`, `>`, `git checkout`). `objection` is the edit guard's own, where it has one,
    and `advice` a next step where the usual one would not help.
    """

    __slots__ = ("advice", "how", "objection", "path", "sure", "wide")

    def __init__(
        self,
        path: str,
        how: str,
        objection: Objection | None = None,
        *,
        sure: bool = True,
        wide: bool = False,
        advice: str = "",
    ) -> None:
        self.path = path
        self.how = how
        self.objection = objection
        self.sure = sure
        """False where an unknown program is given the path: it may only read it."""
        self.wide = wide
        """Whether the command reaches the path through a folder, a branch or a wildcard."""
        self.advice = advice

    @property
    def holder(self) -> str:
        """The `session/agent` key of the holder, or an empty text."""
        held = self.objection is not None and self.objection.kind == "held"
        claim = self.objection.claim if self.objection is not None else None
        return claim.agent if held and claim is not None else ""

    @property
    def task(self) -> str:
        """The task that stands in the way, or an empty text."""
        return self.objection.task if self.objection is not None else ""


class Verdict:
    """`level` and what led to it: `findings` where it is refused, `unknown` where it is opaque."""

    __slots__ = ("findings", "level", "unknown", "verb")

    def __init__(
        self, level: str, findings: list[Finding], unknown: list[str], verb: str = ""
    ) -> None:
        self.level = level
        self.findings = findings
        self.unknown = unknown
        """What could not be followed, each in a few words."""
        self.verb = verb
        """The verb of our own command line that is not for agents, where one is called."""

    @property
    def refuses(self) -> bool:
        """Whether the command may not run."""
        return self.level in (DENY, MENTION)
