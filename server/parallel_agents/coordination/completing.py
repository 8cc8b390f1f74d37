"""The end of a claim: completed with evidence, given back, or failed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from parallel_agents.checks import CheckResult, run_check
from parallel_agents.coordination import checkout
from parallel_agents.coordination.brewing import brewing
from parallel_agents.coordination.checkout import Stray
from parallel_agents.coordination.proposing import listed
from parallel_agents.coordination.reassessing import touched
from parallel_agents.coordination.site import CHECK_TIMEOUT, Site, result_refs, salvage_ref
from parallel_agents.core.commands import Done, Fail, Met, Release
from parallel_agents.core.errors import NotNow, ParallelAgentsError, Unproven, Unusable
from parallel_agents.core.events import Event
from parallel_agents.core.globs import covering
from parallel_agents.core.model import Agent, Claim, Outcome, Strategy, Task, TaskId
from parallel_agents.core.view import Run, View
from parallel_agents.git import branches, remotes
from parallel_agents.git.merging import verification_tree
from parallel_agents.git.removal import under_way


@dataclass(frozen=True, slots=True)
class Ended:
    """How a claim ended. `event` is the change, the same for a repeated call."""

    event: Event
    again: bool
    rev: int
    left: tuple[str, ...] = ()
    """Changed files that stay where they are (strategy files, not completed)."""
    stray: Stray = field(default_factory=Stray)
    """What this completion saw in the user's own checkout that no task made there."""


@dataclass(frozen=True, slots=True)
class _Held:
    run: Run
    task: Task
    claim: Claim


def complete(site: Site, agent: Agent, task: TaskId, token: int, summary: str) -> Ended:
    """End a claim as completed. Raises `Unproven`, saying what is missing; the claim goes on."""
    site.store.heartbeat(agent)
    held = site.store.read(lambda view: _live(view, agent, task, token))
    commit: str | None = None
    check: Mapping[str, Any] | None = None
    if held is not None:
        match held.run.strategy:
            case Strategy.WORKTREE:
                commit, check = _in_work_tree(site, held)
            case Strategy.BRANCH:
                commit, check = _on_branch(site, held)
            case Strategy.FILES:
                commit, check = _in_files(site, held)
        assert commit is not None
        # Whatever becomes of the branch: this commit is what will be merged.
        branches.pin(site.repository, f"{result_refs(held.run)}/{task}-{token}", commit)
    met = _met(site, held, commit) if held is not None and commit is not None else ()
    release = Release(agent, task, token, Outcome.COMPLETED, summary, commit, check, met=met)
    answer, rev = site.store.transact(release)
    assert isinstance(answer, Done)
    stray = Stray()
    if held is not None:
        stray = checkout.look(site, held.run)
        brewing(site)  # its verdicts are kept: the next look at the status finds them done
    return Ended(answer.event, answer.again, rev, stray=stray)


def _met(site: Site, held: _Held, commit: str) -> tuple[Met, ...]:
    """The other tasks that what really changed concerns."""
    start = held.claim.start
    if not start or start == commit:
        return ()
    files = [p for p in site.repository.changed(start, commit) if covering(held.claim.files, p)]
    return touched(site, held.claim.task, files, commit) if files else ()


def give_back(site: Site, agent: Agent, task: TaskId, token: int, summary: str) -> Ended:
    """End a claim without a result and without a failure; unfinished work goes to a ref."""
    site.store.heartbeat(agent)
    salvage, left = _put_aside(site, agent, task, token)
    release = Release(agent, task, token, Outcome.RETURNED, summary, salvage=salvage)
    answer, rev = site.store.transact(release)
    assert isinstance(answer, Done)
    return Ended(answer.event, answer.again, rev, left)


def fail(site: Site, agent: Agent, task: TaskId, token: int, reason: str) -> Ended:
    """End a claim as failed; unfinished work goes to a ref."""
    site.store.heartbeat(agent)
    salvage, left = _put_aside(site, agent, task, token)
    answer, rev = site.store.transact(Fail(agent, task, token, reason, salvage))
    assert isinstance(answer, Done)
    return Ended(answer.event, answer.again, rev, left)


def salvage(site: Site, run: Run, held: Claim) -> str | None:
    """Keep a claim's unfinished work in a commit; its name, or None where there is nothing."""
    if run.strategy is not Strategy.WORKTREE or not held.workdir:
        return None
    tree = Path(held.workdir)
    if not site.worktrees.is_whole(tree):
        return None
    message = f"Unfinished work on {held.task} by {held.agent}\n\nParallel-Run: {run.id}"
    return site.worktrees.salvage(tree, salvage_ref(run, held), message)


