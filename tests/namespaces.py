"""Whether this machine lets the user who runs the tests make mount namespaces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SERVER = Path(__file__).resolve().parent.parent / "server"

_PROGRAM = f"""
import sys
sys.path.insert(0, {str(SERVER)!r})
from parallel_agents.guard.strict.namespace import confine
confine((), ())
"""


def _confines() -> bool:
    words = (sys.executable, "-I", "-S", "-c", _PROGRAM)
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


CONFINES = _confines()
