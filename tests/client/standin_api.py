"""A stand-in for the Anthropic Messages API on loopback, whose model is a Python generator.

A conversation (the main one, or a sub-agent's) is a generator: it yields what the model says and is
sent what the model is shown next. Which conversation a request belongs to is told by the marker
`[[conv:NAME]]` in the prompt that opened it, and which turn it is by the number of assistant
messages after that prompt. Both are read from the request, so a repeated one gets the same answer.
"""

from __future__ import annotations

import json
import re
import threading
import traceback
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MARKER = re.compile(r"\[\[conv:(\w+)\]\]")


BROKEN = "The API answers this with an error."
"""Said by a script, this is an error of the API: the agent ends without a word."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call, as the model writes it."""

    tool: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What the model is told of one of its calls."""

    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the model is shown before it speaks."""

    agent: str | None
    """The id by which the client's hooks know the sub-agent; None in the main conversation."""
    tools: frozenset[str]
    """The names of the tools it may call."""
    text: str
    """All that came since its own last words, and in its first turn the prompt."""
    results: tuple[Result, ...]

    @property
    def result(self) -> Result:
        """The one result of the one call of the turn before."""
        assert len(self.results) == 1, self.text
        return self.results[0]

    @property
    def refusal(self) -> str:
        """Why the one call of the turn before was refused."""
        assert self.result.is_error, self.result.text
        return self.result.text

    @property
    def answer(self) -> str:
        """What the one call of the turn before gave."""
        assert not self.result.is_error, self.result.text
        return self.result.text

    @property
    def values(self) -> Any:
        """The structured content that the one call of the turn before gave."""
        return json.loads(self.answer)


Conversation = Generator[str | Call | Sequence[Call], Shown, None]
Script = Callable[[Shown], Conversation]
"""Makes a conversation from what the model is shown first."""


def prompt(conversation: str, text: str = "Go.") -> str:
    """A prompt that opens the conversation of this name."""
    return f"[[conv:{conversation}]] {text}"


@dataclass(slots=True)
class _Speaker:
    """One conversation, with all that it has said, by turn."""

    script: Script
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: Conversation | None = None
    said: list[list[dict[str, Any]]] = field(default_factory=list)

    def at(self, turn: int, shown: Shown) -> list[dict[str, Any]]:
        """The content of the model's message at this turn (from 0)."""
        with self.lock:
            if turn < len(self.said):
                return self.said[turn]
            assert turn == len(self.said), f"turn {turn} came after turn {len(self.said) - 1}"
            self.said.append([{"type": "text", "text": "This script has failed."}])
            try:
                if self.running is None:
                    self.running = self.script(shown)
                    reply = next(self.running)
                else:
                    reply = self.running.send(shown)
            except StopIteration:
                reply = "Done."
            self.said[turn] = _content(reply)
            return self.said[turn]


class Model:
    """The scripts of a session, and what went wrong in them."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._speakers = {name: _Speaker(script) for name, script in scripts.items()}
        self.failures: list[str] = []

    def reply(self, body: Mapping[str, Any], agent: str | None) -> list[dict[str, Any]]:
        """The content of the model's answer to one request."""
        try:
            return self._reply(body, agent)
        except Exception:
            self.failures.append(traceback.format_exc(limit=-2))
            return [{"type": "text", "text": "This script has failed."}]

    def _reply(self, body: Mapping[str, Any], agent: str | None) -> list[dict[str, Any]]:
        messages = body["messages"]
        if not body.get("tools"):  # a title, a summary: the client's own business
            return [{"type": "text", "text": "ok"}]
        at, name = next(
            (at, found[1])
            for at, message in enumerate(messages)
            if message["role"] == "user" and (found := _MARKER.search(_text(message["content"])))
        )
        spoken = [i for i, m in enumerate(messages) if i > at and m["role"] == "assistant"]
        new = [block for m in messages[spoken[-1] + 1 if spoken else 0 :] for block in _blocks(m)]
        shown = Shown(
            agent=agent,
            tools=frozenset(tool["name"] for tool in body["tools"]),
            text="\n".join(map(_text, new)),
            results=tuple(
                Result(_text(block), bool(block.get("is_error")))
                for block in new
                if block["type"] == "tool_result"
            ),
        )
        return self._speakers[name].at(len(spoken), shown)


@contextmanager
def serving(model: Model) -> Iterator[str]:
    """Answer for the model on a free port of loopback; the address."""

    class Handler(_Handler):
        speaks = model

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only a client that hung up comes here: all else is a failure of the model."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    speaks: Model

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(200, "application/json", "")

    def do_GET(self) -> None:
        self._send_json(404, {"type": "error", "error": {"type": "not_found_error"}})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            self._send_json(200, {"input_tokens": len(raw) // 4})
        elif path == "/v1/messages":
            self._speak(json.loads(raw))
        else:
            self.do_GET()

    def _speak(self, body: dict[str, Any]) -> None:
        content = self.speaks.reply(body, self.headers["x-claude-code-agent-id"])
        if any(block.get("text") == BROKEN for block in content):
            error = {"type": "invalid_request_error", "message": "broken"}
            return self._send_json(400, {"type": "error", "error": error})
        calls = any(block["type"] == "tool_use" for block in content)
        message = {
            "id": f"msg_{uuid.uuid4().hex}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        if body.get("stream"):
            events = (
                f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
                for event in _stream(message)
            )
            self._send(200, "text/event-stream", "".join(events))
        else:
            self._send_json(200, message)

    def _send_json(self, status: int, value: object) -> None:
        self._send(status, "application/json", json.dumps(value))

    def _send(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def _stream(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events by which the API streams this message."""
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": message["usage"]}
    yield {"type": "message_stop"}


def _content(reply: str | Call | Sequence[Call]) -> list[dict[str, Any]]:
    if isinstance(reply, str):
        return [{"type": "text", "text": reply}]
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{uuid.uuid4().hex}",
            "name": call.tool,
            "input": dict(call.input),
        }
        for call in ([reply] if isinstance(reply, Call) else reply)
    ]


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: Any) -> str:
    """All text in a message's content, or in one block of it."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(map(_text, content))
    return _text(content.get("text") or content.get("content") or "")
