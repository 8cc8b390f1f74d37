"""One git command in one directory: whose work tree is it, and what git says would change."""

from __future__ import annotations

import os

from parallel_agents.core.paths import places
from parallel_agents.guard.edits import Objection
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.runs import Sought
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import NOTHING, Stream
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, globbed, is_known
from parallel_agents.guard.shell.programs import gitasks
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.verdict import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.core.locktable import HeldClaim
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

VALUED = {
    "": "-C -c --git-dir --work-tree --namespace --config-env --exec-path --super-prefix",
    "checkout": "-b -B --orphan --conflict --pathspec-from-file -t",
    "switch": "-c -C --create --force-create --orphan --conflict",
    "restore": "-s --source --conflict --pathspec-from-file",
    "reset": "--pathspec-from-file",
    "stash": "-m --message --pathspec-from-file --output",
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
    "--suffix --to --cc --base --signature --output",
    "bundle": "",
    "clone": "-b --branch --depth -o --origin -c --config --reference -j --separate-git-dir -u "
    "--upload-pack --template",
    "rm": "--pathspec-from-file",
    "submodule": "--reference -b --branch --depth",
    "add": "--pathspec-from-file --chmod",
    "log": "-n --output --format --author --since --until --grep -S -G -L",
    "diff": "--output -S -G -O",
    "show": "--output --format",
    "read-tree": "--prefix --index-output --exclude-per-directory",
    "checkout-index": "--prefix --stage",
    "bisect": "",
    "mailsplit": "-o -d -f",
    "bugreport": "-o --output-directory -s --suffix",
    "diagnose": "-o --output-directory -s --suffix --mode",
    "fast-export": "--export-marks --import-marks --signed-tags --tag-of-filtered-object",
    "interpret-trailers": "--trailer --where --if-exists --if-missing",
    "config": "-f --file --blob --type --default --comment --value --url",
    "fetch": "-o --upload-pack --depth -j --refmap",
    "ls-remote": "--upload-pack --exec --sort -o",
    "push": "-o --push-option --receive-pack --exec --repo",
    "grep": "-e -f -A -B -C -m --max-depth --threads",
    "credential-store": "--file",
    "update-index": "--chmod --index-version",
    "update-ref": "-m",
    "symbolic-ref": "-m",
    "branch": "--sort --points-at --contains --format -u",
    "tag": "-m -F -u --sort --points-at --contains --format",
    "commit-tree": "-p -m -F",
    "init": "-b --initial-branch --template --separate-git-dir --object-format",
    "blame": "-L -S --contents",
    "filter-branch": "--tree-filter --index-filter --msg-filter --env-filter --parent-filter "
    "--commit-filter --tag-name-filter --setup -d --subdirectory-filter --state-branch",
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
        settings: dict[str, str],
    ) -> None:
        self.run = run
        self.memory = run.git
        self.settings = settings
        """By key in lower case: what is set for this very call, or was by the same command."""
        self.certain = run.effects.is_untouched and not run.git.is_moved
        """Whether all is as git finds it now when this command begins."""
        self.refused = False
        """Whether git surely refuses to do anything."""
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
        self.is_made = False
        """Whether the command itself makes this work tree."""
        for tree in self.memory.trees if is_known(cwd) else ():
            inside = f"{os.path.normpath(cwd)}/".startswith(f"{tree}/")
            if inside and len(tree) > len(self.root):
                self.root, self.is_made = tree, True

    # -- whose work tree

    @property
    def is_own_tree(self) -> bool:
        """Whether this is a linked work tree that no other agent has."""
        if self.is_made:
            return True
        if self.root == self.main:
            return False
        run = self.told.scene.runs.of(self.main)
        if run is None:
            return True
        others = self.told.scene.others(run)
        return all(not c.workdir or os.path.realpath(c.workdir) != self.root for c in others)

    def makes(self, folder: Values) -> None:
        """From here on, a work tree or a repository is in this folder."""
        paths = [os.path.normpath(os.path.join(self.cwd, v)) for v in folder if is_known(v)]
        self.memory.trees += [path for path in paths if not os.path.lexists(f"{path}/.git")]

    def changed(self, names: list[str], advice: str, *, made: bool = False) -> None:
        """These paths (relative to the root) would change; `made` counts in an own tree as well."""
        if self.is_own_tree and not made:
            return
        scene = self.told.scene
        run = scene.runs.of(self.main)
        if run is None:
            return
        for name, claim in self.held(names):
            found = Objection("held", name, claim)
            self.told.found(Finding(name, self.how, found, wide=True, advice=advice))

    def held(self, names: list[str]) -> list[tuple[str, HeldClaim]]:
        """Which of these paths (relative to the root) another agent holds: at most nine."""
        scene = self.told.scene
        run = scene.runs.of(self.main)
        claims = [] if run is None else [(c, c.files) for c in scene.others(run)]
        held: list[tuple[str, HeldClaim]] = []
        for name in names if claims else ():
            self.run.budget.step()
            sought = Sought(name)
            held += [(name, claim) for claim, files in claims if sought.is_among(files)]
            if len(held) > 8:
                break
        return held

    def ask(self, *words: str, advice: str = "", made: bool = False, at: str = "") -> bool:
        """Ask git which paths differ, and judge them; False where git does not know."""
        names = self.asked(*words, at=at)
        if names is None:
            return False
        self.changed(names, advice, made=made)
        return True

    def asked(self, *words: str, at: str = "") -> list[str] | None:
        """The paths that git, in `at` or the root, names for any meaning of the commits.

        None where it does not know.
        """
        if not all(MARKS.isdisjoint(w) for w in words):
            self.told.unknown(f"what `{self.how}` changes is only known when it runs")
            return None
        end = words.index("--") if "--" in words else len(words)
        questions: list[list[str]] = [[]]
        for place, word in enumerate(words):
            is_commit = place < end and word[:1] != "-" and place > 0
            meanings = self.memory.meanings(word) if is_commit else [word]
            questions = [[*q, meaning] for q in questions for meaning in meanings][:6]
        found: list[str] | None = None
        for question in questions:
            try:
                names = gitasks.paths(at or self.root, self.run.budget, *question)
            except (Unanswered, OSError):
                continue
            found = [*(found or ()), *names]
        return found

    def differing(self, *words: str, at: str = "") -> list[str] | None:
        """The paths in which commits differ, from each other or from what is there."""
        return self.asked("diff", "--name-only", "-z", "--no-renames", *words, at=at)

    # -- what git itself refuses

    def stops(self, names: list[str], *ours: str, to: str = "") -> bool:
        """Whether git surely refuses to bring these paths from `to`.

        So it does where one of them has changes that are not in the index. Only what another
        agent holds counts, as nothing else in the command can have made it clean; and not what
        differs in `ours`, where more than one side has changed it.
        """
        held = [name for name, _ in self.held(names)] if self.certain else []
        if not held:
            return False
        held = self.unstaged(held)
        for words in ([*ours] if ours else None, ["--cached", to] if to else None):
            if held and words is not None:
                found = self.differing(*words, "--", *held)
                if found is None:
                    return False
                held = [n for n in held if (n in found) == (words[0] == "--cached")]
        self.refused = self.refused or bool(held)
        return bool(held)

    def unstaged(self, names: list[str]) -> list[str]:
        """Which of these paths are there with a content that is not in the index."""
        found = self.differing("--", *names) or []
        return [n for n in names if n in found and os.path.lexists(os.path.join(self.root, n))]

    def setting(self, key: str) -> bool:
        """Whether git is told `key` (lower case) for this call or by the repository."""
        text = self.settings.get(key)
        if text is None:
            try:
                self.run.budget.ask()
                text = gitasks.answer(self.root, "config", "--get", key, fails=True).strip()
            except (Unanswered, OSError):
                return False
        return text.lower() in ("true", "yes", "on", "1", "merges", "interactive")

    def everything(self, why: str) -> None:
        """It cannot be told what changes."""
        self.told.unknown(why)

    # -- by names

    def named(self, words: list[Values], *, kind: str = effects.ENTRY) -> None:
        """Paths that are named: each, and what is below it."""
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
                    self.below(path)
                else:
                    self.file(value, path, kind)

    def file(self, value: str, path: str, kind: str) -> None:
        if self.is_own_tree and self.verb in ("checkout", "restore", "stash", "reset"):
            return
        self.told.write((path,), self.state, self.how, kind=kind)

    def below(self, path: str) -> None:
        if not self.is_own_tree:
            self.told.write((path,), self.state, self.how, kind=effects.TREE)

    def pathspecs_from_root(self, files: list[str]) -> list[str]:
        """Pathspecs that mean the same from anywhere; without one that adds, everything else."""
        added = [w for w in files if self.path(w) is not None]
        found = [os.path.join(self.cwd, self.path(w) or ".").replace(UNKNOWN, "*") for w in added]
        found = [w.replace("\ue001", "*").replace("\ue002", "?") for w in found] or [self.root]
        away = [w for w in files if self.path(w) is None]
        return [*found, *self.excluded([_bare(w) for w in away])]

    def excluded(self, files: list[str]) -> list[str]:
        """Pathspecs that take these paths away, the same from anywhere."""
        found = []
        for word in files:
            path = word[1:] if word[:1] == "/" and not os.path.lexists(word) else word
            at = self.root if path != word else self.cwd
            whole = os.path.normpath(os.path.join(at, self.path(path) or ".").replace(UNKNOWN, "*"))
            found.append(":(exclude)" + whole.replace("\ue001", "*").replace("\ue002", "?"))
        return [spec for spec in found if MARKS.isdisjoint(spec)]

    def staged(self, advice: str) -> None:
        """What the same command has added to the index."""
        for added in self.memory.staged[:6]:
            question = ("diff", "--name-only", "-z", "--no-renames", "HEAD", "--", *added.specs)
            self.ask(*question, advice=advice)
            if added.new:
                new = ("ls-files", "-o", "-z", "--exclude-standard", "--full-name", "--")
                self.ask(*new, *added.specs, advice=advice)

    def listed(self) -> list[Values]:
        """The paths of `--pathspec-from-file`."""
        source = self.parsed.value("--pathspec-from-file")
        if source is None:
            return []
        stream = self.stdin if source == ("-",) else self.run.contents(source, self.state)
        return [(word,) for word in stream.words("\n\0")]

    def pathspecs(self, words: list[Values]) -> list[str] | None:
        """The words as git is to be asked with them; None where one is not known."""
        found = [
            v.replace("\ue001", "*").replace("\ue002", "?") for values in words for v in values
        ]
        return found if all(MARKS.isdisjoint(word) for word in found) else None

    @property
    def is_unanswered(self) -> bool:
        """Whether it asks about each change, and nobody says yes."""
        asked = self.parsed.has("-p", "--patch") and self.stdin is not NOTHING
        texts = (self.stdin.texts or self.stdin.lines) if asked else None
        return texts is not None and all(frozenset("yae\ue000").isdisjoint(t) for t in texts)

    def path(self, value: str) -> str | None:
        """A pathspec as a path; None for one that takes away."""
        if value.startswith((":!", ":^")):
            return None
        if value.startswith(":/"):
            return os.path.join(self.root, value[2:])
        if value.startswith(":(") and ")" in value:
            magic, _, tail = value[2:].partition(")")
            if "exclude" in magic:
                return None
            tail = os.path.join(self.root, tail) if "top" in magic else tail
            if "icase" in magic:
                tail = "".join("\ue002" if c.isalpha() else c for c in tail)
            value = tail if "literal" in magic else globbed(tail)
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


def _bare(word: str) -> str:
    """What a pathspec takes away: from the root where it begins with a slash."""
    if word.startswith(":("):
        magic, _, tail = word[2:].partition(")")
        return "/" + tail if "top" in magic else tail
    tail = word.lstrip(":!^")
    return tail
