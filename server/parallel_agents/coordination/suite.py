"""The plan's check on trees of a merge: run where nobody works, again where it fails, not blind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from parallel_agents.checks import CheckResult, run_check
from parallel_agents.coordination.site import CHECK_TIMEOUT, Site
from parallel_agents.coordination.verdicts import Outcome, Verdict, Verdicts
from parallel_agents.core.errors import ParallelAgentsError
from parallel_agents.core.view import Run
from parallel_agents.git.merging import verification_tree
from parallel_agents.git.process import run as git
from parallel_agents.processes import Process

BROKEN = ")( parallel-agents broke this file on purpose, to see whether the check notices\n"

SOURCES = frozenset(
    [
        ".py",
        ".pyx",
        ".js",
        ".jsx",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".mts",
        ".vue",
        ".svelte",
        ".go",
        ".rs",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".cxx",
        ".hpp",
        ".m",
        ".mm",
        ".java",
        ".kt",
        ".kts",
        ".scala",
        ".groovy",
        ".clj",
        ".rb",
        ".php",
        ".pl",
        ".pm",
        ".lua",
        ".r",
        ".jl",
        ".swift",
        ".cs",
        ".fs",
        ".vb",
        ".ex",
        ".exs",
        ".erl",
        ".hs",
        ".ml",
        ".mli",
        ".elm",
        ".dart",
        ".zig",
        ".nim",
        ".d",
        ".f90",
        ".sh",
        ".bash",
        ".zsh",
        ".ps1",
        ".sql",
        ".proto",
    ]
)
"""Endings of files that programs are made of: with all of them broken no honest check passes."""


LONG_AGO = 1.0
"""A time of last access, in seconds since the epoch: a file that is read after that shows it, where
the file system keeps such times."""


class Sight(StrEnum):
    """Whether the check looks at the tree that it is run in."""

    SEES = "sees"
    BLIND = "blind"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Canary:
    """What came of breaking files of the tree under test."""

    sight: Sight
    sentence: str


class Suite:
    """The check of one run: how often it was run, and what it said."""

    def __init__(
        self, site: Site, run: Run, told: Callable[[Process | None], None] = lambda process: None
    ) -> None:
        assert run.check is not None
        self.check = run.check
        self.runs = 0
        """How often the check was run, repetitions included, the canary not."""
        self.canary_runs = 0
        self._site = site
        self._setup = run.setup
        self._told = told
        self._verdicts = Verdicts(site.repository, site.clock)
        self._reds: dict[str, Verdict] = {}

    def verdict(self, commit: str, again: bool = True) -> Verdict:
        """What the check says of this commit's tree.

        A failure is looked at twice (`again`): a check that then passes is flaky, and not green.
        Green is believed for a day; red and flaky only within this merge, for the machine may
        have been put right.
        """
        tree = git(self._site.repository.root, "rev-parse", f"{commit}^{{tree}}").text
        if tree in self._reds:
            return self._reds[tree]
        key = Verdicts.key("check", tree, self._setup, self.check)
        if (known := self._verdicts.find(key)) is not None and known.is_green:
            return known
        found = self._tried(commit, again)
        if found.is_green:
            self._verdicts.keep(key, found)
        else:
            self._reds[tree] = found
        return found

    def canary(self, commit: str, changed: Sequence[str]) -> Canary:
        """Whether the check notices that files of this commit's tree are broken.

        First those that the merge changes, then all that programs are made of. Tests are left
        whole: a runner finds them in the tree whatever they import. Once noticed, the check of
        this project is trusted for a day.
        """
        key = Verdicts.key("canary", self._setup, self.check)
        if self._verdicts.find(key) is not None:
            return Canary(
                Sight.SEES, "proven within the last day: the check sees the tree under test"
            )
        with self._tree(commit) as tree:
            if (failed := self._ready(tree)) is not None:
                return Canary(Sight.UNPROVEN, f"not proven: {failed.command} failed")
            present = _tracked(tree)
            own = [p for p in changed if p in present and not _is_test(p)]
            unnoticed = ""
            looked_at = False
            for files, what in _breakable(own, present):
                result, read = self._with_broken(tree, files)
                looked_at = looked_at or read
                if not result.passed:
                    self._verdicts.keep(key, Verdict(Outcome.GREEN, result, self._site.clock()))
                    return Canary(
                        Sight.SEES, f"proven: with {what} broken the check fails{unnoticed}"
                    )
                unnoticed = f"; it does not notice {what} being broken"
            sources = [p for p in present if _is_source(p)]
        if sources and looked_at:
            return Canary(
                Sight.UNPROVEN,
                "not proven: the check reads source files of the tree under test, and passes with "
                "all of them broken",
            )
        if sources:
            return Canary(
                Sight.BLIND,
                f"the check passes even with {_count(sources, 'source file')} of the tree broken",
            )
        return Canary(
            Sight.UNPROVEN, "not proven: the tree has no source file that could be broken"
        )

    def trust(self) -> None:
        """Believe the check for a day, by the user's word."""
        key = Verdicts.key("canary", self._setup, self.check)
        said = CheckResult(self.check, None, "", 0.0, False)
        self._verdicts.keep(key, Verdict(Outcome.GREEN, said, self._site.clock()))

    def _with_broken(self, tree: Path, files: Sequence[str]) -> tuple[CheckResult, bool]:
        """What the check says while these files are broken, and whether it is known to read any."""
        self.canary_runs += 1
        kept = {}
        for name in files:
            path = tree / name
            if path.is_file() and not path.is_symlink():
                kept[path] = path.read_bytes()
                path.write_text(BROKEN, encoding="utf-8")
                os.utime(path, (LONG_AGO, path.stat().st_mtime))
        try:
            result = self._run(self.check, tree)
            return result, any(_atime(path) > LONG_AGO for path in kept)
        finally:
            for path, content in kept.items():
                path.write_bytes(content)

    def _tried(self, commit: str, again: bool) -> Verdict:
        with self._tree(commit) as tree:
            if (failed := self._ready(tree)) is not None:
                return Verdict(Outcome.RED, failed, self._site.clock())
            before = _changes(tree)
            first = self._counted(tree)
            after = _changes(tree)
        if first.passed:
            both = before.keys() | after.keys()
            changed = tuple(sorted(n for n in both if before.get(n) != after.get(n)))
            outcome = Outcome.CHANGED if changed else Outcome.GREEN
            return Verdict(outcome, first, self._site.clock(), changed)
        if not again or first.timed_out or first.exit_code in (126, 127):
            return Verdict(Outcome.RED, first, self._site.clock())
        # A tree of its own: what the first run left could be why the second fails.
        second = self._tried(commit, again=False)
        if second.outcome is Outcome.RED:
            return Verdict(Outcome.RED, first, self._site.clock())
        return Verdict(Outcome.FLAKY, first, self._site.clock())

    @contextmanager
    def _tree(self, commit: str) -> Iterator[Path]:
        with verification_tree(self._site.repository, commit) as tree:
            yield tree

    def _ready(self, tree: Path) -> CheckResult | None:
        """Run the setup command, if there is one; its result where it failed."""
        if self._setup is None:
            return None
        result = self._run(self._setup, tree)
        return None if result.passed else result

    def _counted(self, tree: Path) -> CheckResult:
        self.runs += 1
        return self._run(self.check, tree)

    def _run(self, command: str, tree: Path) -> CheckResult:
        try:
            return run_check(command, tree, CHECK_TIMEOUT, self._told)
        finally:
            self._told(None)


