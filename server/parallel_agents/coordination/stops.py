"""Why a merge stopped before anything moved, and what the user can choose to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from parallel_agents.checks import CheckResult
from parallel_agents.coordination.causes import why
from parallel_agents.coordination.culprits import Blame
from parallel_agents.coordination.proposing import listed
from parallel_agents.coordination.selection import Selection
from parallel_agents.coordination.site import Site
from parallel_agents.coordination.suite import Canary, Suite
from parallel_agents.coordination.verdicts import Verdict
from parallel_agents.core.errors import NeedsPerson
from parallel_agents.core.model import Strategy, TaskId
from parallel_agents.git.merging import Conflict

LAST_WORDS = 2000
"""Characters of a check's output that a stop shows."""


class Reason(StrEnum):
    """The code of a stop."""

    CONFLICT = "merge_conflict"
    OUTSIDE = "outside_claim"
    RED = "check_failed"
    BASE = "base_fails"
    FLAKY = "check_flaky"
    CHANGED = "check_changes_files"
    BLIND = "check_sees_nothing"


class Choice(StrEnum):
    """What the user can say."""

    LEAVE_OUT = "leave_out"
    LATER = "later"
    PREFIX = "prefix"
    AGENT = "agent"
    ANYWAY = "anyway"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as it stands before the user."""

    choice: Choice
    says: str
    tasks: tuple[TaskId, ...] = ()
    """What is left out; for `prefix` what lands; for `agent` whose results are settled."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. Nothing has moved."""

    reason: Reason
    sentence: str
    options: tuple[Option, ...]
    tasks: tuple[TaskId, ...] = ()
    """Whom it is about, the one to blame first."""
    conflict: Conflict | None = None
    causes: tuple[str, ...] = ()
    runs: int = 0
    """How often the check was run for it."""

    def option(self, choice: str) -> Option:
        """The option of this name. Raises KeyError."""
        return {str(o.choice): o for o in self.options}[choice]

    def error(self) -> NeedsPerson:
        """The stop as a refusal."""
        steps = [_as_argument(option) for option in self.options]
        return NeedsPerson(
            self.reason.value,
            self.sentence,
            f"ask the user which: {'; or '.join(steps)}.",
        )


GIVE_UP = Option(Choice.GIVE_UP, "give up: nothing is merged, everything stays as it is")


def _for_now(until: str) -> Option:
    """To give up until something else is done."""
    return Option(Choice.GIVE_UP, f"give up for now: {until}")


_BY_HAND = (
    "everything stays as it is. Settled by hand (`git merge {}` on {}), it counts at the next merge"
)


def _as_argument(option: Option) -> str:
    names = ", ".join(f'"{task}"' for task in option.tasks)
    match option.choice:
        case Choice.LEAVE_OUT:
            return f"{option.says} (`leave_out: [{names}]`)"
        case Choice.LATER:
            again = f"`parallel-agents recover {' '.join(option.tasks[-1:])}`"
            return f"{option.says} (`leave_out: [{names}]`, and after that {again})"
        case Choice.PREFIX:
            return f"{option.says} (`only: [{names}]`)"
        case Choice.AGENT:
            return (
                f"{option.says} (propose_plan with a further task that has `depends_on` and "
                f"`settles: [{names}]`)"
            )
        case Choice.ANYWAY:
            return f"{option.says} (`parallel-agents merge --trust-check`)"
        case Choice.GIVE_UP:
            return f"{option.says} (`parallel-agents end` puts the run away)"


# ---------------------------------------------------------------------- the stops


def conflict_stop(site: Site, chosen: Selection, conflict: Conflict) -> Stop:
    """Two results, or a result and the target, that cannot be put together by git alone."""
    part = TaskId(conflict.part)
    other = TaskId(conflict.against) if conflict.against else None
    against = f"task {other} ({chosen.title(other)})" if other else f"{chosen.run.target}"
    paths = "; ".join(f"{p.path} ({p.kind})" for p in conflict.paths)
    causes = why(site, chosen, conflict)
    return Stop(
        Reason.CONFLICT,
        f"Task {part} ({chosen.title(part)}) conflicts with {against} in {paths}. "
        f"{' '.join(causes)}{' ' if causes else ''}Nothing was merged, no branch has moved.\n"
        f"{conflict.hunks.rstrip()}\n",
        (
            *_options(chosen, part, (other,) if other else (), settles=True),
            _for_now(_BY_HAND.format(conflict.commit[:12], chosen.run.target)),
        ),
        tasks=(part, other) if other else (part,),
        conflict=conflict,
        causes=causes,
    )


def outside_stop(chosen: Selection, outside: Sequence[tuple[TaskId, tuple[str, ...]]]) -> Stop:
    """A result that changes what its task had not claimed."""
    told = "; ".join(f"{task}: {listed(paths)}" for task, paths in outside)
    tasks = tuple(task for task, _ in outside)
    gone = chosen.with_dependents(tasks)
    says = f"leave {', '.join(gone)} out and merge the rest"
    out = (Option(Choice.LEAVE_OUT, says, gone),) if len(gone) < len(chosen.names) else ()
    return Stop(
        Reason.OUTSIDE,
        f"Results change files that their tasks had not claimed ({told}). Nothing was merged.",
        (*out, GIVE_UP),
        tasks=tasks,
    )


