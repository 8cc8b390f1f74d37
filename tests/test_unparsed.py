"""The shell rule where there is no parser: what a command may mention."""

from __future__ import annotations

from pathlib import Path

import pytest
from parallel_agents.guard import unparsed
from parallel_agents.guard.commands import VERBS
from parallel_agents.guard.event import Event
from scratch_run import MAIN, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    run = ScratchRun(repository, "worktree")
    run.claim("auth", "src/auth.ts", "src/auth/**", "src/a/index.ts", agent="a1")
    run.claim("billing", "src/billing.ts", "lib/pay/**/*.ts", "src/b/index.ts", agent="a2")
    (repository / "src" / "b").mkdir(parents=True)
    (repository / "lib" / "pay").mkdir(parents=True)
    return run


def refused(run: ScratchRun, command: str, agent: str | None = "a1", cwd: str = "") -> str:
    event = Event(run.event(agent, "Bash", command=command) | {"cwd": str(run.root / cwd)})
    for run_seen in run.runs().near():
        found = unparsed.objection(command, event, run_seen)
        if found is not None:
            return found[1]
    return ""


@pytest.mark.parametrize(
    "command",
    [
        "echo x > src/billing.ts",
        "sed -i s/a/b/ ./src/billing.ts",
        "python3 -c \"open('src/billing.ts', 'w')\"",
        "cd src && echo x > billing.ts",
        "cd src/b; touch index.ts",
        'f=src/billing.ts; echo x > "$f"',
        'D=src; echo x > "$D/billing.ts"',
        "tee src/bil''ling.ts",
        "tee src/bill\\ing.ts",
        "cp other src/b*.ts",
        "rm src/{billing,other}.ts",
        "touch lib/pay/card.ts",
        "cd lib/pay && touch card.ts",
        "rm -rf lib",
        "mv src/b elsewhere",
        "cd src && git mv b elsewhere",
        "git checkout HEAD -- src/billing.ts",
        "cat {root}/src/billing.ts",
        "pytest src/billing.ts::test_x",
    ],
)
@pytest.mark.parametrize("agent", ["a1", "a9", MAIN])
def test_a_mention_of_a_held_file_is_refused(
    run: ScratchRun, command: str, agent: str | None
) -> None:
    reason = refused(run, command.replace("{root}", str(run.root)), agent)
    assert "is held by agent a2 (session 5e55-10n) for task `billing`" in reason
    assert "Next: " in reason


@pytest.mark.parametrize(
    "command",
    [
        "cat src/auth.ts src/a/index.ts",
        "echo x > src/auth/new.ts",
        "cd src/a && echo x > index.ts",
        "sed -i s/a/b/ {root}/src/auth.ts",
        "npm test",
        "npm run b",
        "make lib",
        "git add -A && git commit -m 'the auth part'",
        "git status; git diff; git log --oneline",
        "cat docs/index.ts.bak",
        "cat other/index.ts",
        "ls src",
        "grep -rn pay --exclude-dir=.git .",
        "find . -not -path './.git/*' -name x",
        "echo 'billing is next'",
        "git clone https://example.invalid/x/y.git /tmp/y",
        "mv src/auth.ts .",
        "cd src && rm auth.ts",
        "rm -f build/out.txt",
        "",
    ],
)
def test_innocent_neighbours_are_let_through(run: ScratchRun, command: str) -> None:
    assert refused(run, command.replace("{root}", str(run.root)), "a1") == ""


def test_the_words_start_from_where_the_agent_is(run: ScratchRun) -> None:
    assert "is held by agent a2" in refused(run, "touch card.ts", cwd="lib/pay")
    assert refused(run, "touch card.ts", cwd="src") == ""
    assert "is held by agent a2" in refused(run, "rm *.ts", cwd="src/b")
    assert refused(run, "rm *.py", cwd="src/b") == ""


def test_the_tree_of_another_agent_is_not_entered(repository: Path) -> None:
    run = ScratchRun(repository, "worktree")
    tree = repository.parent / "agent-2"
    run.claim("billing", "src/billing.ts", agent="a2", workdir=tree)
    assert "is held by agent a2" in refused(run, f"cd {tree} && git clean -f")


