"""Starts the command line: `python -I server/parallel_agents/__main__.py COMMAND...`."""

import os
import sys

# The launcher starts this file by path and isolated: the package is not yet on sys.path.
if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from parallel_agents.cli import main

if __name__ == "__main__":
    sys.exit(main())
