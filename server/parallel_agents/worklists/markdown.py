"""Markdown checklists: every open checkbox without checkboxes below it is a task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parallel_agents.worklists.entries import Entry, Kind, Progress, Standing, WorkList
from parallel_agents.worklists.hints import quoted

LONGEST_TITLE = 100
"""Characters; a longer entry is cut for the title, and is whole in the instructions."""

_BOX = re.compile(
    r"(?P<indent>[ \t>]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[(?P<mark>[^\]\n])\][ \t]+(?P<text>\S.*)"
)
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s\"[^\"]{0,200}\")?\)")


@dataclass(slots=True)
class _Box:
    """A checkbox: `at` is the place of its mark in the text."""

    line: int
    at: int
    indent: int
    mark: str
    text: str
    headings: tuple[str, ...]
    parent: _Box | None
    below: list[str] = field(default_factory=list)
    """The lines that belong to it, without their common indentation."""
    children: list[_Box] = field(default_factory=list)

    @property
    def is_checked(self) -> bool:
        return self.mark in "xX"


def read(text: str, place: str) -> WorkList:
    """The checklist in a document; `place` names it in the tasks' instructions."""
    return WorkList.of(Kind.MARKDOWN, [_entry(box, place) for box in _boxes(text)])


def write(text: str, progress: Mapping[str, Progress]) -> str:
    """The document with the boxes of what has landed ticked, and of groups that are complete."""
    boxes = list(_boxes(text))
    ticked = {b.line for b in boxes if b.is_checked}
    new = {b.line for b in boxes if progress.get(_key(b)) is Progress.LANDED} - ticked
    changed = set(new)
    for box in reversed(boxes):  # those below come after those above
        if box.mark == " " and box.children and box.line not in ticked:
            below = {c.line for c in box.children}
            if below <= ticked | changed and below & changed:
                changed.add(box.line)
    letters = list(text)
    for box in boxes:
        if box.line in changed and box.mark == " ":
            letters[box.at] = "x"
    return "".join(letters)


def _key(box: _Box) -> str:
    return f"line {box.line}"


def _entry(box: _Box, place: str) -> Entry:
    title = _plain(box.text)
    if len(title) > LONGEST_TITLE:
        title = title[: LONGEST_TITLE - 3].rstrip() + "..."
    if box.children:
        standing, said = (Standing.DONE if box.is_checked else Standing.OTHER), "a group of others"
    elif box.is_checked:
        standing, said = Standing.DONE, ""
    else:
        standing = Standing.OPEN if box.mark == " " else Standing.OTHER
        said = "" if box.mark == " " else f"marked [{box.mark}]"
    return Entry(
        key=_key(box),
        name=title,
        title=title,
        text=_instructions(box, place),
        standing=standing,
        said=said,
        hints=tuple(quoted("\n".join((box.text, *box.below)))),
    )


def _instructions(box: _Box, place: str) -> str:
    above: list[str] = []
    parent = box.parent
    while parent is not None:
        above.insert(0, _plain(parent.text))
        parent = parent.parent
    lines = [box.text, *box.below]
    where = " > ".join((*box.headings, *above))
    origin = f"{place}, line {box.line}"
    return "\n".join(lines).rstrip() + f"\n\n(From {origin}{': ' + where if where else ''})"


def _plain(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    return " ".join(_EMPHASIS.sub(r"\2", text).split())


def _boxes(text: str) -> Iterator[_Box]:
    """The checkboxes outside of code, in the order of the document, with what belongs to each."""
    found: list[_Box] = []
    open_boxes: list[_Box] = []
    headings: dict[int, str] = {}
    fence = ""
    at = 0
    for number, raw in enumerate(text.splitlines(keepends=True), 1):
        start, at = at, at + len(raw)
        line = raw.rstrip("\r\n")
        if number == 1 and line.startswith("\ufeff"):
            line, start = line[1:], start + 1
        mark = _FENCE.match(line)
        if mark is not None and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            _belongs(line, open_boxes)
            continue
        if fence:
            _belongs(line, open_boxes)
            continue
        heading = _HEADING.match(line)
        if heading is not None:
            level = len(heading[1])
            above_it = {k: v for k, v in headings.items() if k < level}
            headings = above_it | {level: _without_closing(heading[2].rstrip())}
            open_boxes.clear()
            continue
        box = _BOX.match(line)
        if box is None:
            _belongs(line, open_boxes)
            continue
        indent = _columns(box["indent"])
        while open_boxes and open_boxes[-1].indent >= indent:
            open_boxes.pop()
        parent = open_boxes[-1] if open_boxes else None
        above = tuple(_plain(headings[k]) for k in sorted(headings))
        new = _Box(
            number,
            start + box.start("mark"),
            indent,
            box["mark"],
            box["text"].rstrip(),
            above,
            parent,
        )
        if parent is not None:
            parent.children.append(new)
        open_boxes.append(new)
        found.append(new)
    yield from found


def _without_closing(heading: str) -> str:
    """A heading without the marks that may close it: `## Title ##`."""
    text = heading.rstrip("#")
    return text.rstrip() if text != heading and text.endswith((" ", "\t")) else heading


def _belongs(line: str, open_boxes: list[_Box]) -> None:
    """Give a line to the box it is indented under; one at the margin ends them."""
    if not line.strip():
        if open_boxes and open_boxes[-1].below:
            open_boxes[-1].below.append("")
        return
    indent = _columns(line[: len(line) - len(line.lstrip(" \t>"))])
    while open_boxes and open_boxes[-1].indent >= indent:
        open_boxes.pop()
    if open_boxes:
        open_boxes[-1].below.append(line.strip())


def _columns(indent: str) -> int:
    return len(indent.replace(">", " ").expandtabs(4))
