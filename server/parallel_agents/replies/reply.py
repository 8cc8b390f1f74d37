"""What every reply has, and how it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


def utc(at: float) -> str:
    """A moment (seconds since the epoch) as replies write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")[:-6] + "Z"


class Part(BaseModel):
    """A value inside a reply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_serializer(mode="wrap")
    def _without_what_does_not_apply(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in dump(self).items() if value is not None}


class Reply(Part):
    """What every reply has."""

    rev: int = Field(description="The store's revision that this reply speaks of.")
    next_step: str


class AgentReply(Reply):
    """A reply to an agent that works."""

    agent: str = Field(description="Who was served, as `session/name`.")
    verified: bool = Field(
        description="False where no hook of the client confirmed who calls; the rules are the same."
    )


class CheckShown(Part):
    """How a command of the plan ended."""

    command: str
    exit_code: int | None
    seconds: float
    tail: str = Field(description="The end of its output.")
