"""A scripted agent: claims, edits through the guard, commits, lets go, until nothing is left."""

from __future__ import annotations

import shlex
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from parallel_agents.demo import script
from parallel_agents.demo.caller import Caller, Refused
from parallel_agents.demo.guarded import Client
from parallel_agents.demo.script import Change
from parallel_agents.demo.story import Granted, Story, Surprise

WAIT = 30
"""Seconds that one call may wait for work."""

_NOT_AGAIN = frozenset({"left_to_others", "held", "task_completed"})
"""Why an agent does not get a task that it failed: others go first, or have it already."""


@dataclass(frozen=True, slots=True)
class Cues:
    """What the agents wait for, so that each mishap of the script is seen in every run."""

    proposed: anyio.Event = field(default_factory=anyio.Event)
    refused_before_yes: anyio.Event = field(default_factory=anyio.Event)
    approved: anyio.Event = field(default_factory=anyio.Event)
    long_held: anyio.Event = field(default_factory=anyio.Event)
    rival_refused: anyio.Event = field(default_factory=anyio.Event)
    trespass_refused: anyio.Event = field(default_factory=anyio.Event)
    retry_refused: anyio.Event = field(default_factory=anyio.Event)
    retried: anyio.Event = field(default_factory=anyio.Event)

    @property
    def missing(self) -> str:
        """The first one that has not come, for a message."""
        names = (n for n in self.__slots__ if not getattr(self, n).is_set())
        return next(names, "")


