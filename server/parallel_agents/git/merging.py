"""The merge of a run: assembled in memory, and put into a throw-away tree to be tested.

Nothing here resolves a conflict, and no branch moves.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from parallel_agents.core.errors import Refusal, Unusable
from parallel_agents.git.mergetree import ConflictPath, Merger, excerpt, merger
from parallel_agents.git.process import (
    LONG_PATIENCE,
    failed,
    retried,
    run,
    said,
    without_large_files,
)
from parallel_agents.git.repository import Repository
from parallel_agents.processes import Process

VERIFY_PREFIX = "verify-"
"""How the names of throw-away trees start."""

VERIFY_LOCK = "parallel-agents: verification by process "
"""Why git is told to keep a throw-away tree; the process whose it is follows."""


@dataclass(frozen=True, slots=True)
class Part:
    """One task's result."""

    name: str
    commit: str
    message: str
    """The whole message of the merge commit, trailers included."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """All parts on top of the base, as commits that no ref points to."""

    base: str
    tip: str
    merged: tuple[str, ...]
    """Names of the parts merged, in order."""
    skipped: tuple[str, ...]
    """Names of the parts that were contained already."""
    chain: tuple[str, ...]
    """The commit after each merged part: the prefixes to bisect."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The first part that does not go on top of those before it."""

    part: str
    against: str | None
    """The earlier part it clashes with; None for the base itself."""
    paths: tuple[ConflictPath, ...]
    hunks: str
    """What git says and the conflict markers, at most 4 kB."""
    tip: str
    """The commit with everything before `part` merged."""
    commit: str
    """The result of `part`, full SHA."""


def assemble(repository: Repository, base: str, parts: Sequence[Part]) -> Assembly | Conflict:
    """Merge `parts` in order onto `base`, in memory, one merge commit each.

    Stops at the first conflict. Touches no ref and no work tree. Raises Unknown
    `unknown_commit`; Unusable `unrelated_histories`, `signing_failed`.
    """
    start, *commits = repository.commits([base, *(part.commit for part in parts)])
    pinned = [replace(p, commit=commit) for p, commit in zip(parts, commits, strict=True)]
    made = Assembly(start, start, (), (), ())
    with merger(repository, start) as memory:
        options = _commit_options(repository)
        tree = run(repository.root, "rev-parse", f"{start}^{{tree}}").text
        for part in pinned:
            merge = memory.merge(made.tip, part.commit)
            if merge.tree == tree and _contains(repository, made.tip, part.commit):
                made = replace(made, skipped=(*made.skipped, part.name))
                continue
            if merge.conflicts:
                against = _clash(memory, made, part, {c.path for c in merge.conflicts})
                names = {made.tip: against or "base", part.commit: part.name}
                hunks = excerpt(repository, merge, names)
                return Conflict(part.name, against, merge.conflicts, hunks, made.tip, part.commit)
            tree = merge.tree
            tip = _commit(repository, tree, (made.tip, part.commit), part.message, options)
            made = replace(
                made, tip=tip, merged=(*made.merged, part.name), chain=(*made.chain, tip)
            )
    return made


def contained(repository: Repository, inner: str, outer: str) -> bool:
    """True when commit `outer` (full SHA) contains commit `inner`, or is it."""
    return _contains(repository, outer, inner)


def declared_merges(
    repository: Repository, base: str, parts: Sequence[Part]
) -> tuple[tuple[str, str, bool], ...]:
    """The paths that several parts change and that have a way of merging of their own.

    Each with the way's name (`union`, the name of a program), and whether it is honoured: what git
    itself does is, a program that the configuration names is not run.
    """
    touched: Counter[str] = Counter()
    for part in parts:
        asked = ("diff", "--name-only", "-z", "--no-renames", f"{base}...{part.commit}")
        touched.update(run(repository.root, *asked).records)
    several = sorted(path for path, times in touched.items() if times > 1)
    if not several:
        return ()
    with merger(repository, base) as memory:
        ways = memory.declared(several)
        return tuple((path, way, way not in memory.programs) for path, way in ways.items())


@contextmanager
def verification_tree(repository: Repository, commit: str) -> Iterator[Path]:
    """A detached throw-away work tree at `commit`; removed afterwards whatever happened in it."""
    at = repository.commit(commit)
    path = _new_place(repository)
    try:
        reason = f"{VERIFY_LOCK}{Process.of(os.getpid())}"
        asked = ("worktree", "add", "--detach", "--lock", "--reason", reason, str(path), at)
        with repository.locked("add a verification tree"):
            small = without_large_files()
            out = retried(
                lambda: run(repository.root, *asked, ok=None, timeout=LONG_PATIENCE, env=small)
            )
        if out.status:
            raise failed(repository.root, asked, out)
        yield path
    finally:
        with suppress(Refusal):  # `discard_leftovers` gets another chance; the result counts
            _discard(repository, path)