def _live(view: View, agent: Agent, task: TaskId, token: int) -> _Held | None:
    """The claim, if this token is its token and this agent its holder; the rules say the rest."""
    record = view.records.get(task)
    held = record.claim if record else None
    if view.run is None or record is None or held is None:
        return None
    if held.token != token or held.agent != agent:
        return None
    return _Held(view.run, record.task, held)


def _put_aside(
    site: Site, agent: Agent, task: TaskId, token: int
) -> tuple[str | None, tuple[str, ...]]:
    held = site.store.read(lambda view: _live(view, agent, task, token))
    if held is None or not held.claim.workdir:
        return None, ()
    if held.run.strategy is Strategy.FILES:
        return None, _changed_here(site, held.claim)
    saved = None
    # A tree that cannot be saved or cleaned (a full disk, a lock that a killed git left) stays as
    # it is, and the next task gets another: that is no reason to hold on to the claim.
    with suppress(ParallelAgentsError):
        saved = salvage(site, held.run, held.claim)
        tree = Path(held.claim.workdir)
        if site.worktrees.is_whole(tree):
            site.worktrees.clean(tree, saved)
    return saved, ()


def _in_work_tree(site: Site, held: _Held) -> tuple[str, Mapping[str, Any] | None]:
    claim, repository = held.claim, site.repository
    assert claim.workdir
    assert claim.start
    tree = Path(claim.workdir)
    if not site.worktrees.is_whole(tree):
        raise Unproven(
            "no_work_tree",
            f"{tree}, the work tree of task {claim.task}, is gone or no work tree any more (a link "
            "in its place, or its .git file missing).",
            f"call fail_task and say so; what was committed is still on branch {claim.branch}.",
        )
    if begun := under_way(tree):
        raise Unproven(
            "unfinished",
            f"{tree} is in the middle of {begun}.",
            f"finish or abort it, so that branch {claim.branch} has the result, then release "
            "again.",
        )
    if dirty := repository.dirty(tree):
        raise Unproven(
            "uncommitted",
            f"In {tree} not everything is committed: {listed(dirty)}.",
            f"commit there on branch {claim.branch} what belongs to the task, remove or ignore "
            "the rest, then release again.",
        )
    _refuse_hidden(site, claim, tree)
    commit = repository.head(tree)
    if (at := branches.tip(repository, branches.full(str(claim.branch)))) != commit:
        raise Unproven(
            "wrong_branch",
            f"{tree} is at {commit[:12]}, and branch {claim.branch} "
            + (f"is at {at[:12]}." if at else "is gone."),
            f"bring the commits to {claim.branch} (`git branch -f {claim.branch} {commit[:12]}`) "
            f"and switch to it, then release again.",
        )
    _judge_diff(site, held, commit)
    return commit, _checked(held, tree)


def _refuse_hidden(site: Site, claim: Claim, tree: Path) -> None:
    """The exclude file is one for all trees: a claimed file in it would be left out unseen."""
    hidden = [p for p in site.repository.hidden(tree) if covering(claim.files, p)]
    if hidden:
        raise Unproven(
            "hidden_files",
            f"{listed(hidden)} of task {claim.task} {'is' if len(hidden) == 1 else 'are'} hidden "
            f"from git by {site.repository.common_dir / 'info' / 'exclude'}, so the result would "
            "be without.",
            "take the pattern out of that file and commit them, or delete them, then release "
            "again.",
        )


def _on_branch(site: Site, held: _Held) -> tuple[str, Mapping[str, Any] | None]:
    commit = _pushed(site, held)
    _judge_diff(site, held, commit)
    if held.task.check is None:
        return commit, None
    with verification_tree(site.repository, commit) as tree:
        return commit, _checked(held, tree)


def _pushed(site: Site, held: _Held) -> str:
    """Where the claim's branch is: in this repository, or else on the run's remote.

    What comes from the remote is fetched, and our branch of that name follows it.
    """
    claim, repository = held.claim, site.repository
    branch = str(claim.branch)
    ref = branches.full(branch)
    here = branches.tip(repository, ref)
    into = f"refs/parallel/{held.run.id}/fetched/{claim.task}-{claim.token}"
    if here not in (None, claim.start, branches.tip(repository, into)):
        assert here is not None
        return here
    remote = remotes.shared(repository, held.run.target)
    there = None
    if remote is not None:
        try:
            there = remotes.fetch(repository, remote, branch, into)
        except Unusable:
            if here is None or remotes.is_chosen(repository):
                raise
    if there is not None and there != claim.start:
        if repository.is_ancestor(str(claim.start), there):
            branches.follow(repository, ref, here, there)
        return there
    if here is None and there is None:
        raise Unproven(
            "not_pushed",
            f"Branch {branch} is neither in {repository.root} nor on the remote "
            f"{remote or '(there is none)'}.",
            f"push your commits: `git push {remote or repository.root} HEAD:{ref}`, then release "
            "again.",
        )
    if held.task.check is None:
        raise Unproven(
            "not_pushed",
            f"Branch {branch} is where task {claim.task} started, at {str(claim.start)[:12]}, in "
            f"{repository.root}" + (f" and on the remote {remote}." if remote else "."),
            f"push your commits: `git push {remote or repository.root} HEAD:{ref}`, then release "
            "again; or release with outcome `returned`.",
        )
    return str(claim.start)


