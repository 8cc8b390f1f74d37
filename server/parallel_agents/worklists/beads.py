"""Issues of beads as JSONL: one object a line, as in `.beads/issues.jsonl` (`bd export`).

`blocks` dependencies order tasks; `parent-child` ones only group them. beads takes an import for a
newer state by `updated_at`, and refuses a closed issue without `closed_at`: both are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from parallel_agents.worklists import jsonspans
from parallel_agents.worklists.entries import Entry, Kind, Progress, Standing, WorkList, unreadable
from parallel_agents.worklists.hints import named

_STANDING = {
    "open": Standing.OPEN,
    "blocked": Standing.OPEN,
    "in_progress": Standing.BEGUN,
    "closed": Standing.DONE,
}
_MIDDLE = 2
"""beads' priority of ordinary work; 0 is the most urgent, 4 the least."""

_PARTS = (("design", "Design"), ("acceptance_criteria", "Acceptance criteria"), ("notes", "Notes"))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    """Place of the line in the text."""
    text: str
    node: jsonspans.Node


def read(text: str, place: str) -> WorkList:
    """The issues in an export. Raises `BadInput`, naming the line."""
    issues = {str(line.node.value["id"]): line for line in _issues(text, place)}
    parents = {d for i in issues.values() for d in _needs(i.node.value, "parent-child")}
    children: dict[str, list[str]] = {}
    for key, line in issues.items():
        for parent in _needs(line.node.value, "parent-child"):
            children.setdefault(parent, []).append(key)
    return WorkList.of(
        Kind.BEADS,
        [_entry(key, line.node.value, key in parents, children) for key, line in issues.items()],
    )


def write(text: str, progress: Mapping[str, Progress], now: float, place: str) -> str:
    """The export with the status of what has landed or is in progress; other lines untouched."""
    moment = json.dumps(
        datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
    parts, at = [], 0
    for line in _issues(text, place):
        value, members = line.node.value, line.node.members
        far = progress.get(str(value["id"]))
        status = value["status"]
        if far is Progress.LANDED and status not in ("closed", "tombstone"):
            wanted = "closed"
        elif far is Progress.BEGUN and status == "open":
            wanted = "in_progress"
        else:
            continue
        changes: list[tuple[jsonspans.Node | int, str]] = [(members["status"], json.dumps(wanted))]
        added = ""
        for key in ("updated_at", *(["closed_at"] if wanted == "closed" else [])):
            if key in members:
                changes.append((members[key], moment))
            else:
                added += f',"{key}":{moment}'
        changes.append((members["status"].end, added))
        parts += [text[at : line.start], _replaced(line.text, changes)]
        at = line.start + len(line.text)
    return "".join((*parts, text[at:]))


def _replaced(text: str, changes: Iterable[tuple[jsonspans.Node | int, str]]) -> str:
    return jsonspans.replaced(text, [(where, new) for where, new in changes if new])


def _issues(text: str, place: str) -> Iterator[_Line]:
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line, here = raw, start
        start += len(raw) + 1
        if number == 1 and line.startswith("\ufeff"):
            line, here = line[1:], here + 1
        if not line.strip():
            continue
        try:
            node = jsonspans.parse(line)
        except jsonspans.NotJson as error:
            raise unreadable(f"{place}, line {number}", str(error).partition(", ")[2]) from None
        value = node.value
        if isinstance(value, dict) and value.get("_type", "issue") != "issue":
            continue
        if not isinstance(value, dict) or not all(
            isinstance(value.get(key), str) and value[key] for key in ("id", "title", "status")
        ):
            raise unreadable(f"{place}, line {number}", "it has no `id`, `title` and `status`")
        yield _Line(number, here, line, node)


def _entry(
    key: str, issue: dict[str, Any], is_parent: bool, children: Mapping[str, list[str]]
) -> Entry:
    status = issue["status"]
    standing, said = _STANDING.get(status, Standing.OTHER), status
    if is_parent and standing in (Standing.OPEN, Standing.BEGUN):
        standing, said = Standing.OTHER, "a group of others"
    text = [issue["title"], _text(issue, "description")]
    text += [f"{title}:\n{part}" for name, title in _PARTS if (part := _text(issue, name))]
    text.append(f"(beads issue {key})")
    after: dict[str, None] = {}
    for needed in _needs(issue, "blocks"):
        after |= dict.fromkeys(children.get(needed, [needed]))
    priority, minutes = issue.get("priority", _MIDDLE), issue.get("estimated_minutes")
    return Entry(
        key=key,
        name=key,
        title=" ".join(issue["title"].split()),
        text="\n\n".join(part for part in text if part),
        standing=standing,
        said=said,
        after=tuple(k for k in after if k != key),
        hints=tuple(named("\n".join(text))),
        priority=_MIDDLE - priority if isinstance(priority, int) else 0,
        size=minutes if isinstance(minutes, int) and minutes > 0 else None,
    )


def _text(issue: dict[str, Any], name: str) -> str:
    value = issue.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _needs(issue: dict[str, Any], kind: str) -> Iterator[str]:
    dependencies = issue.get("dependencies")
    for dependency in dependencies if isinstance(dependencies, list) else ():
        if isinstance(dependency, dict) and dependency.get("type", "blocks") == kind:
            needed = dependency.get("depends_on_id")
            if isinstance(needed, str):
                yield needed
