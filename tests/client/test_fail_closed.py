"""What cannot be checked is refused while a run is active, in the real client."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from client.project import PLAN, begin
from client.session import World, write
from client.standin_api import Conversation, Result, Shown

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("client: fail closed")]

TOOLS = (
    *("bash", "cat", "cmp", "cp", "dd", "dirname", "env", "find", "git", "grep", "ls"),
    *("mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sh", "uname", "which"),
)
"""All that is on PATH: no Python, and nothing that could get one."""


@pytest.fixture(scope="module")
def results(
    claude_bin: Path, plugin: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Result]:
    """What became of a Write of a free file: while all is well, and while something is broken."""
    folder = tmp_path_factory.mktemp("closed")
    tools = folder / "bin"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    world = World.prepare(claude_bin, plugin, folder / "world", path=str(tools))
    repository = begin(folder / "repository")
    plan = folder / "plan.json"
    plan.write_text(json.dumps(PLAN))
    plan_id = world.terminal(repository, "plan", str(plan))["plan_id"]
    world.terminal(repository, "approve", plan_id, "--strategy", "files", "--yes")
    slots = [repository / "_tasks" / name for name in (".locks.0", ".locks.1")]
    seen: dict[str, Result] = {}

    def main(_: Shown) -> Conversation:
        shown = yield write(repository / "well.txt", "written\n")
        seen["well"] = shown.result
        whole = [slot.read_bytes() if slot.exists() else b"" for slot in slots]
        for slot in slots:
            slot.write_bytes(b"parallel-agents-locks 1 9 9 9 9\ngarbage")
        shown = yield write(repository / "torn.txt", "written\n")
        seen["torn"] = shown.result
        for slot, content in zip(slots, whole, strict=True):
            slot.write_bytes(content)
        launcher = plugin / "hooks" / "guard.sh"
        aside = launcher.rename(launcher.with_suffix(".aside"))
        try:
            shown = yield write(repository / "moved.txt", "written\n")
            seen["moved"] = shown.result
        finally:
            aside.rename(launcher)
        world.python.unlink()
        shown = yield write(repository / "no_python.txt", "written\n")
        seen["no_python"] = shown.result

    world.run(repository, {"main": main}, "--permission-mode", "bypassPermissions")
    for name, result in seen.items():
        assert (repository / f"{name}.txt").exists() is not result.is_error
    return seen


def test_a_free_file_can_be_written_while_all_is_well(results: dict[str, Result]) -> None:
    assert not results["well"].is_error, results["well"].text


def test_a_torn_lock_table_refuses_every_write_with_the_reason(results: dict[str, Result]) -> None:
    assert results["torn"].is_error
    assert "could not check this call (TableTorn: " in results["torn"].text
    assert "parallel-agents doctor" in results["torn"].text


def test_a_plugin_that_was_moved_away_refuses_every_write(results: dict[str, Result]) -> None:
    assert results["moved"].is_error
    assert "the plugin was moved or removed while a run is active" in results["moved"].text


def test_without_a_python_for_the_guard_every_write_is_refused(results: dict[str, Result]) -> None:
    assert results["no_python"].is_error
    assert "no python3 is on PATH" in results["no_python"].text
    assert "ask the user to install" in results["no_python"].text