def discard_leftovers(repository: Repository) -> tuple[Path, ...]:
    """Remove verification trees whose process does not run any more; gives their paths."""
    known = {tree.path: tree.lock or "" for tree in repository.work_trees()}
    found = {*known, *_beside(repository).glob(f"{VERIFY_PREFIX}*")}
    left = sorted(path for path in found if _is_leftover(path, known.get(path, "")))
    for path in left:
        _discard(repository, path)
    return tuple(left)


def _is_leftover(path: Path, lock: str) -> bool:
    made_by = re.search(rf"(?:^|-){VERIFY_PREFIX}(\d+)-", path.name)
    if made_by is None:
        return False
    # Killed while it was made, it is not registered, or locked in git's own words.
    owner = Process.named(lock.removeprefix(VERIFY_LOCK)) or Process.of(int(made_by[1]))
    return not owner.runs


def _contains(repository: Repository, tip: str, commit: str) -> bool:
    asked = ("merge-base", "--is-ancestor", commit, tip)
    return run(repository.root, *asked, ok=(0, 1)).status == 0


def _clash(memory: Merger, made: Assembly, part: Part, paths: set[str]) -> str | None:
    """The part in `made` that `part` clashes with on `paths`; None where the base does it."""
    if memory.merge(made.base, part.commit).conflicts:
        return None
    merged = dict(zip(made.merged, made.chain, strict=True))
    for name, commit in merged.items():
        # The second parent is the part by itself.
        alone = memory.merge(memory.repository.commit(f"{commit}^2"), part.commit)
        if paths.intersection(conflict.path for conflict in alone.conflicts):
            return name
    # Clean with each alone, not with all: the one from which on it does not go.
    return next(name for name, tip in merged.items() if memory.merge(tip, part.commit).conflicts)


def _commit_options(repository: Repository) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # `commit-tree` does not look at commit.gpgsign by itself.
    asked = ("config", "--type=bool", "--get", "commit.gpgsign")
    signs = run(repository.root, *asked, ok=(0, 1)).text == "true"
    before = (*repository.identity(), "-c", "i18n.commitEncoding=UTF-8")
    return before, (("-S",) if signs else ())


def _commit(
    repository: Repository,
    tree: str,
    parents: Sequence[str],
    message: str,
    options: tuple[tuple[str, ...], tuple[str, ...]],
) -> str:
    before, signing = options
    named = [part for parent in parents for part in ("-p", parent)]
    feed = message.encode("utf-8", "replace")
    asked = (*before, "commit-tree", *signing, *named, "-F", "-", tree)
    try:
        out = run(repository.root, *asked, feed=feed, ok=None)
    except Unusable as late:
        if not signing or late.code != "git_timed_out":
            raise
        raise _not_made(signing, "nobody answered the question for the key's passphrase") from late
    if out.status:
        raise _not_made(signing, said(out))
    return out.text


def _not_made(signing: Sequence[str], why: str) -> Unusable:
    if not signing:
        return Unusable(
            "git_failed",
            f"git did not make the merge commit: {why}",
            "Put right what git reports, then call again.",
        )
    return Unusable(
        "signing_failed",
        f"The merge commit was not signed, as commit.gpgsign asks for: {why}. Nothing was merged.",
        "Run `parallel-agents merge` in a terminal, where the passphrase can be asked for, or "
        "unlock the key there first.",
    )


def _beside(repository: Repository) -> Path:
    return repository.root.parent / f"{repository.root.name}.agents"


def _new_place(repository: Repository) -> Path:
    # Beside the repository first: the same disk, and a path that tools do not treat as temporary.
    folder, name = _beside(repository), f"{VERIFY_PREFIX}{os.getpid()}-"
    try:
        folder.mkdir(exist_ok=True)
        return Path(mkdtemp(prefix=name, dir=folder))
    except OSError:
        return Path(mkdtemp(prefix=f"parallel-agents-{name}"))


def _discard(repository: Repository, path: Path) -> None:
    # The files outside the lock: a large tree takes seconds, and others wait for the lock.
    shutil.rmtree(path, ignore_errors=True)
    asked = ("worktree", "remove", "--force", "--force", str(path))
    with repository.locked("remove a verification tree"):
        if any(tree.path.resolve() == path.resolve() for tree in repository.work_trees()):
            retried(lambda: run(repository.root, *asked, ok=None, timeout=LONG_PATIENCE))
    if path.parent.name.endswith(".agents"):
        with suppress(OSError):
            path.parent.rmdir()