@pytest.mark.parametrize(
    "command",
    [
        "mv _tasks/claimed/auth.md _tasks/available/",
        "cat ./_tasks/plan.md",
        "rm -rf {root}/_tasks",
        "rm .git/index.lock",
        "echo x >> .git/info/exclude",
        "rm -rf .git",
        "rm -rf .g'i't/refs",
    ],
)
@pytest.mark.parametrize("agent", ["a1", MAIN])
def test_the_state_is_not_for_shells(run: ScratchRun, command: str, agent: str | None) -> None:
    reason = refused(run, command.replace("{root}", str(run.root)), agent)
    assert "is not for agents to touch by hand" in reason


@pytest.mark.parametrize("verb", ["approve", "claim", "release", "fail", "recover", "merge"])
@pytest.mark.parametrize(
    "call",
    [
        "parallel-agents {verb} p1",
        "cd /x && FOO=1 ./bin/parallel-agents --json {verb}",
        "python3 -m parallel_agents {verb} --yes",
        "uvx parallel-agents@latest {verb}",
        "bash -c 'parallel-agents {verb} t1'",
        "echo $(parallel-agents {verb} t1)",
        "/opt/py/bin/python server/parallel_agents/cli.py {verb}",
        "python -c \"from parallel_agents.cli import main; main(['{verb}'])\"",
        "parallel-''agents {verb}",
    ],
)
def test_agents_have_tools_for_our_own_verbs(call: str, verb: str) -> None:
    command = call.replace("{verb}", verb)
    said = unparsed.own_verb(command, VERBS) or unparsed.own_verb(command.replace("'", ""), VERBS)
    assert said == verb


@pytest.mark.parametrize(
    "command",
    [
        "parallel-agents status --watch",
        "parallel-agents demo && git merge topic",
        "git -C ../parallel-agents merge topic",
        "cd parallel-agents; make release",
        "grep -rn claim server/parallel_agents",
        "parallel-agents plan claim.yaml",
    ],
)
def test_other_uses_of_the_name_are_let_through(command: str) -> None:
    assert unparsed.own_verb(command, VERBS) is None


SWEEPS = (
    "git add -A",
    "git add .",
    "git commit -am wip",
    "git commit --all -m wip",
    "git stash",
    "git stash pop",
    "git checkout main",
    "git switch -c x",
    "git reset --hard",
    "git restore .",
    "git clean -fd",
    "npm test && git -C . stash",
    "git pull",
)


@pytest.mark.parametrize("command", SWEEPS)
def test_in_one_shared_tree_nothing_may_touch_everybodys_files(
    repository: Path, command: str
) -> None:
    run = ScratchRun(repository, "files")
    run.claim("auth", "src/auth.ts", agent="a1")
    assert "touches the files of every agent" in refused(run, command, "a1")
    assert "touches the files of every agent" in refused(run, command, MAIN)


@pytest.mark.parametrize(
    "command",
    [
        "git add src/auth.ts",
        "git commit -m 'a message'",
        "git stash list",
        "git log --all",
        "git diff",
    ],
)
def test_in_one_shared_tree_named_files_are_fine(repository: Path, command: str) -> None:
    run = ScratchRun(repository, "files")
    run.claim("auth", "src/auth.ts", agent="a1")
    assert refused(run, command, "a1") == ""


@pytest.mark.parametrize("command", SWEEPS)
def test_in_a_tree_of_its_own_an_agent_may_sweep(run: ScratchRun, command: str) -> None:
    assert refused(run, command, "a1") == ""


def test_alone_in_the_shared_tree_the_conversation_may_sweep(repository: Path) -> None:
    assert refused(ScratchRun(repository, "files"), "git stash", MAIN) == ""


@pytest.mark.parametrize(
    "command",
    [
        "echo " + "{a,b}" * 40 + ".ts",
        "echo " + "*/" * 300,
        "echo \0 \ud800 \U0001f600",
        "cat <<X\n" + "word " * 5000 + "\nX",
        "((((" * 1000,
        "echo '",
    ],
)
def test_odd_commands_are_decided_too(run: ScratchRun, command: str) -> None:
    assert refused(run, command) == ""
