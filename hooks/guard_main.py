"""Started by guard.sh: guard_main.py STATUS WHAT [_tasks FOLDER...]. All else is in cached modules.

STATUS is the exit status of a hook that could not decide: 2 refuses, 0 stands in nobody's way.
"""

import gc
import sys

gc.disable()  # the process lives for a few milliseconds


def main(status, what, *folders):
    plugin = __file__.rsplit("/", 2)[0]  # absolute, but for links and `..`
    sys.path.insert(0, plugin + "/server")
    try:
        from parallel_agents.core.system import real
        from parallel_agents.guard import hook

        return hook.run(what, folders, real(plugin))
    except BaseException as error:
        text = "parallel-agents could not check this call (%s: %s). While a run is active, what "
        text += "is not checked is refused. Next: stop and tell the user to run `parallel-agents "
        text += "doctor` in a terminal.\n"
        try:
            import os

            os.write(2, (text % (type(error).__name__, error)).encode("utf-8", "replace"))
        except BaseException:
            pass  # nobody hears it; the status still refuses
        return int(status)


try:
    from posix import _exit  # `os` is not imported yet, and costs more than the decision
except ImportError:
    from os import _exit
_exit(main(*sys.argv[1:]))
