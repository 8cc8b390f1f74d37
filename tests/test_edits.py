"""The edit guard's decision table, path by path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from git_scratch import branch, git
from hypothesis import given
from hypothesis import strategies as st
from parallel_agents.core.globs import covering
from parallel_agents.core.locktable import TableTorn
from parallel_agents.guard import edits
from parallel_agents.guard.event import Event, Garbled
from parallel_agents.guard.runs import Runs, Sought
from scratch_run import MAIN, PLUGIN, SESSION, ScratchRun


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    """Two claims by files in one tree, one task that nobody holds, one that is completed."""
    run = ScratchRun(repository)
    run.claim("auth", "src/auth.py", "src/auth/**", agent="a1")
    run.claim("billing", "src/billing.py", agent="a2", since=1_700_000_000.0)
    run.task("docs", "docs/*.md")
    run.task("old", "src/old.py", state="completed")
    return run


def test_a_holder_may_write_its_own_files(run: ScratchRun) -> None:
    assert run.edit("src/auth.py") == ""
    assert run.edit("src/auth/new/token.py") == ""


def test_a_held_file_is_refused_with_holder_task_time_and_the_way_on(run: ScratchRun) -> None:
    reason = run.edit("src/billing.py")
    assert "src/billing.py is held by agent a2 (session 5e55-10n) for task `billing`" in reason
    assert "since 2023-11-14 22:13 UTC. Next:" in reason
    assert "Next: leave this file alone" in reason
    assert "mcp__plugin_parallel-agents_tasks__list_status" in reason


@pytest.mark.parametrize("agent", ["a1", "a3", MAIN])
def test_a_held_file_is_refused_to_everybody_else(run: ScratchRun, agent: str | None) -> None:
    assert "is held by agent a2" in run.edit("src/billing.py", agent)


def test_the_same_agent_id_in_another_session_is_another_agent(run: ScratchRun) -> None:
    run.claim("export", "src/export.py", agent="a1", session="other-session")
    assert "is held by agent a1 (session other-se)" in run.edit("src/export.py", "a1")


def test_a_repeated_try_is_refused_in_the_same_words(run: ScratchRun) -> None:
    run.claim("export", "src/export.py", agent="a3")
    assert run.edit("src/export.py") == run.edit("src/export.py") != ""


def test_a_holder_is_told_to_extend_its_claim_for_a_free_file(run: ScratchRun) -> None:
    reason = run.edit("src/free.py")
    assert "is not among the files of your task `auth`" in reason
    assert 'extend_claim (task_id auth, token 1, files ["src/free.py"])' in reason


def test_a_holder_is_told_whose_task_a_file_belongs_to(run: ScratchRun) -> None:
    reason = run.edit("docs/intro.md")
    assert "it belongs to task `docs`, which is not finished" in reason
    assert "extend_claim" not in reason


def test_the_files_of_a_completed_task_are_free_again(run: ScratchRun) -> None:
    assert "extend_claim" in run.edit("src/old.py")
    assert run.edit("src/old.py", MAIN) == ""


@pytest.mark.parametrize("path", ["src/free.py", "docs/intro.md", "src/old.py"])
@pytest.mark.parametrize("kind", ["parallel-agents:worker", "Parallel_Agents: Worker", ""])
def test_a_worker_without_a_claim_must_claim_first(run: ScratchRun, path: str, kind: str) -> None:
    reason = run.edit(path, "a9", kind)
    assert "you hold no claim" in reason
    assert "Next: call mcp__plugin_parallel-agents_tasks__claim_task" in reason


def test_a_sub_agent_of_another_kind_writes_what_the_conversation_may(run: ScratchRun) -> None:
    assert run.edit("src/free.py", "a9", "general-purpose") == ""
    assert "belongs to task `docs`" in run.edit("docs/intro.md", "a9", "general-purpose")
    assert "is held by" in run.edit("src/billing.py", "a9", "general-purpose")


def test_an_agent_of_any_kind_that_has_held_a_claim_needs_one(run: ScratchRun) -> None:
    assert "extend_claim" in run.edit("src/free.py", "a1", "general-purpose")
    run.claims = [c for c in run.claims if not c.agent.endswith("/a1")]
    run._write()
    assert "you hold no claim" in run.edit("src/free.py", "a1", "general-purpose")


def test_the_conversation_may_write_what_no_unfinished_task_has(run: ScratchRun) -> None:
    assert run.edit("src/free.py", MAIN) == ""
    reason = run.edit("docs/intro.md", MAIN)
    assert "belongs to task `docs`, which is not finished" in reason
    assert "claim_task (task_id docs)" in reason


def test_the_conversation_is_held_to_its_claim_when_it_has_one(run: ScratchRun) -> None:
    run.claim("lead", "src/lead.py", agent="main")
    assert run.edit("src/lead.py", MAIN) == ""
    assert "extend_claim" in run.edit("src/free.py", MAIN)


@pytest.mark.parametrize("agent", ["a1", MAIN])
@pytest.mark.parametrize(
    "path", ["_tasks/claimed/auth.md", "_tasks/.locks.0", ".git/config", "vendor/lib/.git/HEAD"]
)
def test_nobody_writes_the_state_by_hand(run: ScratchRun, agent: str | None, path: str) -> None:
    assert "agents do not write it by hand" in run.edit(path, agent)


@pytest.mark.parametrize("agent", ["a1", MAIN])
@pytest.mark.parametrize(
    "path",
    [
        ".claude/settings.json",
        "sub/.claude/settings.local.json",
        "/somewhere/.claude/settings.json",
        str(PLUGIN / "hooks" / "guard.sh"),
        str(PLUGIN / "server" / "parallel_agents" / "guard" / "edits.py"),
    ],
)
def test_nobody_switches_the_guard_off(run: ScratchRun, agent: str | None, path: str) -> None:
    Path(run.root, ".claude").mkdir()
    if path.startswith("/somewhere"):
        outside = run.root.parent / "home"
        outside.mkdir()
        path = str(outside) + path.removeprefix("/somewhere")
    assert "decides whether the guard of parallel-agents runs" in run.edit(path, agent)


def test_the_plugin_at_work_on_itself_closes_only_its_hooks(run: ScratchRun) -> None:
    def reason(path: str) -> str:
        event = Event(run.event(MAIN, file_path=str(run.root / path)))
        answer = edits.guard(event, run.runs(), str(run.root))
        return "" if answer is None else str(answer["hookSpecificOutput"])

    assert "decides whether the guard" in reason("hooks/guard.sh")
    assert reason("server/parallel_agents/cli.py") == ""


@pytest.mark.parametrize("agent", ["a1", "a9", MAIN])
def test_what_lies_outside_the_repository_is_not_ours(run: ScratchRun, agent: str | None) -> None:
    assert run.edit("/tmp/notes.txt", agent) == ""
    assert run.edit(run.root.parent / "elsewhere.txt", agent) == ""


def test_another_repository_is_not_ours_either(run: ScratchRun) -> None:
    other = run.root.parent / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    assert run.edit(other / "src" / "billing.py", "a9") == ""


def test_the_run_of_another_repository_holds_there(run: ScratchRun) -> None:
    other = run.root.parent / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    ScratchRun(other).claim("there", "x.py", agent="b1")
    assert "is held by agent b1" in run.edit(other / "x.py", MAIN)


def test_another_spelling_of_a_held_file_is_the_same_file(run: ScratchRun) -> None:
    source = run.root / "src"
    source.mkdir()
    (source / "billing.py").touch()
    (run.root / "link.py").symlink_to("src/billing.py")
    (run.root / "linked").symlink_to("src")
    for path in ("src/../src/billing.py", "linked/billing.py", "link.py", "SRC/Billing.py"):
        assert "held by agent a2" in run.edit(path, MAIN), path


def test_a_link_needs_a_claim_on_itself_and_on_its_target(run: ScratchRun) -> None:
    (run.root / "src").mkdir()
    (run.root / "src" / "auth.py").touch()
    (run.root / "src" / "free.py").touch()
    (run.root / "src" / "auth").mkdir()
    (run.root / "src" / "auth" / "inside.py").symlink_to("../auth.py")
    (run.root / "src" / "auth" / "out.py").symlink_to("../free.py")
    assert run.edit("src/auth/inside.py") == ""
    assert "src/free.py is not among the files" in run.edit("src/auth/out.py")


def test_a_notebook_is_guarded_by_its_own_field(run: ScratchRun) -> None:
    event = Event(run.event(MAIN, "NotebookEdit", notebook_path=str(run.root / "src/billing.py")))
    answer = edits.guard(event, run.runs(), str(PLUGIN))
    assert answer is not None
    assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"


def test_no_objection_leaves_the_users_permissions_alone(run: ScratchRun) -> None:
    event = Event(run.event("a1", file_path=str(run.root / "src/auth.py")))
    assert edits.guard(event, run.runs(), str(PLUGIN)) is None


@pytest.mark.parametrize("given_", [{}, {"file_path": ""}, {"file_path": 3}, {"path": "x"}])
def test_an_edit_without_a_file_cannot_be_decided(run: ScratchRun, given_: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        edits.guard(Event(run.event("a1", **given_)), run.runs(), str(PLUGIN))


def test_a_torn_table_cannot_be_decided(run: ScratchRun) -> None:
    run.tear()
    with pytest.raises(TableTorn):
        run.edit("src/auth.py")


def test_without_a_run_there_is_no_objection(repository: Path) -> None:
    event = Event(
        {
            "session_id": SESSION,
            "agent_id": "a1",
            "cwd": str(repository),
            "tool_input": {"file_path": str(repository / ".git" / "config")},
        }
    )
    assert edits.guard(event, Runs([]), str(PLUGIN)) is None


def test_a_denial_is_logged_for_the_lead(run: ScratchRun) -> None:
    reason = run.edit("src/billing.py", "a1")
    (line,) = run.log()
    assert line.pop("at") > 1_700_000_000
    assert line == {
        "kind": "denied",
        "agent": f"{SESSION}/a1",
        "tool": "Edit",
        "path": "src/billing.py",
        "task": "billing",
        "reason": reason,
    }


def test_a_log_that_cannot_be_written_does_not_lift_the_denial(run: ScratchRun) -> None:
    (run.folder / ".hooklog").symlink_to(run.root / "stolen")
    assert "is held by" in run.edit("src/billing.py")
    assert not (run.root / "stolen").exists()


def test_every_try_of_a_holder_is_a_sign_of_life(run: ScratchRun) -> None:
    sign = run.folder / ".alive" / f"{SESSION}.a1"
    run.edit("src/auth.py", "a1")
    assert sign.exists()
    os.utime(sign, (1, 1))
    run.edit("src/billing.py", "a1")
    assert sign.stat().st_mtime > 1
    run.edit("src/free.py", "a9")
    assert os.listdir(run.folder / ".alive") == [sign.name]


class TestWorktrees:
    @pytest.fixture
    def trees(self, repository: Path) -> tuple[ScratchRun, Path, Path]:
        run = ScratchRun(repository, "worktree")
        mine, theirs = repository.parent / "agent-1", repository.parent / "agent-2"
        for tree in (mine, theirs):
            git(repository, "worktree", "add", "--quiet", "--detach", str(tree))
        run.claim("auth", "src/auth.py", agent="a1", workdir=mine)
        run.claim("billing", "src/billing.py", agent="a2", workdir=theirs)
        return run, mine, theirs

    def test_a_holder_writes_in_its_own_tree(self, trees: tuple[ScratchRun, Path, Path]) -> None:
        run, mine, _ = trees
        assert run.edit(mine / "src" / "auth.py") == ""

    def test_its_file_in_any_other_tree_is_refused_with_the_right_path(
        self, trees: tuple[ScratchRun, Path, Path]
    ) -> None:
        run, mine, theirs = trees
        for tree in (run.root, theirs):
            assert f"edit {mine / 'src' / 'auth.py'} instead" in run.edit(tree / "src/auth.py")

    def test_one_file_in_two_trees_is_one_lock(self, trees: tuple[ScratchRun, Path, Path]) -> None:
        run, mine, _ = trees
        assert "is held by agent a2" in run.edit(mine / "src" / "billing.py")

    def test_git_files_of_another_tree_are_closed(
        self, trees: tuple[ScratchRun, Path, Path]
    ) -> None:
        run, _, theirs = trees
        assert "agents do not write it by hand" in run.edit(theirs / ".git")

    def test_a_tree_that_is_not_ready_is_asked_for_again(self, repository: Path) -> None:
        run = ScratchRun(repository, "worktree")
        run.claim("auth", "src/auth.py", agent="a1")
        reason = run.edit("src/auth.py")
        assert "your work tree is not ready" in reason
        assert "claim_task again" in reason

    def test_a_checkout_that_is_the_agents_own_is_left_to_the_agent(self, repository: Path) -> None:
        run = ScratchRun(repository, "branch")
        run.claim("auth", "src/auth.py", agent="a1")
        assert run.edit("src/auth.py") == ""


def test_a_file_of_a_submodule_is_a_file_of_the_superproject(repository: Path) -> None:
    library = repository.parent / "library"
    library.mkdir()
    git(library, "init", "--quiet", "--initial-branch=main")
    git(library, "commit", "--quiet", "--allow-empty", "--message=start")
    branch(library, "other", {"x.py": "1\n"})
    git(
        repository,
        *("-c", "protocol.file.allow=always"),
        *("submodule", "--quiet", "add", str(library), "vendor/library"),
    )
    run = ScratchRun(repository)
    run.claim("vendored", "vendor/**", agent="a2")
    assert "vendor/library/x.py is held by agent a2" in run.edit("vendor/library/x.py", MAIN)


PATHS = st.lists(
    st.sampled_from(["a", "B", "c.py", "ä", "K", "[x]", "aba", "c.pyy", "*"]),
    min_size=1,
    max_size=3,
).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "c.py",
            "Ä",
            "*",
            "**",
            "k",
            "[x]",
            "{a,b}",
            "*.py",
            "c.*",
            "*.*y",
            "a*",
            "?",
            "*a*",
        ]
    ),
    min_size=1,
    max_size=3,
).map("/".join)


@given(PATHS, st.lists(PATTERNS, max_size=4))
def test_looking_up_answers_as_matching_does(path: str, files: list[str]) -> None:
    assert Sought(path).is_among(files) == (covering(files, path) is not None)
