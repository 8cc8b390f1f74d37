"""git: which files of the work tree would a command change? Where names do not tell, it is asked.

In a linked work tree of its own an agent may move between commits as it likes: nobody else's
files are there. In the main work tree, and in another agent's, what changes is looked at.
"""

from __future__ import annotations

import os

from parallel_agents.core.paths import places
from parallel_agents.guard.gitprocess import Unanswered
from parallel_agents.guard.shell import effects
from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Later, Stream
from parallel_agents.guard.shell.bash.words import MARKS, UNKNOWN, is_known, names
from parallel_agents.guard.shell.gitmemory import Staged
from parallel_agents.guard.shell.programs import archives, gitasks, githooks, gitsettings, scripts
from parallel_agents.guard.shell.programs.arguments import Given
from parallel_agents.guard.shell.programs.gitcommand import (
    COMMIT,
    VALUED,
)
from parallel_agents.guard.shell.programs.gitoutputs import Outputs

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
    settings = gitsettings.collected(run, top, inner)
    gitsettings.traced(run, inner)
    if not rest:
        return UNSEEN
    verb = rest[0][0]
    if _alias(run, verb, rest[1:], settings, inner, stdin):
        return UNSEEN
    parsed = Given(rest[1:], frozenset(VALUED.get(verb, "").split()))
    before = inner.cwds
    _elsewhere(run, top, verb, inner)
    certain = run.effects.is_untouched
    gitsettings.programs(run, verb, parsed, settings, inner)
    for cwd in inner.cwds:
        command = _Git(run, verb, parsed, rest[1:], inner, cwd, stdin, settings)
        command.certain = command.certain or (certain and not run.git.is_moved)
        command.judge()
    inner.cwds = before
    return _printed(run, verb, parsed, rest[1:], inner)


def _elsewhere(run: Interpreter, top: Given, verb: str, state: State) -> None:
    """Go where git does for its options and variables: to another work tree."""
    index = state.variables.get("GIT_INDEX_FILE")
    if index and any(index):
        run.effects.write(index, state, "GIT_INDEX_FILE")
    tree = top.value("--work-tree") or _variable(state, "GIT_WORK_TREE")
    if tree is None and "core.worktree" in run.git.settings:
        tree = (run.git.settings["core.worktree"],)
    if tree is None and (top.value("--git-dir") or _variable(state, "GIT_DIR")):
        if verb == "init":
            run.effects.write(top.value("--git-dir") or (), state, "git init", kind=effects.TREE)
        tree = state.cwds
    if tree is None:
        return
    places_of = [p for v in tree for p in run.absolute(v, state)]
    for path in places_of:
        found = places(os.path.join(path, "x"), "/") if is_known(path) else ()
        if found and found[0].root != os.path.realpath(path) and verb in _SPREADING:
            archives.unknown(run, path, state, f"git {verb}")
    inside = [c for c in state.cwds if any(f"{c}/".startswith(f"{p}/") for p in places_of)]
    if not inside:
        state.cwds = tuple(places_of)


_SPREADING = names("checkout switch reset restore read-tree checkout-index merge pull stash rebase")
"""What gives a work tree many files."""


def _variable(state: State, name: str) -> Values | None:
    values = state.variables.get(name)
    return values if values and any(values) else None


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
    settings: dict[str, str],
    state: State,
    stdin: Stream,
) -> bool:
    """Whether `verb` is an alias: then what it stands for is followed."""
    if verb in READING or verb in VALUED or verb in _METHODS:
        return False  # git has no alias for a command of its own
    text = settings.get(f"alias.{verb.lower()}", "")
    if not text and all(is_known(cwd) for cwd in state.cwds) and verb.isidentifier():
        try:
            run.budget.ask()
            text = gitasks.answer(state.cwds[0], "config", "--get", f"alias.{verb}").strip()
        except (Unanswered, OSError):
            text = ""
    if not text or run.budget.depth > 16:
        return False
    before = run.git.settings
    run.git.settings = dict(settings)
    if text[:1] == "!":
        # As the shell is started for it: with the arguments as its own, and once more behind it.
        inner = state.copy()
        inner.arguments = rest
        bare, run.bare = run.bare, False
        run.text(f'{text[1:]} "$@"', inner, stdin)
        run.bare = bare
    else:
        extra = " ".join("'" + v[0].replace("'", "'\\''") + "'" for v in rest)
        run.inner(f"git {text} {extra}", state, stdin)
    run.git.settings = before
    return True


