"""A plan as people see it before they approve it: waves with witnesses, doubts, advice, commands.

Readable without colour. The planning values come in by shape: what a view needs of them is said in
`shown.py`, because views know nothing but the core. There are two lengths: what is shown in chat
and in a terminal stays within some screens whatever a plan holds, and the document leaves nothing
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from parallel_agents.core.model import Plan, Task
from parallel_agents.views.cells import broken, cells, cut, pad, wrap
from parallel_agents.views.planmatrix import NARROWEST, matrix_block, matrix_text, mermaid
from parallel_agents.views.shown import ShownAdvice, ShownEdge, ShownPair, ShownSchedule

WHERE = "_tasks/proposal.md has all"

FORM_LINES = 30
"""Lines of a plan over a form. The client shows as many as the terminal has room for."""

STRATEGIES = (
    ("A", "worktree", "a work tree and a branch for each agent: builds do not disturb each other"),
    ("B", "branch", "a branch for each agent, in a clone of its own or on another machine"),
    ("C", "files", "one tree for all; the claimed files keep agents apart"),
)

_LONGEST_LABEL = 20
_LEVELS = ("ordered", "conflict", "check", "independent")


@dataclass(frozen=True, slots=True)
class Shown:
    """All that there is to show of a plan."""

    plan: Plan
    tasks: Sequence[Task]
    """What was compared: the plan's tasks, or all that is open of the run that it changes."""
    pairs: Sequence[ShownPair]
    schedule: ShownSchedule
    advice: ShownAdvice
    in_order: ShownSchedule | None = None
    """The schedule if the user does not accept the doubtful pairs."""
    done: Sequence[str] = ()
    """Tasks of the running plan that are completed and not compared any more."""
    evidence: Sequence[str] = ()
    """What the comparison looked at, a sentence each."""
    copied: Sequence[str] = ()
    """Patterns of the ignored files that each new work tree gets a copy of."""


@dataclass(frozen=True, slots=True)
class _Most:
    """How much of a kind is shown before the rest is counted."""

    files: int
    """Of one task."""
    notes: int
    """Of one kind at one task."""
    in_full: int
    """With more tasks than this, each gets a line of its own and one for all its notes."""
    tasks: int
    doubts: int
    commands: int


_BRIEF = _Most(files=3, notes=2, in_full=0, tasks=40, doubts=6, commands=60)
_SHORT = _Most(files=8, notes=5, in_full=24, tasks=60, doubts=8, commands=60)
_WHOLE = _Most(files=10**6, notes=10**6, in_full=10**6, tasks=10**6, doubts=10**6, commands=10**6)


def plan_text(shown: Shown, width: int = 80) -> str:
    """The text put before the user. No line takes more than `width` columns."""
    return _text(shown, max(width, NARROWEST), _SHORT)


def plan_form(shown: Shown, width: int = 78, lines: int = FORM_LINES) -> str:
    """The plan for over the form: three lines that say the most, then about `lines` lines.

    Claude Code 2.1.330 shows three lines of a form's text and counts the rest, however large the
    terminal is; other clients show more. What the user decides on is never left out: the doubtful
    pairs, the advice, what runs.
    """
    head = _gist(shown, width)
    tail = [
        _doubts(shown, width, _BRIEF),
        _advice(shown.advice, width),
        _commands(shown.plan, width, _BRIEF),
        _copies(shown.copied, width),
    ]
    room = lines - sum(len(block) + 1 for block in (head, *filter(None, tail)))
    waves = [line for block in _waves(shown, width, _BRIEF) for line in block]
    if len(waves) > max(room, 3):
        waves = waves[: max(room, 3) - 1]
        waves += _hanging(f"... the rest is in the text above; {WHERE}", width)
    blocks = [[*head, *_levels(shown, width)], waves, *tail]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def plan_document(shown: Shown) -> str:
    """The plan as Markdown: its text with nothing left out, every pair, and the graph."""
    ids = [t.id for t in shown.tasks]
    pairs = [d.pair for d in shown.plan.doubts if {*d.pair} <= {*ids}]
    graph = mermaid(replace(shown.plan, tasks=tuple(shown.tasks)), shown.schedule, pairs)
    blocks = [f"~~~text\n{_text(shown, 80, _WHOLE)}~~~"]
    if len(ids) > 1:
        blocks.append(f"~~~text\n{matrix_text(ids, shown.pairs)}~~~")
    return "\n\n".join([*blocks, f"```mermaid\n{graph}```"])


