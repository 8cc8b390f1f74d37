"""The server itself: what it publishes, how refusals and defects become text, how it is served."""

from __future__ import annotations

import logging
import shlex
import shutil
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent
from pydantic import ValidationError

from parallel_agents import __version__
from parallel_agents.core.errors import BadInput, NeedsPerson, ParallelAgentsError
from parallel_agents.mcp_server.arguments import IDENTITY, refusal
from parallel_agents.mcp_server.desk import Desk
from parallel_agents.mcp_server.tools import published
from parallel_agents.planfile import Document
from parallel_agents.planfile import refusal as plan_refusal

NAME = "tasks"
NAME_OF_COMMAND = "parallel-agents"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The hosts that the SDK guards against requests of web pages."""

A_MINUTE = 60.0
"""Seconds between two looks at the time, so that silence can be told from sleep."""

A_LOOK = 2.0
"""Seconds between two looks at what commands in the background have done to held files."""

INSTRUCTIONS = """\
Lets several agents work on one git repository at once without colliding. The server, the hooks \
and git enforce the rules; a refusal names the code, who holds what, and the next step.

Order of calls
1. propose_plan: goal and tasks, each with every file it may write. Gives waves, conflicts, advice.
2. approve_plan: the user decides in a form. Nothing starts before that, nor after a changed plan.
3. Each worker: claim_task, work on the claimed files only, release_task with outcome `completed` \
(or fail_task), then claim_task again until it says `finished`.
4. list_status: where the run stands and what comes next.
5. merge_branches (dry_run first): tested together, landed in one move, then reported to the user.

Rules
- One agent has one claim; a file belongs to one claim. extend_claim adds files that are free.
- The token of a claim goes with every call about it; another token changes nothing.
- Completed means committed, inside the claimed files, and the task's check passed.
- Conflicts, blocked tasks and claims of agents that may be alive are the user's to settle.
- `agent`, `session`, `cwd` and `call` are filled in by the client's hook. A client without one \
passes `agent`, a name of its own.
"""

log = logging.getLogger(__name__)


class TasksServer(MCPServer[Desk]):
    """`MCPServer`, but for one thing: every failure of a tool is text that a model can act on."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Desk, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. A refusal, bad arguments or a defect is a result with `is_error` set."""
        try:
            return await super().call_tool(name, arguments, context)
        except MCPError:
            raise
        except ToolError as error:
            return _told(self._explained(name, arguments, error))

    def _explained(
        self, name: str, arguments: dict[str, Any], error: ToolError
    ) -> ParallelAgentsError:
        """What the SDK caught, as a refusal with a next step."""
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            offered = ", ".join(t.name for t in self._tool_manager.list_tools())
            return BadInput(
                "unknown_tool", f"There is no tool {name!r}.", f"the tools are {offered}."
            )
        match error.__cause__:
            case ParallelAgentsError() as known:
                return known
            case ValidationError() as invalid if not isinstance(error, UnexpectedToolError):
                if name == "propose_plan":
                    plan = {k: v for k, v in arguments.items() if k not in IDENTITY}
                    if all(e["loc"][0] not in IDENTITY for e in invalid.errors()):
                        return plan_refusal(invalid, Document(plan, name))
                return refusal(name, tool.fn_metadata.arg_model, invalid)
            case ToolError():
                return NeedsPerson(
                    "bad_answer",
                    "The client's answer to the form cannot be read, so nothing was done.",
                    f"call {name} again; if that does not help, the user can run "
                    "`parallel-agents approve` or `parallel-agents recover` in a terminal.",
                )
            case defect:
                log.error("Tool %r failed", name, exc_info=defect)
                changes = not (tool.annotations and tool.annotations.read_only_hint)
                return _defect(name, defect, changes)


def _defect(tool: str, defect: BaseException | None, changes: bool) -> ParallelAgentsError:
    said = " ".join(str(defect).split())[:300]
    state = "What it changed before that is unknown." if changes else "Nothing was changed."
    return ParallelAgentsError(
        "internal",
        f"{tool} failed by a defect of parallel-agents ({type(defect).__name__}: {said}). {state}",
        "look with list_status, tell the user, and report the traceback, which is in the "
        "server's log.",
    )


def _told(error: ParallelAgentsError) -> CallToolResult:
    text = str(error).replace("`parallel-agents ", f"`{_command()} ")
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def _command() -> str:
    """How the user starts our command line: by its name, or where that is not on PATH by path."""
    start = Path(__file__).resolve().parents[3] / "bin" / NAME_OF_COMMAND
    if shutil.which(NAME_OF_COMMAND) is not None or not start.is_file():
        return NAME_OF_COMMAND
    return shlex.quote(str(start))


def build() -> TasksServer:
    """A server with a session and repositories of its own, ready to be served or called."""
    desk = Desk()

    @asynccontextmanager
    async def lifespan(_: MCPServer[Desk]) -> AsyncGenerator[Desk]:
        over = threading.Event()
        for keep in (_keep_time, _look_around):
            threading.Thread(target=keep, args=(desk, over), daemon=True).start()
        try:
            yield desk
        finally:
            over.set()

    return TasksServer(
        NAME,
        title="parallel-agents",
        version=__version__,
        instructions=INSTRUCTIONS,
        tools=published(),
        lifespan=lifespan,
        log_level="WARNING",
    )


def _keep_time(desk: Desk, over: threading.Event) -> None:
    while not over.wait(A_MINUTE):
        desk.keep_time()


def _look_around(desk: Desk, over: threading.Event) -> None:
    while not over.wait(A_LOOK):
        desk.look_around()


def serve(http: tuple[str, int] | None = None) -> None:
    """Serve until the client goes: on standard input and output, or over HTTP at (host, port).

    Raises `BadInput` for a host that other machines could reach.
    """
    if http is None:
        # The client says goodbye with SIGINT. Python's own way of ending would wait for the thread
        # that reads standard input; the store needs no leave-taking.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        build().run()
        return
    host, port = http
    if host not in LOOPBACK:
        raise BadInput(
            "not_loopback",
            f"The server knows no passwords, so it is served on this machine only, not on {host}.",
            f"use one of {', '.join(LOOPBACK)}.",
        )
    with suppress(KeyboardInterrupt):
        build().run("streamable-http", host=host, port=port)
