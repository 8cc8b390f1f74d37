"""The script: the tasks of the plan, and what an agent that holds one of them writes.

Who gets which task is not in it: the agents claim, and the server decides. What is in it are the
mishaps that a run has to stand, so that each is seen in every run.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

GOAL = "Finish the shop: make the tests of auth, billing, notifications and checkout pass"

SETTINGS = "shop/settings.py"

LONG = "auth-sessions"
"""Its agent takes its time: it holds the task until the other agents have met their mishaps."""

RIVAL = "notify-templates"
"""It may write a file of LONG, and nothing orders the two: an agent that asks for it is refused."""

SHARING = (LONG, RIVAL)

TRESPASS = "billing-money"
"""Its agent also tries to write SETTINGS, which whoever has LONG holds."""

UNCOMMITTED = "auth-passwords"
"""Its agent calls it completed before anything is committed."""

WRONG_AT_FIRST = "billing-invoices"
"""The first attempt does not pass the check; its agent gives up, and another one takes over."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that an agent writes: `new` in place of `old`, or the whole file."""

    path: str
    new: str
    old: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One task: its entry in the plan, and what each attempt at it writes."""

    id: str
    title: str
    instructions: str
    files: tuple[str, ...]
    test: str
    attempts: tuple[tuple[Change, ...], ...]
    more: dict[str, Any] = field(default_factory=dict)
    """What else the plan says of the task: dependencies, interfaces, size."""

    def as_argument(self) -> dict[str, Any]:
        """The task as `propose_plan` takes it."""
        return {
            "id": self.id,
            "title": self.title,
            "instructions": self.instructions,
            "files": list(self.files),
            "check": unittest(f"tests.{self.test}"),
            **self.more,
        }

    def changes(self, failures: int) -> tuple[Change, ...]:
        """What the agent writes after so many failures; the last attempt is the right one."""
        return self.attempts[min(failures, len(self.attempts) - 1)]


def unittest(*names: str) -> str:
    """The command that runs these tests, or all of them, with the interpreter of this process."""
    return shlex.join([sys.executable, "-m", "unittest", *names])


def plan(parts: Sequence[Part]) -> dict[str, Any]:
    """The arguments of `propose_plan`."""
    return {"goal": GOAL, "tasks": [p.as_argument() for p in parts], "check": unittest()}


_PASSWORDS = '''\
"""Passwords are kept as salted hashes."""

import hashlib
import hmac

ROUNDS = 10_000


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)


def matches(password: str, salt: bytes, kept: bytes) -> bool:
    return hmac.compare_digest(hashed(password, salt), kept)
'''

_SESSIONS = '''\
"""Who is logged in, and for how long. Times are in seconds."""

from shop import settings


class Session:
    def __init__(self, user: str, started: float) -> None:
        self.user = user
        self.started = started

    def is_over(self, now: float) -> bool:
        return now >= self.started + 60 * settings.SESSION_MINUTES
'''

_MONEY = '''\
"""Amounts: decimal while they are computed, whole cents where they are kept."""

from decimal import ROUND_HALF_UP, Decimal


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
'''

_INVOICES_WRONG = '''\
"""What a customer pays."""

from decimal import Decimal

from shop.billing.money import cents
from shop.settings import TAX_PERCENT


def total(lines: list[tuple[str, Decimal]]) -> int:
    """Cents, tax included, for lines of (kind, net amount)."""
    return sum(cents(net) + cents(net * TAX_PERCENT[kind] / 100) for kind, net in lines)
'''

_INVOICES = '''\
"""What a customer pays."""

from collections import defaultdict
from decimal import Decimal

from shop.billing.money import cents
from shop.settings import TAX_PERCENT


def total(lines: list[tuple[str, Decimal]]) -> int:
    """Cents, tax included, for lines of (kind, net amount). Tax is rounded once for each kind."""
    net: dict[str, Decimal] = defaultdict(Decimal)
    for kind, amount in lines:
        net[kind] += amount
    return sum(cents(n) + cents(n * TAX_PERCENT[kind] / 100) for kind, n in net.items())
'''

_TEMPLATES = '''\
"""Letters to customers."""

from shop import settings


def letter(to: str, subject: str, body: str) -> str:
    head = {"From": settings.SENDER, "To": to, "Subject": " ".join(subject.split())}
    return "".join(f"{name}: {value}\\n" for name, value in head.items()) + f"\\n{body}\\n"
'''

_RECEIPTS = '''\
"""The letter after a purchase."""

from decimal import Decimal

from shop.billing.invoices import total
from shop.notifications.templates import letter
from shop.settings import CURRENCY


def receipt(to: str, number: int, lines: list[tuple[str, Decimal]]) -> str:
    paid = Decimal(total(lines)) / 100
    return letter(to, f"Receipt {number}", f"Total: {paid:.2f} {CURRENCY}")
'''

_CHECKOUT = '''\
"""From the log-in to the receipt."""

from decimal import Decimal

from shop.auth.passwords import matches
from shop.auth.sessions import Session
from shop.notifications.receipts import receipt


def log_in(user: str, password: str, salt: bytes, kept: bytes, now: float) -> Session:
    if not matches(password, salt, kept):
        raise PermissionError(user)
    return Session(user, now)


def buy(session: Session, now: float, number: int, lines: list[tuple[str, Decimal]]) -> str:
    if session.is_over(now):
        raise PermissionError(session.user)
    return receipt(f"{session.user}@example.invalid", number, lines)
'''

PARTS = (
    Part(
        LONG,
        "Sessions that end",
        "A session ends SESSION_MINUTES after it started; half an hour is what we want.",
        ("shop/auth/sessions.py", SETTINGS),
        "test_sessions",
        (
            (
                Change("shop/auth/sessions.py", _SESSIONS),
                Change(SETTINGS, "SESSION_MINUTES = 30\n", "SESSION_MINUTES = 0\n"),
            ),
        ),
        {"size": 20},
    ),
    Part(
        TRESPASS,
        "Half a cent is rounded up",
        "`cents` drops what is below a cent. Round half a cent up, as the tax office does.",
        ("shop/billing/money.py",),
        "test_money",
        ((Change("shop/billing/money.py", _MONEY),),),
        {"creates": ["cents"], "size": 15},
    ),
    Part(
        RIVAL,
        "Letters with a head and a sender",
        "Write `letter`; the sender comes from the settings and is shop@example.invalid.",
        ("shop/notifications/templates.py", SETTINGS),
        "test_templates",
        (
            (
                Change("shop/notifications/templates.py", _TEMPLATES),
                Change(SETTINGS, 'SENDER = "shop@example.invalid"\n', 'SENDER = ""\n'),
            ),
        ),
        {"creates": ["letter"], "size": 15},
    ),
    Part(
        UNCOMMITTED,
        "Salted password hashes",
        "Write `hashed` and repair `matches`; compare in constant time.",
        ("shop/auth/passwords.py",),
        "test_passwords",
        ((Change("shop/auth/passwords.py", _PASSWORDS),),),
        {"size": 30},
    ),
    Part(
        WRONG_AT_FIRST,
        "Invoice totals with tax",
        "Write `total`. Mind how tax is rounded: the tests say it.",
        ("shop/billing/invoices.py",),
        "test_invoices",
        (
            (Change("shop/billing/invoices.py", _INVOICES_WRONG),),
            (Change("shop/billing/invoices.py", _INVOICES),),
        ),
        {"uses": ["cents"], "creates": ["total"], "size": 20},
    ),
    Part(
        "notify-receipts",
        "Receipts by letter",
        "Write `receipt`: a letter with the number and the total of the purchase.",
        ("shop/notifications/receipts.py",),
        "test_receipts",
        ((Change("shop/notifications/receipts.py", _RECEIPTS),),),
        {"uses": ["letter", "total"], "size": 10},
    ),
    Part(
        "checkout",
        "Checkout from log-in to receipt",
        "Put auth, billing and notifications together in `log_in` and `buy`.",
        ("shop/checkout.py",),
        "test_checkout",
        ((Change("shop/checkout.py", _CHECKOUT),),),
        {"depends_on": [LONG, UNCOMMITTED, "notify-receipts"], "size": 20},
    ),
)
"""In the order of the plan, which is the order in which the server offers them."""

BY_ID = {part.id: part for part in PARTS}
