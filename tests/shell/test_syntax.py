"""The parser is found and loaded as hooks load it: without the environment, at little cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from parallel_agents.guard.shell.bash import syntax
from scratch_run import PLUGIN

PROGRAM = f"""
import sys
sys.path.insert(0, {str(PLUGIN / "server")!r})
from parallel_agents.guard.shell.bash import syntax
print(syntax.parse("cd a && rm b > c", []).has_error, {{"re", "enum"}} & set(sys.modules))
import enum, re
print(re.compile("a").fullmatch("a") is not None, enum.IntEnum("Both", "one two").two + 0)
"""


def test_a_hook_finds_the_parser_and_loads_little_for_it(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    done = subprocess.run(
        [str(python), "-I", "-S", "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n") == ["False set()", "True 2", ""], done.stderr


def test_an_interpreter_without_the_environment_has_no_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python3"))
    monkeypatch.setattr(syntax, "_parsers", [])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    with pytest.raises(syntax.NoParser):
        syntax.parse("true", [])


@pytest.mark.parametrize(
    "text",
    [
        "cat <<A | sort\nx\nA",
        "cat <<A <<B > f\n1\nA\n2\nB",
        'x=$(cat <<"E"\n(\nE\n)',
        "exec {fd}>f",
        "exec 3<>f",
        'echo $"a b"',
        "a |& b",
        "cat > f <<< 'x y'",
        "case x in a) b ;& c) d ;;& *) e ;; esac",
        "echo $((1 << 2)) $(( (3) ))",
        "diff <(a) >(b)",
        "[[ -f a && $b != c* ]]",
    ],
)
def test_what_the_grammar_gets_wrong_is_written_otherwise_first(text: str) -> None:
    assert not syntax.parse(text, []).has_error


def test_a_text_that_is_too_long_or_takes_too_long_is_unreadable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(syntax.Unreadable, match="longer than 64 kB"):
        syntax.parse("x" * 70_000, [])
    monkeypatch.setattr(syntax, "_PARSE_SECONDS", -1.0)
    with pytest.raises(syntax.Unreadable, match="too long to read"):
        syntax.parse("a | " * 15_000 + "b", [])
    monkeypatch.undo()
    assert not syntax.parse("true", []).has_error
