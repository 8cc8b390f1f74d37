"""A run whose results are there at once, and a suite that says what it is told and counts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from git_scratch import commit, git
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordinator import Coordinator
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, Strategy, Task, TaskId

SUITE = """\
import pathlib, sys
runs = pathlib.Path(sys.argv[1])
number = len(runs.read_text()) + 1 if runs.exists() else 1
runs.write_text("." * number)
here = pathlib.Path(".")
for line in (here / "extra").read_text().splitlines() if (here / "extra").exists() else ():
    exec(line)
there = {path.stem for path in here.glob("*.txt")}
for line in (here / "bad").read_text().splitlines():
    if set(line.split()) <= there:
        sys.exit(f"{line} cannot be together")
print("all is well")
"""
"""Fails where all files of a line of `bad` are there. Its argument counts how often it ran."""

AGENT = Agent("session", "agent")


@dataclass
class Bench:
    """One repository with a run of strategy `branch`, where results are made without work trees."""

    root: Path
    runs_file: Path
    coordinator: Coordinator = field(init=False)

    def __post_init__(self) -> None:
        self.coordinator = Coordinator.at(self.root)

    @property
    def runs(self) -> int:
        """How often the suite has run."""
        return len(self.runs_file.read_text()) if self.runs_file.exists() else 0

    @property
    def check(self) -> str:
        """The command of the suite."""
        return f"{sys.executable} suite.py {self.runs_file}"

    def begin(
        self,
        *names: str,
        bad: str = "",
        extra: str = "",
        check: str | None = "",
        setup: str | None = None,
        files: Mapping[str, tuple[str, ...]] | None = None,
        after: Mapping[str, tuple[str, ...]] | None = None,
        base: Mapping[str, str | None] | None = None,
        strategy: Strategy = Strategy.BRANCH,
    ) -> str:
        """Approve a plan with these tasks, each of which writes the file of its name."""
        commit(self.root, {"suite.py": SUITE, "bad": bad, **(base or {})}, "the suite")
        if extra:
            commit(self.root, {"extra": extra}, "more of the suite")
        tasks = tuple(
            Task(
                TaskId(name),
                f"Do {name}",
                f"Write {name}.",
                (files or {}).get(name, (f"{name}.txt",)),
                depends_on=tuple(TaskId(t) for t in (after or {}).get(name, ())),
            )
            for name in names
        )
        plan = Plan("goal", tasks, check=self.check if check == "" else check, setup=setup)
        plan_id = self.coordinator.propose(plan).assessment.plan.id
        self.coordinator.approve(plan_id, strategy, "test")
        return plan_id

    def claim(self, name: str, agent: Agent = AGENT) -> Claim:
        """The claim of this task."""
        answer, _ = self.coordinator.claim(agent, name)
        assert isinstance(answer, Assignment), answer
        return answer.claim

    def claim_early(self, name: str) -> Claim:
        """A claim of an agent of its own, taken before the others' results are there."""
        return self.claim(name, Agent("session", f"agent-of-{name}"))

    def complete_late(self, claim: Claim, files: dict[str, str]) -> None:
        """Complete an early claim with files that it had not claimed at first."""
        known = self.coordinator.store.read(lambda view: view.records[claim.task].task.files)
        grown = [name for name in files if name not in known]
        self.coordinator.extend(claim.agent, claim.task, claim.token, grown)
        self.commit(claim, files)
        self.release(claim)

    def claim_instructions(self, name: str) -> str:
        """What the task tells whoever claims it."""
        answer, _ = self.coordinator.claim(AGENT, name)
        assert isinstance(answer, Assignment), answer
        return answer.task.instructions

    def complete(self, name: str, files: dict[str, str] | None = None) -> str:
        """Claim a task, commit its files on its branch, and complete it; the commit."""
        claim = self.claim(name)
        made = self.commit(claim, files or {f"{name}.txt": f"{name}\n"})
        self.release(claim)
        return made

    def release(self, claim: Claim) -> None:
        self.coordinator.release(claim.agent, claim.task, claim.token, Outcome.COMPLETED, "done")

    def commit(self, claim: Claim, files: dict[str, str], *parents: str) -> str:
        """A commit on the claim's branch, made without a work tree."""
        ref = f"refs/heads/{claim.branch}"
        at = git(self.root, "rev-parse", ref)
        index = {"GIT_INDEX_FILE": str(self.runs_file.parent / "index")}
        git(self.root, "read-tree", at, env=index)
        for name, text in files.items():
            scrap = self.runs_file.parent / "blob"
            scrap.write_text(text)
            blob = git(self.root, "hash-object", "-w", str(scrap))
            git(
                self.root,
                "update-index",
                "--add",
                "--cacheinfo",
                f"100644,{blob},{name}",
                env=index,
            )
        tree = git(self.root, "write-tree", env=index)
        options = [word for parent in (at, *parents) for word in ("-p", parent)]
        made = git(self.root, "commit-tree", *options, "-m", f"work on {claim.task}", tree)
        git(self.root, "update-ref", ref, made)
        return made

    def complete_all(self, *names: str) -> None:
        for name in names:
            self.complete(name)

    def main(self) -> str:
        """Where the target is."""
        return git(self.root, "rev-parse", "refs/heads/main")

    def files(self) -> set[str]:
        """The names of the text files on the target."""
        return {n for n in git(self.root, "ls-tree", "--name-only", "main").split() if ".txt" in n}
