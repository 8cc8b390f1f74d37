"""A draft of a plan from a list of work: what is known of each task, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from parallel_agents.core.model import TaskId
from parallel_agents.worklists.entries import Entry, Kind, Standing, WorkList
from parallel_agents.worklists.hints import Tree, mentioned

LONGEST_SIZE = 7 * 24 * 60
"""Minutes that a plan takes as a size."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The arguments of `propose_plan` as far as the list gives them."""

    plan: Mapping[str, Any]
    unknown: tuple[TaskId, ...]
    """Tasks of which the list does not say what they may write: nothing can run beside those."""
    suggestions: Mapping[TaskId, tuple[str, ...]]
    """For these, paths of the repository that their text mentions."""
    notes: tuple[str, ...]
    """What was left out, and what else has to be known; a sentence each."""

    @property
    def text(self) -> str:
        """The plan as YAML, with a comment where something is to be filled in."""
        head = yaml.dump({"goal": self.plan["goal"]}, Dumper=_Dumper, **_STYLE)
        lines = ["# A draft: fill in `files` where there are none, and look at the others."]
        lines += [f"# {note}" for note in self.notes]
        blocks = []
        for task in self.plan["tasks"]:
            block = yaml.dump([task], Dumper=_Dumper, **_STYLE).rstrip("\n")
            blocks += [f"  # {said}" for said in self._comments(task["id"])]
            blocks += [f"  {line}" if line else "" for line in block.split("\n")]
        return "\n".join((*lines, head + "tasks:", *blocks)) + "\n"

    def _comments(self, task: TaskId) -> Iterator[str]:
        if task in self.unknown:
            yield f"{task}: which files may it write? Until that is known it cannot be planned."
            if found := self.suggestions.get(task):
                yield f"In its text: {', '.join(found)}"


def draft(work: WorkList, place: str, tree: Tree, goal: str | None = None) -> Draft:
    """The draft of a plan for what is to do in a list. `tree` has the paths of the repository."""
    to_do = {entry.key: entry for entry in work.to_do}
    tasks = []
    unknown: list[TaskId] = []
    suggestions: dict[TaskId, tuple[str, ...]] = {}
    notes = list(_left_out(work))
    for key, entry in to_do.items():
        task = work.ids[key]
        files = tuple(
            dict.fromkeys(f for h in entry.hints if (f := tree.can_have(h) or _sure(h, work)))
        )
        if not files:
            unknown.append(task)
            if found := mentioned(entry.text, tree):
                suggestions[task] = found
        tasks.append(_task(task, entry, files, [work.ids[k] for k in entry.after if k in to_do]))
        notes += _about(entry, task, work)
    if unknown:
        one = len(unknown) == 1
        notes.append(
            f"{len(unknown)} of {len(tasks)} tasks name{'s' if one else ''} no files; a task whose "
            "files are unknown cannot run beside others."
        )
    return Draft(
        plan={"goal": goal or f"Work off {place}", "tasks": tasks},
        unknown=tuple(unknown),
        suggestions=suggestions,
        notes=tuple(notes),
    )


def _sure(hint: str, work: WorkList) -> str | None:
    """A path on a line `Files:` is meant as one, also where nothing of it is there yet."""
    return None if work.kind is Kind.MARKDOWN else hint


def _task(
    task: TaskId, entry: Entry, files: tuple[str, ...], after: list[TaskId]
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": task,
        "title": entry.title,
        "instructions": entry.text,
        "files": list(files),
    }
    if after:
        told["depends_on"] = after
    if entry.size is not None and entry.size <= LONGEST_SIZE:
        told["size"] = entry.size
    if entry.priority:
        told["priority"] = entry.priority
    return told


def _left_out(work: WorkList) -> Iterator[str]:
    done = sum(e.standing is Standing.DONE for e in work.entries)
    if done:
        yield f"Left out as done: {done}."
    others = Counter(e.said for e in work.entries if e.standing is Standing.OTHER)
    for said, count in sorted(others.items()):
        yield f"Left out ({said}): {count}."


def _about(entry: Entry, task: TaskId, work: WorkList) -> Iterator[str]:
    if entry.standing is Standing.BEGUN:
        yield f"{task} ({entry.key}) is in progress by its list: take it out if somebody is at it."
    known = {e.key: e for e in work.entries}
    for key in entry.after:
        other = known.get(key)
        if other is None:
            yield f"{task} comes after {key}, which is not in the list: see whether that is done."
        elif other.standing is Standing.OTHER:
            yield f"{task} comes after {key}, which is left out ({other.said})."


class _Dumper(yaml.SafeDumper):
    """Strings of several lines as blocks."""


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)
_STYLE: Any = {"sort_keys": False, "allow_unicode": True, "width": 88, "default_flow_style": False}