_ASKED = names(
    """
    --name-only -z --cached --staged -l -i -w -n -r -m -o -d -c -e -E -F -- --others --modified
    --deleted --exclude-standard --full-name --no-renames --files-with-matches -p -U0 --binary
    --oneline --format= --pretty=format: --ignore-case --fixed-strings --error-unmatch -1 -t
    --porcelain --short -s -uno -uall -u --untracked-files=no --name-status --numstat --stat HEAD
    --verify -q --quiet --reverse --abbrev-ref --symbolic-full-name --all --merges --no-merges
    --show-prefix --no-prefix -R -M --first-parent --stdout --shell --fork-point --tags --always
    --show-current
    """
)
"""Options that git is asked with as they are given; others may write files or run programs."""
_ASKED_WITH_VALUE = (
    *("--diff-filter=", "--format=", "--pretty=", "--max-count=", "-n", "--src-prefix=", "-U"),
    *("--dst-prefix=", "--relative", "--sort=", "--count", "--points-at=", "--grep=", "--author="),
    *("--abbrev", "--skip=", "--since=", "--until=", "--exclude=", "--include="),
)
_SAID = names("ls-files diff show rev-parse rev-list merge-base symbolic-ref cat-file describe")
"""What is asked for its output whatever its options, if they are among these."""
_DIFFING = names("diff show log stash format-patch")


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
    if verb == "archive" and run.git.archive is not None and "-" in run.packed:
        return run.git.archive
    naming = {
        "grep": ("-l", "--files-with-matches", "--name-only"),
        "ls-tree": ("--name-only",),
        "log": ("--name-only", "-p", *_formats(parsed)),
        "status": ("--porcelain", "--short", "-s"),
        "format-patch": ("--stdout",),
        "branch": ("--show-current", *_formats(parsed)),
        "for-each-ref": _formats(parsed),
    }
    needed = naming.get(verb)
    if verb == "stash" and words[:1] == ["show"]:
        needed = ("-p", "--name-only")
    if verb not in _SAID and (not needed or not parsed.has(*needed)):
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
            action = written[:1] if verb == "stash" else []
            rest = written[len(action) :]
            text = gitasks.answer(cwd, verb, *action, *_harmless(verb), *rest, fails=True)
        except (Unanswered, OSError):
            return UNSEEN
        return Stream((text,)) if len(text) < 1 << 16 and MARKS.isdisjoint(text) else UNSEEN

    return Later(ask)


def _formats(parsed: Given) -> tuple[str, ...]:
    return tuple(flag for flag in parsed.flags if flag.startswith(("--format=", "--pretty=")))


def _is_asked(word: str) -> bool:
    letters = word[1:] if word[:2] != "--" else ""
    return (
        word in _ASKED
        or word.startswith(_ASKED_WITH_VALUE)
        or (word[1:].isdecimal() and len(word) < 5)
        or (bool(letters) and all("-" + letter in _ASKED for letter in letters))
    )


def _harmless(verb: str) -> tuple[str, ...]:
    """What keeps git from starting programs that the repository's settings name."""
    return ("--no-ext-diff", "--no-textconv") if verb in _DIFFING else ()


