"""Kills merges, for as long as asked: `python -m merges [--random N] [--landing N] [--seed N]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from merges.killing import Round, Scene, Whole

WAYS: tuple[tuple[Whole, bool], ...] = (
    ("alone", False),
    ("all", True),
    ("all", False),
    ("alone", True),
)
"""The process alone or all that it started; the command line, or (True) the server."""


def main() -> int:
    """Print what came of every kill. Ends with an `AssertionError` at the first that did harm."""
    parser = argparse.ArgumentParser("python -m merges")
    parser.add_argument("--random", type=int, default=50, help="kills at any moment (50)")
    parser.add_argument("--landing", type=int, default=40, help="kills while it lands (40)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for name, value in (("GIT_CONFIG_GLOBAL", os.devnull), ("GIT_CONFIG_NOSYSTEM", "1")):
        os.environ[name] = value
    for role in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{role}_NAME"], os.environ[f"GIT_{role}_EMAIL"] = "Test", "test@localhost"
    with tempfile.TemporaryDirectory(prefix="parallel-agents-kills-") as folder:
        scene = Scene(Path(folder), chosen.seed)
        say(f"a merge takes {scene.seconds:.2f} s, its landing {scene.landing * 1000:.0f} ms")
        for what, kill, times in (
            ("at any moment", scene.at_random, chosen.random),
            ("while it lands", scene.in_the_landing, chosen.landing),
        ):
            rounds = [kill(*WAYS[n % len(WAYS)]) for n in range(times)]
            tell(what, rounds)
    return 0


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(what: str, rounds: list[Round]) -> None:
    """One paragraph about rounds of one kind."""
    say(f"\n{len(rounds)} kills {what}: target old or tested, the user's files whole, ended by")
    say("the next call in all of them. It was killed in the stage")
    for where, times in Counter(r.where for r in rounds).most_common():
        say(f"  {times:3}  {where}")
    say("and the next call said")
    for told, times in Counter(r.told.partition(" was ")[2][:60] or r.told for r in rounds).items():
        say(f"  {times:3}  {told or 'nothing: there was nothing to take up'}")


if __name__ == "__main__":
    sys.exit(main())
