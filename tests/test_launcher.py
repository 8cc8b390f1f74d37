"""The launcher, the making of its environment, and the command for people."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from launcher_standins import (
    DEADLINE,
    PROJECT,
    PYTHON,
    TOO_OLD,
    UV,
    WITHOUT_ENSUREPIP,
    Gate,
    Launcher,
)


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return Launcher.in_folder(tmp_path)


def test_the_first_start_makes_the_environment_and_starts_the_server(launcher: Launcher) -> None:
    status, out, err = launcher.start("serve", "two words", "")
    assert status == 0, err
    assert [line.partition(" -I ")[0] for line in launcher.noted()] == ["pip"]
    assert out.splitlines()[2:] == ["<serve>", "<two words>", "<>", "a line on stdin"]
    assert (launcher.venv / "pins").read_text() == (launcher.root / "constraints.txt").read_text()


def test_nothing_but_the_server_writes_to_stdout(launcher: Launcher) -> None:
    _, out, err = launcher.start("serve")
    assert out.startswith("server ")
    assert "noise of pip" in err


def test_the_server_starts_in_the_callers_folder(launcher: Launcher) -> None:
    _, out, _ = launcher.start("serve")
    assert out.splitlines()[0].endswith(f" in {launcher.elsewhere}")


def test_a_warm_start_becomes_python_at_once(launcher: Launcher) -> None:
    launcher.start("serve")
    before = launcher.noted()
    for tool in {*os.listdir(launcher.tools)} - {"cmp", "sh", "cat"}:
        (launcher.tools / tool).unlink()
    launcher.offer("uv", UV)
    process = launcher.begin("serve")
    out, err = process.communicate("", timeout=DEADLINE)
    assert out.startswith(f"server {process.pid} in ")
    assert err == ""
    assert launcher.noted() == before


def test_uv_makes_the_environment_where_there_is_one(launcher: Launcher) -> None:
    launcher.offer("uv", UV)
    (launcher.tools / "python3").rename(launcher.tools / "python-of-uv")
    status, out, err = launcher.start("serve")
    assert status == 0, err
    assert out.startswith("server ")
    assert [note.split()[:2] for note in launcher.noted()] == [["uv", "venv"], ["uv", "pip"]]


def test_pip_takes_over_where_uv_fails(launcher: Launcher) -> None:
    launcher.offer("uv", "#!/bin/sh\necho no such mirror >&2\nexit 2\n")
    status, _, err = launcher.start("serve")
    assert status == 0
    assert "no such mirror" in err
    assert len(launcher.noted()) == 1


def test_only_what_the_server_needs_is_installed_unless_asked(launcher: Launcher) -> None:
    launcher.start("serve")
    needed = (launcher.venv / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("mcp>=") for line in needed)
    assert not any(line.startswith("pytest") for line in needed)
    subprocess.run(
        ("sh", str(launcher.root / "server/environment.sh"), str(launcher.venv), "dev"),
        env=launcher.variables,
        check=True,
        timeout=DEADLINE,
    )
    needed = (launcher.venv / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("pytest>=") for line in needed)


def test_changed_pins_make_a_new_environment(launcher: Launcher) -> None:
    launcher.start("serve")
    first = launcher.venv.resolve()
    with (launcher.root / "constraints.txt").open("a") as pins:
        pins.write("another==1\n")
    launcher.start("serve")
    assert launcher.venv.resolve() != first
    assert len(launcher.noted()) == 2


def test_a_server_keeps_the_environment_that_it_began_with(launcher: Launcher) -> None:
    """Not the link to it: modules imported later must be of the same versions."""
    _, out, _ = launcher.start("serve")
    assert out.splitlines()[1] == f"by {launcher.venv.resolve()}/bin/python"


def test_a_removed_interpreter_makes_a_new_environment(launcher: Launcher) -> None:
    launcher.start("serve")
    (launcher.venv / "bin" / "python").unlink()
    status, out, _ = launcher.start("serve")
    assert status == 0
    assert out.startswith("server ")


def test_an_interrupted_build_does_not_count(launcher: Launcher) -> None:
    launcher.pip.write_text('kill -9 "$PPID"; exit 1\n')
    status, out, _ = launcher.start("serve")
    assert (status, out) == (1, "")
    assert not launcher.venv.exists()
    launcher.pip.write_text("")
    status, out, _ = launcher.start("serve")
    assert status == 0
    assert out.startswith("server ")


def test_a_failed_build_says_so_and_leaves_nothing(launcher: Launcher) -> None:
    launcher.pip.write_text("echo no network >&2; exit 1\n")
    status, out, err = launcher.start("serve")
    assert (status, out) == (1, "")
    assert "no network" in err
    assert err.splitlines()[-1].startswith(
        "parallel-agents: cannot start: its packages could not be installed"
    )
    assert sorted(os.listdir(launcher.root)) == [
        "bin",
        "constraints.txt",
        "pyproject.toml",
        "server",
    ]


def test_the_build_outlives_a_client_that_gives_up(launcher: Launcher, tmp_path: Path) -> None:
    with Gate.at(tmp_path / "gate") as gate:
        launcher.pip.write_text(gate.script)
        process = launcher.begin("serve")
        gate.wait_until_reached(process)
        process.terminate()
        process.wait(DEADLINE)
        gate.open()
        _, err = process.communicate(timeout=DEADLINE)
    assert err.endswith("the environment is ready.\n")
    assert (launcher.venv / "pins").exists()


def test_of_two_first_starts_one_builds_and_the_other_waits(
    launcher: Launcher, tmp_path: Path
) -> None:
    with Gate.at(tmp_path / "building") as building, Gate.at(tmp_path / "waiting") as waiting:
        launcher.pip.write_text(building.script)
        launcher.offer("sleep", f"#!/bin/sh\n{waiting.script}")
        first = launcher.begin("serve", "first")
        building.wait_until_reached(first)
        second = launcher.begin("serve", "second")
        assert "waiting for process" in waiting.wait_until_reached(second)
        for gate, name, process in ((building, "first", first), (waiting, "second", second)):
            gate.open()
            out, err = process.communicate("", timeout=DEADLINE)
            assert process.returncode == 0, err
            assert f"<{name}>" in out
    assert len(launcher.noted()) == 1


def test_a_lock_whose_owner_died_is_taken_over(launcher: Launcher) -> None:
    gone = subprocess.Popen(("true",))
    gone.wait()
    (launcher.root / ".venv.lock").symlink_to(str(gone.pid))
    status, _, err = launcher.start("serve")
    assert status == 0
    assert "waiting" not in err
    assert not (launcher.root / ".venv.lock").is_symlink()


def test_without_uv_and_python_one_sentence_says_what_to_install(launcher: Launcher) -> None:
    launcher.offer("python3", PYTHON.format(pretence=TOO_OLD))
    launcher.offer(
        "python3.12", "#!/bin/sh\necho a shim without a version behind it >&2\nexit 127\n"
    )
    status, out, err = launcher.start("serve")
    assert (status, out) == (1, "")
    assert "neither uv nor Python 3.11 or later is on PATH; install one of them" in err
    assert err.count("cannot start") == 1


def test_a_python_without_ensurepip_is_named_with_the_package_to_install(
    launcher: Launcher,
) -> None:
    launcher.offer("python3", PYTHON.format(pretence=WITHOUT_ENSUREPIP))
    status, out, err = launcher.start("serve")
    assert (status, out) == (1, "")
    assert "python3 lacks ensurepip" in err
    assert "apt install python3-venv" in err


def test_a_python_without_ensurepip_does_not_hide_an_older_one_with_it(launcher: Launcher) -> None:
    launcher.offer("python3.13", PYTHON.format(pretence=WITHOUT_ENSUREPIP))
    status, _, err = launcher.start("serve")
    assert status == 0, err


def test_a_folder_that_is_not_ours_is_left_alone(launcher: Launcher) -> None:
    (launcher.venv / "precious").mkdir(parents=True)
    status, _, err = launcher.start("serve")
    assert status == 1
    assert f"{launcher.venv} is in the way" in err
    assert (launcher.venv / "precious").is_dir()


def test_the_environment_lies_in_the_plugins_data_folder(launcher: Launcher) -> None:
    data = launcher.elsewhere / "not yet" / "data"
    launcher.variables["CLAUDE_PLUGIN_DATA"] = str(data)
    status, _, err = launcher.start("serve")
    assert status == 0, err
    assert (data / "venv" / "pins").exists()
    assert not launcher.venv.exists()


def test_the_command_finds_its_root_through_links(launcher: Launcher) -> None:
    near = launcher.elsewhere / "near"
    near.symlink_to("far")
    (launcher.elsewhere / "far").symlink_to(launcher.root / "bin" / "parallel-agents")
    done = subprocess.run(
        ("sh", str(near), "status"),
        env=launcher.variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    assert "<status>" in done.stdout


def test_the_command_of_an_installed_plugin_shares_the_servers_environment(
    launcher: Launcher, tmp_path: Path
) -> None:
    root = tmp_path / "plugins" / "cache" / "market" / "parallel-agents" / "0.1.0"
    shutil.copytree(launcher.root, root)
    subprocess.run(
        ("sh", str(root / "bin" / "parallel-agents"), "status"),
        env=launcher.variables,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=DEADLINE,
    )
    assert (tmp_path / "plugins" / "data" / "parallel-agents-market" / "venv" / "pins").exists()


def test_modules_in_the_users_project_are_never_imported(launcher: Launcher) -> None:
    """With the real interpreter: the working directory and PYTHONPATH stay out of sys.path."""
    package = launcher.root / "server" / "parallel_agents"
    shutil.copy(PROJECT / "server/parallel_agents/__main__.py", package)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text(
        "def main():\n    import json, os\n    print(os.environ['PYTHONPATH'], json.__file__)\n"
    )
    launcher.start("serve")
    python = launcher.venv / "bin" / "python"
    python.unlink()
    python.symlink_to(sys.executable)
    for name in ("json.py", "parallel_agents.py"):
        (launcher.elsewhere / name).write_text(
            "raise SystemExit('a module of the user was imported')"
        )
    launcher.variables["PYTHONPATH"] = str(launcher.elsewhere)
    status, out, err = launcher.start("serve")
    assert status == 0, err
    assert out.startswith(f"{launcher.elsewhere} ")