class _Git(Outputs):
    """Every verb."""

    def judge(self) -> None:
        """Tell the effects what changes."""
        self.outputs()
        method = _METHODS.get(self.verb)
        if method is None:
            if self.verb not in READING:
                self.told.unknown(f"`{self.how}` is not known")
                for values in self.given:
                    self.told.mention(values, self.state, self.how)
            elif self.root:
                self.hooks()
            return
        if not self.root:
            if not is_known(self.cwd):
                self.told.unknown(f"where `{self.how}` runs is only known when it runs")
            return
        method(self)
        if not self.refused:
            self.memory.is_moved = self.memory.is_moved or self.verb not in _LEAVING
            self.hooks()

    def hooks(self) -> None:
        """The hooks that it starts: those of the command are followed, others watched."""
        if self.verb not in githooks.STARTED or self.parsed.has("--dry-run"):
            return
        folder = self.settings.get("core.hookspath", "")
        place = os.path.normpath(os.path.join(self.root, folder)) if folder else ""
        for name in githooks.STARTED[self.verb] if place else ():
            path = f"{place}/{name}"
            skipped = self.parsed.has("-n", "--no-verify") and name in githooks.SKIPPED
            if (path in self.run.written or os.access(path, os.X_OK)) and not skipped:
                inner = self.state.copy()
                inner.cwds = (self.root,)
                if scripts.follow(self.run, path, [], inner, UNSEEN) is None:
                    self.told.unknown(f"`{self.how}` starts the repository's {name} hook")
        if not place:
            self.run.budget.ask()
            if hook := githooks.started(self.cwd, self.verb):
                self.told.unknown(f"`{self.how}` starts the repository's {hook} hook")

    def add(self) -> None:
        """`git add`: remembered, because `git commit` may follow in the same command."""
        parsed = self.parsed
        if parsed.has("-n", "--dry-run", "-i", "--interactive", "-p", "--patch"):
            return
        files = [*self.words, *(v[0] for v in self.listed())]
        if files or parsed.has("-A", "--all", "-u", "--update"):
            new = not parsed.has("-u", "--update")
            self.memory.staged.append(Staged(self.pathspecs_from_root(files), new=new))

    def commit(self) -> None:
        """`git commit`: nobody commits what another agent has not finished."""
        run = self.told.scene.runs.of(self.main)
        if run is None or self.is_own_tree or run.table.strategy != "files":
            return
        parsed = self.parsed
        if parsed.has("--dry-run"):
            return
        files = [*self.words, *(v[0] for v in self.listed())]
        question = ("diff", "--name-only", "-z", "--no-renames")
        if parsed.has("-a", "--all"):
            if files:
                self.refused = True  # git takes the one or the other
                return
            self.ask(*question, "HEAD", "--", advice=COMMIT)
        elif files:
            self.ask(*question, "HEAD", "--", *self.pathspecs_from_root(files), advice=COMMIT)
            if not parsed.has("-i", "--include"):
                return
        if not self.memory.is_emptied:
            specs = [self.root, *self.memory.unstaged] if self.memory.unstaged else []
            self.ask(*question, "--cached", "HEAD", "--", *specs, advice=COMMIT)
        self.staged(COMMIT)
        if not self.refused:
            self.memory.staged.clear()


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
    "read-tree": _Git.read_tree,
    "checkout-index": _Git.checkout_index,
    **dict.fromkeys(("branch", "tag", "update-ref", "symbolic-ref"), _Git.naming),
    "update-index": _Git.update_index,
    "archive": _Git.archive,
    "remote": _Git.remote,
    "mailsplit": _Git.mailsplit,
    "interpret-trailers": _Git.trailers,
    "credential-store": _Git.credentials,
    **dict.fromkeys(("bugreport", "diagnose"), _Git.report),
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

_LEAVING = names(
    "format-patch bundle clone mailsplit interpret-trailers bugreport diagnose difftool"
)
"""What changes nothing that git is asked about."""

__all__ = ["ANY", "READING", "read"]
