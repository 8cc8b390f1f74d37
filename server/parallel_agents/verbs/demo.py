"""`parallel-agents demo`: a whole run with scripted agents in a scratch repository."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import redirect_stdout

from parallel_agents.verbs.console import Console


def run(arguments: Namespace, console: Console) -> int:
    """Play the demo; with `--json` its story goes to standard error and its figures are given."""
    from parallel_agents.demo import play

    keep = console.start / arguments.keep if arguments.keep else None
    with redirect_stdout(sys.stderr if console.as_json else sys.stdout):
        figures = play(arguments.agents, keep)
    if console.as_json:
        console.give(figures.as_dict())
    return 1 if figures.problems else 0
