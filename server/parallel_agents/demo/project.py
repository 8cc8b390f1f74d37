"""The scratch project: a small shop whose tests fail, because its modules are unfinished."""

from __future__ import annotations

FILES = {
    ".gitignore": "__pycache__/\n",
    "README.md": "# shop\n\nRun the tests with `python -m unittest`.\n",
    "shop/__init__.py": '"""A shop."""\n',
    "shop/settings.py": '''\
"""What can be set, one section for each part of the shop."""

# Accounts
SESSION_MINUTES = 0

# Prices
CURRENCY = "EUR"
TAX_PERCENT = {"books": 7, "games": 19}

# Letters
SENDER = ""
''',
    "shop/auth/__init__.py": "",
    "shop/auth/passwords.py": '''\
"""Passwords are kept as salted hashes."""


def hashed(password: str, salt: bytes) -> bytes:
    raise NotImplementedError


def matches(password: str, salt: bytes, kept: bytes) -> bool:
    return password.encode() == kept
''',
    "shop/auth/sessions.py": '''\
"""Who is logged in, and for how long. Times are in seconds."""


class Session:
    def __init__(self, user: str, started: float) -> None:
        self.user = user
        self.started = started

    def is_over(self, now: float) -> bool:
        return now > self.started
''',
    "shop/billing/__init__.py": "",
    "shop/billing/money.py": '''\
"""Amounts: decimal while they are computed, whole cents where they are kept."""

from decimal import Decimal


def cents(amount: Decimal) -> int:
    return int(amount * 100)
''',
    "shop/billing/invoices.py": '''\
"""What a customer pays."""

from decimal import Decimal


def total(lines: list[tuple[str, Decimal]]) -> int:
    """Cents, tax included, for lines of (kind, net amount)."""
    raise NotImplementedError
''',
    "shop/notifications/__init__.py": "",
    "shop/notifications/templates.py": '''\
"""Letters to customers."""


def letter(to: str, subject: str, body: str) -> str:
    raise NotImplementedError
''',
    "shop/notifications/receipts.py": '''\
"""The letter after a purchase."""

from decimal import Decimal


def receipt(to: str, number: int, lines: list[tuple[str, Decimal]]) -> str:
    raise NotImplementedError
''',
    "shop/checkout.py": '''\
"""From the log-in to the receipt."""

from decimal import Decimal

from shop.auth.sessions import Session


def log_in(user: str, password: str, salt: bytes, kept: bytes, now: float) -> Session:
    raise NotImplementedError


def buy(session: Session, now: float, number: int, lines: list[tuple[str, Decimal]]) -> str:
    raise NotImplementedError
''',
    "tests/__init__.py": "",
    "tests/test_passwords.py": """\
import unittest

from shop.auth.passwords import hashed, matches


class Passwords(unittest.TestCase):
    def test_a_hash_does_not_show_the_password(self):
        self.assertNotIn(b"secret", hashed("secret", b"salt"))

    def test_another_salt_gives_another_hash(self):
        self.assertNotEqual(hashed("secret", b"salt"), hashed("secret", b"pepper"))

    def test_only_the_right_password_matches(self):
        kept = hashed("secret", b"salt")
        self.assertTrue(matches("secret", b"salt", kept))
        self.assertFalse(matches("Secret", b"salt", kept))
""",
    "tests/test_sessions.py": """\
import unittest

from shop import settings
from shop.auth.sessions import Session


class Sessions(unittest.TestCase):
    def test_a_session_lasts_half_an_hour(self):
        self.assertEqual(settings.SESSION_MINUTES, 30)

    def test_a_session_is_over_after_its_minutes(self):
        session = Session("ann", started=0)
        self.assertFalse(session.is_over(30 * 60 - 1))
        self.assertTrue(session.is_over(30 * 60))
""",
    "tests/test_money.py": """\
import unittest
from decimal import Decimal

from shop.billing.money import cents


class Money(unittest.TestCase):
    def test_whole_cents_stay_as_they_are(self):
        self.assertEqual(cents(Decimal("19.99")), 1999)

    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(cents(Decimal("0.315")), 32)
""",
    "tests/test_invoices.py": """\
import unittest
from decimal import Decimal

from shop.billing.invoices import total

BOOK, GAME = ("books", Decimal("1.50")), ("games", Decimal("20.00"))


class Invoices(unittest.TestCase):
    def test_each_kind_has_its_own_tax(self):
        self.assertEqual(total([GAME]), 2380)

    def test_tax_is_rounded_once_for_each_kind(self):
        self.assertEqual(total([BOOK, BOOK, BOOK]), 482)

    def test_nothing_costs_nothing(self):
        self.assertEqual(total([]), 0)
""",
    "tests/test_templates.py": """\
import unittest

from shop.notifications.templates import letter


class Templates(unittest.TestCase):
    def test_a_letter_has_a_head_and_a_body(self):
        text = letter("ann@example.invalid", "Hello", "Good to see you.")
        head, body = text.split("\\n\\n")
        self.assertIn("From: shop@example.invalid", head.splitlines())
        self.assertIn("To: ann@example.invalid", head.splitlines())
        self.assertEqual(body, "Good to see you.\\n")

    def test_a_subject_cannot_add_lines_to_the_head(self):
        head = letter("ann@example.invalid", "Hi\\nBcc: all", "").split("\\n\\n")[0]
        self.assertEqual(len(head.splitlines()), 3)
""",
    "tests/test_receipts.py": """\
import unittest
from decimal import Decimal

from shop.notifications.receipts import receipt


class Receipts(unittest.TestCase):
    def test_a_receipt_names_number_and_total(self):
        text = receipt("ann@example.invalid", 7, [("books", Decimal("1.50"))])
        self.assertIn("Subject: Receipt 7", text)
        self.assertIn("Total: 1.61 EUR", text)
""",
    "tests/test_checkout.py": """\
import unittest
from decimal import Decimal

from shop.auth.passwords import hashed
from shop.checkout import buy, log_in

LINES = [("games", Decimal("20.00"))]


class Checkout(unittest.TestCase):
    def log_in(self, password="secret"):
        return log_in("ann", password, b"salt", hashed("secret", b"salt"), now=0)

    def test_a_customer_buys_and_gets_a_receipt(self):
        self.assertIn("Total: 23.80 EUR", buy(self.log_in(), 60, 8, LINES))

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(PermissionError):
            self.log_in("guess")

    def test_nobody_buys_after_the_session(self):
        with self.assertRaises(PermissionError):
            buy(self.log_in(), 3600, 9, LINES)
""",
}
"""Path to content, as in the first commit."""
