"""git: which files of the work tree would a command change? Where names do not tell, it is asked.

In a linked work tree of its own an agent may move between commits as it likes: nobody else's
files are there. In the main work tree, and in another agent's, what changes is looked at.
"""

from __future__ import annotations

import os

from parallel_agents.core.paths import places
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Later, Stream
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, is_known, names
from parallel_agents.guard.shell.programs import archives, gitasks, githooks
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.gitcommand import (
    COMMIT,
    TREE,
    VALUED,
)
from parallel_agents.guard.shell.programs.githistory import Bringing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

READING = names(
    """
    status diff log show blame grep ls-files ls-tree ls-remote rev-parse rev-list describe
    shortlog cat-file for-each-ref show-ref merge-base name-rev reflog remote tag branch
    config help version var check-ignore check-attr count-objects diff-tree diff-index
    diff-files fsck verify-commit verify-tag whatchanged cherry range-diff symbolic-ref
    hash-object notes bisect-view annotate archive-list merge-tree stripspace column
    interpret-trailers get-tar-commit-id archive request-pull fetch push gc prune pack-refs repack
    maintenance commit-tree write-tree mktree update-ref update-index commit-graph
    multi-pack-index rerere credential fmt-merge-msg instaweb send-email bugreport diagnose
    show-branch show-index unpack-file verify-pack shell daemon upload-pack receive-pack
    lfs-ls bundle replace fast-export mailsplit patch-id commit add stage init clone
    """
)
"""They change no file of the work tree, as they are usually called."""


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Tell the effects what `git given` changes; what it prints."""
    if any(UNKNOWN in v for v in given[0][:1]) if given else True:
        if given:
            run.effects.unknown("which git command runs is only known when it runs")
            return UNSEEN
        return UNSEEN
    top, rest = _head(given)
    inner = state.copy()
    for folder in (v for n, v in top.options if n == "-C"):
        inner.cwds = tuple(p for v in folder for p in run.absolute(v, inner))
    tree = top.value("--work-tree")
    if tree is not None:
        inner.cwds = tuple(p for v in tree for p in run.absolute(v, inner))
    if not rest:
        return UNSEEN
    verb = rest[0][0]
    settings = [v[0] for n, v in top.options if n == "-c"]
    _helpers(run, settings, inner)
    if _alias(run, verb, rest[1:], settings, inner, stdin):
        return UNSEEN
    parsed = Given(rest[1:], frozenset(VALUED.get(verb, "").split()))
    for cwd in inner.cwds:
        _Git(run, verb, parsed, rest[1:], inner, cwd, stdin).judge()
    return _printed(run, verb, parsed, rest[1:], inner)


def _helpers(run: Interpreter, settings: list[str], state: State) -> None:
    """Programs that this very call makes git start: editors, pagers, differs."""
    given = dict(setting.partition("=")[::2] for setting in settings)
    found = [given[key] for key in _PROGRAMS_BY_SETTING if key in given]
    for key in _PROGRAMS_BY_VARIABLE:
        found += state.variables.get(key, ())
    for code in found:
        if is_known(code) and code.strip() and code not in ("cat", "true", ":", "less"):
            run.inner(code, state)


_PROGRAMS_BY_SETTING = names(
    """
    core.editor core.pager sequence.editor core.sshCommand diff.external core.fsmonitor
    core.askPass gpg.program credential.helper
    """
)
_PROGRAMS_BY_VARIABLE = names(
    """
    GIT_EDITOR GIT_SEQUENCE_EDITOR EDITOR VISUAL GIT_PAGER PAGER GIT_SSH_COMMAND GIT_EXTERNAL_DIFF
    """
)


def _head(given: list[Values]) -> tuple[Given, list[Values]]:
    rest = list(given)
    head: list[Values] = []
    valued = VALUED[""].split()
    while rest and rest[0][0][:1] == "-":
        word = rest.pop(0)
        head.append(word)
        if word[0] in valued and rest:
            head.append(rest.pop(0))
    return Given(head, frozenset(valued)), rest


def _alias(
    run: Interpreter,
    verb: str,
    rest: list[Values],
    settings: list[str],
    state: State,
    stdin: Stream,
) -> bool:
    """Whether `verb` is an alias: then what it stands for is followed."""
    text = next((s.partition("=")[2] for s in settings if s.startswith(f"alias.{verb}=")), "")
    if not text and verb not in READING and verb not in VALUED and verb not in _METHODS:
        for key, value in run.written.items():
            if key == f"git alias {verb}" and value.texts:
                text = value.texts[0]
        if not text and all(is_known(cwd) for cwd in state.cwds) and verb.isidentifier():
            try:
                run.budget.ask()
                text = gitasks.answer(state.cwds[0], "config", "--get", f"alias.{verb}").strip()
            except (Unanswered, OSError):
                text = ""
    if not text or run.budget.depth > 16:
        return False
    extra = " ".join("'" + v[0].replace("'", "'\\''") + "'" for v in rest)
    code = text[1:] if text[:1] == "!" else f"git {text}"
    run.inner(f"{code} {extra}", state, stdin)
    return True


_ASKED = names(
    """
    --name-only -z --cached --staged -l -i -w -n -r -m -o -d -c -e -E -F -- --others --modified
    --deleted --exclude-standard --full-name --no-renames --files-with-matches -p -U0 --binary
    --oneline --format= --pretty=format: --ignore-case --fixed-strings --error-unmatch -1 -t
    --porcelain --short -s -uno -uall -u --untracked-files=no --name-status --numstat --stat HEAD
    """
)
"""Options that git is asked with as they are given; others may write files or run programs."""


def _printed(
    run: Interpreter, verb: str, parsed: Given, given: list[Values], state: State
) -> Stream:
    words = [v[0] for v in parsed.words]
    cwd = state.cwds[0]
    if not is_known(cwd):
        return UNSEEN
    if verb == "rev-parse" and parsed.has(
        "--show-toplevel", "--show-cdup", "--git-common-dir", "--git-dir"
    ):
        found = places(os.path.join(cwd, "x"), "/")
        if found:
            root = found[0].root
            if parsed.has("--git-common-dir", "--git-dir"):
                root = os.path.join(found[0].main, ".git")
            elif parsed.has("--show-cdup"):
                root = os.path.relpath(root, cwd) + "/"
            return Stream((root + "\n",))
    naming = {
        "grep": ("-l", "--files-with-matches", "--name-only"),
        "ls-tree": ("--name-only",),
        "log": ("--name-only",),
        "status": ("--porcelain", "--short", "-s"),
    }
    needed = naming.get(verb)
    if verb not in ("ls-files", "diff", "show") and (not needed or not parsed.has(*needed)):
        return UNSEEN
    if not all(is_known(w.replace("\ue001", "").replace("\ue002", "")) for w in words):
        return UNSEEN
    raw = [v[0] for v in given]
    if any(w[:1] == "-" and not _is_asked(w) for w in raw):
        return UNSEEN

    def ask() -> Stream:
        try:
            run.budget.ask()
            written = [w.replace("\ue001", "*").replace("\ue002", "?") for w in raw]
            text = gitasks.answer(cwd, verb, *_harmless(verb), *written, fails=True)
        except (Unanswered, OSError):
            return UNSEEN
        return Stream((text,)) if len(text) < 1 << 16 and MARKS.isdisjoint(text) else UNSEEN

    return Later(ask)


def _is_asked(word: str) -> bool:
    letters = word[1:] if word[:2] != "--" else ""
    return (
        word in _ASKED
        or word[:14] == "--diff-filter="
        or (bool(letters) and all("-" + letter in _ASKED for letter in letters))
    )


def _harmless(verb: str) -> tuple[str, ...]:
    """What keeps git from starting programs that the repository's settings name."""
    return ("--no-ext-diff", "--no-textconv") if verb in ("diff", "show", "log") else ()


