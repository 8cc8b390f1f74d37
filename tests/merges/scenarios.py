"""Merges as they come about: what three commits have, and whether git can put two together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from git_scratch import git

TEN = "".join(f"line {number}\n" for number in range(1, 11))
LONG = "".join(f"a line that makes this file like itself, number {n}\n" for n in range(30))
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n"


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    to: str


@dataclass(frozen=True)
class Program:
    """A file that can be executed."""

    text: str


@dataclass(frozen=True)
class Submodule:
    """A commit of another repository, by its first hexadecimal digit."""

    digit: str


Content = str | bytes | None | Link | Program | Submodule
Files = Mapping[str, Content]


@dataclass(frozen=True)
class Scenario:
    """A merge of `theirs` into `ours`, both made from `base`."""

    ours: Files
    theirs: Files
    conflicts: bool
    base: Files = field(default_factory=dict)
    config: tuple[tuple[str, str], ...] = ()
    crossed: bool = False
    """Each side has merged an earlier state of the other: there are two merge bases."""


def five(text: str) -> str:
    return TEN.replace("line 5\n", text)


START: Files = {
    "f.txt": TEN,
    "old.txt": "old\n",
    "long.txt": LONG,
    "lib/one.txt": LONG + "one\n",
    "lib/two.txt": LONG + "two\n",
    "bin.dat": b"\0\1\2\3",
    "run.sh": "#!/bin/sh\n",
}
"""What every base has, besides what a scenario adds."""

MOVED = {"lib/one.txt": None, "lib/two.txt": None}
MOVED_TO = {"src/one.txt": LONG + "one\n", "src/two.txt": LONG + "two\n"}

SCENARIOS: dict[str, Scenario] = {
    "same line": Scenario({"f.txt": five("a\n")}, {"f.txt": five("b\n")}, True),
    "same edit on both sides": Scenario({"f.txt": five("a\n")}, {"f.txt": five("a\n")}, False),
    "adjacent lines": Scenario(
        {"f.txt": TEN.replace("line 5\n", "a\n")}, {"f.txt": TEN.replace("line 6\n", "b\n")}, True
    ),
    "one line between": Scenario(
        {"f.txt": TEN.replace("line 5\n", "a\n")}, {"f.txt": TEN.replace("line 7\n", "b\n")}, False
    ),
    "both append": Scenario({"f.txt": TEN + "a\n"}, {"f.txt": TEN + "b\n"}, True),
    "both add, different": Scenario({"n.txt": "a\n"}, {"n.txt": "b\n"}, True),
    "both add, equal": Scenario({"n.txt": "a\n"}, {"n.txt": "a\n"}, False),
    "deleted and changed": Scenario({"old.txt": None}, {"old.txt": "new\n"}, True),
    "changed and deleted": Scenario({"old.txt": "new\n"}, {"old.txt": None}, True),
    "both delete": Scenario({"old.txt": None}, {"old.txt": None}, False),
    "renamed and changed": Scenario(
        {"long.txt": None, "name.txt": LONG}, {"long.txt": LONG + "more\n"}, False
    ),
    "renamed to two names": Scenario(
        {"long.txt": None, "a.txt": LONG}, {"long.txt": None, "b.txt": LONG}, True
    ),
    "two renamed to one name": Scenario(
        {"lib/one.txt": None, "name.txt": LONG + "one\n"},
        {"lib/two.txt": None, "name.txt": LONG + "two\n"},
        True,
    ),
    "renamed onto what the other adds": Scenario(
        {"long.txt": None, "name.txt": LONG}, {"name.txt": "another\n"}, True
    ),
    "a folder renamed, a file put into the old one": Scenario(
        {**MOVED, **MOVED_TO}, {"lib/three.txt": "3\n"}, True
    ),
    "a folder becomes a file, a file below it": Scenario(
        {**MOVED, "lib": "a file\n"}, {"lib/three.txt": "3\n"}, True
    ),
    "a new folder and a new file of one name": Scenario({"n/x.txt": "a\n"}, {"n": "b\n"}, True),
    "names that differ in case": Scenario({"README": "a\n"}, {"readme": "b\n"}, False),
    "both change a binary file": Scenario({"bin.dat": b"\0a"}, {"bin.dat": b"\0b"}, True),
    "one changes a binary file": Scenario({"bin.dat": b"\0a"}, {"old.txt": "new\n"}, False),
    "made executable and changed": Scenario(
        {"run.sh": Program("#!/bin/sh\n")}, {"run.sh": "#!/bin/sh\necho\n"}, False
    ),
    "both add a symbolic link": Scenario({"l": Link("old.txt")}, {"l": Link("f.txt")}, True),
    "a link and a file of one name": Scenario({"l": Link("old.txt")}, {"l": "text\n"}, True),
    "attribute -merge": Scenario(
        {"f.txt": TEN.replace("line 1\n", "a\n")},
        {"f.txt": TEN.replace("line 10\n", "b\n")},
        True,
        base={".gitattributes": "f.txt -merge\n"},
    ),
    "attribute merge=union": Scenario(
        {"f.txt": TEN + "a\n"},
        {"f.txt": TEN + "b\n"},
        False,
        base={".gitattributes": "f.txt merge=union\n"},
    ),
    "line endings rewritten and changed": Scenario(
        {"f.txt": TEN.replace("\n", "\r\n")}, {"f.txt": five("b\n")}, True
    ),
    "line endings rewritten, renormalized": Scenario(
        {"f.txt": TEN.replace("\n", "\r\n")},
        {"f.txt": five("b\n")},
        False,
        base={".gitattributes": "* text=auto\n"},
        config=(("merge.renormalize", "true"),),
    ),
    "both move a submodule": Scenario(
        {"sub": Submodule("2")}, {"sub": Submodule("3")}, True, base={"sub": Submodule("1")}
    ),
    "one moves a submodule": Scenario(
        {"sub": Submodule("2")}, {"old.txt": "new\n"}, False, base={"sub": Submodule("1")}
    ),
    "criss-cross": Scenario({"f.txt": five("a\n")}, {"old.txt": "new\n"}, False, crossed=True),
    "criss-cross on one line": Scenario(
        {"f.txt": five("a\n")}, {"f.txt": five("b\n")}, True, crossed=True
    ),
    "both move an LFS pointer": Scenario(
        {"big": POINTER.format("a" * 64)},
        {"big": POINTER.format("b" * 64)},
        True,
        base={"big": POINTER.format("0" * 64), ".gitattributes": "big filter=lfs -text\n"},
    ),
    "nothing on one side": Scenario({"f.txt": five("a\n")}, {}, False),
    "blank lines": Scenario({"f.txt": TEN + "\n"}, {"f.txt": "\n" + TEN}, False),
}


def put(tree: Path, files: Files, message: str) -> str:
    """Commit `files` in `tree`; the commit."""
    for name, content in files.items():
        path = tree / name
        if content is None:
            git(tree, "rm", "--quiet", "-r", "--", name)
            continue
        if isinstance(content, Submodule):
            commit = content.digit * 40
            git(tree, "update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.to)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content.text if isinstance(content, Program) else content
            path.write_text(text, newline="")
            path.chmod(0o755 if isinstance(content, Program) else 0o644)
        git(tree, "add", "--force", "--", name)
    git(tree, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(tree, "rev-parse", "HEAD")


def build(tree: Path, scenario: Scenario) -> None:
    """Make the branches `main`, `ours` and `theirs` in the empty repository `tree`, at `main`."""
    put(tree, {**START, **scenario.base}, "base")
    sides = {"ours": scenario.ours, "theirs": scenario.theirs}
    for name, files in sides.items():
        git(tree, "switch", "--quiet", "-c", name, "main")
        put(tree, {f"early-{name}.txt": "x\n"} if scenario.crossed else {}, "early")
        git(tree, "tag", f"early-{name}")
        if not scenario.crossed:
            put(tree, files, name)
    if scenario.crossed:
        for name, other in (("ours", "theirs"), ("theirs", "ours")):
            git(tree, "switch", "--quiet", name)
            git(tree, "merge", "--quiet", "--no-edit", f"early-{other}")
            put(tree, sides[name], name)
    git(tree, "switch", "--quiet", "main")
    for key, value in scenario.config:
        git(tree, "config", key, value)
