"""Replies about plans: a proposal, and the user's yes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from parallel_agents.replies.reply import Part, Reply

if TYPE_CHECKING:
    from parallel_agents.coordination.proposing import Approved as Approval
    from parallel_agents.coordination.proposing import Proposal
    from parallel_agents.coordination.verdicts import Verdict

MOST_PAIRS = 50
"""Pairs of tasks that a reply lists of each level; `evidence.pairs` counts them all."""

WORKER = "parallel-agents:worker"

_RED_BASE = (
    "First tell the user what `base_check` says: nothing can land while that is so, whatever the "
    "agents do. "
)


class EdgeShown(Part):
    """`before` is completed before `after` starts."""

    before: str
    after: str
    witness: str = Field(description="The interface's name; empty where the order was declared.")
    reason: str


class PairShown(Part):
    """Two tasks that are not simply independent."""

    a: str
    b: str
    witness: str = Field(description="A path or a name that shows it.")
    reason: str


class Graph(Part):
    """What can run when; minutes are the tasks' sizes."""

    waves: tuple[tuple[str, ...], ...]
    edges: tuple[EdgeShown, ...]
    width: int = Field(description="Tasks that can run at once.")
    critical_path: tuple[str, ...]
    critical_minutes: int
    total_minutes: int
    makespan: int = Field(description="Minutes from start to end with the advised agents.")


class HotspotShown(Part):
    """A file that changes often, whatever the work is about."""

    path: str
    commits: int
    of: int = Field(description="Commits looked at.")


class Evidence(Part):
    """What the graph rests on."""

    pairs: dict[str, int] = Field(description="Pairs of tasks by level.")
    sizes_assumed: tuple[str, ...] = Field(description="Tasks without a size, counted by a guess.")
    imports_read: dict[str, int] = Field(
        description="Existing files of the tasks whose imports were read, by language."
    )
    not_understood: dict[str, int] = Field(
        description="Source files whose language is not understood, by ending: no imports known."
    )
    unread: int = Field(description="Files left out: too many, too large, or broken.")
    commits: int | None = Field(
        default=None, description="Commits of the history looked at; absent where there was none."
    )
    hotspots: tuple[HotspotShown, ...] = Field(
        description="Files that much work touches and that no single task owns: give each to one."
    )


class Advised(Part):
    """Whether several agents are worth it."""

    kind: str = Field(description="`parallel` or `sequential`.")
    rule: str = Field(description="The rule that decided.")
    sentence: str
    change: str | None = Field(default=None, description="The one change that would help most.")
    agents: int
    speedup: float
    strategy: str
    strategy_reason: str


class Proposed(Reply):
    """A plan that waits for the user."""

    plan_id: str
    digest: str = Field(description="SHA-256 of everything an approval is pinned to.")
    approved: bool = Field(description="True where exactly this plan is approved and runs.")
    graph: Graph
    conflicts: tuple[PairShown, ...] = Field(description="Pairs that never run at once.")
    doubts: tuple[PairShown, ...] = Field(
        description="Pairs that run at once only if the user accepts it; else `a` goes first."
    )
    evidence: Evidence
    advice: Advised
    text: str = Field(description="The plan as the user is to see it.")

    @classmethod
    def from_proposal(cls, proposal: Proposal) -> Self:
        """The reply for a recorded proposal."""
        seen = proposal.assessment
        plan, timetable, advice = seen.plan, seen.schedule, seen.advice
        pairs: dict[str, list[PairShown]] = {}
        for p in seen.pairs:
            shown = PairShown(a=p.a, b=p.b, witness=p.witness, reason=p.reason)
            pairs.setdefault(p.level.value, []).append(shown)
        return cls(
            rev=proposal.rev,
            next_step=(
                f"Plan {plan.id} is approved and runs already: list_status shows where it is."
                if proposal.approved
                else f"Show the user `text`, then call approve_plan with plan_id {plan.id}: "
                "nothing starts before the user's yes."
            ),
            plan_id=plan.id,
            digest=plan.digest,
            approved=proposal.approved,
            graph=Graph(
                waves=timetable.waves,
                edges=tuple(
                    EdgeShown(before=e.before, after=e.after, witness=e.witness, reason=e.reason)
                    for e in timetable.edges
                ),
                width=timetable.width,
                critical_path=timetable.critical_path,
                critical_minutes=timetable.critical_minutes,
                total_minutes=timetable.total_minutes,
                makespan=timetable.makespan,
            ),
            conflicts=tuple(pairs.get("conflict", [])[:MOST_PAIRS]),
            doubts=tuple(
                PairShown(a=d.before, b=d.after, witness=d.witness, reason=d.reason)
                for d in plan.doubts[:MOST_PAIRS]
            ),
            evidence=Evidence(
                pairs={level: len(found) for level, found in pairs.items()},
                sizes_assumed=timetable.assumed,
                imports_read=dict(seen.evidence.read),
                not_understood=dict(seen.evidence.not_understood),
                unread=seen.evidence.unread,
                commits=seen.evidence.commits,
                hotspots=tuple(
                    HotspotShown(path=h.path, commits=h.commits, of=h.of)
                    for h in seen.evidence.hotspots
                ),
            ),
            advice=Advised(
                kind=advice.kind,
                rule=advice.rule.value,
                sentence=advice.sentence,
                change=advice.change,
                agents=advice.agents,
                speedup=round(advice.speedup, 2),
                strategy=advice.strategy.value,
                strategy_reason=advice.strategy_reason,
            ),
            text=seen.text,
        )


class Approved(Reply):
    """The user's yes, recorded."""

    plan_id: str
    strategy: str
    base: str = Field(description="The commit that agents start from.")
    target: str = Field(description="The branch (full ref) that results land on.")
    again: bool = Field(description="True where the plan was approved before this call.")
    accepted_pairs: int = Field(description="Doubtful pairs that run at once, as the user said.")
    ordered_pairs: tuple[tuple[str, str], ...] = Field(
        description="Doubtful pairs that the user did not accept: the first one comes first."
    )
    base_check: str | None = Field(
        default=None, description="What the plan's check says of the base, before any work."
    )

    @classmethod
    def from_approval(cls, approval: Approval) -> Self:
        """The reply for a yes that counts."""
        verdict = approval.base_check
        red = verdict is not None and not verdict.is_green
        return cls(
            rev=approval.rev,
            next_step=f"{_RED_BASE if red else ''}Start workers (sub-agents of type {WORKER}); "
            "each calls claim_task. list_status shows how they get on.",
            base_check=None if verdict is None else _told(verdict),
            plan_id=approval.plan_id,
            strategy=approval.strategy.value,
            base=approval.base,
            target=approval.target,
            again=approval.again,
            accepted_pairs=len(approval.accepted),
            ordered_pairs=approval.ordered[:MOST_PAIRS],
        )


def _told(verdict: Verdict) -> str:
    from parallel_agents.coordination.suite import told  # slow to load: not with the server

    return told(verdict, "on the base")
