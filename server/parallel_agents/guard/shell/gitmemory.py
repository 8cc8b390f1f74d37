"""What git was made to know earlier in the same command: names of commits, settings, the index."""

from __future__ import annotations

_MOST = 3


class Memory:
    """One for each command that is judged."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        """What `git config` was told: values by key, in lower case."""
        self.names: dict[str, list[str]] = {}
        """What a branch, a tag, HEAD or FETCH_HEAD may mean besides what it means now."""
        self.staged: list[str] = []
        """Pathspecs that `git add` was given."""
        self.dropped: list[str] = []
        """Pathspecs (absolute) of what git was told to know no longer, and left on the disk."""
        self.indexed: list[str] = []
        """Commits that the index was made to hold."""
        self.touched: list[str] = []
        """Paths, relative to the root, of which the index was given another content."""
        self.is_moved = False
        """Whether a git command has changed what git would say now."""

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
        end = min((at for at in map(rest.find, "~^@{:") if at > 0), default=len(rest))
        name = rest[:end]
        if rest[:1] == "@" and rest[1:2] in ("", "~", "^"):
            name, end = "HEAD", 1
        known = self.names.get(_short(name), [])
        return [*(start + other + rest[end:] for other in known), commit]


def _short(name: str) -> str:
    for head in ("refs/", "heads/", "tags/"):
        name = name[len(head) :] if name.startswith(head) else name
    return name
