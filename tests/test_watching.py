"""What commands wrote of others' files: found afterwards, laid to whom, told to whom, both kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from git_scratch import commit, git
from parallel_agents.coordinator import Coordinator
from parallel_agents.guard.event import Event
from parallel_agents.guard.watch import evidence, flights, watching
from parallel_agents.guard.watch.snapshot import GONE, stamp, take
from scratch_run import SESSION, ScratchRun

CONTENT = {"src/core.py": "LIMIT = 10\n", "src/mine.py": "MINE = 1\n", "src/api/a.py": "A = 1\n"}


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    """`holder` holds files that are clean in git; `other` has a claim of its own."""
    commit(repository, dict(CONTENT), "more files")
    # git trusts its index only for files that are older than it
    for path in CONTENT:
        os.utime(repository / path, (1_700_000_000, 1_700_000_000))
    git(repository, "update-index", "--refresh")
    run = ScratchRun(repository)
    run.claim("core", "src/core.py", "src/api/**", "src/new.py", agent="holder")
    run.claim("mine", "src/mine.py", agent="other")
    return run


class Hooks:
    """The hooks around tool calls, as the client calls them."""

    def __init__(self, run: ScratchRun) -> None:
        self.run = run
        self.calls = 0

    def before(
        self, agent: str, command: str = "npm test", *, level: str = "opaque", **more: Any
    ) -> dict[str, Any]:
        self.calls += 1
        event = self.run.event(agent, "Bash", command=command, **more)
        event["tool_use_id"] = f"call-{self.calls}"
        watching.begin(Event(event), self.run.runs(), level)
        return event

    def after(self, event: dict[str, Any], **response: Any) -> str:
        done = event | {"hook_event_name": "PostToolUse", "tool_response": response}
        answer = watching.after(Event(done), self.run.runs()) or {}
        return str(
            answer.get("reason")
            or answer.get("hookSpecificOutput", {}).get("additionalContext", "")
        )

    def write(self, agent: str, path: str, content: str) -> None:
        """The whole of an edit by the client's own tool."""
        assert self.run.edit(path, agent) == ""
        (self.run.root / path).write_text(content)
        event = self.run.event(agent, "Edit", file_path=str(self.run.root / path))
        self.after(event)

    def told(self, agent: str) -> str:
        """What an agent hears at its next hook."""
        return self.after(self.run.event(agent, "Read", file_path="/x"))


@pytest.fixture
def hooks(run: ScratchRun) -> Hooks:
    return Hooks(run)


def overwritten(run: ScratchRun) -> dict[str, str]:
    """The kept versions: content by path below the folder of each."""
    top = run.folder / evidence.OVERWRITTEN
    return {
        "/".join(p.relative_to(top).parts[1:]): p.read_text() for p in top.rglob("*") if p.is_file()
    }


