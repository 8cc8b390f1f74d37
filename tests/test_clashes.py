"""The conflict matrix: every pair told, each asked once, and what is on disk believed with care."""

from __future__ import annotations

from pathlib import Path

import git_scratch as scratch
import pytest
from parallel_agents.core.errors import Unusable
from parallel_agents.git import clashes as module
from parallel_agents.git.clashes import Clash, clashes
from parallel_agents.git.mergetree import ConflictPath, Merger
from parallel_agents.git.merging import Part
from parallel_agents.git.repository import Repository

TEN = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture
def root(repository: Path) -> Path:
    scratch.commit(repository, {"shared.txt": TEN, "old.txt": "old\n"}, "more")
    return repository


@pytest.fixture
def repo(root: Path) -> Repository:
    return Repository.find(root)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs git was asked about, call by call."""
    counts: list[int] = []
    real = Merger.clashing

    def counted(self: Merger, pairs: list[tuple[str, str]]) -> list[bool]:
        counts.append(len(pairs))
        return real(self, pairs)

    monkeypatch.setattr(Merger, "clashing", counted)
    return counts


def part(root: Path, name: str, files: dict[str, str | None], start: str = "main") -> Part:
    return Part(name, scratch.branch(root, name, files, start), name)


def three(root: Path) -> list[Part]:
    return [
        part(root, "a", {"shared.txt": TEN.replace("line 5\n", "a\n")}),
        part(root, "b", {"shared.txt": TEN.replace("line 5\n", "b\n"), "old.txt": "b\n"}),
        part(root, "c", {"old.txt": None}),
    ]


SHARED = (ConflictPath("shared.txt", "contents"),)
OLD = (ConflictPath("old.txt", "modify/delete"),)


def test_every_pair_that_conflicts_is_named_with_paths_and_kinds(
    repo: Repository, root: Path
) -> None:
    parts = [*three(root), part(root, "d", {"d.txt": "d\n"})]
    before = scratch.state(root)

    assert clashes(repo, "main", parts) == (Clash("a", "b", SHARED), Clash("b", "c", OLD))
    assert scratch.state(root) == before


def test_a_part_that_conflicts_with_the_base_is_named_alone(repo: Repository, root: Path) -> None:
    parts = three(root)[:1]
    scratch.commit(root, {"shared.txt": TEN.replace("line 5\n", "the user\n")})

    assert clashes(repo, "main", parts) == (Clash("a", None, SHARED),)


def test_what_was_asked_once_is_not_asked_again_also_by_another_process(
    repo: Repository, root: Path, asked: list[int]
) -> None:
    parts = three(root)
    first = clashes(repo, "main", parts)
    assert clashes(Repository.find(root), "main", parts) == first
    changed = [part(root, "new-a", {"old.txt": "a\n"}), *parts[1:]]

    found = clashes(repo, "main", changed)

    assert [(c.one, c.other) for c in found] == [("new-a", "b"), ("new-a", "c"), ("b", "c")]
    assert asked == [6, 3]


def test_another_base_has_verdicts_of_its_own(
    repo: Repository, root: Path, asked: list[int]
) -> None:
    parts = three(root)
    clashes(repo, "main", parts)
    scratch.commit(root, {".gitattributes": "shared.txt merge=union\n"})

    assert clashes(repo, "main", parts) == (Clash("b", "c", OLD),)
    assert asked == [6, 6]


@pytest.mark.parametrize("content", ["no json\n", '["x"]\n[1, 2, 3, 4]\n', '{"a": 1}', "\0\n"])
def test_a_file_of_verdicts_that_cannot_be_read_costs_only_time(
    repo: Repository, root: Path, content: str
) -> None:
    path = repo.common_dir / module.FOLDER / module.NAME
    path.parent.mkdir()
    path.write_text(content)

    assert len(clashes(repo, "main", three(root))) == 2


def test_the_file_of_verdicts_does_not_grow_for_ever(
    repo: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 8)
    parts = three(root)
    clashes(repo, "main", parts)
    scratch.commit(root, {})
    clashes(repo, "main", parts)

    lines = (repo.common_dir / module.FOLDER / module.NAME).read_text().splitlines()
    assert len(lines) == 6


def test_a_git_that_merges_one_pair_a_process_says_the_same(
    repo: Repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parallel_agents.git.mergetree.BATCHES", (99, 0))

    assert len(clashes(repo, "main", three(root))) == 2


def test_a_pair_without_a_common_commit_is_named_though_it_ends_the_batch(
    repo: Repository, root: Path
) -> None:
    alone = scratch.git(root, "commit-tree", "-m", "alone", "main^{tree}")
    parts = three(root)

    with pytest.raises(Unusable) as refusal:
        clashes(repo, "main", [parts[0], Part("alone", alone, "alone"), *parts[1:]])

    assert refusal.value.code == "unrelated_histories"
    assert alone[:12] in refusal.value.sentence
