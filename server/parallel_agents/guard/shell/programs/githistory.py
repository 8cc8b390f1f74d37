"""git commands that bring in other work: merge, pull, rebase, cherry-pick, apply and the like."""

from __future__ import annotations

import os

from parallel_agents.core.paths import places
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import ONE, UNKNOWN, fits, is_known, names
from parallel_agents.guard.shell.programs import archives, gitasks, patches
from parallel_agents.guard.shell.programs.gitcommand import (
    NAMES,
    TREE,
)
from parallel_agents.guard.shell.programs.gittree import Restoring

_ASKED = ("-p", "-C", "--directory=", "--include=", "--exclude=", "--whitespace=")
_ASKED_WHOLE = names(
    """
    -R --reverse --unidiff-zero --recount --ignore-whitespace --ignore-space-change
    --inaccurate-eof --no-add -3 --3way --index --cached --binary --unsafe-paths --reject
    """
)
"""Options of `git apply` that it is asked with."""
_MAIL = ("From ", "From:", "Subject:", "Date:", "#", "Message-Id:", "Message-ID:", "X-")


class Bringing(Restoring):
    """They change files as commits and patches say."""

    def merge(self) -> None:
        """`git merge`."""
        parsed = self.parsed
        if parsed.has("--abort", "--quit"):
            self.go_back()
            return
        if parsed.has("--continue") or not self.words or self.is_own_tree:
            return
        self.put_aside("merge")
        for other in self.words:
            self.differs(other, alone=len(self.words) == 1)

    def put_aside(self, what: str) -> bool:
        """Whether changes are put aside meanwhile: then they are lost to who is writing them."""
        if self.parsed.has("--no-autostash"):
            return False
        if self.parsed.has("--autostash") or self.setting(f"{what}.autostash"):
            self.ask("diff", "--name-only", "-z", "--no-renames", "HEAD", "--", advice=TREE)
            return True
        return False

    def fetch(self) -> None:
        """`git fetch`: what it brings may be used by the same command."""
        here = bool(self.words) and self.is_here(self.words[0])
        for name in self.words[1:]:
            source, _, goal = name.lstrip("+").partition(":")
            known = source if here else f"{self.words[0]}/{source}"
            self.memory.names_now("FETCH_HEAD", known)
            if (
                not here and "/" in self.words[0] and "://" not in self.words[0]
            ):  # a copy, or a bundle
                self.memory.names_now("FETCH_HEAD", source)
            if goal:
                self.named_now(goal, known)

    def is_here(self, remote: str) -> bool:
        """Whether a remote is this very repository."""
        remote = self.memory.remotes.get(remote, remote).removeprefix("file://")
        if not is_known(remote) or "://" in remote:
            return False
        path = os.path.join(self.cwd, remote)
        return os.path.isdir(path) and places(os.path.join(path, "x"), "/")[0].main == self.main

    def named_now(self, name: str, commit: str) -> None:
        """A branch or a tag gets another meaning, and HEAD with it where it is at that branch."""
        self.memory.names_now(name, commit)
        try:
            self.run.budget.ask()
            branch = gitasks.answer(self.root, "symbolic-ref", "-q", "HEAD", fails=True).strip()
        except (Unanswered, OSError):
            return
        if branch in (name, f"refs/heads/{name}"):
            self.memory.names_now("HEAD", commit)

    def naming(self) -> None:
        """`git branch`, `git tag`, `git update-ref`, `git symbolic-ref`: what names mean."""
        if self.parsed.has("-d", "-D", "--delete", "-l", "--list", "-m", "-M") or not self.words:
            return
        if self.verb == "symbolic-ref":
            if len(self.words) > 1:
                self.memory.names_now("HEAD", self.words[1])
        else:
            self.named_now(self.words[0], self.words[1] if len(self.words) > 1 else "HEAD")

    def differs(self, other: str, *, alone: bool = False) -> None:
        """What merging `other` changes; `alone` where it is the only one."""
        parsed = self.parsed
        strategy = parsed.value("-s", "--strategy")
        if strategy == ("ours",):
            return
        plain = strategy in (None, ("ort",), ("recursive",), ("resolve",))
        alone = alone and plain and not parsed.has("--autostash")
        if alone and self.certain and parsed.has("--ff-only"):
            try:
                self.run.budget.ask()
                if gitasks.answer(self.root, "rev-list", "-n1", f"{other}..HEAD"):
                    self.refused = True
                    return
            except (Unanswered, OSError):
                pass
        names = self.differing(f"HEAD...{other}", "--")
        if names is None:
            names = self.differing("HEAD", other, "--")
        elif alone and self.stops(names, f"{other}...HEAD", to=other):
            return
        if names is None and not self.certain:
            self.told.unknown(f"what `{self.how}` brings is only known when it runs")
        self.changed(names or [], TREE)

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
        here = bool(self.words) and self.is_here(self.words[0])
        if not here:
            self.told.unknown("`git pull` brings what is not known yet")
        rebased = any(f.startswith("--rebase") for f in self.parsed.flags - {"--rebase=false"})
        if rebased or self.parsed.has("-r"):
            if not self.put_aside("rebase") and self.is_unclean():
                return
        else:
            self.put_aside("merge")
        names = [name.lstrip("+").partition(":")[0] for name in self.words[1:]]
        others = [name if here else f"{self.words[0]}/{name}" for name in names]
        for other in others or ["@{upstream}"]:
            self.differs(other, alone=len(others) < 2 and not rebased)

    def is_unclean(self) -> bool:
        """Whether git surely refuses because the tree has changes, and another agent's."""
        if self.certain and self.held(self.differing("HEAD", "--") or []):
            self.refused = True
        return self.refused

    def rebase(self) -> None:
        """`git rebase`."""
        if self.parsed.has("--continue", "--skip", "--quit"):
            return
        if self.parsed.has("--abort"):
            self.go_back()
            return
        if not self.is_own_tree and not self.put_aside("rebase") and self.is_unclean():
            return
        for option, code in self.parsed.options:
            if option in ("-x", "--exec"):
                self.run.inner(code[0], self.state)
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
        parsed = self.parsed
        if parsed.has("--abort"):
            self.go_back()
            return
        if parsed.has("--continue", "--quit", "--skip"):
            return
        commits = list(self.words)
        if parsed.has("--stdin"):
            commits += self.stdin.words()
        if parsed.value("--strategy", "-s") == ("ours",):
            return
        for commit in commits:
            if ".." in commit:
                names = self.differing(commit, "--")
            else:
                names = self.differing(f"{commit}^", commit, "--")
                if names is None:  # it has no parent
                    names = self.asked("ls-tree", "-r", "--name-only", "-z", commit)
                now = f"{commit}^" if self.verb == "cherry-pick" else commit
                if names and len(commits) == 1 and self.stops(names, now, "HEAD"):
                    return
            self.changed(names or [], TREE, made=True)

    def apply(self) -> None:
        """`git apply` and `git am`: the files that the patches name."""
        parsed = self.parsed
        if parsed.has("--check", "--stat", "--numstat", "--summary") and not parsed.has("--apply"):
            return
        if self.verb == "am" and parsed.has(
            "--continue", "--skip", "--abort", "--quit", "-r", "--resolved"
        ):
            if parsed.has("--abort"):
                self.go_back()
            return
        ancestor = parsed.value("--build-fake-ancestor")
        if ancestor is not None:
            self.told.write(ancestor, self.state, self.how)
        sources = [self.run.contents(v, self.state) for v in parsed.words if v != ("-",)]
        done: set[str] = set()
        for stream in sources or [self.stdin]:
            texts = stream.texts
            if texts is None or texts == ANY:
                archives.unknown(self.run, self.cwd, self.state, self.how)
                continue
            for text in texts:
                self.patched(text, done)

    def patched(self, text: str, done: set[str]) -> None:
        """One patch is applied: git says which files it names, and whether it would refuse."""
        if self.verb == "am" and not text.lstrip().startswith(_MAIL):
            return
        at = self.root if self.verb == "am" else self.cwd
        names: list[str] | None = None
        options = [v[0] for v in self.given if v[0][:1] == "-" and v[0] != "-"]
        values = [f"{n}={v[0]}" for n, v in self.parsed.options if n[:2] == "--"]
        values += [n + v[0] for n, v in self.parsed.options if n[:2] != "--"]
        options = [
            option
            for option in dict.fromkeys((*options, *values))
            if option in _ASKED_WHOLE or (option.startswith(_ASKED) and len(option) > 2)
        ]
        if all(map(is_known, (text, *options))):
            try:
                told = gitasks.patched(at, self.run.budget, text, "--numstat", "-z", *options)
                found = [line.split("\t")[-1] for line in told.split("\0")]
                found += patches.moved(text)
                names = [name for name in dict.fromkeys(found) if name]
            except (Unanswered, OSError):
                names = None
        if names is None:
            self.by_headers(text)
            return
        alone = self.certain and done.isdisjoint(names) and text.count("\nFrom ") == 0
        if alone and not self.parsed.has("--reject", "-3", "--3way"):
            index = ("--index",) if self.verb == "am" else ()
            try:
                gitasks.patched(at, self.run.budget, text, "--check", *index, *options)
            except Unanswered as failure:
                if failure.status in (1, 128):
                    self.refused = True
                    return
            except OSError:
                pass
        done |= set(names)
        if self.parsed.has("--cached"):
            self.memory.touched += names
            return
        for name in names:
            path = os.path.join(self.root, name)
            self.told.write((path,), self.state, self.how, kind=effects.ENTRY)

    def by_headers(self, text: str) -> None:
        """The files that the headers of a patch name."""
        parsed = self.parsed
        folder = (parsed.value("--directory") or (".",))[0]
        folder = os.path.join(self.root, folder)
        strip = parsed.value("-p")
        depth = int(strip[0]) if strip and strip[0].isdecimal() else 1
        stream = Stream((text,))
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
        parsed = self.parsed
        if parsed.has("-n", "--dry-run"):
            return
        words = [*parsed.words, *self.listed()]
        specs = self.pathspecs(words)
        if parsed.has("--cached"):
            self.memory.dropped += [os.path.join(self.cwd, spec) for spec in specs or ()]
            return
        if self.certain and specs and not parsed.has("-f", "--force"):
            folders = [s for s in specs if os.path.isdir(os.path.join(self.cwd, s))]
            names = self.differing("--", *specs, at=self.cwd) or []
            if self.stops(names) or (folders and not parsed.has("-r")):
                self.refused = True
                return
        self.named(words)

    def move(self) -> None:
        """`git mv`."""
        if self.parsed.has("-n", "--dry-run"):
            return
        from parallel_agents.guard.shell.programs import copying

        words = self.parsed.words
        if self.certain and len(words) == 2 and not self.parsed.has("-f", "--force", "-k"):
            goal = os.path.join(self.cwd, words[1][0])
            if is_known(goal) and os.path.lexists(goal) and not os.path.isdir(goal):
                self.refused = True
                return
        inner = self.state.copy()
        inner.cwds = (self.cwd,)
        copying.read(self.run, "mv", self.given, inner, UNSEEN)

    def worktree(self) -> None:
        """`git worktree`."""
        words = self.parsed.words
        if self.words[:1] == ["add"] and len(words) > 1:
            self.told.write(tuple(f"{v}/HEAD" for v in words[1]), self.state, self.how)
            self.makes(words[1])
            name = self.parsed.value("-b", "-B")
            if name is not None:
                self.memory.names_now(name[0], self.words[2] if len(words) > 2 else "HEAD")
        elif self.words[:1] == ["remove"] and len(words) > 1:
            if self.certain and not os.path.lexists(os.path.join(self.cwd, words[1][0], ".git")):
                self.refused = True
                return
            self.told.write(words[1], self.state, self.how, kind=effects.TREE)
        elif self.words[:1] == ["move"] and len(words) > 2:
            self.told.write(words[1], self.state, self.how, kind=effects.TREE)
            self.told.write(tuple(f"{v}/HEAD" for v in words[2]), self.state, self.how)

    def read_tree(self) -> None:
        """`git read-tree`: the index gets other content, and with `-u` the work tree."""
        parsed = self.parsed
        output = parsed.value("--index-output")
        if output is not None:
            self.told.write(output, self.state, self.how)
        if parsed.has("-n", "--dry-run") or self.is_own_tree:
            return
        below = parsed.value("--prefix")
        if not parsed.has("-u", "--reset"):
            self.memory.indexed += [w for w in self.words if is_known(w)]
            return
        for other in self.words or ["HEAD"]:
            if below is not None:
                names = self.asked("ls-tree", "-r", "--name-only", "-z", other) or []
                self.changed([os.path.join(below[0], name) for name in names], TREE)
            else:
                self.ask("diff", "--name-only", "-z", "--no-renames", other, "--", advice=TREE)

    def checkout_index(self) -> None:
        """`git checkout-index`."""
        parsed = self.parsed
        if parsed.has("--temp"):
            return
        words = [*parsed.words]
        if parsed.has("--stdin"):
            words += [(word,) for word in self.stdin.words("\n\0")]
        prefix = parsed.value("--prefix")
        if prefix is not None:
            if parsed.has("-a", "--all"):
                words = [(UNKNOWN,)]
            for values in words:
                for value in values:
                    self.told.write(
                        (os.path.join(self.root, prefix[0] + value),), self.state, self.how
                    )
            return
        if self.is_own_tree:
            return
        force = parsed.has("-f", "--force")
        if parsed.has("-a", "--all"):
            for tree in [None, *self.memory.indexed] if force else ():
                given = (tree,) if tree else ()
                self.ask("diff", "--name-only", "-z", "--no-renames", *given, "--", advice=NAMES)
            if force:
                self.changed(self.memory.touched, NAMES)
            else:
                self.ask("ls-files", "-d", "-z", advice=NAMES)
        self.named(words, kind=effects.ENTRY if force else effects.TOUCH)
