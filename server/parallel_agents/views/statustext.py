"""A run as people see it while it goes on: progress, table, refusals, next step.

Readable without colour and at 80 columns; `rich` is loaded for the live view only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from parallel_agents.core.model import Agent
from parallel_agents.views.cells import cells, clean, cut, pad, wrap
from parallel_agents.views.shownrun import ShownStatus, ShownTask
from parallel_agents.views.wording import for_terminal

DENIALS_SHOWN = 5
_WIDEST_TASK = 24
_WIDEST_AGENT = 24
_HEAD = ("task", "state", "who", "since", "sign", "flags")
_GAP = "  "
_IN_VIEW = ("claimed", "failed", "blocked", "available", "completed")
"""Which tasks stay where there is no room for all."""


def status_text(status: ShownStatus, now: float, width: int = 80, most: int | None = None) -> str:
    """The whole state, the progress line first. `now` in seconds since the epoch.

    `most` is the number of tasks to show; those that need a look come before the others.
    """
    blocks = [_without_run(status, width)] if status.run is None else _run(status, now, width, most)
    blocks += [
        _damaged(status, width),
        _corrections(status, width),
        _brewing(status, width),
        _stray(status, width),
        _denials(status, now, width),
        _overwritten(status, now, width),
    ]
    if status.run is not None:
        blocks.append(wrap(f"Next: {for_terminal(status.next_step)}", width))
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def changes(before: ShownStatus | None, after: ShownStatus) -> list[str]:
    """One line for each task that is not as it was, then the progress; nothing where all is."""
    old = {t.id: t for t in before.tasks} if before else {}
    lines = [_change(old.get(t.id), t) for t in after.tasks if before and _look(old.get(t.id), t)]
    if lines or before is None or before.progress != after.progress:
        lines.append(after.progress)
    return lines


@contextmanager
def live(width: Callable[[], int]) -> Iterator[Callable[[ShownStatus, float], None]]:
    """Gives a function that shows a status in place of the one before, on a terminal."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False) as view:

        def show(status: ShownStatus, now: float) -> None:
            rest = len(status_text(status, now, width(), most=0).splitlines())
            room = max(3, console.height - rest - 1)
            text = Text(status_text(status, now, width(), room).rstrip("\n"))
            for style, words in _STYLES.items():
                text.highlight_words(words, style)
            view.update(text, refresh=True)

        yield show


_STYLES = {
    "bold red": (" stale", " ended", " blocked", " failed "),
    "yellow": (" claimed ",),
    "green": (" completed ",),
}


def _without_run(status: ShownStatus, width: int) -> list[str]:
    if status.proposal is not None:
        return [
            *wrap(f"Plan {status.proposal} waits for your yes; nothing runs before that.", width),
            *wrap(f"Next: parallel-agents approve {status.proposal}", width),
        ]
    return [
        *wrap("No plan runs in this repository.", width),
        *wrap("Next: write one (YAML or JSON), then parallel-agents plan FILE", width),
    ]


def _run(status: ShownStatus, now: float, width: int, most: int | None) -> list[list[str]]:
    head = [status.progress]
    head += wrap(f"Plan {status.run} ({status.strategy}): {status.goal or ''}", width)
    if status.proposal is not None and status.proposal != status.run:
        change = (
            f"A change of the plan waits for your yes: parallel-agents approve {status.proposal}"
        )
        head += wrap(change, width)
    return [head, _table(status.tasks, now, width, most)]


def _table(tasks: Sequence[ShownTask], now: float, width: int, most: int | None) -> list[str]:
    shown = tasks
    if most is not None and len(tasks) > most:
        ranked = sorted(tasks, key=lambda t: _IN_VIEW.index(t.state))[:most]
        kept = {t.id for t in ranked}
        shown = [t for t in tasks if t.id in kept]
    rows = [(t, _cells(t, now)) for t in shown]
    widths = [cells(h) for h in _HEAD]
    for _, row in rows:
        widths = [max(w, cells(c)) for w, c in zip(widths, row, strict=True)]
    widths[0] = min(widths[0], _WIDEST_TASK)
    widths[2] = min(widths[2], _WIDEST_AGENT)
    lines = [_line(_HEAD, widths)]
    for task, row in rows:
        if cells(row[0]) > widths[0]:  # an id is typed again by people: never cut
            lines.append(row[0])
            row = ("", *row[1:])
        line = _line(row, widths)
        if task.agent is None:
            line = _line(row[:2], widths) + _GAP + _without_holder(task)
        lines.append(cut(line, width).rstrip())
    if len(shown) < len(tasks):
        lines.append(f"and {len(tasks) - len(shown)} more")
    return lines


