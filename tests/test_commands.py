"""The shell guard's answers: what a refusal says, what is logged, what holds without a parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from parallel_agents.guard import commands
from parallel_agents.guard.event import Event, Garbled
from parallel_agents.guard.shell.bash import syntax
from parallel_agents.guard.shell.bash.syntax import NoParser
from scratch_run import MAIN, PLUGIN, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    run = ScratchRun(repository)
    run.claim("auth", "src/auth.py", "src/auth/**", agent="a1")
    run.claim("billing", "src/billing.py", agent="a2", since=1_700_000_000.0)
    run.task("docs", "docs/*.md")
    (repository / "src").mkdir()
    (repository / "src" / "billing.py").write_text("x = 1\n")
    return run


def refused(run: ScratchRun, command: str, agent: str | None = "a1") -> str:
    event = Event(run.event(agent, "Bash", command=command))
    answer = commands.guard(event, run.runs(), str(PLUGIN))
    if answer is None:
        return ""
    return str(answer["hookSpecificOutput"]["permissionDecisionReason"])


def test_a_write_is_refused_with_file_holder_task_time_and_the_way_on(run: ScratchRun) -> None:
    reason = refused(run, "cd src && sed -i s/a/b/ billing.py")
    assert "The command would change src/billing.py (`sed -i`)." in reason
    assert "held by agent a2 (session 5e55-10n) for task `billing` since 2023-11-14" in reason
    assert "Next: leave this file alone" in reason


@pytest.mark.parametrize("agent", ["a1", "a9", MAIN])
def test_a_read_of_a_held_file_goes_through(run: ScratchRun, agent: str | None) -> None:
    assert refused(run, "cat src/billing.py | grep -n x; git diff -- src/billing.py", agent) == ""


def test_the_decision_is_that_of_the_edit_guard(run: ScratchRun) -> None:
    assert refused(run, "echo x > src/auth/new.py") == ""
    assert "extend_claim (task_id auth" in refused(run, "echo x > src/free.py")
    assert "it belongs to task `docs`" in refused(run, "echo x > docs/a.md")
    assert "you hold no claim" in refused(run, "echo x > src/free.py", "a9")
    assert refused(run, "echo x > src/free.py", MAIN) == ""
    assert "belongs to task `docs`" in refused(run, "echo x > docs/a.md", MAIN)
    assert refused(run, "echo x > /tmp/notes.txt", "a9") == ""


def test_an_unknown_program_that_is_given_a_held_file_is_refused_with_how_to_read(
    run: ScratchRun,
) -> None:
    reason = refused(run, "frobnicate --hard src/billing.py")
    assert "gives src/billing.py to something that may write it" in reason
    assert "to read it, use cat, grep or the Read tool" in reason


@pytest.mark.parametrize("agent", ["a1", MAIN])
@pytest.mark.parametrize(
    "command",
    [
        "mv _tasks/claimed/auth.md _tasks/available/",
        "rm -rf {root}/_tasks",
        "echo x >> _tasks/.events",
        "rm .git/index.lock",
        "echo x >> .git/info/exclude",
        "rm -rf .git",
        "rm -rf .g'i't/refs",
        "cd _tasks && sed -i s/a/b/ claimed/auth.md",
        "rm -rf ../{name}",
    ],
)
def test_the_state_is_not_written_by_hand(run: ScratchRun, command: str, agent: str | None) -> None:
    command = command.replace("{root}", str(run.root)).replace("{name}", run.root.name)
    assert "agents do not write it by hand" in refused(run, command, agent)


def test_the_state_may_be_read(run: ScratchRun) -> None:
    assert refused(run, "ls _tasks; cat _tasks/claimed/auth.md .git/HEAD") == ""


@pytest.mark.parametrize(
    "command",
    [
        "echo {} > .claude/settings.json",
        "echo {} > .claude/settings.local.json",
        f"rm {PLUGIN}/hooks/guard.sh",
        f"cd {PLUGIN} && mv hooks elsewhere",
        f"rm -rf {PLUGIN}/server",
    ],
)
def test_nobody_switches_the_guard_off(run: ScratchRun, command: str) -> None:
    (run.root / ".claude").mkdir()
    assert "decides whether the guard of parallel-agents runs" in refused(run, command, MAIN)


def test_a_refusal_is_logged_and_every_command_is_a_sign_of_life(run: ScratchRun) -> None:
    reason = refused(run, "echo x > src/billing.py")
    (line,) = run.log()
    assert (line["kind"], line["tool"], line["task"]) == ("denied", "Bash", "billing")
    assert line["reason"] == reason
    assert [path.name for path in (run.folder / ".alive").iterdir()] == ["5e55-10n.a1"]


def test_a_repeated_try_is_refused_in_the_same_words(run: ScratchRun) -> None:
    assert refused(run, "rm src/billing.py") == refused(run, "rm src/billing.py") != ""


@pytest.mark.parametrize("given", [{}, {"command": 3}])
def test_an_event_without_a_command_cannot_be_decided(
    run: ScratchRun, given: dict[str, int]
) -> None:
    with pytest.raises(Garbled):
        commands.guard(Event(run.event("a1", "Bash", **given)), run.runs(), str(PLUGIN))


@pytest.mark.parametrize("verb", ["approve", "claim", "release", "fail", "recover", "merge", "end"])
@pytest.mark.parametrize(
    "call",
    [
        "parallel-agents {verb} p1",
        "cd /x && FOO=1 ./bin/parallel-agents --json {verb}",
        "python3 -m parallel_agents {verb} --yes",
        "uvx parallel-agents@latest {verb}",
        "bash -c 'parallel-agents {verb} t1'",
        "echo $(parallel-agents {verb} t1)",
        "python -c \"from parallel_agents.cli import main; main(['{verb}'])\"",
        "parallel-''agents {verb}",
        'P=parallel; "$P-agents" {verb}',
        "alias pa=parallel-agents\npa {verb}",
        'f() { parallel-agents "$@"; }; f {verb} x',
        "v={verb}; parallel-agents $v",
        "{plugin}/bin/parallel-agents {verb}",
        "sh {plugin}/server/launch.sh {verb}",
        "{plugin}/bin/par*-agents {verb}",
        "cd {plugin}/bin && ./parallel-agents {verb}",
        "ln -s {plugin}/bin/parallel-agents /tmp/pa && /tmp/pa {verb}",
        "echo {verb} | xargs parallel-agents",
        "nohup timeout 9 env X=1 parallel-agents {verb} &",
        "python3 {plugin}/server/parallel_agents/__main__.py {verb}",
    ],
)
def test_agents_have_tools_for_our_own_verbs(run: ScratchRun, call: str, verb: str) -> None:
    command = call.replace("{verb}", verb).replace("{plugin}", str(PLUGIN))
    event = Event(run.event(MAIN, "Bash", command=command))
    for answer in (
        commands.guard(event, run.runs(), str(PLUGIN)),
        commands.verbs(event, run.runs(), str(PLUGIN)),
    ):
        assert answer is not None
        reason = answer["hookSpecificOutput"]["permissionDecisionReason"]
        assert f"`parallel-agents {verb}` is for people and scripts" in reason


@pytest.mark.parametrize(
    "command",
    [
        "parallel-agents status --watch",
        "parallel-agents demo && git log topic",
        "git -C ../parallel-agents log merge",
        "cd parallel-agents; make release",
        "grep -rn claim server/parallel_agents",
        "parallel-agents plan claim.yaml",
        "echo 'parallel-agents approve p1' # what the user types",
        "git commit --allow-empty -m 'parallel-agents merge: described'",
    ],
)
def test_other_uses_of_the_name_are_let_through(run: ScratchRun, command: str) -> None:
    event = Event(run.event(MAIN, "Bash", command=command))
    assert commands.verbs(event, run.runs(), str(PLUGIN)) is None


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise NoParser("it is not there")

    monkeypatch.setattr(syntax, "_parser", missing)


@pytest.mark.usefixtures("no_parser")
def test_without_a_parser_a_mention_of_a_held_file_is_refused(run: ScratchRun) -> None:
    assert "is held by agent a2" in refused(run, "cat src/billing.py")
    assert "is for people and scripts" in refused(run, "parallel-agents approve p1")
    assert refused(run, "cat src/auth.py && npm test") == ""


@pytest.mark.parametrize(
    "command",
    [
        "echo " + "{a,b}" * 40 + ".ts",
        "echo " + "*/" * 300,
        "echo \0 \ud800 \U0001f600 \ue000",
        "cat <<X\n" + "word " * 5000 + "\nX",
        "((((" * 1000,
        "echo '",
        "a=1; " * 3000,
        "\n".join("a=$a$a" for _ in range(60)),
    ],
)
def test_odd_commands_are_decided_too(run: ScratchRun, command: str) -> None:
    assert refused(run, command) == ""
