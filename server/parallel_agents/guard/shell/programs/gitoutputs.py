"""git commands that make files elsewhere, or start what else writes: patches, bundles, clones."""

from __future__ import annotations

import os

from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import is_known
from parallel_agents.guard.shell.programs import archives, gitasks
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.gitcommand import TREE
from parallel_agents.guard.shell.programs.githistory import Bringing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values


class Outputs(Bringing):
    """They write what they are told to write into."""

    def outputs(self) -> None:
        """Options that name a file to be written, whatever the verb."""
        if self.verb not in ("format-patch", "mailsplit", "bugreport", "diagnose"):
            output = self.parsed.value("--output")
            if self.verb == "archive":
                output = output or self.parsed.value("-o")
            if output is not None:
                self.told.write(output, self.state, self.how)
        for name, values in self.parsed.options:
            if name.startswith(("--export", "--report", "--log-file")):
                self.told.write(values, self.state, self.how)

    def format_patch(self) -> None:
        """`git format-patch`, which makes files."""
        parsed = self.parsed
        output = parsed.value("--output")
        folder = parsed.value("-o", "--output-directory")
        if folder is None:
            folder = (self.settings.get("format.outputdirectory") or ".",)
        if output is not None:
            self.told.write(output, self.state, self.how)
        elif not parsed.has("--stdout"):
            self.made(folder, "0001-new.patch", "0\ue001.patch")

    def made(self, folder: Values, *names: str) -> None:
        """Files like these are made in the folder; of which something is held may get one."""
        for name in names:
            self.told.write(tuple(f"{v}/{name}" for v in folder), self.state, self.how)

    def mailsplit(self) -> None:
        """`git mailsplit -oFOLDER`."""
        folder = self.parsed.value("-o")
        if folder is not None:
            self.made(folder, "0001")

    def report(self) -> None:
        """`git bugreport`, `git diagnose`."""
        self.made(self.parsed.value("-o", "--output-directory") or (".",), f"git-{self.verb}.txt")

    def bundle(self) -> None:
        """`git bundle create FILE`."""
        if self.words[:1] == ["create"] and len(self.words) > 1:
            self.told.write(self.parsed.words[1], self.state, self.how)

    def merge_file(self) -> None:
        """`git merge-file A BASE B`, which writes A."""
        if self.parsed.words and not self.parsed.has("-p", "--stdout", "--object-id"):
            self.told.write(self.parsed.words[0], self.state, self.how)

    def trailers(self) -> None:
        """`git interpret-trailers --in-place FILE`."""
        if self.parsed.has("--in-place"):
            for values in self.parsed.words:
                self.told.write(values, self.state, self.how)

    def credentials(self) -> None:
        """`git credential-store --file=FILE store`."""
        file = self.parsed.value("--file")
        if file is not None and self.parsed.has("store", "erase"):
            self.told.write(file, self.state, self.how)

    def clone(self) -> None:
        """`git clone URL DIR`, `git init DIR`: a new folder."""
        words = self.parsed.words
        apart = self.parsed.value("--separate-git-dir")
        if apart is not None:
            self.made(apart, "HEAD")
        if self.verb != "clone":
            folder = words[0] if words else self.state.variables.get("GIT_DIR")
            if folder and any(folder):
                self.made(folder, "HEAD")
                self.makes(folder)
            return
        if len(words) > 1:
            self.made(words[1], "HEAD")
            self.makes(words[1])
        elif words and is_known(words[0][0]):
            source = words[0][0].rstrip("/")
            if os.path.isdir(os.path.join(self.cwd, source)):
                source = os.path.realpath(os.path.join(self.cwd, source))
            name = source.replace(":", "/").rpartition("/")[2]
            name = name[:-4] if name.endswith(".git") else name
            self.made((name,), "HEAD")
            self.makes((name,))

    def update_index(self) -> None:
        """`git update-index`: the index gets what the command brings."""
        parsed = self.parsed
        names = [w.rpartition(",")[2] for w in (*self.words, *parsed.flags) if w.count(",") > 1]
        if parsed.has("--cacheinfo"):
            names += self.words[-1:]
        prefix = os.path.relpath(self.cwd, self.root)
        self.memory.touched += [os.path.normpath(os.path.join(prefix, n)) for n in names if n]
        if parsed.has("--force-remove", "--remove"):
            self.memory.dropped += [os.path.join(self.cwd, w) for w in self.words if is_known(w)]

    def bisect(self) -> None:
        """`git bisect`, which moves between commits."""
        words = self.words
        if words[:1] in (["log"], ["view"], ["visualize"], ["terms"], ["help"]) or self.is_own_tree:
            return
        begun = os.path.exists(os.path.join(self.main, ".git", "BISECT_LOG"))
        if words[:1] != ["start"] and not begun and self.certain:
            return
        if words[:1] == ["run"]:
            from parallel_agents.guard.shell.programs import invocation

            at = [v[0] for v in self.given].index("run") + 1
            inner = self.state.copy()
            inner.cwds = (self.root,)
            invocation.run(self.run, self.given[at:], inner, UNSEEN)
        if words[:1] == ["start"] and self.parsed.has("--no-checkout"):
            self.memory.settings["bisect.nocheckout"] = "true"
        if words[:1] == ["start"] and len(words) > 2:
            self.steps(words[1], words[2:])
        self.told.unknown("`git bisect` moves between commits")

    def steps(self, bad: str, good: list[str]) -> None:
        """What the first step changes: it goes to a commit between the good ones and the bad."""
        if "bisect.nocheckout" in self.memory.settings:
            return
        known = [w for w in good if is_known(w)]
        try:
            self.run.budget.ask()
            asked = ("rev-list", "--bisect", bad, "--not", *known)
            middle = gitasks.answer(self.root, *asked).strip()
        except (Unanswered, OSError):
            middle = known[0] if known else bad
        self.go(middle)

    def remote(self) -> None:
        """`git remote add NAME URL`: remembered, because it may be fetched from."""
        if self.words[:1] == ["add"] and len(self.words) > 2:
            self.memory.remotes[self.words[1]] = self.words[2]

    def archive(self) -> None:
        """`git archive`: remembered, because it may be taken apart again."""
        words = self.words
        tree = words[0] if words else "HEAD"
        names: list[str] | None = None
        added = any(flag.startswith("--add-") for flag in self.parsed.flags)
        if not added and all(map(is_known, words)) and self.parsed.value("--remote") is None:
            ask = ("ls-tree", "-r", "--name-only", "-z", tree, "--", *words[1:])
            names = self.asked(*ask, at=self.cwd)
        prefix = (self.parsed.value("--prefix") or ("",))[0]
        found = None if names is None else [prefix + name for name in names]
        output = self.parsed.value("-o", "--output")
        if output is None:
            self.run.packed["-"] = found
            self.memory.archive = Stream(ANY)
        else:
            for path in self.run.absolute(output[0], self.state):
                self.run.packed[path] = found

    def submodule(self) -> None:
        """`git submodule`."""
        action = self.words[0] if self.words else "status"
        has_some = os.path.exists(os.path.join(self.root, ".gitmodules"))
        if action == "foreach":
            if len(self.words) > 1 and (has_some or not self.certain):
                self.run.inner(" ".join(self.words[1:]), self.state)
        elif action == "add":
            words = self.parsed.words[1:]
            if words:
                name = (words[0][0].rstrip("/").rpartition("/")[2].removesuffix(".git"),)
                self.made(words[1] if len(words) > 1 else name, "HEAD")
            self.told.unknown("`git submodule` brings another repository")
        elif action not in ("status", "summary"):
            self.told.unknown("`git submodule` changes other repositories")
            for values in self.parsed.words[1:]:
                self.told.mention(values, self.state, self.how)

    def configure(self) -> None:
        """`git config KEY VALUE`: remembered, because git may be called right after."""
        parsed = self.parsed
        words = [w for w in self.words if w not in ("set", "add")]
        setting = len(words) > 1 and words[0] not in ("get", "list", "unset", "get-all")
        if setting:
            self.memory.settings[words[0].lower()] = words[1]
        removing = parsed.has("--unset", "--unset-all", "--remove-section", "--rename-section")
        if not setting and not removing and not parsed.has("-e", "--edit"):
            return
        file = parsed.value("-f", "--file") or self.state.variables.get("GIT_CONFIG")
        if parsed.has("--global"):
            homes = self.state.variables.get("HOME", ())
            file = self.state.variables.get("GIT_CONFIG_GLOBAL") or tuple(
                f"{home}/.gitconfig" for home in homes
            )
        if file:
            self.told.write(file, self.state, self.how)

    def difftool(self) -> None:
        """`git difftool`, which starts a program on two files: the second may be the one here."""
        wide = Given(self.given, frozenset(("-x", "--extcmd", "-t", "--tool")))
        code = wide.value("-x", "--extcmd")
        if code is None:
            self.told.unknown("`git difftool` runs code that is not seen")
            return
        words = [w for v in wide.words for w in v]
        files: list[str] = []
        if not wide.has("--cached", "--staged", "-d", "--dir-diff"):
            files = self.differing(*words, at=self.cwd) or []
        inner = self.state.copy()
        inner.cwds = (self.root,)
        for name in files[:8] or ["/tmp/new"]:
            quoted = "'" + name.replace("'", "'\\''") + "'"
            self.run.inner(f"{code[0]} /tmp/old {quoted}", inner)
        self.told.unknown("`git difftool` runs code that is not seen")

    def sparse(self) -> None:
        """`git sparse-checkout`: files come and go."""
        action = self.words[0] if self.words else "list"
        if action in ("list", "check-rules") or self.is_own_tree:
            return
        if action in ("disable", "reapply", "add") and not self.setting("core.sparsecheckout"):
            return
        names = self.asked("ls-files", "-z")
        kept = [w.strip("/") for w in self.words[1:]]
        plain = action in ("set", "init") and not self.parsed.has("--no-cone", "--stdin")
        if not plain or names is None or not all(map(is_known, kept)):
            archives.unknown(self.run, self.root, self.state, self.how)
            return
        # In cone mode stays what is below the named folders, and beside those on the way.
        beside = {"", *(os.path.dirname(k) for k in kept)}
        while any(os.path.dirname(b) not in beside for b in beside):
            beside |= {os.path.dirname(b) for b in beside}
        self.changed(
            [
                name
                for name in names
                if os.path.dirname(name) not in beside
                and not any(name.startswith(f"{k}/") for k in kept)
            ],
            TREE,
        )

    def filter_branch(self) -> None:
        """History is written anew, and the work tree with it."""
        if not self.is_own_tree and self.is_unclean():
            return
        self.told.unknown(f"`{self.how}` rewrites history")
        for name, values in self.parsed.options:
            if name.endswith(("-filter", "--setup")):
                self.run.inner(values[0], self.state)
