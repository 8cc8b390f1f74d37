"""The table that hooks read: who holds which paths, in one consistent view.

Two slot files, `.locks.0` and `.locks.1`, written in place in turn; a reader takes the newer of
those whose checksum holds. A slot is text: one header line, then tab-separated rows.

    parallel-agents-locks 1 <seq> <rev> <length of the rows in bytes> <crc32 of all the rest>
    run    <run id>  <strategy>  <main work tree>
    claim  <task>  <token>  <session/agent>  <since>  <slot>  <work tree or "-">
    file   <pattern>                              (of the claim above)

A third file, `.tasks`, has the file sets of every task of the run, in the same form (`task` rows
in place of `claim` rows). It changes only when a plan is approved; whether a task is unfinished
is seen from the folder that its file is in.

Hooks import this module: standard library only, Python 3.9 syntax, no `os`, no `json`, no `re`.
"""

from __future__ import annotations

from binascii import crc32

from parallel_agents.core.system import calls, exists, join

MAGIC = "parallel-agents-locks 1"
SLOTS = (".locks.0", ".locks.1")
TASKS = ".tasks"
UNFINISHED = ("available", "claimed", "failed")
"""The folders whose tasks still own their files; a blocked task waits for a person."""

READ_ATTEMPTS = 5
_READING = calls.O_RDONLY | getattr(calls, "O_NOFOLLOW", 0) | getattr(calls, "O_CLOEXEC", 0)
_ESCAPES = (("%", "%25"), ("\t", "%09"), ("\n", "%0A"), ("\r", "%0D"))


class TableTorn(Exception):
    """Raised when no slot holds a whole table. The reader must refuse, never let pass."""


class HeldClaim:
    """One row of the table: a live claim as hooks see it."""

    __slots__ = ("agent", "files", "since", "slot", "task", "token", "workdir")

    def __init__(
        self,
        task: str,
        token: int,
        agent: str,
        since: float,
        slot: int,
        workdir: str | None,
        files: tuple[str, ...],
    ) -> None:
        self.task = task
        self.token = token
        self.agent = agent
        """The `session/name` key of the holder."""
        self.since = since
        self.slot = slot
        self.workdir = workdir
        self.files = files


class Table:
    """One whole view of the held files at revision `rev`. `strategy` is empty while no run is."""

    __slots__ = ("claims", "rev", "root", "run", "seq", "strategy")

    def __init__(
        self,
        seq: int,
        rev: int,
        run: str = "",
        strategy: str = "",
        root: str = "",
        claims: tuple[HeldClaim, ...] = (),
    ) -> None:
        self.seq = seq
        self.rev = rev
        self.run = run
        self.strategy = strategy
        self.root = root
        self.claims = claims

    def of(self, agent: str) -> HeldClaim | None:
        """The claim that the agent with this key holds."""
        for claim in self.claims:
            if claim.agent == agent:
                return claim
        return None


def encode(table: Table) -> bytes:
    """The bytes of one slot."""
    run = run_row(table.run, table.strategy, table.root)
    return framed(table.seq, table.rev, run, [rows_of(claim) for claim in table.claims])


def rows_of(claim: HeldClaim) -> str:
    """The rows of one claim: for whom writes the table often, and most claims again and again."""
    c = claim
    since = f"{c.since:.3f}"
    head = row("claim", c.task, str(c.token), c.agent, since, str(c.slot), c.workdir or "-")
    return "\n".join([head, *[row("file", pattern) for pattern in c.files]])


def run_row(run: str, strategy: str, root: str) -> str:
    """The row of the run that the table is of."""
    return row("run", run, strategy, root)


def framed(seq: int, rev: int, run: str, claims: list[str]) -> bytes:
    """The bytes of one slot, with these rows for the run and for its claims."""
    return _framed(seq, rev, [run, *claims])


def decode(data: bytes) -> Table:
    """The table in one slot. Raises `TableTorn` where the bytes are not a whole one."""
    return _table(*_unframed(data))


def _table(seq: int, rev: int, text: str) -> Table:
    # Cut at the row heads, not line by line: this is most of what a hook does.
    top, *blocks = text.split("\nclaim\t")
    claims = []
    try:
        run, strategy, root = fields(top)[1:]
        for block in blocks:
            head, *files = block.split("\nfile\t")
            task, token, agent, since, slot, workdir = fields(head)
            place = None if workdir == "-" else workdir
            held = tuple(map(_plain, files) if "%" in block else files)
            claims.append(HeldClaim(task, int(token), agent, float(since), int(slot), place, held))
    except ValueError as error:
        raise TableTorn(f"a row of the table cannot be read: {error}") from None
    return Table(seq, rev, run, strategy, root, tuple(claims))


