"""The hooks as whole processes, started as the client starts them: manifest, launcher, guards."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from git_scratch import git
from parallel_agents.guard import spawn
from scratch_run import (
    MAIN,
    PLUGIN,
    SESSION,
    Done,
    ScratchRun,
    command,
    entries,
    environment,
    start,
)

GUARDS = ("edit", "shell", "mcp", "spawn", "identity")
INFORMING = (
    *("subagent-start", "subagent-stop", "stop-failure", "task-stop"),
    *("session-start", "session-end", "beat", "read"),
)
SHELLS = [shell for shell in ("/bin/sh", "/bin/dash", "/bin/bash") if Path(shell).exists()]
WORKER = {"prompt": "go", "subagent_type": "parallel-agents:worker"}

Hook = Callable[..., Done]


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    run = ScratchRun(repository)
    run.claim("auth", "src/auth.py", agent="a1")
    run.claim("billing", "src/billing.py", agent="a2")
    return run


@pytest.fixture
def hook(repository: Path, tmp_path: Path) -> Hook:
    """Starts the hook of the launcher's WHAT on an event, from the repository's root."""

    def begin(
        what: str,
        event: dict[str, Any] | bytes,
        *,
        cwd: Path = repository,
        project: Path = repository,
        plugin: Path = PLUGIN,
        env: dict[str, str] | None = None,
        shell: str = "",
    ) -> Done:
        words = command(what, plugin)
        words[0] = shell or words[0]
        where = environment(project, tmp_path / "data", plugin) | (env or {})
        return start(words, event, cwd, where)

    return begin


@pytest.fixture
def no_python(tmp_path: Path) -> dict[str, str]:
    """An environment in which no Python can be found, but what the launcher needs can."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("cat", "dd"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    return {"PATH": str(tools), "CLAUDE_PLUGIN_DATA": str(tmp_path / "no-data")}


@pytest.fixture
def bare_plugin(tmp_path: Path) -> Path:
    """A copy of the plugin's hooks, without an environment of its own, to take things out of."""
    plugin = tmp_path / "plugin"
    shutil.copytree(PLUGIN / "hooks", plugin / "hooks")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PLUGIN / "server", plugin / "server", ignore=ignored)
    return plugin


class TestManifest:
    def test_every_tool_that_can_write_is_guarded(self) -> None:
        matched = {hook["args"][-1]: matcher for matcher, hook in entries("PreToolUse")}
        assert matched["edit"] == "Edit|Write|NotebookEdit|MultiEdit"
        assert matched["shell"] == matched["verbs"] == "Bash|Monitor"
        assert matched["mcp"] == "mcp__(?!plugin_parallel-agents_tasks__).*"
        assert matched["spawn"] == "Agent|Task|Workflow"
        assert matched["identity"] == "mcp__plugin_parallel-agents_tasks__.*"

    def test_a_guard_that_fails_blocks_and_has_a_deadline(self) -> None:
        for _, entry in entries("PreToolUse"):
            guards = entry["args"][-1] != "read"
            assert entry.get("onFailure") == ("block" if guards else None)
            assert 0 < entry["timeout"] <= 30

    def test_only_known_keys_are_used(self) -> None:
        """An entry that the client does not understand keeps the whole plugin from loading."""
        events = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]
        known = {"type", "if", "command", "args", "timeout", "onFailure"}
        for event in events:
            for _, entry in entries(event):
                assert set(entry) <= known
                assert entry["type"] == "command"
                assert "user_config" not in json.dumps(entry)

    def test_every_event_of_the_design_has_its_hook(self) -> None:
        whats = {
            event: {entry["args"][-1] for _, entry in entries(event)}
            for event in (
                *("SubagentStart", "SubagentStop", "SessionStart", "SessionEnd"),
                *("StopFailure", "PostToolUse", "PostToolUseFailure"),
            )
        }
        assert whats == {
            "SubagentStart": {"subagent-start"},
            "SubagentStop": {"subagent-stop"},
            "SessionStart": {"session-start"},
            "SessionEnd": {"session-end"},
            "StopFailure": {"stop-failure"},
            "PostToolUse": {"beat", "task-stop"},
            "PostToolUseFailure": {"beat"},
        }


