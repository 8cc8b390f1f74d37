"""The `tasks.json` of Task Master: tasks with subtasks, by tag or, in old files, without tags.

A task with subtasks is a group of them. A subtask's dependencies that are plain numbers name its
siblings; one with a dot names a subtask of any task.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from parallel_agents.core.errors import BadInput
from parallel_agents.worklists import jsonspans
from parallel_agents.worklists.entries import Entry, Kind, Progress, Standing, WorkList, unreadable
from parallel_agents.worklists.hints import named

MASTER = "master"
"""The tag that is meant where none is named."""

_STANDING = {
    "pending": Standing.OPEN,
    "blocked": Standing.OPEN,
    "in-progress": Standing.BEGUN,
    "review": Standing.BEGUN,
    "done": Standing.DONE,
    "completed": Standing.DONE,
}
_PRIORITY = {"critical": 2, "high": 1, "medium": 0, "low": -1}


@dataclass(slots=True)
class _Task:
    key: str
    node: jsonspans.Node
    parent: _Task | None = None
    subtasks: list[_Task] = field(default_factory=list)

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = self.node.value
        return value

    @property
    def status(self) -> str:
        return str(self.value.get("status") or "pending")


def tags(value: Any) -> list[str]:
    """The tags of a file that has any."""
    if not isinstance(value, dict):
        return []
    return [tag for tag, part in value.items() if isinstance(part, dict) and "tasks" in part]


def read(text: str, place: str, tag: str | None = None) -> WorkList:
    """The tasks under a tag. Raises `BadInput`, also where it has to be said which tag."""
    tasks = _tasks(text, place, tag)
    by_key = {t.key: t for top in tasks for t in (top, *top.subtasks)}
    prefix = "" if tag in (None, MASTER) else f"{tag}-"
    return WorkList.of(Kind.TASK_MASTER, [_entry(t, by_key, prefix) for t in by_key.values()])


def write(
    text: str,
    progress: Mapping[str, Progress],
    place: str,
    tag: str | None = None,
) -> str:
    """The file with the status of what has landed or is in progress; all else byte for byte."""
    tasks = _tasks(text, place, tag)
    wanted = {
        t.key: new for top in tasks for t in (top, *top.subtasks) if (new := _new(t, progress))
    }
    for top in tasks:
        done = [wanted.get(s.key, s.status) in ("done", "completed") for s in top.subtasks]
        changed = any(s.key in wanted for s in top.subtasks)
        is_open = _STANDING.get(top.status) in (Standing.OPEN, Standing.BEGUN)
        if top.subtasks and all(done) and changed and is_open:
            wanted[top.key] = "done"
    changes: list[tuple[jsonspans.Node | int, str]] = []
    for task in (t for top in tasks for t in (top, *top.subtasks) if t.key in wanted):
        status = task.node.members.get("status")
        new = json.dumps(wanted[task.key])
        if status is not None:
            changes.append((status, new))
        else:
            changes.append((task.node.members["id"].end, f', "status": {new}'))
    return jsonspans.replaced(text, changes)


def _new(task: _Task, progress: Mapping[str, Progress]) -> str | None:
    far, standing = progress.get(task.key), _STANDING.get(task.status, Standing.OTHER)
    if far is Progress.LANDED and standing is not Standing.DONE:
        return "done"
    if far is Progress.BEGUN and standing is Standing.OPEN:
        return "in-progress"
    return None


def _tasks(text: str, place: str, tag: str | None) -> list[_Task]:
    try:
        root = jsonspans.parse(text)
    except jsonspans.NotJson as error:
        raise unreadable(place, str(error)) from None
    found = tags(root.value)
    listed: jsonspans.Node | None = root.walk("tasks")
    if listed is not None and isinstance(listed.value, list) and tag is None:
        pass
    elif tag is not None or MASTER in found or len(found) == 1:
        name = tag or (MASTER if MASTER in found else found[0])
        listed = root.walk(name, "tasks")
        if listed is None:
            known = ", ".join(found) or "none"
            raise BadInput(
                "unknown_tag",
                f"{place} has no tag {name!r}; it has {known}.",
                "Name one with --tag.",
            )
    elif found:
        raise BadInput(
            "unknown_tag",
            f"{place} has several tags and none called {MASTER}: {', '.join(found)}.",
            "Say which with --tag.",
        )
    if listed is None or not isinstance(listed.value, list):
        raise unreadable(place, "it has no list `tasks`")
    return [_task(node, place, at) for at, node in enumerate(listed.items, 1)]


def _task(node: jsonspans.Node, place: str, at: int, parent: _Task | None = None) -> _Task:
    value = node.value
    what = f"task {at}" if parent is None else f"subtask {at} of task {parent.key}"
    fits = isinstance(value, dict) and isinstance(value.get("id"), int | str)
    if not fits or not isinstance(value.get("title"), str) or not value["title"].strip():
        raise unreadable(place, f"{what} lacks an `id` or a `title`")
    name = str(value["id"])
    is_short = parent is not None and "." not in name
    task = _Task(f"{parent.key}.{name}" if parent and is_short else name, node, parent)
    below = node.members.get("subtasks")
    for number, sub in enumerate(below.items if below and parent is None else (), 1):
        task.subtasks.append(_task(sub, place, number, task))
    return task


def _entry(task: _Task, by_key: Mapping[str, _Task], prefix: str) -> Entry:
    value, status = task.value, task.status
    standing, said = _STANDING.get(status, Standing.OTHER), status
    if task.parent is not None and _STANDING.get(task.parent.status) is Standing.DONE:
        standing = Standing.DONE
    if task.subtasks and standing in (Standing.OPEN, Standing.BEGUN):
        standing, said = Standing.OTHER, "a group of others"
    text = [value["title"], _text(value, "description"), _text(value, "details")]
    for name, title in (
        ("testStrategy", "How it is tested"),
        ("acceptanceCriteria", "Accepted if"),
    ):
        if part := _text(value, name):
            text.append(f"{title}:\n{part}")
    if task.parent is not None:
        text.append(f"(Part of task {task.parent.key}: {task.parent.value['title']})")
    text.append(f"(Task Master task {task.key})")
    priority = value.get("priority", task.parent.value.get("priority") if task.parent else None)
    return Entry(
        key=task.key,
        name=f"{prefix}task-{task.key}",
        title=" ".join(value["title"].split()),
        text="\n\n".join(part for part in text if part),
        standing=standing,
        said=said,
        after=tuple(dict.fromkeys(k for k in _before(task, by_key) if k != task.key)),
        hints=tuple(named("\n".join(text))),
        priority=_PRIORITY.get(str(priority).casefold(), 0),
    )


def _before(task: _Task, by_key: Mapping[str, _Task]) -> Iterator[str]:
    """Keys of what comes before: of a group, all its subtasks; what a group waits for, its own."""
    for needed in _dependencies(task.value):
        if task.parent is not None and "." not in needed:
            needed = f"{task.parent.key}.{needed}"
        other = by_key.get(needed)
        yield from [s.key for s in other.subtasks] if other and other.subtasks else [needed]
    if task.parent is not None:
        yield from _before(task.parent, by_key)


def _dependencies(value: dict[str, Any]) -> Iterator[str]:
    listed = value.get("dependencies")
    for needed in listed if isinstance(listed, list) else ():
        if isinstance(needed, int | str) and not isinstance(needed, bool):
            yield str(needed)


def _text(value: dict[str, Any], name: str) -> str:
    part = value.get(name)
    return part.replace("\r\n", "\n").strip() if isinstance(part, str) else ""
