"""The command line: what may be written on it, and how everything ends as an exit status."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from parallel_agents import __version__
from parallel_agents.core.errors import BadInput, NeedsPerson, NotYours, ParallelAgentsError
from parallel_agents.verbs.console import HERE, Console

DONE, DEFECT, USAGE, REFUSED, PERSON = range(5)
INTERRUPTED, PIPE_CLOSED = 130, 141
"""As a shell tells of a program that ended by SIGINT, by SIGPIPE."""

DEBUG = "PARALLEL_AGENTS_DEBUG"

ROAD = """\
a run by hand:
  parallel-agents plan plan.yaml     check a plan, show it, propose it
  parallel-agents approve p1a2b3c4   your yes: agents can claim tasks now
  parallel-agents status --watch     who works on what
  parallel-agents merge              put the results together, tested

exit status: 0 done, 1 a defect of parallel-agents, 2 wrong usage, 3 refused
(the code and the reason are on standard error), 4 a person must decide
"""


MODULES = {"import": "importing"}
"""The module of a command whose name is a word of Python."""

OF_PEOPLE = frozenset(("approve", "claim", "release", "fail", "merge", "recover", "end"))
"""Commands that only people and scripts outside the client may call."""


class Misused(Exception):
    """Raised when the command line cannot be understood. Its text is the sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sentence = message[0].upper() + message[1:].rstrip(".") + "."
        raise Misused(sentence, f"`{self.prog} --help` shows how.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. `argv` is the command line without the program's name."""
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console("--json" in words)
    try:
        status = _run(words, console)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_output()
        return PIPE_CLOSED
    return status


def _run(words: Sequence[str], console: Console) -> int:
    try:
        arguments = _parser().parse_args(words, argparse.Namespace(json=False, directory=HERE))
        console = Console(arguments.json, arguments.directory)
        if arguments.json and getattr(arguments, "watch", False):
            raise Misused("--watch shows a live view, --json gives one object.", "use one of them.")
        _refuse_inside_the_client(arguments.verb)
        verb = MODULES.get(arguments.verb, arguments.verb)
        module = import_module(f"parallel_agents.verbs.{verb}")
        status: int = module.run(arguments, console)
        return status
    except SystemExit as end:  # --help and --version
        return int(end.code or DONE)
    except Misused as error:
        sentence, step = error.args
        console.refuse(BadInput("usage", sentence, step))
        return USAGE
    except NeedsPerson as error:
        console.refuse(error)
        return PERSON
    except ParallelAgentsError as error:
        console.refuse(error)
        return REFUSED
    except KeyboardInterrupt:
        console.note("")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get(DEBUG):
            traceback.print_exc()
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        console.refuse(
            ParallelAgentsError(
                "defect",
                f"Something went wrong inside parallel-agents ({what}).",
                f"run it again with {DEBUG}=1 to see where, and report that, please.",
            )
        )
        return DEFECT


def _refuse_inside_the_client(verb: str) -> None:
    """Claude Code sets CLAUDECODE in the shells it starts: what runs there is no person's word."""
    if verb in OF_PEOPLE and os.environ.get("CLAUDECODE"):
        raise NotYours(
            "inside_the_client",
            f"`parallel-agents {verb}` was called from a shell of Claude Code, where nobody can "
            "tell a person from an agent.",
            "agents call the MCP tool of that name; people run the command in a terminal of "
            "their own.",
        )


def _let_go_of_output() -> None:
    """Nobody reads any more: keep Python from trying again, and complaining, at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # an output without a descriptor has nothing to complain about
    finally:
        os.close(nowhere)


# ---------------------------------------------------------------------- what may be written


def _parser() -> _Parser:
    everywhere = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument(
        "--json", action="store_true", help="answer with one JSON object, errors too"
    )
    everywhere.add_argument("-C", dest="directory", metavar="DIR", help="work as if started in DIR")
    parser = _Parser(
        prog="parallel-agents",
        description="Many coding agents on one repository at once, without collisions.",
        epilog=ROAD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[everywhere],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"parallel-agents {__version__}")
    verbs = _Verbs(parser, everywhere)
    _add_road(verbs)
    _add_work(verbs)
    _add_machine(verbs)
    return parser


class _Verbs:
    """Adds commands that all take the same options and end their help with an example."""

    def __init__(self, parser: _Parser, everywhere: _Parser) -> None:
        self._commands = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
        self._everywhere = everywhere

    def add(self, name: str, what: str, example: str) -> argparse.ArgumentParser:
        return self._commands.add_parser(
            name,
            help=what,
            description=what[0].upper() + what[1:] + ".",
            epilog=f"example: parallel-agents {name} {example}".rstrip(),
            parents=[self._everywhere],
            allow_abbrev=False,
        )


def _add_road(verbs: _Verbs) -> None:
    plan = verbs.add("plan", "check a plan file, show it and record it as proposed", "plan.yaml")
    plan.add_argument("file", metavar="FILE", help="YAML or JSON; - for standard input")

    imports = verbs.add(
        "import",
        "draft a plan from a list of work, or write back into the list what has landed",
        "TODO.md -o plan.yaml",
    )
    imports.add_argument(
        "file",
        metavar="FILE",
        help="a Markdown checklist, `gh issue list --json number,title,body,labels,state`, an "
        "export of beads (JSONL) or tasks.json of Task Master; - for standard input",
    )
    imports.add_argument(
        "--format",
        choices=("markdown", "github", "beads", "task-master"),
        help="what the file is (default: by its name and content)",
    )
    imports.add_argument("--tag", metavar="TAG", help="the tag of a tasks.json (default: master)")
    imports.add_argument("--goal", metavar="GOAL", help="the plan's goal")
    imports.add_argument("-o", dest="output", metavar="PLAN", help="write the draft to a new file")
    imports.add_argument(
        "--write-back",
        action="store_true",
        help="tick or close in FILE what has landed; all else stays byte for byte",
    )
    _add_yes(imports)

    approve = verbs.add("approve", "give your yes to a proposed plan", "p1a2b3c4")
    approve.add_argument("plan_id", metavar="PLAN_ID", help="as `plan` printed it")
    approve.add_argument(
        "--strategy",
        choices=("worktree", "branch", "files"),
        help="how agents are kept apart (default: what the plan's advice recommends)",
    )
    approve.add_argument(
        "--accept-checks",
        action="store_true",
        help="let pairs marked `check` run at once (default: ask; with --yes they run in order)",
    )
    _add_yes(approve)

    status = verbs.add("status", "show who works on what, and what to do next", "--watch")
    status.add_argument(
        "--watch", action="store_true", help="stay, and show every change until the run is over"
    )

    merge = verbs.add(
        "merge", "merge completed work into the target branch, tested first", "--dry-run"
    )
    merge.add_argument("--dry-run", action="store_true", help="show what would happen, no more")
    merge.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="TASK",
        help="not this one; may be repeated",
    )
    merge.add_argument(
        "--only", action="append", metavar="TASK", help="just this one; may be repeated"
    )
    merge.add_argument(
        "--resume", action="store_true", help="go on with the merge that was cut off, as it was"
    )
    merge.add_argument(
        "--trust-check",
        action="store_true",
        help="merge though the check passes with broken source files",
    )
    _add_yes(merge)

    recover = verbs.add(
        "recover",
        "bring a stale or blocked task back to the queue",
        'auth --reason "agent is gone"',
    )
    recover.add_argument("task", metavar="TASK")
    recover.add_argument(
        "--to", choices=("available", "failed"), default="available", help="default: available"
    )
    recover.add_argument("--reason", default="", metavar="WHY", help="kept in the task's history")
    _add_yes(recover)

    end = verbs.add("end", "put a run away that is not to go on; nothing is removed", "")
    _add_yes(end)


def _add_work(verbs: _Verbs) -> None:
    claim = verbs.add(
        "claim", "claim a task for an agent, the best one if none is named", "--agent a1"
    )
    claim.add_argument("task", metavar="TASK", nargs="?")
    _add_agent(claim)

    release = verbs.add(
        "release",
        "end a claim: completed (proven by commits and check) or returned",
        'auth --agent a1 --token 12 --summary "tests pass"',
    )
    release.add_argument("task", metavar="TASK")
    _add_agent(release)
    _add_token(release)
    release.add_argument(
        "--returned", action="store_true", help="give it back unfinished, without a failure"
    )
    release.add_argument("--summary", default="", metavar="S", help="what was done, in a line")

    fail = verbs.add(
        "fail",
        "end a claim as failed",
        'auth --agent a1 --token 12 --reason "needs the new API"',
    )
    fail.add_argument("task", metavar="TASK")
    _add_agent(fail)
    _add_token(fail)
    fail.add_argument("--reason", required=True, metavar="WHY", help="for whoever tries it next")


def _add_machine(verbs: _Verbs) -> None:
    demo = verbs.add("demo", "watch a whole run with scripted agents in a scratch repository", "")
    demo.add_argument("--agents", type=int, default=3, metavar="N", help="how many (default: 3)")
    demo.add_argument("--keep", metavar="DIR", help="make the scratch repository in DIR, keep it")

    verbs.add("doctor", "look for what would keep a run from working, and say what to do", "")

    serve = verbs.add("serve", "run the MCP server, by default on standard input and output", "")
    serve.add_argument(
        "--http", type=_address, metavar="HOST:PORT", help="serve over HTTP at this address"
    )


def _add_yes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--yes", action="store_true", help="do not ask (needed without a terminal)")


def _add_agent(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--agent", required=True, type=_agent_name, metavar="NAME", help="who works; any name"
    )


def _add_token(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--token", required=True, type=int, metavar="N", help="the number that `claim` printed"
    )


def _agent_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise argparse.ArgumentTypeError(
            f"{text!a} is no name for an agent (letters, digits, . _ -; at most 64 characters)"
        )
    return text


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!a} is no address (HOST:PORT, as 127.0.0.1:8000)")
    return host, int(port)