def check_base(site: Site, run: Run) -> Verdict | None:
    """The check on what agents start from, so that a failure which is older blames none of them.

    Run once; `base_verdict` has it then. None where the plan has no check, or it could not be run:
    the user's yes to the plan stands either way.
    """
    if run.check is None:
        return None
    found = base_verdict(site, run.base, run.setup, run.check)
    if found is None:
        try:
            found = Suite(site, run).verdict(run.base)
        except ParallelAgentsError:
            return None
        Verdicts(site.repository, site.clock).keep(_base_key(run.base, run.setup, run.check), found)
    return found


def told(verdict: Verdict, where: str) -> str:
    """One sentence about a verdict. `where`: `on the base`."""
    result = verdict.result
    match verdict.outcome:
        case Outcome.GREEN:
            return f"The check passes {where} ({result.seconds:.1f} s)."
        case Outcome.FLAKY:
            return f"The check failed {where} and passed when it was run again: it is flaky."
        case Outcome.CHANGED:
            files = ", ".join(verdict.changed[:5])
            return f"The check passes {where}, but changes files that git tracks: {files}."
        case Outcome.RED:
            how = "did not end in time" if result.timed_out else f"exit status {result.exit_code}"
            return (
                f"`{result.command}` fails {where} already ({how}), before anybody has worked. "
                f"Its last words: {' '.join(result.tail.split())[-300:] or 'none'}"
            )


def base_verdict(site: Site, base: str, setup: str | None, check: str | None) -> Verdict | None:
    """What the check said of the commit that agents start from, where it was asked lately."""
    return Verdicts(site.repository, site.clock).find(_base_key(base, setup, check))


def _base_key(base: str, setup: str | None, check: str | None) -> str:
    return Verdicts.key("base", base, setup, check)


def _changes(tree: Path) -> dict[str, str]:
    """HEAD, and each tracked file that is not as HEAD has it; untracked files are no matter."""
    git(tree, "update-index", "-q", "--refresh", ok=None)  # touched is not changed
    found = {"HEAD": git(tree, "rev-parse", "HEAD").text}
    for name in git(tree, "diff-index", "-z", "--name-only", "--no-renames", "HEAD").records:
        path = tree / name
        plain = path.is_file() and not path.is_symlink()
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""
    return found


def _breakable(own: list[str], present: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    every = [p for p in present if _is_source(p)]
    mine = [p for p in own if _is_source(p)] if every else own
    if mine:
        yield mine, _count(mine, "changed file")
    if every and set(every) != set(mine):
        yield every, _count(every, "source file")


def _atime(path: Path) -> float:
    try:
        return path.stat().st_atime
    except OSError:
        return LONG_AGO


def _tracked(tree: Path) -> tuple[str, ...]:
    return git(tree, "ls-files", "-z").records


def _is_source(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in SOURCES and not _is_test(path)


def _is_test(path: str) -> bool:
    parts = PurePosixPath(path.lower()).parts
    folders = {"test", "tests", "spec", "specs", "__tests__", "testing", "testdata"}
    name = parts[-1]
    stem = name.partition(".")[0]
    return (
        bool(folders & set(parts[:-1]))
        or name == "conftest.py"
        or stem.startswith("test_")
        or stem.endswith(("_test", "_spec"))
        or ".test." in name
        or ".spec." in name
    )


def _count(files: Sequence[str], what: str) -> str:
    if len(files) == 1:
        return f"the only {what} ({files[0]})"
    return f"all {len(files)} {what}s"
