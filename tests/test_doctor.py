"""Tests of `doctor`: what it looks at, what it says is wrong, and that it leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import PROGRAM, CommandLine, snapshot
from git_scratch import git
from parallel_agents.doctor import PLUGIN, Finding, Level, examine, state
from parallel_agents.doctor.hooks import guards, strict_mode

Programs = Callable[..., None]


@pytest.fixture
def pa(capsys: pytest.CaptureFixture[str], repository: Path) -> CommandLine:
    """The command line in a repository without a plan."""
    return CommandLine(capsys, repository)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Puts programs on PATH that tell a version; None takes one off it."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("git", "sh", "env", "cat"):
        (bin_folder / name).symlink_to(str(shutil.which(name)))
    (bin_folder / "python3").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", str(bin_folder))

    def put(**versions: str | None) -> None:
        for name, version in versions.items():
            program = bin_folder / name
            program.unlink(missing_ok=True)
            if version is not None:
                program.write_text(f"#!/bin/sh\necho '{version}'\n")
                program.chmod(0o755)

    put(claude="2.1.330 (Claude Code)", uv="uv 0.9.1")
    return put


def found(start: Path, about: str) -> Finding:
    """What is said about one thing."""
    (finding,) = (f for f in examine(start) if f.about == about)
    return finding


def plugin_with(folder: Path, guard: str) -> Path:
    """A plugin whose guard is the given script."""
    (folder / "hooks").mkdir(parents=True)
    shutil.copy(PLUGIN / "hooks" / "hooks.json", folder / "hooks")
    (folder / "hooks" / "guard.sh").write_text(guard)
    return folder


@pytest.mark.usefixtures("programs")
def test_where_all_is_well_every_line_is_ok(pa: CommandLine) -> None:
    pa.start()
    pa.claim("a1", "alpha")
    ran = pa("doctor")
    assert ran.status == 0, ran.out
    assert {line.split()[0] for line in ran.out.splitlines()} == {"ok"}
    answer = pa.done("doctor")
    assert answer["fit"] is True
    assert [f["about"] for f in answer["findings"]] == [
        *("git", "python", "uv", "client", "repository", "locks", "store", "lock table"),
        *("work trees", "hooks", "strict mode"),
    ]


@pytest.mark.usefixtures("programs")
def test_looking_changes_nothing_and_leaves_nothing(
    pa: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    pa.start()
    before = snapshot(pa.root), sorted(os.listdir(pa.root / ".git"))
    assert pa("doctor").status == 0
    assert (snapshot(pa.root), sorted(os.listdir(pa.root / ".git"))) == before
    assert list(scratch.iterdir()) == []


def test_an_old_client_is_a_failure_with_the_way_out(programs: Programs, pa: CommandLine) -> None:
    programs(claude="2.1.327 (Claude Code)")
    ran = pa("doctor")
    assert ran.status == 3
    assert "FAIL  client      Claude Code 2.1.327 is installed" in ran.out
    assert "Next: run `claude update`" in ran.out


@pytest.mark.parametrize("version", [None, "no version here"])
def test_a_client_that_cannot_be_asked_is_a_warning(
    programs: Programs, pa: CommandLine, version: str | None
) -> None:
    programs(claude=version, uv=None)
    ran = pa("doctor")
    assert ran.status == 0
    assert "warn  client" in ran.out
    assert "warn  uv" in ran.out


@pytest.mark.usefixtures("programs")
def test_outside_a_repository_the_machine_is_looked_at_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran = CommandLine(capsys, tmp_path)("doctor")
    assert ran.status == 3
    assert "FAIL  repository" in ran.out
    assert "ok    git" in ran.out
    assert "ok    hooks" in ran.out


def test_a_repository_that_cannot_carry_a_run_fails(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    assert found(tmp_path / "empty", "repository").level is Level.FAIL


def test_a_detached_head_fails(pa: CommandLine) -> None:
    git(pa.root, "checkout", "--quiet", "--detach")
    assert found(pa.root, "repository").level is Level.FAIL


def test_without_git_nothing_else_is_tried(pa: CommandLine, tmp_path: Path) -> None:
    done = subprocess.run(
        (*PROGRAM, "doctor"),
        cwd=pa.root,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "FAIL  git" in done.stdout
    assert "repository" not in done.stdout


def test_a_damaged_task_file_is_named(pa: CommandLine) -> None:
    pa.start()
    (pa.root / "_tasks" / "available" / "beta.md").write_text("not a task\n")
    finding = found(pa.root, "store")
    assert finding.level is Level.FAIL
    assert "_tasks/available/beta.md" in finding.what
    assert finding.fix


def test_a_damaged_plan_is_named(pa: CommandLine) -> None:
    pa.start()
    (pa.root / "_tasks" / "plan.md").write_text("not a plan\n")
    failed = [f for f in examine(pa.root) if f.level is Level.FAIL]
    assert any("_tasks/plan.md" in f.what for f in failed)


def test_a_torn_lock_table_is_written_anew_and_told_of(pa: CommandLine) -> None:
    pa.start()
    for name in (".locks.0", ".locks.1"):
        (pa.root / "_tasks" / name).write_text("torn")
    finding = found(pa.root, "lock table")
    assert finding.level is Level.WARN
    assert found(pa.root, "lock table").level is Level.OK


def test_a_lock_that_does_not_lock_fails(pa: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_take", lambda lock: "taken")
    finding = found(pa.root, "locks")
    assert finding.level is Level.FAIL
    assert "two processes got the same lock" in finding.what


def test_a_lock_that_is_never_free_again_fails(
    pa: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_take", lambda lock: "refused")
    assert "a lock stays taken" in found(pa.root, "locks").what


def test_the_guard_of_this_plugin_is_alive() -> None:
    assert guards(PLUGIN).level is Level.OK


def test_a_guard_that_lets_everything_through_fails(tmp_path: Path) -> None:
    finding = guards(plugin_with(tmp_path / "plugin", "exit 0\n"))
    assert finding.level is Level.FAIL
    assert "the guard of Edit must refuse a write of a held file" in finding.what


def test_a_guard_that_is_in_the_way_without_a_run_fails(tmp_path: Path) -> None:
    finding = guards(plugin_with(tmp_path / "plugin", "echo broken >&2; exit 2\n"))
    assert finding.level is Level.FAIL
    assert "the guard of Edit must stay silent without a run" in finding.what
    assert "broken" in finding.what


def test_a_guard_that_refuses_every_edit_fails(tmp_path: Path) -> None:
    denial = (
        '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",'
        '"permissionDecisionReason":"no"}}'
    )
    script = f"[ -d _tasks ] || exit 0\ncat >/dev/null\necho '{denial}'\nexit 0\n"
    finding = guards(plugin_with(tmp_path / "plugin", script))
    assert finding.level is Level.FAIL
    assert "the guard of Edit must let a write of a free file through" in finding.what


def test_a_guard_that_lets_pass_what_it_cannot_read_fails(tmp_path: Path) -> None:
    launcher = (PLUGIN / "hooks" / "guard.sh").read_text()
    shutil.copytree(PLUGIN / "server", tmp_path / "plugin" / "server")
    plugin = plugin_with(tmp_path / "plugin", launcher.replace("status=2", "status=0"))
    shutil.copy(PLUGIN / "hooks" / "guard_main.py", plugin / "hooks")
    finding = guards(plugin)
    assert finding.level is Level.FAIL
    assert "the guard of Edit must refuse what it cannot read" in finding.what


def test_a_guard_of_commands_that_is_missing_fails(tmp_path: Path) -> None:
    plugin = plugin_with(tmp_path / "plugin", "exit 0\n")
    manifest = plugin / "hooks" / "hooks.json"
    manifest.write_text(manifest.read_text().replace("Bash|Monitor", "Monitor"))
    finding = guards(plugin)
    assert finding.level is Level.FAIL
    assert "hooks.json has no hook for the tool Bash" in finding.what


def test_strict_mode_is_tried_whether_or_not_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = plugin_with(tmp_path / "plugin", "exit 0\n")
    (plugin / "hooks" / "contain_main.py").write_text("import sys; sys.exit('(no such right)')")
    levels = {}
    for setting in ("off", "auto", "required"):
        monkeypatch.setenv("PARALLEL_AGENTS_STRICT", setting)
        finding = strict_mode(plugin)
        levels[setting] = finding.level
        assert setting in finding.what
        assert "no such right" in finding.what
    assert levels == {"off": Level.OK, "auto": Level.WARN, "required": Level.FAIL}


def test_a_package_without_hooks_is_a_warning(tmp_path: Path) -> None:
    assert guards(tmp_path).level is Level.WARN
