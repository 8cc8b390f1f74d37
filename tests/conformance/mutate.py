"""Takes each rule out once, in a copy of the tree, and notes which test finds that out.

    python tests/conformance/mutate.py [--write] [WORDS]

WORDS choose mutations by file or meaning. `--write` puts the table into the README here; it takes
some minutes. Ends with status 1 where a mutation went unnoticed, or its text is not in the source.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path("server/parallel_agents")
README = Path(__file__).with_name("README.md")
TESTS = ("tests/conformance/test_invariants.py", "tests/conformance/test_conformance.py")
"""What has to notice, in this order: the first that fails is named."""
MOST_SECONDS = 240.0
NOT_COPIED = (".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "benchmarks", "demo")
START = "| invariant | file | what is taken out | caught by |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Mutation:
    """One rule taken out: `old`, which is in `file` once, becomes `new`."""

    invariant: str
    file: str
    meaning: str
    old: str
    new: str


CLAIMS, ENDINGS = "core/rules/claims.py", "core/rules/endings.py"
STANDING, PLANS = "core/rules/standing.py", "core/rules/plans.py"
VIEW, WAITING, TABLE = "core/view.py", "core/waiting.py", "core/locktable.py"
FOLDER, LIVENESS = "store/folder.py", "store/liveness.py"
MUTATIONS = (
    Mutation(
        "I1",
        CLAIMS,
        "a task that is held is refused",
        "    if record.claim is not None:\n        raise NotYours(",
        "    if False:\n        raise NotYours(",
    ),
    Mutation(
        "I1",
        VIEW,
        "a claimed task is no more ready",
        "            record.state in READY_STATES\n            and not self._unmet",
        "            record.state is not State.BLOCKED\n            and not self._unmet",
    ),
    Mutation(
        "I2",
        CLAIMS,
        "a claim by name needs free files",
        "    if (met := view.met_by(record.task.files)) is not None:",
        "    if (met := view.met_by(())) is not None:",
    ),
    Mutation(
        "I2",
        CLAIMS,
        "a claim without a name needs free files",
        "        if view.met_by(record.task.files) is None:",
        "        if view.met_by(()) is None:",
    ),
    Mutation(
        "I2",
        CLAIMS,
        "a claim does not grow by held files",
        "view.met_by(added, but=command.task)",
        "view.met_by((), but=command.task)",
    ),
    Mutation(
        "I2",
        CLAIMS,
        "a claim does not grow by files of a task",
        "if owner.task.id != command.task and (",
        "if owner.task.id == command.task and (",
    ),
    Mutation(
        "I2",
        VIEW,
        "files that a claim grew by are held",
        "            case Kind.EXTENDED if record.claim and",
        "            case Kind.EXTENDED if False and record.claim and",
    ),
    Mutation(
        "I3",
        CLAIMS,
        "who has a claim gets it again",
        "if (mine := view.claim_of(agent)) is not None:",
        "if (mine := view.claim_of(agent)) is None and mine:",
    ),
    Mutation(
        "I3",
        VIEW,
        "a claim that ended is its agent's no more",
        "            del self._of_agent[record.claim.agent.key]",
        "            pass",
    ),
    Mutation(
        "I4",
        CLAIMS,
        "a claim by name waits for dependencies",
        "    if unmet := view.unmet(task):",
        "    if unmet := view.unmet(task)[:0]:",
    ),
    Mutation(
        "I4",
        VIEW,
        "a claim without a name waits for dependencies",
        "        self._unmet[task] = len(self.unmet(task))",
        "        self._unmet[task] = 0",
    ),
    Mutation(
        "I4",
        VIEW,
        "a completion lets dependents start",
        "                        self._unmet[dependent] += step",
        "                        pass",
    ),
    Mutation(
        "I4",
        ENDINGS,
        "what others started from is not reopened",
        "    if resting:",
        "    if resting and False:",
    ),
    Mutation(
        "I5",
        CLAIMS,
        "a completed task is not claimed",
        "        case State.COMPLETED:\n            raise NotNow(",
        "        case State.COMPLETED if False:\n            raise NotNow(",
    ),
    Mutation(
        "I5",
        ENDINGS,
        "a recovery goes to the queue only",
        "if command.to not in (State.AVAILABLE, State.FAILED):",
        "if command.to not in State:",
    ),
    Mutation(
        "I5",
        ENDINGS,
        "what is queued is not recovered",
        "    if was in READY_STATES:",
        "    if was is None:",
    ),
    Mutation(
        "I5",
        ENDINGS,
        "completion needs a commit",
        "    if not command.commit:",
        "    if command.commit == '-':",
    ),
    Mutation(
        "I5",
        PLANS,
        "a task that was claimed meanwhile is not changed",
        "        _refuse_change_of_work(view, plan)  #",
        "        #",
    ),
    Mutation(
        "I5",
        PLANS,
        "a run with live claims is not put away",
        "    if view.claims:\n",
        "    if view.claims and view.rev < 0:\n",
    ),
    Mutation(
        "I6",
        "store/revisions.py",
        "after a power cut, tokens go on behind what was reserved",
        "            seen = max(seen, ceiling)",
        "            pass",
    ),
    Mutation(
        "I6",
        FOLDER,
        "a revision that a dead process began is not used again",
        "self._newest, rev_of(begun))",
        "self._newest)",
    ),
    Mutation(
        "I7",
        STANDING,
        "only the current token counts",
        "    if claim is None or claim.token != token:",
        "    if claim is None:",
    ),
    Mutation(
        "I7",
        STANDING,
        "only the holder uses a token",
        "    if claim.agent.key != agent.key:",
        "    if claim.agent.key == '':",
    ),
    Mutation(
        "I7",
        STANDING,
        "an agent the client vouched for is nobody else",
        "    if claim.agent.verified and not agent.verified:",
        "    if claim.agent.verified and not agent.key:",
    ),
    Mutation(
        "I8",
        ENDINGS,
        "being stale is not enough",
        "    if not (is_stale and command.known_dead):",
        "    if not is_stale:",
    ),
    Mutation(
        "I8",
        ENDINGS,
        "being dead is not enough",
        "    if not (is_stale and command.known_dead):",
        "    if not command.known_dead:",
    ),
    Mutation(
        "I8",
        ENDINGS,
        "what is blocked or reserved is for the user",
        "    if claim is None:\n        raise NeedsPerson(",
        "    if claim is None:\n        return\n    if claim is None:\n        raise NeedsPerson(",
    ),
    Mutation(
        "I8",
        ENDINGS,
        "without the user's word, nothing is taken from who may run",
        "        _refuse_theft(view, record, command)",
        "        pass",
    ),
    Mutation(
        "I8",
        LIVENESS,
        "silence is measured in time awake",
        "self._awake.age(t)",
        "abs(self._clock() - t)",
    ),
    Mutation(
        "I9",
        STANDING,
        "a spent token ends nothing in another way",
        "    if spent.kind is kind:",
        "    if spent.kind:",
    ),
    Mutation(
        "I9",
        STANDING,
        "a spent token answers its agent only",
        'if spent.data.get("agent") not in (None, agent.key):',
        'if spent.data.get("agent") == "":',
    ),
    Mutation(
        "I9",
        VIEW,
        "ends of claims are remembered",
        "        if token is not None:\n            record.ended[token] = event",
        "        if token is None:\n            record.ended[0] = event",
    ),
    Mutation(
        "I10",
        ENDINGS,
        "the second failure blocks",
        "if failures >= FAILURES_TO_BLOCK",
        "if failures > FAILURES_TO_BLOCK",
    ),
    Mutation(
        "I10",
        ENDINGS,
        "the third recovery blocks",
        "recoveries >= RECOVERIES_TO_BLOCK",
        "recoveries > RECOVERIES_TO_BLOCK",
    ),
    Mutation(
        "I10",
        VIEW,
        "after the user's word counting begins anew",
        "                    record.failures, record.failed_by = 0, frozenset()",
        "                    pass",
    ),
    Mutation(
        "I11",
        FOLDER,
        "a change that was cut off is looked for",
        '            self._lock.begin(f"{event.rev} {event.task or event.kind}")\n',
        "",
    ),
    Mutation(
        "I11",
        FOLDER,
        "others look at the files after a death",
        "            self._feed.break_off()\n",
        "",
    ),
    Mutation(
        "I11",
        FOLDER,
        "a reply waits for the disk",
        "            unsynced.sync()",
        "            pass",
    ),
    Mutation(
        "I11",
        FOLDER,
        "after an error nobody trusts the index",
        "        self._view = None  # it may be ahead of the files\n",
        "        self._lock.finish()\n",
    ),
    Mutation(
        "I12",
        TABLE,
        "a table without its checksum is none",
        'crc32(body, crc32(head + b" ")) != crc',
        'crc32(body, crc32(head + b" ")) < 0',
    ),
    Mutation(
        "I12",
        TABLE,
        "while a slot is torn, the reader reads again",
        "        if slots == before:",
        "        if True:",
    ),
    Mutation(
        "I12",
        FOLDER,
        "hooks are shown a grant before it commits",
        "        if event.kind in GROWS:\n            view.apply(event)\n"
        "            self._table.write(view)",
        "        if event.kind in GROWS:\n            view.apply(event)",
    ),
    Mutation(
        "I12",
        FOLDER,
        "a damaged table is written anew",
        "                self._table.mend(view)\n",
        "",
    ),
    Mutation(
        "I13",
        STANDING,
        "the same end again is answered as the first",
        "        return Decision(Done(spent, again=True))",
        "        raise stale(view, record, token)",
    ),
    Mutation(
        "I13",
        ENDINGS,
        "a repeated recovery leaves later claims alone",
        "    if command.token is not None and (",
        "    if command.token is None and (",
    ),
    Mutation(
        "I14",
        "store/lock.py",
        "a wait for the lock ends",
        "            elif time.monotonic() >= deadline:",
        "            elif time.monotonic() >= deadline + 60:",
    ),
    Mutation(
        "I15",
        "coordination/merging.py",
        "one merge at a time",
        "        with lock.held():\n            yield",
        "        yield",
    ),
    Mutation(
        "I15",
        "git/landing.py",
        "a branch that moved is left alone",
        "    if now != commit:",
        "    if now is None:",
    ),
    Mutation(
        "I16",
        FOLDER,
        "a file that a person moved is noticed",
        "        if self._states.times() != self._folders:",
        "        if self._states.times() == {}:",
    ),
    Mutation(
        "I16",
        "store/opened.py",
        "a name that leads to another file is noticed",
        "        if mark == self._mark and self._settled:",
        "        if self._mark != (0, 0, 0, 0):",
    ),
    Mutation(
        "I16",
        "store/opened.py",
        "a folder that was just touched tells nothing",
        "        self._settled = time.time_ns() - touched > SETTLED",
        "        self._settled = True",
    ),
    Mutation(
        "I16",
        VIEW,
        "a claim that a person took away is over",
        "                    record.ended[record.claim.token] = event\n"
        '                self.place(record, State(data["state"]))',
        "                    record.ended[record.claim.token] = event\n"
        '                self._set_state(record, State(data["state"]))',
    ),
    Mutation(
        "I16",
        "store/files.py",
        "a file that a person edited is read again",
        "        if known is not None and stamp(before) != known:",
        "        if known is not None and stamp(before) < (0, 0):",
    ),
    Mutation(
        "retry",
        CLAIMS,
        "a failed task goes to another agent first",
        "    if agent.key not in record.failed_by:",
        "    if agent.key not in record.failed_by or True:",
    ),
    Mutation(
        "limit",
        CLAIMS,
        "no more agents than the plan allows",
        "len(view.claims) >= run.max_agents",
        "len(view.claims) < 0",
    ),
    Mutation(
        "approval",
        PLANS,
        "an approval counts for one exact plan",
        "    if plan.id != command.plan_id:",
        "    if plan.id == '':",
    ),
    Mutation(
        "why",
        WAITING,
        "all done is said when all is completed",
        "    if view.counts[State.COMPLETED] == len(view.records) and not view.damaged:",
        "    if view.counts[State.COMPLETED] and not view.claims:",
    ),
)


def misfits(root: Path) -> list[str]:
    """The mutations whose text is not in the source below `root` exactly once."""
    found = []
    for mutation in MUTATIONS:
        times = (root / PACKAGE / mutation.file).read_text().count(mutation.old)
        if times != 1:
            found.append(f"{mutation.file}: {times} times {mutation.old!r}")
    return found


def caught_by(tree: Path, mutation: Mutation) -> str:
    """The test that fails with the rule taken out of this copy; empty where none does."""
    path = tree / PACKAGE / mutation.file
    source = path.read_text()
    if source.count(mutation.old) != 1:
        raise LookupError(mutation.old)
    path.write_text(source.replace(mutation.old, mutation.new))
    try:
        return next(filter(None, (_failed(tree, test) for test in TESTS)), "")
    finally:
        path.write_text(source)


def _failed(tree: Path, test: str) -> str:
    asked = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test)
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    environment["PARALLEL_AGENTS_CONFORMANCE"] = "mutated"
    try:
        done = subprocess.run(
            asked,
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{Path(test).name}: time-out"
    if done.returncode == 0:
        return ""
    named = re.search(r"^(?:FAILED|ERROR) [^ :]+(?:::(.+?))?(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode != 1 or named is None or named[1] is None:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return named[1]


def _main(words: list[str]) -> int:
    writes = "--write" in words
    words = [w for w in words if w != "--write"]
    rows, unnoticed = [], 0
    with tempfile.TemporaryDirectory(prefix="mutations-") as place:
        tree = Path(place) / "copy"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        if unfit := misfits(tree):
            sys.stderr.write("\n".join(unfit) + "\n")
            return 1
        for test in TESTS:
            if failed := _failed(tree, test):
                sys.stderr.write(f"{failed} fails with every rule in its place\n")
                return 1
        for mutation in MUTATIONS:
            about = f"{mutation.invariant} {mutation.file} {mutation.meaning}"
            if words and not any(word in about for word in words):
                continue
            test = caught_by(tree, mutation)
            unnoticed += not test
            caught = f"`{test}`" if test else "**nothing**"
            rows.append(
                f"| {mutation.invariant} | `{mutation.file}` | {mutation.meaning} | {caught} |\n"
            )
            sys.stdout.write(rows[-1])
            sys.stdout.flush()
    if writes and not words:
        head = README.read_text().partition(START)[0]
        README.write_text(head + START + "".join(rows))
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