class TestWithoutARun:
    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", *INFORMING])
    @pytest.mark.parametrize("raw", [b"", b"{}", b"garbage"])
    def test_no_hook_says_anything(
        self, hook: Hook, no_python: dict[str, str], what: str, raw: bytes
    ) -> None:
        env = no_python
        if what == "session-start":
            env = {}  # it has something to say where there is no Python
        assert hook(what, raw, env=env) == Done(0, "", "")

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "beat", "session-end"])
    def test_no_other_process_is_started(self, hook: Hook, tmp_path: Path, what: str) -> None:
        (tmp_path / "empty").mkdir()
        assert hook(what, b"", env={"PATH": str(tmp_path / "empty")}) == Done(0, "", "")

    def test_a_folder_of_that_name_without_a_table_is_no_run(
        self, hook: Hook, repository: Path, no_python: dict[str, str]
    ) -> None:
        (repository / "_tasks").mkdir()
        (repository / "_tasks" / ".locks.0").touch()
        assert hook("edit", b"garbage", env=no_python) == Done(0, "", "")

    def test_it_does_not_matter_that_there_is_no_repository(
        self, hook: Hook, tmp_path: Path
    ) -> None:
        for folder in (tmp_path, Path("/")):
            assert hook("edit", b"", cwd=folder, project=folder) == Done(0, "", "")

    def test_a_moved_plugin_is_in_nobodys_way(self, hook: Hook, tmp_path: Path) -> None:
        for what in ("edit", "shell", "identity", "session-start"):
            assert hook(what, b"{}", plugin=tmp_path / "moved") == Done(0, "", "")

    def test_our_own_tools_get_their_caller(
        self, hook: Hook, repository: Path, run: ScratchRun
    ) -> None:
        event = run.event("a1", "mcp__plugin_parallel-agents_tasks__claim_task")
        event["tool_input"] = {"agent": "a2"}
        shutil.rmtree(repository / "_tasks")
        found = hook("identity", event).decision
        assert found["permissionDecision"] == "allow"
        assert found["updatedInput"]["agent"] == "a1"

    @pytest.mark.parametrize("raw", [b"", b"garbage", b'{"tool_input": {}}'])
    def test_our_own_tools_are_not_called_without_a_caller(self, hook: Hook, raw: bytes) -> None:
        done = hook("identity", raw)
        assert done.status == 2
        assert "could not check this call" in done.err

    def test_an_agent_cannot_approve_from_the_shell(self, hook: Hook, run: ScratchRun) -> None:
        event = run.event(MAIN, "Bash", command="parallel-agents approve p1 --yes")
        shutil.rmtree(run.folder)
        assert "only the user approves" in hook("verbs", event).denied

    def test_the_check_of_our_verbs_fails_open(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, no_python: dict[str, str]
    ) -> None:
        shutil.rmtree(run.folder)
        assert hook("verbs", b"garbage").status == 0
        assert hook("verbs", b"{}", plugin=bare_plugin, env=no_python) == Done(0, "", "")


class TestSpawnGate:
    @pytest.mark.parametrize(
        "name", ["parallel-agents:worker", "Parallel_Agents:WORKER", " parallel agents: worker\n"]
    )
    @pytest.mark.parametrize("shell", SHELLS)
    def test_a_worker_is_refused_before_the_approval_even_without_python(
        self,
        hook: Hook,
        run: ScratchRun,
        no_python: dict[str, str],
        name: str,
        shell: str,
    ) -> None:
        event = run.event(MAIN, "Agent", prompt='say "hi"', subagent_type=name)
        shutil.rmtree(run.folder)
        assert hook("spawn", event, env=no_python, shell=shell).denied == spawn.REFUSAL

    @pytest.mark.parametrize(
        "given",
        [
            {"subagent_type": "general-purpose", "prompt": "x"},
            {"subagent_type": "worker", "prompt": "x"},
            {"prompt": "start one parallel-agents:worker"},
            {"prompt": '{"subagent_type":"parallel-agents:worker"}', "subagent_type": "Plan"},
            {"prompt": '"subagent_type": "parallel-agents:worker"'},
        ],
    )
    @pytest.mark.parametrize("active", [True, False])
    def test_any_other_sub_agent_passes_even_without_python(
        self,
        hook: Hook,
        run: ScratchRun,
        no_python: dict[str, str],
        given: dict[str, str],
        active: bool,
    ) -> None:
        event = run.event(MAIN, "Agent", **given)
        if not active:
            shutil.rmtree(run.folder)
        assert hook("spawn", event, env=no_python) == Done(0, "", "")

    def test_a_long_prompt_takes_no_longer_than_it_must(self, hook: Hook, run: ScratchRun) -> None:
        """Stripping a pattern off a text of this length takes a shell minutes."""
        prompt = 'a "quoted" word, ' * 20_000
        event = run.event(MAIN, "Agent", prompt=prompt, subagent_type="parallel-agents:worker")
        assert hook("spawn", event).decision["updatedInput"]["prompt"] == prompt

    def test_an_approved_plan_lets_workers_start(self, hook: Hook, run: ScratchRun) -> None:
        found = hook("spawn", run.event(MAIN, "Agent", **WORKER)).decision
        assert found["updatedInput"] == WORKER | {"run_in_background": True}


