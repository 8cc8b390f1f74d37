"""`parallel-agents demo`: a whole run with scripted agents, real in all but the agents' thinking.

    project.py   the scratch project, with failing tests
    script.py    the tasks of the plan, what agents write, and the mishaps that a run has to stand
    scratch.py   the scratch repository and its environment
    guarded.py   the client's part: the plugin's hooks before every tool
    caller.py    one MCP client on one server process
    worker.py    one scripted agent
    play.py      the lead, the agents beside it, the verdict
    story.py     what is told, and the figures
    history.py   the run's own record, against the rules

The agents wait for one another at a few points (`worker.Cues`): each mishap is seen in every run.
What is granted, refused and merged is decided by the server and the hooks alone.
"""

from __future__ import annotations

from parallel_agents.demo.play import play
from parallel_agents.demo.story import Figures

__all__ = ["Figures", "play"]
