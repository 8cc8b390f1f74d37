"""Strict mode without the client: tickets, the shells that take them, what these cannot write.

The line that the client gives its shell is put together here as it does: the environment file, then
the command in quotes.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from git_scratch import commit
from namespaces import CONFINES
from parallel_agents.guard import commands, lifecycle
from parallel_agents.guard.event import Event
from parallel_agents.guard.strict import namespace, session
from parallel_agents.guard.strict.tickets import Ticket, folder_of, tickets, withdraw
from parallel_agents.guard.watch import flights, watching
from scratch_run import MAIN, PLUGIN, SESSION, ScratchRun

needs_namespaces = pytest.mark.skipif(
    not CONFINES, reason="this machine lets nobody make mount namespaces"
)
FILES = {"src/core.py": "held\n", "src/api/a.py": "held\n", "src/free.py": "free\n"}
BASH = shutil.which("bash") or ""


@pytest.fixture
def run(repository: Path) -> ScratchRun:
    commit(repository, dict(FILES), "files")
    run = ScratchRun(repository)
    run.claim("core", "src/core.py", "src/api/**", "src/none.py", "src/*.sql", agent="holder")
    return run


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Starts a session under a setting; what the user is told."""
    monkeypatch.setenv("CLAUDE_PLUGIN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CLAUDE_ENV_FILE", str(tmp_path / "environment.sh"))

    def begin(setting: str) -> str:
        monkeypatch.setenv("PARALLEL_AGENTS_STRICT", setting)
        event = Event({"session_id": SESSION, "cwd": str(tmp_path), "source": "startup"})
        told = lifecycle.session_starts(event, [], str(PLUGIN))
        return "" if told is None else str(told["systemMessage"])

    return begin


