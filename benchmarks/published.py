"""Our server with one tool more, which does nothing: what a call costs that asks for nothing.

python -m benchmarks.published
"""

from __future__ import annotations

from parallel_agents.mcp_server import build


def nothing() -> None:
    """Does nothing."""


def main() -> None:
    """Serve on standard input and output."""
    server = build()
    server.add_tool(nothing)
    server.run()


if __name__ == "__main__":
    main()
