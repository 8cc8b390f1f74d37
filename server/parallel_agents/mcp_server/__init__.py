"""The MCP server `tasks`: tools, schemas and error texts around the coordinator. Decides nothing.

server.py     the server itself: tools published, refusals and defects as text, serving
tools.py      the nine tools
arguments.py  what a tool call may carry, and what is said when it carries something else
forms.py      the questions that the user answers in a form
desk.py       what all calls of one server share: repositories, threads, who calls
"""

from parallel_agents.mcp_server.server import build, serve

__all__ = ["build", "serve"]
