"""The plan as files: `proposal.md` before the user's yes, `plan.md` after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from parallel_agents.core.events import Event
from parallel_agents.core.model import Approval, Doubt, Plan, Strategy, Task, TaskId
from parallel_agents.core.view import Run
from parallel_agents.store import frontmatter
from parallel_agents.store.approvals import pairs_of
from parallel_agents.store.frontmatter import Unreadable

PROPOSAL = "proposal.md"
PLAN = "plan.md"


def render_proposal(plan: Plan, text: str) -> str:
    """The file of a plan that waits for the user."""
    content = {
        "goal": plan.goal,
        "tasks": [t.as_dict() for t in plan.tasks],
        "check": plan.check,
        "setup": plan.setup,
        "max_agents": plan.max_agents,
        "strategy": plan.strategy.value if plan.strategy else None,
        "doubts": [asdict(d) for d in plan.doubts],
    }
    return frontmatter.render({"id": plan.id, "digest": plan.digest, "plan": content}, text)


def parse_proposal(content: str) -> tuple[Plan, str]:
    """The proposed plan and the text shown with it. Raises `Unreadable`."""
    document = frontmatter.parse(content, None)
    try:
        data: Mapping[str, Any] = document.fields["plan"]
        strategy = data["strategy"]
        plan = Plan(
            goal=_text(data["goal"]),
            tasks=tuple(_task(t) for t in data["tasks"]),
            check=_text_or_none(data["check"]),
            setup=_text_or_none(data["setup"]),
            max_agents=_limit(data["max_agents"]),
            strategy=Strategy(strategy) if strategy else None,
            doubts=tuple(_doubt(d) for d in data.get("doubts", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"the proposal is not whole: {error!r}") from None
    return plan, document.text


def render_run(run: Run, text: str, history: str = "") -> str:
    """The file of an approved plan; `history` are the lines it already has."""
    fields = {
        "run": run.id,
        "goal": run.goal,
        "strategy": run.strategy.value,
        "base": run.base,
        "target": run.target,
        "check": run.check,
        "setup": run.setup,
        "max_agents": run.max_agents,
        "approvals": [asdict(a) for a in run.approvals],
    }
    return frontmatter.render(fields, f"{text}\n\n{_settled(run)}") + history


def _settled(run: Run) -> str:
    """What the user said to the plan, for people who read the file."""
    lines = ["## Approvals", ""]
    for given in run.approvals:
        when = datetime.fromtimestamp(given.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        lines.append(
            f"- {when}, {given.by}: plan {given.plan_id}, strategy {given.strategy}, from "
            f"{given.base[:12]}, onto {given.target}"
        )
        lines += [f"  - accepted at once: {a} + {b}" for a, b in given.accepted]
        lines += [f"  - in order: {a}, then {b}" for a, b in given.ordered]
    return "\n".join(lines)


def parse_run(content: str) -> tuple[Run, str, tuple[Event, ...], int]:
    """The run, its text, its history and the newest revision in it. Raises `Unreadable`."""
    document = frontmatter.parse(content, None)
    fields = document.fields
    try:
        approvals = tuple(_approval(a) for a in fields["approvals"])
        run = Run(
            id=_text(fields["run"]),
            goal=_text(fields["goal"]),
            strategy=Strategy(fields["strategy"]),
            base=_text(fields["base"]),
            target=_text(fields["target"]),
            check=_text_or_none(fields["check"]),
            setup=_text_or_none(fields["setup"]),
            max_agents=_limit(fields["max_agents"]),
            approvals=approvals,
        )
        if not approvals:
            raise ValueError("nobody has approved it")
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"the plan's front matter is not whole: {error!r}") from None
    return run, document.text, document.history, document.newest


def _approval(data: Any) -> Approval:
    values = {**data, "strategy": Strategy(data["strategy"])}
    for name in ("accepted", "ordered"):  # a run that is older than these has neither
        values[name] = pairs_of(data.get(name, ()))
    return Approval(**values)


def _doubt(data: Any) -> Doubt:
    before, after = TaskId(_text(data["before"])), TaskId(_text(data["after"]))
    return Doubt(before, after, _text(data["witness"]), _text(data["reason"]))


def _task(data: Any) -> Task:
    task = Task.from_dict(dict(data))
    for name in ("files", "reads", "creates", "uses", "depends_on", "settles"):
        value = getattr(task, name)
        if not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
            raise TypeError(f"`{name}` of task {task.id!r} must be a list of strings")
    for text in (task.id, task.title, task.instructions):
        _text(text)
    _text_or_none(task.check)
    return task


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} must be a string")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _limit(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"`max_agents` must be a whole number, not {value!r}")
    return value
