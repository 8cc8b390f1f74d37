"""Started by strict.sh in a shell of the client: contain_main.py FOLDER SHELL LINE."""

import os
import sys


def main(folder, shell, line):
    plugin = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    sys.path.insert(0, plugin + "/server")
    try:
        from parallel_agents.guard.strict.shell import become
    except Exception:
        os.environ["PARALLEL_AGENTS_CONTAINED"] = "1"
        os.execv(shell, [shell, "-c", line])
    return become(folder, shell, line)


sys.exit(main(*sys.argv[1:]))
