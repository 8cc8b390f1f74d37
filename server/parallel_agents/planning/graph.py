"""The schedule of a plan: edges, waves, critical path, width and the speed-up to hope for.

Waves are for people; agents claim a task as soon as its dependencies are completed, so speed-up
is that of list scheduling with mutual exclusion (Graham 1966, with the longest remaining path
first), not that of waves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parallel_agents.core.errors import BadInput
from parallel_agents.core.model import Task, TaskId
from parallel_agents.planning.independence import Edge, Level, Pair, order, reachable
from parallel_agents.planning.width import members, widest

DEFAULT_SIZE = 10
"""Minutes assumed for a task that gives no size."""

MOST_AGENTS = 16
"""The schedule suggests no more agents than this unless the plan itself asks for them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What can run when. Times are minutes of work, from the tasks' sizes."""

    edges: tuple[Edge, ...]
    waves: tuple[tuple[TaskId, ...], ...]
    """Every task once, dependencies in earlier waves, no two of one wave in conflict."""
    critical_path: tuple[TaskId, ...]
    critical_minutes: int
    total_minutes: int
    makespan: int
    """Minutes from start to end with `agents` agents."""
    width: int
    width_is_exact: bool
    """False where the width is only a lower bound, because the plan is too tangled to search."""
    agents: int
    """The fewest agents that reach the shortest makespan found."""
    assumed: tuple[TaskId, ...]
    """The tasks without a size, counted with `DEFAULT_SIZE`."""

    @property
    def speedup(self) -> float:
        """Total work over makespan: 1.0 is no gain."""
        return self.total_minutes / self.makespan if self.makespan else 1.0


def schedule(
    tasks: Sequence[Task], pairs: Iterable[Pair], max_agents: int | None = None
) -> Schedule:
    """The schedule of `tasks`, whose `pairs` are those of `independence.compare`.

    Raises `BadInput` with code `cycle` where the tasks wait for each other.
    """
    ids = [t.id for t in tasks]
    edges = order(tasks)
    loop = find_cycle(ids, edges)
    if loop is not None:
        raise cycle_refused(loop, edges)
    net = _Net(tasks, edges, pairs)
    width = widest(net.excludes)
    agents, makespan = net.fewest_agents(min(width.size, max_agents or MOST_AGENTS))
    path = net.critical_path()
    return Schedule(
        edges=edges,
        waves=tuple(tuple(ids[i] for i in wave) for wave in net.waves()),
        critical_path=tuple(ids[i] for i in path),
        critical_minutes=sum(net.sizes[i] for i in path),
        total_minutes=sum(net.sizes),
        makespan=makespan,
        width=width.size,
        width_is_exact=width.exact,
        agents=agents,
        assumed=tuple(t.id for t in tasks if t.size is None),
    )


def exclusions(tasks: Sequence[Task], edges: Iterable[Edge], pairs: Iterable[Pair]) -> list[int]:
    """Per task a bit set of those that may never run at the same time as it."""
    ids = [t.id for t in tasks]
    excludes = reachable(ids, edges)
    for i, later in enumerate(tuple(excludes)):
        for j in members(later):
            excludes[j] |= 1 << i
    for i, clashing in enumerate(_clashes(ids, pairs)):
        excludes[i] |= clashing
    return excludes


def find_cycle(ids: Sequence[TaskId], edges: Iterable[Edge]) -> tuple[TaskId, ...] | None:
    """A shortest cycle, its first task first and not repeated at the end, or None."""
    after: dict[TaskId, list[TaskId]] = {task: [] for task in ids}
    for edge in edges:
        after[edge.before].append(edge.after)
    shortest: tuple[TaskId, ...] | None = None
    for start in _unsortable(after):
        came_from: dict[TaskId, TaskId] = {}
        fringe = [start]
        while fringe and start not in came_from:
            reached: list[TaskId] = []
            for task in fringe:
                for follower in after[task]:
                    if follower not in came_from:
                        came_from[follower] = task
                        reached.append(follower)
            fringe = reached
        if start in came_from:
            loop = [came_from[start]]
            while loop[-1] != start:
                loop.append(came_from[loop[-1]])
            if shortest is None or len(loop) < len(shortest):
                shortest = tuple(reversed(loop))
    return shortest


def cycle_refused(loop: Sequence[TaskId], edges: Iterable[Edge]) -> BadInput:
    """The refusal of a plan whose tasks wait for each other in a circle."""
    reasons = {(e.before, e.after): e for e in reversed(tuple(edges))}
    steps = [reasons[pair] for pair in zip(loop, [*loop[1:], loop[0]], strict=True)]
    why = "; ".join(e.reason if e.witness else f"{e.after} depends on {e.before}" for e in steps)
    return BadInput(
        "cycle",
        f"The tasks {', '.join(loop)} wait for each other in a circle: {why}.",
        "Drop one of these dependencies, or make one task of the work that needs each other.",
    )


