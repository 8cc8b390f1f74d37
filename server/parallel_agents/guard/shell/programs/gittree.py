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
                    if not self.words:
                        self.memory.moved("HEAD", surely=True)
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
        force = parsed.has("-f", "--force", "--discard-changes")
        merges = parsed.has("-m", "--merge")
        names = self.differing(*((to,) if force else ("HEAD", to)), "--")
        if names is None:
            # `git checkout topic` for a branch that only the remote has.
            to = f"origin/{to}"
            names = self.differing("HEAD", to, "--")
        if names is None and not self.certain:
            self.told.unknown(f"where `{self.how}` leads is only known when it runs")
        if names is None or (not (force or merges) and self.stops(names, to=to)):
            return
        self.changed(names, TREE)
        if force:
            self.changed(self.memory.touched, TREE)
        self.memory.moved(to, surely=force or self.is_free(names))

    def is_free(self, names: list[str]) -> bool:
        """Whether git has nothing to refuse the change of these paths for."""
        dirty = self.differing("HEAD", "--") if names else []
        return dirty is not None and not any(
            name in dirty or self.told.may_have(os.path.join(self.root, name)) for name in names
        )

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
                if not self.words:
                    self.memory.moved("HEAD", surely=True)

    def restore(self) -> None:
        """`git restore`."""
        if self.is_unanswered:
            return
        source = self.parsed.value("-s", "--source")
        tree = source[0] if source else None
        if self.parsed.has("--staged", "-S"):
            if tree is not None and is_known(tree):
                self.memory.indexed.append(tree)
            if tree in (None, "HEAD"):
                files = [*self.parsed.words, *self.listed()]
                self.memory.forgets(self.excluded([v[0] for v in files if len(v) == 1]))
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
        elif parsed.has("--soft", "-p", "--patch"):
            pass
        elif not parsed.has("--hard"):
            self.forgotten(to)
        elif parsed.has("--hard"):
            self.ask("diff", "--name-only", "-z", "--no-renames", to, "--", advice=TREE)
            self.changed(self.memory.touched, TREE)
            self.added()
        if len(self.words) < 2 and self.is_commit(to):
            self.memory.names_now("HEAD", to)

    def forgotten(self, to: str) -> None:
        """`git reset` of the index alone: of the named files, or of all."""
        words = [w for w in self.words if w != "--"]
        files = words[1:] if words and self.is_commit(words[0]) else words
        if files:
            self.memory.forgets(self.excluded(files))
            return
        self.memory.indexed.append(to)
        self.memory.staged.clear()
        self.memory.is_emptied = True

    def added(self) -> None:
        """What the same command has added to the index: it goes back, or away if it is new."""
        self.staged(TREE)

    def stash(self) -> None:
        """`git stash`, putting away or getting back."""
        action = self.words[0] if self.words else "push"
        if action in ("list", "show", "create", "store"):
            return
        if self.is_own_tree or self.is_unanswered:
            return
        if action in ("apply", "pop", "branch", "drop", "clear"):
            self.got_back(action)
            return
        files = self.parsed.words[1:] if action == "push" else []
        if "--" in [v[0] for v in self.given]:
            at = [v[0] for v in self.given].index("--")
            files = self.given[at + 1 :]
        files = [*files, *self.listed()]
        if files:
            self.put_away([v[0] for v in files if len(v) == 1])  # before it counts as written
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
        self.put_away([])

    def got_back(self, action: str) -> None:
        """A stash is brought back or dropped: one of the command's own, or an older one."""
        own = self.memory.stashes
        place = 2 if action == "branch" else 1
        entry = self.words[place] if len(self.words) > place else "stash@{0}"
        entry = f"stash@{{{entry}}}" if entry.isdecimal() else entry
        count = entry[7:-1] if entry.startswith("stash@{") else ""
        number = int(count) if count.isdecimal() else len(own)
        if action == "clear":
            own.clear()
        elif number < len(own):
            names = own[-1 - number] if action == "apply" else own.pop(-1 - number)
            if action != "drop":
                self.changed(names, STASH)
        elif action != "drop":
            if count.isdecimal():
                entry = f"stash@{{{number - len(own)}}}"
            if action == "branch":
                self.go(f"{entry}^1")
            found = self.differing(f"{entry}^1", entry, "--")
            if found is not None and not self.stops(found, f"{entry}^1", "HEAD"):
                self.changed(found, STASH)
                self.ask("ls-tree", "-r", "--name-only", "-z", f"{entry}^3", advice=STASH)

    def put_away(self, files: list[str]) -> None:
        """A stash of these paths is made, unless nothing of them is surely changed."""
        if self.parsed.has("-p", "--patch"):
            return
        specs = self.pathspecs_from_root(files)
        names = self.differing("HEAD", "--", *specs) or []
        if self.parsed.has("-u", "--include-untracked", "-a", "--all"):
            names += self.asked("ls-files", "-o", "-z", "--full-name", "--", *specs) or []
        names += self.told.written_below(self.root, [s for s in specs if s[:2] != ":("])
        if names:
            self.memory.stashes.append(list(dict.fromkeys(names)))

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
        if not self.parsed.has("-X"):
            left = [
                v for n, values in self.parsed.options if n in ("-e", "--exclude") for v in values
            ]
            words += [f"--exclude={pattern}" for pattern in left if is_known(pattern)]
        if not self.parsed.has("-d") and not self.words:
            words += ["--directory"]
        files = [os.path.join(self.cwd, w) for w in self.words] or [self.cwd]
        files = [w.replace("\ue001", "*").replace("\ue002", "?") for w in files]
        try:
            found = gitasks.paths(self.root, self.run.budget, *words, "--", *files)
            # Folders of which git knows nothing stay without -d.
            names = [name for name in found if name[-1:] != "/"]
            # What git was told to know no longer is there still, and new to it.
            gone = self.memory.dropped
            if gone:
                lost = gitasks.paths(self.root, self.run.budget, "ls-files", "-z", "--", *gone)
                near = gitasks.paths(self.root, self.run.budget, "ls-files", "-z", "--", *files)
                names += [name for name in near if name in lost]
        except (Unanswered, OSError):
            self.everything(f"what `{self.how}` removes is only known when it runs")
            return
        state = [n for n in names if n.partition("/")[0] == "_tasks"]
        if state and self.root == self.main:
            self.told.found(Finding("_tasks", self.how, Objection("state", "_tasks"), advice=CLEAN))
        self.changed(names, CLEAN)
