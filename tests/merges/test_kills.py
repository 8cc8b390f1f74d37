"""A few merges that are killed; `make kills` does it as often as anybody likes."""

from __future__ import annotations

import sys

import pytest

from merges.__main__ import WAYS
from merges.killing import Scene

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="needs /proc to find what a killed process started"
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("kills"))


@pytest.mark.parametrize("way", range(2))
def test_a_merge_killed_at_any_moment_is_ended_by_the_next_call(scene: Scene, way: int) -> None:
    scene.at_random(*WAYS[way])


@pytest.mark.parametrize("way", range(4))
def test_a_merge_killed_while_it_lands_is_ended_by_the_next_call(scene: Scene, way: int) -> None:
    scene.in_the_landing(*WAYS[way])
