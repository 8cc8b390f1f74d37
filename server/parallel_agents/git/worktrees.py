"""Work trees for agents: made, adopted, reused and salvaged, without losing anybody's work."""

from __future__ import annotations

import os
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
    without_large_files,
)
from parallel_agents.git.removal import ADOPTED, LOCK_MARK, admin, registered, some
from parallel_agents.git.repository import NEVER_LISTED, Repository, WorktreeInfo


@dataclass(frozen=True, slots=True)
class Worktrees:
    """The work trees of one repository. Every change happens under the repository's git lock."""

    repository: Repository

    def listed(self) -> tuple[WorktreeInfo, ...]:
        """All registered work trees, the main one first."""
        return self.repository.work_trees()

    def prepare(self, path: Path, branch: str, start: str, reason: str) -> None:
        """Make `path` a work tree on the new branch `branch` at commit `start`, git-locked.

        A tree that is there already is switched, if it is clean; one that was deleted by hand is
        made again. Work that is there under the same name is never taken for a fresh start. Raises
        Refusal:
        `tree_dirty`, `unsaved_commits`, `path_taken`, `branch_exists`, `branch_elsewhere`,
        `branch_clash`, `switch_refused`, `tree_broken`.
        """
        at = self.repository.commit(start)
        path = path.parent.resolve() / path.name
        self._not_main(path)
        with self.repository.locked(f"prepare {path}"):
            known = registered(self.repository, path)
            if known and not known.missing:
                self._switch(known, branch, at, without_large_files())
            else:
                self._make(path, known, branch, at)
            self._lock(path, f"{LOCK_MARK}{reason}")

    def adopt(self, tree: Path, branch: str, start: str) -> None:
        """Switch `tree`, a linked work tree that somebody else made, as `prepare` does.

        The branch it was on is noted in its git directory: `removal.remove` puts it back.
        """
        at = self.repository.commit(start)
        with self.repository.locked(f"adopt {tree}"):
            known = registered(self.repository, tree.parent.resolve() / tree.name)
            if known is None or known.missing:
                raise BadInput(
                    "not_a_work_tree",
                    f"{tree} is not the root of a work tree of {self.repository.root}.",
                    "Give the root of a tree that `git worktree list` shows.",
                )
            self._not_main(known.path)
            self._switch(known, branch, at)
            place = admin(known.path)
            if place is not None and known.branch and not (place / ADOPTED).exists():
                (place / ADOPTED).write_bytes(os.fsencode(f"{known.branch}\n"))

    def is_whole(self, tree: Path) -> bool:
        """Whether `tree` is still the root of a linked work tree of this repository.

        Without its `.git`, git takes such a folder for a part of what lies around it, and that may
        be the main work tree.
        """
        if tree.is_symlink() or not tree.is_dir() or self._is_main(tree):
            return False
        return self.repository.top_level(tree) == tree.resolve()

    def salvage(self, tree: Path, ref: str, message: str) -> str | None:
        """Record what is uncommitted in `tree`, and its HEAD, in a commit under `ref`.

        Neither the files nor the index are touched. Ignored files are not recorded. Returns the
        commit's SHA, or None when the tree is clean and a branch holds its HEAD. Raises NotNow
        `tree_broken` where `tree` is no work tree of the repository any more.
        """
        self._must_be_whole(tree)
        shot = snapshot.take(self.repository, tree)
        if shot.is_clean and self._on_a_branch(tree):
            return None
        with self.repository.locked(f"salvage {tree}"):
            return snapshot.record(self.repository, shot, ref, message)

    def clean(self, tree: Path, salvaged: str | None) -> None:
        """Bring a linked tree back to its HEAD: `reset --hard` and `clean -fd`.

        `salvaged` is what `salvage` returned (or its ref). Raises Refusal `not_salvaged` unless
        it holds the present state, `main_tree` for the main work tree, `tree_broken` for what is
        no work tree any more. Ignored files stay.
        """
        self._not_main(tree)
        self._must_be_whole(tree)
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
            small = without_large_files()
            run(tree, "reset", "--quiet", "--hard", timeout=LONG_PATIENCE, env=small)
            kept = [f"--exclude=/{folder.rstrip('/')}" for folder in NEVER_LISTED]
            run(tree, "clean", "-fd", "--quiet", *kept, timeout=LONG_PATIENCE)

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
            exists = known.branch == ref and branches.tip(self.repository, ref) == at
        exists = exists or branches.usable(self.repository, branch, at)
        start = (str(path), branch) if exists else ("--no-track", "-b", branch, str(path), at)
        for attempt in range(TRIES):
            try:
                out = run(
                    self.repository.root,
                    *("worktree", "add", *start),
                    ok=None,
                    timeout=LONG_PATIENCE,
                    env=without_large_files(),
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
        if registered(self.repository, path):
            self._worktree("remove", "--force", "--force", str(path))
        repository = self.repository
        ours = made and branches.tip(repository, made) == at
        if made and ours and not branches.holders(repository, made):
            run(self.repository.root, "update-ref", "-d", made, at, ok=None)

    def _switch(
        self, tree: WorktreeInfo, branch: str, at: str, env: dict[str, str] | None = None
    ) -> None:
        self._must_be_whole(tree.path)
        if tree.branch == branches.full(branch) and tree.head != at:
            # Another run's work, under the name that this one would have.
            raise branches.taken("branch_exists", branch, f"exists, at {tree.head[:12]}")
        dirty = self.repository.dirty(tree.path)
        if dirty:
            raise NotNow(
                "tree_dirty",
                f"{tree.path} has uncommitted work: {some(dirty)}.",
                "Commit it there, or have it salvaged, then call again.",
            )
        if tree.branch == branches.full(branch):
            return
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
        out = retried(lambda: run(tree.path, *command, ok=None, timeout=LONG_PATIENCE, env=env))
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
        known = registered(self.repository, path)
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

    def _is_main(self, path: Path) -> bool:
        return path.resolve() == self.repository.root.resolve()

    def _must_be_whole(self, tree: Path) -> None:
        if not self._is_main(tree) and not self.is_whole(tree):
            raise NotNow(
                "tree_broken",
                f"{tree} is no work tree of {self.repository.root} any more: it is gone, a "
                "symbolic link, or its .git file is missing or another.",
                "`git worktree repair` in the main work tree mends a missing .git file.",
            )

    def _not_main(self, tree: Path) -> None:
        if self._is_main(tree):
            raise BadInput(
                "main_tree",
                f"{tree} is the main work tree, where other people work.",
                "Name a linked work tree.",
            )


def _state_path(tree: Path, name: str) -> Path:
    return Path(run(tree, "rev-parse", "--path-format=absolute", "--git-path", name).text)
