"""Work lists of other tools: read as drafts of plans, and their state written back.

Markdown checklists, issues as `gh issue list --json` gives them, the JSONL export of beads, the
`tasks.json` of Task Master. Nothing here writes a file but `source.replace`.
"""

from parallel_agents.worklists.draft import Draft, draft
from parallel_agents.worklists.entries import Kind, WorkList
from parallel_agents.worklists.formats import kind_of, read, write_back
from parallel_agents.worklists.source import Source

__all__ = ["Draft", "Kind", "Source", "WorkList", "draft", "kind_of", "read", "write_back"]