def _in_files(site: Site, held: _Held) -> tuple[str, Mapping[str, Any] | None]:
    """Check in the one shared tree, then commit exactly the claimed files."""
    claim, repository = held.claim, site.repository
    if repository.current_branch() != held.run.target:
        raise NotNow(
            "wrong_branch",
            f"{repository.root} is not on {held.run.target} any more, where this run's work goes.",
            f"ask the user to switch back to {held.run.target}, then release again.",
        )
    check = _checked(held, repository.root)
    trailer = f"Parallel-Claim: {held.run.id}/{claim.task}/{claim.token}"
    _refuse_hidden(site, claim, repository.root)
    if changed := _changed_here(site, claim):
        message = f"{held.task.title}\n\n{trailer}\nParallel-Agent: {claim.agent.name}"
        return repository.commit_paths(changed, message), check
    assert claim.start
    if (made := repository.commit_saying(trailer, claim.start)) is not None:
        return made, check
    if held.task.check is None:
        _nothing_done(site, held)
    return repository.head(), check


def _changed_here(site: Site, claim: Claim) -> tuple[str, ...]:
    return tuple(p for p in site.repository.dirty() if covering(claim.files, p))


def _judge_diff(site: Site, held: _Held, commit: str) -> None:
    """The real diff against the claim: nothing outside, nothing rewritten, something done."""
    claim, repository = held.claim, site.repository
    assert claim.start
    if commit == claim.start:
        if held.task.check is None:
            _nothing_done(site, held)
        return
    if not repository.is_ancestor(claim.start, commit):
        raise Unproven(
            "rewritten",
            f"Branch {claim.branch} does not contain {claim.start[:12]}, where task "
            f"{claim.task} started.",
            f"put your commits on top of {claim.start[:12]}, then release again.",
        )
    _must_join(site, held, commit)
    outside = [p for p in repository.changed(claim.start, commit) if not covering(claim.files, p)]
    if outside:
        raise Unproven(
            "outside_claim",
            f"The commits of task {claim.task} change files that are not in its claim: "
            f"{listed(outside)}. Claimed are {listed(claim.files)}.",
            "ask for them with extend_claim, or undo those changes in a further commit.",
        )


def _result_of(task: TaskId, view: View) -> str | None:
    return view.records[task].commit


def _must_join(site: Site, held: _Held, commit: str) -> None:
    """A task that settles a conflict has both results in its own, or one would be lost."""
    for settled in held.task.settles:
        result = site.store.read(partial(_result_of, settled))
        if result and not site.repository.is_ancestor(result, commit):
            raise Unproven(
                "not_joined",
                f"Task {held.claim.task} settles a conflict of {settled}, whose result "
                f"{result[:12]} is not in {held.claim.branch}.",
                f"run `git -c rerere.enabled=false merge {result}` there, settle the conflict as "
                "the task says, commit, then release again.",
            )


def _nothing_done(site: Site, held: _Held) -> None:
    elsewhere = ""
    if held.run.strategy is not Strategy.FILES and (astray := _changed_here(site, held.claim)):
        elsewhere = (
            f" But in {site.repository.root}, the user's own checkout, {listed(astray)} "
            f"{'has' if len(astray) == 1 else 'have'} uncommitted changes: the work may have been "
            "done in the wrong place."
        )
    raise Unproven(
        "nothing_done",
        f"Task {held.claim.task} has no commit since {str(held.claim.start)[:12]}, and no check "
        f"that shows it was done before.{elsewhere}",
        "do the work and commit it, or release with outcome `returned` and say why.",
    )


def _checked(held: _Held, tree: Path) -> Mapping[str, Any] | None:
    command = held.task.check
    if command is None:
        return None
    result = run_check(command, tree, CHECK_TIMEOUT)
    if result.exit_code != 0:
        raise Unproven(
            "check_failed",
            f"The check of task {held.claim.task}, `{command}`, {_verdict(result)} in {tree}. "
            f"Its last words:\n{result.tail[-1500:]}",
            "mend it and release again, or call fail_task with the reason.",
        )
    return {
        "command": command,
        "exit_code": result.exit_code,
        "seconds": round(result.seconds, 3),
        "tail": result.tail[-400:],
    }


def _verdict(result: CheckResult) -> str:
    if result.timed_out:
        return f"did not end within {result.seconds:.0f} s"
    return f"ended with exit status {result.exit_code}"