class _Net:
    """A plan without cycles, by position instead of by id."""

    def __init__(
        self, tasks: Sequence[Task], edges: tuple[Edge, ...], pairs: Iterable[Pair]
    ) -> None:
        pairs = tuple(pairs)
        ids = [t.id for t in tasks]
        place = {task: i for i, task in enumerate(ids)}
        self.sizes = [DEFAULT_SIZE if t.size is None else t.size for t in tasks]
        self.clashes = _clashes(ids, pairs)
        self.excludes = exclusions(tasks, edges, pairs)
        self._followers: list[list[int]] = [[] for _ in tasks]
        self._needs = [0] * len(ids)
        for edge in edges:
            self._followers[place[edge.before]].append(place[edge.after])
            self._needs[place[edge.after]] |= 1 << place[edge.before]
        self._remaining = self._longest_remaining()
        self._ranked = sorted(
            range(len(ids)),
            key=lambda i: (
                -tasks[i].priority,
                -self._remaining[i],
                -self.clashes[i].bit_count(),
                i,
            ),
        )

    def waves(self) -> list[list[int]]:
        """Greedy: each wave takes what is ready, by rank, if it clashes with nothing taken."""
        waves: list[list[int]] = []
        done, waiting = 0, self._ranked
        while waiting:
            wave = 0
            for i in waiting:
                if not self._needs[i] & ~done and not self.clashes[i] & wave:
                    wave |= 1 << i
            waves.append(list(members(wave)))
            done |= wave
            waiting = [i for i in waiting if not wave >> i & 1]
        return waves

    def critical_path(self) -> list[int]:
        """The longest chain of dependencies by minutes; of equal ones the first in the plan."""
        path: list[int] = []
        choices: Sequence[int] = range(len(self.sizes))
        while choices:
            path.append(max(choices, key=lambda i: (self._remaining[i], -i)))
            choices = self._followers[path[-1]]
        return path

    def fewest_agents(self, most: int) -> tuple[int, int]:
        """(agents, makespan): the fewest agents that reach the shortest makespan found."""
        bound = max(self._remaining, default=0)
        best = (1, sum(self.sizes))
        for agents in range(2, most + 1):
            if best[1] == bound:
                break
            makespan = self._makespan(agents)
            if makespan < best[1]:
                best = (agents, makespan)
        return best

    def _makespan(self, agents: int) -> int:
        now, done, busy = 0, 0, 0
        ends: dict[int, int] = {}
        waiting = self._ranked
        while waiting or ends:
            left: list[int] = []
            for i in waiting:
                if len(ends) < agents and not self._needs[i] & ~done and not self.clashes[i] & busy:
                    ends[i] = now + self.sizes[i]
                    busy |= 1 << i
                else:
                    left.append(i)
            waiting = left
            now = min(ends.values())
            for i in [i for i, end in ends.items() if end == now]:
                del ends[i]
                busy &= ~(1 << i)
                done |= 1 << i
        return now

    def _longest_remaining(self) -> list[int]:
        """Minutes from each task's start to the end of the longest chain that follows it."""
        remaining = [0] * len(self.sizes)
        open_followers = [len(f) for f in self._followers]
        settled = [i for i, n in enumerate(open_followers) if not n]
        for i in settled:
            beyond = max((remaining[j] for j in self._followers[i]), default=0)
            remaining[i] = self.sizes[i] + beyond
            for j in members(self._needs[i]):
                open_followers[j] -= 1
                if not open_followers[j]:
                    settled.append(j)
        return remaining


def _clashes(ids: Sequence[TaskId], pairs: Iterable[Pair]) -> list[int]:
    place = {task: i for i, task in enumerate(ids)}
    clashes = [0] * len(ids)
    for pair in pairs:
        if pair.level is Level.CONFLICT:
            i, j = place[pair.a], place[pair.b]
            clashes[i] |= 1 << j
            clashes[j] |= 1 << i
    return clashes


def _unsortable(after: dict[TaskId, list[TaskId]]) -> list[TaskId]:
    """The tasks left over when those without followers are taken away again and again."""
    left = dict(after)
    while True:
        ends = [task for task, next_ones in left.items() if not any(n in left for n in next_ones)]
        if not ends:
            return list(left)
        for task in ends:
            del left[task]
