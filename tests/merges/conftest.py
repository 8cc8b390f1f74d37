"""What the tests of the merge queue stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from merges.bench import Bench


@pytest.fixture
def bench(repository: Path, tmp_path: Path) -> Bench:
    """A repository where a run can begin."""
    scrap = tmp_path / "scrap"
    scrap.mkdir()
    return Bench(repository, scrap / "runs")
