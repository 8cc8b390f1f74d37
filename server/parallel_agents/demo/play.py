"""The whole run: the lead's part from the plan to the merge, the agents beside it, the verdict."""

from __future__ import annotations

import shlex
import signal
import uuid
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import MCPError
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from parallel_agents.core.errors import BadInput
from parallel_agents.demo import script
from parallel_agents.demo.caller import Caller, Refused, connected
from parallel_agents.demo.guarded import WORKER, Client, Who
from parallel_agents.demo.history import collisions, holdings
from parallel_agents.demo.scratch import Finished, Scratch, scratch
from parallel_agents.demo.story import WIDTH, Figures, Story, Surprise
from parallel_agents.demo.worker import Cues, Worker
from parallel_agents.views.cells import wrap

LEAST, MOST = 2, 8
TIME_LIMIT = 180.0
"""Seconds for everything after the scratch repository is made."""

STRATEGY = "worktree"
"""What the scripted user answers in the form."""


def play(agents: int, keep: Path | None) -> Figures:
    """Run the demo, tell it on standard output, and give its figures.

    Raises `BadInput` for a number of agents or a folder that cannot be, `Unusable` where the
    machine lacks something, `KeyboardInterrupt` on Ctrl-C, once everything is stopped. What goes
    wrong in the run itself is in `problems` of the figures.
    """
    if not LEAST <= agents <= MOST:
        raise BadInput(
            "bad_number_of_agents",
            f"The demo runs with {LEAST} to {MOST} agents, not {agents}: one fails a task that "
            f"another one takes over, and there are {len(script.PARTS)} tasks.",
            f"say --agents {min(max(agents, LEAST), MOST)}.",
        )
    story = Story(agents)
    figures = story.figures
    with scratch(keep) as made:
        figures.kept = made.root if keep else None
        story.tell("lead", f"the tests in a scratch repository: {_suite(made).verdict}")
        run = _Run(made, story)
        try:
            anyio.run(run.all_of_it)
            if run.interrupted:
                raise KeyboardInterrupt
        except* (Surprise, Refused, MCPError, TimeoutError) as group:
            figures.problems += map(str, _leaves(group))
        else:
            _look_again(made, story)
        figures.seconds = story.seconds
        _close(story)
    return figures


