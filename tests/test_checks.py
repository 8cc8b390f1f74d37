"""Commands of a plan: how they are read, and that they end, whatever they do."""

from __future__ import annotations

import os
import select
import sys
import tracemalloc
from pathlib import Path

import pytest
from parallel_agents import checks
from parallel_agents.checks import TAIL, environment, parse_command, run_check
from parallel_agents.core.errors import BadInput


def python(program: str) -> str:
    """A command that runs `program`, which has no double quote in it."""
    return f'{sys.executable} -c "{program}"'


# reading a command


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("pytest -q tests", ("pytest", "-q", "tests")),
        ("  pytest  -k 'a and b' ", ("pytest", "-k", "a and b")),
        ('pytest -k "a>b|c;d"', ("pytest", "-k", "a>b|c;d")),
        ("sh -c 'cd x && make > log'", ("sh", "-c", "cd x && make > log")),
        (r"find . -name \*.py -exec true \;", ("find", ".", "-name", "*.py", "-exec", "true", ";")),
        (r'echo "a \" | b"', ("echo", 'a " | b')),
        ("make CFLAGS=-O2", ("make", "CFLAGS=-O2")),
        ("echo #1", ("echo", "#1")),
    ],
)
def test_a_command_is_one_program_and_its_arguments(text: str, argv: tuple[str, ...]) -> None:
    assert parse_command(text) == argv


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "names no program"),
        ("   ", "names no program"),
        ("''", "names no program"),
        ("echo 'unclosed", "No closing quotation"),
        ("echo \\", "No escaped character"),
        ("cd x && make", "'&&'"),
        ("make || true", "'||'"),
        ("pytest | tail", "'|'"),
        ("a; b", "';'"),
        ("server &", "'&'"),
        ("make > log", "'>'"),
        ("wc < log", "'<'"),
        ("echo $(date)", "'$('"),
        ("echo `date`", "'`'"),
        ("first\nsecond", "'\\n'"),
        ("'it''s' | x", "'|'"),
        ("CI=1 pytest", "sets a variable"),
        ("echo a\0b", "NUL"),
    ],
)
def test_what_needs_a_shell_is_refused_with_the_way_on(text: str, shown: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_command(text)

    assert refusal.value.code == "bad_command"
    assert shown in refusal.value.sentence
    assert "sh -c '" in refusal.value.next_step


# running it


def test_a_check_that_passes_says_so(tmp_path: Path) -> None:
    command = python("import os; print(os.getcwd())")

    result = run_check(command, tmp_path, 30)

    assert result.passed
    assert (result.command, result.exit_code, result.timed_out) == (command, 0, False)
    assert result.tail.strip() == str(tmp_path)
    assert 0 < result.seconds < 30


def test_both_outputs_of_a_failing_check_are_kept_in_order(tmp_path: Path) -> None:
    program = (
        "import os; os.write(1, b'one '); os.write(2, b'two '); os.write(1, b'three'); exit(3)"
    )

    result = run_check(python(program), tmp_path, 30)

    assert (result.exit_code, result.tail, result.passed) == (3, "one two three", False)


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    program = "print('ü' * 3_000_000); print('the end')"

    result = run_check(python(program), tmp_path, 60)

    assert len(result.tail) == TAIL
    assert result.tail.endswith("üü\nthe end\n")


def test_the_output_is_not_held_in_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        run_check("head -c 20000000 /dev/zero", tmp_path, 60)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2_000_000


def test_output_that_is_not_text_does_no_harm(tmp_path: Path) -> None:
    result = run_check(python("import os; os.write(1, bytes(range(256)))"), tmp_path, 30)

    assert result.exit_code == 0
    assert "abc" in result.tail


def test_a_check_reads_nothing(tmp_path: Path) -> None:
    result = run_check(python("import sys; print(repr(sys.stdin.read()))"), tmp_path, 30)

    assert result.tail == "''\n"


def test_a_signal_shows_as_a_negative_code(tmp_path: Path) -> None:
    result = run_check(python("import os; os.kill(os.getpid(), 9)"), tmp_path, 30)

    assert (result.exit_code, result.timed_out) == (-9, False)


def test_at_the_time_out_the_check_ends_with_all_it_started(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    # The child ignores polite signals and holds the other end of the pipe.
    command = f"sh -c 'trap \"\" TERM; (exec > {fifo}; echo up; sleep 600; true) & echo on; wait'"

    with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as children:
        result = run_check(command, tmp_path, 1.0)
        os.set_blocking(children.fileno(), True)
        assert children.read(10) == b"up\n"
        assert select.select([children], [], [], 30) == ([children], [], [])
        assert children.read(10) == b""

    assert (result.exit_code, result.timed_out, result.passed) == (None, True, False)
    assert result.tail == "on\n"
    assert 1.0 <= result.seconds < 30


def test_what_a_check_leaves_running_is_ended_too(tmp_path: Path) -> None:
    result = run_check("sh -c 'sleep 600 & echo done'", tmp_path, 300)

    assert (result.exit_code, result.tail) == (0, "done\n")
    assert result.seconds < 60


def test_a_process_that_left_the_group_does_not_hold_the_check_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_GRACE", 0.1)
    ready, stop = tmp_path / "ready", tmp_path / "stop"
    os.mkfifo(ready)
    os.mkfifo(stop)
    program = (
        "import os\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    open('{ready}', 'w').close()\n"
        f"    open('{stop}').read()\n"
        "else:\n"
        f"    open('{ready}').read()\n"
        "    print('done')\n"
    )
    (tmp_path / "check.py").write_text(program)

    result = run_check(f"{sys.executable} check.py", tmp_path, 300)
    with stop.open("w"):
        pass  # lets the process go

    assert (result.exit_code, result.tail) == (0, "done\n")
    assert result.seconds < 60


def test_a_check_that_closes_its_output_is_still_bounded(tmp_path: Path) -> None:
    result = run_check("sh -c 'exec >&- 2>&-; sleep 600; true'", tmp_path, 0.5)

    assert result.timed_out


def test_a_program_that_cannot_be_started_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("no program")

    missing = run_check("no-such-program-here --all", tmp_path, 30)
    plain = run_check("./plain.txt", tmp_path, 30)
    nowhere = run_check("true", tmp_path / "gone", 30)

    assert (missing.exit_code, missing.passed) == (127, False)
    assert "no-such-program-here" in missing.tail
    assert plain.exit_code == 126
    assert "no such directory" in nowhere.tail
    assert nowhere.exit_code == 127


def test_a_bad_command_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run_check("touch made; false", tmp_path, 30)

    assert not (tmp_path / "made").exists()


# the environment


def test_git_and_our_own_variables_do_not_reach_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("PARALLEL_AGENTS_STORE", "postgresql://user:secret@host/db")
    monkeypatch.setenv("KEPT", "yes")

    result = run_check("env", tmp_path, 30)

    assert "KEPT=yes" in result.tail.splitlines()
    assert "GIT_" not in result.tail
    assert "PARALLEL_AGENTS_" not in result.tail


def test_our_own_virtual_environment_does_not_stand_in_for_the_projects() -> None:
    own, source = f"{sys.prefix}/bin", str(Path(checks.__file__).parents[1])
    given = {
        "PATH": f"{own}:/usr/bin:{own}/:/bin",
        "PYTHONPATH": f"/lib:{source}",
        "VIRTUAL_ENV": sys.prefix,
        "UV_PROJECT_ENVIRONMENT": sys.prefix,
        "UV_RUN_RECURSION_DEPTH": "1",
    }

    assert environment(given) == {"PATH": "/usr/bin:/bin", "PYTHONPATH": "/lib"}

    # Started from the project's own environment, that is the right one.
    del given["UV_RUN_RECURSION_DEPTH"]
    assert environment(given)["VIRTUAL_ENV"] == sys.prefix
    assert environment(given)["PATH"] == given["PATH"]