class TestWhereARunIsSeen:
    def held(self, done: Done) -> bool:
        return "src/billing.py is held by agent a2" in done.denied

    @pytest.fixture
    def event(self, run: ScratchRun) -> dict[str, Any]:
        return run.event("a1", file_path=str(run.root / "src" / "billing.py"))

    @pytest.mark.parametrize("shell", SHELLS)
    def test_from_the_root(self, hook: Hook, event: dict[str, Any], shell: str) -> None:
        assert self.held(hook("edit", event, shell=shell))

    def test_from_a_sub_directory(self, hook: Hook, run: ScratchRun, event: dict[str, Any]) -> None:
        deep = run.root / "a" / "b"
        deep.mkdir(parents=True)
        assert self.held(hook("edit", event, cwd=deep, project=deep))

    def test_from_a_directory_outside_because_the_session_began_inside(
        self, hook: Hook, tmp_path: Path, event: dict[str, Any]
    ) -> None:
        assert self.held(hook("edit", event, cwd=Path("/")))
        assert self.held(hook("edit", event, cwd=tmp_path))

    def test_from_inside_because_the_session_began_outside(
        self, hook: Hook, tmp_path: Path, event: dict[str, Any]
    ) -> None:
        assert self.held(hook("edit", event, project=tmp_path))
        assert self.held(hook("edit", event, project=tmp_path / "gone"))

    def test_through_a_linked_directory(
        self, hook: Hook, run: ScratchRun, tmp_path: Path, event: dict[str, Any]
    ) -> None:
        (run.root / "deep").mkdir()
        link = tmp_path / "link"
        link.symlink_to(run.root / "deep")
        env = {"PWD": str(link)}
        assert self.held(hook("edit", event, cwd=link, project=tmp_path, env=env))

    def test_from_another_work_tree(
        self, hook: Hook, run: ScratchRun, tmp_path: Path, event: dict[str, Any]
    ) -> None:
        tree = tmp_path / "a tree with spaces"
        git(run.root, "worktree", "add", "--quiet", "--detach", str(tree))
        (tree / "sub").mkdir()
        event["tool_input"]["file_path"] = str(tree / "src" / "billing.py")
        assert self.held(hook("edit", event, cwd=tree / "sub", project=tree))

    def test_from_a_submodule_of_the_repository(
        self, hook: Hook, run: ScratchRun, tmp_path: Path, event: dict[str, Any]
    ) -> None:
        library = tmp_path / "library"
        library.mkdir()
        git(library, "init", "--quiet")
        git(library, "commit", "--quiet", "--allow-empty", "--message=start")
        add = ("submodule", "--quiet", "add", str(library), "vendored")
        git(run.root, "-c", "protocol.file.allow=always", *add)
        inside = run.root / "vendored"
        assert self.held(hook("edit", event, cwd=inside, project=inside))

    def test_from_a_path_with_spaces_and_umlauts(self, hook: Hook, tmp_path: Path) -> None:
        root = tmp_path / "Größe und mehr"
        root.mkdir()
        git(root, "init", "--quiet")
        run = ScratchRun(root)
        run.claim("billing", "src/billing.py", agent="a2")
        event = run.event("a1", file_path=str(root / "src" / "billing.py"))
        assert self.held(hook("edit", event, cwd=root, project=root, env={"LC_ALL": "C"}))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
    def test_a_state_that_cannot_be_looked_into_refuses(
        self, hook: Hook, run: ScratchRun, event: dict[str, Any]
    ) -> None:
        run.folder.chmod(0)
        done = hook("edit", event)
        run.folder.chmod(0o755)
        assert done.status == 2
        assert "PermissionError" in done.err


