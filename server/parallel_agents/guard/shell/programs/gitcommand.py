"""One git command in one directory: whose work tree is it, and what git says would change."""

from __future__ import annotations

import os

from parallel_agents.core.paths import places
from parallel_agents.guard.edits import Objection, is_free
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.runs import Sought
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import Stream
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, is_known
from parallel_agents.guard.shell.programs import gitasks
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.verdict import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

VALUED = {
    "": "-C -c --git-dir --work-tree --namespace --config-env --exec-path --super-prefix",
    "checkout": "-b -B --orphan --conflict --pathspec-from-file -t",
    "switch": "-c -C --create --force-create --orphan --conflict",
    "restore": "-s --source --conflict --pathspec-from-file",
    "reset": "--pathspec-from-file",
    "stash": "-m --message --pathspec-from-file",
    "commit": "-m --message -F --file -C -c --reuse-message --author --date -t --template --fixup "
    "--squash --trailer --cleanup --pathspec-from-file",
    "merge": "-m -s -X --strategy --strategy-option -F --file --into-name",
    "pull": "-s -X --strategy --strategy-option -j --depth",
    "rebase": "--onto -s -X -x --exec --strategy --strategy-option",
    "cherry-pick": "-m --mainline -s -X --strategy --strategy-option",
    "revert": "-m --mainline -s -X --strategy --strategy-option",
    "clean": "-e --exclude",
    "apply": "-p -C --directory --exclude --include --whitespace --build-fake-ancestor",
    "am": "-p -C --directory --exclude --include --whitespace --patch-format",
    "worktree": "-b -B --reason --expire",
    "archive": "-o --output --format --prefix --remote",
    "merge-file": "-L --marker-size",
    "format-patch": "-o --output-directory --start-number -v --reroll-count --subject-prefix "
    "--suffix --to --cc --base --signature",
    "bundle": "",
    "clone": "-b --branch --depth -o --origin -c --config --reference -j --separate-git-dir",
    "rm": "--pathspec-from-file",
    "submodule": "--reference -b --branch --depth",
    "add": "--pathspec-from-file --chmod",
    "log": "-n --output --format --author --since --until --grep -S -G -L",
    "diff": "--output -S -G",
    "show": "--output --format",
    "read-tree": "--prefix --index-output --exclude-per-directory",
    "checkout-index": "--prefix --stage",
    "bisect": "",
}
"""Options with a value, by verb; of git itself under no name."""

NAMES = "name only files of your own claim"
TREE = (
    "leave this work tree as it is: `git show REF:PATH` and `git diff` read other commits without "
    "touching files, and `git worktree add` makes a tree of your own to look at"
)
STASH = "stash nothing of others: `git stash push -- FILES` with files of your own claim only"
CLEAN = "remove your own files by name (`rm FILES`), not with git clean"
COMMIT = "name your own files: `git add FILES`, `git commit FILES`"
"""What to do instead."""


class GitCommand:
    """One git command in one directory."""

    def __init__(
        self,
        run: Interpreter,
        verb: str,
        parsed: Given,
        given: list[Values],
        state: State,
        cwd: str,
        stdin: Stream,
    ) -> None:
        self.run = run
        self.verb = verb
        self.how = f"git {verb}"
        self.parsed = parsed
        self.given = given
        self.state = state
        self.cwd = cwd
        self.stdin = stdin
        self.told = run.effects
        self.words = [v[0] for v in parsed.words]
        found = places(os.path.join(cwd, "x"), "/") if is_known(cwd) else ()
        self.root = found[0].root if found else ""
        self.main = found[0].main if found else ""

    # -- whose work tree

    @property
    def is_own_tree(self) -> bool:
        """Whether this is a linked work tree that no other agent has."""
        if self.root == self.main:
            return False
        run = self.told.scene.runs.of(self.main)
        if run is None:
            return True
        others = self.told.scene.others(run)
        return all(not c.workdir or os.path.realpath(c.workdir) != self.root for c in others)

    def changed(self, names: list[str], advice: str, *, made: bool = False) -> None:
        """These paths (relative to the root) would change; `made` counts in an own tree as well."""
        if self.is_own_tree and not made:
            return
        scene = self.told.scene
        run = scene.runs.of(self.main)
        if run is None:
            return
        held: dict[str, Finding] = {}
        claims = [(c, c.files) for c in scene.others(run)]
        for name in names:
            self.run.budget.step()
            sought = Sought(name)
            for claim, files in claims:
                if sought.is_among(files):
                    found = Objection("held", name, claim)
                    held[name] = Finding(name, self.how, found, wide=True, advice=advice)
            if not held and is_free(run, scene.event):
                continue
            if len(held) > 8:
                break
        for finding in held.values():
            self.told.found(finding)

    def ask(self, *words: str, advice: str = "", made: bool = False) -> bool:
        """Ask git which paths differ, and judge them; False where git does not know."""
        if not all(MARKS.isdisjoint(w) for w in words):
            self.told.unknown(f"what `{self.how}` changes is only known when it runs")
            return False
        try:
            names = gitasks.paths(self.root, self.run.budget, *words)
        except (Unanswered, OSError):
            return False
        self.changed(names, advice, made=made)
        return True

    def everything(self, why: str) -> None:
        """It cannot be told what changes."""
        self.told.unknown(why)

    # -- by names

    def named(self, words: list[Values], *, kind: str = effects.ENTRY, dirty: bool = False) -> None:
        """Paths that are named: each, and what is below it; `dirty`: only what has changes."""
        for values in words:
            for value in values:
                meant = self.path(value)
                if meant is None:
                    continue
                value = meant
                if not MARKS.isdisjoint(value):
                    self.told.write((value,), self.state, self.how, kind=kind)
                    continue
                path = os.path.join(self.cwd, value)
                if os.path.isdir(path):
                    self.below(path, dirty=dirty)
                else:
                    self.file(value, path, kind)

    def file(self, value: str, path: str, kind: str) -> None:
        if self.is_own_tree and self.verb in ("checkout", "restore", "stash", "reset"):
            return
        self.told.write((path,), self.state, self.how, kind=kind)

    def below(self, path: str, *, dirty: bool) -> None:
        if not dirty:
            if not self.is_own_tree:
                self.told.write((path,), self.state, self.how, kind=effects.TREE)
            return
        source = self.parsed.value("-s", "--source")
        against = source[0] if source else "HEAD"
        if self.verb == "checkout" and self.words and self.words[0] != "--":
            first = self.words[0]
            if not os.path.exists(os.path.join(self.cwd, first)):
                against = first
        self.ask("diff", "--name-only", "-z", "--no-renames", against, "--", path, advice=NAMES)

    def path(self, value: str) -> str | None:
        """A pathspec as a path; None for one that takes away."""
        if value.startswith((":!", ":^", ":(exclude)")):
            return None
        if value.startswith(":/"):
            return os.path.join(self.root, value[2:])
        if value.startswith(":(") and ")" in value:
            tail = value.partition(")")[2]
            return os.path.join(self.root, tail) if "top" in value.partition(")")[0] else tail
        if "*" in value:
            return value.replace("*", UNKNOWN)  # git's own wildcards go over slashes
        return value or None

    def is_commit(self, word: str) -> bool:
        if not is_known(word) or word.startswith("-"):
            return False
        if os.path.lexists(os.path.join(self.cwd, word)) and "~" not in word and "^" not in word:
            try:
                self.run.budget.ask()
                gitasks.answer(self.root, "rev-parse", "-q", "--verify", f"refs/heads/{word}")
            except (Unanswered, OSError):
                return False
        return True
