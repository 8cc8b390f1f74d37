"""One task as a file: what is in its front matter, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parallel_agents.core.errors import BadInput
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.globs import normalize
from parallel_agents.core.model import TASK_ID, Task, TaskId
from parallel_agents.store import frontmatter
from parallel_agents.store.frontmatter import Unreadable

_LISTS = ("files", "reads", "creates", "uses", "depends_on")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What one file of `_tasks/` says: the task, its plan, its place in it, its history."""

    task: Task
    plan: str
    order: int
    history: tuple[Event, ...]
    newest: int
    """The largest revision in its history, taken-back lines included."""
    damage: str = ""
    """What is wrong with it: then only the history is to be relied on."""


def render(task: Task, plan: str, order: int) -> str:
    """The file of a task that nothing has happened to yet."""
    fields: dict[str, Any] = {"id": task.id, "title": task.title, "plan": plan, "order": order}
    for name in _LISTS:
        fields[name] = list(getattr(task, name))
    if task.settles:
        fields["settles"] = list(task.settles)
    fields |= {"check": task.check, "size": task.size, "priority": task.priority}
    return frontmatter.render(fields, task.instructions)


def parse(content: str, name: str) -> TaskFile:
    """Read the file of the task whose id is `name`. Raises `Unreadable`, saying what is wrong."""
    if not TASK_ID.fullmatch(name):
        raise Unreadable(f"{name!r} is no task id (a-z, 0-9, -; at most 64 characters)")
    document = frontmatter.parse(content, TaskId(name))
    fields = document.fields
    if str(fields.get("id")) != name:
        raise Unreadable(f"its id is {fields.get('id')!r}, but the file is called {name}.md")
    lists = {key: _strings(fields, key) for key in _LISTS}
    if not lists["files"]:
        raise Unreadable("`files` is empty: a task must say what it may write")
    try:
        files = tuple(normalize(f) for f in lists["files"])
    except BadInput as error:
        raise Unreadable(error.sentence) from None
    task = Task(
        id=TaskId(name),
        title=_string(fields, "title"),
        instructions=document.text,
        files=files,
        reads=lists["reads"],
        creates=lists["creates"],
        uses=lists["uses"],
        depends_on=tuple(TaskId(d) for d in lists["depends_on"]),
        check=None if fields.get("check") is None else _string(fields, "check"),
        size=_number(fields, "size"),
        priority=_number(fields, "priority") or 0,
        settles=tuple(TaskId(t) for t in _strings(fields, "settles")),
    )
    order = _number(fields, "order") or 0
    plan = _string(fields, "plan")
    return TaskFile(task, plan, order, document.history, document.newest)


def remains(content: str, name: str, damage: str) -> TaskFile:
    """What a damaged file still tells: its history, and the files of the claim in it, if any."""
    history, newest = frontmatter.events(content.split("\n"), TaskId(name))
    claims = [e for e in history if e.kind is Kind.CLAIMED]
    files = tuple(claims[-1].data["files"]) if claims and TASK_ID.fullmatch(name) else ()
    return TaskFile(
        Task(TaskId(name), "(damaged task file)", "", files), "", 0, history, newest, damage
    )


def _strings(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = fields.get(key) or []
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise Unreadable(f"`{key}` must be a list of strings")
    return tuple(value)


def _string(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise Unreadable(f"`{key}` must be a string")
    return value


def _number(fields: Mapping[str, Any], key: str) -> int | None:
    value = fields.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Unreadable(f"`{key}` must be a whole number")
    return value
