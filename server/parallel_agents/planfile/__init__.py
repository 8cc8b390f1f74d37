"""Plan files: YAML or JSON with the arguments of `propose_plan`, read strictly."""

from __future__ import annotations

from pydantic import ValidationError

from parallel_agents.core.model import Plan
from parallel_agents.planfile.document import Document, read_document
from parallel_agents.planfile.models import PlanInput, TaskInput
from parallel_agents.planfile.refusals import refusal

__all__ = ["Document", "PlanInput", "TaskInput", "read_plan", "refusal"]


def read_plan(text: str, source: str) -> Plan:
    """The plan that `text` (YAML or JSON) describes; `source` names it in messages.

    Raises `BadInput`: with `unreadable_plan` or `duplicate_key` where the text is no document,
    else with a code of `refusal`. What the plan says is not validated here.
    """
    document = read_document(text, source)
    try:
        return PlanInput.model_validate(document.data).to_plan()
    except ValidationError as error:
        raise refusal(error, document) from None
