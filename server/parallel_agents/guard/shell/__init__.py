"""What would a shell command write? Read as bash reads it, and judged before it runs."""

from __future__ import annotations

from parallel_agents.guard.shell.judgement import judge
from parallel_agents.guard.shell.scene import Scene
from parallel_agents.guard.shell.verdict import CLEAR, DENY, MENTION, OPAQUE, Finding, Verdict

__all__ = ["CLEAR", "DENY", "MENTION", "OPAQUE", "Finding", "Scene", "Verdict", "judge"]