class Worker:
    """One agent at work. `changed` is told of every claim and every end."""

    def __init__(
        self,
        name: str,
        caller: Caller,
        client: Client,
        cues: Cues,
        story: Story,
        changed: MemoryObjectSendStream[None],
    ) -> None:
        self.name = name
        self._caller = caller
        self._client = client
        self._cues = cues
        self._story = story
        self._changed = changed

    async def try_before_yes(self) -> None:
        """Claim although the user has not said yes."""
        await self._cues.proposed.wait()
        await self._refused({"not_approved"}, "claims before the user's yes", "claim_task")
        self._cues.refused_before_yes.set()

    async def try_rival(self) -> None:
        """Ask for the one task that must not run now."""
        await self._cues.long_held.wait()
        what = f"asks for {script.RIVAL}"
        await self._refused({"files_held"}, what, "claim_task", task_id=script.RIVAL)
        self._cues.rival_refused.set()

    async def work(self) -> None:
        """Take tasks until the server says that nothing is left for this agent."""
        wait = 0
        while True:
            reply = await self._caller.call("claim_task", wait=wait)
            if reply["claimed"]:
                await self._do(reply)
                wait = 0
            elif reply["finished"]:
                self._tell(f"ends: {reply['sentence']}")
                return
            elif not wait:
                self._tell(f"waits. {reply['sentence']}")
                wait = WAIT

    async def _do(self, claim: dict[str, Any]) -> None:
        task, tree, failures = claim["task_id"], Path(claim["workdir"]), claim["failures"]
        part = script.BY_ID[task]
        self._story.granted(Granted(task, claim["agent"], claim["token"], failures))
        again = f", which failed before: {claim['last_failure']}" if failures else ""
        self._tell(f"claims {task} (token {claim['token']}, {tree.name}){again}")
        self._changed.send_nowait(None)
        if failures:
            self._cues.retried.set()
        if task == script.LONG:
            self._cues.long_held.set()
        if task == script.TRESPASS:
            await self._trespass(tree)
        for change in part.changes(failures):
            await self._write(tree, change)
        if task == script.UNCOMMITTED:
            what = f"calls {task} completed, nothing committed"
            await self._refused({"uncommitted"}, what, "release_task", **_done(claim))
        if task == script.WRONG_AT_FIRST and not failures:
            await self._give_up(claim, tree)
            return
        await self._commit(tree, part.title)
        if task == script.LONG:
            await self._cues.rival_refused.wait()
            await self._cues.trespass_refused.wait()
            await self._cues.retry_refused.wait()
        await self._complete(claim)

    async def _trespass(self, tree: Path) -> None:
        """Write a file that another agent holds: the hook must say no, and name who and what."""
        status = await self._caller.call("list_status")
        holder = next(t["agent"] for t in status["tasks"] if t["id"] == script.LONG)
        path = tree / script.SETTINGS
        before = path.read_bytes()
        text = "SESSION_MINUTES = 0  # mine!\n"
        reason = await self._client.edit(self._caller.who, path, "SESSION_MINUTES = 0\n", text)
        if reason is None or path.read_bytes() != before:
            raise Surprise(f"{self.name} could write {script.SETTINGS}, which {holder} holds.")
        name = holder.partition("/")[2]
        if name not in reason or script.LONG not in reason:
            raise Surprise(f"The refusal does not name the holder {name} and its task: {reason}")
        self._story.refused(self.name, f"tries to edit {script.SETTINGS}", "hook", reason)
        self._cues.trespass_refused.set()

    async def _write(self, tree: Path, change: Change) -> None:
        path, who = tree / change.path, self._caller.who
        if change.old is None:
            reason = await self._client.write(who, path, change.new)
        else:
            reason = await self._client.edit(who, path, change.old, change.new)
        if reason is not None:
            raise Surprise(f"{self.name} may not write {change.path} of its claim: {reason}")
        self._tell(f"edits {change.path}")

    async def _commit(self, tree: Path, message: str) -> None:
        git = f"git -C {shlex.quote(str(tree))}"
        command = f"{git} add --all && {git} commit --quiet --message={shlex.quote(message)}"
        done = await self._client.bash(self._caller.who, command)
        if done.status:
            raise Surprise(f"{self.name} cannot commit: {done.out.strip()}")

    async def _complete(self, claim: dict[str, Any]) -> None:
        reply = await self._caller.call("release_task", **_done(claim))
        self._tell(f"completes {claim['task_id']}: its check passed in {_seconds(reply['check'])}")
        self._changed.send_nowait(None)

    async def _give_up(self, claim: dict[str, Any], tree: Path) -> None:
        """Run the check before saying that it is done; it fails, and so does the task."""
        task, check = claim["task_id"], claim["check"]
        command = f"cd {shlex.quote(str(tree))} && {check}"
        done = await self._client.bash(self._caller.who, command)
        if done.status == 0:
            raise Surprise(f"The first attempt at {task} passes its check.")
        reason = f"my attempt does not pass the check: {_error(done.out)}"
        reply = await self._caller.call(
            "fail_task", task_id=task, token=claim["token"], reason=reason
        )
        self._tell(
            f"fails {task}: {reason}. What it wrote is kept in commit {reply['salvage'][:12]}"
        )
        self._changed.send_nowait(None)
        what = f"asks for {task} again"
        await self._refused(_NOT_AGAIN, what, "claim_task", task_id=task)
        self._cues.retry_refused.set()
        # The rule holds while others are at work. Between two tasks of the last of them nobody is.
        await self._cues.retried.wait()

    async def _refused(self, codes: Set[str], what: str, tool: str, **given: Any) -> None:
        """A call that must be refused, with one of these codes."""
        try:
            await self._caller.call(tool, **given)
        except Refused as refusal:
            if refusal.code not in codes:
                raise
            self._story.refused(self.name, what, refusal.code, refusal.text)
        else:
            raise Surprise(f"{self.name} {what}, and it was not refused.")

    def _tell(self, text: str) -> None:
        self._story.tell(self.name, text)


def _done(claim: dict[str, Any]) -> dict[str, Any]:
    """The arguments that call a claim completed."""
    return {
        "task_id": claim["task_id"],
        "token": claim["token"],
        "outcome": "completed",
        "summary": f"{claim['title']}: done, as the check shows.",
    }


def _error(output: str) -> str:
    """The error in the output of a test run, or its last line."""
    lines = [line for line in output.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "Error: " in line), lines[-1])


def _seconds(check: dict[str, Any]) -> str:
    return f"{check['seconds']:.1f} s"
