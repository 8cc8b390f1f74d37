"""What the client tells a hook on standard input: one JSON object, read without `json` or `re`.

`json` costs as much as the whole decision (it compiles regular expressions), and the scanner
that it is built on can be had alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAIN = "main"
"""The name of the conversation itself: the client gives it no agent id."""
WORKER = "parallelagents:worker"
"""The kind of agent that our workers are, as letters."""


class Garbled(Exception):
    """Raised when standard input is not one whole event."""


class Event:
    """One event of the client.

    `session` and `agent` say who acts (`agent` is `main` for the conversation), `cwd` is that
    agent's working directory (absolute), `tool` and `input` are empty where the event has none.
    """

    __slots__ = ("agent", "agent_type", "cwd", "data", "input", "session", "tool")

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.session = _text(data, "session_id")
        self.agent = _text(data, "agent_id", MAIN) or MAIN
        self.agent_type = _text(data, "agent_type", "")
        self.cwd = _text(data, "cwd", "")
        self.tool = _text(data, "tool_name", "")
        given = data.get("tool_input", {})
        if not isinstance(given, dict):
            raise Garbled("`tool_input` is not an object")
        self.input: dict[str, Any] = given

    @property
    def key(self) -> str:
        """`session/name`: the identity that claims carry."""
        return f"{self.session}/{self.agent}"

    @property
    def call(self) -> str:
        """The client's id of the tool call; empty where the event is of none."""
        return _text(self.data, "tool_use_id", "")

    @property
    def is_worker(self) -> bool:
        """Whether a worker of ours acts, as far as the client says what kind of agent it is."""
        return not self.agent_type or names_worker(self.agent_type)

    @property
    def is_main(self) -> bool:
        """Whether the conversation itself acts, not a sub-agent."""
        return self.agent == MAIN


def names_worker(agent_type: str) -> bool:
    """Whether the client would start our worker for this name.

    The client compares without case, spaces, `-` and `_` (seen in 2.1.330).
    """
    return "".join(c for c in agent_type.lower() if c.isalnum() or c == ":") == WORKER


def read(raw: bytes) -> Event:
    """The event in `raw`. Raises `Garbled` for anything else, empty input included."""
    try:
        data = _decoded(raw.decode())
    except (ValueError, StopIteration, RecursionError) as error:
        raise Garbled(str(error) or "it is not JSON") from None
    if not isinstance(data, dict):
        raise Garbled("it is not a JSON object")
    return Event(data)


class _Plain:
    """What the scanner asks its decoder for."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _decoded(text: str) -> object:
    text = text.strip()
    if not text:
        raise Garbled("it is empty")
    try:
        from _json import make_scanner
    except ImportError:  # an interpreter without the C scanner
        import json

        return json.loads(text, strict=False)
    scan: Any = make_scanner
    value, end = scan(_Plain)(text, 0)
    if end != len(text):
        raise Garbled("there is something after the JSON")
    return value


def _text(data: dict[str, Any], name: str, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise Garbled(f"`{name}` is missing or is no text")
    return value