class _Git(Bringing):
    """Every verb."""

    def judge(self) -> None:
        """Tell the effects what changes."""
        output = self.parsed.value("--output", "-o")
        if output is not None and self.verb != "format-patch":
            self.told.write(output, self.state, self.how)
        if self.verb in githooks.STARTED and self.root:
            self.run.budget.ask()
            if hook := githooks.started(self.cwd, self.verb):
                self.told.unknown(f"`{self.how}` starts the repository's {hook} hook")
        method = _METHODS.get(self.verb)
        if method is None:
            if self.verb not in READING:
                self.told.unknown(f"`{self.how}` is not known")
                for values in self.given:
                    self.told.mention(values, self.state, self.how)
            return
        if not self.root:
            if not is_known(self.cwd):
                self.told.unknown(f"where `{self.how}` runs is only known when it runs")
            return
        method(self)

    def add(self) -> None:
        """`git add`: remembered, because `git commit` may follow in the same command."""
        parsed = self.parsed
        if parsed.has("-n", "--dry-run", "-i", "--interactive", "-p", "--patch"):
            return
        every = parsed.has("-A", "--all", "-u", "--update") and not self.words
        if every or self.words:
            self.run.staged += self._where([] if every else self.words)

    def commit(self) -> None:
        """`git commit`: nobody commits what another agent has not finished."""
        run = self.told.scene.runs.of(self.main)
        if run is None or self.is_own_tree or run.table.strategy != "files":
            return
        parsed = self.parsed
        if parsed.has("--dry-run"):
            return
        question = ("diff", "--name-only", "-z", "--no-renames")
        if parsed.has("-a", "--all") and not self.words:
            self.ask(*question, "HEAD", "--", advice=COMMIT)
        elif self.words:
            self.ask(*question, "HEAD", "--", *self._where(self.words), advice=COMMIT)
            return
        self.ask(*question, "--cached", "HEAD", "--", advice=COMMIT)
        if self.run.staged:
            files = self.run.staged
            self.ask(*question, "HEAD", "--", *files, advice=COMMIT)
            new = ("ls-files", "-o", "-z", "--exclude-standard", "--full-name")
            self.ask(*new, "--", *files, advice=COMMIT)

    def _where(self, files: list[str]) -> list[str]:
        """Pathspecs that mean the same from anywhere."""
        found = [os.path.join(self.cwd, self.path(w) or ".").replace(UNKNOWN, "*") for w in files]
        return [w.replace("\ue001", "*").replace("\ue002", "?") for w in found] or [self.root]

    def format_patch(self) -> None:
        """`git format-patch`, which makes files."""
        output = self.parsed.value("--output")
        folder = self.parsed.value("-o", "--output-directory") or (".",)
        if output is not None:
            self.told.write(output, self.state, self.how)
        elif not self.parsed.has("--stdout"):
            # Named after the subjects of commits: a folder of which something is held may get one.
            self.told.write(tuple(f"{v}/0001-new.patch" for v in folder), self.state, self.how)
            self.told.write(tuple(v + "/0\ue001.patch" for v in folder), self.state, self.how)

    def bundle(self) -> None:
        """`git bundle create FILE`."""
        if self.words[:1] == ["create"] and len(self.words) > 1:
            self.told.write(self.parsed.words[1], self.state, self.how)

    def merge_file(self) -> None:
        """`git merge-file A BASE B`, which writes A."""
        if self.parsed.words and not self.parsed.has("-p", "--stdout", "--object-id"):
            self.told.write(self.parsed.words[0], self.state, self.how)

    def clone(self) -> None:
        """`git clone URL DIR`, `git init DIR`: a new folder."""
        place = 1 if self.verb == "clone" else 0
        if len(self.words) > place:
            goal = self.parsed.words[place]
            self.told.write(tuple(f"{v}/HEAD" for v in goal), self.state, self.how)

    def bisect(self) -> None:
        """`git bisect`, which moves between commits."""
        if (
            self.words[:1] in (["log"], ["view"], ["visualize"], ["terms"], ["help"])
            or self.is_own_tree
        ):
            return
        if self.words[:1] == ["run"]:
            from parallel_agents.guard.shell.programs import invocation

            at = [v[0] for v in self.given].index("run") + 1
            invocation.run(self.run, self.given[at:], self.state.copy(), UNSEEN)
        if self.words[:1] == ["start"] and len(self.words) > 2:
            self.ask("diff", "--name-only", "-z", self.words[2], self.words[1], "--", advice=TREE)
        self.told.unknown("`git bisect` moves between commits")

    def submodule(self) -> None:
        """`git submodule`."""
        if self.words[:1] == ["foreach"] and len(self.words) > 1:
            self.run.inner(" ".join(self.words[1:]), self.state)
        elif self.words[:1] not in ([], ["status"], ["summary"]):
            self.told.unknown("`git submodule` changes other repositories")

    def configure(self) -> None:
        """`git config alias.x ...`: remembered, because the alias may be called right after."""
        words = [w for w in self.words if w not in ("set", "add")]
        if len(words) > 1 and words[0].startswith("alias."):
            self.run.written[f"git alias {words[0][6:]}"] = Stream((words[1],))
        file = Given(self.given, frozenset(("-f", "--file"))).value("-f", "--file")
        if file is not None and len(words) > 1:
            self.told.write(file, self.state, self.how)

    def difftool(self) -> None:
        """`git difftool`, which starts a program on two files."""
        code = Given(self.given, frozenset(("-x", "--extcmd", "-t"))).value("-x", "--extcmd")
        if code is not None:
            self.run.inner(code[0], self.state)
        self.told.unknown("`git difftool` runs code that is not seen")

    def sparse(self) -> None:
        """`git sparse-checkout`: files come and go."""
        if self.words[:1] not in ([], ["list"], ["check-rules"]) and not self.is_own_tree:
            archives.unknown(self.run, self.root, self.state, self.how)

    def filter_branch(self) -> None:
        """History is written anew, and the work tree with it."""
        self.told.unknown(f"`{self.how}` rewrites history")
        for name, values in Given(
            self.given, frozenset(("--tree-filter", "--index-filter"))
        ).options:
            if name == "--tree-filter":
                self.run.inner(values[0], self.state)


_METHODS = {
    "checkout": _Git.checkout,
    "switch": _Git.switch,
    "restore": _Git.restore,
    "reset": _Git.reset,
    "stash": _Git.stash,
    "clean": _Git.clean,
    "merge": _Git.merge,
    "pull": _Git.pull,
    "fetch": _Git.fetch,
    "rebase": _Git.rebase,
    "cherry-pick": _Git.picked,
    "revert": _Git.picked,
    "apply": _Git.apply,
    "am": _Git.apply,
    "rm": _Git.remove,
    "mv": _Git.move,
    "worktree": _Git.worktree,
    "read-tree": _Git.tree,
    "checkout-index": _Git.tree,
    "add": _Git.add,
    "stage": _Git.add,
    "commit": _Git.commit,
    "format-patch": _Git.format_patch,
    "bundle": _Git.bundle,
    "merge-file": _Git.merge_file,
    "clone": _Git.clone,
    "init": _Git.clone,
    "bisect": _Git.bisect,
    "submodule": _Git.submodule,
    "config": _Git.configure,
    "difftool": _Git.difftool,
    "sparse-checkout": _Git.sparse,
    "filter-branch": _Git.filter_branch,
}

__all__ = ["ANY", "READING", "read"]
