"""What must hold after a fault: judged from the files alone, and by two processes that go on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from parallel_agents.core import locktable
from parallel_agents.core.commands import Granted
from parallel_agents.core.errors import NotNow
from parallel_agents.core.model import State
from parallel_agents.store.folder import FOLDER, FolderStore
from stores import BERT, ask, give_back, live, whole

from crashes.injection import Outcome
from crashes.steps import AMENDED, CHOSEN, Step

_LINE = re.compile(r"^- \S+ #(\d+) (\w+) (\{.*\})$", re.MULTILINE)


def newest(root: Path) -> int:
    """The largest revision that any task's, plan's or event's line has."""
    folder = root / FOLDER
    written = [p.read_text() for p in folder.rglob("*.md")]
    revs = [int(n) for text in written for n in re.findall(r"^- \S+ #(\d+) ", text, re.MULTILINE)]
    events = folder / ".events"
    if events.exists():
        revs += [int(n) for n in re.findall(r'"rev": ?(\d+)', events.read_text(errors="replace"))]
    return max(revs, default=0)


def held_by_folder(root: Path) -> dict[str, set[str]]:
    """The files of each claim that lies in `claimed/`, read without the store's own reader."""
    held: dict[str, set[str]] = {}
    for path in (root / FOLDER / "claimed").glob("*.md"):
        for _, kind, data in _LINE.findall(path.read_text()):
            if kind == "claimed":
                held[path.stem] = set(json.loads(data)["files"])
            elif kind == "extended":
                held[path.stem] |= set(json.loads(data)["files"])
    return held


def hooks_are_as_strict(root: Path) -> bool:
    """Whether hooks see all that is held in the folder, or a table that makes them refuse."""
    try:
        shown = locktable.read(str(root / FOLDER))
    except locktable.TableTorn:
        return True
    seen = {c.task: set(c.files) for c in shown.claims} if shown else {}
    return all(files <= seen.get(task, set()) for task, files in held_by_folder(root).items())


def violations(root: Path, step: Step, outcome: Outcome, goes_on: list[FolderStore]) -> list[str]:
    """What does not hold. `goes_on` are the processes that go on, in this order."""
    found: list[str] = []

    def must(holds: bool, what: str) -> None:
        if not holds:
            found.append(what)

    must(hooks_are_as_strict(root), "hooks see less than the folder holds")
    seen = newest(root)
    reply = outcome.acknowledged
    faults = [r for r in outcome.replies if "fault" in r]
    must(all(" Next: " in r["sentence"] for r in faults), "a fault without a next step")
    if outcome.status == 0:
        must(reply is not None, f"the process does not go on: {faults}")
    first, second = goes_on
    if reply is not None:
        must(first.read(step.reached), f"acknowledged and not there: {reply}")
    if first.read(lambda view: view.run) is not None:
        answer = ask(first, BERT)
        if isinstance(answer, Granted):
            must(answer.claim.token > seen, f"a token again: {answer.claim.token} after {seen}")
            give_back(first, answer.claim)
    try:
        again = second.transact(step.command)[0]
    except NotNow:  # it may be put away already
        pass
    else:
        if reply is not None and isinstance(again, Granted):
            must(again.claim.token == reply["token"], "another claim for the same call")
    must(second.read(step.reached), "it does not come about when it is repeated")
    must(whole(first) == whole(second), "an old index and the folder differ")
    must(first.read(lambda view: view.damaged) == {}, "something is damaged")
    lying = sorted(p.stem for state in State for p in (root / FOLDER / state.value).glob("*.md"))
    must(lying in _task_sets(first), f"tasks lost or doubled: {lying}")
    shown = locktable.read(str(root / FOLDER))
    tokens = {c.task: c.token for c in shown.claims} if shown else {}
    must(tokens == live(first), "hooks see other claims than there are")
    must(hooks_are_as_strict(root), "hooks see less than the folder holds in the end")
    return found


def _task_sets(store: FolderStore) -> list[list[str]]:
    run = store.read(lambda view: view.run)
    if run is None:
        return [[]]
    chosen = AMENDED if run.approved(AMENDED.id) else CHOSEN
    return [sorted(t.id for t in chosen.tasks)]
