"""The pairs of a plan as n x n characters, and as a graph in Mermaid's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parallel_agents.core.model import Plan
from parallel_agents.views.cells import cells, clean, cut, pad, wrap
from parallel_agents.views.shown import ShownPair, ShownSchedule

NARROWEST = 40
"""Columns; a smaller width is taken as this one."""

MOST = 24
"""Tasks of a matrix in the text that people are shown: its columns fit into 80."""

LEGEND = ". independent, ? check, x conflict, > before, < after"

_LONGEST_LABEL = 20
_MARKS = {
    "ordered": (">", "<"),
    "conflict": ("x", "x"),
    "check": ("?", "?"),
    "independent": (".", "."),
}


def matrix_block(ids: Sequence[str], pairs: Sequence[ShownPair], width: int = 80) -> list[str]:
    """The matrix of a plan with a word on what it leaves out, as lines; none of a lone task.

    Where the tasks do not fit, those that are independent of every other are left out first.
    """
    if len(ids) < 2:
        return []
    shown, said = list(ids), ""
    if len(ids) > MOST:
        tied = {t for p in pairs if p.level != "independent" for t in (p.a, p.b)}
        shown = [t for t in ids if t in tied]
        said = f"left out: {len(ids) - len(shown)} tasks, independent of every other"
    if len(shown) > MOST:
        return wrap(
            f"The matrix of {len(shown)} tasks is too wide for here: _tasks/proposal.md has it.",
            width,
        )
    if len(shown) < 2:
        return ["Every two tasks are independent."]
    among = set(shown)
    inside = [p for p in pairs if p.a in among and p.b in among]
    lines = ["Every two tasks:", *matrix_text(shown, inside, width).rstrip("\n").split("\n")]
    return [line for line in lines if line] + (wrap(said, width) if said else [])


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
    lines += wrap(LEGEND, width)
    return "\n".join(lines) + "\n"


def mermaid(plan: Plan, schedule: ShownSchedule, ordered: Iterable[tuple[str, str]] = ()) -> str:
    """The graph of the plan in Mermaid's language: waves as boxes, edges with their interfaces.

    `ordered` are pairs that run in order unless the user accepts them at once: dotted.
    """
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
    lines += [f'  {node[a]} -.->|"check"| {node[b]}' for a, b in ordered]
    return "\n".join(lines) + "\n"


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
