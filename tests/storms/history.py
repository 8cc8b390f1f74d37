"""Whether a storm's history is right: the replies, the task files and a small model agree.

The model knows the promises, not the code: nothing of `core.rules` or `core.view` is used here. The
task files are read as text. `check` raises `WrongHistory`, naming the promise that was broken.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from storms.journal import Call, by_agent, calls

STATES = ("available", "claimed", "completed", "failed", "blocked")
TASK_KINDS = ("claimed", "completed", "returned", "failed", "extended", "recovered")


class WrongHistory(AssertionError):
    """Raised when a history breaks a promise; `promise` is its name."""

    def __init__(self, promise: str, sentence: str) -> None:
        super().__init__(f"{promise}: {sentence}")
        self.promise = promise


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a task's history in its file."""

    rev: int
    kind: str
    task: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the plan says of a task. `files` are paths, or folders written as `folder/**`."""

    files: tuple[str, ...]
    needs: tuple[str, ...] = ()


@dataclass(slots=True)
class History:
    """A storm as its processes saw it, and what it left in the folder."""

    tasks: Mapping[str, Asked]
    calls: list[Call]
    changes: list[Change]
    places: list[tuple[str, str]]
    """(task, folder) of each task file."""


def gather(root: Path, tasks: Mapping[str, Asked]) -> History:
    """Read what a storm in `root` left."""
    changes: list[Change] = []
    places: list[tuple[str, str]] = []
    for state in STATES:
        for path in sorted((root / "_tasks" / state).glob("*.md")):
            places.append((path.stem, state))
            changes.extend(_changes(path.stem, path.read_text()))
    return History(tasks, calls(root), changes, places)


def check(history: History) -> None:
    """Raises `WrongHistory` where a promise is broken."""
    _in_turn(history.calls)
    _accounted(history)
    _in_real_time(history.calls)
    _replayed(history)


def _changes(task: str, text: str) -> Iterable[Change]:
    lines = [line.split(" ", 4) for line in text.split("## History\n")[-1].splitlines()]
    lines = [p for p in lines if len(p) == 5 and p[0] == "-" and p[2].startswith("#")]
    voided = {p[2] for p in lines if p[3] == "void"}
    return [
        Change(int(rev[1:]), kind, task, json.loads(data))
        for _, _, rev, kind, data in lines
        if rev not in voided
    ]


# ---------------------------------------------------------------------- the replies


def _in_turn(history: list[Call]) -> None:
    """A process makes one call after the other, and only its last can be without an answer."""
    for agent, own in by_agent(history).items():
        end = 0
        for call in own:
            if end is None or call.began < end or (call.ended or call.began) < call.began:
                raise WrongHistory("one call at a time", f"{agent} called at {call.began}")
            end = call.ended  # type: ignore[assignment]


def _accounted(history: History) -> None:
    """Each change was somebody's call, and what a reply says has come about is in the files."""
    left: dict[int, Change] = {}
    for change in history.changes:
        if change.rev in left:
            raise WrongHistory("nothing doubled", f"revision {change.rev} was given twice")
        left[change.rev] = change
    written = dict(left)
    unanswered = []
    for call in history.calls:
        if call.ended is None:
            unanswered.append(call)
        if call.change is None:
            continue
        found = written.get(call.change)
        if found is None or not _is_of(found, call):
            raise WrongHistory("nothing lost", f"{call} was answered and is not in the files")
        if call.again:
            continue
        if call.rev != call.change:
            raise WrongHistory("nothing doubled", f"{call} has another revision than its change")
        if left.pop(call.change, None) is None:
            raise WrongHistory("nothing doubled", f"{call} was answered twice as if it were new")
    for change in left.values():
        own = [c for c in unanswered if _is_of(change, c)]
        if not own:
            raise WrongHistory("nobody else's changes", f"nobody asked for {change}")
        own[0].rev = change.rev
        unanswered.remove(own[0])


def _is_of(change: Change, call: Call) -> bool:
    """Whether the change is what the call asked for."""
    data = change.data
    if call.command == "claim":
        wanted = call.of_task or call.task or change.task
        return (change.kind, change.task) == ("claimed", wanted) and _name(data) == call.agent
    if (change.kind, change.task) != (call.command, call.task):
        return False
    if call.command == "recovered":
        return call.token in (None, data["token"])
    return bool(data["token"] == call.token) and data.get("agent", f"/{call.agent}").endswith(
        f"/{call.agent}"
    )


