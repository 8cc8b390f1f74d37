"""One merge in memory: `git merge-tree` run, its answer read, its conflicts made legible."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from parallel_agents.core.errors import Unusable
from parallel_agents.git.process import LONG_PATIENCE, Output, decoded, failed, require_git, run
from parallel_agents.git.repository import Repository

MOST_SHOWN = 4096
"""Bytes of conflict text that a report carries at most."""

LARGEST_READ = 1_000_000
"""Bytes of a conflicted file above which it is named but not shown."""

BATCHES = (2, 39)
"""The first version of git that merges many pairs in one process."""

TEXT_MERGE = "git merge-file --quiet --marker-size=%L %A %O %B"
"""What stands in for the merge programs that the configuration names."""

_STAGES = {
    "123": "both modified",
    "23": "added on both sides",
    "12": "modified here, deleted in the other",
    "13": "deleted here, modified in the other",
}
_MARKED = re.compile(r"^<{7,} .*?^>{7,} [^\n]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConflictPath:
    """One path that two commits change in ways that do not go together."""

    path: str
    kind: str
    """Git's name for it (`contents`, `modify/delete`, `file location`, ...)."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge of two commits comes to."""

    tree: str
    """The merged tree; with conflicts, one that has the markers in it."""
    conflicts: tuple[ConflictPath, ...]
    notes: tuple[str, ...]
    """What git says about each conflict."""