def _text(shown: Shown, width: int, most: _Most) -> str:
    matrix = matrix_block([t.id for t in shown.tasks], shown.pairs, width)
    blocks = [
        _head(shown, width),
        *_waves(shown, width, most),
        matrix if most is _SHORT else [],
        _doubts(shown, width, most),
        _advice(shown.advice, width),
        _strategy(shown.advice, width),
        _commands(shown.plan, width, most),
        _copies(shown.copied, width),
        _approval(shown.plan, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _gist(shown: Shown, width: int) -> list[str]:
    """Three lines, none of which wraps."""
    plan, schedule, many = shown.plan, shown.schedule, len(shown.plan.doubts)
    commands = len({c for c in (plan.setup, plan.check, *(t.check for t in plan.tasks)) if c})
    conflicts = sum(p.level == "conflict" for p in shown.pairs)
    pairs = ([_count(conflicts, "conflict pair")] if conflicts else []) + (
        [_count(many, "check pair")] if many else []
    )
    size = (
        f"{_count(len(shown.tasks), 'task')}, {_count(len(schedule.waves), 'wave')}, "
        f"{schedule.width} at once, at best {schedule.speedup:.1f}x"
    )
    lines = (
        f"Plan {plan.id}: {plan.goal}",
        "; ".join([size, *pairs]),
        f"Advice: {shown.advice.kind}. Runs {_count(commands, 'command')}. Table: above, and in "
        "_tasks/proposal.md",
    )
    return [cut(" ".join(wrap(line, 10**6)), width) for line in lines]


def _levels(shown: Shown, width: int) -> list[str]:
    counted = {level: sum(p.level == level for p in shown.pairs) for level in _LEVELS}
    if not shown.pairs:
        return []
    return _hanging(
        "Pairs: " + ", ".join(f"{n} {level}" for level, n in counted.items() if n), width
    )


def _head(shown: Shown, width: int) -> list[str]:
    plan, schedule = shown.plan, shown.schedule
    at_once = f"{'' if schedule.width_is_exact else 'at least '}{schedule.width}"
    agents = _count(schedule.agents, "agent")
    counts = (
        f"{_count(len(shown.tasks), 'task')}, {at_once} at once, "
        f"{_count(len(schedule.waves), 'wave')}, at best {schedule.speedup:.1f}x with {agents} "
        f"({schedule.makespan} of {schedule.total_minutes} minutes)"
    )
    chain = " > ".join(schedule.critical_path[:12])
    if len(schedule.critical_path) > 12:
        chain += f" > and {len(schedule.critical_path) - 12} more"
    lines = [*_hanging(f"Plan {plan.id}: {plan.goal}", width), *_hanging(counts, width)]
    lines += _hanging(f"Critical path: {chain} ({schedule.critical_minutes} minutes)", width)
    lines += _levels(shown, width)
    if shown.done:
        lines += _hanging(f"Completed already: {_some(shown.done, 12)}", width)
    if schedule.assumed:
        some = "every task" if len(schedule.assumed) == len(shown.tasks) else "some tasks"
        lines += _hanging(f"Minutes are a guess for {some}: no size was given.", width)
    for sentence in shown.evidence:
        lines += _hanging(sentence, width)
    return lines


# ---------------------------------------------------------------------- waves


def _waves(shown: Shown, width: int, most: _Most) -> Iterator[list[str]]:
    tasks: dict[str, Task] = {task.id: task for task in shown.tasks}
    label = min(max((cells(t) for t in tasks), default=0), _LONGEST_LABEL)
    notes = _notes(shown.pairs, shown.schedule, most)
    in_full, room = len(tasks) <= most.in_full, most.tasks
    for n, wave in enumerate(shown.schedule.waves, 1):
        if not room:
            left = sum(map(len, shown.schedule.waves[n - 1 :]))
            waves = _count(len(shown.schedule.waves) - n + 1, "more wave")
            yield _hanging(f"{waves} with {_count(left, 'task')}: {WHERE}", width)
            return
        lines = [f"wave {n}" if in_full else f"wave {n}: {_count(len(wave), 'task')}"]
        for task in wave[:room]:
            about = notes.get(task, [])
            if in_full:
                lines += _task(tasks[task], about, label, width, most)
            else:
                lines += _task_in_short(tasks[task], about, label, width)
        if len(wave) > room:
            lines += _hanging(f"  and {len(wave) - room} more: {WHERE}", width)
        room = max(0, room - len(wave))
        yield lines


def _task(task: Task, notes: Sequence[str], label: int, width: int, most: _Most) -> list[str]:
    indent = " " * (label + 4)
    room = width - len(indent)
    size = "" if task.size is None else f" ({task.size} min)"
    details = wrap(task.title + size, room) or [""]
    if cells(task.id) <= label:
        lines = [f"  {pad(task.id, label)}  {details[0]}".rstrip()]
        details = details[1:]
    else:
        lines = [f"  {part}" for part in wrap(task.id, width - 2)]
    details = [*details, *wrap(_some(task.files, most.files), room)]
    if task.settles:
        details += wrap(f"! settles the conflict of {', '.join(task.settles)}", room)
    for note in notes:
        first, *rest = wrap(note, room - 2)
        details += [first, *(f"  {line}" for line in rest)]
    return [*lines, *(indent + line for line in details)]


def _task_in_short(task: Task, notes: Sequence[str], label: int, width: int) -> list[str]:
    """One line for the task, and one for what is to be said of it."""
    room = width - label - 4
    files = task.files[0] + (f" +{len(task.files) - 1}" if len(task.files) > 1 else "")
    title = " ".join(wrap(task.title, 10**6)) or task.id
    line = cut(title, max(12, room - cells(files) - 2))
    if cells(line) + 2 + cells(files) <= room:
        line = f"{line}  {files}"
    name = pad(cut(task.id, label), label)
    lines = [f"  {name}  {cut(line, room)}"]
    if notes:
        lines.append(" " * (label + 4) + cut(" ".join(wrap("; ".join(notes), 10**6)), room))
    return lines


def _notes(
    pairs: Sequence[ShownPair], schedule: ShownSchedule, most: _Most
) -> dict[str, list[str]]:
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
            text = f"{sign} {first}: {pair.reason}{_witness(pair.witness, pair.reason)}"
            marked.setdefault((later, pair.level), []).append(text)
    notes: dict[str, list[str]] = {}
    for task in turn:
        for group in (
            after.get(task, []),
            marked.get((task, "conflict"), []),
            marked.get((task, "check"), []),
        ):
            shown = group[: most.notes]
            if len(group) > most.notes:
                shown.append(f"and {len(group) - most.notes} more like these")
            notes.setdefault(task, []).extend(shown)
    return notes


def _after(edge: ShownEdge) -> str:
    return f"after {edge.before}: {edge.reason}" if edge.witness else f"after {edge.before}"


def _witness(witness: str, reason: str) -> str:
    return f" ({witness})" if witness and witness not in reason else ""


# ---------------------------------------------------------------------- what is to be decided


def _doubts(shown: Shown, width: int, most: _Most) -> list[str]:
    doubts, slower = shown.plan.doubts, shown.in_order
    if not doubts or slower is None:
        return []
    many = len(doubts)
    lines = _hanging(f"Yours to accept or not: {_count(many, 'check pair')}", width)
    for doubt in doubts[: most.doubts]:
        why = f": {doubt.reason}{_witness(doubt.witness, doubt.reason)}" if doubt.reason else ""
        lines += _hanging(f"  ! {doubt.before} + {doubt.after}{why}", width, "      ")
    if many > most.doubts:
        lines += _hanging(f"  and {many - most.doubts} more: {WHERE}", width)
    lines += _hanging("  accepted: they can run at once, as shown above", width, "    ")
    waves = _count(len(slower.waves), "wave")
    lines += _hanging(
        f"  not accepted: the first is completed before the second starts ({waves}, at best "
        f"{slower.speedup:.1f}x: {slower.makespan} of {slower.total_minutes} minutes)",
        width,
        "    ",
    )
    return lines


def _advice(advice: ShownAdvice, width: int) -> list[str]:
    lines = _hanging(f"Advice: {advice.kind} ({advice.rule}). {advice.sentence}", width)
    if advice.change is not None:
        lines += _hanging(f"Would help most: {advice.change}", width)
    return lines


def _strategy(advice: ShownAdvice, width: int) -> list[str]:
    letter = next(key for key, name, _ in STRATEGIES if name == advice.strategy)
    reason = advice.strategy_reason
    lines = _hanging(f"Strategy: {letter} {advice.strategy} is recommended: {reason}.", width)
    for key, name, what in STRATEGIES:
        lines += _hanging(f"  {key} {name}: {what}", width, "    ")
    return lines


def _copies(patterns: Sequence[str], width: int) -> list[str]:
    """What leaves the user's checkout, as the copy list has it."""
    if not patterns:
        return []
    what = "Copied from your checkout into each new work tree, where git ignores it"
    names = ", ".join(patterns)
    return _hanging(f"{what} (.worktreeinclude): {names}", width)


def _commands(plan: Plan, width: int, most: _Most) -> list[str]:
    """Every command in full: the yes is a yes to run them."""
    runs: dict[str, list[str]] = {}
    commands = [("setup of each new work tree", plan.setup)]
    commands += [("check of the combined result", plan.check)]
    commands += [(f"check of {task.id}", task.check) for task in plan.tasks]
    for what, command in commands:
        if command is not None:
            runs.setdefault(command, []).append(what)
    if not runs:
        return _hanging("No command will run: the plan has no check and no setup.", width)
    lines = ["Commands that will run:"]
    for command, uses in list(runs.items())[: most.commands]:
        what = "; ".join(uses[:3]) + (f"; and {len(uses) - 3} more" if len(uses) > 3 else "")
        lines += _hanging(f"  {what}:", width, "    ")
        lines += [f"      {part}" for part in broken(command, width - 6)]
    if len(runs) > most.commands:
        lines += _hanging(f"  and {len(runs) - most.commands} more: {WHERE}", width)
    return lines


def _approval(plan: Plan, width: int) -> list[str]:
    return [
        *_hanging("Nothing starts before your yes. Approve in the form in chat, or run", width),
        f"  parallel-agents approve {plan.id}",
    ]


def _hanging(text: str, width: int, indent: str = "  ") -> list[str]:
    lead = text[: len(text) - len(text.lstrip())]
    first, *rest = wrap(text, width - max(len(indent), len(lead)))
    return [lead + first, *(indent + line for line in rest)]


def _some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
