"""The terminal or pipe a command talks to: its answer, its progress, its questions.

Standard output carries the answer and nothing else: text, or with `--json` one object. Everything
that is said on the way there goes to standard error, questions included.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from parallel_agents.core.errors import NeedsPerson, ParallelAgentsError, Unusable
from parallel_agents.views.cells import spelled_out
from parallel_agents.views.wording import for_terminal

HERE = "."
"""The directory to work from, where no other is named."""

PATIENCE = 1.0
"""Seconds that a step may take in silence."""


class Console:
    """Where one command answers. `as_json`: as one object, for scripts."""

    def __init__(self, as_json: bool = False, directory: str = HERE) -> None:
        self.as_json = as_json
        self._directory = directory

    @property
    def start(self) -> Path:
        """The directory to work from (absolute). Raises `Unusable` where there is none."""
        try:
            return Path.cwd() / self._directory
        except FileNotFoundError:
            raise Unusable(
                "no_directory",
                "The current directory has been deleted.",
                "Change to the repository, or name it with -C DIR.",
            ) from None

    @property
    def width(self) -> int:
        """Columns of text: the terminal's, else 80."""
        return max(40, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 80

    # ------------------------------------------------------------------ answers

    def say(self, text: str) -> None:
        """The answer, as text."""
        _write(sys.stdout, text)

    def give(self, answer: Mapping[str, Any]) -> None:
        """The answer, as one JSON object on one line. ASCII, so that any pipe can carry it."""
        sys.stdout.write(json.dumps(answer, ensure_ascii=True, allow_nan=False) + "\n")

    def refuse(self, error: ParallelAgentsError) -> None:
        """Tell why nothing was done, and what to do next."""
        sentence, step = for_terminal(error.sentence), for_terminal(error.next_step)
        if self.as_json:
            told = {
                "code": error.code,
                "sentence": sentence,
                "next_step": step,
                "rev": error.rev,
            }
            self.give({"error": told})
        else:
            self.note(f"[{error.code}] {sentence}\nNext: {step}")

    # ------------------------------------------------------------------ on the way

    def note(self, text: str) -> None:
        """Something to know that is not the answer."""
        sys.stdout.flush()
        _write(sys.stderr, text)

    @contextmanager
    def busy(self, with_what: str) -> Iterator[Callable[[str, int, int], None]]:
        """While the body runs: say so, once it takes longer than people wait gladly.

        What the body tells (a step, how much is done, how much there is) is said as well, at most
        once in that time.
        """
        timer = threading.Timer(PATIENCE, self.note, (f"... {with_what}",))
        timer.daemon = True
        timer.start()
        next_word = time.monotonic() + 2 * PATIENCE

        def told(step: str, done: int, of: int) -> None:
            nonlocal next_word
            if time.monotonic() >= next_word:
                next_word = time.monotonic() + PATIENCE
                self.note(f"... {step}: {done} of {of}")

        try:
            yield told
        finally:
            timer.cancel()

    # ------------------------------------------------------------------ questions

    @property
    def has_person(self) -> bool:
        """Whether somebody can be asked: both the question and the answer are on a terminal."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def confirm(self, question: str) -> bool:
        """A person's yes; anything else, Enter included, is a no."""
        return self._answer(f"{question} [y/N] ") in ("y", "yes")

    def choose(self, question: str, options: Sequence[str]) -> str | None:
        """One of the options; None for Enter. Raises `NeedsPerson` where the input ends."""
        while True:
            answer = self._answer(f"{question}: ")
            if answer is None:
                raise NeedsPerson(
                    "no_answer",
                    "The input ended before the question was answered; nothing was changed.",
                    "run the command again and answer, or say it with an option.",
                )
            if not answer or answer in options:
                return answer or None
            self.note(f"Please answer {', '.join(options)}, or just Enter.")

    def line(self, question: str) -> str:
        """One line of text as it was typed; empty for Enter or at the end of the input."""
        return self._line(f"{question}: ") or ""

    def _answer(self, prompt: str) -> str | None:
        line = self._line(prompt)
        return None if line is None else line.casefold()

    def _line(self, prompt: str) -> str | None:
        sys.stdout.flush()
        _write(sys.stderr, prompt, end="")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            self.note("")
            return None
        return line.strip()


def _write(stream: TextIO, text: str, end: str = "\n") -> None:
    # Titles, paths and what commands said come from models and files: a terminal must show, not
    # obey, what is in them. Nor may one letter that a pipe cannot carry end the command.
    lines = (spelled_out(line.expandtabs()) for line in text.rstrip("\n").split("\n"))
    encoding = stream.encoding or "utf-8"
    whole = "\n".join(lines) + end
    stream.write(whole.encode(encoding, "backslashreplace").decode(encoding))
