"""The whole road in the real client: a plan, the user's yes, two workers, their results.

A scripted model walks it and, on the way, tries what must not work. What it was told is kept for
tests to judge; a script asserts only what the rest of it stands on.
"""

from __future__ import annotations

import json
import os
import shlex
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from client.project import FILES, PLAN
from client.session import PATIENCE, Session, World, bash, ours, worker, write
from client.standin_api import Call, Conversation, Result, Script, Shown, prompt

WORKERS = ("ada", "bob")
SALTED, AFTERWARDS = "pepper\nsalt\n", "sugar\n"

Step = Generator[str | Call | list[Call], Shown, Shown]
"""A part of a conversation; it gives what the model was shown last."""


@dataclass
class Road:
    """One walk, in one repository."""

    world: World
    repository: Path
    results: dict[str, Result] = field(default_factory=dict)
    """What became of a call, by what was tried."""
    first: dict[str, Shown] = field(default_factory=dict)
    """What each conversation was shown first."""
    sent_back: dict[str, str] = field(default_factory=dict)
    """What a worker was told when it stopped, each time."""
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The first claim of each worker, and the one of the task `menu`."""
    status: dict[str, Any] = field(default_factory=dict)
    """The run while both workers hold a claim, as `parallel-agents status --json` shows it."""
    contents: dict[str, str] = field(default_factory=dict)
    """The files of the project, in the work tree that was trespassed in, after the trespasses."""
    _meeting: threading.Barrier = field(
        default_factory=lambda: threading.Barrier(len(WORKERS), timeout=PATIENCE)
    )

    # ------------------------------------------------------------------ the main conversation

    def without_a_form(self, shown: Shown) -> Conversation:
        """Ordinary work, then a plan; no form can be shown, so the user approves in a terminal."""
        self.first["main"] = shown
        yield from self._ordinary_work()
        plan_id = yield from self._propose("files")
        yield from self._try("early worker", worker("ada"))
        yield from self._try("early claim", ours("claim_task", agent="main"))
        yield from self._try("approval", ours("approve_plan", plan_id=plan_id))
        yield from self._try("approval by shell", bash(f"parallel-agents approve {plan_id} --yes"))
        yield from self._try("still too early", worker("ada"))
        self.world.terminal(self.repository, "approve", plan_id, "--strategy", "files", "--yes")
        yield from self._try("planned file", write(self.repository / "src/soup.txt", "sand\n"))
        passer_by = Call("Agent", {"description": "Pass by", "prompt": prompt("passer_by")})
        yield from self._try("another kind of sub-agent", passer_by)
        yield from self._let_them_work()
        yield from self._try("status", ours("list_status", detail=True))
        yield from self._try("dry run", ours("merge_branches", dry_run=True))
        yield from self._try("merge", ours("merge_branches"))

    def with_a_form(self, shown: Shown) -> Conversation:
        """A plan that the user approves in the form, and at the end the merge."""
        self.first["main"] = shown
        plan_id = yield from self._propose("files")
        yield from self._try("early worker", worker("ada"))
        yield from self._try("early claim", ours("claim_task", agent="main"))
        yield from self._try("approval", ours("approve_plan", plan_id=plan_id))
        yield from self._let_them_work()
        yield from self._try("dry run", ours("merge_branches", dry_run=True))
        yield from self._try("merge", ours("merge_branches"))
        yield from self._try("afterwards", write(self.repository / "src/soup.txt", AFTERWARDS))
        yield from self._try("worker afterwards", worker("ada"))

    def _ordinary_work(self) -> Step:
        root, readme = self.repository, str(self.repository / "README.md")
        yield from self._try("ordinary write", write(root / "notes.txt", "A note.\n"))
        yield Call("Read", {"file_path": readme})
        edit = {"file_path": readme, "old_string": "A menu.", "new_string": "The menu."}
        yield from self._try("ordinary edit", Call("Edit", edit))
        yield from self._try("ordinary command", bash("echo made > made.txt"))
        yield from self._try("ordinary status", ours("list_status"))
        self.contents["state before a plan"] = str((root / "_tasks").exists())
        for name in ("references/lock-protocol.md", "CONTRIBUTING.md"):
            given = {"file_path": str(self.world.plugin / name)}
            shown = yield from self._try(name, Call("Read", given))
        return shown

    def _propose(self, strategy: str) -> Generator[Call, Shown, str]:
        shown = yield ours("propose_plan", **PLAN, strategy=strategy)
        plan_id: str = shown.values["plan_id"]
        return plan_id

    def _let_them_work(self) -> Step:
        """Start both workers; go on when both have reported."""
        shown = yield [worker(name, run_in_background=False) for name in WORKERS]
        self.results["start of a worker"] = shown.results[0]
        reports = shown.text
        while not all(f"{name} is at the end" in reports for name in WORKERS):
            shown = yield "Waiting."
            reports += shown.text
        return shown

    def _try(self, what: str, call: Call) -> Step:
        shown = yield call
        self.results[what] = shown.result
        return shown

    # ------------------------------------------------------------------ the workers

    def work(self, name: str, shown: Shown) -> Conversation:
        """Claim with a lie about who calls, trespass, stop too early, complete."""
        self.first[name] = shown
        shown = yield ours("claim_task", agent="main", session="of-another", cwd="/")
        claim = self.claims[name] = shown.values
        self._meeting.wait()
        if name == WORKERS[0]:
            yield from self._trespass(name)
        else:
            yield from self._show_life(name)
        self._meeting.wait()
        yield from self._do(name, claim)
        shown = yield "This is where I stop."
        self.sent_back[name] = shown.text
        yield from self._complete(name, claim)
        shown = yield ours("claim_task", wait=60)
        if shown.values["claimed"]:
            yield from self._do_the_last(shown.values)
            shown = yield ours("claim_task", wait=60)
        self.results[f"{name} can end"] = shown.result
        yield f"{name} is at the end."

    def _trespass(self, name: str) -> Step:
        """Try what another agent holds, and what agents may not do at all."""
        self.status = self.world.terminal(self.repository, "status")
        workdir = Path(self.claims[name]["workdir"])
        [theirs] = [c["files"][0] for n, c in self.claims.items() if n != name]
        yield from self._try("held file", write(workdir / theirs, "sand\n"))
        yield from self._try("held file again", write(workdir / theirs, "sand\n"))
        path = str(workdir / theirs)
        yield Call("Read", {"file_path": path})
        edit = {"file_path": path, "old_string": FILES[theirs], "new_string": "sand\n"}
        yield from self._try("edit of a held file", Call("Edit", edit))
        yield from self._try("held file by shell", bash(f"echo sand > {theirs}"))
        yield from self._try("unclaimed file", write(workdir / "new.txt", "sand\n"))
        state = shlex.quote(str(self.repository / "_tasks" / "plan.md"))
        yield from self._try("state", bash(f"echo sand > {state}"))
        trees = {workdir, self.repository}
        self.contents |= {f"{tree}: {f}": (tree / f).read_text() for tree in trees for f in FILES}
        approve = bash(f"parallel-agents approve {self.status['run']} --yes")
        return (yield from self._try("approval by a worker", approve))

    def _show_life(self, name: str) -> Step:
        """Read something, long after the last sign of life."""
        session, _, agent = self.claims[name]["agent"].partition("/")
        sign = self.repository / "_tasks" / ".alive" / f"{session}.{agent}"
        os.utime(sign, (0, 0))
        readme = Path(self.claims[name]["workdir"]) / "README.md"
        shown = yield Call("Read", {"file_path": str(readme)})
        self.contents["last sign of life"] = str(sign.stat().st_mtime)
        return shown

    def passing_by(self, shown: Shown) -> Conversation:
        """What a sub-agent that is no worker may do during a run."""
        planned = write(self.repository / "src/soup.txt", "sand\n")
        yield from self._try("planned file by a passer-by", planned)
        yield from self._try(
            "other file by a passer-by", write(self.repository / "notes.txt", "sand\n")
        )

    def _do(self, name: str, claim: dict[str, Any]) -> Step:
        place = Path(claim["workdir"])
        shown = yield from self._try(f"{name} writes", write(place / claim["files"][0], SALTED))
        if "branch" in claim:
            commit = f"cd {shlex.quote(str(place))} && git add src && git commit --quiet -m Salt"
            shown = yield from self._try(f"{name} commits", bash(commit))
        return shown

    def _complete(self, name: str, claim: dict[str, Any]) -> Step:
        given = {"task_id": claim["task_id"], "token": claim["token"], "summary": "Salt."}
        completed = ours("release_task", outcome="completed", **given)
        return (yield from self._try(f"{name} completes", completed))

    def _do_the_last(self, claim: dict[str, Any]) -> Step:
        """The task that became free when both others were completed."""
        name = claim["task_id"]
        self.claims[name] = claim
        for path in FILES:
            self.contents[f"{name} starts with {path}"] = (
                Path(claim["workdir"]) / path
            ).read_text()
        yield from self._do(name, claim)
        return (yield from self._complete(name, claim))


def walk_without_a_form(road: Road) -> Session:
    """The strategy `files`, with a mode in which the client asks for leave where it must."""
    options = ("--permission-mode", "acceptEdits", "--allowedTools", "Bash")
    return road.world.run(road.repository, _scripts(road, road.without_a_form), *options)


def walk_with_a_form(road: Road, strategy: str) -> Session:
    """The strategy that the form is answered with, with a mode in which the client never asks."""
    folder = road.world.folder
    answer = {"action": "accept", "content": {"approve": True, "strategy": strategy}}
    output = {"hookSpecificOutput": {"hookEventName": "Elicitation", **answer}}
    (folder / "answer.json").write_text(json.dumps(output))
    command = f"cat >'{folder}/form.json'; cat '{folder}/answer.json'"
    hook = {"hooks": [{"type": "command", "command": command}]}
    (folder / "settings.json").write_text(json.dumps({"hooks": {"Elicitation": [hook]}}))
    options = ("--permission-mode", "bypassPermissions", "--settings", f"{folder}/settings.json")
    place = road.repository / "src"  # a session may begin anywhere in a repository
    return road.world.run(place, _scripts(road, road.with_a_form), *options)


def _scripts(road: Road, main: Script) -> dict[str, Script]:
    workers: dict[str, Script] = {name: partial(road.work, name) for name in WORKERS}
    return {"main": main, "passer_by": road.passing_by, **workers}
