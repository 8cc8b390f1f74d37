"""An MCP server of somebody else, with two tools for files. Started by the client in the tests."""

from __future__ import annotations

from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("files")


@server.tool()
def write_file(path: str, content: str) -> str:
    """Write a file."""
    Path(path).write_text(content)
    return "written"


@server.tool()
def read_file(path: str) -> str:
    """Read a file."""
    return Path(path).read_text()


if __name__ == "__main__":
    server.run()
