"""What git was made to know earlier in the same command: names of commits, settings, the index."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from parallel_agents.guard.shell.bash.state import Stream

_MOST = 3


class Staged:
    """What one `git add` puts into the index: pathspecs, and whether new files are among it."""

    __slots__ = ("new", "specs")

    def __init__(self, specs: Iterable[str], *, new: bool) -> None:
        self.specs = tuple(specs)
        self.new = new


class Memory:
    """One for each command that is judged."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        """What `git config` was told: values by key, in lower case."""
        self.names: dict[str, list[str]] = {}
        """What a branch, a tag, HEAD or FETCH_HEAD may mean besides what it means now."""
        self.staged: list[Staged] = []
        """What `git add` was given."""
        self.unstaged: list[str] = []
        """Pathspecs that take away what the index was made to forget of what it had before."""
        self.is_emptied = False
        """Whether it was made to forget all of that."""
        self.before: list[str] = []
        """What `@{-1}` means since the command has surely gone to another branch."""
        self.stashes: list[list[str]] = []
        """The paths of each stash that the command itself has made, the newest last."""
        self.trees: list[str] = []
        """Work trees and repositories that the command itself makes: absolute folders."""
        self.dropped: list[str] = []
        """Pathspecs (absolute) of what git was told to know no longer, and left on the disk."""
        self.indexed: list[str] = []
        """Commits that the index was made to hold."""
        self.touched: list[str] = []
        """Paths, relative to the root, of which the index was given another content."""
        self.only: set[str] = set()
        """Names that surely mean what `names` says."""
        self.remotes: dict[str, str] = {}
        """The addresses of remotes that were added, by name."""
        self.archive: Stream | None = None
        """What `git archive` has printed: the members are `packed` under `-`."""
        self.is_moved = False
        """Whether a git command has changed what git would say now."""

    def forgets(self, excluded: list[str]) -> None:
        """The index has again what HEAD has, for what these pathspecs take away."""
        self.unstaged += excluded
        self.staged = [Staged((*s.specs, *excluded), new=s.new) for s in self.staged]

    def moved(self, to: str, *, surely: bool) -> None:
        """HEAD is at `to` from here on; `surely` where git has nothing to refuse that for."""
        if surely:
            before = self.meanings("HEAD")[:1]
            self.names["HEAD"] = []
            self.names_now("HEAD", to)
            self.only.add("HEAD")
            self.before = before
        else:
            self.names_now("HEAD", to)

    def names_now(self, name: str, commit: str) -> None:
        """From here on, `name` may mean `commit`."""
        found = self.names.setdefault(_short(name), [])
        for meaning in self.meanings(commit):
            if meaning not in found and len(found) < _MOST:
                found.append(meaning)

    def meanings(self, commit: str) -> list[str]:
        """What a commit or a range of the command may mean to git as it is now."""
        for dots in ("...", ".."):
            if dots in commit:
                first, _, last = commit.partition(dots)
                begins, ends = self.meanings(first), self.meanings(last)
                return [f"{a}{dots}{b}" for a in begins for b in ends][:_MOST]
        start = "^" if commit[:1] == "^" else ""
        rest = commit[len(start) :]
        if rest.startswith("@{-1}") and self.before:
            return [start + other + rest[5:] for other in self.before]
        end = min((at for at in map(rest.find, "~^@{:") if at > 0), default=len(rest))
        name = rest[:end]
        if rest[:1] == "@" and rest[1:2] in ("", "~", "^"):
            name, end = "HEAD", 1
        remote, _, branch = name.removeprefix("refs/").removeprefix("remotes/").partition("/")
        if branch and remote in self.remotes:
            rest, end = branch + rest[end:], len(branch)
            name = branch
            commit = start + rest
        known = self.names.get(_short(name), [])
        found = [start + other + rest[end:] for other in known]
        return found if found and _short(name) in self.only else [*found, commit]


def _short(name: str) -> str:
    for head in ("refs/", "heads/", "tags/"):
        name = name[len(head) :] if name.startswith(head) else name
    return name