class TestWithARun:
    def test_what_is_allowed_is_not_spoken_of(self, hook: Hook, run: ScratchRun) -> None:
        event = run.event("a1", file_path=str(run.root / "src" / "auth.py"), content="x" * 500_000)
        assert hook("edit", event) == Done(0, "", "")
        assert hook("shell", run.event("a1", "Bash", command="ls")) == Done(0, "", "")

    def test_a_mention_in_a_command_is_refused(self, hook: Hook, run: ScratchRun) -> None:
        event = run.event("a1", "Bash", command="echo x > src/billing.py")
        assert "is held by agent a2" in hook("shell", event).denied

    @pytest.mark.parametrize("what", GUARDS)
    @pytest.mark.parametrize("raw", [b"", b"garbage", b"[1]", b'{"session_id": "s"', b"\xff"])
    def test_a_guard_that_is_told_nonsense_refuses(
        self, hook: Hook, run: ScratchRun, what: str, raw: bytes
    ) -> None:
        self.refused(hook(what, raw))

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "spawn"])
    def test_a_guard_that_finds_a_torn_table_refuses(
        self, hook: Hook, run: ScratchRun, what: str
    ) -> None:
        event = run.event("a1", file_path=str(run.root / "x"), command="ls", **WORKER)
        run.tear()
        self.refused(hook(what, event))

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "spawn", "verbs", "identity"])
    @pytest.mark.parametrize("shell", SHELLS)
    def test_a_guard_without_python_refuses(
        self,
        hook: Hook,
        run: ScratchRun,
        bare_plugin: Path,
        no_python: dict[str, str],
        what: str,
        shell: str,
    ) -> None:
        event = run.event("a1", **WORKER)
        done = hook(what, event, env=no_python, plugin=bare_plugin, shell=shell)
        self.refused(done)
        assert "no python3 is on PATH" in done.err

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "spawn", "verbs", "identity"])
    def test_a_guard_whose_files_are_gone_refuses(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, what: str
    ) -> None:
        (bare_plugin / "hooks" / "guard_main.py").unlink()
        done = hook(what, run.event("a1", **WORKER), plugin=bare_plugin)
        self.refused(done)
        assert "its files are gone" in done.err

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "spawn", "identity"])
    def test_a_guard_whose_modules_are_broken_refuses(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, what: str
    ) -> None:
        (bare_plugin / "server" / "parallel_agents" / "guard" / "event.py").write_text("def")
        done = hook(what, run.event("a1", **WORKER), plugin=bare_plugin)
        self.refused(done)
        assert "SyntaxError" in done.err

    @pytest.mark.parametrize("what", ["edit", "shell", "mcp", "spawn", "identity"])
    def test_a_moved_plugin_refuses(
        self, hook: Hook, run: ScratchRun, tmp_path: Path, what: str
    ) -> None:
        deep = run.root / "a" / "b"
        deep.mkdir(parents=True)
        for cwd in (run.root, deep, tmp_path):
            done = hook(what, b"{}", plugin=tmp_path / "moved", cwd=cwd)
            self.refused(done)
            assert "moved or removed" in done.err

    @pytest.mark.parametrize("what", INFORMING)
    @pytest.mark.parametrize("raw", [b"", b"garbage", b"{}"])
    def test_what_only_informs_never_blocks_by_failing(
        self, hook: Hook, run: ScratchRun, what: str, raw: bytes
    ) -> None:
        run.tear()
        done = hook(what, raw)
        assert (done.status, done.out) == (0, "")

    @pytest.mark.parametrize("what", INFORMING)
    def test_what_only_informs_does_without_python(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, no_python: dict[str, str], what: str
    ) -> None:
        done = hook(what, run.event("a1"), plugin=bare_plugin, env=no_python)
        assert done.status == 0
        assert "block" not in done.out

    def test_an_agent_is_told_and_sent_back(self, hook: Hook, run: ScratchRun) -> None:
        event = run.event("a1") | {"stop_hook_active": False}
        context = hook("subagent-start", event).decision["additionalContext"]
        assert "You are agent a1" in context
        assert hook("subagent-stop", event).answer["decision"] == "block"
        again = hook("subagent-stop", event | {"stop_hook_active": True})
        assert again == Done(0, "", "")
        assert [line["kind"] for line in run.log()] == ["ended"]

    def test_an_end_that_the_agent_was_not_asked_about_is_noted(
        self, hook: Hook, run: ScratchRun
    ) -> None:
        failed = run.event("a1") | {"hook_event_name": "StopFailure", "error": "unknown"}
        assert hook("stop-failure", failed) == Done(0, "", "")
        stopped = run.event(MAIN, "TaskStop", task_id="a2") | {"tool_response": {}}
        assert hook("task-stop", stopped) == Done(0, "", "")
        ends = [(line["kind"], line["agent"], line["task"]) for line in run.log()]
        assert ends == [
            ("ended", f"{SESSION}/a1", "auth"),
            ("ended", f"{SESSION}/a2", "billing"),
        ]

    def test_a_session_is_told_and_its_end_is_noted(self, hook: Hook, run: ScratchRun) -> None:
        event = run.event(MAIN)
        context = hook("session-start", event).decision["additionalContext"]
        assert "0 completed / 2 total" in context
        assert hook("session-end", event) == Done(0, "", "")
        assert [line["kind"] for line in run.log()] == ["session_end", "session_end"]

    def refused(self, done: Done) -> None:
        assert done.status == 2
        assert done.out == ""
        assert done.err.startswith("parallel-agents")
        assert "Next: " in done.err


