"""A sample of the corpora under strict mode alone; `make strict` runs all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from namespaces import CONFINES

from strict import corpora

pytestmark = pytest.mark.skipif(
    not CONFINES, reason="this machine lets nobody make mount namespaces"
)
EVERY = 24


def test_what_writes_held_files_is_stopped_or_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in corpora.prepare(tmp_path).items():
        monkeypatch.setenv(name, value)
    pristine = corpora.begin(tmp_path)
    cases = corpora.writes(EVERY)
    found = {case.id: corpora.outcome(case, pristine, tmp_path) for case in cases}
    assert len(found) > 10
    assert [case for case, became in found.items() if became == corpora.WRITTEN] == []
    assert corpora.STOPPED in found.values()