def _name(data: Mapping[str, Any]) -> str:
    return str(data["agent"]).partition("/")[2]


def _in_real_time(history: list[Call]) -> None:
    """What ended before another call began has no larger revision, and no larger or equal token."""
    moments = []
    for call in history:
        if call.rev is None:
            continue
        token = call.change if call.answer == "granted" and not call.again else None
        moments.append((call.began, 0, call.rev, token))
        if call.ended is not None:
            moments.append((call.ended, 1, call.rev, token))
    moments.sort(key=lambda m: m[:2])
    newest = newest_token = 0
    for _, is_end, rev, token in moments:
        if is_end:
            newest, newest_token = max(newest, rev), max(newest_token, token or 0)
        elif token is not None and token <= newest_token:
            raise WrongHistory(
                "tokens rise", f"token {token} was granted after {newest_token} was in use"
            )
        elif rev < newest:
            raise WrongHistory(
                "real time", f"a call that began after revision {newest} was told {rev}"
            )


# ---------------------------------------------------------------------- the replay


@dataclass(slots=True)
class _Held:
    agent: str
    token: int
    files: list[str]


@dataclass(slots=True)
class Model:
    """The run as the promises have it."""

    tasks: Mapping[str, Asked]
    state: dict[str, str] = field(default_factory=dict)
    held: dict[str, _Held] = field(default_factory=dict)
    task_of: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    recoveries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failed_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    spent: dict[tuple[str, int], int] = field(default_factory=dict)
    """(task, token) to the revision that ended it."""
    token: int = 0
    _paths: dict[str, str] = field(default_factory=dict)
    _trees: dict[str, str] = field(default_factory=dict)
    """Held paths, and the folders held as a whole, to the task that holds them."""

    def __post_init__(self) -> None:
        self.state = dict.fromkeys(self.tasks, "available")

    def waits_for(self, task: str) -> list[str]:
        return [n for n in self.tasks[task].needs if self.state[n] != "completed"]

    def holder(self, files: Iterable[str], but: str | None = None) -> str | None:
        """The task that holds a path which one of these can match."""
        for file in files:
            other = self._paths.get(file)
            if other not in (None, but):
                return other
            is_tree = file.endswith("/**")
            for tree, owner in self._trees.items():
                if owner != but and (
                    file.startswith(tree) or (is_tree and tree.startswith(file[:-2]))
                ):
                    return owner
            if is_tree:
                for path, owner in self._paths.items():
                    if owner != but and path.startswith(file[:-2]):
                        return owner
        return None

    def free(self) -> list[str]:
        """The tasks that wait for nothing and whose files nobody holds."""
        return [
            task
            for task, state in self.state.items()
            if state == "available"
            and not self.waits_for(task)
            and self.holder(self.tasks[task].files) is None
        ]

    def apply(self, change: Change) -> None:
        """Go on by one change. Raises `WrongHistory` where it may not come about."""
        task, data = change.task, change.data
        if task not in self.tasks:
            raise WrongHistory("nobody else's changes", f"no task of the plan: {change}")
        match change.kind:
            case "claimed":
                self._claim(change)
            case "extended":
                held = self._holding(change)
                if other := self.holder(data["files"], but=task):
                    raise WrongHistory("no file in two claims", f"{change}: {other} holds it")
                self._hold(task, held, data["files"])
            case "completed" | "returned":
                self._holding(change)
                done = change.kind == "completed"
                self._end(change, "completed" if done else "available")
            case "failed":
                self._holding(change)
                self.failures[task] += 1
                self.failed_by[task].add(_name(data))
                twice = self.failures[task] == 2
                if data["state"] != ("blocked" if twice else "failed"):
                    raise WrongHistory("two failures block", str(change))
                self._end(change, data["state"])
            case "recovered":
                self._recover(change)
            case _:
                raise WrongHistory("nobody else's changes", str(change))

    def _claim(self, change: Change) -> None:
        task, agent = change.task, _name(change.data)
        if self.state[task] not in ("available", "failed"):
            raise WrongHistory("one claim a task", f"{task} was {self.state[task]}: {change}")
        if agent in self.task_of:
            raise WrongHistory("one claim an agent", f"{agent} held {self.task_of[agent]}")
        if waits := self.waits_for(task):
            raise WrongHistory("dependencies first", f"{change} waits for {waits}")
        if tuple(change.data["files"]) != self.tasks[task].files:
            raise WrongHistory("no file in two claims", f"not the files of the task: {change}")
        if other := self.holder(self.tasks[task].files):
            raise WrongHistory("no file in two claims", f"{change}: {other} holds it")
        if change.rev <= self.token:
            raise WrongHistory("tokens rise", f"{change.rev} after {self.token}")
        self.token = change.rev
        self.state[task] = "claimed"
        self.task_of[agent] = task
        self.held[task] = held = _Held(agent, change.rev, [])
        self._hold(task, held, self.tasks[task].files)

    def _hold(self, task: str, held: _Held, files: Iterable[str]) -> None:
        for file in files:
            held.files.append(file)
            if file.endswith("/**"):
                self._trees[file[:-2]] = task
            else:
                self._paths[file] = task

    def _holding(self, change: Change) -> _Held:
        held = self.held.get(change.task)
        if held is None or held.token != change.data["token"]:
            raise WrongHistory("a token is spent once", f"{change}, but it holds {held}")
        if "agent" in change.data and _name(change.data) != held.agent:
            raise WrongHistory("a token is its holder's", f"{change}, but it is {held.agent}'s")
        return held

    def _recover(self, change: Change) -> None:
        task, data, was = change.task, change.data, self.state[change.task]
        state = data["state"]
        if was == "claimed":
            self._holding(change)
            self.recoveries[task] += 1
            if (self.recoveries[task] == 3) != (state == "blocked"):
                raise WrongHistory("three recoveries block", str(change))
        elif was in ("completed", "blocked") and state in ("available", "failed"):
            self.failures[task] = self.recoveries[task] = 0
            self.failed_by[task].clear()
        else:
            raise WrongHistory("only these transitions", f"{task} was {was}: {change}")
        self._end(change, state)

    def _end(self, change: Change, state: str) -> None:
        task = change.task
        self.state[task] = state
        held = self.held.pop(task, None)
        if held is None:
            return
        self.spent[task, held.token] = change.rev
        del self.task_of[held.agent]
        for file in held.files:
            self._trees.pop(file[:-2], None) if file.endswith("/**") else self._paths.pop(file)