class Shell:
    """A shell of the client, in a session with strict mode."""

    def __init__(self, run: ScratchRun, environment: Path) -> None:
        self.run = run
        self.environment = environment
        self.calls = 0

    def __call__(self, command: str, agent: str | None = MAIN) -> tuple[str, str]:
        """(what the command printed, what the hooks said before or after it)."""
        self.calls += 1
        event = self.run.event(agent, "Bash", command=command) | {"tool_use_id": f"c{self.calls}"}
        denied = watching.begin(Event(event), self.run.runs(), "opaque")
        if denied is not None:
            return "", str(denied["hookSpecificOutput"]["permissionDecisionReason"])
        printed = self.shell(command)
        done = event | {"hook_event_name": "PostToolUse", "tool_response": {}}
        return printed, str(watching.after(Event(done), self.run.runs()) or "")

    def shell(self, command: str) -> str:
        line = f". {shlex.quote(str(self.environment))}; eval {shlex.quote(command)}"
        done = subprocess.run(
            (BASH, "-c", line), cwd=self.run.root, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr


@pytest.fixture
def shell(run: ScratchRun, tmp_path: Path, strict: Callable[[str], str]) -> Shell:
    assert strict("auto") == ""
    return Shell(run, tmp_path / "environment.sh")


@needs_namespaces
@pytest.mark.parametrize(
    "command",
    [
        "echo x > src/core.py",
        "cd src && echo x > core.py",
        "echo x > src/api/new.py",
        "rm -rf src/core.py src/api",
        "mv src lib",
        "sed -i s/held/x/ src/core.py",
        "echo x > .new && mv .new src/core.py",
        "mv src/api src/elsewhere",
        "chmod 777 src/core.py",
        "ln -sf /etc/hostname src/core.py",
        f'{shlex.quote(sys.executable)} -c \'open("src/core.py", "w")\'',
        '(cd / && echo x > "$OLDPWD/src/core.py")',
        "bash -c 'bash -c \"echo x > src/core.py\"'",
    ],
)
def test_held_files_cannot_be_written_nor_carried_away(shell: Shell, command: str) -> None:
    printed, said = shell(command)
    assert "Read-only file system" in printed or "busy" in printed, printed
    assert said == ""
    assert {path: (shell.run.root / path).read_text() for path in FILES} == FILES
    assert not (shell.run.root / "src" / "api" / "new.py").exists()


@needs_namespaces
def test_everything_else_is_as_ever(shell: Shell) -> None:
    command = (
        "echo x > src/free.py; mkdir more; mv README.md more/; ln more/README.md back; "
        'cat src/core.py; echo "$PWD"; cd more; git status --short; exit 3'
    )
    printed, said = shell(command)
    assert printed.splitlines()[:2] == ["held", str(shell.run.root)]
    assert said == ""
    assert (shell.run.root / "src" / "free.py").read_text() == "x\n"
    assert (shell.run.root / "back").exists()


@needs_namespaces
@pytest.mark.parametrize("path", ["src/none.py", "src/new.sql"])
def test_what_cannot_be_made_read_only_is_taken_away_afterwards(shell: Shell, path: str) -> None:
    _, said = shell(f"echo x > {path}")
    assert "The file was taken away." in said
    assert not (shell.run.root / path).exists()


@needs_namespaces
def test_a_write_through_a_hard_link_is_put_back_afterwards(shell: Shell) -> None:
    os.link(shell.run.root / "src" / "core.py", shell.run.root / "hard.py")
    os.utime(shell.run.root / "src" / "core.py", (1_700_000_000, 1_700_000_000))
    subprocess.run(("git", "update-index", "--refresh"), cwd=shell.run.root, check=True)
    _, said = shell("echo x > hard.py")
    assert "The holder's content is back in place" in said
    assert (shell.run.root / "src" / "core.py").read_text() == "held\n"


@needs_namespaces
def test_the_holder_writes_its_own(shell: Shell) -> None:
    assert shell("echo mine > src/core.py", "holder") == ("", "")
    assert (shell.run.root / "src" / "core.py").read_text() == "mine\n"


@needs_namespaces
def test_a_contained_command_is_on_record_as_such_while_it_runs(shell: Shell) -> None:
    event = shell.run.event(MAIN, "Bash", command="sleep 0") | {"tool_use_id": "c"}
    watching.begin(Event(event), shell.run.runs(), "opaque")
    assert not flights.flights(str(shell.run.folder))[0].contained
    shell.shell("sleep 0")
    assert flights.flights(str(shell.run.folder))[0].contained


@needs_namespaces
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_it_needs_no_root() -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    source = Path(str(namespace.__file__)).read_text()
    with TemporaryDirectory() as folder:
        held = Path(folder, "held")
        held.write_text("held")
        for path, mode in ((Path(folder), 0o777), (held, 0o666)):
            path.chmod(mode)
        program = (
            f"{source}\nconfine([{folder!r}], [{str(held)!r}])\n"
            f"print(os.getuid(), os.access({str(held)!r}, os.W_OK))\n"
        )
        for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
            words = (*nobody, python, "-I", "-S", "-c", program)
            done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
            if done.returncode != 127:  # it may lie where only root can look
                break
        else:
            pytest.skip("no Python is there for others to run")
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets only root make mount namespaces")
    assert done.stdout == "65534 False\n", done.stderr


class TestSetting:
    def test_off_changes_nothing(self, strict: Callable[[str], str], tmp_path: Path) -> None:
        assert strict("off") == strict("nonsense") == ""
        assert not (tmp_path / "environment.sh").exists()
        assert not (tmp_path / "data").exists()

    def test_the_plugins_option_counts_where_the_variable_is_not_set(
        self, strict: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CLAUDE_PLUGIN_OPTION_STRICT", "auto")
        strict("")
        assert (tmp_path / "environment.sh").exists()

    def test_a_second_start_introduces_it_only_once(
        self, strict: Callable[[str], str], tmp_path: Path
    ) -> None:
        (tmp_path / "environment.sh").write_text("export MINE=1")
        strict("auto")
        strict("auto")
        text = (tmp_path / "environment.sh").read_text()
        assert text.startswith("export MINE=1\n")
        assert text.count("__pa_tickets=") == 1

    @pytest.mark.parametrize("missing", ["CLAUDE_ENV_FILE", "CLAUDE_PLUGIN_DATA"])
    def test_an_older_client_is_told_of_once(
        self, strict: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        monkeypatch.delenv(missing)
        assert "strict mode (auto) cannot be had here: the client names no" in strict("auto")

    def test_where_it_cannot_be_had_auto_goes_on_and_required_refuses(
        self, run: ScratchRun, strict: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CLAUDE_ENV_FILE")
        event = Event(run.event(MAIN, "Bash", command="npm test"))
        strict("auto")
        assert watching.begin(event, run.runs(), "opaque") is None
        assert "could write anything are refused" in strict("required")
        denied = str(watching.begin(event, run.runs(), "opaque"))
        assert "strict mode is required here, and it cannot be had" in denied
        assert watching.begin(event, run.runs(), "clear") is None
        assert [line["kind"] for line in run.log()] == ["denied"]

    @needs_namespaces
    def test_shells_that_take_no_ticket_are_told_of_once(
        self, run: ScratchRun, strict: Callable[[str], str]
    ) -> None:
        strict("auto")
        said = []
        for number in range(2):
            event = run.event(MAIN, "Bash", command="npm test") | {"tool_use_id": f"c{number}"}
            watching.begin(Event(event), run.runs(), "opaque")
            done = event | {"hook_event_name": "PostToolUse", "tool_response": {}}
            said.append(str(watching.after(Event(done), run.runs()) or ""))
        assert "the client's shells do not read the environment file" in said[0]
        assert said[1] == ""

    def test_the_shell_guard_hands_the_refusal_on(
        self, run: ScratchRun, strict: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CLAUDE_ENV_FILE")
        strict("required")
        event = Event(run.event(MAIN, "Bash", command="./unknown-program --with args"))
        assert "strict mode is required" in str(commands.guard(event, run.runs(), str(PLUGIN)))


class TestTickets:
    def test_a_ticket_is_for_its_command_in_whatever_quotes(self) -> None:
        ticket = Ticket("echo 'a b' > \"c\"", "", (), (), required=False)
        assert ticket.is_for("source x && eval 'echo '\\''a b'\\'' > \"c\"' && pwd")
        assert not ticket.is_for("source x && eval 'echo a'")
        assert not Ticket("", "", (), (), required=False).is_for("anything")

    def test_it_is_read_as_it_was_left_and_can_be_withdrawn(self, tmp_path: Path) -> None:
        folder = str(tmp_path / "tickets")
        Ticket("a\nb\t%", "/m", ["/r"], ["/r/x\ty"], required=True).leave(folder, "s/a", "c1")
        (tmp_path / "tickets" / "broken.ticket").write_text("garbage")
        (found,) = tickets(folder)
        assert (found.command, found.marker, found.required) == ("a\nb\t%", "/m", True)
        assert (found.roots, found.readonly) == (["/r"], ["/r/x\ty"])
        assert not withdraw(folder, "s/a", "c2")
        assert withdraw(folder, "s/a", "c1")
        assert not withdraw(folder, "s/a", "c1")

    def test_a_session_cannot_name_a_folder_elsewhere(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CLAUDE_PLUGIN_DATA", "/data")
        assert folder_of("../../etc") == "/data/strict/.._.._etc"
        monkeypatch.delenv("CLAUDE_PLUGIN_DATA")
        assert folder_of("s") is None

    @needs_namespaces
    def test_of_two_tickets_for_one_command_both_count(self, shell: Shell) -> None:
        root = shell.run.root
        folder = str(folder_of(SESSION))
        for name in ("core.py", "free.py"):
            path = str(root / "src" / name)
            ticket = Ticket("make all", "", [str(root)], [path], required=True)
            ticket.leave(folder, "s/a", name)
        printed = shell.shell("true make all; echo x > src/core.py; echo x > src/free.py")
        assert printed.count("Read-only file system") == 2
        assert len(tickets(folder)) == 1


def test_the_canary_finds_out_what_does_not_hold(
    strict: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plugin = tmp_path / "plugin"
    (plugin / "hooks").mkdir(parents=True)
    main = plugin / "hooks" / "contain_main.py"
    main.write_text("import os, sys\nos.execv(sys.argv[2], [sys.argv[2], '-c', sys.argv[3]])\n")
    assert "could write a file that was to be read-only" in session.canary(str(plugin))
    main.write_text("import sys\nsys.exit('it broke')\n")
    assert "it broke" in session.canary(str(plugin))
