"""What the tools answer and `--json` prints: one frozen model a reply, built from the use cases.

Every reply has the store's revision (`rev`) and a `next_step`. On success a model sees nothing but
this, so each reply carries all that it must know. Moments are UTC, `2026-01-31T23:59:00Z`. What
does not apply is left out.
"""

from parallel_agents.replies.claims import Claimed, Extended, Failed, Recovered, Released
from parallel_agents.replies.merge import MergeReply
from parallel_agents.replies.plans import Approved, Proposed
from parallel_agents.replies.reply import AgentReply, Reply, utc
from parallel_agents.replies.run import StatusReply

__all__ = [
    "AgentReply",
    "Approved",
    "Claimed",
    "Extended",
    "Failed",
    "MergeReply",
    "Proposed",
    "Recovered",
    "Released",
    "Reply",
    "StatusReply",
    "utc",
]
