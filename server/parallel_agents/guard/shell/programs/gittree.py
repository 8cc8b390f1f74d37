"""git commands that give the work tree other files: checkout, restore, reset, stash, clean."""

from __future__ import annotations

import os

from parallel_agents.guard.edits import Objection
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, is_known
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
        if self.is_unanswered:
            return
        raw = [v[0] for v in self.given]
        listed = self.listed()
        if "--" in raw:
            at = raw.index("--")
            files = self.given[at + 1 :]
            before = Given(self.given[:at], frozenset(VALUED["checkout"].split())).words
            if files:
                self.restored(files, before[0][0] if before else None)
                return
        if listed:
            self.restored(listed, self.words[0] if self.words else None)
            return
        if parsed.has("-b", "-B", "--orphan"):
            if self.words:
                self.go(self.words[0])
            elif parsed.has("-f", "--force"):
                self.go("HEAD")
            for option in ("-b", "-B"):
                if (name := parsed.value(option)) is not None:
                    self.memory.names_now(name[0], self.words[0] if self.words else "HEAD")
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
        elif first[:1] != ":" and self.is_commit(first) and first != ".":
            self.go(first)
            if parsed.has("-p", "--patch", "--ours", "--theirs", "-m"):
                self.restored(parsed.words, None)
        else:
            self.restored(parsed.words, None)

    def restored(self, files: list[Values], source: str | None) -> None:
        """Files get the content that they have in `source`, or in the index where it is None."""
        if source is not None and not is_known(source):
            source = None
        wide: list[str] = []
        for values in files:
            for value in self.told.listed(list(values), self.state):
                path = self.path(value)
                whole = os.path.join(self.cwd, path) if path is not None else ""
                if whole and UNKNOWN in whole and UNKNOWN in value:
                    self.told.write((whole,), self.state, self.how, kind=effects.ENTRY)
                elif whole and MARKS.isdisjoint(whole) and not os.path.isdir(whole):
                    self.file(value, whole, effects.ENTRY)
                else:
                    wide.append(value)
        specs = self.pathspecs([(value,) for value in wide])
        if not specs or self.is_own_tree:
            return
        if len(wide) < len(files) and all(s.startswith((":!", ":^", ":(exclude")) for s in specs):
            return  # they take away from the files that are named
        for tree in [source] if source else [None, *self.memory.indexed]:
            done = self.ask(
                *("diff", "--name-only", "-z", "--no-renames"),
                *((tree,) if tree else ()),
                *("--", *specs),
                advice=NAMES,
                at=self.cwd,
            )
            if not done:
                for value in wide:
                    path = self.path(value)
                    if path is not None:
                        whole = os.path.join(self.cwd, path)
                        kind = effects.TREE if MARKS.isdisjoint(whole) else effects.ENTRY
                        self.told.write((whole,), self.state, self.how, kind=kind)
        if source is None:
            self.changed(self.memory.touched, NAMES)

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
        names = self.differing(*((to,) if force else ("HEAD", to)), "--")
        if names is None:
            # `git checkout topic` for a branch that only the remote has.
            to = f"origin/{to}"
            names = self.differing("HEAD", to, "--")
        if names is None or (not force and self.stops(names, to=to)):
            return
        self.changed(names, TREE)
        if force:
            self.changed(self.memory.touched, TREE)
        self.memory.names_now("HEAD", to)

    def switch(self) -> None:
        """`git switch`."""
        parsed = self.parsed
        if parsed.has("--orphan"):
            # Everything that git knows goes away.
            names = self.asked("ls-files", "-z") or []
            if not self.is_own_tree and not self.stops(names):
                self.changed(names, TREE)
            return
        if self.words:
            self.go(self.words[0])
        elif parsed.has("-f", "--force", "--discard-changes"):
            self.go("HEAD")
        for option in ("-c", "-C", "--create", "--force-create"):
            if (name := parsed.value(option)) is not None:
                self.memory.names_now(name[0], self.words[0] if self.words else "HEAD")

    def restore(self) -> None:
        """`git restore`."""
        if self.is_unanswered:
            return
        source = self.parsed.value("-s", "--source")
        tree = source[0] if source else None
        if self.parsed.has("--staged", "-S"):
            if tree is not None and is_known(tree):
                self.memory.indexed.append(tree)
            if not self.parsed.has("--worktree", "-W"):
                return
            tree = tree or "HEAD"
        files = [*self.parsed.words, *self.listed()]
        if not files and self.parsed.has("-p", "--patch"):
            files = [(".",)]
        self.restored(files, tree)

    def reset(self) -> None:
        """`git reset`: only with --hard, --merge or --keep does the work tree change."""
        parsed = self.parsed
        to = self.words[0] if self.words else "HEAD"
        if self.is_own_tree:
            return
        if not is_known(to):
            if parsed.has("--hard", "--merge", "--keep"):
                self.everything(f"where `{self.how}` leads is only known when it runs")
            return
        if parsed.has("--keep"):
            names = self.differing("HEAD", to, "--") or []
            if not self.stops(names, to=to):
                self.changed(names, TREE)
        elif parsed.has("--merge"):
            names = self.differing("--cached", to, "--") or []
            if not self.stops(names):
                self.changed([*names, *self.memory.touched], TREE)
                self.added()
        elif parsed.has("--hard"):
            self.ask("diff", "--name-only", "-z", "--no-renames", to, "--", advice=TREE)
            self.changed(self.memory.touched, TREE)
            self.added()
        elif not parsed.has("--soft", "-p", "--patch") and len(self.words) < 2:
            self.memory.indexed.append(to)
        if len(self.words) < 2:
            self.memory.names_now("HEAD", to)

    def added(self) -> None:
        """What the same command has added to the index: it goes back, or away if it is new."""
        files = self.memory.staged
        if files:
            self.ask("diff", "--name-only", "-z", "--no-renames", "HEAD", "--", *files, advice=TREE)
            new = ("ls-files", "-o", "-z", "--exclude-standard", "--full-name")
            self.ask(*new, "--", *files, advice=TREE)

    def stash(self) -> None:
        """`git stash`, putting away or getting back."""
        action = self.words[0] if self.words else "push"
        if action in ("list", "show", "drop", "clear", "create", "store"):
            return
        if self.is_own_tree or self.is_unanswered:
            return
        if action in ("apply", "pop", "branch"):
            place = 2 if action == "branch" else 1
            entry = self.words[place] if len(self.words) > place else "stash@{0}"
            entry = f"stash@{{{entry}}}" if entry.isdecimal() else entry
            if action == "branch":
                self.go(f"{entry}^1")
            names = self.differing(f"{entry}^1", entry, "--")
            if names is not None and not self.stops(names, f"{entry}^1", "HEAD"):
                self.changed(names, STASH)
                self.ask("ls-tree", "-r", "--name-only", "-z", f"{entry}^3", advice=STASH)
            return
        files = self.parsed.words[1:] if action == "push" else []
        if "--" in [v[0] for v in self.given]:
            at = [v[0] for v in self.given].index("--")
            files = self.given[at + 1 :]
        files = [*files, *self.listed()]
        if files:
            self.restored(files, "HEAD")
            return
        index = ("--cached",) if self.parsed.has("-S", "--staged") else ()
        diff = ("diff", "--name-only", "-z", "--no-renames", *index, "HEAD", "--")
        self.ask(*diff, advice=STASH)
        if self.parsed.has("-S", "--staged"):
            self.added()
        if self.parsed.has("-u", "--include-untracked", "-a", "--all"):
            ignored = () if self.parsed.has("-a", "--all") else ("--exclude-standard",)
            self.ask("ls-files", "-o", "-z", *ignored, advice=STASH)

    def clean(self) -> None:
        """`git clean`: what git does not know goes away."""
        if self.parsed.has("-n", "--dry-run"):
            return
        if self.parsed.has("-i", "--interactive"):
            if self.stdin.texts is not None and not any(self.stdin.texts):
                return
        elif not self.parsed.has("-f", "--force"):
            said = self.settings.get("clean.requireforce", "").lower()
            if said not in ("false", "no", "off", "0"):
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
            # What git was told to know no longer is there still, and new to it.
            gone = self.memory.dropped
            if gone:
                lost = gitasks.paths(self.root, self.run.budget, "ls-files", "-z", "--", *gone)
                near = gitasks.paths(self.root, self.run.budget, "ls-files", "-z", "--", *files)
                names += [name for name in near if name in lost]
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
