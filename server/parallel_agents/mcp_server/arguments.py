"""What a tool call may carry, and what is said when it carries something else."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from parallel_agents.core.errors import BadInput

TaskIdArgument = Annotated[str, Field(min_length=1, max_length=64, description="The task's id.")]
TokenArgument = Annotated[
    int, Field(ge=1, description="The claim's token, as claim_task or list_status gave it.")
]

_HOOK = "Filled in by the client's hook; leave it out."
AgentArgument = Annotated[
    str,
    Field(
        max_length=128,
        pattern=r"^[\w.@:+-]*$",
        description="Who calls. Filled in by Claude Code's hook; in other clients a name of your "
        "own, the same in every call.",
    ),
]
SessionArgument = Annotated[str, Field(max_length=128, pattern=r"^[\w.@:+-]*$", description=_HOOK)]
FolderArgument = Annotated[str, Field(max_length=4096, description=_HOOK)]
CallArgument = Annotated[str, Field(max_length=256, description=_HOOK)]

IDENTITY = ("agent", "session", "cwd", "call")
"""Arguments of every tool that are the hook's to fill in."""


@dataclass(frozen=True, slots=True)
class _Problem:
    code: str
    sentence: str
    next_step: str


def refusal(tool: str, model: type[BaseModel], error: ValidationError) -> BadInput:
    """What is wrong with the arguments of a call, in words for who wrote them.

    The code is that of the first problem: `unknown_argument`, `missing_argument`, `bad_argument`.
    """
    problems = list(_problems(tool, model, error))
    steps = dict.fromkeys(p.next_step for p in problems)
    return BadInput(problems[0].code, " ".join(p.sentence for p in problems), " ".join(steps))


def _problems(tool: str, model: type[BaseModel], error: ValidationError) -> Iterator[_Problem]:
    names = [name for name in model.model_fields if name not in IDENTITY]
    errors = error.errors(include_url=False)
    unknown = [str(e["loc"][0]) for e in errors if e["type"] == "extra_forbidden"]
    meant = {name: _nearest(name, list(model.model_fields)) for name in unknown}
    for name in unknown:
        near = f"; did you mean `{meant[name]}`?" if meant[name] else "."
        yield _Problem(
            "unknown_argument",
            f"{tool} has no argument `{name}`{near}",
            f"pass only {', '.join(names)}.",
        )
    for e in errors:
        name = str(e["loc"][0])
        if e["type"] == "extra_forbidden" or (e["type"] == "missing" and name in meant.values()):
            continue  # a misspelt argument is one problem, not an unknown and a missing one
        about = (model.model_fields[name].description or "").rstrip(".")
        if e["type"] == "missing":
            yield _Problem(
                "missing_argument",
                f"{tool} needs `{name}`.",
                f"pass `{name}`: {about}.",
            )
            continue
        item = "".join(f", item {part + 1}," for part in e["loc"][1:] if isinstance(part, int))
        wrong = _wrong(e["type"], e["input"], e.get("ctx", {}))
        yield _Problem("bad_argument", f"`{name}`{item} {wrong}.", f"correct `{name}`: {about}.")


def _nearest(name: str, names: list[str]) -> str | None:
    near = difflib.get_close_matches(name, names, 1)
    return near[0] if near else None


def _wrong(kind: str, value: object, limits: Mapping[str, Any]) -> str:
    """The predicate of a sentence about one value."""
    shown = _shown(value)
    match kind:
        case "string_type":
            return f"must be text, but it is {shown}"
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"must be a whole number, but it is {shown}"
        case "bool_type" | "bool_parsing":
            return f"must be true or false, but it is {shown}"
        case "list_type":
            return f"must be a list, but it is {shown}"
        case "literal_error":
            return f"must be {limits['expected']}, but it is {shown}"
        case "string_too_short":
            return "is empty"
        case "string_too_long":
            return f"has {len(str(value))} characters, and at most {limits['max_length']} fit"
        case "too_long":
            return f"has more than {limits['max_length']} items"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}, but it is {shown}"
        case "less_than_equal":
            return f"must be at most {limits['le']}, but it is {shown}"
        case "string_pattern_mismatch":
            return f"has a character that cannot be in it: {shown}"
        case _:
            return f"cannot be taken: it is {shown}"


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."
