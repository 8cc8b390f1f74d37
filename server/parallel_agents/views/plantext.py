"""A plan as people see it before they approve it: waves with witnesses, advice, commands.

Readable without colour. The planning values come in by shape: what a view needs of them is said in
`shown.py`, because views know nothing but the core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from parallel_agents.core.model import Plan, Task
from parallel_agents.views.cells import broken, cells, clean, cut, pad, wrap
from parallel_agents.views.shown import ShownAdvice, ShownEdge, ShownPair, ShownSchedule

NARROWEST = 40
"""Columns; a smaller width is taken as this one."""

MOST_FILES = 8
MOST_NOTES = 5
"""Per task; the rest is counted. `_tasks/plan.md` has everything."""

_LONGEST_LABEL = 20


def plan_text(
    plan: Plan,
    pairs: Sequence[ShownPair],
    schedule: ShownSchedule,
    advice: ShownAdvice,
    width: int = 80,
) -> str:
    """The text put before the user. No line takes more than `width` columns."""
    width = max(width, NARROWEST)
    blocks = [
        _head(plan, schedule, pairs, width),
        *_waves(plan, pairs, schedule, width),
        _advice(advice, width),
        _commands(plan, width),
        _approval(plan, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def matrix_text(ids: Sequence[str], pairs: Iterable[ShownPair], width: int = 80) -> str:
    """The pairs as n x n characters, in as many blocks of columns as `width` asks for.

    `.` independent, `?` check, `x` conflict, `>` the row's task comes before the column's, and `<`
    after it.
    """
    place = {task: i for i, task in enumerate(ids)}
    marks = [["."] * len(ids) for _ in ids]
    for i in range(len(ids)):
        marks[i][i] = " "
    for pair in pairs:
        there, back = _MARKS[pair.level]
        marks[place[pair.a]][place[pair.b]] = there
        marks[place[pair.b]][place[pair.a]] = back
    digits = len(str(len(ids)))
    label = max((cells(cut(i, _LONGEST_LABEL)) for i in ids), default=0)
    columns = max(1, (max(width, NARROWEST) - digits - label - 2) // (digits + 1))
    lines = []
    for start in range(0, len(ids), columns):
        shown = range(start, min(start + columns, len(ids)))
        lines.append(" " * (digits + 1 + label) + "".join(f" {n + 1:>{digits}}" for n in shown))
        for n, task in enumerate(ids):
            name = pad(cut(task, _LONGEST_LABEL), label)
            row = "".join(f" {marks[n][m]:>{digits}}" for m in shown)
            lines.append(f"{n + 1:>{digits}} {name}{row}".rstrip())
        lines.append("")
    lines += wrap(". independent, ? check, x conflict, > before, < after", width)
    return "\n".join(lines) + "\n"


def mermaid(plan: Plan, schedule: ShownSchedule) -> str:
    """The graph of the plan in Mermaid's language: waves as boxes, edges with their interfaces."""
    node: dict[str, str] = {task.id: f"t{n}" for n, task in enumerate(plan.tasks, 1)}
    title: dict[str, str] = {task.id: task.title for task in plan.tasks}
    lines = ["graph LR"]
    for n, wave in enumerate(schedule.waves, 1):
        lines.append(f'  subgraph wave{n}["wave {n}"]')
        lines += [
            f'    {node[task]}["{_quoted(task)}<br>{_quoted(cut(clean(title[task]), 60))}"]'
            for task in wave
        ]
        lines.append("  end")
    for edge in schedule.edges:
        label = f'|"{_quoted(cut(clean(edge.witness), 40))}"|' if edge.witness else ""
        lines.append(f"  {node[edge.before]} -->{label} {node[edge.after]}")
    return "\n".join(lines) + "\n"


_MARKS = {
    "ordered": (">", "<"),
    "conflict": ("x", "x"),
    "check": ("?", "?"),
    "independent": (".", "."),
}


def _head(plan: Plan, schedule: ShownSchedule, pairs: Sequence[ShownPair], width: int) -> list[str]:
    at_once = f"{'' if schedule.width_is_exact else 'at least '}{schedule.width}"
    agents = _count(schedule.agents, "agent")
    counts = (
        f"{_count(len(plan.tasks), 'task')}, {at_once} at once, "
        f"{_count(len(schedule.waves), 'wave')}, at best {schedule.speedup:.1f}x with {agents} "
        f"({schedule.makespan} of {schedule.total_minutes} minutes)"
    )
    path = (
        f"Critical path: {' > '.join(schedule.critical_path)} ({schedule.critical_minutes} minutes)"
    )
    by_level = {level: sum(p.level == level for p in pairs) for level in _MARKS}
    levels = "Pairs: " + ", ".join(f"{n} {level}" for level, n in by_level.items() if n)
    lines = [*_hanging(f"Plan {plan.id}: {plan.goal}", width), *_hanging(counts, width)]
    lines += _hanging(path, width)
    if pairs:
        lines += _hanging(levels, width)
    if schedule.assumed:
        some = "every task" if len(schedule.assumed) == len(plan.tasks) else "some tasks"
        lines += _hanging(f"Minutes are a guess for {some}: no size was given.", width)
    return lines


