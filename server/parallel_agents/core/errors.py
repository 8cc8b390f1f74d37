"""Every refusal of the system: a stable code, what is wrong and who holds what, and the next step.

    ParallelAgentsError
    ├── Refusal             the caller can act on it (exit 3)
    │   ├── BadInput        an argument, a path or a plan that cannot be taken
    │   ├── Unknown         no such task, plan or claim
    │   ├── NotNow          legal, but not in the present state
    │   ├── NotYours        held by, or belonging to, somebody else
    │   ├── Unproven        `completed` was said, but the evidence is missing
    │   └── Unusable        the repository or the machine cannot carry a run
    ├── NeedsPerson         only the user can decide (exit 4)
    └── StoreFault          the store could not answer in time or could not write (exit 3)

Hooks import this module: standard library only, Python 3.9 syntax, nothing imported.
"""

from __future__ import annotations


class ParallelAgentsError(Exception):
    """The base of everything this package raises on purpose.

    `code` is stable and made for scripts, `sentence` says what is wrong and who holds what,
    `next_step` what to do about it. `rev` is the store's revision, where one was read.
    """

    def __init__(self, code: str, sentence: str, next_step: str, rev: int | None = None) -> None:
        super().__init__(code, sentence, next_step)
        self.code = code
        self.sentence = sentence
        self.next_step = next_step
        self.rev = rev

    def __str__(self) -> str:
        """The text a model or a person reads: `[code] sentence Next: step (rev N)`."""
        rev = "" if self.rev is None else f" (rev {self.rev})"
        return f"[{self.code}] {self.sentence} Next: {self.next_step}{rev}"


class Refusal(ParallelAgentsError):
    """Raised when a call is refused and the caller can do something about it."""


class BadInput(Refusal):
    """Raised when an argument, a path or a plan cannot be taken. Nothing was changed."""


class Unknown(Refusal):
    """Raised when a task, plan or claim of that name does not exist."""


class NotNow(Refusal):
    """Raised when the call is legal but the present state does not allow it."""


class NotYours(Refusal):
    """Raised when what is asked for is held by, or belongs to, another agent."""


class Unproven(Refusal):
    """Raised when a task is reported as completed and the evidence does not bear it out."""


class Unusable(Refusal):
    """Raised when the repository or the machine cannot carry a run."""


class NeedsPerson(ParallelAgentsError):
    """Raised when only the user can decide: an approval, a merge conflict, a take-over."""


class StoreFault(ParallelAgentsError):
    """Raised when the store cannot answer in time, cannot write, or is damaged."""
