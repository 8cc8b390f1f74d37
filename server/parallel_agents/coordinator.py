"""The use cases behind one door: what the MCP server and the command line both call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from parallel_agents.coordination import (
    claiming,
    clearing,
    completing,
    deciding,
    merging,
    outcomes,
    proposing,
    recovering,
    watching,
)
from parallel_agents.coordination.assessing import Assessment
from parallel_agents.coordination.claiming import Assignment
from parallel_agents.coordination.clearing import Kept
from parallel_agents.coordination.completing import Ended
from parallel_agents.coordination.merging import MergeReport
from parallel_agents.coordination.outcomes import Outcomes
from parallel_agents.coordination.proposing import Approved, Proposal
from parallel_agents.coordination.selection import Request
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.stops import Stop
from parallel_agents.coordination.suite import check_base
from parallel_agents.coordination.watching import Status
from parallel_agents.core.commands import Archive, NothingToClaim
from parallel_agents.core.errors import Unusable
from parallel_agents.core.events import Event
from parallel_agents.core.locktable import TableTorn
from parallel_agents.core.model import Agent, Claim, Outcome, Plan, State, Strategy, TaskId
from parallel_agents.core.rules import run_of
from parallel_agents.git.repository import Repository
from parallel_agents.planning.evidence import Say
from parallel_agents.store.folder import FOLDER, FolderStore
from parallel_agents.store.protocol import Store


class Coordinator:
    """One repository's runs. Every method raises the refusals of `core.errors`."""

    def __init__(self, repository: Repository, store: Store) -> None:
        self._site = Site(repository, store)
        self.repository = repository
        self.store = store

    @classmethod
    def at(cls, start: Path) -> Coordinator:
        """The coordinator of the repository that `start` (any folder in it) belongs to.

        Raises Unusable `state_in_git`: a plan that came with a clone was approved by nobody here.
        """
        repository = Repository.find(start)
        if brought := repository.tracked(FOLDER):
            raise Unusable(
                "state_in_git",
                f"{brought[0]} is tracked by git in {repository.root}; the state of a run belongs "
                "to this checkout alone, and a plan that came with a clone has nobody's yes here.",
                f"take it out of git (`git rm -r --cached {FOLDER}`, and commit), look at what is "
                "in it, and move it away if it is not yours.",
            )
        return cls(repository, FolderStore(repository.root))

    def hold_session(self, session: str) -> None:
        """Show, for as long as this process lives, that the session's server runs."""
        self.store.hold_session(session)

    def sign_of_life(self, agent: Agent) -> None:
        """Note a sign of life of an agent that gave one before: every holder of a claim has."""
        self.store.heartbeat(agent, first=False)

    def propose(self, plan: Plan, say: Say | None = None) -> Proposal:
        """Check and compare; put the plan before the user. `say` is told how far it is."""
        return proposing.propose(self._site, plan, say)

    def proposed(self, plan_id: str) -> Assessment:
        """The pending plan of this id, assessed, with the text the user is shown."""
        return proposing.proposed(self._site, plan_id)

    def approve(
        self, plan_id: str, strategy: Strategy | None, by: str, accept_checks: bool = False
    ) -> Approved:
        """Record the user's own yes, and whether doubtful pairs may run at once.

        After that the plan's check is run on the base, once, to know whether it passes there.
        """
        approved = proposing.approve(self._site, plan_id, strategy, by, accept_checks)
        return replace(approved, base_check=check_base(self._site, self.store.read(run_of)))

    def claim(
        self, agent: Agent, task: str | None = None, cwd: Path | None = None
    ) -> tuple[Assignment | NothingToClaim, int]:
        """Claim this task, or the best one, and make its place to work ready."""
        return claiming.claim(self._site, agent, TaskId(task) if task else None, cwd)

    def claim_at_once(self, agent: Agent, task: str | None = None) -> tuple[Assignment, int] | None:
        """What `claim` gives, where it is a claim and nothing has to be waited for; else None."""
        return claiming.claim_at_once(self._site, agent, TaskId(task) if task else None)

    def extend(
        self, agent: Agent, task: str, token: int, files: Sequence[str]
    ) -> tuple[Claim, tuple[str, ...], int]:
        """Let a claim grow by free files."""
        return claiming.extend(self._site, agent, TaskId(task), token, tuple(files))

    def release(self, agent: Agent, task: str, token: int, outcome: Outcome, summary: str) -> Ended:
        """End a claim: completed with evidence, or given back."""
        with suppress(OSError, TableTorn):  # hooks look, too
            watching.look_around(self._site, agent.key)
        end = completing.complete if outcome is Outcome.COMPLETED else completing.give_back
        return end(self._site, agent, TaskId(task), token, summary)

    def fail(self, agent: Agent, task: str, token: int, reason: str) -> Ended:
        """End a claim as failed."""
        return completing.fail(self._site, agent, TaskId(task), token, reason)

    def look_around(self) -> None:
        """Look at what commands in the background have done to held files, and note it."""
        watching.look_around(self._site)

    def status(self) -> Status:
        """The present state."""
        return watching.status(self._site)

    def merge(
        self,
        dry_run: bool = False,
        only: Sequence[str] | None = None,
        leave_out: Sequence[str] = (),
        resume: bool = False,
        trust: bool = False,
    ) -> MergeReport:
        """Merge completed work into the target, tested first; a dry run says what that would be."""
        request = _request(only, leave_out, resume, trust)
        return (merging.preview if dry_run else merging.merge)(self._site, request)

    def merge_was_cut_off(self) -> bool:
        """Whether a merge has begun and not ended; the next one goes on with it."""
        return merging.was_cut_off(self._site)

    def prove(
        self,
        only: Sequence[str] | None = None,
        leave_out: Sequence[str] = (),
        resume: bool = False,
        trust: bool = False,
    ) -> Stop | None:
        """All of a merge but the landing: why it stops, where it does, to ask the user about."""
        return merging.prove(self._site, _request(only, leave_out, resume, trust))

    def decide(
        self,
        stop: Stop,
        choice: str,
        instructions: str = "",
        only: Sequence[str] | None = None,
        leave_out: Sequence[str] = (),
    ) -> MergeReport:
        """Do what the user said about a merge that stopped."""
        request = _request(only, leave_out)
        return deciding.decide(self._site, request, stop, choice, instructions)

    def leftovers(self) -> tuple[Kept, ...]:
        """Work trees and branches of runs that are over, with what to do about each."""
        return clearing.leftovers(self._site)

    def broken_trees(self) -> tuple[Path, ...]:
        """Work trees whose link to the repository is broken."""
        return clearing.broken(self._site)

    def outcomes(self) -> Outcomes | None:
        """How far the tasks of the present run are, else of the last one; None without any."""
        return outcomes.outcomes(self._site)

    def tracked(self) -> tuple[str, ...]:
        """The files of the commit that the main work tree is at, relative to its root."""
        return outcomes.tracked(self._site)

    def refuse_owned(self, file: Path) -> None:
        """Raises `NotYours` where a file (absolute) belongs to a task that is not done."""
        outcomes.refuse_owned(self._site, file)

    def end(self) -> int:
        """Put the run away, finished or not; the revision after it. Branches and trees stay."""
        return self.store.transact(Archive())[1]

    def recover(
        self, task: str, to: State, by_user: bool, reason: str = ""
    ) -> tuple[Event | None, int]:
        """Bring stale or blocked work back to the queue."""
        return recovering.recover(self._site, TaskId(task), to, by_user, reason)


def _request(
    only: Sequence[str] | None,
    leave_out: Sequence[str],
    resume: bool = False,
    trust: bool = False,
) -> Request:
    chosen = None if only is None else tuple(TaskId(t) for t in only)
    return Request(chosen, tuple(TaskId(t) for t in leave_out), trust, resume)