def _cells(task: ShownTask, now: float) -> tuple[str, ...]:
    since = "" if task.since is None else _minutes(now - task.since)
    sign = "" if task.silence is None else _minutes(task.silence)
    who = "" if task.agent is None else clean(_who(task.agent))
    flags = ", ".join(task.flags) if task.agent else ""
    return task.id, task.state, who, since, sign, flags


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for at, (text, wide) in enumerate(zip(row, widths, strict=False)):
        text = cut(text, wide)
        is_number = at in (3, 4)
        parts.append(" " * (wide - cells(text)) + text if is_number else pad(text, wide))
    return _GAP.join(parts)


def _without_holder(task: ShownTask) -> str:
    """What there is to say of a task that nobody holds, in place of its holder."""
    parts = []
    if task.waits_for:
        parts.append(f"waits for {', '.join(task.waits_for)}")
    parts += [f for f in task.flags if f not in ("waiting", "blocked")]
    if task.failures:
        parts.append("1 failure" if task.failures == 1 else f"{task.failures} failures")
    text = ", ".join(parts)
    if task.note:
        text = f"{text}: {task.note}" if text else task.note
    return clean(text)


def _damaged(status: ShownStatus, width: int) -> list[str]:
    if not status.damaged:
        return []
    lines = ["Damaged files in _tasks/, left alone until somebody mends them:"]
    for name, why in status.damaged.items():
        first, *rest = wrap(f"{name}: {why}", width - 4)
        lines += [f"  {first}", *(f"    {line}" for line in rest)]
    return lines


def _corrections(status: ShownStatus, width: int) -> list[str]:
    if not status.corrections:
        return []
    lines = ["The plan put right:"]
    for found in status.corrections:
        first, *rest = wrap(clean(f"{found.reason}. {found.advice}"), width - 4)
        lines += [f"  {first}", *(f"    {line}" for line in rest)]
    return lines


def _brewing(status: ShownStatus, width: int) -> list[str]:
    if not status.brewing:
        return []
    lines = ["Conflicts on their way (nothing is resolved by itself; the merge asks):"]
    for pair in status.brewing:
        text = f"{pair.one} and {pair.other or 'the target'}: {', '.join(pair.paths)}"
        first, *rest = wrap(clean(text), width - 4)
        lines += [f"  {first}", *(f"    {line}" for line in rest)]
    return lines


def _stray(status: ShownStatus, width: int) -> list[str]:
    stray = status.stray
    lines = []
    if stray.paths:
        lines = wrap("Changed in your own checkout while agents work elsewhere:", width)
        lines += [f"  {line}" for line in wrap(clean(", ".join(stray.paths)), width - 2)]
    if stray.commits:
        lines += wrap("Commits on the target that this run did not make:", width)
        lines += [cut(f"  {clean(commit)}", width) for commit in stray.commits]
    return lines


def _denials(status: ShownStatus, now: float, width: int) -> list[str]:
    if not status.denials:
        return []
    return _log("Refused by the guard", status.denials, now, width)


def _overwritten(status: ShownStatus, now: float, width: int) -> list[str]:
    if not status.overwritten:
        return []
    lines = _log("Held files that others wrote", status.overwritten, now, width)
    return [*lines, *wrap("Both versions are kept in _tasks/overwritten/.", width)]


def _log(title: str, entries: Sequence[Mapping[str, Any]], now: float, width: int) -> list[str]:
    newest = entries[-DENIALS_SHOWN:]
    lines = [f"{title}, newest last ({len(newest)} of {len(entries)}):"]
    for denial in newest:
        ago = _minutes(now - float(denial.get("at") or now))
        what = f"{denial.get('tool') or 'a tool'} {denial.get('path') or ''}".rstrip()
        task = f" (task {denial['task']})" if denial.get("task") else ""
        who = _who(str(denial.get("agent") or "/?"))
        lines.append(cut(clean(f"{ago} ago, {who}: {what}{task}"), width - 2))
    return [lines[0], *(f"  {line}" for line in lines[1:])]


def _look(old: ShownTask | None, new: ShownTask) -> bool:
    """Whether something about the task changed that is worth a line."""
    return old is None or (old.state, old.agent, *old.flags) != (new.state, new.agent, *new.flags)


def _change(old: ShownTask | None, new: ShownTask) -> str:
    was = f"{old.state} -> " if old and old.state != new.state else ""
    by = f" by {_who(new.agent)}" if new.agent else ""
    flags = [f for f in new.flags if f != new.state]
    about = f" ({', '.join(flags)})" if flags else ""
    return clean(f"{new.id}: {was}{new.state}{by}{about}")


def _who(key: str) -> str:
    agent = Agent.from_key(key)
    return f"{agent.name} ({agent.session[:8]})"


def _minutes(seconds: float) -> str:
    return f"{max(0, int(seconds // 60))} min"