def read(folder: str) -> Table | None:
    """The newest whole table in `folder`, or None where no run is active.

    Raises `TableTorn` when slots are there but none is whole, `OSError` when they cannot be read.
    """
    before: list[bytes] = []
    for _ in range(READ_ATTEMPTS):
        slots = [_slot(join(folder, name)) for name in SLOTS]
        whole: list[tuple[int, int, str]] = []
        torn = False
        for data in filter(None, slots):
            try:
                whole.append(_unframed(data))
            except TableTorn:
                torn = True
        # Of two slots only the newer one is cut into rows: that costs more than all the rest.
        if not torn:
            return _table(*max(whole)) if whole else None
        # A slot seen half written may hold a grant that the other one, read before it, lacks. Only
        # where nothing moves is the whole one the newest: the writer died, or stands still before
        # anything that its half of a table says has come about.
        if slots == before:
            if whole:
                return _table(*max(whole))
            break
        before = slots
    raise TableTorn("the lock table is torn, or changes faster than it can be read")


def encode_tasks(rev: int, tasks: list[tuple[str, tuple[str, ...]]]) -> bytes:
    """The bytes of the `.tasks` file: (task id, patterns) of every task of the run."""
    rows: list[str] = []
    for task, patterns in tasks:
        rows.append(row("task", task))
        rows.extend(row("file", pattern) for pattern in patterns)
    return _framed(0, rev, rows)


def read_tasks(folder: str) -> list[tuple[str, tuple[str, ...]]]:
    """(task id, patterns) of every task of the run. Raises `TableTorn` or `OSError`."""
    text = _unframed(_read_file(join(folder, TASKS)))[2]
    tasks = []
    for block in f"\n{text}".split("\ntask\t")[1:]:
        task, *patterns = map(_plain, block.split("\nfile\t"))
        tasks.append((task, tuple(patterns)))
    return tasks


def is_unfinished(folder: str, task: str) -> bool:
    """Whether the task still owns its files: seen from where its file lies."""
    return any(exists(join(folder, s, task + ".md")) for s in UNFINISHED)


def _framed(seq: int, rev: int, rows: list[str]) -> bytes:
    body = ("\n".join(rows) + "\n").encode("utf-8", "surrogateescape")
    head = f"{MAGIC} {seq} {rev} {len(body)} ".encode()
    return head + b"%d\n" % crc32(body, crc32(head)) + body


def _unframed(data: bytes) -> tuple[int, int, str]:
    """(seq, rev, rows): the rows as one text, without the end of the last line."""
    first, _, body = data.partition(b"\n")
    head, _, checksum = first.rpartition(b" ")
    parts = head.split(b" ")
    try:
        magic = b" ".join(parts[:2]).decode()
        seq, rev, length = (int(p) for p in parts[2:])
        crc = int(checksum)
    except ValueError:
        raise TableTorn("the header of the table cannot be read") from None
    body = body[:length]
    # The header counts too: half of a new one before the old rows would make those the newest.
    if magic != MAGIC or len(body) != length or crc32(body, crc32(head + b" ")) != crc:
        raise TableTorn("the checksum of the table does not hold")
    return seq, rev, body[:-1].decode("utf-8", "surrogateescape")


def fields(line: str) -> list[str]:
    """The fields of one line that `row` made."""
    return [_plain(field) for field in line.split("\t")]


def row(*values: str) -> str:
    """One line, without its end: whatever is in the values, tabs and line ends part nothing."""
    plain = "".join(values)
    if plain.isprintable() and "%" not in plain:  # as nearly always: nothing to look for twice
        return "\t".join(values)
    return "\t".join([_escaped(v) for v in values])


def _escaped(text: str) -> str:
    for plain, escaped in _ESCAPES:
        if plain in text:
            text = text.replace(plain, escaped)
    return text


def _plain(text: str) -> str:
    if "%" in text:
        for plain, escaped in reversed(_ESCAPES):
            text = text.replace(escaped, plain)
    return text


def _slot(path: str) -> bytes:
    try:
        return _read_file(path)
    except FileNotFoundError:
        return b""


def _read_file(path: str) -> bytes:
    fd = calls.open(path, _READING)
    try:
        chunks: list[bytes] = []
        while True:
            chunk = calls.read(fd, 1 << 20)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
    finally:
        calls.close(fd)
