"""The work tree that a claim comes with: the client's or one of ours, filled and set up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from parallel_agents.checks import run_check
from parallel_agents.coordination.site import CHECK_TIMEOUT, Site, branch_of, salvage_ref
from parallel_agents.core.errors import NotNow, Unusable
from parallel_agents.core.events import Kind
from parallel_agents.core.model import Claim
from parallel_agents.core.view import Run, View
from parallel_agents.git import branches, copies

_BRANCH_TAKEN = frozenset(("branch_exists", "branch_elsewhere"))
_TREE_UNFIT = frozenset(
    ("path_taken", "tree_dirty", "unsaved_commits", "tree_broken", "switch_refused")
)


def make_branch(site: Site, run: Run, held: Claim, start: str) -> str:
    """A branch of the claim's own at commit `start`; its short name."""
    *names, last = site.store.read(lambda view: branch_names(view, run, held))
    for name in names:
        try:
            branches.create(site.repository, name, start)
        except NotNow as error:
            if error.code not in _BRANCH_TAKEN:
                raise
        else:
            return name
    branches.create(site.repository, last, start)
    return last


def make_work_tree(
    site: Site, run: Run, held: Claim, start: str, cwd: Path | None
) -> tuple[Path, str, str | None]:
    """The tree to work in and its branch, with what the copy list names, after the plan's setup.

    It is the tree the agent is in already, if the client gave it one; else one of its own. A name
    that an earlier run left behind is never reused for other work: the next one is taken. What lay
    uncommitted in the agent's tree from a claim of its own that was recovered is saved and put
    aside: the third value is the commit that has it.
    """
    saved = _left_over(site, run, held, cwd)
    tree, branch = _made(site, run, held, start, cwd)
    copies.copy(site.repository, tree)
    if run.setup:
        _set_up(site, run.setup, tree)
    return tree, branch, saved


def branch_names(view: View, run: Run, held: Claim) -> tuple[str, ...]:
    """Names for the claim's branch, best first; the last has its token and is nobody else's.

    Where this agent had the task before, results and all, only that one is left.
    """
    name = branch_of(run, held)
    unique = f"{name}-{held.token}"
    ended = view.records[held.task].ended.values()
    again = any(e.data.get("agent") == held.agent.key for e in ended)
    return (unique,) if again else (name, unique)


def _made(site: Site, run: Run, held: Claim, start: str, cwd: Path | None) -> tuple[Path, str]:
    names = site.store.read(lambda view: branch_names(view, run, held))
    own = _own(site, run, cwd)
    places = [own] if own else list(_places(site, run, held))
    refusal: NotNow | None = None
    for place in places:
        for name in names:
            try:
                if own:
                    site.worktrees.adopt(place, name, start)
                else:
                    reason = f"{held.agent} works on {held.task}"
                    site.worktrees.prepare(place, name, start, reason)
            except NotNow as error:
                refusal = error
                if error.code in _BRANCH_TAKEN:
                    continue
                if error.code in _TREE_UNFIT:
                    break
                raise
            return place, name
    assert refusal is not None
    raise refusal


def _left_over(site: Site, run: Run, held: Claim, cwd: Path | None) -> str | None:
    """Save and put aside what a recovered claim left in the tree that its agent is still in.

    Whoever recovered it left the tree alone, because the agent may have been at work. Now it asks
    for other work, so it is not; in the tree is nothing but what that claim had begun.
    """
    tree = _own(site, run, cwd)
    if tree is None or not site.worktrees.is_whole(tree) or not site.repository.dirty(tree):
        return None
    for ended in site.store.read(lambda view: _recovered(view, held)):
        name = branch_of(run, ended)
        for branch in (name, f"{name}-{ended.token}"):
            trees = branches.holders(site.repository, branches.full(branch))
            if any(t.path == tree for t in trees):
                message = f"Left by {held.agent} on {ended.task}\n\nParallel-Run: {run.id}"
                saved = site.worktrees.salvage(tree, salvage_ref(run, ended), message)
                site.worktrees.clean(tree, saved)
                return saved
    return None


def _recovered(view: View, held: Claim) -> tuple[Claim, ...]:
    """The claims of this agent that were recovered, as far as they name branches."""
    return tuple(
        replace(held, task=record.task.id, token=token)
        for record in view.records.values()
        for token, event in record.ended.items()
        if event.kind is Kind.RECOVERED and event.data.get("agent") == held.agent.key
    )


def _own(site: Site, run: Run, cwd: Path | None) -> Path | None:
    """The work tree that the agent is in, if it is neither the user's nor one of ours."""
    tree = site.repository.top_level(cwd) if cwd else None
    if (
        tree is None
        or tree == site.repository.root
        or site.agents_folder(run).parent in tree.parents
    ):
        return None
    return tree


def _places(site: Site, run: Run, held: Claim) -> Iterator[Path]:
    folder = site.agents_folder(run)
    yield folder / f"agent-{held.slot}"
    yield folder / f"agent-{held.slot}-{held.token}"


def _set_up(site: Site, command: str, tree: Path) -> None:
    result = run_check(command, tree, CHECK_TIMEOUT)
    if result.exit_code != 0:
        ended = "timed out" if result.timed_out else f"exit {result.exit_code}"
        raise Unusable(
            "setup_failed",
            f"The plan's setup command `{command}` failed in {tree} ({ended}): "
            f"{result.tail[-800:]}",
            "ask the user to correct the setup command or the machine.",
        )
    changed = site.repository.dirty(tree)
    if changed:
        raise Unusable(
            "setup_changes_files",
            f"The plan's setup command `{command}` leaves changes that git sees, in {changed[0]}"
            + (f" and {len(changed) - 1} more" if len(changed) > 1 else "")
            + ": no task could be completed with them.",
            "ask the user for a setup command that does not (`npm ci` instead of `npm install`), "
            "or to have git ignore what it makes.",
        )