def _waves(
    plan: Plan, pairs: Sequence[ShownPair], schedule: ShownSchedule, width: int
) -> Iterator[list[str]]:
    tasks: dict[str, Task] = {task.id: task for task in plan.tasks}
    label = min(max((cells(t) for t in tasks), default=0), _LONGEST_LABEL)
    notes = _notes(pairs, schedule)
    for n, wave in enumerate(schedule.waves, 1):
        lines = [f"wave {n}"]
        for task in wave:
            lines += _task(tasks[task], notes.get(task, []), label, width)
        yield lines


def _task(task: Task, notes: Sequence[str], label: int, width: int) -> list[str]:
    indent = " " * (label + 4)
    room = width - len(indent)
    size = "" if task.size is None else f" ({task.size} min)"
    details = wrap(task.title + size, room) or [""]
    if cells(task.id) <= label:
        lines = [f"  {pad(task.id, label)}  {details[0]}".rstrip()]
        details = details[1:]
    else:
        lines = [f"  {part}" for part in wrap(task.id, width - 2)]
    files = ", ".join(task.files[:MOST_FILES])
    if len(task.files) > MOST_FILES:
        files += f" and {len(task.files) - MOST_FILES} more"
    details = [*details, *wrap(files, room)]
    for note in notes:
        first, *rest = wrap(note, room - 2)
        details += [first, *(f"  {line}" for line in rest)]
    return [*lines, *(indent + line for line in details)]


def _notes(pairs: Sequence[ShownPair], schedule: ShownSchedule) -> dict[str, list[str]]:
    """Per task what it waits for and whom it must beware of, each pair at the later task."""
    turn = {task: n for n, task in enumerate(t for wave in schedule.waves for t in wave)}
    after: dict[str, list[str]] = {}
    for edge in schedule.edges:
        after.setdefault(edge.after, []).append(_after(edge))
    marked: dict[tuple[str, str], list[str]] = {}
    for pair in pairs:
        if pair.level in ("conflict", "check"):
            first, later = sorted((pair.a, pair.b), key=lambda t: turn[t])
            sign = "x conflict with" if pair.level == "conflict" else "! check with"
            text = f"{sign} {first}: {pair.reason}"
            if pair.witness and pair.witness not in pair.reason:
                text += f" ({pair.witness})"
            marked.setdefault((later, pair.level), []).append(text)
    notes: dict[str, list[str]] = {}
    for task in turn:
        for group in (
            after.get(task, []),
            marked.get((task, "conflict"), []),
            marked.get((task, "check"), []),
        ):
            shown = group[:MOST_NOTES]
            if len(group) > MOST_NOTES:
                shown.append(f"and {len(group) - MOST_NOTES} more like these")
            notes.setdefault(task, []).extend(shown)
    return notes


def _after(edge: ShownEdge) -> str:
    return f"after {edge.before}: {edge.reason}" if edge.witness else f"after {edge.before}"


def _advice(advice: ShownAdvice, width: int) -> list[str]:
    lines = _hanging(f"Advice: {advice.kind} ({advice.rule}). {advice.sentence}", width)
    if advice.change is not None:
        lines += _hanging(f"Would help most: {advice.change}", width)
    lines += _hanging(f"Strategy: {advice.strategy}: {advice.strategy_reason}.", width)
    return lines


def _commands(plan: Plan, width: int) -> list[str]:
    """Every command in full: the yes is a yes to run them."""
    commands = [("setup of each new work tree", plan.setup)]
    commands += [(f"check of {task.id}", task.check) for task in plan.tasks]
    commands += [("check of the combined result", plan.check)]
    lines = []
    for what, command in commands:
        if command is not None:
            lines += _hanging(f"  {what}:", width, "    ")
            lines += [f"      {part}" for part in broken(command, width - 6)]
    if not lines:
        return _hanging("No command will run: the plan has no check and no setup.", width)
    return ["Commands that will run:", *lines]


def _approval(plan: Plan, width: int) -> list[str]:
    return [
        *_hanging("Nothing starts before your yes. Approve in the form in chat, or run", width),
        f"  parallel-agents approve {plan.id}",
    ]


def _hanging(text: str, width: int, indent: str = "  ") -> list[str]:
    lead = text[: len(text) - len(text.lstrip())]
    first, *rest = wrap(text, width - max(len(indent), len(lead)))
    return [lead + first, *(indent + line for line in rest)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _quoted(text: str) -> str:
    for char, entity in _ENTITIES:
        text = text.replace(char, entity)
    return text


_ENTITIES = (
    ("#", "#35;"),
    ("&", "#amp;"),
    ('"', "#quot;"),
    ("<", "#lt;"),
    (">", "#gt;"),
    ("`", "#96;"),
)