class TestSignsOfLife:
    @pytest.fixture
    def sign(self, run: ScratchRun) -> Path:
        sign = run.folder / ".alive" / f"{SESSION}.a1"
        sign.touch()
        os.utime(sign, (1, 1))
        return sign

    @pytest.mark.parametrize("shell", SHELLS)
    def test_any_tool_of_a_holder_is_one_without_python(
        self, hook: Hook, run: ScratchRun, sign: Path, no_python: dict[str, str], shell: str
    ) -> None:
        event = run.event("a1", "Read", file_path="/x") | {"tool_response": "y" * 200_000}
        assert hook("beat", event, env=no_python, shell=shell) == Done(0, "", "")
        assert sign.stat().st_mtime > 1

    def test_the_conversation_has_its_own(self, hook: Hook, run: ScratchRun, sign: Path) -> None:
        main = sign.with_name(f"{SESSION}.main")
        main.touch()
        os.utime(main, (1, 1))
        hook("beat", run.event(MAIN, "Read"))
        assert main.stat().st_mtime > 1
        assert sign.stat().st_mtime == 1

    def test_what_a_tool_is_given_is_not_the_agent(
        self, hook: Hook, run: ScratchRun, sign: Path
    ) -> None:
        hook("beat", run.event("a7", "Other", agent_id="a1"))
        hook("beat", run.event(MAIN, "Other", agent_id="a1"))
        assert sign.stat().st_mtime == 1

    @pytest.mark.parametrize("agent", ["a9", "../a1", "a 1"])
    def test_an_agent_without_a_claim_leaves_none(
        self, hook: Hook, run: ScratchRun, sign: Path, agent: str
    ) -> None:
        assert hook("beat", run.event(agent, "Read")).status == 0
        assert os.listdir(sign.parent) == [sign.name]

    def test_a_link_is_not_followed(self, hook: Hook, run: ScratchRun, sign: Path) -> None:
        sign.unlink()
        target = run.root / "target"
        target.touch()
        sign.symlink_to(target)
        hook("beat", run.event("a1", "Read"))
        assert target.read_text() == ""


class TestOwnTexts:
    def test_the_references_and_the_skill_are_read_without_asking(
        self, hook: Hook, run: ScratchRun
    ) -> None:
        for path in ("references/lock-protocol.md", "skill/SKILL.md"):
            found = hook("read", run.event("a1", "Read", file_path=str(PLUGIN / path))).decision
            assert found["permissionDecision"] == "allow"

    @pytest.mark.parametrize(
        "path",
        [
            "/home/somebody/references/secret.md",
            str(PLUGIN / "hooks" / "hooks.json"),
            f"{PLUGIN}/references/../hooks/hooks.json",
            f"{PLUGIN}/references",
            f"{PLUGIN}-other/references/x.md",
            f'{PLUGIN}/references/a"b.md',
        ],
    )
    def test_nothing_else_is_decided(self, hook: Hook, run: ScratchRun, path: str) -> None:
        assert hook("read", run.event("a1", "Read", file_path=path)) == Done(0, "", "")


