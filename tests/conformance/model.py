"""What a store is to answer: a model of it in plain dictionaries, written from the protocol alone.

It shares the commands with the store, and nothing of its rules: no view, no globs, no events. Which
paths a pattern covers is not computed but written down, for the few patterns that tests use.
"""

from __future__ import annotations

from typing import Any

from parallel_agents.core.commands import (
    Approve,
    Archive,
    Command,
    Extend,
    Fail,
    MarkMerged,
    Prepare,
    Propose,
    Recover,
    Release,
    TakeClaim,
)
from parallel_agents.core.model import Agent

COVERS = {
    "a.py": {"a.py"},
    "b.py": {"b.py"},
    "c.py": {"c.py"},
    "{a,b}.py": {"a.py", "b.py"},
    "src": {"src/x.py", "src/y.md", "src/deep/z.py"},
    "src/*.py": {"src/x.py"},
    "src/X.py": {"src/x.py"},
    "src/deep/z.py": {"src/deep/z.py"},
    "docs": {"docs/1.md"},
    "docs/**": {"docs/1.md"},
}
"""Pattern to the paths it covers, of a world that has these paths only."""

LITERAL = {p for p in COVERS if "*" not in p and "{" not in p}

Reply = tuple[Any, ...]
"""An answer in plain values: its kind first."""

QUEUED = ("available", "failed")
UNFINISHED = ("available", "claimed", "failed")
HALF_AN_HOUR = 1800.0
A_MINUTE = 60.0


class Refused(Exception):
    """Raised when the model refuses; its argument is the code."""


def meet(a: Any, b: Any) -> bool:
    """Whether two sets of patterns have a path in common."""
    return any(COVERS[x] & COVERS[y] for x in a for y in b)


