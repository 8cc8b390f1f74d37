"""`parallel-agents serve`: the MCP server, which the client starts through its manifest."""

from __future__ import annotations

import os
from argparse import Namespace

from parallel_agents.core.errors import Unusable
from parallel_agents.verbs.console import HERE, Console


def run(arguments: Namespace, console: Console) -> int:
    """Serve until the client goes. Standard output is the connection: nothing is said there."""
    from parallel_agents.mcp_server import serve

    if arguments.directory != HERE:
        try:
            os.chdir(console.start)
        except OSError as error:
            raise Unusable(
                "no_directory",
                f"{console.start} cannot be worked in: {error.strerror}.",
                "name the repository with -C DIR, or start the server in it.",
            ) from None
    serve(arguments.http)
    return 0
