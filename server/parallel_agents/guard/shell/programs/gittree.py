"""git commands that give the work tree other files: checkout, restore, reset, stash, clean."""

from __future__ import annotations

import os

from parallel_agents.guard.edits import Objection
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import MARKS, is_known
from parallel_agents.guard.shell.programs import gitasks
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.gitcommand import (
    CLEAN,
    NAMES,
    STASH,
    TREE,
    VALUED,
    GitCommand,
)
from parallel_agents.guard.shell.verdict import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values


class Restoring(GitCommand):
    """They put committed content in place of what is there."""

    def checkout(self) -> None:
        """`git checkout`, to a branch or of files."""
        parsed = self.parsed
        raw = [v[0] for v in self.given]
        if "--" in raw:
            at = raw.index("--")
            files = self.given[at + 1 :]
            before = Given(self.given[:at], frozenset(VALUED["checkout"].split())).words
            if files:
                self.restored(files, before[0][0] if before else None)
                return
        listed = parsed.value("--pathspec-from-file")
        if listed is not None:
            self.named([(v,) for v in self.run.contents(listed, self.state).lines])
        if parsed.has("-b", "-B", "--orphan"):
            start = self.words[0] if self.words else None
            if start is not None and not parsed.has("--orphan"):
                self.go(start)
            elif parsed.has("-f", "--force"):
                self.go("HEAD")
            return
        if not self.words:
            if parsed.has("-f", "--force"):
                self.go("HEAD")
            elif parsed.has("-p", "--patch"):
                self.restored([(".",)], None)
            return
        first = self.words[0]
        if len(parsed.words) > 1:
            if self.is_commit(first) and not os.path.lexists(os.path.join(self.cwd, first)):
                self.restored(parsed.words[1:], first)
            else:
                self.restored(parsed.words, None)
        elif self.is_commit(first) and first != ".":
            self.go(first)
            if parsed.has("-p", "--patch", "--ours", "--theirs", "-m"):
                self.restored(parsed.words, None)
        else:
            self.restored(parsed.words, None)

    def restored(self, files: list[Values], source: str | None) -> None:
        if source is not None and not is_known(source):
            source = None
        for values in files:
            for value in values:
                path = self.path(value)
                if path is None:
                    continue
                if not MARKS.isdisjoint(path):
                    self.told.write((path,), self.state, self.how, kind=effects.ENTRY)
                    continue
                whole = os.path.join(self.cwd, path)
                if not os.path.isdir(whole):
                    self.file(path, whole, effects.ENTRY)
                    continue
                done = self.ask(
                    *("diff", "--name-only", "-z", "--no-renames"),
                    *((source,) if source else ()),
                    *("--", whole),
                    advice=NAMES,
                )
                if not done and not self.is_own_tree:
                    self.told.write((whole,), self.state, self.how, kind=effects.TREE)

    def go(self, to: str) -> None:
        """HEAD, index and work tree become those of another commit."""
        if self.is_own_tree:
            return
        if not is_known(to):
            self.everything(f"where `{self.how}` leads is only known when it runs")
            return
        to = "@{-1}" if to == "-" else to
        parsed = self.parsed
        force = parsed.has("-f", "--force", "--discard-changes", "-m", "--merge")
        wanted = [("HEAD", to)] if not force else [(to,)]
        for pair in wanted:
            done = self.ask("diff", "--name-only", "-z", "--no-renames", *pair, "--", advice=TREE)
            if not done:
                # `git checkout topic` for a branch that only the remote has.
                self.ask("diff", "--name-only", "-z", "HEAD", f"origin/{to}", "--", advice=TREE)

    def switch(self) -> None:
        """`git switch`."""
        if self.parsed.has("-c", "-C", "--create", "--force-create") and not self.words:
            if self.parsed.has("-f", "--force", "--discard-changes"):
                self.go("HEAD")
            return
        if self.words:
            self.go(self.words[0])

    def restore(self) -> None:
        """`git restore`."""
        if self.parsed.has("--staged", "-S") and not self.parsed.has("--worktree", "-W"):
            return
        source = self.parsed.value("-s", "--source")
        listed = self.parsed.value("--pathspec-from-file")
        files = list(self.parsed.words)
        if listed is not None:
            files += [(v,) for v in self.run.contents(listed, self.state).lines]
        self.restored(files, source[0] if source else None)

    def reset(self) -> None:
        """`git reset`: only with --hard, --merge or --keep does the work tree change."""
        if not self.parsed.has("--hard", "--merge", "--keep"):
            return
        to = self.words[0] if self.words else "HEAD"
        if self.is_own_tree:
            return
        if not is_known(to):
            self.everything(f"where `{self.how}` leads is only known when it runs")
            return
        self.ask("diff", "--name-only", "-z", "--no-renames", to, "--", advice=TREE)

    def stash(self) -> None:
        """`git stash`, putting away or getting back."""
        action = self.words[0] if self.words else "push"
        if action in ("list", "show", "drop", "clear", "create", "store"):
            return
        if self.is_own_tree:
            return
        if action in ("apply", "pop", "branch"):
            place = 2 if action == "branch" else 1
            entry = self.words[place] if len(self.words) > place else "stash@{0}"
            entry = f"stash@{{{entry}}}" if entry.isdecimal() else entry
            known = self.ask("diff", "--name-only", "-z", f"{entry}^1", entry, "--", advice=STASH)
            if known:
                self.ask("ls-tree", "-r", "--name-only", "-z", f"{entry}^3", advice=STASH)
            return
        files = self.parsed.words[1:] if action in ("push", "save") else []
        if action not in ("push", "save") and not self.parsed.words:
            files = []
        if action == "save":
            files = []
        if "--" in [v[0] for v in self.given]:
            at = [v[0] for v in self.given].index("--")
            files = self.given[at + 1 :]
        if files:
            self.restored(files, "HEAD")
            return
        self.ask("diff", "--name-only", "-z", "--no-renames", "HEAD", "--", advice=STASH)
        if self.parsed.has("-u", "--include-untracked", "-a", "--all"):
            ignored = () if self.parsed.has("-a", "--all") else ("--exclude-standard",)
            self.ask("ls-files", "-o", "-z", *ignored, advice=STASH)

    def clean(self) -> None:
        """`git clean`: what git does not know goes away."""
        if self.parsed.has("-n", "--dry-run") or not self.parsed.has(
            "-f", "--force", "-i", "-d", "-x", "-X"
        ):
            return
        if not self.parsed.has("-f", "--force", "-i"):
            return
        words: list[str] = ["ls-files", "-o", "-z", "--full-name"]
        if self.parsed.has("-X"):
            words += ["-i", "--exclude-standard"]
        elif not self.parsed.has("-x"):
            words += ["--exclude-standard"]
        files = [os.path.join(self.cwd, w) for w in self.words] or [self.cwd]
        files = [w.replace("\ue001", "*").replace("\ue002", "?") for w in files]
        try:
            names = gitasks.paths(self.root, self.run.budget, *words, "--", *files)
        except (Unanswered, OSError):
            self.everything(f"what `{self.how}` removes is only known when it runs")
            return
        if not self.parsed.has("-d") and not self.words:
            at = os.path.relpath(self.cwd, self.root)
            names = [
                n for n in names if os.path.dirname(n) in ("" if at == "." else at, "")
            ] or names
        state = [n for n in names if n.partition("/")[0] == "_tasks"]
        if state and self.root == self.main:
            self.told.found(Finding("_tasks", self.how, Objection("state", "_tasks"), advice=CLEAN))
        self.changed(names, CLEAN)
