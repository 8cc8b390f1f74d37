"""Markdown as the tests of documents read it: front matter, headings, links, code, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Document:
    """One page. `name` is its path from the project's root."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def head(self) -> dict[str, str]:
        """The front matter, whose values are one line each."""
        found = re.match(r"---\n(.*?)^---\n", self.text, re.MULTILINE | re.DOTALL)
        lines = found[1].splitlines() if found else []
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    @cached_property
    def body(self) -> str:
        """What is below the front matter."""
        return re.sub(r"\A---\n.*?^---\n", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @cached_property
    def prose(self) -> str:
        """The body without its fenced blocks."""
        return _BLOCK.sub("", self.body)

    @cached_property
    def blocks(self) -> list[str]:
        """The fenced blocks."""
        return [block[2] for block in _BLOCK.finditer(self.body)]

    @cached_property
    def spans(self) -> list[str]:
        """What stands between backticks in prose."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """(text, target) of each link in prose."""
        return re.findall(r"\[([^\]]+)\]\(([^)\s]+)\)", self.prose)

    @cached_property
    def headings(self) -> list[str]:
        """The headings below the title, of the first level."""
        return re.findall(r"^## (.+)$", self.prose, re.MULTILINE)

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`: every heading, as forges spell it."""
        return {anchor(found) for found in re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)}

    def section(self, heading: str) -> str:
        """The text below a heading of the first level."""
        found = re.search(rf"^## {heading}\n((?:(?!^## ).*\n?)*)", self.text, re.MULTILINE)
        assert found is not None, f"{self.name} has no section {heading}"
        return found[1]

    def commands(self, program: str) -> list[str]:
        """What follows `program` wherever it is shown as a command, in prose or in a block."""
        lines = [line.strip() for block in self.blocks for line in block.splitlines()]
        shown = [*self.spans, *lines]
        return [s.removeprefix(f"{program} ") for s in shown if s.startswith(f"{program} ")]


def anchor(heading: str) -> str:
    """As forges make a heading the target of a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def first_cells(table: str) -> list[str]:
    """The first cell of each row of a table, without its head."""
    return [line.split("|")[1] for line in table.splitlines() if line.startswith("|")][2:]
