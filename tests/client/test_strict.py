"""Strict mode in the real client: what nobody can foresee runs with held files read-only.

The user's permission rules are the usual ones, for no command is rewritten.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from namespaces import CONFINES

from client.project import PLAN, begin
from client.session import World, bash
from client.standin_api import Conversation, Result, Shown
from client.test_guard import GENERATOR

pytestmark = [
    pytest.mark.client,
    pytest.mark.xdist_group("client: strict"),
    pytest.mark.skipif(not CONFINES, reason="this machine lets nobody make mount namespaces"),
]

FREE = "import pathlib\npathlib.Path(''.join(['fr', 'ee.txt'])).write_text('free')\n"


WHICH = {"bash": "compgen -b com", "zsh": "print -l zsh"}
"""For each shell, a command that it alone has."""


class StrictWorld(World):
    """A user who chose strict mode. What they have as their shell is set in `shell`."""

    shell = ""

    @property
    def variables(self) -> dict[str, str]:
        mine = {"PARALLEL_AGENTS_STRICT": "required", "SHELL": self.shell}
        return {**super().variables, **mine, "CLAUDE_CODE_SHELL": self.shell}


@dataclass
class Strict:
    """What became of each command."""

    repository: Path
    shell: str
    results: dict[str, Result] = field(default_factory=dict)

    def main(self, _: Shown) -> Conversation:
        python = sys.executable
        for name, command in (
            ("too early", f"{python} generator.py"),
            ("harmless", "true"),
            ("its own", WHICH[self.shell]),
            ("held", f"{python} generator.py"),
            ("free", f"{python} free.py"),
            ("not allowed", f"{python} other.py"),
            ("moved", "cd src && pwd"),
        ):
            shown = yield bash(command)
            self.results[name] = shown.result


@pytest.fixture(scope="module", params=sorted(WHICH))
def strict(
    request: pytest.FixtureRequest,
    claude_bin: Path,
    plugin: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Strict:
    """A session in which another agent, at a terminal, holds `src/bread.txt`."""
    shell = shutil.which(request.param)
    if shell is None:
        pytest.skip(f"{request.param} is not installed here (.ci/run installs it)")
    folder = tmp_path_factory.mktemp("strict")
    world = StrictWorld.prepare(claude_bin, plugin, folder / "world")
    world.shell = shell
    repository = begin(folder / "repository")
    for name, text in (("generator.py", GENERATOR), ("free.py", FREE), ("other.py", FREE)):
        (repository / name).write_text(text)
    (folder / "plan.json").write_text(json.dumps(PLAN))
    plan_id = world.terminal(repository, "plan", str(folder / "plan.json"))["plan_id"]
    world.terminal(repository, "approve", plan_id, "--strategy", "files", "--yes")
    world.terminal(repository, "claim", "bread", "--agent", "holder")
    found = Strict(repository, request.param)
    python = sys.executable
    allowed = (f"{python} generator.py", f"{python} free.py", "true", WHICH[request.param])
    rules = [f"Bash({command})" for command in allowed]
    world.run(repository, {"main": found.main}, "--allowedTools", ",".join(rules))
    return found


def test_a_program_cannot_write_a_held_file(strict: Strict) -> None:
    held = strict.results["held"]
    assert held.is_error
    assert "Read-only file system" in held.text, held.text
    assert (strict.repository / "src" / "bread.txt").read_text() == "flour\n"


def test_the_shell_is_the_users_own(strict: Strict) -> None:
    assert not strict.results["its own"].is_error, strict.results["its own"].text


def test_what_nobody_holds_is_written(strict: Strict) -> None:
    assert not strict.results["free"].is_error, strict.results["free"].text
    assert (strict.repository / "free.txt").read_text() == "free"


def test_the_users_permission_rules_apply_as_they_are_written(strict: Strict) -> None:
    assert strict.results["not allowed"].is_error
    assert "requires approval" in strict.results["not allowed"].text


def test_where_it_is_required_nothing_runs_before_a_shell_has_shown_it(strict: Strict) -> None:
    assert "run the command `true` once" in strict.results["too early"].text
    assert not strict.results["harmless"].is_error, strict.results["harmless"].text


def test_a_clear_command_runs_as_ever(strict: Strict) -> None:
    assert strict.results["moved"].text.strip().endswith("/repository/src")