class _Run:
    """One run in one scratch repository."""

    def __init__(self, made: Scratch, story: Story) -> None:
        self._scratch = made
        self._story = story
        self._client = Client(made.plugin, made.root, made.environment)
        self._cues = Cues()
        self.interrupted = False

    async def all_of_it(self) -> None:
        """Everything up to the merge; ends early, `interrupted`, on Ctrl-C."""
        try:
            async with anyio.create_task_group() as group:
                await group.start(self._listen, group.cancel_scope)
                await self._together()
                group.cancel_scope.cancel()
        except Exception:
            if not self.interrupted:  # else it is what broke on the way out
                raise

    async def _listen(
        self, scope: anyio.CancelScope, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Stop everything on Ctrl-C. MCP clients swallow how asyncio does that by itself."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            task_status.started()
            return
        with anyio.open_signal_receiver(signal.SIGINT) as signals:
            task_status.started()
            async for _ in signals:
                self.interrupted = True
                scope.cancel()

    async def _together(self) -> None:
        send, receive = anyio.create_memory_object_stream[None](1000)
        names = [f"a{n}" for n in range(1, self._story.figures.agents + 1)]
        try:
            # Closed last: an agent that is being stopped may still have something to say.
            with anyio.fail_after(TIME_LIMIT), receive:
                async with anyio.create_task_group() as group:
                    for name in names:
                        last = name == names[-1]
                        group.start_soon(self._agent, name, name == names[0], last, send.clone())
                    send.close()
                    await self._lead(names, receive)
        except TimeoutError:
            waiting = self._cues.missing
            raise Surprise(
                f"The run did not end within {TIME_LIMIT:.0f} s"
                + (f"; `{waiting}` never came." if waiting else ".")
            ) from None

    async def _agent(
        self, name: str, first: bool, last: bool, changed: MemoryObjectSendStream[None]
    ) -> None:
        who = Who(str(uuid.uuid4()), name)
        async with connected(who, self._client, self._scratch) as caller, changed:
            worker = Worker(name, caller, self._client, self._cues, self._story, changed)
            if first:
                await worker.try_before_yes()
            await self._cues.approved.wait()
            if last:
                await worker.try_rival()
            await worker.work()

    async def _lead(self, names: list[str], changed: MemoryObjectReceiveStream[None]) -> None:
        who = Who(str(uuid.uuid4()))
        async with connected(who, self._client, self._scratch, self._answer) as caller:
            await self._approve(caller, names)
            async for _ in changed:
                await self._progress(caller)
            status = await self._progress(caller)
            if not all(t["state"] == "completed" for t in status["tasks"]):
                raise Surprise(f"Not every task is completed: {status['progress']}.")
            await self._merge(caller)

    async def _approve(self, caller: Caller, names: list[str]) -> None:
        tell = self._story.tell
        spawn = {"subagent_type": WORKER, "description": "work", "prompt": "Work on the run."}
        proposal = await caller.call("propose_plan", **script.plan(script.PARTS))
        tell("lead", "propose_plan answers with this text for the user:")
        self._story.show("\n" + _indented(proposal["text"]) + "\n")
        pairs = {frozenset((p["a"], p["b"])) for p in proposal["conflicts"]}
        if pairs != {frozenset(script.SHARING)}:
            raise Surprise(f"The plan's conflicts are not the expected pair: {pairs}.")
        self._cues.proposed.set()
        await self._cues.refused_before_yes.wait()
        gate = await self._client.before(caller.who, "Agent", spawn)
        if gate.denied is None:
            raise Surprise(f"A {WORKER} could start before the user's yes.")
        self._story.refused("lead", f"starts a {WORKER}", "hook", gate.denied)
        approved = await caller.call("approve_plan", plan_id=proposal["plan_id"])
        self._story.figures.run = approved["plan_id"]
        for _ in names:
            gate = await self._client.before(caller.who, "Agent", spawn)
            if gate.denied is not None:
                raise Surprise(f"No {WORKER} may start after the user's yes: {gate.denied}")
        tell("lead", f"starts {len(names)} workers, each on an MCP server of its own")
        self._cues.approved.set()

    async def _answer(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        """The scripted user: yes, in work trees."""
        if not isinstance(params, ElicitRequestFormParams):
            raise Surprise("The user was asked for something else than a form.")
        fields = params.requested_schema["properties"]
        content: dict[str, str | int | float | bool | list[str] | None] = {
            "approve": True,
            "strategy": STRATEGY,
        }
        if fields.keys() != content.keys() or STRATEGY not in fields["strategy"]["enum"]:
            raise Surprise(f"The form has other fields than expected: {', '.join(fields)}.")
        choices = ", ".join(fields["strategy"]["enum"])
        self._story.tell("user", f"is asked in a form: approve or not, strategy {choices}")
        self._story.tell("user", f"answers: approve, strategy {STRATEGY}")
        return ElicitResult(action="accept", content=content)

    async def _progress(self, caller: Caller) -> dict[str, Any]:
        status = await caller.call("list_status", detail=True)
        self._story.progress(status["progress"])
        return status

    async def _merge(self, caller: Caller) -> None:
        tell, figures = self._story.tell, self._story.figures
        trial = await caller.call("merge_branches", dry_run=True)
        if trial["conflicts"]:
            raise Surprise(f"The results conflict: {trial['conflicts']}.")
        tell("lead", f"merge_branches, dry run: {len(trial['merged'])} results, no conflict")
        merged = await caller.call("merge_branches")
        figures.merged, figures.removed = tuple(merged["merged"]), tuple(merged["removed"])
        check = merged["check"]
        tell("lead", f"merge_branches: {', '.join(merged['merged'])}")
        tell(
            "lead",
            f"the check passed on the combined tree in {check['seconds']:.1f} s, then "
            f"{merged['target'].removeprefix('refs/heads/')} moved to {merged['new'][:12]}",
        )
        for kept in merged["kept"]:
            tell("lead", f"kept: {kept['name']}: {kept['why']}")
        if not merged["archived"]:
            raise Surprise(f"The run is not over after the merge: {merged['next_step']}")


def _look_again(made: Scratch, story: Story) -> None:
    """What the repository itself says, whatever the replies said."""
    figures = story.figures
    suite = _suite(made)
    figures.suite = suite.verdict
    story.tell("lead", f"the suite once more, in the main work tree: {suite.verdict}")
    if suite.status:
        figures.problems.append(f"The suite fails after the merge: {suite.verdict}")
    story.tell("lead", f"{len(figures.removed)} work trees and branches removed")
    trees = made.git("worktree", "list", "--porcelain").splitlines()
    if extra := [t.removeprefix("worktree ") for t in trees if t.startswith("worktree ")][1:]:
        figures.problems.append(f"Work trees are left: {', '.join(extra)}.")
    if changed := made.git("status", "--porcelain"):
        figures.problems.append(f"The main work tree is not clean after the merge: {changed}")
    held = holdings(made.root / "_tasks" / "history" / figures.run)
    figures.problems += collisions(held, figures.claims)
    for task, names in figures.retries.items():
        story.tell("lead", f"{task} was tried by {', then by '.join(names)}")
    if len(set(figures.retries.get(script.WRONG_AT_FIRST, ()))) != 2:
        figures.problems.append(f"{script.WRONG_AT_FIRST} was not retried by another agent.")
    turns = [f"{h.task} {h.granted} to {h.ended}" for h in held if h.task in script.SHARING]
    story.tell("lead", f"never at once, by revision: {'; '.join(turns)}")
    claims = ", ".join(f"{name} {count}" for name, count in figures.claims_by_agent.items())
    story.tell("lead", f"{len(held)} claims, as agents and record agree: {claims}")


def _close(story: Story) -> None:
    """The end: what is wrong, what there is to look at, the time, and the progress line."""
    figures = story.figures
    if figures.problems:
        story.show("\nWhat is wrong:")
        for problem in figures.problems:
            first, *rest = wrap(problem, WIDTH - 4)
            story.show("\n".join([f"  - {first}", *(f"    {line}" for line in rest)]))
        if figures.kept is None:
            story.show("Run it again with --keep DIR to look at what is left.")
    if figures.kept is not None:
        story.show("\n" + "\n".join(wrap(f"Kept: {figures.kept}. Look there at", WIDTH)))
        story.show(f"  _tasks/history/{figures.run}/  the plan, and each task with its history")
        story.show("  git log --graph --oneline  what was merged")
    story.show(f"\n{figures.seconds:.1f} s\n{figures.progress}")


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _suite(made: Scratch) -> Finished:
    """The plan's check, run in the main work tree."""
    return made.run(tuple(shlex.split(script.unittest())))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())
