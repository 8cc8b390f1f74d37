"""Merging: every pair and the chain beside bare git calls, a whole merge beside `git merge`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from parallel_agents.coordinator import Coordinator
from parallel_agents.core.commands import Approve, Granted, Prepare, Propose, Release, TakeClaim
from parallel_agents.core.model import Agent, Outcome, Plan, Strategy, Task, TaskId
from parallel_agents.git.clashes import FOLDER, NAME, clashes
from parallel_agents.git.merging import Assembly, Part, assemble
from parallel_agents.git.repository import Repository

from benchmarks import place
from benchmarks.report import Row
from benchmarks.scale import Scale
from benchmarks.timing import Spread, in_turn, ratios

CONFLICTS = 3
"""Pairs of branches that conflict: of each the kind and the paths are asked for as well."""

FOLDERS = 100
GIT = ("git", "-c", "core.fsmonitor=false")

NOTES = (
    "**merging**: processor time of this process and of every git it starts, user and system; git "
    "has no hooks and no signing here. Each branch changes three files of its own; "
    f"{CONFLICTS} pairs change one line in common.",
    "**matrix**: nothing is known before. The bare calls are one `git merge-tree --stdin` with the "
    "same pairs, which is the cheapest way git has; `one process a pair` is what people script.",
    "**chain**: the bare calls are `git merge-tree` and `git commit-tree` for each branch.",
    "**whole merge**: `merge` of a run without a suite, from the look at the results to the target "
    "in its work tree, the journal, the record of it and the cleaned-up branches, beside `git "
    "merge` of the same branches one after the other in that work tree.",
)


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of merging."""
    with place.scratch() as folder:
        root = folder / "repository"
        branches = _repository(root, scale.tree, scale.branches)
        repository = Repository.find(root)
        parts = [Part(name, commit, f"Merge {name}") for name, commit in branches.items()]
        yield from _matrix(repository, parts, scale)
        # The last branches conflict with nobody.
        yield from _chain(repository, parts[2 * CONFLICTS :][: scale.branches // 2], scale)
        yield from _whole(folder, parts[2 * CONFLICTS :][: scale.branches // 2], scale)


def _matrix(repository: Repository, parts: Sequence[Part], scale: Scale) -> Iterator[Row]:
    base = repository.head()
    commits = [part.commit for part in parts]
    pairs = [*((base, c) for c in commits), *combinations(commits, 2)]
    feed = "".join(f"{ours} {theirs}\n" for ours, theirs in pairs).encode()
    known = repository.common_dir / FOLDER / NAME

    def cold() -> None:
        known.unlink(missing_ok=True)
        if len(clashes(repository, base, parts)) != CONFLICTS:
            raise RuntimeError("the matrix is wrong")

    def bare() -> None:
        _git(repository.root, "merge-tree", "--write-tree", "--stdin", feed=feed)

    def one_by_one() -> None:
        for ours, theirs in pairs:
            _git(repository.root, "merge-tree", "--write-tree", ours, theirs, ok=(0, 1))

    def warm() -> None:
        clashes(repository, base, parts)

    def one_new() -> None:
        lines = known.read_text().splitlines(keepends=True)
        known.write_text("".join(line for line in lines if commits[-1] not in line))
        clashes(repository, base, parts)

    found = in_turn(scale.starts, *map(_processor, (cold, bare, warm, one_new)))
    what = f"matrix of {len(parts)} branches on {scale.tree:,} files ({len(pairs)} merges)"
    yield _row(what, found[0], f"one bare `git merge-tree --stdin` of {len(pairs)}", found[1], 2.0)
    by_pairs = in_turn(max(1, scale.starts // 4), *map(_processor, (cold, one_by_one)))
    yield _row(f"{what}, again", by_pairs[0], "one process a pair", by_pairs[1])
    yield _row("the same after one new commit", found[3], "the matrix from nothing", found[0])
    yield _row("the same with nothing new", found[2], "the matrix from nothing", found[0])


def _chain(repository: Repository, parts: Sequence[Part], scale: Scale) -> Iterator[Row]:
    base = repository.head()

    def chain() -> None:
        if not isinstance(assemble(repository, base, parts), Assembly):
            raise RuntimeError("the chain does not go")

    def bare() -> None:
        tip = base
        for part in parts:
            tree = _git(repository.root, "merge-tree", "--write-tree", tip, part.commit)
            names = ("-p", tip, "-p", part.commit, "-m", part.message)
            tip = _git(repository.root, "commit-tree", *names, tree)

    found = in_turn(scale.starts, *map(_processor, (chain, bare)))
    yield _row(f"chain of {len(parts)} branches", found[0], "the bare calls", found[1], 2.0)


def _whole(folder: Path, parts: Sequence[Part], scale: Scale) -> Iterator[Row]:
    root = folder / "repository"
    _run(root, parts)
    kept = folder / "kept"
    shutil.copytree(root, kept, symlinks=True)

    def restored() -> None:
        shutil.rmtree(root)
        shutil.copytree(kept, root, symlinks=True)
        _git(root, "status")  # the copy's files are new to the index

    def ours() -> float:
        restored()
        coordinator = Coordinator.at(root)
        seconds = _processor(lambda: coordinator.merge())()
        if _git(root, "status", "--porcelain"):
            raise RuntimeError("the merge did not come out clean")
        return seconds

    def by_hand() -> float:
        restored()

        def merges() -> None:
            for part in parts:
                _git(root, "merge", "--quiet", "--no-edit", part.commit)

        return _processor(merges)()

    found = in_turn(max(1, scale.starts // 2), ours, by_hand)
    what = f"whole merge of {len(parts)} branches on {scale.tree:,} files"
    yield _row(what, found[0], "`git merge` one by one", found[1])


def _run(root: Path, parts: Sequence[Part]) -> None:
    """A run of strategy branch whose tasks are completed with these commits."""
    coordinator = Coordinator.at(root)
    base = coordinator.repository.head()
    tasks = tuple(
        Task(TaskId(p.name), p.name, "Do it.", (f"{p.name}/**", _module(int(p.name[-2:]))))
        for p in parts
    )
    plan = Plan("What the benchmarks need", tasks)
    coordinator.repository.keep_out("/_tasks/")
    store, agent = coordinator.store, Agent("s-1", "worker")
    store.transact(Propose(plan))
    store.transact(Approve(plan.id, Strategy.BRANCH, "benchmarks", base, "refs/heads/main"))
    for part in parts:
        answer, _ = store.transact(TakeClaim(agent, TaskId(part.name)))
        if not isinstance(answer, Granted):
            raise RuntimeError(f"nothing to claim: {answer}")
        held, branch = answer.claim, f"parallel/{plan.id}/agent-1/{part.name}"
        _git(root, "branch", branch, part.commit)
        store.transact(Prepare(agent, held.task, held.token, "", branch, base))
        store.transact(Release(agent, held.task, held.token, Outcome.COMPLETED, commit=part.commit))


def _repository(root: Path, files: int, branches: int) -> dict[str, str]:
    """A repository of so many files, and branches from it: name to commit."""
    place.repository(root)
    (root / "src").mkdir()
    text = "".join(f"line {n} of a file that is as long as many are\n" for n in range(40))
    for number in range(files):
        path = root / _module(number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# {number}\n{text}")
    (root / ".gitattributes").write_text("*.lock -merge\n")
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message=files")
    made = {}
    for number in range(branches):
        name = f"task-{number:02}"
        _git(root, "switch", "--quiet", "--create", name, "main")
        shared = number // 2 if number < 2 * CONFLICTS else None
        for n in range(3):
            (root / name).mkdir(exist_ok=True)
            (root / name / f"{n}.py").write_text(f"{name} {n}\n{text}")
        path = root / _module(number if shared is None else shared)
        path.write_text(f"# changed by {name}\n{text}")
        _git(root, "add", "--all")
        _git(root, "commit", "--quiet", f"--message={name}")
        made[name] = _git(root, "rev-parse", "HEAD")
    _git(root, "switch", "--quiet", "main")
    return made


def _module(number: int) -> str:
    return f"src/package{number % FOLDERS}/module{number}.py"


def _git(root: Path, *words: str, feed: bytes | None = None, ok: Sequence[int] = (0,)) -> str:
    done = subprocess.run(
        (*GIT, *words), cwd=root, input=feed, env=_environment(), capture_output=True, check=False
    )
    if done.returncode not in ok:
        raise RuntimeError(f"git {words}: {done.stderr.decode()}")
    return done.stdout.decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    who = {f"GIT_{role}_NAME": "Bench" for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": "bench@example.invalid" for role in ("AUTHOR", "COMMITTER")}
    return {**place.bare(), **who}


def _processor(step: Callable[[], object]) -> Callable[[], float]:
    """Seconds of processor that a step takes, in this process and in those it waits for."""

    def seconds() -> float:
        before = _spent()
        step()
        return _spent() - before

    return seconds


def _spent() -> float:
    spent = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _row(
    what: str,
    cost: Sequence[float],
    beside: str,
    floor: Sequence[float],
    target: float | None = None,
) -> Row:
    spread = ratios(cost, floor)
    return Row("merging", what, Spread.of(cost), beside, Spread.of(floor), spread, target)
