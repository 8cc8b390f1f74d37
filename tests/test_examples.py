"""The two runs of `references/examples.md`, played as they are written against the real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stage import stage
from transcript import Call, Run, Typed, differences, read

EXAMPLES = Path(__file__).resolve().parent.parent / "references" / "examples.md"
RUNS = {run.title: run for run in read(EXAMPLES)}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
async def test_a_run_goes_as_the_document_shows_it(run: Run, tmp_path: Path) -> None:
    async with stage(run, tmp_path) as scene:
        for step in run.steps:
            await scene.play(step)


def test_the_runs_are_by_file_partition_and_by_branch() -> None:
    calls = [step for run in RUNS.values() for step in run.steps if isinstance(step, Call)]
    assert [call.answer["strategy"] for call in calls if call.answer] == ["files", "branch"]


@pytest.mark.parametrize(
    ("expected", "real"),
    [
        ({"token": 3}, {"token": 4}),
        ({"token": 3}, {"rev": 3}),
        ({"token": 1}, {"token": True}),
        ({"merged": ["a"]}, {"merged": ["a", "b"]}),
        ({"graph": {"waves": [["a"]]}}, {"graph": {"waves": [["b"]]}}),
        ({"task_id": "a"}, "[held] Task a is held."),
        ("[held] Task a is held by …. Next: wait.", "[held] Task b is held by b. Next: wait."),
        ("[held] …", "[files_held] a.txt"),
    ],
)
def test_a_reply_that_is_not_as_shown_is_found(expected: Any, real: Any) -> None:
    assert list(differences(expected, real))


@pytest.mark.parametrize(
    ("expected", "real"),
    [
        ({"token": 3}, {"rev": 4, "token": 3}),
        ({"workdir": "…/agent-1"}, {"workdir": "somewhere/agent-1"}),
        ("one\n  two … four", "one two\nthree\nfour"),
    ],
)
def test_what_is_left_out_may_be_anything(expected: Any, real: Any) -> None:
    assert list(differences(expected, real)) == []


@pytest.mark.parametrize(
    "block",
    [
        "```calls\nagent-1 claims\n```",
        '```calls\n=> {"token": 3}\n```',
        '```calls\nuser answers: {"approve": true}\n```',
        "```python\nprint()\n```",
    ],
)
def test_what_cannot_be_played_is_refused(block: str, tmp_path: Path) -> None:
    document = tmp_path / "examples.md"
    document.write_text(f"# Title\n\n## Run\n\n{block}\n")
    with pytest.raises(ValueError, match=r"line \d|block"):
        read(document)


def test_a_transcript_is_read_as_it_is_written(tmp_path: Path) -> None:
    document = tmp_path / "examples.md"
    document.write_text(
        "# Title\n\n## Run\n\n```python\n# a/b.py\nx = 1\n# c.py\n```\n\n"
        '```calls\nlead: approve_plan {\n  "plan_id": "p1"}\nuser answers: {"approve": true}\n'
        "=> [code] Two\n  lines: here.\nuser$ git log {}\n=> Start\n```\n"
    )
    (run,) = read(document)
    assert run.files == {"a/b.py": "x = 1\n", "c.py": ""}
    refusal = "[code] Two\n  lines: here."
    assert run.steps == [
        Call(12, "lead", "approve_plan", {"plan_id": "p1"}, {"approve": True}, refusal),
        Typed(17, "git log {}", "Start"),
    ]
