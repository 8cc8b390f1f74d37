"""Names of files without `os`: the same answers as `os.path` gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core import system

NAMES = st.lists(st.sampled_from(["", "/", "//", "a", "b.py", ".", "..", "a b", "é"]), max_size=8)


@given(NAMES, NAMES)
def test_text_is_joined_and_cut_as_os_path_does(first: list[str], second: list[str]) -> None:
    start, name = "".join(first), "".join(second)
    assert system.join(start, name) == os.path.join(start, name)
    assert system.join(start, name, "x") == os.path.join(start, name, "x")
    assert system.split(start) == os.path.split(start)
    assert system.parent(name) == os.path.dirname(name)


@pytest.fixture(scope="module")
def tangle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders and links: to files, to folders, up, away, to each other, to nothing."""
    top = tmp_path_factory.mktemp("tangle").resolve()
    (top / "deep" / "er").mkdir(parents=True)
    (top / "deep" / "file").write_text("x")
    for name, target in {
        "to_file": "deep/file",
        "to_folder": "deep/er",
        "deep/up": "..",
        "deep/er/two_up": "../..",
        "absolute": str(top / "deep"),
        "chain": "absolute/up/to_folder",
        "nowhere": "gone/../deep/missing",
        "itself": "itself",
        "ping": "pong",
        "pong": "ping",
        "through": "deep/./er//../file",
    }.items():
        (top / name).symlink_to(target)
    return top


STEPS = st.lists(
    st.sampled_from(
        [
            *("deep", "er", "file", "up", "two_up", "to_file", "to_folder", "absolute"),
            *("chain", "nowhere", "through", "gone", "..", ".", ""),
        ]
    ),
    max_size=7,
)


@given(STEPS)
def test_what_is_real_is_what_os_path_finds(tangle: Path, steps: list[str]) -> None:
    path = "/".join([str(tangle), *steps])
    assert system.real(path) == os.path.realpath(path)
    assert system.exists(path) == os.path.lexists(path)
    assert system.is_link(path) == os.path.islink(path)


def test_a_relative_path_starts_where_the_process_stands(
    tangle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tangle / "deep")
    assert system.real("up/to_file") == str(tangle / "deep" / "file")
    assert system.real("") == str(tangle / "deep")


@pytest.mark.parametrize("name", ["itself", "ping", "ping/below"])
def test_links_that_lead_in_a_circle_come_to_an_end(tangle: Path, name: str) -> None:
    assert system.real(str(tangle / name)).startswith(str(tangle) + "/")


def test_a_chain_of_as_many_links_as_the_system_follows_is_followed(tmp_path: Path) -> None:
    top = tmp_path.resolve()
    (top / "0").write_text("x")
    for number in range(system.LINKS):
        (top / str(number + 1)).symlink_to(str(number))
    last = top / str(system.LINKS)
    assert last.read_text() == "x"
    assert system.real(str(last)) == str(top / "0")


@pytest.mark.parametrize(
    ("name", "possible"), [("a", True), ("é", True), ("\udc80", True), ("\ud800", False)]
)
def test_half_a_surrogate_pair_is_no_name(name: str, possible: bool) -> None:
    assert system.is_name(name) is possible
    assert not system.is_name("a\0")
    assert not system.is_name("")
    assert not system.exists("a\0b")
    assert not system.is_link("a\0b")


def test_bytes_that_are_no_text_are_names_all_the_same() -> None:
    assert system.text(b"a\xff") == os.fsdecode(b"a\xff")
