"""Each tool that can write a file, with each way to name a held one: refused; its neighbour: not.

The neighbour is the same trick, in the same tool, with a file that nobody holds.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from git_scratch import commit, git
from parallel_agents.guard import edits, foreign_tools
from parallel_agents.guard.event import Event
from scratch_run import MAIN, PLUGIN, ScratchRun

HELD, FREE = "src/held.py", "src/free.py"
MCP = "mcp__files__"


@dataclass(frozen=True)
class World:
    """A repository in which `holder` holds what is called `held`, a tree and a link beside it."""

    run: ScratchRun
    outside: Path
    tree: Path
    library: Path


@dataclass(frozen=True)
class Trick:
    """How a file is named: `name` makes it from the plain path; `cwd` is where the agent is."""

    name: Callable[[World, str], str]
    cwd: Callable[[World], Path] = field(default=lambda world: world.run.root)


def _linked(world: World, path: str) -> str:
    link = world.run.root / f"link-{Path(path).name}"
    link.symlink_to(path)
    return str(link)


def _hard(world: World, path: str, where: str = "") -> str:
    name = (world.outside if where else world.run.root) / f"hard-{Path(path).name}"
    os.link(world.run.root / path, name)
    return str(name)


def _new(path: str) -> str:
    """A file that is not there yet, in the folder that the path's owner alone may write."""
    return path.replace(".py", "_dir/new/file.py")


def _dangling(world: World, path: str) -> str:
    link = world.run.root / f"dangling-{Path(path).stem}"
    link.symlink_to(_new(path))
    return str(link)


TRICKS = {
    "absolute": Trick(lambda w, p: f"{w.run.root}/{p}"),
    "relative": Trick(lambda w, p: p),
    "dots": Trick(lambda w, p: f"{w.run.root}/src/../{p}"),
    "doubled slashes": Trick(lambda w, p: f"{w.run.root}//src/./{p[4:]}"),
    "dots behind a linked folder": Trick(lambda w, p: f"{w.run.root}/linked/../{p}"),
    "through a linked folder": Trick(lambda w, p: f"{w.run.root}/linked/{p[4:]}"),
    "through a link outside": Trick(lambda w, p: f"{w.outside}/to-repository/{p}"),
    "a symbolic link": Trick(_linked),
    "a hard link": Trick(_hard),
    "a hard link outside": Trick(lambda w, p: _hard(w, p, "outside")),
    "not there yet": Trick(lambda w, p: f"{w.run.root}/{_new(p)}"),
    "a dangling link": Trick(_dangling),
    "another case": Trick(lambda w, p: f"{w.run.root}/{p.upper()}"),
    "another Unicode form": Trick(
        lambda w, p: unicodedata.normalize("NFD", f"{w.run.root}/{p.replace('.py', '-é.py')}")
    ),
    "a trailing slash": Trick(lambda w, p: f"{w.run.root}/{p}/"),
    "a trailing dot": Trick(lambda w, p: f"{w.run.root}/{p}/."),
    "another work tree": Trick(lambda w, p: f"{w.tree}/{p}"),
    "from another work tree": Trick(lambda w, p: p, lambda w: w.tree),
    "from a folder below": Trick(lambda w, p: f"../{p}", lambda w: w.run.root / "src"),
    "from outside": Trick(lambda w, p: f"{w.run.root}/{p}", lambda w: w.outside),
    "the process's own folder": Trick(lambda w, p: f"/proc/self/cwd/{p}"),
    "a file of a submodule": Trick(lambda w, p: f"{w.library}/{p[4:]}"),
}

