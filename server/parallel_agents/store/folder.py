"""The folder store `_tasks/`: one file per task, its folder is its state, one rename commits.

    _tasks/
      README.md  plan.md  proposal.md
      available/ claimed/ completed/ failed/ blocked/   <id>.md
      history/<run>/                                    finished runs
      .lock .events .rev .locks.0 .locks.1 .tasks .alive/ .hooklog

The order of a change, under the lock: the lock's file says what is about to happen; a grant goes
into the hook table first; the history line is appended to the task's file; the rename commits; the
feed line tells the other servers; an end goes into the hook table last; the lock's file says that
it is done. Whatever dies in between, the folder is right, the table too strict, and the next call
of anybody looks at the folder. What must survive a power cut is synced after the lock and before
the reply.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from parallel_agents.core.commands import Answer, Decision, Done, Granted, NothingToClaim, Propose
from parallel_agents.core.errors import ParallelAgentsError, StoreFault
from parallel_agents.core.events import Event, Kind
from parallel_agents.core.model import State, TaskId
from parallel_agents.core.rules import decide
from parallel_agents.core.view import View
from parallel_agents.store import files, planfiles, runfiles
from parallel_agents.store.alone import Alone
from parallel_agents.store.feed import Feed, FeedBroken, Line
from parallel_agents.store.frontmatter import Unreadable, history_line, void_line
from parallel_agents.store.handedits import HandEdits
from parallel_agents.store.hooktable import HookTable
from parallel_agents.store.liveness import Liveness, SignsOfLife
from parallel_agents.store.lock import FileLock, rev_of
from parallel_agents.store.opened import Entries, Folders
from parallel_agents.store.protocol import NotAtOnce, Wish, command_of
from parallel_agents.store.revisions import Reservation
from parallel_agents.store.scan import Scan, move_event, scan, state_after

T = TypeVar("T")
FOLDER = "_tasks"
LOCK_TIMEOUT = 10.0
"""Seconds to wait for the lock; a hold lasts microseconds."""
DURABLE = frozenset({Kind.COMPLETED, Kind.FAILED, Kind.RECOVERED, Kind.MERGED})
RESCAN = frozenset({Kind.PROPOSED, Kind.APPROVED, Kind.ARCHIVED})
"""Changes that a reader of the feed takes from the files, not from the feed line."""
GROWS = frozenset({Kind.CLAIMED, Kind.EXTENDED, Kind.PREPARED})
"""Changes that hooks are shown before they come about; of all others they learn afterwards."""
ATTEMPTS, LOOKS = 3, 12
"""How often a change is tried, and the folder is read where parts of it vanish meanwhile."""
_JSON = json.JSONEncoder(ensure_ascii=False)


class FolderStore(SignsOfLife):
    """State in `<root>/_tasks/`, shared by any number of processes on one machine.

    A process that forks opens its stores after that. Raises `StoreFault` with the codes
    `lock_timeout`, `store_gone`, `store_unwritable`, `plan_damaged` and `store_restless`.
    """

    def __init__(
        self,
        root: Path,
        clock: Callable[[], float] = time.time,
        timeout: float = LOCK_TIMEOUT,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = root / FOLDER
        self._place = os.fspath(self.folder)
        self._places = {state: f"{self._place}/{state}" for state in State}
        super().__init__(Liveness(self.folder, clock, awake))
        self.root = root
        self._clock = clock
        self._alone = Alone(timeout, self._failed)
        entries = Entries(self._place)
        self._lock = FileLock(self.folder / ".lock", timeout, entries)
        self._feed = Feed(self.folder / ".events", entries)
        self._reservation = Reservation(self.folder / ".rev")
        self._table = HookTable(self.folder, root, entries)
        self._edits = HandEdits(self.folder)
        self._states = Folders(self._places, entries)
        self._view: View | None = None
        self._stamps: dict[TaskId, tuple[int, int]] = {}
        self._folders: dict[str, int] = {}
        self._newest = 0
        """The newest revision this process has seen."""
        self._run: str | None = None
        """The run this process has seen last."""

    # ------------------------------------------------------------------ the seam

    def transact(self, wish: Wish) -> tuple[Answer, int]:
        """See `Store.transact`."""
        with self._alone:
            if isinstance(wish, Propose):
                runfiles.lay_out(self.folder)
            elif self._is_absent():
                decide(view := View(), command_of(wish, view), self._now())
            with self._lock.held():
                decision, rev = self._decide_and_commit(wish)
                unsynced = self._unsynced(decision)
            unsynced.sync()
            return decision.answer, rev

    def grant_at_once(self, wish: Wish) -> tuple[Granted, int] | None:
        """See `Store.grant_at_once`."""
        with suppress(NotAtOnce), self._alone.at_once(), self._lock.at_once():
            view = self._view
            if view is None or self._lock.interrupted() is not None:
                return None
            try:
                self._catch_up(view, at_once=True)
                decision = decide(view, command_of(wish, view), self._now())
                fits = all(self._reservation.covers(event.rev) for event in decision.events)
                if isinstance(decision.answer, Granted) and fits:
                    return decision.answer, self._commit_all(view, wish, decision).rev
            except ParallelAgentsError:
                pass  # it may be another one once the files were looked at
            except (FeedBroken, files.Edited, OSError):
                self._view = None  # whoever comes next reads the folder
        return None

    def read(self, question: Callable[[View], T]) -> T:
        """See `Store.read`."""
        with self._alone:
            if self._is_absent():
                return question(View())
            with self._lock.held():
                view = self._present()
                if self._edits.are_there(view, self._stamps):
                    view = self._rescan()
                self._table.mend(view)
                return question(view)

    def close(self) -> None:
        """Let go of every file."""
        self._liveness.close()
        self._lock.close()
        self._feed.close()
        self._table.close()
        self._states.close()

    # ------------------------------------------------------------------ one at a time

    def _failed(self, error: BaseException) -> None:
        """Raise the fault of the store that this error is, if it is one."""
        if isinstance(error, ParallelAgentsError | NotAtOnce):
            return
        self._view = None  # it may be ahead of the files
        if isinstance(error, Unreadable):
            where = self.folder / planfiles.PLAN
            raise StoreFault(
                "plan_damaged",
                f"{where} cannot be read: {error}. The claims of the run still stand.",
                f"ask the user to mend {where}, then call again.",
            ) from error
        if isinstance(error, OSError):
            with suppress(OSError):
                self._is_there()
            raise StoreFault(
                "store_unwritable",
                f"The store {self.folder} could not be read or written: {error}.",
                "free space or mend the permissions there, then call again; nothing was lost.",
            ) from error

    def _is_absent(self) -> bool:
        """Whether there is no folder. Raises where there was one with a run in it."""
        if self._lock.is_open and self._run is not None:
            return False  # taking the lock finds out
        return not self._is_there()

    def _is_there(self) -> bool:
        """Whether there is a folder. Raises where there was one with a run in it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            if stat.S_ISDIR(os.stat(self._place).st_mode):
                return True
        if self._run is None:
            return False
        raise StoreFault(
            "store_gone",
            f"The folder {self.folder} of the running plan {self._run} is gone.",
            "put it back, or propose the rest of the work as a new plan. "
            "Branches and work trees are untouched.",
        )

    def _restless(self) -> StoreFault:
        return StoreFault(
            "store_restless",
            f"The files in {self.folder} change by other hands faster than they can be read.",
            "call again when nobody moves files there.",
        )

    def _now(self) -> float:
        return round(self._clock() * 1e6) / 1e6  # as the histories have it

    # ------------------------------------------------------------------ the present state

    def _present(self) -> View:
        """The view, brought up to the folder's present state."""
        begun = self._lock.interrupted()
        try:
            if self._view is not None and begun is None:
                self._catch_up(self._view)
                self._newest = self._view.rev
                return self._view
        except (FeedBroken, OSError):
            pass
        self._view = None
        view = self._rescan(begun)
        if begun is not None:
            self._feed.break_off()
            self._lock.finish()
        return view

    def _catch_up(self, view: View, at_once: bool = False) -> None:
        for line in self._feed.news(at_once):
            if line.previous != view.rev or line.event.kind in RESCAN:
                raise FeedBroken("a change that is read from the files")
            view.apply(line.event)
            self._folders.update(line.folders)
            if line.stamp and line.event.task is not None:
                self._stamps[line.event.task] = line.stamp
        if self._states.times() != self._folders:
            raise FeedBroken("somebody else moved a file")

    def _rescan(self, begun: str | None = None) -> View:
        """Read the folder. `begun` is the change (`<rev> <task>`) that was cut off, if any."""
        for _ in range(LOOKS):
            try:
                return self._read_all(begun)
            except FileNotFoundError:  # somebody deletes or moves meanwhile
                if not self._is_there():
                    raise
        raise self._restless()

    def _read_all(self, begun: str | None) -> View:
        runfiles.lay_out(self.folder)
        if begun == f"{rev_of(begun)} {Kind.ARCHIVED}":
            runfiles.put_away_rest(self.folder, rev_of(begun))
        restarted = self._reservation.is_of_earlier_start()

        def uncommitted(task: TaskId, rev: int) -> bool:
            return begun == f"{rev} {task}"

        found = scan(self.folder, uncommitted, restarted=restarted)
        put_back = runfiles.put_back(self.folder, found.misplaced)
        if self._finish_approval(found.view) or put_back:
            found = scan(self.folder, uncommitted, restarted=restarted)
        view = found.view
        newest = max(found.seen, view.rev, self._feed.skip(), self._newest, rev_of(begun))
        view.rev = self._newest = self._reservation.settle(newest)
        if begun is not None:
            self._reservation.cover(view.rev, anew=True)  # nobody counts from before it again
        self._stamps, self._folders = found.stamps, found.folders
        self._write_down(found)
        if view.run is not None:
            self._table.write_tasks(view)
        self._table.write(view)
        self._view, self._run = view, view.run.id if view.run else None
        return view

    def _finish_approval(self, view: View) -> bool:
        """Go on with an approval that was cut off when the plan was in place and its tasks not."""
        plan, run = view.proposal, view.run
        if plan is None or run is None or run.approvals[-1].plan_id != plan.id:
            return False
        runfiles.write_tasks(self.folder, view, plan)
        return True

    def _write_down(self, found: Scan) -> None:
        """Give what the scan found out a place in the files' histories and in the feed."""
        view = found.view
        for task, rev, state in found.uncommitted:
            line = void_line(rev, self._now())
            self._stamps[task] = files.append_line(self._path(state, task), line)
        for move in found.moved:
            task, _, state = move
            event = move_event(view.rev + 1, self._now(), move)
            data = json.dumps(event.data)
            self._reservation.cover(event.rev)
            stamp = files.append_line(self._path(state, task), history_line(event, data))
            self._stamps[task] = stamp
            self._feed.append(Line(view.rev, event, {}, stamp), data)
            view.apply(event)

    # ------------------------------------------------------------------ deciding, committing

    def _decide_and_commit(self, wish: Wish) -> tuple[Decision, int]:
        for _ in range(ATTEMPTS):
            view, decision = self._decide(wish)
            try:
                return decision, self._commit_all(view, wish, decision).rev
            except (files.Edited, FileNotFoundError):  # the folder is not as the index says
                self._is_there()
                self._view = None
        raise self._restless()

    def _commit_all(self, view: View, wish: Wish, decision: Decision) -> View:
        for event in decision.events:
            self._reservation.cover(event.rev, anew=event.kind in RESCAN)
            self._lock.begin(f"{event.rev} {event.task or event.kind}")
            self._commit(view, wish, event)
            self._lock.finish()
            view = self._view or view
        self._newest = view.rev
        return view

    def _decide(self, wish: Wish) -> tuple[View, Decision]:
        view = self._present()
        try:
            decision = decide(view, command_of(wish, view), self._now())
        except ParallelAgentsError:
            if not self._edits.are_there(view, self._stamps):
                raise
        else:
            refused = isinstance(decision.answer, NothingToClaim)
            if not (refused and self._edits.are_there(view, self._stamps)):
                return view, decision
        view = self._rescan()
        return view, decide(view, command_of(wish, view), self._now())

    def _commit(self, view: View, wish: Wish, event: Event) -> None:
        match event.kind:
            case Kind.PROPOSED:
                assert isinstance(wish, Propose)
                runfiles.write_proposal(self.folder, wish.plan, wish.text)
                view.damaged.pop(planfiles.PROPOSAL, None)
                view.proposal = wish.plan
                self._tell(view, event)
                view.apply(event)
            case Kind.APPROVED:
                runfiles.approve(self.folder, view, event)
                self._tell(view, event)
                self._rescan()
            case Kind.MERGED:
                data = json.dumps(dict(event.data))
                files.append_line(self.folder / planfiles.PLAN, history_line(event, data))
                self._tell(view, event)
                view.apply(event)
            case Kind.ARCHIVED:
                data = json.dumps(dict(event.data))
                files.append_line(self.folder / planfiles.PLAN, history_line(event, data))
                runfiles.put_away_run(self.folder, event.data["run"], event.rev)
                self._tell(view, event)
                self._rescan()
            case _:
                self._commit_task(view, event)

    def _commit_task(self, view: View, event: Event) -> None:
        task = event.task
        assert task is not None
        record, previous = view.records[task], view.rev
        was, state = record.state, state_after(event) or record.state
        source = self._path(was, task)
        target = self._path(state, task)
        data = _JSON.encode(event.data)
        if event.kind in GROWS:
            view.apply(event)
            self._table.write(view)
        stamp = files.append_line(source, history_line(event, data), self._stamps.get(task))
        folders: Mapping[str, int] = {}
        if state is not was:
            os.rename(source, target)
            folders = {was: self._states.time(was), state: self._states.time(state)}
            self._folders.update(folders)
        self._stamps[task] = stamp
        self._feed.append(Line(previous, event, folders, stamp), data)
        if event.kind not in GROWS:
            view.apply(event)
            self._table.write(view)

    def _tell(self, view: View, event: Event) -> None:
        """Put a change that is no task's into the feed."""
        data = json.dumps({k: v for k, v in event.data.items() if k != "text"})
        self._feed.append(Line(view.rev, event, {}, None), data)

    def _path(self, state: State, task: TaskId) -> str:
        return f"{self._places[state]}/{task}{runfiles.SUFFIX}"

    # ------------------------------------------------------------------ durability

    def _unsynced(self, decision: Decision) -> files.Unsynced:
        """What the answer relies on. A repeated answer is synced as the first one was."""
        answer = decision.answer
        if not isinstance(answer, Done) or answer.event.kind not in DURABLE:
            return files.NOTHING
        task = answer.event.task
        if task is None:
            return files.Unsynced([self.folder / planfiles.PLAN])
        assert self._view is not None
        state = self._view.records[task].state
        folders = self._places[state], self._places[State.CLAIMED]
        return files.Unsynced([self._path(state, task), *folders])
