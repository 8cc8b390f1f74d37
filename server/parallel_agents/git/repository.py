"""One git repository: what it is, where it stands, what changed, and commits of exact paths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from parallel_agents.core.errors import BadInput, NotNow, Unknown, Unusable
from parallel_agents.git.headfile import commit_at
from parallel_agents.git.lock import locked
from parallel_agents.git.process import Output, outside, require_git, retried, run, said

NEVER_LISTED = ("_tasks/", ".claude/worktrees/")
"""Folders at the root of a work tree that hold no work: the run's own state, the client's trees."""

COMMIT_PATIENCE = 120.0
"""Seconds that a commit may take, the user's hooks included."""

FALLBACK_NAME = "parallel-agents"
FALLBACK_EMAIL = "parallel-agents@localhost"

_MADE = re.compile(rb"^\[.*\s([0-9a-f]{40,64})\] ")


@dataclass(frozen=True, slots=True)
class WorktreeInfo:
    """One work tree as git has it registered."""

    path: Path
    head: str
    """Full SHA; zeros where there is no commit."""
    branch: str | None
    """Full ref name; None where the head is detached."""
    lock: str | None
    """The reason it is git-locked (maybe empty); None when it is not."""
    missing: bool
    """Git knows it, but the directory or its link to the repository is gone."""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a main work tree. Paths in and out are POSIX, relative to a tree's root."""

    root: Path
    """Root of the main work tree."""
    common_dir: Path
    """Git's directory that all work trees share."""

    @classmethod
    def find(cls, start: Path) -> Repository:
        """The repository that the directory `start` belongs to, from any linked work tree too.

        Raises Unusable: `no_repository`, `bare_repository`, `git_too_old`, `git_missing`.
        """
        require_git()
        if not start.is_dir():
            raise _no_repository(start, "there is no such directory")
        place = start.resolve()
        found = run(place, "rev-parse", "--path-format=absolute", "--git-common-dir", ok=(0, 128))
        if found.status:
            raise _no_repository(start, said(found))
        common = Path(found.text)
        root = _main_tree(place, common)
        if not (root / ".git").exists():
            raise _no_repository(start, f"its main work tree {root} is not there")
        return cls(root, common)

    def locked(self, purpose: str) -> AbstractContextManager[None]:
        """The lock around changes of work trees, branches and commits (see `git.lock`)."""
        return locked(self.common_dir, purpose)

    def work_trees(self) -> tuple[WorktreeInfo, ...]:
        """All registered work trees, the main one first."""
        return _listed(self.common_dir)

    def head(self, tree: Path | None = None) -> str:
        """Full SHA that `tree` (default: the main one) is at. Unusable `empty_repository`."""
        where = tree or self.root
        if (plain := self.plain_head(where)) is not None:
            return plain
        found = run(where, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1))
        if found.status:
            raise Unusable(
                "empty_repository",
                f"{where} has no commit yet.",
                "Make a first commit, then call again.",
            )
        return found.text

    def plain_head(self, tree: Path | None = None) -> str | None:
        """What `head` gives, where git's files say it plainly; nothing is started or waited for."""
        return commit_at(tree or self.root, self.common_dir)

    def current_branch(self) -> str:
        """Full ref of the branch the main work tree is on. Raises Unusable `detached_head`."""
        found = run(self.root, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
        if found.status:
            raise Unusable(
                "detached_head",
                f"{self.root} is on no branch (detached HEAD), so results have nowhere to land.",
                "Switch to the branch that should receive the work, then call again.",
            )
        return found.text

    def commit(self, name: str) -> str:
        """Full SHA of the commit that `name` stands for. Raises Unknown `unknown_commit`."""
        asked = f"{outside(name)}^{{commit}}"
        found = run(
            self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", asked, ok=None
        )
        if found.status:
            raise Unknown(
                "unknown_commit",
                f"{name!r} is no commit in {self.root}.",
                "Give a branch, tag or commit id that exists there (`git fetch` may be missing).",
            )
        return found.text

    def commits(self, names: Sequence[str]) -> tuple[str, ...]:
        """What `commit` gives for each name, from one process."""
        feed = "".join(f"{outside(name)}^{{commit}}\n" for name in names)
        asked = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
        lines = run(self.root, *asked, feed=feed.encode("utf-8", "surrogateescape")).text
        found = [line.partition(" ") for line in lines.splitlines()]
        return tuple(
            sha if kind == "commit" else self.commit(name)
            for name, (sha, _, kind) in zip(names, found, strict=True)
        )

    def dirty(self, tree: Path | None = None, below: Sequence[str] = ()) -> tuple[str, ...]:
        """Paths in `tree` that are changed, staged or untracked, but not ignored; sorted.

        With `below`, only these paths (taken literally) and what is below them.
        """
        return tuple(sorted({path for _, path in self._status(tree or self.root, below)}))

    def hidden(self, tree: Path) -> tuple[str, ...]:
        """Untracked paths in `tree` that only `.git/info/exclude`, common to all trees, hides."""
        path = self.common_dir / "info" / "exclude"
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError:
            return ()
        ours = {f"/{folder}".encode() for folder in NEVER_LISTED}
        if all(not line.strip() or line.startswith(b"#") or line in ours for line in lines):
            return ()  # as it is nearly always: no walk through the tree then
        asked = ("ls-files", "-z", "--others", "--ignored", f"--exclude-from={path}")
        return tuple(p for p in run(tree, *asked).records if not p.startswith(NEVER_LISTED))

    def changed(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two commits; a rename counts as both its names."""
        return run(
            self.root,
            *("diff-tree", "-r", "-z", "--no-renames", "--name-only"),
            *self.commits((old, new)),
        ).records

    def commit_saying(self, line: str, since: str) -> str | None:
        """The newest commit of HEAD, not in `since`, whose message has `line`; None without one."""
        span = f"{self.commit(since)}..HEAD"
        options = ("--max-count=1", "--format=%H", "--fixed-strings", f"--grep={line}")
        return run(self.root, "log", *options, span).text or None

    def commits_without(self, line: str, since: str, until: str) -> tuple[str, ...]:
        """`<short id> <subject>` of the commits that `until` has on its first-parent line after
        `since`, newest first and at most 20, whose message lacks `line`.
        """
        span = f"{self.commit(since)}..{self.commit(until)}"
        about = ("--first-parent", "--max-count=20", "--format=%h %s")
        lacking = ("--fixed-strings", "--invert-grep", f"--grep={line}")
        return tuple(run(self.root, "log", *about, *lacking, span).text.splitlines())

    def is_ancestor(self, old: str, new: str) -> bool:
        """True when `new` contains `old` (or is it)."""
        pair = self.commits((old, new))
        return run(self.root, "merge-base", "--is-ancestor", *pair, ok=(0, 1)).status == 0

    def tracked(self, folder: str = "") -> tuple[str, ...]:
        """Every path in the index of the main work tree, or those below `folder`."""
        below = ("--", folder) if folder else ()
        return run(self.root, "--literal-pathspecs", "ls-files", "-z", *below).records

    def top_level(self, path: Path) -> Path | None:
        """Root of the work tree of this repository that `path` is in; None when in none.

        `path` need not exist: the nearest directory above it decides.
        """
        place = path if path.is_absolute() else self.root / path
        while not place.is_dir():
            place = place.parent
        asked = ("rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel")
        found = run(place, *asked, ok=(0, 128))
        ours = f"{self.common_dir}\n"
        if found.status or not found.text.startswith(ours):
            return None
        return Path(found.text.removeprefix(ours))

    def keep_out(self, pattern: str) -> None:
        """Keep what matches `pattern` out of git, once, without touching the user's files."""
        if not pattern.strip() or "\n" in pattern:
            raise BadInput(
                "bad_pattern", f"{pattern!r} is no ignore pattern.", "Give one line of text."
            )
        path = self.common_dir / "info" / "exclude"
        with self.locked("exclude a pattern"):
            path.parent.mkdir(exist_ok=True)
            with path.open("a+", encoding="utf-8", errors="surrogateescape") as file:
                file.seek(0)
                known = file.read()
                if pattern not in known.splitlines():
                    gap = "" if known.endswith("\n") or not known else "\n"
                    file.write(f"{gap}{pattern}\n")

    def identity(self) -> tuple[str, ...]:
        """Options that let git commit: none where the user has an identity, else a stated one."""
        strict = ("-c", "user.useConfigOnly=true", "var")
        for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            if run(self.root, *strict, who, ok=None).status:
                return "-c", f"user.name={FALLBACK_NAME}", "-c", f"user.email={FALLBACK_EMAIL}"
        return ()

    def commit_paths(self, paths: Sequence[str], message: str) -> str:
        """Commit exactly `paths` of the main work tree, whatever else is staged or dirty there.

        Each path is a file or a folder, taken literally; added, changed and deleted files count.
        The user's commit hooks run. Returns the new commit's SHA. Raises NotNow
        `nothing_to_commit` and `commit_refused` (a hook, a merge going on); nothing was
        committed then.
        """
        with self.locked("commit"):
            self.head()
            status = [(c, p) for c, p in self._status(self.root) if _inside(p, paths)]
            if not status:
                raise NotNow(
                    "nothing_to_commit",
                    f"Nothing is changed in {', '.join(paths) or 'no path at all'}.",
                    "Change a file there first, or return the task without a result.",
                )
            names = _fed(p for _, p in status)
            new = _fed(p for c, p in status if c == "??")
            if new:  # `commit --only` takes nothing that git does not know
                self._on_paths(new, "add", "--intent-to-add")
            made = b""
            try:
                made = self._commit(names, message)
            finally:
                if new and not made:
                    self._on_paths(new, "reset", "--quiet")
            found = _MADE.match(made)
            return found[1].decode() if found else self.head()

    def _commit(self, names: bytes, message: str) -> bytes:
        # `--only` builds the commit from HEAD and these paths, and leaves the rest of the index.
        # The unabbreviated id in its report is ours even if somebody commits right after.
        said_so = ("-c", "core.abbrev=no", *self.identity())
        out = self._on_paths(names, *said_so, "commit", "--only", f"--message={message}", ok=None)
        if out.status:
            raise NotNow(
                "commit_refused",
                f"git did not commit in {self.root}: {said(out)}",
                "Put right what git or the commit hook reports, then call again.",
            )
        return out.raw

    def _on_paths(self, names: bytes, *args: str, ok: tuple[int, ...] | None = (0,)) -> Output:
        # With NUL, git takes each name literally: a star is a star.
        listing = ("--pathspec-from-file=-", "--pathspec-file-nul")
        bounds = partial(run, ok=ok, feed=names, timeout=COMMIT_PATIENCE, hooks=True)
        return retried(lambda: bounds(self.root, *args, *listing))

    def _status(self, tree: Path, below: Sequence[str] = ()) -> list[tuple[str, str]]:
        listing = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *below)
        records = run(tree, "--literal-pathspecs", "status", *listing).records
        pairs = [(record[:2], record[3:]) for record in records]
        return [(code, path) for code, path in pairs if not path.startswith(NEVER_LISTED)]


def _listed(common: Path) -> tuple[WorktreeInfo, ...]:
    text = run(common, "worktree", "list", "--porcelain", "-z").raw
    found = []
    for record in text.split(b"\0\0")[:-1]:
        fields = dict[str, str]()
        for line in record.decode("utf-8", "surrogateescape").lstrip("\0").split("\0"):
            key, _, value = line.partition(" ")
            fields[key] = value
        path = Path(fields["worktree"])
        found.append(
            WorktreeInfo(
                path=path,
                head=fields.get("HEAD", ""),
                branch=fields.get("branch"),
                lock=fields.get("locked"),
                missing=not os.path.lexists(path / ".git"),
                bare="bare" in fields,
            )
        )
    return tuple(found)


def _inside(path: str, wanted: Sequence[str]) -> bool:
    return any(path == w or path.startswith(f"{w.rstrip('/')}/") for w in wanted)


def _fed(paths: Iterable[str]) -> bytes:
    return "\0".join(paths).encode("utf-8", "surrogateescape")


def _main_tree(place: Path, common: Path) -> Path:
    # Git guesses it from a common directory named `.git`; submodules and `--separate-git-dir`
    # have none, and the guess is then the common directory itself.
    main = _listed(common)[0]
    if main.bare:
        raise Unusable(
            "bare_repository",
            f"{common} is a bare repository: there is no main work tree to work in.",
            "Clone it without --bare and call from the clone.",
        )
    if main.path.resolve() != common.resolve():
        return main.path
    here = run(
        place, "rev-parse", "--path-format=absolute", "--git-dir", "--show-toplevel", ok=(0, 128)
    )
    if here.text.startswith(f"{common}\n"):
        return Path(here.text.removeprefix(f"{common}\n"))
    said_so = run(common, "config", "--get", "core.worktree", ok=(0, 1))
    return (common / said_so.text).resolve()


def _no_repository(start: Path, why: str) -> Unusable:
    return Unusable(
        "no_repository",
        f"{start} cannot be used as a git repository: {why}.",
        "Call from inside a git work tree, or run `git init` and make a first commit.",
    )
