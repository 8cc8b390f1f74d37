"""The paths and bytes of a commit, and the files that its history changed."""

from __future__ import annotations

from pathlib import Path

from git_scratch import commit, git
from parallel_agents.git import contents, history


def test_a_listing_has_every_path_with_its_kind(repository: Path) -> None:
    (repository / "link").symlink_to("src")
    commit(repository, {"src/\u00fc b.py": "x", "a\nb": "y"})
    found = {e.path: e.mode for e in contents.listing(repository, "HEAD")}
    assert found == {
        "README.md": "100644",
        "src/\u00fc b.py": "100644",
        "a\nb": "100644",
        "link": contents.SYMLINK,
    }


def test_blobs_give_their_bytes_and_leave_out_what_is_missing_or_large(repository: Path) -> None:
    commit(repository, {"a": "one\n", "empty": "", "large": "x" * 100, "same": "one\n"})
    ids = {e.path: e.blob for e in contents.listing(repository, "HEAD")}
    found = contents.blobs(repository, [*ids.values(), "0" * 40], largest=99)
    assert found[ids["a"]] == found[ids["same"]] == b"one\n"
    assert found[ids["empty"]] == b""
    assert ids["large"] not in found
    assert contents.blobs(repository, ["0" * 40]) == contents.blobs(repository, []) == {}


def test_the_history_has_the_files_of_each_commit_newest_first(repository: Path) -> None:
    commit(repository, {"a": "1", "d/\u00fc x": "2"})
    git(repository, "switch", "--quiet", "-c", "side")
    commit(repository, {"b": "1"})
    git(repository, "switch", "--quiet", "main")
    git(repository, "mv", "a", "c")
    commit(repository, {})
    git(repository, "merge", "--quiet", "--no-edit", "side")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "empty\n\nfile: nothing")
    found = history.recent(repository, "HEAD")
    assert found is not None
    assert sorted(map(sorted, found)) == [[], ["README.md"], ["a", "c"], ["a", "d/\u00fc x"], ["b"]]
    assert history.recent(repository, "HEAD", most=2) == found[:2]


def test_a_history_that_takes_too_long_is_none(repository: Path) -> None:
    assert history.recent(repository, "HEAD", patience=0.0) is None
    assert history.recent(repository, "no-such-commit") is None


def test_a_bare_repository_will_do(repository: Path, tmp_path: Path) -> None:
    git(repository, "clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    assert history.recent(tmp_path / "bare", "HEAD") == (("README.md",),)
    assert len(contents.listing(tmp_path / "bare", "HEAD")) == 1
