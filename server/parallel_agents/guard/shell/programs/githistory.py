"""git commands that bring in other work: merge, pull, rebase, cherry-pick, apply and the like."""

from __future__ import annotations

import os

from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import ONE, UNKNOWN, fits
from parallel_agents.guard.shell.programs import patches
from parallel_agents.guard.shell.programs.gitcommand import (
    NAMES,
    TREE,
)
from parallel_agents.guard.shell.programs.gittree import Restoring

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


class Bringing(Restoring):
    """They change files as commits and patches say."""

    def merge(self) -> None:
        """`git merge`."""
        if self.parsed.has("--abort", "--quit"):
            self.go_back()
            return
        if self.parsed.has("--continue") or not self.words:
            return
        for other in self.words:
            self.differs(other)

    def fetch(self) -> None:
        """`git fetch`: what it brings may be merged by the same command."""
        for name in self.words[1:2]:
            name = name.lstrip("+").partition(":")[0]
            known = name if self.words[0] in (".", "./") else f"{self.words[0]}/{name}"
            self.run.written["git FETCH_HEAD"] = Stream((known,))

    def differs(self, other: str) -> None:
        fetched = self.run.written.get("git FETCH_HEAD")
        if other == "FETCH_HEAD" and fetched is not None and fetched.texts:
            other = fetched.texts[0]
        if not self.is_own_tree and not self.ask(
            "diff", "--name-only", "-z", "--no-renames", f"HEAD...{other}", "--", advice=TREE
        ):
            self.ask("diff", "--name-only", "-z", "--no-renames", "HEAD", other, "--", advice=TREE)

    def go_back(self) -> None:
        """What was begun is given up; nothing happens where nothing was begun."""
        marks = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
        folder = os.path.join(self.root, ".git")
        begun = any(os.path.exists(os.path.join(folder, mark)) for mark in marks)
        if begun and not self.is_own_tree:
            self.ask("diff", "--name-only", "-z", "HEAD", "--", advice=TREE)

    def pull(self) -> None:
        """`git pull`: what is known of the other side."""
        if self.is_own_tree:
            return
        if len(self.words) > 1:
            self.told.unknown("`git pull` brings what is not known yet")
            here = self.words[0] in (".", "./")
            for name in self.words[1:]:
                name = name.lstrip("+").partition(":")[0]
                self.differs(name if here else f"{self.words[0]}/{name}")
            return
        self.told.unknown("`git pull` brings what is not known yet")
        self.differs("@{upstream}")

    def rebase(self) -> None:
        """`git rebase`."""
        code = self.parsed.value("-x", "--exec")
        if code is not None:
            self.run.inner(code[0], self.state)
        if self.parsed.has("--continue", "--skip", "--quit"):
            return
        if self.parsed.has("--abort"):
            self.go_back()
            return
        onto = self.parsed.value("--onto")
        target = onto[0] if onto else (self.words[0] if self.words else "@{upstream}")
        if len(self.words) > 1:
            self.go(self.words[1])
        if not self.is_own_tree:
            self.ask("diff", "--name-only", "-z", "--no-renames", "HEAD", target, "--", advice=TREE)
            # The own commits are taken back and made again.
            self.ask(
                "diff", "--name-only", "-z", "--no-renames", f"{target}...HEAD", "--", advice=TREE
            )

    def picked(self) -> None:
        """`git cherry-pick` and `git revert`: what the commits changed."""
        if self.parsed.has("--abort"):
            self.go_back()
            return
        if self.parsed.has("--continue", "--quit", "--skip"):
            return
        for commit in self.words:
            if ".." in commit:
                self.ask(
                    "diff",
                    "--name-only",
                    "-z",
                    "--no-renames",
                    commit,
                    "--",
                    advice=TREE,
                    made=True,
                )
            else:
                self.ask(
                    "diff",
                    "--name-only",
                    "-z",
                    "--no-renames",
                    f"{commit}^",
                    commit,
                    "--",
                    advice=TREE,
                    made=True,
                )

    def apply(self) -> None:
        """`git apply` and `git am`: the files that the patches name."""
        parsed = self.parsed
        if parsed.has("--check", "--stat", "--numstat", "--summary", "--cached") and not parsed.has(
            "--apply", "--index"
        ):
            return
        if self.verb == "am" and parsed.has(
            "--continue", "--skip", "--abort", "--quit", "-r", "--resolved"
        ):
            if parsed.has("--abort"):
                self.go_back()
            return
        folder = (parsed.value("--directory") or (".",))[0]
        folder = os.path.join(self.root if self.verb == "am" else self.cwd, folder)
        strip = parsed.value("-p")
        depth = int(strip[0]) if strip and strip[0].isdecimal() else 1
        sources = [self.run.contents(v, self.state) for v in parsed.words if v != ("-",)]
        for stream in sources or [self.stdin]:
            patches.apply(self.run, stream, folder, depth, self.state, self.how, kept=self.included)

    def included(self, path: str) -> bool:
        """Whether --include and --exclude leave the path in: the first that fits says."""
        options = [(n, v) for n, v in self.parsed.options if n in ("--include", "--exclude")]
        for name, values in options:
            if any(fits(v.replace("*", UNKNOWN).replace("?", ONE), path) for v in values):
                return name == "--include"
        return not any(name == "--include" for name, _ in options)

    def remove(self) -> None:
        """`git rm`."""
        if self.parsed.has("--cached", "-n", "--dry-run"):
            return
        self.named(self.parsed.words)

    def move(self) -> None:
        """`git mv`."""
        if self.parsed.has("-n", "--dry-run"):
            return
        from parallel_agents.guard.shell.programs import copying

        inner = self.state.copy()
        inner.cwds = (self.cwd,)
        copying.read(self.run, "mv", self.given, inner, UNSEEN)

    def worktree(self) -> None:
        """`git worktree`."""
        if self.words[:1] == ["remove"] and len(self.words) > 1:
            self.told.write(self.parsed.words[1], self.state, self.how, kind=effects.TREE)
        elif self.words[:1] == ["move"] and len(self.words) > 2:
            self.told.write(self.parsed.words[1], self.state, self.how, kind=effects.TREE)
            self.told.write(self.parsed.words[2], self.state, self.how, kind=effects.ENTRY)

    def tree(self) -> None:
        """`git read-tree -u`, `git checkout-index`."""
        if self.verb == "read-tree":
            if self.parsed.has("-u", "--reset") and not self.is_own_tree:
                for other in self.words or ["HEAD"]:
                    self.ask("diff", "--name-only", "-z", "--no-renames", other, "--", advice=TREE)
            return
        if self.parsed.value("--prefix") is not None or self.is_own_tree:
            return
        if self.parsed.has("-a", "--all"):
            self.ask("diff", "--name-only", "-z", "--no-renames", "--", advice=NAMES)
        self.named(self.parsed.words)