@dataclass(frozen=True, slots=True)
class Merger:
    """Merges commits of one repository in memory; made by `merger`."""

    repository: Repository
    place: Path
    """An otherwise empty work tree with the attributes of the base."""
    settings: Mapping[str, str]
    """Variables that keep the configuration from settling what conflicts."""
    programs: tuple[str, ...]
    """Names of the configured merge drivers, none of which is run."""

    def merge(self, ours: str, theirs: str) -> Merge:
        """Merge two commits (full SHAs). Objects are written; no ref, index or file is touched.

        Raises Unusable `unrelated_histories`.
        """
        asked = ("merge-tree", "--write-tree", "-z", ours, theirs)
        out = self._run(*asked)
        if "refusing to merge unrelated histories" in out.errors:
            raise Unusable(
                "unrelated_histories",
                f"{ours[:12]} and {theirs[:12]} have no common commit.",
                "Fetch the missing history (`git fetch --unshallow`), or make the branch anew.",
            )
        if out.status not in (0, 1):
            raise failed(self.repository.root, asked, out)
        return parsed(out.raw, clean=out.status == 0)

    def clashing(self, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether each pair of commits (full SHAs) conflicts; raises as `merge`.

        One process for all: it ends at the first pair that it cannot merge, which is then asked
        for by itself.
        """
        if require_git() < BATCHES:
            return [bool(self.merge(*pair).conflicts) for pair in pairs]
        found: list[bool] = []
        # Without messages every record has the same frame; advice on submodules would break it.
        asked = ("merge-tree", "--write-tree", "--stdin", "--name-only", "--no-messages")
        while len(found) < len(pairs):
            feed = "".join(f"{ours} {theirs}\n" for ours, theirs in pairs[len(found) :])
            found += _verdicts(self._run(*asked, feed=feed.encode()).raw)
            if len(found) < len(pairs):
                found.append(bool(self.merge(*pairs[len(found)]).conflicts))
        return found

    def declared(self, paths: Iterable[str]) -> dict[str, str]:
        """The paths for which the base's attributes name a way of merging, and its name."""
        feed = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
        fields = self._run("check-attr", "-z", "--stdin", "merge", feed=feed).raw
        words = decoded(fields).split("\0")[:-1]
        ways = zip(words[::3], words[2::3], strict=True)
        return {path: way for path, way in ways if way not in ("unspecified", "set", "unset")}

    def _run(self, *asked: str, feed: bytes | None = None) -> Output:
        apart = ("--git-dir", str(self.repository.common_dir), "--work-tree", str(self.place))
        words = (*apart, *asked)
        return run(self.place, *words, ok=None, feed=feed, env=self.settings, timeout=LONG_PATIENCE)


@contextmanager
def merger(repository: Repository, base: str) -> Iterator[Merger]:
    """A `Merger` that sees the `.gitattributes` of commit `base`.

    `merge-tree` reads attributes from the work tree it runs in, so in the user's one its verdict
    would hang on what lies there. A merge that the project declares for a path and git itself
    does (`merge=union`) counts. What only the configuration would settle does not: a program that
    it names for a path is not run, the lines are merged as usual instead; no default but text; no
    new file follows a renamed folder by itself.
    """
    settings, programs = _unhelped(repository)
    with TemporaryDirectory(prefix="parallel-agents-") as scratch:
        place = Path(scratch)
        listed = run(repository.root, "ls-tree", "-r", "-z", "--full-tree", base).raw
        for entry in listed.split(b"\0"):
            if not entry.endswith((b"/.gitattributes", b"\t.gitattributes")):
                continue
            mode, _, sha, path = re.split(r"[ \t]", decoded(entry), maxsplit=3)
            if mode != "120000":
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(run(repository.root, "cat-file", "blob", sha).raw)
        yield Merger(repository, place, settings, programs)


def _unhelped(repository: Repository) -> tuple[dict[str, str], tuple[str, ...]]:
    asked = ("config", "-z", "--name-only", "--get-regexp", r"^merge\..*\.driver$")
    keys = dict.fromkeys(run(repository.root, *asked, ok=(0, 1)).records)
    values = {"merge.directoryRenames": "conflict", "merge.default": "text"}
    values |= dict.fromkeys(keys, TEXT_MERGE)
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    settings = {"GIT_CONFIG_COUNT": str(first + len(values))}
    for number, (key, value) in enumerate(values.items(), first):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return settings, tuple(k.removeprefix("merge.").removesuffix(".driver") for k in keys)


def _verdicts(raw: bytes) -> list[bool]:
    """The answer of `--stdin`: of each merge 1 (clean) or 0, tree, conflicted paths, an end."""
    fields, at, found = raw.split(b"\0"), 0, []
    while at + 2 < len(fields):
        try:
            end = fields.index(b"", at + 2)
        except ValueError:
            break
        found.append(fields[at] == b"0")
        at = end + 1
    return found


def parsed(raw: bytes, *, clean: bool) -> Merge:
    """The answer of `merge-tree -z`: tree, conflicted paths by stage, an empty field, messages.

    A message is count, paths, type, text; but advice on submodules comes without that frame, so
    a field that cannot start a message is stepped over.
    """
    fields = decoded(raw).split("\0")
    tree, rest = fields[0].strip(), fields[1:]
    if clean:
        return Merge(tree, (), ())
    end = rest.index("") if "" in rest else len(rest)
    stages: dict[str, str] = {}
    for entry in rest[:end]:
        about, _, path = entry.partition("\t")
        stages[path] = stages.get(path, "") + about.rpartition(" ")[2]
    kinds: dict[str, list[str]] = {}
    notes: list[str] = []
    for paths, kind, text in _messages(rest[end + 1 :]):
        notes.append(text)
        for path in paths:
            kinds.setdefault(path, []).append(kind)
    # Messages also name the other side of a rename: a path counts where a stage says so.
    named = sorted(stages) or sorted(kinds)
    return Merge(
        tree,
        tuple(
            ConflictPath(
                path,
                ", ".join(dict.fromkeys(kinds.get(path, ())))
                or _STAGES.get("".join(sorted(stages.get(path, ""))), "conflict"),
            )
            for path in named
        ),
        tuple(notes),
    )


def _messages(fields: list[str]) -> Iterator[tuple[list[str], str, str]]:
    at = 0
    while at < len(fields):
        count = int(fields[at]) if fields[at].isdecimal() else 0
        framed = fields[at + 1 : at + count + 3]
        if count and len(framed) == count + 2 and framed[count].startswith("CONFLICT ("):
            kind = framed[count].removeprefix("CONFLICT (").rstrip(")")
            yield framed[:count], kind, framed[count + 1].strip()
            at += count + 3
        else:
            at += 1


def excerpt(repository: Repository, merge: Merge, names: dict[str, str]) -> str:
    """The conflicts of `merge` as text of at most `MOST_SHOWN` bytes.

    `names` maps commit ids, as they stand in markers and messages, to what a reader calls them.
    """
    blocks = list(merge.notes)
    for conflict in merge.conflicts:
        marked = _MARKED.findall(_content(repository, f"{merge.tree}:{conflict.path}"))
        blocks += [f"--- {conflict.path}\n{block}" for block in marked]
    text = "\n".join(blocks)
    for sha, name in names.items():
        text = text.replace(sha, name)
    shown = text.encode("utf-8", "replace")
    if len(shown) <= MOST_SHOWN:
        return shown.decode()
    cut = "\n... (cut; the rest is in the branches)"
    return shown[: MOST_SHOWN - len(cut)].decode("utf-8", "ignore") + cut


def _content(repository: Repository, blob: str) -> str:
    size = run(repository.root, "cat-file", "-s", blob, ok=None)
    if size.status or int(size.text) > LARGEST_READ:
        return ""
    content = run(repository.root, "cat-file", "blob", blob, ok=None)
    return content.raw.decode("utf-8", "replace") if content.status == 0 else ""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is at one path in a merge's base and in its two sides; None where nothing is."""

    base: bytes | None
    ours: bytes | None
    theirs: bytes | None


def sides(repository: Repository, ours: str, theirs: str, path: str) -> Sides | None:
    """The contents at `path`; None where they are too large to be looked at, or no base is one."""
    bases = run(repository.root, "merge-base", ours, theirs, ok=(0, 1)).text.splitlines()
    if len(bases) != 1:
        return None
    found: list[bytes | None] = []
    for commit in (bases[0], ours, theirs):
        blob = f"{commit}:{path}"
        size = run(repository.root, "cat-file", "-s", blob, ok=None)
        if size.status == 0 and int(size.text) > LARGEST_READ:
            return None
        content = run(repository.root, "cat-file", "blob", blob, ok=None)
        found.append(content.raw if content.status == 0 else None)
    return Sides(*found)