class TestInterpreter:
    def test_a_machine_without_one_is_told_once_a_session(
        self, hook: Hook, repository: Path, bare_plugin: Path, no_python: dict[str, str]
    ) -> None:
        answer = hook("session-start", b"{}", plugin=bare_plugin, env=no_python).answer
        assert "needs uv or Python 3.11" in answer["systemMessage"]
        assert "Tell the user" in answer["hookSpecificOutput"]["additionalContext"]

    @pytest.mark.parametrize("name", ["uv", "python3.11", "python3.13"])
    def test_a_machine_that_has_one_is_told_nothing(
        self, hook: Hook, bare_plugin: Path, no_python: dict[str, str], name: str
    ) -> None:
        (Path(no_python["PATH"]) / name).symlink_to(sys.executable)
        assert hook("session-start", b"{}", plugin=bare_plugin, env=no_python) == Done(0, "", "")

    def test_a_python_that_is_too_old_for_the_server_does_for_the_guard_only(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, no_python: dict[str, str]
    ) -> None:
        old = Path(no_python["PATH"]) / "python3"
        old.write_text(
            '#!/bin/sh\ncase "$*" in *version_info*) exit 1 ;; esac\n'
            f'exec "{sys.executable}" "$@"\n'
        )
        old.chmod(0o755)
        event = run.event("a1", file_path=str(run.root / "src" / "billing.py"))
        started = hook("session-start", event, env=no_python, plugin=bare_plugin)
        assert "needs uv or Python 3.11" in started.answer["systemMessage"]
        assert "held by agent a2" in hook("edit", event, env=no_python, plugin=bare_plugin).denied

    def test_a_version_managers_shim_is_the_last_choice(
        self, hook: Hook, run: ScratchRun, bare_plugin: Path, no_python: dict[str, str]
    ) -> None:
        shims = Path(no_python["PATH"]).parent / "shims"
        shims.mkdir()
        marker = shims / "was-used"
        (shims / "python3").write_text(
            f'#!/bin/sh\necho >"{marker}"\nexec "{sys.executable}" "$@"\n'
        )
        (shims / "python3").chmod(0o755)
        event = run.event("a1", file_path=str(run.root / "src" / "billing.py"))
        env = no_python | {"PATH": f"{shims}:{no_python['PATH']}"}
        assert "held by agent a2" in hook("edit", event, env=env, plugin=bare_plugin).denied
        assert marker.exists()
        marker.unlink()
        (Path(no_python["PATH"]) / "python3").symlink_to(sys.executable)
        assert "held by agent a2" in hook("edit", event, env=env, plugin=bare_plugin).denied
        assert not marker.exists()

    def test_what_hooks_run_is_syntax_of_python_3_9(self) -> None:
        modules = [
            PLUGIN / "hooks" / "guard_main.py",
            *(PLUGIN / "server" / "parallel_agents" / "guard").glob("*.py"),
        ]
        assert len(modules) > 8
        for module in modules:
            ast.parse(module.read_text(), str(module), feature_version=(3, 9))

    def test_an_edit_loads_nothing_that_is_slow(self, run: ScratchRun) -> None:
        code = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "from parallel_agents.guard import hook\n"
            "hook.run('edit', (sys.argv[2],), '/plugin')\n"
            "print(*sorted(m for m in sys.modules if not m.startswith('_')))\n"
        )
        event = run.event("a1", file_path=str(run.root / "src" / "auth.py"))
        loaded = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code, str(PLUGIN / "server"), str(run.folder)],
            input=json.dumps(event),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        slow = {
            "os",
            "json",
            "re",
            "pathlib",
            "subprocess",
            "typing",
            "enum",
            "dataclasses",
            "hashlib",
        }
        assert not slow & set(loaded)
        assert "parallel_agents.core.globs" not in loaded
        assert "parallel_agents.guard.refusals" not in loaded

    def test_the_entry_stays_small(self) -> None:
        assert len((PLUGIN / "hooks" / "guard_main.py").read_text().splitlines()) < 40


class TestWorkflow:
    SCRIPT = "agent('go', {agentType: 'Parallel_Agents:worker'})"

    def denied(self, hook: Hook, run: ScratchRun, script: str) -> str:
        return hook("spawn", run.event(MAIN, "Workflow", script=script)).denied

    def test_a_workflow_starts_no_worker_run_or_no_run(self, hook: Hook, run: ScratchRun) -> None:
        assert "A workflow may not start" in self.denied(hook, run, self.SCRIPT)
        for slot in (".locks.0", ".locks.1"):
            (run.folder / slot).unlink(missing_ok=True)
        assert "A workflow may not start" in self.denied(hook, run, self.SCRIPT)

    def test_other_workflows_are_let_through(self, hook: Hook, run: ScratchRun) -> None:
        assert self.denied(hook, run, "agent('go', {agentType: 'general-purpose'})") == ""
