"""Work trees for agents: made, reused, salvaged and removed, without losing anybody's work."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.errors import BadInput, NotNow
from parallel_agents.git import branches, snapshot
from parallel_agents.git.process import (
    LONG_PATIENCE,
    TRIES,
    Output,
    failed,
    pause,
    retried,
    run,
    said,
)
from parallel_agents.git.repository import NEVER_LISTED, Repository, WorktreeInfo

LOCK_MARK = "parallel-agents: "
"""How the reason of our git-locks starts; a lock with another reason is somebody else's."""


@dataclass(frozen=True, slots=True)
class Worktrees:
    """The work trees of one repository. Every change happens under the repository's git lock."""

    repository: Repository

    def listed(self) -> tuple[WorktreeInfo, ...]:
        """All registered work trees, the main one first."""
        return self.repository.work_trees()

    def prepare(self, path: Path, branch: str, start: str, reason: str) -> None:
        """Make `path` a work tree on the new branch `branch` at commit `start`, git-locked.

        A tree that is there already is switched, if it is clean; one that is on `branch` is left
        as it is; one that was deleted by hand is made again, on its branch. Raises Refusal:
        `tree_dirty`, `unsaved_commits`, `path_taken`, `branch_exists`, `branch_elsewhere`,
        `branch_clash`, `switch_refused`.
        """
        at = self.repository.commit(start)
        path = path.resolve()
        self._not_main(path)
        with self.repository.locked(f"prepare {path}"):
            known = self._registered(path)
            if known and not known.missing:
                self._switch(known, branch, at)
            else:
                self._make(path, known, branch, at)
            self._lock(path, f"{LOCK_MARK}{reason}")

    def adopt(self, tree: Path, branch: str, start: str) -> None:
        """Switch `tree`, a linked work tree that somebody else made, as `prepare` does."""
        at = self.repository.commit(start)
        with self.repository.locked(f"adopt {tree}"):
            known = self._registered(tree.resolve())
            if known is None or known.missing:
                raise BadInput(
                    "not_a_work_tree",
                    f"{tree} is not the root of a work tree of {self.repository.root}.",
                    "Give the root of a tree that `git worktree list` shows.",
                )
            self._not_main(known.path)
            self._switch(known, branch, at)

    def salvage(self, tree: Path, ref: str, message: str) -> str | None:
        """Record what is uncommitted in `tree`, and its HEAD, in a commit under `ref`.

        Neither the files nor the index are touched. Ignored files are not recorded. Returns the
        commit's SHA, or None when the tree is clean and a branch holds its HEAD.
        """
        shot = snapshot.take(self.repository, tree)
        if shot.is_clean and self._on_a_branch(tree):
            return None
        with self.repository.locked(f"salvage {tree}"):
            return snapshot.record(self.repository, shot, ref, message)

    def clean(self, tree: Path, salvaged: str | None) -> None:
        """Bring a linked tree back to its HEAD: `reset --hard` and `clean -fd`.

        `salvaged` is what `salvage` returned (or its ref). Raises Refusal `not_salvaged` unless
        it holds the present state, `main_tree` for the main work tree. Ignored files stay.
        """
        self._not_main(tree)
        with self.repository.locked(f"clean {tree}"):
            shot = snapshot.take(self.repository, tree)
            if salvaged is None:
                safe = shot.is_clean and self._on_a_branch(tree)
            else:
                safe = snapshot.covers(self.repository, self.repository.commit(salvaged), shot)
            if not safe:
                raise NotNow(
                    "not_salvaged",
                    f"{tree} holds work that is not in a salvage commit.",
                    "Salvage the tree, then clean it with the commit that gives.",
                )
            if _state_path(tree, "rebase-merge").exists():
                run(tree, "rebase", "--quit")
            run(tree, "reset", "--quiet", "--hard", timeout=LONG_PATIENCE)
            kept = [f"--exclude=/{folder.rstrip('/')}" for folder in NEVER_LISTED]
            run(tree, "clean", "-fd", "--quiet", *kept, timeout=LONG_PATIENCE)

    def remove(self, path: Path, landed_in: str) -> str | None:
        """Remove the tree at `path`, and its branch, once its work is in commit `landed_in`.

        Returns None when it is gone, else a sentence that says why it was kept. Uncommitted work,
        commits that did not land and trees locked by others are always kept.
        """
        landed = self.repository.commit(landed_in)
        path = path.resolve()
        with self.repository.locked(f"remove {path}"):
            known = self._registered(path)
            if known is None:
                return f"{path} is not a work tree of this repository." if path.exists() else None
            why = self._why_keep(known, landed)
            if why:
                return why
            if known.lock is not None:
                run(self.repository.root, "worktree", "unlock", str(known.path))
            out = self._worktree("remove", str(known.path))
            if out.status:
                if known.lock is not None:
                    self._lock(known.path, known.lock)
                return f"git keeps {path}: {said(out)}"
            _sweep(path.parent, self.repository.root)
            if known.branch is None or not known.branch.startswith(branches.full(branches.OWN)):
                return None
            return branches.drop(self.repository, known.branch, landed)

    def drop_branch(self, branch: str, landed_in: str) -> str | None:
        """Delete our branch `branch` (short name) once commit `landed_in` contains it.

        Returns None when it is gone, else a sentence that says why it was kept.
        """
        landed = self.repository.commit(landed_in)
        with self.repository.locked(f"delete branch {branch}"):
            return branches.drop(self.repository, branches.full(branch), landed)

    def _why_keep(self, tree: WorktreeInfo, landed: str) -> str | None:
        if self._is_main(tree.path):
            return f"{tree.path} is the main work tree."
        if tree.lock is not None and not tree.lock.startswith(LOCK_MARK):
            return f"{tree.path} is locked by somebody else: {tree.lock or 'no reason given'}."
        if not tree.missing:
            dirty = self.repository.dirty(tree.path)
            if dirty:
                return f"{tree.path} has uncommitted work: {_some(dirty)}."
        if not self.repository.is_ancestor(tree.head, landed):
            return f"{tree.path} is at {tree.head[:12]}, which is not in {landed[:12]}."
        return None

    def _make(self, path: Path, known: WorktreeInfo | None, branch: str, at: str) -> None:
        ref = branches.full(branch)
        if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
            raise NotNow(
                "path_taken",
                f"{path} exists and is not a work tree of {self.repository.root}.",
                "Move it away, then call again.",
            )
        exists = False
        if known:
            # Only this entry: `worktree prune` would also forget trees on a disk that is not in.
            self._worktree("remove", "--force", "--force", str(path), ok=(0,))
            exists = known.branch == ref and branches.tip(self.repository, ref) is not None
        exists = exists or branches.usable(self.repository, branch, at)
        start = (str(path), branch) if exists else ("--no-track", "-b", branch, str(path), at)
        for attempt in range(TRIES):
            try:
                out = run(
                    self.repository.root, "worktree", "add", *start, ok=None, timeout=LONG_PATIENCE
                )
            except BaseException:
                self._undo(path, None if exists else ref, at)
                raise
            if out.status == 0:
                return
            self._undo(path, None if exists else ref, at)
            if not out.passing or attempt == TRIES - 1:
                raise failed(self.repository.root, ("worktree", "add"), out)
            pause(attempt)

    def _undo(self, path: Path, made: str | None, at: str) -> None:
        # Only what the failed `add` left: nobody was told of the tree, so nobody works in it.
        if self._registered(path):
            self._worktree("remove", "--force", "--force", str(path))
        repository = self.repository
        ours = made and branches.tip(repository, made) == at
        if made and ours and not branches.holders(repository, made):
            run(self.repository.root, "update-ref", "-d", made, at, ok=None)

    def _switch(self, tree: WorktreeInfo, branch: str, at: str) -> None:
        if tree.branch == branches.full(branch):
            return
        dirty = self.repository.dirty(tree.path)
        if dirty:
            raise NotNow(
                "tree_dirty",
                f"{tree.path} has uncommitted work: {_some(dirty)}.",
                "Commit it there, or have it salvaged, then call again.",
            )
        if not self._on_a_branch(tree.path):
            raise NotNow(
                "unsaved_commits",
                f"{tree.path} is at {tree.head[:12]}, a commit that no branch holds.",
                "Make a branch there (`git branch NAME`), or have it salvaged, then call again.",
            )
        exists = branches.usable(self.repository, branch, at)
        asked = (branch,) if exists else ("--no-track", "-c", branch, at)
        # Without --no-overwrite-ignore git replaces an ignored file, say `.env`, in silence.
        command = ("switch", "--quiet", "--no-overwrite-ignore", *asked)
        out = retried(lambda: run(tree.path, *command, ok=None, timeout=LONG_PATIENCE))
        if out.status:
            raise NotNow(
                "switch_refused",
                f"{tree.path} cannot switch to {branch}: {said(out)}",
                "Put right what git reports there, then call again.",
            )

    def _on_a_branch(self, tree: Path) -> bool:
        if run(tree, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).status == 0:
            return True
        held = ("--count=1", "--contains", self.repository.head(tree))
        return bool(run(tree, "for-each-ref", *held).text)

    def _lock(self, path: Path, reason: str) -> None:
        known = self._registered(path)
        if known is None or known.lock == reason:
            return
        if known.lock is not None:
            if not known.lock.startswith(LOCK_MARK):
                return
            run(self.repository.root, "worktree", "unlock", str(known.path))
        # Git ends the reason at a line break.
        line = " ".join(reason.split())
        run(self.repository.root, "worktree", "lock", "--reason", line, str(known.path))

    def _worktree(self, *args: str, ok: tuple[int, ...] | None = None) -> Output:
        root = self.repository.root
        return retried(lambda: run(root, "worktree", *args, ok=ok, timeout=LONG_PATIENCE))

    def _registered(self, path: Path) -> WorktreeInfo | None:
        return next((t for t in self.listed() if t.path.resolve() == path), None)

    def _is_main(self, path: Path) -> bool:
        return path.resolve() == self.repository.root.resolve()

    def _not_main(self, tree: Path) -> None:
        if self._is_main(tree):
            raise BadInput(
                "main_tree",
                f"{tree} is the main work tree, where other people work.",
                "Name a linked work tree.",
            )


def _state_path(tree: Path, name: str) -> Path:
    return Path(run(tree, "rev-parse", "--path-format=absolute", "--git-path", name).text)


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 10} more" if len(paths) > 10 else ""
    return f"{', '.join(paths[:10])}{more}"


def _sweep(folder: Path, root: Path) -> None:
    # `<repo>.agents/<run>` and `<repo>.agents`, if nothing is left in them.
    if folder.parent.name == f"{root.name}.agents":
        with suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()