TOOLS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Edit": lambda p: {"file_path": p, "old_string": "a", "new_string": "b"},
    "Write": lambda p: {"file_path": p, "content": "x"},
    "MultiEdit": lambda p: {"file_path": p, "edits": [{"old_string": "a", "new_string": "b"}]},
    "NotebookEdit": lambda p: {"notebook_path": p, "new_source": "x"},
    f"{MCP}write_file": lambda p: {"path": p, "content": "x"},
    f"{MCP}applyEdits": lambda p: {"changes": [{"where": {"location": p}, "text": "x"}]},
    f"{MCP}move": lambda p: {"source": "/tmp/x", "destination": p},
    f"{MCP}save_all": lambda p: {"files": {p: "content"}},
    f"{MCP}rename_symbol": lambda p: {"uri": f"file://{p}" if p.startswith("/") else p},
    f"{MCP}transform": lambda p: {"args": ["--in-place", p]},
}


@pytest.fixture
def world(repository: Path, tmp_path: Path) -> World:
    files = {name: "x = 1\n" for p in (HELD, FREE) for name in (p, p.replace(".py", "-é.py"))}
    commit(repository, files, "files")
    outside, tree, library = tmp_path / "outside", tmp_path / "tree", tmp_path / "library"
    outside.mkdir()
    git(repository, "worktree", "add", "--quiet", "--detach", str(tree))
    library.mkdir()
    git(library, "init", "--quiet", "--initial-branch=main")
    commit(library, {"held.py": "x = 1\n", "free.py": "x = 1\n"}, "library")
    allow = ("-c", "protocol.file.allow=always")
    git(repository, *allow, "submodule", "--quiet", "add", str(library), "vendored")
    (repository / "linked").symlink_to("src")
    (outside / "to-repository").symlink_to(repository)
    run = ScratchRun(repository)
    held = (HELD, HELD.replace(".py", "-é.py"), "src/held_dir/**", "vendored/held.py")
    run.claim("held", *held, agent="holder")
    return World(run, outside, tree, repository / "vendored")


def reason(world: World, tool: str, trick: Trick, path: str) -> str:
    """Why the main conversation may not do this, or an empty text."""
    event = world.run.event(MAIN, tool, **TOOLS[tool](trick.name(world, path)))
    event["cwd"] = str(trick.cwd(world))
    guard = foreign_tools if tool.startswith("mcp__") else edits
    with chdir(event["cwd"]):  # as the client starts a hook
        answer = guard.guard(Event(event), world.run.runs(), str(PLUGIN))
    return "" if answer is None else str(answer["hookSpecificOutput"]["permissionDecisionReason"])


@pytest.mark.parametrize("name", TRICKS)
def test_no_tool_writes_a_held_file_whatever_it_is_called(world: World, name: str) -> None:
    through = [
        tool
        for tool in TOOLS
        if "is held by agent holder" not in reason(world, tool, once(TRICKS[name]), HELD)
    ]
    assert through == []


@pytest.mark.parametrize("name", TRICKS)
def test_its_neighbour_is_written_by_every_tool(world: World, name: str) -> None:
    said = {tool: reason(world, tool, once(TRICKS[name]), FREE) for tool in TOOLS}
    assert {tool: text for tool, text in said.items() if text} == {}


def once(trick: Trick) -> Trick:
    """The same trick again and again: what it makes on the disk is there already."""

    def name(world: World, path: str) -> str:
        made = [world.run.root, world.outside]
        for place in made:
            for entry in place.iterdir():
                if entry.name.startswith(("link-", "hard-", "dangling-")):
                    entry.unlink()
        return trick.name(world, path)

    return Trick(name, trick.cwd)


@pytest.mark.parametrize("agent", ["worker", MAIN])
@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_writes_the_state_of_the_run_or_of_git(
    world: World, tool: str, agent: str | None
) -> None:
    for path in ("_tasks/claimed/held.md", "_tasks/.locks.0", ".git/config", "vendored/.git"):
        event = world.run.event(agent, tool, **TOOLS[tool](str(world.run.root / path)))
        guard = foreign_tools if tool.startswith("mcp__") else edits
        answer = guard.guard(Event(event), world.run.runs(), str(PLUGIN))
        assert answer is not None, path
        assert "agents do not write it by hand" in str(answer), path
