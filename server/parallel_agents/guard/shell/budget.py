"""How much a command may cost to judge: steps, depth, seconds, questions to git."""

from __future__ import annotations

from time import monotonic

STEPS = 20_000
DEPTH = 24
SECONDS = 1.0
QUESTIONS = 24


class Exhausted(Exception):
    """Raised where a command is too much to be judged: it then counts as not understood."""


class Budget:
    """One for each command."""

    __slots__ = ("depth", "end", "questions", "steps")

    def __init__(self) -> None:
        self.steps = STEPS
        self.depth = 0
        self.questions = QUESTIONS
        self.end = monotonic() + SECONDS

    def step(self, count: int = 1) -> None:
        """Note that something was looked at."""
        self.steps -= count
        if self.steps < 0 or (self.steps % 64 == 0 and monotonic() > self.end):
            raise Exhausted("it is too long a command to follow")

    def enter(self) -> None:
        """Go one level of nesting down."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Exhausted("it is nested too deep to follow")

    def leave(self) -> None:
        """Come back up."""
        self.depth -= 1

    def ask(self) -> None:
        """Note that git is asked."""
        self.questions -= 1
        if self.questions < 0 or monotonic() > self.end:
            raise Exhausted("git would have to be asked too many questions")