def red_stop(
    chosen: Selection,
    suite: Suite,
    verdict: Verdict,
    blame: Blame | None,
    survivors: tuple[tuple[TaskId, ...], bool] | None = None,
) -> Stop:
    """The check fails on the combined tree, by one result or by several together.

    `survivors`: what is left without the culprit and what rests on it, and whether that passes.
    """
    head = _failed(suite, verdict, "on the combined tree")
    if blame is None:
        return Stop(Reason.RED, f"{head}{_tail(verdict.result)}", (GIVE_UP,), runs=suite.runs)
    culprit = TaskId(blame.culprit)
    partners = tuple(TaskId(p) for p in blame.partners)
    if partners:
        names = " and ".join(f"{p} ({chosen.title(p)})" for p in partners)
        who = f"fails only together with {names}: each passes without the other"
    else:
        who = "fails alone"
    told = f"Task {culprit} ({chosen.title(culprit)}) {who}. "
    rest = ""
    if survivors and survivors[0]:
        passes = "pass together" if survivors[1] else "still fail: another one is to blame as well"
        rest = f"Without it the other {_number(survivors[0])} {passes}. "
    return Stop(
        Reason.RED,
        f"{head}{told}{rest}{_runs(suite)}{_tail(verdict.result)}",
        (*_options(chosen, culprit, partners, settles=False, green=blame.green), GIVE_UP),
        tasks=(culprit, *partners),
        runs=suite.runs,
    )


def base_stop(chosen: Selection, suite: Suite, verdict: Verdict) -> Stop:
    """The check fails without any of the results: nobody here is to blame."""
    return Stop(
        Reason.BASE,
        f"{_failed(suite, verdict, f'on {chosen.run.target} as it is, without any task')}"
        f"No task is to blame. {_runs(suite)}{_tail(verdict.result)}",
        (_for_now("put right what fails there (or the machine), commit it, and merge again"),),
        runs=suite.runs,
    )


def flaky_stop(suite: Suite, verdict: Verdict) -> Stop:
    """The check failed, and then passed on the same tree."""
    return Stop(
        Reason.FLAKY,
        f"{_failed(suite, verdict, 'on the combined tree')}Run again on the same tree it passed: "
        f"it is flaky, and such a pass counts for nothing. {_runs(suite)}{_tail(verdict.result)}",
        (_for_now("mend the flaky test, or merge again and let the check run anew"),),
        runs=suite.runs,
    )


def changed_stop(suite: Suite, verdict: Verdict) -> Stop:
    """The check passed on another tree than it was given."""
    return Stop(
        Reason.CHANGED,
        f"The plan's check, `{suite.check}`, passed, but changed files that git tracks: "
        f"{listed(verdict.changed)}. What passed is not what would land, so nothing has landed.",
        (
            _for_now(
                "make the check leave those files alone (or have their changes "
                "committed by a task), and merge again"
            ),
        ),
        runs=suite.runs,
    )


def blind_stop(suite: Suite, canary: Canary) -> Stop:
    """The check passes whatever is in the tree: it looks somewhere else, or at nothing."""
    return Stop(
        Reason.BLIND,
        f"The plan's check, `{suite.check}`, passes, but it proves nothing: {canary.sentence}. "
        "Most likely it runs what is installed (an editable install, a virtual environment or a "
        "link that leads to another checkout) and not the tree under test. Nothing has landed.",
        (
            _for_now(
                "give the plan a `setup` command that installs the tree under "
                "test (say, into an environment of its own), or a check that looks at it"
            ),
            Option(Choice.ANYWAY, "merge anyway: the check is right as it is"),
        ),
        runs=suite.runs,
    )


def _options(
    chosen: Selection,
    culprit: TaskId,
    others: tuple[TaskId, ...],
    settles: bool,
    green: Sequence[str] = (),
) -> list[Option]:
    """What can be done about it, besides giving up."""
    gone = chosen.with_dependents([culprit])
    rest = tuple(name for name in chosen.names if name not in gone)
    with_it = "" if len(gone) == 1 else f" with what rests on it ({', '.join(gone[1:])})"
    shared = chosen.run.strategy is Strategy.FILES
    found: list[Option] = []
    if rest and not shared:
        found.append(
            Option(Choice.LEAVE_OUT, f"leave {culprit} out{with_it} and merge the rest", gone)
        )
        found.append(
            Option(
                Choice.LATER,
                f"leave {culprit} out{with_it}, merge the rest, and have it done again on top",
                gone,
            )
        )
        prefix = tuple(TaskId(name) for name in green)
        if prefix and set(prefix) != set(rest):
            says = f"merge only what passed before it: {', '.join(prefix)}"
            found.append(Option(Choice.PREFIX, says, prefix))
    if not shared:
        names = (*reversed(others), culprit)
        what = "settles the conflict" if settles else "repairs it"
        says = f"give it to an agent: a new task {what} with your instructions"
        found.append(Option(Choice.AGENT, says, names))
    return found


def _failed(suite: Suite, verdict: Verdict, where: str) -> str:
    result = verdict.result
    what = "check" if result.command == suite.check else "setup command"
    how = (
        f"did not end within {result.seconds:.0f} s"
        if result.timed_out
        else f"ended with exit status {result.exit_code}"
    )
    return (
        f"The plan's {what}, `{result.command}`, {how} {where}. Nothing has landed, no branch has "
        "moved. "
    )


def _runs(suite: Suite) -> str:
    return f"The check was run {'once' if suite.runs == 1 else f'{suite.runs} times'}."


def _tail(result: CheckResult) -> str:
    return f"\nIts last words:\n{result.tail[-LAST_WORDS:]}"


def _number(tasks: Sequence[object]) -> str:
    return "one" if len(tasks) == 1 else str(len(tasks))