class TestFound:
    def test_an_overwritten_file_is_told_to_the_agent_the_holder_and_the_log(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        event = hooks.before("other", "npm run format")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        said = hooks.after(event)
        assert (
            "src/core.py was changed while `npm run format` ran. It is held by agent holder" in said
        )
        assert "Do not write it again in any other way" in said
        assert (
            "You hold src/core.py (task `core`), and another agent (other) wrote it."
            in hooks.told("holder")
        )
        assert hooks.told("holder") == ""
        (line,) = run.log()
        assert (line["kind"], line["agent"], line["path"]) == (
            "overwritten",
            f"{SESSION}/other",
            "src/core.py",
        )

    def test_both_versions_are_kept_and_named(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        said = hooks.after(event)
        assert overwritten(run) == {
            "was/src/core.py": "LIMIT = 10\n",
            "found/src/core.py": "LIMIT = 11\n",
        }
        for path in (run.folder / evidence.OVERWRITTEN).rglob("core.py"):
            assert str(path) in said
        assert (run.root / "src" / "core.py").read_text() == "LIMIT = 11\n"

    def test_the_kept_version_is_what_the_holder_last_wrote(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        hooks.write("holder", "src/core.py", "LIMIT = 12  # not committed\n")
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        hooks.after(event)
        assert overwritten(run)["was/src/core.py"] == "LIMIT = 12  # not committed\n"

    def test_what_the_holder_wrote_by_a_command_is_kept_too(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        mine = hooks.before("holder", "sed -i s/10/13/ src/core.py", level="clear")
        (run.root / "src" / "core.py").write_text("LIMIT = 13\n")
        assert hooks.after(mine) == ""
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        hooks.after(event)
        assert overwritten(run)["was/src/core.py"] == "LIMIT = 13\n"

    def test_a_version_that_nobody_knows_is_said_to_be_unknown(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        (run.root / "src" / "core.py").write_text("by hand, before anything was noted\n")
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        assert "What its holder had is not known" in hooks.after(event)
        assert list(overwritten(run)) == ["found/src/core.py"]

    def test_what_a_file_had_when_it_was_claimed_is_kept_too(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        (run.root / "src" / "core.py").write_text("by hand, before the claim\n")
        (run.root / "src" / "api" / "new.py").write_text("not in git\n")
        Coordinator.at(run.root).look_around()
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        (run.root / "src" / "api" / "new.py").unlink()
        hooks.after(event)
        found = overwritten(run)
        assert found["was/src/core.py"] == "by hand, before the claim\n"
        assert found["was/src/api/new.py"] == "not in git\n"

    def test_what_still_runs_is_looked_at_before_the_holder_lets_go(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        watching.sweep(run.run(), released=f"{SESSION}/third")
        assert run.log() == []
        watching.sweep(run.run(), released=f"{SESSION}/holder")
        assert [line["path"] for line in run.log()] == ["src/core.py"]
        assert hooks.told("other") != ""
        assert hooks.after(event) == ""

    @pytest.mark.parametrize("path", ["src/new.py", "src/api/b.py", "src/api/deep/c.py"])
    def test_a_new_file_where_the_holder_alone_may_make_one_counts(
        self, run: ScratchRun, hooks: Hooks, path: str
    ) -> None:
        event = hooks.before("other")
        (run.root / path).parent.mkdir(exist_ok=True)
        (run.root / path).write_text("NEW = 1\n")
        assert f"{path} was made while" in hooks.after(event)

    def test_a_deleted_file_counts(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        (run.root / "src" / "api" / "a.py").unlink()
        assert "src/api/a.py was deleted while" in hooks.after(event)
        assert overwritten(run) == {"was/src/api/a.py": "A = 1\n"}

    def test_a_forged_modification_time_hides_nothing(self, run: ScratchRun, hooks: Hooks) -> None:
        path = run.root / "src" / "core.py"
        old = path.stat()
        event = hooks.before("other")
        path.write_text("LIMIT = 99\n")
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        assert "src/core.py was changed" in hooks.after(event)

    def test_a_write_through_a_hard_link_is_seen(self, run: ScratchRun, hooks: Hooks) -> None:
        os.link(run.root / "src" / "core.py", run.root / "hard.py")
        event = hooks.before("other")
        (run.root / "hard.py").write_text("LIMIT = 11\n")
        assert "src/core.py was changed" in hooks.after(event)

    def test_a_failed_command_is_looked_at_as_well(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        failed = event | {"hook_event_name": "PostToolUseFailure", "error": "exit status 1"}
        answer = watching.after(Event(failed), run.runs())
        assert answer is not None
        assert "src/core.py was changed" in answer["hookSpecificOutput"]["additionalContext"]

    def test_the_copy_in_the_agents_own_tree_counts_too(self, repository: Path) -> None:
        commit(repository, dict(CONTENT), "more files")
        trees = {name: repository.parent / name for name in ("holder", "other")}
        for tree in trees.values():
            git(repository, "worktree", "add", "--quiet", "--detach", str(tree))
        run = ScratchRun(repository, "worktree")
        run.claim("core", "src/core.py", agent="holder", workdir=trees["holder"])
        run.claim("mine", "src/mine.py", agent="other", workdir=trees["other"])
        hooks = Hooks(run)
        event = run.event("other", "Bash", command="npm test") | {"cwd": str(trees["other"])}
        watching.begin(Event(event), run.runs(), "opaque")
        (trees["other"] / "src" / "core.py").write_text("LIMIT = 11\n")
        assert f"{trees['other']}/src/core.py was changed" in hooks.after(event)
        assert hooks.told("holder") == ""


class TestLetBe:
    def quiet(self, run: ScratchRun, said: str) -> None:
        assert said == ""
        assert run.log() == []
        assert not (run.folder / evidence.OVERWRITTEN).exists()

    def test_a_command_that_writes_its_own_files(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        (run.root / "src" / "mine.py").write_text("MINE = 2\n")
        (run.root / "free.txt").write_text("free\n")
        self.quiet(run, hooks.after(event))

    def test_a_file_that_was_only_touched(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        os.utime(run.root / "src" / "core.py")
        self.quiet(run, hooks.after(event))

    def test_an_edit_of_the_holder_meanwhile(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        hooks.write("holder", "src/core.py", "LIMIT = 12\n")
        self.quiet(run, hooks.after(event))

    def test_a_command_of_the_holder_meanwhile(self, run: ScratchRun, hooks: Hooks) -> None:
        mine = hooks.before("holder", "sed -i s/10/13/ src/core.py", level="clear")
        (run.root / "src" / "core.py").write_text("LIMIT = 13\n")
        hooks.after(mine)
        event = hooks.before("other")
        self.quiet(run, hooks.after(event))

    def test_caches_and_what_git_ignores_below_a_claimed_folder(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        (run.root / ".gitignore").write_text("*.log\n")
        event = hooks.before("other")
        for path in ("src/api/__pycache__/a.cpython-311.pyc", "src/api/test.log"):
            (run.root / path).parent.mkdir(exist_ok=True)
            (run.root / path).write_text("left behind")
        self.quiet(run, hooks.after(event))

    def test_a_file_whose_claim_has_ended(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        run.claims = [claim for claim in run.claims if claim.task != "core"]
        run.task("more", "docs/**")
        self.quiet(run, hooks.after(event))

    def test_a_clear_command_of_who_holds_nothing_leaves_no_record(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        hooks.before("visitor", "ls", level="clear")
        assert flights.names(str(run.folder)) == []


class TestAttribution:
    def test_of_two_commands_none_is_certain_and_both_are_told(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        first = hooks.before("other", "make all")
        hooks.before("third", "npm test")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        said = hooks.after(first)
        assert "while `make all` or `npm test` ran, so it is not certain by which" in said
        assert "src/core.py was changed" in hooks.told("third")

    def test_a_command_that_began_later_is_no_suspect(self, run: ScratchRun, hooks: Hooks) -> None:
        first = hooks.before("other", "make all")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        settle(run.root / "src" / "core.py")
        hooks.before("third", "npm test")
        assert "while `make all` ran." in hooks.after(first)

    def test_a_command_of_the_holder_makes_it_uncertain(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        mine = hooks.before("holder", "python gen.py")
        event = hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        hooks.after(mine)
        assert "a command of its holder ran too, so it is not certain by whom" in hooks.after(event)

    def test_while_the_holder_is_about_to_edit_nothing_is_decided(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        event = hooks.before("other")
        run.edit("src/core.py", "holder")
        (run.root / "src" / "core.py").write_text("LIMIT = 12\n")
        assert hooks.after(event) == ""
        hooks.after(run.event("holder", "Edit", file_path=str(run.root / "src" / "core.py")))
        watching.sweep(run.run())
        assert run.log() == []
        assert flights.names(str(run.folder)) == []

    def test_what_changes_after_the_end_is_not_laid_to_the_command(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        event = hooks.before("other")
        run.edit("src/api/a.py", "holder")
        (run.root / "src" / "api" / "a.py").write_text("A = 2\n")
        assert hooks.after(event) == ""  # not settled: the holder's edit is under way
        settle(run.root / "src" / "api" / "a.py")
        (run.root / "src" / "core.py").write_text("by hand\n")
        hooks.after(run.event("holder", "Edit", file_path=str(run.root / "src/api/a.py")))
        watching.sweep(run.run())
        assert run.log() == []


class TestInTheBackground:
    def start(self, hooks: Hooks) -> dict[str, Any]:
        event = hooks.before("other", "npm run watch", run_in_background=True)
        assert hooks.after(event, backgroundTaskId="b1") == ""
        return event

    def test_it_is_looked_at_again_at_the_next_hook_of_anybody(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        self.start(hooks)
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        hooks.after(hooks.before("third", "ls", level="opaque"))
        watching.sweep(run.run())
        assert "src/core.py was changed while" in hooks.told("other")
        assert "You hold src/core.py" in hooks.told("holder")

    def test_it_is_reported_once_and_watched_on(self, run: ScratchRun, hooks: Hooks) -> None:
        self.start(hooks)
        for number in (11, 12):
            (run.root / "src" / "core.py").write_text(f"LIMIT = {number}\n")
            watching.sweep(run.run())
            watching.sweep(run.run())
        assert len(run.log()) == 2

    def test_the_server_looks_too(self, run: ScratchRun, hooks: Hooks) -> None:
        self.start(hooks)
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        Coordinator.at(run.root).look_around()
        assert [line["kind"] for line in run.log()] == ["overwritten"]

    def test_it_is_over_when_it_is_stopped(self, run: ScratchRun, hooks: Hooks) -> None:
        self.start(hooks)
        hooks.after(run.event("other", "TaskStop", task_id="b1"))
        assert flights.names(str(run.folder)) == []

    def test_it_outlives_its_agents_turn_but_not_its_session(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        self.start(hooks)
        watching.sweep(run.run(), f"{SESSION}/other")
        assert flights.names(str(run.folder)) != []
        watching.sweep(run.run(), SESSION)
        assert flights.names(str(run.folder)) == []

    def test_what_ran_in_the_foreground_is_over_when_its_agent_stops(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        hooks.before("other")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        watching.sweep(run.run(), f"{SESSION}/other")
        assert "src/core.py was changed" in hooks.told("other")
        assert flights.names(str(run.folder)) == []


class TestPuttingBack:
    @pytest.fixture(autouse=True)
    def strict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PARALLEL_AGENTS_STRICT", "auto")

    def test_what_is_certain_is_put_back(self, run: ScratchRun, hooks: Hooks) -> None:
        path = run.root / "src" / "core.py"
        path.chmod(0o755)
        hooks.write("holder", "src/core.py", "LIMIT = 12\n")
        event = hooks.before("other")
        path.write_text("LIMIT = 11\n")
        assert "The holder's content is back in place" in hooks.after(event)
        assert path.read_text() == "LIMIT = 12\n"
        assert path.stat().st_mode & 0o777 == 0o755
        assert "Next: go on; read the file again" in hooks.told("holder")
        assert sorted(os.listdir(run.root / "src")) == ["api", "core.py", "mine.py"]
        assert hooks.after(hooks.before("other")) == ""

    def test_a_deleted_file_comes_back_and_a_new_one_goes(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        event = hooks.before("other")
        (run.root / "src" / "core.py").unlink()
        (run.root / "src" / "api" / "b.py").write_text("NEW = 1\n")
        said = hooks.after(event)
        assert "The file was taken away." in said
        assert (run.root / "src" / "core.py").read_text() == "LIMIT = 10\n"
        assert not (run.root / "src" / "api" / "b.py").exists()
        assert overwritten(run)["found/src/api/b.py"] == "NEW = 1\n"

    def test_what_is_not_certain_stays(self, run: ScratchRun, hooks: Hooks) -> None:
        event = hooks.before("other")
        hooks.before("third")
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        hooks.after(event)
        assert (run.root / "src" / "core.py").read_text() == "LIMIT = 11\n"

    def test_what_was_written_in_the_last_moment_stays(
        self, run: ScratchRun, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = run.root / "src" / "core.py"
        exchange = evidence._exchange

        def late(a: str, b: str) -> None:
            if path.read_text() == "LIMIT = 11\n":
                path.write_text("by the holder, just now\n")
            exchange(a, b)

        monkeypatch.setattr(evidence, "_exchange", late)
        event = hooks.before("other")
        path.write_text("LIMIT = 11\n")
        assert "back in place" not in hooks.after(event)
        assert path.read_text() == "by the holder, just now\n"


class TestSnapshot:
    def test_it_has_files_that_are_not_there_and_those_below_globs(self, run: ScratchRun) -> None:
        found = take(str(run.root), ("src/core.py", "src/none.py", "src/**/*.py", "src/api"))
        assert found.stamps["src/none.py"] == GONE
        assert set(found.stamps) == {*CONTENT, "src/none.py"}
        assert found.open == ("src/**/*.py", "src/api")

    def test_a_link_and_what_it_leads_to_both_count(self, run: ScratchRun) -> None:
        link = run.root / "link.py"
        link.symlink_to("src/core.py")
        before = stamp(str(link))
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        assert stamp(str(link)) != before
        (run.root / "src" / "core.py").unlink()
        assert stamp(str(link)) not in (before, GONE)

    def test_a_record_that_is_read_is_the_one_that_was_written(
        self, run: ScratchRun, hooks: Hooks
    ) -> None:
        strange = "src/api/tab\tand\nline.py"
        (run.root / strange).write_text("")
        hooks.before("other", "printf 'a\tb\n'\r\n100%25")
        (flight,) = flights.flights(str(run.folder))
        assert flight.command == "printf 'a\tb\n'\r\n100%25"
        assert any(strange in watched.before.stamps for watched in flight.watched)

    def test_a_broken_record_is_left_out(self, run: ScratchRun, hooks: Hooks) -> None:
        hooks.before("other")
        (run.folder / ".watch" / "flights" / "x.y").write_text("garbage")
        (run.folder / ".watch" / "flights" / "x.z").symlink_to("/etc/hostname")
        assert len(flights.flights(str(run.folder))) == 1


class TestAsProcesses:
    @pytest.fixture
    def launched(self, run: ScratchRun, tmp_path: Path) -> Any:
        from scratch_run import command, environment, start

        env = environment(run.root, tmp_path / "data")
        return lambda what, event: start(command(what), event, run.root, env)

    def test_a_whole_round(self, run: ScratchRun, launched: Any) -> None:
        program = f"{sys.executable} gen.py"
        event = run.event("other", "Bash", command=program)
        assert launched("shell", event).out == ""
        subprocess.run(("sh", "-c", "echo LIMIT = 11 >src/core.py"), cwd=run.root, check=True)
        done = event | {"hook_event_name": "PostToolUse", "tool_response": {"stdout": "x" * 9000}}
        answer = launched("beat", done).answer
        assert answer["decision"] == "block"
        assert "src/core.py was changed while" in answer["reason"]
        read = run.event("holder", "Read", file_path="/x") | {"hook_event_name": "PostToolUse"}
        assert "You hold src/core.py" in launched("beat", read).decision["additionalContext"]
        assert launched("beat", read).out == ""

    def test_the_agent_hears_at_its_stop_what_it_has_not_heard(
        self, run: ScratchRun, launched: Any
    ) -> None:
        launched("shell", run.event("third", "Bash", command=f"{sys.executable} gen.py"))
        (run.root / "src" / "core.py").write_text("LIMIT = 11\n")
        stop = run.event("third") | {"stop_hook_active": False}
        assert "src/core.py was changed" in launched("subagent-stop", stop).answer["reason"]
        assert launched("subagent-stop", stop).out == ""


def settle(path: Path) -> None:
    """Put the change of a file out of reach of what begins now: see `flights.SLACK`."""
    changed = path.stat().st_ctime_ns
    probe = path.with_name(".settle")
    while probe.write_text("") is not None:
        now = probe.stat().st_ctime_ns
        if now - changed > 3 * flights.SLACK:
            probe.unlink()
            return


def test_what_was_kept_goes_with_the_run_and_the_records_end(repository: Path) -> None:
    from parallel_agents.core.commands import Approve, Archive, Propose
    from parallel_agents.core.model import Plan, Strategy, Task, TaskId
    from parallel_agents.store.folder import FolderStore

    plan = Plan("Goal", (Task(TaskId("one"), "One", "Do it.", ("a.py",)),))
    store = FolderStore(repository)
    store.transact(Propose(plan))
    store.transact(Approve(plan.id, Strategy.FILES, "me", "0" * 40, "refs/heads/main"))
    folder = repository / "_tasks"
    (folder / "overwritten" / "one-1" / "was").mkdir(parents=True)
    (folder / ".watch" / "notes").mkdir(parents=True)
    store.transact(Archive())
    store.close()
    assert not (folder / ".watch").exists()
    assert not (folder / "overwritten").exists()
    assert (folder / "history" / plan.id / "overwritten" / "one-1" / "was").is_dir()
