"""A merge as people see it: what went in, what did not and why, what was cleaned up."""

from __future__ import annotations

from collections.abc import Iterator

from parallel_agents.views.cells import spelled_out, wrap
from parallel_agents.views.shownrun import ShownMerge

_LABEL = 12


def merge_text(merge: ShownMerge, width: int = 80) -> str:
    """What a merge did, or would do. No line but one of paths takes more than `width` columns."""
    lines = wrap(merge.found, width) if merge.found else []
    lines += wrap(_head(merge), width)
    for label, text in _parts(merge):
        first, *rest = wrap(text, width - _LABEL - 2)
        lines.append(f"  {label:<{_LABEL}}{first}")
        lines += [" " * (_LABEL + 2) + line for line in rest]
    for kind, path in [*(("removed", p) for p in merge.removed)]:
        lines.append(f"  {kind:<{_LABEL}}{spelled_out(path)}")
    for kept in merge.kept:
        lines.append(f"  {'kept':<{_LABEL}}{spelled_out(kept.name)}")
        lines += [" " * (_LABEL + 2) + line for line in wrap(kept.why, width - _LABEL - 2)]
    if merge.stop is not None and merge.dry_run:
        head, *rest = merge.stop.sentence.rstrip().splitlines()
        lines += wrap(f"It would stop: {head}", width)
        lines += [f"  {spelled_out(line)}" for line in rest]
    if merge.archived:
        lines += wrap("The run is over; its files are in _tasks/history/.", width)
    return "\n".join(lines) + "\n"


def branch_name(ref: str) -> str:
    """The short name of a branch."""
    return ref.removeprefix("refs/heads/")


def _head(merge: ShownMerge) -> str:
    target, old, new = branch_name(merge.target), merge.old[:12], merge.new[:12]
    if merge.dry_run and merge.stop is not None:
        return f"A merge into {target} (now at {old}) would stop. Nothing was changed."
    if merge.dry_run:
        return (
            f"Would merge {_tasks(len(merge.merged))} into {target} (now at {old}). "
            "Nothing was changed."
        )
    if merge.proposal is not None:
        return f"Nothing was merged into {target} (at {old})."
    if old == new:
        return f"{target} already has everything (at {old})."
    return f"Merged {_tasks(len(merge.merged))} into {target}: {old} -> {new}"


def _parts(merge: ShownMerge) -> Iterator[tuple[str, str]]:
    if merge.merged:
        yield "in order", ", ".join(merge.merged)
    if merge.already_in:
        yield "already in", ", ".join(merge.already_in)
    if merge.left_out:
        yield "left out", ", ".join(merge.left_out)
    if merge.unfinished:
        yield "unfinished", ", ".join(f"{task} ({state})" for task, state in merge.unfinished)
    for one, other, paths in merge.conflicts:
        yield "conflict", f"{one} with {other}, merged alone, in {', '.join(paths)}"
    if merge.check is not None:
        yield "check", f"{_passed(merge)}: {merge.check.command}"
    if merge.canary is not None:
        yield "canary", merge.canary
    for note in merge.notes:
        yield "note", note
    if merge.reopened:
        yield "free again", f"{', '.join(merge.reopened)}, to be done on top of what landed"
    if merge.proposal is not None:
        yield "proposed", f"plan {merge.proposal}: `parallel-agents approve {merge.proposal}`"


def _passed(merge: ShownMerge) -> str:
    assert merge.check is not None
    if merge.suite_runs == 0:
        return "passed before on the same files"
    times = "" if merge.suite_runs == 1 else f" ({merge.suite_runs} runs)"
    return f"passed in {merge.check.seconds:.1f} s{times}"


def _tasks(number: int) -> str:
    return "1 task" if number == 1 else f"{number} tasks"
