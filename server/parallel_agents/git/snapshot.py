"""What a work tree holds beyond its commits, and the commit that keeps it from being lost."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from parallel_agents.core.errors import BadInput
from parallel_agents.git.process import LONG_PATIENCE, outside, run
from parallel_agents.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a work tree as git objects.

    Left out: ignored files, the insides of submodules and of other repositories in the tree.
    """

    head: str
    head_tree: str
    files: str
    """Tree of all files, tracked and untracked, as they lie in the directory."""
    staged: str | None
    """Tree of the index; None while it holds a conflict."""

    @property
    def is_clean(self) -> bool:
        """Nothing lies in the tree or its index that the commit at HEAD does not have."""
        return self.files == self.head_tree and self.staged == self.head_tree

    @property
    def hidden(self) -> str | None:
        """The index's tree where neither HEAD nor the files show it."""
        return None if self.staged in (None, self.head_tree, self.files) else self.staged


def take(repository: Repository, tree: Path) -> Snapshot:
    """The snapshot of `tree`; neither it nor its index is touched, objects are written."""
    head = repository.head(tree)
    index = Path(run(tree, "rev-parse", "--path-format=absolute", "--git-path", "index").text)
    with TemporaryDirectory(prefix="parallel-agents-") as scratch:
        copy = Path(scratch) / "index"
        if index.exists():
            shutil.copyfile(index, copy)
        env = {"GIT_INDEX_FILE": str(copy)}
        staged = run(tree, "write-tree", env=env, ok=None)
        # Not `git add`: it stumbles over an ignored path that is named to be left out. A name that
        # ends in a slash, a repository of its own, is passed over here as `git clean` does.
        # Line endings are git's business when somebody commits, not a reason to save nothing.
        update = ("-c", "core.safecrlf=false", "update-index", "--add", "--remove", "--replace")
        feed = "".join(f"{name}\0" for name in repository.dirty(tree)).encode(
            "utf-8", "surrogateescape"
        )
        run(tree, *update, "-z", "--stdin", env=env, feed=feed, timeout=LONG_PATIENCE)
        files = run(tree, "write-tree", env=env).text
    return Snapshot(
        head=head,
        head_tree=run(tree, "rev-parse", f"{head}^{{tree}}").text,
        files=files,
        staged=None if staged.status else staged.text,
    )


def record(repository: Repository, snapshot: Snapshot, ref: str, message: str) -> str:
    """Commit `snapshot` under `ref` and return the commit's SHA.

    Its tree is the files, its first parent HEAD; further parents are the index, where it differs,
    and what `ref` held before. The same snapshot again gives the same commit.
    """
    if (
        not ref.startswith("refs/")
        or run(repository.root, "check-ref-format", outside(ref), ok=None).status
    ):
        raise BadInput("bad_ref", f"{ref!r} is no full ref name.", "Give one below refs/.")
    held = run(repository.root, "rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).text
    if held and covers(repository, held, snapshot):
        return held
    parents = [snapshot.head]
    if snapshot.hidden:
        parents.append(_commit(repository, snapshot.hidden, [snapshot.head], f"index: {message}"))
    if held:
        parents.append(held)
    made = _commit(repository, snapshot.files, parents, message)
    run(repository.root, "update-ref", "-m", "salvage", ref, made, held or "")
    return made


def covers(repository: Repository, commit: str, snapshot: Snapshot) -> bool:
    """True when `commit` holds everything that `snapshot` shows."""
    shown = run(repository.root, "rev-parse", f"{commit}^{{tree}}", f"{commit}^@")
    files, head, *others = shown.text.split()
    if files != snapshot.files or head != snapshot.head:
        return False
    trees = (run(repository.root, "rev-parse", f"{other}^{{tree}}").text for other in others)
    return snapshot.hidden is None or snapshot.hidden in trees


def _commit(repository: Repository, tree: str, parents: list[str], message: str) -> str:
    options = [part for parent in parents for part in ("-p", parent)]
    return run(
        repository.root,
        *(*repository.identity(), "-c", "i18n.commitEncoding=UTF-8"),
        *("commit-tree", tree, *options, "-F", "-"),
        feed=message.encode("utf-8", "replace"),
    ).text