def _replayed(history: History) -> None:
    model = Model(history.tasks)
    seen = sorted(
        (c for c in history.calls if c.rev is not None and (c.again or c.answer in _SEEN)),
        key=attrgetter("rev"),
    )
    at = 0
    free: tuple[int, list[str]] = (-1, [])
    for change in [*sorted(history.changes, key=attrgetter("rev")), None]:
        while at < len(seen) and (change is None or (seen[at].rev or 0) < change.rev):
            call = seen[at]
            at += 1
            if call.answer == "nothing" and call.rev != free[0]:
                free = call.rev or 0, model.free()  # once for each state: it looks at every task
            _saw(model, call, free[1])
        if change is not None:
            model.apply(change)
    places = dict(history.places)
    if len(places) != len(history.places):
        raise WrongHistory("nothing doubled", "a task has two files")
    if missing := model.state.keys() - places.keys():
        raise WrongHistory("nothing lost", f"no file for {sorted(missing)[:5]}")
    for task, state in places.items():
        if model.state.get(task) != state:
            raise WrongHistory(
                "the folder is the replay", f"{task} is in {state}, not {model.state.get(task)}"
            )


_SEEN = ("nothing", "refused", "unchanged")


def _saw(model: Model, call: Call, free: list[str]) -> None:
    """What a call that changed nothing was told holds at its revision."""
    task, held = call.task or "", model.held.get(call.task or "")
    match call.answer:
        case "granted":
            mine = model.held.get(model.task_of.get(call.agent, ""))
            true = mine is not None and mine.token == call.change
        case "done":
            true = model.spent.get((task, call.token or 0)) == call.change
        case "nothing":
            # What an agent has failed is left to others, given back by one of them or not.
            true = all(call.agent in model.failed_by[task] for task in free)
        case "unchanged" if call.command == "recovered":
            true = model.state[task] == call.to
        case "refused":
            match call.code:
                case "held":
                    true = held is not None
                case "task_completed" | "task_blocked":
                    true = f"task_{model.state[task]}" == call.code
                case "waits_for":
                    true = bool(model.waits_for(task))
                case "files_held":
                    files = call.files or model.tasks[task].files
                    true = model.holder(files, but=task) is not None
                case "stale_token":
                    true = held is None or held.token != call.token
                case "not_your_claim":
                    true = held is not None and held.agent != call.agent
                case _:
                    true = True
        case _:
            true = True
    if not true:
        raise WrongHistory("a reply is true at its revision", str(call))
