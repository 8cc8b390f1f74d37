"""What pydantic finds wrong with a plan, in words for the plan's author."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from pydantic import ValidationError

from parallel_agents.core.errors import BadInput
from parallel_agents.planfile.document import Document, Loc, Misread
from parallel_agents.planfile.models import PlanInput, TaskInput

MOST_LISTED = 10
"""Problems that one refusal names."""


def refusal(error: ValidationError, document: Document) -> BadInput:
    """What pydantic found wrong with a plan, in words for its author.

    The code is that of the first problem: `unknown_key`, `missing_key` or `bad_value`. The sentence
    lists them all, each with its task and, for a file, its line.
    """
    problems = list(_problems(error, document))
    listed = [p.sentence for p in problems[:MOST_LISTED]]
    if len(problems) > MOST_LISTED:
        listed.append(f"There are {len(problems) - MOST_LISTED} more problems.")
    steps = dict.fromkeys(p.next_step for p in problems[:MOST_LISTED])
    return BadInput(problems[0].code, " ".join(listed), " ".join(steps))


@dataclass(frozen=True, slots=True)
class _Problem:
    code: str
    sentence: str
    next_step: str


def _problems(error: ValidationError, document: Document) -> Iterator[_Problem]:
    errors = error.errors(include_url=False, include_context=False)
    meant = {
        (*e["loc"][:-1], near)
        for e in errors
        if e["type"] == "extra_forbidden" and (near := _nearest(e["loc"]))
    }
    for e in errors:
        # A misspelt key is one problem, not an unknown key and a missing one.
        if e["type"] != "missing" or e["loc"] not in meant:
            problem = _problem(e["type"], e["loc"], e["input"], document)
            at = document.place(e["loc"])
            yield replace(problem, sentence=f"{at}: {problem.sentence}")


def _problem(kind: str, loc: Loc, value: object, document: Document) -> _Problem:
    what = _named(loc, document.data)
    match kind:
        case "extra_forbidden":
            keys = ", ".join(_keys(loc))
            near = _nearest(loc)
            meant = f"; did you mean `{near}`?" if near else "."
            return _Problem(
                "unknown_key",
                f"{what} is not a key of a {'task' if len(loc) > 1 else 'plan'}{meant}",
                f"A {'task' if len(loc) > 1 else 'plan'} has the keys {keys}.",
            )
        case "missing":
            return _Problem("missing_key", f"{what} is missing.", f"Add `{loc[-1]}`.")
        case "model_type":
            has = "A plan has" if not loc else "A task has"
            keys = ", ".join(_keys((*loc, "")))
            sentence = f"{what} must be a mapping of keys, but it is {_shown(value)}."
            return _Problem("bad_value", sentence, f"{has} the keys {keys}.")
        case "list_type":
            sentence = f"{what} must be a list, but it is {_shown(value)}."
            return _Problem("bad_value", sentence, f"Write `{_key(loc)}` as a list: [one, two].")
        case "int_type" | "int_from_float" | "int_parsing_size":
            sentence = f"{what} must be a whole number, but it is {_shown(value)}."
            return _Problem("bad_value", sentence, f"Write `{_key(loc)}` as digits without quotes.")
        case "literal_error":
            sentence = f"{what} must be worktree, branch or files, but it is {_shown(value)}."
            step = f"Use one of them as `{_key(loc)}`, or leave it out."
            return _Problem("bad_value", sentence, step)
        case "string_too_short":
            return _Problem("bad_value", f"{what} is empty.", f"Write what `{_key(loc)}` is.")
        case "string_type" if isinstance(value, Misread):
            sentence = f"{what} is written as {value.text}, which YAML reads as {value.kind}."
            return _Problem("bad_value", sentence, f'Put it in quotes: "{value.text}".')
        case "string_type":
            step = f"Write `{_key(loc)}` as text, in quotes where it looks like something else."
            return _Problem("bad_value", f"{what} must be text, but it is {_shown(value)}.", step)
        case _:
            step = f"Write `{_key(loc)}` in plain Unicode text."
            return _Problem("bad_value", f"{what} cannot be read as text.", step)


def _named(loc: Loc, data: object) -> str:
    """`files` of task login, item 2 of `files` of task login, task 3, the plan."""
    match loc:
        case ():
            return "the plan"
        case ("tasks", int(index)):
            return _task_named(index, data)
        case ("tasks", int(index), str(key)):
            return f"`{key}` of {_task_named(index, data)}"
        case ("tasks", int(index), str(key), int(item)):
            return f"item {item + 1} of `{key}` of {_task_named(index, data)}"
        case _:
            return f"`{loc[0]}`"


def _task_named(index: int, data: object) -> str:
    match data:
        case {"tasks": [*tasks]} if index < len(tasks):
            match tasks[index]:
                case {"id": str(name)} if name:
                    return f"task {name[:64]}"
    return f"task {index + 1} in the list"


def _keys(loc: Loc) -> tuple[str, ...]:
    return tuple((TaskInput if len(loc) > 1 else PlanInput).model_fields)


def _key(loc: Loc) -> str:
    return next((part for part in reversed(loc) if isinstance(part, str)), "")


def _nearest(loc: Loc) -> str | None:
    near = get_close_matches(str(loc[-1]), _keys(loc), n=1)
    return near[0] if near else None


def _shown(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case Misread():
            return f"{value.text}, which YAML reads as {value.kind}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {_cut(json.dumps(value, ensure_ascii=False))}"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return "something else"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