class Model:
    """One store's state. Time is an argument of every call, seconds since the epoch."""

    def __init__(self) -> None:
        self.rev = 0
        self.proposal: Any = None
        self.run: dict[str, Any] | None = None
        self.tasks: dict[str, dict[str, Any]] = {}
        self.slots: dict[str, int] = {}

    def answer(self, command: Command, now: float) -> Reply:
        """What this command is answered, a refusal too."""
        try:
            match command:
                case Propose():
                    return self._propose(command)
                case Approve():
                    return self._approve(command)
                case TakeClaim():
                    return self._claim(command, now)
                case Prepare():
                    return self._prepare(command, now)
                case Extend():
                    return self._extend(command, now)
                case Release():
                    return self._release(command, now)
                case Fail():
                    return self._fail(command, now)
                case Recover():
                    return self._recover(command, now)
                case MarkMerged():
                    return self._merge(command)
                case Archive():
                    return self._archive()
        except Refused as refusal:
            return ("refused", refusal.args[0])

    def moved(self, task: str, to: str, now: float) -> None:
        """A person has moved the task's file to another folder, and the store notices."""
        here = self.tasks[task]
        self.rev += 1
        if here["state"] == "blocked":
            here.update(failures=0, recoveries=0, failed_by=set())
        self._spend(here, "moved", None)
        here.update(state=to, last=now)

    def seen(self) -> dict[str, Any]:
        """Everything that is compared with a store's view."""
        claims = self._claims()
        states = [t["state"] for t in self.tasks.values()]
        return {
            "rev": self.rev,
            "run": self.run and self.run["id"],
            "proposal": self.proposal and self.proposal.id,
            "slots": dict(self.slots),
            "counts": {s: states.count(s) for s in (*UNFINISHED, "completed", "blocked")},
            "ready": self._ready(),
            "claims": {
                name: (c["agent"], c["token"], c["files"], c["since"], c["slot"], c["place"])
                for name, c in claims.items()
            },
            "tasks": {
                name: (
                    t["state"],
                    t["files"],
                    t["failures"],
                    t["recoveries"],
                    t["failed_by"],
                    t["commit"],
                    t["merged"],
                    {token: kind for token, (kind, _, _) in t["spent"].items()},
                )
                for name, t in self.tasks.items()
            },
        }

    # ------------------------------------------------------------------ plans

    def _propose(self, command: Propose) -> Reply:
        plan = command.plan
        if self.run and plan.id in self.run["approved"]:
            if plan.id != self.run["approved"][-1]:
                raise Refused("plan_superseded")
            return ("unchanged",)
        self._refuse_changed_work(plan)
        self.proposal = plan
        return self._done("proposed")

    def _refuse_changed_work(self, plan: Any) -> None:
        for task in plan.tasks:
            here = self.tasks.get(task.id)
            if here and here["task"] != task and here["state"] in ("claimed", "completed"):
                raise Refused("task_in_progress")

    def _approve(self, command: Approve) -> Reply:
        if self.run and command.plan_id in self.run["approved"]:
            return ("unchanged",)
        plan = self.proposal
        if plan is None:
            raise Refused("unknown_plan")
        if plan.id != command.plan_id:
            raise Refused("plan_changed")
        if self.run is None:
            self.run = {"id": plan.id, "approved": [], "strategy": command.strategy}
        elif command.strategy != self.run["strategy"]:
            raise Refused("strategy_fixed")
        else:
            self._refuse_changed_work(plan)
        self.run["approved"].append(plan.id)
        self.run["most"] = plan.max_agents
        for task in plan.tasks:
            here = self.tasks.setdefault(task.id, _new_task(len(self.tasks)))
            here.update(task=task, files=task.files)
        self.proposal = None
        return self._done("approved")

    def _merge(self, command: MarkMerged) -> Reply:
        self._need_run()
        chosen = []
        for name in command.tasks:
            chosen.append(self._task(name))
            if chosen[-1]["state"] != "completed":
                raise Refused("not_completed")
        if all(t["merged"] for t in chosen):
            return ("unchanged",)
        for here in chosen:
            here["merged"] = True
        return self._done("merged")

    def _archive(self) -> Reply:
        self._need_run()
        if self._claims():
            raise Refused("still_claimed")
        self.run, self.tasks, self.slots = None, {}, {}
        return self._done("archived")

    # ------------------------------------------------------------------ claims

    def _claim(self, command: TakeClaim, now: float) -> Reply:
        agent, wanted = command.agent, command.task
        run, claims = self._need_run(), self._claims()
        for name, claim in claims.items():
            if claim["agent"] == agent.key:
                _refuse_unverified(claim, agent)
                return self._granted(name, again=True)
        if run["most"] is not None and len(claims) >= run["most"]:
            return ("nothing", "enough_agents", True, set(claims))
        if wanted is not None:
            here = self._task(wanted)
            if here["claim"]:
                raise Refused("held")
            match here["state"]:
                case "completed":
                    raise Refused("task_completed")
                case "blocked":
                    raise Refused("task_blocked")
                case "claimed":
                    raise Refused("task_reserved")
            if self._waits(here):
                raise Refused("waits_for")
            if self._is_for_others(here, agent.key, now):
                raise Refused("left_to_others")
            if self._is_held(here["files"]):
                raise Refused("files_held")
            return self._grant(wanted, command, now)
        ready = self._ready()
        for name in ready:
            here = self.tasks[name]
            if not self._is_for_others(here, agent.key, now) and not self._is_held(here["files"]):
                return self._grant(name, command, now)
        if all(t["state"] == "completed" for t in self.tasks.values()):
            return ("nothing", "all_done", True, set())
        if ready:
            failed = all(agent.key in self.tasks[name]["failed_by"] for name in ready)
            return ("nothing", "left_to_others" if failed else "files_held", False, set(claims))
        if claims:
            return ("nothing", "waiting", False, set(claims))
        stuck = {n for n, t in self.tasks.items() if t["state"] in ("blocked", "claimed")}
        return ("nothing", "only_blocked", True, stuck)

    def _grant(self, name: str, command: TakeClaim, now: float) -> Reply:
        self.rev += 1
        agent, place = command.agent, command.place
        here = self.tasks[name]
        slot = self.slots.setdefault(agent.key, max(self.slots.values(), default=0) + 1)
        here["claim"] = {
            "agent": agent.key,
            "verified": agent.verified,
            "token": self.rev,
            "files": here["files"],
            "since": now,
            "slot": slot,
            "place": place and (place.workdir, None, place.start),
        }
        here.update(state="claimed", last=now)
        return self._granted(name, again=False)

    def _granted(self, name: str, again: bool) -> Reply:
        here = self.tasks[name]
        claim = here["claim"]
        told = (claim["agent"], claim["token"], claim["files"], claim["since"], claim["slot"])
        return ("granted", name, *told, claim["place"], here["failures"], again)

    def _prepare(self, command: Prepare, now: float) -> Reply:
        here, spent = self._mine(command)
        if spent:
            raise Refused("stale_token")
        place = (command.workdir, command.branch, command.start)
        if here["claim"]["place"] == place:
            return ("unchanged",)
        here["claim"]["place"] = place
        here["last"] = now
        return self._done("prepared")

    def _extend(self, command: Extend, now: float) -> Reply:
        here, spent = self._mine(command)
        if spent:
            raise Refused("stale_token")
        if not command.files:
            raise Refused("empty_files")
        has = here["claim"]["files"]
        added = tuple(f for f in dict.fromkeys(command.files) if not _has(has, f))
        if not added:
            return ("unchanged",)
        if self._is_held(added, but=command.task):
            raise Refused("files_held")
        for name, other in self.tasks.items():
            unfinished = name != command.task and other["state"] in UNFINISHED
            if unfinished and meet(other["files"], added):
                raise Refused("files_of_a_task")
        here["claim"]["files"] = (*has, *added)
        here["last"] = now
        return self._done("extended")

    # ------------------------------------------------------------------ ends

    def _release(self, command: Release, now: float) -> Reply:
        here, spent = self._mine(command)
        kind = command.outcome.value
        if spent:
            return _again(spent, kind)
        if kind == "returned":
            here["state"] = "available"
        elif not command.commit:
            raise Refused("no_commit")
        else:
            here.update(state="completed", commit=command.commit, merged=False)
        return self._end(here, kind, now)

    def _fail(self, command: Fail, now: float) -> Reply:
        here, spent = self._mine(command)
        if spent:
            return _again(spent, "failed")
        here["failures"] += 1
        here["failed_by"] = here["failed_by"] | {command.agent.key}
        here["state"] = "blocked" if here["failures"] == 2 else "failed"
        return self._end(here, "failed", now)

    def _recover(self, command: Recover, now: float) -> Reply:
        self._need_run()
        here, to = self._task(command.task), command.to.value
        if to not in QUEUED:
            raise Refused("bad_state")
        was, claim = here["state"], here["claim"]
        if command.token is not None and (claim is None or claim["token"] != command.token):
            if command.token in here["spent"]:
                return _again(here["spent"][command.token], "recovered")
            raise Refused("stale_token")
        if was == to:
            return ("unchanged",)
        if was in QUEUED:
            raise Refused("not_stuck")
        if was == "completed":
            if here["merged"]:
                raise Refused("task_merged")
            users = [t for t in self.tasks.values() if command.task in t["task"].depends_on]
            if any(t["state"] in ("claimed", "completed") for t in users):
                raise Refused("others_rest_on_it")
        if not command.by_user and not (claim and _may_be_taken(command)):
            raise Refused("user_decides")
        here["state"] = to
        if was in ("blocked", "completed"):
            here.update(failures=0, recoveries=0, failed_by=set(), commit=None)
        elif claim:
            here["recoveries"] += 1
            if here["recoveries"] == 3:
                here["state"] = "blocked"
        return self._end(here, "recovered", now)

    def _end(self, here: dict[str, Any], kind: str, now: float) -> Reply:
        done = self._done(kind)
        self._spend(here, kind, here["claim"] and here["claim"]["agent"])
        here["last"] = now
        return done

    def _spend(self, here: dict[str, Any], kind: str, agent: str | None) -> None:
        if here["claim"]:
            here["spent"][here["claim"]["token"]] = (kind, self.rev, agent)
        here["claim"] = None

    # ------------------------------------------------------------------ how things stand

    def _done(self, kind: str) -> Reply:
        self.rev += 1
        return ("done", kind, self.rev, False)

    def _need_run(self) -> dict[str, Any]:
        if self.run is None:
            raise Refused("not_approved" if self.proposal else "no_plan")
        return self.run

    def _task(self, name: str) -> dict[str, Any]:
        if name not in self.tasks:
            raise Refused("unknown_task")
        return self.tasks[name]

    def _mine(self, command: Any) -> tuple[dict[str, Any], Any]:
        """The task, and how this token was spent, if it was. Refuses any but its agent."""
        self._need_run()
        here = self._task(command.task)
        spent = here["spent"].get(command.token)
        if spent:
            if spent[2] not in (None, command.agent.key):
                raise Refused("stale_token")
            return here, spent
        claim = here["claim"]
        if claim is None or claim["token"] != command.token:
            raise Refused("stale_token")
        if claim["agent"] != command.agent.key:
            raise Refused("not_your_claim")
        _refuse_unverified(claim, command.agent)
        return here, None

    def _claims(self) -> dict[str, dict[str, Any]]:
        return {name: t["claim"] for name, t in self.tasks.items() if t["claim"]}

    def _is_held(self, files: Any, but: str | None = None) -> bool:
        claims = self._claims()
        return any(name != but and meet(c["files"], files) for name, c in claims.items())

    def _waits(self, here: dict[str, Any]) -> bool:
        needs = here["task"].depends_on
        return any(n not in self.tasks or self.tasks[n]["state"] != "completed" for n in needs)

    def _ready(self) -> list[str]:
        free = [n for n, t in self.tasks.items() if t["state"] in QUEUED and not self._waits(t)]

        def place(name: str) -> tuple[bool, int, int]:
            here = self.tasks[name]
            return here["state"] == "failed", -here["task"].priority, here["order"]

        return sorted(free, key=place)

    def _is_for_others(self, here: dict[str, Any], agent: str, now: float) -> bool:
        """A failed task goes to another agent first: while one works, or for a minute."""
        if agent not in here["failed_by"]:
            return False
        if self._claims():
            return True
        others = set(self.slots) - here["failed_by"]
        return bool(others) and 0 <= now - here["last"] < A_MINUTE


def _new_task(order: int) -> dict[str, Any]:
    return {
        "order": order,
        "state": "available",
        "claim": None,
        "failures": 0,
        "recoveries": 0,
        "failed_by": set(),
        "commit": None,
        "merged": False,
        "spent": {},
        "last": 0.0,
    }


def _has(files: tuple[str, ...], wanted: str) -> bool:
    inside = any(COVERS[wanted] <= COVERS[pattern] for pattern in files)
    return wanted in files or (wanted in LITERAL and inside)


def _again(spent: tuple[str, int, str | None], kind: str) -> Reply:
    if spent[0] != kind:
        raise Refused("stale_token")
    return ("done", kind, spent[1], True)


def _may_be_taken(command: Recover) -> bool:
    return command.known_dead and (command.silence or 0.0) > HALF_AN_HOUR


def _refuse_unverified(claim: dict[str, Any], agent: Agent) -> None:
    """Where the client has said who holds a claim, nobody else can say to be that agent."""
    if claim["verified"] and not agent.verified:
        raise Refused("unverified")
